"""What every store does with the leases of users."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.store.store import RowStore
from jobs.ports import Lease, Put
from sync_core.errors import LeaseHeld, LeaseLost
from sync_core.model.memory import Cursors, Memory
from tests.support.store_contract.rows import PassTime, link


class LeaseContract:
    """One round per user."""

    async def test_second_holder_is_refused(self, store: RowStore, user_id: str) -> None:
        """A lease that is held refuses another holder and names the first one and when they end."""
        lease = await store.acquire_lease(user_id, "first", 60)

        with pytest.raises(LeaseHeld) as refused:
            await store.acquire_lease(user_id, "second", 60)

        assert refused.value.holder == "first"
        assert lease.expires_at <= refused.value.until <= lease.expires_at + timedelta(seconds=10)

    async def test_same_holder_takes_over(self, store: RowStore, user_id: str) -> None:
        """The same holder may take their lease again, and the older one is then lost."""
        older = await store.acquire_lease(user_id, "me", 60)
        newer = await store.acquire_lease(user_id, "me", 60)

        await store.save(newer, [])
        with pytest.raises(LeaseLost):
            await store.save(older, [])

    async def test_released_lease_is_free(self, store: RowStore, user_id: str) -> None:
        """A lease that was given back can be taken at once by somebody else."""
        await store.release_lease(await store.acquire_lease(user_id, "first", 60))

        assert (await store.acquire_lease(user_id, "second", 60)).holder == "second"

    async def test_expired_lease_is_taken_over(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """When its time is over by the service's clock, a lease goes to whoever asks."""
        await store.acquire_lease(user_id, "first", 60)
        pass_time(75)

        assert (await store.acquire_lease(user_id, "second", 60)).holder == "second"

    async def test_lease_just_before_its_end_is_held(
        self, store: RowStore, user_id: str, pass_time: PassTime
    ) -> None:
        """Until its time is over, a lease stays with its holder."""
        await store.acquire_lease(user_id, "first", 60)
        pass_time(40)

        with pytest.raises(LeaseHeld):
            await store.acquire_lease(user_id, "second", 60)

    async def test_lost_lease_stores_nothing(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """Whoever lost their lease is refused, and nothing of what they wanted to store is there."""
        lost = await store.acquire_lease(user_id, "first", 60)
        pass_time(75)
        await store.acquire_lease(user_id, "second", 60)

        with pytest.raises(LeaseLost):
            await store.save(lost, [Put(link("a")), Put(Cursors(served="token"))])

        assert await store.recall(user_id) == Memory()

    async def test_releasing_a_lost_lease_leaves_the_new_one(
        self, store: RowStore, user_id: str, pass_time: PassTime
    ) -> None:
        """Giving back a lease that was lost neither fails nor frees its successor."""
        lost = await store.acquire_lease(user_id, "first", 60)
        pass_time(75)
        held = await store.acquire_lease(user_id, "second", 60)

        await store.release_lease(lost)

        assert (await store.save(held, [])).holder == "second"

    async def test_saving_renews(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """Every save starts the lease's time anew, even one without changes."""
        lease = await store.acquire_lease(user_id, "first", 60)
        pass_time(40)
        lease = await store.save(lease, [])
        pass_time(40)

        with pytest.raises(LeaseHeld):
            await store.acquire_lease(user_id, "second", 60)
        assert (await store.save(lease, [])).etag != lease.etag

    async def test_older_lease_value_is_fenced_off(self, store: RowStore, user_id: str) -> None:
        """After a save only the lease it returned is good: a stray copy of the round cannot store."""
        lease = await store.acquire_lease(user_id, "first", 60)
        await store.save(lease, [Put(link("kept", "activity-1"))])

        with pytest.raises(LeaseLost):
            await store.save(lease, [Put(link("stray"))])

        assert [one.event_id for one in (await store.recall(user_id)).links] == ["kept"]

    async def test_broken_lease_stops_the_round(self, store: RowStore, user_id: str) -> None:
        """The switch breaks a lease: the round under way is refused at its next save."""
        lease = await store.acquire_lease(user_id, "first", 60)

        await store.break_lease(user_id)

        with pytest.raises(LeaseLost):
            await store.save(lease, [Put(link())])

    async def test_only_one_of_many_gets_the_lease(self, store: RowStore, user_id: str) -> None:
        """Of many who ask at the same time exactly one gets the lease."""
        asked = (store.acquire_lease(user_id, f"worker-{number}", 60) for number in range(8))
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(answer, Lease) for answer in answers) == 1
        assert sum(isinstance(answer, LeaseHeld) for answer in answers) == 7

    async def test_users_do_not_share_a_lease(self, store: RowStore, user_id: str) -> None:
        """A lease is one user's; ids that differ only in letter case are different users."""
        await store.acquire_lease(user_id + "-a", "first", 60)

        assert (await store.acquire_lease(user_id + "-A", "second", 60)).holder == "second"
