"""What every store does with Graph's subscriptions."""

from __future__ import annotations

from dataclasses import replace

from adapters.store.store import RowStore
from jobs.ports import Subscription
from tests.support.store_contract.rows import NOW


class SubscriptionContract:
    """What Graph promised to tell us, one row per user."""

    async def test_subscription_comes_back_whole(self, store: RowStore, user_id: str) -> None:
        """A saved subscription is read as it was, secret and end included; the later of two counts."""
        begun = Subscription(user_id, "secret", url="https://app/hook")
        made = replace(begun, id="sub-1", expires_at=NOW)
        await store.save_subscription(begun)
        await store.save_subscription(made)

        assert await store.read_subscription(user_id) == made
        assert made in await store.list_subscriptions()

    async def test_dropped_subscription_is_gone(self, store: RowStore, user_id: str) -> None:
        """A dropped subscription is not there any more; dropping it again is no error."""
        await store.save_subscription(Subscription(user_id, "secret"))
        await store.drop_subscription(user_id)
        await store.drop_subscription(user_id)

        assert await store.read_subscription(user_id) is None
        assert user_id not in [row.user_id for row in await store.list_subscriptions()]

    async def test_forgotten_user_has_no_subscription(self, store: RowStore, user_id: str) -> None:
        """Forgetting a user forgets their subscription's secret."""
        await store.save_subscription(Subscription(user_id, "secret"))
        await store.forget_user(user_id)

        assert await store.read_subscription(user_id) is None
