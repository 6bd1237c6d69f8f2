"""Stores the due marks: one small row for each user to whom the store may owe a round, in a partition of ``Users``.

A mark is written *before* what makes its user due, and taken back when a round has shown that nothing is: so the
timer learns from one short list who is due, and a process that dies in between leaves a mark too many, never one too
few. A mark bears the wake token that it was written for: a round takes it back only if it has served that token, and
only as it read it while the lease was its own. What the pull files is no round's own: its mark is written again after
it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from adapters.store import codec
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from adapters.store.leases import TRIES, Leases
from jobs.ports import Lease, Put, RowChange
from sync_core.errors import StoreUnavailable
from sync_core.model.hold import Hold
from sync_core.model.link import Link, asks_for_a_look
from sync_core.model.memory import Cursors
from sync_core.model.pending import Pending

_PARTITION = "due"

_REACHED = Key("timer", "reached")

FILED = "filed"
"""Stands for a token in the mark of somebody to whom the pull has filed something; the wake-up that follows replaces
it."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """The mark as stored; ``token`` is the wake token that it was written for, '' for what a round has left."""

    user_id: str
    token: str = ""


def wants_a_look(link: Link) -> bool:
    """Whether a saved link makes its user due. Yes where our own code fails on it, as ``jobs.own_mistakes`` says and
    logs: then each round looks at the link, and it is stored all the same."""
    try:
        return asks_for_a_look(link)
    except Exception:  # noqa: BLE001 - whatever it is, it concerns this link only, and who saves it has logged it
        return True


def makes_due(change: RowChange) -> bool:
    """Whether a saved row may make its user due by itself (``jobs.due.is_due`` is asked what does)."""
    if not isinstance(change, Put):
        return False
    match change.row:
        case Link() as link:
            return wants_a_look(link)
        case Pending() as pending:
            return not pending.parked
        case Hold() as hold:
            return bool(hold.approval)
        case Cursors() as cursors:
            return cursors.full_due or not cursors.delta_link or cursors.delta_window is None


def _place(user_id: str) -> Key:
    return Key(_PARTITION, codec.key(user_id))


class DueMarks(Leases):
    """Marking and settling, mostly under a lease; ``RowStore`` mixes it in."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._marked: set[tuple[str, str]] = set()
        """User and holder of the leases under which a mark was written."""

    async def _take(self, user_id: str, holder: str, seconds: int, row: Row | None) -> Lease:
        self._marked.discard((user_id, holder))
        return await super()._take(user_id, holder, seconds, row)

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back; a lost one is no error."""
        self._marked.discard((lease.user_id, lease.holder))
        await super().release_lease(lease)

    async def list_due(self) -> frozenset[str]:
        """The users who bear a mark."""
        rows = await self.backend.scan(Table.USERS, _PARTITION)
        return frozenset(codec.peek(row.properties, "user_id") or row.key.row for row in rows)

    async def settle(self, lease: Lease, served: str) -> bool:
        """Take back the mark of the lease's user, to whom nothing is owed; ``served`` is the wake token served.

        False if somebody has asked for a round since, or the lease has run out, so that another round may have left
        something: then the mark stays.
        """
        self._marked.discard((lease.user_id, lease.holder))
        row = await self.backend.read(Table.USERS, _place(lease.user_id))
        if row is None:
            return True
        is_ours = self.backend.now() < lease.expires_at  # whoever takes the lease later writes the mark anew
        if not is_ours or codec.peek(row.properties, "token") not in ("", served):
            return False
        return await self.backend.try_write(Table.USERS, Op(Verb.DELETE, row.key, etag=row.etag)) is not None

    async def read_reached(self) -> str:
        """The user up to whom the timer's run has come, '' if it has ended."""
        row = await self.backend.read(Table.USERS, _REACHED)
        return codec.peek(row.properties, "user_id") if row else ""

    async def save_reached(self, user_id: str) -> None:
        """Store the user up to whom the timer's run has come."""
        await self.backend.write(Table.USERS, Op(Verb.PUT, _REACHED, codec.encode(DueRow(user_id))))

    async def _mark(self, user_id: str, token: str) -> None:
        """Mark a user for a wake token; a round takes the mark back only if it has served this one."""
        await self.backend.write(Table.USERS, Op(Verb.PUT, _place(user_id), codec.encode(DueRow(user_id, token))))

    async def _mark_under(self, lease: Lease) -> None:
        """Mark the lease's user, once under each lease; whose mark it was keeps its token.

        An old mark is written anew: whoever has lost the lease and read it before cannot take it back any more.
        """
        if (lease.user_id, lease.holder) in self._marked:
            return
        for _ in range(TRIES):
            row = await self.backend.read(Table.USERS, _place(lease.user_id))
            token = codec.peek(row.properties, "token") if row else ""
            verb, etag = (Verb.PUT, row.etag) if row else (Verb.INSERT, "")
            mark = codec.encode(DueRow(lease.user_id, token))
            with suppress(Conflict):
                await self.backend.write(Table.USERS, Op(verb, _place(lease.user_id), mark, etag))
                self._marked.add((lease.user_id, lease.holder))
                return
        raise StoreUnavailable(f"the due mark of user {lease.user_id} changes too fast to be saved")

    async def _unmark(self, user_id: str) -> None:
        await self.backend.write(Table.USERS, Op(Verb.DELETE, _place(user_id)))
