"""Draws the arrows of the house and fails when one turns round.

``function_app, cli, portal → jobs → sync_core`` and ``wiring → adapters → sync_core``; adapters know the jobs only by
the values and Protocols of ``jobs.ports``, ``jobs.command`` and ``jobs.wish``; simulators know nothing of the
product.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("function_app", "cli", "portal", "jobs", "sync_core", "adapters", "simulators")

ARROWS = {
    "function_app": ("portal", "jobs", "sync_core", "adapters.wiring", "adapters.settings", "adapters.loading"),
    "cli": ("cli", "jobs", "sync_core", "adapters.wiring", "adapters.settings", "simulators"),
    "portal": ("portal", "jobs", "sync_core"),
    "jobs": ("jobs", "sync_core"),
    "sync_core": ("sync_core",),
    "adapters": ("adapters", "sync_core", "jobs.command", "jobs.ports", "jobs.wish"),
    "adapters.wiring": ("adapters", "sync_core", "jobs.command", "jobs.ports", "jobs.wish", "jobs.world"),
    "simulators": ("simulators",),
}
"""Which of our modules each room may import; ``wiring`` also fills the jobs' ``World``."""

INNER = {
    "sync_core": ("model", "content", "people", "plan", "reading"),
    "jobs": ("round", "app", "commands"),
}
"""The rooms inside a room, lowest first: a module knows its own and those before it. What stands beside them (the
errors, the ports, what all jobs share) is known to all, and knows of them only what ``BESIDE`` says."""

BESIDE = {"sync_core": ("model",), "jobs": ()}

PURE = frozenset(
    {
        "__future__",
        "abc",
        "bisect",
        "calendar",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "html",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "string",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
        "zoneinfo",
    }
)
"""The part of the standard library that neither waits nor looks at the world; ``zoneinfo`` reads only zone rules."""

WORLDLY = re.compile(
    r"\b(?:datetime|date)\.(?:now|today|utcnow|fromtimestamp)\b|\buuid[14]\b|(?<![.\w])(?:open|print|input|__import__)\("
)
"""What the modules in ``PURE`` and Python itself offer that asks the clock, chance, a file or a terminal."""

WITHOUT_SDK = frozenset({"jobs", "sync_core"})
"""Rooms that import nothing but the standard library and us."""


def imported(module: str, source: str, *, is_package: bool = False) -> Iterator[str]:
    """Dotted names of all that a module imports, wherever in it; ``from a import b`` is ``a.b``."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def mistakes(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Every import of a module that its room does not allow, as sentences."""
    room = module.split(".")[0]
    return [
        f"{module} must not import {name}"
        for name in imported(module, source, is_package=is_package)
        if not _is_allowed(room, module, name)
    ]


def _is_allowed(room: str, module: str, name: str) -> bool:
    top = name.split(".")[0]
    if top == room and room in INNER and not _is_below_inside(room, module, name):
        return False
    if top in ROOMS:
        return _below(name, ARROWS.get(module, ARROWS[room])) and not (
            room == "adapters" and _below(name, ("adapters.wiring",))
        )
    if room == "sync_core":
        return _below(name, PURE)
    return top in sys.stdlib_module_names or room not in WITHOUT_SDK


def _is_below_inside(room: str, module: str, name: str) -> bool:
    """Whether an import within a room points downwards between the rooms inside it."""
    rooms = INNER[room]
    mine, theirs = (one.split(".")[1] if "." in one else "" for one in (module, name))
    if theirs not in rooms:
        return True
    return theirs in (rooms[: rooms.index(mine) + 1] if mine in rooms else BESIDE[room])


