"""Each kind of command does its work once, whatever happens to its message and to whoever works on it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.memory import MemoryStore
from jobs.app.dispatch import LOST, dispatch
from jobs.command import Asker, State
from jobs.commands.ask import ask, look, read_answer
from jobs.commands.kinds import KINDS
from jobs.commands.pause import pause
from jobs.commands.serve import serve
from jobs.commands.switch import disable, forget
from jobs.commands.unlink import unlink
from jobs.ports import Put
from jobs.round import act
from jobs.wish import AT_ONCE, WITHOUT_CALLS, Kind, Wish
from sync_core.errors import RowUnreadable, StoreUnavailable
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy, Winner
from sync_core.model.sides import Side
from tests.support.app import App, FixedProcess
from tests.support.budget import each, told
from tests.support.days import at, linked_meeting
from tests.support.house import ANNA, House, open_house

OPERATOR = Asker("operator", "Olga Operator")
GUEST = "guest@vendor.example"

Scene = Callable[[House], Awaitable[Wish]]


async def _enable(house: House) -> Wish:
    await house.employ("ben", enabled=False)
    house.outlook("ben@acme.example").create("Ben's", at(3), at(3, 10), attendees=[GUEST])
    return Wish(Kind.ENABLE, ("ben@acme.example", ANNA), zone="Europe/Vienna")


async def _disable(house: House) -> Wish:
    await linked_meeting(house, day=3)
    return Wish(Kind.DISABLE, (ANNA,))


async def _forget(house: House) -> Wish:
    await linked_meeting(house, day=3)
    return Wish(Kind.FORGET, (ANNA,))


async def _changed(house: House) -> tuple[str, str]:
    """A meeting with a guest that was moved in ERP.net: one update goes to her."""
    event, activity = await linked_meeting(house, day=3)
    house.outlook().edit(event, attendees=[GUEST])
    await house.settle()
    house.desk().edit(activity, subject="Moved")
    house.outlook().create("New", at(4), at(4, 10))
    return event, activity


async def _sync(house: House) -> Wish:
    await _changed(house)
    return Wish(Kind.SYNC, everybody=True, full=True)


async def _preview(house: House) -> Wish:
    await _changed(house)
    return Wish(Kind.PREVIEW, (ANNA,))


async def _doctor(house: House) -> Wish:
    await _changed(house)
    return Wish(Kind.DOCTOR)


async def _grant(_: House) -> Wish:
    return Wish(Kind.GRANT, repair=True)


async def _why(house: House) -> Wish:
    await _changed(house)
    return Wish(Kind.WHY, (ANNA,), item="Moved")


async def _approve(house: House) -> Wish:
    events = [house.outlook().create(f"Planning {n}", at(2 + n), at(2 + n, 10)) for n in range(8)]
    await house.settle()
    for event in events[:7]:
        house.outlook().delete(event)
    house.advance(minutes=5)
    await house.step()
    [hold] = (await house.recall()).holds
    return Wish(Kind.APPROVE, (ANNA,), item=hold.id, choice="approve")


async def _resolve(house: House) -> Wish:
    event, activity = await linked_meeting(house, day=3)
    house.outlook().edit(event, subject="Mine")
    house.desk().edit(activity, subject="Yours")
    await house.step()
    return Wish(Kind.RESOLVE, (ANNA,), item=(await house.link_of(event)).conflict_id, choice="erp")


async def _retry(house: House) -> Wish:
    event = house.outlook().create("Parked", at(3), at(3, 10))
    user = await house.user()
    lease = await house.world.store.acquire_lease(user.id, "test", 60)
    parked = Pending(Side.GRAPH, event, parked=True, tries=9, reason="refused", state=PendingState.WAITING)
    await house.world.store.release_lease(await house.world.store.save(lease, [Put(parked)]))
    return Wish(Kind.RETRY, (ANNA,))


async def _unlink(house: House) -> Wish:
    event, _ = await linked_meeting(house, day=3)
    return Wish(Kind.UNLINK, (ANNA,), item=event)


async def _take_back(house: House) -> Wish:
    """A retry of an item that was unlinked."""
    event, _ = await linked_meeting(house, day=3)
    await unlink(house.world, await house.user(), event)
    house.outlook().edit(event, subject="Moved")
    return Wish(Kind.RETRY, (ANNA,), item=event)


async def _undo(house: House) -> Wish:
    """A round that changed one meeting and deleted another."""
    event, _ = await linked_meeting(house, day=3)
    gone, _ = await linked_meeting(house, "Gone", day=4)
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Wrong")
    house.outlook().delete(gone)
    await house.step()
    journal = await house.world.store.read_journal((await house.user()).id)
    round_id = next(entry.round_id for entry in journal if entry.action == "round")
    return Wish(Kind.UNDO, (ANNA,), item=round_id, choice="remake")


async def _pause(house: House) -> Wish:
    await _changed(house)
    return Wish(Kind.PAUSE, (ANNA,), until="2026-02-02")


async def _resume(house: House) -> Wish:
    await _changed(house)
    await pause(house.world, await house.user())
    return Wish(Kind.RESUME, (ANNA,))


async def _places(_: House) -> Wish:
    return Wish(Kind.PLACES)


SCENES: dict[str, Scene] = {
    "enable": _enable,
    "disable": _disable,
    "forget": _forget,
    "sync": _sync,
    "preview": _preview,
    "doctor": _doctor,
    "grant": _grant,
    "why": _why,
    "approve": _approve,
    "resolve": _resolve,
    "retry": _retry,
    "retry of one": _take_back,
    "unlink": _unlink,
    "undo": _undo,
    "pause": _pause,
    "resume": _resume,
    "places": _places,
}


@asynccontextmanager
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    """An app in a house where a person is asked about every conflict."""
    async with open_house(policy=Policy(winner=Winner.ASK)) as house:
        await house.employ()
        process = FixedProcess(house)
        monkeypatch.setattr("adapters.wiring.process", process)
        yield App(house, process)


async def outcome(app: App) -> dict[str, Any]:
    """All that a person would see once everything is at rest: both sides, mails, people, and what was done."""
    house = app.house
    await app.drain()
    await house.settle()
    users = await house.world.store.list_users()
    journal = [entry for user in users for entry in await house.world.store.read_journal(user.id, 1_000)]
    boxes = [house.outlook(user.upn) for user in users] or [house.outlook()]
    return {
        "activities": sorted((a["Subject"], a["StartTime"], a["Void"]) for a in house.desk().activities()),
        "events": sorted((e["subject"], e["start"]["dateTime"]) for box in boxes for e in box.events()),
        "mails": sorted((mail.kind, mail.to, mail.subject) for mail in house.graph.mails),
        "people": sorted((u.upn, u.enabled, u.zone, u.pause is not None, u.state) for u in users),
        "done": Counter((e.action, e.subject) for e in journal if e.action != "round"),
        "notified": len(house.erp.notifications),
    }


async def prepared(app: App, scene: str) -> tuple[str, list[Any]]:
    """A command that waits: its id, and its messages."""
    wish = await SCENES[scene](app.house)
    app.house.advance(minutes=5)
    app.queue.take()
    command = await ask(app.house.world, wish, OPERATOR)
    return command.id, [message for message, _ in app.queue.take()]


EXPECTED: dict[str, tuple[dict[str, Any], Any]] = {}
"""What is expected of each scene, once it was played."""


async def expected(scene: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Any]:
    """What comes of a command that nothing happens to, and its answer."""
    if scene not in EXPECTED:
        EXPECTED[scene] = await _played(scene, monkeypatch)
    return EXPECTED[scene]


async def _played(scene: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Any]:
    async with opened(monkeypatch) as app:
        name, [message] = await prepared(app, scene)
        await app.hand_over(message)
        command = await look(app.house.world, name)
        assert command is not None
        assert (command.state, command.failure) == (State.DONE, "")
        answer = await read_answer(app.house.world, command)
        return await outcome(app), keys(answer)


def keys(answer: Any) -> Any:
    """The shape of an answer: which lists it has, with their lengths."""
    return {name: len(value) if isinstance(value, list) else type(value).__name__ for name, value in answer.items()}


def test_every_kind_has_its_scene() -> None:
    """And every kind that can be asked for is carried out."""
    assert {scene.partition(" ")[0] for scene in SCENES} == set(Kind) == set(KINDS)
    assert set(Kind) > WITHOUT_CALLS


@pytest.mark.parametrize("scene", SCENES)
async def test_delivered_twice_it_is_done_once(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue delivers at least once; the second time nothing is asked of either side."""
    wanted, shape = await expected(scene, monkeypatch)
    async with opened(monkeypatch) as app:
        name, [message] = await prepared(app, scene)
        await app.hand_over(message)
        ended = await look(app.house.world, name)
        asked = len(app.house.graph.requests), len(app.house.erp.requests)
        await app.hand_over(message, dequeue_count=2)
        again = await look(app.house.world, name)

        assert ended is not None
        assert again == ended
        assert (len(app.house.graph.requests), len(app.house.erp.requests)) == asked
        assert keys(await read_answer(app.house.world, ended)) == shape
        assert await outcome(app) == wanted


