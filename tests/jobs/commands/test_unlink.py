"""Unlink: a pair is taken apart, both sides stay as they are, and nothing finds the two again until a retry of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cli.text.answers import unlinked_lines
from jobs.approvals import UnknownChoice, retry
from jobs.command import Asker, State
from jobs.commands import item_shapes, shapes, switch
from jobs.commands.ask import ask, look
from jobs.commands.explain import explain
from jobs.commands.unlink import unlink
from jobs.commands.unsynced import list_unsynced
from jobs.wish import Kind, Wish
from sync_core.model.link import EndedBy
from sync_core.plan.exits import UNLINKED
from tests.support.app import App
from tests.support.days import at, linked_meeting
from tests.support.house import ANNA, House, open_office, upn_of


async def apart(house: House) -> tuple[str, str]:
    """A pair that was taken apart: (event id, activity id)."""
    event, activity = await linked_meeting(house, day=3)
    await unlink(house.world, await house.user(), activity)
    return event, activity


def writes(house: House) -> list[str]:
    """What was written to either side since the log was emptied."""
    erp = [s.line for s in house.erp.requests if b"PATCH General" in s.body or b"POST General" in s.body]
    return [*house.graph_writes(), *erp]


@pytest.mark.parametrize("by", ["event", "activity", "ACTIVITY"])
async def test_both_sides_stay_as_they_are(house: House, by: str) -> None:
    """Asked for by either id; no request is made of either side."""
    event, activity = await linked_meeting(house, day=3)
    house.graph.forget_requests()
    house.erp.forget_requests()
    name = {"event": event, "activity": activity, "ACTIVITY": activity.upper()}[by]
    await unlink(house.world, await house.user(), name)

    link = await house.link_of(event)
    assert (link.ended_by, link.reason) == (EndedBy.UNLINKED, UNLINKED)
    assert (house.graph.requests, house.erp.requests) == ([], [])


EDITS: dict[str, Callable[[House, str, str], object]] = {
    "nothing": lambda house, event, activity: None,
    "outlook retitle": lambda house, event, activity: house.outlook().edit(event, subject="Mine alone"),
    "erp retitle": lambda house, event, activity: house.desk().edit(activity, subject="Theirs alone"),
    "outlook move": lambda house, event, activity: house.outlook().edit(event, start=at(9), end=at(9, 10)),
    "outlook delete": lambda house, event, activity: house.outlook().delete(event),
    "erp void": lambda house, event, activity: house.desk().void(activity, "not needed"),
    "erp delete": lambda house, event, activity: house.desk().delete(activity),
    "outlook invite": lambda house, event, activity: house.outlook().edit(event, attendees=["guest@vendor.example"]),
}


@pytest.mark.parametrize("what", EDITS)
async def test_whatever_happens_to_a_side_the_other_hears_nothing(house: House, what: str) -> None:
    """In the next rounds, in a full one, after the daily look: nothing is linked, doubled or mailed."""
    event, activity = await apart(house)
    house.advance(minutes=5)
    EDITS[what](house, event, activity)
    house.graph.forget_requests()
    house.erp.forget_requests()
    with house.post() as mails:
        await house.settle()
        await house.sync(full=True)
        house.advance(days=1)
        await house.sync()
        await house.sync(full=True)

    assert (writes(house), mails) == ([], [])
    assert (len(house.outlook().events()), len(house.desk().activities())) == (
        0 if what == "outlook delete" else 1,
        0 if what == "erp delete" else 1,
    )
    assert (await house.link_of(event)).ended_by is EndedBy.UNLINKED


async def test_it_is_not_forgotten_while_it_may_go_on(house: House) -> None:
    """Months later, when the event was moved into the window anew."""
    event, _ = await apart(house)
    house.advance(days=200)
    await house.sync(full=True)
    now = house.now.replace(hour=9, minute=0)
    start = now.replace(day=min(now.day + 2, 28))
    house.outlook().edit(event, start=start, end=start.replace(hour=10))
    await house.settle()
    await house.sync(full=True)

    assert len(house.desk().activities()) == 1
    assert (await house.link_of(event)).ended_by is EndedBy.UNLINKED


async def test_a_mailbox_that_moves_finds_it_apart(house: House) -> None:
    """Its events have other ids then."""
    event, activity = await apart(house)
    ids = house.graph.move_mailbox(ANNA)
    house.advance(minutes=5)
    await house.settle()
    await house.sync(full=True)

    assert (len(house.outlook().events()), len(house.desk().activities())) == (1, 1)
    link = await house.link_of(ids[event])
    assert (link.activity_id, link.ended_by) == (activity, EndedBy.UNLINKED)


async def test_why_says_so_and_how_to_take_it_back(house: House) -> None:
    """The item, and the list of what is not in step."""
    event, _ = await apart(house)
    await house.settle()
    found = [item_shapes.finding_of(one) for one in await explain(house.world, await house.user(), event)]
    page = await list_unsynced(house.world)

    assert ("ended", UNLINKED, "retry this item, if both sides are to be in step again") in [
        (one["what"], one["reason"], one["do"]) for one in found
    ]
    assert "unlinked" in [one["what"] for one in found]
    assert [(one.reason, one.items) for one in page.reasons] == [(UNLINKED, 1)]


async def test_a_retry_of_it_takes_it_back(house: House) -> None:
    """What both sides changed meanwhile goes across; a retry of everything does not touch it."""
    event, activity = await apart(house)
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Mine")
    house.desk().edit(activity, priority="High")
    await house.settle()
    user = await house.user()
    assert await retry(house.world, user) == 0
    assert await retry(house.world, user, event) == 1
    await house.settle()

    assert (house.desk().get(activity)["Subject"], house.outlook().get(event)["importance"]) == ("Mine", "high")
    assert (len(house.outlook().events()), len(house.desk().activities())) == (1, 1)
    assert await house.settle() == {}


async def test_twice_is_once(house: House) -> None:
    """A double click: one entry of the journal."""
    event, _ = await apart(house)
    again = await unlink(house.world, await house.user(), event)
    journal = await house.world.store.read_journal((await house.user()).id)

    assert [entry.action for entry in journal].count("unlinked") == 1
    assert [line for line in unlinked_lines({"unlinked": [shapes.unlinked_of(again)]}) if "retry --user" in line]


async def test_a_conflict_ends_with_it(house: House) -> None:
    """The category stays on the event, as it is no side's content, and the answer says so."""
    event, activity = await linked_meeting(house, day=3)
    house.desk().set_read_only(activity, True)
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Other")
    await house.settle()
    assert (await house.link_of(event)).conflict is not None
    done = await unlink(house.world, await house.user(), event)

    link = await house.link_of(event)
    assert (link.conflict, done.has_category) == (None, True)
    assert "ERP.net conflict" in house.outlook().get(event)["categories"]


