"""Bodies: what counts as the same text, and when HTML may be replaced by text without losing anything.

Theory. Outlook stores HTML, ERP.net's Notes are text. Text is compared in one normal form, because Exchange rewrites
what it is given (graph.md §6, T11). A Notes edit may replace a body only where nothing but the text is lost
(``BodyShape``). Teams puts a block into the body of its meetings and a body without that block ends the meeting
(graph.md T10): the block is kept byte for byte in the HTML we write.

What the block is known by. In HTML, where links never get lost: a join link between two lines of underscores, or in
the element that Teams names ``me-email-text``, which may stand around such lines, between them or alone. In plain
text: what stands between two such lines and either holds a join link or begins with a short line that names Microsoft
Teams, since some converters drop addresses. A text may hold the block without these signs (``may_hold_block``). Then
the block is found in the HTML, and what it says there is cut from the text before anything compares it. So each
reading of an event gives the same text. A join link found anywhere else makes a body ``RICH``: it is never
overwritten.
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
"""A link into a meeting, as Teams writes it or wrapped by Safe Links."""

RULE = re.compile(r"_{40,}")
"""The lines that open and close the block have 80 underscores; the line inside it has 32."""

HEADLINE = re.compile(r"(?=.{1,60}$).*\bMicrosoft Teams\b", re.I)
"""The block's first line, in any language: the brand's name is not translated."""

CONTAINER = re.compile(r"(?:^|\s)(?:x_)*me-email-text(?:\s|$)", re.I)
"""The class of the element that Teams puts its block into. Outlook on the web puts ``x_`` before a class."""

LONGEST_PAGE = 250_000
"""Characters of HTML. Nobody types so much without formatting: a longer body is ``RICH`` and is not parsed."""

_ADDRESS = re.compile(r"<[^<>\s]+>|\b(?:https?|ftp)://[^\s<>]+", re.I)


class BodyShape(StrEnum):
    """How much of a body its plain text holds: all of it, all but the Teams block, or less."""

    PLAIN = "plain"
    TEAMS = "teams"
    RICH = "rich"


def normal_text(text: str) -> str:
    """The normal form, in which texts are compared: LF, plain spaces, no space at a line's end, no blank lines
    outside.

    A form feed ends a line, because HTML has none.
    """
    plain = re.sub(r"\r\n?|\f", "\n", text).replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")


def cut_teams_text(text: str) -> str:
    """Remove the Teams blocks from a plain text. Returns its normal form."""
    kept: list[str] = []
    opening: int | None = None
    is_block = is_first = False
    for line in normal_text(text).split("\n"):
        sign = _sign_of(line)
        if sign == "rule" and is_block:
            del kept[opening:]
            opening, is_block = None, False
            continue
        if sign == "rule":
            opening, is_first = len(kept), True
        elif line and opening is not None:
            is_block |= sign == "join" or (is_first and _is_headline(line))
            is_first = False
        kept.append(line)
    return normal_text("\n".join(kept))


def may_hold_block(text: str, *, is_online: bool) -> bool:
    """Whether a text may hold a Teams block without lines of underscores, which only the HTML can tell.

    It may in an online meeting, and where the text holds a join link. Most texts need no HTML.
    """
    shown = normal_text(text)
    is_suspect = is_online or JOIN_LINK.search(shown) is not None
    return is_suspect and shown != "" and cut_teams_text(shown) == shown


def without_block(html: str, text: str) -> str:
    """Remove from a text, for which ``may_hold_block`` holds, what the block in its HTML says."""
    if len(html) > LONGEST_PAGE:
        return text
    block = _teams_block(read_page(html))
    return _without(text, html_text(html[block[0] : block[1]]), by_line=True) if block else text


def _is_headline(line: str) -> bool:
    """Whether a line names Microsoft Teams, addresses apart."""
    return HEADLINE.match(_ADDRESS.sub("", line)) is not None


def body_shape(html: str, text: str) -> BodyShape:
    """What would be lost if a text replaced the body. ``text`` is Graph's plain text of the same body."""
    if len(html) > LONGEST_PAGE:
        return BodyShape.RICH
    page = read_page(html)
    block = _teams_block(page)
    rest = read_page(html[: block[0]] + html[block[1] :]) if block else page
    if JOIN_LINK.search(rest.source) or not is_plain(rest):
        return BodyShape.RICH
    if _condensed(page_text(rest)) == _condensed(cut_teams_text(text)):
        return BodyShape.TEAMS if block else BodyShape.PLAIN
    return BodyShape.TEAMS if block and _tells_all(page, text) else BodyShape.RICH


