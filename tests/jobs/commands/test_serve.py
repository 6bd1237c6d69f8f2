"""What somebody asks the app to do: carried out once, item by item, whatever happens on the way."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.memory import MemoryBackend, MemoryQueue, MemoryStore
from jobs.app.dispatch import LOST, dispatch
from jobs.app.housekeeping import keep_house
from jobs.approvals import choices_in
from jobs.command import EXPIRES, Asker, Command, Json, State, new_id
from jobs.commands import kinds, switch
from jobs.commands import serve as serving
from jobs.commands.ask import ask, look, read_answer
from jobs.commands.kinds import KINDS, Does, Part, each
from jobs.erasure import FORGOTTEN
from jobs.ports import Put
from jobs.trouble import SAYS, Trouble, Why
from jobs.waiting import Notice
from jobs.wish import Kind, Wish, WishInvalid
from jobs.world import World
from sync_core.errors import LicencesTaken, SideUnavailable, StaleWrite, StoreUnavailable
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from tests.support.app import App, logged_facts
from tests.support.fuse import Killed
from tests.support.house import ANNA

OPERATOR = Asker("operator", "Olga Operator")


async def asked(app: App, wish: Wish, by: Asker = OPERATOR) -> Command:
    """What became of a wish once the queue is worked through."""
    command = await ask(app.house.world, wish, by)
    await app.drain()
    found = await look(app.house.world, command.id)
    assert found is not None
    return found


async def answer(app: App, command: Command) -> Json:
    """The answer of a command."""
    return await read_answer(app.house.world, command)


def subjects(app: App) -> list[str]:
    """Of every activity in ERP.net."""
    return [str(one["Subject"]) for one in app.house.desk().activities()]


async def test_a_sync_is_carried_out_by_the_app(app: App) -> None:
    """The event arrives, and the answer tells of it as the command line would."""
    start = app.house.now + timedelta(days=2)
    app.house.outlook().create("Budget", start, start + timedelta(hours=1))

    command = await asked(app, Wish(Kind.SYNC))

    assert (command.state, command.is_fine, command.progress) == (State.DONE, True, (1, 1))
    [user] = (await answer(app, command))["users"]
    assert [line["subject"] for line in user["lines"]] == ["Budget"]
    assert subjects(app) == ["Budget"]


async def test_a_round_that_was_asked_for_is_logged_like_any_other(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Else an alert would not learn that somebody is well again, and `make run` would not show it; a preview is no
    round."""
    start = app.house.now + timedelta(days=2)
    app.house.outlook().create("Budget", start, start + timedelta(hours=1))
    with caplog.at_level(logging.INFO, "calsync"):
        await asked(app, Wish(Kind.PREVIEW))
        assert logged_facts(caplog.records, "round") == []
        await asked(app, Wish(Kind.SYNC, full=True))

    [told] = logged_facts(caplog.records, "round")
    assert (told["full"], told["actions"], told["operational"]) == (True, {"activity created": 1}, True)


async def test_a_meeting_of_a_later_season_is_found(app: App) -> None:
    """Beyond all that any round reads, and no row is kept of it: with its time and why it is not synced."""
    start = app.house.now + timedelta(days=200)
    app.house.outlook().create("Summer party", start, start + timedelta(hours=1))
    await asked(app, Wish(Kind.SYNC))

    found = await answer(app, await asked(app, Wish(Kind.WHY, (ANNA,), item="summer")))
    assert [(one["subject"], one["reason"]) for one in found["items"]] == [("Summer party", "outside the window")]
    assert found["items"][0]["start"] == start.isoformat()


async def test_a_preview_writes_nothing(app: App) -> None:
    """And is what the sync then does."""
    start = app.house.now + timedelta(days=2)
    app.house.outlook().create("Budget", start, start + timedelta(hours=1))

    planned = await answer(app, await asked(app, Wish(Kind.PREVIEW)))
    assert subjects(app) == []
    done = await answer(app, await asked(app, Wish(Kind.SYNC)))

    assert [line["what"] for line in planned["users"][0]["lines"]] == [
        line["what"] for line in done["users"][0]["lines"]
    ]


