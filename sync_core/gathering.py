"""Who moves between the two lists of a living pair, and what ``SYNC_PRIVATE=busy`` keeps apart.

``people`` knows sets and addresses; here they are asked of one case: its bases, its claims to silence, its answers.
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
"""What ``SYNC_PRIVATE=busy`` hides."""

Fields = frozenset[Field]
Answers = tuple[tuple[str, str], ...]


def moves_of(pair: Pair, changed: Fields, ctx: Context) -> Moves:
    """Who joins and leaves which list. Two items found to be a pair have no base: ERP.net's list is completed."""
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
    """Whether only ERP.net hides the meeting, yet or still: that says nothing about who is invited."""
    return is_hidden(case, ctx) and (case.event is None or not is_private(case.event.content))


def kept_from_graph(case: Case, ctx: Context, *, mails_people: bool) -> Fields:
    """What of a hidden activity is not written to the event: whatever Exchange would mail to attendees."""
    hides = case.activity is not None and is_private(case.activity.content) and is_hidden(case, ctx)
    return HIDEABLE if hides and mails_people else frozenset()


def kept_from_erp(case: Case, ctx: Context, *, is_first: bool) -> Fields:
    """What stays Outlook's alone while only the activity hides: what it says has not been seen, so it is not written
    over; found as a pair, it goes on hiding."""
    if case.activity is None or not is_veiled(case, ctx):
        return frozenset()
    return HIDEABLE | {Field.PRIVATE} if is_first else HIDEABLE


def unveiled(case: Case, to_erp_fields: Fields, to_graph_fields: Fields, ctx: Context) -> Fields:
    """What the side that is written may show or hide by it: no base takes that unseen."""
    is_lifted = Field.PRIVATE in to_erp_fields | to_graph_fields and is_hidden(case, ctx)
    return HIDEABLE - to_erp_fields - to_graph_fields if is_lifted else frozenset()


def crowd_for(case: Case, link: Link, moves: Moves, ctx: Context, *, may_note: bool) -> tuple[Crowd, Answers]:
    """What changes among the participants, and the answers told with it."""
    if case.activity is None:
        return Crowd(), link.answers
    crowd = crowd_of(case.activity, moves, ctx)
    if case.event is None or not may_note:
        return crowd, link.answers
    answers = {} if is_hidden(case, ctx) else answers_of(case.event, ctx)
    notes = notes_for(case.activity, link.answers, answers, ctx)
    noted = tuple((one, answers[one]) for one in crowd.add if one in answers)
    return replace(crowd, note=_but(notes, crowd.drop), noted=noted), tuple(sorted(answers.items()))


def _but(notes: Answers, dropped: tuple[str, ...]) -> Answers:
    return tuple(note for note in notes if note[0] not in dropped)


def uninvited(case: Case, moves: Moves, ctx: Context) -> int:
    """How many participants the event will not know of."""
    if case.event is None or case.activity is None or is_hidden(case, ctx):
        return 0
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(item.content.people, out, ctx) for item in (case.event, case.activity))
    return len(activity - event - moves.join_graph - moves.leave_erp)
