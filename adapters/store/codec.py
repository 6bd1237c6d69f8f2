"""Encodes values as stored rows and decodes them: JSON with a schema version, within the tables' limits.

A row's properties are ``v`` (the schema version), the codes of its reasons (``CODES``) where it has any, and the JSON
of one value, cut into ``data0``, ``data1``, … because a string property holds 64 KiB, which are 32,768 UTF-16 units,
and an entity 1 MiB (azure.md §10). Azurite enforces neither limit, so they are enforced here. Keys that may hold what
the service forbids (azure.md §10) are replaced by their hash, here and nowhere else. Journal values are cut, too.

Rows of this version and of the one before it are read, the older ones upgraded (``upgrades``); this one is written.
So two builds may run at once during an update: the newer one understands both, the older one refuses what it does
not know. A row with a value that came later than its version is written as the next one (``BEYOND``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from adapters.store import reasons
from adapters.store.upgrades import UPGRADES
from sync_core.errors import RowUnreadable, StoreError
from sync_core.model.entries import JournalEntry
from sync_core.model.link import EndedBy

T = TypeVar("T")

Properties = dict[str, int | str]
"""What is stored under one key."""

SCHEMA = 2
"""The version of the stored shapes. Raise it when an older build must not read a newer row, and freeze what this one
writes (tests/adapters/rows)."""

READABLE = (SCHEMA - 1, SCHEMA)

BEYOND: Mapping[str, Callable[[Any], bool]] = {
    "Begun": lambda _: True,
    "JournalPage": lambda _: True,
    "Link": lambda link: link.ended_by is EndedBy.UNLINKED or link.occurrence is not None,
}
"""Which rows hold what a build of this version may not know, by the name of their class: of a date of a series it
would take a 404 for a deletion, and many items in one row for a spoilt one. Such a row is written as the next
version, which that build refuses as a newer one's; when ``SCHEMA`` is raised, this is empty again."""

STORED_NAMES = {
    "Claim": {"user_id": "holder"},
    "Cursors": {"delta_window": "token"},
    "Hold": {"approval": "answer"},
    "Link": {"conflict.category": "conflict.mark"},
}
"""Fields that are stored under another name than they have in the code, by the name of the row's class; a dot leads
to a field of a value in the row."""

PART_UNITS = 32_000
"""UTF-16 units in one property; the service takes 32,768."""

PARTS = 14
"""Properties of one row: 14 x 32,000 units x 2 bytes = 875 KiB, which leaves room below 1 MiB."""

JOURNAL_VALUE = 2_000
"""Characters of one journal value."""

CODES = "why"
"""The property with the codes of a row's reasons, by their places. A build that knows none reads the sentences, and
leaves it out of what it writes."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PLACE = re.compile(r"at `(\$[^`]*)`")
"""Where in a row something is wrong, in msgspec's words."""
_HIGH_SURROGATES = range(0xD8, 0xDC)


def encode(value: object) -> Properties:
    """The properties that hold ``value``. Raises ``StoreError`` for one that no row can hold."""
    text = text_of(value)
    parts = _split(text)
    if len(parts) > PARTS:
        kind, most = type(value).__name__, PARTS * PART_UNITS
        raise StoreError(f"a {kind} of {len(text):,} characters does not fit a row ({most:,} at most)")
    is_beyond = BEYOND.get(type(value).__name__, lambda _: False)(value)
    version = SCHEMA + 1 if is_beyond else SCHEMA
    codes = reasons.codes_in(value)
    named = {CODES: msgspec.json.encode(codes).decode()} if codes else {}
    return {"v": version, **named, **{f"data{number}": part for number, part in enumerate(parts)}}


