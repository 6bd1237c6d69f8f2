"""Dates the findings of `calsync why`: when each item is, those of one day only, and a series once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jobs.commands.remembered import Finding
from jobs.wish import WishInvalid
from sync_core.content.told import when_in
from sync_core.model.event import Timed


def day_in(text: str) -> date | None:
    """The day that a text like 2026-12-07 names, None for ''. Raises ``WishInvalid``."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise WishInvalid("a day is written like 2026-12-07") from None


def dated(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each with the start of its item where another finding about the same item knows it."""
    starts: dict[str, tuple[datetime, bool]] = {}
    for one in findings:
        if one.start is not None:
            starts |= dict.fromkeys(_ids(one), (one.start, one.all_day))
    return [one if one.start else _with_start(one, starts) for one in findings]


def _with_start(finding: Finding, starts: dict[str, tuple[datetime, bool]]) -> Finding:
    found = next((starts[name] for name in _ids(finding) if name in starts), None)
    return finding if found is None else replace(finding, start=found[0], all_day=found[1])


def gathered(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, the entries of one round that say the same of several dates of a series as one, with what they
    have in common."""
    groups: dict[object, list[Finding]] = {}
    for place, one in enumerate(findings):
        is_date = one.round_id and one.occurrence
        groups.setdefault(_said(one) if is_date else place, []).append(one)
    return [some[0] if len(some) == 1 else _as_one(some) for some in groups.values()]


def _said(one: Finding) -> object:
    """What entries about dates must have in common to be told as one."""
    series = one.occurrence.series_uid.casefold() if one.occurrence else ""
    return one.round_id, one.at, one.what, one.reason, one.subject, one.private, one.cell, series, one.series


def _as_one(some: Sequence[Finding]) -> Finding:
    days = sorted(one.occurrence.day for one in some if one.occurrence)
    first = min(some, key=lambda one: one.occurrence.day if one.occurrence else date.max)
    before, after = (
        {k: v for k, v in values.items() if all(getattr(one, name).get(k) == v for one in some)}
        for name, values in (("before", first.before), ("after", first.after))
    )
    return replace(first, before=before, after=after, start=None, dates=tuple(days))


def _ids(finding: Finding) -> list[str]:
    return [name for name in (finding.event_id, finding.activity_id) if name]


def on_day(findings: Sequence[Finding], day: date | None, zone: ZoneInfo) -> list[Finding]:
    """Those whose item is on that day, in the person's own time, or was on it, or is on one side only: by its start,
    its date in a series, the times that any finding about it tells. Of whom no time is known, those found on it. What
    is said of no item (the switch is off) stays."""
    if day is None:
        return [*findings]
    there = {name for one in findings if day in _days_told(one, zone) for name in _ids(one)}
    return [one for one in findings if not there.isdisjoint(_ids(one)) or local_day(one, zone) in (None, day)]


def _days_told(finding: Finding, zone: ZoneInfo) -> set[date | None]:
    """The days on which a finding tells its item to be or to have been, on either side."""
    told = (text for values in (finding.before, finding.after) for name, text in values.items() if _is_time(name))
    days = {_first_day(text, zone) for text in told}
    days.add(local_day(finding, zone) if finding.start else None)
    days.add(finding.occurrence.day if finding.occurrence else None)
    return days


def _is_time(name: str) -> bool:
    return name.rpartition(".")[2] == "time"


def _first_day(text: str, zone: ZoneInfo) -> date | None:
    """The day on which a time begins that is told; None for another text."""
    try:
        time = when_in(text)
        return time.start.astimezone(zone).date() if isinstance(time, Timed) else time.first if time else None
    except (ValueError, OverflowError):  # digits of no day that there is: they are shown as they stand
        return None


def local_day(finding: Finding, zone: ZoneInfo) -> date | None:
    """The day of an item where its person is, else the day of the finding; an item that lasts all day floats."""
    if finding.start is not None:
        return finding.start.astimezone(UTC if finding.all_day else zone).date()
    return finding.at.astimezone(zone).date() if finding.at is not None else None
