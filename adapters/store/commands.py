"""Commands, newest first in one partition; the parts of each answer in a partition of its own (``jobs.command``).

Whose turn it was last at what commands are about stands in a third partition, under digests.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb, gather
from jobs.command import Command, Json, Turn, stamp
from jobs.ports import CommandPage
from sync_core.errors import RowUnreadable, StaleWrite, StoreError
from sync_core.model.sides import Side

_PARTITION, _TURNS = "command", "turn"


PIECE, MOST_PIECES = 60_000, 150
"""Characters of a part in one row, and rows of a part at most: no answer is too long for whoever waits for it."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an answer; of a long one a piece of its JSON (``text``), the first saying how many there are."""

    part: Json = field(default_factory=dict)
    text: str = ""
    pieces: int = 0


def _place(command_id: str) -> Key:
    return Key(_PARTITION, codec.key(command_id))


EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


def _turn(subject: str) -> Key:
    """Where a turn stands: by a digest, since it outlives by a day whoever is forgotten."""
    return Key(_TURNS, codec.hashed(subject))


def _asked_at(row: Row) -> datetime:
    with suppress(RowUnreadable):
        return stored.value_of(Table.COMMANDS, row, Turn).asked_at
    return EARLIEST


def _answer(command_id: str) -> str:
    return f"answer-{codec.key(command_id)}"


def _command_in(row: Row) -> Command | None:
    """The command of a row; None where it cannot be read."""
    with suppress(RowUnreadable):
        return replace(stored.value_of(Table.COMMANDS, row, Command), etag=row.etag)
    return None


_BETWEEN = "-"


def _name(number: int, piece: int = 0) -> str:
    return f"{number:06d}{_BETWEEN}{piece:03d}" if piece else f"{number:06d}"


def _part_in(rows: Mapping[str, Row], name: str) -> Json:
    """The part that begins in this row."""
    first = stored.value_of(Table.COMMANDS, rows[name], PartRow)
    if not first.pieces:
        return first.part
    try:
        others = [rows[_name(int(name), piece)] for piece in range(1, first.pieces)]
        texts = [stored.value_of(Table.COMMANDS, row, PartRow).text for row in others]
        part: Json = json.loads("".join((first.text, *texts)))
    except (LookupError, ValueError) as error:
        raise stored.unreadable(
            Table.COMMANDS, rows[name].key, PartRow, RowUnreadable("a part is not whole")
        ) from error
    return part


class Commands:
    """Reading and writing; ``RowStore`` mixes it in."""

    backend: Backend

    async def save_command(self, command: Command) -> Command:
        """Insert (etag '') or replace; with its new etag. Raises ``StaleWrite`` when somebody was faster."""
        verb, command = Verb.PUT if command.etag else Verb.INSERT, replace(command, told="")
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
        rows = await self.backend.scan(Table.COMMANDS, _PARTITION, limit)
        return [command for row in rows if (command := _command_in(row)) is not None]

    async def unreadable_commands(self, limit: int = 100) -> list[str]:
        """The ids of those that cannot be read."""
        rows = await self.backend.scan(Table.COMMANDS, _PARTITION, limit)
        return [row.key.row for row in rows if _command_in(row) is None]

    async def list_commands_from(self, command_id: str, most: int, *, naming: Collection[str]) -> CommandPage:
        """A page of all commands, newest first, from this one on."""
        begin = _place(command_id).row if command_id else ""
        rows = await self.backend.scan_from(Table.COMMANDS, _PARTITION, begin, most + 1)
        read = [(row, _command_in(row)) for row in rows[:most]]
        spoilt = [row for row, command in read if command is None]
        named = [row.key.row for row in spoilt if codec.mentions(row.properties, naming)]
        return CommandPage([one for _, one in read if one], named, rows[most].key.row if rows[most:] else "")

    async def drop_command(self, command_id: str) -> None:
        """Erase a command and its answer."""
        await self.drop_parts(command_id)
        await self.backend.write(Table.COMMANDS, Op(Verb.DELETE, _place(command_id)))

    async def save_part(self, command_id: str, number: int, part: Json) -> None:
        """Keep a part of the answer; the same number written twice is one part."""
        text = codec.text_of(part)
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
        if len(pieces) > MOST_PIECES:
            raise StoreError(f"an answer of {len(text):,} characters is too long: ask for less at once")
        first, *others = (
            [PartRow(part)] if len(pieces) == 1 else [PartRow(text=x, pieces=len(pieces)) for x in pieces]
        )
        for piece, row in enumerate(others, 1):
            await self._save_piece(command_id, _name(number, piece), row)
        await self._save_piece(command_id, _name(number), first)

    async def _save_piece(self, command_id: str, name: str, row: PartRow) -> None:
        await self.backend.write(Table.COMMANDS, Op(Verb.PUT, Key(_answer(command_id), name), codec.encode(row)))

    async def read_parts(self, command_id: str) -> list[Json]:
        """The parts of the answer, by number. Raises ``RowUnreadable``."""
        rows = {row.key.row: row for row in await self.backend.scan(Table.COMMANDS, _answer(command_id))}
        return [_part_in(rows, name) for name in rows if _BETWEEN not in name]

    async def drop_parts(self, command_id: str) -> None:
        """Erase the answer; a missing one is fine."""
        rows = await self.backend.scan(Table.COMMANDS, _answer(command_id))
        await self.backend.write_all(Table.COMMANDS, [Op(Verb.DELETE, row.key) for row in rows])

    async def read_turn(self, subject: str) -> Turn | None:
        """Whose turn was last noted at this subject; of a row that cannot be read nobody's, and it is replaced."""
        row = await self.backend.read(Table.COMMANDS, _turn(subject))
        if row is None:
            return None
        with suppress(RowUnreadable):
            return replace(stored.value_of(Table.COMMANDS, row, Turn), etag=row.etag)
        return Turn(EARLIEST, "", etag=row.etag)

    async def save_turn(self, subject: str, turn: Turn) -> None:
        """Note a turn on the condition of its etag ('' = none stands). Raises ``StaleWrite``."""
        verb = Verb.PUT if turn.etag else Verb.INSERT
        await self._write_turn(Op(verb, _turn(subject), codec.encode(replace(turn, etag="")), turn.etag))

    async def drop_turn(self, subject: str, turn: Turn) -> None:
        """Erase a turn as it was read. Raises ``StaleWrite``."""
        await self._write_turn(Op(Verb.DELETE, _turn(subject), etag=turn.etag))

    async def _write_turn(self, op: Op) -> None:
        try:
            await self.backend.write(Table.COMMANDS, op)
        except Conflict as conflict:
            raise StaleWrite(Side.ERP, "another command about the same was faster") from conflict

    async def trim_turns(self, before: datetime) -> None:
        """Erase the turns of commands that were asked for before that instant, and those that cannot be read."""
        rows = await self.backend.scan(Table.COMMANDS, _TURNS)
        old = [row.key for row in rows if _asked_at(row) < before]
        await self.backend.write_all(Table.COMMANDS, [Op(Verb.DELETE, key) for key in old])

    async def trim_commands(self, before: datetime) -> int:
        """Erase commands that were asked for before then, and their answers; how many there were.

        A row that cannot be read tells its age by its key.
        """
        border = stamp(before)
        old = [row.key for row in await self.backend.scan(Table.COMMANDS, _PARTITION) if row.key.row[:7] > border]
        await gather(self.drop_parts(key.row) for key in old)
        await self.backend.write_all(Table.COMMANDS, [Op(Verb.DELETE, key) for key in old])
        return len(old)
