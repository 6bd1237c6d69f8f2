"""Which failures whoever asked can mend by asking for something else (exit 2), and which would meet everybody."""

from __future__ import annotations

from jobs.approvals import UnknownChoice
from jobs.asked import WishInvalid
from jobs.commands.pause import WrongDay
from jobs.commands.roster import RosterInvalid
from jobs.commands.switch import UnknownUser
from jobs.places import UnknownPlace
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CalsyncError,
    LicencesTaken,
    SettingsInvalid,
    SlotsTaken,
    WrongStore,
)


class UnknownItem(CalsyncError):
    """Neither side, nor the store, knows the item; correct the id or subject."""


OTHERWISE = (
    SettingsInvalid,
    UnknownUser,
    UnknownPlace,
    UnknownChoice,
    UnknownItem,
    RosterInvalid,
    WishInvalid,
    WrongDay,
    WrongStore,
)
"""Mended by other settings or arguments."""

COMMON = (AccessRefused, AppRefused, LicencesTaken, SlotsTaken)
"""Nobody's own failure: the next one would meet it, too."""
