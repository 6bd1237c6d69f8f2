"""Stores what several users share: links by activity, copies by iCalUId, and claims (design.md §4 "Meetings").

All live in ``Meetings``, each kind in one partition, so that a hundred rows go in one transaction; a row's key begins
with what it is searched by. The index is written after the links and rebuilt from them, so it may lag: it tells whose
inbox hears of an activity and whose mailbox is asked for a copy, and never that nobody has one (``jobs.claims``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from adapters.store import codec, stored
from adapters.store.backend import PAGE, Backend, Conflict, Key, Op, Row, Table, Verb, gather
from adapters.store.old_index import OldIndex
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model.claim import FORGOTTEN, UNCLAIMED, Claim
from sync_core.model.link import RUNNING, Link, LinkStatus, Role
from sync_core.model.sides import Side


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One user's link of one activity. ``stamp`` is '' during the create; ``has_event`` until it is gone."""

    activity_id: str
    user_id: str
    stamp: str
    has_event: bool = True


_ACTIVITIES, _COPIES, _CLAIMS = "activity", "copy", "claim"


def _index_key(user_id: str, activity_id: str) -> Key:
    return Key(_ACTIVITIES, f"{codec.key(activity_id)}:{codec.key(user_id)}")


def _entry_of(user_id: str, link: Link) -> IndexRow:
    has_event = link.status is not LinkStatus.TOMBSTONE or link.conflict is not None
    return IndexRow(link.activity_id, user_id, link.stamp, has_event)


Copy = tuple[str, str]
"""iCalUId and event id: a mailbox may get a meeting a second time, under another id."""


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One user's copy of a meeting that another mailbox feeds, or an event of their own that clashes with it."""

    user_id: str


def _meeting(ical_uid: str) -> str:
    return codec.hashed(uid_key(ical_uid))


def _copy_key(user_id: str, copy: Copy) -> Key:
    return Key(_COPIES, f"{_meeting(copy[0])}:{codec.hashed(user_id, copy[1])}")


def _claim_key(key: str) -> Key:
    return Key(_CLAIMS, _meeting(key))


def _claim_in(row: Row) -> Claim:
    claim = stored.value_of(Table.MEETINGS, row, Claim)
    if not claim.user_id or claim.at is None:
        error = RowUnreadable("a stored Claim does not say whose it is since when")
        raise stored.unreadable(Table.MEETINGS, row.key, Claim, error)
    return replace(stored.in_its_place(Table.MEETINGS, row, claim, _claim_key(claim.key)), etag=row.etag)


def _claim_op(claim: Claim) -> Op:
    verb = Verb.PUT if claim.etag else Verb.INSERT
    return Op(verb, _claim_key(claim.key), codec.encode(replace(claim, etag="")), claim.etag)


def _entry_op(user_id: str, link: Link) -> tuple[Key, codec.Properties]:
    return _index_key(user_id, link.activity_id), codec.encode(_entry_of(user_id, link))


def _claim_or_why(row: Row) -> Claim:
    try:
        return _claim_in(row)
    except RowUnreadable as error:
        return Claim(unreadable=str(error))


def _is_about(row: Row, user_id: str) -> bool:
    """Whether a row is the user's index entry, copy or claim; an old index has the user as the whole key."""
    named = {codec.peek(row.properties, name) for name in ("user_id", "holder")}
    is_index = row.key.partition.startswith(_ACTIVITIES)
    return user_id in named or (is_index and row.key.row.rpartition(":")[2] == codec.key(user_id))


