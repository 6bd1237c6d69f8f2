"""From the bytes of a calendar file to its lines: unfolded before they are decoded, so that damage stays in its line.

A line may be folded inside a letter (RFC 5545 §3.1), and a program that does not know UTF-8 writes its own code page.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator

DAMAGED = "lines with damaged letters"
OTHER_ENCODING = "lines that are no UTF-8, read as {}"

CYRILLIC, WESTERN = "Windows-1251", "Windows-1252"

WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"B\0E\0", "utf-16-le"),
    (b"\0B\0E", "utf-16-be"),
)
"""How a file of wide characters begins, with and without a mark."""

MARK = "\ufeff"
LOST = "\ufffd"
A_WORD = 3
"""So many letters of a line that no UTF-8 explains are no accident but another encoding."""

_END = re.compile(rb"\r*\n|\r")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_PUNCTUATION = re.compile(rb"\\[nN,;]|[\x80-\xa0\xa6\xa7\xa9\xab-\xae\xb0\xb1\xb5-\xb7\xb9\xbb]")
"""Escapes, and what is no letter in either code page."""


def lines_of(raw: bytes, remarks: Counter[str]) -> list[str]:
    """The unfolded lines, without empty ones; lines with damage or of another encoding are counted."""
    wide = next((encoding for start, encoding in WIDE if raw.startswith(start)), "")
    if wide:
        raw = raw.decode(wide, "replace").encode("utf-8", "replace")
    lines = list(_unfolded(raw))
    text = [_utf8(line) for line in lines]
    strange = [n for n, line in enumerate(text) if LOST in line and not _is_utf8(line, text)]
    if strange:
        page = _code_page([lines[n] for n in strange])
        remarks[OTHER_ENCODING.format(page)] += len(strange)
        for n in strange:
            text[n] = lines[n].decode(page, "replace")
    damaged = sum(LOST in line for line in text)
    remarks.update({DAMAGED: damaged} if damaged else {})
    return [line for line in (line.strip(MARK) for line in text) if line]


def _unfolded(raw: bytes) -> Iterator[bytes]:
    """Lines with what continues them, each ending in its own way; an old Mac's in a carriage return alone."""
    pieces: list[bytes] = []
    for line in _END.split(raw):
        if line[:1] in (b" ", b"\t"):
            pieces.append(line[1:])
        elif line:
            yield b"".join(pieces)
            pieces = [line]
    yield b"".join(pieces)


def _utf8(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _letters(text: str) -> tuple[int, int]:
    """How many characters beyond ASCII were read, and how many were lost."""
    lost = text.count(LOST)
    return sum(character > "\x7f" for character in text) - lost, lost


def _is_utf8(line: str, text: list[str]) -> bool:
    """Whether a line with lost letters is UTF-8 with damage: by itself, or as one of a file that is UTF-8."""
    read, lost = _letters(line)
    return read >= lost or (lost < A_WORD and any(LOST not in other and not other.isascii() for other in text))


def _code_page(lines: list[bytes]) -> str:
    """Cyrillic words have no ASCII letter in them; a word of a western language hardly ever is without."""
    words = [word for line in lines for word in _WORD.findall(_PUNCTUATION.sub(b" ", line))]
    foreign = [word for word in words if not word.isascii()]
    cyrillic = sum(len(word) > 1 and all(letter > 0x7F for letter in word) for word in foreign)
    western = sum(any(letter < 0x80 for letter in word) for word in foreign)
    return CYRILLIC if cyrillic > western else WESTERN
