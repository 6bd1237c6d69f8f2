"""Transactions on the wire: what is sent is what the package itself would send, and every answer is understood."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AccessToken, AzureSasCredential
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableServiceClient

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.tables import Service, TableBackend, connect, connect_as
from simulators.azurite import Azurite
from sync_core.errors import StoreUnavailable
from tests.adapters.store.test_tables import now

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

ETAG = "W/\"datetime'2026-01-25T08%3A00%3A00.0000001Z'\""
LOCAL = "DefaultEndpointsProtocol=http;AccountName=acme;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/acme;"


class Answer:
    """An answer of the service, as a transport gives it."""

    def __init__(self, status: int, content: bytes, kind: str = "") -> None:
        self.status_code = status
        self.content = content
        self.headers = {"Content-Type": kind, "Date": "Sun, 25 Jan 2026 08:00:00 GMT"}
        self.reason = "as it is"

    def text(self) -> str:
        """The content."""
        return self.content.decode()


class Recorder(AioHttpTransport):  # type: ignore[misc]  # the SDK exports it lazily, untyped
    """Keeps each request, and gives the answers that it was told."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, str], bytes]] = []

    async def send(self, request: Any, **_: Any) -> Any:
        """Keep it; the last answer is given again and again."""
        self.sent.append((request.url, dict(request.headers), request.content))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answered(*parts: str, end: str = "\r\n") -> Answer:
    """The answer of a change set, as the service's pages show it."""
    head = "Content-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
    lines = ["--batchresponse_1", "Content-Type: multipart/mixed; boundary=changesetresponse_2", ""]
    lines += [line for part in parts for line in ("--changesetresponse_2", head + part)]
    text = "\n".join([*lines, "--changesetresponse_2--", "--batchresponse_1--", ""])
    return Answer(202, text.replace("\n", end).encode(), "multipart/mixed; boundary=batchresponse_1")


DONE = f"HTTP/1.1 204 No Content\nX-Content-Type-Options: nosniff\nDataServiceVersion: 3.0;\nETag: {ETAG}\n\n"
ECHOED = f'HTTP/1.1 201 Created\nEtag: {ETAG}\nContent-Type: application/json\n\n{{"RowKey": "HTTP/1.1 500 x"}}\n'
DELETED = "HTTP/1.1 204 No Content\nDataServiceVersion: 1.0;\n\n"
REFUSED = (
    "HTTP/1.1 412 Precondition Failed\nContent-Type: application/json\n\n"
    '{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"lang":"en-US","value":"7:Not met.\\nX: y"}}}\n'
)


def op(verb: Verb, row: str, etag: str = "") -> tuple[Op, dict[str, Any]]:
    """One operation, with its row."""
    key = Key("p:1", row)
    return Op(verb, key, {}, etag), {"PartitionKey": key.partition, "RowKey": row, "v": 1, "data0": 'é "я" 🙂\n'}


OPS = [op(Verb.INSERT, "a'b~=c"), op(Verb.PUT, "u-1"), op(Verb.PUT, "u'2", ETAG), op(Verb.DELETE, "d'1")]
OPS += [op(Verb.DELETE, "d2", ETAG)]


@asynccontextmanager
async def opened(connection_string: str = LOCAL, **options: Any) -> AsyncIterator[Service]:
    """A connection, closed at the end."""
    service = connect(connection_string, **options)
    yield service
    await service.tables.close()


PART = re.compile(
    rb"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: (\d+)\r\n\r\n"
    rb"(.*?)\r\n(.*?)\r\n\r\n(.*?)\r\n--changeset_",
    re.DOTALL,
)
"""A part of a request: its number, the request line, the headers, the row."""


def meaning(body: bytes) -> list[Any]:
    """What each operation of a request asks for: its number, verb and address, condition, versions, row."""
    found = []
    for number, line, heads, text in PART.findall(body):
        headers = dict(one.split(": ", 1) for one in heads.decode().split("\r\n"))
        assert int(headers.get("Content-Length", 0)) == len(text.strip())
        row = {n: v for n, v in json.loads(text or "{}").items() if v != "Edm.String"}
        versions = headers["DataServiceVersion"], headers["x-ms-version"]
        found.append((int(number), line.decode(), headers.get("If-Match"), versions, row))
    return found


async def test_what_is_sent_is_what_the_package_sends() -> None:
    """Each operation asks for the same, in the same order, with the same headers around all."""
    wire = Recorder(answered(DONE, DONE, DONE, DELETED, DELETED))
    condition = {"etag": ETAG, "match_condition": MatchConditions.IfNotModified}
    replace: Any = {"mode": UpdateMode.REPLACE}
    async with opened(transport=wire) as service:
        await service.transactions.send("acmeState", OPS)
    [ours] = wire.sent
    theirs = Recorder(answered(DONE, DONE, DONE, DELETED, DELETED))
    theirs.answers[0].status_code = 500  # the package wants more of an answer than is needed here
    async with TableServiceClient.from_connection_string(LOCAL, transport=theirs, retry_total=0) as client:
        rows = [row for _, row in OPS]
        asked: list[Any] = [
            ("create", rows[0]),
            ("upsert", rows[1], replace),
            ("update", rows[2], {**replace, **condition}),
            ("delete", rows[3]),
            ("delete", rows[4], condition),
        ]
        with pytest.raises(Exception):  # noqa: B017 - whatever it says to a stand-in of an answer
            await client.get_table_client("acmeState").submit_transaction(asked)
    [package] = theirs.sent

    assert ours[0] == package[0]
    assert meaning(ours[2]) == meaning(package[2])
    assert len(meaning(ours[2])) == len(OPS)
    own = {"Authorization", "Content-Type", "User-Agent", "x-ms-date", "Date", "x-ms-client-request-id"}
    for name in set(package[1]) - own - {"Content-Length"}:
        assert ours[1][name] == package[1][name], name


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["as it should be", "bare line ends"])
async def test_an_answer_is_read_in_order(end: str) -> None:
    """Each operation's etag, whatever a row's own text says."""
    async with opened(transport=Recorder(answered(ECHOED, DONE, DELETED, end=end))) as service:
        assert await service.transactions.send("t", OPS[:3]) == [ETAG, ETAG, ""]


