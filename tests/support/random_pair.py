"""Two people's hands on one meeting list: random steps as data, and what must be true once all is quiet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from simulators.base import Refused
from simulators.erpnet import ErpPerson
from simulators.graph import OutlookPerson
from sync_core.content.compare import Pair
from sync_core.model.decision import Case
from sync_core.model.entries import by_date
from sync_core.model.link import Link, LinkStatus
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphEvent, Side
from sync_core.model.user import User
from tests.support.house import House

SOFIA = ZoneInfo("Europe/Sofia")
DAILY = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "numbered", "startDate": "2026-01-26", "numberOfOccurrences": 3},
}
CONTENT_FIELDS = EVERYTHING - {Field.PEOPLE}
HOURS = (0, 7, 9, 12, 15, 23)
LENGTHS = (0, 15, 60, 24 * 60)
REMINDERS = (None, 0, 15, 60)


@dataclass(frozen=True, slots=True)
class Step:
    """One act: ``who`` does ``what`` to the ``pick``-th item, with details drawn from ``dice``."""

    what: str
    pick: int = 0
    dice: int = 0


OUTLOOK_ACTS = (
    "outlook create",
    "outlook create all day",
    "outlook retitle",
    "outlook rewrite",
    "outlook move",
    "outlook move far",
    "outlook all day",
    "outlook remind",
    "outlook hide",
    "outlook weigh",
    "outlook delete",
    "outlook restore",
    "outlook copy",
    "outlook series",
    "outlook date",
    "outlook single",
    "outlook tidy",
    "outlook touch",
)
ERP_ACTS = (
    "erp create",
    "erp retitle",
    "erp rewrite",
    "erp move",
    "erp remind",
    "erp hide",
    "erp weigh",
    "erp void",
    "erp delete",
    "erp lock",
    "erp unlock",
    "erp release",
    "erp plan",
    "erp touch",
)
OTHER_ACTS = ("sync", "sync", "sync", "wait", "next day", "full")


@dataclass
class Play:
    """Carries out steps in a house; ``typed`` counts up so that no two texts are equal."""

    house: House
    typed: int = 0
    deleted: list[str] = field(default_factory=list)

    @property
    def outlook(self) -> OutlookPerson:
        return self.house.outlook()

    @property
    def desk(self) -> ErpPerson:
        return self.house.desk()

    def word(self) -> str:
        """A new text nobody has typed before."""
        self.typed += 1
        return f"text {self.typed}"

    async def do(self, step: Step) -> None:
        """One step; acts that make no sense just now (``Refused``) are shrugged off, as people do."""
        self.house.advance(minutes=3)
        match step.what:
            case "sync":
                await self.sync()
            case "full":
                await self.sync(full=True)
            case "wait":
                self.house.advance(hours=1 + step.dice % 5)
            case "next day":
                self.house.advance(days=1 + step.dice % 3)
            case what if what.startswith("outlook"):
                with suppress(Refused):
                    self.act_in_outlook(what.removeprefix("outlook "), step)
            case what:
                with suppress(Refused):
                    self.act_in_erp(what.removeprefix("erp "), step)

    async def sync(self, *, full: bool = False) -> None:
        """A sync that fails nowhere and loses nothing."""
        async with self.nothing_lost():
            outcome = await self.house.sync(full=full)
        assert outcome.failure == ""
        assert [r.failures for r in outcome.reports] == [[]]

    def subjects(self) -> set[str]:
        """Every subject either side shows."""
        here = {e["subject"] for e in self.outlook.events()}
        return here | {a["Subject"] for a in self.desk.activities()}

    def when(self, dice: int) -> tuple[datetime, datetime]:
        """A local time in the coming weeks."""
        day = self.house.now.astimezone(SOFIA).date() + timedelta(days=1 + dice % 20)
        start = datetime.combine(day, time(HOURS[dice % len(HOURS)], dice % 2 * 30), SOFIA)
        return start, start + timedelta(minutes=LENGTHS[dice // 7 % len(LENGTHS)])

    def act_in_outlook(self, what: str, step: Step) -> None:
        start, end = self.when(step.dice)
        if what == "create":
            self.outlook.create(self.word(), start, end, body=self.word(), reminder=REMINDERS[step.dice % 4])
            return
        if what == "create all day":
            day = start.date()
            self.outlook.create(self.word(), *_days(day, 1 + step.dice % 3), all_day=True)
            return
        if what == "restore":
            if self.deleted:
                self.outlook.restore(self.deleted.pop(step.pick % len(self.deleted)))
            return
        events = self.outlook.events()
        if not events:
            return
        event = events[step.pick % len(events)]
        ident = event["id"]
        match what:
            case "retitle":
                self.outlook.edit(ident, subject=self.word() + " ж🙂" * (step.dice % 70))
            case "rewrite":
                html = f"<html><body><p>a <b>{self.word()}</b></p></body></html>"
                body: dict[str, Any] = {"html": html} if step.dice % 3 == 0 else {"body": self.word()}
                self.outlook.edit(ident, **body)
            case "move":
                self.outlook.edit(ident, start=start, end=end, all_day=False)
            case "move far":
                far = timedelta(days=90)
                self.outlook.edit(ident, start=start + far, end=end + far, all_day=False)
            case "all day":
                first, last = _days(start.date(), 1 + step.dice % 3)
                self.outlook.edit(ident, start=first, end=last, all_day=True)
            case "remind":
                self.outlook.edit(ident, reminder=REMINDERS[step.dice % 4])
            case "hide":
                self.outlook.edit(ident, sensitivity=("normal", "private", "confidential")[step.dice % 3])
            case "weigh":
                self.outlook.edit(ident, importance=("low", "normal", "high")[step.dice % 3])
            case "delete":
                self.outlook.delete(ident)
                self.deleted.append(ident)
            case "copy":
                self.outlook.edit(self.outlook.copy(ident), subject=self.word())
            case "series":
                self.outlook.make_series(ident, DAILY)
            case "date":
                self.change_date(ident, step.dice)
            case "single":
                self.outlook.make_single(ident)
            case "tidy":
                self.outlook.edit(ident, categories=["Blue"] if step.dice % 2 else [])
            case "touch":
                self.outlook.edit(ident, show_as=("busy", "free")[step.dice % 2])

    def change_date(self, ident: str, dice: int) -> None:
        """One date of a series is called something else, moved, deleted, or the first of another series."""
        today = self.house.now.date()
        days = self.outlook.dates(ident, today - timedelta(days=30), today + timedelta(days=60))
        if not days:
            return
        day = days[dice // 4 % len(days)]
        match dice % 4:
            case 0:
                self.outlook.edit_date(ident, day, subject=self.word())
            case 1:
                at = datetime.combine(day, time(HOURS[dice % len(HOURS)]), SOFIA)
                self.outlook.move_date(ident, day, at, at + timedelta(hours=1), all_day=False)
            case 2:
                self.outlook.delete_date(ident, day)
            case _:
                self.outlook.split(ident, day, subject=self.word())

    def act_in_erp(self, what: str, step: Step) -> None:
        start, end = self.when(step.dice)
        digits = start.replace(tzinfo=None), end.replace(tzinfo=None)
        if what == "create":
            until = None if step.dice % 4 == 0 else digits[1]
            self.desk.create(self.word(), digits[0], until, notes=self.word(), reminder=REMINDERS[step.dice % 4])
            return
        rows = self.desk.activities()
        if not rows:
            return
        row = rows[step.pick % len(rows)]
        ident = row["Id"]
        match what:
            case "retitle":
                self.desk.edit(ident, subject=self.word())
            case "rewrite":
                self.desk.edit(ident, notes=self.word())
            case "move":
                self.desk.edit(ident, start=digits[0], end=digits[1])
            case "remind":
                self.desk.edit(ident, reminder=REMINDERS[step.dice % 4])
            case "hide":
                self.desk.edit(ident, private=bool(step.dice % 2))
            case "weigh":
                self.desk.edit(ident, priority=("Lowest", "Low", "Medium", "High", "Highest")[step.dice % 5])
            case "void":
                self.desk.void(ident, "not needed")
            case "delete":
                self.desk.delete(ident)
            case "lock":
                self.desk.set_read_only(ident, True)
            case "unlock":
                self.desk.set_read_only(ident, False)
            case "release":
                self.desk.release(ident)
            case "plan":
                self.desk.set_state(ident, "Planned")
            case "touch":
                self.desk.edit(ident, deadline=digits[0])

    # What must be true in the end

    async def check(self) -> None:
        """Sync until quiet, then: equal, nothing lost, nothing doubled, and a further round writes nothing."""
        await self.sync()
        await self.sync()
        await self.check_a_further_round_writes_nothing()
        memory = await self.house.recall()
        events = {e["id"]: e for e in self.outlook.events()}
        rows = {a["Id"]: a for a in self.desk.activities()}
        for link in memory.links:
            if link.status is LinkStatus.LIVE:
                await check_pair(self.house, await self.house.user(), link)
        linked_events = [x.event_id for x in memory.links]
        linked_rows = [x.activity_id for x in memory.links if x.status is not LinkStatus.TOMBSTONE]
        assert len(linked_rows) == len(set(linked_rows)), "an activity has two events"
        waiting = {p.item_id for p in memory.pending}
        for ident, event in events.items():
            if self.is_due(event):
                assert ident in linked_events or ident in waiting, f"{event['subject']} never arrived in ERP.net"
        subjects: dict[str, list[str]] = {}
        for row in rows.values():
            if not row["Void"]:
                subjects.setdefault(row["Subject"], []).append(row["Id"])
        for subject, ids in subjects.items():
            assert len(ids) == 1, f"{subject} is doubled in ERP.net"
        titles = [e["subject"] for e in events.values()]
        assert len(titles) == len(set(titles)), "an event is doubled in Outlook"

    def is_due(self, event: dict[str, Any]) -> bool:
        """Whether an event clearly lies in the window and is a plain one of Anna's own."""
        start = datetime.fromisoformat(event["start"]["dateTime"][:19]).replace(tzinfo=UTC)
        inside = timedelta(0) < start - self.house.now < timedelta(days=25)
        return inside and event["type"] == "singleInstance" and not event["isCancelled"]

    async def check_a_further_round_writes_nothing(self) -> None:
        self.house.graph.forget_requests()
        self.house.erp.forget_requests()
        await self.sync()
        writes = [s.line for s in self.house.graph.requests if s.method != "GET" and b'"method": "GET"' not in s.body]
        writes = [s for s in writes if "$batch" not in s]
        changes = [s.body for s in self.house.erp.requests if b"POST General" in s.body or b"PATCH General" in s.body]
        assert (writes, changes) == ([], [])

    @asynccontextmanager
    async def nothing_lost(self) -> AsyncIterator[None]:
        """While calsync works: a subject that stood on a side before and stands on none after is in the journal, a
        cut one by its beginning. What people overwrite before calsync has carried it is theirs to overwrite."""
        before = self.subjects()
        yield
        kept = self.subjects()
        if before <= kept:
            return
        journal = await self.house.world.store.read_journal((await self.house.user()).id, limit=10_000)
        for entry in by_date(journal):
            kept |= {*entry.before.values(), *entry.after.values(), entry.subject}
        lost = {subject for subject in before if not any(k.startswith(subject[:200]) for k in kept)}
        assert not lost, f"{lost}: nowhere any more ({Side.GRAPH}, {Side.ERP}, journal)"


