"""A small HTML parser for ``body``: the tree with offsets in the source, its text, and whether its markup is plain.

It forgives like a mail client: unclosed and stray tags are no errors. It is no sanitiser, because nothing is shown
from it. Anybody may send a body, so parsing takes time that grows with the length of the source alone, however it
nests and whatever it leaves open (tests/core/content/test_markup.py counts the steps).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

Attributes = dict[str, str]


def _words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


VOID = _words("area base br col embed hr img input link meta source track wbr")
SILENT = _words("head style script title")
BLOCKS = _words("p div tr table ul ol li h1 h2 h3 h4 h5 h6 blockquote pre hr")
SELF_CLOSING = _words("p li")
RAW = {tag: re.compile(f"</{tag}(?=[ \\t\\r\\n\\f/>])", re.I) for tag in ("style", "script", "title")}
"""Elements in which nothing but their own end tag is markup."""

_MARKUP = re.compile(r"<(?=[a-zA-Z!?]|/[^>])")
_NAME = re.compile(r"[a-zA-Z][^ \t\r\n\f/>]*")
_ATTRIBUTE = re.compile(r"[ \t\r\n\f/]*([^ \t\r\n\f/>][^ \t\r\n\f/>=]*)")
_EQUALS = re.compile(r"[ \t\r\n\f]*=[ \t\r\n\f]*")
_BARE = re.compile(r"[^ \t\r\n\f>]+")
_CLOSING = re.compile(r"[ \t\r\n\f/]*>")
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")

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
    """An element, or a piece of text, whose ``tag`` is ''. ``start`` and ``end`` are offsets in the source;
    ``inside`` and ``outside`` are where an element's content begins and ends."""

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
        """The address of an ``a`` element, '' for any other."""
        return self.attributes.get("href", "") if self.tag == "a" else ""

    def steps(self) -> Iterator[tuple[Node, bool]]:
        """Visit each node when it is entered (True) and left (False). It does not recurse, because mail nests
        deep."""
        waiting = [(self, True)]
        while waiting:
            node, entering = waiting.pop()
            yield node, entering
            if entering:
                waiting.append((node, False))
                waiting.extend((child, True) for child in reversed(node.children))

    def walk(self) -> Iterator[Node]:
        """Visit this node and all nodes below, in document order."""
        return (node for node, entering in self.steps() if entering)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page with its source."""

    source: str
    root: Node

    def leaves(self) -> Iterator[Node]:
        """The pieces of visible text, and the links, in document order."""
        silent = 0
        for node in self.root.walk():
            if node.tag in SILENT:
                silent = max(silent, node.end)
            elif node.start >= silent and (not node.tag or node.link):
                yield node

    @property
    def inside(self) -> tuple[int, int]:
        """Where the content of ``body`` begins and ends; the whole source where there is no ``body``."""
        for node in self.root.walk():
            if node.tag == "body":
                return node.inside, node.outside
        return 0, len(self.source)


def read_page(source: str) -> Page:
    """Parse ``source``, whatever it holds, in time that grows with its length."""
    return Page(source, _Reader(source).read())


class _Reader:
    """Parses the source in one pass: each piece begins where the one before it ended, and is looked at once.

    A tag, quoted value or comment that never ends reaches to the end of the source and says nothing, as in a browser.
    The standard library's parser starts over behind each such beginning, so n of them would cost n².
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._open = [Node("", 0)]
        self._places: dict[str, list[int]] = {}
        """Where in ``_open`` the elements of a tag stand, the innermost last."""

    def read(self) -> Node:
        """Parse the source. Returns the root."""
        at = 0
        while at < len(self._source):
            at = self._read_markup(self._read_text(at))
        root = self._open[0]
        for node in self._open:
            node.outside = node.end = len(self._source)
        for node in root.walk():
            _end_texts(node)
        return root

    def _read_text(self, at: int) -> int:
        """Add the text up to the next markup. Returns where that begins."""
        found = _MARKUP.search(self._source, at)
        end = found.start() if found else len(self._source)
        if end > at:
            self._add(Node("", at, text=unescaped(self._source[at:end])))
        return end

    def _read_markup(self, at: int) -> int:
        """Read a tag or a comment. Returns where it ends."""
        if self._source.startswith("<!--", at):
            return self._after("-->", at + 2)
        if at < len(self._source) and self._source[at + 1] not in "/!?":
            return self._read_start_tag(at)
        end = self._after(">", at)
        tag = _NAME.match(self._source, at + 2)
        if tag and self._source.startswith("</", at):
            self._close(tag.group().lower(), at, end)
        return end

    def _after(self, closing: str, at: int) -> int:
        """Where the first ``closing`` from ``at`` on ends; the end of the source where there is none."""
        found = self._source.find(closing, at)
        return len(self._source) if found < 0 else found + len(closing)

    def _read_start_tag(self, at: int) -> int:
        """Add the element that begins here, its raw content included. Returns where it ends."""
        tag = _NAME.match(self._source, at + 1)
        if tag is None:
            return len(self._source)
        attributes, end = self._read_attributes(tag.end())
        if end > len(self._source):
            return end
        self._begin(tag.group().lower(), at, end, attributes)
        closing = RAW.get(tag.group().lower())
        return self._read_raw(closing, end) if closing else end

    def _read_attributes(self, at: int) -> tuple[Attributes, int]:
        """The attributes from ``at`` on, and where the tag ends: beyond the source if it never does."""
        found: Attributes = {}
        while name := _ATTRIBUTE.match(self._source, at):
            value, at = self._read_value(name.end())
            found.setdefault(name.group(1).lower(), value)
        closing = _CLOSING.match(self._source, at)
        return found, closing.end() if closing else len(self._source) + 1

    def _read_value(self, at: int) -> tuple[str, int]:
        """An attribute's value, '' for none, and where it ends."""
        equals = _EQUALS.match(self._source, at)
        if equals is None:
            return "", at
        at = equals.end()
        quote = self._source[at : at + 1]
        if quote in ("'", '"'):
            end = self._after(quote, at + 1)
            return unescaped(self._source[at + 1 : end - 1]), end
        bare = _BARE.match(self._source, at)
        return (unescaped(bare.group()), bare.end()) if bare else ("", at)

    def _read_raw(self, closing: re.Pattern[str], at: int) -> int:
        """Add the content of an element that only its own end tag ends. Returns where that begins."""
        found = closing.search(self._source, at)
        end = found.start() if found else len(self._source)
        if end > at:
            self._add(Node("", at, text=self._source[at:end]))
        return end

    def _add(self, node: Node) -> Node:
        """Add a node to the innermost open element."""
        node.parent = self._open[-1]
        node.parent.children.append(node)
        return node

    def _begin(self, tag: str, at: int, end: int, attributes: Attributes) -> None:
        """Open an element; some elements end where another of their kind begins."""
        if tag == "a" or (tag in SELF_CLOSING and self._open[-1].tag == tag):
            self._close(tag, at, at)
        node = self._add(Node(tag, at, end, attributes=attributes, inside=end))
        if tag not in VOID:
            self._places.setdefault(tag, []).append(len(self._open))
            self._open.append(node)

    def _close(self, tag: str, at: int, end: int) -> None:
        """Close the innermost element of this tag, and all elements that are still open inside it."""
        places = self._places.get(tag)
        if not places:
            return
        place = places[-1]
        for node in self._open[place:]:
            node.outside = node.end = at
            self._places[node.tag].pop()
        self._open[place].end = end
        del self._open[place:]