class Meetings:
    """Index and claims; ``RowStore`` mixes it in."""

    backend: Backend
    old_index: OldIndex
    links_of: dict[str, int]
    """How many links each user has, as their rows said when they were read last."""

    @property
    def _about(self) -> int | None:
        """About how many rows the index and the claims have each; None = not known."""
        return sum(self.links_of.values()) or None

    async def reindex(self, user_id: str, links: Collection[Link], done: Collection[str] = ()) -> None:
        """Write the index rows of these links but for the ``done``. Of an activity that one of them feeds the row
        stays. Where the rows lie close they are read before, and only those written that say something else."""
        feeding = {link.activity_id for link in links if link.role is not Role.FOLLOWER and link.event_id in done}
        asked = [link for link in links if link.event_id not in done]
        keys = sorted({_index_key(user_id, x.activity_id).row for x in asked if x.role is not Role.FOLLOWER})
        found, _ = await self.backend.read_on(Table.MEETINGS, _ACTIVITIES, keys, min(PAGE, len(keys)))
        known = {row.key: row.properties for rows in found.values() for row in rows}
        await self._index(user_id, asked, feeding=feeding, known=known)

    async def move_old_index(self, most: int) -> int:
        """Move the rows of an index that an older build wrote, about ``most``; how many there were."""
        return await self.old_index.move(most)

    async def find_linked(self, activity_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """Activity id → user id → the link's ``stamp``; every asked id is a key."""
        found = await self._indexed(activity_ids)
        return {one: {row.user_id: row.stamp for row in known} for one, known in found.items()}

    async def begin_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Store of which activities this user is about to get events."""
        begun = [IndexRow(one, user_id, "") for one in activity_ids]
        ops = [Op(Verb.PUT, _index_key(user_id, row.activity_id), codec.encode(row)) for row in begun]
        await self.old_index.put(ops)
        await self.backend.write_all(Table.MEETINGS, ops)

    async def find_event_owners(self, activity_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Activity id → the users who have an event of it, or are about to; every asked id is a key."""
        found = await self._indexed(activity_ids)
        return {one: frozenset(row.user_id for row in known if row.has_event) for one, known in found.items()}

    async def end_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Remove what ``begin_events`` stored, for events that will not be created."""
        for activity_id in activity_ids:
            key = _index_key(user_id, activity_id)
            row = await self.backend.read(Table.MEETINGS, key)
            with suppress(RowUnreadable):  # whatever it says, it is made anew when it is read
                if row is not None and not codec.decode(row.properties, IndexRow).stamp:
                    await self.old_index.drop([key])
                    await self._drop_row(row)

    async def find_copies(self, key: str) -> frozenset[str]:
        """The users whose copy of the meeting follows, or stands beside it. Raises ``RowUnreadable``."""
        [found] = await self._found(_COPIES, [_meeting(key)])
        owners = [await self._owner_of_copy(row) for row in found]
        return frozenset(owners) - {""}

    async def read_claim(self, key: str) -> Claim | None:
        """The claim on a meeting, with the etag to replace it by. Raises ``RowUnreadable``."""
        row = await self.backend.read(Table.MEETINGS, _claim_key(key))
        return _claim_in(row) if row else None

    async def read_claims(self, keys: Collection[str]) -> dict[str, Claim]:
        """The claims on meetings by key; an unclaimed one has ``UNCLAIMED``, one that cannot be read says why."""
        found = await self.backend.find_each(Table.MEETINGS, _CLAIMS, {_meeting(key) for key in keys}, self._about)
        rows = {key: found[_meeting(key)] for key in keys}
        return {key: _claim_or_why(own[0]) if own else UNCLAIMED for key, own in rows.items()}

    async def find_unreadable_claims(self) -> list[str]:
        """Name every claim that cannot be read, with the remedy."""
        texts = []
        for row in await self.backend.scan(Table.MEETINGS, _CLAIMS):
            try:
                _claim_in(row)
            except RowUnreadable as error:
                texts.append(str(error))
        return texts

    async def save_claim(self, claim: Claim) -> Claim:
        """Insert (etag '') or replace a claim. Raises ``StaleWrite`` if another write came first."""
        try:
            return replace(claim, etag=await self.backend.write(Table.MEETINGS, _claim_op(claim)))
        except Conflict as conflict:
            raise StaleWrite(Side.GRAPH, "somebody else claimed this meeting at the same time") from conflict

    async def save_claims(self, claims: Sequence[Claim]) -> list[Claim | None]:
        """``save_claim`` for many; None for one that another write was faster with."""
        etags = await self.backend.write_each(Table.MEETINGS, [_claim_op(claim) for claim in claims])
        saved = zip(claims, etags, strict=True)
        return [None if etag is None else replace(claim, etag=etag) for claim, etag in saved]

    async def _unindex(self, user_id: str, activity_ids: Iterable[str]) -> None:
        await self._drop_keys([_index_key(user_id, one) for one in activity_ids])

    async def _copy(self, user_id: str, copies: Iterable[Copy]) -> None:
        stored = codec.encode(CopyRow(user_id))
        ops = [Op(Verb.PUT, _copy_key(user_id, one), stored) for one in copies]
        await self.backend.write_all(Table.MEETINGS, ops)

    async def _uncopy(self, user_id: str, copies: Iterable[Copy]) -> None:
        await self._drop_keys([_copy_key(user_id, one) for one in copies])

    async def _drop_keys(self, keys: Collection[Key]) -> None:
        """Delete index rows, one by one: most are not there, and such a one makes a transaction fail."""
        if keys:
            await self.old_index.drop(keys)
            await gather(self.backend.write(Table.MEETINGS, Op(Verb.DELETE, key)) for key in keys)

    async def _erase_from_meetings(self, user_id: str) -> None:
        """No row names the user any more: their entries and claims go. A claim that came from them still says that it
        changed hands, which is no reason for the one who has it to write anything."""
        for row in await self.backend.scan_all(Table.MEETINGS):
            with suppress(Conflict):  # somebody wrote it meanwhile, and looks for the user afterwards
                if _is_about(row, user_id):
                    await self.backend.write(Table.MEETINGS, Op(Verb.DELETE, row.key, etag=row.etag))
                elif codec.peek(row.properties, "before") == user_id:
                    claim = replace(_claim_in(row), before=FORGOTTEN, etag="")
                    await self.backend.write(Table.MEETINGS, Op(Verb.PUT, row.key, codec.encode(claim), row.etag))

    async def _drop_claims_of(self, user_id: str, links: Iterable[Link]) -> None:
        """The claims under which these links fed their activities, where they still do or voided them."""
        await gather(self._drop_claim(user_id, link) for link in links)

    async def _drop_claim(self, user_id: str, link: Link) -> None:
        row = await self.backend.read(Table.MEETINGS, _claim_key(link.ical_uid))
        if row is None or codec.peek(row.properties, "holder") != user_id:
            return
        if codec.peek(row.properties, "activity_id") in (link.activity_id, ""):
            with suppress(Conflict):
                await self.backend.write(Table.MEETINGS, Op(Verb.DELETE, row.key, etag=row.etag))

    async def _index(
        self,
        user_id: str,
        links: Collection[Link],
        *,
        new: Collection[str] = (),
        feeding: Collection[str] = (),
        known: Mapping[Key, codec.Properties] | None = None,
    ) -> None:
        """Write the index rows of links: by activity for a feeder, by iCalUId for a follower whose copy lives.

        ``new`` are the ids of events that were not linked before and so followed nobody, ``feeding`` the activities
        that other links feed, ``known`` rows that were just read. Of several links of one activity the one that runs
        counts.
        """
        feeders = sorted((x for x in links if x.role is not Role.FOLLOWER), key=lambda link: link.status in RUNNING)
        following = [link for link in links if link.role is Role.FOLLOWER]
        fed = {link.activity_id: Op(Verb.PUT, *_entry_op(user_id, link)) for link in feeders}
        known = known or {}
        await self.backend.write_all(
            Table.MEETINGS, [op for op in fed.values() if known.get(op.key) != op.properties]
        )
        await self._unindex(user_id, {link.activity_id for link in following} - {"", *fed, *feeding})
        copies = {(x.ical_uid, x.event_id) for x in following if x.status is not LinkStatus.TOMBSTONE}
        await self._copy(user_id, copies)
        gone = [x for x in links if x.role is not Role.OWN and (x.role is not Role.INVITED or x.event_id not in new)]
        await self._uncopy(user_id, {(x.ical_uid, x.event_id) for x in gone} - copies)

    async def _indexed(self, activity_ids: Collection[str]) -> dict[str, list[IndexRow]]:
        asked = list(dict.fromkeys(activity_ids))
        found = await self._found(_ACTIVITIES, [codec.key(one) for one in asked])
        entries = [[await self._entry(row, one) for row in rows] for one, rows in zip(asked, found, strict=True)]
        kept = [[entry for entry in own if entry is not None] for own in entries]
        return dict(zip(asked, kept, strict=True))

    async def _found(self, kind: str, firsts: Sequence[str]) -> list[list[Row]]:
        """The rows of the index whose key begins with each of ``firsts``, old ones included."""
        today = await self.backend.find_each(Table.MEETINGS, kind, {f"{first}:" for first in firsts}, self._about)
        found = [today[f"{first}:"] for first in firsts]
        if await self.old_index.is_empty(kind):
            return found
        old = await gather(self.old_index.find(kind, first, own) for first, own in zip(firsts, found, strict=True))
        return [[*own, *others] for own, others in zip(found, old, strict=True)]

    # Rows of the index that cannot be read are made anew: they say nothing that the links do not say.

    async def _entry(self, row: Row, activity_id: str) -> IndexRow | None:
        try:
            entry = stored.value_of(Table.MEETINGS, row, IndexRow)
            return stored.in_its_place(Table.MEETINGS, row, entry, _index_key(entry.user_id, entry.activity_id))
        except RowUnreadable:
            return await self._index_anew(row, activity_id)

    async def _index_anew(self, row: Row, activity_id: str) -> IndexRow | None:
        """Rebuild an index row from its user's links. If those cannot be read either, any change is news."""
        place = row.key.row.rpartition(":")[2]
        user_id = await self._user_at(place)
        links, is_whole = await self._links_at(place)
        fed = [x for x in links if x.activity_id == activity_id and x.role is not Role.FOLLOWER]
        if fed:
            await self.reindex(user_id, fed)
            return _entry_of(user_id, fed[0])
        if not is_whole:
            return IndexRow(activity_id, user_id, "")
        await self._drop_row(row)
        return None

    async def _owner_of_copy(self, row: Row) -> str:
        """The user whose copy a row stands for, '' if there is no such copy any more. Raises ``RowUnreadable``."""
        try:
            return stored.value_of(Table.MEETINGS, row, CopyRow).user_id
        except RowUnreadable:
            return await self._copy_anew(row)

    async def _copy_anew(self, row: Row) -> str:
        """Rebuild a copy row. Its key is a hash, so the link that it is made from is searched among all."""
        everybody_is_read = True
        for place in [user.key.row for user in await self.backend.scan(Table.USERS, "user")]:
            user_id = await self._user_at(place)
            links, is_whole = await self._links_at(place)
            everybody_is_read &= is_whole
            if any(_copy_key(user_id, (link.ical_uid, link.event_id)) == row.key for link in links):
                await self.backend.write(Table.MEETINGS, Op(Verb.PUT, row.key, codec.encode(CopyRow(user_id))))
                return user_id
        if not everybody_is_read:
            stored.value_of(Table.MEETINGS, row, CopyRow)
        await self._drop_row(row)
        return ""

    async def _user_at(self, place: str) -> str:
        """The id behind the key that stands for it (``codec.key``)."""
        if not place.startswith("~"):
            return place
        row = await self.backend.read(Table.USERS, Key("user", place))
        return (codec.peek(row.properties, "id") if row else "") or place

    async def _links_at(self, place: str) -> tuple[list[Link], bool]:
        """The links in a user's partition, and whether all of them could be read."""
        found = [x for x in await self.backend.scan(Table.STATE, place) if x.key.row.startswith("link-")]
        links = []
        for row in found:
            with suppress(RowUnreadable):
                links.append(codec.decode(row.properties, Link))
        return links, len(links) == len(found)

    async def _drop_row(self, row: Row) -> None:
        with suppress(Conflict):
            await self.backend.write(Table.MEETINGS, Op(Verb.DELETE, row.key, etag=row.etag))
