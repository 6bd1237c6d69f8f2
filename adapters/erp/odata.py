"""Writes ERP.net's OData dialect: literals, references, filters, relative URLs (erpnet.md §5).

Only ``eq ge le in and`` and the three string functions exist, so every question is asked in those words; what
needs an ``or`` is asked several times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

Row = dict[str, Any]

PAGE = 500
"""Rows a page; without ``$top`` there is no nextLink at all (erpnet.md §5, trap 7)."""

MOST_IDS = 100
ROOM = 5000
"""Values and characters of one ``in`` list: a GET stays below 6 KB, which every proxy lets through."""

_PLAIN = "$,()'=;/*"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LONGEST_REFERENCE = 200
"""The most characters at the end of an address that are searched: a hostile one could take minutes."""

_REFERENCE = re.compile(rf"\w+\(({_GUID.pattern})\)$")


def is_guid(text: str) -> bool:
    """Whether ``text`` can stand bare in a filter."""
    return _GUID.fullmatch(text) is not None


def text(value: str) -> str:
    """Write a string literal."""
    return "'" + value.replace("'", "''") + "'"


def ref(entity_set: str, key: str) -> str:
    """Write the relative key form, ``Set(guid)``."""
    return f"{entity_set}({key})"


def bind(entity_set: str, key: str) -> dict[str, str]:
    """A reference in a body; never by name or code, which can overwrite master data (erpnet.md §6, trap 17)."""
    return {"@odata.id": ref(entity_set, key)}


def target_of(value: Any) -> str:
    """``Set(guid)`` out of a reference as answered (relative or absolute), '' for null."""
    address = str(value.get("@odata.id") or "")[-LONGEST_REFERENCE:] if isinstance(value, dict) else ""
    found = _REFERENCE.search(address)
    return found.group(0) if found else ""


def key_of(value: Any) -> str:
    """The guid out of a reference or of an entity's own ``@odata.id``, lower case, '' for null."""
    return target_of(value)[-37:-1].lower()


def id_of(row: Row) -> str:
    """The id of a row: ``Id`` where it was selected, else the guid of its ``@odata.id``; lower case."""
    return str(row.get("Id") or key_of(row)).lower()


def plain(value: Any) -> str:
    """Read a text attribute; of a multi-language value the English text, else the first that is not empty."""
    if isinstance(value, dict):
        return str(value.get("EN") or next((words for words in value.values() if words), ""))
    return "" if value is None else str(value)


def day(at: datetime) -> str:
    """Write a date literal: ERP.net cuts filters on plain date-times to the date (erpnet.md §5)."""
    return f"{at:%Y-%m-%d}T00:00:00.000Z"


def instant(at: datetime) -> str:
    """Write a literal for the ``…Utc`` attributes, rounded down to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def any_of(attribute: str, literals: Iterable[str]) -> str:
    """Write the filter ``attribute in (…)``."""
    return f"{attribute} in ({','.join(literals)})"


def chunks(literals: Iterable[str], most: int = MOST_IDS, room: int = ROOM) -> Iterator[list[str]]:
    """Cut a long ``in`` list so that each piece fits into a URL."""
    piece: list[str] = []
    size = 0
    for literal in literals:
        if piece and (len(piece) == most or size + len(literal) > room):
            yield piece
            piece, size = [], 0
        piece.append(literal)
        size += len(literal) + 1
    if piece:
        yield piece


def query(entity_set: str, where: str = "", *, select: str = "default,Id", expand: str = "") -> str:
    """Write the relative URL of a read, paged and without ``$orderby`` (erpnet.md §5)."""
    options = {"$filter": where, "$select": select, "$expand": expand, "$top": str(PAGE)}
    asked = [f"{name}={quote(value, safe=_PLAIN)}" for name, value in options.items() if value]
    return f"{entity_set}?{'&'.join(asked)}"