@pytest.mark.parametrize("is_known", [False, True])
async def test_what_switching_on_would_do_is_told_before(app: App, *, is_known: bool) -> None:
    """Of somebody whom nothing is known of, or who is switched off; nothing is saved, and nobody is on by it."""
    upn = await app.house.employ("ben", enabled=is_known)
    if is_known:
        await switch.disable(app.house.world, await app.house.user(upn))
    start = app.house.now + timedelta(days=2)
    app.house.outlook(upn).create("Plan", start, start + timedelta(hours=1))
    before = await app.house.world.store.list_users()

    command = await asked(app, Wish(Kind.PREVIEW, (upn,), choice="on"))

    assert (command.state, command.is_fine, command.failure) == (State.DONE, True, "")
    [user] = (await answer(app, command))["users"]
    assert [line["what"] for line in user["lines"]] == ["activity created"]
    assert (subjects(app), await app.house.world.store.list_users()) == ([], before)

    await asked(app, Wish(Kind.ENABLE, (upn,)))
    assert subjects(app) == ["Plan"]


async def test_whoever_is_switched_on_by_command_is_synced_at_once(app: App) -> None:
    """The app is woken: nobody waits for the next timer."""
    await app.house.employ("ben", enabled=False)
    start = app.house.now + timedelta(days=2)
    app.house.outlook("ben@acme.example").create("Plan", start, start + timedelta(hours=1))

    command = await asked(app, Wish(Kind.ENABLE, ("ben@acme.example",)))

    assert command.state is State.DONE
    assert subjects(app) == ["Plan"]


async def test_a_zone_that_nobody_knows_is_said_to_be_one(app: App) -> None:
    """Not a name: it is the zone that is to be written otherwise."""
    command = await asked(app, Wish(Kind.ENABLE, (ANNA,), zone="Sofia"))

    assert command.state is State.REFUSED
    assert command.trouble == Trouble(Why.ZONE)
    assert "Europe/Sofia" in command.failure


@pytest.mark.parametrize(("names", "state"), [((), State.DONE), (("nobody@acme.example",), State.REFUSED)])
async def test_one_unknown_name_stops_nobody_else(app: App, names: tuple[str, ...], state: State) -> None:
    """Among several it is reported; alone it is a mistake in what was asked."""
    people = names or ("nobody@acme.example", ANNA)

    command = await asked(app, Wish(Kind.DISABLE, people))

    assert command.state is state
    assert not command.is_fine
    user = await app.house.user()
    assert user.enabled == bool(names)
    told = command.failure or (await answer(app, command))["failures"][0]["failure"]
    assert "nobody@acme.example" in told


