"""The claim: which user's copy feeds the one activity of a meeting that several mailboxes hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync_core.model.link import Link

FORGOTTEN = "forgotten"
"""The user id that a claim keeps in place of a user who was forgotten."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Which user's copy of a meeting feeds its activity.

    ``key`` is the meeting's ``uid_key``. ``etag`` fences the next write; '' = nobody has claimed the meeting yet.
    ``user_id`` is the feeder, ``is_own`` whether that copy is the organizer's own event, ``at`` when they got it.
    ``since`` is when the meeting was first claimed for this activity, by whoever it was; None = at ``at``, as far as
    is known. ``activity_id`` is '' until the activity is made. ``creator`` is the ERP.net user R12 asks about (as in
    ``Link``), who made the activity by hand; '' for a meeting that began in Outlook. ``before`` is the feeder until
    the meeting was handed over, '' = none. ``looked_at`` is when that one last looked at their copy while it fed,
    where it is known. ``left`` holds the bases that this one left, until the next feeder's own link has them: the
    former feeder may follow meanwhile, or be forgotten. ``organizer`` is the organizer's address in lower case, '' =
    not known.
    ``unreadable`` is never stored: it says why the claim cannot be read, so that nobody knows whose the meeting is.
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
    left: Link | None = None
    unreadable: str = ""
    since: datetime | None = None

    @property
    def began_at(self) -> datetime | None:
        """When the meeting was first claimed for this activity: no hand-over makes a claim younger."""
        return self.since or self.at


UNCLAIMED = Claim()
"""The claim of a meeting that nobody has claimed."""
