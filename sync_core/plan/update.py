"""What is written to a live pair: a three-way merge, then rules that hold fields back, then the writes.

The tables decide *whether* a pair is updated; here it is decided *what* is written. The merge says which fields each
side lacks (flow.py). Rules hold fields back (update_rules.py). The writes are built once, from what the last rule
leaves.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from sync_core.content.compare import Pair
from sync_core.content.project import to_erp, to_graph
from sync_core.content.ranges import external_id_of, uid_key
from sync_core.model import link as life
from sync_core.model.conflict import Chosen, Clash
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.link import Link, master_of
from sync_core.model.series import day_in
from sync_core.model.sides import PAIRED_SYSTEMS, PEOPLE, Attendee, ErpActivity, EventKind, Field, Side, system_of
from sync_core.model.writes import ParticipantChanges, PatchActivity, PatchEvent
from sync_core.people.lists import Moves, listed, new_list, remarks, rows_after
from sync_core.people.mail import mails_of_patch
from sync_core.people.moves import participant_changes, uninvited
from sync_core.plan.dates import WITH_SERIES
from sync_core.plan.flow import Flow, merged_flow
from sync_core.plan.tables import edited_in_graph, permitted
from sync_core.plan.update_rules import RULES

BY_POLICY = "both sides changed it; {} won"
BY_PERSON = "a person chose; {} was kept"


def update_pair(case: Case, link: Link, intent: Intent, ctx: Context) -> Decision:
    """The decision for a live pair: what is written to which side, and which fields stay in conflict, and why."""
    flow = merged_flow(Pair(case, link, has_base=intent is not Intent.LINK), ctx)
    for rule in RULES:
        flow = rule(flow)
    return _decision(flow, intent)


def _decision(flow: Flow, intent: Intent) -> Decision:
    """The writes that the rules leave, and the link as it is if they succeed."""
    case, link, ctx = flow.case, flow.link, flow.ctx
    may_write = permitted(case, Intent.UPDATE_ACTIVITY, ctx)[0] is Verdict.ACT
    moves = flow.moves if Field.PEOPLE in flow.to_erp else Moves()
    changes, responses = participant_changes(case, link, moves, ctx, may_write_notes=may_write)
    erp, graph = _erp_patch(flow, changes, may_write=may_write), _graph_patch(flow)
    said = flow.conflict.clashes[0].why if flow.conflict else _remarks(flow)
    kept = replace(link, zone=_digits_zone(flow), answers=responses, chosen=_unserved(flow), put_back=flow.asked)
    kept = replace(kept, left=_left(flow))
    verdict, reason = _verdict(flow, is_written=bool(graph or erp))
    attendees = _attendees(flow)
    return Decision(
        case=case,
        intent=_intent_of(intent, graph, erp),
        verdict=verdict,
        reason=reason,
        graph=graph,
        erp=erp,
        link=life.live(kept, said, reread=flow.needs, conflict=flow.conflict),
        in_step=frozenset(Field) - flow.open - _left_unread(flow),
        lost=_lost(flow),
        written=((Side.GRAPH, flow.to_graph), (Side.ERP, flow.to_erp)),
        refused=frozenset(f for f, loser in flow.solved if loser is Side.GRAPH and f in flow.clashes),
        mails=mails_of_patch(flow.to_graph, attendees, case.event, link),
        mails_later=mails_of_patch(flow.later, attendees, case.event, link),
        again=bool(flow.later),
    )


def _left(flow: Flow) -> tuple[str, ...]:
    """The fields that were edited in Outlook and may not go to ERP.net by ``SYNC_DIRECTION``: another copy that feeds
    the meeting some day could not tell these edits from its own differences."""
    if flow.case.event is None:
        return flow.link.left
    if flow.ctx.policy.direction.lets(Side.ERP):
        return ()
    return tuple(sorted(flow.left & edited_in_graph(flow.case, flow.link)))


def _left_unread(flow: Flow) -> frozenset[Field]:
    """The fields of an earlier edit that was left alone, where the event was not read anew: what the answer to a
    write of other fields shows in them is that edit still."""
    return frozenset(f for f in Field if f.value in flow.link.left) if flow.case.event is None else frozenset()


def _unserved(flow: Flow) -> tuple[Chosen, ...]:
    """The choices whose fields are left for a later round."""
    return tuple(chosen for chosen in flow.link.chosen if chosen.clash.field in flow.left)


def _erp_patch(flow: Flow, changes: ParticipantChanges, *, may_write: bool) -> PatchActivity | None:
    activity, link = flow.case.activity, flow.link
    is_renamed = may_write and activity is not None and _needs_external_id(activity, link)
    if not flow.to_erp and not changes.notes and not is_renamed:
        return None
    people = rows_after(activity, changes) if activity else link.base_activity.people
    names = activity is not None and (bool(flow.to_erp) or is_renamed) and _takes_external_id(activity, link)
    return PatchActivity(
        activity_id=link.activity_id,
        version=activity.version if activity else link.version,
        fields=flow.to_erp,
        content=replace(to_erp(flow.agreed, ZoneInfo(_digits_zone(flow))), people=people),
        external_id=external_id_of(link.ical_uid) if names else "",
        external_system=system_of(link.occurrence),
        participants=changes,
    )


def _digits_zone(flow: Flow) -> str:
    """The zone of the activity's digits afterwards. It is the user's, if they write a time to their own activity."""
    activity = flow.case.activity
    is_mine = activity is None or activity.owner_party in ("", flow.ctx.party_id)
    return flow.ctx.digits_zone if Field.TIME in flow.to_erp and is_mine else flow.link.zone


def _takes_external_id(activity: ErpActivity, link: Link) -> bool:
    """Whether our ExternalSystem and ExternalId may be written: there is no other pair, and the state is early
    (design.md §4 "Identity"), or it names a date of a series that the link has left."""
    return _names_former_date(activity, link) or (
        not activity.external_id and not activity.external_system and activity.state in ("New", "FirmPlanned")
    )


def _needs_external_id(activity: ErpActivity, link: Link) -> bool:
    """Whether the ExternalId is written by itself. A date of a series is known by it alone: our mark on the event
    stands on the whole series (graph.md §7)."""
    return _names_former_date(activity, link) or (link.occurrence is not None and _takes_external_id(activity, link))


def _names_former_date(activity: ErpActivity, link: Link) -> bool:
    """Whether the activity bears the name of another date, as after its series was changed (R19, R20, R27)."""
    if activity.external_system not in PAIRED_SYSTEMS or uid_key(activity.external_id) == uid_key(link.ical_uid):
        return False
    return link.occurrence is not None or day_in(activity.external_id) is not None


def _graph_patch(flow: Flow) -> PatchEvent | None:
    if not flow.to_graph and flow.categories is None:
        return None
    event, link = flow.case.event, flow.link
    content = replace(to_graph(flow.pair.agreed(flow.to_graph - PEOPLE)), people=flow.pair.graph_now.people)
    key = event.change_key if event else link.change_key
    patch = PatchEvent(link.event_id, key, flow.to_graph, content, flow.html, flow.categories, series=master_of(link))
    if event is None or Field.PEOPLE not in flow.to_graph:
        return patch
    attendees = _attendees(flow)
    return replace(patch, attendees=attendees, content=replace(content, people=listed(event, attendees)))


def _attendees(flow: Flow) -> tuple[Attendee, ...]:
    """The event's whole list of people after it is written, now or later."""
    return new_list(flow.case.event, flow.moves, flow.ctx) if flow.case.event else ()


