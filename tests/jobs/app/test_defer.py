"""An order that cannot be carried out now comes back later: no session, no licence, no storage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.messages import Round, write
from sync_core.errors import StoreUnavailable
from tests.support.app import App
from tests.support.served import asks, is_slot_free, woken_by_outlook


async def test_a_taken_slot_brings_the_same_message_later(app: App) -> None:
    """Without an ERP.net slot the message is completed and comes back after some seconds; then it is served."""
    message = await woken_by_outlook(app)
    app.house.advance(minutes=20)
    slot = await app.house.world.store.acquire_slot("another process", 1, 60)
    app.house.erp.forget_requests()

    await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert (asks(again), app.house.erp.requests) == (asks(message), [])
    assert 4 <= delay <= 6

    await app.house.world.store.free_slot(slot)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


async def test_a_pull_without_a_slot_comes_back(app: App) -> None:
    """While another process holds the slot the pull waits in the queue."""
    await app.house.world.store.acquire_slot("another process", 1, 60)

    await app.hand_over({"kind": "pull"})
    [(message, delay)] = app.queue.take()
    assert asks(message) == {"kind": "pull"}
    assert delay > 0


async def test_no_licence_means_wait(app: App) -> None:
    """Where ERP.net has no licence the user's state stays as it was, the message comes back, and this process lets
    ERP.net alone for a while."""
    message = await woken_by_outlook(app)
    app.house.erp.revoke_tokens()
    app.house.erp.licences = 0

    await app.hand_over(message)
    [(again, _)] = app.queue.take()
    assert asks(again) == asks(message)
    assert (await app.house.user()).is_operational

    app.house.erp.forget_requests()
    await app.hand_over(again)
    assert app.house.erp.requests == []


async def test_a_process_without_a_licence_leaves_the_slot_to_others(app: App) -> None:
    """After a refusal for want of a licence this process does not take a slot for a minute."""
    message = await woken_by_outlook(app)
    app.house.advance(minutes=20)
    app.house.world.erp_slot.back_off(app.house.now + timedelta(seconds=60))
    app.house.erp.forget_requests()

    await app.hand_over(message)
    [(again, _)] = app.queue.take()
    assert (app.house.erp.requests, await is_slot_free(app.house)) == ([], True)

    app.house.advance(seconds=61)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


@pytest.mark.parametrize("status", [429, 503], ids=["throttled", "no-licence"])
@pytest.mark.parametrize("header", ["inf", "nan", "-7", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_erp_net_asks_to_be_left_alone_for_ever(app: App, header: str, status: int) -> None:
    """Whatever ERP.net asks for, the message comes back within the hour and the meeting arrives."""
    message = await woken_by_outlook(app)
    body = {"error": {"message": "no licence", "code": 8}} if status == 503 else None
    app.house.erp.add_fault("*", status=status, headers={"Retry-After": header}, body=body, times=None)

    await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert 0 < delay <= 3960
    app.house.erp.faults.clear()
    app.house.advance(hours=1, seconds=1)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


async def test_storage_down_for_a_minute_loses_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the tables do not answer the message comes back later, and is served when they do."""
    message = await woken_by_outlook(app)

    async def down(_: str) -> None:
        raise StoreUnavailable("no tables")

    with monkeypatch.context() as outage:
        outage.setattr(app.house.world.store, "read_user", down)
        await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert delay > 0

    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


async def test_storage_down_altogether_leaves_the_message_to_the_host(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With tables and queues down the function fails, so that the host keeps the message."""

    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("no storage")

    monkeypatch.setattr(app.house.world.store, "read_user", down)
    monkeypatch.setattr(app.house.world.queue, "send", down)

    with pytest.raises(StoreUnavailable):
        await app.hand_over(write(Round("u")))
