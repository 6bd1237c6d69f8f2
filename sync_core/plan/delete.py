"""Ends a pair: when an event counts as gone, and what a deletion on one side does to the other.

Deletion wins over an edit on the other side; the journal keeps the edited values. The link stays as a tombstone, so
that nothing is made again.
"""

from __future__ import annotations

from dataclasses import replace

from sync_core.content.compare import overruled
from sync_core.model import link as life
from sync_core.model.conflict import Clash
from sync_core.model.decision import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.model.link import EndedBy, Link, LinkStatus, master_of
from sync_core.model.sides import EventKind, Evidence, Malformed, Side, Whereabouts
from sync_core.model.writes import RemoveEvent, VoidActivity
from sync_core.people.mail import mails_of
from sync_core.plan.conflict import kept_conflict
from sync_core.plan.tables import MASS_DELETION, edited_in_erp, edited_in_graph, permitted

DELETION = "deletion"
"""Stands for a field in the clash of a deletion that the other side refuses."""

DELETED_IN_OUTLOOK = "deleted in Outlook"
CANCELLED = "cancelled in Outlook"
KEPT_BY_CHOICE = "a person chose to keep the activity"
DELETED_IN_ERP = "void or deleted in ERP.net"


def judge_gone(evidence: Evidence) -> Sight:
    """Whether an event is gone: it answers 404, or it is readable and neither in its own span's view nor in any
    calendar (graph.md T1).

    The first date of a series may be deleted alone. So a series that its own span does not show is there if its
    calendar is the default one.
    """
    event = evidence.event
    if event is None:
        return Sight.GONE
    if isinstance(event, Malformed):
        return sight_of_malformed(event)
    if evidence.in_view or event.is_cancelled:
        return Sight.PRESENT
    if evidence.in_view is None:
        return Sight.UNDECIDED
    if evidence.where is Whereabouts.DEFAULT and event.kind is EventKind.MASTER:
        return Sight.PRESENT
    return {
        Whereabouts.OTHER: Sight.ELSEWHERE,
        Whereabouts.NONE: Sight.GONE,
    }.get(evidence.where, Sight.UNDECIDED)


def sight_of_malformed(item: Malformed) -> Sight:
    """The sight of an item of which no use could be made: it waits if the answer was to blame."""
    return Sight.UNDECIDED if item.is_passing else Sight.MALFORMED


def ended(case: Case, intent: Intent, by: EndedBy, reason: str, ctx: Context) -> Decision:
    """The pair is over. The link stays as a tombstone, so that nothing is made again; nothing is written."""
    assert case.link is not None
    tombstone = life.ended(case.link, by, reason, ctx.now)
    return Decision(case, intent, Verdict.NOTHING, reason, link=tombstone, in_step=frozenset())


def void(case: Case, link: Link, ctx: Context) -> Decision:
    """The event is gone: void the activity, if that is permitted. The journal keeps what was edited in it
    meanwhile."""
    verdict, reason = permitted(case, Intent.VOID, ctx)
    why = CANCELLED if case.event is not None and case.event.is_cancelled else DELETED_IN_OUTLOOK
    if verdict is Verdict.CONFLICT:
        return _gone_but_locked(case, link, why, reason, ctx)
    if verdict is not Verdict.ACT:
        return replace(ended(case, Intent.VOID, EndedBy.OUTLOOK, f"{why}; {reason}", ctx), verdict=verdict)
    if _waits(link, Intent.VOID, ctx):
        return _still_held(case, link, Intent.VOID)
    lost = overruled(case, link, Side.ERP, edited_in_erp(case, link), f"{why} meanwhile")
    write = VoidActivity(link.activity_id, why)
    over = ended(case, Intent.VOID, EndedBy.OUTLOOK, why, ctx)
    return replace(over, verdict=Verdict.ACT, lost=lost, erp=write)


def remove(case: Case, link: Link, ctx: Context) -> Decision:
    """The activity is gone: remove the organizer's own future event, with a cancellation where people are invited."""
    verdict, reason = permitted(case, Intent.REMOVE, ctx)
    if verdict is not Verdict.ACT:
        return replace(ended(case, Intent.REMOVE, EndedBy.ERP, f"{DELETED_IN_ERP}; {reason}", ctx), verdict=verdict)
    if _waits(link, Intent.REMOVE, ctx):
        return _still_held(case, link, Intent.REMOVE)
    lost = overruled(case, link, Side.GRAPH, edited_in_graph(case, link), f"{DELETED_IN_ERP} meanwhile")
    people = case.event.content.people if case.event else link.base_event.people
    key = case.event.change_key if case.event else link.change_key
    comment, series = "Cancelled in ERP.net" if people else "", master_of(link)
    write = RemoveEvent(link.event_id, key, cancel=bool(people), comment=comment, series=series)
    over = ended(case, Intent.REMOVE, EndedBy.ERP, DELETED_IN_ERP, ctx)
    return replace(over, verdict=Verdict.ACT, lost=lost, graph=write, mails=mails_of(write, case.event, link))


def _waits(link: Link, intent: Intent, ctx: Context) -> bool:
    """Whether a person has yet to answer for this deletion; a list for another intent does not count."""
    is_another = link.held is not None and link.held.intent != intent
    return life.waits(link) and not is_another and link.event_id not in ctx.approved


def _still_held(case: Case, link: Link, intent: Intent) -> Decision:
    """The deletion stays on its list."""
    is_held = link.status is LinkStatus.HELD
    kept = life.looked_at(link) if is_held else life.held(link, MASS_DELETION, link.held)
    return Decision(case, intent, Verdict.HOLD, MASS_DELETION, link=kept, in_step=frozenset())


def _gone_but_locked(case: Case, link: Link, why: str, reason: str, ctx: Context) -> Decision:
    """The event is gone and the activity cannot be voided: an open conflict, and nothing is made again."""
    assert case.activity is not None
    clash = Clash(DELETION, why, case.activity.state, reason)
    if any(one.keep is Side.ERP and one.clash.is_between(clash) for one in link.chosen):
        return ended(case, Intent.VOID, EndedBy.OUTLOOK, f"{why}; {KEPT_BY_CHOICE}", ctx)
    conflict = kept_conflict(link, (clash,), ctx.now)
    tombstone = life.ended(link, EndedBy.OUTLOOK, reason, ctx.now, conflict=conflict)
    return Decision(case, Intent.VOID, Verdict.CONFLICT, reason, link=tombstone, in_step=frozenset())
