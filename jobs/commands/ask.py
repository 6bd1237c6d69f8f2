"""Asks the app to do something, and looks how far it has come: for the page and the command line alike."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from jobs.asked import EXPIRES, Asker, Command, CommandStore, Json, State, Wish, check, merged, new_id
from jobs.messages import Asked, write
from jobs.ports import Clock, Queue
from sync_core.errors import StaleWrite, StoreError, StoreUnavailable

UNSENT = "it could not be sent: ask again"
UNSEEN = "the app did not begin on it within a day: see whether it runs (`calsync doctor`), then ask again"
CUT_OFF = "it did not come to its end within a day: ask again; what was done stays done"


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
            await desk.store.save_command(replace(command, state=State.FAILED, failure=UNSENT))
        raise
    return command


async def look(desk: Desk, command_id: str) -> Command | None:
    """A command as it stands; one that nobody has ended in its time has failed. Raises ``RowUnreadable``."""
    command = await desk.store.read_command(command_id)
    if command is None or command.is_ended or desk.clock() < command.expires_at:
        return command
    failure = UNSEEN if command.state is State.WAITING else CUT_OFF
    return replace(command, state=State.FAILED, failure=failure, is_fine=False)


async def read_answer(desk: Desk, command: Command) -> Json:
    """The answer so far, as ``calsync … --json`` prints it. Raises ``RowUnreadable``."""
    return merged(await desk.store.read_parts(command.id))