def with_new_text(html: str, text: str, shown: str = "") -> str:
    """Replace the text of ``html`` and keep its Teams block, if any, byte for byte.

    It is for bodies that are not ``RICH``; of those, the rest would be lost. Older versions wrote the block's text
    into Notes: it is removed from the new text. It is removed line by line only where ``shown``, the old text, has it
    as well.
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
    """Make HTML that shows ``text`` with the same lines and the same spaces."""
    lines = escape(normal_text(text), quote=False).split("\n")
    return f"<div>{'<br>'.join(_keep_spaces(line) for line in lines)}</div>"


def html_text(html: str) -> str:
    """The normal text of a page, links as ``text<address>``: for a server that answers HTML where text was asked
    for."""
    return normal_text(page_text(read_page(html)))


def _keep_spaces(line: str) -> str:
    """Write spaces that HTML would collapse as ``&nbsp;``, a tab as four."""
    return re.sub(r"^ |(?<= ) ", "&nbsp;", line.replace("\t", "    "))


def _condensed(text: str) -> str:
    """A text without white space and addresses, which every converter renders in its own way."""
    return "".join(_ADDRESS.sub("", text.replace("\xa0", " ")).split())


def _tells_all(page: Page, text: str) -> bool:
    """Whether a text has all that the page says, its block included; lines of underscores do not count."""
    return _unruled(_condensed(page_text(page))) == _unruled(_condensed(cut_teams_text(text)))


def _unruled(text: str) -> str:
    """A text without its lines of underscores."""
    return re.sub("_{20,}", "", text)


def _without(text: str, block: str, *, by_line: bool) -> str:
    """Remove what the block says from ``text``: its lines where they stand in a row.

    Somebody may have typed between them. Then each of them is removed, but only if ``by_line``: the same line may
    stand elsewhere in what somebody wrote.
    """
    lines = text.split("\n")
    told = [_unruled(_condensed(line)) for line in lines]
    said = _unruled(_condensed(block))
    starts = [0, *accumulate(map(len, told))]
    at = "".join(told).find(said)
    if said and at >= 0 and at in starts and at + len(said) in starts:
        return normal_text("\n".join([*lines[: starts.index(at)], *lines[starts.index(at + len(said)) :]]))
    if not by_line:
        return text
    known = {_unruled(_condensed(line)) for line in block.split("\n")} - {""}
    return normal_text("\n".join(line for line, says in zip(lines, told, strict=True) if says not in known))


def _sign_of(text: str) -> str:
    """Which sign of the block a piece of a body is: 'rule', 'join' or '' for none."""
    if RULE.fullmatch(text.strip()):
        return "rule"
    return "join" if JOIN_LINK.search(text) else ""


def _teams_block(page: Page) -> tuple[int, int] | None:
    """Where the block begins and ends in the source. It covers whole neighbouring elements."""
    leaves = [node for node in page.leaves() if node.link or node.text.strip()]
    signs = [_sign_of(node.text) or _sign_of(node.link) for node in leaves]
    if "join" not in signs:
        return None
    join = signs.index("join")
    container = _container(leaves[join])
    ends = _between_rules(join, leaves, signs)
    if container and (ends is None or (container.start <= ends[0].start and ends[1].end <= container.end)):
        ends = container, container
    if ends is None:
        return None
    first, last = _siblings(*ends)
    return first.start, last.end


def _container(node: Node) -> Node | None:
    """The outermost element around ``node`` that has Teams' own class."""
    named = [one for one in _ancestry(node) if CONTAINER.search(one.attributes.get("class", ""))]
    return named[-1] if named else None


def _between_rules(join: int, leaves: Sequence[Node], signs: Sequence[str]) -> tuple[Node, Node] | None:
    """The last line of underscores before the join link and the first one after it."""
    opening = [place for place in range(join) if signs[place] == "rule"]
    if not opening or "rule" not in signs[join:]:
        return None
    return leaves[opening[-1]], leaves[signs.index("rule", join)]


def _siblings(first: Node, last: Node) -> tuple[Node, Node]:
    """The two elements, below the nearest common ancestor, that hold ``first`` and ``last``."""
    above = list(_ancestry(first))
    below = list(_ancestry(last))
    while len(above) > 1 and len(below) > 1 and above[-1] is below[-1]:
        above.pop()
        below.pop()
    return above[-1], below[-1]


def _ancestry(node: Node) -> Iterable[Node]:
    """The node, its parent, and so on to the root."""
    found: Node | None = node
    while found is not None:
        yield found
        found = found.parent
