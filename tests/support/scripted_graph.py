"""A Graph that answers what the test queued, and remembers every request; with the JSON that Graph would send."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from tests.support.scripted import Request, Say, ScriptedServer

Json = dict[str, Any]

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'
PREFER_HTML = PREFER.replace('"text"', '"html"')


class GraphRequest(Request):
    """One request to Graph."""

    @property
    def body(self) -> Any:
        """The body as JSON, None where there is none."""
        return json.loads(self.raw) if self.raw else None

    @property
    def line(self) -> str:
        """Method and decoded target below the service root."""
        return f"{self.method} {unquote(self.target).removeprefix('/v1.0')}"

    @property
    def parts(self) -> list[str]:
        """The lines of a batch."""
        return [f"{one['method']} {unquote(one['url'])}" for one in self.body["requests"]]


class ScriptedGraph(ScriptedServer[GraphRequest]):
    """Answers come from ``answers`` in turn; a request too many is answered with 599."""

    hears = GraphRequest

    @property
    def url(self) -> str:
        """The service root."""
        return f"{self.origin}/v1.0"

    @property
    def lines(self) -> list[str]:
        """What was asked for, in order."""
        return [one.line for one in self.heard]


def graph_fault(status: int, code: str = "", message: str = "no", **extra: Any) -> Say:
    """Graph's error shape."""
    return Say({"error": {"code": code, "message": message, **extra}}, status)


def graph_batch_answer(*parts: Say | None) -> Say:
    """The answer to a batch, in reverse order as Graph may; None leaves a part out."""
    told = [
        {"id": str(number), "status": part.status, "headers": part.headers, "body": part.body}
        for number, part in enumerate(parts, 1)
        if part is not None
    ]
    return Say({"responses": told[::-1]})


def page_answer(*rows: Any, **links: str) -> Say:
    """A page; ``next`` and ``delta`` name its link."""
    return Say({"value": list(rows), **{f"@odata.{name}Link": link for name, link in links.items()}})


def graph_event(key: str = "E1", **fields: Any) -> Json:
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
    return graph_event(key, singleValueExtendedProperties=[{"id": property_id, "value": mark}], **fields)
