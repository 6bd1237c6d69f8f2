"""Wake tokens: what they tell, and that somebody is woken once for wake-ups that follow one another closely."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.state import cursors_key
from jobs.app.dispatch import dispatch
from jobs.line import OVERDUE
from jobs.wake import YOUNG, is_notified, wake, woken_at
from tests.support.app import App

AT = datetime(2026, 1, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "at", "notified"),
    [
        pytest.param(f"{AT.isoformat()} 4f5a", AT, False, id="timer"),
        pytest.param(f"{AT.isoformat()} 4f5a notified", AT, True, id="notification"),
        pytest.param(f"{AT.isoformat()} 4f5a sent={AT.isoformat()} notified", AT, True, id="relies-on-a-message"),
        pytest.param("2026-01-25T08:00:00 4f5a", None, False, id="without-a-zone"),
        pytest.param("4f5a", None, False, id="without-a-time"),
        pytest.param("", None, False, id="none"),
    ],
)
def test_what_a_token_tells(token: str, at: datetime | None, *, notified: bool) -> None:
    """When it was written, and whether Graph caused it; what is no token of ours tells nothing."""
    assert (at, notified) == (woken_at(token), is_notified(token))


@pytest.mark.parametrize(
    ("after", "messages"),
    [
        pytest.param(YOUNG / 2, 1, id="young/relied-on"),
        pytest.param(YOUNG, 2, id="old/it-may-be-lost"),
    ],
)
async def test_a_message_that_is_young_is_relied_on(app: App, after: timedelta, messages: int) -> None:
    """Its round will see the newer token; a message that may be lost is sent again."""
    user_id = (await app.house.user()).id
    await wake(app.house.world, user_id)
    first = app.queue.take()
    token = await app.house.world.store.read_wake(user_id)
    app.house.advance(seconds=after.total_seconds())
    await wake(app.house.world, user_id)

    assert len([*first, *app.queue.take()]) == messages
    assert await app.house.world.store.read_wake(user_id) != token


async def test_a_message_that_was_sent_again_is_relied_on_until_it_must_be_lost(app: App) -> None:
    """Somebody is woken every minute and nobody serves the queue: a second message is sent and noted in the line; in
    its place comes another when it has not been seen for five minutes, and never a third."""
    user_id = (await app.house.user()).id
    tickets: list[str] = []
    for _ in range(14):
        await wake(app.house.world, user_id)
        waiting = [str(message.get("ticket", "")) for message, _ in app.queue.sent]
        assert waiting[0] == ""
        assert len(waiting) <= 2
        tickets.append("".join(waiting))
        app.house.advance(seconds=YOUNG.total_seconds())

    minutes = int(OVERDUE / YOUNG)
    changes = [minute for minute in range(1, 14) if tickets[minute] != tickets[minute - 1]]
    assert changes == [1, 1 + minutes, 1 + 2 * minutes]


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
