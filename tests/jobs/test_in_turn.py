"""The orders in turn: one reading of the line serves a process for some seconds, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from jobs.in_turn import BIG_YIELDS, LIFE, PASSING, InTurn
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


OLD = BIG_YIELDS / timedelta(minutes=1) + 1


async def order_of(*rows: Queued, clock: Clock | None = None) -> list[str]:
    """In which order these are taken."""
    line, waiting, clock = Line(rows), InTurn(), clock or Clock(START)
    return [await taken(waiting, line, clock) for _ in rows]


async def test_small_orders_pass_a_young_big_one() -> None:
    """By age; a full round that has waited for less than ten minutes lets all of them pass."""
    rows = [order("small", 1), order("big", 2, is_big=True), order("older", 3), order("older big", 9, is_big=True)]

    assert await order_of(*rows) == ["older", "small", "older big", "big"]


async def test_an_old_big_one_has_every_third_place() -> None:
    """However many first syncs wait, two edits come before each; and none of them waits for ever, however many edits
    come."""
    small = [order(f"small {number}", 1) for number in range(6)]
    big = [order(f"big {number}", OLD, is_big=True) for number in range(4)]
    found = await order_of(*big, *small)

    assert ["big" in key for key in found] == [False, False, True] * 3 + [True]


async def test_the_places_are_counted_from_one_reading_to_the_next() -> None:
    """Each reading shows two more edits and one full round that has waited long: it is not passed again and again."""
    line, waiting, clock = Line(), InTurn(), Clock(START)
    found = []
    for reading in range(4):
        line.rows = [order("big", OLD, is_big=True), *(order(f"{reading}-{number}", 1) for number in range(PASSING))]
        found.append(await taken(waiting, line, clock))
        clock.advance(LIFE * 2)

    assert found == ["0-0", "1-0", "big", "3-0"]


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
