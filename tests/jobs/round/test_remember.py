"""What a person's no to a held deletion leaves of the links, before the round looks at any side."""

from __future__ import annotations

from jobs.round.remember import end_dropped
from sync_core.model import link as life
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import EndedBy, Held, LinkStatus
from sync_core.model.memory import Memory
from tests.support.samples import NOW, a_link

LISTED, OTHER = a_link(event_id="E1"), a_link(event_id="E2", activity_id="A2")


def a_hold(key: str, approval: Approval) -> Hold:
    """A list of one item."""
    return Hold(key, "mass deletion", (HeldItem("E1", "A1", "void"),), NOW, approval)


async def test_a_dropped_list_ends_its_links() -> None:
    """Its links are over by the person's choice, and nobody is asked again; every other link and list stays."""
    held = life.held(LISTED, "mass deletion", Held("hold-1", "void"))
    elsewhere = life.held(OTHER, "mass deletion", Held("hold-2", "void"))
    dropped, waiting = a_hold("hold-1", Approval.DROPPED), a_hold("hold-2", Approval.OPEN)

    after = await end_dropped(Memory(links=(held, elsewhere), holds=(dropped, waiting)), None, NOW)

    assert [(link.status, link.ended_by) for link in after.links] == [
        (LinkStatus.TOMBSTONE, EndedBy.DROPPED),
        (elsewhere.status, elsewhere.ended_by),
    ]
    assert after.holds == (waiting,)


async def test_without_a_no_nothing_is_touched() -> None:
    """An open or approved list is for the tables."""
    memory = Memory(links=(LISTED,), holds=(a_hold("hold-1", Approval.APPROVED), a_hold("hold-2", Approval.OPEN)))

    assert await end_dropped(memory, None, NOW) is memory
