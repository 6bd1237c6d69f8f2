"""What every store does with the ERP.net session slots."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.store.store import RowStore
from sync_core.errors import LeaseLost, SlotsTaken
from tests.support.store_contract.rows import PassTime


class SlotContract:
    """Licences to call ERP.net. These tests need a store of their own: slots are the instance's."""

    async def test_a_slot_that_was_given_back_is_taken_again_as_it_is(self, fresh_store: RowStore) -> None:
        """Without a look at the others, unless somebody else has had it since."""
        given_back = await fresh_store.free_slot(await fresh_store.acquire_slot("a", 2, 30))
        asked = fresh_store.reads
        again = await fresh_store.acquire_slot("a", 2, 30, known=given_back)
        looked = fresh_store.reads - asked
        stale = await fresh_store.free_slot(again)
        await fresh_store.acquire_slot("b", 1, 30)

        assert (again.number, looked) == (0, 0)
        assert (await fresh_store.acquire_slot("a", 2, 30, known=stale)).number == 1
        with pytest.raises(SlotsTaken):
            await fresh_store.acquire_slot("c", 1, 30, known=stale)

    async def test_slots_are_counted(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """As many holders as there are slots get one each; the next is told who keeps it and until when."""
        first = await fresh_store.acquire_slot("a", 2, 30)
        pass_time(10)
        second = await fresh_store.acquire_slot("b", 2, 30)

        with pytest.raises(SlotsTaken) as refused:
            await fresh_store.acquire_slot("c", 2, 30)

        assert {0, 1} == {first.number, second.number}
        assert refused.value.holder == "a"
        wait = refused.value.until - fresh_store.backend.now()
        assert timedelta(seconds=15) <= wait <= timedelta(seconds=25)

    async def test_own_slot_again(self, fresh_store: RowStore) -> None:
        """Whoever has a slot and asks again gets the same one."""
        first = await fresh_store.acquire_slot("a", 3, 30)

        assert first.number == (await fresh_store.acquire_slot("a", 3, 30)).number

    async def test_silent_slot_is_taken_over(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """A slot without a heartbeat for long enough goes to whoever asks, and its holder learns it."""
        lost = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(45)

        taken = await fresh_store.acquire_slot("b", 1, 30)

        assert ("b", lost.number) == (taken.holder, taken.number)
        with pytest.raises(LeaseLost):
            await fresh_store.beat_slot(lost)

    async def test_beating_slot_is_kept(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """Heartbeats keep a slot beyond the time after which a silent one is lost."""
        slot = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(20)
        await fresh_store.beat_slot(slot)
        pass_time(20)

        with pytest.raises(SlotsTaken):
            await fresh_store.acquire_slot("b", 1, 30)

    async def test_freed_slot_is_free(self, fresh_store: RowStore) -> None:
        """A slot that was given back can be taken at once."""
        await fresh_store.free_slot(await fresh_store.acquire_slot("a", 1, 30))

        assert (await fresh_store.acquire_slot("b", 1, 30)).holder == "b"

    async def test_freed_slot_lingers(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """A slot given back for a while is nobody else's meanwhile, who is told so, and its holder's at any time."""
        slot = await fresh_store.acquire_slot("a", 1, 30)
        await fresh_store.free_slot(slot, 40)

        pass_time(20)
        with pytest.raises(SlotsTaken, match="of a, whose work is done") as refused:
            await fresh_store.acquire_slot("b", 1, 30)
        wait = refused.value.until - fresh_store.backend.now()
        assert timedelta(seconds=15) <= wait <= timedelta(seconds=25)

        again = await fresh_store.acquire_slot("a", 1, 30)
        await fresh_store.free_slot(again, 40)
        pass_time(45)
        assert (await fresh_store.acquire_slot("b", 1, 30)).holder == "b"

    async def test_last_slot_first(self, fresh_store: RowStore) -> None:
        """Who asks for the last slot gets the last one that is free, but their own before any other."""
        numbers = [(await fresh_store.acquire_slot(holder, 3, 30, last=True)).number for holder in ("a", "b", "a")]

        assert numbers == [2, 1, 2]
        assert (await fresh_store.acquire_slot("c", 1, 30)).number == 0

    async def test_last_holder_is_preferred(self, fresh_store: RowStore) -> None:
        """Of several free slots a holder gets the one they had before, where their session still lingers."""
        for holder in ("a", "b", "c"):
            await fresh_store.acquire_slot(holder, 3, 30)
        again = [await fresh_store.acquire_slot(holder, 3, 30) for holder in ("a", "b", "c")]
        for slot in again:
            await fresh_store.free_slot(slot)

        numbers = [(await fresh_store.acquire_slot(holder, 3, 30)).number for holder in ("c", "a", "b")]

        assert [again[2].number, again[0].number, again[1].number] == numbers

    async def test_freeing_a_lost_slot(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """Giving back a slot that was taken over neither fails nor frees it."""
        lost = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(45)
        await fresh_store.acquire_slot("b", 1, 30)

        await fresh_store.free_slot(lost)

        with pytest.raises(SlotsTaken):
            await fresh_store.acquire_slot("c", 1, 30)

    async def test_only_one_of_many_gets_the_slot(self, fresh_store: RowStore) -> None:
        """Of many who ask for the only slot at the same time exactly one gets it."""
        asked = (fresh_store.acquire_slot(f"worker-{number}", 1, 30) for number in range(6))
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(answer, SlotsTaken) for answer in answers) == 5

    async def test_slots_that_may_be_open_are_counted(self, fresh_store: RowStore) -> None:
        """One in use and one whose session lingers; a free one is none."""
        first = await fresh_store.acquire_slot("a", 3, 60)
        second = await fresh_store.acquire_slot("b", 3, 60)
        assert await fresh_store.count_slots(3, 60) == 2
        await fresh_store.free_slot(second, 1_200)
        await fresh_store.free_slot(first)
        assert await fresh_store.count_slots(3, 60) == 1