async def test_a_refused_operation_is_named() -> None:
    """The error has status, code and the number of the operation, as the package's has."""
    async with opened(transport=Recorder(answered(REFUSED))) as service:
        with pytest.raises(TableTransactionError) as refused:
            await service.transactions.send("t", OPS)

    assert refused.value.index == 7
    assert refused.value.status_code == 412
    assert refused.value.error_code == "UpdateConditionNotSatisfied"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "answer",
    [
        answered(DONE),
        answered(),
        Answer(202, b"", ""),
        Answer(202, b"HTTP/1.1 204 No", "multipart/mixed; boundary=x"),
    ],
    ids=["too few", "none", "nothing", "half"],
)
async def test_an_answer_that_tells_too_little_is_none(answer: Answer) -> None:
    """Then it is not known what became of the transaction, and whoever sent it looks."""
    async with opened(transport=Recorder(answer)) as service:
        with pytest.raises(ServiceResponseError):
            await service.transactions.send("t", OPS[:2])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"odata.error":{"code":"TableNotFound","message":{"lang":"en-US","value":"x"}}}', "TableNotFound"),
        (b"<html>no</html>", ""),
        (b"[1]", ""),
        (b'{"odata.error": 1}', ""),
    ],
    ids=["said", "a page", "a list", "another form"],
)
async def test_a_refused_request_says_why(body: bytes, code: str) -> None:
    """A whole request that is refused is an error with the service's own code, where there is one."""
    async with opened(transport=Recorder(Answer(404, body, "application/json"))) as service:
        with pytest.raises(HttpResponseError) as refused:
            await service.transactions.send("t", OPS)

    assert (refused.value.status_code, refused.value.error_code) == (404, code)  # type: ignore[attr-defined]


async def test_each_try_is_signed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is sent again bears the time of that try, and a signature of it."""
    times = iter((1_000_000_000.0, 1_000_000_100.0))
    monkeypatch.setattr("adapters.store.transactions.time.time", lambda: next(times))
    wire = Recorder(Answer(503, b""), answered(DONE))
    async with opened(transport=wire, retry_backoff_factor=0) as service:
        # the SDK's own retry policy asks the time, too
        monkeypatch.setattr("azure.core.pipeline.policies._retry_async.time", _Still)
        assert await service.transactions.send("t", OPS[:1]) == [ETAG]

    first, second = (headers for _, headers, _ in wire.sent)
    assert first["x-ms-date"] != second["x-ms-date"]
    assert first["Authorization"] != second["Authorization"]
    assert re.fullmatch(r"SharedKeyLite acme:[A-Za-z0-9+/]{43}=", second["Authorization"])


class _Still:
    """A clock that stands."""

    @staticmethod
    def time() -> float:
        return 0.0


class Signed:
    """Somebody who is signed in."""

    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token."""
        self.asked += scopes
        return AccessToken("the-token", int(now().timestamp()) + 3600)


async def test_an_identity_is_shown() -> None:
    """An identity's token for storage goes with the request, and only over TLS."""
    who, wire = Signed(), Recorder(answered(DONE))
    service = connect_as("https://acme.table.core.windows.net", cast("AsyncTokenCredential", who), transport=wire)
    await service.transactions.send("t", OPS[:1])
    await service.tables.close()
    [(url, headers, _)] = wire.sent

    assert url == "https://acme.table.core.windows.net/$batch"
    assert headers["Authorization"] == "Bearer the-token"
    assert who.asked == ["https://storage.azure.com/.default"]


SHARED = "sv=2019-02-02&sig=abc%3D"


@pytest.mark.parametrize(
    "connection",
    [
        lambda wire: connect(
            f"TableEndpoint=https://acme.table.core.windows.net;SharedAccessSignature={SHARED}", transport=wire
        ),
        lambda wire: connect_as(
            "https://acme.table.core.windows.net",
            AzureSasCredential(SHARED),  # type: ignore[arg-type]
            transport=wire,
        ),
    ],
    ids=["in the connection string", "as a credential"],
)
async def test_a_shared_access_signature_goes_along(connection: Callable[[Recorder], Service]) -> None:
    """The address alone lets the request in."""
    wire = Recorder(answered(DONE))
    service = connection(wire)
    await service.transactions.send("t", OPS[:1])
    await service.tables.close()
    [(url, headers, _)] = wire.sent

    assert url.startswith("https://acme.table.core.windows.net/$batch?")
    assert "sig=abc%3D" in url
    assert "Authorization" not in headers


async def test_a_wrong_key_is_refused(azurite: Azurite) -> None:
    """A signature by another key lets nobody in."""
    wrong = azurite.connection_string.replace("AccountKey=E", "AccountKey=F")
    async with opened(wrong) as service:
        backend = TableBackend(service, "tables", now)
        with pytest.raises(StoreUnavailable, match="Storage Table Data Contributor"):
            await backend.transact(Table.USERS, [Op(Verb.PUT, Key("p", str(n))) for n in range(2)])
