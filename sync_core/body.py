"""Bodies: what counts as the same text, and when HTML may be replaced by text without losing anything.

Theory. Outlook stores HTML, ERP.net's Notes are text. Text is compared in one normal form, because Exchange rewrites
what it is given (graph.md §6, T11). A Notes edit may replace a body only where nothing but the text is lost
(``BodyShape``). Teams puts a block into the body of its meetings and a body without that block ends the meeting
(graph.md T10): the block is cut out of the text we compare and kept byte for byte in the HTML we write.

The block opens and closes with a line of underscores, the join link between them; that holds for every form and
language of it seen so far. A join link found anywhere else makes a body ``RICH``: it is never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from html import escape

from sync_core.markup import Node, Page, is_plain, page_text, read_page

JOIN_LINK = re.compile(
    r"teams\.(?:microsoft\.(?:com|us)|cloud\.microsoft|live\.com)(?:/|%2f)(?:l(?:/|%2f)meetup-join|meet)(?:/|%2f)",
    re.I,
)
"""A link into a meeting, as it is or wrapped by Safe Links."""

RULE = re.compile(r"_{40,}")
"""The line that opens and closes the block is 80 underscores long; the one inside has 32."""

_ADDRESS = re.compile(r"<[^<>\s]+>|\b(?:https?|ftp)://[^\s<>]+", re.I)


class BodyShape(StrEnum):
    """How much of a body its text tells: all of it, all but the Teams block, or less."""

    PLAIN = "plain"
    TEAMS = "teams"
    RICH = "rich"


def normal_text(text: str) -> str:
    """The form in which texts are compared: LF, plain spaces, no trailing spaces, no blank lines outside."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")


def cut_teams_text(text: str) -> str:
    """The normal form of ``text`` without its Teams blocks."""
    lines = normal_text(text).split("\n")
    while span := _block_span([_mark_of(line) for line in lines]):
        lines[span[0] : span[1] + 1] = []
    return normal_text("\n".join(lines))


def body_shape(html: str, text: str) -> BodyShape:
    """What replacing the body by a text would lose; ``text`` is the body as Graph tells it in plain text."""
    page = read_page(html)
    block = _teams_block(page)
    rest = read_page(html[: block[0]] + html[block[1] :]) if block else page
    if JOIN_LINK.search(rest.source) or not is_plain(rest) or _told(page_text(rest)) != _told(cut_teams_text(text)):
        return BodyShape.RICH
    return BodyShape.TEAMS if block else BodyShape.PLAIN


def with_new_text(html: str, text: str) -> str:
    """``html`` with its text replaced and the Teams block, if any, kept byte for byte.

    For bodies that are not ``RICH``: what else they hold is lost.
    """
    page = read_page(html)
    block = _teams_block(page)
    kept = html[block[0] : block[1]] if block else ""
    start, end = page.inside
    return html[:start] + text_html(text) + kept + html[end:]


def text_html(text: str) -> str:
    """A fragment of HTML that shows ``text``: same lines, same spaces."""
    lines = escape(normal_text(text), quote=False).split("\n")
    return f"<div>{'<br>'.join(_keep_spaces(line) for line in lines)}</div>"


def html_text(html: str) -> str:
    """The normal text of a page, links as ``text<address>``: for answers in HTML where text was asked for."""
    return normal_text(page_text(read_page(html)))


def _keep_spaces(line: str) -> str:
    return re.sub(r"^ |(?<= ) ", "&nbsp;", line.replace("\t", "    "))


def _told(text: str) -> str:
    """What a text says apart from white space and addresses, which every converter renders its own way."""
    return "".join(_ADDRESS.sub("", text.replace("\xa0", " ")).split())


def _mark_of(text: str) -> str:
    """What a piece of body is for finding the block: 'rule', 'join' or ''."""
    if RULE.fullmatch(text.strip()):
        return "rule"
    return "join" if JOIN_LINK.search(text) else ""


def _block_span(marks: Sequence[str]) -> tuple[int, int] | None:
    """First and last place of the block: the rule before the first join link and the one after it."""
    if "join" not in marks:
        return None
    join = marks.index("join")
    opening = [place for place in range(join) if marks[place] == "rule"]
    if not opening or "rule" not in marks[join:]:
        return None
    return opening[-1], marks.index("rule", join)


def _teams_block(page: Page) -> tuple[int, int] | None:
    """Where the block lies in the source: whole neighbouring elements from its first rule to its last."""
    nodes = list(page.leaves())
    span = _block_span([_mark_of(node.text) or _mark_of(node.link) for node in nodes])
    if span is None:
        return None
    first, last = _siblings(nodes[span[0]], nodes[span[1]])
    return first.start, last.end


def _siblings(first: Node, last: Node) -> tuple[Node, Node]:
    """The elements that hold ``first`` and ``last`` directly below what holds both."""
    above = list(_ancestry(first))
    below = list(_ancestry(last))
    while len(above) > 1 and len(below) > 1 and above[-1] is below[-1]:
        above.pop()
        below.pop()
    return above[-1], below[-1]


def _ancestry(node: Node) -> Iterable[Node]:
    found: Node | None = node
    while found is not None:
        yield found
        found = found.parent
