"""The hands of three colleagues and a stranger on the same meetings: acts as data, and what each does.

Who is in a meeting and whose it is matters here as much as what it says; ``play`` has one person's list alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulators.erpnet import ErpPerson
from simulators.graph import OutlookPerson
from tests.support.house import House

NAMES = ("anna", "boris", "carl")
UPNS = tuple(f"{name}@acme.example" for name in NAMES)
STRANGER = "kim@partner.example"
GUEST = "guest@client.example"
PEOPLE = (*UPNS, GUEST)

SOFIA = ZoneInfo("Europe/Sofia")
HOURS = (9, 0, 3, 14)
"""Midnight means a whole day in ERP.net; at three in the night clocks are changed."""
FAR = timedelta(days=90)
REMINDERS = (None, 0, 15, 60)


@dataclass(frozen=True, slots=True)
class Act:
    """``who`` (a number) does ``what`` to the ``pick``-th meeting, with details drawn from ``dice``."""

    what: str
    who: int = 0
    pick: int = 0
    dice: int = 0


OUTLOOK = ("create", "retitle", "move", "invite", "uninvite", "delete", "restore", "cancel", "accept", "decline")
ERP = ("create", "retitle", "move", "invite", "uninvite", "void", "delete", "lock", "unlock", "note")
OUTLOOK_CONTENT = ("all day", "far", "series", "single", "hide", "remind", "rewrite", "weigh", "tidy", "whole day")
ERP_CONTENT = ("hide", "remind", "weigh", "release", "reopen", "give away", "far", "open end")


@dataclass
class Hands:
    """Carries out people's acts in a house; ``typed`` counts up so that no two texts are equal."""

    house: House
    typed: int = 0
    deleted: list[tuple[str, str, str]] = field(default_factory=list)
    """Mailbox, id and iCalUId of events in Deleted Items."""
    restored: set[tuple[str, str]] = field(default_factory=set)
    """Mailbox and iCalUId of events taken out of Deleted Items: they show what they showed then."""
    by_hand: set[str] = field(default_factory=set)
    """Activities that a person voided or deleted."""
    feeders: dict[str, set[str]] = field(default_factory=dict)
    """Whose calendar ever fed an activity, by its id."""
    added: set[tuple[str, str]] = field(default_factory=set)
    """Who was added in ERP.net to an activity, by its id, when it already had its event."""
    excused: set[tuple[str, str]] = field(default_factory=set)
    """Who need not stand on both lists, by the activity's id or the event's iCalUId: a person took them off there, or
    the activity was given to them."""
    passed_on: set[tuple[str, str]] = field(default_factory=set)
    """To whom a meeting was forwarded, by its iCalUId: of all copies only the organizer's lists them."""
    said: dict[tuple[str, str], bool] = field(default_factory=dict)
    """The last word of people on whether somebody takes part, on each side by itself: by (the activity's id or the
    event's iCalUId, address)."""
    unreached: set[tuple[str, str]] = field(default_factory=set)
    """Of whom ERP.net said something, by the activity's id, that Outlook's list may not tell: ``SYNC_INVITE`` did not
    reach them when calsync was at work."""
    authors: dict[str, str] = field(default_factory=dict)
    """Who made an activity in ERP.net: its id → the login."""

    def outlook(self, who: int) -> OutlookPerson:
        return self.house.outlook(UPNS[who % 3])

    def at(self, address: str) -> OutlookPerson:
        return self.house.graph.outsider(address) if address == STRANGER else self.house.outlook(address)

    def desk(self, who: int) -> ErpPerson:
        return self.house.desk(NAMES[who % 3])

    def word(self) -> str:
        self.typed += 1
        return f"text {self.typed}"

    def when(self, dice: int) -> tuple[datetime, datetime]:
        """An hour in the next two weeks, in Sofia."""
        day = self.house.now.astimezone(SOFIA).date() + timedelta(days=1 + dice % 15)
        start = datetime.combine(day, time(HOURS[dice % len(HOURS)]), SOFIA)
        return start, start + timedelta(hours=1)

    def some_people(self, dice: int) -> list[str]:
        return [one for n, one in enumerate(PEOPLE) if dice >> n & 1]

    # Outlook

    def in_outlook(self, person: OutlookPerson, what: str, act: Act) -> None:
        start, end = self.when(act.dice)
        match what:
            case "create":
                person.create(self.word(), start, end, attendees=self.some_people(act.dice))
            case "whole day":
                first, last = _days(start.date(), 1 + act.dice % 3)
                person.create(self.word(), first, last, all_day=True, attendees=self.some_people(act.dice))
            case "restore":
                self.restore(person)
            case _:
                self.on_event(person, what, act)

    def restore(self, person: OutlookPerson) -> None:
        mine = [n for n, (who, *_) in enumerate(self.deleted) if who == person.mailbox.mail]
        if mine:
            who, ident, uid = self.deleted.pop(mine[0])
            person.restore(ident)
            self.restored.add((who, uid))

    def on_event(self, person: OutlookPerson, what: str, act: Act) -> None:
        events = person.events()
        if not events:
            return
        event = events[act.pick % len(events)]
        ident = event["id"]
        match what:
            case "delete":
                person.delete(ident)
                self.deleted.append((person.mailbox.mail, ident, event["iCalUId"]))
            case "accept":
                person.accept(ident, send=bool(act.dice % 2))
            case "decline":
                person.decline(ident, send=bool(act.dice % 2))
            case "remind":
                person.edit(ident, reminder=REMINDERS[act.dice % 4])
            case "tidy":
                person.edit(ident, categories=["Blue"] if act.dice % 2 else [])
            case _ if event["isOrganizer"]:
                self.on_own(person, event, what, act)

    def on_own(self, person: OutlookPerson, event: dict[str, Any], what: str, act: Act) -> None:
        start, end = self.when(act.dice)
        ident, one = event["id"], PEOPLE[act.dice % 4]
        listed = [a["emailAddress"]["address"] for a in event["attendees"]]
        match what:
            case "retitle":
                person.edit(ident, subject=self.word())
            case "rewrite":
                html = f"<html><body><p>a <b>{self.word()}</b></p></body></html>"
                person.edit(ident, **({"html": html} if act.dice % 3 == 0 else {"body": self.word()}))
            case "move":
                person.edit(ident, start=start, end=end, all_day=False)
            case "far":
                person.edit(ident, start=start + FAR, end=end + FAR, all_day=False)
            case "all day":
                first, last = _days(start.date(), 1 + act.dice % 3)
                person.edit(ident, start=first, end=last, all_day=True)
            case "invite" if one not in listed:
                person.edit(ident, attendees=[*listed, one])
                self.said[event["iCalUId"], one] = True
            case "uninvite" if one in listed:
                person.edit(ident, attendees=[x for x in listed if x != one])
                self.said[event["iCalUId"], one] = False
                self.excused.add((event["iCalUId"], one))
            case "cancel":
                person.cancel(ident)
            case "series":
                person.make_series(ident, _daily(event))
            case "single":
                person.make_single(ident)
            case "hide":
                person.edit(ident, sensitivity=("normal", "private", "confidential")[act.dice % 3])
            case "weigh":
                person.edit(ident, importance=("low", "normal", "high")[act.dice % 3])

    def by_stranger(self, what: str, act: Act) -> None:
        self.in_outlook(self.at(STRANGER), what, act)

    # ERP.net

    def in_erp(self, what: str, act: Act) -> None:
        desk = self.desk(act.who)
        if what == "create":
            start, end = self.digits(act.dice)
            ident = desk.create(self.word(), start, end, participants=self.some_people(act.dice))
            self.authors[ident] = NAMES[act.who % 3]
            return
        rows = desk.activities()
        if rows:
            row = rows[act.pick % len(rows)]
            self.on_lists(desk, row, what, act)
            self.on_content(desk, row["Id"], what, act)

    def digits(self, dice: int) -> tuple[datetime, datetime]:
        start, end = self.when(dice)
        return start.replace(tzinfo=None), end.replace(tzinfo=None)

    def on_lists(self, desk: ErpPerson, row: dict[str, Any], what: str, act: Act) -> None:
        """Who takes part, who owns it, and whether it goes on at all."""
        ident, one = row["Id"], PEOPLE[act.dice % 4]
        match what:
            case "invite" if one not in [p["Email"] for p in row["Participants"]]:
                desk.add_participant(ident, one)
                self.says_in_erp(ident, one, is_in=True)
                if ident in self.feeders:
                    self.added.add((ident, one))
            case "uninvite" if one in [p["Email"] for p in row["Participants"]]:
                desk.remove_participant(ident, one)
                self.says_in_erp(ident, one, is_in=False)
                self.excused.add((ident, one))
            case "give away":
                desk.change_owner(ident, NAMES[act.dice % 3])
                self.excused.add((ident, UPNS[act.dice % 3]))
            case "void":
                desk.void(ident, "not needed")
                self.by_hand.add(ident)
            case "delete":
                desk.delete(ident)
                self.by_hand.add(ident)
            case "lock":
                desk.set_read_only(ident, True)
            case "unlock":
                desk.set_read_only(ident, False)
            case "release":
                desk.release(ident)
            case "reopen":
                desk.set_state(ident, "Planned")

    def says_in_erp(self, ident: str, one: str, *, is_in: bool) -> None:
        """The newest word on whether somebody takes part: calsync has not looked at it yet."""
        self.said[ident, one] = is_in
        self.unreached.discard((ident, one))

    def on_content(self, desk: ErpPerson, ident: str, what: str, act: Act) -> None:
        start, end = self.digits(act.dice)
        match what:
            case "retitle":
                desk.edit(ident, subject=self.word())
            case "note":
                desk.edit(ident, notes=self.word())
            case "move":
                desk.edit(ident, start=start, end=end)
            case "far":
                desk.edit(ident, start=start + FAR, end=end + FAR)
            case "open end":
                desk.edit(ident, start=start, end=None)
            case "remind":
                desk.edit(ident, reminder=REMINDERS[act.dice % 4])
            case "hide":
                desk.edit(ident, private=bool(act.dice % 2))
            case "weigh":
                desk.edit(ident, priority=("Lowest", "Low", "Medium", "High", "Highest")[act.dice % 5])


def _days(first: date, count: int) -> tuple[datetime, datetime]:
    start = datetime.combine(first, time(), SOFIA)
    return start, datetime.combine(first + timedelta(days=count), time(), SOFIA)


def _daily(event: dict[str, Any]) -> dict[str, Any]:
    """Three days in a row from the event's own."""
    first = event["start"]["dateTime"][:10]
    return {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": first, "numberOfOccurrences": 3},
    }
