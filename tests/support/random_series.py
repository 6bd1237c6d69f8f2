"""Random hands on recurring meetings in Outlook and their dates in ERP.net, and what must hold when all is quiet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jobs.company import start_app
from simulators.base import Refused
from simulators.graph.model import Occurrence, slots
from sync_core.content.window import window_at
from sync_core.model.policy import SeriesRule
from sync_core.plan.tables import PARTNER_GONE, REASONS, Trait
from tests.support.fuse import broken_sync
from tests.support.house import House
from tests.support.scenes import forget_everything
from tests.support.series import clock, repeating

SOFIA = ZoneInfo("Europe/Sofia")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OUTLOOK = (
    "create",
    "rename series",
    "move series",
    "repattern",
    "rename date",
    "move date",
    "delete date",
    "delete series",
    "split",
    "end",
    "make single",
    "make series",
    "single",
)
ERP = ("rename", "shift", "void", "note")


@dataclass
class SeriesHands:
    """One person's hands; ``typed`` counts up so that no two texts are equal."""

    house: House
    dice: random.Random
    trouble: float = 0.0
    typed: int = 0
    ids: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def act(self) -> None:
        """Do one thing on one side; what makes no sense is not done."""
        what = self.dice.choice(OUTLOOK if self.dice.random() < 0.6 else ERP)
        with suppress(Refused, IndexError, StopIteration):
            done = self._in_outlook(what) if what in OUTLOOK else self._in_erp(what)
            self.log.append(f"{what} {done or ''}")

    def _word(self) -> str:
        self.typed += 1
        return f"Text {self.typed}"

    @property
    def _today(self) -> date:
        return self.house.now.astimezone(SOFIA).date()

    def _some_day(self) -> date:
        return self._today + timedelta(days=self.dice.randrange(1, 25))

    def _pattern(self, since: date) -> dict[str, Any]:
        kind = self.dice.choice(["daily", "weekly", "weekly", "weekdays", "fortnight"])
        if kind == "daily":
            return repeating(since=since, kind="daily", interval=self.dice.choice([1, 2]))
        if kind == "weekdays":
            return repeating(*DAYS, since=since)
        return repeating(self.dice.choice(DAYS), since=since, interval=1 + (kind == "fortnight"))

    def _in_outlook(self, what: str) -> str:
        me = self.house.outlook()
        hour = self.dice.randrange(8, 18)
        if what in ("create", "single"):
            if len(self._alive()) > 3:
                return "enough"
            day = self._some_day() - timedelta(days=self.dice.choice([0, 200]) if what == "create" else 0)
            more = {"recurrence": self._pattern(day)} if what == "create" else {}
            ident = me.create(self._word(), clock(day, hour), clock(day, hour + 1), body=self._word(), **more)
            self.ids.append(ident)
            return ident[-12:]
        ident = self.dice.choice(self._alive())
        item = me.mailbox.find(ident).item
        if what == "make series" and not item.is_master:
            me.make_series(ident, self._pattern(item.content.start.astimezone(SOFIA).date()))
        elif what == "rename series":
            me.edit(ident, subject=self._word())
        elif what == "delete series":
            me.delete(ident)
        elif item.is_master:
            self._on_series(what, ident, hour)
        return f"{ident[-12:]} {hour}"

    def _on_series(self, what: str, ident: str, hour: int) -> None:
        me = self.house.outlook()
        dates = me.dates(ident, self._today, self._today + timedelta(days=30))
        day = self.dice.choice(dates)
        match what:
            case "move series":
                first = me.mailbox.find(ident).item.content.start.astimezone(SOFIA).date()
                me.edit(ident, start=clock(first, hour), end=clock(first, hour + 1))
            case "repattern":
                me.make_series(ident, self._pattern(dates[0]))
            case "rename date":
                me.edit_date(ident, day, subject=self._word())
            case "move date":
                moved = day + timedelta(days=self.dice.choice([-1, 0, 1]))
                me.move_date(ident, day, clock(moved, hour, 30), clock(moved, hour + 1))
            case "delete date":
                me.delete_date(ident, day)
            case "split":
                self.ids.append(me.split(ident, day, subject=self._word()))
            case "end":
                me.end_before(ident, day)
            case "make single":
                me.make_single(ident)

    def _alive(self) -> list[str]:
        known = {item.immutable_id for item in self.house.outlook().mailbox.items()}
        return [ident for ident in self.ids if ident in known]

    def _in_erp(self, what: str) -> str:
        me = self.house.desk()
        rows = [r for r in me.activities() if not r["Void"] and r["StartTime"][:10] > self._today.isoformat()]
        rows = [r for r in rows if r["Subject"] != "Kept"]
        row = self.dice.choice(rows)
        match what:
            case "rename":
                me.edit(row["Id"], subject=self._word())
            case "note":
                me.edit(row["Id"], notes=self._word())
            case "void":
                me.void(row["Id"])
            case "shift":
                start, end = (datetime.fromisoformat(row[n].rstrip("Z")) for n in ("StartTime", "EndTime"))
                by = timedelta(hours=self.dice.choice([1, -1, 24, -24, 96]))
                me.edit(row["Id"], start=start + by, end=end + by)
        return f"{row['Id'][:8]} {row['StartTime'][:16]}"


