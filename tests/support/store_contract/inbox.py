"""What every store does with the inbox of a user, and with the tokens that ask for a round."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.store.store import RowStore
from jobs.ports import Put
from sync_core.model.memory import Cursors, InboxRow
from tests.support.store_contract.rows import NOW


class InboxContract:
    """The pull's notes, and wake tokens."""

    async def test_filing(self, store: RowStore, user_id: str) -> None:
        """Filed notes are recalled, the last one of each activity, each with an etag."""
        await store.file_inbox(user_id, [InboxRow("a", NOW), InboxRow("b", NOW, deleted=True)])
        await store.file_inbox(user_id, [InboxRow("a", NOW + timedelta(minutes=1))])

        inbox = (await store.recall(user_id)).inbox
        expected = {InboxRow("a", NOW + timedelta(minutes=1)), InboxRow("b", NOW, deleted=True)}
        assert expected == {replace(row, etag="") for row in inbox}
        assert all(row.etag for row in inbox)

    async def test_filing_during_a_round(self, store: RowStore, user_id: str) -> None:
        """Filing needs no lease and does not disturb the one that is held."""
        lease = await store.acquire_lease(user_id, "round", 60)
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        assert (await store.save(lease, [])).holder == "round"

    async def test_clearing_spares_newer_notes(self, store: RowStore, user_id: str) -> None:
        """Clearing removes the notes that were read; one filed anew in between stays."""
        await store.file_inbox(user_id, [InboxRow("a", NOW), InboxRow("b", NOW)])
        served = (await store.recall(user_id)).inbox
        newer = InboxRow("b", NOW + timedelta(minutes=1))
        await store.file_inbox(user_id, [newer])

        await store.clear_inbox(user_id, served)
        await store.clear_inbox(user_id, served)

        assert [newer] == [replace(row, etag="") for row in (await store.recall(user_id)).inbox]

    async def test_note_filed_again_with_the_same_time_stays(self, store: RowStore, user_id: str) -> None:
        """A note filed again after the read stays even if it says the same: somebody had a reason."""
        await store.file_inbox(user_id, [InboxRow("a", NOW)])
        served = (await store.recall(user_id)).inbox
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        await store.clear_inbox(user_id, served)

        assert len((await store.recall(user_id)).inbox) == 1

    async def test_many_notes(self, store: RowStore, user_id: str) -> None:
        """More notes than one transaction takes are all filed."""
        await store.file_inbox(user_id, [InboxRow(f"a{number}", NOW) for number in range(230)])

        assert len((await store.recall(user_id)).inbox) == 230

    async def test_wake(self, store: RowStore, user_id: str) -> None:
        """The newest wake token counts, and there is none at first."""
        first = await store.read_wake(user_id)
        await store.write_wake(user_id, "t1")
        await store.write_wake(user_id, "t2")

        assert (first, await store.read_wake(user_id)) == ("", "t2")

    async def test_served(self, store: RowStore, user_id: str) -> None:
        """The token in the cursors is the one that was served, and there is none at first."""
        first = await store.read_served(user_id)
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.save(lease, [Put(Cursors(served="t1"))])

        assert (first, await store.read_served(user_id)) == ("", "t1")
