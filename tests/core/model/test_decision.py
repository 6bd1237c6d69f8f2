"""What a case says of its two sides, and whose rounds a context takes for switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sync_core.model.decision import GONE, Case, Decision, Intent, Sight, Verdict
from sync_core.model.series import Occurrence, Rhythm
from sync_core.model.sides import EventKind, Seen
from tests.support.samples import a_case, a_context, a_link, an_activity, an_event, linked, noted, shown


@pytest.mark.parametrize(
    ("case", "ids", "subject"),
    [
        pytest.param(a_case(an_event()), ("E1", ""), "Budget", id="event"),
        pytest.param(a_case(None, an_activity(noted(subject="Plan"))), ("", "A1"), "Plan", id="activity"),
        pytest.param(
            linked(an_event(shown(subject="Mine")), an_activity(noted(subject="Plan"))),
            ("E1", "A1"),
            "Mine",
            id="pair/the-events-subject",
        ),
        pytest.param(linked(), ("E1", "A1"), "Budget", id="pair/nothing-read"),
        pytest.param(a_case(), ("", ""), "", id="nothing"),
    ],
)
def test_a_case_names_its_items(case: Case, ids: tuple[str, str], subject: str) -> None:
    """By what was read, else by its link."""
    assert (ids, subject) == ((case.event_id, case.activity_id), case.subject)


def test_a_date_repeats_as_its_link_knows() -> None:
    """An event that is read alone does not tell how; what is read with its series does, and then that counts. While
    series are not synced no event tells its date, and a single event has none."""
    bare = Occurrence("S", date(2026, 2, 2), "M2")
    weekly, daily = (replace(bare, master_id="M", rhythm=how) for how in (Rhythm.WEEKLY, Rhythm.DAILY))
    link = a_link(occurrence=weekly)

    assert linked(an_event(occurrence=bare), link=link).occurrence == replace(bare, rhythm=Rhythm.WEEKLY)
    assert linked(an_event(occurrence=daily), link=link).occurrence == daily
    assert linked(link=link).occurrence == weekly
    assert a_case(an_event(occurrence=bare)).occurrence == bare
    assert linked(an_event(kind=EventKind.OCCURRENCE), link=link).occurrence == weekly
    assert linked(an_event(), link=link).occurrence is None


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(linked(an_event(), an_activity()), Seen("ck-2", an_activity().stamp), id="both-read"),
        pytest.param(linked(), Seen("", ""), id="nothing-read"),
        pytest.param(linked(event_sight=Sight.GONE, activity_sight=Sight.GONE), Seen(GONE, GONE), id="both-gone"),
        pytest.param(linked(event_sight=Sight.UNDECIDED), Seen("", ""), id="perhaps-gone"),
    ],
)
def test_a_case_tells_the_versions_it_was_decided_by(case: Case, expected: Seen) -> None:
    """So that what is left alone is looked at again once a side has another."""
    assert expected == case.seen


@pytest.mark.parametrize(
    ("verdict", "intent", "expected"),
    [
        (Verdict.ACT, Intent.VOID, True),
        (Verdict.ACT, Intent.REMOVE, True),
        (Verdict.ACT, Intent.UPDATE_EVENT, False),
        (Verdict.HOLD, Intent.VOID, False),
        (Verdict.CONFLICT, Intent.VOID, False),
    ],
)
def test_only_what_is_carried_out_is_a_deletion(verdict: Verdict, intent: Intent, *, expected: bool) -> None:
    """A deletion that is held or refused deletes nothing."""
    assert expected is Decision(a_case(), intent, verdict).is_deletion


@pytest.mark.parametrize(
    ("creator", "known"), [("erp-anna", "erp-anna"), ("login:boris", "erp-boris"), ("login:nobody", "login:nobody")]
)
def test_a_kept_creator_is_known_by_id(creator: str, known: str) -> None:
    """A login of an older version is resolved where it is known whose it is."""
    assert known == a_context().known(creator)
