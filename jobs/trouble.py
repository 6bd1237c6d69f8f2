"""Why a command failed, as its row keeps it: a kind that all know, and what people are told of each.

The exact words of a failure may quote anything. They stand in the answer and go with it (``jobs.commands.mistakes``
makes the one of the other).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why a command failed or was refused, as its row keeps it."""

    UNSENT = "unsent"
    UNSEEN = "unseen"
    CUT_OFF = "cut-off"
    MISTAKE = "mistake"
    USER = "unknown-user"
    PLACE = "unknown-place"
    ZONE = "unknown-zone"
    CHOICE = "unknown-choice"
    ITEM = "unknown-item"
    WISH = "wrong-wish"
    DAY = "wrong-day"
    NOT_NOW = "not-now"
    SETTINGS = "settings"
    ACCOUNT = "account-taken"
    REFUSED = "refused"
    MAILBOX = "mailbox"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    TAKEN = "session-taken"
    ROW = "row-unreadable"
    TABLES = "tables"
    OTHER = "other"


SAYS = {
    Why.UNSENT: "it could not be sent: ask again",
    Why.UNSEEN: "the app did not begin on it within a day: see whether it runs (`calsync doctor`), then ask again",
    Why.CUT_OFF: "it did not come to its end within a day: ask again; what was done stays done",
    Why.MISTAKE: "calsync made a mistake over it ({}); the app's log says where",
    Why.USER: "a name that was given is not known: `calsync users list` shows who is, `calsync users enable` adds",
    Why.PLACE: "the company or location is not known: `calsync doctor` tells what there is",
    Why.ZONE: "the time zone is not known: write it like Europe/Sofia",
    Why.CHOICE: "what it was about did not wait for an answer (any more): `calsync status` lists what does",
    Why.ITEM: "neither side nor the journal knew the item: ask by another word, or by its id",
    Why.WISH: "what was asked for does not fit together: ask for something else",
    Why.DAY: "a pause cannot end on that day: name a later day within a year",
    Why.NOT_NOW: "no round of the person runs now: switch the sync on, or resume it, then ask again",
    Why.SETTINGS: "the settings do not fit: `calsync doctor` names each mistake",
    Why.ACCOUNT: "the ERP.net user belongs to another mailbox: `calsync users list` shows which",
    Why.REFUSED: "{} refuses the app: `calsync doctor` names what is missing",
    Why.MAILBOX: "the mailbox cannot be used now: see that it is licensed and enabled",
    Why.REJECTED: "{} refused the item as it is: `calsync why` tells more",
    Why.UNAVAILABLE: "{} did not answer: ask again later",
    Why.TAKEN: "no session of ERP.net was free: ask again in half an hour",
    Why.ROW: "a stored row cannot be read: `calsync doctor` says which and what helps",
    Why.TABLES: "the state tables did not answer: ask again later",
    Why.OTHER: "it could not be done ({}): ask again, and see `calsync doctor` if it fails once more",
}
"""What people are told, once the exact words have gone with the answer; {} stands for ``Trouble.detail``."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a command failed; ``detail`` is a side, a rule's number or the kind of an error, and nobody's words."""

    why: Why
    detail: str = ""

    @property
    def text(self) -> str:
        """A sentence with its remedy."""
        return SAYS[self.why].format(self.detail)
