"""What is saved of items on which our own code fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jobs.ports import Put, RowChange
from jobs.quarantine import parked
from jobs.replay import Item
from sync_core.errors import OWN_MISTAKE
from sync_core.model import link as life
from sync_core.model.link import Link, LinkStatus
from sync_core.model.pending import Pending
from sync_core.model.sides import Malformed, Side
from tests.support.samples import UID, a_link, an_activity, an_event, tombstone

WAITING = Pending(Side.GRAPH, "E1", UID, tries=3)
EVENT = Pending(Side.GRAPH, "E1", UID, parked=True, reason=OWN_MISTAKE)


def rows(changes: Sequence[RowChange]) -> list[Link | Pending]:
    """What is put."""
    found = [change.row for change in changes if isinstance(change, Put)]
    return [row for row in found if isinstance(row, Link | Pending)]


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        pytest.param([an_event()], [EVENT], id="event"),
        pytest.param([an_activity()], [Pending(Side.ERP, "A1", parked=True, reason=OWN_MISTAKE)], id="activity"),
        pytest.param(
            [Malformed(Side.ERP, "A2", "no date")],
            [Pending(Side.ERP, "A2", parked=True, reason=OWN_MISTAKE)],
            id="not-understood",
        ),
        pytest.param(
            [WAITING, an_event()],
            [Pending(Side.GRAPH, "E1", UID, tries=3, parked=True, reason=OWN_MISTAKE)],
            id="item-with-a-pending-row",
        ),
        pytest.param([a_link(), an_event(), an_activity(), WAITING], [life.parked(a_link(), OWN_MISTAKE)], id="pair"),
        pytest.param([tombstone(), an_event()], [], id="pair-that-is-over"),
    ],
)
def test_how_a_group_of_items_is_parked(together: list[Item], expected: list[Link | Pending]) -> None:
    """By its link, else each item by itself; what is over needs no parking."""
    assert rows(parked(together)) == expected
    assert all(row.status is LinkStatus.PARKED if isinstance(row, Link) else row.parked for row in expected)