async def test_what_is_no_running_pair_is_refused(house: House) -> None:
    """With the reason; nothing is stored."""
    user = await house.user()
    with pytest.raises(UnknownChoice, match="no pair with the id"):
        await unlink(house.world, user, "nothing")
    event, _ = await linked_meeting(house, day=3)
    house.outlook().delete(event)
    house.advance(minutes=5)
    await house.step()
    with pytest.raises(UnknownChoice, match="over already"):
        await unlink(house.world, user, event)


async def test_a_copy_that_follows_is_unlinked_where_it_is_fed() -> None:
    """And colleagues who follow an unlinked one make nothing of their own."""
    async with open_office("anna", "boris") as house:
        event = house.outlook().create("Planning", at(3), at(3, 10), attendees=[upn_of("boris")])
        await house.settle()
        boris = await house.user(upn_of("boris"))
        [copy] = house.outlook(upn_of("boris")).events()
        with pytest.raises(UnknownChoice, match="follows a meeting"):
            await unlink(house.world, boris, copy["id"])

        await unlink(house.world, await house.user(), event)
        house.advance(minutes=5)
        house.outlook().edit(event, subject="Mine alone")
        await house.settle()
        await house.sync(full=True)
        assert [row["Subject"] for row in house.desk().activities()] == ["Planning"]


async def test_switching_off_and_on_leaves_it_apart(house: House) -> None:
    """Links stay stored."""
    event, _ = await apart(house)
    await switch.disable(house.world, await house.user())
    await switch.enable(house.world, (await house.user()).upn)
    await house.settle()

    assert len(house.desk().activities()) == 1
    assert (await house.link_of(event)).ended_by is EndedBy.UNLINKED


async def test_the_command_is_audited(app: App) -> None:
    """Who asked, and about what."""
    house = app.house
    event, _ = await linked_meeting(house, day=3)
    user = await house.user()
    command = await ask(house.world, Wish(Kind.UNLINK, (user.id,), item=event), Asker("olga", "Olga"))
    await app.drain()
    found = await look(house.world, command.id)

    assert found is not None
    assert (found.state, found.wish.item, found.asked_by.name) == (State.DONE, event, "Olga")
    retried = await ask(house.world, Wish(Kind.RETRY, (user.id,), item=event), Asker("olga", "Olga"))
    await app.drain()
    assert (await look(house.world, retried.id)) is not None
    assert (await house.link_of(event)).ended_by is EndedBy.NOBODY
