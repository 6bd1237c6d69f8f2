"""What the Functions host's own parser says of NCRONTAB expressions: the table beside azure.md, read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "ncrontab.tsv"


@dataclass(frozen=True, slots=True)
class Row:
    """An expression, and the first instants after ``start``: up to four, none if it parses and never comes."""

    expression: str
    start: datetime
    instants: tuple[datetime, ...]
    is_refused: bool


def _row(line: str) -> Row:
    expression, start, told = line.split("\t")
    is_refused = told == "REFUSED"
    instants = () if is_refused else tuple(_instant(text) for text in told.split(",") if text)
    return Row(expression, _instant(start), instants, is_refused)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ROWS = tuple(_row(line) for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
