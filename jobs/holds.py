"""Lists that wait for a person (guard.py), and when they leave: answered, or nothing on them waits any more."""

from __future__ import annotations

from datetime import datetime

from jobs.ports import Change, Drop, Put
from sync_core import link as life
from sync_core.model import Answer, EndedBy, Hold, LinkStatus, Memory

DROPPED = "an administrator dropped the deletion"


def answered(memory: Memory, now: datetime) -> list[Change]:
    """Holds that somebody answered leave; the links of a dropped one end without a deletion."""
    changes: list[Change] = []
    links = {link.event_id: link for link in memory.links}
    for hold in memory.holds:
        if not hold.answer:
            continue
        changes.append(Drop(hold))
        for item in hold.items if hold.answer == Answer.DROPPED else ():
            link = links.get(item.event_id)
            if link is not None and link.status is LinkStatus.HELD:
                changes.append(Put(life.ended(link, EndedBy.DROPPED, DROPPED, now)))
    return changes


def settled(memory: Memory) -> list[Hold]:
    """Holds without an answer that need none: every item came back, or was dealt with otherwise."""
    held = {link.event_id for link in memory.links if link.status is LinkStatus.HELD}
    return [hold for hold in memory.holds if not hold.answer and held.isdisjoint(i.event_id for i in hold.items)]
