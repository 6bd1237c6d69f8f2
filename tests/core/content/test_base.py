"""The base: it moves for what is in step and was expected, and keeps digests of long text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.base import as_expected, disturbed, moved, seal
from sync_core.content.changes import changed_in_erp
from sync_core.model.sides import EVERYTHING, ErpContent, Field
from tests.support.samples import a_link, an_activity, an_event, noted, shown, utc, wall_clock

SENT = noted(subject="Plan")
SUBJECT = frozenset({Field.SUBJECT})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(SENT, set(), id="as-sent"),
        pytest.param(replace(SENT, planned_minutes=90), set(), id="duration-beside-an-end"),
        pytest.param(replace(SENT, notes="Agenda \r\n"), set(), id="rewritten-line-ends"),
        pytest.param(replace(SENT, people=("boris@acme.example",)), {Field.PEOPLE}, id="people"),
        pytest.param(replace(SENT, subject="Forecast"), {Field.SUBJECT}, id="the-written-field"),
        pytest.param(replace(SENT, priority="High"), {Field.PRIORITY}, id="another-field"),
        pytest.param(replace(SENT, end=wall_clock(2026, 2, 2, 12)), {Field.TIME}, id="time"),
    ],
)
def test_what_somebody_changed_between_write_and_read_is_noticed(after: ErpContent, expected: set[Field]) -> None:
    """The read-back is compared with what was sent and with what was there before (erpnet.md §6)."""
    assert expected == disturbed(SENT, SUBJECT, noted(), after)


def test_a_create_expects_everything_it_sent() -> None:
    """Without a before, all of the content was written."""
    assert frozenset() == disturbed(SENT, EVERYTHING, None, SENT)
    assert {Field.SUBJECT} == disturbed(SENT, EVERYTHING, None, noted())


contents = st.builds(
    noted,
    subject=st.sampled_from(["Budget", "Plan"]),
    notes=st.sampled_from(["Agenda", "Minutes"]),
    end=st.sampled_from([wall_clock(2026, 2, 2, 11), wall_clock(2026, 2, 2, 12)]),
    reminder=st.sampled_from([None, wall_clock(2026, 2, 2, 9), wall_clock(2026, 2, 2, 9, 45)]),
    private=st.booleans(),
    priority=st.sampled_from(["Low", "Medium", "Highest"]),
)


@given(contents, st.frozensets(st.sampled_from(sorted(EVERYTHING))), contents, contents)
def test_a_disturbance_still_looks_like_an_edit(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent, after: ErpContent
) -> None:
    """The base takes what was expected, so that exactly the disturbed fields are changes of the next round."""
    base = as_expected(sent, fields, before, after)

    assert frozenset() == disturbed(sent, fields, before, base)
    assert disturbed(sent, fields, before, after) == changed_in_erp(base, after)


def test_the_base_moves_for_what_is_in_step() -> None:
    """Named fields take what the readings show, the others stay, and the versions follow."""
    link = moved(
        a_link(),
        SUBJECT,
        an_event(shown(subject="Plan", reminder=40)),
        an_activity(noted(subject="Plan", priority="High")),
    )

    assert (shown(subject="Plan"), noted(subject="Plan")) == (link.base_event, link.base_activity)
    assert ("ck-2", 2, utc(2026, 1, 25, 7), utc(2026, 1, 25, 7)) == (
        link.change_key,
        link.version,
        link.updated_at,
        link.modified_at,
    )


def test_an_unread_side_keeps_its_base() -> None:
    """Nothing is known of it, so nothing moves."""
    assert seal(a_link()) == moved(a_link(), frozenset(Field), None, None)


def test_long_text_is_sealed_in_the_base() -> None:
    """The base keeps digests of long text."""
    link = moved(a_link(), frozenset(Field), an_event(shown(body="x" * 999)), an_activity(noted(notes="x" * 999)))

    assert link.base_event.body == link.base_activity.notes
    assert link.base_event.body.startswith("sha256:")
