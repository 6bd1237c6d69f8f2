"""The guided tour of docs/design.md (§15) is the way that an edit really takes: edits are traced, file by file."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

from jobs.app.subscriptions import keep_all
from tests.support.app import App
from tests.support.house import START
from tests.support.series import MONDAYS, mondays, open_series

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("function_app.py", "sync_core", "jobs", "adapters")

MOST_STOPS = 30
"""How many files somebody new should have to open (docs/design.md §15)."""


def listed(heading: str) -> list[str]:
    """The files that a part of the tour names, each once, in order of first mention."""
    text = (ROOT / "docs/design.md").read_text()
    part = text.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    return list(dict.fromkeys(re.findall(r"`((?:sync_core|jobs|adapters)/[\w/]+\.py|function_app\.py)`", part)))


@contextmanager
def entered() -> Iterator[list[str]]:
    """The product's files in which a function is called meanwhile, by first call."""
    files: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            files.setdefault(frame.f_code.co_filename)

    found: list[str] = []
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        inside = [Path(name).relative_to(ROOT) for name in files if Path(name).is_relative_to(ROOT)]
        found += [path.as_posix() for path in inside if path.parts[0] in PRODUCT]


async def retitle(app: App) -> list[str]:
    """Anna retitles a linked event in Outlook; Graph notifies, the app works its queue off. The files on the way."""
    house = app.house
    start = START + timedelta(days=3)
    event_id = house.outlook().create("Plan", start, start + timedelta(hours=1))
    await house.settle()
    await keep_all(house.world)
    await house.graph.subscriptions.settle()
    await app.drain()
    with entered() as files:
        house.outlook().edit(event_id, subject="Plan B")
        await house.graph.subscriptions.settle()
        await app.drain()
    assert len(house.desk().find("Plan B")) == 1
    return files


async def test_the_tour_is_the_way_of_an_edit(public_app: App) -> None:
    """Every file that the edit enters is named in the tour, and the stops stand in the order of the way."""
    files = await retitle(public_app)
    stops, passed = listed("Stops"), listed("Passed through")

    assert len(stops) <= MOST_STOPS
    assert stops == sorted(stops, key=files.index)
    assert sorted({*stops, *passed}) == sorted(files)


async def test_the_stops_of_a_series_are_on_the_way_of_one() -> None:
    """In the order in which "this and following" enters them."""
    async with open_series() as house:
        series = mondays(house)
        await house.settle()
        with entered() as files:
            house.outlook().split(series, MONDAYS[2], subject="New")
            await house.settle()
    stops = listed("Stops of a series")

    assert set(stops) <= set(files)
    assert stops == sorted(stops, key=files.index)


def questions() -> list[tuple[str, str]]:
    """The file that answers each question, and each name in it to begin with."""
    text = (ROOT / "docs/design.md").read_text()
    rows = re.findall(
        r"^\| .*\? \| `(\S+)` \| (.*) \|$", text.split("### Five questions, five files\n", 1)[1], re.MULTILINE
    )
    return [(file, name) for file, names in rows for name in re.findall(r"`([\w.]+)`", names)]


def names_in(file: str) -> set[str]:
    """The names that a module defines, those of its classes' methods included."""
    found = set[str]()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.AsyncFunctionDef)}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def test_each_question_has_its_file_and_names_in_it() -> None:
    """The five questions are answered by what the table names."""
    assert len({file for file, _ in questions()}) == 5
    assert [(file, name) for file, name in questions() if name not in names_in(file)] == []
