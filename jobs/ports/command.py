"""The store of commands, and what it gives back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jobs.command import Command, Json, Turn


@dataclass(frozen=True, slots=True)
class CommandPage:
    """Some commands, the ids of those that cannot be read and in whose row one of the given names stands, and the id
    of the next one, '' where there is none."""

    commands: Sequence[Command]
    unreadable: Sequence[str]
    next: str


class CommandStore(Protocol):
    """What was asked, newest first, and the answers."""

    def service_now(self) -> datetime:
        """The store's own now, by which everybody's commands are put in order, as near as it is known here."""

    async def save_command(self, command: Command) -> Command:
        """Insert (etag '') or replace; return it with its new etag. Raises ``StaleWrite`` if another write came
        first."""

    async def read_command(self, command_id: str) -> Command | None:
        """One command. Raises ``RowUnreadable``."""

    async def list_commands(self, limit: int = 100) -> list[Command]:
        """The newest commands; those that cannot be read are left out (``unreadable_commands``)."""

    async def unreadable_commands(self, limit: int = 100) -> list[str]:
        """The ids of those among the newest that cannot be read."""

    async def list_commands_from(self, command_id: str, most: int, *, naming: Collection[str]) -> CommandPage:
        """A page of all commands, newest first, at most ``most`` (and that at most 999), from this one on, '' = from
        the newest; ``naming`` are names in small letters."""

    async def drop_command(self, command_id: str) -> None:
        """Erase a command and its answer, whether or not they can be read; a missing one is fine."""

    async def save_part(self, command_id: str, number: int, part: Json) -> None:
        """Keep a part of the answer; the same number written twice is one part."""

    async def read_parts(self, command_id: str) -> list[Json]:
        """The parts of the answer, by number. Raises ``RowUnreadable``."""

    async def drop_parts(self, command_id: str) -> None:
        """Erase the answer; a missing one is fine."""

    async def read_turn(self, subject: str) -> Turn | None:
        """Whose turn was last noted at this subject; of a row that cannot be read nobody's."""

    async def save_turn(self, subject: str, turn: Turn) -> None:
        """Note a turn on the condition of its etag ('' = none stands). Raises ``StaleWrite``."""

    async def drop_turn(self, subject: str, turn: Turn) -> None:
        """Erase a turn as it was read. Raises ``StaleWrite``."""

    async def trim_turns(self, before: datetime) -> None:
        """Erase the turns of commands that were asked for before that instant, and those that cannot be read."""

    async def trim_commands(self, before: datetime) -> int:
        """Erase commands asked for before that instant, and their answers; return how many there were."""
