"""Entries about several dates of a series: one entry that says what they have in common, told again date by date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sync_core.model.entries import KEPT, MOST_CHARACTERS, JournalEntry, as_series, by_date
from sync_core.model.series import Occurrence, nameless

AT = datetime(2026, 2, 1, 8, tzinfo=UTC)
FIRST = date(2026, 2, 2)


def an_entry(week: int = 0, *, series: str = "S", **told: object) -> JournalEntry:
    """A date of a weekly series, moved by an hour and renamed."""
    day = FIRST + timedelta(days=7 * week)
    known = JournalEntry(
        "anna-id",
        AT,
        "round-1",
        "activity updated",
        event_id=f"E{week}",
        activity_id=f"A{week}",
        subject="Week",
        before={"erp.time": f"{day} 09:00", "erp.subject": "Old"},
        after={"erp.time": f"{day} 10:00", "erp.subject": "Week"},
        occurrence=Occurrence(series, day, "M"),
    )
    return replace(known, **told)  # type: ignore[arg-type]


def without_ids(entry: JournalEntry) -> JournalEntry:
    """The entry as it is stored."""
    return replace(entry, occurrence=nameless(entry.occurrence))


def test_what_is_said_of_a_series_is_said_once() -> None:
    """With the first date's ids, whatever came first; and of each date what is its own."""
    [entry] = as_series([an_entry(1), an_entry(0), an_entry(2)])

    assert (entry.event_id, entry.activity_id, entry.occurrence) == ("E0", "A0", Occurrence("", FIRST))
    assert (entry.before, entry.after) == ({"erp.subject": "Old"}, {"erp.subject": "Week"})
    assert [one.event_id for one in entry.dates] == ["E0", "E1", "E2"]
    assert [*entry.dates[1].before] == ["erp.time"]


def test_each_date_is_told_as_if_it_stood_alone() -> None:
    """Nothing is lost by saying it once."""
    dates = [an_entry(week) for week in range(5)]
    others = [replace(an_entry(), occurrence=None, event_id="E9"), JournalEntry("anna-id", AT, "round-1", "round")]

    assert [*by_date(as_series([*dates, *others]))] == [*map(without_ids, dates), *others]


@pytest.mark.parametrize(
    "other",
    [
        {"series": "T"},
        {"action": "activity voided"},
        {"reason": "another"},
        {"subject": "Special"},
        {"private": True},
        {"after": {"erp.subject": "Week"}},
        {"occurrence": None},
    ],
    ids=lambda told: next(iter(told)),
)
def test_what_differs_is_an_entry_of_its_own(other: dict[str, object]) -> None:
    """Only what is said in the same words of the same series is said once."""
    series = str(other.pop("series", "S"))

    assert len(as_series([an_entry(), an_entry(1, series=series, **other)])) == 2


def test_letter_case_of_a_series_does_not_count() -> None:
    """Nor does which of Graph's ids its master has."""
    assert len(as_series([an_entry(series="s"), an_entry(1, series="S")])) == 1


def test_an_entry_fits_a_row() -> None:
    """Dates with long values of their own become several entries; none is lost. A long value that is cut when it is
    stored counts as it is kept."""
    many = [an_entry(week, before={"erp.body": f"{week}" * KEPT}) for week in range(MOST_CHARACTERS // KEPT + 1)]
    found = as_series(many)
    assert len(found) == 2
    assert {one.event_id for one in by_date(found)} == {one.event_id for one in many}

    assert len(as_series([an_entry(week, before={"erp.body": "x" * 50_000}) for week in range(32)])) == 1
