"""The table of what both sides can hold, and the short form of what is too long."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.ranges import (
    EXTERNAL_ID_LIMIT,
    INT32,
    SHORT_FORM,
    YEARS,
    bounded_minutes,
    cut,
    external_id_of,
    length_of,
    shifted,
    uid_key,
)

uids = st.text(string.ascii_letters + string.digits + "-@._", max_size=1200)
anything = st.text(max_size=600)


@given(uids)
def test_an_icaluid_that_fits_stays_as_it_is(uid: str) -> None:
    """Up to 254 characters ERP.net holds it, as MSSync wrote it; beyond, its short form."""
    assert (external_id_of(uid) == uid) is (len(uid) <= EXTERNAL_ID_LIMIT)


@given(anything)
def test_an_external_id_always_fits(uid: str) -> None:
    """Whatever a provider puts into an iCalUId."""
    assert length_of(external_id_of(uid)) <= EXTERNAL_ID_LIMIT
    assert external_id_of(external_id_of(uid)) == external_id_of(uid)


@given(anything)
def test_letter_case_makes_no_other_meeting(uid: str) -> None:
    """ERP.net compares case-blind; so does the key, from whichever side and in whichever form it is told."""
    folded = uid.casefold()

    assert uid_key(uid) == uid_key(folded) == uid_key(external_id_of(uid)) == uid_key(external_id_of(folded))


@given(uids, uids)
def test_other_icaluids_are_other_meetings(one: str, other: str) -> None:
    """Two meetings never share a key."""
    assert (uid_key(one) == uid_key(other)) is (one.casefold() == other.casefold())


def test_the_short_form_never_changes() -> None:
    """It stands in ERP.net for ever: another release must make the same of the same iCalUId."""
    assert external_id_of("a" * 255) == external_id_of("A" * 255)
    assert (
        external_id_of("a" * 255) == f"{SHORT_FORM}b0f3323e7a3cad8ae6778340cc2a17ae0cb31c818df3767cda7c3dd423725e90"
    )


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 2, "ab"), ("a🙂b", 3, "a🙂"), ("a🙂b", 2, "a"), ("", 5, ""), ("abc", 3, "abc")],
)
def test_texts_are_cut_as_the_other_side_counts(text: str, limit: int, expected: str) -> None:
    """UTF-16 units, whole characters only."""
    assert cut(text, limit) == expected


@given(st.integers(-(2**80), 2**80))
def test_minutes_fit_an_int32(minutes: int) -> None:
    """What is beyond stands at its edge."""
    assert bounded_minutes(minutes) in INT32
    assert bounded_minutes(minutes) == minutes or minutes not in INT32


def test_the_longest_span_fits_a_planned_duration() -> None:
    """So that a range of years is all that has to be asked."""
    longest = datetime(YEARS[-1], 12, 31, tzinfo=UTC) - datetime(YEARS[0], 1, 1, tzinfo=UTC)

    assert longest // timedelta(minutes=1) in INT32


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (timedelta(minutes=1), datetime(2026, 1, 25, 8, 1, tzinfo=UTC)),
        (timedelta(days=366 * 2000), datetime(4030, 3, 20, 8, tzinfo=UTC)),
        (timedelta(days=366 * 2475), None),
        (timedelta(days=-366 * 426), None),
        (timedelta.max, None),
        (timedelta.min, None),
    ],
)
def test_time_ends_with_the_calendar(by: timedelta, expected: datetime | None) -> None:
    """Beyond what both sides can hold there is nothing, and nothing is raised."""
    assert shifted(datetime(2026, 1, 25, 8, tzinfo=UTC), by) == expected
