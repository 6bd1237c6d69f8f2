"""The size of the product's functions: at most forty lines of code and five parameters, or a reason beside it.

A reason is a comment on the line of its ``def``, or directly above the function and its decorators, that begins
with the measure, like ``# seven parameters: …`` or ``# 52 lines: …``. Lines of a docstring, blank lines and
comments are not code; ``self`` and ``cls`` are not parameters.

And the names of what tests share: each public class and function of ``tests/support`` has one for itself.

And the mirror: the tests of a module of ``sync_core`` and ``jobs`` stand in the file named after it, or ``ELSEWHERE``
says where and why.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("sync_core", "jobs", "adapters", "portal", "cli", "function_app.py")

LINES, PARAMETERS = 40, 5

REASON = re.compile(r"#\s*\w+ (lines|parameters): \S", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shape:
    """A function, by its file and its name within; ``reasons`` are the measures it gives a reason for."""

    name: str
    lines: int
    parameters: int
    reasons: frozenset[str]

    @property
    def mistakes(self) -> list[str]:
        """What is beyond the measure without a reason."""
        return [
            f"{self.name} has {count} {measure}: {most} at most, or a comment beside it '# {count} {measure}: …'"
            for measure, (count, most) in self._measured.items()
            if count > most and measure not in self.reasons
        ]

    @property
    def excuses(self) -> list[str]:
        """The reasons that it gives for nothing."""
        return [
            f"{self.name} has {count} {measure} and needs no reason for that"
            for measure, (count, most) in self._measured.items()
            if count <= most and measure in self.reasons
        ]

    @property
    def _measured(self) -> dict[str, tuple[int, int]]:
        return {"lines": (self.lines, LINES), "parameters": (self.parameters, PARAMETERS)}


def shapes(file: str, source: str) -> Iterator[Shape]:
    """Every function of a file, nested ones and methods included."""
    lines = source.splitlines()
    for name, node in _functions(ast.parse(source), ""):
        yield Shape(f"{file} {name}", _code_lines(node, lines), _parameters(node), _reasons(node, lines))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        name = f"{prefix}{node.name}" if isinstance(node, Function | ast.ClassDef) else prefix.rstrip(".")
        if isinstance(node, Function):
            yield name, node
        yield from _functions(node, f"{name}." if name else "")


def _code_lines(node: Function, lines: list[str]) -> int:
    """From ``def`` to the end, without those of the docstring."""
    first = node.body[0]
    has_docstring = ast.get_docstring(node, clean=False) is not None
    docstring = range(first.lineno, (first.end_lineno or 0) + 1) if has_docstring else range(0)
    own = (number for number in range(node.lineno, (node.end_lineno or 0) + 1) if number not in docstring)
    texts = (lines[number - 1].strip() for number in own)
    return sum(bool(text) and not text.startswith("#") for text in texts)


def _parameters(node: Function) -> int:
    asked = node.args
    named = [one.arg for one in (*asked.posonlyargs, *asked.args)]
    own = named[1:] if named[:1] in (["self"], ["cls"]) else named
    return len(own) + len(asked.kwonlyargs) + (asked.vararg is not None) + (asked.kwarg is not None)


def _reasons(node: Function, lines: list[str]) -> frozenset[str]:
    """The measures that the comments beside the function speak of."""
    beside = REASON.search(lines[node.lineno - 1])
    found = {beside[1].lower()} if beside else set[str]()
    number = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    while number and (text := lines[number - 1].strip()).startswith("#"):
        if match := REASON.match(text):
            found.add(match[1].lower())
        number -= 1
    return frozenset(found)


def _product() -> list[Shape]:
    files = [
        path for room in PRODUCT for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    ]
    return [shape for path in sorted(files) for shape in shapes(str(path.relative_to(ROOT)), path.read_text())]


def test_every_function_fits_or_says_why_not() -> None:
    """A long function, or one with many parameters, has its reason beside it."""
    found = list(_product())
    assert len(found) > 1000
    assert [mistake for shape in found for mistake in shape.mistakes] == []


def test_who_fits_gives_no_reason() -> None:
    """A reason that is left over from a longer function tells the reader something that is not so."""
    assert [excuse for shape in _product() for excuse in shape.excuses] == []


BIG = "\n".join(["def f(a, b, c, d, e):", '    """Long\n\n    text."""', *["    a = b  # c", "    # d", ""] * 39])


@pytest.mark.parametrize(
    ("source", "mistakes"),
    [
        (BIG, 0),
        (f"{BIG}\n    return a", 1),
        (f"# 41 lines: they belong together\n{BIG}\n    return a", 0),
        (f"# 41 lines\n{BIG}\n    return a", 1),
        (f"# Six parameters: a reason for something else\n{BIG}\n    return a", 1),
        (f"# 41 lines: too far away\n\n{BIG}\n    return a", 1),
        ("class A:\n    def f(self, a, b, c, *, d, e): ...", 0),
        ("class A:\n    def f(self, a, b, c, *, d, e, f): ...", 1),
        ("def f(a, b, c, d, *e, **f): ...", 1),
        (
            "class A:\n    # Six parameters: as\n    # given\n    @staticmethod\n    def f(a, b, c, d, e, f): ...",
            0,
        ),
        ("def f(  # six parameters: as given\n    a, b, c, d, e, f): ...", 0),
        ("def f():\n    async def g(a, b, c, d, e, f): ...", 1),
        ("if A:\n    def g(a, b, c, d, e, f): ...", 1),
    ],
)
def test_what_is_measured(source: str, mistakes: int) -> None:
    """Code and parameters are counted wherever the function stands, and only the reason for this measure excuses."""
    assert mistakes == sum(len(shape.mistakes) for shape in shapes("a.py", source))


@pytest.mark.parametrize(("names", "excuses"), [("a, b, c, d, e", 1), ("a, b, c, d, e, f", 0)])
def test_a_reason_for_nothing_is_found(names: str, excuses: int) -> None:
    """Where the function has come within the measure."""
    assert excuses == sum(
        len(one.excuses) for one in shapes("a.py", f"# six parameters: as given\ndef f({names}): ...")
    )


def names_used_twice(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Public top-level classes and functions that stand in several of these modules, each with its modules.

    ``sources``: module → its text.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module, source in sources.items():
        names = {node.name for node in ast.parse(source).body if isinstance(node, Function | ast.ClassDef)}
        for name in names:
            if not name.startswith("_"):
                found[name].append(module)
    return {name: modules for name, modules in found.items() if len(modules) > 1}


def test_each_helper_of_the_tests_has_a_name_of_its_own() -> None:
    """Whoever reads ``PortalOffice`` in a test need not look which office is imported."""
    support = ROOT / "tests" / "support"
    sources = {str(path.relative_to(support)): path.read_text() for path in sorted(support.rglob("*.py"))}
    assert len(sources) > 20
    assert names_used_twice(sources) == {}


def test_a_name_used_twice_is_found() -> None:
    """Classes and functions alike, async ones too; not what is private, nested or imported."""
    sources = {
        "a": "class Office:\n    def open(self): ...\ndef at(): ...\ndef _days(): ...",
        "b": "async def at(): ...\ndef open(): ...\ndef _days(): ...",
        "c": "class Office: ...\nfrom b import open",
    }
    assert names_used_twice(sources) == {"at": ["a", "b"], "Office": ["a", "c"]}


MIRRORS = {"sync_core": "tests/core", "jobs": "tests/jobs"}

VALUES = "values and Protocols only, without a decision of their own"
ROUNDS = "awaits both sides in a fixed order: seen in whole rounds on the stand-ins"
PORTAL = "shapes answers: seen where people read them"

ELSEWHERE = {
    # module: (why it has no tests of its own, where it is tried)
    "sync_core/model/claim.py": (VALUES, "tests/core/plan/test_shared.py"),
    "sync_core/model/conflict.py": (VALUES, "tests/core/plan/test_conflict.py"),
    "sync_core/model/pending.py": (VALUES, "tests/core/plan/test_match.py"),
    "sync_core/model/hold.py": (VALUES, "tests/core/plan/test_holds.py"),
    "sync_core/model/memory.py": (VALUES, "tests/core/model/test_ledger.py"),
    "sync_core/model/writes.py": (VALUES, "tests/core/plan/test_update.py"),
    "sync_core/plan/unlinked.py": (VALUES, "tests/core/plan/test_match.py"),
    "jobs/ports/command.py": (VALUES, "tests/support/store_contract/commands.py"),
    "jobs/ports/common.py": (VALUES, "tests/support/store_contract/leases.py"),
    "jobs/ports/erp.py": (VALUES, "tests/adapters/erp/test_erpnet_simulated.py"),
    "jobs/ports/graph.py": (VALUES, "tests/adapters/graph/test_calendar_on_simulator.py"),
    "jobs/ports/queue.py": (VALUES, "tests/adapters/test_queues.py"),
    "jobs/ports/store.py": (VALUES, "tests/support/store_contract/state.py"),
    "jobs/round/frame.py": (VALUES, "tests/core/reading/test_frame.py"),
    "jobs/fence.py": ("the lease of a round needs a round that lasts", "tests/faults/test_long_rounds.py"),
    "jobs/world.py": (VALUES, "tests/jobs/test_erp_slot.py"),
    "jobs/round/run.py": (ROUNDS, "tests/rounds/test_rules.py"),
    "jobs/round/memory.py": ("few links or all, over several rounds", "tests/jobs/round/test_recall.py"),
    "jobs/round/read.py": (ROUNDS, "tests/rounds/test_recovery.py"),
    "jobs/round/delta.py": (ROUNDS, "tests/faults/test_cursors.py"),
    "jobs/round/series.py": (ROUNDS, "tests/rounds/test_series_arriving.py"),
    "jobs/round/roles.py": (ROUNDS, "tests/rounds/test_handovers.py"),
    "jobs/round/rivals.py": ("meetings are raced for by several rounds", "tests/faults/test_meeting_races.py"),
    "jobs/round/lookup.py": (ROUNDS, "tests/rounds/test_named_twice.py"),
    "jobs/claims.py": ("claims are raced for by several rounds", "tests/faults/test_meeting_races.py"),
    "jobs/handovers.py": ("a meeting passes from one user's rounds to another's", "tests/rounds/test_handovers.py"),
    "jobs/copies.py": ("asks other mailboxes about a meeting", "tests/rounds/test_handovers.py"),
    "jobs/checkup.py": ("asks both sides what a user lacks", "tests/rounds/test_rules.py"),
    "jobs/erasure.py": ("a user is forgotten while commands tell of them", "tests/jobs/commands/test_serve.py"),
    "jobs/forgotten.py": ("a user is forgotten while something is under way", "tests/faults/test_forgetting.py"),
    "jobs/pull.py": ("what a cursor can miss shows over days", "tests/faults/test_cursors.py"),
    "jobs/repair.py": ("what a cursor can miss shows over days", "tests/faults/test_repair.py"),
    "jobs/replay.py": ("a pull and rounds of several users, as a dry run", "tests/rounds/test_preview.py"),
    "jobs/commands/roster.py": ("an operator's command, seen as one", "tests/cli/test_roster.py"),
    "jobs/commands/doctor.py": ("names what is spoilt", "tests/faults/test_spoilt_rows.py"),
    "jobs/commands/ask.py": ("files what another job carries out", "tests/jobs/commands/test_serve.py"),
    "jobs/commands/kinds.py": ("names what another job carries out", "tests/jobs/commands/test_serve.py"),
    "jobs/commands/trial.py": ("decides as a round does", "tests/jobs/commands/test_explain.py"),
    "jobs/commands/mistakes.py": ("what is kept of a failed command", "tests/jobs/commands/test_redaction.py"),
    "jobs/commands/remembered.py": ("a part of an explanation", "tests/jobs/commands/test_explain.py"),
    "jobs/commands/remake.py": ("a part of an undo", "tests/jobs/commands/test_undo.py"),
    "jobs/trouble.py": (VALUES, "tests/jobs/commands/test_redaction.py"),
    "jobs/says.py": ("each phrase is said in both languages", "tests/portal/test_bulgarian.py"),
    "jobs/commands/item_shapes.py": (PORTAL, "tests/portal/test_openapi.py"),
    "jobs/commands/shapes.py": (PORTAL, "tests/portal/test_openapi.py"),
}
"""The modules whose decisions are in ``sync_core`` and whose own work needs several rounds, users or commands."""


def mirror_of(module: str) -> str:
    """Where the tests of a module stand."""
    path = Path(module)
    room = path.parts[0]
    return str(Path(MIRRORS[room], *path.parts[1:-1], f"test_{path.name}"))


def _mirrored() -> list[str]:
    paths = [path for room in MIRRORS for path in (ROOT / room).rglob("*.py") if path.name != "__init__.py"]
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def test_the_tests_of_a_module_are_where_its_name_says() -> None:
    """Or the list says where."""
    assert len(_mirrored()) > 100
    assert [one for one in _mirrored() if one not in ELSEWHERE and not (ROOT / mirror_of(one)).is_file()] == []


@pytest.mark.parametrize("module", ELSEWHERE)
def test_the_list_of_those_elsewhere_is_true(module: str) -> None:
    """The module is there and has no file of its own, and where it is tried there are tests."""
    why, where = ELSEWHERE[module]

    assert module in _mirrored()
    assert why
    assert not (ROOT / mirror_of(module)).is_file(), "take it off the list"
    assert "def test_" in (ROOT / where).read_text()
