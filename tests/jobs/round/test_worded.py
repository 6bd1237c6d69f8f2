"""A decision in words: what is shown of private items, and what is said where our own code fails on one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.round.worded import Line, is_shown, line_of, title, worded, wordless
from sync_core.model.decision import Case, Decision, Intent, Verdict
from sync_core.people.privacy import PRIVATE
from tests.support.samples import a_case, a_context, an_activity, an_event, linked, noted, shown

SECRET = an_event(shown(sensitivity="private", subject="Dismissal"))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(an_event()), "Budget", id="its-subject"),
        pytest.param(a_case(an_event(shown(subject=""))), "E1", id="event-without-one"),
        pytest.param(a_case(None, an_activity(noted(subject=""))), "A1", id="activity-without-one"),
        pytest.param(a_case(SECRET), PRIVATE, id="private"),
        pytest.param(linked(an_event(), an_activity(noted(private=True))), PRIVATE, id="private-in-erpnet-only"),
    ],
)
def test_administrators_see_no_private_title(case: Case, expected: str) -> None:
    """What only its owner may read is named by nothing of it."""
    assert expected == title(case)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(verdict, verdict not in (Verdict.NOTHING, Verdict.REREAD)) for verdict in Verdict],
    ids=[verdict.name for verdict in Verdict],
)
def test_a_plan_shows_all_but_what_is_in_step(verdict: Verdict, *, expected: bool) -> None:
    """Pairs in step, and those that are only read again, are nobody's concern."""
    assert expected is is_shown(Decision(a_case(), Intent.NOTHING, verdict))


def test_a_decision_in_words_and_without() -> None:
    """Mails are those of what is carried out; a decision that cannot be put into words is named by its ids."""
    decision = Decision(a_case(SECRET), Intent.CREATE_ACTIVITY, Verdict.ACT, mails=2)
    line = line_of(decision, a_context())

    assert (line.subject, line.private, line.mails) == ("Dismissal", True, 2)
    assert line_of(replace(decision, verdict=Verdict.SKIP), a_context()).mails == 0
    assert (wordless(decision).subject, wordless(decision).event_id, wordless(decision).private) == ("", "E1", True)


@pytest.mark.mistaken
def test_a_decision_that_cannot_be_worded_is_entered_by_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in the wording neither stops the round nor lets a title slip out."""

    def fail(*_: object) -> Line:
        raise ZeroDivisionError

    decision = Decision(linked(an_event(), an_activity()), Intent.UPDATE_EVENT, Verdict.ACT)
    assert worded(decision, a_context()).subject == "Budget"
    monkeypatch.setattr("jobs.round.worded.line_of", fail)

    line = worded(decision, a_context())
    assert (line.event_id, line.activity_id, line.subject, line.private) == ("E1", "A1", "", True)
