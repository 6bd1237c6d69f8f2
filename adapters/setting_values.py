"""Parses the text of one setting into its value.

Each parser raises ``ValueError`` with what is wrong, worded to follow the setting's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.ncrontab import read as read_schedule
from sync_core.model.policy import Direction, Invite, PrivateRule, SeriesRule, Winner

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

SYSTEM_TYPES = ("Meeting", "Communication", "Task")
"""All SystemType values of activities (erpnet.md §8)."""

Parser = Callable[[str], Any]
"""Turns a setting's text into its value; a ``ValueError`` says what is wrong with it."""


def plain(text: str) -> str:
    """Parse any text."""
    return text


def address(text: str) -> str:
    """Parse an https address (plain http on loopback); the trailing slash is dropped."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http(s) address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must begin with https:// (plain http only on loopback)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address without user, query and fragment")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is no number from 0 to 65535") from None
    return text.rstrip("/")


def activity_url(text: str) -> str:
    """Parse the pattern of an address with ``{id}`` in it, for an activity's id."""
    if text.count("{id}") != 1 or "{id}" in urlsplit(text).netloc:
        raise ValueError("must hold {id} once, behind the host")
    address(text.replace("{id}", "0").partition("?")[0].partition("#")[0])
    return text


def root(text: str) -> str:
    """Parse an address without a path."""
    url = address(text)
    if urlsplit(url).path:
        raise ValueError("must be the instance root, without a path")
    return url


def optional(parse: Parser) -> Parser:
    """Parse by ``parse``, '' for an empty text."""
    return lambda text: parse(text) if text else ""


def day(text: str) -> date | None:
    """Parse a day like 2027-05-31, None for an empty text."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("is no day like 2027-05-31") from None


def within(lowest: int, highest: int) -> Parser:
    """A whole number, both ends included."""

    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"is no whole number from {lowest} to {highest}")
        return int(text)

    return parse


def one_of(*choices: str) -> Parser:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return text

    return parse


def member_of(kind: type[Direction] | type[Winner] | type[PrivateRule] | type[Invite] | type[SeriesRule]) -> Parser:
    """One of an enumeration's words, as its member."""
    choose = one_of(*(member.value for member in kind))
    return lambda text: kind(choose(text))


def table_prefix(text: str) -> str:
    """Parse a prefix of table and queue names."""
    if not re.fullmatch("[a-z][a-z0-9]{2,20}", text):
        raise ValueError("is no name for tables")
    return text


def names(text: str) -> frozenset[str]:
    """Names with commas between, lower case; ``none`` is an empty list, which an empty setting does not say."""
    if text.casefold() == "none":
        return frozenset()
    return frozenset(name.strip().casefold() for name in text.split(",") if name.strip())


def system_types(text: str) -> frozenset[str]:
    """Parse activity types between commas, in any letter case."""
    known = {name.casefold(): name for name in SYSTEM_TYPES}
    if not names(text) or not names(text) <= set(known):
        raise ValueError(f"must name some of {', '.join(SYSTEM_TYPES)}")
    return frozenset(known[name] for name in names(text))


def erp_time(text: str) -> str:
    """``user``, ``utc`` or an IANA zone."""
    if text in ("user", "utc"):
        return text
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is neither user nor utc nor an IANA time zone") from None


def limit(text: str) -> tuple[int, float]:
    """A count and a share: ``5,20%`` is (5, 0.2)."""
    found = re.fullmatch(r"([0-9]{1,6})\s*,\s*([0-9]{1,3})\s*%", text)
    if not found or int(found[2]) > 100:
        raise ValueError("is no count and share")
    return int(found[1]), int(found[2]) / 100


def long_secret(text: str) -> str:
    """Parse a secret that is long enough not to be guessed."""
    if len(text) < 16:
        raise ValueError("is shorter than 16 characters")
    return text


def schedule(text: str) -> str:
    """Parse an NCRONTAB expression of six fields that the Functions host accepts."""
    return read_schedule(text).text
