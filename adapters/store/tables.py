"""The store in Azure Table Storage (azure.md §10), or in Azurite (§11).

Two things the SDK does not do are done here. **Lost answers**: a write whose answer was lost, or that the SDK sent
twice, reports a failed condition though it was done (azure.md §10, last line); so every conditional row carries a
nonce of its very write, and a write that seems to have failed is done if the row, read back, carries it. **The
service's clock**: each answer's ``Date`` (whole seconds) together with when we asked and when we heard bounds how far
our clock is off; ``leases`` says what the bounds are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from adapters.environment import of_environment
from adapters.refusals import unavailable
from adapters.store.backend import SUPERSEDED, Backend, Conflict, Key, Missing, Op, Row, Table, Verb, gather
from adapters.store.codec import Properties
from adapters.store.store import RowStore
from jobs.ports import Clock
from sync_core.errors import StoreError, StoreUnavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 20, "retry_total": 4}
"""The SDK's own timeouts are five minutes each (azure.md §10)."""

ROLE = "Storage Table Data Contributor"
"""What the app's identity needs on the account (azure.md §9)."""

_CONDITION_FAILED = frozenset({404, 409, 412})
_KEYS = frozenset({"PartitionKey", "RowKey", "nonce"})


def connect(connection_string: str, **options: Any) -> TableServiceClient:
    """A client for a storage connection string; ``options`` are the SDK's."""
    return TableServiceClient.from_connection_string(connection_string, **{**TIMEOUTS, **of_environment(), **options})


def connect_as(endpoint: str, credential: AsyncTokenCredential, **options: Any) -> TableServiceClient:
    """A client for a table endpoint (``https://account.table.core.windows.net``) and an identity."""
    return TableServiceClient(endpoint, credential=credential, **{**TIMEOUTS, **of_environment(), **options})