def unescaped(text: str) -> str:
    """A text with its character references resolved. A number too long for a character becomes U+FFFD."""
    return unescape(_LONG_NUMBER.sub("\ufffd", text))


def _end_texts(node: Node) -> None:
    """Set the end of each text: where its next sibling begins, or where its element ends."""
    for place, child in enumerate(node.children):
        if not child.tag:
            child.end = node.children[place + 1].start if place + 1 < len(node.children) else node.outside


def is_plain(page: Page) -> bool:
    """Whether the markup only frames the text: a reader would miss nothing of it."""
    return all(not node.tag or _is_plain_element(node) for node in page.root.walk())


def _is_plain_element(node: Node) -> bool:
    """Whether an element, its own attributes included, only frames the text in it."""
    if node.tag not in PLAIN_TAGS or (node.tag == "a" and not _names_itself(node)):
        return False
    return all(_is_plain_attribute(node.tag, name, value) for name, value in node.attributes.items())


def _names_itself(node: Node) -> bool:
    """Whether a link shows its own address and nothing else."""
    shown = "".join(child.text for child in node.walk()).strip()
    told = (shown, f"mailto:{shown}", f"http://{shown}", f"https://{shown}")
    return not node.link or any(_address(node.link) == _address(way) for way in told)


def _address(text: str) -> str:
    """An address in the form in which two are compared."""
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
    """The text of a page: one line for each block or ``br``, white space collapsed, links as ``text<address>``."""
    writer = _Writer()
    for node, entering in page.root.steps():
        writer.step(node, entering)
    return writer.text()


class _Writer:
    """Collects the text of a page, line by line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._space = False
        self._silent = 0

    def text(self) -> str:
        return "\n".join([*self._lines, "".join(self._line)])

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
                self._space = bool(self._line)

    def _write(self, text: str) -> None:
        self._line.append(f" {text}" if self._space else text)
        self._space = False

    def _break(self, *, only_if_filled: bool = False) -> None:
        if self._line or not only_if_filled:
            self._lines.append("".join(self._line))
            self._line = []
        self._space = False
