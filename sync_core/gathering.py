"""Which people join and leave the two lists of a pair, and which fields ``SYNC_PRIVATE=busy`` keeps on one side.

``people`` merges sets of addresses. This module applies it to one case: it supplies the base snapshots, leaves out
what is private, and adds the attendees' responses.
"""

from __future__ import annotations

from dataclasses import replace

from sync_core.cases import Case, Context
from sync_core.model import Field, Link
from sync_core.pair import Pair
from sync_core.people import (
    Moves,
    answers_of,
    crowd_of,
    fitting,
    is_hidden,
    left_out,
    merge_people,
    notes_for,
    reaches,
    who,
)
from sync_core.project import is_private
from sync_core.writes import Crowd

PEOPLE = frozenset({Field.PEOPLE})
HIDEABLE = PEOPLE | {Field.SUBJECT, Field.BODY}
"""The fields of a private meeting that ``SYNC_PRIVATE=busy`` keeps from the other side."""

Fields = frozenset[Field]
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


def is_veiled(case: Case, ctx: Context) -> bool:
    """Whether only the activity is private, as far as is known: its list says nothing about who is invited."""
    return is_hidden(case, ctx) and (case.event is None or not is_private(case.event.content))


def kept_from_graph(case: Case, ctx: Context, *, mails_people: bool) -> Fields:
    """The fields of a private activity that are not written to the event, because Exchange would mail them."""
    hides = case.activity is not None and is_private(case.activity.content) and is_hidden(case, ctx)
    return HIDEABLE if hides and mails_people else frozenset()


def kept_from_erp(case: Case, ctx: Context, *, is_first: bool) -> Fields:
    """The fields that are not written to a private activity whose event is not private.

    What ERP.net holds there has not been compared with the event, so it is not overwritten. Of a newly found pair the
    activity stays private, too.
    """
    if case.activity is None or not is_veiled(case, ctx):
        return frozenset()
    return HIDEABLE | {Field.PRIVATE} if is_first else HIDEABLE


def unveiled(case: Case, to_erp_fields: Fields, to_graph_fields: Fields, ctx: Context) -> Fields:
    """The fields that become visible with this write. Their base must not move: they have not been compared."""
    is_lifted = Field.PRIVATE in to_erp_fields | to_graph_fields and is_hidden(case, ctx)
    return HIDEABLE - to_erp_fields - to_graph_fields if is_lifted else frozenset()


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