def decode(properties: Mapping[str, object], kind: type[T]) -> T:
    """The value that the properties hold. Raises ``RowUnreadable`` for another schema version or shape."""
    version = properties.get("v")
    readable = (*READABLE, SCHEMA + 1) if kind.__name__ in BEYOND else READABLE
    if version not in readable:
        versions = f"{', '.join(map(str, readable[:-1]))} and {readable[-1]}"
        raise RowUnreadable(
            f"a stored {kind.__name__} has schema version {version}, this build reads versions {versions}: "
            "deploy the build that wrote it, or a newer one",
            is_newer=isinstance(version, int) and version > SCHEMA,
        )
    try:
        text = _join(properties)
        if version == SCHEMA - 1:
            text = _upgraded(text, kind)
        names = {stored: name for name, stored in STORED_NAMES.get(kind.__name__, {}).items()}
        value = msgspec.json.decode(_renamed(text, names), type=kind)
        codes = properties.get(CODES)
        return reasons.with_named(value, msgspec.json.decode(str(codes), type=dict[str, str]) if codes else {})
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError) as error:
        place = _PLACE.search(str(error))
        where = f" at {place[1]}" if place else ""
        raise RowUnreadable(
            f"a stored {kind.__name__} cannot be read{where}: it is not of a form that this build knows"
        ) from error


def _upgraded(text: str, kind: type[object]) -> str:
    """The JSON of a row of the version before, as this version would write it."""
    upgrade = UPGRADES.get(kind.__name__)
    return msgspec.json.encode(upgrade(msgspec.json.decode(text))).decode() if upgrade else text


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """The JSON of a row, or of a value in it, whose fields have other names."""
    if not names:
        return text
    row = msgspec.json.decode(text, type=dict[str, msgspec.Raw] | None)
    if row is None:
        return text
    for path, other in names.items():
        name, _, inner = path.partition(".")
        if inner and name in row:
            value = _renamed(bytes(row[name]).decode(), {inner: other.removeprefix(f"{name}.")})
            row[name] = msgspec.Raw(value.encode())
    return msgspec.json.encode({names.get(name, name): part for name, part in row.items()}).decode()


def peek(properties: Mapping[str, object], name: str) -> str:
    """One text of a row of any version, '' if it cannot be read: enough to erase what belongs to the row."""
    try:
        found = msgspec.json.decode(_join(properties))
    except msgspec.MsgspecError:
        return ""
    text = found.get(name) if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""


def mentions(properties: Mapping[str, object], names: Collection[str]) -> bool:
    """Whether one of these names, in small letters, stands anywhere in a row of any version."""
    text = _join(properties).casefold()
    return any(re.search(rf"(?<![\w.@+-]){re.escape(name)}(?![\w@-])", text) for name in names)


@lru_cache(4_096)
def hashed(*texts: str) -> str:
    """A key for texts of any length and content; different texts, letter case included, have different keys."""
    digest = hashlib.sha256()
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def key(text: str) -> str:
    """``text`` where it may stand in a key as it is (GUIDs do), else its hash behind a ``~``."""
    return text if _PLAIN_KEY.fullmatch(text) else f"~{hashed(text)}"


def bounded(entry: JournalEntry) -> JournalEntry:
    """The entry with every value cut to what a journal row may hold; a cut value says so."""
    return replace(
        entry,
        reason=_cut(entry.reason),
        subject=_cut(entry.subject),
        before=_all_cut(entry.before),
        after=_all_cut(entry.after),
        dates=tuple(replace(one, before=_all_cut(one.before), after=_all_cut(one.after)) for one in entry.dates),
    )


def _all_cut(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _cut(text) for name, text in values.items()}


def _cut(text: str) -> str:
    if len(text) <= JOURNAL_VALUE:
        return text
    note = f" … (cut, {len(text):,} characters)"
    return text[: JOURNAL_VALUE - len(note)] + note


def text_of(value: object) -> str:
    """The JSON of a value, by the names that are stored. Raises ``StoreError`` for half a character."""
    try:
        return _renamed(msgspec.json.encode(value).decode(), STORED_NAMES.get(type(value).__name__, {}))
    except UnicodeEncodeError as error:
        raise StoreError(f"a {type(value).__name__} holds half a character (a lone surrogate)") from error


def _split(text: str) -> list[str]:
    if len(text) * 2 <= PART_UNITS:
        return [text]
    raw = text.encode("utf-16-le")
    parts = []
    start = 0
    while start < len(raw):
        end = min(start + 2 * PART_UNITS, len(raw))
        if end < len(raw) and raw[end - 1] in _HIGH_SURROGATES:
            end -= 2
        parts.append(raw[start:end].decode("utf-16-le"))
        start = end
    return parts


def _join(properties: Mapping[str, object]) -> str:
    parts: list[str] = []
    while (part := properties.get(f"data{len(parts)}")) is not None:
        parts.append(str(part))
    return "".join(parts)
