"""Changes events: an HTTP request and a person use the same functions.

graph.md §5.  Meeting consequences are handed to ``Meetings``; this module touches one mailbox only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulators.graph import bodies, inbound, recurrence, zones
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.mailbox import Mailbox
from simulators.graph.meetings import Meetings, organizer_only
from simulators.graph.model import (
    DELETED,
    NEVER,
    Address,
    Attendee,
    Content,
    Deviation,
    Item,
    Occurrence,
    local_date,
    slot_times,
)
from simulators.graph.switches import Switches

Json = dict[str, Any]
ZoneOf = Callable[[str], ZoneInfo]


class Acts:
    """Create, change, delete, cancel, answer."""

    def __init__(self, switches: Switches, meetings: Meetings, name_of: Callable[[str], str]) -> None:
        self._switches = switches
        self._meetings = meetings
        self._name_of = name_of

    def create(
        self, mailbox: Mailbox, body: object, zone_of: ZoneOf, calendar: str | None = None, uid: str | None = None
    ) -> Item:
        """POST an event: a repeated ``transactionId`` answers with the first event or is refused.

        ``uid`` is what another calendar system calls it.
        """
        draft = inbound.read(body, inbound.Draft(zone_of, self._name_of))
        known = self._known_transaction(mailbox, draft.transaction_id, body)
        if known is not None:
            return known
        item = mailbox.add(self._new_content(mailbox, draft), calendar=calendar, uid=uid)
        item.transaction_id = draft.transaction_id
        if draft.transaction_id:
            mailbox.transactions[draft.transaction_id] = (item, _fingerprint(body))
        item.properties = {key: value for key, value in draft.properties.items() if value is not None}
        self._set_online(item, draft)
        mailbox.touch(item, "created")
        self._meetings.created(item)
        return item

    def patch(self, here: Occurrence, body: object, zone_of: ZoneOf) -> None:
        """PATCH what is sent and nothing else, on a single, a whole series or one occurrence."""
        draft = inbound.read(body, inbound.Draft(zone_of, self._name_of))
        item, before = here.item, here.content
        changes = self._changes(draft, before)
        if here.slot is not None and self._switches.lost_occurrence_writes > 0:
            self._switches.lost_occurrence_writes -= 1
            return
        if here.slot is None:
            item.content = self._changed(before, draft, changes)
            item.fit_dates(before)
            self._spread_list(item, before)
            self._set_online(item, draft)
        else:
            self._patch_occurrence(here, draft, changes)
        for key, value in draft.properties.items():
            _set_property(item, key, value)
        item.mailbox.touch(item)
        self._meetings.updated(here, draft.sent, before)

    def split(self, here: Occurrence, body: object, zone_of: ZoneOf) -> Item:
        """Outlook's "this and following" (graph.md §5): the series ends before this date and goes on as another one.

        The new series has a uid of its own and what the body changes; dates that differ go with it.
        """
        old, slot, before = here.item, here.slot, here.item.content
        organizer_only(old)
        if slot is None or before.recurrence is None or slot == before.recurrence.first():
            raise bad_request("ErrorInvalidRequest", "Only a later date of a series begins another one.")
        draft = inbound.read(body, inbound.Draft(zone_of, self._name_of))
        start, end = slot_times(before, slot)
        unanswered = tuple(replace(a, response="none", at=NEVER) for a in before.attendees)
        rest = replace(before, start=start, end=end, recurrence=before.recurrence.since(slot), attendees=unanswered)
        new = old.mailbox.add(self._changed(rest, draft, self._changes(draft, rest)))
        new.exceptions = {day: _without_list(one) for day, one in old.exceptions.items() if day >= slot}
        new.cancelled = {day for day in old.cancelled if day >= slot}
        new.fit_dates(rest)
        old.content = replace(before, recurrence=before.recurrence.until(slot - timedelta(days=1)))
        old.fit_dates(before)
        old.mailbox.touch(old)
        self._meetings.updated(Occurrence(old), {"recurrence"}, before)
        old.mailbox.touch(new, "created")
        self._meetings.created(new)
        return new

    def delete(self, here: Occurrence, *, hard: bool = False) -> None:
        """DELETE: to Deleted Items (or for good); the organizer's deletion cancels the meeting."""
        item, slot = here.item, here.slot
        if slot is not None:
            self._meetings.cancelled(here)
            item.drop_date(slot)
            item.mailbox.touch(item)
            return
        if not item.is_deleted:
            self._meetings.cancelled(here)
        if hard or item.is_deleted:
            item.mailbox.purge(item)
        else:
            item.mailbox.move(item, DELETED)
        self._after_delete(item)

    def cancel(self, here: Occurrence) -> None:
        """The organizer's cancellation with a message: the event leaves the calendar, the copies say cancelled."""
        organizer_only(here.item)
        self.delete(here)

    def respond(self, here: Occurrence, act: str, send: bool) -> None:
        """Accept, tentatively accept or decline an invitation."""
        self._meetings.respond(here, act, send)

    def forward(self, here: Occurrence, address: str) -> None:
        """Somebody on a meeting invites somebody else to it, or to one date of it."""
        self._meetings.forward(here, Address(self._name_of(address), address))

    def _after_delete(self, item: Item) -> None:
        if self._switches.transactions_after_delete == "forget" and item.transaction_id:
            item.mailbox.transactions.pop(item.transaction_id, None)

    def _known_transaction(self, mailbox: Mailbox, transaction: str | None, body: object) -> Item | None:
        item, fingerprint = mailbox.transactions.get(transaction or "", (None, ""))
        if item is None:
            return None
        gone = item.is_deleted and self._switches.transactions_after_delete == "refuse"
        if fingerprint == _fingerprint(body) and not gone:
            return item
        raise GraphError(
            400,
            "ErrorDuplicateTransactionId",
            "The transactionId has already been used to create a different event.",
            extra={"@event.existingEventId": item.regular_id},
        )

    def _new_content(self, mailbox: Mailbox, draft: inbound.Draft) -> Content:
        times = inbound.times(draft, None)
        if not times:
            raise bad_request("ErrorInvalidRequest", "The properties start and end are required.")
        content = Content(
            organizer=Address(mailbox.display_name, mailbox.mail),
            attendees=self._with_answers(draft.attendees or (), ()),
            **times,
            **draft.fields,
        )
        return self._with_series(content, draft)

    def _with_answers(self, wanted: tuple[Attendee, ...], before: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
        """The new list with what everybody answered: as known here, or as sent (UNCONFIRMED)."""
        if self._switches.answers_of_attendees == "as sent":
            return wanted
        known = {self._meetings.guest(a.who.address): (a.response, a.at) for a in before}
        answers = [known.get(self._meetings.guest(a.who.address), ("none", NEVER)) for a in wanted]
        return tuple(replace(a, response=word, at=at) for a, (word, at) in zip(wanted, answers, strict=True))

    def _spread_list(self, item: Item, before: Content) -> None:
        """Who is added to the list of a series or taken off it is so on changed dates with lists of their own."""
        known, wanted = (self._by_guest(c.attendees) for c in (before, item.content))
        for slot, one in item.exceptions.items():
            listed = self._by_guest(one.changes.get("attendees", ()))
            kept = {guest: a for guest, a in listed.items() if guest in wanted or guest not in known}
            added = {guest: a for guest, a in wanted.items() if guest not in known}
            if "attendees" in one.changes:
                everyone = tuple((added | kept).values())
                item.exceptions[slot] = replace(one, changes={**one.changes, "attendees": everyone})

    def _by_guest(self, attendees: tuple[Attendee, ...]) -> dict[str, Attendee]:
        return {self._meetings.guest(a.who.address): a for a in attendees}

    def _changes(self, draft: inbound.Draft, before: Content) -> Json:
        """What a draft says anew of an event, its recurrence aside."""
        changes = {**draft.fields, **inbound.times(draft, before)}
        if draft.attendees is not None:
            changes["attendees"] = self._with_answers(draft.attendees, before.attendees)
        if "body" in changes and before.is_online:
            changes |= _meeting_after(changes["body"], before)
        return changes

    def _changed(self, before: Content, draft: inbound.Draft, changes: Json) -> Content:
        """A single event or a whole series after this draft; a series that moves keeps its pattern."""
        after = replace(before, **changes)
        if "recurrence" in draft.sent:
            return self._with_series(after, draft)
        if before.recurrence is not None and after.start != before.start:
            after = self._timed(after, replace(before.recurrence, zone=after.start_zone))
            moved = replace(after.recurrence or before.recurrence, start=local_date(after, after.start))
            return _aligned(replace(after, recurrence=moved))
        return after

    def _with_series(self, content: Content, draft: inbound.Draft) -> Content:
        plain = replace(content, recurrence=None)
        if draft.recurrence is None:
            return plain
        series = recurrence.parse(draft.recurrence, content.start_zone, local_date(plain, content.start))
        draft.zone_of(series.zone)
        return _aligned(self._timed(content, series))

    def _timed(self, content: Content, series: recurrence.Recurrence) -> Content:
        """The series by its zone's clock, or by the distance from UTC that it starts at (UNCONFIRMED)."""
        offset = None
        if not self._switches.series_keep_wall_clock:
            offset = content.start.astimezone(zones.any_zone(series.zone)).utcoffset()
        return replace(content, recurrence=replace(series, offset=offset))

    def _patch_occurrence(self, here: Occurrence, draft: inbound.Draft, changes: Json) -> None:
        slot = here.slot
        if slot is None or draft.recurrence is not None:
            raise bad_request("ErrorInvalidRequest", "An occurrence cannot have a recurrence of its own.")
        if "start" in changes:
            _keep_between_neighbours(here.item, slot, local_date(here.item.content, changes["start"]))
        if self._switches.occurrence_details == "ignored":
            changes = {name: value for name, value in changes.items() if name not in ("categories", "sensitivity")}
            draft.properties.clear()
        if changes or draft.properties:
            here.item.deviate(slot, changes, here.item.mailbox.now())

    def _set_online(self, item: Item, draft: inbound.Draft) -> None:
        allowed = item.mailbox.teams and "foreignProvider" not in draft.sent
        if not draft.wants_online or item.content.is_online or not allowed:
            return
        thread = hashlib.blake2b(item.ical_uid.encode(), digest_size=18).hexdigest()
        url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context=%7b%7d"
        body = bodies.with_meeting_block(item.content.body, url)
        item.content = replace(item.content, is_online=True, join_url=url, body=body)


def _fingerprint(body: object) -> str:
    return json.dumps(body, sort_keys=True)


def _set_property(item: Item, key: str, value: str | None) -> None:
    if value is None:
        item.properties.pop(key, None)
    else:
        item.properties[key] = value


def _without_list(one: Deviation) -> Deviation:
    return replace(one, changes={name: value for name, value in one.changes.items() if name != "attendees"})


def _meeting_after(body: str, before: Content) -> Json:
    kept = bodies.has_meeting_block(body, before.join_url)
    return {} if kept else {"is_online": False, "join_url": ""}


def _aligned(content: Content) -> Content:
    """The series with its own start on the first date of its pattern."""
    if content.recurrence is None:
        return content
    start, end = slot_times(content, content.recurrence.first())
    return replace(content, start=start, end=end)


def _keep_between_neighbours(item: Item, slot: date, wanted: date) -> None:
    series = item.content.recurrence
    sides = series.neighbours(slot, item.cancelled) if series else (None, None)
    before, after = (d and local_date(item.content, Occurrence(item, d).content.start) for d in sides)
    if (before and before >= wanted) or (after and after <= wanted):
        raise bad_request(
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
        )
