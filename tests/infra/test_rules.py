"""The Bicep files keep the linter's opt-in rules that ``bicepconfig.json`` switches on, and the formatter's layout.

PyPI and npm have no compiler; these tests read the files as ``bicep.py`` does and ask what the rules ask.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from tests.support.bicep import PARSER, Code, Part, Template, parse, read_bicep
from tests.support.deployment import MAIN, PARAMETERS, ROOT, TEMPLATES, module

WIDTH = 120
"""Columns that ``bicep format`` fills."""

PREVIEWS = {"Microsoft.Insights/diagnosticSettings": "has no newer version, and no stable one of this shape"}
"""Types that are asked for in a preview version, with the reason."""


def ids(path: Path) -> str:
    """Name a case by its file."""
    return path.name


def test_the_rules_are_on() -> None:
    """The compiler warns of what the tests below look for."""
    rules = json.loads((ROOT / "bicepconfig.json").read_text(encoding="utf-8"))["analyzers"]["core"]["rules"]

    assert rules == {
        name: {"level": "warning"}
        for name in (
            "no-module-name",
            "use-recent-api-versions",
            "use-user-defined-types",
            "what-if-short-circuiting",
        )
    }


def test_every_exception_has_its_reason() -> None:
    """A diagnostic that is switched off for a line says why beside it."""
    for path in TEMPLATES:
        for line in re.findall(r"^\s*#disable.*$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.fullmatch(r"\s*#disable-next-line [\w-]+ // .{20,}", line), line


def test_modules_have_no_names_of_their_own() -> None:
    """``no-module-name``: the compiler names deployments, so that two at once do not meet."""
    assert [part.symbol for part in read_bicep(MAIN).modules.values() if "name" in part.body] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_types_say_what_they_hold(path: Path) -> None:
    """``use-user-defined-types``: no parameter or output is just an object or an array."""
    assert [param.name for param in read_bicep(path).params.values() if param.type in ("object", "array")] == []
    assert not re.search(r"^output \w+ (object|array)\b", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_api_versions_are_stable(path: Path) -> None:
    """``use-recent-api-versions``: a preview stands only where there is nothing else."""
    previews = {part.type for part in read_bicep(path).resources.values() if part.version.endswith("-preview")}

    assert previews <= set(PREVIEWS)


def test_names_are_known_before_a_deployment_begins() -> None:
    """``what-if-short-circuiting``: what a module makes names, scopes or conditions of comes from no module."""
    for part in read_bicep(MAIN).modules.values():
        made_of = naming(module(Path(part.kind).stem))
        late = {name for name, value in part.body["params"].items() if ".outputs." in str(value)}

        assert set() == made_of & late, part.symbol


def test_names_that_come_too_late_are_noticed() -> None:
    """The check above sees a parameter through a variable, an existing resource and a condition."""
    text = (
        "param a string\nparam b string\nparam c bool\nparam d string\n"
        "var name = 'x-${a}'\n"
        "resource x 'A/b@2022-01-01' existing = {\n  name: name\n}\n"
        "resource y 'A/c@2022-01-01' = if (c) {\n  name: guid(x.id, b)\n  properties: { d: d }\n}\n"
    )

    assert {"a", "b", "c"} == naming(parse(text))


def naming(template: Template) -> set[str]:
    """The parameters that names, parents, scopes and conditions of a template's resources are made of."""
    words: set[str] = set()
    for part in template.resources.values():
        words |= _words(part)
    while more := {word for name in words for word in _behind(template, name)} - words:
        words |= more
    return words & set(template.params)


def _words(part: Part) -> set[str]:
    said = [part.condition, *(part.body[key] for key in ("name", "scope", "parent") if key in part.body)]
    return {word for value in said if isinstance(value, Code) for word in re.findall(r"\w+", value.text)}


def _behind(template: Template, name: str) -> set[str]:
    if name in template.expressions:
        return set(re.findall(r"\w+", (template.expressions[name].text or b"").decode()))
    return _words(template.resources[name]) if name in template.resources else set()


# The layout: what `bicep format` would leave as it is


@pytest.mark.parametrize("path", [*TEMPLATES, PARAMETERS], ids=ids)
def test_lines_are_clean(path: Path) -> None:
    """Two spaces a level, nothing behind the text, at most one empty line, one line end at the end."""
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"[ \t]+$|\t|\r", text, re.MULTILINE)
    assert "\n\n\n" not in text
    assert re.search(r"[^\n]\n$", text)
    assert [line for line in text.splitlines() if (len(line) - len(line.lstrip(" "))) % 2] == []


@pytest.mark.parametrize("path", [*TEMPLATES, PARAMETERS], ids=ids)
def test_lines_break_where_the_formatter_breaks_them(path: Path) -> None:
    """What fits into a line stands in one, and what does not is broken."""
    assert list(misplaced(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "var a = empty(b)\n  ? 'c'\n  : 'd'\n",
        "var a = union(\n  b,\n  c\n)\n",
        f"var a = union({'b' * 60}, {'c' * 60})\n",
        f"var a = [{'b' * 60}, {'c' * 60}]\n",
    ],
)
def test_a_misplaced_break_is_noticed(text: str) -> None:
    """The check above finds a needless break and a missing one."""
    assert list(misplaced(text))


def misplaced(text: str) -> Iterator[str]:
    """The first lines of expressions that the formatter would lay out otherwise."""
    lines = text.splitlines()
    for node in _all(PARSER.parse(text.encode()).root_node):
        first, last = node.start_point[0], node.end_point[0]
        is_group = node.type in ("ternary_expression", "array", "object") or len(_arguments(node)) > 1
        if not is_group:
            continue
        before = lines[first][: node.start_point[1]]
        flat = re.sub(r"\s*\n\s*", " ", (node.text or b"").decode()).replace("( ", "(").replace(" )", ")")
        fits = len(before) + len(flat) <= WIDTH
        is_call = node.type in ("ternary_expression", "call_expression")
        is_needless = first != last and fits and is_call and not _must_break(node)
        if is_needless or (first == last and not fits and node.named_children):
            yield lines[first]


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _all(child)


def _arguments(node: Node) -> list[Node]:
    return node.named_children[1].named_children if node.type == "call_expression" else []


def _must_break(node: Node) -> bool:
    """Whether an object or array inside, broken by whoever wrote it, or a comment, forces lines upon the whole."""
    return any(
        inner.type == "comment" or (inner.type in ("object", "array") and inner.start_point[0] != inner.end_point[0])
        for inner in _all(node)
    )
