"""The clock of one calendar of a file: its times as instants on a clock that Outlook knows.

Times come in UTC, in a named zone, in one that the file itself describes (VTIMEZONE), or float in the owner's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Any

from simulators.demo.parts import Part, name_of
from simulators.demo.zone_names import known_zone, likely_zone
from simulators.graph import zones

When = datetime | date

UNKNOWN_ZONE = "in a time zone nobody knows, taken as the owner's"
LIKELY_ZONE = "in a time zone guessed from its words"
BROKEN_ZONE = "descriptions of time zones not understood, left out"

ODD_NAMES = "descriptions of time zones without a name or with several, taken by each"

DATES = ("DTSTART", "DTEND", "EXDATE", "RDATE", "RECURRENCE-ID")
ZONE = "X-TZID"
"""Where ``plain_dates`` keeps a zone's name: the library guesses about those it finds in its own place."""

EAST = timedelta(hours=13)
"""The easternmost clock that many people live by, New Zealand's in summer."""

_ZONE = re.compile(r';\s*TZID\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)
_RULES = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "TZNAME")
_YEARLY = re.compile(r"(?!.*\bBY(HOUR|MINUTE|SECOND)=\d+,).*\bFREQ\s*=\s*YEARLY\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clock:
    """``home`` is the owner's zone by name; ``described`` what the file says of zones of its own."""

    home: str
    described: dict[str, tzinfo] = field(default_factory=dict)

    def place(self, given: Any, remarks: Counter[str]) -> tuple[datetime, str]:
        """A time on the clock of its zone, and that zone's name for Outlook; UTC is told on the owner's clock.

        A zone that had to be guessed is remarked, once however many times of an event are in it.
        """
        at: datetime = given.dt if isinstance(given.dt, datetime) else datetime.combine(given.dt, time())
        if at.tzinfo is not None:
            return at.astimezone(zones.any_zone(self.home)), self.home
        named = _bare(str(given.params.get(ZONE, "")))
        if not known_zone(named) and named in self.described:
            return at.replace(tzinfo=self.described[named]).astimezone(zones.any_zone(self.home)), self.home
        zone = self._zone(named, remarks)
        return at.replace(tzinfo=zones.any_zone(zone)), zone

    def _zone(self, named: str, remarks: Counter[str]) -> str:
        if not named:
            return self.home
        known = known_zone(named)
        likely = "" if known else likely_zone(named, self.home)
        if not known:
            remarks[LIKELY_ZONE if likely else UNKNOWN_ZONE] = 1
        return known or likely or self.home

    def day(self, given: Any, remarks: Counter[str]) -> date:
        """The day that a midnight begins: its own clock's, else the owner's, else the most likely one.

        Exchange writes whole days as midnights of the organizer, told in UTC. Raises ``TypeError`` for no time.
        """
        day: object = given.dt
        if not isinstance(day, date):
            raise TypeError("a period or a duration is no day")
        if not isinstance(day, datetime):
            return day
        if day.time() == time():
            return day.date()
        at = self.place(given, remarks)[0]
        for clock in (at, at.astimezone(zones.any_zone(self.home))):
            if clock.time() == time():
                return clock.date()
        return at.date() if day.tzinfo is None else (at.astimezone(UTC) + EAST).date()

    def days(self, values: list[Any], zone: str) -> Iterator[date]:
        """The dates that times name on a series' clock; of whole days (no zone) the midnights."""
        for group in values:
            for given in getattr(group, "dts", [group]):
                given.params = group.params
                if zone and isinstance(given.dt, datetime):
                    yield self.place(given, Counter())[0].astimezone(zones.any_zone(zone)).date()
                else:
                    yield self.day(given, Counter())


def plain_dates(line: str) -> list[str]:
    """A line of dates with its zone where only we look: UTC wins over a zone, and colons in its name do no harm."""
    if name_of(line) not in DATES:
        return [line]
    head, _, values = line.rpartition(":")
    found = _ZONE.search(head)
    if found is None:
        return [line]
    bare, zone = _ZONE.sub("", head), found.group(1).replace('"', "")
    given = [value.strip() for value in values.split(",")]
    groups = ((bare, [v for v in given if v.endswith("Z")]), (f'{bare};{ZONE}="{zone}"', given))
    utc, local = groups[0][1], [v for v in groups[1][1] if not v.endswith("Z")]
    return [f"{start}:{','.join(some)}" for start, some in ((groups[0][0], utc), (groups[1][0], local)) if some]


def _bare(name: str) -> str:
    """A zone's name without quotes and escapes, as it is compared."""
    return name.replace('"', "").replace("\\", "").strip()


def described_zones(calendar: Part, remarks: Counter[str]) -> dict[str, tzinfo]:
    """The zones a calendar describes, by name; a description that cannot be followed is counted."""
    found: dict[str, tzinfo] = {}
    own = (part for part in calendar.walk() if part.name == "VTIMEZONE" and part.calendar is calendar)
    for part in own:
        names = [_bare(line.partition(":")[2]) for line in part.lines if name_of(line) == "TZID"]
        try:
            found |= dict.fromkeys(names, _described(part))
        except Exception:  # noqa: BLE001 - the library's failures have no family; counted, the events are read
            remarks[BROKEN_ZONE] += 1
        else:
            remarks.update([] if len(names) == 1 else [ODD_NAMES])
    return found


def _described(part: Part) -> tzinfo:
    from icalendar import Timezone

    rules = [_rules(inner) for inner in part.parts if inner.name in ("STANDARD", "DAYLIGHT")]
    if not rules or not part.whole:
        raise ValueError("a zone needs rules")
    described: Any = Timezone.from_ical("\r\n".join(("BEGIN:VTIMEZONE", "TZID:x", *chain(*rules), "END:VTIMEZONE")))
    zone: tzinfo = described.to_tz(lookup_tzid=False)
    datetime.combine(date(2026, 1, 1), time(), zone).utcoffset()
    return zone


def _rules(part: Part) -> list[str]:
    """The lines of one half of a zone's year; a rule that is not yearly would be followed for ever."""
    lines = [line for line in part.lines if name_of(line) in _RULES]
    if any(name_of(line) == "RRULE" and not _YEARLY.match(line) for line in lines):
        raise ValueError("clocks change once a year")
    return [f"BEGIN:{part.name}", *lines, f"END:{part.name}"]
