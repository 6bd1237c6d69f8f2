"""Which people join and leave the two lists of a pair, and which fields ``SYNC_PRIVATE=busy`` keeps on one side.

``people`` merges sets of addresses. This module applies it to one case: it supplies the base snapshots, leaves out
what is private, and adds the attendees' responses.
"""

from __future__ import annotations

from dataclasses import replace

from sync_core.content.compare import Pair
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link
from sync_core.model.sides import Field, Fields
from sync_core.model.writes import Crowd
from sync_core.people.answers import answers_of, notes_for
from sync_core.people.lists import Moves, crowd_of, fitting, left_out, merge_people, reaches, who
from sync_core.people.privacy import is_hidden, is_veiled

Answers = tuple[tuple[str, str], ...]


def moves_of(pair: Pair, changed: Fields, ctx: Context) -> Moves:
    """Who joins and leaves which list. A newly found pair has no base: people are added in ERP.net only."""
    case, link = pair.case, pair.link
    if Field.PEOPLE not in changed or is_veiled(case, ctx):
        return Moves()
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(now.people, out, ctx) for now in (pair.graph_now, pair.erp_now))
    if not pair.has_base:
        return Moves(join_erp=event - activity)
    event_base, activity_base = (who(base.people, out, ctx) for base in (link.base_event, link.base_activity))
    moves = merge_people(event_base, event, activity_base, activity, reaches(case.event, link, ctx))
    return fitting(moves, case.event)


def crowd_for(case: Case, link: Link, moves: Moves, ctx: Context, *, may_note: bool) -> tuple[Crowd, Answers]:
    """The participant rows to add, drop and annotate, and the responses that the link remembers afterwards."""
    if case.activity is None:
        return Crowd(), link.answers
    crowd = crowd_of(case.activity, moves, ctx)
    if case.event is None or not may_note:
        return crowd, link.answers
    answers = {} if is_hidden(case, ctx) else answers_of(case.event, ctx)
    notes = notes_for(case.activity, link.answers, answers, ctx)
    noted = tuple((one, answers[one]) for one in crowd.add if one in answers)
    stay = tuple(note for note in notes if note[0] not in crowd.drop)
    return replace(crowd, note=stay, noted=noted), tuple(sorted(answers.items()))


def uninvited(case: Case, moves: Moves, ctx: Context) -> int:
    """How many participants of the activity will not be invited to the event."""
    if case.event is None or case.activity is None or is_hidden(case, ctx):
        return 0
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(item.content.people, out, ctx) for item in (case.event, case.activity))
    return len(activity - event - moves.join_graph - moves.leave_erp)
