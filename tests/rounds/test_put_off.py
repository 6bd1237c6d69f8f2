"""A meeting that is put off while its pair is set aside is not over when its old time is: both sides are asked first.

The base of a pair says when both sides last agreed. While a pair is parked or held, either side may move on from it.
"""

from __future__ import annotations

import pytest

from jobs.approvals import retry
from sync_core.model.link import LinkStatus
from sync_core.model.policy import PrivateRule
from tests.faults.test_poison import exhaust, poison
from tests.support.days import at, digits, linked_meeting
from tests.support.house import House


def put_off(house: House, event: str, activity: str, where: str) -> None:
    """Somebody moves one side of a meeting to a day two weeks later."""
    if where == "outlook":
        house.outlook().edit(event, start=at(25), end=at(25, 10))
    else:
        house.desk().edit(activity, start=digits(25), end=digits(25, 12))


def days(house: House, event: str, activity: str) -> tuple[str, str]:
    """The days on which both sides stand."""
    return house.outlook().get(event)["start"]["dateTime"][:10], house.desk().get(activity)["StartTime"][:10]


@pytest.mark.parametrize(("side", "where"), [("graph", "desk"), ("erp", "outlook")])
async def test_a_move_that_could_not_be_written_stays_listed(house: House, side: str, where: str) -> None:
    """Tried ten times and parked. The old time passes; it is still listed, and a retry carries it out."""
    event, activity = await linked_meeting(house, day=6)
    await house.step()
    poison(house, event, activity, side, 500)
    put_off(house, event, activity, where)
    await exhaust(house)
    house.advance(days=6)
    for _ in range(3):
        house.advance(days=1)
        await house.sync()
    link = await house.link_of(event)
    assert (link.status, link.tries) == (LinkStatus.PARKED, 10)

    house.graph.faults.clear()
    row = house.erp.store.get("General_Activities_Activities", activity)
    assert row is not None
    house.erp.store.assign(row, "EnterpriseCompanyLocation", house.erp.location_id)
    assert await retry(house.world, await house.user()) == 1
    await house.settle()
    assert days(house, event, activity) == ("2026-02-19", "2026-02-19")


def set_aside(house: House, event: str, activity: str, why: str) -> None:
    """Something happens to one side of a meeting that sets the pair aside, or ends that."""
    if why == "hidden":
        house.desk().hide(activity)
        house.outlook().edit(event, subject="Asks for the activity")
    elif why == "shown":
        house.desk().show(activity)
    elif why == "elsewhere":
        house.outlook().move_to_calendar(event, "Other")
    elif why == "back":
        house.outlook().move_to_calendar(event)
    elif why == "private":
        house.outlook().edit(event, sensitivity="private")
    elif why == "malformed":
        row = house.erp.store.get("General_Activities_Activities", activity)
        assert row is not None
        house.erp.store.assign(row, "StartTime", "soon")
        house.erp.touch(row)
    else:
        house.outlook().edit(event, sensitivity="normal")


@pytest.mark.parametrize(
    ("why", "no_more", "where"),
    [
        pytest.param("hidden", "shown", "outlook", id="the activity is hidden"),
        pytest.param("elsewhere", "back", "desk", id="the event is in another calendar"),
        pytest.param("private", "public", "outlook", id="private items are not synced"),
        pytest.param("private", "public", "desk", id="private items are not synced, and the activity moves"),
    ],
)
async def test_put_off_while_the_pair_is_set_aside(house: House, why: str, no_more: str, where: str) -> None:
    """It stays listed past its old time, and the move arrives once nothing stands in its way any more."""
    house.set_policy(private=PrivateRule.SKIP)
    event, activity = await linked_meeting(house, day=2)
    await house.step()
    set_aside(house, event, activity, why)
    await house.sync()
    put_off(house, event, activity, where)
    for _ in range(5):
        house.advance(days=1)
        await house.sync()
    assert (await house.link_of(event)).status is LinkStatus.PARKED

    set_aside(house, event, activity, no_more)
    house.advance(days=1)
    await house.settle()
    assert days(house, event, activity) == ("2026-02-19", "2026-02-19")
    assert (await house.link_of(event)).status is LinkStatus.LIVE


async def test_an_edit_in_erp_net_waits_while_the_event_is_in_another_calendar(house: House) -> None:
    """Nothing is written there, at no time of the day."""
    event, activity = await linked_meeting(house, day=20)
    await house.step()
    set_aside(house, event, activity, "elsewhere")
    await house.step()
    house.desk().edit(activity, subject="Theirs", notes="papers")
    house.graph.forget_requests()
    assert (await house.settle(), house.graph_writes()) == ({}, [])
    assert (await house.link_of(event)).status is LinkStatus.PARKED

    set_aside(house, event, activity, "back")
    await house.settle()
    assert house.outlook().get(event)["subject"] == "Theirs"


async def test_what_is_shown_again_goes_on_with_the_next_days_look(house: House) -> None:
    """Nobody edits anything after the activity can be seen again."""
    event, activity = await linked_meeting(house, day=20)
    await house.step()
    set_aside(house, event, activity, "hidden")
    await house.step()
    set_aside(house, event, activity, "shown")
    house.advance(days=1)
    await house.settle()

    assert house.desk().get(activity)["Subject"] == "Asks for the activity"
    assert (await house.link_of(event)).status is LinkStatus.LIVE


@pytest.mark.parametrize("why", ["hidden", "elsewhere", "private", "malformed"])
async def test_a_pair_that_was_set_aside_is_over_with_its_meeting(house: House, why: str) -> None:
    """Nobody moved it: it is no longer listed, whatever stood in its way."""
    house.set_policy(private=PrivateRule.SKIP)
    event, activity = await linked_meeting(house, day=2)
    await house.step()
    set_aside(house, event, activity, why)
    await house.sync()
    assert (await house.link_of(event)).status is LinkStatus.PARKED
    for _ in range(4):
        house.advance(days=1)
        await house.sync()
    assert (await house.link_of(event)).status is LinkStatus.ARCHIVED


async def test_an_activity_that_is_put_off_stays_on_a_list_of_deletions(house: House) -> None:
    """Three events are deleted, which waits for somebody; meanwhile one activity is put off. The others are over with
    their old time, this one stays listed."""
    pairs = [await linked_meeting(house, f"m{n}", day=2) for n in range(3)]
    await house.step()
    for event, _ in pairs:
        house.outlook().delete(event)
    report = await house.step()
    assert [len(hold.items) for hold in report.holds] == [3]
    house.desk().edit(pairs[0][1], start=digits(25), end=digits(25, 12))
    for _ in range(5):
        house.advance(days=1)
        await house.sync()

    assert [(await house.link_of(event)).status for event, _ in pairs] == [
        LinkStatus.HELD,
        LinkStatus.ARCHIVED,
        LinkStatus.ARCHIVED,
    ]
    assert [a["Void"] for a in house.desk().activities()] == [False] * 3
