"""All that was asked is gone through page by page."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from jobs.asked import PAGE, pages
from jobs.ports import CommandPage, CommandStore


class Shelf:
    """A store that gives one id a page, and remembers what it was asked."""

    def __init__(self, *ids: str) -> None:
        self.ids, self.asked = ids, list[str]()

    async def list_commands_from(self, command_id: str, most: int, *, naming: Collection[str]) -> CommandPage:
        """As the port says; the page holds the id as one that cannot be read."""
        assert (most, naming) == (PAGE, {"anna"})
        self.asked.append(command_id)
        at = self.ids.index(command_id) if command_id else 0
        return CommandPage([], [self.ids[at]], "".join(self.ids[at + 1 : at + 2]))


async def test_every_page_is_read_to_the_last() -> None:
    """From the newest, each once."""
    shelf = Shelf("a", "b", "c")
    found = [page.unreadable async for page in pages(cast(CommandStore, shelf), naming={"anna"})]

    assert (found, shelf.asked) == ([["a"], ["b"], ["c"]], ["", "b", "c"])


async def test_no_page_is_read_before_it_is_wanted() -> None:
    """Whoever stops earlier has the others unread."""
    shelf = Shelf("a", "b", "c")
    async for _ in pages(cast(CommandStore, shelf), "b", naming={"anna"}):
        break

    assert shelf.asked == ["b"]
