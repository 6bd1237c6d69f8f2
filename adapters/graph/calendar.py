"""Reads and writes calendars in Microsoft Graph, as ``jobs.ports.Calendar``.

Each method says what to ask for; how it travels is ``client``, ``batch`` and ``pages``, what it means ``parse``,
``write`` and ``wire``. Contract: graph.md; the paragraphs are cited where a fact is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from adapters.graph import dates, directory, evidence
from adapters.graph.batch import PARTS, chunks, send_all
from adapters.graph.client import GraphClient, GraphOptions
from adapters.graph.evidence import utc
from adapters.graph.pages import page_of, read_all, read_ids, rows_of, with_read_again
from adapters.graph.parse import etag_of, html_of, item_id, mark_of, parse_event
from adapters.graph.series import DATES
from adapters.graph.subscriptions import GraphSubscriptions
from adapters.graph.wire import (
    ACTIVITY_PROPERTY,
    NO_MAILBOX,
    Answer,
    Json,
    Request,
    failure,
    link_failure,
    mailbox_failure,
    query,
    segment,
)
from adapters.graph.write import event_path, outcome_of, request_of, unseen, with_mark, written_id
from jobs.ports import Grants, Mailbox
from sync_core.content.body import without_block
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CursorExpired,
    EndlessRead,
    ItemGone,
    ItemRejected,
    MailboxUnavailable,
    PageFailed,
    SideError,
    SideUnavailable,
)
from sync_core.model.event import Window
from sync_core.model.sides import Evidence, GraphEvent, GraphReading, Malformed, SeriesDates, Side
from sync_core.model.writes import CreateEvent, GraphWrite, Outcome

Found = GraphEvent | Malformed | None
Told = Answer | SideError

OTHER_EVENT = "Microsoft Graph answers with another event"
NO_EVENT = "Microsoft Graph answered with something that is no event"

READINGS = 3
"""The most times that text and HTML of an event are read until both are of one version."""


class GraphCalendar:
    """The calendars of one tenant. One event loop; ``close`` when done."""

    def __init__(self, options: GraphOptions, *, clock: Callable[[], datetime]) -> None:
        self._client = GraphClient(options, clock)
        self.subscriptions = GraphSubscriptions(self._client)
        self._page = options.page_size

    async def close(self) -> None:
        """Close the connections and the credential."""
        await self._client.close()

    async def find_user(self, upn: str) -> Mailbox | None:
        """Look a user up by UPN or id; None if the directory does not know them. Raises ``AppRefused``."""
        return await directory.find_user(self._client, upn)

    async def read_grants(self) -> Grants | None:
        """What Entra grants the app, as its own token says; None where the token does not tell."""
        claims = await self._client.read_claims()
        roles = claims.get("roles", [])
        if not claims or not isinstance(roles, list):
            return None
        return Grants(str(claims.get("oid", "")), frozenset(map(str, roles)))

    async def read_time_zone(self, user_id: str) -> str:
        """The mailbox's zone as an IANA name, '' when unset or unknown. Raises ``MailboxUnavailable``."""
        return await directory.read_time_zone(self._client, user_id)

    async def read_changes(self, user_id: str, link: str | None, span: Window) -> GraphReading:
        """Follow ``link`` (None: start anew over ``span``) to the last page (graph.md §3).

        An endless round is read once more without a page size, which is what sets it off (T5). A link to another
        host is no better than an expired one. Raises ``CursorExpired``, ``EndlessRead``, ``MailboxUnavailable``,
        ``ForeignHost``.
        """
        if link and self._probe(link) is None:
            raise CursorExpired(Side.GRAPH, "the delta link leads to another host; everything is read again")
        first = link or f"/users/{segment(user_id)}/calendarView/delta?{_window(span)}"
        try:
            reading = await self._read_round(user_id, first, self._page)
        except EndlessRead:
            reading = await self._read_round(user_id, first, None)
        return await self._cut(user_id, reading)

    async def _read_round(self, user_id: str, first: str, page: int | None) -> GraphReading:
        reading = await read_all(self._client, Request("GET", first, page=page), user_id, link_failure)
        if reading.delta_link is None:
            raise SideUnavailable(Side.GRAPH, "Microsoft Graph ended a delta round without a delta link")
        self._client.relative(reading.delta_link)
        return reading

    async def has_news(self, links: Mapping[str, str]) -> dict[str, bool]:
        """Probe delta links (user id → link), 20 a call; nothing is stored. True also if the probe failed."""
        news = dict.fromkeys(links, True)
        probes = {user: probe for user, link in links.items() if (probe := self._probe(link))}
        answers = await send_all(self._client, list(probes.values()))
        return news | {user: _is_news(answer) for user, answer in zip(probes, answers, strict=True)}

    def _probe(self, link: str) -> Request | None:
        try:
            return Request("GET", self._client.relative(link), page=1)
        except SideError:
            return None

    async def read_view(self, user_id: str, span: Window, *, with_dates: bool = False) -> GraphReading:
        """Every event that occurs in ``span``, in full, with our marks (graph.md §4). ``with_dates``: the texts of
        dates of series hold no Teams block either.

        Where a page fails, the ids alone are listed and each event is read by itself, 20 a call: the one at fault is
        ``Malformed`` (``is_passing``). Raises ``PageFailed`` where that fails as well.
        """
        view = f"/users/{segment(user_id)}/calendarView?{_window(span)}&"
        whole = Request("GET", f"{view}{with_mark(s_top=self._page)}")
        bare = Request("GET", f"{view}{query(s_select='id', s_top=self._page)}")
        try:
            reading = await read_all(self._client, whole, user_id, mailbox_failure)
        except PageFailed:
            reading = await self._read_each(user_id, await read_ids(self._client, bare, user_id, mailbox_failure))
        return await self._cut(user_id, reading, with_dates=with_dates)

    async def _read_each(self, user_id: str, ids: Sequence[str]) -> GraphReading:
        requests = [Request("GET", f"{event_path(user_id, key)}?{with_mark()}") for key in ids]
        told = zip(ids, await self._ask(user_id, requests), strict=True)
        return with_read_again(
            GraphReading(), {key: one for key, answer in told if (one := self._found(key, answer))}
        )

    async def read_marked(self, user_id: str) -> GraphReading:
        """Every event that carries our mark, in full, wherever in time it lies (graph.md §7)."""
        wanted = query(s_filter=_mark_filter("ne", ""))
        path = f"/users/{segment(user_id)}/events?{wanted}&{with_mark(s_top=self._page)}"
        return await self._cut(user_id, await read_all(self._client, Request("GET", path), user_id, mailbox_failure))

    async def read_events(self, user_id: str, ids: Collection[str], *, html: bool = False) -> dict[str, Found]:
        """Read by id, batched; None = 404. With ``html`` the body's HTML and our mark are read as well.

        An id that Graph finds malformed is ``Malformed``, and so is an event of which the answer says nothing
        (``is_passing``). Raises what ``_ask`` raises.
        """
        wanted = list(dict.fromkeys(ids))
        if html:
            return await self._read_with_html(user_id, wanted)
        answers = await self._ask(user_id, [Request("GET", event_path(user_id, key)) for key in wanted])
        found = {key: self._found(key, answer) for key, answer in zip(wanted, answers, strict=True)}
        cut = await self._read_uncut(user_id, found.values())
        return {key: _instead(item, cut) for key, item in found.items()}

    async def _cut(self, user_id: str, reading: GraphReading, *, with_dates: bool = False) -> GraphReading:
        """The reading with texts that hold no Teams block; one more batch for every ten events to be cut."""
        cut = await self._read_uncut(user_id, (e for e in reading.events if with_dates or e.kind not in DATES))
        return with_read_again(reading, cut) if cut else reading

    async def _read_uncut(self, user_id: str, items: Iterable[Found]) -> dict[str, Found]:
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
            answers = await self._ask(user_id, pairs, each=2)
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

    async def find_marked(self, user_id: str, activity_ids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events that carry the mark of each activity, in full with ``transaction_id`` (graph.md §7).

        Events that cannot be understood are left out. There is no entry where the answer is no use.
        """
        return await self._find(user_id, {key: _mark_filter("eq", key) for key in activity_ids})

    async def read_marks(self, user_id: str, ids: Collection[str]) -> dict[str, str]:
        """Our marks on these events, by event id, batched (graph.md §7): the delta query does not hold them (§3).

        '' = no mark; of an event whose mark could not be read there is no entry.
        """
        wanted = list(dict.fromkeys(ids))
        ask = f"?{with_mark(s_select='id')}"
        answers = await self._ask(user_id, [Request("GET", f"{event_path(user_id, key)}{ask}") for key in wanted])
        told = [(key, one) for key, one in zip(wanted, answers, strict=True) if self._trouble(one) is None]
        return {key: mark for key, one in told if (mark := _mark_in(key, one)) is not None}

    async def find_by_uid(self, user_id: str, ical_uids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The single events and series with each iCalUId, in full, wherever in time they lie (graph.md §4).

        There is no entry where the answer is no use.
        """
        return await self._find(user_id, {key: f"iCalUId eq '{_quoted(key)}'" for key in ical_uids})

    async def _find(self, user_id: str, filters: Mapping[str, str]) -> dict[str, tuple[GraphEvent, ...]]:
        base = f"/users/{segment(user_id)}/events?"
        requests = [Request("GET", f"{base}{query(s_filter=wanted)}&{with_mark()}") for wanted in filters.values()]
        answers = await self._ask(user_id, requests)
        answered = zip(filters, requests, answers, strict=True)
        found: dict[str, tuple[GraphEvent, ...]] = {}
        for key, request, answer in answered:
            with contextlib.suppress(SideUnavailable, ItemRejected, ItemGone, MailboxUnavailable, AccessRefused):
                found[key] = await self._listed(user_id, request, answer)
        cut = await self._read_uncut(user_id, (event for events in found.values() for event in events))
        again = {key: (_instead(event, cut) for event in events) for key, events in found.items()}
        return {key: tuple(one for one in read if isinstance(one, GraphEvent)) for key, read in again.items()}

    async def _listed(self, user_id: str, request: Request, answer: Told) -> tuple[GraphEvent, ...]:
        if isinstance(answer, SideError):
            raise answer
        page = page_of(answer, self._client.clock(), mailbox_failure)
        if "@odata.nextLink" in page:
            return (await read_all(self._client, request, user_id, mailbox_failure)).events
        return tuple(event for row in rows_of(page) if isinstance(event := parse_event(row), GraphEvent))

    async def read_dates(
        self, user_id: str, asked: Mapping[str, Collection[date]]
    ) -> dict[str, SeriesDates | Malformed | None]:
        """What masters say of these dates of theirs, by the masters' ids, and perhaps of others; () = of all.
        Batched; None = 404 (graph.md §4)."""
        return await dates.read_dates(self._client, user_id, asked)

    async def list_instances(self, user_id: str, master_id: str, span: Window) -> list[str]:
        """The ids of what ``/instances`` shows of a series in ``span``, maybe without changed dates (graph.md §4)."""
        instances = (
            f"{event_path(user_id, master_id)}/instances?{_window(span)}&{query(s_select='id', s_top=self._page)}"
        )
        return await read_ids(self._client, Request("GET", instances), user_id, mailbox_failure)

    async def gather_evidence(self, user_id: str, ids: Collection[str]) -> dict[str, Evidence]:
        """Read what is needed to judge events that may be gone, in at most three batches for every twenty."""

        async def read(some: Sequence[str]) -> dict[str, Found]:
            return await self.read_events(user_id, some)

        found: dict[str, Evidence] = {}
        for some in chunks(dict.fromkeys(ids), PARTS):
            found |= await evidence.gather(self._client, user_id, some, read)
        return found

    async def write(self, user_id: str, writes: Sequence[GraphWrite]) -> list[Outcome]:
        """Carry out writes, several in batches; return one outcome for each (graph.md §5, §9)."""
        requests = [request_of(user_id, write) for write in writes]
        answers = await send_all(self._client, requests, mailbox=user_id)
        now = self._client.clock()
        known = [outcome_of(write, answer, now) for write, answer in zip(writes, answers, strict=True)]
        unseen_ids = {
            place: written_id(writes[place], answer)
            for place, answer in enumerate(answers)
            if known[place] is None and isinstance(answer, Answer)
        }
        seen = await self._look_again(user_id, unseen_ids)
        outcomes = [outcome or seen[place] for place, outcome in enumerate(known)]
        return _of_items(writes, answers, outcomes)

    async def _look_again(self, user_id: str, ids: dict[int, str]) -> dict[int, Outcome]:
        """Read written events again if the answer did not show them as a read would."""
        try:
            found = await self.read_events(user_id, [key for key in ids.values() if key])
        except SideError as error:
            return dict.fromkeys(ids, unseen(str(error)))
        return {place: _seen(key, found.get(key)) for place, key in ids.items()}

    async def _ask(self, user_id: str, requests: Sequence[Request], *, each: int = 1) -> list[Told]:
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


def _of_items(writes: Sequence[GraphWrite], told: Sequence[Told], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes; a write that was forbidden (403) concerns its event alone, unless all that was written to the
    mailbox was, or the only write was to make an event."""
    forbidden = {n for n, one in enumerate(told) if isinstance(one, Answer) and one.status == 403}
    forbidden &= {n for n, outcome in enumerate(outcomes) if isinstance(outcome.error, MailboxUnavailable)}
    is_one_event = len(writes) == 1 and not isinstance(writes[0], CreateEvent)
    if len(forbidden) == len(writes) and not is_one_event:
        return list(outcomes)
    said = {n: ItemRejected(Side.GRAPH, str(outcomes[n].error), code="403") for n in forbidden}
    return [Outcome(error=said[n]) if n in said else outcome for n, outcome in enumerate(outcomes)]


def _window(span: Window) -> str:
    return query(startDateTime=utc(span.start), endDateTime=utc(span.end))


def _mark_filter(operator: str, value: str) -> str:
    clause = f"ep/id eq '{ACTIVITY_PROPERTY}' and ep/value {operator} '{_quoted(value)}'"
    return f"singleValueExtendedProperties/Any(ep: {clause})"


def _quoted(value: str) -> str:
    return value.replace("'", "''")


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


def _instead(item: Found, read_again: Mapping[str, Found]) -> Found:
    return read_again.get(item.id, item) if item else None


def _is_news(answer: Answer | SideError) -> bool:
    if isinstance(answer, SideError) or not answer.ok or answer.body is None:
        return True
    page: Json = answer.body
    return page.get("value") != [] or "@odata.nextLink" in page


def _seen(key: str, item: Found) -> Outcome:
    if isinstance(item, GraphEvent):
        return Outcome(event=item)
    if item is None and key:
        return Outcome(error=ItemGone(Side.GRAPH, "written, and gone again before it could be read"))
    return unseen(item.reason if item else "the answer names no event")
