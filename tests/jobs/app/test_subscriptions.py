"""Graph's subscriptions against the stand-in, which shakes hands with the app's own endpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobs.app.subscriptions import keep_all
from jobs.commands.switch import disable
from jobs.ports import LiveSubscription, Subscription
from sync_core.errors import SideUnavailable
from tests.support.app import App
from tests.support.house import ANNA
from tests.support.users import put_user


async def live(app: App) -> list[LiveSubscription]:
    """What Graph keeps."""
    return await app.house.world.subscriptions.list_live()


async def row(app: App) -> Subscription:
    """What we remember of Anna's."""
    found = await app.house.world.store.read_subscription((await app.house.user()).id)
    assert found is not None
    return found


async def calls(app: App) -> list[str]:
    """What the keeper asks of Graph in one turn."""
    app.house.graph.forget_requests()
    await keep_all(app.house.world)
    return [seen.line.replace("/v1.0", "") for seen in app.house.graph.requests]


async def test_the_keeper_subscribes_for_who_is_on(public_app: App) -> None:
    """Anna's mailbox, at our address, for less than three days, and the secret is remembered."""
    await public_app.tick("keeper")
    [made] = await live(public_app)
    known = await row(public_app)

    assert (made.id, made.url) == (known.id, f"{public_app.house.world.public_url}/api/webhooks/graph")
    assert made.expires_at - public_app.house.now == timedelta(minutes=4200)
    assert len(known.secret) == 64
    assert known.secret not in repr(known)


async def test_an_idle_turn_is_one_call(public_app: App) -> None:
    """With every subscription far from its end the keeper only looks at Graph's list."""
    await keep_all(public_app.house.world)

    assert await calls(public_app) == ["GET /subscriptions"]


async def test_a_change_wakes_within_one_notification(public_app: App) -> None:
    """From the person's edit to the other side by push alone: no timer, no pull."""
    await public_app.house.step()
    await keep_all(public_app.house.world)
    public_app.queue.take()
    start = public_app.house.now + timedelta(days=2)
    public_app.house.outlook().create("Pushed", start, start + timedelta(hours=1))
    await public_app.house.graph.subscriptions.settle()

    await public_app.drain()
    assert len(public_app.house.desk().find("Pushed")) == 1


async def test_a_forged_notification_wakes_nobody(public_app: App) -> None:
    """Somebody who knows all but the secret is answered and ignored."""
    await keep_all(public_app.house.world)
    public_app.house.graph.subscriptions.forge(ANNA)
    await public_app.house.graph.subscriptions.settle()

    assert public_app.queue.take() == []


async def test_prolonged_a_day_before_the_end(public_app: App) -> None:
    """With less than a day left it is prolonged, the same one and the same secret."""
    await keep_all(public_app.house.world)
    before = await row(public_app)
    public_app.house.advance(hours=45)
    assert await calls(public_app) == ["GET /subscriptions"]

    public_app.house.advance(hours=2)
    await keep_all(public_app.house.world)
    after = await row(public_app)
    assert (after.id, after.secret) == (before.id, before.secret)
    assert after.expires_at == public_app.house.now + timedelta(minutes=4200)


async def test_a_vanished_subscription_is_made_anew(public_app: App) -> None:
    """One that Graph forgot silently is replaced at the next turn, and the user is woken for what was missed."""
    await keep_all(public_app.house.world)
    before = await row(public_app)
    public_app.house.graph.subscriptions.reset()
    public_app.queue.take()

    await keep_all(public_app.house.world)
    [made] = await live(public_app)
    assert made.id == (await row(public_app)).id != before.id
    assert [message["kind"] for message, _ in public_app.queue.take()] == ["round"]


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
async def test_lifecycle_events_leave_a_living_subscription(public_app: App, event: str) -> None:
    """Whatever Graph says about it, afterwards there is one subscription and a change still comes through."""
    await public_app.house.step()
    await keep_all(public_app.house.world)
    public_app.house.graph.subscriptions.lifecycle(ANNA, event)
    await public_app.house.graph.subscriptions.settle()
    await public_app.drain()
    start = public_app.house.now + timedelta(days=2)
    public_app.house.outlook().create("After", start, start + timedelta(hours=1))
    await public_app.house.graph.subscriptions.settle()
    await public_app.drain()

    assert [one.id for one in await live(public_app)] == [(await row(public_app)).id]
    assert len(public_app.house.desk().find("After")) == 1


async def test_a_twin_whose_secret_is_lost_is_replaced(public_app: App) -> None:
    """With our memory lost, Graph's 409 leads to a new subscription whose secret we know."""
    await keep_all(public_app.house.world)
    [old] = await live(public_app)
    user = await public_app.house.user()
    await public_app.house.world.store.drop_subscription(user.id)

    await keep_all(public_app.house.world)
    [new] = await live(public_app)
    assert new.id == (await row(public_app)).id != old.id


