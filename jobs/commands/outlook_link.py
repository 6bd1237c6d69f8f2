"""Reads which event a link from Outlook names, so that a person can paste one where an item is asked for.

Such a link holds the event's id in its query (``itemid=``, that of ``webLink``, graph.md §6) or as the last part of
its path (``/calendar/item/ID``, as the browser's address bar shows it). The id is escaped once, twice or not at all,
and written in one of two alphabets: Graph's ids have ``-`` and ``_`` where Exchange's have ``/`` and ``+``.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_IN_QUERY = re.compile(r"(?:^|[&?])itemid=([^&]+)", re.IGNORECASE)
_IN_PATH = re.compile(r"/item/(?:read/)?([^/?#]+)/?$", re.IGNORECASE)
_ALPHABET = str.maketrans({"/": "-", "+": "_", " ": "_"})
"""A plus that nobody escaped may have become a space on its way."""

MOST_ESCAPES = 3


def id_in(text: str) -> str:
    """The id of the event that a link names; any other text as it is."""
    link = text.strip()
    if not link.lower().startswith(("https://", "http://")):
        return text
    try:
        parts = urlsplit(link)
    except ValueError:
        return text
    found = _IN_QUERY.search(f"{parts.query}&{parts.fragment}") or _IN_PATH.search(parts.path)
    return _unescaped(found[1]).translate(_ALPHABET) if found else text


def _unescaped(text: str) -> str:
    for _ in range(MOST_ESCAPES):
        plain = unquote(text)
        if plain == text:
            break
        text = plain
    return text.strip()
