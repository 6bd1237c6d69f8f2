"""One-way streets: what SYNC_DIRECTION lets through, and what it leaves alone."""

from __future__ import annotations

import pytest

from jobs.commands.switch import disable, enable
from jobs.company import start_app
from sync_core.model.policy import Direction
from tests.support.colleagues import BORIS, KIM, call_meeting
from tests.support.days import at, digits, linked_meeting, only
from tests.support.house import ANNA, House, open_office


async def test_to_erpnet_never_writes_to_outlook(house: House) -> None:
    """Outlook's news arrive; ERP.net's own stay there, and Outlook wins where both changed."""
    event, activity = await linked_meeting(house)
    house.set_policy(direction=Direction.TO_ERP)
    house.desk().create("Only here", digits(3), digits(3, 12))
    house.desk().edit(activity, subject="ERP.net's", notes="ERP.net's notes")
    house.advance(minutes=10)
    house.outlook().edit(event, subject="Outlook's")
    house.graph.forget_requests()
    await house.step()
    await house.step()

    assert house.graph_writes() == []
    assert house.desk().get(activity)["Subject"] == "Outlook's"
    assert house.desk().get(activity)["Notes"] == "ERP.net's notes"
    assert [e["subject"] for e in house.outlook().events()] == ["Outlook's"]


async def test_to_microsoft365_never_writes_to_erpnet(house: House) -> None:
    """The mirror image: new events stay in Outlook, a deleted event voids nothing and is not made again."""
    event, activity = await linked_meeting(house)
    await linked_meeting(house, "Other", 2)
    house.set_policy(direction=Direction.TO_GRAPH)
    house.outlook().create("Only here", at(3), at(3, 10))
    house.outlook().delete(event)
    before = house.desk().get(activity)
    await house.step()
    await house.step(full=True)

    assert house.desk().get(activity) == before
    assert sorted(e["subject"] for e in house.outlook().events()) == ["Only here", "Other"]
    assert len(house.desk().activities()) == 2


async def test_open_both_ways_again_what_was_left_flows(house: House) -> None:
    """A field that was left alone is still known as changed when the street opens."""
    event, activity = await linked_meeting(house)
    house.set_policy(direction=Direction.TO_ERP)
    house.desk().edit(activity, notes="left alone")
    await house.step()
    house.set_policy(direction=Direction.BOTH)
    await house.step()

    assert house.outlook().text(event).strip() == "left alone"


async def test_what_was_left_is_not_taken_for_known_by_a_write_of_something_else(house: House) -> None:
    """Outlook's edit was kept out of ERP.net; Graph's answer to a later move shows it again, beside the move."""
    event, activity = await linked_meeting(house)
    house.set_policy(direction=Direction.TO_GRAPH)
    house.outlook().edit(event, body="left alone")
    await house.step()
    house.desk().edit(activity, start=digits(3), end=digits(3, 12))
    await house.step()
    house.set_policy(direction=Direction.BOTH)
    await house.step()

    row = house.desk().get(activity)
    assert (row["Notes"], row["StartTime"]) == ("left alone", digits(3).isoformat() + "Z")


async def test_a_far_activity_does_not_keep_rounds_busy(house: House) -> None:
    """An event beyond the feed's reach is never shown by it; an idle sync stays idle all the same."""
    house.desk().create("Next year", digits(400), digits(400, 12))
    for _ in range(3):
        await house.step()
    house.graph.forget_requests()
    await house.step()

    assert len(house.graph.requests) == 1


@pytest.mark.parametrize("organizer", [KIM, BORIS])
async def test_what_was_left_flows_whoever_feeds_the_meeting_by_then(organizer: str) -> None:
    """Edited while ERP.net was not written, and handed over before the first round in which it is again."""
    async with open_office("anna", "boris") as house:
        if organizer == BORIS:
            await disable(house.world, await house.user(BORIS))
        meeting = call_meeting(house, organizer, ["anna", "boris"])
        await house.settle()
        house.set_policy(direction=Direction.TO_GRAPH)
        house.advance(minutes=5)
        host = house.graph.outsider(KIM) if organizer == KIM else house.outlook(BORIS)
        host.edit(meeting, subject="Edited meanwhile", body="and this")
        await house.settle()
        assert only(house.desk().activities())["Subject"] == "Planning"

        house.set_policy(direction=Direction.BOTH)
        await start_app(house.world)
        if organizer == BORIS:
            await enable(house.world, BORIS)
        await disable(house.world, await house.user(ANNA))
        await house.settle(BORIS)
        row = only(house.desk().activities())
        assert (row["Subject"], row["Notes"].strip()) == ("Edited meanwhile", "and this")
