"""When the items are of which `calsync why` tells: of one day, where their person is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.commands.finding_dates import dated, day_in, on_day
from jobs.commands.item_shapes import finding_of
from jobs.commands.remembered import Finding
from jobs.wish import WishInvalid
from sync_core.model.series import Occurrence

SOFIA = ZoneInfo("Europe/Sofia")
LATE = datetime(2026, 1, 12, 22, 30, tzinfo=UTC)
"""Half past midnight in Sofia, on the next day."""

MEETING = Finding("linked", "Budget", "in step", event_id="e-1", activity_id="a-1", start=LATE)
WRITTEN = Finding("activity created", "Budget", at=LATE.replace(day=3), activity_id="a-1")
OFF = Finding("switched off", reason="sync is switched off")


def test_what_was_written_is_dated_by_its_item() -> None:
    """The journal does not know when a meeting is; the link does."""
    assert [one.start for one in dated([MEETING, WRITTEN, OFF])] == [LATE, LATE, None]


@pytest.mark.parametrize(("day", "found"), [(12, []), (13, ["linked", "activity created"]), (None, None)])
def test_a_day_is_that_of_the_person(day: int | None, found: list[str] | None) -> None:
    """What is said of no item stays on every day."""
    wanted = date(2026, 1, day) if day else None
    kept = [one.what for one in on_day(dated([OFF, MEETING, WRITTEN]), wanted, SOFIA)]

    assert kept == ["switched off", *(found if found is not None else ["linked", "activity created"])]


def test_an_item_that_lasts_all_day_is_on_that_day_everywhere() -> None:
    """Its midnights float."""
    midnight = datetime(2026, 1, 12, tzinfo=UTC)
    meeting = replace(MEETING, start=midnight, all_day=True)

    for zone in ("America/New_York", "Asia/Tokyo"):
        assert on_day([meeting], date(2026, 1, 12), ZoneInfo(zone)) == [meeting]
    assert finding_of(meeting, ZoneInfo("America/New_York"))["when"] == "Mon 12.01.2026, all day"


def test_where_no_item_is_known_the_day_of_the_finding_counts() -> None:
    """As of what was deleted long ago."""
    [one] = on_day(dated([WRITTEN]), date(2026, 1, 4), SOFIA)

    assert one == WRITTEN
    assert on_day(dated([WRITTEN]), date(2026, 1, 5), SOFIA) == []


@pytest.mark.parametrize(
    ("about", "days"),
    [
        ({"before": {"graph.time": "2026-01-05 22:30Z – 2026-01-05 23:30Z"}}, [6]),
        ({"after": {"erp.time": "all day 2026-01-20 – before 2026-01-22"}}, [20]),
        ({"occurrence": Occurrence("S", date(2026, 1, 9), "M")}, [9]),
        ({"before": {"erp.time": "2026-02-30 22:30Z – 2026-02-30 23:30Z", "erp.subject": "2026-01-06"}}, []),
    ],
)
def test_an_item_is_asked_about_by_any_day_that_is_told_of_it(about: dict[str, Any], days: list[int]) -> None:
    """Where it was before it moved, where it is on the other side, its date in a series; then all of it is told."""
    moved = replace(WRITTEN, **about)
    other = replace(MEETING, event_id="e-2", activity_id="a-2", start=LATE.replace(day=25))
    findings = dated([OFF, MEETING, moved, other])

    found = {day for day in range(1, 31) if MEETING in on_day(findings, date(2026, 1, day), SOFIA)}
    assert found == {13, *days}
    for day in found:
        assert len(on_day(findings, date(2026, 1, day), SOFIA)) == len([OFF, MEETING, moved])


def test_times_are_told_where_the_person_is() -> None:
    """And for programs in UTC; a private item's times are told, its subject is not."""
    shown = finding_of(replace(MEETING, at=LATE, private=True, do="ask"), SOFIA)

    assert (shown["when"], shown["found"]) == ("Tue 13.01.2026 00:30", "2026-01-13 00:30:00")
    assert (shown["start"], shown["subject"], shown["do"]) == (LATE.isoformat(), "(private)", "ask")


def test_a_day_is_written_in_one_way() -> None:
    """None where none is named."""
    assert (day_in(""), day_in("2026-12-07")) == (None, date(2026, 12, 7))
    with pytest.raises(WishInvalid):
        day_in("soon")
