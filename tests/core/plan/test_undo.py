"""What an undo reads out of the journal: values told whole are read back, others are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.compare import EVENT_ATTRIBUTE, SHOWN_TEXT, shown
from sync_core.model.conflict import PutBack
from sync_core.model.entries import JournalEntry
from sync_core.model.event import AllDay, Event, Priority, Timed
from sync_core.model.sides import Field
from sync_core.plan.undo import NOTHING, Left, read_shown, wanted_of, with_values

NOW = datetime(2026, 1, 25, 8, tzinfo=UTC)
MINUTES = st.datetimes(datetime(1000, 1, 1), datetime(4000, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
SPANS = st.one_of(
    st.builds(
        lambda start, minutes: Timed(start, start + timedelta(minutes=minutes)), MINUTES, st.integers(0, 9_000)
    ),
    st.builds(
        lambda first, days: AllDay(first, first + timedelta(days)),
        st.dates(date(1000, 1, 1), date(4000, 1, 1)),
        st.integers(1, 40),
    ),
)
EVENTS = st.builds(
    Event,
    subject=st.text(max_size=SHOWN_TEXT),
    body=st.text(max_size=SHOWN_TEXT),
    when=SPANS,
    reminder=st.none() | st.integers(0, 40_320),
    private=st.booleans(),
    priority=st.sampled_from(Priority),
)


@given(EVENTS, st.sampled_from(sorted(set(Field) - {Field.PEOPLE})))
def test_what_is_told_whole_is_read_back(event: Event, field: Field) -> None:
    """Every field as the journal tells it."""
    value = read_shown(field, shown(event, field))
    if value is None:  # a title that ends as a cut text does
        assert "… (cut, " in shown(event, field)
        return
    assert (None if value is NOTHING else value) == getattr(event, EVENT_ATTRIBUTE[field])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Field.BODY, f"{'a' * SHOWN_TEXT}… (cut, 3000 characters)"),
        (Field.TIME, "soon"),
        (Field.TIME, "2026-02-02 08:00Z – later"),
        (Field.REMINDER, "some"),
        (Field.PRIORITY, "urgent"),
        (Field.PRIVATE, "(private)"),
    ],
)
def test_what_is_not_told_whole_is_not(field: Field, text: str) -> None:
    """Nothing is made up."""
    assert read_shown(field, text) is None


def test_an_entry_asks_back_what_it_can() -> None:
    """A value of each field that was written; why not, of the others."""
    before = {"erp.subject": "Old", "erp.people": "a@x", "erp.body": "b… (cut, 3000 characters)", "void.subject": "X"}
    after = {"erp.subject": "New", "erp.people": "", "erp.body": "c", "void.subject": "Y"}
    entry = JournalEntry("anna", NOW, "r1", "activity updated", before=before, after=after)

    assert wanted_of(entry) == (
        (PutBack(Field.SUBJECT, "Old", "New"),),
        {Field.PEOPLE: Left.PEOPLE_BY_HAND.say(), Field.BODY: Left.CUT.say()},
    )


def test_no_reminder_is_a_value_too() -> None:
    """It is put back as none."""
    event = Event("Budget", "", Timed(NOW, NOW), 15, False, Priority.LOW)
    back = with_values(event, (PutBack(Field.REMINDER, "none", "15"), PutBack(Field.PRIVATE, "True", "False")))

    assert back == replace(event, reminder=None, private=True)
