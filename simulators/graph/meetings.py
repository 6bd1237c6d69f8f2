"""Organizer and attendees: copies in other mailboxes, their updates and answers, the mails Exchange would send.

graph.md §5 (organizer semantics) and §6 (``isCancelled``, ``responseStatus``).  A person is a
mailbox, whichever of its addresses somebody writes; attendees unknown to the stand-in only get mails, and nobody
gets mail about a meeting of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

from simulators.base import Clock
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import DELETED, NEVER, Attendee, Content, Item, Mail, Occurrence
from simulators.graph.zones import instant_text

# What belongs to one copy alone: sending these to Graph mails nobody and no update overwrites them.
LOCAL_PROPERTIES = frozenset(
    [
        "categories",
        "isReminderOn",
        "reminderMinutesBeforeStart",
        "showAs",
        "singleValueExtendedProperties",
        "transactionId",
    ]
)
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

ANSWERS = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}
CANCELED = "Canceled: "


class Meetings:
    """Carries one mailbox's meeting acts over to the others."""

    def __init__(self, clock: Clock, mailbox_of: Callable[[str], Mailbox | None]) -> None:
        self.mails: list[Mail] = []
        self._clock = clock
        self._mailbox_of = mailbox_of

    def created(self, item: Item) -> None:
        """Invite everybody on a new meeting."""
        for attendee in self._guests(item, item.content).values():
            self._invite(item, attendee)

    def updated(self, here: Occurrence, sent: set[str], before: Content) -> None:
        """Tell the attendees what the organizer changed; only those concerned if only the list changed."""
        item, after = here.item, here.content
        shared = sent - LOCAL_PROPERTIES
        if not item.is_organizer or not shared or not (before.attendees or after.attendees):
            return
        known, wanted = self._guests(item, before), self._guests(item, after)
        for guest, attendee in known.items():
            if guest not in wanted:
                self._cancel_for(item, attendee, here.slot)
        for guest, attendee in wanted.items():
            if guest not in known:
                self._invite(item, attendee)
            elif shared != {"attendees"}:
                self._update(item, attendee)

    def cancelled(self, item: Item, slot: date | None = None) -> None:
        """Send cancellations; the copies stay and say so."""
        if item.is_organizer and not item.content.is_cancelled:
            for attendee in self._guests(item, item.content).values():
                self._cancel_for(item, attendee, slot)

    def guest(self, address: str) -> str:
        """Who stands behind an address: the mailbox it reaches, else the address in any letter case."""
        mailbox = self._mailbox_of(address)
        return mailbox.id if mailbox else address.lower()

    def _guests(self, item: Item, content: Content) -> dict[str, Attendee]:
        """Everybody who hears of the meeting, once each."""
        everyone = {self.guest(a.who.address): a for a in content.attendees}
        everyone.pop(item.mailbox.id, None)
        return everyone

    def respond(self, here: Occurrence, act: str, send: bool) -> None:
        """The attendee's answer: a declined copy leaves the calendar, the organizer sees the answer if sent."""
        item, answer, now = here.item, ANSWERS[act], instant_text(self._clock.now())
        if item.is_organizer:
            raise bad_request(
                "ErrorInvalidRequest",
                "Your request can't be completed. You can't respond to this meeting because you're the organizer.",
            )
        changes = {
            "response": answer,
            "responded_at": now,
            "show_as": "tentative" if answer == "tentativelyAccepted" else "busy",
        }
        self._answer_locally(here, changes)
        if send:
            self._mail("response", item.mailbox.mail, item.content.organizer.address, item)
            self._note_answer(item, answer, now)

    def _answer_locally(self, here: Occurrence, changes: dict[str, Any]) -> None:
        item = here.item
        declined = changes["response"] == "declined"
        if here.slot is None:
            item.content = replace(item.content, **changes)
        elif declined:
            item.exceptions.pop(here.slot, None)
            item.cancelled.add(here.slot)
        else:
            item.exceptions[here.slot] = {**item.exceptions.get(here.slot, {}), **changes}
        if declined and here.slot is None:
            item.mailbox.move(item, DELETED)
        else:
            item.mailbox.touch(item)

    def _note_answer(self, copy: Item, answer: str, now: str) -> None:
        original = copy.original
        if original is None or original.is_deleted:
            return
        original.content = replace(
            original.content,
            attendees=tuple(
                replace(a, response=answer, at=now) if self.guest(a.who.address) == copy.mailbox.id else a
                for a in original.content.attendees
            ),
        )
        original.mailbox.touch(original)

    def _invite(self, item: Item, attendee: Attendee) -> None:
        self._mail("invitation", item.mailbox.mail, attendee.who.address, item)
        self._place_copy(item, attendee)

    def _update(self, item: Item, attendee: Attendee) -> None:
        self._mail("update", item.mailbox.mail, attendee.who.address, item)
        copy = self._copy_for(item, attendee)
        if copy is None or (copy.is_deleted and copy.content.response != "declined"):
            self._place_copy(item, attendee)  # an update brings a removed, unanswered meeting back
        elif not copy.is_deleted:
            copy.content = replace(copy.content, **{name: getattr(item.content, name) for name in _SHARED})
            self._share_series(item, copy)
            copy.mailbox.touch(copy)

    def _place_copy(self, item: Item, attendee: Attendee) -> None:
        mailbox = self._mailbox_of(attendee.who.address)
        if mailbox is None or not mailbox.usable:
            return
        copy = item.copies.get(mailbox.id)
        is_new = copy is None or copy.is_deleted
        if copy is None or copy.is_deleted:
            copy = mailbox.add(self._invitation(item), uid=item.ical_uid)
            copy.is_organizer, copy.original = False, item
            item.copies[mailbox.id] = copy
        else:
            copy.content = self._invitation(item)  # invited anew: the cancelled copy is the meeting again
        self._share_series(item, copy)
        mailbox.touch(copy, "created" if is_new else "updated")

    def _invitation(self, item: Item) -> Content:
        return replace(
            item.content,
            categories=(),
            is_reminder_on=True,
            reminder_minutes=15,
            show_as="tentative",
            response="notResponded",
            responded_at=NEVER,
        )

    def _share_series(self, item: Item, copy: Item) -> None:
        copy.cancelled = set(item.cancelled)
        copy.exceptions = {
            slot: {name: value for name, value in changes.items() if name in _SHARED}
            for slot, changes in item.exceptions.items()
        }

    def _copy_for(self, item: Item, attendee: Attendee) -> Item | None:
        mailbox = self._mailbox_of(attendee.who.address)
        return item.copies.get(mailbox.id) if mailbox else None

    def _cancel_for(self, item: Item, attendee: Attendee, slot: date | None) -> None:
        self._mail("cancellation", item.mailbox.mail, attendee.who.address, item)
        copy = self._copy_for(item, attendee)
        if copy is None or copy.is_deleted:
            return
        subject = Occurrence(copy, slot).content.subject
        mark: dict[str, Any] = {"is_cancelled": True, "subject": CANCELED + subject, "show_as": "free"}
        if slot is None:
            copy.content = replace(copy.content, **mark)
        else:
            copy.exceptions[slot] = {**copy.exceptions.get(slot, {}), **mark}
        copy.mailbox.touch(copy)

    def _mail(self, kind: str, sender: str, to: str, item: Item) -> None:
        subject = {"cancellation": CANCELED}.get(kind, "") + item.content.subject
        self.mails.append(Mail(kind, sender, to, subject, item.ical_uid, self._clock.now()))


def organizer_only(item: Item) -> None:
    """400 unless the mailbox owner organizes the meeting."""
    if not item.is_organizer:
        raise GraphError(
            400,
            "ErrorInvalidRequest",
            "Your request can't be completed. You need to be an organizer to cancel a meeting.",
        )
