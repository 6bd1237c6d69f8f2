"""What is remembered of Graph's subscriptions: one row per user in ``Users`` (graph.md §11)."""

from __future__ import annotations

from adapters import rows
from adapters.backend import Backend, Key, Op, Table, Verb
from jobs.ports import Subscription

_PARTITION = "subscription"


def _place(user_id: str) -> Key:
    return Key(_PARTITION, rows.key(user_id))


class SubscriptionRows:
    """Reading and writing; ``RowStore`` mixes it in."""

    backend: Backend

    async def list_subscriptions(self) -> list[Subscription]:
        """The subscriptions of all users."""
        found = await self.backend.scan(Table.USERS, _PARTITION)
        return [rows.decode(row.properties, Subscription) for row in found]

    async def read_subscription(self, user_id: str) -> Subscription | None:
        """The subscription of one user."""
        row = await self.backend.read(Table.USERS, _place(user_id))
        return rows.decode(row.properties, Subscription) if row else None

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace a user's subscription."""
        op = Op(Verb.PUT, _place(subscription.user_id), rows.encode(subscription))
        await self.backend.write(Table.USERS, op)

    async def drop_subscription(self, user_id: str) -> None:
        """Forget a user's subscription; a missing one is fine."""
        await self.backend.write(Table.USERS, Op(Verb.DELETE, _place(user_id)))
