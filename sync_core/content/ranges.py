"""What both sides can hold: one table for the projection, both parsers and everything that writes.

What calsync writes it must be able to read. So the parsers accept all that stands here, and the projection makes
nothing beyond it. A value that does not fit is treated in one of two ways: a reminder is left out, because nothing
else is lost by it; anything else is not written at all, and the item waits with ``BEYOND`` as its reason.

One range of years is enough: a span inside it has at most 2,900 years, whose minutes fit an Int32 (1,525,252,320).
Lengths are UTF-16 units, as .NET and SQL Server count.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TypeVar

YEARS = range(1601, 4501)
"""Outlook's own calendar. ERP.net names no range; other years are somebody's placeholder on either side."""

INT32 = range(-(2**31), 2**31)
"""Minutes of a reminder (graph.md §5) and of a planned duration (erpnet.md §8)."""

SUBJECT_LIMIT = 254
"""Units of an activity's Subject (erpnet.md §8); Graph takes 255 (graph.md §5)."""

ADDRESS_LIMIT = 254
"""Units of a participant's Email (erpnet.md §8)."""

NOTES_LIMIT = 255
"""Units of a participant's Notes (erpnet.md §8); an activity's Notes have no limit."""

REASON_LIMIT = 254
"""Units of a voiding's reason (erpnet.md §10)."""

NOTIFICATION_LIMIT = 256
"""Units of a notification's Subject (erpnet.md §10)."""

EXTERNAL_ID_LIMIT = 254
"""Units of an ExternalId (erpnet.md §7). An iCalUId may be longer: one of 1,034 was seen (graph.md §6)."""

MOST_ATTENDEES = 500
"""Attendees of an event (graph.md §5)."""

SHORT_FORM = "sha256:"
"""The beginning of an ExternalId that stands for an iCalUId too long for it."""

BEYOND = (
    f"its time reaches beyond the years {YEARS[0]} to {YEARS[-1]}, which is all that both calendars can hold: "
    "move it inside them"
)

D = TypeVar("D", date, datetime)


def is_known_year(at: date) -> bool:
    """Whether both sides can hold this date or time."""
    return at.year in YEARS


def shifted(at: D, by: timedelta) -> D | None:
    """``at + by``, None where that is beyond what both sides can hold."""
    try:
        moved = at + by
    except OverflowError:
        return None
    return moved if is_known_year(moved) else None


def bounded_minutes(minutes: int) -> int:
    """Minutes, cut to what an Int32 holds."""
    return min(max(minutes, INT32[0]), INT32[-1])


def utf16(text: str) -> bytes:
    """The text's UTF-16 units, two bytes each."""
    return text.encode("utf-16-le", "surrogatepass")


def whole_characters(units: bytes) -> str:
    """The text of UTF-16 units, without halves of surrogate pairs."""
    return units.decode("utf-16-le", "ignore")


def length_of(text: str) -> int:
    """The length of a text as both sides count it, in UTF-16 units."""
    if text.isascii():
        return len(text)
    return len(utf16(text)) // 2


def cut(text: str, limit: int) -> str:
    """The longest beginning of a text that fits ``limit`` units, in whole characters."""
    return whole_characters(utf16(text)[: 2 * limit])


def external_id_of(ical_uid: str) -> str:
    """The ExternalId of an activity whose event has this iCalUId: the iCalUId itself, or its short form.

    ERP.net ignores letter case (erpnet.md §14). So letter case decides neither whether a long iCalUId is shortened
    nor what it becomes. The short form of a short form is itself.
    """
    folded = ical_uid.casefold()
    if length_of(folded) <= EXTERNAL_ID_LIMIT:
        return ical_uid
    return f"{SHORT_FORM}{sha256(folded.encode('utf-8', 'surrogatepass')).hexdigest()}"


def uid_key(ical_uid: str) -> str:
    """What a meeting is known by: the same for its iCalUId from Graph and for its ExternalId, in any letter case."""
    return external_id_of(ical_uid).casefold()
