"""Exchange ids and change keys: opaque, case-sensitive, with natural twins that differ in case only.

graph.md §8.  A regular id names a place (it changes with every move), an immutable one the item.
An occurrence's id is its master's id with the date woven in, so it follows the date of the pattern; ``version`` is
woven in too where such an id does not outlive a change of its series.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import date, datetime

_TAIL = "AAA="
_MASK = 0x2A5A5A
_REGULAR, _IMMUTABLE = "AAMkAG", "AAkALg"
_EXCHANGE, _NO_DATE = "040000008200E00074C5B7101A82E008", "00000000"


def account_id(upn: str) -> str:
    """A stable object id for an account."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"graph-sim/{upn.lower()}"))


def stem(account: str) -> str:
    """The part of an id that all items of one mailbox share."""
    return _b64(hashlib.blake2b(account.encode(), digest_size=15).digest())


def item_id(mailbox_stem: str, number: int, *, immutable: bool) -> str:
    """The id of a single event or a master."""
    return f"{_IMMUTABLE if immutable else _REGULAR}{mailbox_stem}{_b64(number.to_bytes(6, 'big'))}{_TAIL}"


def occurrence_id(master: str, slot: date, version: int = 0) -> str:
    """The id of the occurrence of this series on this date."""
    woven = (slot.toordinal() ^ _MASK).to_bytes(3, "big") + version.to_bytes(3, "big")
    return f"{master[: -len(_TAIL)]}{_b64(woven)}AA=="


def split_occurrence(ident: str) -> tuple[str, date, int] | None:
    """The master's id, the date and the version of an occurrence id; ``None`` for any other id."""
    if not ident.endswith("AA==") or len(ident) < 16:
        return None
    try:
        woven = base64.urlsafe_b64decode(ident[-12:-4])
        day = date.fromordinal(int.from_bytes(woven[:3], "big") ^ _MASK)
    except ValueError:
        return None
    return ident[:-12] + _TAIL, day, int.from_bytes(woven[3:], "big")


def is_well_formed(ident: str) -> bool:
    """Whether this could be an id of Exchange at all."""
    return ident.startswith((_REGULAR, _IMMUTABLE)) and ident.endswith("=")


def change_key(mailbox_stem: str, version: int) -> str:
    """The change key of a version of an item."""
    return f"{mailbox_stem[:8]}{_b64(version.to_bytes(6, 'big'))}AAB=="


def ical_uid(account: str, number: int, at: datetime) -> str:
    """A global object id as Exchange writes it: long upper-case hexadecimal."""
    unique = hashlib.blake2b(f"{account}/{number}".encode(), digest_size=16).hexdigest().upper()
    stamp = int(at.timestamp() * 10_000_000) + 116_444_736_000_000_000
    return f"{_EXCHANGE}{_NO_DATE}{stamp:016X}000000000000000010000000{unique}"


def dated_uid(series: str, slot: date) -> str:
    """The series' global object id with one original date in characters 33 to 40 (graph.md §6)."""
    return f"{series[:32]}{slot.year:04X}{slot.month:02X}{slot.day:02X}{series[40:]}"


def series_uid(uid: str) -> str:
    """The global object id of the series that a dated one belongs to; any other uid as it is."""
    return f"{uid[:32]}{_NO_DATE}{uid[40:]}" if is_exchange_uid(uid) else uid


def is_exchange_uid(uid: str) -> bool:
    """Whether Exchange made this uid; other calendars' may be anything."""
    return uid.upper().startswith(_EXCHANGE)


def wrapped_uid(foreign: str) -> str:
    """Another calendar's uid inside a global object id, as Exchange keeps it: the letters in hexadecimal."""
    inner = b"vCal-Uid\x01\x00\x00\x00" + foreign.encode() + b"\x00"
    return f"{_EXCHANGE}{_NO_DATE}{'00' * 16}{len(inner).to_bytes(4, 'little').hex()}{inner.hex()}".upper()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
