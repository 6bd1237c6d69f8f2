"""The claim: which user's copy feeds the one activity of a meeting that several mailboxes hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FORGOTTEN = "forgotten"
"""Stands in a claim for the id of a user who is forgotten."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who feeds the activity of a meeting, as stored and as the tables ask about it.

    ``key`` is the meeting's ``uid_key``; ``etag`` fences the next write, '' = nobody has claimed the meeting yet.
    ``user_id`` is the user whose copy feeds, ``is_own`` whether that is the organizer's own event, ``at`` when it was
    claimed. ``creator`` is the ERP.net user R12 asks about (as in ``Link``), who made the activity by hand, '' for a
    meeting that began in Outlook. ``before`` is the user whose copy fed until the meeting was handed over, '' if none
    did, and ``looked_at`` when they last looked at their copy while it fed, where that is known. ``organizer`` is the
    address that organises the meeting, in lower case, '' where it is not known. ``unreadable`` is never stored: it
    says why the claim cannot be read, so that nobody can tell whose the meeting is.
    """

    key: str = ""
    user_id: str = ""
    activity_id: str = ""
    at: datetime | None = None
    creator: str = ""
    is_own: bool = False
    etag: str = ""
    before: str = ""
    organizer: str = ""
    looked_at: datetime | None = None
    unreadable: str = ""


UNCLAIMED = Claim()
"""The claim of a meeting that nobody has claimed."""
