"""The rows of a user's partition: which key each has, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from adapters.store import codec, stored
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.begun import BEGUN, begun_in, cut, steps
from jobs.ports import Drop, Put, RowChange, Storable
from sync_core.errors import RowUnreadable
from sync_core.model.hold import Hold
from sync_core.model.link import Link
from sync_core.model.memory import Cursors, InboxRow, Memory
from sync_core.model.pending import Pending
from sync_core.plan.holds import assembled

_SINGLE = frozenset({"cursors", "wake", "lease"})
LINK = "link-"
_SEVERAL = (LINK, "pending-", "inbox-", "hold-")
"""The row keys of a user's partition, whole and by their beginning."""

S = TypeVar("S", Link, Pending, Hold)


@dataclass(frozen=True, slots=True)
class WakeRow:
    """The newest wake token."""

    token: str


def wake_key(user_id: str) -> Key:
    """The key of a user's wake token."""
    return Key(codec.key(user_id), "wake")


def cursors_key(user_id: str) -> Key:
    """The key of a user's cursors."""
    return Key(codec.key(user_id), "cursors")


def inbox_key(user_id: str, activity_id: str) -> Key:
    """The key of the row of an activity in a user's inbox."""
    return Key(codec.key(user_id), f"inbox-{codec.hashed(activity_id)}")


def state_key(user_id: str, row: Storable) -> Key:
    """The key of a row that is saved under the lease."""
    match row:
        case Link():
            name = f"{LINK}{codec.hashed(row.event_id)}"
        case Pending():
            name = f"pending-{row.side}-{codec.hashed(row.item_id)}"
        case Hold():
            name = f"hold-{codec.hashed(row.key)}"
        case Cursors():
            name = "cursors"
    return Key(codec.key(user_id), name)


def _state_op(user_id: str, change: RowChange) -> Op:
    place = state_key(user_id, change.row)
    if isinstance(change, Drop):
        return Op(Verb.DELETE, place)
    row = replace(change.row, items=()) if isinstance(change.row, Hold) else change.row
    return Op(Verb.PUT, place, codec.encode(row))


def transactions(
    user_id: str, changes: Sequence[RowChange], begun: tuple[Pending, ...]
) -> list[tuple[list[Op], tuple[Pending, ...]]]:
    """The changes in their order, the last of each row, in transactions that leave a place for the lease; one at
    least. With each the creates that are under way after it, of which ``begun`` are known."""
    last: dict[Key, tuple[RowChange, Op]] = {}
    for change in changes:
        op = _state_op(user_id, change)
        last.pop(op.key, None)
        last[op.key] = (change, op)
    return list(cut(user_id, list(steps(list(last.values()), begun)), begun))


def not_settled(change: RowChange) -> RowChange:
    """The change of the cursors, with a link among what is saved that asks for a look."""
    row = change.row
    return Put(replace(row, settled=False)) if isinstance(change, Put) and isinstance(row, Cursors) else change


def memory_in(user_id: str, found: Sequence[Row]) -> Memory:
    """What a user's rows say. Raises ``RowUnreadable``."""
    named = {row.key.row: row for row in found}
    _refuse_strange(found)
    links, holds = assembled(
        [state_in(user_id, row, Link) for row in _kind(found, LINK)],
        [state_in(user_id, row, Hold) for row in _kind(found, "hold-")],
    )
    return Memory(
        cursors=stored.value_of(Table.STATE, named["cursors"], Cursors) if "cursors" in named else Cursors(),
        links=links,
        pending=(*(state_in(user_id, row, Pending) for row in _kind(found, "pending-")), *begun_in(named.get(BEGUN))),
        inbox=tuple(_inbox_in(user_id, row) for row in _kind(found, "inbox-")),
        holds=holds,
        wake=token(named.get("wake")),
    )


def state_in(user_id: str, row: Row, kind: type[S]) -> S:
    """The link, pending row or hold in a row. Raises ``RowUnreadable``, also for a row in another's place."""
    value = stored.value_of(Table.STATE, row, kind)
    return stored.in_its_place(Table.STATE, row, value, state_key(user_id, value))


def _inbox_in(user_id: str, row: Row) -> InboxRow:
    filed = stored.value_of(Table.STATE, row, InboxRow)
    stored.in_its_place(Table.STATE, row, filed, inbox_key(user_id, filed.activity_id))
    return replace(filed, etag=row.etag)


def _refuse_strange(found: Sequence[Row]) -> None:
    """Raise ``RowUnreadable`` for a row of a kind that this build does not know: it must not be ignored."""
    for row in found:
        if row.key.row not in _SINGLE and not row.key.row.startswith(_SEVERAL):
            raise stored.unreadable(Table.STATE, row.key, object, RowUnreadable("a stored row is of an unknown kind"))


def _kind(found: Sequence[Row], prefix: str) -> list[Row]:
    return [row for row in found if row.key.row.startswith(prefix) and row.key.row != BEGUN]


def token(row: Row | None) -> str:
    """The wake token in a row, '' for none. Raises ``RowUnreadable``."""
    return stored.value_of(Table.STATE, row, WakeRow).token if row else ""
