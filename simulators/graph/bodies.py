"""What Exchange does to a body: text becomes wrapped HTML, HTML gains a meta tag, a Teams block is appended.

graph.md §6 (``body``, ``isOnlineMeeting``): what comes back is never byte for byte what was sent.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

_META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
_BREAK = re.compile(r"\r\n|\r|\n")
_UNSAFE = re.compile(r"(?is)<(script|iframe|object|embed)\b.*?</\1\s*>|\son\w+\s*=\s*(\"[^\"]*\"|'[^']*')")
_HEAD = re.compile(r"(?i)<head[^>]*>")
_BODY_END = re.compile(r"(?i)</body\s*>")
_SPACES = re.compile(r"(?<= ) |^ ", re.MULTILINE)
_RULE = "_" * 80

_BLOCKS = frozenset(
    ["p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"]
)
_SILENT = frozenset(("head", "style", "script", "title"))


def from_text(text: str) -> str:
    """Plain text as Exchange stores it: a whole HTML page; an empty text stays empty."""
    if not text:
        return ""
    lines = _BREAK.split(html.escape(text, quote=False).replace("\t", "&#9;"))
    shown = "<br>\r\n".join(_SPACES.sub("&nbsp;", line) for line in lines)
    return (
        f"<html><head>\r\n{_META}\r\n"
        '<meta name="Generator" content="Microsoft Exchange Server">\r\n<!-- converted from text -->\r\n'
        "<style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; } -->"
        "</style></head>\r\n<body>\r\n"
        f'<font size="2"><span style="font-size:11pt;"><div class="PlainText">{shown}</div></span></font>\r\n'
        "</body>\r\n</html>\r\n"
    )


def from_html(content: str) -> str:
    """HTML as Exchange stores it: a whole page with its meta tag, scripts gone."""
    if not content:
        return ""
    safe = _UNSAFE.sub("", content)
    if "<html" not in safe.lower():
        return f"<html><head>\r\n{_META}</head><body>{safe}</body></html>"
    if _META in safe:
        return safe
    if _HEAD.search(safe):
        return _HEAD.sub(lambda head: f"{head.group()}\r\n{_META}", safe, count=1)
    return re.sub(r"(?i)<html[^>]*>", lambda tag: f"{tag.group()}<head>\r\n{_META}</head>", safe, count=1)


def with_meeting_block(page: str, join_url: str) -> str:
    """The body with the Teams block appended."""
    block = (
        f'<br>\r\n<div style="width:100%"><span style="white-space:nowrap; color:#5F5F5F">{_RULE}</span></div>\r\n'
        '<div class="me-email-text" lang="en-US"><div><span>Microsoft Teams meeting</span></div>\r\n'
        f'<div><a class="me-email-headline" href="{html.escape(join_url)}">Join the meeting now</a></div>\r\n'
        f"</div>\r\n<div>{_RULE}</div>\r\n"
    )
    if not page:
        return from_html(block)
    end = _BODY_END.search(page)
    return f"{page[: end.start()]}{block}{page[end.start() :]}" if end else page + block


def has_meeting_block(page: str, join_url: str) -> bool:
    """Whether the body still carries the Teams block of this meeting."""
    return f'href="{html.escape(join_url)}"' in page and "me-email-text" in page


@lru_cache(maxsize=4096)
def to_text(page: str) -> str:
    """The body as ``Prefer: outlook.body-content-type="text"`` returns it, lines ending in CRLF."""
    reader = _Text()
    reader.feed(page)
    reader.close()
    return reader.text()


class _Text(HTMLParser):
    """Text of a page; character references are told apart so that ``&nbsp;`` becomes a space."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._lines: list[str] = [""]
        self._silent = 0
        self._space = False
        self._links: list[tuple[str, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a paragraph, a link, or what nobody reads (HTMLParser)."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._new_line()
        elif tag in _BLOCKS:
            self._begin_block()
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._lines) - 1, len(self._lines[-1])))

    def handle_endtag(self, tag: str) -> None:
        """End it; the address of a link stands behind its text (HTMLParser)."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._begin_block()
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())

    def handle_data(self, data: str) -> None:
        """Add text; white space between words is one space (HTMLParser)."""
        if self._silent:
            return
        for part in re.split(r"([ \t\r\n\f]+)", data):
            if part and part.strip(" \t\r\n\f"):
                self._write(part)
            elif part:
                self._space = bool(self._lines[-1])

    def handle_entityref(self, name: str) -> None:
        """Add the character of a name, like ``&amp;`` (HTMLParser)."""
        self._reference(" " if name == "nbsp" else html.unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        """Add the character of a number, like ``&#160;`` (HTMLParser)."""
        self._reference(" " if name in ("160", "xA0", "xa0") else html.unescape(f"&#{name};"))

    def text(self) -> str:
        """All lines; a page that ends in closed blocks does not end in an empty line."""
        lines = self._lines[:-1] if len(self._lines) > 1 and not self._lines[-1] else self._lines
        return "\r\n".join(lines)

    def _reference(self, character: str) -> None:
        if not self._silent:
            self._write(character)

    def _write(self, text: str) -> None:
        self._lines[-1] += f" {text}" if self._space else text
        self._space = False

    def _new_line(self) -> None:
        self._lines.append("")
        self._space = False

    def _begin_block(self) -> None:
        if self._lines[-1]:
            self._new_line()

    def _end_link(self, href: str, line: int, at: int) -> None:
        shown = self._lines[-1][at:].strip() if line == len(self._lines) - 1 else ""
        if href and shown != href:
            self._write(f"<{href}>")
