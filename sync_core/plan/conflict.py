"""The open conflict of a link, and its category on the event (R9).

The event has our category until the conflict is resolved. The same conflict keeps its age. If a person takes the
category off, it is not set again for the same conflict. Other categories are never touched.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Context
from sync_core.model.link import Link, wears_category
from sync_core.model.policy import Direction
from sync_core.model.sides import CONFLICT_CATEGORY, GraphEvent
from sync_core.model.writes import PatchEvent


def kept_conflict(link: Link, clashes: tuple[Clash, ...], now: datetime) -> Conflict | None:
    """The conflict to remember. If it is the same as before, it keeps its age and the state of its category."""
    if not clashes:
        return None
    if link.conflict is not None and _typed(link.conflict.clashes) == _typed(clashes):
        return replace(link.conflict, clashes=clashes)
    return Conflict(clashes, now)


def _typed(clashes: tuple[Clash, ...]) -> set[tuple[str, str]]:
    """What makes a conflict another one: its fields and the values in Outlook."""
    return {(c.field, c.event_value) for c in clashes}


def with_category(
    event: GraphEvent | None, link: Link, clashes: tuple[Clash, ...], ctx: Context
) -> tuple[Conflict | None, tuple[str, ...] | None]:
    """The conflict with the state of its category, and the event's new categories (None = unchanged). A date of a
    series gets none: it would become an exception, and its attendees a mail (R25)."""
    conflict = kept_conflict(link, clashes, ctx.now)
    if event is None or ctx.policy.direction is Direction.TO_ERP or link.occurrence is not None:
        return conflict, None
    has_category = CONFLICT_CATEGORY in event.categories
    if conflict is None:
        rest = tuple(c for c in event.categories if c != CONFLICT_CATEGORY)
        return None, rest if wears_category(link) and has_category else None
    if has_category:
        return replace(conflict, category=CategoryState.SET), None
    if conflict.category is not CategoryState.NONE:
        return replace(conflict, category=CategoryState.TAKEN_OFF), None
    return replace(conflict, category=CategoryState.SET), (*event.categories, CONFLICT_CATEGORY)


def category_removal(event: GraphEvent | None, link: Link, ctx: Context) -> PatchEvent | None:
    """The write that takes our category off an event without an open conflict; None where it has none of ours."""
    _, categories = with_category(event, link, (), ctx)
    if event is None or categories is None:
        return None
    return PatchEvent(event.id, event.change_key, frozenset(), event.content, None, categories)
