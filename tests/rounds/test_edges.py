"""What stands at the edge of what both sides can hold: it arrives whole, or waits and nothing is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sync_core.content.ranges import BEYOND
from sync_core.model.link import LinkStatus
from sync_core.model.sides import CONFLICT_CATEGORY, Side
from tests.support.days import at, digits, linked_meeting, only
from tests.support.faulty_wire import rows_of, tamper
from tests.support.house import House
from tests.support.scenes import forget_everything

NINE_ON_THE_DAY = -540
OUTLOOKS_DEFAULT = 1_525_252_321
"""What Outlook stores as minutes for "the default reminder"."""


async def whole_day(house: House, reminder: int | None) -> str:
    """A linked whole day in Outlook, four days from now."""
    event = house.outlook().create(
        "Trip", date(2026, 1, 29), date(2026, 1, 30), all_day=True, reminder=reminder, body="bring papers"
    )
    await house.step()
    return event


def reminders(house: House, event: str) -> tuple[int, str | None]:
    """The reminder as both sides show it."""
    row = only(house.desk().activities())
    return house.outlook().get(event)["reminderMinutesBeforeStart"], row["ReminderTime"]


class TestRemindersOfWholeDays:
    """Outlook on the web rings "at nine on the day" by a number below zero."""

    @pytest.mark.parametrize(
        ("minutes", "told"),
        [
            pytest.param(NINE_ON_THE_DAY, "2026-01-29T09:00:00Z", id="at-nine-on-the-day"),
            pytest.param(-1, "2026-01-29T00:01:00Z", id="a-minute-into-the-day"),
            pytest.param(900, "2026-01-28T09:00:00Z", id="the-morning-before"),
        ],
    )
    async def test_it_arrives_and_survives_a_rename_in_erp(self, house: House, minutes: int, told: str) -> None:
        """ERP.net rings at the same hour; a new title from there leaves Outlook's reminder alone."""
        event = await whole_day(house, minutes)
        assert reminders(house, event) == (minutes, told)

        house.graph.requests.clear()
        house.desk().edit(only(house.desk().activities())["Id"], subject="Journey")
        await house.settle()

        assert house.outlook().get(event)["subject"] == "Journey"
        assert reminders(house, event) == (minutes, told)
        assert [sorted(body) for _, body in house.patches()] == [["subject"]]

    async def test_it_follows_a_day_moved_in_erp(self, house: House) -> None:
        """The day is moved without its reminder: it rings at nine on the new day, on both sides."""
        event = await whole_day(house, NINE_ON_THE_DAY)
        house.desk().edit(only(house.desk().activities())["Id"], start=digits(6, 0), end=digits(6, 0))
        await house.settle()

        assert house.outlook().get(event)["start"]["dateTime"][:10] == "2026-01-31"
        assert reminders(house, event) == (NINE_ON_THE_DAY, "2026-01-31T09:00:00Z")

    async def test_an_edit_in_erp_moves_it(self, house: House) -> None:
        """Set to ten in ERP.net, Outlook rings at ten."""
        event = await whole_day(house, NINE_ON_THE_DAY)
        house.desk().edit(only(house.desk().activities())["Id"], reminder=digits(4, 10))
        await house.settle()

        assert reminders(house, event) == (-600, "2026-01-29T10:00:00Z")

    async def test_it_is_found_again_after_lost_memory(self, house: House) -> None:
        """Linked anew, the reminder is the same on both sides and nothing is written."""
        event = await whole_day(house, NINE_ON_THE_DAY)
        await forget_everything(house)
        house.graph.requests.clear()
        await house.settle()

        assert reminders(house, event) == (NINE_ON_THE_DAY, "2026-01-29T09:00:00Z")
        assert house.patches() == []


@pytest.mark.parametrize(
    ("all_day", "rings"),
    [(False, "2026-01-29T11:00:00Z"), (True, "2026-01-29T00:00:00Z")],
    ids=["an hour", "a whole day"],
)
async def test_a_reminder_that_is_on_without_minutes_arrives(house: House, all_day: bool, rings: str) -> None:
    """Graph says that it is on and not when: it rings at the start in ERP.net, and Outlook's is left alone."""

    def unsaid(_: str, answer: Any) -> Any:
        for row in rows_of(answer):
            if "reminderMinutesBeforeStart" in row:
                row["reminderMinutesBeforeStart"] = None
        return answer

    tamper(house.graph, unsaid)
    event = await whole_day(house, 15) if all_day else (await linked_meeting(house, day=4))[0]
    activity = only(house.desk().activities())["Id"]
    house.graph.requests.clear()
    house.desk().edit(activity, subject="Renamed")
    await house.settle()

    assert house.desk().get(activity)["ReminderTime"] == rings
    assert [sorted(body) for _, body in house.patches()] == [["subject"]]
    assert house.outlook().get(event)["subject"] == "Renamed"


