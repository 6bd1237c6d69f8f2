"""`calsync conflicts`, `unsynced` and `journal`: lists from the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import click

from cli import group
from cli.given import DAY
from cli.group import NOBODY, all_option, command, file_option, main, user_option
from cli.runner import DONE, FAILED, Runner
from cli.text import stories as text

if TYPE_CHECKING:
    from jobs.world import World
    from sync_core.model.link import Link
    from sync_core.model.user import User

Json = dict[str, Any]

OFF = "Their sync is switched off: `calsync users enable` switches it on."


@command(main, examples=("conflicts", "conflicts --user anna@acme.com --json"))
@user_option
@file_option
def conflicts(runner: Runner, upns: tuple[str, ...], named: TextIO | None) -> None:
    """List open conflicts, with both values.

    `resolve` takes their ids.
    """
    people = group.people(upns, named, needed=False)

    async def work(world: World) -> int:
        from jobs.commands import item_shapes
        from sync_core.errors import RowUnreadable

        found: list[Json] = []
        failures: list[str] = []
        for user in await group.chosen(world, people):
            try:
                found += item_shapes.conflicts_of(user, await world.store.recall(user.id))
            except RowUnreadable as error:
                failures.append(f"{user.upn}: {error}")
                runner.notice(failures[-1])
        found.sort(key=lambda conflict: str(conflict["since"]))
        lines = [line for conflict in found for line in text.conflict_lines(conflict)]
        runner.give({"conflicts": found, "failures": failures}, lines or ["No conflict is open."])
        return FAILED if failures else DONE

    runner.read(work)


# 6 parameters: click hands over each option by itself.
@command(main, examples=("journal --user anna@acme.com", "journal --user anna@acme.com --since 2026-12-01"))
@user_option
@file_option
@click.option(
    "--since",
    metavar="DATE",
    default=None,
    type=DAY,
    help="Not older than this day, in each person's own time, like 2026-12-07.",
)
@click.option("--limit", type=click.IntRange(1, 5000), default=100, help="Entries of each user, newest first.")
@click.option("--rounds", "with_idle", is_flag=True, help="Also the rounds that found nothing to do.")
def journal(
    runner: Runner, upns: tuple[str, ...], named: TextIO | None, since: str | None, limit: int, with_idle: bool
) -> None:
    """Show what was done and why, newest first."""
    people = group.people(upns, named, needed=False)
    day = date.fromisoformat(since) if since else None

    async def work(world: World) -> int:
        from jobs.commands import item_shapes, shapes
        from jobs.commands.doings import newest

        read = world.store.read_journal if with_idle else partial(newest, world.store)
        chosen = await group.chosen(world, people)
        found = []
        for user in chosen:
            entries = await read(user.id, limit)
            links = await _links_of(world, user) if any(one.occurrence for one in entries) else ()
            found.append(shapes.journal_of(user, entries, day, links=links, with_idle=with_idle))
        lines = [line for one in found for line in text.journal_lines(one)]
        runner.give({"users": found}, lines if chosen else [NOBODY])
        return FAILED if any(item_shapes.is_unreadable(entry) for one in found for entry in one["log"]) else DONE

    runner.read(work)


async def _links_of(world: World, user: User) -> Sequence[Link]:
    """Somebody's pairs; none where a row of theirs cannot be read, which takes no journal away."""
    from sync_core.errors import RowUnreadable

    try:
        return (await world.store.recall(user.id)).links
    except RowUnreadable:
        return ()


# 6 parameters: click hands over each option by itself.
@command(
    main,
    examples=(
        "unsynced",
        "unsynced --user anna@acme.com --user boris@acme.com",
        'unsynced --reason "outside the window"',
    ),
)
@user_option
@file_option
@all_option
@click.option("--reason", default="", help="Only items with exactly this reason.")
@click.option("--after", metavar="PLACE", default="", help="Go on where the page before ended; it says where.")
def unsynced(
    runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, reason: str, after: str
) -> None:
    """List what is not synced, by reason, with what would change it."""
    people = group.people(upns, named, everybody, needed=False)

    async def work(world: World) -> int:
        from jobs.commands import shapes
        from jobs.commands.unsynced import list_unsynced

        users = await group.chosen(world, people)
        among = {user.id for user in users} if people else ()
        page = await list_unsynced(world, among=among, reason=reason, after=after)
        output = shapes.unsynced_of(page)
        is_any_on = any(user.enabled for user in users)
        nothing = text.nothing_unsynced(reason) if is_any_on else OFF if people else NOBODY
        runner.give(output, [*text.unsynced_lines(output), *([] if page.items else [nothing])])
        return DONE

    runner.read(work)
