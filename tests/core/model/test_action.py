"""The words of the journal and of reports: what is stored stays, and what a round would do is told apart."""

from __future__ import annotations

import json

import pytest

from sync_core.model.action import Action, as_planned, counts_in, counts_of, planned


@pytest.mark.parametrize("action", Action)
def test_what_a_round_would_do_is_told_apart(action: Action) -> None:
    """From what was done, and back again."""
    assert as_planned(action) == (action, False)
    assert as_planned(planned(action)) == (action, True)


def test_an_action_is_stored_as_its_word() -> None:
    """Rows of earlier builds bear these words, and so do answers, whatever the pages say instead."""
    assert json.loads(json.dumps({Action.EVENT_CREATED: Action.UNREADABLE})) == {
        "event created": "row cannot be read"
    }
    assert "activity voided" in {Action.ACTIVITY_VOIDED: 1}


def test_the_counts_of_a_round_are_told_apart() -> None:
    """What was done, and what was left alone, whatever the reason says."""
    done, left = {"linked": 2, "mails": 1}, {"skipped: twice": 3, "over": 1}
    texts = {"linked": "2", "mails": "1"}, {"skipped: twice": "3", "over": "1"}

    assert counts_in(counts_of(done, left)) == texts
