"""Both sides of a pair in common ground: where they agree, what is in conflict, and how a value is shown."""

from __future__ import annotations

from typing import Any

import pytest

from sync_core.content.compare import SHOWN_TEXT, Pair, overruled
from sync_core.content.compare import shown as said
from sync_core.content.project import from_erp, from_graph
from sync_core.model.conflict import Clash
from sync_core.model.event import Timed
from sync_core.model.sides import ErpContent, Field, GraphContent, Side
from tests.support.samples import SOFIA, a_link, an_activity, an_event, linked, noted, shown, utc, wall_clock


@pytest.mark.parametrize(
    ("field", "event", "expected"),
    [
        pytest.param(Field.SUBJECT, shown(), "Budget", id="subject"),
        pytest.param(Field.TIME, shown(), "2026-02-02 08:00Z – 2026-02-02 09:00Z", id="time"),
        pytest.param(
            Field.TIME,
            shown(start=utc(2026, 2, 2), end=utc(2026, 2, 4), all_day=True),
            "all day 2026-02-02 – before 2026-02-04",
            id="all-day",
        ),
        pytest.param(Field.REMINDER, shown(reminder=None), "none", id="no-reminder"),
        pytest.param(Field.REMINDER, shown(), "15", id="reminder"),
        pytest.param(Field.PRIVATE, shown(sensitivity="private"), "True", id="private"),
        pytest.param(Field.PRIORITY, shown(), "normal", id="priority"),
        pytest.param(Field.PEOPLE, shown(people=("b@x", "a@x")), "a@x, b@x", id="people"),
    ],
)
def test_values_are_shown_in_words(field: Field, event: GraphContent, expected: str) -> None:
    """Every field has a text for people."""
    assert expected == said(from_graph(event), field)


def test_long_values_say_that_they_were_cut() -> None:
    """Bounded text, with its true length."""
    text = said(from_erp(noted(notes="x" * (SHOWN_TEXT + 1)), SOFIA), Field.BODY)

    assert "x" * SHOWN_TEXT + f"… (cut, {SHOWN_TEXT + 1} characters)" == text


def a_pair(event: GraphContent, activity: ErpContent, *, has_base: bool = True, **told: Any) -> Pair:
    """Both sides showing this; the base as the samples have it."""
    return Pair(linked(an_event(event), an_activity(activity)), a_link(**told), has_base)


@pytest.mark.parametrize(
    ("event", "activity", "apart"),
    [
        pytest.param(shown(), noted(), set(), id="alike"),
        pytest.param(shown(subject="Plan"), noted(), {Field.SUBJECT}, id="title"),
        pytest.param(shown(body="Agenda \r\n"), noted(), set(), id="line-ends"),
        pytest.param(shown(body="Minutes"), noted(), {Field.BODY}, id="text"),
        pytest.param(shown(), noted(planned_minutes=90), set(), id="duration-beside-an-end"),
        pytest.param(shown(), noted(end=wall_clock(2026, 2, 2, 12)), {Field.TIME}, id="end"),
        pytest.param(shown(reminder=30), noted(), {Field.REMINDER}, id="reminder"),
        pytest.param(
            shown(start=utc(2026, 2, 2, 7)), noted(), {Field.TIME}, id="start/the-reminder-still-means-15-minutes"
        ),
        pytest.param(shown(sensitivity="private"), noted(), {Field.PRIVATE}, id="private"),
        pytest.param(shown(importance="high"), noted(priority="Highest"), set(), id="priority/high-is-highest-too"),
        pytest.param(shown(importance="high"), noted(priority="Low"), {Field.PRIORITY}, id="priority"),
    ],
)
def test_where_both_sides_stand_apart(event: GraphContent, activity: ErpContent, apart: set[Field]) -> None:
    """In common ground, or in the form in which an activity holds the event's value."""
    pair = a_pair(event, activity)

    assert apart == {field for field in Field if not pair.is_same(field)}


def test_a_side_that_was_not_read_shows_its_base() -> None:
    """Nothing else is known of it."""
    pair = Pair(linked(an_event(shown(subject="Plan"))), a_link(), has_base=True)

    assert (pair.event.subject, pair.activity.subject) == ("Plan", "Budget")


MIDNIGHT = shown(start=utc(2026, 2, 1, 22), end=utc(2026, 2, 1, 23))
"""From midnight to one in Sofia."""

ONE_MINUTE_IN = noted(start=wall_clock(2026, 2, 2, 0, 1), end=wall_clock(2026, 2, 2, 1))
"""As an activity holds it: a start at midnight would mean a whole day."""


def test_digits_a_minute_inside_mean_the_true_times() -> None:
    """The base tells it; without a base the event does; a person's own minute is their edit."""
    bases: dict[str, Any] = {"base_event": MIDNIGHT, "base_activity": ONE_MINUTE_IN}

    assert a_pair(MIDNIGHT, ONE_MINUTE_IN, **bases).activity.when == Timed(MIDNIGHT.start, MIDNIGHT.end)
    assert a_pair(MIDNIGHT, ONE_MINUTE_IN, has_base=False).is_same(Field.TIME)
    assert not a_pair(shown(), noted(start=wall_clock(2026, 2, 2, 10, 1))).is_same(Field.TIME)


def test_a_clash_has_both_values_and_tells_long_ones_apart() -> None:
    """What is cut is told apart by a digest, so that an edit beyond the cut is another clash."""
    clash = a_pair(shown(subject="Plan"), noted(subject="Forecast")).clash(Field.SUBJECT, "why")
    long = [a_pair(shown(body="x" * 2000 + end), noted()).clash(Field.BODY, "why") for end in "ab"]

    assert clash == Clash(Field.SUBJECT, "Plan", "Forecast", "why")
    assert long[0].event_value == long[1].event_value
    assert not long[0].is_between(long[1])


def test_what_is_agreed_takes_the_activitys_fields() -> None:
    """The event's content, but for the named fields."""
    agreed = a_pair(shown(subject="Plan", body="Minutes"), noted()).agreed(frozenset({Field.SUBJECT}))

    assert (agreed.subject, agreed.body) == ("Budget", "Minutes")


def test_an_edit_that_a_deletion_overrules_is_kept_with_both_values() -> None:
    """Each edited field by itself, for the journal."""
    case = linked(an_event(shown(subject="Plan")), an_activity())
    lost = overruled(case, a_link(), Side.GRAPH, frozenset({Field.SUBJECT}), "void meanwhile")

    assert lost == ((Side.GRAPH, Clash(Field.SUBJECT, "Plan", "Budget", "void meanwhile")),)
