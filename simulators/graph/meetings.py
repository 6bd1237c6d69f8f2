"""Keeps meetings: copies in other mailboxes, their updates and responses, the mails that Exchange would send.

graph.md §5 (organizer semantics) and §6 (``isCancelled``, ``responseStatus``).  A person is a
mailbox, whichever of its addresses somebody writes; attendees unknown to the stand-in only get mails, and nobody
gets mail about a meeting of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulators.base import Clock
from simulators.graph import outbound
from simulators.graph.copies import CANCELED, Copies
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import DELETED, Address, Attendee, Content, Item, Mail, Occurrence
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
ANSWERS = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}


class Meetings:
    """Carries one mailbox's meeting acts over to the others."""

    def __init__(self, clock: Clock, mailbox_of: Callable[[str], Mailbox | None]) -> None:
        self.mails: list[Mail] = []
        self._clock = clock
        self._mailbox_of = mailbox_of
        self._copies = Copies(clock)

    def created(self, item: Item) -> None:
        """Invite everybody on a new meeting."""
        for attendee in self._guests(item, item.content).values():
            self._invite(Occurrence(item), attendee)

    def updated(self, here: Occurrence, sent: set[str], before: Content) -> None:
        """Tell the attendees what the organizer changed; only those concerned if only the list changed.

        A change of a whole series is one mail for the series and one for each date that was changed before.
        """
        item, after = here.item, here.content
        shared = sent - LOCAL_PROPERTIES
        if not item.is_organizer or not shared:
            return
        known, wanted = self._guests(item, before), self._guests(item, after)
        for guest, attendee in known.items():
            if guest not in wanted:
                self._cancel_for(here, attendee)
        for guest, attendee in wanted.items():
            if guest not in known:
                self._invite(here, attendee)
            elif shared != {"attendees"}:
                self._update(here, attendee)
        if here.slot is None and shared != {"attendees"}:
            for one, attendee in self._on_changed_dates(item):
                self._update(one, attendee)

    def cancelled(self, here: Occurrence) -> None:
        """Send cancellations; the copies stay and say so."""
        item = here.item
        if not item.is_organizer or here.content.is_cancelled:
            return
        guests = self._guests(item, here.content)
        for attendee in guests.values():
            self._cancel_for(here, attendee)
        for one, attendee in self._on_changed_dates(item) if here.slot is None else ():
            if self.guest(attendee.who.address) not in guests:
                self._cancel_for(one, attendee)

    def guest(self, address: str) -> str:
        """Who stands behind an address: the mailbox it reaches, else the address in any letter case."""
        mailbox = self._mailbox_of(address)
        return mailbox.id if mailbox else address.lower()

    def _guests(self, item: Item, content: Content) -> dict[str, Attendee]:
        """Everybody who hears of the meeting, once each."""
        everyone = {self.guest(a.who.address): a for a in content.attendees}
        everyone.pop(item.mailbox.id, None)
        return everyone

    def _on_changed_dates(self, item: Item) -> list[tuple[Occurrence, Attendee]]:
        """Each changed date of a series with each of its guests."""
        places = [Occurrence(item, slot) for slot in sorted(item.exceptions)]
        return [(one, attendee) for one in places for attendee in self._guests(item, one.content).values()]

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
            self._mail("response", item.mailbox.mail, item.content.organizer.address, here)
            self._note_answer(here, answer, now)

    def _answer_locally(self, here: Occurrence, changes: dict[str, Any]) -> None:
        item = here.item
        declined = changes["response"] == "declined"
        if here.slot is None:
            item.content = replace(item.content, **changes)
        elif declined:
            item.drop_date(here.slot, declined=True)
        else:
            item.deviate(here.slot, changes, self._clock.now())
        if declined and here.slot is None:
            item.mailbox.move(item, DELETED)
        else:
            item.mailbox.touch(item)

    def _note_answer(self, here: Occurrence, answer: str, now: str) -> None:
        there = _at_organizer(here)
        if there is None or there.item is here.item:
            return
        me = here.item.mailbox.id
        self._set_list(
            there,
            tuple(
                replace(a, response=answer, at=now) if self.guest(a.who.address) == me else a
                for a in there.content.attendees
            ),
        )

    def _set_list(self, there: Occurrence, attendees: tuple[Attendee, ...]) -> None:
        """The organizer's list of attendees; of one date of a series, which becomes an exception by it."""
        item = there.item
        if there.slot is None:
            item.content = replace(item.content, attendees=attendees)
        else:
            item.deviate(there.slot, {"attendees": attendees}, self._clock.now())
        item.mailbox.touch(item)

    def forward(self, here: Occurrence, who: Address) -> None:
        """An invitation passed on: the organizer's list grows, the new guest has a copy; 400 when it is over."""
        there = _at_organizer(here)
        if there is None:
            raise bad_request("ErrorInvalidRequest", "The meeting does not take place any more.")
        if self.guest(who.address) in self._guests(there.item, there.content):
            return
        attendee = Attendee(who)
        self._set_list(there, (*there.content.attendees, attendee))
        self._mail("invitation", here.item.mailbox.mail, who.address, there)
        self._copies.place(there, self._mailbox_of(who.address))

    def _invite(self, here: Occurrence, attendee: Attendee) -> None:
        self._mail("invitation", here.item.mailbox.mail, attendee.who.address, here)
        self._copies.place(here, self._mailbox_of(attendee.who.address))

    def _update(self, here: Occurrence, attendee: Attendee) -> None:
        """An update brings a removed, unanswered meeting back and leaves a declined one gone."""
        self._mail("update", here.item.mailbox.mail, attendee.who.address, here)
        mailbox = self._mailbox_of(attendee.who.address)
        copy = self._copies.of(here, mailbox)
        if copy is None or (copy.is_deleted and copy.content.response != "declined"):
            self._copies.place(here, mailbox)
        elif not copy.is_deleted:
            self._copies.update(here, copy)

    def _cancel_for(self, here: Occurrence, attendee: Attendee) -> None:
        self._mail("cancellation", here.item.mailbox.mail, attendee.who.address, here)
        copy = self._copies.of(here, self._mailbox_of(attendee.who.address))
        if copy is not None and not copy.is_deleted:
            self._copies.cancel(here, copy)

    def _mail(self, kind: str, sender: str, to: str, here: Occurrence) -> None:
        subject = {"cancellation": CANCELED}.get(kind, "") + here.content.subject
        uid = outbound.uid_of(here) or here.item.ical_uid
        self.mails.append(Mail(kind, sender, to, subject, uid, self._clock.now()))


def _at_organizer(here: Occurrence) -> Occurrence | None:
    """The same meeting, or date of it, in the organizer's calendar; ``None`` when it is not there any more."""
    item = here.item.original or here.item
    slot = here.slot or here.item.original_slot
    if item.is_deleted:
        return None
    series = item.content.recurrence
    if slot is not None and (series is None or slot in item.cancelled or not series.has(slot)):
        return None
    return Occurrence(item, slot)


def organizer_only(item: Item) -> None:
    """400 unless the mailbox owner organizes the meeting."""
    if not item.is_organizer:
        raise GraphError(
            400,
            "ErrorInvalidRequest",
            "Your request can't be completed. You need to be an organizer to cancel a meeting.",
        )
