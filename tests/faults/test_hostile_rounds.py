"""Hostile answers through whole rounds: the item is set aside with a reason, the others go on, no log tells of it.

What either side says of one event or activity is spoilt on the wire: fields dropped, of another type, huge, half
characters, dates that are none.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telemetry import CHATTERING
from simulators.base import Simulator
from sync_core.model.link import LinkStatus
from tests.support.budget import a_few, budget, each
from tests.support.days import at, digits
from tests.support.faulty_wire import Row, rows_of, tamper
from tests.support.fuse import MOST_CALLS
from tests.support.hostile import EVENT, NASTY, ROW, VALUES
from tests.support.house import House, open_house
from tests.support.random_pair import Play
from tests.support.scenes import edits

SECRET = "Kündigung"
"""In every text of these meetings, and nowhere else."""

SPOILT = ("linked event", "new event", "linked activity", "new activity")


@dataclass(frozen=True)
class Damage:
    """What the wire does to an item: fields left out, replaced, and replaced inside a nested object."""

    dropped: tuple[str, ...] = ()
    changed: Row = field(default_factory=dict)
    inner: dict[str, Row] = field(default_factory=dict)

    def of(self, row: Row) -> Row:
        """The item as it arrives."""
        left = {k: v for k, v in row.items() if k not in self.dropped} | {
            k: v for k, v in self.changed.items() if k in row
        }
        for name, part in self.inner.items():
            if isinstance(left.get(name), dict):
                left[name] = {**left[name], **part}
        return left


def damages(valid: Row, ident: str) -> st.SearchStrategy[Damage]:
    """Damage to items of this shape; their id stays."""
    names = st.sampled_from(sorted(set(valid) - {ident, "@odata.id"}))
    groups = {name: part for name, part in valid.items() if isinstance(part, dict)}
    inner = {k: st.dictionaries(st.sampled_from(sorted(part)), VALUES, max_size=2) for k, part in groups.items()}
    return st.builds(
        Damage,
        st.lists(names, max_size=2).map(tuple),
        st.dictionaries(names, VALUES, max_size=3),
        st.fixed_dictionaries({}, optional=inner),
    )


DAMAGES = st.one_of(damages(EVENT, "id"), damages(ROW, "Id"))


def spoil(simulator: Simulator, ident: str, damage: Damage) -> None:
    """Every answer that shows this item shows it damaged."""

    def change(_: str, answer: Any) -> Any:
        for row in rows_of(answer):
            if ident in (row.get("id"), row.get("Id")):
                spoilt = damage.of(dict(row))
                row.clear()
                row.update(spoilt)
        return answer

    tamper(simulator, change)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every line that the app logs meanwhile, tracebacks included."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith((*CHATTERING, "aiohttp", "asyncio")):
                heard.append(self.format(record))

    root, ear = logging.getLogger(), Ear()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


@dataclass
class Scene:
    """Anna's meetings: two that stay as they are meant, and one of each kind that is spoilt."""

    house: House
    good_event: str
    good_activity: str
    victims: dict[str, str]

    @classmethod
    async def set(cls, house: House) -> Scene:
        """Two linked pairs, then a new item on each side that no round has seen."""
        outlook, desk = house.outlook(), house.desk()
        good = outlook.create(f"Good {SECRET}", at(3), at(3, 10), body=SECRET)
        outlook.create(f"Bad {SECRET}", at(4), at(4, 10), body=SECRET, reminder=15)
        desk.create(f"Bad {SECRET} too", digits(5), digits(5, 12), notes=SECRET)
        await house.step()
        await house.step()
        events = {e["subject"]: e["id"] for e in outlook.events()}
        rows = {a["Subject"]: a["Id"] for a in desk.activities()}
        victims = {
            "linked event": events[f"Bad {SECRET} too"],
            "linked activity": rows[f"Bad {SECRET}"],
            "new event": outlook.create(f"New {SECRET}", at(6), at(6, 10), body=SECRET),
            "new activity": desk.create(f"New {SECRET} too", digits(7), digits(7, 12), notes=SECRET),
        }
        return cls(house, good, rows[f"Good {SECRET}"], victims)

    def side_of(self, which: str) -> Simulator:
        """The stand-in that shows this victim."""
        return self.house.graph if "event" in which else self.house.erp

    async def go_on(self, word: str) -> None:
        """The victims are touched, the good one is edited on either side: its edits arrive, and nobody crashes."""
        house = self.house
        house.advance(minutes=10)
        house.outlook().edit(self.victims["linked event"], show_as="free")
        house.desk().edit(self.victims["linked activity"], deadline=digits(30))
        house.outlook().edit(self.good_event, subject=f"{word} {SECRET}")
        await self.sync()
        house.desk().edit(self.good_activity, notes=f"{word} {SECRET} notes")
        await self.sync(full=word == "second")
        event, row = house.outlook().get(self.good_event), house.desk().get(self.good_activity)
        assert row["Subject"] == f"{word} {SECRET}"
        assert f"{word} {SECRET} notes" in event["body"]["content"]

    async def sync(self, *, full: bool = False) -> None:
        """A sync that ends; what it set aside has a reason that a person can read."""
        outcome = await self.house.sync(full=full)
        assert outcome.failure == ""
        assert [report.trouble for report in outcome.reports] == [None]
        memory = await self.house.recall()
        reasons = [x.reason for x in memory.links if x.status is LinkStatus.PARKED]
        reasons += [p.reason for p in memory.pending if p.parked]
        reasons += [failure.text.partition(": ")[2] for report in outcome.reports for failure in report.failures]
        for reason in reasons:
            assert reason
            assert reason.isprintable()
            assert len(reason) < 1_000

    def check_others(self) -> None:
        """Nobody but the victim is void, and nothing stands twice; an event under a new id is a new event."""
        rows = self.house.desk().activities()
        assert len(rows) <= 6
        assert not self.house.desk().get(self.good_activity)["Void"]


