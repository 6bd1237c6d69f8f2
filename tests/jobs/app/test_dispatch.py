"""The sync timer: who is woken, at which price, and that nobody's trouble stops the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.memory import MemoryQueue
from jobs.app.dispatch import ask_for_pull, dispatch
from jobs.app.work import handle
from jobs.ports import Message, Put
from jobs.wake import wake
from sync_core.errors import StoreUnavailable
from sync_core.model.instance import Instance
from sync_core.model.user import User
from tests.support.fuse import raw
from tests.support.house import ANNA, House
from tests.support.users import put_user


def sent(house: House) -> list[Message]:
    """What was put into the queue since last asked."""
    assert isinstance(house.world.queue, MemoryQueue)
    return [message for message, _ in house.world.queue.take()]


def plan(house: House, upn: str = ANNA) -> None:
    """Somebody plans a meeting in Outlook, two days from now."""
    start = house.now + timedelta(days=2)
    house.outlook(upn).create("Plan", start, start + timedelta(hours=1))


async def settle(house: House) -> User:
    """Bring Anna in step, so that nothing is due."""
    await house.step()
    sent(house)
    return await house.user()


async def clone(house: House, number: int) -> None:
    """Another person exactly as far as Anna, with a mailbox of their own."""
    anna, memory = await house.user(), await house.recall()
    upn = f"colleague{number}@acme.example"
    house.graph.add_mailbox(upn, display_name=upn)
    mailbox = await house.world.calendar.find_user(upn)
    assert mailbox is not None
    assert memory.cursors.delta_window is not None
    reading = await house.world.calendar.read_changes(mailbox.id, None, memory.cursors.delta_window)
    cursors = replace(memory.cursors, delta_link=reading.delta_link, served="")
    await put_user(house.world.store, replace(anna, id=mailbox.id, upn=upn, mail=upn, cursors=cursors))
    lease = await house.world.store.acquire_lease(mailbox.id, "setup", 60)
    await house.world.store.save(lease, [Put(cursors)])
    await house.world.store.release_lease(lease)


async def test_a_user_in_step_is_left_alone(house: House) -> None:
    """Without news on either side nobody gets a message."""
    await settle(house)

    assert await dispatch(house.world) == 0
    assert sent(house) == []


async def test_news_in_outlook_wakes(house: House) -> None:
    """An event that the feed would tell of wakes its owner: a fresh token first, then one message."""
    anna = await settle(house)
    plan(house)

    assert await dispatch(house.world) == 1
    assert sent(house) == [{"kind": "round", "user": anna.id}]
    assert await house.world.store.read_wake(anna.id) != ""


async def test_a_new_day_wakes(house: House) -> None:
    """A user whose local day is over has a window to roll, whatever the sides say."""
    anna = await settle(house)
    house.advance(days=1)

    assert await dispatch(house.world) == 1
    assert sent(house) == [{"kind": "round", "user": anna.id}]


async def test_an_unserved_wake_up_is_found_again(house: House) -> None:
    """A wake-up whose message got lost is put into the line by the next timer."""
    anna = await settle(house)
    await wake(house.world, anna.id)
    sent(house)

    house.advance(minutes=15)
    await dispatch(house.world)
    assert [row.key for row in await house.world.store.list_queued()] == [anna.id]


async def test_a_quiet_calendar_is_noted_as_looked_at(house: House) -> None:
    """It gets no round that would tell; whoever is woken waits from then until their round has come."""
    anna = await settle(house)
    house.advance(minutes=15)
    await dispatch(house.world)
    instance, _ = await house.world.store.read_instance()
    assert (instance.looked_at, instance.woken) == (house.now, {})
    assert instance.looked_at_user(await house.user()) == house.now

    plan(house)
    house.advance(minutes=15)
    began = house.now
    for _ in range(3):
        await dispatch(house.world)
        house.advance(minutes=15)
    instance, _ = await house.world.store.read_instance()
    assert (instance.looked_at, instance.woken) == (house.now - timedelta(minutes=15), {anna.id: began})
    assert instance.looked_at_user(await house.user()) == began

    await house.step()
    house.advance(minutes=15)
    await dispatch(house.world)
    instance, _ = await house.world.store.read_instance()
    assert instance.woken == {}


async def test_of_many_who_wait_the_longest_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row stays small on the day when everybody waits."""
    monkeypatch.setattr("jobs.app.dispatch.MOST_WOKEN", 2)
    anna = await settle(house)
    house.advance(minutes=1)
    await wake(house.world, anna.id)
    await dispatch(house.world)
    for number in range(4):
        await clone(house, number)
        house.advance(days=1)
    await dispatch(house.world)
    instance, _ = await house.world.store.read_instance()

    assert len(instance.woken) == 2
    assert anna.id in instance.woken


