"""What needs somebody, over everybody: one list in pages, what has waited longest first.

The order comes from the users' rows and the instance row alone; a person's partition is read for whose deletions one
page shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from jobs.command import Command, State
from jobs.commands import item_shapes
from jobs.commands.checks import Check
from jobs.commands.item_shapes import iso_of
from jobs.commands.overview import TOLD_BY_ROWS
from jobs.commands.shapes import check_of, status_of
from jobs.together import together
from jobs.wish import Kind
from portal.command import answer_of
from portal.http import Json
from portal.paging import paged
from portal.visit import Visit
from sync_core.errors import RowUnreadable
from sync_core.model.instance import Instance
from sync_core.model.user import User
from sync_core.plan.needs import Need, Needed, in_order, of_person, of_poison, of_secret

PAGE = 20
"""Entries of one page."""

MOST_HELD = 20
"""Items of one list of deletions that are shown among those of everybody."""


async def needs_of(visit: Visit, instance: Instance, users: Sequence[User], asked: Sequence[Command]) -> Json:
    """The page of the list that is asked for (``needs``), and how many entries there are."""
    checks = await _failed_checks(visit, instance, users, asked)
    found = [one for user in users for one in of_person(user)]
    found += of_secret(visit.world.secret_ends, visit.now.date())
    found += of_poison(instance.poisoned, instance.poisoned_since)
    ordered = in_order([*found, *checks])
    page = paged(ordered, PAGE, visit.asked.query.get("needs", "1"))
    known = {user.id: user for user in users}

    async def shaped(one: Needed) -> Json:
        user = known.get(one.user_id)
        is_of_secret = one.need is Need.ENDING
        return {
            "need": str(one.need),
            "since": iso_of(one.since),
            "user_id": one.user_id,
            "name": (user.display_name or user.upn or user.id) if user else "",
            "state": (user.unreadable or user.state) if user and one.need is Need.ERROR else "",
            "count": one.count,
            "holds": await _holds(visit, user) if user and one.need is Need.HOLDS else [],
            "check": checks.get(one),
            "ends": iso_of(visit.world.secret_ends) if is_of_secret else None,
        }

    shown = await together(shaped, page.rows)
    return {"page": page.page, "pages": page.pages, "count": len(ordered), "rows": shown}


async def _failed_checks(
    visit: Visit, instance: Instance, users: Sequence[User], asked: Sequence[Command]
) -> Mapping[Needed, Json]:
    """What the last check of everything found wrong, but for what other rows tell: missing permissions with the
    command, since the first check in a row that found it.

    What other systems said, and what a person lacks who is not in error, is told as long as the answer is kept.
    """
    known = {code: one for code, one in instance.failing.items() if code not in TOLD_BY_ROWS}
    kept = {
        Needed(Need.CHECK, one.since, about=code): check_of(Check(one.what, False, one.found))
        for code, one in known.items()
        if one.found.text
    }
    last = next((one for one in asked if one.wish.kind is Kind.DOCTOR and one.state is State.DONE), None)
    if last is None:
        return kept
    at: datetime = last.finished_at or last.asked_at
    in_error = {user.upn for user in users if any(one.need is Need.ERROR for one in of_person(user))}
    told = [check for check in (await answer_of(visit, last)).get("checks", []) if not check["fine"]]
    for number, check in enumerate(told):
        topic = check.get("topic", "")
        if check["what"] not in in_error and (not topic or (topic in known and not known[topic].found.text)):
            since = known[topic].since if topic else at
            kept[Needed(Need.CHECK, since, about=f"{topic} {number:04}")] = check
    return kept


async def _holds(visit: Visit, user: User) -> list[Json]:
    """The lists of one person, each with its items, the oldest first; none where their rows cannot be read."""
    try:
        memory = await visit.world.store.recall(user.id)
    except RowUnreadable:
        return []
    lists = sorted(status_of(user, memory, ())["holds"], key=lambda hold: hold["since"] or "")
    return [_begun(user, hold) for hold in lists]


def _begun(user: User, hold: Json) -> Json:
    """A list with its series and the first of its other items, and how many ``more`` there are: the person's page has
    all of them."""
    whole = {(one["series"], one["intent"]) for one in hold["series"]}
    others = [one for one in hold["items"] if item_shapes.series_with_intent(one) not in whole]
    told = others[:MOST_HELD]
    return {"user_id": user.id, **hold, "items": told, "more": len(others) - len(told)}
