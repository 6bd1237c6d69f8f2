"""``Store`` (jobs/ports/store.py), written once on a ``Backend``; ``MemoryStore`` and ``TableStore`` choose theirs.

Where things are (design.md §5): ``Users`` holds the user rows, the instance row, the ERP.net slots, the
subscriptions, which user has which ERP.net account, what is queued, who may be due, that somebody was forgotten, and
the key of the forms of the page, each in a partition of its own; ``State`` has one partition per user with lease,
wake, cursors, links, pending rows, inbox and holds; ``Meetings``, ``Journal`` and ``Commands`` are described in
their modules. Row keys carry hashes of foreign ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from adapters.store import codec, state, stored
from adapters.store.accounts import AccountRows
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb, gather
from adapters.store.begun import begun_in, begun_key
from adapters.store.claims import Meetings
from adapters.store.commands import Commands
from adapters.store.days import Days
from adapters.store.due import FILED, DueMarks, makes_due, wants_a_look
from adapters.store.form_key import FormKeys
from adapters.store.journal import Journal
from adapters.store.leases import TRIES, lease_key, ledger_in
from adapters.store.line import Line
from adapters.store.names import LinkNames, begin_of
from adapters.store.old_index import OldIndex
from adapters.store.slots import Slots
from adapters.store.subscriptions import SubscriptionRows
from adapters.store.unsynced import UnsyncedRows
from jobs.ports import Drop, Followed, Lease, Put, RowChange, Store
from sync_core.content.names import Names, named
from sync_core.errors import RowUnreadable, StaleWrite, StoreUnavailable
from sync_core.model.colleagues import as_others_see
from sync_core.model.instance import Instance
from sync_core.model.ledger import Ledger, with_open
from sync_core.model.link import Link, Role
from sync_core.model.memory import Cursors, InboxRow, Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from sync_core.model.user import User

_INSTANCE = Key("instance", "instance")

MOST_LATELY = 32

SMALL = 10
"""So many users are read whole each time: that is one request, and what was written since is two."""

UNMARKED = "-"
"""The mark of a reading that did not ask whether somebody was forgotten."""

_FORGOTTEN = Key("forgotten", "forgotten")
"""A row that is written whenever a user was erased, and says nothing: its etag tells that there was one."""

OVERLAP = timedelta(minutes=1)
"""How much further back a reading of what was written since looks: the service's machines have a clock each, and of
two writes at once the earlier one may be seen later."""


def _user_key(user_id: str) -> Key:
    return Key("user", codec.key(user_id))


class RowStore(
    AccountRows,
    Commands,
    Days,
    DueMarks,
    FormKeys,
    Line,
    LinkNames,
    Slots,
    SubscriptionRows,
    Meetings,
    Journal,
    UnsyncedRows,
    Store,
):
    """The store, on any backend."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.old_index = OldIndex(backend)
        self.people_changed = 0
        self.links_of = {}
        self._lately: dict[str, Row] = {}
        """The rows of users as they were read last, a few."""

    def service_now(self) -> datetime:
        """The store's own now: this machine's clock, moved to where the service's answers allow it to be."""
        return min(max(self.backend.now(), self.backend.earliest_now()), self.backend.latest_now())

    @property
    def reads(self) -> int:
        """The number of reading requests so far."""
        return self.backend.reads

    @property
    def writes(self) -> int:
        """The number of writing requests so far; a transaction is one."""
        return self.backend.writes

    async def prepare(self) -> None:
        """Create missing tables; may be repeated."""
        await self.backend.prepare()

    async def close(self) -> None:
        """Close the connections."""
        await self.backend.close()

    async def read_instance(self) -> tuple[Instance, str]:
        """The instance row and its etag; an empty ``Instance`` and '' before the first save."""
        row = await self.backend.read(Table.USERS, _INSTANCE)
        return (stored.value_of(Table.USERS, row, Instance), row.etag) if row else (Instance(), "")

    async def save_instance(self, instance: Instance, etag: str) -> str:
        """Save if nobody else did since ``etag`` was read ('' = insert); the new etag. Raises ``StaleWrite``."""
        op = Op(Verb.PUT if etag else Verb.INSERT, _INSTANCE, codec.encode(instance), etag)
        try:
            return await self.backend.write(Table.USERS, op)
        except Conflict as conflict:
            raise StaleWrite(Side.ERP, "somebody else saved the instance row at the same time") from conflict

    async def list_users(self) -> list[User]:
        """All known users, by UPN; of one whose row cannot be read the id, on and in an error state."""
        found = [_known(row) for row in await self.backend.scan(Table.USERS, "user")]
        return sorted(found, key=lambda user: (user.upn.casefold(), user.id))

    async def list_users_after(self, user_id: str, most: int, *, until: str = "") -> list[User]:
        """The next users in the order of their keys, as ``list_users`` gives them; those before the key ``until``."""
        behind = f"{codec.key(user_id)}!" if user_id else ""  # ! is smaller than whatever a key may go on with
        return [_known(row) for row in await self.backend.scan_from(Table.USERS, "user", behind, most, until)]

    async def follow_users(self, mark: str = "") -> Followed:
        """The users written since the reading that gave ``mark``, or all; see the port.

        The mark holds the etag of the row about who was forgotten, and the service's time when the reading began. Of
        many processes the first reading is the only one, so it leaves that etag to the second, which is of all again.
        """
        followed = await self._follow(mark)
        read = {user.id: user.tally.links for user in followed.users}
        self.links_of = read if followed.is_whole else self.links_of | read
        return followed

    async def _follow(self, mark: str) -> Followed:
        if not mark:
            rows = await self.backend.scan(Table.USERS, "user")
            return Followed(tuple(map(_known, rows)), True, UNMARKED if len(rows) > SMALL else "")
        forgotten = await self.backend.read(Table.USERS, _FORGOTTEN)
        etag, now = forgotten.etag if forgotten else "", self.backend.earliest_now()
        known, _, at = mark.rpartition("|")
        is_whole = mark == UNMARKED or known != etag
        if is_whole:
            rows = await self.backend.scan(Table.USERS, "user")
        else:
            rows = await self.backend.scan_since(Table.USERS, "user", datetime.fromisoformat(at) - OVERLAP)
        return Followed(tuple(map(_known, rows)), is_whole, f"{etag}|{now.isoformat()}")

    async def list_users_of(self, user_ids: Collection[str]) -> list[User]:
        """Those of these users who are known, each as ``list_users`` gives them: for a few of many."""
        rows = await gather(self.backend.read(Table.USERS, _user_key(user_id)) for user_id in sorted(user_ids))
        return [_known(row) for row in rows if row is not None]

    async def read_user(self, user_id: str) -> User | None:
        """One user. Raises ``RowUnreadable``."""
        row = await self.backend.read(Table.USERS, _user_key(user_id))
        self._lately.pop(user_id, None)
        if row is not None:
            self._lately[user_id] = row
            if len(self._lately) > MOST_LATELY:
                del self._lately[next(iter(self._lately))]
        return _user_in(row) if row else None

    async def revise_user(
        self, user_id: str, revise: Callable[[User], User | None], *, new: User | None = None, lately: bool = False
    ) -> None:
        """Save what ``revise`` makes of the stored user; asked again when somebody else was faster.

        None changes nothing, nor does an unknown user where ``new`` does not stand for them. ``lately``: the row as
        it was read last is tried first, which serves if nobody has changed it since. Raises ``RowUnreadable``.
        """
        place, row = _user_key(user_id), self._lately.pop(user_id, None)
        for attempt in range(TRIES):
            is_lately = lately and not attempt and row is not None
            row = row if is_lately else await self.backend.read(Table.USERS, place)
            known = _user_in(row) if row else new
            revised = revise(known) if known else None
            if revised is None and is_lately:
                continue
            if revised is None:
                return
            verb, etag = (Verb.PUT, row.etag) if row else (Verb.INSERT, "")
            with suppress(Conflict):
                await self.backend.write(Table.USERS, Op(verb, place, codec.encode(revised), etag))
                self.people_changed += not row or known is None or as_others_see(known) != as_others_see(revised)
                return
        raise StoreUnavailable(f"the row of user {user_id} changes too fast to be saved")

    async def forget_user(self, user_id: str) -> None:
        """Erase the user, their partition, index rows, claims and journal, rows of unknown versions included.

        The lease goes first, so a round under way cannot store anything behind our back; the user row goes last, so
        that an interrupted call can be repeated. Every row about meetings is looked at: a late write leaves no trace
        in the user's partition of where it went.
        """
        await self.break_lease(user_id)
        found = await self.backend.scan(Table.STATE, codec.key(user_id))
        await self._uncopy(user_id, {copy for row in found for copy in _copies_in(row)})
        await self._erase_from_meetings(user_id)
        await self._erase(Table.STATE, found)
        await self._drop_names(user_id)
        await self.drop_subscription(user_id)
        await self._forget_queued(user_id)
        await self._unmark(user_id)
        await self._drop_accounts(user_id)
        await self._drop_unsynced(user_id)
        await self._erase(Table.JOURNAL, await self.backend.scan(Table.JOURNAL, codec.key(user_id)))
        await self.backend.write(Table.USERS, Op(Verb.DELETE, _user_key(user_id)))
        await self.backend.write(Table.USERS, Op(Verb.PUT, _FORGOTTEN))
        self.people_changed += 1

    async def recall(self, user_id: str) -> Memory:
        """Everything remembered about the user, in one query. Raises ``RowUnreadable``."""
        found = await self.backend.scan(Table.STATE, codec.key(user_id))
        self._meet(user_id, found)
        return state.memory_in(user_id, found)

    async def recall_due(self, user_id: str) -> Memory:
        """What tells whether a round is due: like ``recall``, but without links where none of them can make one due.

        Raises ``RowUnreadable``.
        """
        found = await self._without_links(user_id)
        memory = state.memory_in(user_id, found)
        if memory.cursors.settled and not memory.holds:  # what is on a hold stands on the links
            return memory
        return await self._with_open(user_id, found) or await self.recall(user_id)

    async def recall_open(self, user_id: str) -> Memory | None:
        """Like ``recall``, but of the links those that the ledger lists; None where none is known, or it does not fit
        them. Raises ``RowUnreadable``."""
        return await self._with_open(user_id, await self._without_links(user_id))

    async def find_links(
        self, user_id: str, names: Names, known: Collection[str] = (), among: int | None = None
    ) -> tuple[Link, ...]:
        """The links that have one of these names, and perhaps others, but for those of the ``known`` events. They are
        among about so many, None = not known.

        Raises ``RowUnreadable``.
        """
        begins = await self._begins(user_id, names)
        rows = await self._link_rows(user_id, begins.difference(map(begin_of, known)), among)
        return tuple(state.state_in(user_id, row, Link) for row in rows)

    async def find_feeding(self, user_id: str, activity_id: str) -> tuple[Link, ...] | None:
        """``find_links`` of an activity for whoever has no lease; None where no ledger says that names are whole."""
        row = await self.backend.read(Table.STATE, lease_key(user_id))
        if row is None or ledger_in([row]) is None:
            return None
        return await self.find_links(user_id, named(activities=[activity_id]))

    async def _without_links(self, user_id: str) -> list[Row]:
        found = await self.backend.scan_but(Table.STATE, codec.key(user_id), state.LINK)
        self._meet(user_id, found)
        return found

    async def _with_open(self, user_id: str, found: Sequence[Row]) -> Memory | None:
        ledger = ledger_in(found)
        if ledger is None:
            return None
        rows = await self._link_rows(user_id, map(begin_of, ledger.open), ledger.running)
        memory = state.memory_in(user_id, [*found, *rows])
        try:
            return with_open(memory, ledger, memory.links)
        except Exception:  # noqa: BLE001 - our own code fails on one of the links: whoever reads all finds out on which
            return None

    async def _link_rows(self, user_id: str, begins: Iterable[str], among: int | None) -> list[Row]:
        asked = {f"{state.LINK}{begin}" for begin in begins}
        found = await self.backend.find_each(Table.STATE, codec.key(user_id), asked, among)
        return [row for rows in found.values() for row in rows]

    async def save(
        self, lease: Lease, changes: Sequence[RowChange], ledger: Ledger | None = None, *, follows: bool = True
    ) -> Lease:
        """Store changes of the lease's user, in order, each transaction fenced by the lease and renewing it.

        Of several changes of one row the last counts. More than 99 changes (or 1 MB) take several transactions, and
        the cursors go with the last: they never pass what is not stored. The ``ledger`` of the links as they are
        afterwards goes with the last, too; without one, changes of links take it away. Without changes the lease is
        renewed. Links are indexed afterwards, unless the caller does that (``follow``). What makes the user due is
        marked before. Raises ``LeaseLost``: nothing of that transaction was stored.
        """
        marks = [self._mark_under(lease)] if any(map(makes_due, changes)) else []
        [begun, *_] = await gather([self._begun(lease, changes), *marks])
        lease = replace(lease, begun=begun)
        ledger = ledger if any(isinstance(change.row, Link) for change in changes) else lease.ledger
        others: list[RowChange] = [change for change in changes if not isinstance(change.row, Cursors)]
        cursors: list[RowChange] = [change for change in changes if isinstance(change.row, Cursors)]
        if any(isinstance(x, Put) and isinstance(x.row, Link) and wants_a_look(x.row) for x in others):
            cursors = [state.not_settled(change) for change in cursors]
            if not cursors:
                others = [*await self._unsettled(lease.user_id), *others]
            elif len(state.transactions(lease.user_id, [*others, *cursors], lease.begun or ())) > 1:
                lease = await self.save(lease, await self._unsettled(lease.user_id))
        cut = state.transactions(lease.user_id, [*others, *cursors], lease.begun or ())
        for left, (ops, begun) in zip(reversed(range(len(cut))), cut, strict=True):
            known = replace(lease, ledger=None if left else ledger)
            lease = replace(await self._fenced(known, ops), begun=begun if lease.begun is not None else None)
        if follows:
            await self.follow(lease.user_id, changes)
        return lease

    async def follow(self, user_id: str, changes: Sequence[RowChange]) -> None:
        """Write the index of links and of events that clash after these changes, which are saved."""
        await self._follow_links(user_id, changes)
        await self._follow_clashes(user_id, changes)

    async def _begun(self, lease: Lease, changes: Sequence[RowChange]) -> tuple[Pending, ...] | None:
        """The creates that are under way, where changes are about such or it is known already. Raises
        ``RowUnreadable``."""
        if lease.begun is not None or not any(isinstance(change.row, Pending) for change in changes):
            return lease.begun
        return begun_in(await self.backend.read(Table.STATE, begun_key(lease.user_id)))

    async def file_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Add or replace inbox rows (needs no lease); of two rows of one activity the last counts.

        A round that ended before the rows were there may have taken back the first mark, so they are marked anew.
        """
        if not rows:
            return
        ops = {}
        for row in rows:
            place = state.inbox_key(user_id, row.activity_id)
            ops[place] = Op(Verb.PUT, place, codec.encode(replace(row, etag="")))
        await self._mark(user_id, FILED)
        await self.backend.write_all(Table.STATE, list(ops.values()))
        await self._mark(user_id, FILED)

    async def clear_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Remove inbox rows that are still the ones that were read; newer ones stay."""
        ops = [Op(Verb.DELETE, state.inbox_key(user_id, row.activity_id), etag=row.etag) for row in rows]
        await self.backend.write_each(Table.STATE, ops)

    async def write_wake(self, user_id: str, token: str) -> None:
        """Replace the user's wake token: a round is wanted."""
        await self._mark(user_id, token)
        row = codec.encode(state.WakeRow(token))
        await self.backend.write(Table.STATE, Op(Verb.PUT, state.wake_key(user_id), row))

    async def read_wake(self, user_id: str) -> str:
        """The newest wake token, '' if none. Raises ``RowUnreadable``."""
        return state.token(await self.backend.read(Table.STATE, state.wake_key(user_id)))

    async def read_served(self, user_id: str) -> str:
        """The wake token that the user's last whole round served, '' if none. Raises ``RowUnreadable``."""
        row = await self.backend.read(Table.STATE, state.cursors_key(user_id))
        return stored.value_of(Table.STATE, row, Cursors).served if row else ""

    async def find_unreadable(self) -> list[str]:
        """Every row of users and meetings that cannot be read: which it is, whose, and what helps.

        Not asked are leases, slots and the index, which are made anew by whoever meets them, and the journal, which
        says it itself.
        """
        reads: list[Callable[[], Awaitable[object]]] = [self.read_instance, self.list_subscriptions]
        users = await self.list_users()
        reads += [partial(self.recall, user.id) for user in users]
        texts = [user.unreadable for user in users if user.unreadable] + await self.find_unreadable_claims()
        for read in reads:
            try:
                await read()
            except RowUnreadable as error:
                texts.append(str(error))
        return texts

    async def _unsettled(self, user_id: str) -> list[RowChange]:
        """The user's cursors without ``settled``; nothing where they are so already or cannot be read: without
        readable cursors nobody is told that nothing is due."""
        row = await self.backend.read(Table.STATE, state.cursors_key(user_id))
        with suppress(RowUnreadable):
            known = stored.value_of(Table.STATE, row, Cursors) if row else Cursors()
            return [state.not_settled(Put(known))] if known.settled else []
        return []

    async def _follow_links(self, user_id: str, changes: Sequence[RowChange]) -> None:
        """Write the index rows of saved links; the last change of each link counts."""
        last = {change.row.event_id: change for change in changes if isinstance(change.row, Link)}
        kept = [change.row for change in last.values() if isinstance(change, Put) and isinstance(change.row, Link)]
        dropped = [change.row for change in last.values() if isinstance(change, Drop)]
        gone = [row for row in dropped if isinstance(row, Link)]
        waiting = [change.row for change in changes if isinstance(change, Drop) and isinstance(change.row, Pending)]
        new = {row.item_id for row in waiting if row.state is not PendingState.CLASH}
        await self._index(user_id, kept, new=new)
        fed = [link for link in gone if link.role is not Role.FOLLOWER]
        goes_on = {link.ical_uid.casefold() for link in kept}
        await self._unindex(user_id, {link.activity_id for link in fed} - {link.activity_id for link in kept})
        await self._drop_claims_of(user_id, [link for link in fed if link.ical_uid.casefold() not in goes_on])
        await self._uncopy(user_id, {(x.ical_uid, x.event_id) for x in gone if x.role is Role.FOLLOWER})
        given_up = {row.item_id for row in waiting if row.side is Side.ERP}
        await self.end_events(user_id, given_up - {link.activity_id for link in kept})

    async def _follow_clashes(self, user_id: str, changes: Sequence[RowChange]) -> None:
        """An event that clashes with another mailbox's is a copy of its meeting: it may take over one day."""
        clashes = [c for c in changes if isinstance(c.row, Pending) and c.row.state is PendingState.CLASH]
        rows = [(change, change.row) for change in clashes if isinstance(change.row, Pending)]
        await self._copy(user_id, {(row.ical_uid, row.item_id) for change, row in rows if isinstance(change, Put)})
        await self._uncopy(user_id, {(row.ical_uid, row.item_id) for change, row in rows if isinstance(change, Drop)})

    async def _erase(self, table: Table, found: Sequence[Row]) -> None:
        await self.backend.write_all(table, [Op(Verb.DELETE, row.key) for row in found])


def _user_in(row: Row) -> User:
    user = stored.value_of(Table.USERS, row, User)
    return stored.in_its_place(Table.USERS, row, user, _user_key(user.id))


def _known(row: Row) -> User:
    """The user, or somebody of whom only the id is known: on, so that nobody takes for theirs what is this user's."""
    try:
        return _user_in(row)
    except RowUnreadable as error:
        found = codec.peek(row.properties, "id")
        user_id = found if codec.key(found) == row.key.row else row.key.row
        return User(user_id, user_id, enabled=True, state=f"Error: {error}", unreadable=str(error))


def _copies_in(row: Row) -> list[tuple[str, str]]:
    """The copies that a link or a waiting row may be indexed as."""
    uid = codec.peek(row.properties, "ical_uid")
    return [(uid, item) for name in ("event_id", "item_id") if (item := codec.peek(row.properties, name))]
