"""The decision: the way of one case through the exits and the tables.

Theory of operation. A round collects *cases*: a link with what both sides show of it, or a single item without one.
Each case takes the first exit that is open to it, if any: what cannot be understood, was not read, was given up, has
ended or is over (exits.py prints them in their order). Every other case goes through table FATE, which names an
intent, and table PERMIT, which says whether its write may be made (tables.py). What survives becomes writes by the
field-wise merge (merge.py, update_rules.py), or ends the pair (delete.py).

Nothing is *gone* on the word of one answer: ``judge_gone`` weighs the evidence, and what is undecided is read
again next round, never voided. Deletion wins over an edit on the other side; the edited content goes to the journal.
Actions are data (``Decision``); doing them has no opinion (jobs/round/act.py).
"""

from __future__ import annotations

from dataclasses import replace

from sync_core.model import link as life
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.link import EndedBy, Link
from sync_core.plan import cells, exits
from sync_core.plan.create import create_activity, create_event, link_pair
from sync_core.plan.delete import ended, remove, void
from sync_core.plan.shared import as_feeder, as_lost_feeder, still_following
from sync_core.plan.tables import PERMITTED, Obstacle, fate_cell, fated, first_obstacle, obstacles, permitted
from sync_core.plan.update import update_pair


def decide(case: Case, ctx: Context) -> Decision:
    """Decide one case. Never raises for a valid case: a doubtful one is parked or read again."""
    fed = as_feeder(case, ctx)
    lost = as_lost_feeder(fed, ctx)
    found = _decide(lost, ctx)
    # a feeder that never had a copy to feed from stays a follower as long as it waits: it has looked at nothing
    return still_following(found, case.link) if lost is not fed and found.verdict is Verdict.REREAD else found


def _decide(case: Case, ctx: Context) -> Decision:
    decision = exits.as_read(case, ctx)
    if decision is not None:
        return decision
    case = exits.revived(case)
    return _claiming(exits.before_fate(case, ctx) or _by_fate(case, ctx), ctx)


def _by_fate(case: Case, ctx: Context) -> Decision:
    """Tables ``FATE`` and ``PERMIT`` decide a case that took no exit."""
    cell = fate_cell(case)
    intent = fated(cell)
    decision = _permitted(case, intent, ctx)
    return replace(decision, cell=cells.joined(cells.of_table("fate", cell), *_forbidding(decision, intent, ctx)))


def _forbidding(decision: Decision, intent: Intent, ctx: Context) -> list[str]:
    """The cells of ``PERMIT`` that left a decision without its writes."""
    if decision.verdict is Verdict.HOLD:
        return [cells.of_table("permit", (intent, Obstacle.MASS_DELETION))]
    if decision.verdict in (Verdict.ACT, Verdict.NOTHING, Verdict.REREAD):
        return []
    writes = (Intent.UPDATE_ACTIVITY, Intent.UPDATE_EVENT) if intent is Intent.MERGE else (intent,)
    found = [(one, first_obstacle(one, obstacles(decision.case, one, ctx))) for one in writes if one in PERMITTED]
    return [cells.of_table("permit", (one, obstacle)) for one, obstacle in found if obstacle is not None]


def _permitted(case: Case, intent: Intent, ctx: Context) -> Decision:
    """What comes of an intent."""
    if case.link is not None:
        return _by_fate_linked(case, case.link, intent, ctx)
    if intent is Intent.NOTHING:
        return Decision(case, intent, Verdict.NOTHING)
    verdict, reason = permitted(case, intent, ctx)
    if verdict is not Verdict.ACT:
        return exits.set_aside(case, verdict, reason)
    make = {Intent.CREATE_ACTIVITY: create_activity, Intent.CREATE_EVENT: create_event, Intent.LINK: link_pair}
    return make[intent](case, ctx)


def _by_fate_linked(case: Case, link: Link, intent: Intent, ctx: Context) -> Decision:
    """A pair ends, or its edits are written to the other side; then each write asks for its own permit."""
    if intent is Intent.END:
        return ended(case, intent, EndedBy.BOTH, "gone on both sides", ctx)
    if intent is Intent.VOID:
        return void(case, link, ctx)
    if intent is Intent.REMOVE:
        return remove(case, link, ctx)
    return update_pair(case, link, intent, ctx)


def _claiming(decision: Decision, ctx: Context) -> Decision:
    """The decision that claims the meeting for this mailbox first, where it has no claim yet."""
    case, link = decision.case, decision.link
    if case.event is not None and not case.event.ical_uid:  # one claim would stand for all that have no iCalUId
        return decision
    if decision.verdict is Verdict.ACT and decision.intent in (Intent.CREATE_ACTIVITY, Intent.LINK):
        return replace(decision, take=True)
    feeds = case.event is not None and link is not None and link.status in life.RUNNING
    if not feeds or case.claim is None or decision.intent is Intent.FOLLOW:
        return decision
    is_served = case.claim.left is not None and not case.followed  # this copy's own link has the bases by now
    return replace(decision, take=True) if case.claim.user_id != ctx.mailbox or is_served else decision
