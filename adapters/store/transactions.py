"""Sends transactions of Azure Table Storage: entity group transactions as one ``$batch`` request (azure.md §10).

azure-data-tables writes and reads each operation of a transaction with the standard library's ``email``: of a first
sync's thousands that was more CPU than all the rest. So the body is written and the answer read here, in
the very form that the package sends, over the transport that the package has. Everything else is azure-core's:
pipeline, retries, tokens. A refused operation is raised as the package raises it (``TableTransactionError``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4
from wsgiref.handlers import format_date_time

import msgspec
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline import AsyncPipeline, PipelineRequest
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncRetryPolicy,
    AzureSasCredentialPolicy,
    CustomHookPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest
from azure.data.tables import TableTransactionError

from adapters.credentials import STORAGE_SCOPE
from adapters.store.backend import Op, Verb

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient

Entity = dict[str, Any]

_METHODS = {Verb.INSERT: "POST", Verb.PUT: "PUT", Verb.DELETE: "DELETE"}
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r?\n(.*?)\r?\n\r?\n(.*)", re.DOTALL)
"""An operation's answer: its status, its headers, its body."""
_ETAG = re.compile(rb"^ETag:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]+)', re.IGNORECASE)


class Transactions:
    """Sends the transactions of one account; ``options`` are the retry policy's."""

    def __init__(self, service: TableServiceClient, transport: Any, **options: Any) -> None:
        """``transport`` is that of the ``service``, which closes it."""
        place = urlsplit(service.url)
        self._base = urlunsplit((place.scheme, place.netloc, place.path.rstrip("/"), "", ""))
        self._url = urlunsplit((place.scheme, place.netloc, f"{place.path.rstrip('/')}/$batch", place.query, ""))
        self._version = service.api_version
        policies = [UserAgentPolicy(**options), AsyncRetryPolicy(**options), _Dated(), _signer(service)]
        self._pipeline: AsyncPipeline[Any, Any] = AsyncPipeline(
            transport, [*filter(None, policies), CustomHookPolicy(**options)]
        )

    async def send(
        self, table: str, ops: Sequence[tuple[Op, Entity]], hear: Callable[[Any], None] | None = None
    ) -> list[str]:
        """Carry out all or none; the operations' etags ('' after a delete). ``hear`` is told the answer.

        Raises ``AzureError``: a ``TableTransactionError`` with the index of the operation that was refused.
        """
        boundary, changes = f"batch_{uuid4()}", f"changeset_{uuid4()}"
        request = HttpRequest(
            "POST",
            self._url,
            headers={
                "x-ms-version": self._version,
                "DataServiceVersion": "3.0",
                "MaxDataServiceVersion": "3.0;NetFx",
                "Accept": "application/json",
                "Content-Type": f"multipart/mixed; boundary={boundary}",
            },
            content=self._body(table, ops, boundary, changes),
        )
        answer = (await self._pipeline.run(request, raw_response_hook=hear)).http_response
        if answer.status_code != 202:
            raise _refused(answer)
        return _etags(answer, len(ops))

    def _body(self, table: str, ops: Sequence[tuple[Op, Entity]], boundary: str, changes: str) -> bytes:
        parts = [f"--{boundary}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n".encode()]
        for number, (op, entity) in enumerate(ops):
            parts.append(
                f"--{changes}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
                f"Content-ID: {number}\r\n\r\n{self._head(table, op)}".encode()
            )
            if op.verb is not Verb.DELETE:
                text = msgspec.json.encode(entity)
                parts += [b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text), text]
            parts.append(b"\r\n")
            if op.verb is Verb.DELETE:
                parts.append(b"\r\n")
        parts.append(f"--{changes}--\r\n\r\n--{boundary}--\r\n".encode())
        return b"".join(parts)

    def _head(self, table: str, op: Op) -> str:
        """The first lines of an operation. An upsert is a PUT without a condition, a delete always has one."""
        place = f"{self._base}/{table}"
        if op.verb is not Verb.INSERT:
            place += f"(PartitionKey='{_in_a_url(op.key.partition)}',RowKey='{_in_a_url(op.key.row)}')"
        condition = op.etag or ("*" if op.verb is Verb.DELETE else "")
        lines = [
            f"{_METHODS[op.verb]} {place} HTTP/1.1",
            f"x-ms-version: {self._version}",
            "DataServiceVersion: 3.0",
            "Accept: application/json;odata=minimalmetadata",
            *([f"If-Match: {condition}"] if condition else []),
            *(["Prefer: return-no-content"] if op.verb is Verb.INSERT else []),
        ]
        return "\r\n".join([*lines, ""])


