"""Enters a calendar file into somebody's Outlook: what was read, moved to these weeks, as acts of its owner.

Dates move by whole weeks, if at all: a file whose events lie in the coming weeks stays as it is, any other one begins
after today, or at the busiest of its weeks. Weekdays and wall-clock times stay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from simulators.base import Refused
from simulators.demo.entries import Entry, Export
from simulators.demo.rules import Unsupported, to_recurrence

Json = dict[str, Any]

SHOWN = timedelta(weeks=5)
"""How much of the future calsync looks at: a month and the rest of its last week."""

WEEK = timedelta(weeks=1)

RULE_TOO_RICH = "with a recurrence rule Outlook's series cannot hold, entered once"
REFUSED = "refused by Outlook"
LOST_DATE = "changed or deleted dates of a series that its rule does not have, left out"


class Outlook(Protocol):
    """Somebody at their Outlook: an act by name with its words."""

    def act(self, do: str, **words: Any) -> Any:
        """Do it; raises ``Refused``."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One date of a series that is different (``words``) or does not take place (None)."""

    day: date
    words: Json | None


@dataclass(frozen=True, slots=True)
class Order:
    """One event to enter: the act, its words as JSON, and what deviates if it is a series."""

    do: str
    words: Json
    deviations: tuple[Deviation, ...] = field(default=())


def shift_for(entries: Iterable[Entry], today: date) -> timedelta:
    """How far the dates move, in whole weeks: what plays lies after today, since what is over is not synced.

    Not at all if half as many single events as possible lie in the coming weeks already; else so that nothing moves
    into days that are over, if that shows half as many; else so that the file's busiest weeks begin after today.
    A file of series alone stays if one of them goes on, else its first days count.
    """
    kept = list(entries)
    days = sorted(e.first_day for e in kept if e.rule is None)
    if not days and any(_goes_on(e, today) for e in kept):
        return timedelta(0)
    days = days or sorted(e.first_day for e in kept)
    tomorrow = today + timedelta(days=1)

    def shown(shift: timedelta) -> int:
        first = tomorrow - shift
        return bisect_left(days, first + SHOWN) - bisect_left(days, first)

    shifts = [WEEK * -((day - tomorrow).days // 7) for day in days]
    busiest = max(shifts, key=shown)
    return next(shift for shift in (timedelta(0), shifts[0], busiest) if 2 * shown(shift) >= shown(busiest))


def _goes_on(series: Entry, today: date) -> bool:
    """Whether a series without a count has begun or soon will, and does not end before today."""
    rule = series.rule or {}
    ends = [until.date() if isinstance(until, datetime) else until for until in rule.get("UNTIL", ())]
    return "COUNT" not in rule and series.first_day < today + SHOWN and all(end > today for end in ends)


def orders(export: Export, shift: timedelta) -> list[Order]:
    """Everything to enter, in the file's order; what a series cannot hold is counted in the export's remarks."""
    masters = {entry.uid for entry in export.entries if entry.rule is not None}
    deviating: dict[str, list[Deviation]] = {}
    for entry in export.entries:
        if entry.replaces is not None and entry.uid in masters:
            change = Deviation(entry.replaces + shift, _words(entry, shift))
            deviating.setdefault(entry.uid, []).append(change)
    return [
        _order(entry, shift, deviating.get(entry.uid, []), export.remarks)
        for entry in export.entries
        if entry.replaces is None or entry.uid not in masters
    ]


def _order(entry: Entry, shift: timedelta, changed: Sequence[Deviation], remarks: Counter[str]) -> Order:
    words = _words(entry, shift)
    if entry.organizer:
        words["organizer"] = entry.organizer
    do = "receive" if entry.organizer else "create"
    if entry.rule is None:
        return Order(do, words)
    try:
        words["recurrence"] = to_recurrence(entry.rule, entry.first_day + shift, shift, entry.zone)
    except (Unsupported, ValueError, LookupError, TypeError, ArithmeticError):
        remarks[RULE_TOO_RICH] += 1
        return Order(do, words)
    return Order(do, words, (*changed, *(Deviation(day + shift, None) for day in entry.left_out)))


def _words(entry: Entry, shift: timedelta) -> Json:
    """The words of ``create`` or ``edit``: wall-clock digits in the entry's zone, or dates."""
    words: Json = {"subject": entry.subject, "all_day": entry.all_day, **entry.details}
    if not isinstance(entry.start, datetime) or not isinstance(entry.end, datetime):
        return words | {"start": (entry.start + shift).isoformat(), "end": (entry.end + shift).isoformat()}
    end = (entry.end + shift).astimezone(entry.start.tzinfo)
    return words | {"start": _digits(entry.start + shift), "end": _digits(end), "zone": entry.zone}


def _digits(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


def enter(outlook: Outlook, wanted: Iterable[Order]) -> Counter[str]:
    """Enter everything; returns what was entered and what Outlook refused, counted in words."""
    remarks: Counter[str] = Counter()
    for order in wanted:
        try:
            ident = outlook.act(order.do, **order.words)
        except Refused as refusal:
            remarks[f"{REFUSED}: {refusal}"] += 1
            continue
        remarks["entered"] += 1
        for deviation in order.deviations:
            _deviate(outlook, ident, deviation, remarks)
    return remarks


def _deviate(outlook: Outlook, ident: str, deviation: Deviation, remarks: Counter[str]) -> None:
    try:
        occurrence = outlook.act("occurrence", ident=ident, day=deviation.day.isoformat())
        if deviation.words is None:
            outlook.act("delete", ident=occurrence)
        else:
            outlook.act("edit", ident=occurrence, **deviation.words)
    except Refused:
        remarks[LOST_DATE] += 1
