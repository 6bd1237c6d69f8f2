"""Wake tokens: what they tell, and that somebody is woken once for wake-ups that follow one another closely."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.state import cursors_key
from jobs.app.dispatch import dispatch
from jobs.line import STANDS
from jobs.wake import YOUNG, is_notified, wake, woken_at
from tests.support.app import App

AT = datetime(2026, 1, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "at", "notified"),
    [
        pytest.param(f"{AT.isoformat()} 4f5a", AT, False, id="timer"),
        pytest.param(f"{AT.isoformat()} 4f5a notified", AT, True, id="notification"),
        pytest.param(f"{AT.isoformat()} 4f5a sent={AT.isoformat()} notified", AT, True, id="relies-on-a-message"),
        pytest.param(f"{AT.isoformat()} 4f5a sent=never notified", AT, True, id="no-message-went"),
        pytest.param("2026-01-25T08:00:00 4f5a", None, False, id="without-a-zone"),
        pytest.param("4f5a", None, False, id="without-a-time"),
        pytest.param("", None, False, id="none"),
    ],
)
def test_what_a_token_tells(token: str, at: datetime | None, *, notified: bool) -> None:
    """When it was written, and whether Graph caused it; what is no token of ours tells nothing."""
    assert (at, notified) == (woken_at(token), is_notified(token))


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        pytest.param(YOUNG / 2, False, id="young/relied-on"),
        pytest.param(YOUNG, True, id="old/it-may-be-lost"),
    ],
)
async def test_a_message_that_is_young_is_relied_on(app: App, after: timedelta, *, waits: bool) -> None:
    """Its round will see the newer token. For one that may be lost, or stand in a queue that nobody serves, no other
    is sent: the round waits in the line for whoever has a session next."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    token = await app.house.world.store.read_wake(user_id)
    for _ in range(3):
        app.house.advance(seconds=after.total_seconds() if waits else after.total_seconds() / 3)
        await wake(app.house.world, user_id)
        assert [row.key for row in await app.house.world.store.list_queued()] == [user_id] * waits

    assert len(app.queue.sent) == 1
    assert await app.house.world.store.read_wake(user_id) != token


async def test_a_round_whose_message_was_lost_is_done_by_whoever_has_a_session(app: App) -> None:
    """Nobody waits any more then."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    app.queue.take()  # and it gets lost
    app.house.advance(seconds=YOUNG.total_seconds())
    await wake(app.house.world, user_id)
    await app.hand_over({"kind": "pull"})

    served = await app.house.world.store.read_served(user_id)
    assert (served, served != "") == (await app.house.world.store.read_wake(user_id), True)
    assert [row.message for row in await app.house.world.store.list_queued()] == [None]


async def test_a_message_that_stands_in_a_slow_queue_stays_the_only_one(app: App) -> None:
    """Its round was done out of turn meanwhile: so are those of later changes, until it comes and finds nothing."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    [(message, _)] = app.queue.take()
    app.house.advance(seconds=YOUNG.total_seconds())
    for _ in range(3):
        await wake(app.house.world, user_id, notified=True)
        await app.hand_over({"kind": "pull"})
        app.house.advance(minutes=2)
        served = await app.house.world.store.read_served(user_id)
        assert (served, served != "") == (await app.house.world.store.read_wake(user_id), True)
    assert app.queue.take() == []

    await app.hand_over({"kind": "pull"})  # the second look after the last one
    await app.hand_over(message)
    assert await app.house.world.store.list_queued() == []
    await wake(app.house.world, user_id)
    assert [message["user"] for message, _ in app.queue.take()] == [user_id]


@pytest.mark.parametrize(("after", "sent"), [(STANDS - timedelta(minutes=2), 0), (STANDS, 1)])
async def test_a_message_that_does_not_come_is_not_expected_for_ever(app: App, after: timedelta, sent: int) -> None:
    """After an hour another is sent."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    app.queue.take()  # and it gets lost
    app.house.advance(seconds=YOUNG.total_seconds())
    await wake(app.house.world, user_id)
    await app.hand_over({"kind": "pull"})
    app.house.advance(seconds=after.total_seconds())
    await wake(app.house.world, user_id)

    assert len(app.queue.take()) == sent


async def test_somebody_who_asks_waits_for_no_message_that_may_be_lost(app: App) -> None:
    """As when a pause ends, in which a message of theirs was served without a round."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    app.house.advance(seconds=YOUNG.total_seconds())
    await wake(app.house.world, user_id, asked=True)

    assert [message["user"] for message, _ in app.queue.take()] == [user_id, user_id]


async def test_a_user_who_is_unknown_leaves_nothing_behind(app: App) -> None:
    """The token that was just written is erased, and nobody is woken."""
    await wake(app.house.world, "stranger-id")

    assert app.queue.take() == []
    assert await app.house.world.store.read_wake("stranger-id") == ""


async def test_whose_cursors_cannot_be_read_is_woken_all_the_same(app: App) -> None:
    """What their last round has served is not known; the timer goes on to everybody else."""
    assert app.house.memory is not None
    boris = await app.house.employ("boris")
    await app.house.sync()
    await dispatch(app.house.world)
    anna = await app.house.user()
    spoilt = Op(Verb.PUT, cursors_key(anna.id), {"v": SCHEMA, "data0": "{"})
    await app.house.memory.backend.write(Table.STATE, spoilt)
    await wake(app.house.world, anna.id, notified=True)
    await app.house.world.store.write_wake((await app.house.user(boris)).id, "a message that got lost")
    app.queue.take()

    assert await dispatch(app.house.world) == 2
    assert {message["user"] for message, _ in app.queue.take()} == {anna.id, (await app.house.user(boris)).id}
    instance, etag = await app.house.world.store.read_instance()
    await app.house.world.store.save_instance(replace(instance, looked_at=None), etag)  # an older build's pull
    assert await dispatch(app.house.world) == 2
