"""What is not in step, as it is looked through: by reason, and over everybody."""

from __future__ import annotations

from sync_core.model.unsynced import Unsynced, UnsyncedItem, summed
from tests.support.samples import NOW


def test_items_are_found_by_the_beginning_of_their_reason() -> None:
    """The counts name what several reasons begin with; no reason finds all."""
    reasons = ("a series", "not in the window", "a series of a colleague")
    items = tuple(UnsyncedItem(f"E{place}", "", "skipped", reason, NOW) for place, reason in enumerate(reasons))
    unsynced = Unsynced(items)

    assert [one.event_id for one in unsynced.matching("a series")] == ["E0", "E2"]
    assert unsynced.matching("") == list(items)
    assert unsynced.matching("locked") == []


def test_everybodys_counts_are_summed_by_reason() -> None:
    """Items and people of each reason, the most items first."""
    counts = {"anna": {"a series": 1, "locked": 2}, "boris": {"locked": 3}, "carl": {}}

    assert list(summed(counts).items()) == [("locked", (5, 2)), ("a series", (1, 1))]