def run(which: str, damage: Damage) -> None:
    """Four syncs with this victim spoilt, the last one full."""

    async def rounds() -> None:
        async with open_house() as house:
            await house.employ()
            scene = await Scene.set(house)
            spoil(scene.side_of(which), scene.victims[which], damage)
            for word in ("first", "second"):
                await scene.go_on(word)
            scene.check_others()

    with listening() as heard:
        asyncio.run(rounds())
    assert [line for line in heard if SECRET in line or json.dumps(SECRET)[1:-1] in line] == []


@pytest.mark.parametrize("which", [name for name in SPOILT if "event" in name])
@a_few(budget(3, 100))
@given(damage=damages(EVENT, "id"))
def test_a_spoilt_event_delays_nobody(which: str, damage: Damage) -> None:
    """Whatever Graph says of one event, the rounds end and the other meetings are synced."""
    run(which, damage)


@pytest.mark.parametrize("which", [name for name in SPOILT if "activity" in name])
@a_few(budget(3, 100))
@given(damage=damages(ROW, "Id"))
def test_a_spoilt_activity_delays_nobody(which: str, damage: Damage) -> None:
    """Whatever ERP.net says of one activity, the rounds end and the other meetings are synced."""
    run(which, damage)


STRANGE_IDS: tuple[Any, ...] = (*NASTY, "", None, 7, True, [], {"id": 1})
PAIRS = each(STRANGE_IDS, SPOILT)


@pytest.mark.parametrize(("ident", "which"), PAIRS, ids=lambda value: ascii(value)[:24])
def test_an_item_with_a_strange_id_delays_nobody(ident: object, which: str) -> None:
    """Empty, huge, broken, of another type, made to lead elsewhere: no round crashes, nobody else is delayed."""
    run(which, Damage(changed={"id": ident, "Id": ident}))


@pytest.mark.parametrize("side", ["graph", "erp"])
async def test_rows_that_are_none(house: House, side: str) -> None:
    """Between the rows stand nothing, numbers, texts and lists: they are passed over."""
    scene = await Scene.set(house)
    litter: list[Any] = [None, 5, "text", [], [None], {}, {"id": None}, True]

    def add(_: str, answer: Any) -> Any:
        if isinstance(answer, dict) and isinstance(answer.get("value"), list):
            answer["value"] = [*litter, *answer["value"], *litter]
        return answer

    tamper(house.graph if side == "graph" else house.erp, add)
    for word in ("first", "second"):
        await scene.go_on(word)
    scene.check_others()


JUNK: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "a list": [None, {"id": 1}],
    "an empty object": {},
    "no rows": {"value": None},
    "rows that are one": {"value": {"id": "x"}},
    "nested nothing": {"value": [{"id": None, "Id": None, "start": {"dateTime": None}, "body": None}]},
    "a broken error": {"error": [None]},
    "wrong parts": {"responses": [{"id": 1}, None, {"id": "1", "status": "200", "body": 7}]},
    "every name with a list": {name: [] for name in (*EVENT, *ROW, "value", "responses", "timeZone", "access_token")},
}
SHOTS = 3
"""So many answers in a row, or the client's second try would be answered well."""


@pytest.mark.parametrize(("kind", "side"), each(JUNK, ["graph", "erp"]))
async def test_any_answer_may_be_junk(side: str, kind: str) -> None:
    """From the n-th answer of a side on, three say something that no contract knows: no crash, in step afterwards."""
    for n in range(0, MOST_CALLS, budget(37, 1)):
        async with open_house() as house:
            await house.employ()
            await edits(house)
            simulator: Simulator = house.graph if side == "graph" else house.erp
            usual, count = simulator._door, iter(range(10_000))

            def replace(_: str, answer: Any, n: int = n, count: Iterator[int] = count) -> Any:
                return JUNK[kind] if n <= next(count) < n + SHOTS else answer

            tamper(simulator, replace)
            await house.sync(full=True)
            simulator._door = usual  # type: ignore[method-assign]
            house.advance(minutes=20)
            await Play(house).check()
            if next(count) <= n:
                return
    pytest.fail("the round reads more answers than this test looks at")
