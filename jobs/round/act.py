"""Step 8 of a round: carries out decisions, and saves each one's link right after its write.

The order of the saves makes a crash at any point harmless. A pending row is saved before a create (a write-ahead
record), and the values that lose are journalled before the write that overrules them. A pair that needs both sides is
written to ERP.net first, then to Outlook. The link is saved afterwards, with the versions that the sides returned. A
failure is saved with its reason on its link or pending row (``jobs.round.outcomes``). Writes are sent chunk by chunk
(``jobs.round.chunks``), and what another mailbox's round does at the same moment waits (``jobs.round.rivals``).

What one chunk waits for is its outcome, the claims of it and of the next chunk, and its links, which are saved with
the next chunk's pending rows. The index of the links and the journal lag behind beside the next chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from jobs.claims import Claims
from jobs.fence import Fence
from jobs.own_mistakes import unless_mistaken
from jobs.ports import LINKS_AT_ONCE, Begin, Put, RowChange
from jobs.round.chunks import fitting, in_order
from jobs.round.frame import RoundFrame
from jobs.round.journal import RoundJournal
from jobs.round.outcomes import (
    CREATES,
    Written,
    failed_row,
    is_news,
    link_in,
    mistaken_row,
    pending_of,
    quiet_rows,
    verified,
    written_rows,
)
from jobs.round.report import Failure
from jobs.round.rivals import Rivals, Splitting
from jobs.round.siblings import Siblings
from jobs.round.worded import Line, title, worded
from jobs.together import side_by_side
from sync_core.errors import (
    OWN_MISTAKE,
    CalsyncError,
    DuplicateCreate,
    ItemGone,
    ItemLocked,
    ItemRejected,
    SideUnavailable,
    StaleWrite,
)
from sync_core.model.decision import Decision, Intent
from sync_core.model.link import Link
from sync_core.model.sides import GraphEvent, Malformed, Side
from sync_core.model.writes import ErpIdentity, Outcome
from sync_core.people.privacy import PRIVATE
from sync_core.plan.create import linked_unmoved
from sync_core.plan.dates import REFUSED, refused_move
from sync_core.plan.guard import is_approved, recent_deletions, unit_of

T = TypeVar("T")


ITEM_ERRORS = (StaleWrite, ItemGone, ItemRejected, SideUnavailable)
"""The errors of one write; any other error ends the round."""


@dataclass(slots=True)
class Done:
    """What the round has carried out, in words, and what has failed."""

    acted: list[Line] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    failed_activities: set[str] = field(default_factory=set)
    """The ids of the activities of failed decisions; '' for an event without one."""
    again: bool = False
    """Whether an item changed while the round was under way, so that another round must follow at once."""
    unavailable: SideUnavailable | None = None
    """The error that stopped the round early; cursors must not move."""
    unsaved: bool = False
    """Whether the reason of a failed item could not be saved; cursors must not move."""
    out_of_time: bool = False
    """Whether the deadline stopped the round; the next one goes on from the same cursors."""

    @property
    def is_whole(self) -> bool:
        """Whether everything was done, or left with its reason saved."""
        return self.unavailable is None and not self.out_of_time and not self.unsaved


class Actor:
    """Carries out one round's decisions for one user."""

    def __init__(self, frame: RoundFrame, fence: Fence, journal: RoundJournal, who: ErpIdentity) -> None:
        self._world = frame.world
        self._ctx = frame.ctx
        self._fence = fence
        self._journal = journal
        self._who = who
        self._claims = Claims(frame.world, frame.ctx)
        self._rivals = Rivals(frame, self._claims)
        self._siblings = Siblings(frame.world.calendar, frame.ctx.mailbox)
        cursors = frame.memory.cursors
        self.cursors = replace(cursors, deletions=recent_deletions(cursors, frame.ctx.now), settled=False)
        """The cursors as stored, with this round's deletions so far: the guard counts them even if the round ends
        early."""
        self._left: list[Decision] = []
        self._deadline = frame.ctx.now
        self._behind: asyncio.Task[None] | None = None
        self._deleted: set[str] = set()
        """What has been deleted, as the guard counts it."""
        self.done = Done()
        self.links: dict[str, Link] = {}
        """The links saved by this round, by event id."""

    @property
    def woken(self) -> frozenset[str]:
        """The other users who lost or got a meeting by this round."""
        return frozenset(self._claims.woken)

    async def carry_out(self, decisions: Sequence[Decision], deadline: datetime) -> Done:
        """Save the decisions without writes, then write the others chunk by chunk; none begins after the deadline."""
        writing = in_order(decisions)
        await self._remember([d for d in decisions if d.graph is None and d.erp is None])
        self._left, self._deadline, total = writing, deadline, len(writing)
        await self._tell(0, total)
        cut = self._cut()
        chunk = await self._claimed(cut)
        await self._save(_begins(chunk))
        try:
            while cut:
                cut, chunk = await self._write(chunk)
                await self._tell(total - len(self._left) - len(cut), total)
        finally:
            await self._catch_up()
        return self.done

    def _cut(self) -> list[Decision]:
        """Take off what is written next; nothing after the deadline."""
        if self._left and self._world.clock() > self._deadline:
            self.done.out_of_time = True
            return []
        at_once = self._world.erp.writes_at_once
        count = fitting(self._left, at_once - at_once % LINKS_AT_ONCE or at_once)
        cut, self._left = self._left[:count], self._left[count:]
        return cut

    async def _tell(self, done: int, total: int) -> None:
        """Tell whoever waits for this round how far it has come."""
        if self._world.heard is not None and total:
            await self._world.heard(done, total)

    async def _remember(self, quiet: Sequence[Decision]) -> None:
        quiet = await self._claimed(quiet)
        rows = [self._unless_mistaken(partial(self._quiet_rows, d), self._park(d)) for d in quiet]
        await self._claims.record((d, link_in(own) or d.link) for d, own in zip(quiet, rows, strict=True))
        await self._save([change for own in rows for change in own])
        await self._settle_claims(quiet)
        kinds = [(is_news(d), d.intent in (Intent.LINK, Intent.HAND_ON), d) for d in quiet]
        lines = [(news, acted, worded(d, self._ctx)) for news, acted, d in kinds if news or acted]
        self.done.acted += [line for _, acted, line in lines if acted]
        await self._journal.enter([line for news, _, line in lines if news])

    def _quiet_rows(self, decision: Decision) -> list[RowChange]:
        return quiet_rows(decision, self._ctx)

    def _unless_mistaken(self, work: Callable[[], T], otherwise: Callable[[str], T]) -> T:
        return unless_mistaken(work, otherwise, self._ctx.mailbox)

    def _park(self, decision: Decision) -> Callable[[str], list[RowChange]]:
        """A fallback that parks an item on which our own code fails; if that fails too, the cursors may not move."""
        return lambda _: self._unless_mistaken(lambda: [Put(mistaken_row(decision))], self._unsaved)

    def _unsaved(self, mistake: str) -> list[RowChange]:
        self.done.unsaved = True
        return []

    async def _save(self, changes: Sequence[RowChange], *, follows: bool = True) -> None:
        if changes:
            await self._fence.save(changes, follows=follows)
        self.links |= {c.row.event_id: c.row for c in changes if isinstance(c, Put) and isinstance(c.row, Link)}

    # Writing

    async def _write(self, chunk: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
        """Write what is claimed and begun; returns what was cut off to be written next, and what of it is claimed and
        begun by now: its claims go beside those of this chunk, and its pending rows with this chunk's links."""
        chunk = await self._split(self._rivals.confirmed, chunk)
        chunk = await self._split(self._rivals.creating_alone, chunk)
        chunk = await self._journal_lost(chunk)
        finished, failures, fatal = await self._outcomes(chunk)
        acted = [decision for decision, _ in finished]
        cut = self._cut() if fatal is None and self.done.unavailable is None else []
        claiming = self._claims.record((decision, link_in(rows)) for decision, rows in finished)
        recorded, ahead = await asyncio.gather(claiming, self._claimed(cut), return_exceptions=True)
        if isinstance(recorded, BaseException):
            raise recorded
        following = [] if isinstance(ahead, BaseException) else ahead
        own = [*self._counted(acted), *failures, *(change for _, rows in finished for change in rows)]
        await self._save([*own, *_begins(following)], follows=False)
        await self._catch_up()
        self._behind = asyncio.create_task(self._follow(own, acted))
        for error in (ahead, fatal):
            if isinstance(error, BaseException):
                raise error
        return cut, following

    async def _follow(self, changes: Sequence[RowChange], acted: Sequence[Decision]) -> None:
        """What may lag behind the links: their index, what their claims need then, and the journal."""
        lines = [worded(decision, self._ctx) for decision in acted]
        self.done.acted += lines

        async def index() -> None:
            await self._world.store.follow(self._ctx.mailbox, changes)
            await self._settle_claims(acted)

        await side_by_side(index(), self._journal.enter(lines))

    async def _catch_up(self) -> None:
        """Wait for what lags behind. Raises what failed of it."""
        behind, self._behind = self._behind, None
        if behind is not None:
            await behind

    async def _outcomes(
        self, chunk: Sequence[Decision]
    ) -> tuple[list[tuple[Decision, list[RowChange]]], list[RowChange], CalsyncError | None]:
        """Write a chunk to both sides: what was done with its rows, the rows of what failed, and an error that ends
        the round."""
        finished: list[tuple[Decision, list[RowChange]]] = []
        failures: list[RowChange] = []
        fatal: CalsyncError | None = None
        for written in [self._unless_refused(one) for one in await self._on_both_sides(chunk)]:
            error = written.error
            if error is None and (rows := self._unless_mistaken(partial(self._written_rows, written), lambda _: [])):
                finished.append((written.decision, rows))
            elif error is None:  # written, but our own code fails on the result: tried again, at last parked
                failures += await self._failure(written, ItemRejected(Side.ERP, OWN_MISTAKE))
            elif isinstance(error, ITEM_ERRORS):
                failures += await self._failure(written, error)
            else:
                fatal = error
        return finished, failures, fatal

    async def _on_both_sides(self, chunk: Sequence[Decision]) -> list[Written]:
        """Write a chunk: ERP.net first, then Outlook, but nothing to Outlook if ERP.net refused its part."""
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
        answers = await self._siblings.write(decisions)
        return [
            self._unless_mistaken(partial(verified, write, outcome), _own_mistake)
            for write, outcome in zip(writes, answers, strict=True)
        ]

    def _unless_refused(self, written: Written) -> Written:
        """What was written; of a new pair whose move Exchange refused, the pair without it: a link is its memory."""
        if not _is_refused_move(written.error):
            return written
        unmoved = self._unless_mistaken(lambda: linked_unmoved(written.decision, self._ctx), lambda _: None)
        return Written(unmoved, written.erp) if unmoved is not None else written

    def _written_rows(self, written: Written) -> list[RowChange]:
        changes, again = written_rows(written, self._ctx)
        self.done.again |= again
        return changes

    def _counted(self, finished: Sequence[Decision]) -> list[RowChange]:
        """The cursors with these deletions added to those of the last 24 hours; approved deletions do not count."""
        deletions = (d for d in finished if d.is_deletion and not is_approved(d, self._ctx.approved))
        deleted = {unit_of(d) for d in deletions} - self._deleted
        if not deleted:
            return []
        self._deleted |= deleted
        self.cursors = replace(self.cursors, deletions=(*self.cursors.deletions, *[self._ctx.now] * len(deleted)))
        return [Put(self.cursors)]

    # What other mailboxes do at the same moment

    async def _claimed(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions that may go on, with the claims that they need."""
        return await self._split(self._rivals.claimed, decisions)

    async def _split(self, split: Splitting, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions that may go on; those that must wait are looked at again by a round that follows at once."""
        going_on, waiting = await split(decisions)
        self.done.again |= bool(waiting)
        await self._save(waiting)
        return going_on

    async def _settle_claims(self, decisions: Sequence[Decision]) -> None:
        """What the claims need once the links of these decisions are saved."""
        promoted = [d for d in decisions if d.case.followed and d.case.event_id in self.links]
        await self._claims.serve((d, self.links[d.case.event_id]) for d in promoted)
        begun = [d for d in decisions if d.intent is Intent.FOLLOW]
        changed = await self._rivals.changed_feeder(begun, self.links)
        self.done.again |= bool(changed)
        await self._save(changed)

    async def _journal_lost(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Journal the values that a solved conflict or a deletion is about to overrule.

        Returns the decisions that may go on: an item whose values cannot be journalled is parked.
        """
        kept = [(d, self._unless_mistaken(partial(self._journal.overruled, d), lambda _: None)) for d in chunk]
        await self._journal.keep(own for _, own in kept if own is not None)
        await self._save([change for d, own in kept if own is None for change in self._park(d)("")])
        return [decision for decision, own in kept if own is not None]

    # Failing

    async def _failure(self, written: Written, error: CalsyncError) -> list[RowChange]:
        decision = written.decision
        if isinstance(error, DuplicateCreate):
            return await self._adopt(decision, error)
        if _is_refused_move(error):
            moved = self._unless_mistaken(lambda: refused_move(decision.case, self._ctx), lambda _: None)
            if moved is not None:
                self.done.again = True
                return [Put(moved)]
        is_overtaken = isinstance(error, StaleWrite | ItemGone | ItemLocked)
        if is_overtaken:
            self.done.again = True
        else:
            name = self._unless_mistaken(lambda: title(decision.case), lambda _: PRIVATE)
            self.done.failures.append(Failure(f"{name}: {error}", error))
            self.done.failed_activities.add(decision.case.activity_id)
        if isinstance(error, SideUnavailable):
            self.done.unavailable = error
        row = partial(failed_row, written, str(error), self._ctx.now, is_overtaken=is_overtaken)
        return self._unless_mistaken(lambda: [Put(row())], self._unsaved)

    async def _adopt(self, decision: Decision, error: DuplicateCreate) -> list[RowChange]:
        """Handle a create that Graph refused as a duplicate: an earlier create has got through.

        If its event lives and bears our mark, the next round links it; else the next create is a new incarnation.
        """
        activity, pending = decision.case.activity, pending_of(decision)
        event: GraphEvent | Malformed | None = None
        if error.existing_id:
            found = await self._world.calendar.read_events(self._ctx.mailbox, [error.existing_id], html=True)
            event = found.get(error.existing_id)
        self.done.again = True
        if isinstance(event, Malformed):  # another incarnation might be a second event
            self.done.failures.append(Failure(f"{title(decision.case)}: {event.reason}", error))
            return [Put(failed_row(Written(decision), event.reason, self._ctx.now, is_overtaken=False))]
        if isinstance(event, GraphEvent) and activity is not None and event.mark == activity.id:
            return [Put(replace(pending, tries=pending.tries + 1, reason="an earlier try got through"))]
        return [Put(replace(pending, incarnation=pending.incarnation + 1, tries=pending.tries + 1))]


def _begins(chunk: Sequence[Decision]) -> list[RowChange]:
    """The pending rows before creates; most are new."""
    creates = [decision for decision in chunk if decision.intent in CREATES]
    return [Begin(pending_of(d)) if d.case.pending is None else Put(pending_of(d)) for d in creates]


def _is_refused_move(error: CalsyncError | None) -> bool:
    return isinstance(error, ItemRejected) and error.code.lower() == REFUSED


def _own_mistake(mistake: str) -> Outcome:
    return Outcome(error=ItemRejected(Side.GRAPH, f"{OWN_MISTAKE} ({mistake})"))
