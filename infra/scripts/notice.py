"""Writes NOTICE: the packages of a lock file, each with its licence and its home. ``notice.py requirements.txt``.

Licences come from the packages as they are installed here (``make setup`` installs what the lock says).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

HEAD = """\
calsync runs with the packages below, each under its own licence. They are not part of calsync's source; Azure and pip
install them as requirements.txt says. `make notice` writes this list from it.
"""

LONGEST_NAME = 60
"""Characters of a licence's name; some packages put the whole text in its place."""


def packages(lock: str) -> list[str]:
    """The names in a lock file, each once, in its order."""
    return list(dict.fromkeys(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)))


def licence(about: Message) -> str:
    """What a package says of its licence: the expression, the short name, or the classifiers."""
    short = about.get("License-Expression") or about.get("License") or ""
    if short and len(short) <= LONGEST_NAME and "\n" not in short:
        return short
    kinds = [kind.rpartition(" :: ")[2] for kind in about.get_all("Classifier", []) if kind.startswith("License ::")]
    return ", ".join(kinds) or "see the package"


def home(about: Message) -> str:
    """Where a package lives."""
    urls = dict(url.split(", ", 1) for url in about.get_all("Project-URL", []) if ", " in url)
    known = {label.lower(): url for label, url in urls.items()}
    for label in ("homepage", "home", "repository", "source", "source code", "documentation"):
        if label in known:
            return known[label]
    return about.get("Home-page") or next(iter(urls.values()), "")


def lines(names: list[str]) -> Iterator[str]:
    """One line for each package. Raises ``SystemExit`` for one that is not installed here."""
    for name in names:
        try:
            about = cast(Message, metadata(name))
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed here: make setup") from None
        yield f"{name}: {licence(about)}. {home(about)}".rstrip()


if __name__ == "__main__":
    locked = packages(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join([HEAD, *lines(locked)]) + "\n")
