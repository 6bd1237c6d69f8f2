"""The company's choices that decide what is synced and who wins; made from the settings (design section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sync_core.model import Side


class Direction(StrEnum):
    """Which way content flows."""

    BOTH = "both"
    TO_ERP = "to-erpnet"
    TO_GRAPH = "to-microsoft365"

    def lets(self, target: Side) -> bool:
        """Whether ``target`` may be written."""
        return self is Direction.BOTH or (self is Direction.TO_ERP) == (target is Side.ERP)


class Winner(StrEnum):
    """Who wins when both sides changed the same field to different values."""

    LATEST = "latest"
    GRAPH = "microsoft365"
    ERP = "erpnet"
    ASK = "ask"


class PrivateRule(StrEnum):
    """What happens to private items."""

    SYNC = "sync"
    BUSY = "busy"
    SKIP = "skip"


class Invite(StrEnum):
    """Whom calsync invites to, and takes off, an event because ERP.net says so; each time they get a mail."""

    INTERNAL = "internal"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """All choices in one value. ``mass_deletion`` is a count and a share (0..1) that must both be exceeded.

    ``erp_time`` isolates what nobody could tell us about ERP.net's clock (erpnet.md §12): 'user', 'utc' or a zone.
    ``service_logins`` are ERP.net logins that create on other people's behalf (R12). ``late_commit`` is how long
    after its update time ERP.net may commit a row: an API transaction lives 25 minutes (erpnet.md §6, §7).
    """

    direction: Direction = Direction.BOTH
    winner: Winner = Winner.LATEST
    private: PrivateRule = PrivateRule.SYNC
    invite: Invite = Invite.INTERNAL
    months_ahead: int = 1
    max_age: timedelta = timedelta(days=1)
    activity_types: frozenset[str] = frozenset({"Meeting", "Communication", "Task"})
    mass_deletion: tuple[int, float] = (5, 0.2)
    erp_time: str = "user"
    service_logins: frozenset[str] = frozenset()
    late_commit: timedelta = timedelta(minutes=30)

    def zone_of_digits(self, user_zone: str) -> str:
        """The IANA zone in which ERP.net's digits of this user are written."""
        return {"user": user_zone, "utc": "UTC"}.get(self.erp_time, self.erp_time)
