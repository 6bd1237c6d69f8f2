"""Reads events of which the ids are known: what an answer says of one event, and its text with the HTML.

What one event's request meets concerns that event alone; what all of several met alike is no event's own. A text that
may hold the Teams block is read again with the HTML that shows it (graph.md §6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from adapters.graph.batch import send_all
from adapters.graph.client import GraphClient
from adapters.graph.pages import with_read_again
from adapters.graph.parse import etag_of, html_of, item_id, mark_of, parse_event
from adapters.graph.series import DATES
from adapters.graph.wire import NO_MAILBOX, Answer, Request, failure, query
from adapters.graph.write import event_path, with_mark
from sync_core.content.body import without_block
from sync_core.errors import AccessRefused, AppRefused, ItemGone, ItemRejected, MailboxUnavailable, SideError
from sync_core.model.sides import GraphEvent, GraphReading, Malformed, Side

Found = GraphEvent | Malformed | None
Told = Answer | SideError

OTHER_EVENT = "Microsoft Graph answers with another event"
NO_EVENT = "Microsoft Graph answered with something that is no event"

READINGS = 3
"""The most times that text and HTML of an event are read until both are of one version."""


class EventReader:
    """Reads single events, of any mailbox; also for whoever lists events and must look at some of them again."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def read(self, user_id: str, ids: Collection[str], *, html: bool = False) -> dict[str, Found]:
        """Read by id, batched; None = 404. With ``html`` the body's HTML and our mark are read as well.

        An id that Graph finds malformed is ``Malformed``, and so is an event of which the answer says nothing
        (``is_passing``). Raises what ``ask`` raises.
        """
        wanted = list(dict.fromkeys(ids))
        if html:
            return await self._read_with_html(user_id, wanted)
        answers = await self.ask(user_id, [Request("GET", event_path(user_id, key)) for key in wanted])
        found = {key: self._found(key, answer) for key, answer in zip(wanted, answers, strict=True)}
        cut = await self.read_uncut(user_id, found.values())
        return {key: instead(item, cut) for key, item in found.items()}

    async def read_each(self, user_id: str, ids: Sequence[str]) -> GraphReading:
        """The same with our marks, as a reading; an event that is gone is not in it."""
        requests = [Request("GET", f"{event_path(user_id, key)}?{with_mark()}") for key in ids]
        told = zip(ids, await self.ask(user_id, requests), strict=True)
        return with_read_again(
            GraphReading(), {key: one for key, answer in told if (one := self._found(key, answer))}
        )

    async def read_marks(self, user_id: str, ids: Collection[str]) -> dict[str, str]:
        """Our marks on these events, by event id; '' = no mark, no entry where it could not be read (graph.md §7)."""
        wanted = list(dict.fromkeys(ids))
        ask = f"?{with_mark(s_select='id')}"
        answers = await self.ask(user_id, [Request("GET", f"{event_path(user_id, key)}{ask}") for key in wanted])
        told = [(key, one) for key, one in zip(wanted, answers, strict=True) if self._trouble(one) is None]
        return {key: mark for key, one in told if (mark := _mark_in(key, one)) is not None}

    async def cut(self, user_id: str, reading: GraphReading, *, with_dates: bool = False) -> GraphReading:
        """The reading with texts that hold no Teams block; one more batch for every ten events to be cut."""
        cut = await self.read_uncut(user_id, (e for e in reading.events if with_dates or e.kind not in DATES))
        return with_read_again(reading, cut) if cut else reading

    async def read_uncut(self, user_id: str, items: Iterable[Found]) -> dict[str, Found]:
        """The events whose text may hold the Teams block, read again with the HTML that shows it."""
        uncut = [item.id for item in items if isinstance(item, GraphEvent) and item.is_uncut]
        return await self._read_with_html(user_id, uncut)

    async def _read_with_html(self, user_id: str, ids: list[str]) -> dict[str, Found]:
        """Read text and HTML, which takes two requests; both must be of one version (graph.md §6)."""
        found: dict[str, Found] = {
            key: Malformed(Side.GRAPH, key, "the event changes while it is read") for key in ids
        }
        waiting = ids
        for _ in range(READINGS):
            pairs = [request for key in waiting for request in _pair(user_id, key)]
            answers = await self.ask(user_id, pairs, each=2)
            read = dict(zip(waiting, zip(answers[::2], answers[1::2], strict=True), strict=True))
            alike = {key for key, pair in read.items() if _alike(*pair)}
            found |= {
                key: self._both(key, *pair) for key, pair in read.items() if key in alike or self._is_bad(*pair)
            }
            waiting = [key for key, pair in read.items() if key not in alike and not self._is_bad(*pair)]
        return found

    def _is_bad(self, text: Told, html: Told) -> bool:
        """Whether one of the two answers says nothing of the event."""
        return any(self._trouble(one) is not None for one in (text, html))

    def _both(self, key: str, text: Told, html: Told) -> Found:
        """The event as both answers tell it; the one that says nothing of it decides."""
        trouble = self._trouble(text) or self._trouble(html)
        if trouble is not None or isinstance(html, SideError):
            return _unread(key, str(trouble or html))
        return _with_html(self._found(key, text), html)

    async def ask(self, user_id: str, requests: Sequence[Request], *, each: int = 1) -> list[Told]:
        """Send reads of single items, ``each`` requests an item; return an answer or an error for each.

        What one item's request meets concerns that item alone. Raises what all of several items met alike: a batch
        that failed as a whole, a mailbox that cannot be read, no token.
        """
        told = await send_all(self._client, requests, mailbox=user_id)
        errors = [self._trouble(one) for one in told]
        for one, error in zip(told, errors, strict=True):
            names_mailbox = isinstance(one, Answer) and one.has_code(NO_MAILBOX)
            if error is not None and (names_mailbox or isinstance(error, AppRefused)):
                raise error
        is_whole = all(one is told[0] for one in told)
        is_mailbox = all(isinstance(error, MailboxUnavailable | AccessRefused) for error in errors)
        if len(told) > each and errors[0] is not None and (is_whole or is_mailbox):
            raise errors[0]
        return told

    def _trouble(self, told: Told) -> SideError | None:
        """Why an answer says nothing of its item, None for one that does."""
        error = told if isinstance(told, SideError) else self._failure(told)
        return None if isinstance(error, ItemGone | ItemRejected) else error

    def _failure(self, answer: Answer) -> SideError | None:
        return None if answer.ok else failure(answer, self._client.clock())

    def _found(self, key: str, told: Told) -> Found:
        trouble = self._trouble(told)
        if trouble is not None or isinstance(told, SideError):
            return _unread(key, str(trouble or told))
        error = self._failure(told)
        if isinstance(error, ItemGone):
            return None
        if error is not None:
            return Malformed(Side.GRAPH, key, str(error))
        if told.body is None:
            return _unread(key, NO_EVENT)
        item = parse_event(told.body)
        if not isinstance(item, Malformed):
            return item
        return replace(item, id=key) if item.id in ("", key) else _unread(key, OTHER_EVENT)


