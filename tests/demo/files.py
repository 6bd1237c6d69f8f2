"""Calendar files for the tests, written line by line."""

from __future__ import annotations

from simulators.demo.entries import Export
from simulators.demo.ics import read_bytes

HOME = "FLE Standard Time"
MORNING = "DTSTART:20260302T090000Z"


def event(uid: str, *lines: str) -> str:
    """An event on 2 March 2026 unless a line says otherwise; its title is its id unless a line gives one."""
    start = () if any("DTSTART" in line for line in lines) else (MORNING,)
    title = () if any("SUMMARY" in line for line in lines) else (f"SUMMARY:{uid}",)
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", *start, *title, *lines, "END:VEVENT"))


def calendar(*parts: str, head: str = "") -> str:
    """A calendar with these parts."""
    inside = "".join(f"{part}\n" for part in (head, *parts) if part)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{inside}END:VCALENDAR\n".replace("\n", "\r\n")


def read(*files: str | bytes) -> Export:
    """These calendars as one file of somebody in Sofia."""
    raw = b"".join(file if isinstance(file, bytes) else file.encode() for file in files)
    return read_bytes(raw, "my.ics", HOME)


def titles(export: Export) -> list[str]:
    """The titles of what was read."""
    return [entry.subject for entry in export.entries]
