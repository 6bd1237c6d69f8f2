"""The routes of events: lists, views, one event, and what may be done to it (graph.md §3 to §5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulators.graph import outbound, queries, zones
from simulators.graph.calls import Answer, Call
from simulators.graph.delta import DeltaFeed, window
from simulators.graph.errors import GraphError, bad_request, item_not_found, stale_version
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import Item, Occurrence, slots
from simulators.graph.queries import Shape
from simulators.graph.world import World

Json = dict[str, Any]

WIDEST_VIEW = timedelta(days=1825)


class EventRoutes:
    """Handlers take the call, its mailbox and the ids in the path."""

    def __init__(self, world: World, feed: DeltaFeed) -> None:
        self._world = world
        self._feed = feed

    def delta(self, call: Call, mailbox: Mailbox) -> Answer:
        """GET calendarView/delta."""
        return self._feed.get(call, mailbox)

    def view(self, call: Call, mailbox: Mailbox, calendar: str | None = None) -> Answer:
        """GET calendarView: singles, occurrences and exceptions in full, no masters."""
        look = queries.shape(call, view_only=True)
        start, end = window(call)
        if end - start > WIDEST_VIEW:
            raise bad_request("ErrorInvalidRequest", "The requested time window is larger than 1825 days.")
        stored = (Occurrence(i) for i in mailbox.items(self._folder(mailbox, calendar)))
        places = queries.expanded(stored, start, end)
        return queries.paged(call, _shown(places, hidden=self._world.switches.view_hides_exceptions), look)

    def list(self, call: Call, mailbox: Mailbox, calendar: str | None = None) -> Answer:
        """GET events: singles and masters."""
        stored = [Occurrence(i) for i in mailbox.items(self._folder(mailbox, calendar))]
        return queries.paged(call, stored, queries.shape(call))

    def create(self, call: Call, mailbox: Mailbox, calendar: str | None = None) -> Answer:
        """POST events."""
        folder = self._folder(mailbox, calendar)
        item = self._world.acts.create(mailbox, call.body, zones.zone_or_refuse, folder)
        answer = self._answer(call, Occurrence(item), 201)
        if self._world.switches.touch_after_create:
            mailbox.touch(item)
        return answer

    def get(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """GET one event, occurrence or exception."""
        here = mailbox.find(ident, deleted=self._world.switches.deleted_items_readable)
        return self._answer(call, here, 200, queries.shape(call))

    def patch(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """PATCH what is sent."""
        here = mailbox.find(ident, deleted=self._world.switches.deleted_items_readable)
        self._check_version(call, here.item)
        self._check_teams(here)
        self._world.acts.patch(here, call.body, zones.zone_or_refuse)
        return self._answer(call, here, 200)

    def delete(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """DELETE: to Deleted Items."""
        here = mailbox.find(ident)
        self._check_version(call, here.item)
        self._world.acts.delete(here)
        return Answer(204)

    def permanent_delete(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """POST permanentDelete."""
        here = mailbox.find(ident, deleted=True)
        self._check_version(call, here.item)
        self._world.acts.delete(here, hard=True)
        return Answer(204)

    def cancel(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """POST cancel, for the organizer."""
        _only(call.body, "comment")
        here = mailbox.find(ident)
        self._check_version(call, here.item)
        self._world.acts.cancel(here)
        return Answer(202)

    def responder(self, act: str) -> Callable[[Call, Mailbox, str], Answer]:
        """The handler of POST accept, tentativelyAccept or decline."""

        def respond(call: Call, mailbox: Mailbox, ident: str) -> Answer:
            _only(call.body, "comment", "sendResponse", "proposedNewTime")
            send = call.body.get("sendResponse", True) is not False
            self._world.acts.respond(mailbox.find(ident), act, send)
            return Answer(202)

        return respond

    def calendar_of(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """GET events/{id}/calendar: the calendar an event stands in; 404 from Deleted Items."""
        here = mailbox.find(ident)
        return Answer(200, mailbox.calendars[here.item.calendar].as_json())

    def instances(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """GET events/{id}/instances inside a window."""
        start, end = window(call)
        master = self._master(mailbox, ident, "instances")
        places = list(slots(master.item, start, end))
        hidden = self._world.switches.instances_hide_exceptions
        return queries.paged(call, _shown(places, hidden=hidden), queries.shape(call))

    def exceptions(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """GET events/{id}/exceptionOccurrences: every changed date of a series, no window."""
        master = self._master(mailbox, ident, "exceptionOccurrences")
        return queries.paged(call, queries.exceptions(master), queries.shape(call))

    def translate(self, call: Call, mailbox: Mailbox) -> Answer:
        """POST translateExchangeIds between regular and immutable ids."""
        body = call.body
        kinds = ("restId", "restImmutableEntryId")
        inputs = body.get("inputIds")
        if body.get("sourceIdType") not in kinds or body.get("targetIdType") not in kinds or not inputs:
            raise bad_request("ErrorInvalidParameter", "The id types of this request are not supported.")
        if len(inputs) > 1000:
            raise bad_request("ErrorInvalidParameter", "At most 1000 ids can be translated at a time.")
        immutable = body["targetIdType"] == "restImmutableEntryId"
        return Answer(200, {"value": [_translated(mailbox, ident, immutable) for ident in inputs]})

    def calendars(self, call: Call, mailbox: Mailbox) -> Answer:
        """GET calendars."""
        return Answer(200, {"value": [c.as_json() for c in mailbox.calendars.values()]})

    def calendar(self, call: Call, mailbox: Mailbox, ident: str | None = None) -> Answer:
        """GET calendar, the default one, or calendars/{id}."""
        return Answer(200, mailbox.calendars[self._folder(mailbox, ident)].as_json())

    def _master(self, mailbox: Mailbox, ident: str, what: str) -> Occurrence:
        here = mailbox.find(ident)
        if here.slot is not None or not here.item.is_master:
            raise bad_request("ErrorInvalidRequest", f"Only a series master has {what}.")
        return here

    def _folder(self, mailbox: Mailbox, ident: str | None) -> str:
        if ident is not None and ident not in mailbox.calendars:
            raise item_not_found()
        return ident or mailbox.calendar_id

    def _check_version(self, call: Call, item: Item) -> None:
        wanted = call.headers.get("if-match")
        if wanted is None or wanted == "*":
            return
        switches = self._world.switches
        if switches.spurious_conflicts > 0:
            switches.spurious_conflicts -= 1
            raise stale_version()
        if wanted != outbound.etag(item):
            raise stale_version()

    def _check_teams(self, here: Occurrence) -> None:
        """500 for an online series of which one date was changed, where the switch says so (graph.md §5)."""
        breaks = self._world.switches.teams_series_break and here.slot is None and bool(here.item.exceptions)
        if breaks and here.content.is_online:
            raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.")

    def _answer(self, call: Call, here: Occurrence, status: int, look: Shape | None = None) -> Answer:
        event = (look or Shape()).show(here, call.view)
        return Answer(status, {"@odata.context": f"{call.origin}/v1.0/$metadata#users/events/$entity", **event})


def _shown(places: list[Occurrence], *, hidden: bool) -> list[Occurrence]:
    return [one for one in places if not (hidden and one.is_exception)]


def _only(body: object, *known: str) -> None:
    if not isinstance(body, dict):
        raise bad_request("BadRequest", "The request body must be a JSON object.")
    lower = {name.lower() for name in known}
    for name in body:
        if name.lower() not in lower:
            raise bad_request("RequestBodyRead", f"The parameter '{name}' is not a parameter of this operation.")


def _translated(mailbox: Mailbox, ident: str, immutable: bool) -> Json:
    try:
        here = mailbox.find(ident, deleted=True)
    except GraphError as error:
        return {"sourceId": ident, "errorDetails": {"code": error.code, "message": error.message}}
    return {"sourceId": ident, "targetId": outbound.View(immutable=immutable).id_of(here)}
