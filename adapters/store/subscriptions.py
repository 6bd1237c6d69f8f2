"""Stores Graph's subscriptions: one row per user in ``Users`` (graph.md §11)."""

from __future__ import annotations

from adapters.store import codec, stored
from adapters.store.backend import Backend, Key, Op, Row, Table, Verb
from jobs.ports import Subscription
from sync_core.errors import RowUnreadable

_PARTITION = "subscription"


def _place(user_id: str) -> Key:
    return Key(_PARTITION, codec.key(user_id))


class SubscriptionRows:
    """Reading and writing; ``RowStore`` mixes it in."""

    backend: Backend

    async def list_subscriptions(self) -> list[Subscription]:
        """The subscriptions of all users; of a newer build's the user only, spoilt ones are none."""
        found = [_known(row) for row in await self.backend.scan(Table.USERS, _PARTITION)]
        return [one for one in found if one is not None]

    async def read_subscription(self, user_id: str) -> Subscription | None:
        """The subscription of one user; a spoilt one is none. Raises ``RowUnreadable`` for a newer build's."""
        row = await self.backend.read(Table.USERS, _place(user_id))
        return _subscription_in(row) if row else None

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace a user's subscription."""
        op = Op(Verb.PUT, _place(subscription.user_id), codec.encode(subscription))
        await self.backend.write(Table.USERS, op)

    async def drop_subscription(self, user_id: str) -> None:
        """Delete a user's subscription; a missing one is no error."""
        await self.backend.write(Table.USERS, Op(Verb.DELETE, _place(user_id)))


def _subscription_in(row: Row) -> Subscription | None:
    """Decode a subscription; None for a spoilt row, whose secret is lost, so that a new one is made."""
    try:
        found = stored.value_of(Table.USERS, row, Subscription)
        return stored.in_its_place(Table.USERS, row, found, _place(found.user_id))
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return None


def _known(row: Row) -> Subscription | None:
    try:
        return _subscription_in(row)
    except RowUnreadable as error:
        return Subscription(row.key.row, "", unreadable=str(error))
