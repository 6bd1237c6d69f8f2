"""`calsync users export` and `import`: who is switched on, as a file that brings it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TextIO

import click

from cli.given import TEXT_FILE, text_of
from cli.group import command
from cli.people import users
from cli.runner import DONE, FAILED, Runner
from cli.text import people as text
from cli.wishes import ask_each

if TYPE_CHECKING:
    from jobs.wish import Wish
    from jobs.world import World

ALL_KNOWN = "Everybody in the file is on as it says."


@command(users, "export", examples=("users export > calsync-users.json",))
def export_users(runner: Runner) -> None:
    """Print the users who are switched on, as JSON.

    With their places and time zones: a backup for `users import`.
    """

    async def work(world: World) -> int:
        from jobs.commands import roster

        known = await world.store.list_users()
        unreadable = [user for user in known if user.unreadable]
        for user in unreadable:
            runner.notice(f"{user.id} is left out: {user.unreadable}")
        runner.print(roster.export(known))
        return FAILED if unreadable else DONE

    runner.read(work)


@command(users, "import", examples=("users import calsync-users.json", "users import - < calsync-users.json"))
@click.argument("file", type=TEXT_FILE)
def import_users(runner: Runner, file: TextIO) -> None:
    """Switch on every user in a file of `users export`.

    - is standard input; nobody is switched off.
    """
    written = text_of(file, "make one with `calsync users export`")
    ask_each(runner, _wishes_of(written), text.enabled_lines, empty=ALL_KNOWN)


def _wishes_of(written: str) -> Callable[[World], Awaitable[list[Wish]]]:
    """What a file of `users export` asks for: one wish for all who are to have the same place and zone."""

    async def find(world: World) -> list[Wish]:
        from jobs.commands import roster

        return roster.wishes(roster.read(written), await world.store.list_users())

    return find
