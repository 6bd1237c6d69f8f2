"""What every store does with the due marks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.store.store import RowStore
from jobs.ports import Put, Storable
from sync_core.model.event import Window
from sync_core.model.hold import Approval, Hold
from sync_core.model.memory import Cursors, InboxRow
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from tests.support.store_contract.rows import NOW, link, save


class DueContract:
    """The marks by which the timer knows who is due."""

    @pytest.mark.parametrize(
        "row",
        [
            Pending(Side.GRAPH, "e"),
            Hold("h", "", (), NOW, Approval.APPROVED),
            link("e", "a", reread="why"),
            link("e", "a", unseen=True),
            Cursors(),
        ],
        ids=["pending", "approval", "to-be-read-again", "unseen", "full-round"],
    )
    async def test_what_makes_a_user_due_marks_them(self, store: RowStore, user_id: str, row: Storable) -> None:
        """A mark stands as long as nobody has taken it back."""
        lease = await store.acquire_lease(user_id, "me", 60)
        lease = await store.save(lease, [Put(row)])

        assert user_id in await store.list_due()
        assert await store.settle(lease, "")
        assert user_id not in await store.list_due()

    async def test_what_makes_nobody_due_leaves_no_mark(self, store: RowStore, user_id: str) -> None:
        """A link in step, an open hold, something parked."""
        hold, parked = Hold("h", "", (), NOW), Pending(Side.GRAPH, "e", parked=True)
        cursors = Cursors("https://x", Window(NOW, NOW + timedelta(days=1)), full_due=False)
        await save(store, user_id, Put(link("e", "a")), Put(hold), Put(parked), Put(cursors))

        assert user_id not in await store.list_due()

    async def test_a_mark_stays_until_its_token_is_served(self, store: RowStore, user_id: str) -> None:
        """A round that has served an older token takes back nothing, nor does one of which the pull is ahead."""
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.write_wake(user_id, "t2")
        older = await store.settle(lease, "t1")
        served = await store.settle(lease, "t2")
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        assert (older, served, await store.settle(lease, "t2")) == (False, True, False)
        assert user_id in await store.list_due()

    async def test_a_save_keeps_the_token_of_a_mark(self, store: RowStore, user_id: str) -> None:
        """What a round leaves does not hide that somebody woke the user meanwhile."""
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.write_wake(user_id, "t2")
        lease = await store.save(lease, [Put(Pending(Side.ERP, "a"))])

        assert not await store.settle(lease, "t1")

    async def test_whoever_has_lost_the_lease_takes_no_mark_back(self, store: RowStore, user_id: str) -> None:
        """It is about what another round has left since."""
        lost = await store.acquire_lease(user_id, "slow", -60)
        kept = await store.acquire_lease(user_id, "me", 60)
        await store.save(kept, [Put(Pending(Side.ERP, "a"))])

        assert not await store.settle(lost, "")
        assert user_id in await store.list_due()

    async def test_a_forgotten_user_bears_no_mark(self, store: RowStore, user_id: str) -> None:
        """Nor any trace in that list."""
        await store.write_wake(user_id, "t")
        await store.forget_user(user_id)

        assert user_id not in await store.list_due()

    async def test_the_timer_knows_where_it_was(self, fresh_store: RowStore) -> None:
        """Nowhere at first, and after its end."""
        first = await fresh_store.read_reached()
        await fresh_store.save_reached("anna")
        reached = await fresh_store.read_reached()
        await fresh_store.save_reached("")

        assert (first, reached, await fresh_store.read_reached()) == ("", "anna", "")
