"""Step 8 of a round: carry out decisions, each remembered right after its write.

The order makes a cut at any point harmless: a pending row before a create, the values that lose before the write
that overrules them, ERP.net before Outlook where a pair needs both, the link with the answers' versions after. What
fails is marked on its link or pending row (``jobs.round.outcomes``). Writes travel in batches of at most CHUNK items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from jobs.claims import Claims
from jobs.ports import Put, RowChange
from jobs.quarantine import UNRECKONABLE, fenced
from jobs.round.context import event_owners_of
from jobs.round.frame import RoundFrame
from jobs.round.journal import RoundJournal, worded
from jobs.round.outcomes import (
    CREATES,
    Written,
    believed,
    failed_row,
    is_news,
    is_to_be_reread,
    link_in,
    pending_of,
    quiet_rows,
    unreckonable_row,
    written_rows,
)
from jobs.round.report import PRIVATE, Line, title
from jobs.world import Fence
from sync_core.errors import (
    CalsyncError,
    DuplicateCreate,
    ItemGone,
    ItemLocked,
    ItemRejected,
    SideUnavailable,
    StaleWrite,
)
from sync_core.model import link as life
from sync_core.model.decision import Decision, Intent
from sync_core.model.link import Link, LinkStatus
from sync_core.model.sides import GraphEvent, Malformed, Side
from sync_core.model.writes import ErpIdentity, Outcome
from sync_core.plan.guard import is_approved, recent_deletions
from sync_core.plan.shared import OTHERS_UNREAD

T = TypeVar("T")

CHUNK = 50
"""Items written before their links are saved: an ERP.net batch (erpnet.md §6), and what a crash makes us look up."""

RIVALLED = "a colleague's calendar was getting the same activity at the same moment"

OUTRUN = "another mailbox claimed the meeting at the same moment"

ITEM_ERRORS = (StaleWrite, ItemGone, ItemRejected, SideUnavailable)
"""What may happen to one write; anything else concerns the whole round."""


@dataclass(slots=True)
class Done:
    """What was carried out, in words, and what failed."""

    acted: list[Line] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed_activities: set[str] = field(default_factory=set)
    """The activities of what failed, by id; '' for an event without one."""
    again: bool = False
    """Whether something changed under our hands and wants another round at once."""
    unavailable: SideUnavailable | None = None
    """The error that stopped the round early; cursors must not move."""
    unmarked: bool = False
    """Whether an item failed that no row could be made to remember; cursors must not move."""
    out_of_time: bool = False
    """Whether the round stopped itself; the next one goes on from the same cursors."""

    @property
    def is_whole(self) -> bool:
        """Whether everything was done or marked with its reason."""
        return self.unavailable is None and not self.out_of_time and not self.unmarked


class Actor:
    """Carries out one round's decisions for one user."""

    def __init__(self, frame: RoundFrame, fence: Fence, journal: RoundJournal, who: ErpIdentity) -> None:
        self._world = frame.world
        self._ctx = frame.ctx
        self._fence = fence
        self._journal = journal
        self._who = who
        self._claims = Claims(frame.world, frame.ctx)
        cursors = frame.memory.cursors
        self.cursors = replace(cursors, deletions=recent_deletions(cursors, frame.ctx.now))
        """As stored, with the deletions of this round so far: the guard counts them even if the round ends early."""
        self.done = Done()
        self.links: dict[str, Link] = {}
        """The links saved by this round, by event id."""

    @property
    def woken(self) -> frozenset[str]:
        """Other users whose next round has something to do because of this one."""
        return frozenset(self._claims.woken)

    async def carry_out(self, decisions: Sequence[Decision], deadline: datetime) -> Done:
        """Remember the quiet decisions, then write the others chunk by chunk; none is begun after the deadline."""
        writing = [d for d in decisions if d.graph is not None or d.erp is not None]
        await self._remember([d for d in decisions if d.graph is None and d.erp is None])
        for start in range(0, len(writing), CHUNK):
            if self._world.clock() > deadline:
                self.done.out_of_time = True
                break
            await self._write(writing[start : start + CHUNK])
            if self.done.unavailable is not None:
                break
        return self.done

    async def _remember(self, quiet: Sequence[Decision]) -> None:
        quiet = await self._claimed(quiet)
        rows = [self._fenced(partial(self._quiet_rows, d), self._park(d)) for d in quiet]
        await self._claims.record((d, link_in(own) or d.link) for d, own in zip(quiet, rows, strict=True))
        await self._save([change for own in rows for change in own])
        await self._follow(quiet)
        kinds = [(is_news(d), d.intent in (Intent.LINK, Intent.HAND_ON), d) for d in quiet]
        lines = [(news, acted, worded(d, self._ctx)) for news, acted, d in kinds if news or acted]
        self.done.acted += [line for _, acted, line in lines if acted]
        await self._journal.enter([line for news, _, line in lines if news])

    def _quiet_rows(self, decision: Decision) -> list[RowChange]:
        changes = quiet_rows(decision, self._ctx)
        self.done.again |= is_to_be_reread(decision)
        return changes

    def _fenced(self, work: Callable[[], T], otherwise: Callable[[str], T]) -> T:
        return fenced(work, otherwise, self._ctx.mailbox)

    def _park(self, decision: Decision) -> Callable[[str], list[RowChange]]:
        """Parks an item that our own code fails on; where not even that can be done, the cursors have to wait."""
        return lambda _: self._fenced(lambda: [Put(unreckonable_row(decision))], self._unmarked)

    def _unmarked(self, mistake: str) -> list[RowChange]:
        self.done.unmarked = True
        return []

    async def _save(self, changes: Sequence[RowChange]) -> None:
        if changes:
            await self._fence.save(changes)
        self.links |= {c.row.event_id: c.row for c in changes if isinstance(c, Put) and isinstance(c.row, Link)}

    # Writing

    async def _write(self, chunk: Sequence[Decision]) -> None:
        await self._save([Put(pending_of(d)) for d in chunk if d.intent in CREATES])
        chunk = await self._keep_lost(await self._unrivalled(await self._alone(await self._claimed(chunk))))
        finished: list[tuple[Decision, list[RowChange]]] = []
        failures: list[RowChange] = []
        fatal: CalsyncError | None = None
        for written in await self._on_both_sides(chunk):
            error = written.error
            if error is None and (rows := self._fenced(partial(self._written_rows, written), lambda _: [])):
                finished.append((written.decision, rows))
            elif error is None:  # written, and what came of it is beyond us: looked at again, at last parked
                failures += await self._failure(written, ItemRejected(Side.ERP, UNRECKONABLE))
            elif isinstance(error, ITEM_ERRORS):
                failures += await self._failure(written, error)
            else:
                fatal = error
        await self._claims.record((decision, link_in(rows)) for decision, rows in finished)
        acted = [decision for decision, _ in finished]
        await self._save([*self._counted(acted), *failures, *(change for _, rows in finished for change in rows)])
        await self._follow(acted)
        lines = [worded(decision, self._ctx) for decision in acted]
        self.done.acted += lines
        await self._journal.enter(lines)
        if fatal is not None:
            raise fatal

    async def _on_both_sides(self, chunk: Sequence[Decision]) -> list[Written]:
        """The chunk as written: ERP.net first, then Outlook where ERP.net took its part."""
        first = [n for n, d in enumerate(chunk) if d.erp is not None]
        writes = [d.erp for d in chunk if d.erp is not None]
        outcomes = await self._world.erp.write(self._who, writes) if writes else []
        erp = dict(zip(first, outcomes, strict=True))
        then = [n for n, d in enumerate(chunk) if d.graph is not None and (n not in erp or erp[n].error is None)]
        graph = await self._on_graph([chunk[n] for n in then])
        by_place = dict(zip(then, graph, strict=True))
        return [Written(d, erp.get(n), by_place.get(n)) for n, d in enumerate(chunk)]

    async def _on_graph(self, decisions: Sequence[Decision]) -> list[Outcome]:
        writes = [d.graph for d in decisions if d.graph is not None]
        answers = await self._world.calendar.write(self._ctx.mailbox, writes) if writes else []
        return [
            self._fenced(partial(believed, write, outcome), _beyond_us)
            for write, outcome in zip(writes, answers, strict=True)
        ]

    def _written_rows(self, written: Written) -> list[RowChange]:
        changes, again = written_rows(written, self._ctx)
        self.done.again |= again
        return changes

    def _counted(self, finished: Sequence[Decision]) -> list[RowChange]:
        """The cursors with what these deletions add to the last 24 hours'; approved ones do not count."""
        deleted = sum(d.is_deletion and not is_approved(d, self._ctx.approved) for d in finished)
        if not deleted:
            return []
        self.cursors = replace(self.cursors, deletions=(*self.cursors.deletions, *[self._ctx.now] * deleted))
        return [Put(self.cursors)]

    # Who else has a hand in it

    async def _claimed(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions that may go on: their meetings are this mailbox's, or nobody's matter.

        Where somebody else was faster, the item waits for the next round, which sees whose it is.
        """
        going_on, late = await self._claims.take(decisions)
        if late:
            self.done.again = True
            waiting = [pending_of(d) for d in late if d.case.link is None and not d.case.followed]
            await self._save([Put(replace(pending, reason=OUTRUN)) for pending in waiting])
        return going_on

    async def _alone(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Without the voids of meetings that somebody else turns out to have; those are read again."""
        going_on, late = await self._claims.confirm_lost(chunk)
        if late:
            self.done.again = True
            links = [d.case.link for d in late]
            await self._save([Put(life.reread_for(link, OTHERS_UNREAD)) for link in links if link is not None])
        return going_on

    async def _follow(self, decisions: Sequence[Decision]) -> None:
        """Look once more at the claims of what is followed from now on, now that others can see it."""
        begun = [d for d in decisions if d.intent is Intent.FOLLOW]
        turned = await self._claims.find_changed(begun)
        links = [self.links[d.case.event_id] for d in begun if d.case.event_id in self.links]
        late = [link for link in links if link.ical_uid in turned and link.status is LinkStatus.LIVE]
        self.done.again |= bool(late)
        await self._save([Put(life.reread_for(link, OUTRUN)) for link in late])

    async def _unrivalled(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Without the events that a colleague is making of the same activity: each says so first and looks then, so
        at least one of two sees the other. The next round sees whose it is."""
        begun = {d.case.activity_id for d in chunk if d.intent is Intent.CREATE_EVENT}
        if not begun:
            return list(chunk)
        await self._world.store.begin_events(self._ctx.mailbox, begun)
        found = await event_owners_of(self._world.store, self._ctx, begun)
        rivalled = {activity_id for activity_id in begun if found[activity_id]}
        late = [d for d in chunk if d.case.activity_id in rivalled]
        if late:
            self.done.again = True
            await self._world.store.end_events(self._ctx.mailbox, rivalled)
            await self._save([Put(replace(pending_of(d), reason=RIVALLED)) for d in late])
        return [d for d in chunk if d.case.activity_id not in rivalled]

    async def _keep_lost(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Keep the values that a solved conflict or a deletion is about to overrule; the decisions that may go on:
        not those whose values cannot be kept."""
        kept = [(d, self._fenced(partial(self._journal.overruled, d), lambda _: None)) for d in chunk]
        await self._journal.keep(own for _, own in kept if own is not None)
        await self._save([change for d, own in kept if own is None for change in self._park(d)("")])
        return [decision for decision, own in kept if own is not None]

    # Failing

    async def _failure(self, written: Written, error: CalsyncError) -> list[RowChange]:
        decision = written.decision
        if isinstance(error, DuplicateCreate):
            return await self._adopt(decision, error)
        is_overtaken = isinstance(error, StaleWrite | ItemGone | ItemLocked)
        if is_overtaken:
            self.done.again = True
        else:
            name = self._fenced(lambda: title(decision.case), lambda _: PRIVATE)
            self.done.failures.append(f"{name}: {error}")
            self.done.failed_activities.add(decision.case.activity_id)
        if isinstance(error, SideUnavailable):
            self.done.unavailable = error
        row = partial(failed_row, written, str(error), self._ctx.now, is_overtaken=is_overtaken)
        return self._fenced(lambda: [Put(row())], self._unmarked)

    async def _adopt(self, decision: Decision, error: DuplicateCreate) -> list[RowChange]:
        """An earlier create got through: that event is taken if it lives and is ours, else a new incarnation."""
        activity, pending = decision.case.activity, pending_of(decision)
        event: GraphEvent | Malformed | None = None
        if error.existing_id:
            found = await self._world.calendar.read_events(self._ctx.mailbox, [error.existing_id], html=True)
            event = found.get(error.existing_id)
        self.done.again = True
        if isinstance(event, GraphEvent) and activity is not None and event.mark == activity.id:
            return [Put(replace(pending, tries=pending.tries + 1, reason="an earlier try got through"))]
        return [Put(replace(pending, incarnation=pending.incarnation + 1, tries=pending.tries + 1))]


def _beyond_us(mistake: str) -> Outcome:
    return Outcome(error=ItemRejected(Side.GRAPH, f"{UNRECKONABLE} ({mistake})"))
