"""The queries of ``infra/queries``: read as Kusto's language service reads them, and run over rows that a test makes.

- ``read`` asks ``@kusto/language-service-next`` (npm), Kusto's own parser, which is fetched into ``.tools`` when
  it is first needed; it knows the workspace's tables by ``TABLES``.
- ``run`` asks ``duckdb-kql`` (PyPI), which translates KQL for DuckDB. It says no to what it does not know.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators import azurite
from tests.support.deployment import INFRA

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = INFRA / "queries"

SERVICE = "@kusto/language-service-next"
VERSION = "12.4.1"
LIBRARY = azurite.TOOLS / f"kusto-{VERSION}" / "node_modules" / SERVICE
READER = Path(__file__).with_name("kusto.js")

PLACES = {"STORAGE_ACCOUNT": "stabc", "POISON_QUEUE": "calsync-work-poison", "DAILY_CAP_GB": "5"}
"""What ``alerts.bicep`` puts into queries, with the values of the tests."""

_COMMON = "TenantId:string, TimeGenerated:datetime, SourceSystem:string, Type:string, _ResourceId:string"
_APP = (
    "Properties:dynamic, OperationName:string, OperationId:string, AppRoleName:string, AppRoleInstance:string, "
    "AppVersion:string, SDKVersion:string, ItemCount:int, ResourceGUID:string"
)

TABLES = {
    "AppTraces": f"({_COMMON}, {_APP}, Message:string, SeverityLevel:int, Measurements:dynamic)",
    "AppRequests": f"({_COMMON}, {_APP}, Id:string, Name:string, Url:string, Success:bool, ResultCode:string, "
    "DurationMs:real, PerformanceBucket:string, Measurements:dynamic)",
    "AppMetrics": f"({_COMMON}, {_APP}, Name:string, Sum:real, Min:real, Max:real)",
    "StorageQueueLogs": f"({_COMMON}, AccountName:string, OperationName:string, Category:string, Uri:string, "
    "StatusCode:string, StatusText:string, DurationMs:real, AuthenticationType:string)",
    "Usage": f"({_COMMON}, DataType:string, StartTime:datetime, EndTime:datetime, Quantity:real, "
    "QuantityUnit:string, IsBillable:bool, Solution:string)",
}
"""The workspace's tables that are asked, with the columns that matter, as Azure Monitor documents them."""

TYPES = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMPTZ",
    "dynamic": "VARCHAR",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
}
"""DuckDB's types of these columns; ``dynamic`` is JSON as text."""

Row = Mapping[str, Any]


def names(folder: str) -> list[str]:
    """The queries of one folder: ``alerts`` or ``reports``."""
    return sorted(path.stem for path in (FOLDER / folder).glob("*.kql"))


def text(folder: str, name: str) -> str:
    """A query as it is deployed."""
    query = (FOLDER / folder / f"{name}.kql").read_text(encoding="utf-8")
    for place, value in PLACES.items():
        query = query.replace(place, value)
    return query


def all_texts() -> dict[str, str]:
    """Every query as it is deployed, by ``folder/name``."""
    return {f"{folder}/{name}": text(folder, name) for folder in ("alerts", "reports") for name in names(folder)}


def read(queries: Mapping[str, str]) -> dict[str, list[str]]:
    """What Kusto's language service says of these queries, by name. Raises ``AzuriteMissing`` without Node.js."""
    _install()
    question = json.dumps({"library": str(LIBRARY), "tables": TABLES, "queries": queries})
    command = [azurite.find_node(), str(READER)]
    end = subprocess.run(command, input=question, capture_output=True, text=True, check=True, timeout=300)
    answer: dict[str, list[str]] = json.loads(end.stdout)
    return answer


def _install() -> None:
    """Fetch the service once; several test processes may do so at the same time, one of them wins."""
    if LIBRARY.exists():
        return
    home = azurite.TOOLS / f"kusto-{VERSION}"
    azurite.TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=azurite.TOOLS) as made:
        azurite.fetch(f"{SERVICE}@{VERSION}", Path(made))
        try:
            os.replace(made, home)
        except OSError:  # another process was faster
            assert LIBRARY.exists()
        Path(made).mkdir(exist_ok=True)  # what the context manager removes


@cache
def _workspace() -> DuckDBPyConnection:
    """An empty workspace, opened once: each answer leaves it as empty as it was."""
    import duckdb_kql  # takes as long as a dozen tests: for those that run a query

    connection = duckdb_kql.connect()
    for table, columns in TABLES.items():
        pairs = [column.strip().split(":") for column in columns.strip("()").split(",")]
        connection.sql(f"CREATE TABLE {table} ({', '.join(f'{name} {TYPES[kind]}' for name, kind in pairs)})")
    return connection


def run(query: str, **rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """The rows of an answer over these rows of the workspace's tables; a column left out is null."""
    from duckdb_kql import kql

    connection = _workspace()
    for table, given in rows.items():
        for row in given:
            marks = ", ".join("?" for _ in row)
            connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    try:
        answer: list[tuple[Any, ...]] = kql(connection, query).fetchall()
    finally:
        for table in rows:
            connection.execute(f"DELETE FROM {table}")
    return answer
