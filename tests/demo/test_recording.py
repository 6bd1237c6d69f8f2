"""The recording of the demo is small, plays by itself, and says in its text what was printed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.demo.recording import AFTER, FIRST, RECORDING, ROWS, chosen, drawn, masked, shown
from tests.infra.test_docs import README, text_of

LARGEST = 200_000
PRINTED = "\n".join(
    [
        "Setting the stage",
        f"\x1b[1;36m{FIRST}9: a clash\x1b[0m ───",
        "▸ Anna writes <b> & “Мария 🎂”",
        "\x1b[1m$ calsync sync\x1b[0m",
        *(f"   {n} Outlook   ERP.net" for n in range(40)),
        "\x1b[32m  ✓ all is well\x1b[0m",
        "",
        f"{AFTER}9: another",
    ]
)


def test_readme_shows_it_and_it_is_small() -> None:
    """A page that somebody opens on a phone."""
    picture = RECORDING.read_bytes()

    assert "](docs/images/demo.svg)" in text_of(README)
    assert 5_000 < len(picture) < LARGEST


def test_it_needs_nothing_from_elsewhere() -> None:
    """No script, no outside request; whoever wants no motion sees it stand still."""
    text = RECORDING.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    tags = {element.tag.partition("}")[2] for element in root.iter()}

    assert tags == {"svg", "style", "clipPath", "rect", "g", "text", "tspan"}
    assert re.findall(r"https?://[^\s\"]+", text.partition("<style>")[0]) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\((?!#screen\))|@import|href", text)
    assert "prefers-reduced-motion" in text


def test_what_is_printed_is_what_is_shown() -> None:
    """From the first recorded step to the last, each letter at its column."""
    lines = chosen(PRINTED)
    picture = drawn(lines)

    assert shown(picture) == [line.text.plain.rstrip() for line in lines]
    assert shown(picture)[1] == "▸ Anna writes <b> & “Мария 🎂”"
    assert [line.text.plain for line in lines][-1] == "  ✓ all is well"


def test_every_line_comes_up_in_its_turn() -> None:
    """The screen fills, then rolls line by line, until all has been seen."""
    lines = chosen(PRINTED)
    picture = drawn(lines)
    roll, bare = (re.findall(r"translateY", part) for part in re.findall(r"@keyframes \w+ \{(.*)\}", picture))

    assert (len(bare), len(roll)) == (ROWS, len(lines) - ROWS)
    assert all(line.seconds > 0 for line in lines)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("Thu 03.12.26 14:00–15:00   Budget", "Fri 12.01.27 09:30–10:30   Budget"),
        ("  … id 1c51b9a0", "  … id 4e702708"),
        (
            "  event AAkALgiKSRM7-Q3l9ZDSr3=, activity 7e0eb1ae-65c7-40e6-a9ee-04159e149b8a",
            "  event AAkALga_b3TA8jCCllomH, activity 23096f71-227d-4ec0-a6fd-b66454b72421",
        ),
    ],
)
def test_days_and_ids_make_no_difference(line: str, other: str) -> None:
    """The recording was made on some day."""
    assert masked([line]) == masked([other])


def test_words_make_a_difference() -> None:
    """Another sentence is another demo."""
    assert masked(["  activity updated: “Budget”"]) != masked(["  event updated: “Budget”"])