@dataclass
class WilderHands(SeriesHands):
    """Hands that also put whole series away and back, restore what they deleted, delete activities for good, lose the
    state tables, and switch series off and on again."""

    async def act_on_all(self) -> None:
        """Now and then something happens to the whole."""
        what = self.dice.choice(["forget", "off or on", "off or on", *[""] * 20])
        if what == "forget":
            await forget_everything(self.house)
        elif what:
            await self.switch(
                SeriesRule.SKIP if self.house.world.policy.series is SeriesRule.WINDOW else SeriesRule.WINDOW
            )
        if what:
            self.log.append(what)

    async def switch(self, rule: SeriesRule) -> None:
        """The company's choice of today; what is done next may be done before any round."""
        self.house.set_policy(series=rule)
        await start_app(self.house.world)
        self.house.advance(minutes=20)
        if self.dice.random() < 0.7:
            await broken_sync(self.house)

    def act(self) -> None:
        """Do one thing on one side; what makes no sense is not done."""
        what = self.dice.choice([*[""] * 10, *MORE])
        if not what:
            super().act()
            return
        with suppress(Refused, IndexError):
            self.log.append(f"{what} {MORE[what](self)}")

    def restore(self) -> str:
        """Out of Deleted Items."""
        ident = self.dice.choice(self.ids)
        self.house.outlook().restore(ident)
        return ident[-12:]

    def put_away(self) -> str:
        """Into another calendar."""
        ident = self.dice.choice(self._alive())
        self.house.outlook().move_to_calendar(ident, "Old")
        return ident[-12:]

    def put_back(self) -> str:
        """All of them into the default calendar."""
        for ident in self.ids:
            with suppress(Refused):
                self.house.outlook().move_to_calendar(ident)
        return ""

    def write(self) -> str:
        """Another text."""
        ident = self.dice.choice(self._alive())
        self.house.outlook().edit(ident, body=self._word())
        return ident[-12:]

    def delete(self) -> str:
        """An activity, for good."""
        rows = [row for row in self.house.desk().activities() if not row["Void"] and row["Subject"] != "Kept"]
        row = self.dice.choice(rows)
        self.house.desk().delete(row["Id"])
        return str(row["Id"])[:8]


MORE: dict[str, Callable[[WilderHands], str]] = {
    "restore": WilderHands.restore,
    "put away": WilderHands.put_away,
    "put back": WilderHands.put_back,
    "write": WilderHands.write,
    "delete": WilderHands.delete,
}


def seen_in_outlook(house: House) -> dict[tuple[str, str], int]:
    """What Outlook shows inside the window, from tomorrow on: (title, start in Sofia) → how often."""
    window = window_at(house.now, SOFIA, 1)
    start = window.start + timedelta(days=1)
    found: list[Occurrence] = []
    for item in house.outlook().mailbox.items():
        single = [Occurrence(item)] if item.content.overlaps(start, window.end) else []
        found += list(slots(item, start, window.end)) if item.is_master else single
    return Counter((one.content.subject, f"{one.content.start.astimezone(SOFIA):%Y-%m-%dT%H:%M}") for one in found)


def told_by_erp(house: House) -> dict[tuple[str, str], int]:
    """What ERP.net shows of the same days."""
    window = window_at(house.now, SOFIA, 1)
    first, last = (f"{at.astimezone(SOFIA):%Y-%m-%d}" for at in (window.start + timedelta(days=1), window.end))
    rows = [row for row in house.desk().activities() if not row["Void"] and first <= row["StartTime"][:10] < last]
    return Counter((row["Subject"], row["StartTime"][:16]) for row in rows)


async def check_series(house: House) -> None:
    """Both sides show the same dates, but for open conflicts; no name stands on two living activities."""
    memory = await house.recall()
    waiting = [x for x in memory.links if x.status == "parked" and x.reason == REASONS[Trait.SERIES]]
    stuck = [(x.status.value, x.reason) for x in memory.links if x.status in ("parked", "held") and x not in waiting]
    assert not stuck, stuck
    asked = [p for p in memory.pending if p.reason == PARTNER_GONE]
    apart = len([x for x in memory.links if x.conflict]) + len(asked) + len(waiting)
    names = Counter(r["ExternalId"] for r in house.desk().activities() if not r["Void"] and r["ExternalId"])
    assert [name for name, n in names.items() if n > 1] == []
    outlook, erp = Counter(seen_in_outlook(house)), Counter(told_by_erp(house))
    assert sum((outlook - erp).values()) <= apart, (outlook - erp, erp - outlook)
    assert sum((erp - outlook).values()) <= apart, (outlook - erp, erp - outlook)


async def _sync(house: House, hands: SeriesHands) -> None:
    """A sync during which one call may be lost, cut off or refused."""
    hands.log.append("sync")
    if hands.dice.random() < hands.trouble:
        side = hands.dice.choice([house.graph, house.erp])
        kind = hands.dice.choice(["lose", "cut", "answer"])
        side.add_fault("*", kind=kind, skip=hands.dice.randrange(0, 12), times=hands.dice.choice([1, 3]))
        hands.log.append(f"trouble: {kind}")
    await broken_sync(house)
    house.graph.faults.clear()
    house.erp.faults.clear()


async def play_series(house: House, hands: SeriesHands, acts: int) -> None:
    """So many acts with syncs and days between, then rest and the check."""
    kept = hands._today + timedelta(days=27)  # so that no deletion is one of everything
    house.outlook().create("Kept", clock(kept, 7), clock(kept, 8))
    for _ in range(acts):
        hands.act()
        if isinstance(hands, WilderHands):
            await hands.act_on_all()
        if hands.dice.random() < 0.4:
            house.advance(minutes=20)
            await _sync(house, hands)
        if hands.dice.random() < 0.08:
            house.advance(days=hands.dice.randrange(1, 4))
            hands.log.append("days")
    if isinstance(hands, WilderHands):
        hands.put_back()
        await hands.switch(SeriesRule.WINDOW)
    for hold in (await house.recall()).holds:
        hands.log.append(f"held: {hold.why}")
    house.advance(minutes=20)
    await house.settle()
    await check_series(house)
