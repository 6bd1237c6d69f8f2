"""Stores the journal, newest first: a row for each entry, or for the entries that a round writes at once (design.md
§5).

A row's key begins with the instant of its newest entry, counted down, so that the newest are read first and what is
over is erased as one range. Entries that share a row are less than a minute apart, and no more than fit easily. The
same entry always has the same key, and counts once wherever it stands. A row of several is of the next schema
version: to a build of this version that does not know it, it is a newer build's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.store import codec, stored
from adapters.store.backend import Backend, Key, Op, Row, Table, Verb, gather
from sync_core.errors import RowUnreadable
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 10**18 - 1
"""Beyond the microseconds of the year 9999."""

MOST, LONGEST, APART = 50, 100_000, timedelta(minutes=1)
"""How many entries share a row, of how many characters together, and how far apart: a hundred rows are read at
once, and a night's clean-up is right to the minute."""

FIRST_PAGE, PAGE = 100, 1_000
"""Rows that are read first, and then at most at once."""

PAGE_MARK = "-page-"


@dataclass(frozen=True, slots=True)
class JournalPage:
    """A row of several entries, newest first."""

    entries: tuple[JournalEntry, ...]


def _sort_key(at: datetime) -> str:
    return f"{_LAST - (at - _EPOCH) // timedelta(microseconds=1):018d}"


def _journal_key(entry: JournalEntry) -> Key:
    identity = codec.hashed(entry.round_id, entry.action, entry.event_id, entry.activity_id)
    return Key(codec.key(entry.user_id), f"{_sort_key(entry.at)}-{identity}")


def _page_key(page: JournalPage) -> Key:
    newest, *others = [_journal_key(entry) for entry in page.entries]
    identity = codec.hashed(newest.row, *(key.row for key in others))
    return Key(newest.partition, f"{_sort_key(page.entries[0].at)}{PAGE_MARK}{identity}")


class Journal:
    """Writing and reading; ``RowStore`` mixes it in."""

    backend: Backend

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal rows, values cut (``codec.bounded``). The same entry (user, instant, round, action, ids)
        written twice counts once."""
        by_user: dict[str, dict[Key, JournalEntry]] = defaultdict(dict)
        for entry in entries:
            place = _journal_key(entry)
            by_user[place.partition][place] = codec.bounded(entry)
        ops = [[_op(together) for together in _pages(own)] for own in by_user.values()]
        await gather(self.backend.write_all(Table.JOURNAL, own) for own in ops)

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first; an unreadable row gives an entry with the action
        ``Action.UNREADABLE``."""
        partition, begin, size = codec.key(user_id), "", min(limit, FIRST_PAGE)
        found: dict[str, JournalEntry] = {}
        while True:
            rows = await self.backend.scan_from(Table.JOURNAL, partition, begin, size)
            found |= {key: entry for row in rows for key, entry in _entries_in(user_id, row)}
            if len(rows) < size or len(found) >= limit:
                return [found[key] for key in sorted(found)][:limit]
            begin, size = f"{rows[-1].key.row}!", min(4 * size, limit - len(found), PAGE)

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase rows whose entries are all older than ``before``; returns how many there were. Younger ones are not
        read."""
        border = f"{_sort_key(before)}."  # behind the border's own keys, which go on with a dash
        return await self.backend.erase_from(Table.JOURNAL, codec.key(user_id), border)


def _pages(entries: dict[Key, JournalEntry]) -> Iterator[list[JournalEntry]]:
    """Entries of one user, newest first, in rows."""
    together: list[JournalEntry] = []
    length = 0
    for key in sorted(entries, key=lambda key: key.row):
        entry, own = entries[key], len(codec.text_of(entries[key]))
        is_over = len(together) >= MOST or length + own > LONGEST
        if together and (is_over or together[0].at - entry.at >= APART):
            yield together
            together, length = [], 0
        together.append(entry)
        length += own
    if together:
        yield together


def _op(together: Sequence[JournalEntry]) -> Op:
    if len(together) == 1:
        return Op(Verb.PUT, _journal_key(together[0]), codec.encode(together[0]))
    page = JournalPage(tuple(together))
    return Op(Verb.PUT, _page_key(page), codec.encode(page))


def _entries_in(user_id: str, row: Row) -> Iterable[tuple[str, JournalEntry]]:
    """The entries of a row, each with the key that a row of its own would have."""
    try:
        if PAGE_MARK in row.key.row:
            page = stored.value_of(Table.JOURNAL, row, JournalPage)
            entries: tuple[JournalEntry, ...] = _in_its_place(row, page).entries
        else:
            entry = stored.value_of(Table.JOURNAL, row, JournalEntry)
            entries = (stored.in_its_place(Table.JOURNAL, row, entry, _journal_key(entry)),)
    except RowUnreadable as error:
        said = JournalEntry(user_id, _instant_of(row.key.row), "", Action.UNREADABLE, str(error))
        return [(row.key.row, said)]
    return [(_journal_key(entry).row, entry) for entry in entries]


def _in_its_place(row: Row, page: JournalPage) -> JournalPage:
    return stored.in_its_place(Table.JOURNAL, row, page, _page_key(page) if page.entries else Key("", ""))


def _instant_of(row_key: str) -> datetime:
    """The instant in a row's key; the earliest instant for a key without one."""
    digits = row_key[:18]
    passed = _LAST - int(digits) if digits.isdecimal() else 0
    try:
        return _EPOCH + timedelta(microseconds=passed)
    except OverflowError:
        return _EPOCH
