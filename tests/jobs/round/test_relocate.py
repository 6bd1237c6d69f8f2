"""Links under new event ids: each with its old row dropped in the same save, no more than fit in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from adapters.store.memory import MemoryStore
from jobs.fence import Fence
from jobs.ports import Drop, Put, RowChange
from jobs.round.journal import RoundJournal
from jobs.round.relocate import AT_ONCE, save_carried, save_moves
from sync_core.model.claim import Claim
from sync_core.model.link import Link
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.plan.relocate import Move
from tests.support.samples import NOW, a_link


class Book:
    """Stands for the fence and the journal: notes in which order what is saved and entered."""

    def __init__(self) -> None:
        self.saved: list[list[RowChange]] = []
        self.order: list[str] = []

    async def save(self, changes: Sequence[RowChange]) -> None:
        """See ``Fence.save``."""
        self.saved.append(list(changes))
        self.order.append("save")

    async def found_again(self, links: Sequence[Link]) -> None:
        """See ``RoundJournal.found_again``."""
        self.order += [link.event_id for link in links]


async def moved(count: int) -> Book:
    """So many links get new ids."""
    book = Book()
    moves = [Move(old=a_link(event_id=f"E{n}"), new=a_link(event_id=f"N{n}")) for n in range(count)]
    await save_moves(cast(Fence, book), cast(RoundJournal, book), moves)
    return book


async def test_a_link_is_never_there_twice() -> None:
    """New row, old row and the item that waited under the new id change in one save; the journal comes after."""
    book = await moved(1)

    assert book.saved == [[Put(a_link(event_id="N0")), Drop(a_link(event_id="E0")), Drop(Pending(Side.GRAPH, "N0"))]]
    assert book.order == ["save", "N0"]


async def test_many_links_are_saved_in_parts() -> None:
    """So that each part is one transaction."""
    book = await moved(2 * AT_ONCE + 1)

    assert [len(part) for part in book.saved] == [3 * AT_ONCE, 3 * AT_ONCE, 3]
    assert (await moved(0)).saved == []


@pytest.mark.parametrize(("theirs", "may_go_on"), [("A1", True), ("A2", False)])
async def test_a_claim_is_not_taken_from_whoever_was_faster(theirs: str, may_go_on: bool) -> None:
    """The same activity is fine; another one ends the round before any link moves."""
    store = MemoryStore(lambda: NOW)
    mine = Claim(key="uid-2", user_id="anna-id", activity_id="A1", at=NOW)
    await store.save_claim(replace(mine, user_id="boris-id", activity_id=theirs))
    carried = [mine, replace(mine, key="uid-3"), Claim(key="uid-4", unreadable="spoilt")]

    assert await save_carried(store, carried) is may_go_on
    kept = await store.read_claims(["uid-2", "uid-3", "uid-4"])
    assert [kept[key].user_id for key in ("uid-2", "uid-3", "uid-4")] == ["boris-id", "anna-id", ""]
