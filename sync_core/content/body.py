"""Bodies: what counts as the same text, and when HTML may be replaced by text without losing anything.

Theory. Outlook stores HTML, ERP.net's Notes are text. Text is compared in one normal form, because Exchange rewrites
what it is given (graph.md §6, T11). A Notes edit may replace a body only where nothing but the text is lost
(``BodyShape``). Teams puts a block into the body of its meetings and a body without that block ends the meeting
(graph.md T10): the block is kept byte for byte in the HTML we write.

What the block is known by. In HTML, where links never get lost: a join link between two lines of underscores, or in
the element that Teams names ``me-email-text``, which may stand around such lines, between them or alone. In plain
text: what stands between two such lines and either holds a join link or begins with a short line that names Microsoft
Teams, since some converters drop addresses. A text that may tell the block in no such way (``may_tell_block``) is cut
by the HTML, by what the block in it says, before anybody sees it: so each reading of an event tells the same text. A
join link found anywhere else makes a body ``RICH``: it is never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from html import escape
from itertools import accumulate

from sync_core.content.markup import Node, Page, is_plain, page_text, read_page

JOIN_LINK = re.compile(
    r"teams\.(?:microsoft\.(?:com|us)|cloud\.microsoft|live\.com)(?:/|%2f)(?:l(?:/|%2f)meetup-join|meet)(?:/|%2f)",
    re.I,
)
"""A link into a meeting, as it is or wrapped by Safe Links."""

RULE = re.compile(r"_{40,}")
"""The line that opens and closes the block is 80 underscores long; the one inside has 32."""

HEADLINE = re.compile(r"(?=.{1,60}$).*\bMicrosoft Teams\b", re.I)
"""The block's first line, in any language: brands are not translated."""

CONTAINER = re.compile(r"(?:^|\s)(?:x_)*me-email-text(?:\s|$)", re.I)
"""The class of the element that Teams puts its block into; Outlook on the web puts ``x_`` before classes it meets."""

LONGEST_PAGE = 250_000
"""Characters of HTML. Nobody types that much without formatting: such a body is not even read."""

_ADDRESS = re.compile(r"<[^<>\s]+>|\b(?:https?|ftp)://[^\s<>]+", re.I)


class BodyShape(StrEnum):
    """How much of a body its text tells: all of it, all but the Teams block, or less."""

    PLAIN = "plain"
    TEAMS = "teams"
    RICH = "rich"


def normal_text(text: str) -> str:
    """The form in which texts are compared: LF, plain spaces, no trailing spaces, no blank lines outside.

    A form feed is a line's end: HTML has none.
    """
    plain = re.sub(r"\r\n?|\f", "\n", text).replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")


def cut_teams_text(text: str) -> str:
    """The normal form of ``text`` without its Teams blocks."""
    kept: list[str] = []
    opening: int | None = None
    is_block = is_first = False
    for line in normal_text(text).split("\n"):
        mark = _mark_of(line)
        if mark == "rule" and is_block:
            del kept[opening:]
            opening, is_block = None, False
            continue
        if mark == "rule":
            opening, is_first = len(kept), True
        elif line and opening is not None:
            is_block |= mark == "join" or (is_first and _is_headline(line))
            is_first = False
        kept.append(line)
    return normal_text("\n".join(kept))


def may_tell_block(text: str, *, is_online: bool) -> bool:
    """Whether a text may tell a Teams block that no line of underscores shows: only the HTML knows.

    So it is with online meetings, and where a join link stands in the text; most texts are known to tell none.
    """
    shown = normal_text(text)
    is_suspect = is_online or JOIN_LINK.search(shown) is not None
    return is_suspect and shown != "" and cut_teams_text(shown) == shown


def without_block(html: str, text: str) -> str:
    """A text that may tell the block (``may_tell_block``) without what the block in its HTML says."""
    if len(html) > LONGEST_PAGE:
        return text
    block = _teams_block(read_page(html))
    return _without(text, html_text(html[block[0] : block[1]]), by_line=True) if block else text