class _Dated(SansIOHTTPPolicy[Any, Any]):
    """Dates each try: the service refuses a request that is more than fifteen minutes old."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["x-ms-date"] = format_date_time(time.time())


class _SharedKeyLite(SansIOHTTPPolicy[Any, Any]):
    """Signs with the account's key ("Shared Key Lite" of the Table service, azure.md §10)."""

    def __init__(self, credential: AzureNamedKeyCredential) -> None:
        self._credential = credential

    def on_request(self, request: PipelineRequest[Any]) -> None:
        name, key = self._credential.named_key
        sent = request.http_request
        signed = f"{sent.headers['x-ms-date']}\n/{name}{urlsplit(sent.url).path}"
        digest = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
        sent.headers["Authorization"] = f"SharedKeyLite {name}:{base64.b64encode(digest).decode()}"


def _signer(service: TableServiceClient) -> Any:
    """What lets a request in; None where the address itself does (a shared access signature)."""
    credential = service.credential
    if credential is None:
        return None
    if isinstance(credential, AzureNamedKeyCredential):
        return _SharedKeyLite(credential)
    if isinstance(credential, AzureSasCredential):
        return AzureSasCredentialPolicy(credential)
    return AsyncBearerTokenCredentialPolicy(credential, STORAGE_SCOPE)


def _in_a_url(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _refused(answer: Any) -> HttpResponseError:
    """The error for a request that was refused as a whole."""
    code, _ = _said(answer.content)
    error = HttpResponseError(response=answer)
    error.error_code = code or answer.headers.get("x-ms-error-code", "")  # type: ignore[attr-defined]
    return error


def _etags(answer: Any, wanted: int) -> list[str]:
    found = [_ANSWER.search(part) for part in _parts_of(answer)]
    etags: list[str] = []
    for one in found:
        if one is None:
            continue
        if not 200 <= int(one[1]) < 300:
            raise _refusal(int(one[1]), one[3])
        etag = _ETAG.search(one[2])
        etags.append(etag[1].decode() if etag else "")
    if len(etags) != wanted:
        raise ServiceResponseError(f"table storage answers {len(etags)} of {wanted} operations")
    return etags


def _parts_of(answer: Any) -> list[bytes]:
    """The answers of the operations, between the marks that the change set names."""
    outer = _BOUNDARY.search(answer.headers.get("Content-Type", "").encode())
    body: bytes = answer.content
    inner = _BOUNDARY.search(body)
    mark = inner or outer
    return body.split(b"--" + mark[1]) if mark else []


def _refusal(status: int, body: bytes) -> TableTransactionError:
    """The error for one operation, because of which nothing was done; its text begins with the operation's number."""
    code, text = _said(body)
    error = TableTransactionError(message=f"{text}\nErrorCode:{code}")
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]  # as the package does
    return error


def _said(body: bytes) -> tuple[str, str]:
    """The code and the text of an error; as much of it as can be read."""
    start, end = body.find(b"{"), body.rfind(b"}")
    try:
        said = msgspec.json.decode(body[start : end + 1])["odata.error"]
        return str(said["code"]), str(said["message"]["value"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return "", body.decode(errors="replace")