@pytest.mark.parametrize(
    ("scene", "moment"), each(SCENES, ["before the part", "after the part", "before the end"]), ids=told
)
async def test_a_worker_that_died_is_followed_by_one_that_ends_it(
    scene: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the work and before it is noted: the timer sends the message again, and the work is not done twice."""
    wanted, shape = await expected(scene, monkeypatch)
    async with opened(monkeypatch) as app:
        name, [message] = await prepared(app, scene)
        with monkeypatch.context() as patch:
            _let_die(patch, moment)
            with pytest.raises(KeyboardInterrupt):
                await app.hand_over(message)
        app.house.advance(seconds=LOST.total_seconds() + 1)
        await dispatch(app.house.world)
        await app.drain()
        ended = await look(app.house.world, name)

        assert ended is not None
        assert (ended.state, ended.failure, ended.done) == (State.DONE, "", ended.total)
        assert keys(await read_answer(app.house.world, ended)) == shape or scene in TOLD_OTHERWISE
        assert await outcome(app) == wanted


TOLD_OTHERWISE = {"approve", "resolve", "undo"}
"""Whose answer only says that it is done, where the one that told more was lost with its worker."""


def _let_die(patch: pytest.MonkeyPatch, moment: str) -> None:
    save_part, save_command = MemoryStore.save_part, MemoryStore.save_command

    async def part(store: MemoryStore, *what: Any) -> None:
        if moment == "after the part":
            await save_part(store, *what)
        raise KeyboardInterrupt

    async def command(store: MemoryStore, saved: Any) -> Any:
        if saved.state is State.DONE:
            raise KeyboardInterrupt
        return await save_command(store, saved)

    if moment == "before the end":
        patch.setattr(MemoryStore, "save_command", command)
    else:
        patch.setattr(MemoryStore, "save_part", part)


@pytest.mark.parametrize("scene", SCENES)
async def test_two_workers_on_one_message(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was delivered to both: one of them ends it, and nothing is done twice."""
    monkeypatch.setattr("jobs.waiting.LONGEST_NAP", 0.01)
    wanted, _ = await expected(scene, monkeypatch)
    async with opened(monkeypatch) as app:
        name, _ = await prepared(app, scene)
        worlds = [replace(app.house.world, holder=f"worker {n}", serve=serve) for n in range(2)]
        await asyncio.gather(*(serve(world, name) for world in worlds), return_exceptions=True)
        app.house.advance(minutes=30)
        await dispatch(app.house.world)
        await app.drain()
        ended = await look(app.house.world, name)

        assert ended is not None
        assert (ended.state, ended.failure) == (State.DONE, "")
        assert await outcome(app) == wanted


async def test_a_kind_of_a_newer_build_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """While two builds run: its row is not touched, nothing raises, and every other command goes on."""
    async with opened(monkeypatch) as app:
        store = app.house.world.store
        assert isinstance(store, MemoryStore)
        newer = await ask(app.house.world, Wish(Kind.RETRY), OPERATOR)
        [(message, _)] = app.queue.take()
        [row] = await store.backend.scan(Table.COMMANDS, "command")
        told = {**row.properties, "data0": str(row.properties["data0"]).replace('"retry"', '"fly"')}
        await store.backend.write(Table.COMMANDS, Op(Verb.PUT, row.key, told, row.etag))
        await app.hand_over(message)
        app.house.advance(minutes=30)
        await dispatch(app.house.world)
        await app.drain()

        [left] = await store.backend.scan(Table.COMMANDS, "command")
        assert left.properties == told
        with pytest.raises(RowUnreadable):
            await look(app.house.world, newer.id)
        other = await ask(app.house.world, Wish(Kind.PLACES), OPERATOR)
        await app.drain()
        assert [one.id for one in await store.list_commands()] == [other.id]
        ended = await look(app.house.world, other.id)
        assert ended is not None
        assert ended.state is State.DONE


@pytest.mark.parametrize("how", [disable, forget], ids=["switched off", "forgotten"])
@pytest.mark.parametrize("kind", [Kind.SYNC, Kind.PREVIEW, Kind.RETRY, Kind.PAUSE, Kind.RESUME, Kind.DISABLE])
async def test_whoever_asked_is_off_by_the_time(
    kind: Kind, how: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their own wish, whose message was late: it ends with a plain answer, writes to neither side, and brings
    nobody back."""
    async with opened(monkeypatch) as app:
        house = app.house
        user = await house.user()
        house.outlook().create("Budget", at(3), at(3, 10))
        command = await ask(house.world, Wish(kind, (user.id,)), Asker(user.id, user.upn))
        late = [message for message, _ in app.queue.take()]
        await how(house.world, user)
        for message in late:
            await app.hand_over(message)
        await app.drain()
        ended = await look(house.world, command.id)

        assert ended is not None
        assert ended.is_ended
        assert "mistake" not in ended.failure
        assert house.desk().activities() == []
        stored = await house.world.store.read_user(user.id)
        assert (stored is not None and not stored.enabled) if how is disable else stored is None


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[State, str, tuple[int, int]]]:
    """How each command stands whenever it is saved: state, opening and progress."""
    seen: list[tuple[State, str, tuple[int, int]]] = []
    save = MemoryStore.save_command

    async def watch(store: MemoryStore, saved: Any) -> Any:
        seen.append((saved.state, saved.opening, saved.progress))
        return await save(store, saved)

    monkeypatch.setattr(MemoryStore, "save_command", watch)
    return seen


UP_TO_3 = [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("kind", "full", "openings"),
    [
        (Kind.RETRY, False, ["", "", "", ""]),
        (Kind.SYNC, False, ["pull", "", "", "", ""]),
        (Kind.SYNC, True, ["pull", "", "", "", ""]),
        (Kind.PREVIEW, False, ["", "", "", ""]),
    ],
)
async def test_progress_is_told_in_items(
    kind: Kind, openings: list[str], monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    """Three people are three items, running n of m, in between; the pull is an opening and none of them."""
    async with opened(monkeypatch) as app:
        names = [await app.house.employ(name) for name in ("ben", "carl")]
        seen = watched(monkeypatch)
        await ask(app.house.world, Wish(kind, (ANNA, *names), full=full), OPERATOR)
        await app.drain()

        running = [(opening, progress) for state, opening, progress in seen if state is State.RUNNING]
        assert [opening for opening, _ in running][: len(openings)] == openings
        assert [*dict.fromkeys(progress for _, progress in running)] == UP_TO_3
        assert seen[-1] == (State.DONE, "", (3, 3))


@pytest.mark.parametrize("full", [False, True], ids=["sync", "full-refresh"])
async def test_one_persons_sync_is_told_in_meetings(full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunk by chunk, once it is known how many there are to write; before that, it is one person of one."""
    async with opened(monkeypatch) as app:
        monkeypatch.setattr(act, "fitting", lambda *_: 1)
        for day in range(1, 4):
            app.house.outlook().create(f"Visit {day}", at(day), at(day, 10))
        seen = watched(monkeypatch)
        await ask(app.house.world, Wish(Kind.SYNC, (ANNA,), full=full), OPERATOR)
        await app.drain()

        running = [progress for state, opening, progress in seen if state is State.RUNNING and not opening]
        told = [*dict.fromkeys(running)]
        assert told[:2] == [(0, 1), (0, 3)]
        assert told[-1] == (3, 3)
        assert told[1:] == sorted(told[1:])
        assert seen[-1] == (State.DONE, "", (3, 3))


async def test_whoever_hears_of_a_sync_cannot_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its progress cannot be saved: the round goes on all the same, and the command ends."""
    async with opened(monkeypatch) as app:
        app.house.outlook().create("Visit", at(1), at(1, 10))
        save = MemoryStore.save_command

        async def fail(store: MemoryStore, saved: Any) -> Any:
            if saved.within == (0, 1):
                raise StoreUnavailable("busy")
            return await save(store, saved)

        monkeypatch.setattr(MemoryStore, "save_command", fail)
        command = await ask(app.house.world, Wish(Kind.SYNC, (ANNA,)), OPERATOR)
        await app.drain()
        ended = await look(app.house.world, command.id)

        assert ended is not None
        assert ended.state is State.DONE
        assert app.house.desk().find("Visit")


@pytest.mark.parametrize("name", SCENES)
async def test_nothing_is_counted_but_what_people_count(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every kind: the people who are dealt with, the meetings of a sync of one person, and nothing of what is one
    thing to be done."""
    async with opened(monkeypatch) as app:
        wish = await SCENES[name](app.house)
        is_one_thing = wish.kind in AT_ONCE - {Kind.PREVIEW} or (wish.everybody and wish.kind is Kind.PAUSE)
        whom = len(wish.people) or len(await app.house.world.store.list_users())
        command = await ask(app.house.world, wish, OPERATOR)
        await app.drain()
        ended = await look(app.house.world, command.id)

        assert ended is not None
        counted = 2 if wish.kind is Kind.SYNC else whom  # the meeting that was moved, and the new one
        assert ended.progress == ((0, 0) if is_one_thing else (counted, counted))


async def test_a_row_of_the_build_before_counts_no_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sync that an older build began, the pull is the first of its items; told are the people."""
    async with opened(monkeypatch) as app:
        ben = await app.house.employ("ben")
        command = await ask(app.house.world, Wish(Kind.SYNC, (ANNA, ben)), OPERATOR)
        begun = replace(command, state=State.RUNNING, done=1, total=3)
        await app.house.world.store.save_command(begun)
        await app.drain()
        ended = await look(app.house.world, command.id)

        assert ended is not None
        assert (begun.progress, ended.progress) == ((0, 2), (2, 2))
        assert [user["upn"] for user in (await read_answer(app.house.world, ended))["users"]] == [ANNA, ben]


async def test_a_preview_that_was_cut_off_tells_of_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is planned from its beginning; what the first worker has told of people who left since goes."""
    async with opened(monkeypatch) as app:
        ben = await app.house.employ("ben")
        command = await ask(app.house.world, Wish(Kind.PREVIEW), OPERATOR)
        [(message, _)] = app.queue.take()
        save, left = MemoryStore.save_command, [4]

        async def save_and_die(store: MemoryStore, saved: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return await save(store, saved)

        monkeypatch.setattr(MemoryStore, "save_command", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            await app.hand_over(message)
        await disable(app.house.world, await app.house.user(ben))
        await app.hand_over(message, dequeue_count=2)
        ended = await look(app.house.world, command.id)

        assert ended is not None
        assert (ended.state, ended.progress) == (State.DONE, (1, 1))
        assert [user["upn"] for user in (await read_answer(app.house.world, ended))["users"]] == [ANNA]
