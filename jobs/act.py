"""Step 8 of a round: carry out decisions, each remembered right after its write.

The order makes a cut at any point harmless: a pending row before a create, the values that lose before the write
that overrules them, ERP.net before Outlook where a pair needs both, the link with the answers' versions after. What
fails is marked on its link or pending row with the reason, so that the cursors may move past it. Writes travel in
batches of at most CHUNK items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from jobs.context import holders_of
from jobs.meetings import Claims
from jobs.ports import Change, Drop, Put
from jobs.quarantine import UNRECKONABLE, fenced
from jobs.world import Fence, World
from sync_core import base
from sync_core import link as life
from sync_core.cases import Context, Decision, Intent, Verdict
from sync_core.errors import (
    CalsyncError,
    DuplicateCreate,
    ItemGone,
    ItemLocked,
    ItemRejected,
    SideUnavailable,
    StaleWrite,
)
from sync_core.guard import is_approved
from sync_core.identity import settle
from sync_core.link import TRIES
from sync_core.meeting import OTHERS_UNREAD
from sync_core.model import (
    EVERYTHING,
    Cursors,
    ErpActivity,
    Field,
    GraphEvent,
    JournalEntry,
    Link,
    LinkStatus,
    Malformed,
    Pending,
    PendingState,
    Seen,
    Side,
)
from sync_core.pair import EVENT_ATTRIBUTE
from sync_core.people import is_hidden
from sync_core.policy import PrivateRule
from sync_core.project import from_graph, masked
from sync_core.story import is_about_private, label, values
from sync_core.writes import CreateActivity, ErpIdentity, GraphWrite, Outcome, PatchActivity, PatchEvent

T = TypeVar("T")

CHUNK = 50
"""Items written before their links are saved: an ERP.net batch (erpnet.md §6), and what a crash makes us look up."""

RIVALLED = "a colleague's calendar was getting the same activity at the same moment"

OUTRUN = "another mailbox claimed the meeting at the same moment"

LONGEST_PAUSE = timedelta(hours=6)

ITEM_ERRORS = (StaleWrite, ItemGone, ItemRejected, SideUnavailable)
"""What may happen to one write; anything else concerns the whole round."""


def pause_after(tries: int) -> timedelta:
    """How long an item rests after its ``tries``-th failure: 2, 4, 8 … minutes, at most six hours."""
    return min(LONGEST_PAUSE, timedelta(minutes=2 ** min(tries, 12)))


@dataclass(slots=True)
class Done:
    """What was carried out: decisions that succeeded, and failures as (decision, reason)."""

    acted: list[Decision] = field(default_factory=list)
    failed: list[tuple[Decision, str]] = field(default_factory=list)
    again: bool = False
    """Whether something changed under our hands and wants another round at once."""
    unavailable: SideUnavailable | None = None
    """The error that stopped the round early; cursors must not move."""
    unmarked: bool = False
    """Whether an item failed that no row could be made to remember; cursors must not move."""
    out_of_time: bool = False
    """Whether the round stopped itself; the next one goes on from the same cursors."""


class Actor:
    """Carries out one round's decisions for one user."""

    def __init__(
        self,
        world: World,
        fence: Fence,
        ctx: Context,
        who: ErpIdentity,
        round_id: str,
        deadline: datetime,
        cursors: Cursors,
    ) -> None:
        self._world = world
        self._fence = fence
        self._ctx = ctx
        self._who = who
        self._round_id = round_id
        self._deadline = deadline
        self._claims = Claims(world, ctx)
        self.cursors = cursors
        """As stored, with the deletions of this round so far: the guard counts them even if the round ends early."""
        self.done = Done()
        self.links: dict[str, Link] = {}
        """The links saved by this round, by event id."""

    @property
    def told(self) -> frozenset[str]:
        """Other users whose next round has something to do because of this one."""
        return frozenset(self._claims.told)

    async def carry_out(self, decisions: Sequence[Decision]) -> Done:
        """Remember the quiet decisions, then write the others chunk by chunk."""
        writing = [d for d in decisions if d.graph is not None or d.erp is not None]
        quiet = [d for d in decisions if d.graph is None and d.erp is None]
        await self._remember(quiet)
        for start in range(0, len(writing), CHUNK):
            if self._world.clock() > self._deadline:
                self.done.out_of_time = True
                break
            await self._write(writing[start : start + CHUNK])
            if self.done.unavailable is not None:
                break
        return self.done

    async def _remember(self, quiet: Sequence[Decision]) -> None:
        quiet = await self._claimed(quiet)
        changes = {id(d): self._fenced(partial(self._quiet_changes, d), self._park(d)) for d in quiet}
        await self._claims.settle((d, _link_in(changes[id(d)]) or d.link) for d in quiet)
        await self._save([change for decision in quiet for change in changes[id(decision)]])
        await self._follow(quiet)
        self.done.acted += [d for d in quiet if d.intent in (Intent.LINK, Intent.HAND_ON)]
        await self._journal([d for d in quiet if self._is_worth_telling(d)])

    def _fenced(self, work: Callable[[], T], otherwise: Callable[[str], T]) -> T:
        return fenced(work, otherwise, self._ctx.mailbox)

    def _park(self, decision: Decision) -> Callable[[str], list[Change]]:
        """Parks an item that our own code fails on; where not even that can be done, the cursors have to wait."""
        link = decision.case.link

        def row() -> list[Change]:
            if link is not None:
                return [Put(life.parked(link, UNRECKONABLE))]
            return [Put(replace(self._pending(decision), parked=True, reason=UNRECKONABLE))]

        return lambda _: self._fenced(row, self._unmarked)

    def _unmarked(self, mistake: str) -> list[Change]:
        self.done.unmarked = True
        return []

    async def _claimed(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions that may go on: their meetings are this mailbox's, or nobody's matter.

        Where somebody else was faster, the item waits for the next round, which sees whose it is.
        """
        lost = await self._claims.take(decisions)
        if lost:
            self.done.again = True
            late = [
                self._pending(d) for d in decisions if id(d) in lost and d.case.link is None and not d.case.followed
            ]
            await self._save([Put(replace(pending, reason=OUTRUN)) for pending in late])
        return [d for d in decisions if id(d) not in lost]

    async def _save(self, changes: Sequence[Change]) -> None:
        if changes:
            await self._fence.save(changes)
        self.links |= {c.row.event_id: c.row for c in changes if isinstance(c, Put) and isinstance(c.row, Link)}

    def _quiet_changes(self, decision: Decision) -> list[Change]:
        case = decision.case
        changes: list[Change] = []
        if decision.link is not None:
            link = settle(decision, case.event, case.activity, self._ctx)
            if link is not None and (link != case.link or decision.take or case.followed):
                changes.append(Put(link))
        if case.link is None and decision.verdict is Verdict.PARK:
            parked = self._parked(decision)
            return changes if parked == case.pending else [*changes, Put(parked)]
        if case.link is None and decision.verdict is Verdict.REREAD:
            self.done.again = True
            return [*changes, Put(replace(self._pending(decision), reason=decision.reason))]
        if case.pending is not None:
            changes.append(Drop(case.pending))
        return [*changes, *map(Drop, case.over)]

    def _parked(self, decision: Decision) -> Pending:
        if decision.pending is not None:
            return decision.pending
        pending = self._pending(decision)
        chosen = pending.state if pending.state is PendingState.RELEASED else PendingState.WAITING
        state = chosen if decision.awaits is PendingState.WAITING else decision.awaits
        return replace(pending, parked=True, reason=decision.reason, state=state)

    def _is_worth_telling(self, decision: Decision) -> bool:
        """Whether a quiet decision is news for the journal: all but in step, and what was known before."""
        if decision.verdict in (Verdict.NOTHING, Verdict.REREAD):
            return decision.intent is Intent.END or self._closes_conflict(decision)
        before = decision.case.link
        if before is None or decision.link is None:
            return decision.case.pending is None or decision.case.pending.reason != decision.reason
        return (before.status, before.reason, before.conflict) != (
            decision.link.status,
            decision.link.reason,
            decision.link.conflict,
        )

    def _closes_conflict(self, decision: Decision) -> bool:
        before = decision.case.link
        return before is not None and before.conflict is not None and not (decision.link and decision.link.conflict)

    # Writing

    async def _write(self, chunk: Sequence[Decision]) -> None:
        creates = [Put(self._pending(d)) for d in chunk if d.intent in (Intent.CREATE_ACTIVITY, Intent.CREATE_EVENT)]
        await self._save(creates)
        chunk = await self._keep_lost(await self._unrivalled(await self._alone(await self._claimed(chunk))))
        erp = await self._write_erp([d for d in chunk if d.erp is not None])
        graph = await self._write_graph([d for d in chunk if d.graph is not None and _succeeded(erp.get(id(d)))])
        changes: list[Change] = []
        finished: list[Decision] = []
        successes: list[list[Change]] = []
        fatal: CalsyncError | None = None
        for decision in chunk:
            outcomes = [o for o in (erp.get(id(decision)), graph.get(id(decision))) if o is not None]
            error = next((o.error for o in outcomes if o.error is not None), None)
            if error is None and outcomes:
                done = self._fenced(
                    partial(self._success, decision, erp.get(id(decision)), graph.get(id(decision))), lambda _: []
                )
                if done:
                    successes.append(done)
                    finished.append(decision)
                else:  # written, and what came of it is beyond us: looked at again, at last parked
                    error = ItemRejected(Side.ERP, UNRECKONABLE)
            if error is not None and not isinstance(error, ITEM_ERRORS):
                fatal = error
            elif error is not None:
                seen = _seen(decision, erp.get(id(decision)), graph.get(id(decision)))
                changes += await self._failure(decision, error, seen)
        made = {id(d): _link_in(own) for d, own in zip(finished, successes, strict=True)}
        await self._claims.settle((d, made[id(d)]) for d in finished)
        changes = [*self._counted(finished), *changes, *(change for own in successes for change in own)]
        await self._save(changes)
        await self._follow(finished)
        self.done.acted += finished
        await self._journal(finished)
        if fatal is not None:
            raise fatal

    async def _alone(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Without the voids of meetings that somebody else turns out to have; those are read again."""
        late = await self._claims.stay_alone(chunk)
        if late:
            self.done.again = True
            links = [d.case.link for d in chunk if id(d) in late]
            await self._save([Put(life.reread_for(link, OTHERS_UNREAD)) for link in links if link is not None])
        return [d for d in chunk if id(d) not in late]

    async def _follow(self, decisions: Sequence[Decision]) -> None:
        """Look once more at the claims of what is followed from now on, now that others can see it."""
        begun = [d for d in decisions if d.intent is Intent.FOLLOW]
        turned = await self._claims.find_turned(begun)
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
        found = await holders_of(self._world.store, self._ctx, begun)
        late = [d for d in chunk if d.case.activity_id in begun and found[d.case.activity_id]]
        if late:
            self.done.again = True
            await self._world.store.end_events(self._ctx.mailbox, {d.case.activity_id for d in late})
            await self._save([Put(replace(self._pending(d), reason=RIVALLED)) for d in late])
        return [d for d in chunk if d not in late]

    def _counted(self, finished: Sequence[Decision]) -> list[Change]:
        """The cursors with what these deletions add to the last 24 hours'; approved ones do not count."""
        deleted = sum(d.is_deletion and not is_approved(d, self._ctx.approved) for d in finished)
        if not deleted:
            return []
        self.cursors = replace(self.cursors, deletions=(*self.cursors.deletions, *[self._ctx.now] * deleted))
        return [Put(self.cursors)]

    async def _write_erp(self, decisions: Sequence[Decision]) -> dict[int, Outcome]:
        if not decisions:
            return {}
        writes = [d.erp for d in decisions if d.erp is not None]
        outcomes = await self._world.erp.write(self._who, writes)
        return {id(d): outcome for d, outcome in zip(decisions, outcomes, strict=True)}

    async def _write_graph(self, decisions: Sequence[Decision]) -> dict[int, Outcome]:
        if not decisions:
            return {}
        writes = [d.graph for d in decisions if d.graph is not None]
        answers = await self._world.calendar.write(self._ctx.mailbox, writes)
        outcomes = [
            self._fenced(partial(_believed, write, outcome), _beyond_us)
            for write, outcome in zip(writes, answers, strict=True)
        ]
        return {id(d): outcome for d, outcome in zip(decisions, outcomes, strict=True)}

    def _success(self, decision: Decision, erp: Outcome | None, graph: Outcome | None) -> list[Change]:
        case = decision.case
        event = graph.event if graph is not None and graph.event is not None else case.event
        activity = erp.activity if erp is not None and erp.activity is not None else case.activity
        based, is_disturbed = self._undisturbed(decision, activity)
        link = settle(decision, event, based, self._ctx)
        changes: list[Change] = []
        if link is not None:
            if is_disturbed:
                link = life.reread_for(link, "edited in ERP.net while we wrote")
                self.done.again = True
            self.done.again |= decision.again
            changes.append(Put(link))
        if case.pending is not None or decision.intent in (Intent.CREATE_ACTIVITY, Intent.CREATE_EVENT):
            changes.append(Drop(case.pending or self._pending(decision)))
        changes += map(Drop, case.over)
        return changes

    def _undisturbed(self, decision: Decision, after: ErpActivity | None) -> tuple[ErpActivity | None, bool]:
        """The activity as the base may take it, and whether somebody edited it between write and read-back."""
        write = decision.erp
        if after is None or not isinstance(write, CreateActivity | PatchActivity):
            return after, False
        if self._ctx.policy.private is PrivateRule.BUSY:
            after = replace(after, content=masked(after.content))
        before = decision.case.activity.content if decision.case.activity else None
        fields: frozenset[Field] = write.fields if isinstance(write, PatchActivity) else EVERYTHING
        if not base.disturbed(write.content, fields, before, after.content):
            return after, False
        return replace(after, content=base.as_expected(write.content, fields, before, after.content)), True

    # Failing

    async def _failure(self, decision: Decision, error: CalsyncError, seen: Seen) -> list[Change]:
        if isinstance(error, DuplicateCreate):
            return await self._adopt(decision, error)
        overtaken = isinstance(error, StaleWrite | ItemGone | ItemLocked)
        if overtaken:
            self.done.again = True
        else:
            self.done.failed.append((decision, str(error)))
        if isinstance(error, SideUnavailable):
            self.done.unavailable = error
        return self._fenced(lambda: [Put(self._marked(decision, str(error), overtaken, seen))], self._unmarked)

    def _marked(self, decision: Decision, reason: str, overtaken: bool, seen: Seen) -> Link | Pending:
        """The row that remembers the failure: read again at once when overtaken, else after a growing pause."""
        link = decision.case.link
        row = link if link is not None else self._pending(decision)
        tries = 1 if life.is_given_up(row) else row.tries + 1
        retry_at = None if overtaken and tries < TRIES else self._ctx.now + pause_after(tries)
        if isinstance(row, Pending):
            known = seen if tries >= TRIES else None
            return replace(
                row, tries=tries, retry_at=retry_at, parked=tries >= TRIES, reason=reason, given_up_at=known
            )
        if tries >= TRIES:
            return life.given_up(row, reason, tries, seen)
        return life.failed(row, reason, tries, retry_at)

    async def _adopt(self, decision: Decision, error: DuplicateCreate) -> list[Change]:
        """An earlier create got through: that event is taken if it lives and is ours, else a new incarnation."""
        activity, pending = decision.case.activity, self._pending(decision)
        event: GraphEvent | Malformed | None = None
        if error.existing_id:
            found = await self._world.calendar.read_events(self._ctx.mailbox, [error.existing_id], html=True)
            event = found.get(error.existing_id)
        self.done.again = True
        if isinstance(event, GraphEvent) and activity is not None and event.mark == activity.id:
            return [Put(replace(pending, tries=pending.tries + 1, reason="an earlier try got through"))]
        return [Put(replace(pending, incarnation=pending.incarnation + 1, tries=pending.tries + 1))]

    def _pending(self, decision: Decision) -> Pending:
        case = decision.case
        if case.pending is not None:
            return case.pending
        if case.event is not None and decision.intent is not Intent.CREATE_EVENT:
            return Pending(Side.GRAPH, case.event.id, case.event.ical_uid)
        return Pending(Side.ERP, case.activity_id)

    # Telling

    async def _keep_lost(self, chunk: Sequence[Decision]) -> list[Decision]:
        """Keep the values that a solved conflict or a deletion is about to overrule; the decisions that may go on:
        not those whose values cannot be kept."""
        kept = [(d, self._fenced(partial(self._lost, d), lambda _: None)) for d in chunk]
        await self._world.store.append_journal(_told_apart([entry for _, own in kept for entry in own or ()]))
        await self._save([change for d, own in kept if own is None for change in self._park(d)("")])
        return [decision for decision, own in kept if own is not None]

    def _lost(self, decision: Decision) -> list[JournalEntry] | None:
        return [
            replace(
                self._entry(decision, "value kept", clash.why),
                before={f"{side}.{clash.field}": clash.event_value if side is Side.GRAPH else clash.activity_value},
                after={f"{side}.{clash.field}": clash.activity_value if side is Side.GRAPH else clash.event_value},
            )
            for side, clash in decision.lost
        ]

    async def _journal(self, decisions: Sequence[Decision]) -> None:
        entries = [self._fenced(partial(self._told, d), partial(self._untold, d)) for d in decisions]
        await self._world.store.append_journal(entries)

    def _told(self, decision: Decision) -> JournalEntry:
        hides = is_hidden(decision.case, self._ctx)
        before, after = values(decision, self._ctx.digits_zone, hides=hides)
        return replace(self._entry(decision, label(decision), decision.reason), before=before, after=after)

    def _untold(self, decision: Decision, mistake: str) -> JournalEntry:
        """The entry of an item that our own code cannot put into words: its ids, and nothing that may be private."""
        return JournalEntry(
            user_id=self._ctx.mailbox,
            at=self._world.clock(),
            round_id=self._round_id,
            action=decision.intent,
            reason=decision.reason,
            event_id=decision.case.event_id,
            activity_id=decision.case.activity_id,
            private=True,
        )

    def _entry(self, decision: Decision, action: str, reason: str) -> JournalEntry:
        case = decision.case
        return JournalEntry(
            user_id=self._ctx.mailbox,
            at=self._world.clock(),
            round_id=self._round_id,
            action=action,
            reason=reason,
            event_id=case.event_id,
            activity_id=case.activity_id,
            subject=case.subject,
            private=is_about_private(case),
        )


def _believed(write: GraphWrite, outcome: Outcome) -> Outcome:
    """An outcome; a patch that was answered and changed nothing (a proxy's page) may not move the base."""
    event = outcome.event
    if event is None or not isinstance(write, PatchEvent) or not write.change_key:
        return outcome
    told, sent = from_graph(event.content), from_graph(write.content)
    is_apart = any(getattr(told, EVENT_ATTRIBUTE[f]) != getattr(sent, EVENT_ATTRIBUTE[f]) for f in write.fields)
    if event.change_key != write.change_key or not is_apart:
        return outcome
    return Outcome(error=SideUnavailable(Side.GRAPH, "answered, but the event is as it was before", unclear=True))


def _seen(decision: Decision, erp: Outcome | None, graph: Outcome | None) -> Seen:
    """What both sides are after a write of which a part did not get through."""
    activity = erp.activity if erp is not None and erp.activity is not None else decision.case.activity
    event = graph.event if graph is not None and graph.event is not None else decision.case.event
    return replace(decision.case, activity=activity, event=event).seen


def _beyond_us(mistake: str) -> Outcome:
    return Outcome(error=ItemRejected(Side.GRAPH, f"{UNRECKONABLE} ({mistake})"))


def _link_in(changes: Sequence[Change]) -> Link | None:
    return next((c.row for c in changes if isinstance(c, Put) and isinstance(c.row, Link)), None)


def _succeeded(outcome: Outcome | None) -> bool:
    return outcome is None or outcome.error is None


def _told_apart(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """One entry for each item: its kept values together, since the same action on the same item is one row."""
    merged: dict[tuple[str, str], JournalEntry] = {}
    for entry in entries:
        key = (entry.event_id, entry.activity_id)
        known = merged.get(key)
        merged[key] = (
            entry
            if known is None
            else replace(known, before=known.before | entry.before, after=known.after | entry.after)
        )
    return list(merged.values())
