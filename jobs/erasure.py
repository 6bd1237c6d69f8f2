"""Erases a forgotten user from all that was asked of the app.

It is kept for ninety days, by ids, and gone through page by page. An eraser that dies is covered by a message that
looks once more, later than any round lasts; it comes again as long as a command that tells of the user runs.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.asked import pages
from jobs.command import Asker, Command, State, stamp
from jobs.forgotten import erase_if_forgotten
from jobs.log import log_failure
from jobs.messages import Forget, write
from jobs.together import together
from jobs.wish import Kind
from jobs.world import World
from sync_core.errors import StaleWrite, StoreUnavailable

LAST_LOOK = 1_800.0
"""Seconds until the rows of a forgotten user are erased once more: longer than any round or call lasts."""

FORGOTTEN = "(forgotten)"
"""Stands for a forgotten user in what was asked."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is erased from what was asked until ``at``: their id and ``names`` (small letters).

    ``is_back``: they were switched on again since, and what was asked later stays. Else all goes but what waits.
    """

    user_id: str
    names: frozenset[str]
    at: datetime
    is_back: bool = False

    def spares(self, command: Command) -> bool:
        """Whether a command was asked later and stays as it is."""
        return command.asked_at > self.at and (self.is_back or command.state is State.WAITING)


async def look_again(world: World, user_id: str, at: datetime) -> None:
    """Have what is left of somebody who was forgotten ``at`` that instant erased once more, later."""
    try:
        await world.queue.send(write(Forget(user_id, at)), delay_seconds=LAST_LOOK)
    except StoreUnavailable as error:
        log_failure("forget", error, user_id=user_id)


async def last_look(world: World, order: Forget) -> None:
    """Erase what is left of a forgotten user: rows that were written late, and their id in what was asked."""
    at = order.asked_at or world.clock()
    is_back = not await erase_if_forgotten(world, order.user_id)
    if await erase_from_commands(world, Whom(order.user_id, frozenset({order.user_id.casefold()}), at, is_back)):
        await look_again(world, order.user_id, at)


async def erase_from_commands(world: World, whom: Whom) -> bool:
    """Erase a user from all that was asked, and the answers that tell of them; whether a command that does so runs:
    it will be saved once more by whoever works on it.

    What cannot be read (a newer build's) goes where it names the user. Each page that is done has nothing left to do:
    after a stop it is begun anew.
    """
    is_running = False
    async for page in pages(world.store, naming=whom.names):
        for command_id in page.unreadable:
            if not (whom.is_back and command_id < stamp(whom.at)):
                await world.store.drop_command(command_id)
        is_running |= any(await together(lambda one: _erase_from(world, one, whom), page.commands))
    return is_running


async def _erase_from(world: World, command: Command, whom: Whom) -> bool:
    """Erase a user from one command; whether it tells of them and runs."""
    wish = command.wish
    others = tuple(FORGOTTEN if name.casefold() in whom.names else name for name in wish.people)
    names_others = bool(wish.people) and others == wish.people
    tells_of_all = wish.kind is Kind.FORGET  # its answer does
    is_about_others = wish.kind is Kind.PLACES or (names_others and not tells_of_all)
    if whom.spares(command) or (is_about_others and command.asked_by.id != whom.user_id):
        return False
    await world.store.drop_parts(command.id)
    if command.state is State.RUNNING:
        return True
    by = Asker(FORGOTTEN) if command.asked_by.id == whom.user_id else command.asked_by
    left = replace(command, wish=replace(wish, people=others), asked_by=by)
    if left != command:
        with suppress(StaleWrite):  # somebody else is at it: the last look comes to it
            await world.store.save_command(left)
    return False
