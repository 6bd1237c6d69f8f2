"""Finds the handler of a path: literals match in any letter case, ``*`` takes one segment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from simulators.graph.calls import Answer, Call
from simulators.graph.directory import DirectoryRoutes
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.events import EventRoutes
from simulators.graph.mailbox import Mailbox
from simulators.graph.subscriptions import SubscriptionDesk

Handler = Callable[..., Answer | Awaitable[Answer]]
Row = tuple[str, str, Handler]


class Router:
    """Rows of ``(methods, pattern, handler)``, the first that fits wins."""

    def __init__(self, rows: list[Row], mailbox_of: Callable[[str], Mailbox]) -> None:
        self._mailbox_of = mailbox_of
        self._rows: dict[int, list[tuple[str, tuple[str, ...], Handler]]] = {}
        for method, pattern, handler in rows:
            parts = tuple(pattern.lower().split("/"))
            self._rows.setdefault(len(parts), []).append((method, parts, handler))

    def answer(self, call: Call) -> Answer | Awaitable[Answer]:
        """Call the handler of this path; 400 for an unknown path, 405 for a method it does not have."""
        lower = tuple(s.lower() for s in call.segments)
        path_known = False
        for method, pattern, handler in self._rows.get(len(lower), ()):
            if all(p in ("*", "@", s) for p, s in zip(pattern, lower, strict=True)):
                if method == call.method:
                    return handler(call, *self._arguments(pattern, call.segments))
                path_known = True
        if path_known:
            raise GraphError(
                405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
            )
        raise bad_request("BadRequest", f"Resource not found for the segment '{call.segments[-1:]}'.")

    def _arguments(self, pattern: tuple[str, ...], segments: tuple[str, ...]) -> list[Any]:
        return [
            self._mailbox_of(given) if wanted == "@" else given
            for wanted, given in zip(pattern, segments, strict=True)
            if wanted in ("*", "@")
        ]


def rows(events: EventRoutes, directory: DirectoryRoutes, desk: SubscriptionDesk) -> list[Row]:
    """The routes below ``/v1.0``; ``@`` stands for a user whose mailbox must be usable."""
    return [
        ("GET", "subscriptions", desk.own),
        ("POST", "subscriptions", desk.create),
        ("GET", "subscriptions/*", desk.get),
        ("PATCH", "subscriptions/*", desk.renew),
        ("DELETE", "subscriptions/*", desk.delete),
        ("POST", "subscriptions/*/reauthorize", desk.reauthorize),
        ("GET", "users", directory.users),
        ("GET", "users/*", directory.user),
        ("GET", "users/@/mailboxSettings", directory.settings),
        ("GET", "users/@/mailboxSettings/timeZone", directory.time_zone),
        ("GET", "users/@/outlook/masterCategories", directory.categories),
        ("POST", "users/@/outlook/masterCategories", directory.add_category),
        ("PATCH", "users/@/outlook/masterCategories/*", directory.change_category),
        ("DELETE", "users/@/outlook/masterCategories/*", directory.remove_category),
        ("POST", "users/@/translateExchangeIds", events.translate),
        ("GET", "users/@/calendar", events.calendar),
        ("GET", "users/@/calendars", events.calendars),
        ("GET", "users/@/calendars/*", events.calendar),
        ("GET", "users/@/calendarView", events.view),
        ("GET", "users/@/calendar/calendarView", events.view),
        ("GET", "users/@/calendars/*/calendarView", events.view),
        ("GET", "users/@/calendarView/delta", events.delta),
        ("GET", "users/@/calendarView/delta()", events.delta),
        ("GET", "users/@/events/delta", _no_event_delta),
        ("GET", "users/@/events/delta()", _no_event_delta),
        ("GET", "users/@/events", events.list),
        ("POST", "users/@/events", events.create),
        ("GET", "users/@/calendar/events", events.list),
        ("POST", "users/@/calendar/events", events.create),
        ("GET", "users/@/calendars/*/events", events.list),
        ("POST", "users/@/calendars/*/events", events.create),
        ("GET", "users/@/events/*", events.get),
        ("PATCH", "users/@/events/*", events.patch),
        ("DELETE", "users/@/events/*", events.delete),
        ("GET", "users/@/events/*/calendar", events.calendar_of),
        ("GET", "users/@/events/*/instances", events.instances),
        ("GET", "users/@/events/*/exceptionOccurrences", events.exceptions),
        ("POST", "users/@/events/*/cancel", events.cancel),
        ("POST", "users/@/events/*/permanentDelete", events.permanent_delete),
        ("POST", "users/@/events/*/accept", events.responder("accept")),
        ("POST", "users/@/events/*/tentativelyAccept", events.responder("tentativelyAccept")),
        ("POST", "users/@/events/*/decline", events.responder("decline")),
    ]


def _no_event_delta(call: Call, mailbox: Mailbox) -> Answer:
    raise bad_request("BadRequest", "Change tracking is not supported against 'microsoft.graph.event'.")
