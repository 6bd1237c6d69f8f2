"""All that was ever asked of the app and is still kept, page by page, for whoever goes through all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from jobs.ports import CommandPage, CommandStore

PAGE = 500
"""Commands that are read at once."""


async def pages(store: CommandStore, first: str = "", *, naming: Collection[str] = ()) -> AsyncIterator[CommandPage]:
    """Every page of commands, newest first, from this id on, '' = from the newest; each is read when the one before
    is done. ``naming`` as in ``list_commands_from``."""
    while True:
        page = await store.list_commands_from(first, PAGE, naming=naming)
        yield page
        if not page.next:
            return
        first = page.next
