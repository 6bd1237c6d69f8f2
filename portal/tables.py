"""Tables to take along: people, items, what is not synced, and the audit, as CSV.

Names of columns, states and kinds are the same in every language, for programs; what is told in sentences, why
something is so and what would help, is in the reader's.

What a spreadsheet would take for a formula has an apostrophe in front. The file begins with the mark by which
Excel knows UTF-8.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from jobs.commands.item_shapes import by_title, occurrence_of, unsynced_item
from jobs.commands.remembered import STATES
from jobs.log import log_failure
from jobs.together import together
from portal import people as table
from portal.everyone import PART, audited, known
from portal.http import Answer
from portal.paging import number_in
from portal.visit import Visit
from portal.words import Words
from sync_core.content.project import is_private
from sync_core.errors import RowUnreadable
from sync_core.model.action import Action
from sync_core.model.link import Link
from sync_core.model.series import Occurrence
from sync_core.model.user import User

CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd")
"""Characters that speak to a terminal in which somebody looks at the file; a line's end within a cell is one."""

FORMULA = re.compile("(^|;[\\s\"']*)(?=[-=+@\ufffd\uff0d\uff1d\uff0b\uff20])")
"""Where a spreadsheet begins a formula, letters of East Asian width included: at the beginning of a cell, or behind a
semicolon, at which it begins a new cell where that parts the fields, as in Bulgaria."""

AUDIT = 10_000

PEOPLE = (
    "id",
    "upn",
    "name",
    "state",
    "synced_at",
    "looked_at",
    "troubled_at",
    "lag",
    "links",
    "conflicts",
    "holds",
    "parked",
    "skipped",
)
ITEMS = ("event_id", "activity_id", "subject", "start", "status", "reason", "conflict_since", "series", "series_date")
UNSYNCED = ("upn", "what", "reason", "do", "subject", "at", "end", "event_id", "activity_id", "series_date")
COMMANDS = (
    "id",
    "kind",
    "choice",
    "full",
    "until",
    "asked_by",
    "asked_at",
    "finished_at",
    "state",
    "is_fine",
    "everybody",
    "people",
    "whom",
    "failure",
)


async def people(visit: Visit) -> Answer:
    """Everybody calsync knows, a line each."""
    instance, _ = await visit.world.store.read_instance()
    unsynced, users = await visit.world.store.count_unsynced(), await visit.world.store.list_users()
    words = _words(visit)
    told = [table.row_of(user, instance, visit.now, unsynced.get(user.id, {})) for user in users]
    rows = [{**row, "state": words.state(row["state"])} for row in told]
    return as_csv("people", PEOPLE, ([row[name] for name in PEOPLE] for row in rows))


def _words(visit: Visit) -> Words:
    return Words(visit.language, "", visit.now)


async def items(visit: Visit) -> Answer:
    """Every pair of one person; a private subject is its owner's only."""
    user = await known(visit)
    memory = await visit.world.store.recall(user.id)
    words = _words(visit)
    return as_csv("items", ITEMS, (_item(link, words) for link in sorted(memory.links, key=by_title)))


async def _part(visit: Visit) -> tuple[int, list[User]]:
    """The number of the part that is asked for, and its people, who come in the order of their names."""
    users = sorted(await visit.world.store.list_users(), key=lambda user: (user.upn.casefold(), user.id))
    part = number_in(visit.asked.query.get("part", "1"))
    return part, users[(part - 1) * PART : part * PART]


async def items_of_all(visit: Visit) -> Answer:
    """Every pair of the people of one part. A person whose rows cannot be read has a line that says so."""
    part, meant = await _part(visit)
    words = _words(visit)

    async def of(user: User) -> list[list[object]]:
        try:
            memory = await visit.world.store.recall(user.id)
        except RowUnreadable as error:
            log_failure("portal", error, user_id=user.id)
            return [[user.upn or user.id, *[""] * (len(ITEMS) - 2), Action.UNREADABLE, ""]]
        return [[user.upn, *_item(link, words)] for link in sorted(memory.links, key=by_title)]

    rows = [row for own in await together(of, meant) for row in own]
    return as_csv(f"items-{part}", ("upn", *ITEMS), rows)


async def unsynced_of_all(visit: Visit) -> Answer:
    """What is not synced of the people of one part whose sync is on, with what would change it."""
    part, meant = await _part(visit)
    on = [user for user in meant if user.enabled]
    found = await together(lambda user: visit.world.store.read_unsynced(user.id), on)
    words = _words(visit)
    shaped = [
        {**unsynced_item(user, one), **words.why(one.reason), "series_date": _date(one.occurrence, words)}
        for user, own in zip(on, found, strict=True)
        for one in own.items
    ]
    return as_csv(f"not-synced-{part}", UNSYNCED, ([row[name] for name in UNSYNCED] for row in shaped))


def _date(one: Occurrence | None, words: Words) -> str:
    """Which date of a series an item is, like ``Every second week, 2026-06-25``."""
    told = occurrence_of(one)
    return f"{words.recurrence(told)}, {told['day']}" if told else ""


def _item(link: Link, words: Words) -> list[object]:
    is_hidden = is_private(link.base_event) or is_private(link.base_activity)
    date = occurrence_of(link.occurrence)
    return [
        link.event_id,
        link.activity_id,
        "" if is_hidden else link.base_event.subject,
        link.base_event.start.isoformat(),
        STATES[link.status],
        words.why(link.reason)["reason"],
        link.conflict.since_at.isoformat() if link.conflict else "",
        date["series"] if date else "",
        _date(link.occurrence, words),
    ]


async def audit(visit: Visit) -> Answer:
    """Who asked for what, newest first."""
    words = _words(visit)
    rows = [
        {
            **row,
            "asked_by": words.person(row["asked_by"]),
            "whom": ", ".join(map(words.person, row["whom"])),
            "failure": words.t(f"failed.{row['why']}", detail=row["detail"]) if row["why"] else row["failure"],
        }
        for row in await audited(visit, AUDIT)
    ]
    return as_csv("audit", COMMANDS, ([row[name] for name in COMMANDS] for row in rows))


def as_csv(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Answer:
    """The rows as a file of this name."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    found = {"Content-Disposition": f'attachment; filename="calsync-{name}.csv"'}
    return Answer(200, text.getvalue().encode("utf-8-sig", "replace"), "text/csv", found)


def _cell(value: object) -> str:
    text = "" if value is None else str(value).translate(CONTROLS)
    return FORMULA.sub(r"\1'", text)
