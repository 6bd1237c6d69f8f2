"""Reads the evidence about events that may be gone; ``sync_core`` judges it.

``@removed`` proves nothing (graph.md T1), and a GET by immutable id may find an event in Deleted Items (§8): so the
calendar view over the event's own span is asked as well, and where that does not show it, the calendar it sits in.
At most three batches for twenty events; the view and the calendar of a part that failed stay undecided.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.graph.batch import send_all
from adapters.graph.client import GraphClient
from adapters.graph.pages import read_pages, rows_of
from adapters.graph.parse import item_id
from adapters.graph.wire import GONE, Answer, Json, Request, mailbox_failure, query, segment
from adapters.graph.write import event_path
from sync_core.errors import SideError
from sync_core.model.sides import Evidence, GraphEvent, Malformed, Side, Whereabouts

MARGIN = timedelta(days=1)
"""All-day events have no zone: their place in UTC is up to a day away."""

LONGEST = timedelta(days=31)
"""An event is in any view that holds its start, and views beyond 1825 days are refused (graph.md §4)."""

ReadEvents = Callable[[Sequence[str]], Awaitable[dict[str, GraphEvent | Malformed | None]]]


async def gather(client: GraphClient, user_id: str, ids: Sequence[str], read: ReadEvents) -> dict[str, Evidence]:
    """Read the evidence for each id. Raises what reading the events raises: a failed read is no evidence."""
    found = {key: Evidence(_itself(key, item)) for key, item in (await read(ids)).items()}
    there = {key: evidence.event for key, evidence in found.items() if isinstance(evidence.event, GraphEvent)}
    for key, shown in (await _shown(client, user_id, list(there.values()))).items():
        found[key] = replace(found[key], in_view=shown, where=Whereabouts.DEFAULT if shown else Whereabouts.UNKNOWN)
    hidden = [key for key in there if found[key].in_view is False]
    for key, where in (await _whereabouts(client, user_id, hidden)).items():
        found[key] = replace(found[key], where=where)
    return found


def _itself(key: str, item: GraphEvent | Malformed | None) -> GraphEvent | Malformed | None:
    if isinstance(item, GraphEvent) and item.id != key:
        return Malformed(Side.GRAPH, key, "Microsoft Graph answers with another event", is_passing=True)
    return item


async def _shown(client: GraphClient, user_id: str, events: Sequence[GraphEvent]) -> dict[str, bool | None]:
    """Whether each event is in the view over its own span; None = no answer."""
    requests = [_view(user_id, event) for event in events]
    answers = await send_all(client, requests, mailbox=user_id)
    return {
        event.id: await _is_shown(client, user_id, event, request, answer)
        for event, request, answer in zip(events, requests, answers, strict=True)
    }


async def _is_shown(
    client: GraphClient, user_id: str, event: GraphEvent, request: Request, answer: Answer | SideError
) -> bool | None:
    if isinstance(answer, SideError) or not answer.ok or not isinstance((answer.body or {}).get("value"), list):
        return None
    page = answer.body or {}
    try:
        found = _holds(page, event.id) or (
            "@odata.nextLink" in page and await _paged(client, user_id, event, request)
        )
    except SideError:
        return None
    return found


async def _paged(client: GraphClient, user_id: str, event: GraphEvent, request: Request) -> bool:
    """Whether any page of a view shows the event. The first page is read again: that is too rare to avoid."""
    async for page in read_pages(client, request, user_id, mailbox_failure):
        if _holds(page, event.id):
            return True
    return False


def _holds(page: Json, event_id: str) -> bool:
    """Whether a page shows the event, or an occurrence of it where it is a series."""
    rows = [row for row in rows_of(page) if isinstance(row, dict)]
    return any(item_id(row) == event_id or row.get("seriesMasterId") == event_id for row in rows)


def _view(user_id: str, event: GraphEvent) -> Request:
    start, end = event.content.start, event.content.end
    last = min(end + MARGIN, start + LONGEST)
    span = {"startDateTime": utc(start - MARGIN), "endDateTime": utc(last)}
    return Request(
        "GET", f"/users/{segment(user_id)}/calendarView?{query(**span, s_select='id,seriesMasterId', s_top=500)}"
    )


def utc(instant: datetime) -> str:
    """An instant in the form of the window parameters."""
    return instant.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


async def _whereabouts(client: GraphClient, user_id: str, ids: Sequence[str]) -> dict[str, Whereabouts]:
    requests = [
        Request("GET", f"{event_path(user_id, key)}/calendar?{query(s_select='id,isDefaultCalendar')}") for key in ids
    ]
    answers = await send_all(client, requests, mailbox=user_id)
    return {key: _where(answer) for key, answer in zip(ids, answers, strict=True)}


def _where(answer: Answer | SideError) -> Whereabouts:
    if isinstance(answer, SideError):
        return Whereabouts.UNKNOWN
    if answer.status == 404 and answer.has_code(GONE):
        return Whereabouts.NONE
    default = (answer.body or {}).get("isDefaultCalendar") if answer.ok else None
    if not isinstance(default, bool):
        return Whereabouts.UNKNOWN
    return Whereabouts.DEFAULT if default else Whereabouts.OTHER