def _below(name: str, roots: tuple[str, ...] | frozenset[str]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def _files() -> list[Path]:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted([*found, *(path for room in ROOMS if (path := ROOT / f"{room}.py").exists())])


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PRODUCT = ("sync_core", "jobs", "adapters", "portal", "cli", "function_app")
"""The rooms without the stand-ins."""


def imports_within(sources: Mapping[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Which of these modules each of them imports, wherever in it and for whatever reason, for types only included.

    ``sources``: module → its text, and whether it is a package.
    """
    graph: dict[str, set[str]] = {}
    for module, (source, is_package) in sources.items():
        names = imported(module, source, is_package=is_package)
        found = (name if name in sources else name.rpartition(".")[0] for name in names)
        graph[module] = {name for name in found if name in sources and name != module}
    return graph


def circle(graph: Mapping[str, Collection[str]]) -> list[str]:
    """The modules of one circle, in the order in which they import each other; empty where there is none."""
    done = set[str]()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for name in sorted(graph[module]):
            if found := walk(name, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


def test_no_module_of_the_product_imports_itself() -> None:
    """Neither directly nor by others: what depends on what can be read in one direction."""
    product = [path for path in _files() if _module(path).split(".")[0] in PRODUCT]
    sources = {_module(path): (path.read_text(), path.name == "__init__.py") for path in product}
    assert {module.split(".")[0] for module in sources} == set(PRODUCT)
    assert " → ".join(circle(imports_within(sources))) == ""


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"jobs.a": "import jobs.b", "jobs.b": ""}, []),
        ({"jobs.a": "import jobs.b", "jobs.b": "from jobs import a"}, ["jobs.a", "jobs.b", "jobs.a"]),
        (
            {
                "jobs.a": "from jobs.b import c",
                "jobs.b": "def late():\n    from jobs.c import d",
                "jobs.c": "if TYPE_CHECKING:\n    from jobs.b import late",
            },
            ["jobs.b", "jobs.c", "jobs.b"],
        ),
    ],
    ids=["none", "direct", "late-and-for-types"],
)
def test_a_circle_is_found(sources: dict[str, str], expected: list[str]) -> None:
    """A circle is named, however it is closed."""
    assert expected == circle(imports_within({module: (text, False) for module, text in sources.items()}))


@pytest.mark.parametrize("path", _files(), ids=_module)
def test_arrows_point_downwards(path: Path) -> None:
    """A module imports only what its room may know."""
    assert mistakes(_module(path), path.read_text(), is_package=path.name == "__init__.py") == []


def impure(source: str) -> list[str]:
    """The code of a module that waits, or asks the clock, chance, a file or a terminal."""
    nodes = list(ast.walk(ast.parse(source)))
    waits = [n for n in nodes if isinstance(n, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)]
    code = [ast.unparse(n) for n in nodes if isinstance(n, ast.Call | ast.Attribute | ast.Name)]
    return [*(type(n).__name__ for n in waits), *(text for text in code if WORLDLY.match(text))]


@pytest.mark.parametrize("path", [path for path in _files() if "sync_core" in path.parts], ids=_module)
def test_the_core_is_pure(path: Path) -> None:
    """``sync_core`` neither waits nor looks at the world, whatever it may import (docs/design.md §3)."""
    assert impure(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f(): ...",
        "datetime.now(UTC)",
        "date.today()",
        "uuid4()",
        "Path(open('a').read())",
        "print('a')",
        "key = partial(datetime.now, UTC)",
    ],
)
def test_what_is_impure_is_found(source: str) -> None:
    """Waiting, the clock, chance, files and the terminal."""
    assert impure(source) != []


@pytest.mark.parametrize("source", ["ctx.now", "uuid5(SPACE, name)", "datetime.fromisoformat(text)", "self.open(a)"])
def test_what_is_pure_passes(source: str) -> None:
    """What is handed in, or computed from it."""
    assert impure(source) == []


def test_every_room_is_looked_at() -> None:
    """The house has the rooms whose arrows are drawn."""
    assert {"jobs", "sync_core", "adapters", "simulators"} <= {_module(path).split(".")[0] for path in _files()}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sync_core.plan.decide", "import jobs"),
        ("sync_core.plan.decide", "from adapters.http import follow"),
        ("sync_core.plan.decide", "import asyncio"),
        ("sync_core.plan.decide", "import os.path"),
        ("sync_core.plan.decide", "from time import time"),
        ("sync_core.plan.decide", "import logging"),
        ("sync_core.plan.decide", "from random import random"),
        ("sync_core.plan.decide", "import urllib.request"),
        ("sync_core.plan.decide", "import msgspec"),
        ("sync_core.plan.decide", "def late():\n    import socket"),
        ("jobs.round.run", "from adapters import tables"),
        ("jobs.round.run", "from azure.data.tables import TableClient"),
        ("jobs.round.run", "import simulators.graph"),
        ("adapters.graph", "from jobs.round import run"),
        ("adapters.graph", "from jobs.world import World"),
        ("adapters.wiring", "from jobs.round import run_round"),
        ("adapters.graph", "from jobs import round"),
        ("adapters.graph.client", "from ...jobs import round"),
        ("adapters.graph", "import cli"),
        ("adapters.graph", "from adapters.wiring import make"),
        ("adapters.graph", "from adapters import wiring"),
        ("sync_core.model.link", "from sync_core.content import window"),
        ("sync_core.plan.decide", "from sync_core.reading.news import News"),
        ("sync_core.errors", "from sync_core.plan.guard import guard"),
        ("jobs.pull", "from jobs.round.context import context_of"),
        ("jobs.round.run", "from jobs.app import work"),
        ("jobs.app.work", "import jobs.commands.sync"),
        ("simulators.graph", "from sync_core.model import Event"),
        ("function_app", "from adapters.tables import TableStore"),
        ("function_app", "import simulators"),
        ("portal.mine", "from adapters.store.tables import TableStore"),
        ("jobs.round.run", "from portal.words import Words"),
    ],
)
def test_turned_arrow_is_found(module: str, source: str) -> None:
    """An import against the arrows is found, however it is written."""
    assert len(mistakes(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "sync_core.plan.decide",
            "from sync_core.model import Link\nfrom collections.abc import Mapping\nimport urllib.parse",
        ),
        ("sync_core.plan.decide", "from . import model\nfrom .model import Link"),
        ("jobs.round.run", "import asyncio, logging\nfrom jobs.ports import Store\nfrom sync_core import decide"),
        ("adapters.graph.client", "from jobs.ports import Calendar\nfrom jobs import ports\nimport msgraph"),
        ("adapters.wiring", "from adapters.tables import TableStore\nfrom jobs.world import World"),
        ("simulators.graph", "from simulators.base import Simulator\nfrom aiohttp import web"),
        ("function_app", "import azure.functions\nfrom adapters import wiring\nfrom jobs import round"),
    ],
)
def test_right_arrow_passes(module: str, source: str) -> None:
    """What the house allows is not complained about."""
    assert mistakes(module, source) == []
