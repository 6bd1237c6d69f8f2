"""HTML as ``body`` needs it: a tree that knows where in the source each element lies, its text, and its plainness.

Forgiving like a mail client: unclosed and stray tags are no errors. Not a sanitiser: nothing here is ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate

Attributes = dict[str, str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _words("area base br col embed hr img input link meta source track wbr")
SILENT = _words("head style script title")
BLOCKS = _words("p div tr table ul ol li h1 h2 h3 h4 h5 h6 blockquote pre hr")
SELF_CLOSING = _words("p li")

FRAME = _words("html head meta title style body")
PLAIN_TAGS = FRAME | _words("div p br span font o:p a")
PLAIN_ATTRIBUTES = _words("class dir lang id size face color style")
FRAME_ATTRIBUTES = PLAIN_ATTRIBUTES | _words("link vlink alink http-equiv content name charset type")
PLAIN_STYLES = _words(
    "font-family font-size font-size-adjust font-kerning color margin padding white-space height width opacity "
    "line-height direction unicode-bidi text-align text-indent text-align-last letter-spacing word-spacing word-wrap "
    "overflow-wrap word-break text-size-adjust orphans widows min-height page break-before text-rendering"
)
PLAIN_STYLE_FAMILIES = ("margin-", "padding-", "mso-", "-webkit-", "-ms-", "-moz-", "font-variant", "font-feature-")
NEUTRAL = _words("normal none inherit initial unset auto transparent 400 baseline 0 0px 0pt")
NEUTRAL_STYLES = _words(
    "font-weight font-style text-decoration text-transform background background-color border float vertical-align "
    "font-stretch text-decoration-line text-shadow"
)


@dataclass(slots=True, eq=False)
class Node:
    """An element, or a piece of text (``tag`` ''). ``start`` and ``end`` are offsets in the source."""

    tag: str
    start: int
    end: int = -1
    parent: Node | None = None
    attributes: Attributes = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""
    inside: int = -1
    outside: int = -1

    @property
    def link(self) -> str:
        """Where an ``a`` leads, '' for anything else."""
        return self.attributes.get("href", "") if self.tag == "a" else ""

    def steps(self) -> Iterator[tuple[Node, bool]]:
        """Each node when it is entered (True) and left (False); iterative, because mail nests deep."""
        waiting = [(self, True)]
        while waiting:
            node, entering = waiting.pop()
            yield node, entering
            if entering:
                waiting.append((node, False))
                waiting.extend((child, True) for child in reversed(node.children))

    def walk(self) -> Iterator[Node]:
        """This node and all below, in document order."""
        return (node for node, entering in self.steps() if entering)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page and its source."""

    source: str
    root: Node

    def leaves(self) -> Iterator[Node]:
        """Pieces of visible text, and links, in document order."""
        silent = 0
        for node in self.root.walk():
            if node.tag in SILENT:
                silent = max(silent, node.end)
            elif node.start >= silent and (not node.tag or node.link):
                yield node

    @property
    def inside(self) -> tuple[int, int]:
        """Where the content of ``body`` begins and ends; the whole source where there is none."""
        for node in self.root.walk():
            if node.tag == "body":
                return node.inside, node.outside
        return 0, len(self.source)


def read_page(source: str) -> Page:
    """Parse ``source``, whatever it is."""
    reader = _Reader(source)
    reader.feed(source)
    reader.close()
    return Page(source, reader.finish())


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0, *accumulate(len(line) for line in source.split("\n"))]
        self._source = source
        self._open = [Node("", 0)]

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + (line - 1) + column

    def _add(self, node: Node) -> Node:
        node.parent = self._open[-1]
        node.parent.children.append(node)
        return node

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = self._at()
        if tag in SELF_CLOSING and self._open[-1].tag == tag:
            self._close_to(len(self._open) - 1, at, at)
        end = at + len(self.get_starttag_text() or "")
        node = self._add(Node(tag, at, end, attributes={name: value or "" for name, value in attrs}, inside=end))
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        at = self._at()
        places = [place for place, node in enumerate(self._open) if place and node.tag == tag]
        if places:
            self._close_to(places[-1], at, self._end_of_tag(at))

    def _end_of_tag(self, at: int) -> int:
        found = self._source.find(">", at)
        return len(self._source) if found < 0 else found + 1

    def _close_to(self, place: int, at: int, end: int) -> None:
        """Close the element at ``place`` and whatever is still open inside it."""
        for node in self._open[place + 1 :]:
            node.outside = node.end = at
        closed = self._open[place]
        closed.outside, closed.end = at, end
        del self._open[place:]

    def handle_data(self, data: str) -> None:
        self._add(Node("", self._at(), text=data))

    def finish(self) -> Node:
        root = self._open[0]
        for node in self._open:
            node.outside = node.end = len(self._source)
        for node in root.walk():
            _end_texts(node)
        return root


