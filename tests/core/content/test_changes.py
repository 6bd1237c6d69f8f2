"""Changes: each side against its own base; echoes, new versions and new zones are no edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.changes import KEPT_TEXT, changed_in_erp, changed_in_graph, digest, sealed
from sync_core.model.sides import Field
from tests.support.samples import noted, shown, utc, wall_clock

LONG = "x" * (KEPT_TEXT + 1)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param({"subject": "Plan"}, {Field.SUBJECT}, id="subject"),
        pytest.param({"body": "Other"}, {Field.BODY}, id="body"),
        pytest.param({"start": utc(2026, 2, 2, 7)}, {Field.TIME}, id="start"),
        pytest.param({"end": utc(2026, 2, 2, 10)}, {Field.TIME}, id="end"),
        pytest.param({"all_day": True}, {Field.TIME}, id="all-day"),
        pytest.param({"reminder": 30}, {Field.REMINDER}, id="reminder"),
        pytest.param({"reminder": None}, {Field.REMINDER}, id="reminder-off"),
        pytest.param({"sensitivity": "private"}, {Field.PRIVATE}, id="sensitivity"),
        pytest.param({"importance": "high"}, {Field.PRIORITY}, id="importance"),
        pytest.param({"people": ("boris@acme.example",)}, {Field.PEOPLE}, id="people"),
        pytest.param({"subject": "Plan", "reminder": 5}, {Field.SUBJECT, Field.REMINDER}, id="two"),
        pytest.param({}, set(), id="nothing"),
    ],
)
def test_an_event_shows_what_changed(told: dict[str, Any], expected: set[Field]) -> None:
    """Start, end and all-day are one field; the rest are one each."""
    assert expected == changed_in_graph(shown(), shown(**told))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param({"subject": "Plan"}, {Field.SUBJECT}, id="subject"),
        pytest.param({"notes": "Other"}, {Field.BODY}, id="notes"),
        pytest.param({"end": wall_clock(2026, 2, 2, 12)}, {Field.TIME}, id="end"),
        pytest.param({"end": None}, {Field.TIME}, id="end-emptied"),
        pytest.param({"planned_minutes": 90}, set(), id="planned-duration-beside-an-end"),
        pytest.param({"reminder": wall_clock(2026, 2, 2, 9)}, {Field.REMINDER}, id="reminder"),
        pytest.param({"reminder": None}, {Field.REMINDER}, id="reminder-off"),
        pytest.param({"private": True}, {Field.PRIVATE}, id="private"),
        pytest.param({"priority": "High"}, {Field.PRIORITY}, id="priority"),
        pytest.param({"people": ("boris@acme.example",)}, {Field.PEOPLE}, id="people"),
        pytest.param(
            {"start": wall_clock(2026, 2, 2, 9), "reminder": wall_clock(2026, 2, 2, 8, 45)},
            {Field.TIME},
            id="moved-along",
        ),
        pytest.param({"start": wall_clock(2026, 2, 2, 9)}, {Field.TIME}, id="reminder-left-behind"),
        pytest.param(
            {"start": wall_clock(2026, 2, 2, 9), "reminder": wall_clock(2026, 2, 2, 8)},
            {Field.TIME, Field.REMINDER},
            id="both",
        ),
        pytest.param({}, set(), id="nothing"),
    ],
)
def test_an_activity_shows_what_changed(told: dict[str, Any], expected: set[Field]) -> None:
    """A reminder is minutes before the start; where there is an end, a planned duration says nothing."""
    assert expected == changed_in_erp(noted(), noted(**told))


def test_without_an_end_the_planned_duration_is_time() -> None:
    """An activity without an end changes when its planned duration does."""
    base = noted(end=None)

    assert frozenset({Field.TIME}) == changed_in_erp(base, replace(base, planned_minutes=90))
    assert frozenset() == changed_in_erp(base, noted(end=None))


def test_people_are_a_set() -> None:
    """The order in which a side lists people is no news."""
    assert frozenset() == changed_in_graph(shown(people=("a@x", "b@x")), shown(people=("b@x", "a@x")))
    assert frozenset() == changed_in_erp(noted(people=("a@x", "b@x")), noted(people=("b@x", "a@x")))


def test_our_own_write_comes_back_without_a_change() -> None:
    """An echo shows what the base shows, and ends here whatever its version."""
    written = noted(subject=LONG, notes=LONG)

    assert frozenset() == changed_in_erp(sealed(written), written)


def test_long_text_is_kept_as_a_digest_that_proves_it() -> None:
    """The base forgets long text and still knows an edit of it, even one that keeps the length."""
    base = sealed(shown(subject=LONG, body=LONG))

    assert LONG not in (base.subject, base.body)
    assert frozenset() == changed_in_graph(base, shown(subject=LONG, body=LONG))
    assert {Field.BODY} == changed_in_graph(base, shown(subject=LONG, body="y" + LONG[1:]))
    assert {Field.SUBJECT} == changed_in_graph(base, shown(subject=LONG + "x", body=LONG))


@pytest.mark.parametrize("text", ["", "Agenda", "x" * KEPT_TEXT])
def test_short_text_is_kept_as_it_is(text: str) -> None:
    """Up to the limit a person can still read the base."""
    assert text == digest(text)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=400))
def test_sealing_twice_is_sealing_once(text: str) -> None:
    """A base that is saved again keeps the same digest, also of half characters."""
    base = sealed(noted(notes=text))

    assert base == sealed(base)
    assert frozenset() == changed_in_erp(base, noted(notes=text))


@given(st.datetimes(wall_clock(2026, 1, 1), wall_clock(2027, 1, 1)))
def test_digits_are_compared_as_digits(end: datetime) -> None:
    """No zone takes part: the same digits never changed, other digits always did, also in a gap or an overlap."""
    assert frozenset() == changed_in_erp(noted(end=end), noted(end=end))
    assert frozenset({Field.TIME}) == changed_in_erp(noted(end=end), noted(end=end + timedelta(hours=1)))
