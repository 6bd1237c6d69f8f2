"""What is changed in ERP.net reaches one date of a series and never the series (R21 to R25)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

import pytest

from jobs.commands.resolve import resolve
from simulators.graph import events as graph_events
from simulators.graph.errors import stale_version
from sync_core.model.policy import Winner
from sync_core.model.sides import CONFLICT_CATEGORY
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.tables import REASONS, Obstacle
from sync_core.plan.update_rules import ONE_PRIVACY
from tests.support.budget import in_turn
from tests.support.house import House
from tests.support.scenes import forget_everything
from tests.support.series import (
    MONDAYS,
    READINGS,
    clock,
    in_each_reading,
    kept_meetings,
    mondays,
    nine,
    on,
    starts,
)

KIM = "kim@partner.example"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each disputed fact either way, some of them in turn."""
    in_turn(metafunc, "house", READINGS)


house = pytest.fixture(in_each_reading)


def at_outlook(house: House, series: str, number: int) -> dict[str, Any]:
    """A date of the series as Outlook shows it."""
    return house.outlook().get(house.outlook().occurrence(series, MONDAYS[number]))


def is_kept(house: House, series: str) -> dict[str, Any]:
    """What must stay as it is: the series itself."""
    master = house.outlook().get(series)
    return {name: master[name] for name in ("subject", "start", "end", "recurrence", "sensitivity", "categories")}


async def conflicts(house: House) -> list[list[tuple[str, str]]]:
    """The open conflicts: of each the fields, and why."""
    found = [link.conflict for link in (await house.recall()).links if link.conflict]
    return [[(clash.field, clash.why) for clash in one.clashes] for one in found]


async def test_two_dates_moved_in_one_round_are_two_patches(house: House) -> None:
    """Not stopped by our own first write; the next round writes nothing although all comes again anew."""
    series = mondays(house, attendees=[KIM])
    await house.step()
    before = is_kept(house, series)
    for number in (1, 3):
        moved = MONDAYS[number] + timedelta(days=1)
        house.desk().edit(on(house, MONDAYS[number])["Id"], start=clock(moved, 11), end=clock(moved, 12))
    house.graph.requests.clear()
    refused = Mock(wraps=stale_version)
    with house.post() as mails, patch.object(graph_events, "stale_version", refused):
        await house.step()

    written = [seen for seen in house.graph.requests if seen.method == "PATCH"]
    conditions = [{name.lower(): value for name, value in seen.headers.items()}.get("if-match") for seen in written]
    assert (all(conditions), refused.call_count) == (True, 0), "each write is made on the version that it was told"
    assert [at_outlook(house, series, n)["start"]["dateTime"][:16] for n in (1, 3)] == [
        "2026-02-03T09:00",
        "2026-02-17T09:00",
    ]
    stale_id = not house.graph.switches.occurrence_ids_stay  # the second date's, after the first was written
    assert len(house.patches()) == 2 + stale_id
    assert [to for _, to in mails] == [KIM, KIM]
    assert is_kept(house, series) == before
    with house.post() as mails:
        assert await house.settle() == {}
    assert mails == []


async def test_title_notes_and_priority_reach_one_date(house: House) -> None:
    """The others stay."""
    series = mondays(house, body="agenda")
    await house.step()
    before = is_kept(house, series)
    house.desk().edit(on(house, MONDAYS[2])["Id"], subject="Special", notes="new", priority="High")
    await house.settle()

    shown = at_outlook(house, series, 2)
    assert (shown["subject"], shown["importance"], house.outlook().text(shown["id"]).strip()) == (
        "Special",
        "high",
        "new",
    )
    assert [at_outlook(house, series, n)["subject"] for n in (1, 3)] == ["Week", "Week"]
    assert is_kept(house, series) == before


@pytest.mark.parametrize("attendees", [[], [KIM]], ids=["alone", "with attendees"])
async def test_a_void_date_is_taken_out_of_the_series_for_ever(house: House, attendees: list[str]) -> None:
    """Cancelled where people are invited; never made again, also after the memory is lost."""
    series = mondays(house, attendees=attendees)
    await house.step()
    house.desk().void(on(house, MONDAYS[2])["Id"])
    house.desk().void(on(house, MONDAYS[3])["Id"])
    with house.post() as mails:
        await house.step()

    left = [MONDAYS[n] for n in (0, 1, 4)]
    assert house.outlook().dates(series, MONDAYS[0], MONDAYS[4]) == left
    assert mails == [("cancellation", KIM)] * 2 * len(attendees)
    await house.settle()
    await forget_everything(house)
    await house.step(full=True)
    await house.settle()
    assert (starts(house), starts(house, void=True)) == (nine(*left), nine(MONDAYS[2], MONDAYS[3]))
    assert house.outlook().dates(series, MONDAYS[0], MONDAYS[4]) == left


