"""A mistake of ours about one item stays that item's own, and what only saves work is done without."""

from __future__ import annotations

import pytest

import adapters.store.due
import jobs.own_mistakes
from adapters.store.due import makes_due
from jobs.own_mistakes import unless_mistaken, wants_a_look
from jobs.ports import Put
from sync_core.errors import SideUnavailable
from sync_core.model.sides import Side
from tests.support.samples import a_link


@pytest.mark.mistaken
def test_a_mistake_of_ours_is_one_items_own() -> None:
    """The others go on with what was made of it instead."""

    def fail() -> str:
        raise ZeroDivisionError

    assert unless_mistaken(lambda: "fine", lambda mistake: mistake, "anna-id") == "fine"
    assert unless_mistaken(fail, lambda mistake: mistake, "anna-id") == "ZeroDivisionError"


def test_what_a_side_says_is_no_items_fault() -> None:
    """It ends the round."""

    def fail() -> str:
        raise SideUnavailable(Side.ERP, "down")

    with pytest.raises(SideUnavailable):
        unless_mistaken(fail, lambda mistake: mistake, "anna-id")


@pytest.mark.mistaken
def test_a_link_that_cannot_be_reckoned_with_is_looked_at_and_stored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By the round, which says so in the log, and by the store, which marks its user as due."""
    assert (wants_a_look(a_link()), makes_due(Put(a_link()))) == (False, False)

    def fail(_: object) -> bool:
        raise OverflowError

    for module in (jobs.own_mistakes, adapters.store.due):
        monkeypatch.setattr(module, "asks_for_a_look", fail)
    assert (wants_a_look(a_link()), makes_due(Put(a_link()))) == (True, True)
    assert "OverflowError" in caplog.text
