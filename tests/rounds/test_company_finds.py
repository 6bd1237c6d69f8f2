"""What the play of a whole company (``company``) has found out, each named after what a user would have seen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobs.commands.switch import disable, enable
from sync_core.model.link import Role
from sync_core.model.policy import Direction, SeriesRule
from tests.support.days import at, digits
from tests.support.house import House, open_office
from tests.support.random_acts import STRANGER, UPNS
from tests.support.series import repeating

ANNA, BORIS, CARL = UPNS


@pytest.fixture
async def office() -> AsyncIterator[House]:
    """Anna, Boris and Carl, all switched on."""
    async with open_office() as opened:
        yield opened


@pytest.mark.parametrize("organizer", [ANNA, STRANGER])
async def test_an_edit_in_outlook_made_while_the_street_was_closed_arrives_when_it_opens(
    office: House, organizer: str
) -> None:
    """Seen and left alone under ``to-microsoft365``, the new title is carried over once sync runs both ways."""
    person = office.outlook(ANNA) if organizer == ANNA else office.graph.outsider(STRANGER)
    event = person.create("Plan", at(1), at(1, 10), attendees=[ANNA, BORIS])
    await office.settle()
    office.set_policy(direction=Direction.TO_GRAPH)
    person.edit(event, subject="The plan")
    await office.settle()
    assert [row["Subject"] for row in office.desk().activities()] == ["Plan"]

    office.set_policy(direction=Direction.BOTH)
    await office.settle()

    assert [row["Subject"] for row in office.desk().activities()] == ["The plan"]


async def test_a_colleague_without_a_licence_does_not_bring_ones_own_sync_into_error(office: House) -> None:
    """The stranger cancels, Carl's mailbox cannot be asked who still has the meeting: Anna stays operational."""
    kim = office.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(5), at(5, 10), attendees=[ANNA, BORIS, CARL])
    await office.settle()
    kim.cancel(pitch)
    office.graph.mailbox(CARL).usable = False
    outcome = await office.sync()

    failed = [report.upn for report in outcome.reports if report.failures]
    assert failed == [CARL]
    assert (await office.user(ANNA)).state == "Operational"


@pytest.mark.parametrize("successor", UPNS)
async def test_a_meeting_lives_on_with_a_colleague_who_has_just_switched_on(office: House, successor: str) -> None:
    """The one who feeds the stranger's meeting is taken off it before the other's first round: nothing is voided."""
    first, second = (one for one in UPNS if one != successor)
    await disable(office.world, await office.user(successor))
    kim = office.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(5), at(5, 10), attendees=[first, successor])
    await office.settle(first, second)
    await enable(office.world, successor)
    kim.edit(pitch, attendees=[successor])
    await office.settle(first, second, successor)

    [row] = office.desk().activities()
    assert not row["Void"]
    kim.edit(pitch, subject="The pitch")
    await office.settle()
    assert [row["Subject"] for row in office.desk().activities()] == ["The pitch"]


async def test_a_meeting_lives_on_with_a_colleague_who_has_fed_it_once(office: House) -> None:
    """Anna fed it, was off, is on again and follows: she is still known to have a copy when Carl loses his."""
    kim = office.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(5), at(5, 10), attendees=[ANNA, CARL])
    await office.settle()
    await disable(office.world, await office.user(ANNA))
    await office.settle()
    await enable(office.world, ANNA)
    await office.settle()
    kim.edit(pitch, attendees=[ANNA])
    await office.settle()

    [row] = office.desk().activities()
    assert not row["Void"]


async def test_a_meeting_lives_on_with_a_colleague_whose_mailbox_is_back_after_days(office: House) -> None:
    """Anna is taken off the stranger's meeting while Carl, who has it too, has no licence: nothing is voided."""
    kim = office.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(9), at(9, 10), attendees=[ANNA, CARL])
    await office.settle()
    office.graph.mailbox(CARL).usable = False
    await office.sync()
    kim.edit(pitch, attendees=[CARL])
    office.advance(days=2)
    await office.sync()
    office.graph.mailbox(CARL).usable = True
    await office.settle()

    [row] = office.desk().activities()
    assert not row["Void"]