async def test_a_move_across_a_neighbour_is_refused_before_it_is_sent(house: House) -> None:
    """A listed conflict in plain words: Outlook's time stays, the wish is kept, and the title goes over."""
    series = mondays(house)
    await house.step()
    second = on(house, MONDAYS[1])["Id"]
    house.desk().edit(second, start=clock(MONDAYS[2], 7), end=clock(MONDAYS[2], 8), subject="Sooner")
    house.graph.requests.clear()
    await house.settle()

    assert await conflicts(house) == [[("time", NEIGHBOUR)]]
    assert [sorted(body) for _, body in house.patches()] == [["subject"]]
    assert at_outlook(house, series, 1)["start"]["dateTime"][:10] == str(MONDAYS[1])
    assert house.desk().get(second)["StartTime"][:10] == str(MONDAYS[2])

    house.desk().edit(second, start=clock(MONDAYS[1], 15), end=clock(MONDAYS[1], 16))
    await house.settle()
    assert at_outlook(house, series, 1)["start"]["dateTime"][:16] == "2026-02-02T13:00"
    assert await conflicts(house) == []


async def test_a_refused_move_is_listed_until_both_times_are_over(house: House) -> None:
    """Outlook's date is over, and its activity still stands in the future: the conflict says why."""
    mondays(house)
    kept_meetings(house)
    await house.step()
    second = on(house, MONDAYS[1], "Week")["Id"]
    house.desk().edit(second, start=clock(MONDAYS[2], 7), end=clock(MONDAYS[2], 8))
    await house.settle()
    found = []
    for _ in range(2):
        house.advance(days=9)
        await house.settle()
        found.append(await conflicts(house))

    assert found == [[[("time", NEIGHBOUR)]], []]
    assert not house.desk().get(second)["Void"]


async def test_a_move_that_exchange_refuses_is_taken_alike(house: House) -> None:
    """The neighbour stands beyond the window, so that nobody here knows it."""
    series = mondays(house)
    await house.step()
    last = on(house, MONDAYS[4])["Id"]
    beyond = MONDAYS[4] + timedelta(days=8)
    house.desk().edit(last, start=clock(beyond), end=clock(beyond, 10), subject="Later")
    await house.settle()

    assert await conflicts(house) == [[("time", NEIGHBOUR)]]
    shown = at_outlook(house, series, 4)
    assert (shown["start"]["dateTime"][:10], shown["subject"]) == (str(MONDAYS[4]), "Later")


REFUSED_MOVES = {"known here": (1, MONDAYS[2]), "known to Exchange alone": (4, MONDAYS[4] + timedelta(days=8))}
"""A date of the series by its number, and a day on or across its neighbour's, by who knows that neighbour."""


@pytest.mark.parametrize("refused", REFUSED_MOVES)
async def test_a_move_of_a_pair_that_is_found_again_is_refused_alike(house: House, refused: str) -> None:
    """The memory was lost before: the pair is linked with the conflict, asked for once at most, and goes on with it;
    Outlook's time stays, the wish is kept, and the title goes over."""
    number, wanted = REFUSED_MOVES[refused]
    series = mondays(house)
    await house.step()
    house.outlook().edit_date(series, MONDAYS[number], subject="Changed by itself")
    await house.settle()
    await forget_everything(house)
    house.advance(minutes=20)
    moved = on(house, MONDAYS[number])["Id"]
    house.desk().edit(moved, start=clock(wanted, 7), end=clock(wanted, 8), subject="Sooner")
    await house.settle()

    assert await conflicts(house) == [[("time", NEIGHBOUR)]]
    asked = [sorted(body) for _, body in house.patches()]
    assert (asked[-1], len(asked)) == (["subject"], 1 if refused == "known here" else 2)
    assert len((await house.recall()).links) == len(MONDAYS)
    assert (await house.recall()).pending == ()
    shown = at_outlook(house, series, number)
    assert (shown["start"]["dateTime"][:10], shown["subject"]) == (str(MONDAYS[number]), "Sooner")
    assert house.desk().get(moved)["StartTime"][:10] == str(wanted)

    between = MONDAYS[number] + timedelta(days=1)
    house.desk().edit(moved, start=clock(between, 15), end=clock(between, 16))
    await house.settle()
    assert at_outlook(house, series, number)["start"]["dateTime"][:10] == str(between)
    assert await conflicts(house) == []


