"""Stores the creates that are under way: the items of one chunk in one row of the user's partition.

An item without a link has a pending row before its counterpart is made (design.md §4 "Identity"). Nearly all of them
are linked a moment later, a hundred at once; a row for each, written and deleted, would be two of every seven writes
of a first sync. So a pending row that is new and says nothing but which item it is stands with others in one row. It
goes out of it in the very transaction that saves its link, or a row of its own where the create failed: after each
transaction an item is begun, pending or linked, as with rows of their own.

The row is written under the lease, so its holder knows what it holds (``Lease.begun``). It is of the next schema
version: a build of this version that knows of no such row refuses it, and leaves the user to the build that wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.store import codec, stored
from adapters.store.backend import Key, Op, Row, Table, Verb, batches
from jobs.ports import Begin, Drop, RowChange
from sync_core.model.pending import Pending
from sync_core.model.sides import Side

BEGUN = "pending-begun"

MOST, LONGEST = 200, 1_000
"""How many items one row holds, and of how many characters each: 400 KB at most, mostly 40."""

Items = dict[tuple[Side, str], Pending]


@dataclass(frozen=True, slots=True)
class Begun:
    """The row."""

    items: tuple[Pending, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a save: what is written for it, None for nothing of its own, and the creates that are under way
    from then on."""

    op: Op | None
    begun: tuple[Pending, ...]


def begun_key(user_id: str) -> Key:
    """The key of the row."""
    return Key(codec.key(user_id), BEGUN)


def begun_in(row: Row | None) -> tuple[Pending, ...]:
    """The items that a row holds. Raises ``RowUnreadable``."""
    return stored.value_of(Table.STATE, row, Begun).items if row else ()


def steps(changes: Sequence[tuple[RowChange, Op]], begun: Sequence[Pending]) -> Iterator[Step]:
    """What is to be written for each change, given how a row of its own would be written."""
    items: Items = {(row.side, row.item_id): row for row in begun}
    for change, op in changes:
        row = change.row
        place = (row.side, row.item_id) if isinstance(row, Pending) else None
        if place is None or not isinstance(row, Pending):
            yield Step(op, tuple(items.values()))
        elif _stays_begun(change, row, items):
            items[place] = row
            yield Step(None, tuple(items.values()))
        else:
            is_gone = isinstance(change, Drop) and place in items
            items.pop(place, None)
            yield Step(None if is_gone else op, tuple(items.values()))


def _stays_begun(change: RowChange, row: Pending, items: Items) -> bool:
    if isinstance(change, Drop):
        return False
    known = items.get((row.side, row.item_id))
    if known is not None:
        return known == row
    return isinstance(change, Begin) and len(items) < MOST and len(codec.text_of(row)) <= LONGEST


def cut(
    user_id: str, done: Sequence[Step], before: tuple[Pending, ...]
) -> Iterator[tuple[list[Op], tuple[Pending, ...]]]:
    """Steps as transactions, each with the creates that are under way after it; one at least.

    There is a place left for the lease in each. What a step says of the row goes with the operation before it, as an
    item's link stands before its pending row in what is saved.
    """
    known = before
    is_moved = any(step.begun != known for step in done)
    ops = [step.op for step in done if step.op is not None]
    left = list(done)
    for batch in list(batches(ops, reserved=1 + is_moved)) or [[]]:
        own, after = len(batch), known
        while left and (own or left[0].op is None):
            step = left.pop(0)
            own, after = own - (step.op is not None), step.begun
        yield [*batch, *_row_op(user_id, known, after)], after
        known = after


def _row_op(user_id: str, before: tuple[Pending, ...], after: tuple[Pending, ...]) -> list[Op]:
    if after == before:
        return []
    if not after:
        return [Op(Verb.DELETE, begun_key(user_id))]
    return [Op(Verb.PUT, begun_key(user_id), codec.encode(Begun(after)))]