async def test_a_look_is_noted_though_others_write_the_row(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull saves it every minute; of the two neither loses what it had to say."""
    await settle(house)
    store, inner = house.world.store, house.world.store.save_instance
    raced: list[str] = []

    async def overtaken(instance: Instance, etag: str) -> str:
        if not raced:
            raced.append(etag)
            await inner(replace(instance, looked_at=None, queued=7), etag)
        return await inner(instance, etag)

    monkeypatch.setattr(store, "save_instance", overtaken)
    await dispatch(house.world)
    instance, _ = await store.read_instance()

    assert (instance.looked_at, instance.queued) == (house.now, 7)


async def test_who_is_switched_off_is_not_woken(house: House) -> None:
    """A user with sync off gets no message even when their feed has news."""
    anna = await settle(house)
    await put_user(house.world.store, replace(anna, enabled=False))
    plan(house)

    assert await dispatch(house.world) == 0


async def test_overlapping_timers_cost_one_round(house: House) -> None:
    """Two timers at the same time send one message, and a later one none; if it comes twice, the second finds the
    round done and asks nobody."""
    await settle(house)
    plan(house)
    await dispatch(house.world)
    await dispatch(house.world)
    house.advance(minutes=2)
    await dispatch(house.world)
    [message] = sent(house)

    await handle(house.world, raw(message))
    house.graph.forget_requests()
    house.erp.forget_requests()
    await handle(house.world, raw(message))

    assert len(house.desk().find("Plan")) == 1
    assert (house.graph.requests, house.erp.requests) == ([], [])


@pytest.mark.parametrize("table", [Table.STATE, Table.USERS])
async def test_an_unreadable_user_does_not_stop_the_others(house: House, table: Table) -> None:
    """A row of a future version keeps its own user from being looked at; everyone else is woken."""
    anna = await settle(house)
    await clone(house, 1)
    assert house.memory is not None
    place = Key(anna.id, "cursors") if table is Table.STATE else Key("user", anna.id)
    row = await house.memory.backend.read(table, place)
    assert row is not None
    await house.memory.backend.write(table, Op(Verb.PUT, place, {**row.properties, "v": 99}))
    plan(house, "colleague1@acme.example")

    assert await dispatch(house.world) == 1
    assert [message["user"] for message in sent(house)] != [anna.id]


async def test_storage_down_is_told_to_the_host(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without storage the timer fails visibly; nothing was moved, so the next tick finds everything again."""

    async def down() -> None:
        raise StoreUnavailable("no tables")

    await settle(house)
    monkeypatch.setattr(house.world.store, "list_due", down)

    with pytest.raises(StoreUnavailable):
        await dispatch(house.world)


async def test_graph_out_of_reach_wakes_everybody(house: House) -> None:
    """A probe that fails counts as news: the round will tell why."""
    anna = await settle(house)
    house.graph.add_fault("*", status=503, times=None)

    await dispatch(house.world)
    assert [message["user"] for message in sent(house)] == [anna.id]


async def test_idle_cycle_of_two_hundred_users(house: House) -> None:
    """When nothing happens, a cycle over 200 users costs at most 10 Graph calls and 2 of ERP.net's."""
    await settle(house)
    await handle(house.world, b'{"kind": "pull"}')
    for number in range(199):
        await clone(house, number)
    sent(house)
    house.graph.forget_requests()
    house.erp.forget_requests()
    house.advance(minutes=1)

    await dispatch(house.world)
    await ask_for_pull(house.world)
    for message in sent(house):
        await handle(house.world, raw(message))

    assert len(await house.world.store.list_users()) == 200
    assert len(house.graph.requests) == 10
    assert 1 <= len(house.erp.requests) <= 2


async def test_anna_is_the_only_one_here(house: House) -> None:
    """The house starts with Anna alone, enabled and due: her first round has not run."""
    assert await dispatch(house.world) == 1
    assert (await house.user()).upn == ANNA


async def test_a_lost_message_is_missed_however_often_somebody_wakes(house: House) -> None:
    """Each wake-up writes a new token; what grows old is the message that all of them rely on."""
    anna = await settle(house)
    plan(house)
    await dispatch(house.world)
    assert len(sent(house)) == 1  # and it gets lost, as by a kill

    for _ in range(14):
        house.advance(seconds=5)
        await wake(house.world, anna.id, notified=True)

    assert sent(house) == []
    assert [(row.key, row.since) for row in await house.world.store.list_queued()] == [
        (anna.id, house.now - timedelta(seconds=10))
    ]
