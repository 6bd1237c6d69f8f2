"""Bounded concurrency: results in order, never more at once than allowed, and no error cuts the others off."""

from __future__ import annotations

import asyncio

import pytest

from jobs.together import together, two_at_once


async def test_results_come_in_the_items_order() -> None:
    """Whichever ends first."""
    gates = [asyncio.Event() for _ in range(3)]

    async def work(place: int) -> int:
        if place < 2:
            await gates[place + 1].wait()
        gates[place].set()
        return place * 10

    assert await together(work, range(3)) == [0, 10, 20]
    assert await together(work, []) == []


async def test_no_more_are_under_way_than_allowed() -> None:
    """The rest waits for its turn."""
    under_way, most = 0, 0

    async def work(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await together(work, range(20), at_once=3)

    assert most == 3


async def test_an_error_is_raised_once_all_have_ended() -> None:
    """Nothing goes on in the background, and the first item's error is the one that counts."""
    ended: list[int] = []

    async def work(place: int) -> None:
        await asyncio.sleep(0)
        if place == 0:
            raise ValueError("first")
        await asyncio.sleep(0)
        ended.append(place)
        if place == 1:
            raise ValueError("second")

    with pytest.raises(ValueError, match="first"):
        await together(work, range(3))
    assert ended == [1, 2]


async def test_two_at_once_end_both() -> None:
    """Each waits for the other; where both fail, the first one's error counts, and the other has ended."""
    here, there = asyncio.Event(), asyncio.Event()

    async def meet(mine: asyncio.Event, other: asyncio.Event, told: int | str) -> int | str:
        mine.set()
        await other.wait()
        return told

    assert await two_at_once(meet(here, there, 1), meet(there, here, "two")) == (1, "two")

    ended: list[str] = []

    async def fail(name: str, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        ended.append(name)
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        await two_at_once(fail("first", 1), fail("second", 3))
    assert ended == ["first", "second"]
