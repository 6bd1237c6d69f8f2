"""Stores the claims on ERP.net users: one row per ERP.net user in ``Users``, written conditionally.

Two calendars of one account would each make its activities; the condition decides between two who come at once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model.sides import Side

_PARTITION = "account"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """The claim on one ERP.net user, as stored."""

    user_id: str


def _place(erp_user_id: str) -> Key:
    return Key(_PARTITION, codec.key(erp_user_id))


class AccountRows:
    """Reading and writing; ``RowStore`` mixes it in."""

    backend: Backend

    async def read_account(self, erp_user_id: str) -> tuple[str, str]:
        """The user whose account this is, and the row's etag; '' for nobody's, and for a spoilt row, which whoever
        has the account writes anew. Raises ``RowUnreadable`` for a newer build's."""
        row = await self.backend.read(Table.USERS, _place(erp_user_id))
        return (_owner_in(row), row.etag) if row else ("", "")

    async def save_account(self, erp_user_id: str, user_id: str, etag: str) -> None:
        """Say whose an account is, if nobody else did since ``etag`` was read. Raises ``StaleWrite``."""
        op = Op(Verb.PUT if etag else Verb.INSERT, _place(erp_user_id), codec.encode(AccountRow(user_id)), etag)
        try:
            await self.backend.write(Table.USERS, op)
        except Conflict as conflict:
            raise StaleWrite(Side.ERP, "somebody else took this account at the same time") from conflict

    async def _drop_accounts(self, user_id: str) -> None:
        """Delete every claim of a user."""
        for row in await self.backend.scan(Table.USERS, _PARTITION):
            if codec.peek(row.properties, "user_id") == user_id:
                with suppress(Conflict):  # somebody took it over meanwhile
                    await self.backend.write(Table.USERS, Op(Verb.DELETE, row.key, etag=row.etag))


def _owner_in(row: Row) -> str:
    try:
        return stored.value_of(Table.USERS, row, AccountRow).user_id
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return ""
