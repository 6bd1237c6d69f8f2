"""Turns ERP.net's answers that are no success into errors (erpnet.md §3, §4, traps 2 and 3).

500 is ERP.net's answer to every mistake of the request itself, so it is the item's fault and never the server's;
no free licence comes in three forms; everything else is plain HTTP and means what ``adapters.http`` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.http import error_of, read_json, retry_after_seconds
from sync_core.errors import ItemRejected, LicencesTaken, SideError
from sync_core.model.sides import Side

LONGEST_MESSAGE = 300

_RULE = re.compile(r"\bR\d{4,6}(?:-\d+)?\b")
_NO_LICENCE = ("E1LicenseException", "MaximumLicenseCountExceeded")
_PREAMBLE = "An error occurred while saving data"


def error_in(status: int, content: bytes, headers: Mapping[str, str], *, now: datetime, writing: bool) -> SideError:
    """The error of an answer; ``headers`` by lower-case name. A stack trace (``info``) is never passed on."""
    inner = _inner(content)
    wait = retry_after_seconds(headers.get("retry-after"), now)
    message, code = _readable(inner), str(inner.get("code") or "")
    if _is_licence(status, inner):
        return LicencesTaken(Side.ERP, "every ERP.net licence is in use; waiting for a free one", retry_after=wait)
    if status == 500:
        rule = _RULE.search(str(inner.get("message")))
        return ItemRejected(
            Side.ERP, f"ERP.net refused: {message}", code=code or "500", rule=rule.group(0) if rule else ""
        )
    return error_of(Side.ERP, status, message, code=code, retry_after=wait, writing=writing)


def opens_no_session(status: int, content: bytes) -> bool:
    """Whether ERP.net refused a session: it refused the token, or has no free licence."""
    return status == 401 or (status >= 500 and _is_licence(status, _inner(content)))


def _inner(content: bytes) -> dict[str, Any]:
    try:
        answer = read_json(content)
    except ValueError:
        return {}
    error = answer.get("error", answer) if isinstance(answer, dict) else {}
    return error if isinstance(error, dict) else {}


def _is_licence(status: int, inner: dict[str, Any]) -> bool:
    text = f"{inner.get('type')} {inner.get('message')}"
    return (status == 503 and inner.get("code") == 8) or any(name in text for name in _NO_LICENCE)


def _readable(inner: dict[str, Any]) -> str:
    lines = [" ".join(line.split()) for line in str(inner.get("message") or "no reason given").splitlines()]
    kept = [line for line in lines if line]
    if len(kept) > 1 and kept[0].startswith(_PREAMBLE):
        del kept[0]
    return " ".join(kept)[:LONGEST_MESSAGE]
