"""Makes the guests' copies: of meetings, of series with their dates, of single dates of a series.

graph.md §5 and §6.  A copy knows the organizer's item and the other way round; ``Meetings`` decides who has one.
The contract says little of guests' single dates.  Our reading: what a guest did to a date stays until the series
takes place at other times; a date that was removed without an answer returns when the organizer changes that date;
whoever is invited to the whole series loses the single events of its dates; a change of the series' list is one of
the lists of all its dates.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

from simulators.base import Clock
from simulators.graph import ids, outbound
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import NEVER, Content, Deviation, Item, Occurrence

CANCELED = "Canceled: "
# What belongs to one copy alone: no update overwrites it.
_LOCAL = frozenset(
    [
        "categories",
        "is_reminder_on",
        "reminder_minutes",
        "show_as",
        "response",
        "responded_at",
        "organizer",
    ]
)
_SHARED = tuple(f.name for f in fields(Content) if f.name not in _LOCAL)


class Copies:
    """Places, updates and cancels the guests' copies of a meeting, or of one date of a series."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def of(self, here: Occurrence, mailbox: Mailbox | None) -> Item | None:
        """A guest's copy; of one date that of the series, if the guest is still on it, or else the single event."""
        if mailbox is None:
            return None
        copy = here.item.copies.get(mailbox.id)
        has_series = copy is not None and not copy.is_deleted and not copy.content.is_cancelled
        if here.slot is None or has_series:
            return copy
        left = copy if copy is not None and copy.is_deleted else None
        return here.item.orphans.get((mailbox.id, here.slot), left)

    def place(self, here: Occurrence, mailbox: Mailbox | None) -> None:
        """Let a guest have the meeting, unanswered; who has no usable mailbox here has only the mail."""
        if mailbox is None or not mailbox.usable:
            return
        copy = self.of(here, mailbox)
        if copy is None or copy.is_deleted:
            self._add(here, mailbox)
            return
        if here.slot is not None and copy.original_slot is None:
            copy.exceptions.pop(here.slot, None)  # one date of a series that the guest has, invited anew
            self._bring_date(here, copy)
        else:
            copy.content = _invitation(here.content)  # invited anew: the cancelled copy is the meeting again
            self._begin(here.item, copy)
        mailbox.touch(copy)

    def _add(self, here: Occurrence, mailbox: Mailbox) -> None:
        item, slot = here.item, here.slot
        copy = mailbox.add(_invitation(here.content), uid=_uid_of_copy(here))
        copy.is_organizer, copy.original, copy.original_slot = False, item, slot
        if slot is None:
            item.copies[mailbox.id] = copy
            self._begin(item, copy)
        else:
            item.orphans[mailbox.id, slot] = copy
        mailbox.touch(copy, "created")

    def _begin(self, item: Item, copy: Item) -> None:
        """All dates of a series at once; the single events that its new guest had of some are absorbed."""
        if copy.original_slot is not None:
            return
        copy.exceptions, copy.cancelled, copy.declined = {}, set(), set()
        self._share_dates(item, copy)
        for guest, slot in [key for key in item.orphans if key[0] == copy.mailbox.id]:
            orphan = item.orphans.pop((guest, slot))
            if not orphan.is_deleted:
                copy.mailbox.purge(orphan)

    def update(self, here: Occurrence, copy: Item) -> None:
        """What the organizer changed: all of the meeting, or one date, which a guest who declined it stays rid of."""
        if here.slot is not None and copy.original_slot is None:
            if here.slot in copy.declined:
                return
            self._bring_date(here, copy)
        else:
            before = copy.content
            shared = {name: getattr(here.content, name) for name in _SHARED}
            copy.content = replace(copy.content, **shared)
            copy.fit_dates(before)
            if copy.original_slot is None:
                self._share_dates(here.item, copy)
        copy.mailbox.touch(copy)

    def cancel(self, here: Occurrence, copy: Item) -> None:
        """The copy stays and says that the meeting, or one date of it, is cancelled."""
        if here.slot in copy.cancelled:
            return
        slot = here.slot if copy.original_slot is None else None
        subject = Occurrence(copy, slot).content.subject
        mark: dict[str, Any] = {"is_cancelled": True, "subject": CANCELED + subject, "show_as": "free"}
        if slot is None:
            copy.content = replace(copy.content, **mark)
        else:
            copy.deviate(slot, mark, self._clock.now())
        copy.mailbox.touch(copy)

    def _share_dates(self, item: Item, copy: Item) -> None:
        """The organizer's changed and cancelled dates; what a guest did to a date alone stays theirs."""
        for slot, own in list(copy.exceptions.items()):
            if slot not in item.exceptions and slot not in item.cancelled:
                copy.exceptions[slot] = replace(own, changes=_local(own))
                if not copy.exceptions[slot].changes:
                    del copy.exceptions[slot]
        for slot in item.exceptions:
            if slot not in copy.cancelled and not _is_called_off(copy.exceptions.get(slot)):
                self._share_date(slot, item, copy)
        copy.cancelled |= {slot for slot in item.cancelled if slot not in copy.exceptions}

    def _bring_date(self, here: Occurrence, copy: Item) -> None:
        if here.slot is not None:
            copy.restore_date(here.slot)
            self._share_date(here.slot, here.item, copy)

    def _share_date(self, slot: date, item: Item, copy: Item) -> None:
        theirs, own = item.exceptions.get(slot), copy.exceptions.get(slot)
        changes = _local(own) if own else {}
        changes |= {name: value for name, value in theirs.changes.items() if name in _SHARED} if theirs else {}
        if own is None or own.changes != changes:
            now = self._clock.now()
            copy.exceptions[slot] = Deviation(changes, own.created_at if own else now, now)


def _is_called_off(own: Deviation | None) -> bool:
    """Whether a date is cancelled for this guest alone, who was taken off its list."""
    return own is not None and own.changes.get("is_cancelled", False)


def _local(own: Deviation) -> dict[str, Any]:
    return {name: value for name, value in own.changes.items() if name in _LOCAL}


def _uid_of_copy(here: Occurrence) -> str:
    """An orphan instance, of a series of Exchange's, is dated even where all dates share one uid (graph.md §6)."""
    series, slot = here.item.ical_uid, here.slot
    if slot is not None and ids.is_exchange_uid(series):
        return ids.dated_uid(series, slot)
    return outbound.uid_of(here) or series


def _invitation(content: Content) -> Content:
    return replace(
        content,
        categories=(),
        is_reminder_on=True,
        reminder_minutes=15,
        show_as="tentative",
        response="notResponded",
        responded_at=NEVER,
    )
