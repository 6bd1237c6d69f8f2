"""Whether a change was meant: it comes from a page of ours that was shown to this very person a short while ago.

Two proofs, both needed. The browser says from which site it sends the form, which no other site can forge. And the
form holds a token that only we can make, for this person and this hour: a page left open for longer must be loaded
anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from portal.http import Asked

TOKEN, ONCE = "token", "once"
"""The fields that every form of ours has; a program sends the first one as the header ``x-calsync-token``."""

COUNTS_FOR = timedelta(hours=1)

_ONCE = re.compile(r"[0-9a-f]{16,64}")
_TOKEN = re.compile(r"([0-9]{1,11})\.[0-9a-f]{64}")


def token(key: bytes, person_id: str, now: datetime) -> str:
    """What a form holds that is shown to this person now."""
    at = int(now.timestamp())
    mac = hmac.new(key, f"form|{at}|{person_id}".encode(), hashlib.sha256)
    return f"{at}.{mac.hexdigest()}"


def shown_at(asked: Asked, key: bytes, person_id: str, now: datetime) -> datetime | None:
    """When the form that was sent was shown to this person; None where it was not, or too long ago."""
    given = asked.fields.get(TOKEN) or asked.headers.get("x-calsync-token", "")
    parts = _TOKEN.fullmatch(given)
    if parts is None:
        return None
    at = datetime.fromtimestamp(int(parts[1]), UTC)
    is_ours = hmac.compare_digest(given, token(key, person_id, at))
    return at if is_ours and timedelta(0) <= now - at + timedelta(minutes=1) and now - at < COUNTS_FOR else None


def is_from_here(asked: Asked, own: Iterable[str]) -> bool:
    """Whether the browser sends a form from a page of ours; ``own`` are our addresses beside the one asked at.

    ``Sec-Fetch-Site`` decides where there is one. ``Origin`` is 'null' then, since our pages tell nobody where
    somebody comes from (Referrer-Policy).
    """
    site = asked.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = asked.headers.get("origin", "").rstrip("/").lower()
    return origin in {address.rstrip("/").lower() for address in (asked.origin, *own) if address}


def new_once() -> str:
    """A name for what one form asks for: sent twice, it is asked for once."""
    return secrets.token_hex(16)


def name_of(asked: Asked, person_id: str, shown: datetime) -> str:
    """Twelve letters that name what a form asks for: the same for a double click, and nobody else's."""
    once = asked.fields.get(ONCE, "")
    told = once if _ONCE.fullmatch(once) else new_once()
    return hashlib.sha256(f"{person_id}|{int(shown.timestamp())}|{told}".encode()).hexdigest()[:12]
