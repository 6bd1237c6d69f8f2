"""Holds, the lists of a mass deletion that wait for a person: what is on them, what an approval does, when they end.

Each link says which list it is on (``Link.held``), so a list may have any length. An approval is used up link by
link: whatever ends a pair, or brings it back to life, takes it off the list. The list's own row is small and is
deleted with the last of its items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sync_core.content.project import is_private
from sync_core.model import link as life
from sync_core.model.decision import Intent
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import EndedBy, Held, Link, LinkStatus, unit_of
from sync_core.model.memory import Memory

DROPPED = "an administrator dropped the deletion: both sides are left as they are"


def item_of(link: Link, on: Held) -> HeldItem:
    """The item that stands for a link on the list."""
    return HeldItem(
        link.event_id,
        link.activity_id,
        on.intent,
        link.base_event.subject,
        link.base_event.start,
        link.base_event.all_day,
        is_private(link.base_event) or is_private(link.base_activity),
        on.mails,
        counted_as(link, on.intent),
        link.occurrence,
    )


def counted_as(link: Link, intent: str) -> str:
    """What a deletion counts as for the guard: dates of a series together where Outlook lost them, else each one."""
    return unit_of(link) if intent == Intent.VOID else link.event_id


def in_order(items: Iterable[HeldItem]) -> tuple[HeldItem, ...]:
    """The items in the order in which a person reads them: by time."""
    return tuple(sorted(items, key=lambda one: (one.start.isoformat() if one.start else "", one.event_id)))


def assembled(links: Sequence[Link], holds: Sequence[Hold]) -> tuple[tuple[Link, ...], tuple[Hold, ...]]:
    """Join links and lists as they are stored, so that each knows of the other. A list of schema version 1 names its
    links itself."""
    listed = {item.event_id: Held(hold.key, item.intent) for hold in holds for item in hold.listed}
    known = tuple(_placed(link, listed.get(link.event_id)) for link in links)
    items: defaultdict[str, list[HeldItem]] = defaultdict(list)
    for link in known:
        if link.held is not None:
            items[link.held.hold].append(item_of(link, link.held))
    return known, tuple(replace(hold, items=in_order(items[hold.key])) for hold in holds)


def _placed(link: Link, listed: Held | None) -> Link:
    is_unplaced = link.status is LinkStatus.HELD and link.held is None
    return life.held(link, link.reason, listed) if is_unplaced and listed is not None else link


def without_lost(memory: Memory) -> Memory:
    """The memory in which links whose list does not exist any more are to be decided anew."""
    keys = {hold.key for hold in memory.holds}
    return replace(memory, links=tuple(life.unlisted(x) if _is_lost(x, keys) else x for x in memory.links))


def _is_lost(link: Link, keys: set[str]) -> bool:
    return link.status is LinkStatus.HELD if link.held is None else link.held.hold not in keys


def dropped(memory: Memory, now: datetime) -> tuple[list[Link], list[Hold]]:
    """What a person's no ends: the links, as they are afterwards, and the lists."""
    over = [hold for hold in memory.holds if hold.approval == Approval.DROPPED]
    keys = {hold.key for hold in over}
    named = [link for link in memory.links if link.held is not None and link.held.hold in keys]
    return [life.ended(link, EndedBy.DROPPED, DROPPED, now) for link in named], over


def emptied(memory: Memory) -> list[Hold]:
    """The lists without items: each came back, or was decided."""
    return [hold for hold in memory.holds if not hold.items]


def are_due(memory: Memory) -> bool:
    """Whether a round has an approval to carry out. A link that was parked meanwhile does not make one due."""
    held = {link.held.hold for link in memory.links if link.held and link.status is LinkStatus.HELD}
    return any(hold.approval and (not hold.items or hold.key in held) for hold in memory.holds)
