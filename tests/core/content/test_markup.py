"""Markup: what a mail client would read, and how much work it is, whatever somebody sends."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.content import body, markup
from sync_core.content.body import (
    BodyShape,
    body_shape,
    cut_teams_text,
    html_text,
    may_hold_block,
    with_new_text,
    without_block,
)
from sync_core.content.markup import Node, page_text, read_page
from tests.support.bodies import BLOCK, BLOCK_TEXT, JOIN, RULE, SOUP, html_page


class Watched(str):
    """A source that counts the characters it is searched for."""

    looked_at = 0

    def find(self, sub: str, start: Any = 0, end: Any = None) -> int:
        """As ``str.find``."""
        found = super().find(sub, start)
        self.looked_at += (len(self) if found < 0 else found) - int(start)
        return found


class Counted:
    """A pattern that counts the characters it is matched against; it knows what the modules under test use."""

    def __init__(self, pattern: re.Pattern[str], tally: list[int]) -> None:
        self._pattern = pattern
        self._tally = tally

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        """As the pattern's; a match that fails has looked at what might have begun it."""
        found = self._pattern.match(text, at)
        self._tally.append(found.end() - at if found else 1)
        return found

    def search(self, text: str, at: int = 0) -> re.Match[str] | None:
        """As the pattern's."""
        found = self._pattern.search(text, at)
        self._tally.append((found.end() if found else len(text)) - at)
        return found

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """As the pattern's."""
        self._tally.append(len(text))
        return self._pattern.fullmatch(text)

    def sub(self, new: str, text: str) -> str:
        """As the pattern's."""
        self._tally.append(len(text))
        return self._pattern.sub(new, text)


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the patterns of both modules look at from now on."""
    found: list[int] = []
    for module in (markup, body):
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, Counted(value, found))
    monkeypatch.setattr(markup, "RAW", {tag: Counted(pattern, found) for tag, pattern in markup.RAW.items()})
    return found


def work_of(call: Callable[[], object]) -> int:
    """How many instructions of ours a call carries out: the same count on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    # Python 3.12 looks only when tracing begins whether any frame wants opcodes: one must want them by then.
    sys._getframe().f_trace_opcodes = True
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


