"""The same hands on recurring meetings: series are made, re-patterned, split and ended, and single dates of them
edited.

What is done to a whole series as to any meeting (its title, time, guests, deletion) is in ``random_acts``.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from simulators.graph import OutlookPerson, outbound
from simulators.graph.model import slots
from tests.support.random_acts import FAR, PEOPLE, SOFIA, Act, Hands
from tests.support.series import WEEKDAYS, repeating

Json = dict[str, Any]

WHOLE = ("weekly", "weekly", "weekdays", "pattern", "end", "split")
ONE_DATE = ("retitle", "move", "delete", "cancel", "invite", "uninvite", "accept", "decline", "forward", "remind")
SERIES_ACTS = (*(f"series {what}" for what in WHOLE), *(f"date {what}" for what in ONE_DATE))


def dates_in(person: OutlookPerson, start: datetime, end: datetime) -> list[Json]:
    """The dates of a calendar's series that take place in this span, as full Graph JSON in UTC."""
    places = [place for item in person.mailbox.items() for place in slots(item, start, end)]
    return [outbound.full(place, outbound.PERSONAL) for place in places]


def on_series(hands: Hands, person: OutlookPerson, what: str, act: Act) -> None:
    """Make a series, or change one's own as only a series can be changed."""
    if what in ("weekly", "weekdays"):
        start, end = hands.when(act.dice)
        pattern = _pattern(what, start.date(), act.dice)
        person.create(hands.word(), start, end, recurrence=pattern, attendees=hands.some_people(act.dice))
        return
    own = [e for e in person.events() if e["isOrganizer"] and e["type"] == "seriesMaster"]
    if not own:
        return
    ident = own[act.pick % len(own)]["id"]
    days = _days_to_come(hands, person, ident)
    day = days[act.dice % len(days)] if days else None
    match what:
        case "pattern":
            kind = "weekdays" if act.dice % 4 == 0 else "weekly"
            person.make_series(ident, _pattern(kind, day or _today(hands), act.dice))
        case "end" if day is not None:
            person.end_before(ident, day)
        case "split" if day is not None:
            start, end = (datetime.combine(day, time(8 + act.dice % 9, minute), SOFIA) for minute in (0, 30))
            person.split(ident, day, subject=hands.word(), **({"start": start, "end": end} if act.dice % 2 else {}))


def on_date(hands: Hands, person: OutlookPerson, what: str, act: Act) -> None:
    """Change one date of a series, or answer for it."""
    shown = dates_in(person, hands.house.now, hands.house.now + timedelta(days=30))
    if not shown:
        return
    event = shown[(act.pick * 7 + act.dice) % len(shown)]
    ident, one = event["id"], PEOPLE[act.dice % 4]
    match what:
        case "delete":
            person.delete(ident)
        case "accept":
            person.accept(ident, send=bool(act.dice % 2))
        case "decline":
            person.decline(ident, send=bool(act.dice % 2))
        case "forward" if event["organizer"]["emailAddress"]["address"] != one:
            person.forward(ident, one)
            hands.passed_on.add((event["iCalUId"], one))
        case "remind":
            person.edit(ident, reminder=15)
        case _ if event["isOrganizer"]:
            _on_own_date(hands, person, event, what, act)


def _on_own_date(hands: Hands, person: OutlookPerson, event: Json, what: str, act: Act) -> None:
    if what == "move":
        by = FAR if act.dice == 0 else timedelta(days=act.dice % 3 - 1, hours=act.dice % 5)
        start, end = (
            datetime.fromisoformat(event[at]["dateTime"][:19]).replace(tzinfo=SOFIA) + by for at in ("start", "end")
        )
        person.edit(event["id"], start=start, end=end, all_day=False)
    else:
        hands.on_own(person, event, what, act)


def _pattern(what: str, since: date, dice: int) -> Json:
    if what == "weekdays":
        made = repeating(*WEEKDAYS, since=since)
        return {**made, "range": {"type": "numbered", "startDate": since.isoformat(), "numberOfOccurrences": 8}}
    return repeating(WEEKDAYS[dice % 5], since=since, interval=1 + dice % 2)


def _today(hands: Hands) -> date:
    return hands.house.now.astimezone(SOFIA).date()


def _days_to_come(hands: Hands, person: OutlookPerson, ident: str) -> list[date]:
    today = _today(hands)
    return person.dates(ident, today + timedelta(days=1), today + timedelta(days=30))
