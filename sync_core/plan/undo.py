"""Undo of a round: which fields a pair gets back, why not the others, and what a deleted meeting is made anew from.

The journal says what each write changed. A field is put back on both sides, as an edit of both would be, so that they
stay in step. Only what nobody has edited since is put back: both sides must still show what the round left. What a
round deleted cannot be put back. It can be made anew in Outlook, without its people, as its owner could enter it
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import unique

from sync_core.content.body import BodyShape, body_shape
from sync_core.content.compare import EVENT_ATTRIBUTE, Pair, shown
from sync_core.content.project import to_graph
from sync_core.content.told import NONE, is_cut, when_in
from sync_core.model.action import Action
from sync_core.model.conflict import PutBack
from sync_core.model.decision import Context, Intent, Verdict
from sync_core.model.entries import JournalEntry
from sync_core.model.event import AllDay, Event, Priority, Timed
from sync_core.model.phrase import Phrase, Sayings
from sync_core.model.sides import Field, GraphContent, Side
from sync_core.plan.tables import permitted


@unique
class Left(Sayings):
    """Why something is not put back."""

    EDITED_SINCE = "edited since"
    AS_BEFORE = "both sides show again what was there before"
    CUT = "the journal keeps its beginning only"
    PEOPLE_BY_HAND = "lists of people are not put back, since that would mail them: change the list by hand"
    RICH_NOW = "the event's text has formatting by now"
    MADE = "what a round made stays: delete it on one side, if it is not wanted"
    FINAL = "it cannot be taken back: enter it again, if it is to take place after all"
    NO_VALUES = "the journal keeps no values of it"
    LINES_UNREADABLE = "what these lines of the journal tell of the round is not put back"
    UNINVITED = "it is made anew without its people, since that would mail them: invite them by hand"


OPPOSITE: Mapping[str, Left] = {
    Action.ACTIVITY_CREATED: Left.MADE,
    Action.EVENT_CREATED: Left.MADE,
    Action.ACTIVITY_VOIDED: Left.FINAL,
    Action.EVENT_REMOVED: Left.FINAL,
}
"""What is said of a whole item's write."""

REMAKES: Mapping[str, Intent] = {Action.ACTIVITY_VOIDED: Intent.VOID, Action.EVENT_REMOVED: Intent.REMOVE}
"""What can be made anew."""


def wanted_of(entry: JournalEntry) -> tuple[tuple[PutBack, ...], dict[str, Phrase]]:
    """What a journal entry's write changed and can be asked back, and of its other fields why they cannot."""
    found: dict[Field, PutBack] = {}
    left: dict[str, Phrase] = {}
    for name in entry.before.keys() & entry.after.keys():
        side, _, known = name.partition(".")
        if side not in set(Side) or known not in set(Field):
            continue
        field, before = Field(known), entry.before[name]
        if field is Field.PEOPLE:
            left[field] = Left.PEOPLE_BY_HAND.say()
        elif read_shown(field, before) is None:
            left[field] = Left.CUT.say()
        else:
            found[field] = PutBack(field, before, entry.after[name])
    return tuple(found[f] for f in Field if f in found), left


def sorted_out(
    pair: Pair, wanted: Sequence[PutBack], edited: Sequence[Field], ctx: Context
) -> dict[Field, Phrase | None]:
    """Of each wanted field why it is not put back, None where it is; ``edited`` are fields edited on a side.

    A field whose value is the same as before (a reminder, whose digits follow the start) goes along with others.
    """
    found = {one: _why_not(pair, one, edited, ctx) for one in wanted}
    is_any = any(why is None for one, why in found.items() if one.before != one.after)
    as_before = Left.AS_BEFORE.say()
    return {Field(one.field): why if is_any or one.before != one.after else as_before for one, why in found.items()}


def _why_not(pair: Pair, one: PutBack, edited: Sequence[Field], ctx: Context) -> Phrase | None:
    field, event = Field(one.field), pair.case.event
    is_there = one.before in (shown(pair.event, field), shown(pair.activity, field))
    if one.before != one.after and is_there and pair.is_same(field):
        return Left.AS_BEFORE.say()
    as_left = one.after in (shown(pair.event, field), shown(pair.activity, field))
    if field in edited or not as_left or not pair.is_same(field):
        return Left.EDITED_SINCE.say()
    for intent in (Intent.UPDATE_ACTIVITY, Intent.UPDATE_EVENT):
        verdict, why = permitted(pair.case, intent, ctx)
        if verdict is not Verdict.ACT:
            return Phrase(why)
    if field is Field.BODY and event is not None and event.html is not None:
        return Left.RICH_NOW.say() if body_shape(event.html, event.content.body) is BodyShape.RICH else None
    return None


def with_values(event: Event, wanted: Sequence[PutBack]) -> Event:
    """The neutral event with the values that are put back."""
    values = {EVENT_ATTRIBUTE[Field(one.field)]: read_shown(Field(one.field), one.before) for one in wanted}
    return replace(event, **{name: None if value is NOTHING else value for name, value in values.items()})  # type: ignore[arg-type]


class _Nothing:
    """The value of a field that says nothing."""


NOTHING = _Nothing()
"""No reminder."""


def read_shown(field: Field, text: str) -> object:
    """The value that ``compare.shown`` tells; None where a text does not tell it whole."""
    try:
        match field:
            case Field.SUBJECT | Field.BODY:
                return None if is_cut(text) else text
            case Field.TIME:
                return when_in(text)
            case Field.REMINDER:
                return NOTHING if text == NONE else int(text)
            case Field.PRIVATE:
                return {"True": True, "False": False}[text]
            case Field.PRIORITY:
                return Priority(text)
    except (ValueError, KeyError):
        return None
    return None


@dataclass(frozen=True, slots=True)
class Remade:
    """A meeting that a round deleted, as it is made anew: its content, and the same in words. ``lacking`` are the
    fields that it lacks, and why."""

    content: GraphContent
    told: Mapping[Field, str]
    lacking: Mapping[Field, Phrase]


def remade(entry: JournalEntry) -> Remade | Phrase:
    """What a deleted meeting is made anew from, or why it cannot be.

    Of a long text there is the beginning, which says so. Without its people nobody is mailed.
    """
    intent = REMAKES[entry.action]
    told: dict[Field, str] = {field: entry.before.get(f"{intent}.{field}", "") for field in Field}
    when = read_shown(Field.TIME, told[Field.TIME])
    if not isinstance(when, Timed | AllDay) or not told[Field.SUBJECT]:
        return Left.NO_VALUES.say()
    lacking = {Field.PEOPLE: Left.UNINVITED.say()} if told[Field.PEOPLE] else {}
    for field in (Field.SUBJECT, Field.BODY):
        if read_shown(field, told[field]) is None:
            lacking[field] = Left.CUT.say()
    plain = Event(told[Field.SUBJECT], told[Field.BODY], when, None, private=entry.private, priority=Priority.NORMAL)
    known = [PutBack(field, told[field], "") for field in REMADE if read_shown(field, told[field]) is not None]
    made: dict[Field, str] = {field: text for field, text in told.items() if text and field is not Field.PEOPLE}
    return Remade(to_graph(with_values(plain, known)), made, lacking)


REMADE = (Field.REMINDER, Field.PRIVATE, Field.PRIORITY)
"""Fields that are made anew where the journal tells them."""