HOSTILE: dict[str, Callable[[int], str]] = {
    "nested elements": lambda n: "<div>" * n + "x" + "</div>" * n,
    "nested and never closed": lambda n: "<div>" * n,
    "closed and never opened": lambda n: "</div>" * n,
    "closed in the wrong order": lambda n: "<b><i>" * n + "</b></i>" * n,
    "one end for all": lambda n: "<p>" + "<b>" * n + "</p>" + "</b>" * n,
    "nested links": lambda n: "<a href=x>" * n + "x" + "</a>" * n,
    "links inside other elements": lambda n: "<a href=x><b>" * n + "x",
    "a value that never ends": lambda n: "<a href='" * n,
    "values in turn": lambda n: "<a href='\"" * n,
    "a tag that never ends": lambda n: "<a " * n,
    "a comment that never ends": lambda n: "<!--" * n,
    "comments in comments": lambda n: "<!-- <!-- -->" * n,
    "conditional comments": lambda n: "<!--[if mso]>" * n + "<![endif]-->" * n,
    "declarations": lambda n: "<![if !mso]>" * n,
    "declarations that never end": lambda n: "<![" * n,
    "cdata": lambda n: "<![CDATA[" * n + "]]>" * n,
    "instructions": lambda n: "<?xml" * n,
    "ends that never end": lambda n: "</a" * n,
    "signs": lambda n: "<" * n,
    "signs and slashes": lambda n: "</" * n,
    "quotes": lambda n: "<a " + "\"'" * n + ">",
    "attributes": lambda n: "<div " + " ".join(f"a{i}=1" for i in range(n)) + ">",
    "white space in a tag": lambda n: "<div" + " " * n + "/" * n + " " * n + "x" * n,
    "ampersands": lambda n: "&" * n,
    "references": lambda n: "&amp;" * n,
    "references that never end": lambda n: "&amp" * n,
    "a number without end": lambda n: "&#" + "9" * 9 * n + ";",
    "styles": lambda n: "<style>" * n,
    "styles that are not closed": lambda n: "<style>" + "</styl" * n,
    "styles of one element": lambda n: f'<p style="{"color:red;" * n}">x</p>',
    "words on one line": lambda n: "<b>x</b> " * n,
    "breaks": lambda n: "<br>" * n,
    "lines": lambda n: "x\n" * n,
    "rules": lambda n: f"<div>{RULE}</div>" * n,
    "join links": lambda n: f"<p><a href='{JOIN}'>x</a></p>" * n,
    "meeting blocks": lambda n: BLOCK * (n // 10),
    "containers": lambda n: '<div class="me-email-text">' * n + JOIN + "</div>" * n,
}
"""Bodies of n pieces that a reader may go through again and again."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_grows_with_the_length_of_a_body(kind: str, tally: list[int]) -> None:
    """Reading, judging and replacing a body takes work that grows with its length, whatever is in it: instructions
    of ours, and characters that are searched and matched."""

    def work(n: int) -> int:
        html = Watched(HOSTILE[kind](n))
        text = html_text(str(html))
        tally.clear()
        ways = (body_shape, with_new_text, without_block)
        steps = work_of(lambda: [page_text(read_page(html)), *(way(html, text) for way in ways)])
        return steps + html.looked_at + sum(tally)

    once = work(40)

    assert work(160) <= 4.5 * once


@pytest.mark.parametrize("piece", [BLOCK_TEXT, RULE, JOIN, f"{RULE}\nMicrosoft Teams", "\n", " "])
def test_work_grows_with_the_length_of_a_text(piece: str) -> None:
    """Cutting meeting blocks out of a text, however many begin and how few end."""

    def work(n: int) -> int:
        text = f"{piece}\n" * n
        return work_of(lambda: [cut_teams_text(text), may_hold_block(text, is_online=True)])

    assert work(200) <= 4.5 * work(50)


def test_a_body_longer_than_anybody_types_is_formatted() -> None:
    """It is not even read: Notes do not replace it."""
    assert body_shape(html_page("x" * 300_000), "x" * 300_000) == BodyShape.RICH


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a <b> c", "a c"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("<p>one<p>two", "one\ntwo\n"),
        ("<!-- x --> y <!-- <b> -->z", "y z"),
        ("<!-->x", "x"),
        ("<!--[if mso]><p>old</p><![endif]-->new", "new"),
        ("<![if !mso]>both<![endif]>", "both"),
        ("x<!-- never closed <p>y</p>", "x"),
        ("x<a href='never closed>y", "x"),
        ("<style>p{} </p> <b></style>x", "x"),
        ("<STYLE>p{}</Style >x", "x"),
        ("<title>a <b> c</title>x", "x"),
        ("<a href=http://x.bg/>y</a>", "y<http://x.bg/>"),
        ("<a HREF = 'http://x.bg/?a=1&amp;b'  title=\">\">y</a>", "y<http://x.bg/?a=1&b>"),
        ("<a href=1 href=2>y</a>", "y<1>"),
        ("<br/>x<br />y", "\nx\ny"),
        ("x</>y", "x</>y"),
        ("<a href=x>one<a href=y>two</a>", "one<x>two<y>"),
        ("&lt;&#60;&#x3c;&nbsp;&copy &unknown; &", "<<<\xa0© &unknown; &"),
        (f"&#{'9' * 5000};x", "\ufffdx"),
        ("<?xml version='1'?><o:p>x</o:p>", "x"),
    ],
)
def test_markup_is_read_as_a_mail_client_reads_it(html: str, text: str) -> None:
    """Broken tags, comments of every kind, references: what is shown is what is read."""
    assert page_text(read_page(html)) == text


def spans(node: Node) -> list[tuple[int, int]]:
    """Where the nodes of a page stand in its source."""
    return [(one.start, one.end) for one in node.walk()]


@settings(deadline=None)
@given(st.lists(st.sampled_from([*SOUP, "<!--[if", "<![", "]]>", "'", "=", "<a href='", "</style>", "<p/>", "\xa0"])))
def test_every_node_lies_inside_its_parent(pieces: list[str]) -> None:
    """Offsets are of the source, in order, and children never reach out of what holds them."""
    source = "".join(pieces)
    root = read_page(source).root

    assert spans(root)[0] == (0, len(source))
    for node in root.walk():
        assert 0 <= node.start <= node.end <= len(source)
        assert all(node.start <= child.start <= child.end <= node.end for child in node.children)
