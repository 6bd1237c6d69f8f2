"""Encodes the requests of a ``$batch`` and decodes its answers; multipart/mixed only (erpnet.md §6).

Every write travels in a changeset of its own, so that it stands or falls alone, and whole where it takes several
requests; reads are bare parts. Order is kept: a read behind a write shows what became of it.

The standard library's ``email`` parser is not used to read answers: it refuses nothing (an answer that is cut off is
a defect to look for, a part that calls itself base64 is decoded), and its time grows with the square of the number of
parts and without end with their depth, so an answer of some kilobytes could stop the process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from itertools import count, pairwise
from typing import Any

_BLANK = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})")


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside a batch; ``path`` is relative to the OData root, ``body`` None for a read."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Changeset:
    """Writes that are done in this order, all or none; at least one."""

    parts: tuple[Part, ...]


Step = Part | Changeset
"""A read or a changeset: it has one place in a batch, and one answer."""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to one step: of a changeset the first answer, or the one that refused it."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        """Whether the step was done."""
        return self.status < 300


UNREADABLE = PartAnswer(502)
"""The answer of a step of which nobody knows what became."""


def encode(steps: Sequence[Step], boundary: str) -> bytes:
    """Encode the body of a batch: CRLF line ends, ASCII only."""
    numbers = count(1)
    # No boundary may be the beginning of another: not every parser looks at whole lines.
    sections = [_section(step, f"changeset_{n}_{boundary}", numbers) for n, step in enumerate(steps, 1)]
    return _multipart(sections, boundary).encode("ascii")


def _multipart(sections: Sequence[str], boundary: str) -> str:
    return "".join(f"--{boundary}\r\n{section}\r\n" for section in sections) + f"--{boundary}--\r\n"


def _section(step: Step, boundary: str, numbers: Iterator[int]) -> str:
    if isinstance(step, Part):
        return _request(step)
    inner = _multipart([_request(part, f"Content-ID: {next(numbers)}\r\n") for part in step.parts], boundary)
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{inner}"


def _request(part: Part, more: str = "") -> str:
    head = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{more}\r\n"
    line = f"{part.method} {part.path} HTTP/1.1\r\n"
    if part.body is None:
        return f"{head}{line}\r\n"
    return f"{head}{line}Content-Type: application/json\r\n\r\n{json.dumps(part.body)}"


def decode(content_type: str, content: bytes, asked: int = 0) -> list[PartAnswer]:
    """Decode the answers, one for each step, in order. Raises ``ValueError`` if the batch answer is not complete.

    Where there are as many answers as steps were ``asked``, one that cannot be read concerns its step alone
    (``UNREADABLE``).
    """
    sections = _split(content, _boundary(content_type))
    return [_step_answer(section, is_whole=len(sections) == asked) for section in sections]


def _boundary(content_type: str) -> str:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary() if header.get_content_maintype() == "multipart" else None
    if not boundary:
        raise ValueError("not a multipart answer")
    return str(boundary)


def _split(content: bytes, boundary: str) -> list[bytes]:
    """What stands between the lines that are the boundary's marks, the last of which ends with two more dashes."""
    mark = b"--" + boundary.encode()
    lines: list[tuple[int, int, bytes]] = []  # where each begins and ends, and what it says behind the mark
    begin = content.find(mark)
    while begin >= 0:
        end = content.find(b"\n", begin)
        end = end if end >= 0 else len(content)
        more = content[begin + len(mark) : end].rstrip(b" \t\r")
        if more in (b"", b"--") and content[begin - 1 : begin] in (b"", b"\n"):
            lines.append((begin, end, more))
        begin = content.find(mark, begin + len(mark))
    if not lines or lines[-1][2] != b"--":
        raise ValueError("the batch answer is cut off")
    return [_without_line_end(content[one[1] : other[0]]) for one, other in pairwise(lines)]


def _without_line_end(section: bytes) -> bytes:
    """A section without the line end that belongs to the mark behind it."""
    return section.removesuffix(b"\n").removesuffix(b"\r")


def _step_answer(section: bytes, *, is_whole: bool) -> PartAnswer:
    try:
        return _read_step(section)
    except ValueError:
        if not is_whole:
            raise
        return UNREADABLE


def _read_step(section: bytes) -> PartAnswer:
    """Decode the answer of a part or of a changeset; a changeset holds no other changeset."""
    kind, inner = _part(section)
    if not kind.startswith("multipart/"):
        return _answer(inner)
    answers = [_answer(_part(one)[1]) for one in _split(inner, _boundary(kind))]
    if not answers:
        raise ValueError("a changeset was not answered")
    return next((answer for answer in answers if not answer.is_fine), answers[0])


def _part(section: bytes) -> tuple[str, bytes]:
    """Split a part into its content type and its content."""
    head, content = _halves(section.lstrip(b"\r\n"))
    return _headers(head.splitlines()).get("content-type", ""), content


def _answer(content: bytes) -> PartAnswer:
    head, body = _halves(content.lstrip(b"\r\n"))
    line, *headers = head.splitlines() or [b""]
    status = _STATUS.match(line)
    if status is None:
        raise ValueError("a part of the batch answer has no status")
    return PartAnswer(int(status.group(1)), body.strip(), _headers(headers))


def _halves(content: bytes) -> tuple[bytes, bytes]:
    head, *rest = _BLANK.split(content, maxsplit=1)
    return head, rest[0] if rest else b""


def _headers(lines: Sequence[bytes]) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in lines if b":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