async def test_switching_off_ends_it(public_app: App) -> None:
    """Graph stops telling of a user whose sync is switched off."""
    await keep_all(public_app.house.world)
    user = await public_app.house.user()

    await disable(public_app.house.world, user)
    assert await live(public_app) == []
    assert await public_app.house.world.store.read_subscription(user.id) is None


async def test_what_could_not_be_ended_is_ended_later(public_app: App) -> None:
    """Graph out of reach at the switch does not keep anybody from switching off; the keeper ends it."""
    await keep_all(public_app.house.world)
    fault = public_app.house.graph.add_fault("DELETE */subscriptions/*", status=503, times=None)
    await disable(public_app.house.world, await public_app.house.user())
    assert len(await live(public_app)) == 1

    fault.times = 0
    await keep_all(public_app.house.world)
    assert await live(public_app) == []


async def test_nobody_knows_it_so_it_ends(public_app: App) -> None:
    """A subscription of somebody forgotten is ended, one at another address is not ours to end."""
    user = await public_app.house.user()
    await keep_all(public_app.house.world)
    await public_app.house.world.store.forget_user(user.id)
    await keep_all(public_app.house.world)
    assert await live(public_app) == []

    elsewhere = f"{public_app.house.world.public_url}/api/webhooks/graph?of=another"
    wanted = Subscription(user.id, "s", url=elsewhere)
    await public_app.house.world.subscriptions.subscribe(wanted, public_app.house.now + timedelta(days=1))
    await keep_all(public_app.house.world)
    assert [one.url for one in await live(public_app)] == [elsewhere]


async def test_a_new_address_moves_it(public_app: App) -> None:
    """After the app moved, the old subscription is ended and a new one made at the new address."""
    await keep_all(public_app.house.world)
    moved = public_app.house.world.public_url.replace("127.0.0.1", "localhost")
    public_app.house.world = replace(public_app.house.world, public_url=moved)

    await keep_all(public_app.house.world)
    assert [one.url for one in await live(public_app)] == [f"{moved}/api/webhooks/graph"]


async def test_without_an_address_the_app_polls(app: App) -> None:
    """Where Graph cannot reach the app nothing is subscribed."""
    await keep_all(app.house.world)

    assert await live(app) == []


async def test_one_mailbox_in_trouble_leaves_the_others_theirs(public_app: App) -> None:
    """A mailbox that refuses a subscription costs nobody else theirs."""
    await public_app.house.employ("boris")
    public_app.house.graph.remove_mailbox(ANNA)

    await keep_all(public_app.house.world)
    boris = await public_app.house.user("boris@acme.example")
    assert [boris.id in one.resource for one in await live(public_app)] == [True]


async def test_graph_out_of_reach_fails_the_timer(public_app: App) -> None:
    """When not even the list can be read the turn fails visibly and nothing is forgotten."""
    await keep_all(public_app.house.world)
    before = await row(public_app)
    public_app.house.graph.add_fault("*", status=503, times=None)

    with pytest.raises(SideUnavailable):
        await public_app.tick("keeper")
    assert await row(public_app) == before


async def test_the_first_full_round_starts_the_push(public_app: App) -> None:
    """Somebody just switched on need not wait for the keeper."""
    await public_app.tick("sync")
    await public_app.drain()

    assert len(await live(public_app)) == 1


async def test_switched_off_while_it_is_made(public_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A switch turned while Graph shakes hands leaves no subscription behind."""
    user, subscriptions = await public_app.house.user(), public_app.house.world.subscriptions
    subscribe = subscriptions.subscribe

    async def switched_off_meanwhile(wanted: Subscription, until: datetime) -> Subscription:
        await put_user(public_app.house.world.store, replace(user, enabled=False))
        return await subscribe(wanted, until)

    monkeypatch.setattr(subscriptions, "subscribe", switched_off_meanwhile)
    await keep_all(public_app.house.world)

    assert await live(public_app) == []
    assert await public_app.house.world.store.read_subscription(user.id) is None


async def test_what_another_process_is_making_is_left_alone(public_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscription whose id is not stored yet belongs to whoever makes it; the keeper does not end it."""
    await keep_all(public_app.house.world)
    made = await row(public_app)

    async def as_they_were() -> list[Subscription]:
        return [replace(made, id="")]

    monkeypatch.setattr(public_app.house.world.store, "list_subscriptions", as_they_were)
    await keep_all(public_app.house.world)
    assert [one.id for one in await live(public_app)] == [made.id]
