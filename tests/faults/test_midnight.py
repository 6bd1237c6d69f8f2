"""What a lost memory must not shift: midnight, where an activity's start stands a minute later than the event's."""

from __future__ import annotations

from tests.support.days import at
from tests.support.house import House
from tests.support.random_pair import Play
from tests.support.scenes import forget_everything


async def test_a_midnight_meeting_keeps_its_reminder_when_it_is_found_again(house: House) -> None:
    """60 minutes before midnight stay 60 on both sides, though the activity starts at 00:01."""
    event = house.outlook().create("Launch", at(1, 22), at(1, 23), reminder=60)
    await house.step()
    await forget_everything(house)
    await house.step()
    report = await house.step()

    assert house.outlook().get(event)["reminderMinutesBeforeStart"] == 60
    assert [a["ReminderTime"] for a in house.desk().activities()] == ["2026-01-26T23:00:00Z"]
    assert report.done == {}


async def test_a_reminder_set_in_erp_net_before_a_midnight_meeting_was_found_again(house: House) -> None:
    """An hour before 00:01, as the person saw it, or an hour before midnight: both sides say the same in the end."""
    house.outlook().create("Launch", at(1, 22), at(1, 23), reminder=60)
    await house.step()
    [row] = house.desk().activities()
    await forget_everything(house)
    house.desk().edit(row["Id"], reminder=60)
    assert house.desk().get(row["Id"])["ReminderTime"] == "2026-01-26T23:01:00Z"

    await Play(house).check()
