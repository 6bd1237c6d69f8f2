"""The parts of a calendar file: what stands between BEGIN and END, with its own lines and the parts inside it.

Nothing here fails. A part that is never closed ends with the one around it, and what belongs to nothing is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

STRAY = "lines that belong to nothing, left out"
CUT_OFF = "end of the file is missing; export it again"
NO_EVENTS = "parts that are no events ({}), left out"

EVENT = "VEVENT"
PLANNED = ("VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VPOLL")
"""Parts of a calendar that are no events (RFC 5545, RFC 7953)."""

ANYWHERE = ("", "VCALENDAR", EVENT, "VTIMEZONE")
INSIDE = {"VALARM": EVENT, "STANDARD": "VTIMEZONE", "DAYLIGHT": "VTIMEZONE"}
"""The parts that are used, those below only where they belong."""

DEEPEST = 20
"""No program nests parts deeper; what begins further down is a stray line."""

_PROPERTY_TABLE = """
ACKNOWLEDGED ACTION ATTACH ATTENDEE BUSYTYPE CALENDAR-ADDRESS CALSCALE CATEGORIES CLASS COLOR COMMENT COMPLETED
CONCEPT CONFERENCE CONTACT CREATED DESCRIPTION DTEND DTSTAMP DTSTART DUE DURATION EXDATE EXRULE FREEBUSY GEO
IMAGE LAST-MODIFIED LINK LOCATION LOCATION-TYPE METHOD NAME ORGANIZER PARTICIPANT-TYPE PERCENT-COMPLETE PRIORITY
PRODID PROXIMITY RDATE RECURRENCE-ID REFID REFRESH-INTERVAL RELATED-TO REPEAT REQUEST-STATUS RESOURCE-TYPE
RESOURCES RRULE SEQUENCE SOURCE STATUS STRUCTURED-DATA STYLED-DESCRIPTION SUMMARY TRANSP TRIGGER TZID
TZID-ALIAS-OF TZNAME TZOFFSETFROM TZOFFSETTO TZUNTIL TZURL UID URL VERSION
"""
_PROPERTIES = frozenset(_PROPERTY_TABLE.split())
"""The properties of RFC 5545, 7808, 7953, 7986, 9073, 9074 and 9253; all others begin with X-."""

_EDGE = re.compile(r"(BEGIN|END)\s*:\s*([A-Z0-9-]+)\s*", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z0-9-]+)\s*[;:]")


@dataclass(slots=True, eq=False)
class Part:
    """One part; ``whole`` when it was closed by its own END. The outermost one, the file, has no name."""

    name: str = ""
    parent: Part | None = None
    lines: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    whole: bool = False

    @property
    def is_used(self) -> bool:
        """Whether it is of a kind that the demo reads, where it belongs."""
        inside = self.parent is not None and INSIDE.get(self.name) == self.parent.name
        return inside or self.name in ANYWHERE

    def walk(self) -> Iterator[Part]:
        """This part and everything inside it, as it stands in the file."""
        left = [self]
        while left:
            part = left.pop()
            yield part
            left.extend(reversed(part.parts))

    @property
    def calendar(self) -> Part:
        """The innermost calendar around this part; the file where there is none."""
        part = self
        while part.parent is not None:
            part = part.parent
            if part.name == "VCALENDAR":
                break
        return part


def name_of(line: str) -> str:
    """The property that a line gives, in capitals; '' for a line that is no property of a calendar."""
    found = _NAME.match(line)
    name = found.group(1).upper() if found else ""
    return name if name in _PROPERTIES or name.startswith("X-") else ""


def read_parts(lines: Iterable[str], remarks: Counter[str]) -> Part:
    """The whole file as a part; lines that belong nowhere, unused parts and a cut end are counted."""
    reader = _Reader(remarks)
    for line in lines:
        reader.take(line)
    reader.finish()
    left_out: set[Part] = set()
    for part in reader.file.walk():
        if not part.is_used:
            left_out.add(part)
            what = part.name if part.name in PLANNED else "of an unknown kind"
            remarks.update([] if part.parent in left_out else [NO_EVENTS.format(what)])
        elif part.name not in (EVENT, "VALARM"):
            remarks.update(STRAY for line in part.lines if not name_of(line))
    return reader.file


class _Reader:
    """Builds the parts line by line; ``open`` is the way from the file to the innermost part that is open."""

    def __init__(self, remarks: Counter[str]) -> None:
        self.file = Part()
        self.open = [self.file]
        self._names: Counter[str] = Counter()
        self._remarks = remarks

    def take(self, line: str) -> None:
        """Read the next unfolded line: where a part begins or ends, or a property of the one that is open."""
        edge = _EDGE.fullmatch(line)
        if edge is None:
            self.open[-1].lines.append(line)
        elif edge.group(1).upper() == "BEGIN":
            self._begin(edge.group(2).upper())
        else:
            self._end(edge.group(2).upper())

    def finish(self) -> None:
        """The file is at its end: parts that are still open were cut off."""
        if self._names["VCALENDAR"]:
            self._remarks[CUT_OFF] += 1
        while len(self.open) > 1:
            self._close(whole=False)

    def _begin(self, name: str) -> None:
        while name == EVENT and self._names[EVENT]:  # an event is never inside another one
            self._close(whole=False)
        if len(self.open) > DEEPEST:
            self._remarks[STRAY] += 1
            return
        part = Part(name, self.open[-1])
        self.open[-1].parts.append(part)
        self.open.append(part)
        self._names[name] += 1

    def _end(self, name: str) -> None:
        if not self._names[name]:
            self._remarks[STRAY] += 1
            return
        while self.open[-1].name != name:
            self._close(whole=False)
        self._close(whole=True)

    def _close(self, *, whole: bool) -> None:
        part = self.open.pop()
        part.whole = whole
        self._names[part.name] -= 1
        if not whole and part.name not in (*ANYWHERE, *INSIDE, *PLANNED):
            self._dissolve(part)

    def _dissolve(self, part: Part) -> None:
        """What was taken for the beginning of a part was a stray line; what follows belongs to the part around."""
        around = self.open[-1]
        around.parts.remove(part)
        around.lines += part.lines
        for inner in part.parts:
            inner.parent = around
        around.parts += part.parts
        self._remarks[STRAY] += 1