@pytest.mark.parametrize("minutes", [2**31 - 1, OUTLOOKS_DEFAULT, -(2**31)])
@pytest.mark.parametrize("all_day", [False, True], ids=["an hour", "a whole day"])
async def test_a_reminder_beyond_any_calendar_stops_nobody(house: House, minutes: int, all_day: bool) -> None:
    """Ana's event arrives without a reminder, Outlook's is left alone, and all else of hers and Boris' arrives."""
    await house.employ("boris")
    start, end = (date(2026, 1, 29), date(2026, 1, 30)) if all_day else (at(4), at(4, 10))
    event = house.outlook().create("Odd", start, end, all_day=all_day, reminder=15)
    person = house.outlook()
    person._find(event).item.content = replace(person._find(event).item.content, reminder_minutes=minutes)
    house.outlook().create("Plain", at(5), at(5, 10))
    house.desk().create("Visit", digits(6), digits(6, 12))
    house.outlook("boris@acme.example").create("Plain", at(4), at(4, 10))
    await house.settle()

    made = [row for row in house.desk().activities() if row["Subject"] != "Odd"]
    assert sorted((row["OwnerLogin"], row["Subject"]) for row in made) == [
        ("anna", "Plain"),
        ("anna", "Visit"),
        ("boris", "Plain"),
    ]
    assert house.outlook().find("Visit") is not None
    odd = only(house.desk().find("Odd"))
    assert odd["ReminderTime"] == (None if minutes > 0 or all_day else odd["StartTime"])
    house.graph.requests.clear()
    house.desk().edit(odd["Id"], subject="Named")
    await house.settle()
    assert house.outlook().get(event)["subject"] == "Named"
    assert house.outlook().get(event)["reminderMinutesBeforeStart"] == minutes
    assert [sorted(body) for _, body in house.patches()] == [["subject"]]


class TestLongMeetings:
    """Spans of years."""

    async def test_eleven_years_are_synced_whole(self, house: House) -> None:
        """The activity is made, linked, edited from both sides and voided when the event is deleted."""
        start = at(1)
        event = house.outlook().create("Lease", start, start + timedelta(days=11 * 366))
        await house.settle()

        row = only(house.desk().activities())
        assert (row["StartTime"], row["EndTime"], row["PlannedDurationMinutes"]) == (
            "2026-01-26T11:00:00Z",
            "2037-02-03T11:00:00Z",
            11 * 366 * 24 * 60,
        )
        house.desk().edit(row["Id"], subject="Lease of the office")
        await house.settle()
        assert house.outlook().get(event)["subject"] == "Lease of the office"

        house.outlook().delete(event)
        await house.settle()
        assert house.desk().get(row["Id"])["Void"]

    async def test_the_longest_there_can_be(self, house: House) -> None:
        """From this year to Outlook's last one, from either side."""
        house.outlook().create("Here", at(1), datetime(4500, 12, 1, tzinfo=UTC))
        house.desk().create("There", digits(1), datetime(4500, 12, 1, 9))  # noqa: DTZ001
        await house.settle()

        assert {row["Subject"] for row in house.desk().activities()} == {"Here", "There"}
        assert {event["subject"] for event in house.outlook().events()} == {"Here", "There"}
        assert [link.status for link in (await house.recall()).links] == [LinkStatus.LIVE] * 2


