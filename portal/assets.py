"""The stylesheet, the script and the icon, under names that hold a hash of what is in them.

So a browser may keep them for ever, and a new build's are asked for at once. Read from the package, never from a path
that somebody names.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from portal.http import KEPT_FOR_EVER, Answer

FOLDER = Path(__file__).with_name("assets")

KINDS = {"style.css": "text/css", "script.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""What there is, with its kind."""


@cache
def files() -> dict[str, tuple[str, bytes]]:
    """Each file by the name under which it is asked for: its kind and what is in it."""
    found = {}
    for name, kind in KINDS.items():
        content = (FOLDER / name).read_bytes()
        stem, _, ending = name.partition(".")
        found[f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{ending}"] = (kind, content)
    return found


@cache
def address(name: str) -> str:
    """Where a page finds one of the files."""
    stem, _, ending = name.partition(".")
    [hashed] = [one for one in files() if one.startswith(f"{stem}.") and one.endswith(f".{ending}")]
    return f"/portal/assets/{hashed}"


def show(named: dict[str, str]) -> Answer:
    """One of the files; 404 for every other name."""
    kind, content = files().get(named["name"], ("", b""))
    return Answer(200, content, kind, KEPT_FOR_EVER) if kind else Answer(404)