def _lost(flow: Flow) -> tuple[tuple[Side, Clash], ...]:
    """The values that solved conflicts overwrite, for the journal."""
    written = {Side.GRAPH: flow.to_graph, Side.ERP: flow.to_erp}
    winner = {Side.GRAPH: "ERP.net", Side.ERP: "Outlook"}
    said = {f: (BY_PERSON if f in flow.by_person else BY_POLICY) for f in Field}
    lost = [(f, loser) for f, loser in flow.solved if f in written[loser]]
    return tuple((loser, flow.pair.clash(f, said[f].format(winner[loser]))) for f, loser in lost)


def _remarks(flow: Flow) -> str:
    """How many people of the meeting are left out on the other side, and why."""
    case = flow.case
    return remarks(case.event, case.activity, uninvited(case, flow.moves, flow.ctx))


def _intent_of(intent: Intent, graph: PatchEvent | None, erp: PatchActivity | None) -> Intent:
    if intent is Intent.LINK:
        return intent
    if graph and erp:
        return Intent.MERGE
    if erp and not erp.fields and not erp.external_id:
        return Intent.ANSWER
    return Intent.UPDATE_ACTIVITY if erp else Intent.UPDATE_EVENT if graph else Intent.NOTHING


def _changed_with_series(flow: Flow) -> str:
    """What the journal says of an edit that came by a date's series, '' for any other."""
    event = flow.case.event
    is_plain = event is not None and event.kind is EventKind.OCCURRENCE
    is_edited = is_plain and not flow.is_first and bool(flow.to_erp & edited_in_graph(flow.case, flow.link))
    return WITH_SERIES if is_edited else ""


def _verdict(flow: Flow, *, is_written: bool) -> tuple[Verdict, str]:
    conflict = flow.conflict
    if flow.is_first or is_written:
        return Verdict.ACT, conflict.clashes[0].why if conflict else _changed_with_series(flow)
    if conflict:
        return Verdict.CONFLICT, conflict.clashes[0].why
    if flow.needs:
        return Verdict.REREAD, flow.needs
    return (Verdict.SKIP, flow.why) if flow.left else (Verdict.NOTHING, "")
