"""What is not in step, as it is looked through: by reason, and over everybody."""

from __future__ import annotations

from sync_core.model.unsynced import Unsynced, UnsyncedItem, summed
from tests.support.samples import NOW


def test_items_are_found_by_what_their_reason_is_counted_as() -> None:
    """The counts leave details of single items out; a reason that only begins alike is another; none finds all."""
    reasons = (("two name it", ""), ("two name it: a1, a2", "two name it"), ("two name it elsewhere", ""))
    items = tuple(
        UnsyncedItem(f"E{place}", "", "skipped", reason, NOW, counted=counted)
        for place, (reason, counted) in enumerate(reasons)
    )
    unsynced = Unsynced(items)

    assert [one.event_id for one in unsynced.matching("two name it")] == ["E0", "E1"]
    assert unsynced.matching("") == list(items)
    assert unsynced.matching("locked") == []


def test_everybodys_counts_are_summed_by_reason() -> None:
    """Items and people of each reason, the most items first."""
    counts = {"anna": {"a series": 1, "locked": 2}, "boris": {"locked": 3}, "carl": {}}

    assert list(summed(counts).items()) == [("locked", (5, 2)), ("a series", (1, 1))]
