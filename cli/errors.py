"""The errors that the caller of a command mends by other settings or arguments (exit 2)."""

from __future__ import annotations

from jobs.approvals import UnknownChoice
from jobs.commands.roster import RosterInvalid
from jobs.commands.switch import UnknownUser
from jobs.places import UnknownPlace
from sync_core.errors import CalsyncError, SettingsInvalid, WrongStore


class UnknownItem(CalsyncError):
    """Neither side, nor the store, knows the item; correct the id or subject."""


ARGUMENTS = (SettingsInvalid, UnknownUser, UnknownPlace, UnknownChoice, UnknownItem, RosterInvalid, WrongStore)
