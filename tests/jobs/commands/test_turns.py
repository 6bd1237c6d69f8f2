"""Commands that contradict each other: the one asked last counts, whatever the order in which they are delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.store.backend import Table
from adapters.store.memory import MemoryStore
from jobs.accounts import take_account
from jobs.app.housekeeping import keep_house
from jobs.approvals import choices_in
from jobs.command import Asker, Command, State
from jobs.commands import kinds
from jobs.commands.ask import ask, look, read_answer
from jobs.commands.kinds import Part
from jobs.commands.redaction import UNKNOWN
from jobs.commands.serve import serve
from jobs.commands.switch import disable, enable, forget
from jobs.erasure import FORGOTTEN
from jobs.ports import Put
from jobs.waiting import Notice
from jobs.wish import Kind, Wish
from jobs.world import World
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from sync_core.model.user import User
from tests.support.app import App
from tests.support.days import at
from tests.support.house import ANNA

OPERATOR = Asker("operator", "Olga Operator")
OVERTAKEN = "a later command about the same was carried out before it"


async def ask_for(app: App, *wishes: Wish) -> list[Command]:
    """Ask for these, one after the other, a second apart; nothing is carried out yet."""
    commands = []
    for wish in wishes:
        commands.append(await ask(app.house.world, wish, OPERATOR))
        app.house.advance(seconds=1)
    app.queue.sent.clear()
    return commands


async def told(app: App, command: Command) -> str:
    """The answer of a command, and what it failed of."""
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.is_ended
    return f"{await read_answer(app.house.world, ended)} {ended.failure}"


def of_anna(*names: Kind) -> list[Wish]:
    """Wishes about Anna."""
    return [Wish(name, (ANNA,)) for name in names]


def is_on(user: User | None) -> object:
    """Whether the switch is on; None of a forgotten user."""
    return user.enabled if user is not None else None


def is_paused(user: User | None) -> object:
    """Whether a pause is on."""
    return user is not None and user.pause is not None


@pytest.mark.parametrize("is_swapped", [False, True])
@pytest.mark.parametrize(
    ("first", "then", "look_at", "outcome"),
    [
        (Kind.ENABLE, Kind.DISABLE, is_on, False),
        (Kind.DISABLE, Kind.ENABLE, is_on, True),
        (Kind.ENABLE, Kind.FORGET, is_on, None),
        (Kind.FORGET, Kind.ENABLE, is_on, True),
        (Kind.DISABLE, Kind.FORGET, is_on, None),
        (Kind.PAUSE, Kind.RESUME, is_paused, False),
        (Kind.RESUME, Kind.PAUSE, is_paused, True),
        (Kind.PAUSE, Kind.DISABLE, is_paused, False),
    ],
)
# 5 parameters, one for each part of the table.
async def test_the_one_asked_last_counts(
    app: App, first: Kind, then: Kind, look_at: Callable[[User | None], object], outcome: object, is_swapped: bool
) -> None:
    """Delivered in order or the other way round; the older one says what overtook it."""
    user = await app.house.user()
    older, newer = await ask_for(app, *of_anna(first, then))
    for command in (newer, older) if is_swapped else (older, newer):
        await serve(app.house.world, command.id)

    assert look_at(await app.house.world.store.read_user(user.id)) == outcome
    if is_swapped and then is not Kind.FORGET:
        assert OVERTAKEN in await told(app, older)
        assert f"({then}, asked at" in await told(app, older)
    assert OVERTAKEN not in await told(app, newer)


@pytest.mark.parametrize("is_swapped", [False, True])
async def test_the_last_word_about_the_pause_of_everybody_counts(app: App, *, is_swapped: bool) -> None:
    """As of one person."""
    older, newer = await ask_for(app, Wish(Kind.PAUSE, everybody=True), Wish(Kind.RESUME, everybody=True))
    for command in (newer, older) if is_swapped else (older, newer):
        await serve(app.house.world, command.id)

    assert (await app.house.world.store.read_instance())[0].pause is None


async def test_a_yes_that_comes_after_a_later_no_changes_nothing(app: App) -> None:
    """The person's last word was to leave it so."""
    store, user = app.house.world.store, await app.house.user()
    event = app.house.outlook().create("Lonely", at(2), at(2, 10))
    lease = await store.acquire_lease(user.id, "test", 60)
    gone = Pending(Side.GRAPH, event, parked=True, state=PendingState.PARTNER_GONE)
    await store.release_lease(await store.save(lease, [Put(gone)]))
    [choice] = choices_in(await store.recall(user.id))
    words = ("approve", "drop")
    older, newer = await ask_for(app, *(Wish(Kind.APPROVE, item=choice.id, choice=word) for word in words))
    for command in (newer, older):
        await serve(app.house.world, command.id)

    [pending] = (await store.recall(user.id)).pending
    assert (pending.state, app.house.desk().activities()) == (PendingState.DECLINED, [])
    assert "(approve drop, asked at" in await told(app, older)


