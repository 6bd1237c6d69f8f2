"""The orders in turn: one reading of the line serves a process for some seconds, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from jobs.in_turn import BIG_YIELDS, LIFE, InTurn, in_turn
from jobs.ports import Queued
from simulators.base import Clock
from tests.support.house import START


class Line:
    """A line that counts how often it is read."""

    def __init__(self, rows: Iterable[Queued] = ()) -> None:
        self.rows = list(rows)
        self.readings = 0

    async def list_queued(self) -> list[Queued]:
        """See ``LineStore.list_queued``."""
        self.readings += 1
        return list(self.rows)


def order(key: str, minutes: float = 0, *, is_big: bool = False) -> Queued:
    """An order that has waited for so many minutes."""
    return Queued(key, "t", START, {"kind": "round"}, START - timedelta(minutes=minutes), is_big=is_big)


async def taken(waiting: InTurn, line: Line, clock: Clock) -> str:
    """Whose turn it is, '' = nobody's."""
    row = await waiting.take(line, clock.now)  # type: ignore[arg-type]
    return row.key if row else ""


def test_small_orders_pass_a_young_big_one() -> None:
    """By age, but a full round lets others pass until it has waited for ten minutes."""
    old = BIG_YIELDS / timedelta(minutes=1) + 1
    rows = [order("small", 1), order("big", 2, is_big=True), order("older", 3), order("old big", old, is_big=True)]

    assert [row.key for row in in_turn(rows, START)] == ["old big", "older", "small", "big"]


async def test_a_thousand_orders_are_read_once() -> None:
    """Each is taken once, by whoever of the process comes next; the line is read again when they are through."""
    line, waiting, clock = Line(order(f"{number}", number) for number in range(1_000)), InTurn(), Clock(START)
    found = [await taken(waiting, line, clock) for _ in range(1_000)]
    line.rows = []

    assert (found, line.readings) == ([f"{number}" for number in reversed(range(1_000))], 1)
    assert (await taken(waiting, line, clock), line.readings) == ("", 2)


async def test_who_comes_later_is_seen_within_seconds() -> None:
    """While others of the same reading wait, a later order is seen with the next reading."""
    line, waiting, clock = Line([order("first", 3), order("second", 1)]), InTurn(), Clock(START)
    first = await taken(waiting, line, clock)
    line.rows = [order("urgent", 2), order("second", 1)]
    clock.advance(LIFE * 2)

    assert (first, await taken(waiting, line, clock)) == ("first", "urgent")


async def test_who_is_not_wanted_stays() -> None:
    """What one cannot do now is left to another."""
    line, waiting, clock = Line([order("big", 20, is_big=True), order("small", 1)]), InTurn(), Clock(START)
    small = await waiting.take(line, clock.now, is_big_wanted=lambda: False)  # type: ignore[arg-type]

    assert small is not None
    assert (small.key, await taken(waiting, line, clock)) == ("small", "big")


async def test_thousands_of_first_syncs_are_not_looked_at_by_whoever_may_do_none() -> None:
    """A message that comes while a full round is under way asks only about small ones."""
    line, waiting, clock = (
        Line(order(f"{number}", 20, is_big=True) for number in range(1_000)),
        InTurn(),
        Clock(START),
    )
    asked: list[str] = []

    def is_wanted(row: Queued) -> bool:
        asked.append(row.key)
        return True

    assert await waiting.take(line, clock.now, is_wanted, lambda: False) is None  # type: ignore[arg-type]
    assert asked == []
