"""The writes that a plan can ask for, as data, and the outcome of each.

A write names its target, the fields to change and the content they get, in the target's own terms; the adapters turn
it into JSON. Every write is conditional (``change_key``, ``version``) or repeatable (``transaction_id``, the
ExternalId).
"""

from __future__ import annotations

from dataclasses import dataclass

from sync_core.errors import CalsyncError
from sync_core.model.sides import MSSYNC_SYSTEM, Attendee, ErpActivity, ErpContent, Field, GraphContent, GraphEvent


@dataclass(frozen=True, slots=True)
class CreateEvent:
    """Make an event for an activity. Our mark on it is ``activity_id``, '' = none; ``transaction_id`` makes the write
    repeatable.

    Exchange sends each of ``attendees`` an invitation.
    """

    activity_id: str
    transaction_id: str
    content: GraphContent
    attendees: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True)
class PatchEvent:
    """Change the named ``fields`` of an event, and its ``categories`` where not None.

    ``html`` replaces the whole body where plain text would lose the Teams block; None = write the text. ``attendees``
    is the whole new list, sent where ``fields`` names PEOPLE. ``series`` is the id of the series of a date, '' for a
    single event: all dates of a series have one version (graph.md §5).
    """

    event_id: str
    change_key: str
    fields: frozenset[Field]
    content: GraphContent
    html: str | None = None
    categories: tuple[str, ...] | None = None
    attendees: tuple[Attendee, ...] = ()
    series: str = ""


@dataclass(frozen=True, slots=True)
class RemoveEvent:
    """Delete an event, or cancel it with ``comment`` where people are invited (the cancellation mails them).

    ``series`` as in ``PatchEvent``: the id of a date may have changed, so that a 404 does not say that it is gone.
    """

    event_id: str
    change_key: str
    cancel: bool = False
    comment: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class CreateActivity:
    """Make an activity for an event; (``external_system``, ``external_id``) lets it be found again.

    ``content.people`` become its participants. ``notes`` are (e-mail, Notes) of those whose response is known.
    """

    external_id: str
    content: ErpContent
    notes: tuple[tuple[str, str], ...] = ()
    external_system: str = MSSYNC_SYSTEM


@dataclass(frozen=True, slots=True)
class ParticipantChanges:
    """The changes of an activity's participants.

    ``add`` are e-mail addresses, ``drop`` row ids. ``notes`` are (row id, new Notes); ``notes_of_added`` are (e-mail,
    Notes) of those added whose response is known.
    """

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    notes_of_added: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PatchActivity:
    """Change the named ``fields`` of an activity, and its ``external_id`` (of ``external_system``) where not ''.

    PEOPLE are changed by ``participants``. They may come alone: then the header is not touched, and nobody who is
    assigned is notified of an edit (erpnet.md §9, R35940).
    """

    activity_id: str
    version: int | None
    fields: frozenset[Field]
    content: ErpContent
    external_id: str = ""
    participants: ParticipantChanges = ParticipantChanges()
    external_system: str = MSSYNC_SYSTEM


@dataclass(frozen=True, slots=True)
class VoidActivity:
    """Void an activity. ``reason`` has at most 254 characters and, like the voiding, cannot be undone (erpnet.md
    §10)."""

    activity_id: str
    reason: str


GraphWrite = CreateEvent | PatchEvent | RemoveEvent
ErpWrite = CreateActivity | PatchActivity | VoidActivity


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one write: the item as the side shows it afterwards, or the error.

    A removal or a voiding that succeeded has neither.
    """

    event: GraphEvent | None = None
    activity: ErpActivity | None = None
    error: CalsyncError | None = None


@dataclass(frozen=True, slots=True)
class ErpIdentity:
    """For whom and where an activity is created: all references that every activity needs (R5, erpnet.md §8, §9)."""

    user_id: str
    party_id: str
    person_id: str
    company_id: str
    location_id: str
    document_type_id: str