async def test_a_later_one_that_failed_overtakes_nobody(app: App) -> None:
    """Its turn is given back: what was asked before it takes effect."""
    older, newer = await ask_for(app, Wish(Kind.DISABLE, (ANNA,)), Wish(Kind.ENABLE, (ANNA,), location="nowhere"))
    await serve(app.house.world, newer.id)
    await serve(app.house.world, older.id)

    assert is_on(await app.house.user()) is False
    assert OVERTAKEN not in await told(app, older)


@pytest.mark.parametrize(("then", "outcome"), [(Kind.DISABLE, False), (Kind.FORGET, None)])
async def test_a_later_one_that_comes_between_counts(
    app: App, monkeypatch: pytest.MonkeyPatch, then: Kind, outcome: object
) -> None:
    """Two workers at once: the older switches on while the newer one switches off."""
    upn = await app.house.employ("ben", enabled=False)
    mailbox = await app.house.world.calendar.find_user(upn)
    assert mailbox is not None
    older, newer = await ask_for(app, Wish(Kind.ENABLE, (upn,)), Wish(then, (upn,)))
    await enable(app.house.world, upn)
    await disable(app.house.world, await app.house.user(upn))
    inner = kinds.KINDS[Kind.ENABLE].do

    async def slow(world: World, wish: Wish, name: str, notice: Notice) -> AsyncIterator[Part]:
        await serve(world, newer.id)
        async for part in inner(world, wish, name, notice):
            yield part

    monkeypatch.setitem(kinds.KINDS, Kind.ENABLE, replace(kinds.KINDS[Kind.ENABLE], do=slow))
    await serve(app.house.world, older.id)

    assert is_on(await app.house.world.store.read_user(mailbox.id)) == outcome


async def test_an_earlier_one_that_comes_between_is_done_over(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers at once: whoever was asked last to be switched on is on, and is told so."""
    older, newer = await ask_for(app, *of_anna(Kind.DISABLE, Kind.ENABLE))
    came: list[Command] = []

    async def take(*arguments: Any) -> Any:
        if not came:
            came.append(older)
            await disable(app.house.world, await app.house.user())
        return await take_account(*arguments)

    monkeypatch.setattr("jobs.commands.switch.take_account", take)
    await serve(app.house.world, newer.id)

    assert is_on(await app.house.user()) is True
    assert "switched off meanwhile" not in await told(app, newer)


async def test_whoever_is_asked_for_again_after_being_forgotten_is_on(app: App) -> None:
    """What was asked after the forgetting, and had not begun, is not cut by it."""
    older, newer = await ask_for(app, *of_anna(Kind.FORGET, Kind.ENABLE))
    for command in (older, newer):
        await serve(app.house.world, command.id)

    assert is_on(await app.house.user()) is True


async def test_turns_are_kept_as_long_as_commands_are_carried_out(app: App) -> None:
    """A day later nobody can come too late, and nothing is left of who it was about."""
    [command] = await ask_for(app, *of_anna(Kind.DISABLE))
    await serve(app.house.world, command.id)
    store = app.house.world.store
    assert isinstance(store, MemoryStore)
    user = await app.house.user()
    rows = await store.backend.scan(Table.COMMANDS, "turn")
    assert rows
    assert not any(word in str(row) for row in rows for word in (user.id, ANNA))

    app.house.advance(days=2)
    await keep_house(app.house.world)
    assert await store.backend.scan(Table.COMMANDS, "turn") == []


async def names_kept(app: App, *commands: Command) -> Sequence[str]:
    """Of whom the rows of these commands tell."""
    rows = [await app.house.world.store.read_command(one.id) for one in commands]
    return [name for row in rows if row is not None for name in row.wish.people]


async def test_a_name_of_before_leaves_nothing_behind(app: App) -> None:
    """Asked for by a name that they bore then: the row keeps the id, so that forgetting finds it."""
    user = await app.house.user()
    by_name, by_mail = await ask_for(app, *of_anna(Kind.RETRY), Wish(Kind.RETRY, (ANNA.upper(),)))
    nobody = (await ask_for(app, Wish(Kind.DISABLE, ("secret@acme.example", ANNA))))[0]
    for command in (by_name, by_mail, nobody):
        await serve(app.house.world, command.id)
    assert await names_kept(app, by_name, by_mail, nobody) == [user.id, user.id, UNKNOWN, user.id]

    await app.house.world.store.revise_user(user.id, lambda stored: replace(stored, upn="anna.new@acme.example"))
    await forget(app.house.world, await app.house.user("anna.new@acme.example"))
    assert await names_kept(app, by_name, by_mail, nobody) == [FORGOTTEN, FORGOTTEN, UNKNOWN, FORGOTTEN]
    store = app.house.world.store
    assert isinstance(store, MemoryStore)
    left = str(await store.backend.scan(Table.COMMANDS, "command"))
    assert [name for name in (user.id, ANNA, "anna.new") if name in left] == []


async def test_a_name_waits_no_longer_than_a_day(app: App) -> None:
    """A command that nobody began on loses the name when its time is over."""
    [command] = await ask_for(app, Wish(Kind.DISABLE, ("once@acme.example",)))
    app.house.advance(days=1, seconds=1)
    await serve(app.house.world, command.id)

    assert await names_kept(app, command) == [UNKNOWN]
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.state is State.FAILED
