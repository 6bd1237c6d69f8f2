"""Why something is left alone, set aside, in conflict or done: the reasons that rows store by code.

In the code a reason is a member of ``Why``, which is its own English, or words alone: an error of a side, or details
behind a beginning. ``named`` tells which, and nobody compares the words. A row keeps the sentence, and beside it the
code (``adapters/store/reasons.py``).
"""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """A reason. A member's value is its English; its code is its name, which rows keep and which therefore stays. If
    a sentence is put into other words, ``adapters/store/reasons.py`` goes on reading the one before."""

    SERIES = "part of a recurring series"
    CANCELLED = "cancelled"
    OTHER_TYPE = "an activity type that is not synced"
    VOID = "void in ERP.net"
    CREATOR_OFF = "its creator does not have sync switched on"
    TAKEN = "it is in a colleague's calendar already"
    PRIVATE = "private, and private items are not synced"
    OLD = "older than a day"
    OUTSIDE = "outside the window"
    ONE_WAY = "sync runs in one direction only"
    PAST = "in the past"
    INVITED = "organised by someone else"
    NO_COMPANY = "no default company and location"
    LOCKED = "the activity is read-only in ERP.net"
    MASS_DELETION = "part of a mass deletion"
    NEIGHBOUR = "Outlook lets no date of a series move on or across the day of the one beside it"
    ANOTHER_DATE = "its series was changed: it goes on with another date"
    MADE_ANEW = "made anew, since a person took a round back"

    @property
    def code(self) -> str:
        """What rows call it."""
        return self.name.lower().replace("_", "-")


_BY_CODE = {why.code: why for why in Why}


def by_code(code: str) -> Why | None:
    """The reason that a row means, None for words alone and for a code that a later build wrote."""
    return _BY_CODE.get(code)


def named(reason: str) -> Why | None:
    """Which reason it is, None for words alone. The words are not looked at."""
    return reason if isinstance(reason, Why) else None