def _pair(user_id: str, event_id: str) -> tuple[Request, Request]:
    path = event_path(user_id, event_id)
    body = query(s_select="id,body")
    return Request("GET", f"{path}?{with_mark()}"), Request("GET", f"{path}?{body}", content="html")


def _alike(text: Told, html: Told) -> bool:
    """Whether both answers are of one version, or neither is an event."""
    if isinstance(text, SideError) or isinstance(html, SideError):
        return False
    if not text.ok or not html.ok:
        return text.status == html.status
    return etag_of(text.body or {}) == etag_of(html.body or {})


def _with_html(item: Found, answer: Answer) -> Found:
    if not isinstance(item, GraphEvent):
        return item
    html, body = html_of(answer.body or {}), item.content.body
    content = replace(item.content, body=without_block(html, body)) if item.is_uncut else item.content
    return replace(item, content=content, html=html, is_uncut=False)


def _unread(key: str, why: str) -> Malformed:
    """An event of which the answer said nothing."""
    return Malformed(Side.GRAPH, key, why, is_passing=True)


def _mark_in(key: str, told: Told) -> str | None:
    """Our mark on an event, '' for none; None where the answer does not say."""
    if isinstance(told, SideError) or not told.ok:
        return ""
    return (mark_of(told.body or {}) or "") if item_id(told.body) == key else None


def instead(item: Found, read_again: Mapping[str, Found]) -> Found:
    """The item as it was read again, if it was."""
    return read_again.get(item.id, item) if item else None
