"""Makes the rows that store the outcome of a decision: one without a write, one after its writes, or a failure.

``jobs.round.act`` writes and saves; here values become rows. The reason of a failure is saved on its link or pending
row, so that the cursors may move past it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.ports import Drop, Put, RowChange
from sync_core.content import base
from sync_core.content.compare import EVENT_ATTRIBUTE
from sync_core.content.project import from_graph, masked
from sync_core.errors import OWN_MISTAKE, CalsyncError, SideUnavailable
from sync_core.model import link as life
from sync_core.model.decision import Context, Decision, Intent, Verdict
from sync_core.model.link import TRIES, Link
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphEvent, Seen, Side
from sync_core.model.writes import CreateActivity, GraphWrite, Outcome, PatchActivity, PatchEvent
from sync_core.plan.identity import link_after

CREATES = frozenset({Intent.CREATE_ACTIVITY, Intent.CREATE_EVENT})
"""The intents whose item waits in a pending row until it has its counterpart."""

LONGEST_PAUSE = timedelta(hours=6)


def pause_after(tries: int) -> timedelta:
    """Back-off of an item after its ``tries``-th failure: 2, 4, 8 … minutes, at most six hours."""
    return min(LONGEST_PAUSE, timedelta(minutes=2 ** min(tries, 12)))


@dataclass(frozen=True, slots=True)
class Written:
    """A decision and the outcome of its write on each side; None if there was no write."""

    decision: Decision
    erp: Outcome | None = None
    graph: Outcome | None = None

    @property
    def error(self) -> CalsyncError | None:
        """The error of the first write that failed, None if none did."""
        outcomes = [outcome for outcome in (self.erp, self.graph) if outcome is not None]
        return next((outcome.error for outcome in outcomes if outcome.error is not None), None)

    @property
    def event(self) -> GraphEvent | None:
        """The event as it is now, as far as is known."""
        if self.graph is not None and self.graph.event is not None:
            return self.graph.event
        return self.decision.case.event

    @property
    def activity(self) -> ErpActivity | None:
        """The activity as it is now, as far as is known."""
        if self.erp is not None and self.erp.activity is not None:
            return self.erp.activity
        return self.decision.case.activity

    @property
    def seen(self) -> Seen:
        """The versions of both sides now, as far as is known."""
        return replace(self.decision.case, activity=self.activity, event=self.event).seen


def pending_of(decision: Decision) -> Pending:
    """The pending row in which the item of a decision waits for its counterpart; begun where that is made now."""
    case = decision.case
    row = case.pending
    if row is None and case.event is not None and decision.intent is not Intent.CREATE_EVENT:
        row = Pending(Side.GRAPH, case.event.id, case.event.ical_uid)
    row = row or Pending(Side.ERP, case.activity_id)
    return replace(row, begun=True) if decision.intent in CREATES and decision.verdict is Verdict.ACT else row


def link_in(changes: list[RowChange]) -> Link | None:
    """The link that these row changes save, None if they save none."""
    return next((c.row for c in changes if isinstance(c, Put) and isinstance(c.row, Link)), None)


# Nothing is written


def quiet_rows(decision: Decision, ctx: Context) -> list[RowChange]:
    """The row changes of a decision without writes."""
    case = decision.case
    changes: list[RowChange] = []
    if decision.link is not None:
        link = link_after(decision, case.event, case.activity, ctx)
        if link is not None and (link != case.link or decision.take or case.followed):
            changes.append(Put(link))
    if case.link is None and decision.verdict is Verdict.PARK:
        parked = parked_row(decision)
        return changes if parked == case.pending else [*changes, Put(parked)]
    if is_to_be_reread(decision):
        return [*changes, Put(failed_row(Written(decision), decision.reason, ctx.now, is_overtaken=False))]
    if case.pending is not None:
        changes.append(Drop(case.pending))
    return [*changes, *map(Drop, case.over)]


def parked_row(decision: Decision) -> Pending:
    """The pending row that parks an item without a link until a hindrance ends or a person chooses."""
    if decision.pending is not None:
        return decision.pending
    pending = pending_of(decision)
    chosen = pending.state if pending.state is PendingState.RELEASED else PendingState.WAITING
    state = chosen if decision.awaits is PendingState.WAITING else decision.awaits
    return replace(pending, parked=True, reason=decision.reason, state=state)


def is_to_be_reread(decision: Decision) -> bool:
    """Whether an item without a link must be read again, after a pause as after a failure."""
    return decision.case.link is None and decision.verdict is Verdict.REREAD


def is_news(decision: Decision) -> bool:
    """Whether a decision without writes is entered in the journal: not a pair in step, nor what was entered
    before."""
    if decision.verdict in (Verdict.NOTHING, Verdict.REREAD):
        return decision.intent is Intent.END or _closes_conflict(decision)
    before, after = decision.case.link, decision.link
    if before is None or after is None:
        return decision.case.pending is None or decision.case.pending.reason != decision.reason
    return (before.status, before.reason, before.conflict) != (after.status, after.reason, after.conflict)


def _closes_conflict(decision: Decision) -> bool:
    before = decision.case.link
    return before is not None and before.conflict is not None and not (decision.link and decision.link.conflict)


# After a write


def written_rows(written: Written, ctx: Context) -> tuple[list[RowChange], bool]:
    """The row changes of a decision whose writes got through, and whether another round must follow at once."""
    decision, case = written.decision, written.decision.case
    activity, is_disturbed = _undisturbed(written, ctx)
    link = link_after(decision, written.event, activity, ctx)
    changes: list[RowChange] = []
    if link is not None:
        changes.append(Put(life.reread_for(link, "edited in ERP.net while we wrote") if is_disturbed else link))
    if case.pending is not None or decision.intent in CREATES:
        changes.append(Drop(pending_of(decision)))
    changes += map(Drop, case.over)
    return changes, link is not None and (is_disturbed or decision.again)


def _undisturbed(written: Written, ctx: Context) -> tuple[ErpActivity | None, bool]:
    """The activity to store in the base, and whether somebody edited it between our write and the read-back."""
    write, after = written.decision.erp, written.activity
    if after is None or not isinstance(write, CreateActivity | PatchActivity):
        return after, False
    if ctx.policy.private is PrivateRule.BUSY:
        after = replace(after, content=masked(after.content))
    before = written.decision.case.activity.content if written.decision.case.activity else None
    fields: frozenset[Field] = write.fields if isinstance(write, PatchActivity) else EVERYTHING
    if not base.disturbed(write.content, fields, before, after.content):
        return after, False
    return replace(after, content=base.as_expected(write.content, fields, before, after.content)), True


def verified(write: GraphWrite, outcome: Outcome) -> Outcome:
    """Verify the outcome of a patch: one that was answered but changed nothing (by a proxy, say) is an error.

    Such a patch must not move the base.
    """
    event = outcome.event
    if event is None or not isinstance(write, PatchEvent) or not write.change_key:
        return outcome
    shown, sent = from_graph(event.content), from_graph(write.content)
    is_apart = any(getattr(shown, EVENT_ATTRIBUTE[f]) != getattr(sent, EVENT_ATTRIBUTE[f]) for f in write.fields)
    if event.change_key != write.change_key or not is_apart:
        return outcome
    return Outcome(error=SideUnavailable(Side.GRAPH, "answered, but the event is as it was before", unclear=True))


# After a failure


def failed_row(written: Written, reason: str, now: datetime, *, is_overtaken: bool) -> Link | Pending:
    """The row that stores a failure. An overtaken item is read again at once, any other after a back-off."""
    decision, seen = written.decision, written.seen
    link = decision.case.link
    row = link if link is not None else pending_of(decision)
    tries = 1 if life.is_given_up(row) else row.tries + 1
    retry_at = None if is_overtaken and tries < TRIES else now + pause_after(tries)
    if isinstance(row, Pending):
        known = seen if tries >= TRIES else None
        return replace(row, tries=tries, retry_at=retry_at, parked=tries >= TRIES, reason=reason, given_up_at=known)
    if tries >= TRIES:
        return life.given_up(row, reason, tries, seen)
    return life.failed(row, reason, tries, retry_at)


def mistaken_row(decision: Decision) -> Link | Pending:
    """The row that parks an item on which our own code fails."""
    if decision.case.link is not None:
        return life.parked(decision.case.link, OWN_MISTAKE)
    return replace(pending_of(decision), parked=True, reason=OWN_MISTAKE)
