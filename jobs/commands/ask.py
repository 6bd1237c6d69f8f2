"""Asks the app to do something, and looks how far it has come: for the page and the command line alike."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from jobs.command import EXPIRES, Asker, Command, Json, State, merged, new_id
from jobs.messages import Asked, write
from jobs.ports import Clock, CommandStore, Queue
from jobs.trouble import Trouble, Why
from jobs.wish import Wish, check
from sync_core.errors import RowUnreadable, StaleWrite, StoreError, StoreUnavailable

TOLD = "failed"
"""The part of an answer that says why the command failed, in the words of the day."""


class Desk(Protocol):
    """What asking needs of a ``World``: our memory and the queue, no side."""

    @property
    def store(self) -> CommandStore:
        """Where commands are kept."""

    @property
    def queue(self) -> Queue:
        """Where their messages go."""

    @property
    def clock(self) -> Clock:
        """Tells the current instant."""


async def ask(desk: Desk, wish: Wish, by: Asker, *, id: str = "") -> Command:
    """File a command and send its message. ``id``: asked twice with the same one, it is the same command.

    Raises ``WishInvalid``, and ``StoreUnavailable`` where the message cannot be sent: then nothing was asked.
    """
    check(wish)
    now = desk.clock()
    command = Command(id or new_id(now), wish, by, now, now + EXPIRES)
    try:
        command = await desk.store.save_command(command)
    except StaleWrite:
        known = await desk.store.read_command(command.id)
        return known if known is not None else command
    try:
        await desk.queue.send(write(Asked(command.id, calls=wish.calls)))
    except StoreUnavailable:
        with suppress(StoreError):
            await desk.store.save_command(replace(command, state=State.FAILED, trouble=Trouble(Why.UNSENT)))
        raise
    return command


async def look(desk: Desk, command_id: str, *, whose: str = "") -> Command | None:
    """A command as it stands; one that nobody has ended in its time has failed. Raises ``RowUnreadable``.

    ``whose``: one that somebody else asked for is not there, and no more is read for it than for none.
    Why it failed is told in the words of the day as long as there is an answer.
    """
    command = await desk.store.read_command(command_id)
    if command is not None and whose not in ("", command.asked_by.id):
        return None
    if command is None or (not command.is_ended and desk.clock() < command.expires_at):
        return command
    if not command.is_ended:
        return replace(command, state=State.FAILED, trouble=given_up(command), is_fine=False)
    if command.trouble is None:
        return command
    with suppress(RowUnreadable):
        return replace(command, told=str((await read_answer(desk, command)).get(TOLD, "")))
    return command


def given_up(command: Command) -> Trouble:
    """Why a command that was not ended in its time has failed."""
    return Trouble(Why.UNSEEN if command.state is State.WAITING else Why.CUT_OFF)


async def read_answer(desk: Desk, command: Command) -> Json:
    """The answer so far, as ``calsync … --json`` prints it. Raises ``RowUnreadable``."""
    return merged(await desk.store.read_parts(command.id))
