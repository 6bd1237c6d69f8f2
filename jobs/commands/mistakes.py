"""Sorts failures: those that other arguments or settings mend (exit 2), and those that every item would meet.

``in_words`` tells a failure with what helps. ``trouble_of`` is what a command's row keeps of it: the text of an error
may quote a title or an address, and the row is kept for long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jobs.accounts import AccountTaken
from jobs.approvals import UnknownChoice
from jobs.places import UnknownPlace
from jobs.says import Found
from jobs.trouble import Trouble, Why
from jobs.wish import WishInvalid
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CalsyncError,
    EndlessRead,
    ForeignHost,
    ItemGone,
    ItemRejected,
    LeaseHeld,
    LeaseLost,
    LicencesTaken,
    MailboxUnavailable,
    RowUnreadable,
    SettingsInvalid,
    SideError,
    SideUnavailable,
    SlotsTaken,
    StaleWrite,
    StoreError,
    Throttled,
    WrongStore,
)
from sync_core.model.phrase import Phrase
from sync_core.model.sides import Side


class UnknownItem(CalsyncError):
    """Neither side, nor the store, knows the item; correct the id or subject."""


class UnknownUser(CalsyncError):
    """Neither the directory nor the store knows this user; correct the name (exit 2)."""


class UnknownZone(CalsyncError):
    """Nobody's clock bears this name; correct it (exit 2)."""


class RosterInvalid(CalsyncError):
    """The file is no valid roster; ``mistakes`` lists everything that is wrong with it (exit 2)."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("the file is not right: " + " | ".join(mistakes))
        self.mistakes = [*mistakes]


class WrongDay(CalsyncError):
    """A pause cannot end on that day; name another one (exit 2)."""


class NotNow(CalsyncError):
    """No round of the person runs now, so nothing can be put back; the text says what to do first (exit 2)."""


WRONG_INPUT = (
    SettingsInvalid,
    UnknownUser,
    UnknownPlace,
    UnknownZone,
    UnknownChoice,
    UnknownItem,
    RosterInvalid,
    WishInvalid,
    WrongDay,
    NotNow,
    WrongStore,
)
"""The errors that other arguments or settings mend."""

COMMON = (AccessRefused, AppRefused, LicencesTaken, SlotsTaken)
"""The errors that the next item would meet as well."""

KNOWN: Mapping[type[CalsyncError], Why] = {
    UnknownUser: Why.USER,
    UnknownPlace: Why.PLACE,
    UnknownZone: Why.ZONE,
    UnknownChoice: Why.CHOICE,
    UnknownItem: Why.ITEM,
    RosterInvalid: Why.WISH,
    WishInvalid: Why.WISH,
    WrongDay: Why.DAY,
    NotNow: Why.NOT_NOW,
    WrongStore: Why.SETTINGS,
    SettingsInvalid: Why.SETTINGS,
    AccountTaken: Why.ACCOUNT,
    LicencesTaken: Why.TAKEN,
    SlotsTaken: Why.TAKEN,
    AppRefused: Why.REFUSED,
    AccessRefused: Why.REFUSED,
    MailboxUnavailable: Why.MAILBOX,
    ItemRejected: Why.REJECTED,
    SideUnavailable: Why.UNAVAILABLE,
    RowUnreadable: Why.ROW,
    StoreError: Why.TABLES,
}
"""The first that fits counts."""

NAMES = {Side.GRAPH: "Outlook", Side.ERP: "ERP.net"}

_PLAIN = re.compile(r"R?\d{1,9}")
"""The number of one of ERP.net's rules."""


def trouble_of(error: Exception) -> Trouble:
    """What is kept of a failure: which one, and of a side its name and the rule's number."""
    why = next((why for kind, why in KNOWN.items() if isinstance(error, kind)), None)
    if why is None:
        return Trouble(Why.OTHER if isinstance(error, CalsyncError) else Why.MISTAKE, type(error).__name__)
    side = NAMES[error.side] if isinstance(error, SideError) else ""
    rule = error.rule if isinstance(error, ItemRejected) else ""
    return Trouble(why, f"{side} ({rule})" if _PLAIN.fullmatch(rule) else side)


def told_of(error: Exception, words: str = "") -> Phrase:
    """A failure as a phrase: its words (``words``, else its own), which may quote anything, and the trouble it is."""
    trouble = trouble_of(error)
    return Found.FAILED.say(words=words or str(error), why=trouble.why, detail=trouble.detail)


HELPS: tuple[tuple[type[CalsyncError], str], ...] = (
    (LicencesTaken, "ask again in some minutes, or give ERP.net one more licence for it"),
    (SlotsTaken, "ask again then"),
    (Throttled, "ask again in some minutes"),
    (SideUnavailable, "ask again in a minute; `calsync doctor` says whether it answers again"),
    (LeaseHeld, "ask again then"),
    (LeaseLost, "somebody else went on with it: ask again"),
    (StaleWrite, "somebody else changed it at the same time: ask again"),
    (ItemGone, "it was deleted meanwhile: `calsync why` says what became of it"),
    (ItemRejected, "mend the item in Outlook or ERP.net; `calsync why` says more about it"),
    (EndlessRead, "ask again; if it stays so, this calendar has to be looked at in Outlook"),
    (ForeignHost, "check ERPNET_URL and GRAPH_URL: an answer leads somewhere else"),
)
"""What to do about an error whose own text tells what happened and no more; the first class that fits counts."""


def in_words(error: CalsyncError) -> str:
    """The error for people: what happened, and what helps."""
    text = str(error).rstrip(".")
    remedy = next((words for kind, words in HELPS if isinstance(error, kind)), "")
    return f"{text}: {remedy}" if remedy and remedy not in text else str(error)