def _is_headline(line: str) -> bool:
    return HEADLINE.match(_ADDRESS.sub("", line)) is not None


def body_shape(html: str, text: str) -> BodyShape:
    """What replacing the body by a text would lose; ``text`` is the body as Graph tells it in plain text."""
    if len(html) > LONGEST_PAGE:
        return BodyShape.RICH
    page = read_page(html)
    block = _teams_block(page)
    rest = read_page(html[: block[0]] + html[block[1] :]) if block else page
    if JOIN_LINK.search(rest.source) or not is_plain(rest):
        return BodyShape.RICH
    if _told(page_text(rest)) == _told(cut_teams_text(text)):
        return BodyShape.TEAMS if block else BodyShape.PLAIN
    return BodyShape.TEAMS if block and _tells_all(page, text) else BodyShape.RICH


def with_new_text(html: str, text: str, shown: str = "") -> str:
    """``html`` with its text replaced and the Teams block, if any, kept byte for byte.

    For bodies that are not ``RICH``: what else they hold is lost. Notes made when texts still told the block are told
    without it; line by line only where ``shown``, the old text, tells it as well.
    """
    page = read_page(html)
    block = _teams_block(page)
    kept = html[block[0] : block[1]] if block else ""
    new = cut_teams_text(text) if block else text
    if kept:
        new = _without(new, html_text(kept), by_line=_tells_all(page, shown))
    start, end = page.inside
    return html[:start] + text_html(new) + kept + html[end:]


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


def _tells_all(page: Page, text: str) -> bool:
    """Whether a text tells the page with its block, be it without the lines of underscores."""
    return _unruled(_told(page_text(page))) == _unruled(_told(cut_teams_text(text)))


def _unruled(told: str) -> str:
    return re.sub("_{20,}", "", told)


def _without(text: str, block: str, *, by_line: bool) -> str:
    """``text`` without what the block says: its lines in a row, or, where somebody typed among them, each of them.

    Each of them only if ``by_line``: somebody may say the like elsewhere.
    """
    lines = text.split("\n")
    told = [_unruled(_told(line)) for line in lines]
    said = _unruled(_told(block))
    starts = [0, *accumulate(map(len, told))]
    at = "".join(told).find(said)
    if said and at >= 0 and at in starts and at + len(said) in starts:
        return normal_text("\n".join([*lines[: starts.index(at)], *lines[starts.index(at + len(said)) :]]))
    if not by_line:
        return text
    known = {_unruled(_told(line)) for line in block.split("\n")} - {""}
    return normal_text("\n".join(line for line, says in zip(lines, told, strict=True) if says not in known))


def _mark_of(text: str) -> str:
    """What a piece of body is for finding the block: 'rule', 'join' or ''."""
    if RULE.fullmatch(text.strip()):
        return "rule"
    return "join" if JOIN_LINK.search(text) else ""


def _teams_block(page: Page) -> tuple[int, int] | None:
    """Where the block lies in the source: whole neighbouring elements."""
    leaves = [node for node in page.leaves() if node.link or node.text.strip()]
    marks = [_mark_of(node.text) or _mark_of(node.link) for node in leaves]
    if "join" not in marks:
        return None
    join = marks.index("join")
    container = _container(leaves[join])
    ends = _between_rules(join, leaves, marks)
    if container and (ends is None or (container.start <= ends[0].start and ends[1].end <= container.end)):
        ends = container, container
    if ends is None:
        return None
    first, last = _siblings(*ends)
    return first.start, last.end


def _container(node: Node) -> Node | None:
    """The outermost element around ``node`` that Teams names as its own."""
    named = [one for one in _ancestry(node) if CONTAINER.search(one.attributes.get("class", ""))]
    return named[-1] if named else None


def _between_rules(join: int, leaves: Sequence[Node], marks: Sequence[str]) -> tuple[Node, Node] | None:
    """The line of underscores before the join link and the one after it."""
    opening = [place for place in range(join) if marks[place] == "rule"]
    if not opening or "rule" not in marks[join:]:
        return None
    return leaves[opening[-1]], leaves[marks.index("rule", join)]


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
