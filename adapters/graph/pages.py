"""Reads all pages of a list, and notices a list without an end.

Facts: graph.md §3 (empty, oversized and repeated pages; links expire, also mid-round), §4 (``$skip`` pages are no
snapshot), T5 (endless loops behind ever-changing links), T6 (later delivery wins).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.graph.client import GraphClient
from adapters.graph.parse import etag_of, is_bare, is_removed, item_id, parse_event
from adapters.graph.series import master_in
from adapters.graph.wire import Answer, Json, Request
from sync_core.errors import EndlessRead, PageFailed, SideError
from sync_core.model.sides import GraphEvent, GraphReading, Malformed, Side

Refuse = Callable[[Answer, datetime], SideError]

OF_ONE_ITEM = (500, 504)
"""What a page may be answered with because of one of its items: a damaged one, or a series without an end."""


@dataclass(slots=True)
class Tally:
    """The rows of a paged read so far, by id; a later row replaces an earlier one."""

    items: dict[str, GraphEvent | Malformed | None] = field(default_factory=dict)
    nameless: list[Malformed] = field(default_factory=list)
    series: set[str] = field(default_factory=set)
    delta_link: str | None = None

    def take(self, item: object) -> None:
        """Add one row. A bare row of a series says nothing of its own, so it is left out (graph.md §3)."""
        self.series.add(master_in(item))
        if is_bare(item):
            return
        key = item_id(item)
        parsed = None if key and is_removed(item) else parse_event(item)
        if isinstance(parsed, Malformed) and not key:
            self.nameless.append(parsed)
            return
        self.items[key] = parsed

    def reading(self) -> GraphReading:
        """The whole read as a value."""
        items = self.items.values()
        return GraphReading(
            events=tuple(item for item in items if isinstance(item, GraphEvent)),
            removed=frozenset(key for key, item in self.items.items() if item is None),
            malformed=(*self.nameless, *(item for item in items if isinstance(item, Malformed))),
            delta_link=self.delta_link,
            series=frozenset(self.series - {""}),
        )


async def read_all(client: GraphClient, first: Request, mailbox: str, refuse: Refuse) -> GraphReading:
    """Read every page from ``first`` on.

    Raises ``EndlessRead``, ``ForeignHost``, and what ``refuse`` makes of a failure.
    """
    tally = Tally()
    async for page in read_pages(client, first, mailbox, refuse):
        for item in rows_of(page):
            tally.take(item)
        tally.delta_link = _link(page, "@odata.deltaLink")
    return tally.reading()


async def read_pages(client: GraphClient, first: Request, mailbox: str, refuse: Refuse) -> AsyncIterator[Json]:
    """Yield the pages in turn; a link is sent unchanged, with the preferences of ``first``."""
    request, seen = first, set[int]()
    for _ in range(client.options.page_cap):
        page = page_of(await client.send(request, mailbox=mailbox), client.clock(), refuse)
        yield page
        link = _link(page, "@odata.nextLink")
        if link is None:
            return
        _watch(seen, page, link)
        request = Request("GET", link, content=first.content, page=first.page)
    raise EndlessRead(Side.GRAPH, f"Microsoft Graph has more than {client.options.page_cap} pages")


def with_read_again(reading: GraphReading, items: Mapping[str, GraphEvent | Malformed | None]) -> GraphReading:
    """The reading with these events replaced as read by id; an event that is gone counts as removed."""
    kept = [event for event in reading.events if event.id not in items]
    return replace(
        reading,
        events=(*kept, *(item for item in items.values() if isinstance(item, GraphEvent))),
        removed=reading.removed | {key for key, item in items.items() if item is None},
        malformed=(*reading.malformed, *(item for item in items.values() if isinstance(item, Malformed))),
    )


def page_of(answer: Answer, now: datetime, refuse: Refuse) -> Json:
    """The body of a page. Raises its error, ``PageFailed`` where one of its items may be why."""
    if answer.status in OF_ONE_ITEM:
        raise PageFailed(Side.GRAPH, str(refuse(answer, now)))
    if not answer.ok:
        raise refuse(answer, now)
    if answer.body is None or not isinstance(answer.body.get("value"), list):
        raise PageFailed(Side.GRAPH, "Microsoft Graph answered with something that is no page")
    return answer.body


async def read_ids(client: GraphClient, first: Request, mailbox: str, refuse: Refuse) -> list[str]:
    """The ids of all rows from ``first`` on, each once, in their order."""
    pages = [page async for page in read_pages(client, first, mailbox, refuse)]
    return list(dict.fromkeys(key for page in pages for row in rows_of(page) if (key := item_id(row))))


def rows_of(page: Json) -> Iterable[object]:
    """The rows of a page."""
    rows: list[object] = page["value"]
    return rows


def _link(page: Json, name: str) -> str | None:
    link = page.get(name)
    return link if isinstance(link, str) and link else None


def _watch(seen: set[int], page: Json, link: str) -> None:
    """Add a page. Raises ``EndlessRead`` if the same link or the same rows come a second time (T5)."""
    rows = tuple((item_id(row), etag_of(row) if isinstance(row, dict) else "") for row in rows_of(page))
    prints = {hash(link), *([hash(rows)] if rows else [])}
    if seen & prints:
        raise EndlessRead(Side.GRAPH, "Microsoft Graph sends the same page again and again")
    seen |= prints
