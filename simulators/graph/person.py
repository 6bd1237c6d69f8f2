"""A person at Outlook: what people do with events, at once and without HTTP.

Times are aware datetimes, or naive ones with ``zone`` (the mailbox's own zone when none is given); all-day
events take dates, the end exclusive.  Ids are immutable ids (regular ones are accepted).  What makes no sense
raises ``Refused``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

from simulators.base import Refused
from simulators.graph import bodies, outbound, words, zones
from simulators.graph.errors import GraphError
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import DELETED, NEVER, Address, Item, Occurrence
from simulators.graph.words import When
from simulators.graph.world import World

Json = dict[str, Any]
T = TypeVar("T")


class OutlookPerson:
    """The owner of one mailbox, in this company or in another one."""

    def __init__(self, world: World, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self._world = world

    def create(self, subject: str, start: When, end: When, **details: Any) -> str:
        """Enter an event and return its id.

        Details: all_day, zone, body (text), html, location, private, sensitivity, importance, reminder (minutes
        or None), categories, attendees (addresses), recurrence (Graph JSON), online, show_as, calendar (name),
        uid (of a calendar system that is not Exchange).
        """
        calendar, uid = details.pop("calendar", None), details.pop("uid", None)
        folder = self.mailbox.calendar_named(calendar).id if calendar else None
        body = self._body({"subject": subject, "start": start, "end": end, **details}, all_day=False)
        item = _sensible(lambda: self._world.acts.create(self.mailbox, body, zones.any_zone, folder, uid))
        if not item.is_meeting:
            item.content = replace(item.content, response="none")
        return item.immutable_id

    def edit(self, ident: str, **fields: Any) -> None:
        """Change an event or one occurrence; the same names as for ``create``."""
        here = self._find(ident)
        body = self._body(fields, all_day=here.content.is_all_day)
        _sensible(lambda: self._world.acts.patch(here, body, zones.any_zone))

    def move_time(self, ident: str, start: When, end: When, **details: Any) -> None:
        """Drag an event to another time."""
        self.edit(ident, start=start, end=end, **details)

    def delete(self, ident: str) -> None:
        """Put it into Deleted Items; one's own meeting is cancelled by that."""
        _sensible(lambda: self._world.acts.delete(self._find(ident)))

    def hard_delete(self, ident: str) -> None:
        """Remove it for good, from Deleted Items too."""
        _sensible(lambda: self._world.acts.delete(self._find(ident, deleted=True), hard=True))

    def restore(self, ident: str) -> None:
        """Take it out of Deleted Items, back into the default calendar."""
        item = self._find(ident, deleted=True).item
        if item.calendar != DELETED:
            raise Refused("the event is not in Deleted Items")
        self.mailbox.move(item, self.mailbox.calendar_id)

    def move_to_calendar(self, ident: str, name: str | None = None) -> None:
        """Move it to the calendar of this name (made when missing); ``None`` = back to the default one."""
        here = self._find(ident)
        if here.slot is not None:
            raise Refused("one date of a series stays with its series")
        item = here.item
        target = self.mailbox.calendar_named(name).id if name else self.mailbox.calendar_id
        if target == item.calendar:
            raise Refused("the event is in this calendar already")
        self.mailbox.move(item, target)

    def copy(self, ident: str) -> str:
        """Duplicate an event as an appointment of one's own; marks come along, transactionId does not."""
        here = self._find(ident)
        mine = Address(self.mailbox.display_name, self.mailbox.mail)
        content = replace(here.content, organizer=mine, attendees=(), response="none", responded_at=NEVER)
        item = self.mailbox.add(content)
        item.properties = dict(here.item.properties)
        self.mailbox.touch(item, "created")
        return item.immutable_id

    def import_again(self, ident: str) -> str:
        """Import a saved file of an event that is here already: one more event with the same iCalUId.

        It is the person's own where the event is; marks, transactionId and copies do not come along.
        """
        item = self._find(ident).item
        other = self.mailbox.add(item.content, uid=item.ical_uid)
        other.is_organizer = item.is_organizer
        other.exceptions, other.cancelled = dict(item.exceptions), set(item.cancelled)
        self.mailbox.touch(other, "created")
        return other.immutable_id

    def make_series(self, ident: str, recurrence: Json) -> None:
        """Turn a single event into a series, or give a series another pattern or range."""
        self.edit(ident, recurrence=recurrence)

    def make_single(self, ident: str) -> None:
        """Turn a series into a single event."""
        self.edit(ident, recurrence=None)

    def occurrence(self, ident: str, day: date) -> str:
        """The id of the series' occurrence on this date, the original one if it was moved."""
        wanted = outbound.PERSONAL.id_of(Occurrence(self._find(ident).item, day))
        self._find(wanted)
        return wanted

    def dates(self, ident: str, start: date, end: date) -> list[date]:
        """The original dates of a series that take place from ``start`` to ``end``, both included."""
        item = self._find(ident).item
        series = item.content.recurrence
        return [d for d in series.dates(start, end) if d not in item.cancelled] if series else []

    def edit_date(self, ident: str, day: date, **fields: Any) -> None:
        """Change one date of a series; the same names as for ``create``."""
        self.edit(self.occurrence(ident, day), **fields)

    def move_date(self, ident: str, day: date, start: When, end: When, **details: Any) -> None:
        """Drag one date of a series to another time, between its neighbours."""
        self.edit_date(ident, day, start=start, end=end, **details)

    def delete_date(self, ident: str, day: date) -> None:
        """Take one date out of a series; one's own meeting is cancelled on it by that."""
        self.delete(self.occurrence(ident, day))

    def end_before(self, ident: str, day: date) -> None:
        """Let a series end with its last date before this one."""
        series = self._find(ident).content.recurrence
        if series is None:
            raise Refused("only a series has an end")
        self.make_series(ident, series.until(day - timedelta(days=1)).as_json())

    def split(self, ident: str, day: date, **fields: Any) -> str:
        """Change "this and following": the series ends before the date, and a new one with its own uid goes on.

        Returns the new series' id; the same names as for ``create``.
        """
        here = self._find(self.occurrence(ident, day))
        body = self._body(fields, all_day=here.content.is_all_day)
        return _sensible(lambda: self._world.acts.split(here, body, zones.any_zone)).immutable_id

    def forward(self, ident: str, address: str) -> None:
        """Pass an invitation, or one date of it, on to somebody who then is on the organizer's list."""
        _sensible(lambda: self._world.acts.forward(self._find(ident), address))

    def cancel(self, ident: str) -> None:
        """Cancel one's own meeting, or one date of it."""
        _sensible(lambda: self._world.acts.cancel(self._find(ident)))

    def accept(self, ident: str, *, send: bool = True) -> None:
        """Accept an invitation."""
        self._respond(ident, "accept", send)

    def tentatively_accept(self, ident: str, *, send: bool = True) -> None:
        """Accept an invitation with a doubt."""
        self._respond(ident, "tentativelyAccept", send)

    def decline(self, ident: str, *, send: bool = True) -> None:
        """Decline an invitation: it leaves the calendar."""
        self._respond(ident, "decline", send)

    def add_category(self, ident: str, name: str) -> None:
        """Put a category on an event."""
        self.edit(ident, categories=[*self._find(ident).content.categories, name])

    def remove_category(self, ident: str, name: str) -> None:
        """Take a category off an event."""
        self.edit(ident, categories=[c for c in self._find(ident).content.categories if c != name])

    def receive(self, subject: str, start: When, end: When, *, organizer: str, **details: Any) -> str:
        """Get an invitation and return the copy's id; an organizer unknown here is somebody in another company."""
        own = {name: details.pop(name) for name in ("categories", "reminder") if name in details}
        folder = details.pop("calendar", None)
        guests = [self.mailbox.mail, *details.pop("attendees", ())]
        host = OutlookPerson(self._world, self._world.by_address(organizer) or self._world.outsider(organizer))
        words = {"zone": self.mailbox.time_zone, **details, "attendees": guests}
        copy = host._find(host.create(subject, start, end, **words)).item.copies.get(self.mailbox.id)
        if copy is None:
            raise Refused(f"{organizer} cannot invite {self.mailbox.mail}")
        if own:
            self.edit(copy.immutable_id, **own)
        if folder:
            self.move_to_calendar(copy.immutable_id, folder)
        return copy.immutable_id

    def cancelled_from_outside(self, ident: str) -> None:
        """The organizer of a received meeting, or of one date of it, cancels it."""
        here = self._find(ident)
        original, slot = here.item.original, here.slot or here.item.original_slot
        if original is None:
            raise Refused("this is the person's own meeting")
        there = outbound.PERSONAL.id_of(Occurrence(original, slot))
        OutlookPerson(self._world, original.mailbox).cancel(there)

    def events(self, calendar: str | None = None) -> list[Json]:
        """The calendar's singles and series as full Graph JSON in UTC, by start."""
        folder = self.mailbox.calendar_named(calendar).id if calendar else None
        items = sorted(self.mailbox.items(folder), key=lambda i: (i.content.start, i.serial))
        return [outbound.full(Occurrence(i), outbound.PERSONAL) for i in items]

    def get(self, ident: str) -> Json:
        """One event as full Graph JSON in UTC."""
        return outbound.full(self._find(ident), outbound.PERSONAL)

    def text(self, ident: str) -> str:
        """The body of an event as a person reads it, lines separated by ``\\n``."""
        return bodies.to_text(self._find(ident).content.body).replace("\r\n", "\n")

    def marks(self, ident: str) -> dict[str, str]:
        """The extended properties that lie under an event."""
        return dict(self._find(ident).item.properties)

    def find(self, subject: str) -> str | None:
        """The id of the first event with exactly this subject, in any calendar."""
        for calendar in self.mailbox.calendars:
            for item in self.mailbox.items(calendar):
                if item.content.subject == subject:
                    return item.immutable_id
        return None

    def _respond(self, ident: str, act: str, send: bool) -> None:
        _sensible(lambda: self._world.acts.respond(self._find(ident), act, send))

    def _find(self, ident: str, *, deleted: bool = False) -> Occurrence:
        return _sensible(lambda: self.mailbox.find(ident, deleted=deleted))

    def _body(self, fields: Json, *, all_day: bool) -> Json:
        zone = fields.pop("zone", None) or self.mailbox.time_zone
        return words.body(fields, zone, all_day=fields.get("all_day", all_day))


def _sensible(act: Callable[[], T]) -> T:
    try:
        return act()
    except GraphError as error:
        raise Refused(f"{error.code}: {error.message}") from error


def describe(item: Item, day: date | None = None) -> Json:
    """An item, or its occurrence on this date, as full Graph JSON in UTC, for the control verb ``state``."""
    return outbound.full(Occurrence(item, day), outbound.PERSONAL)
