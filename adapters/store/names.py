"""Stores by which names each user's links are found, so that a round reads those that its news is about.

The names stand in a few small rows beside the user's partition, by digest. A name is stored before the link that has
it and may outlive it, so the names lead to every link and to some that are not there any more. Whoever has read all
links proves that, and takes away what leads nowhere (``prove_names``): between reading the names and that the lease
is renewed, and each write has a condition, so that a round that has lost its lease takes no name away. The rows do
not stand in the partition itself, since an older build refuses a row there that it does not know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from adapters.store import codec, stored
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.leases import TRIES, Leases
from jobs.ports import Lease
from sync_core.content.names import Names, names_of
from sync_core.errors import LeaseLost, RowUnreadable, StoreUnavailable
from sync_core.model.link import Link

DIGITS = 16
"""Of a digest: two that begin alike cost a row that is read for nothing."""

ROWS = 64
"""Rows among which a user's names are divided: of 5,000 links a row holds about 160 names, 6 KB."""

Entries = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class NamesRow:
    """By the digest of a name, how the keys of the links' rows begin, after ``link-``; no row is without them."""

    links: Entries


def _partition(user_id: str) -> str:
    return f"{codec.key(user_id)}:names"


def _row_of(digest: str) -> str:
    return f"{int(digest[:4], 16) % ROWS:02x}"


def begin_of(event_id: str) -> str:
    """How the key of a link's row goes on after ``link-``."""
    return codec.hashed(event_id)[:DIGITS]


def digests(names: Names) -> Iterator[str]:
    """The digests of activities, meetings and series; an event leads to its link by itself."""
    for activity_id in names.activities:
        yield codec.hashed("activity", activity_id)[:DIGITS]
    for meeting in names.meetings:
        yield codec.hashed("meeting", meeting)[:DIGITS]
    for series in names.series:
        yield codec.hashed("series", series)[:DIGITS]


def _entries_of(links: Iterable[Link]) -> dict[str, Entries]:
    """What leads to these links, by row."""
    rows: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for link in links:
        for digest in digests(names_of(link)):
            rows[_row_of(digest)][digest].add(begin_of(link.event_id))
    return {row: {digest: sorted(begins) for digest, begins in own.items()} for row, own in rows.items()}


def _together(one: Entries, other: Entries) -> Entries:
    return {digest: sorted({*one.get(digest, ()), *other.get(digest, ())}) for digest in {*one, *other}}


def _lacking(known: Entries, wanted: Entries) -> set[str]:
    """What a name should lead to and does not."""
    return {begin for digest, begins in wanted.items() for begin in begins if begin not in known.get(digest, ())}


def _known_in(row: Row) -> Entries | None:
    """What a row holds; None for a spoilt one, which is made anew. Raises ``RowUnreadable`` for a newer build's."""
    try:
        return stored.value_of(Table.STATE, row, NamesRow).links
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return None


def _op(user_id: str, row: str, entries: Entries, etag: str) -> Op:
    key = Key(_partition(user_id), row)
    if not entries:
        return Op(Verb.DELETE, key, etag=etag)
    return Op(Verb.PUT if etag else Verb.INSERT, key, codec.encode(NamesRow(entries)), etag)


class LinkNames(Leases):
    """Storing, finding and proving names; ``RowStore`` mixes it in."""

    async def add_names(self, user_id: str, links: Collection[Link]) -> None:
        """Store the names of these links, before the links. Raises ``RowUnreadable``."""
        wanted = _entries_of(links)
        for _ in range(TRIES):
            found = await self._named(user_id, wanted)
            short = [row for row, own in wanted.items() if _lacking(found[row][0], own)]
            ops = [_op(user_id, row, _together(found[row][0], wanted[row]), found[row][1]) for row in short]
            etags = await self.backend.write_each(Table.STATE, ops)
            wanted = {row: wanted[row] for row, etag in zip(short, etags, strict=True) if etag is None}
            if not wanted:
                return
        raise StoreUnavailable(f"the names of the links of user {user_id} change too fast to be saved")

    async def prove_names(self, lease: Lease, links: Collection[Link]) -> tuple[Lease, frozenset[str] | None]:
        """Store the names of these links, which are all that the lease's user has, and no other ones.

        Returns the lease, and the events of links of which a name was not there; None if somebody else changed names
        at the same time, or has taken the lease.
        """
        user_id, wanted = lease.user_id, _entries_of(links)
        rows = {row.key.row: row for row in await self.backend.scan(Table.STATE, _partition(user_id))}
        try:
            known = {name: _known_in(row) for name, row in rows.items()}
        except RowUnreadable:
            return lease, None
        apart = [name for name in {*wanted, *rows} if known.get(name, {}) != wanted.get(name, {})]
        lacking = {one for name, own in wanted.items() for one in _lacking(known.get(name) or {}, own)}
        ops = [_op(user_id, name, wanted.get(name, {}), rows[name].etag if name in rows else "") for name in apart]
        takes_away = any(own is None or _lacking(wanted.get(name, {}), own) for name, own in known.items())
        try:
            lease = await self._fenced(lease, []) if takes_away else lease
        except LeaseLost:
            return lease, None
        if None in await self.backend.write_each(Table.STATE, ops):
            return lease, None
        return lease, frozenset(link.event_id for link in links if begin_of(link.event_id) in lacking)

    async def _begins(self, user_id: str, names: Names) -> set[str]:
        """How the keys of the links' rows begin that have one of these names. Raises ``RowUnreadable``."""
        asked = [*digests(names)]
        found = await self._named(user_id, {_row_of(digest) for digest in asked})
        begins = {begin for digest in asked for begin in found[_row_of(digest)][0].get(digest, ())}
        return begins | {begin_of(event_id) for event_id in names.events}

    async def _named(self, user_id: str, rows: Iterable[str]) -> dict[str, tuple[Entries, str]]:
        """What these rows hold, each with its etag ('' = there is none). Raises ``RowUnreadable``."""
        found = await self.backend.find_each(Table.STATE, _partition(user_id), {*rows}, ROWS)
        return {
            name: (stored.value_of(Table.STATE, own[0], NamesRow).links, own[0].etag) if own else ({}, "")
            for name, own in found.items()
        }

    async def _drop_names(self, user_id: str) -> None:
        rows = await self.backend.scan(Table.STATE, _partition(user_id))
        await self.backend.write_all(Table.STATE, [Op(Verb.DELETE, row.key) for row in rows])
