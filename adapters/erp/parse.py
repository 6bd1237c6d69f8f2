"""Activities as JSON → ``ErpActivity`` (erpnet.md §5, §8, §12).

The zone of StartTime, EndTime and ReminderTime is UNCONFIRMED; here is the one place that drops the ``Z`` they
are decorated with and keeps the digits. ``…Utc`` attributes are true UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from adapters.erp.odata import Row, id_of, key_of
from sync_core.model import ActivityChange, ErpActivity, ErpContent, Malformed, Side


def read_activity(row: Row) -> ErpActivity | Malformed:
    """One row of General_Activities_Activities; ``Malformed`` when it is not what the contract says."""
    try:
        return _activity(row)
    except (KeyError, TypeError, ValueError) as error:
        return Malformed(Side.ERP, id_of(row), f"the activity cannot be understood: {type(error).__name__} {error}")


def _activity(row: Row) -> ErpActivity:
    return ErpActivity(
        id=_needed(id_of(row), "Id"),
        version=_whole(row, "ObjectVersion"),
        updated_at=utc(row.get("AggregateLastUpdateTimeUtc")),
        content=_content(row),
        system_type=_words(row, "SystemType"),
        state=_needed(_words(row, "State"), "State"),
        void=_flag(row, "Void"),
        read_only=_flag(row, "ReadOnly"),
        creation_user=_words(row, "CreationUser"),
        owner_party=key_of(row.get("OwnerParty")),
        entity_name=_words(row, "EntityName"),
        external_id=_words(row, "ExternalId"),
        external_system=_words(row, "ExternalSystem"),
    )


def _content(row: Row) -> ErpContent:
    return ErpContent(
        subject=_words(row, "Subject"),
        notes=_words(row, "Notes"),
        start=digits(row["StartTime"]),
        end=_digits_or_none(row.get("EndTime")),
        planned_minutes=_whole(row, "PlannedDurationMinutes"),
        reminder=_digits_or_none(row.get("ReminderTime")),
        private=_flag(row, "Private"),
        priority=_words(row, "Priority") or "Medium",
        people=_people(row.get("Participants") or []),
    )


def _people(rows: list[Row]) -> tuple[str, ...]:
    addresses = {str(row.get("Email") or "").strip().lower() for row in rows}
    return tuple(sorted(addresses - {""}))


def read_change(row: Row) -> ActivityChange | None:
    """A row of the pull; None where the time of change is not known."""
    updated_at = utc(row.get("AggregateLastUpdateTimeUtc"))
    if updated_at is None or not id_of(row):
        return None
    version = row.get("ObjectVersion")
    return ActivityChange(
        activity_id=id_of(row),
        updated_at=updated_at,
        version=version if isinstance(version, int) else None,
        creation_user=str(row.get("CreationUser") or ""),
        owner_party=key_of(row.get("OwnerParty")),
    )


def read_deletion(row: Row) -> ActivityChange | None:
    """A row of Systems_Core_ExtensibleDataObjects: an activity that was deleted for good (erpnet.md §7)."""
    updated_at, key = utc(row.get("LastUpdateTimeUtc")), str(row.get("EntityItemId") or "").lower()
    return ActivityChange(key, updated_at, deleted=True) if updated_at is not None and key else None


def digits(value: str) -> datetime:
    """The wall-clock digits of a date-time, whatever stands behind them; fractions of a second are dropped."""
    return datetime.fromisoformat(value).replace(tzinfo=None, microsecond=0)


def utc(value: str | None) -> datetime | None:
    """The instant of a ``…Utc`` attribute, microseconds kept; None for null."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _digits_or_none(value: str | None) -> datetime | None:
    return None if value is None else digits(value)


def _needed(value: str, name: str) -> str:
    if not value:
        raise ValueError(f"{name} is missing")
    return value


def _words(row: Row, name: str) -> str:
    value: Any = row.get(name)
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is no text")
    return value or ""


def _whole(row: Row, name: str) -> int | None:
    value: Any = row.get(name)
    return None if value is None else int(value)


def _flag(row: Row, name: str) -> bool:
    value: Any = row.get(name)
    if not isinstance(value, bool | None):
        raise TypeError(f"{name} is neither true nor false")
    return bool(value)
