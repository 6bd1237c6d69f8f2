"""Exchange ids and change keys: opaque, case-sensitive, with natural twins that differ in case only.

graph.md §8.  A regular id names a place (it changes with every move), an immutable one the item.
An occurrence's id is its master's id with the date woven in, so it follows the date of the pattern.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import date, datetime

_TAIL = "AAA="
_MASK = 0x2A5A5A
_REGULAR, _IMMUTABLE = "AAMkAG", "AAkALg"


def account_id(upn: str) -> str:
    """A stable object id for an account."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"graph-sim/{upn.lower()}"))


def stem(account: str) -> str:
    """The part of an id that all items of one mailbox share."""
    return _b64(hashlib.blake2b(account.encode(), digest_size=15).digest())


def item_id(mailbox_stem: str, number: int, *, immutable: bool) -> str:
    """The id of a single event or a master."""
    return f"{_IMMUTABLE if immutable else _REGULAR}{mailbox_stem}{_b64(number.to_bytes(6, 'big'))}{_TAIL}"


def occurrence_id(master: str, slot: date) -> str:
    """The id of the occurrence of this series on this date."""
    return f"{master[: -len(_TAIL)]}{_b64((slot.toordinal() ^ _MASK).to_bytes(3, 'big'))}AA=="


def split_occurrence(ident: str) -> tuple[str, date] | None:
    """The master's id and the date of an occurrence id; ``None`` for any other id."""
    if not ident.endswith("AA==") or len(ident) < 12:
        return None
    try:
        ordinal = int.from_bytes(base64.urlsafe_b64decode(ident[-8:-4]), "big") ^ _MASK
        return ident[:-8] + _TAIL, date.fromordinal(ordinal)
    except ValueError:
        return None


def is_well_formed(ident: str) -> bool:
    """Whether this could be an id of Exchange at all."""
    return ident.startswith((_REGULAR, _IMMUTABLE)) and ident.endswith("=")


def is_immutable(ident: str) -> bool:
    """Whether the id is of the immutable kind."""
    return ident.startswith(_IMMUTABLE)


def change_key(mailbox_stem: str, version: int) -> str:
    """The change key of a version of an item."""
    return f"{mailbox_stem[:8]}{_b64(version.to_bytes(6, 'big'))}AAB=="


def ical_uid(account: str, number: int, at: datetime) -> str:
    """A global object id as Exchange writes it: long upper-case hexadecimal."""
    unique = hashlib.blake2b(f"{account}/{number}".encode(), digest_size=16).hexdigest().upper()
    stamp = int(at.timestamp() * 10_000_000) + 116_444_736_000_000_000
    return f"040000008200E00074C5B7101A82E00800000000{stamp:016X}000000000000000010000000{unique}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
