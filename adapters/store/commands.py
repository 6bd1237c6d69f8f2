"""Commands, newest first in one partition; the parts of each answer in a partition of its own (``jobs.asked``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Table, Verb, gather
from jobs.asked import Command, Json, stamp
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model.sides import Side

_PARTITION = "command"


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an answer."""

    part: Json


def _place(command_id: str) -> Key:
    return Key(_PARTITION, codec.key(command_id))


def _answer(command_id: str) -> str:
    return f"answer-{codec.key(command_id)}"


class Commands:
    """Reading and writing; ``RowStore`` mixes it in."""

    backend: Backend

    async def save_command(self, command: Command) -> Command:
        """Insert (etag '') or replace; with its new etag. Raises ``StaleWrite`` when somebody was faster."""
        verb = Verb.PUT if command.etag else Verb.INSERT
        op = Op(verb, _place(command.id), codec.encode(replace(command, etag="")), command.etag)
        try:
            return replace(command, etag=await self.backend.write(Table.COMMANDS, op))
        except Conflict as conflict:
            raise StaleWrite(Side.ERP, "somebody else changed this command") from conflict

    async def read_command(self, command_id: str) -> Command | None:
        """One command. Raises ``RowUnreadable``."""
        row = await self.backend.read(Table.COMMANDS, _place(command_id))
        return replace(stored.value_of(Table.COMMANDS, row, Command), etag=row.etag) if row else None

    async def list_commands(self, limit: int = 100) -> list[Command]:
        """The newest commands; those that cannot be read are left out."""
        found: list[Command] = []
        for row in await self.backend.scan(Table.COMMANDS, _PARTITION, limit):
            try:
                found.append(replace(stored.value_of(Table.COMMANDS, row, Command), etag=row.etag))
            except RowUnreadable:
                continue
        return found

    async def save_part(self, command_id: str, number: int, part: Json) -> None:
        """Keep a part of the answer; the same number written twice is one part."""
        place = Key(_answer(command_id), f"{number:06d}")
        await self.backend.write(Table.COMMANDS, Op(Verb.PUT, place, codec.encode(PartRow(part))))

    async def read_parts(self, command_id: str) -> list[Json]:
        """The parts of the answer, by number. Raises ``RowUnreadable``."""
        rows = await self.backend.scan(Table.COMMANDS, _answer(command_id))
        return [stored.value_of(Table.COMMANDS, row, PartRow).part for row in rows]

    async def drop_parts(self, command_id: str) -> None:
        """Erase the answer; a missing one is fine."""
        rows = await self.backend.scan(Table.COMMANDS, _answer(command_id))
        await self.backend.write_all(Table.COMMANDS, [Op(Verb.DELETE, row.key) for row in rows])

    async def trim_commands(self, before: datetime) -> int:
        """Erase commands that were asked for before then, and their answers; how many there were.

        A row that cannot be read tells its age by its key.
        """
        border = stamp(before)
        old = [row.key for row in await self.backend.scan(Table.COMMANDS, _PARTITION) if row.key.row[:7] > border]
        await gather(self.drop_parts(key.row) for key in old)
        await self.backend.write_all(Table.COMMANDS, [Op(Verb.DELETE, key) for key in old])
        return len(old)
