"""Record the demo as a moving picture: ``python -m tests.demo.recording FILE``, or ``make recording``.

The demo is run as anybody runs it, in colours; some of its steps, line by line as it printed them, become an SVG that
plays itself by its own stylesheet, wherever a picture can stand. A test holds the lines against what the demo prints
(``tests/demo/test_demo_story.py``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
RECORDING = ROOT / "docs" / "images" / "demo.svg"

FIRST, AFTER = "Step 4 of ", "Step 7 of "
"""The steps that are recorded: from the line with the one to that with the other, which is not."""

COLUMNS, ROWS = 118, 30
WIDE, HIGH, MARGIN = 8.0, 18, 14
"""Pixels of a column, of a line, and round the screen; letters of 13.3 pixels are as wide in a fixed pitch."""

LINE, DEED, COMMAND, CHECK, STEP = 0.1, 1.2, 1.4, 0.3, 2.5
"""Seconds after a line: any, what a person does, a command, a check, the last of a step."""

COLOURS = {"r": 1, "g": 2, "c": 6}
"""Classes of the stylesheet, by a terminal's number of the colour."""

NAME = "A part of the demo: people edit both calendars, calsync syncs, and is asked what it did and why"
SVG = "{http://www.w3.org/2000/svg}"

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
  role="img" aria-label={name}>
<style>
.screen {{ font: 13.3px ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; }}
.screen {{ fill: #e9ece8; }} .b {{ font-weight: 700; }} .s {{ text-decoration: line-through; }}
.d {{ fill: #98a39d; }} .g {{ fill: #7fd1ae; }} .r {{ fill: #ff9c96; }} .c {{ fill: #7cc4e8; }}
@keyframes roll {{ {roll} }}
@keyframes bare {{ {bare} }}
.roll {{ animation: roll {seconds:.1f}s step-end infinite; }}
.cover {{ transform: translateY({covered}px); animation: bare {seconds:.1f}s step-end infinite; }}
@media (prefers-reduced-motion: reduce) {{ .roll, .cover {{ animation: none; }} }}
</style>
<clipPath id="screen"><rect x="{margin}" y="{margin}" width="{inner}" height="{covered}"/></clipPath>
<rect width="{width}" height="{height}" rx="10" fill="#14181a"/>
<g clip-path="url(#screen)" class="screen"><g class="roll">
"""
TAIL = """\
</g><rect class="cover" x="0" y="{margin}" width="{width}" height="{height}" fill="#14181a"/></g>
</svg>
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the demo and how long it stays the last one, in seconds."""

    text: Text
    seconds: float


def play() -> str:
    """What the demo prints on a terminal with colours. Raises ``CalledProcessError`` where it does not end well."""
    colours = {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    order = [sys.executable, "-m", "cli", "demo"]
    done = subprocess.run(
        order, cwd=ROOT, env=os.environ | colours, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    return done.stdout


def chosen(printed: str) -> list[Line]:
    """The lines of the steps that are recorded."""
    texts = list(AnsiDecoder().decode(printed))
    starts = [next(n for n, text in enumerate(texts) if text.plain.startswith(words)) for words in (FIRST, AFTER)]
    lines = texts[starts[0] : starts[1]]
    while not lines[-1].plain.strip():
        lines.pop()
    nexts = [*(text.plain for text in lines[1:]), FIRST]
    return [Line(text, _pause(text.plain, after)) for text, after in zip(lines, nexts, strict=True)]


def _pause(text: str, after: str) -> float:
    if after.startswith(("Step ", FIRST)) or (not after and text):
        return STEP
    starts = {"▸": DEED, "$": COMMAND, "  ✓": CHECK}
    return next((seconds for start, seconds in starts.items() if text.startswith(start)), LINE)


def drawn(lines: Sequence[Line]) -> str:
    """The moving picture."""
    whole = sum(line.seconds for line in lines)
    width, inner = round(COLUMNS * WIDE) + 2 * MARGIN, round(COLUMNS * WIDE)
    roll, bare, at = [], [], 0.0
    for number, line in enumerate(lines, 1):
        moment = f"{at / whole:.3%}"
        if number <= ROWS:
            bare.append(f"{moment}{{transform:translateY({number * HIGH}px)}}")
        else:
            roll.append(f"{moment}{{transform:translateY({(ROWS - number) * HIGH}px)}}")
        at += line.seconds
    frame = {"width": width, "height": ROWS * HIGH + 2 * MARGIN, "margin": MARGIN}
    head = HEAD.format(
        **frame,
        inner=inner,
        covered=ROWS * HIGH,
        name=quoteattr(NAME),
        roll=f"0%{{transform:none}} {' '.join(roll)}",
        bare=" ".join(bare),
        seconds=whole,
    )
    body = "".join(_row(line.text, MARGIN + (n + 0.75) * HIGH) for n, line in enumerate(lines))
    return head + body + TAIL.format(**frame)


def _row(text: Text, y: float) -> str:
    """One line; words that stand apart begin at their own columns, since a picture keeps no spaces."""
    pieces, column = [], 0
    for segment in text.render(Console(width=COLUMNS), end=""):
        for words in re.finditer(r"\S+(?: \S+)*", segment.text):
            x = MARGIN + (column + cell_len(segment.text[: words.start()])) * WIDE
            pieces.append(f'<tspan x="{x:g}"{_classes(segment.style)}>{escape(words[0])}</tspan>')
        column += segment.cell_length
    return f'<text y="{y:g}">{"".join(pieces)}</text>\n'


def _classes(style: Style | None) -> str:
    if style is None:
        return ""
    named = {"b": style.bold, "d": style.dim, "s": style.strike}
    colour = style.color.number if style.color else None
    named |= {letter: number == colour for letter, number in COLOURS.items()}
    found = " ".join(letter for letter, holds in named.items() if holds)
    return f' class="{found}"' if found else ""


def shown(picture: str) -> list[str]:
    """The lines of text that a recording shows."""
    return [_read(line) for line in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def _read(line: ElementTree.Element) -> str:
    text = ""
    for piece in line.iter(f"{SVG}tspan"):
        column = round((float(piece.get("x", "0")) - MARGIN) / WIDE)
        text += " " * (column - cell_len(text)) + (piece.text or "")
    return text


def masked(lines: Iterator[str] | Sequence[str]) -> list[str]:
    """Lines without what differs from day to day: dates, weekdays, times, numbers and ids."""
    return [_mask(line.rstrip()) for line in lines]


def _mask(line: str) -> str:
    line = re.sub(r"\b(event|activity) [\w=+/-]{20,}", r"\1 ID", line)
    line = re.sub(r"\b[0-9a-f]{8}\b", "00000000", line)
    line = re.sub(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", "Day", line)
    return re.sub(r"\d", "0", line)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDING
    target.write_text(drawn(chosen(play())), encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1024:.0f} kB")
