"""Serves ``$batch``: OData v4 multipart/mixed, parsed strictly (erpnet.md §6).

Guesses, each in one place: a batch counts as one request against the session's limits (the caller counts
it); an error does not stop the parts after it unless ``batch_stops_at_error``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulators.erpnet.api import Answer, Api, refusal, request_of
from simulators.erpnet.errors import ErpError, unsupported
from simulators.erpnet.world import Caller, World

_BOUNDARY = re.compile(r'multipart/mixed\s*;.*?boundary=(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1")
_READS = {"GET"}
_WRITES = {"POST", "PATCH", "DELETE"}
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found", 500: "Internal Server Error"}


@dataclass
class Part:
    """One body part: its own headers (lower-case names) and its content."""

    headers: dict[str, str]
    content: bytes

    @property
    def content_id(self) -> str:
        """The ``Content-ID``, empty if there is none."""
        return self.headers.get("content-id", "")


class _RolledBack(Exception):
    def __init__(self, part: bytes) -> None:
        super().__init__()
        self.part = part


def run(world: World, api: Api, caller: Caller, content_type: str, body: bytes, prefer: str) -> Answer:
    """Answer a whole batch; a malformed one is refused as such (400), a JSON one is not supported."""
    boundary = _boundary_of(content_type)
    if boundary is None:
        raise unsupported("Only batches of type multipart/mixed are supported.")
    parts = split(body, boundary)
    for part in parts:
        _check_part(part)
    stops = world.batch_stops_at_error and "continue-on-error" not in prefer
    answers = list(_answers(world, api, caller, parts, stops))
    name = f"batchresponse_{uuid.uuid4()}"
    return Answer(200, _join(name, answers), f"multipart/mixed; boundary={name}")


def _boundary_of(content_type: str) -> str | None:
    match = _BOUNDARY.match(content_type.strip())
    return (match[1] or match[2]) if match else None


def malformed(reason: str) -> ErpError:
    """A batch that is no proper multipart message."""
    return ErpError(f"The batch request is malformed: {reason}.", status=400)


def split(body: bytes, boundary: str) -> list[Part]:
    """The parts of a multipart body with CRLF line ends and a closing delimiter; raises ``ErpError``."""
    delimiter = b"\r\n--" + boundary.encode()
    preamble, *pieces = (b"\r\n" + body).split(delimiter)
    if not pieces or not pieces[-1].startswith(b"--") or preamble.strip():
        raise malformed("a delimiter is missing")
    if len(pieces) == 1:
        raise malformed("it is empty")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    padding, line_end, rest = piece.partition(b"\r\n")
    if not line_end or padding.strip(b" \t"):
        raise malformed("a delimiter does not end its line")
    head, blank, content = rest.partition(b"\r\n\r\n")
    if not blank:
        raise malformed("a part has no header")
    return Part(_headers(head), content)


def _headers(head: bytes) -> dict[str, str]:
    headers = {}
    for line in head.decode("latin-1").split("\r\n") if head else ():
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line:
            raise malformed(f"'{line}' is not a header")
        headers[name.lower()] = value.strip()
    return headers


def _check_part(part: Part) -> None:
    """Every part must be well formed before the first is carried out."""
    boundary = _boundary_of(part.headers.get("content-type", ""))
    if boundary is None:
        _inner(part, _READS | _WRITES)
        return
    for inner in split(part.content, boundary):
        _inner(inner, _WRITES)
        if not inner.content_id:
            raise malformed("a request of a changeset has no Content-ID")


def _inner(part: Part, methods: set[str]) -> tuple[str, str, bytes]:
    """Method, target and body of the request inside an ``application/http`` part."""
    if part.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/http":
        raise malformed("a part is neither application/http nor a changeset")
    # The docs' own example ends a request without headers by one line end before the delimiter.
    content = part.content if b"\r\n\r\n" in part.content else part.content + b"\r\n"
    head, blank, body = content.partition(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None or not blank:
        raise malformed("a part holds no HTTP request")
    method = match[1].decode()
    if method not in methods:
        raise malformed(f"{method} is not allowed here")
    return method, match[2].decode("latin-1"), _cut(body, _headers(rest))


def _cut(body: bytes, headers: dict[str, str]) -> bytes:
    length = headers.get("content-length")
    if length is None:
        return body
    if not length.isdecimal() or int(length) > len(body):
        raise malformed("a Content-Length is wrong")
    return body[: int(length)]


def _answers(world: World, api: Api, caller: Caller, parts: list[Part], stops: bool) -> Iterator[bytes]:
    for part in parts:
        boundary = _boundary_of(part.headers.get("content-type", ""))
        if boundary is None:
            answer = _single(api, caller, part)
            yield _print(answer, part.content_id)
            failed = answer.status >= 400
        else:
            content, failed = _changeset(world, api, caller, split(part.content, boundary))
            yield content
        if failed and stops:
            return


def _single(api: Api, caller: Caller, part: Part) -> Answer:
    method, target, body = _inner(part, _READS | _WRITES)
    if method not in _READS:
        return refusal(unsupported("Write operations must be part of a changeset."))
    return _carry_out(api, caller, method, target, body)


def _carry_out(api: Api, caller: Caller, method: str, target: str, body: bytes) -> Answer:
    try:
        return api.answer(caller, request_of(method, target, body))
    except ErpError as error:
        return refusal(error)


def _changeset(world: World, api: Api, caller: Caller, parts: list[Part]) -> tuple[bytes, bool]:
    """All or nothing; a failing changeset answers with its failing part only."""
    mine = replace(caller, aliases={})
    try:
        with world.store.atomic():
            return _wrap([_write(api, mine, part) for part in parts]), False
    except _RolledBack as failure:
        return _wrap([failure.part]), True


def _write(api: Api, caller: Caller, part: Part) -> bytes:
    method, target, body = _inner(part, _WRITES)
    answer = _carry_out(api, caller, method, target, body)
    printed = _print(answer, part.content_id)
    if answer.status >= 400:
        raise _RolledBack(printed)
    if answer.row is not None:
        caller.aliases[part.content_id] = answer.row
    return printed


def _wrap(answers: list[bytes]) -> bytes:
    name = f"changesetresponse_{uuid.uuid4()}"
    return f"Content-Type: multipart/mixed; boundary={name}\r\n\r\n".encode() + _join(name, answers)


def _join(boundary: str, parts: list[bytes]) -> bytes:
    delimiter = f"--{boundary}".encode()
    return b"".join(delimiter + b"\r\n" + p + b"\r\n" for p in parts) + delimiter + b"--\r\n"


def _print(answer: Answer, content_id: str) -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        head.append(f"Content-ID: {content_id}")
    head += ["", f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}"]
    content = answer.content()
    if content:
        head += [f"Content-Type: {answer.content_type}", "OData-Version: 4.0"]
    head += [f"{k}: {v}" for k, v in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + content
