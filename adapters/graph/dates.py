"""Reads what masters say of the dates of their series: those taken out, and the ids of those that were changed.

Only for dates that ``calendarView`` does not show: a series may have hundreds of changed dates (graph.md §4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from adapters.graph.batch import send_all
from adapters.graph.client import GraphClient
from adapters.graph.fields import list_of, rows_of, word_of
from adapters.graph.series import named_date, occurrence_in
from adapters.graph.wire import Answer, Request, failure, query, usable_id
from adapters.graph.write import event_path
from sync_core.errors import ItemGone, SideError
from sync_core.model.sides import EventKind, Malformed, SeriesDates, Side

Found = SeriesDates | Malformed | None

Asked = Mapping[str, Collection[date]]


async def read_dates(client: GraphClient, user_id: str, asked: Asked) -> dict[str, Found]:
    """What each master says, batched; None = 404, ``Malformed`` (passing) where the answer is no use. The changed
    dates are read as far as those that are ``asked`` about, by master; of a master with none all are."""
    answers = await send_all(client, [_request(user_id, key) for key in asked], mailbox=user_id)
    told = zip(asked.items(), answers, strict=True)
    return {key: await _pages(client, user_id, key, answer, frozenset(days)) for (key, days), answer in told}


async def _pages(
    client: GraphClient, user_id: str, key: str, told: Answer | SideError, days: frozenset[date]
) -> Found:
    cancelled: frozenset[date] = frozenset()
    exceptions: dict[date, str] = {}
    for _ in range(client.options.page_cap):
        if isinstance(told, SideError) or not told.ok or told.body is None:
            return _no_use(client, key, told)
        dates, link = _dates_in(told)
        cancelled |= dates.cancelled
        exceptions |= dates.exceptions
        if link is None or (days and days <= cancelled | exceptions.keys()):
            return SeriesDates(cancelled, exceptions)
        try:
            told = await client.send(Request("GET", link), mailbox=user_id)
        except SideError as error:
            told = error
    return _unread(key, "Microsoft Graph has too many pages of a series' changed dates")


def _no_use(client: GraphClient, key: str, told: Answer | SideError) -> Found:
    if not isinstance(told, SideError) and told.ok:
        return _unread(key, "Microsoft Graph answered with something that is no series")
    error = told if isinstance(told, SideError) else failure(told, client.clock())
    return None if isinstance(error, ItemGone) else _unread(key, str(error))


def _unread(key: str, why: str) -> Malformed:
    return Malformed(Side.GRAPH, key, why, is_passing=True)


# Requests and answers

_EXCEPTIONS = "exceptionOccurrences"


def _request(user_id: str, master_id: str) -> Request:
    """Ask a master for the dates that were taken out and those that were changed; what is selected is of both."""
    wanted = "id,type,seriesMasterId,iCalUId,occurrenceId,originalStart,originalStartTimeZone,isAllDay"
    ask = query(s_select=f"{wanted},cancelledOccurrences", s_expand=_EXCEPTIONS)
    return Request("GET", f"{event_path(user_id, master_id)}?{ask}")


def _dates_in(answer: Answer) -> tuple[SeriesDates, str | None]:
    """What a master's answer, or a further page of its changed dates, says; and the link to the next page."""
    body = answer.body or {}
    cancelled = (named_date(word_of(one, "")) for one in list_of(body.get("cancelledOccurrences")))
    changed: dict[date, str] = {}
    for row in rows_of(body.get(_EXCEPTIONS, body.get("value"))):
        found = occurrence_in(row, EventKind.EXCEPTION)
        if found is not None and usable_id(row.get("id")):
            changed[found.day] = str(row["id"])
    link = body.get(f"{_EXCEPTIONS}@odata.nextLink", body.get("@odata.nextLink"))
    dates = SeriesDates(frozenset(day for day in cancelled if day is not None), changed)
    return dates, link if isinstance(link, str) and link else None
