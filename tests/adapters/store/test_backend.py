"""Transactions stay within the service's limits, and requests within ours."""

from __future__ import annotations

import asyncio

import pytest

from adapters.store.backend import AT_ONCE, BATCH_BYTES, Key, Op, Verb, batches, gather


def put(number: int, text: str = "") -> Op:
    """One write."""
    return Op(Verb.PUT, Key("p", f"{number}"), {"v": 1, "data0": text})


@pytest.mark.parametrize(
    ("count", "reserved", "sizes"),
    [(0, 0, []), (1, 0, [1]), (100, 0, [100]), (101, 0, [100, 1]), (99, 1, [99]), (100, 1, [99, 1])],
)
def test_operations_of_a_transaction(count: int, reserved: int, sizes: list[int]) -> None:
    """A transaction holds a hundred operations, the reserved ones included."""
    assert sizes == [len(batch) for batch in batches([put(number) for number in range(count)], reserved)]


def test_order_is_kept() -> None:
    """Cut into transactions, operations keep their order: what must come last comes last."""
    ops = [put(number) for number in range(250)]

    assert ops == [op for batch in batches(ops, 1) for op in batch]


@pytest.mark.parametrize("letter", ["a", "я", "😀"])
def test_bytes_of_a_transaction(letter: str) -> None:
    """Counted as they are sent, where anything but ASCII is escaped, no transaction is beyond its bytes."""
    ops = [put(number, letter * 20_000) for number in range(60)]

    cut = list(batches(ops))

    assert all(sum(op.weight for op in batch) <= BATCH_BYTES for batch in cut)
    assert ops == [op for batch in cut for op in batch]
    assert len(cut) > 1


def test_large_operation_goes_alone() -> None:
    """One operation beyond the usual bytes is still sent, in a transaction of its own."""
    ops = [put(1), put(2, "я" * 400_000), put(3)]

    assert [len(batch) for batch in batches(ops)] == [1, 1, 1]


async def test_requests_at_once() -> None:
    """No more than sixteen requests of one call are under way at the same time, and all are made."""
    running, most = 0, 0

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    assert list(range(50)) == await gather(work(number) for number in range(50))
    assert most == AT_ONCE


async def test_first_error_after_all_have_ended() -> None:
    """An error is raised only when nothing is under way any more."""
    ended = []

    async def work(number: int) -> None:
        if number == 0:
            raise ValueError("first")
        await asyncio.sleep(0)
        ended.append(number)

    with pytest.raises(ValueError, match="first"):
        await gather(work(number) for number in range(5))
    assert ended == [1, 2, 3, 4]
