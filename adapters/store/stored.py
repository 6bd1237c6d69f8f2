"""Reads the value of a row. The error for an unreadable row names the row, its owner and the remedy.

A row belongs to the key its value has: one that was moved to another key is not read, or it would be saved as a
second row.
"""

from __future__ import annotations

from typing import TypeVar

from adapters.store import codec
from adapters.store.backend import Key, Row, Table
from sync_core.errors import RowUnreadable

T = TypeVar("T")

_ANEW = (
    "`calsync users forget {owner}` and then `calsync users enable {owner}` make what is remembered of this user "
    "anew, from the marks on both sides"
)
_DELETE = "delete that row, "

REMEDIES = {
    "JournalEntry": _DELETE + "which costs its line of the journal and nothing else",
    "JournalPage": _DELETE + "which costs its lines of the journal and nothing else",
    "WakeRow": _DELETE + "which loses nothing; the next wake-up writes another",
    "InboxRow": _DELETE + "then `calsync sync --full --user {owner}`",
    "Claim": _DELETE + "then `calsync retry` and `calsync sync --full`, which claim the meeting anew",
    "Instance": _DELETE + "then `calsync sync --full`, which makes it anew",
    "Subscription": "`calsync users disable {owner}` and then `calsync users enable {owner}` make it anew",
    "LeaseRow": "it is made anew by the next round",
    "Queued": "it is made anew by the next message about the same thing",
    "SlotRow": "it is made anew by whoever asks ERP.net next",
    "AccountRow": "it is made anew by whoever has the account",
    "FormKeyRow": "it is made anew by whoever opens the page next",
    "IndexRow": "`calsync sync --full` makes it anew",
    "CopyRow": "`calsync sync --full` makes it anew",
    "Command": "a newer build may have written it, which will read it; where none runs, " + _DELETE + "and ask again",
    "PartRow": _DELETE + "and ask again",
    "Turn": "it is made anew by the next command about the same",
    "NamesRow": "`calsync sync --full` makes it anew",
    "Day": "it is made anew by the next round of that day",
}
"""The remedy for an unreadable row, by its kind."""

_OF_A_USER = {"User": "row", "Queued": "row", "Subscription": "row", "IndexRow": "row"}
"""Kinds whose owner is named by another part of the key than the partition."""

_OF_NOBODY = frozenset(
    {
        "Claim",
        "Instance",
        "SlotRow",
        "CopyRow",
        "AccountRow",
        "FormKeyRow",
        "Command",
        "NamesRow",
        "PartRow",
        "Turn",
        "Day",
    }
)


def value_of(table: Table, row: Row, kind: type[T], key: Key | None = None) -> T:
    """Decode the value of a row. Raises ``RowUnreadable``, which names the row."""
    try:
        return codec.decode(row.properties, kind)
    except RowUnreadable as error:
        raise unreadable(table, row.key, kind, error) from error


def in_its_place(table: Table, row: Row, value: T, key: Key) -> T:
    """Return the value if its own key (``key``) is the key of the row. Raises ``RowUnreadable``."""
    if key == row.key:
        return value
    raise unreadable(
        table, row.key, type(value), RowUnreadable(f"a stored {type(value).__name__} is in another's place")
    )


def unreadable(table: Table, key: Key, kind: type[object], error: RowUnreadable) -> RowUnreadable:
    """The error with the row, its owner and the remedy."""
    name = kind.__name__
    owner = "" if name in _OF_NOBODY else key.row if name in _OF_A_USER else key.partition
    whose = f" of user {owner}" if owner else ""
    text = f"{error}; it is the row {key.row} of the partition {key.partition} in the table {table}{whose}"
    if error.is_newer:
        return RowUnreadable(text, is_newer=True)
    return RowUnreadable(f"{text}: {REMEDIES.get(name, _ANEW).format(owner=owner)}")
