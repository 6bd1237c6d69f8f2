"""Both sides of a pair in common ground: where they agree, what is in conflict, and how a value is shown."""

from __future__ import annotations

import pytest

from sync_core.content.compare import SHOWN_TEXT
from sync_core.content.compare import shown as said
from sync_core.content.project import from_erp, from_graph
from sync_core.model.sides import Field, GraphContent
from tests.support.samples import SOFIA, noted, shown, utc


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
