"""Stores by which names each user's links are found, so that a round reads those that its news is about.

The names stand in a few small rows beside the user's partition, by digest. A name is stored before the link that has
it and may outlive it, so the names lead to every link and to some that are not there any more. Whoever has read all
links proves that, and takes away what leads nowhere (``prove_names``). Each write has a condition, so that a round
that has lost its lease takes no name away. The rows do not stand in the partition itself, since an older build
refuses a row there that it does not know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from adapters.store import codec, stored
from adapters.store.backend import Backend, Key, Op, Table, Verb
from adapters.store.leases import TRIES
from sync_core.content.names import Names, names_of
from sync_core.errors import RowUnreadable, StoreUnavailable
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


def _op(user_id: str, row: str, entries: Entries, etag: str) -> Op:
    key = Key(_partition(user_id), row)
    if not entries:
        return Op(Verb.DELETE, key, etag=etag)
    return Op(Verb.PUT if etag else Verb.INSERT, key, codec.encode(NamesRow(entries)), etag)


class LinkNames:
    """Storing, finding and proving names; ``RowStore`` mixes it in."""

    backend: Backend

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

    async def prove_names(self, user_id: str, links: Collection[Link]) -> frozenset[str] | None:
        """Store the names of these links, which are all that there are, and no other ones.

        Returns the events of links of which a name was not there; None if somebody else changed names at the same
        time.
        """
        wanted, lacking = _entries_of(links), set[str]()
        rows = {row.key.row: row for row in await self.backend.scan(Table.STATE, _partition(user_id))}
        ops = []
        for name in {*wanted, *rows}:
            own, row = wanted.get(name, {}), rows.get(name)
            known: Entries | None = None
            try:
                known = stored.value_of(Table.STATE, row, NamesRow).links if row else {}
            except RowUnreadable as error:  # a spoilt row is made anew
                if error.is_newer:
                    return None
            lacking |= _lacking(known or {}, own)
            if known != own:
                ops.append(_op(user_id, name, own, row.etag if row else ""))
        if None in await self.backend.write_each(Table.STATE, ops):
            return None
        return frozenset(link.event_id for link in links if begin_of(link.event_id) in lacking)

    async def _begins(self, user_id: str, names: Names) -> set[str]:
        """How the keys of the links' rows begin that have one of these names. Raises ``RowUnreadable``."""
        asked = [*digests(names)]
        found = await self._named(user_id, {_row_of(digest) for digest in asked})
        begins = {begin for digest in asked for begin in found[_row_of(digest)][0].get(digest, ())}
        return begins | {begin_of(event_id) for event_id in names.events}

    async def _named(self, user_id: str, rows: Iterable[str]) -> dict[str, tuple[Entries, str]]:
        """What these rows hold, each with its etag ('' = there is none). Raises ``RowUnreadable``."""
        found = await self.backend.find_each(Table.STATE, _partition(user_id), {*rows})
        return {
            name: (stored.value_of(Table.STATE, own[0], NamesRow).links, own[0].etag) if own else ({}, "")
            for name, own in found.items()
        }

    async def _drop_names(self, user_id: str) -> None:
        rows = await self.backend.scan(Table.STATE, _partition(user_id))
        await self.backend.write_all(Table.STATE, [Op(Verb.DELETE, row.key) for row in rows])
