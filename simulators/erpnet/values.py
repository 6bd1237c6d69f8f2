"""Parses and prints values as the Domain API does.

Date-times are kept as the digits that go over the wire (``2026-01-25T09:00:00Z``): for ``datetime``
attributes the ``Z`` is decoration, for ``utc`` it is true (erpnet.md §12).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from simulators.erpnet.errors import ErpError, invalid
from simulators.erpnet.model import Attr

GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,7})?)?Z?")
_ANY_OFFSET = re.compile(r"[+-]\d\d:\d\d$")
_PLAIN_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "dec": (int, float)}


def utf16_length(text: str) -> int:
    """How long .NET and SQL Server find the text: characters beyond the BMP count twice."""
    return len(text) + sum(c > "\uffff" for c in text)


def moment(text: str) -> str:
    """Any accepted spelling of a date-time as ``YYYY-MM-DDTHH:MM:SS[.f]Z``; other offsets are refused."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        reason = "an explicit offset is not accepted" if _ANY_OFFSET.search(text) else "not a date-time"
        raise invalid(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset': {reason}.")
    day, minute, second, fraction = match.groups()
    fraction = (fraction or "").rstrip("0").rstrip(".")
    canonical = f"{day}T{minute or '00:00'}{second or ':00'}{fraction}Z"
    _check_calendar(canonical)
    return canonical


def _check_calendar(text: str) -> None:
    try:
        parse(text)
    except ValueError as bad:
        raise invalid(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'.") from bad


def parse(text: str) -> datetime:
    """The digits as a ``datetime`` labelled UTC, for arithmetic on wall clocks and instants alike."""
    return datetime.fromisoformat(text[:26].rstrip("Z")).replace(tzinfo=UTC)


def print_moment(at: datetime, *, digits: bool = False) -> str:
    """Digits with ``Z``; ``digits`` drops milliseconds (an aware value keeps its own wall clock)."""
    if digits:
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].rstrip("0").rstrip(".")
    return f"{text}Z"


def wall(value: datetime | str) -> str:
    """A person's entry as stored digits: any zone the value carries is ignored, seconds are kept."""
    return moment(value) if isinstance(value, str) else print_moment(value, digits=True)


def accept(attr: Attr, value: Any) -> Any:
    """The stored form of a value from a request body; raises ``ErpError`` when type or length is wrong."""
    if value is None:
        return None
    match attr.kind:
        case "str":
            return _text(attr, value)
        case "ml":
            return _multi_language(attr, value)
        case "enum":
            return _enum(attr, value)
        case "datetime" | "utc":
            return moment(_string(attr, value))
        case "date":
            return moment(_string(attr, value))[:10] + "T00:00:00Z"
        case "guid":
            return guid(_string(attr, value))
        case _:
            return _plain(attr, value)


def guid(text: str) -> str:
    """A guid in the database's spelling (lower case)."""
    if not GUID.fullmatch(text):
        raise invalid(f"'{text}' is not a guid.")
    return text.lower()


def _wrong(attr: Attr, value: Any) -> ErpError:
    return invalid(f"Cannot convert the value '{value}' of property '{attr.name}' to its type ({attr.kind}).")


def _string(attr: Attr, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(attr, value)
    return value


def _text(attr: Attr, value: Any) -> str:
    text = _string(attr, value)
    if attr.size and utf16_length(text) > attr.size:
        raise invalid(f"The value of '{attr.name}' exceeds the maximum length of {attr.size} characters.")
    return text


def _multi_language(attr: Attr, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise _wrong(attr, value)
    return {str(k).upper(): v for k, v in value.items()}


def _enum(attr: Attr, value: Any) -> str:
    if value not in attr.values:
        raise _wrong(attr, value)
    return str(value)


def _plain(attr: Attr, value: Any) -> Any:
    kinds = _PLAIN_TYPES[attr.kind]
    if not isinstance(value, kinds) or (isinstance(value, bool) and attr.kind != "bool"):
        raise _wrong(attr, value)
    return value