async def test_privacy_is_not_carried_to_one_date(house: House) -> None:
    """It is listed, and Outlook is not touched."""
    mondays(house)
    await house.step()
    house.desk().edit(on(house, MONDAYS[1])["Id"], private=True)
    house.graph.requests.clear()
    await house.settle()

    assert await conflicts(house) == [[("private", ONE_PRIVACY)]]
    assert house.patches() == []


async def test_a_locked_date_is_a_conflict_without_a_category(house: House) -> None:
    """A category would make an exception of it and cost a mail."""
    series = mondays(house, attendees=[KIM])
    await house.step()
    house.desk().release(on(house, MONDAYS[1])["Id"])
    await house.step()
    house.outlook().edit_date(series, MONDAYS[1], subject="Special")
    house.graph.requests.clear()
    with house.post() as mails:
        await house.settle()

    assert len(await conflicts(house)) == 1
    assert (house.patches(), mails) == ([], [])
    assert CONFLICT_CATEGORY not in at_outlook(house, series, 1)["categories"]


async def test_a_write_without_effect_is_noticed(house: House) -> None:
    """Answered 200, and the date is as it was: it is read back once and tried again."""
    series = mondays(house)
    await house.step()
    house.graph.switches.lost_occurrence_writes = 1
    house.desk().edit(on(house, MONDAYS[1])["Id"], subject="Special")
    await house.sync()
    house.advance(minutes=5)
    await house.settle()

    assert at_outlook(house, series, 1)["subject"] == "Special"


async def test_a_date_that_took_place_and_is_void_then_is_not_made_anew(house: House) -> None:
    """It stays in Outlook, and shows itself again with each change of its series."""
    series = mondays(house)
    await house.step()
    house.advance(hours=5)
    house.desk().void(on(house, MONDAYS[0])["Id"])
    assert await house.settle() == {}
    house.outlook().edit_date(series, MONDAYS[2], subject="Special")
    assert await house.settle() == {"activity updated": 1}
    house.outlook().edit(series, subject="Renamed")
    await house.settle()

    assert (starts(house), starts(house, void=True)) == (nine(*MONDAYS[1:]), nine(MONDAYS[0]))
    assert house.outlook().dates(series, MONDAYS[0], MONDAYS[4]) == MONDAYS


async def test_a_locked_date_that_is_deleted_is_void_once_it_may_be(house: House) -> None:
    """Until then it is an open conflict, and nothing is made again."""
    series = mondays(house)
    await house.step()
    locked = on(house, MONDAYS[1])["Id"]
    house.desk().set_read_only(locked, True)
    await house.step()
    house.outlook().delete_date(series, MONDAYS[1])
    await house.settle()
    assert await conflicts(house) == [[("deletion", REASONS[Obstacle.LOCKED])]]

    house.desk().set_read_only(locked, False)
    await house.settle()
    assert (starts(house, void=True), await conflicts(house)) == (nine(MONDAYS[1]), [])


async def test_a_locked_date_that_was_put_off_in_outlook_stays_a_conflict(house: House) -> None:
    """Its old time is over, and it takes place on the Saturday after: listed, until the lock goes."""
    series, saturday = mondays(house), MONDAYS[1] + timedelta(days=5)
    await house.step()
    locked = on(house, MONDAYS[1])["Id"]
    house.desk().set_read_only(locked, True)
    house.outlook().move_date(series, MONDAYS[1], clock(saturday), clock(saturday, 10))
    await house.settle()
    house.advance(days=9)
    await house.settle()
    assert await conflicts(house) == [[("time", REASONS[Obstacle.LOCKED])]]

    house.desk().set_read_only(locked, False)
    await house.settle()
    assert house.desk().get(locked)["StartTime"][:10] == str(saturday)
    assert await conflicts(house) == []


async def test_a_person_chooses_for_one_date(house: House) -> None:
    """Their answer is carried out on that date alone."""
    house.set_policy(winner=Winner.ASK)
    series = mondays(house)
    await house.step()
    house.outlook().edit_date(series, MONDAYS[1], subject="In Outlook")
    house.desk().edit(on(house, MONDAYS[1])["Id"], subject="In ERP.net")
    await house.settle()
    (link,) = [x for x in (await house.recall()).links if x.conflict]
    assert link.conflict is not None
    answered = await resolve(house.world, link.conflict_id, "erp")
    assert answered.told.text == "resolved: both sides are in step"
    await house.settle()

    assert at_outlook(house, series, 1)["subject"] == "In ERP.net"
    assert (at_outlook(house, series, 2)["subject"], await conflicts(house)) == ("Week", [])