async def check_pair(house: House, user: User, link: Link, fields: frozenset[Field] = EVERYTHING) -> None:
    """Both sides of a link show the same in these fields, but for those of an open conflict."""
    event = (await house.world.calendar.read_events(user.id, [link.event_id]))[link.event_id]
    activity = (await house.world.erp.read_activities([link.activity_id]))[link.activity_id]
    assert isinstance(event, GraphEvent), f"{link.base_event.subject}: the event of a live link is gone"
    assert isinstance(activity, ErpActivity), f"{link.base_event.subject}: the activity of a live link is gone"
    pair = Pair(Case(link=link, event=event, activity=activity), link, has_base=True)
    apart = {c.field for c in link.conflict.clashes} if link.conflict else set()
    is_stuck = activity.is_locked or Field.TIME in apart
    if is_stuck and activity.content.reminder == link.base_activity.reminder:
        apart.add(Field.REMINDER)  # a move left it behind; a locked activity cannot be told, an open conflict waits
    for name in fields - apart:
        assert pair.is_same(name), f"{name} differs: {pair.event} / {pair.activity} ({link})"


def _days(first: date, count: int) -> tuple[datetime, datetime]:
    start = datetime.combine(first, time(), SOFIA)
    return start, datetime.combine(first + timedelta(days=count), time(), SOFIA)


STEPS = st.builds(
    Step,
    what=st.sampled_from((*OUTLOOK_ACTS, *ERP_ACTS, *OTHER_ACTS)),
    pick=st.integers(0, 5),
    dice=st.integers(0, 200),
)


OPENING = [Step("outlook create", dice=11), Step("erp create", dice=22), Step("sync")]