def _end_texts(node: Node) -> None:
    """A text ends where its next neighbour begins, or where its element ends."""
    for place, child in enumerate(node.children):
        if not child.tag:
            child.end = node.children[place + 1].start if place + 1 < len(node.children) else node.outside


def is_plain(page: Page) -> bool:
    """Whether the markup only frames the text: nothing that a reader would miss if it were gone."""
    return all(not node.tag or _is_plain_element(node) for node in page.root.walk())


def _is_plain_element(node: Node) -> bool:
    if node.tag not in PLAIN_TAGS or (node.tag == "a" and not _names_itself(node)):
        return False
    return all(_is_plain_attribute(node.tag, name, value) for name, value in node.attributes.items())


def _names_itself(node: Node) -> bool:
    """Whether a link shows nothing but its own address."""
    shown = "".join(child.text for child in node.walk()).strip()
    told = (shown, f"mailto:{shown}", f"http://{shown}", f"https://{shown}")
    return not node.link or any(_address(node.link) == _address(way) for way in told)


def _address(text: str) -> str:
    return text.strip().rstrip("/").lower()


def _is_plain_attribute(tag: str, name: str, value: str) -> bool:
    if name == "style":
        return all(_is_plain_style(*rule.partition(":")[::2]) for rule in value.split(";") if rule.strip())
    if tag == "a":
        return name in PLAIN_ATTRIBUTES or name in ("href", "target", "rel", "name", "title", "data-auth")
    if tag in FRAME:
        return name in FRAME_ATTRIBUTES or name.startswith("xmlns")
    return name in PLAIN_ATTRIBUTES or name.startswith("data-ogs")


def _is_plain_style(name: str, value: str) -> bool:
    name, value = name.strip().lower(), value.replace("!important", "").strip().lower()
    if name in PLAIN_STYLES or name.startswith(PLAIN_STYLE_FAMILIES):
        return True
    return name in NEUTRAL_STYLES and all(word in NEUTRAL for word in value.split())


def page_text(page: Page) -> str:
    """What a page says: one line per block or ``br``, white space collapsed, links as ``text<address>``."""
    writer = _Writer()
    for node, entering in page.root.steps():
        writer.step(node, entering)
    return "\n".join(writer.lines)


class _Writer:
    def __init__(self) -> None:
        self.lines = [""]
        self._space = False
        self._silent = 0

    def step(self, node: Node, entering: bool) -> None:
        if node.tag in SILENT:
            self._silent += 1 if entering else -1
        elif self._silent:
            return
        elif not node.tag:
            self._write_text(node.text if entering else "")
        elif node.tag in BLOCKS:
            self._break(only_if_filled=True)
        elif node.tag == "br" and entering:
            self._break()
        elif node.link and not entering and not _names_itself(node):
            self._write(f"<{node.link}>")

    def _write_text(self, text: str) -> None:
        for part in re.split(r"([ \t\r\n\f]+)", text):
            if part.strip(" \t\r\n\f"):
                self._write(part)
            elif part:
                self._space = bool(self.lines[-1])

    def _write(self, text: str) -> None:
        self.lines[-1] += f" {text}" if self._space else text
        self._space = False

    def _break(self, *, only_if_filled: bool = False) -> None:
        if self.lines[-1] or not only_if_filled:
            self.lines.append("")
        self._space = False
