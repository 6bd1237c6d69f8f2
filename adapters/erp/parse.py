"""Parses an activity's JSON into an ``ErpActivity`` (erpnet.md §5, §8, §12).

The zone of StartTime, EndTime and ReminderTime is UNCONFIRMED; here is the one place that drops the ``Z`` they
are decorated with and keeps the digits. ``…Utc`` attributes are true UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from adapters.erp.odata import Row, id_of, is_guid, key_of
from sync_core.content.ranges import BEYOND, INT32, is_known_year
from sync_core.model.sides import ActivityChange, ErpActivity, ErpContent, Malformed, Participant, Side

UNFIT = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""The exceptions that parsing a row of another shape than the contract's may raise."""


class _Beyond(ValueError):
    """A time in a year that the sides cannot both hold: the row is valid, and a person can correct it."""


def read_activity(row: Row) -> ErpActivity | Malformed:
    """Parse one row of General_Activities_Activities; ``Malformed`` if it does not fit the contract."""
    try:
        return _activity(row)
    except _Beyond as beyond:
        return Malformed(Side.ERP, id_of(row), str(beyond))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this one row that cannot be read
        why = f"{type(error).__name__} {error}"[:200]
        return Malformed(Side.ERP, id_of(row), f"the activity cannot be understood: {why}")


def _activity(row: Row) -> ErpActivity:
    return ErpActivity(
        id=_guid(id_of(row)),
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
        participants=_participants(row.get("Participants") or []),
        created=_created(row.get("CreationTime")),
    )


def _content(row: Row) -> ErpContent:
    return ErpContent(
        subject=_words(row, "Subject"),
        notes=_words(row, "Notes"),
        start=digits(row["StartTime"]),
        end=_digits_or_none(row.get("EndTime")),
        planned_minutes=_minutes(row),
        reminder=_reminder(row.get("ReminderTime")),
        private=_flag(row, "Private"),
        priority=_words(row, "Priority") or "Medium",
        people=_people(row.get("Participants") or []),
    )


def _people(rows: list[Row]) -> tuple[str, ...]:
    return tuple(sorted({_email(row) for row in rows} - {""}))


def _email(row: Row) -> str:
    return _words(row, "Email").strip().lower()


def _participants(rows: list[Row]) -> tuple[Participant, ...]:
    """The rows with an id; a row without one can be read but never changed."""
    found = [Participant(id_of(row), _email(row), _words(row, "Notes")) for row in rows if is_guid(id_of(row))]
    return tuple(sorted(found, key=lambda one: (one.email, one.id)))


def _created(value: Any) -> datetime | None:
    """Parse CreationTime, None if it is wrong: it only separates old from new, so the activity is not refused."""
    try:
        return digits(value)
    except UNFIT:
        return None


def read_change(row: Row) -> ActivityChange | None:
    """Parse a row of the pull; None if its update time is missing or wrong."""
    updated_at, version = read_state(row)
    if updated_at is None or not is_guid(id_of(row)):
        return None
    return ActivityChange(
        activity_id=id_of(row),
        updated_at=updated_at,
        version=version,
        creation_user=str(row.get("CreationUser") or ""),
        owner_party=key_of(row.get("OwnerParty")),
    )


def read_state(row: Row) -> tuple[datetime | None, int | None]:
    """Parse update time and version of a row; None if they are wrong."""
    version = row.get("ObjectVersion")
    return _utc_or_none(row.get("AggregateLastUpdateTimeUtc")), version if isinstance(version, int) else None


def read_deletion(row: Row) -> ActivityChange | None:
    """Parse a row of Systems_Core_ExtensibleDataObjects: an activity that was deleted for good (erpnet.md §7)."""
    updated_at, key = _utc_or_none(row.get("LastUpdateTimeUtc")), str(row.get("EntityItemId") or "").lower()
    return ActivityChange(key, updated_at, deleted=True) if updated_at is not None and is_guid(key) else None


def digits(value: str) -> datetime:
    """Parse the wall-clock digits of a date-time; any suffix and fractions of a second are dropped."""
    at = _any_digits(value)
    if not is_known_year(at):
        raise _Beyond(BEYOND)
    return at


def _any_digits(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=None, microsecond=0)


def _reminder(value: str | None) -> datetime | None:
    """Parse ReminderTime; None for a placeholder of a far year, so that the activity is not refused."""
    at = None if value is None else _any_digits(value)
    return at if at and is_known_year(at) else None


def utc(value: str | None) -> datetime | None:
    """Parse a ``…Utc`` attribute, with its microseconds; None for null."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _utc_or_none(value: Any) -> datetime | None:
    try:
        return utc(value)
    except UNFIT:
        return None


def _digits_or_none(value: str | None) -> datetime | None:
    return None if value is None else digits(value)


def _guid(value: str) -> str:
    if not is_guid(value):
        raise ValueError("Id is no guid")
    return value


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


def _minutes(row: Row) -> int | None:
    """Parse the planned duration; a value that is no number counts as missing."""
    minutes = _whole(row, "PlannedDurationMinutes")
    return minutes if minutes is not None and 0 <= minutes <= INT32[-1] else None


def _flag(row: Row, name: str) -> bool:
    value: Any = row.get(name)
    if not isinstance(value, bool | None):
        raise TypeError(f"{name} is neither true nor false")
    return bool(value)
