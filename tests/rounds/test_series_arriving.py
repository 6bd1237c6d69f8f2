"""Recurring meetings arrive (R15, R16, R24, R29): each date in the window is one activity, found by its own key."""

from __future__ import annotations

import pytest

from sync_core.model.series import day_in
from tests.support.budget import in_turn
from tests.support.house import House
from tests.support.scenes import forget_everything
from tests.support.series import MONDAYS, READINGS, in_each_reading, mondays, nine, on, starts


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each disputed fact either way, some of them in turn."""
    in_turn(metafunc, "house", READINGS)


house = pytest.fixture(in_each_reading)


async def test_an_old_weekly_series_is_its_dates_in_the_window(house: House) -> None:
    """Five activities, each with its own dated ExternalId, nobody mailed; the start two years ago is nowhere."""
    mondays(house, attendees=["kim@partner.example"])
    with house.post() as mails:
        await house.step()

    rows = house.desk().activities()
    assert starts(house) == nine(*MONDAYS)
    assert {day_in(row["ExternalId"]) for row in rows} == set(MONDAYS)
    assert mails == []
    assert await house.settle() == {}


async def test_a_lost_memory_finds_every_date_again(house: House) -> None:
    """One date is an exception: by computed ExternalIds all are linked, nothing is made and nobody mailed."""
    series = mondays(house, attendees=["kim@partner.example"])
    house.outlook().edit_date(series, MONDAYS[2], subject="Special")
    await house.step()
    await forget_everything(house)
    with house.post() as mails:
        await house.step(full=True)

    assert starts(house) == nine(*MONDAYS)
    assert on(house, MONDAYS[2])["Subject"] == "Special"
    assert len((await house.recall()).links) == 5
    assert (mails, await house.settle()) == ([], {})
