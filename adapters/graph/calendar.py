"""Reads and writes calendars in Microsoft Graph, as ``jobs.ports.Calendar``.

Each method says what to ask for; how it travels is ``client``, ``batch`` and ``pages``, what it means ``parse``,
``write`` and ``wire``. Events of which the ids are known are read by ``events``. Contract: graph.md; the paragraphs
are cited where a fact is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime

from adapters.graph import dates, directory, evidence
from adapters.graph.batch import PARTS, chunks, send_all
from adapters.graph.client import GraphClient, GraphOptions
from adapters.graph.events import EventReader, Found, Told, instead
from adapters.graph.evidence import utc
from adapters.graph.pages import page_of, read_all, read_ids, rows_of
from adapters.graph.parse import parse_event
from adapters.graph.subscriptions import GraphSubscriptions
from adapters.graph.wire import (
    ACTIVITY_PROPERTY,
    Answer,
    Json,
    Request,
    link_failure,
    mailbox_failure,
    query,
    segment,
)
from adapters.graph.write import event_path, outcome_of, request_of, unseen, with_mark, written_id
from jobs.ports import Grants, Mailbox
from sync_core.errors import (
    AccessRefused,
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


class GraphCalendar:
    """The calendars of one tenant. One event loop; ``close`` when done."""

    def __init__(self, options: GraphOptions, *, clock: Callable[[], datetime]) -> None:
        self._client = GraphClient(options, clock)
        self.subscriptions = GraphSubscriptions(self._client)
        self._events = EventReader(self._client)
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
        return await self._events.cut(user_id, reading)

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
            ids = await read_ids(self._client, bare, user_id, mailbox_failure)
            reading = await self._events.read_each(user_id, ids)
        return await self._events.cut(user_id, reading, with_dates=with_dates)

    async def read_marked(self, user_id: str) -> GraphReading:
        """Every event that carries our mark, in full, wherever in time it lies (graph.md §7)."""
        wanted = query(s_filter=_mark_filter("ne", ""))
        path = f"/users/{segment(user_id)}/events?{wanted}&{with_mark(s_top=self._page)}"
        return await self._events.cut(
            user_id, await read_all(self._client, Request("GET", path), user_id, mailbox_failure)
        )

    async def read_events(self, user_id: str, ids: Collection[str], *, html: bool = False) -> dict[str, Found]:
        """Read by id, batched; None = 404. With ``html`` the body's HTML and our mark are read as well.

        An id that Graph finds malformed is ``Malformed``, and so is an event of which the answer says nothing
        (``is_passing``). Raises ``SideError`` for what several events met alike.
        """
        return await self._events.read(user_id, ids, html=html)

    async def find_marked(self, user_id: str, activity_ids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events that carry the mark of each activity, in full with ``transaction_id`` (graph.md §7).

        Events that cannot be understood are left out. There is no entry where the answer is no use.
        """
        return await self._find(user_id, {key: _mark_filter("eq", key) for key in activity_ids})

    async def read_marks(self, user_id: str, ids: Collection[str]) -> dict[str, str]:
        """Our marks on these events, by event id, batched (graph.md §7): the delta query does not hold them (§3).

        '' = no mark; of an event whose mark could not be read there is no entry.
        """
        return await self._events.read_marks(user_id, ids)

    async def find_by_uid(self, user_id: str, ical_uids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The single events and series with each iCalUId, in full, wherever in time they lie (graph.md §4).

        There is no entry where the answer is no use.
        """
        return await self._find(user_id, {key: f"iCalUId eq '{_quoted(key)}'" for key in ical_uids})

    async def _find(self, user_id: str, filters: Mapping[str, str]) -> dict[str, tuple[GraphEvent, ...]]:
        base = f"/users/{segment(user_id)}/events?"
        requests = [Request("GET", f"{base}{query(s_filter=wanted)}&{with_mark()}") for wanted in filters.values()]
        answers = await self._events.ask(user_id, requests)
        answered = zip(filters, requests, answers, strict=True)
        found: dict[str, tuple[GraphEvent, ...]] = {}
        for key, request, answer in answered:
            with contextlib.suppress(SideUnavailable, ItemRejected, ItemGone, MailboxUnavailable, AccessRefused):
                found[key] = await self._listed(user_id, request, answer)
        cut = await self._events.read_uncut(user_id, (event for events in found.values() for event in events))
        again = {key: (instead(event, cut) for event in events) for key, events in found.items()}
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
            return await self._events.read(user_id, some)

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
            found = await self._events.read(user_id, [key for key in ids.values() if key])
        except SideError as error:
            return dict.fromkeys(ids, unseen(str(error)))
        return {place: _seen(key, found.get(key)) for place, key in ids.items()}


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
