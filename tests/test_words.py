"""Keeps retired words out of the product, its tests and its pages: one word means one thing (docs/design.md §13).

A word is retired when a better one is found for what it meant. Names, docstrings, comments and messages are read
alike; parts of a name count as words (``is_heir`` and ``LastHeir`` both hold ``heir``).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("sync_core", "jobs", "adapters", "portal", "cli", "tests")
OWN_WORDS = ("tests/demo/", "tests/simulators/", "tests/test_words.py")
"""Tests of the stand-ins, whose words are the outside systems' and the demo's; and this list."""

PAGES = ("docs/*.md", "README.md", "SECURITY.md", "CONTRIBUTING.md")

RETIRED = {
    # word: what is said instead
    "bereaved": "lost feeder",
    "is stood against": "asks for the event",
    "broom": "cleaning up",
    "cannot reckon": "kept back by a mistake",
    "carried across": "written to the other side",
    "cloaked": "hidden",
    "crowd": "participants, attendees",
    "crowded": "mails anybody",
    "deed": "action",
    "enrol": "switch on",
    "enroll": "switch on",
    "enrolled": "switched on; known",
    "enrolment": "the switch",
    "event marked": "category set",
    "event unmarked": "category removed",
    "gathering": "moves",
    "gatherings": "moves",
    "hearsay": "remembered",
    "handed by nobody": "without a feeder",
    "heir": "promoted copy, successor",
    "heirs": "promoted copies, successors",
    "heritage": "the activity's base",
    "note answer": "count an answer",
    "inherited": "former link",
    "noting": "saving findings",
    "patience": "retries, a day of grace",
    "patiently": "take when free",
    "seat": "elected",
    "seats": "election",
    "slip of the pen": "misspelt name",
    "stage": "runner",
    "stay alone": "confirm lost",
    "sign of life": "heartbeat",
    "signs of life": "heartbeats",
    "unrivalled": "without rivals",
    "standing": "claim",
    "story": "wording",
    "tell failure": "log a failure",
    "tell round": "log a round",
    "unheard": "a notice for nobody: unheeded",
    "untold": "unanswered; without words",
    "unmarking": "category removal",
    "unveiled": "shown again",
    "veiled": "private in ERP.net only",
    # modules that have another name now
    "again.py": "done_before.py",
    "beginning.py": "create.py",
    "carry.py": "update.py",
    "cases.judge_gone": "delete.judge_gone",
    "ending.judge_gone": "delete.judge_gone",
    "ending.py": "delete.py",
    "dated.py": "finding_dates.py",
    "enrolment.py": "switch.py",
    "feed.py": "delta.py",
    "gathering.py": "moves.py",
    "grid.py": "tables.py",
    "holds.answered": "approvals.py",
    "holds.settled": "holds.emptied",
    "identity.settle": "identity.link_after",
    "licence.py": "erp_slot.py",
    "meeting.py": "shared.py",
    "meetings.py": "claims.py",
    "moving.py": "relocate.py",
    "own.py": "own_wishes.py",
    "owner.py": "unmasked.py",
    "pair.py": "compare.py",
    "pairing.py": "match.py",
    "pauses.py": "backoff.py",
    "plan.py": "decide.py",
    "reading.py": "read.py",
    "rows.py": "codec.py",
    "seats.py": "roles.py",
    "story.py": "wording.py",
    "telling.py": "log.py",
}
"""Whole words and names, in lower case, each with what is said instead."""

ALLOWED = {
    ("story", "README.md"): "the demo tells one",
    ("patience", "tests/infra/test_hooks.py"): "a variable of infra/scripts/smoke.py",
    ("inherited", "tests/support/interrupts.py"): "a process inherits its parent's signal handlers",
    ("inherited", "tests/support/store_contract/__init__.py"): "a class inherits its tests",
}
"""Where a retired word stays, and why."""


def split(text: str) -> str:
    """A text in lower case, the parts of its names told apart as words are."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").lower()


@cache
def texts() -> dict[str, str]:
    """Every text of the product and its pages, by its path below the root."""
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    pages = [path for pattern in PAGES for path in ROOT.glob(pattern)]
    found = [*modules, ROOT / "function_app.py", *pages]
    named = {path.relative_to(ROOT).as_posix(): path for path in found}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items() if not name.startswith(OWN_WORDS)}


@cache
def split_texts() -> dict[str, str]:
    """The same texts as words are looked for in them: made once for all words."""
    return {path: split(text) for path, text in texts().items()}


def found_in(text: str, word: str) -> list[int]:
    """The lines of a split text, or of a plain one for a module, that hold the word."""
    at = [match.start() for match in re.finditer(rf"(?<![\w.]){re.escape(word)}(?!\w)", text)] if word in text else []
    return sorted({text.count("\n", 0, place) + 1 for place in at})


def is_in(line: str, word: str) -> bool:
    """Whether a line holds the word, alone or as a part of a name; of a module, only the whole name counts."""
    return found_in(line if "." in word else split(line), word) != []


@cache
def places(word: str) -> list[str]:
    """Each place of a word, as path and line."""
    read = texts() if "." in word else split_texts()
    return [f"{path}:{number}" for path, text in read.items() for number in found_in(text, word)]


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_is_not_used(word: str) -> None:
    """Neither as a word nor as a part of a name, but for the places allowed."""
    found = [place for place in places(word) if (word, place.rpartition(":")[0]) not in ALLOWED]

    assert found == [], f"say {RETIRED[word]!r}"


@pytest.mark.parametrize(("word", "path"), ALLOWED)
def test_what_is_allowed_is_used(word: str, path: str) -> None:
    """So that the list of places holds no more than it must."""
    assert word in RETIRED
    assert path in {place.rpartition(":")[0] for place in places(word)}


@pytest.mark.parametrize(
    ("line", "word", "is_found"),
    [
        ("the heir takes over", "heir", True),
        ("def _heir(link)", "heir", True),
        ("class LastHeir:", "heir", True),
        ("their own", "heir", False),
        ("see story.py", "story.py", True),
        ("see test_story.py", "story.py", False),
    ],
)
def test_where_a_word_is_found(line: str, word: str, is_found: bool) -> None:
    """In texts and in parts of names."""
    assert is_in(line, word) is is_found


def test_there_is_something_to_read() -> None:
    """The product, its tests and its pages are found."""
    expected = {"function_app.py", "tests/rounds/test_rules.py", "README.md", "docs/design.md"}

    assert expected <= texts().keys()