class TableBackend(Backend):
    """Rows in four tables whose names begin with ``prefix``."""

    def __init__(self, service: TableServiceClient, prefix: str, clock: Clock) -> None:
        super().__init__()
        self._service = service
        self._clock = clock
        self._tables: dict[Table, TableClient] = {t: service.get_table_client(f"{prefix}{t}") for t in Table}
        self._behind = timedelta(0)
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._clock()

    def earliest_now(self) -> datetime:
        return self._clock() + self._behind

    def latest_now(self) -> datetime:
        return self._clock() + self._ahead

    async def prepare(self) -> None:
        wanted = {client.table_name for client in self._tables.values()}
        await gather(self._create(name) for name in sorted(wanted - await self._present(min(wanted), max(wanted))))

    async def close(self) -> None:
        await self._service.close()

    async def read(self, table: Table, key: Key) -> Row | None:
        entity = await self._entity(table, key)
        return _row(entity) if entity is not None else None

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        where = "PartitionKey eq @partition" + (" and RowKey ge @begin and RowKey lt @end" if begin else "")
        between = {"begin": begin, "end": _end(begin)} if begin else {}
        return await self._query(table, where, {"partition": partition, **between}, limit)

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        where = "PartitionKey eq @partition and RowKey ge @key" + (" and RowKey lt @until" if until else "")
        between = {"key": key, "until": until} if until else {"key": key}
        return await self._query(table, where, {"partition": partition, **between}, limit)

    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        where = "PartitionKey eq @partition and Timestamp ge @since"
        return await self._query(table, where, {"partition": partition, "since": since}, None)

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        where, here = "PartitionKey eq @partition and RowKey", {"partition": partition}
        before = self._query(table, f"{where} lt @key", {**here, "key": begin}, None)
        behind = self._query(table, f"{where} ge @key", {**here, "key": _end(begin)}, None)
        return [row for found in await gather([before, behind]) for row in found]

    async def scan_each(self, table: Table, partition: str, begins: Sequence[str]) -> list[Row]:
        values = {"partition": partition}
        for number, begin in enumerate(begins):
            values |= {f"begin{number}": begin, f"end{number}": _end(begin)}
        # the SDK knows a parameter by the spaces around it
        ranges = " or ".join(f"( RowKey ge @begin{n} and RowKey lt @end{n} )" for n in range(len(begins)))
        return await self._query(table, f"PartitionKey eq @partition and ( {ranges} )", values, None)

    async def scan_partitions(self, table: Table, begin: str, limit: int) -> list[Row]:
        where = "PartitionKey ge @begin and PartitionKey lt @end"
        return await self._query(table, where, {"begin": begin, "end": _end(begin)}, limit)

    async def _query(
        self, table: Table, where: str, values: Mapping[str, str | datetime], limit: int | None
    ) -> list[Row]:
        self.reads += 1
        found: list[Row] = []
        with _translated():
            pages = self._tables[table].query_entities(
                where,
                parameters=dict(values),
                results_per_page=min(limit, 1_000) if limit else None,
                raw_response_hook=self._listen(),
            )
            async for entity in pages:
                found.append(_row(entity))
                if len(found) == limit:
                    break
        return found

    async def scan_all(self, table: Table) -> list[Row]:
        self.reads += 1
        with _translated():
            pages = self._tables[table].list_entities(raw_response_hook=self._listen())
            return [_row(entity) async for entity in pages]

    async def write(self, table: Table, op: Op) -> str:
        self.writes += 1
        nonce = uuid4().hex
        try:
            return await self._send(table, op, nonce)
        except AzureError as error:
            return (await self._make_sure(table, [op], nonce, error))[0]

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        self.writes += 1
        nonce = uuid4().hex
        try:
            return await self._send_all(table, ops, nonce)
        except AzureError as error:
            return await self._make_sure(table, ops, nonce, error)

    async def _present(self, first: str, last: str) -> set[str]:
        """The tables from the first of these names to the last."""
        with _translated():
            names = {"first": first, "last": last}
            found = self._service.query_tables("TableName ge @first and TableName le @last", parameters=names)
            return {table.name async for table in found}

    async def _create(self, name: str) -> None:
        with _translated():
            await self._service.create_table_if_not_exists(name, raw_response_hook=self._listen())

    async def _entity(self, table: Table, key: Key) -> Any:
        self.reads += 1
        with _translated():
            try:
                return await self._tables[table].get_entity(key.partition, key.row, raw_response_hook=self._listen())
            except ResourceNotFoundError as error:
                if _table_is_missing(error):
                    raise
                return None

    async def _send(self, table: Table, op: Op, nonce: str) -> str:
        client, hook = self._tables[table], self._listen()
        entity = _entity_of(op, nonce)
        if op.verb is Verb.DELETE:
            await client.delete_entity(op.key.partition, op.key.row, raw_response_hook=hook, **_condition(op))
            return ""
        if op.verb is Verb.INSERT:
            answer = await client.create_entity(entity, raw_response_hook=hook)
        elif op.etag:
            replace = UpdateMode.REPLACE
            answer = await client.update_entity(entity, replace, raw_response_hook=hook, **_condition(op))
        else:
            answer = await client.upsert_entity(entity, UpdateMode.REPLACE, raw_response_hook=hook)
        return str(answer["etag"])

    async def _send_all(self, table: Table, ops: Sequence[Op], nonce: str) -> list[str]:
        batch = [_operation(op, nonce) for op in ops]
        answers = await self._tables[table].submit_transaction(batch, raw_response_hook=self._listen())
        return [str(answer.get("etag", "")) for answer in answers]

    async def _make_sure(self, table: Table, ops: Sequence[Op], nonce: str, error: AzureError) -> list[str]:
        """After an error: the rows' etags if the write was done all the same; else the error, in our words.

        What one row shows is true of its whole transaction.
        """
        first = ops[0]
        if first.verb is not Verb.DELETE and _may_be_done(error):
            etag = await self._written(table, first, nonce)
            if etag is not None:
                others = await gather(self._written(table, op, nonce) for op in ops[1:])
                return [etag, *(SUPERSEDED if other is None else other for other in others)]
        raise _meaning(error, ops) from error

    async def _written(self, table: Table, op: Op, nonce: str) -> str | None:
        """The etag of a row that still is as this very write left it; None for another."""
        if op.verb is Verb.DELETE:
            return ""
        entity = await self._entity(table, op.key)
        return str(entity.metadata["etag"]) if entity is not None and entity.get("nonce") == nonce else None

    def _listen(self) -> Callable[[Any], None]:
        """A hook that learns the service's time from an answer to a request sent now."""
        asked_at = self._clock()

        def hear(response: Any) -> None:
            date = response.http_response.headers.get("Date")
            if date:
                told_at = parsedate_to_datetime(date)
                self._behind = told_at - self._clock()
                self._ahead = told_at + timedelta(seconds=1) - asked_at

        return hear


