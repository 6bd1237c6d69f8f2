"""A Graph that answers what the test queued, and remembers every request; with the JSON that Graph would send."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import web

Json = dict[str, Any]

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'
PREFER_HTML = PREFER.replace('"text"', '"html"')


@dataclass
class Say:
    """One answer; ``cut`` closes the connection instead, ``hang`` keeps silent."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it arrived; ``target`` is path and query, undecoded."""

    method: str
    target: str
    headers: dict[str, str]
    body: Any

    @property
    def line(self) -> str:
        """Method and decoded target below the service root."""
        return f"{self.method} {unquote(self.target).removeprefix('/v1.0')}"

    @property
    def parts(self) -> list[str]:
        """The lines of a batch."""
        return [f"{one['method']} {unquote(one['url'])}" for one in self.body["requests"]]


class Scripted:
    """Answers come from ``answers`` in turn; a request too many is answered with 599."""

    def __init__(self) -> None:
        self.answers: deque[Say] = deque()
        self.heard: list[Heard] = []
        self.origin = ""
        self._runner: web.AppRunner | None = None
        self._arrival = asyncio.Condition()

    @property
    def url(self) -> str:
        """The service root."""
        return f"{self.origin}/v1.0"

    @property
    def lines(self) -> list[str]:
        """What was asked for, in order."""
        return [one.line for one in self.heard]

    def say(self, *answers: Say) -> None:
        """Queue answers."""
        self.answers.extend(answers)

    async def hear(self, count: int) -> None:
        """Wait until so many requests arrived."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.heard) >= count)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{any:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.method, request.raw_path, headers, json.loads(raw) if raw else None))
        async with self._arrival:
            self._arrival.notify_all()
        answer = self.answers.popleft() if self.answers else Say(status=599)
        if answer.hang:
            await asyncio.Event().wait()
        if answer.cut and request.transport is not None:
            request.transport.abort()
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return web.Response(
            status=answer.status,
            headers=answer.headers,
            text=None if answer.body is None else text,
            content_type="application/json",
        )


def fault(status: int, code: str = "", message: str = "no", **extra: Any) -> Say:
    """Graph's error shape."""
    return Say({"error": {"code": code, "message": message, **extra}}, status)


def batch(*parts: Say | None) -> Say:
    """The answer to a batch, in reverse order as Graph may; None leaves a part out."""
    told = [
        {"id": str(number), "status": part.status, "headers": part.headers, "body": part.body}
        for number, part in enumerate(parts, 1)
        if part is not None
    ]
    return Say({"responses": told[::-1]})


def page(*rows: Any, **links: str) -> Say:
    """A page; ``next`` and ``delta`` name its link."""
    return Say({"value": list(rows), **{f"@odata.{name}Link": link for name, link in links.items()}})


def event(key: str = "E1", **fields: Any) -> Json:
    """An event as Graph documents it: one hour on 2 February 2026, with what was asked for on top."""
    return {
        "@odata.etag": f'W/"{key}-1"',
        "id": key,
        "changeKey": f"{key}-1",
        "categories": [],
        "transactionId": None,
        "lastModifiedDateTime": "2026-01-20T10:00:00.1234567Z",
        "iCalUId": f"UID-{key}",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "subject": f"Meeting {key}",
        "bodyPreview": "Agenda",
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "seriesMasterId": None,
        "type": "singleInstance",
        "recurrence": None,
        "body": {"contentType": "text", "content": "Agenda\r\n"},
        "start": {"dateTime": "2026-02-02T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-02-02T09:00:00.0000000", "timeZone": "UTC"},
        "attendees": [],
        "organizer": {"emailAddress": {"name": "Ann", "address": "Ann@Acme.bg"}},
        **fields,
    }


def marked(key: str, mark: str, property_id: str, **fields: Any) -> Json:
    """An event that carries our mark."""
    return event(key, singleValueExtendedProperties=[{"id": property_id, "value": mark}], **fields)
