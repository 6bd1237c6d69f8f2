"""What every store does with commands and their answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.store import RowStore
from jobs.command import Asker, Command, State, Turn, new_id
from jobs.wish import Kind, Wish
from sync_core.errors import RowUnreadable, StaleWrite, StoreError
from tests.support.store_contract.rows import NOW, ODD


def a_command(at: datetime) -> Command:
    """A command of somebody."""
    return Command(new_id(at), Wish(Kind.SYNC, everybody=True), Asker("o"), at, at + timedelta(days=1))


class CommandContract:
    """What was asked, and the answers."""

    async def test_a_command_is_read_back(self, fresh_store: RowStore) -> None:
        """With all it says, under its own id."""
        wish = Wish(Kind.RESOLVE, (ODD,), item="c1", choice="fields", fields={"subject": "outlook"})
        asked = Command(new_id(NOW), wish, Asker("o", ODD), NOW, NOW + timedelta(days=1), items=(ODD, ""))
        saved = await fresh_store.save_command(asked)

        assert await fresh_store.read_command(asked.id) == saved
        assert replace(saved, etag="") == asked
        assert await fresh_store.read_command(new_id(NOW)) is None

    async def test_a_command_is_saved_by_one(self, fresh_store: RowStore) -> None:
        """Neither filed twice under one id nor saved over what somebody else saved."""
        asked = a_command(NOW)
        first = await fresh_store.save_command(asked)
        with pytest.raises(StaleWrite):
            await fresh_store.save_command(asked)
        second = await fresh_store.save_command(replace(first, state=State.RUNNING))
        with pytest.raises(StaleWrite):
            await fresh_store.save_command(replace(first, done=1))

        assert await fresh_store.read_command(asked.id) == second

    async def test_the_newest_commands_come_first(self, fresh_store: RowStore) -> None:
        """However many there are; a spoilt one is left out."""
        hours = (0, 2, 1)
        old, young, spoilt = [await fresh_store.save_command(a_command(NOW + timedelta(hours=n))) for n in hours]
        place = Key("command", spoilt.id)
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{"}))

        assert await fresh_store.list_commands() == [young, old]
        assert await fresh_store.list_commands(1) == [young]
        with pytest.raises(RowUnreadable, match="ask again"):
            await fresh_store.read_command(spoilt.id)

    async def test_a_command_of_a_newer_build_is_found_by_who_is_in_it(self, fresh_store: RowStore) -> None:
        """Though it cannot be read: by a whole name, not by a part of one; it goes with its answer."""
        kept, newer = a_command(NOW), a_command(NOW + timedelta(hours=1))
        await fresh_store.save_command(kept)
        row: codec.Properties = {"v": codec.SCHEMA + 7, "data0": '{"people":["Anna@acme.example"],"more":1}'}
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, Key("command", newer.id), row))
        await fresh_store.save_part(newer.id, 0, {"text": "t"})

        assert await fresh_store.unreadable_commands() == [newer.id]
        others, hers = ["boris@acme.example", "nna@acme.example"], ["x", "anna@acme.example"]
        for names, found in ((others, []), (hers, [newer.id])):
            page = await fresh_store.list_commands_from("", 100, naming=names)
            assert ([one.id for one in page.commands], page.unreadable, page.next) == ([kept.id], found, "")
        for _ in range(2):
            await fresh_store.drop_command(newer.id)
        assert (await fresh_store.unreadable_commands(), await fresh_store.read_parts(newer.id)) == ([], [])
        assert [one.id for one in await fresh_store.list_commands()] == [kept.id]

    async def test_all_commands_are_read_in_pages(self, fresh_store: RowStore) -> None:
        """Each once, newest first, one that cannot be read counted like any other."""
        saved = [await fresh_store.save_command(a_command(NOW + timedelta(hours=n))) for n in range(5)]
        place = Key("command", saved[2].id)
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{}"}))
        seen: list[Command] = []
        first = ""
        for _ in range(3):
            page = await fresh_store.list_commands_from(first, 2, naming=["anna"])
            seen, first = [*seen, *page.commands], page.next

        assert (seen, first) == ([saved[4], saved[3], saved[1], saved[0]], "")

    async def test_an_answer_is_read_in_order(self, fresh_store: RowStore) -> None:
        """By number, each once, and of this command only."""
        asked = a_command(NOW)
        for number, text in ((1_000, "b"), (0, "a"), (1_000, ODD)):
            await fresh_store.save_part(asked.id, number, {"text": text})
        await fresh_store.save_part(new_id(NOW), 0, {"text": "another's"})

        assert await fresh_store.read_parts(asked.id) == [{"text": "a"}, {"text": ODD}]
        await fresh_store.drop_parts(asked.id)
        assert await fresh_store.read_parts(asked.id) == []

    async def test_an_answer_longer_than_a_row_is_read_whole(self, fresh_store: RowStore) -> None:
        """In several rows, also when it is written again shorter; one that lacks a row is not shown in half."""
        asked = a_command(NOW)
        long = [{"subject": ODD, "text": '"\\😀' * 5_000} for _ in range(40)]
        for lines in (long, long[:25]):
            await fresh_store.save_part(asked.id, 0, {"lines": lines})
            await fresh_store.save_part(asked.id, 1, {"fine": True})
            assert await fresh_store.read_parts(asked.id) == [{"lines": lines}, {"fine": True}]
        with pytest.raises(StoreError, match="ask for less"):
            await fresh_store.save_part(asked.id, 2, {"lines": long * 20})

        place = Key(f"answer-{asked.id}", "000000-001")
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.DELETE, place))
        with pytest.raises(RowUnreadable, match="ask again"):
            await fresh_store.read_parts(asked.id)
        await fresh_store.drop_parts(asked.id)
        assert await fresh_store.read_parts(asked.id) == []

    async def test_whose_turn_it_was_is_noted_by_one(self, fresh_store: RowStore) -> None:
        """Neither over another's nor for longer than asked; a spoilt note is nobody's and can be replaced."""
        old, young = Turn(NOW, "a", "enable"), Turn(NOW + timedelta(hours=1), "b", "disable")
        await fresh_store.save_turn(ODD, old)
        with pytest.raises(StaleWrite):
            await fresh_store.save_turn(ODD, young)
        noted = await fresh_store.read_turn(ODD)
        assert noted is not None
        assert replace(noted, etag="") == old
        await fresh_store.save_turn(ODD, replace(young, etag=noted.etag))
        with pytest.raises(StaleWrite):
            await fresh_store.drop_turn(ODD, noted)
        await fresh_store.trim_turns(NOW + timedelta(minutes=1))
        assert await fresh_store.read_turn(ODD) is not None

        [row] = await fresh_store.backend.scan(Table.COMMANDS, "turn")
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, row.key, {"v": codec.SCHEMA, "data0": "{"}))
        spoilt = await fresh_store.read_turn(ODD)
        assert spoilt is not None
        await fresh_store.save_turn(ODD, replace(young, etag=spoilt.etag))
        await fresh_store.trim_turns(NOW + timedelta(hours=2))
        assert await fresh_store.read_turn(ODD) is None

    async def test_old_commands_go_with_their_answers(self, fresh_store: RowStore) -> None:
        """Whatever was asked for before a time, unreadable rows included."""
        old, young = a_command(NOW - timedelta(days=1)), a_command(NOW)
        for asked in (old, young):
            await fresh_store.save_command(asked)
            await fresh_store.save_part(asked.id, 0, {"text": "t"})
        place = Key("command", new_id(NOW - timedelta(days=2)))
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{"}))

        assert await fresh_store.trim_commands(NOW - timedelta(hours=1)) == 2
        assert [one.id for one in await fresh_store.list_commands()] == [young.id]
        assert (await fresh_store.read_parts(old.id), len(await fresh_store.read_parts(young.id))) == ([], 1)
