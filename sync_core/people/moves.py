"""Which people join and leave the two lists of a pair.

``lists`` merges sets of addresses. This module applies it to one case: it supplies the base snapshots, leaves out
the lists of private meetings, and adds the attendees' responses.
"""

from __future__ import annotations

from dataclasses import replace

from sync_core.content.compare import Pair
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link
from sync_core.model.sides import Field, Fields
from sync_core.model.writes import ParticipantChanges
from sync_core.people.lists import Moves, fitting, left_out, merge_people, rows_to_change, who
from sync_core.people.mail import reaches
from sync_core.people.privacy import is_hidden, is_private_in_erp_only
from sync_core.people.responses import notes_for, responses_of

Responses = tuple[tuple[str, str], ...]


def moves_of(pair: Pair, changed: Fields, ctx: Context) -> Moves:
    """Who joins and who leaves each list. A newly found pair has no base: people are only added, and only in
    ERP.net."""
    case, link = pair.case, pair.link
    if Field.PEOPLE not in changed or is_private_in_erp_only(case, ctx):
        return Moves()
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(now.people, out, ctx) for now in (pair.graph_now, pair.erp_now))
    if not pair.has_base:
        return Moves(join_erp=event - activity)
    event_base, activity_base = (who(base.people, out, ctx) for base in (link.base_event, link.base_activity))
    moves = merge_people(event_base, event, activity_base, activity, reaches(case.event, link, ctx))
    return fitting(moves, case.event)


def participant_changes(
    case: Case, link: Link, moves: Moves, ctx: Context, *, may_write_notes: bool
) -> tuple[ParticipantChanges, Responses]:
    """The changes of the participants' rows, and the responses that the link remembers afterwards."""
    if case.activity is None:
        return ParticipantChanges(), link.answers
    changes = rows_to_change(case.activity, moves, ctx)
    if case.event is None or not may_write_notes:
        return changes, link.answers
    responses = {} if is_hidden(case, ctx) else responses_of(case.event, ctx)
    notes = notes_for(case.activity, link.answers, responses, ctx)
    notes_of_added = tuple((one, responses[one]) for one in changes.add if one in responses)
    notes_of_kept = tuple(note for note in notes if note[0] not in changes.drop)
    return replace(changes, notes=notes_of_kept, notes_of_added=notes_of_added), tuple(sorted(responses.items()))


def uninvited(case: Case, moves: Moves, ctx: Context) -> int:
    """How many participants of the activity will not be invited to the event."""
    if case.event is None or case.activity is None or is_hidden(case, ctx):
        return 0
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(item.content.people, out, ctx) for item in (case.event, case.activity))
    return len(activity - event - moves.join_graph - moves.leave_erp)
