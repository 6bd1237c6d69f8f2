"""What a lost memory must not shift: midnight, where an activity's start stands a minute later than the event's."""

from __future__ import annotations

from tests.jobs.house import House
from tests.jobs.test_recovery import forget_everything
from tests.jobs.test_rules import at


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
