"""The table of people: who is how, as far as the user rows alone tell, filtered, sorted and in pages.

One scan of the user rows serves ten thousand people; nobody's partition is read for a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from jobs.commands.item_shapes import iso_of
from jobs.due import pause_of
from portal.http import Json
from portal.paging import paged
from sync_core.model.instance import Instance
from sync_core.model.user import User

PAGE = 50


def row_of(user: User, instance: Instance, now: datetime, unsynced: Mapping[str, int]) -> Json:
    """One person as the table shows them; ``is`` holds every filter that they are found by. ``unsynced``: how many
    items of theirs are not synced, by reason."""
    pause = pause_of(user, instance, now)
    found = {
        "on": user.enabled,
        "off": not user.enabled,
        "paused": user.enabled and pause is not None,
        "error": user.enabled and (bool(user.unreadable) or not user.is_operational),
        "conflicts": user.enabled and user.tally.conflicts > 0,
        "holds": user.enabled and user.tally.holds > 0,
        "parked": user.enabled and user.tally.parked > 0,
        "starting": user.enabled and user.is_unread,
        "late": is_late(user, instance, now),
    }
    return {
        "id": user.id,
        "upn": user.upn,
        "name": user.display_name or user.upn,
        "state": user.state if user.enabled else "",
        "synced_at": iso_of(user.synced_at),
        "looked_at": iso_of(looked_at(user, instance, now)),
        "troubled_at": iso_of(user.troubled_at),
        "lag": user.tally.lag,
        "links": user.tally.links,
        "conflicts": user.tally.conflicts,
        "holds": user.tally.holds,
        "parked": user.tally.parked,
        "skipped": sum(unsynced.values()) if user.enabled else 0,
        "is": [name for name, holds in found.items() if holds],
    }


def looked_at(user: User, instance: Instance, now: datetime) -> datetime | None:
    """When somebody's calendar was last looked at; the timer looks at nobody who is off, paused or in error."""
    return instance.looked_at_user(user) if _goes_on(user, instance, now) else user.synced_at


def is_late(user: User, instance: Instance, now: datetime) -> bool:
    """Whether somebody's calendar was not looked at for longer than the timer's schedule explains."""
    looked = instance.looked_at_user(user)
    return (
        _goes_on(user, instance, now) and looked is not None and now - looked > timedelta(minutes=instance.late_after)
    )


def _goes_on(user: User, instance: Instance, now: datetime) -> bool:
    is_paused = pause_of(user, instance, now) is not None
    return user.enabled and user.is_operational and not user.is_unread and not is_paused


FILTERS = ("on", "off", "error", "conflicts", "holds", "parked", "paused", "starting", "late")

SORTS: Mapping[str, tuple[Callable[[Json], object], bool]] = {
    "name": (lambda row: str(row["name"]).casefold(), False),
    "synced": (lambda row: row["looked_at"] or "", False),
    "lag": (lambda row: row["lag"] or 0, True),
    "conflicts": (lambda row: row["conflicts"], True),
    "skipped": (lambda row: row["skipped"], True),
}
"""By what a table may be sorted, and whether the most comes first."""


def numbers(rows: Iterable[Json]) -> dict[str, int]:
    """How many people each filter finds."""
    counts = dict.fromkeys(FILTERS, 0)
    for row in rows:
        for name in row["is"]:
            counts[name] += 1
    return counts


def page_of(rows: Sequence[Json], wanted: Mapping[str, str]) -> Json:
    """The page of the table that is asked for: by ``show``, ``word``, ``sort`` and ``page``, each bounded."""
    show = wanted.get("show", "") if wanted.get("show") in FILTERS else ""
    word = wanted.get("word", "").strip()[:100]
    sort = wanted.get("sort", "") if wanted.get("sort") in SORTS else "name"
    key, is_reversed = SORTS[sort]
    found = [row for row in rows if (not show or show in row["is"]) and _is_meant(row, word.casefold())]
    found.sort(key=lambda row: (str(row["name"]).casefold(), row["id"]))
    found.sort(key=key, reverse=is_reversed)  # type: ignore[arg-type]
    shown = paged(found, PAGE, wanted.get("page", "1"))
    return {
        "show": show,
        "word": word,
        "sort": sort,
        "page": shown.page,
        "pages": shown.pages,
        "found": len(found),
        "rows": shown.rows,
    }


def _is_meant(row: Json, word: str) -> bool:
    return not word or word in str(row["name"]).casefold() or word in str(row["upn"]).casefold() or word == row["id"]
