"""Why was this not synced: by reason, over everybody, from the tables alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.text.stories import unsynced_lines
from jobs.commands import shapes
from jobs.commands.resolve import resolve
from jobs.commands.switch import forget
from jobs.commands.unsynced import list_unsynced
from jobs.wish import WishInvalid
from sync_core.model.policy import PrivateRule
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from sync_core.model.user import User
from tests.support.days import WEEKLY, at, linked_meeting
from tests.support.house import ANNA, House, open_office
from tests.support.users import put_user

BORIS = "boris@acme.example"
WHY = "outside the window"


@pytest.fixture
async def two() -> AsyncIterator[House]:
    """Anna and Boris."""
    async with open_office("anna", "boris") as opened:
        yield opened


async def reasons(house: House) -> dict[str, int]:
    """How many items there are for each reason."""
    return {one.reason: one.items for one in (await list_unsynced(house.world)).reasons}


async def test_by_reason_over_everybody(two: House) -> None:
    """Each reason with how many items and people it has, and what would change it."""
    for upn in (ANNA, BORIS):
        two.outlook(upn).create("Far away", at(60), at(60, 10))
        two.outlook(upn).create("Weekly", at(1), at(1, 10), recurrence=WEEKLY)
    await two.settle()
    page = await list_unsynced(two.world)

    found = {one.reason: (one.items, one.people) for one in page.reasons}
    assert found["outside the window"] == (2, 2)
    assert found["part of a recurring series"][1] == 2
    assert all(one.do for one in page.reasons)
    assert {i["upn"] for i in shapes.unsynced_of(page)["items"] if i["subject"] == "Far away"} == {ANNA, BORIS}
    assert [line for line in unsynced_lines(shapes.unsynced_of(page)) if "2 × outside the window (2 people)" in line]


async def test_no_side_is_asked(two: House) -> None:
    """The answer comes from our own tables."""
    two.outlook().create("Far away", at(60), at(60, 10))
    await two.settle()
    two.graph.requests.clear()
    two.erp.requests.clear()
    await list_unsynced(two.world)

    assert (two.graph.requests, two.erp.requests) == ([], [])


async def test_what_comes_into_the_window_goes_off_the_list(two: House) -> None:
    """And so does what is deleted; an ordinary round that looks at other things keeps the rest."""
    two.outlook().create("Soon", at(33), at(33, 10))
    gone = two.outlook().create("Gone", at(40), at(40, 10))
    two.outlook().create("Later", at(50), at(50, 10))
    await two.settle()
    assert await reasons(two) == {"outside the window": 3}

    two.outlook().delete(gone)
    two.outlook().create("Other", at(2), at(2, 10))
    await two.settle()
    assert await reasons(two) == {"outside the window": 2}
    two.advance(days=3)
    await two.settle()
    assert await reasons(two) == {"outside the window": 1}
    [(_, item)] = (await list_unsynced(two.world)).items
    assert item.subject == "Later"


async def test_a_conflict_is_on_it_until_it_is_resolved(two: House) -> None:
    """With its reason; resolved, nothing is left."""
    event, activity = await meeting_of_anna(two)
    two.desk().set_read_only(activity, True)
    two.outlook().edit(event, subject="Mine")
    await two.settle()
    [(user, item)] = (await list_unsynced(two.world, reason="the activity is read-only in ERP.net")).items
    assert (user.upn, item.what, item.event_id) == (ANNA, "conflict", event)

    await resolve(two.world, (await two.link_of(event)).conflict_id, "erp")
    assert await reasons(two) == {}


async def meeting_of_anna(house: House) -> tuple[str, str]:
    """A linked meeting."""
    event = house.outlook().create("Planning", at(3), at(3, 10))
    await house.settle()
    return event, (await house.link_of(event)).activity_id


async def test_pages(two: House) -> None:
    """Item by item the pages show each once, whoever's it is."""
    for n in range(5):
        two.outlook(ANNA if n % 2 else BORIS).create(f"Far {n}", at(50 + n), at(50 + n, 10))
    await two.settle()
    seen, after = list[str](), ""
    for _ in range(3):
        page = await list_unsynced(two.world, reason="outside the window", after=after, limit=2)
        seen += [item.subject for _, item in page.items]
        assert (page.next_after == "") == (len(seen) == 5)
        after = page.next_after

    assert sorted(seen) == [f"Far {n}" for n in range(5)]
    mine = await list_unsynced(two.world, among=[(await two.user()).id])
    assert {user.upn for user, _ in mine.items} == {ANNA}
    both = await list_unsynced(two.world, among=[(await two.user(upn)).id for upn in (ANNA, BORIS)])
    assert {user.upn for user, _ in both.items} == {ANNA, BORIS}


async def test_private_items_are_masked_and_forgotten_people_leave_nothing(two: House) -> None:
    """Their subject is their owner's only."""
    two.set_policy(private=PrivateRule.SKIP)
    two.outlook().create("Doctor", at(2), at(2, 10), sensitivity="private")
    await two.settle()
    shown = shapes.unsynced_of(await list_unsynced(two.world))
    assert "Doctor" not in str(shown)
    assert [item["subject"] for item in shown["items"]] == ["(private)"]

    await forget(two.world, await two.user())
    assert await two.world.store.count_unsynced() == {}


async def test_a_round_in_step_costs_no_row(house: House) -> None:
    """Nothing decided, nothing read or written of it."""
    await linked_meeting(house)
    assert await reasons(house) == {}
    await house.settle()
    assert await reasons(house) == {}


async def test_a_page_reads_nobody_before_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many people each page reads those on it and one more, however far one has come."""
    store, now = house.world.store, house.now
    for number in range(40):
        user = User(f"person-{number:02d}", f"{number}@acme.example", enabled=True)
        await put_user(store, user)
        items = tuple(UnsyncedItem(f"e{n}", "", "skipped", WHY, now, f"Far {n}") for n in range(2))
        await store.save_unsynced(user.id, Unsynced(items, {WHY: 2}))
    read: list[str] = []
    inner = store.read_unsynced

    async def noted(user_id: str) -> Unsynced:
        read.append(user_id)
        return await inner(user_id)

    monkeypatch.setattr(store, "read_unsynced", noted)
    seen, after, pages = list[tuple[str, str]](), "", 0
    while pages == 0 or after:
        read.clear()
        page = await list_unsynced(house.world, reason=WHY, after=after, limit=5)
        seen += [(user.id, item.event_id) for user, item in page.items]
        after, pages = page.next_after, pages + 1
        assert len(read) <= 4

    assert (pages, len(seen), len(set(seen))) == (16, 80, 80)


async def test_a_page_goes_on_though_items_came_and_went(house: House) -> None:
    """What stood before the place is gone: nothing behind it is left out, and nothing is shown twice."""
    store, now, anna = house.world.store, house.now, (await house.user()).id
    items = [UnsyncedItem(f"e{n}", "", "skipped", WHY, now, f"Far {n}") for n in range(6)]
    await store.save_unsynced(anna, Unsynced(tuple(items), {WHY: 6}))
    first = await list_unsynced(house.world, limit=3)
    await store.save_unsynced(anna, Unsynced(tuple(items[2:]), {WHY: 4}))
    then = await list_unsynced(house.world, after=first.next_after, limit=3)

    assert [item.event_id for _, item in (*first.items, *then.items)] == [f"e{n}" for n in range(6)]
    with pytest.raises(WishInvalid, match="next_after"):
        await list_unsynced(house.world, after="nonsense")
