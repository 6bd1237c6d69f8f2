"""What can go wrong, named by what the caller does next.

CalsyncError
├── SettingsInvalid          several mistakes at once; fix the settings (exit 2)
│   └── PolicyDiffers        this environment chose otherwise than the company
├── SideError                one of the two systems; carries ``side``
│   ├── SideUnavailable      try the same again later; ``unclear`` = the work may have been done
│   │   ├── PageFailed       a page of a list fails, perhaps because of one item: read another way
│   │   └── Throttled        … not before ``retry_after`` seconds
│   │       └── LicencesTaken  ERP.net has no free session: wait, never an error state
│   ├── AppRefused           our own credentials, grants or address: the same for everybody, nobody's state
│   ├── AccessRefused        one request is refused: whom it concerns is asked (jobs/refusal.py)
│   ├── MailboxUnavailable   this mailbox cannot be used now; others go on (R4)
│   ├── CursorExpired        read everything again and reconcile
│   ├── EndlessRead          paging does not end: read another way
│   ├── StaleWrite           somebody was faster: read again, decide again
│   ├── ItemGone             the item is not there
│   ├── ItemRejected         this item is wrong as it is: never retried as is
│   │   ├── ItemLocked       it refuses changes in the state that it is in
│   │   └── DuplicateCreate  an earlier create of ours got through: ``existing_id``
│   └── ForeignHost          an answer points to another host: the token must not follow
└── StoreError               our own memory
    ├── StoreUnavailable     no answer from the tables, or no right to use them: try later
    ├── LeaseHeld            another round works on this user, until ``until``
    ├── LeaseLost            our lease is not ours any more: stop at once
    ├── SlotsTaken           every ERP.net session slot is in use
    ├── RowUnreadable        a row of another schema version, or a spoilt one: what it belongs to waits
    └── WrongStore           the store belongs to another tenant or ERP.net database
"""

from __future__ import annotations

from datetime import datetime

from sync_core.model.sides import Side

OWN_MISTAKE = "kept back by a mistake in calsync"
"""The reason of an item on which our own code fails: the item is set aside, and all others go on."""


class CalsyncError(Exception):
    """The root; the text is a sentence an administrator can act on."""


class SettingsInvalid(CalsyncError):
    """The settings do not fit; ``mistakes`` lists all of them, each with its remedy."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class PolicyDiffers(SettingsInvalid):
    """Settings here contradict the company's policy, which stands in the store."""


class SideError(CalsyncError):
    """One of the two systems failed us."""

    def __init__(self, side: Side, message: str) -> None:
        super().__init__(message)
        self.side = side


class SideUnavailable(SideError):
    """No answer, or a server's trouble. ``unclear``: a write may have happened all the same."""

    def __init__(self, side: Side, message: str, *, unclear: bool = False) -> None:
        super().__init__(side, message)
        self.unclear = unclear


class PageFailed(SideUnavailable):
    """A page of a list is answered with an error, or with none, again and again: one of its items may be why."""


class Throttled(SideUnavailable):
    """Too many requests; ``retry_after`` seconds, None when the side did not say."""

    def __init__(self, side: Side, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(side, message)
        self.retry_after = retry_after


class LicencesTaken(Throttled):
    """ERP.net has no free licence slot (503, code 8: erpnet.md §3)."""


class AppRefused(SideError):
    """The side refuses the app as such, whoever it works for; the text names the remedy."""


class AccessRefused(SideError):
    """The side knows us and says no to a request."""


class MailboxUnavailable(SideError):
    """No usable mailbox behind this user (graph.md §2)."""


class CursorExpired(SideError):
    """The delta link is no longer known (graph.md §3)."""


class EndlessRead(SideError):
    """Paging repeats itself (graph.md T5)."""


class StaleWrite(SideError):
    """The change key we held is not the current one."""


class ItemGone(SideError):
    """The item does not exist (any more)."""


class ItemRejected(SideError):
    """The side refuses this very item. ``code`` is the side's own code, ``rule`` ERP.net's rule number or ''."""

    def __init__(self, side: Side, message: str, *, code: str = "", rule: str = "") -> None:
        super().__init__(side, message)
        self.code = code
        self.rule = rule


class ItemLocked(ItemRejected):
    """The item refuses changes in the state that it is in (R9)."""


class DuplicateCreate(ItemRejected):
    """Graph knows the transactionId already (graph.md §5); ``existing_id`` names the event, '' if not told."""

    def __init__(self, message: str, *, existing_id: str = "") -> None:
        super().__init__(Side.GRAPH, message, code="ErrorDuplicateTransactionId")
        self.existing_id = existing_id


class ForeignHost(SideError):
    """A link leads to a host the token was not issued for."""


class StoreError(CalsyncError):
    """Our own memory failed us."""


class StoreUnavailable(StoreError):
    """The tables do not answer or refuse us; the text names what to look at."""


class LeaseHeld(StoreError):
    """Somebody else's round is on this user."""

    def __init__(self, holder: str, until: datetime) -> None:
        super().__init__(f"{holder} is working on this user until {until:%Y-%m-%d %H:%M:%SZ}")
        self.holder = holder
        self.until = until


class LeaseLost(StoreError):
    """Our lease was taken over or ran out."""


class SlotsTaken(StoreError):
    """All ERP.net session slots are in use, or were until so lately that ERP.net still keeps their sessions."""

    def __init__(self, holder: str, until: datetime, *, is_in_use: bool = True) -> None:
        end = f"{until:%Y-%m-%d %H:%M:%SZ}"
        how = f"is in use by {holder}" if is_in_use else f"of {holder}, whose work is done, is counted by ERP.net"
        super().__init__(f"the ERP.net session {how} until {end}; ERPNET_MAX_SESSIONS allows no other")
        self.holder = holder
        self.until = until
        self.is_in_use = is_in_use


class RowUnreadable(StoreError):
    """A stored row does not have the shape this build knows. ``is_newer``: a newer build wrote it and may be at work,
    so that the row must not be replaced."""

    def __init__(self, message: str, *, is_newer: bool = False) -> None:
        super().__init__(message)
        self.is_newer = is_newer


class WrongStore(StoreError):
    """The store is stamped with another tenant or database."""