async def test_what_fails_for_one_of_all_is_told_by_name(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is meant by "all" is dealt with by id, which nobody knows people by."""

    async def fail(*_: object, **__: object) -> None:
        raise SideUnavailable(Side.ERP, "ERP.net does not answer")

    monkeypatch.setattr(kinds, "sync_user", fail)
    command = await asked(app, Wish(Kind.SYNC))

    assert [one["upn"] for one in (await answer(app, command))["failures"]] == [ANNA]


async def test_a_command_asked_twice_is_one(app: App) -> None:
    """A double click: the second asks for nothing new."""
    name = new_id(app.house.now)
    first = await ask(app.house.world, Wish(Kind.SYNC), OPERATOR, id=name)
    second = await ask(app.house.world, Wish(Kind.DISABLE, (ANNA,)), OPERATOR, id=name)

    assert second == first
    assert len(app.queue.take()) == 1


async def test_a_message_delivered_twice_does_nothing_twice(app: App) -> None:
    """The queue delivers at least once."""
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    [(message, _)] = app.queue.take()
    await app.hand_over(message)
    ended = await look(app.house.world, command.id)
    await app.hand_over(message, dequeue_count=2)

    assert await look(app.house.world, command.id) == ended


async def test_what_cannot_be_sent_was_not_asked(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks hears of it; nobody is left waiting for a command that nobody will see."""

    async def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("queue storage does not answer")

    monkeypatch.setattr(MemoryQueue, "send", refuse)
    with pytest.raises(StoreUnavailable):
        await ask(app.house.world, Wish(Kind.SYNC), OPERATOR)

    [command] = await app.house.world.store.list_commands()
    assert command.state is State.FAILED


async def test_a_wrong_wish_is_refused_before_it_is_kept(app: App) -> None:
    """No row, no message."""
    with pytest.raises(WishInvalid):
        await ask(app.house.world, Wish(Kind.WHY), OPERATOR)

    assert await app.house.world.store.list_commands() == []
    assert app.queue.take() == []


def stand_in(app: App, monkeypatch: pytest.MonkeyPatch, do: Any) -> list[str]:
    """Let RETRY deal with three people by ``do``; whom it dealt with, in order."""
    dealt: list[str] = []

    async def noted(world: World, wish: Wish, name: str, notice: Notice) -> Part:
        dealt.append(name)
        await do(world, name)
        return {"users": [name]}, True

    async def three(_world: World, _wish: Wish) -> list[str]:
        return ["a", "b", "c"]

    monkeypatch.setitem(KINDS, Kind.RETRY, Does(three, each(noted)))
    return dealt


async def test_a_dead_workers_command_goes_on_where_it_stopped(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is not done again; what was cut off is."""
    died: list[str] = []

    async def die(_: World, name: str) -> None:
        if name == "b" and not died:
            died.append(name)
            raise KeyboardInterrupt

    dealt = stand_in(app, monkeypatch, die)
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    [(message, _)] = app.queue.take()
    with pytest.raises(KeyboardInterrupt):
        await app.hand_over(message)
    stopped = await look(app.house.world, command.id)
    await app.hand_over(message, dequeue_count=2)
    ended = await look(app.house.world, command.id)

    assert stopped is not None
    assert ended is not None
    assert (stopped.state, stopped.done, stopped.total) == (State.RUNNING, 1, 3)
    assert (ended.state, ended.done, dealt) == (State.DONE, 3, ["a", "b", "b", "c"])
    assert await answer(app, ended) == {"users": ["a", "b", "c"]}


async def test_a_lost_message_is_sent_again_by_the_timer(app: App) -> None:
    """An older build that does not know the message may have swallowed it."""
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    app.queue.take()
    await dispatch(app.house.world)
    assert all(message.get("command") != command.id for message, _ in app.queue.take())
    app.house.advance(seconds=LOST.total_seconds() + 1)
    await dispatch(app.house.world)
    await app.drain()

    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.state is State.DONE
    assert [row.key for row in await app.house.world.store.list_queued() if command.id in row.key] == []


@pytest.mark.parametrize("kind", [Kind.RETRY, Kind.SYNC], ids=["without-a-session", "with-a-session"])
async def test_a_command_in_a_queue_that_nobody_serves_has_two_messages(app: App, kind: Kind) -> None:
    """However often the timer misses it; then it is carried out, and nothing is left in the line."""
    command = await ask(app.house.world, Wish(kind), OPERATOR)
    for _ in range(5):
        app.house.advance(seconds=LOST.total_seconds() + 1)
        await dispatch(app.house.world)
    assert [message.get("command") for message, _ in app.queue.sent].count(command.id) == 2

    await app.drain()
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.is_ended
    assert [row.key for row in await app.house.world.store.list_queued() if command.id in row.key] == []


async def test_a_mistake_of_ours_fails_the_command_alone(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported without the text of the error, which may hold anything."""

    async def slip(_: World, name: str) -> None:
        raise ZeroDivisionError(name)

    stand_in(app, monkeypatch, slip)
    command = await asked(app, Wish(Kind.RETRY))

    assert command.state is State.FAILED
    assert "ZeroDivisionError" in command.failure


async def test_what_is_stale_in_an_item_fails_it_alone(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for a second worker on the command, who would go on with it."""

    async def stale(_: World, name: str) -> None:
        if name == "b":
            raise StaleWrite(Side.ERP, "somebody else changed this person")

    stand_in(app, monkeypatch, stale)
    command = await asked(app, Wish(Kind.RETRY))

    assert (command.state, command.is_fine, command.done) == (State.DONE, False, 3)
    assert (await answer(app, command))["failures"][0]["upn"] == "b"


async def test_two_workers_at_once_end_a_command_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item may be done twice; the answer has it once, and one of the two stops."""

    async def wait(_: World, name: str) -> None:
        await asyncio.sleep(0)

    dealt = stand_in(app, monkeypatch, wait)
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    served = await asyncio.gather(*(serving.serve(app.house.world, command.id) for _ in range(2)))
    ended = await look(app.house.world, command.id)

    assert ended is not None
    assert (served, ended.state, ended.done, set(dealt)) == ([True, True], State.DONE, 3, {"a", "b", "c"})
    assert await answer(app, ended) == {"users": ["a", "b", "c"]}


async def test_two_commands_at_once_for_one_person_are_both_answered(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a third for everybody: each is fine, and nothing is made twice."""
    monkeypatch.setattr("jobs.waiting.LONGEST_NAP", 0.01)
    start = app.house.now + timedelta(days=2)
    app.house.outlook().create("Budget", start, start + timedelta(hours=1))
    wishes = (Wish(Kind.SYNC, (ANNA,), full=True), Wish(Kind.SYNC, (ANNA,)), Wish(Kind.SYNC))
    commands = [await ask(app.house.world, wish, OPERATOR) for wish in wishes]
    await asyncio.gather(*(app.hand_over(message) for message, _ in app.queue.take()))
    await app.drain()
    ended = [await look(app.house.world, one.id) for one in commands]

    assert [(one.state, one.is_fine) for one in ended if one] == [(State.DONE, True)] * 3, [
        await answer(app, one) for one in ended if one
    ]
    assert subjects(app) == ["Budget"]


@pytest.mark.parametrize(
    ("is_newer", "spoil"),
    [(False, ('"retry"', '"transmogrify"')), (True, ("", ""))],
    ids=["unknown-kind", "newer-schema"],
)
async def test_what_a_newer_build_asked_for_is_left_to_it(
    app: App, spoil: tuple[str, str], *, is_newer: bool
) -> None:
    """The older worker neither changes it nor tries for ever; the newer one carries it out."""
    store = app.house.world.store
    assert isinstance(store, MemoryStore)
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    [row] = await store.backend.scan(Table.COMMANDS, "command")
    newer = {
        **row.properties,
        "data0": str(row.properties["data0"]).replace(*spoil) if spoil[0] else row.properties["data0"],
    }
    newer["v"] = SCHEMA + 1 if is_newer else SCHEMA
    await store.backend.write(Table.COMMANDS, Op(Verb.PUT, row.key, newer))
    await app.drain()
    app.house.advance(seconds=LOST.total_seconds() + 1)
    await dispatch(app.house.world)
    left = app.queue.take()
    [after] = await store.backend.scan(Table.COMMANDS, "command")

    assert after.properties == newer
    assert [message for message, _ in left if message.get("command") == command.id] == []

    await store.backend.write(Table.COMMANDS, Op(Verb.PUT, row.key, row.properties))
    await dispatch(app.house.world)
    await app.drain()
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.state is State.DONE


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize("last", range(1, 6))
async def test_a_worker_may_die_at_any_save(
    app: App, monkeypatch: pytest.MonkeyPatch, last: int, *, is_saved: bool
) -> None:
    """Before or after it; whoever goes on leaves the answer as if nothing had happened."""

    async def nothing(_: World, name: str) -> None:
        return None

    dealt = stand_in(app, monkeypatch, nothing)
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    [(message, _)] = app.queue.take()
    save, left = MemoryStore.save_command, [last]

    async def save_and_die(store: MemoryStore, saved: Command) -> Command:
        left[0] -= 1
        if left[0] == 0 and not is_saved:
            raise KeyboardInterrupt
        done = await save(store, saved)
        if left[0] == 0:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(MemoryStore, "save_command", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        await app.hand_over(message)
    await app.hand_over(message, dequeue_count=2)
    ended = await look(app.house.world, command.id)

    assert ended is not None
    assert (ended.state, ended.done, ended.is_fine) == (State.DONE, 3, True)
    assert list(dict.fromkeys(dealt)) == ["a", "b", "c"]
    assert await answer(app, ended) == {"users": ["a", "b", "c"]}


async def test_a_command_waits_for_a_licence(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and is done when there is one."""
    taken = True

    async def no_licence(_world: World, _wish: Wish, name: str, notice: Notice) -> Part:
        if taken:
            raise LicencesTaken(Side.ERP, "no free licence")
        return {"users": [name]}, True

    async def one(_world: World, _wish: Wish) -> list[str]:
        return ["a"]

    monkeypatch.setitem(KINDS, Kind.SYNC, Does(one, each(no_licence)))
    command = await ask(app.house.world, Wish(Kind.SYNC), OPERATOR)
    await app.drain()
    waiting = await look(app.house.world, command.id)
    assert waiting is not None
    assert (waiting.is_ended, "licence" in waiting.waits_for) == (False, True)

    taken = False
    app.house.advance(minutes=30)
    for message, _ in app.queue.take():
        await app.hand_over(message)
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert (ended.state, ended.waits_for) == (State.DONE, "")


async def test_others_have_their_turn_in_a_long_command(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some minutes the rest goes to the end of the line."""

    async def dawdle(_: World, name: str) -> None:
        app.house.advance(minutes=9)

    dealt = stand_in(app, monkeypatch, dawdle)
    command = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
    await app.drain()
    assert dealt == ["a"]
    while waiting := [message for message, _ in app.queue.take()]:
        for message in waiting:
            await app.hand_over(message)

    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert (ended.state, dealt) == (State.DONE, ["a", "b", "c"])


@pytest.mark.parametrize(("has_begun", "failure"), [(False, SAYS[Why.UNSEEN]), (True, SAYS[Why.CUT_OFF])])
async def test_nobody_waits_for_ever(app: App, has_begun: bool, failure: str) -> None:
    """What was not ended in its time has failed, and its message does nothing any more."""
    command = await ask(app.house.world, Wish(Kind.DISABLE, (ANNA,)), OPERATOR)
    if has_begun:
        await app.house.world.store.save_command(replace(command, state=State.RUNNING, items=(ANNA,), total=1))
    app.house.advance(days=1)
    seen = await look(app.house.world, command.id)
    assert seen is not None
    assert (seen.state, seen.failure) == (State.FAILED, failure)

    await app.drain()
    assert (await app.house.user()).enabled


async def test_what_was_asked_for_by_a_subject_is_not_kept(app: App) -> None:
    """The audit says who asked why about whom, not about which meeting."""
    start = app.house.now + timedelta(days=2)
    app.house.outlook().create("Budget", start, start + timedelta(hours=1))
    await asked(app, Wish(Kind.SYNC))

    command = await asked(app, Wish(Kind.WHY, (ANNA,), item="budget"))

    assert (command.state, command.wish.item, command.asked_by) == (State.DONE, "", OPERATOR)
    assert (await answer(app, command))["items"][0]["subject"] == "Budget"


async def test_a_forgotten_user_is_in_no_answer(app: App) -> None:
    """Nor among those who were named, nor among those who asked."""
    user = await app.house.user()
    own = await asked(app, Wish(Kind.RETRY, (user.id,)), Asker(user.id, user.upn))
    every = [await asked(app, Wish(Kind.SYNC, everybody=is_said)) for is_said in (True, False)]
    places = await asked(app, Wish(Kind.PLACES))
    failed = await asked(app, Wish(Kind.APPROVE, item="12345678", choice="drop"))
    gone = await asked(app, Wish(Kind.FORGET, (ANNA,)))

    left = {one.id: one for one in await app.house.world.store.list_commands()}
    assert left[own.id].asked_by == Asker(FORGOTTEN)
    assert left[own.id].wish.people == left[gone.id].wish.people == (FORGOTTEN,)
    assert [await answer(app, one) for one in (own, *every)] == [{}, {}, {}]
    assert await answer(app, places) != {}
    assert await answer(app, failed) == {}


async def test_a_forgotten_user_is_in_no_command_that_cannot_be_read(app: App) -> None:
    """One that a newer build wrote goes as a whole; one about somebody else stays."""
    assert app.house.memory is not None
    user, backend = await app.house.user(), app.house.memory.backend
    ids = [new_id(app.house.now + timedelta(seconds=number)) for number in (1, 2)]
    for id_, text in zip(ids, (f'{{"by":"{user.id.upper()}"}}', '{"by":"somebody"}'), strict=True):
        op = Op(Verb.PUT, Key("command", id_), {"v": SCHEMA + 7, "data0": text})
        await backend.write(Table.COMMANDS, op)
    await asked(app, Wish(Kind.FORGET, (ANNA,)))

    assert await app.house.world.store.unreadable_commands() == ids[1:]


async def test_what_waits_does_not_bring_a_forgotten_user_back(app: App) -> None:
    """Their own wish to be switched on, whose message was late."""
    user = await app.house.user()
    own = await ask(app.house.world, Wish(Kind.ENABLE, (user.id,)), Asker(user.id, user.upn))
    late = app.queue.take()
    await asked(app, Wish(Kind.FORGET, (ANNA,)))
    for message, _ in late:
        await app.hand_over(message)

    left = await look(app.house.world, own.id)
    assert left is not None
    assert (left.state, left.asked_by) == (State.REFUSED, Asker(FORGOTTEN))
    assert (user.id in left.failure, user.upn in left.failure) == (False, False)
    assert await app.house.world.store.read_user(user.id) is None


async def test_ten_thousand_people_are_one_command(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has their turn, also after a pause; the row holds them all."""
    dealt: list[str] = []

    async def noted(_world: World, _wish: Wish, name: str, _: Notice) -> Part:
        dealt.append(name)
        return {"users": [name]}, True

    monkeypatch.setitem(KINDS, Kind.DISABLE, replace(KINDS[Kind.DISABLE], do=each(noted)))
    monkeypatch.setattr(serving, "PIECE", timedelta(0))
    people = tuple(f"{number:036d}" for number in range(10_000))
    command = await ask(app.house.world, Wish(Kind.DISABLE, people), OPERATOR)
    [(message, _)] = app.queue.take()
    for _ in range(2):
        await app.hand_over(message)
    begun = await look(app.house.world, command.id)

    assert begun is not None
    assert (begun.state, begun.done, begun.total, begun.failure) == (State.RUNNING, 2, 10_000, "")
    assert dealt == [*people[:2]]


async def test_an_answer_too_long_for_a_row_is_given_whole(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first round of thousands of changes."""
    lines = [{"subject": f"Среща {number}", "after": {"body": '"\\😀' * 50}} for number in range(3_000)]

    async def much(_world: World, _wish: Wish, name: str, _: Notice) -> Part:
        return {"users": [{"upn": name, "lines": lines}]}, True

    monkeypatch.setitem(KINDS, Kind.DISABLE, replace(KINDS[Kind.DISABLE], do=each(much)))
    command = await asked(app, Wish(Kind.DISABLE, ("a", "b")))

    assert (command.state, command.failure) == (State.DONE, "")
    assert await answer(app, command) == {"users": [{"upn": name, "lines": lines} for name in ("a", "b")]}
    await app.house.world.store.drop_parts(command.id)
    assert await answer(app, command) == {}


async def test_a_choice_is_made_for_whom_it_was_meant(app: App) -> None:
    """Two people may be asked the same thing under one id; nobody answers for the other."""
    store = app.house.world.store
    ben = await app.house.user(await app.house.employ("ben"))
    users = [await app.house.user(), ben]
    for user in users:
        lease = await store.acquire_lease(user.id, "test", 60)
        gone = Pending(Side.GRAPH, "E1", parked=True, state=PendingState.PARTNER_GONE)
        await store.release_lease(await store.save(lease, [Put(gone)]))
    [choice] = choices_in(await store.recall(ben.id))

    strange = await asked(app, Wish(Kind.APPROVE, ("vera",), item=choice.id, choice="drop"))
    assert (strange.state, [len(choices_in(await store.recall(one.id))) for one in users]) == (State.REFUSED, [1, 1])
    for number, user in enumerate(users, 1):
        await asked(app, Wish(Kind.APPROVE, (user.id,), item=choice.id, choice="drop"))
        left = [len(choices_in(await store.recall(one.id))) for one in users]
        assert left == [0] * number + [1] * (2 - number)


async def test_answers_are_kept_for_a_day_and_commands_for_ninety(app: App) -> None:
    """The night erases what nobody waits for."""
    command = await asked(app, Wish(Kind.RETRY))
    await keep_house(app.house.world)
    assert await answer(app, command) != {}
    app.house.advance(days=2)
    await keep_house(app.house.world)
    assert (await answer(app, command), len(await app.house.world.store.list_commands())) == ({}, 1)
    app.house.advance(days=90)
    await keep_house(app.house.world)
    assert await app.house.world.store.list_commands() == []


def test_every_kind_that_is_carried_out_can_be_asked_for() -> None:
    """The table knows no other kinds."""
    assert set(kinds.KINDS) <= set(Kind)


async def told_rows(app: App) -> str:
    """All that stands in the table of commands, keys and values, as one text."""
    assert app.house.memory is not None
    rows = [*await app.house.memory.backend.scan_all(Table.COMMANDS)]
    return "\n".join(f"{row.key} {row.properties}" for row in rows).casefold()


@pytest.mark.parametrize("fails_at", [*range(0, 24, 3), None])
async def test_a_forgotten_user_is_in_no_command_however_old(
    app: App, monkeypatch: pytest.MonkeyPatch, fails_at: int | None
) -> None:
    """Behind any number of others, after a stop at any write: whoever goes on, or the last look, leaves nothing."""
    monkeypatch.setattr("jobs.asked.PAGE", 3)
    store, user, boss = app.house.world.store, await app.house.user(), Asker("boss", "Boss")
    own, others, begun_at = Asker(user.id, user.upn), [], app.house.now
    for number in range(8):
        at = begun_at - timedelta(days=80 - number)
        by, people = (own, ("boris",)) if number % 2 else (boss, (user.id, "boris"))
        ended = Command(new_id(at), Wish(Kind.RETRY, people), by, at, at, State.DONE, finished_at=at)
        await store.save_command(ended)
        await store.save_part(ended.id, 0, {"users": [{"upn": user.upn}]})
        others.append(await store.save_command(replace(ended, id=new_id(at), wish=Wish(Kind.PLACES), asked_by=boss)))
    runs = Command(new_id(begun_at), Wish(Kind.SYNC), own, begun_at, begun_at + EXPIRES, State.RUNNING)
    runs = await store.save_command(runs)
    command = await ask(app.house.world, Wish(Kind.FORGET, (ANNA,)), OPERATOR)
    [(message, _)] = app.queue.take()
    write, left = MemoryBackend.write, [fails_at]

    async def write_or_die(backend: MemoryBackend, table: Table, op: Op) -> str:
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                left[0] = None
                raise Killed
        return await write(backend, table, op)

    with monkeypatch.context() as dying, suppress(Killed):
        dying.setattr(MemoryBackend, "write", write_or_die)
        await app.hand_over(message)
    await app.hand_over(message, dequeue_count=2)
    await store.save_command(replace(runs, state=State.DONE))
    for _ in range(2):
        app.house.advance(minutes=31)
        for late, _ in app.queue.take():
            await app.hand_over(late)

    ended_command = await look(app.house.world, command.id)
    assert ended_command is not None
    assert ended_command.state is State.DONE
    told = await told_rows(app)
    assert [row for row in told.splitlines() if user.id.casefold() in row or user.upn in row] == []
    assert {one.id for one in others} <= {one.id for one in await store.list_commands()}


async def test_what_was_asked_after_somebody_came_back_stays(app: App) -> None:
    """The last look goes by when they were forgotten."""
    user = await app.house.user()
    await asked(app, Wish(Kind.FORGET, (ANNA,)))
    app.house.advance(minutes=10)
    back = await asked(app, Wish(Kind.ENABLE, (ANNA,)))
    app.house.advance(minutes=31)
    for late, _ in app.queue.take():
        await app.hand_over(late)

    left = await look(app.house.world, back.id)
    assert left is not None
    assert left.wish.people == (user.id,)


async def test_answers_of_a_day_expire_however_many_there_are(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clean-up goes through all of the last days, page by page; a younger answer stays."""
    monkeypatch.setattr("jobs.asked.PAGE", 2)
    store, now = app.house.world.store, app.house.now
    ids = [new_id(now - timedelta(hours=hours)) for hours in (1, 25, 26, 27, 50, 70)]
    for id_ in ids:
        await store.save_command(Command(id_, Wish(Kind.PLACES), OPERATOR, now, now, State.DONE))
        await store.save_part(id_, 0, {"places": [id_]})
    await keep_house(app.house.world)

    assert [len(await store.read_parts(id_)) for id_ in ids] == [1, 0, 0, 0, 0, 0]


async def test_it_is_known_since_when_a_check_fails(app: App) -> None:
    """By the first check in a row that failed; one that is well again is forgotten, and begins anew."""
    await app.house.step()
    seen = []
    for warnings in (("odd",), ("odd",), (), ("odd",)):
        app.house.advance(hours=1)
        app.house.world = replace(app.house.world, warnings=warnings, serve=serving.serve)
        await asked(app, Wish(Kind.DOCTOR))
        instance, _ = await app.house.world.store.read_instance()
        seen.append(instance.failing["on-settings"].since if "on-settings" in instance.failing else None)

    first, second, third, fourth = seen
    assert first is not None
    assert (second, third, fourth) == (first, None, first + timedelta(hours=3))
