"""Texts that people read are never states that code compares: whoever improves a sentence must change nothing else.

Two things are looked for in the product: a comparison with a literal that is a sentence or an action's word
(``sync_core.model.action``), and one of a stored reason with anything but another reason. Which reason it is,
``sync_core.model.why`` tells by its name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_core.model.action import Action

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("sync_core", "jobs", "cli", "portal")

ASKS = frozenset({"startswith", "endswith", "removeprefix", "removesuffix", "count", "partition", "rpartition"})
"""The methods of a text that find out what it says."""

TOLD = frozenset({"reason", "reread", "why"})
"""What rows and decisions tell people."""


def sentences(node: ast.expr) -> Iterator[str]:
    """The literals in what something is compared with that are said to people."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.Set | ast.List) else [node]
    words = [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    yield from (word for word in words if " " in word.strip() or word in set(Action))


def compared(tree: ast.AST) -> Iterator[tuple[ast.expr, ...]]:
    """The sides of each comparison, of each question to a text, and of each literal case."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield node.left, *node.comparators
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS:
            yield node.func.value, *node.args
        elif isinstance(node, ast.MatchValue):
            yield (node.value,)


def is_told(node: ast.expr) -> bool:
    """Whether it is a reason, read from a value."""
    return isinstance(node, ast.Attribute) and node.attr in TOLD


def mistakes(source: str) -> tuple[list[str], bool]:
    """The sentences that a file compares with, and whether it compares a reason with anything else."""
    found = [*compared(ast.parse(source))]
    literal = [word for sides in found for side in sides for word in sentences(side)]
    return literal, any(any(map(is_told, sides)) and not all(map(is_told, sides)) for sides in found)


def _product() -> dict[str, str]:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in files}


def test_no_sentence_is_a_state() -> None:
    """What is compared is a member of an enum, a code, or a number."""
    found = {file: mistakes(source) for file, source in _product().items()}

    assert len(found) > 200
    assert {file: words for file, (words, _) in found.items() if words} == {}
    assert {file for file, (_, is_reason) in found.items() if is_reason} == set()


@pytest.mark.parametrize(
    ("source", "words", "is_reason"),
    [
        ("if entry.action == 'round': pass", ["round"], False),
        ("if what in ('fine', 'activity created'): pass", ["activity created"], False),
        ("if state.startswith('Error: no'): pass", ["Error: no"], False),
        ("match what:\n    case 'in step': pass", ["in step"], False),
        ("if line['state'] == 'done': pass", [], False),
        ("if link.reason == CHOSEN: pass", [], True),
        ("if link.reason.startswith(DELETED): pass", [], True),
        ("if known.reason == item.reason: pass", [], False),
        ("if link.reason: pass", [], False),
        ("if named(link.reason) is Why.SERIES: pass", [], False),
    ],
)
def test_what_is_looked_for(source: str, words: list[str], is_reason: bool) -> None:
    """Each form in which a text was once a state, and what is none."""
    assert mistakes(source) == (words, is_reason)
