"""A bare HTTP client for the tests: no product code, no cleverness, immutable ids unless told otherwise."""

from __future__ import annotations

from typing import Any

import aiohttp

from simulators.graph import GraphSimulator

Json = dict[str, Any]

ANN, BOB = "ann@example.test", "bob@example.test"
WINDOW = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-03-01T00:00:00Z"
IMMUTABLE = 'IdType="ImmutableId"'
MARK = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name ErpActivity"


class GraphReply:
    """Status, headers and JSON of an answer."""

    def __init__(self, status: int, headers: Any, body: Any) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> str:
        """The error code."""
        return str(self.body["error"]["code"])

    @property
    def value(self) -> list[Json]:
        """The items of a list."""
        return list(self.body["value"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class BareGraphClient:
    """Speaks to one stand-in as the application with its token."""

    def __init__(self, graph: GraphSimulator, session: aiohttp.ClientSession) -> None:
        self.graph = graph
        self.session = session

    async def ask(
        self, method: str, path: str, body: Any = None, prefer: str = IMMUTABLE, **headers: str
    ) -> GraphReply:
        """One request; ``path`` is below the base or a whole link, ``if_match`` becomes ``If-Match``."""
        url = path if path.startswith("http") else f"{self.graph.url}/{path}"
        sent = {"Authorization": f"Bearer {self.graph.token}", **({"Prefer": prefer} if prefer else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, url, json=body, headers=sent) as answer:
            text = await answer.text()
            found = await answer.json() if text else None
            return GraphReply(answer.status, answer.headers, found)

    async def get(self, path: str, prefer: str = IMMUTABLE, **headers: str) -> GraphReply:
        """GET."""
        return await self.ask("GET", path, None, prefer, **headers)

    async def post(self, path: str, body: Any = None, prefer: str = IMMUTABLE) -> GraphReply:
        """POST."""
        return await self.ask("POST", path, body, prefer)

    async def patch(self, path: str, body: Any, prefer: str = IMMUTABLE, **headers: str) -> GraphReply:
        """PATCH."""
        return await self.ask("PATCH", path, body, prefer, **headers)

    async def delete(self, path: str, **headers: str) -> GraphReply:
        """DELETE."""
        return await self.ask("DELETE", path, **headers)

    async def create(self, **fields: Any) -> GraphReply:
        """POST an event into Ann's calendar."""
        return await self.post(f"users/{ANN}/events", event_body(**fields))

    async def event(self, ident: str, upn: str = ANN, **options: str) -> GraphReply:
        """GET one event by id."""
        return await self.get(f"users/{upn}/events/{ident}", **options)

    async def round(self, upn: str = ANN, link: str = "", prefer: str = IMMUTABLE) -> tuple[list[Json], str]:
        """One delta round to its end: all items, and the deltaLink."""
        page = await self.get(link or f"users/{upn}/calendarView/delta?{WINDOW}", prefer)
        items = page.value
        while "@odata.nextLink" in page.body:
            page = await self.get(page["@odata.nextLink"], prefer)
            items += page.value
        return items, page["@odata.deltaLink"]


def event_body(**fields: Any) -> Json:
    """The contract's example event, with other fields."""
    return {
        "subject": "Review",
        "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "UTC"},
        **fields,
    }


def span(start: str, end: str, zone: str = "UTC") -> Json:
    """Start and end of an event."""
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def invite(*addresses: str) -> Json:
    """The attendees of an event."""
    return {"attendees": [{"emailAddress": {"address": a}, "type": "required"} for a in addresses]}


def daily(start: str = "2026-11-23", **limits: Any) -> Json:
    """A daily series."""
    limits = limits or {"type": "numbered", "numberOfOccurrences": 5}
    return {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"startDate": start, **limits}}}


def weekly(start: str = "2026-11-23", day: str = "monday", **limits: Any) -> Json:
    """A weekly series."""
    limits = limits or {"type": "numbered", "numberOfOccurrences": 5}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [day], "firstDayOfWeek": "monday"}
    return {"recurrence": {"pattern": pattern, "range": {"startDate": start, **limits}}}
