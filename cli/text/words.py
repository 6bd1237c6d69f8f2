"""How values are written, whatever they are part of: quoted, counted, as an instant, as a next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cli.screen import plain

Json = dict[str, Any]

WIDEST = 100
"""The most characters of one value that are shown."""


OPENINGS = {"pull": "reading what changed in ERP.net"}
"""What a command does before its first item."""


def quoted(value: str) -> str:
    """Cut a value from outside to ``WIDEST`` and put it into quotation marks."""
    text = plain(value)
    return f"“{text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}”"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 conflict``, ``2 conflicts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def when(at: str | None, zone: str = "") -> str:
    """Write an instant, in UTC or in this time zone, whose name stands elsewhere; one that never was too."""
    if not at:
        return "never"
    if not zone:
        return f"{at[:10]} {at[11:19]} UTC"
    return f"{datetime.fromisoformat(at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def zone_of(answer: Json) -> str:
    """The zone of somebody's times; an answer of an earlier build has none: UTC."""
    return str(answer.get("zone") or "UTC")


def next_step(one: Json, margin: str) -> Iterator[str]:
    """Write what to do about something, where that is known."""
    if one["do"]:
        yield f"{margin}Do: {plain(one['do'])}."


def date_in(item: Json) -> str:
    """Write which date of a series an item is, like `` (Weekly, 25 June)``, with its title where the item has
    another; '' for any other item."""
    one = item.get("occurrence")
    if not one:
        return ""
    series = f", of {quoted(one['title'])}" if one["title"] else ""
    return f" ({plain(one['text'])}{series})"


def series_named(subject: str, dates: int, first: str, last: str) -> str:
    """Write several dates of one series as one: the series “Stand-up”, 23 dates, 25 June to 27 July."""
    days = [date.fromisoformat(day) for day in (first, last)]
    return f"the series {quoted(subject)}, {dates} dates, {' to '.join(f'{day.day} {day:%B}' for day in days)}"


def named(item: Json) -> str:
    """Write what an item is called, with which date of a series it is, or which dates: quoted, '' for no title."""
    dates = item.get("dates")
    if dates:
        return series_named(item["subject"], dates["count"], dates["first"], dates["last"])
    return f"{quoted(item['subject'])}{date_in(item)}" if item["subject"] else ""


def failure_lines(output: Json) -> Iterator[str]:
    """Write what failed for some of several users; a failure that begins with the name does not say it twice."""
    for one in output.get("failures", ()):
        upn, failure = one["upn"], one["failure"]
        yield plain(failure if failure.startswith(f"{upn} ") else f"{upn}: {failure}")
