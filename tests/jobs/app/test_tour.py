"""The guided tour of docs/design.md (§15) is the way that an edit really takes: one edit is traced, file by file."""

from __future__ import annotations

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


def test_each_question_has_its_file() -> None:
    """The files that answer the five questions are there."""
    answers = listed("Five questions, five files")

    assert len(answers) == 5
    assert [name for name in answers if not (ROOT / name).is_file()] == []