async def test_an_organizer_back_from_trouble_feeds_the_meeting_others_joined_meanwhile(office: House) -> None:
    """Boris invites Anna while his licence is gone, she takes over after a day; back again, he alone feeds it."""
    office.desk("boris").create("Visit", digits(9), digits(9, 12))
    await office.settle()
    boris = office.outlook(BORIS)
    visit = boris.events()[0]["id"]
    office.graph.mailbox(BORIS).usable = False
    boris.edit(visit, attendees=[ANNA])
    await office.sync()
    office.advance(days=1)
    await office.sync(ANNA)
    office.graph.mailbox(BORIS).usable = True
    await office.sync()
    await office.sync()

    roles = {upn: [link.role for link in (await office.recall(upn)).links] for upn in (ANNA, BORIS)}
    assert roles == {ANNA: [Role.FOLLOWER], BORIS: [Role.OWN]}


async def test_a_successor_whose_next_round_is_a_full_one_takes_over_all_the_same(office: House) -> None:
    """The one who feeds the stranger's meeting declines it; the successor's copy is no news and yet looked at."""
    office.graph.outsider(STRANGER).create("Pitch", at(1), at(1, 10), attendees=list(UPNS))
    for upn in UPNS:
        await office.sync(upn)
    office.outlook(ANNA).decline(office.outlook(ANNA).events()[0]["id"])
    await office.sync(ANNA)
    await office.sync(full=True)

    roles = [link.role for upn in (BORIS, CARL) for link in (await office.recall(upn)).links]
    assert sorted(roles) == [Role.FOLLOWER, Role.INVITED]


async def test_a_meeting_goes_on_when_the_one_who_fed_it_first_switches_off_later(office: House) -> None:
    """Anna declines, the next colleague feeds the stranger's meeting, then Anna switches off: it is not hers."""
    kim = office.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(1), at(1, 10), attendees=list(UPNS))
    for upn in UPNS:
        await office.sync(upn)
    office.outlook(ANNA).decline(office.outlook(ANNA).events()[0]["id"])
    await office.settle()
    await disable(office.world, await office.user(ANNA))
    office.advance(minutes=5)
    kim.edit(pitch, subject="Pitch, moved")
    await office.settle()

    assert [row["Subject"] for row in office.desk().activities()] == ["Pitch, moved"]


async def test_declining_what_a_colleague_has_just_let_go_of_voids_the_activity_without_an_error(
    office: House,
) -> None:
    """Boris saw Carl's meeting before it had an activity; he declines it and Carl switches off before Boris's next
    round, which has the last copy of the two to answer for."""
    office.outlook(CARL).create("Plan", at(1), at(1, 10), attendees=[BORIS])
    await office.sync(BORIS)
    await office.sync(CARL)
    [link] = (await office.recall(BORIS)).links
    assert (link.role, link.activity_id) == (Role.FOLLOWER, "")
    office.outlook(BORIS).decline(office.outlook(BORIS).events()[0]["id"])
    await disable(office.world, await office.user(CARL))
    outcome = await office.sync()

    assert [report.failures for report in outcome.reports] == [[], []]
    assert [row["Void"] for row in office.desk().activities()] == [True]


@pytest.mark.parametrize("is_weekly", [False, True])
async def test_a_meeting_whose_organizer_switched_off_before_a_first_look_arrives(
    office: House, is_weekly: bool
) -> None:
    """Anna saw Boris's meeting, or a date of his series, before he had claimed it: nobody feeds it, so she does, with
    the next day's look."""
    office.set_policy(series=SeriesRule.WINDOW)
    weekly = {"recurrence": repeating("monday", since=at(8).date())} if is_weekly else {}
    office.outlook(BORIS).create("Plan", at(8), at(8, 10), attendees=[ANNA], **weekly)
    await office.sync(ANNA)
    await disable(office.world, await office.user(BORIS))
    await office.settle(ANNA)
    assert office.desk().activities() == []

    office.advance(days=1)
    await office.settle(ANNA)
    assert {row["Subject"] for row in office.desk().activities()} == {"Plan"}


async def test_an_edit_in_erpnet_just_before_the_feeder_switches_off_and_on_is_not_passed_over(office: House) -> None:
    """A stranger's meeting cannot be changed from ERP.net: a new title there is a listed conflict."""
    office.graph.outsider(STRANGER).create("Pitch", at(1), at(1, 10), attendees=list(UPNS))
    await office.settle()
    office.desk("boris").edit(office.desk("boris").activities()[0]["Id"], subject="Pitch of ours")
    anna = await office.user(ANNA)
    await disable(office.world, anna)
    await enable(office.world, anna.upn)
    await office.settle()

    links = [link for upn in UPNS for link in (await office.recall(upn)).links]
    assert [link.conflict is not None for link in links if link.role is Role.INVITED] == [True]