class TestBeyond:
    """Times that one side can hold and the other cannot."""

    async def test_no_activity_is_made_that_could_not_be_read(self, house: House) -> None:
        """Half past eleven of the last night is the next year in Sofia: parked before anything is made, with the
        range and what would help; moved inside, it arrives."""
        event = house.outlook().create("Never", at(1), datetime(4500, 12, 31, 23, 30, tzinfo=UTC))
        await house.settle()

        assert house.desk().activities() == []
        assert await waiting(house) == [(Side.GRAPH, event, True, BEYOND)]
        assert "1601 to 4500" in BEYOND

        house.outlook().edit(event, start=at(1), end=at(1, 10))
        await house.settle()
        assert only(house.desk().activities())["EndTime"] == "2026-01-26T12:00:00Z"

    async def test_no_event_is_made_that_could_not_be_read(self, house: House) -> None:
        """A whole day on ERP.net's last one would end in the year 4501 in Outlook."""
        house.desk().create("Never", datetime(4500, 12, 31), datetime(4500, 12, 31))  # noqa: DTZ001
        await house.settle()

        assert house.outlook().events() == []
        assert [(parked, why) for _, _, parked, why in await waiting(house)] == [(True, BEYOND)]

    async def test_a_linked_meeting_moved_there_is_a_listed_conflict(self, house: House) -> None:
        """Its time stays apart with both values, everything else goes on; moved back, the category goes."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, end=datetime(4500, 12, 31, 23, 30, tzinfo=UTC), subject="Endless")
        await house.settle()

        row = house.desk().get(activity)
        assert (row["Subject"], row["EndTime"]) == ("Endless", "2026-01-26T12:00:00Z")
        link = await house.link_of(event)
        assert link.conflict is not None
        assert [(c.field, c.why) for c in link.conflict.clashes] == [("time", BEYOND)]
        assert CONFLICT_CATEGORY in house.outlook().get(event)["categories"]

        house.outlook().edit(event, end=at(1, 12))
        await house.settle()
        assert house.desk().get(activity)["EndTime"] == "2026-01-26T14:00:00Z"
        assert house.outlook().get(event)["categories"] == []

    async def test_a_start_edited_in_erp_is_marked_in_outlook(self, house: House) -> None:
        """Only ERP.net has news, so the event is read for its category; with the start back, the category goes."""
        event, activity = await linked_meeting(house)
        before = digits(1, 11)
        house.desk().edit(activity, start=datetime(1601, 1, 1, 0, 30))  # noqa: DTZ001
        await house.settle()

        assert [c.why for c in (await house.link_of(event)).conflict.clashes] == [BEYOND]  # type: ignore[union-attr]
        assert house.outlook().get(event)["categories"] == [CONFLICT_CATEGORY]

        house.desk().edit(activity, start=before)
        await house.settle()
        assert (await house.link_of(event)).conflict is None
        assert house.outlook().get(event)["categories"] == []

    @pytest.mark.parametrize("year", [1, 1600, 4501, 9999])
    async def test_a_placeholder_for_never_says_what_would_help(self, house: House, year: int) -> None:
        """A year that neither side takes for a time is reported in the same words, from either side, before and after
        the pair is made; moved inside, everything goes on."""
        event, activity = await linked_meeting(house)
        never = f"{year:04}-12-31T09:00:00"

        def spoil(_: str, answer: Any) -> Any:
            for row in rows_of(answer):
                if row.get("subject") in spoilt:
                    row["start"] = row["end"] = {"dateTime": never, "timeZone": "UTC"}
                if row.get("Subject") in spoilt:
                    row["StartTime"] = row["EndTime"] = f"{never}Z"
            return answer

        titles = {"Never here", "Never there", "Planning"}
        spoilt = titles.copy()
        tamper(house.graph, spoil)
        tamper(house.erp, spoil)
        house.outlook().create("Never here", at(3), at(3, 10))
        house.desk().create("Never there", digits(3), digits(3, 12))
        house.outlook().edit(event, body="as ever")
        await house.settle()

        assert {why for _, _, _, why in await waiting(house)} == {BEYOND}
        assert len(await waiting(house)) == 2
        assert (await house.link_of(event)).reason == BEYOND

        spoilt.clear()
        for subject in ("Never here", "Planning"):
            house.outlook().edit(str(house.outlook().find(subject)), location="here")
        house.desk().edit(house.desk().find("Never there")[0]["Id"], notes="here")
        await house.settle()
        assert await waiting(house) == []
        assert house.desk().get(activity)["Notes"] == "as ever"
        assert {row["Subject"] for row in house.desk().activities()} == titles
        assert {one["subject"] for one in house.outlook().events()} == titles

    async def test_an_event_deleted_there_voids_its_activity(self, house: House) -> None:
        """What cannot be written can be ended."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, end=datetime(4500, 12, 31, 23, 30, tzinfo=UTC))
        await house.settle()
        house.outlook().delete(event)
        await house.settle()

        assert house.desk().get(activity)["Void"]


async def waiting(house: House) -> list[tuple[Side, str, bool, str]]:
    """The items without a counterpart that wait: side, id, parked, why."""
    return [(row.side, row.item_id, row.parked, row.reason) for row in (await house.recall()).pending]