class TableStore(RowStore):
    """``Store`` in tables; ``wiring`` makes the client (``connect`` or ``connect_as``) and closes the store."""

    def __init__(self, service: TableServiceClient, prefix: str, clock: Clock) -> None:
        super().__init__(TableBackend(service, prefix, clock))


def _row(entity: Any) -> Row:
    properties: Properties = {name: value for name, value in entity.items() if name not in _KEYS}
    return Row(Key(entity["PartitionKey"], entity["RowKey"]), properties, str(entity.metadata["etag"]))


def _entity_of(op: Op, nonce: str) -> dict[str, Any]:
    return {"PartitionKey": op.key.partition, "RowKey": op.key.row, **op.properties, "nonce": nonce}


def _end(begin: str) -> str:
    """The first key behind all that begin so."""
    return begin[:-1] + chr(ord(begin[-1]) + 1)


def _condition(op: Op) -> dict[str, Any]:
    return {"etag": op.etag, "match_condition": MatchConditions.IfNotModified} if op.etag else {}


def _operation(op: Op, nonce: str) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    """The SDK's form of one operation of a transaction; merge is its default, replace is ours."""
    entity = _entity_of(op, nonce)
    if op.verb is Verb.DELETE:
        return "delete", entity, _condition(op)
    if op.verb is Verb.INSERT:
        return "create", entity, {}
    return "update" if op.etag else "upsert", entity, {"mode": UpdateMode.REPLACE, **_condition(op)}


def _may_be_done(error: AzureError) -> bool:
    """Whether the write may have been done in spite of the error: no answer, a server's trouble, a condition that
    our own first try made fail."""
    status = getattr(error, "status_code", None)
    return status is None or status in _CONDITION_FAILED or status >= 500


def _meaning(error: AzureError, ops: Sequence[Op]) -> Exception:
    """The error in our words; a transaction's error names the operation that it is about."""
    status = getattr(error, "status_code", None)
    index = error.index if isinstance(error, TableTransactionError) else 0
    op = ops[index] if 0 <= index < len(ops) else ops[0]
    conditional = op.verb is Verb.INSERT or bool(op.etag)
    if _table_is_missing(error):
        return _trouble(error)
    if isinstance(error, TableTransactionError) and status == 404 and not conditional:
        return Missing(index)
    if conditional and (status in _CONDITION_FAILED or isinstance(error, ResourceExistsError)):
        return Conflict(str(error))
    return _trouble(error)


def _table_is_missing(error: AzureError) -> bool:
    return getattr(error, "error_code", "") == "TableNotFound"


def _trouble(error: AzureError) -> StoreError:
    status = getattr(error, "status_code", None)
    what = f"{type(error).__name__}{f' {status}' if status else ''}"
    if _table_is_missing(error):
        return StoreUnavailable(f"a state table is missing ({what}): start the app again, it creates its tables")
    if (
        isinstance(error, HttpResponseError)
        and status is not None
        and 400 <= status < 500
        and status not in (401, 403, 408, 429)
    ):
        return StoreError(f"table storage refuses a request ({what}): {error.message}")
    return unavailable(error, "table storage", ROLE)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        raise _trouble(error) from error
