"""The company's policy: its choices that decide what is synced and who wins, made from the settings (design.md §8).

The app stamps it on the store, and every process of the company works by it. ``contradictions`` says where an
environment chose otherwise, ``taken_over`` what it takes from the company because it chose nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum

from sync_core.model.sides import Side


class Direction(StrEnum):
    """Which way content flows."""

    BOTH = "both"
    TO_ERP = "to-erpnet"
    TO_GRAPH = "to-microsoft365"

    def lets(self, target: Side) -> bool:
        """Whether ``target`` may be written."""
        return self is Direction.BOTH or self is _ONLY[target]


_ONLY = {Side.ERP: Direction.TO_ERP, Side.GRAPH: Direction.TO_GRAPH}


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
    """Whom calsync may invite to an event, and take off it, because ERP.net says so. Each time they get a mail."""

    INTERNAL = "internal"
    ALL = "all"
    NONE = "none"


class SeriesRule(StrEnum):
    """What happens to recurring meetings: left alone (R10), or each date in the window as a single meeting (R16)."""

    SKIP = "skip"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Policy:
    """All choices in one value. ``mass_deletion`` is a count and a share (0..1) that must both be exceeded.

    ``erp_time`` isolates what no source says about ERP.net's clock (erpnet.md §12): 'user', 'utc' or a zone.
    ``service_logins`` are the ERP.net logins that create on other people's behalf (R12). ``late_commit`` is how long
    after its update time ERP.net may commit a row: an API transaction lives 25 minutes (erpnet.md §6, §7).
    """

    direction: Direction = Direction.BOTH
    winner: Winner = Winner.LATEST
    private: PrivateRule = PrivateRule.SYNC
    invite: Invite = Invite.INTERNAL
    series: SeriesRule = SeriesRule.SKIP
    months_ahead: int = 1
    max_age: timedelta = timedelta(days=1)
    activity_types: frozenset[str] = frozenset({"Meeting", "Communication", "Task"})
    mass_deletion: tuple[int, float] = (5, 0.2)
    erp_time: str = "user"
    service_logins: frozenset[str] = frozenset()
    late_commit: timedelta = timedelta(minutes=30)

    def zone_of_digits(self, user_zone: str) -> str:
        """The IANA zone of this user's digits in ERP.net."""
        return {"user": user_zone, "utc": "UTC"}.get(self.erp_time, self.erp_time)


SETTINGS = {
    "direction": "SYNC_DIRECTION",
    "winner": "SYNC_CONFLICT",
    "private": "SYNC_PRIVATE",
    "invite": "SYNC_INVITE",
    "series": "SYNC_SERIES",
    "months_ahead": "SYNC_MONTHS_AHEAD",
    "max_age": "SYNC_ACTIVITY_MAX_AGE_DAYS",
    "activity_types": "SYNC_ACTIVITY_TYPES",
    "mass_deletion": "SYNC_MASS_DELETE_LIMIT",
    "erp_time": "ERPNET_TIME",
    "service_logins": "ERPNET_SERVICE_LOGINS",
    "late_commit": "ERPNET_LATE_COMMIT_MINUTES",
}
"""The setting that makes each choice."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting on which an environment and the company differ, with the value of each as one would write it."""

    setting: str
    company: str
    here: str


def texts(policy: Policy) -> dict[str, str]:
    """The value of each choice as one would write it, by setting."""
    return {SETTINGS[one.name]: _text(one.name, getattr(policy, one.name)) for one in fields(policy)}


def _text(name: str, value: object) -> str:
    if isinstance(value, timedelta):
        return str(value // (timedelta(days=1) if name == "max_age" else timedelta(minutes=1)))
    if isinstance(value, frozenset):
        return ",".join(sorted(value)) or "none"
    if isinstance(value, tuple):
        return f"{value[0]},{round(value[1] * 100)}%"
    return str(value)


def contradictions(company: Policy, here: Policy, chosen: Collection[str]) -> tuple[Difference, ...]:
    """The settings that were ``chosen`` here and differ from the company's."""
    return tuple(one for one in _differences(company, here) if one.setting in chosen)


def taken_over(company: Policy, here: Policy, chosen: Collection[str]) -> tuple[Difference, ...]:
    """The company's choices that differ from the default and for which nothing was chosen here."""
    return tuple(one for one in _differences(company, here) if one.setting not in chosen)


def _differences(company: Policy, here: Policy) -> list[Difference]:
    own = texts(here)
    return [Difference(name, text, own[name]) for name, text in texts(company).items() if text != own[name]]


def overlaid(company: Policy, here: Policy, chosen: Collection[str]) -> Policy:
    """The company's policy, replaced where something was chosen here."""
    named = {one.name: getattr(here, one.name) for one in fields(here) if SETTINGS[one.name] in chosen}
    return replace(company, **named)
