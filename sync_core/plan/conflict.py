"""An open conflict and its mark (R9).

The event wears a category until the conflict is resolved. The same conflict keeps its age; a mark that a person took
off is not set again for it, other categories are never touched.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sync_core.model.decision import Context
from sync_core.model.link import Clash, Conflict, Link, Mark
from sync_core.model.policy import Direction
from sync_core.model.sides import CONFLICT_CATEGORY, GraphEvent
from sync_core.model.writes import PatchEvent


def kept_conflict(link: Link, clashes: tuple[Clash, ...], now: datetime) -> Conflict | None:
    """The conflict to remember: the same one keeps its age and its mark."""
    if not clashes:
        return None
    if link.conflict is not None and _typed(link.conflict.clashes) == _typed(clashes):
        return replace(link.conflict, clashes=clashes)
    return Conflict(clashes, now)


def _typed(clashes: tuple[Clash, ...]) -> set[tuple[str, str]]:
    """What makes a conflict another one: its fields and the values typed in Outlook."""
    return {(c.field, c.event_value) for c in clashes}


def marked(
    event: GraphEvent | None, link: Link, clashes: tuple[Clash, ...], ctx: Context
) -> tuple[Conflict | None, tuple[str, ...] | None]:
    """The conflict with the state of its mark, and the event's new categories where they must change."""
    conflict = kept_conflict(link, clashes, ctx.now)
    if event is None or ctx.policy.direction is Direction.TO_ERP:
        return conflict, None
    is_marked = CONFLICT_CATEGORY in event.categories
    if conflict is None:
        ours = link.conflict is not None and link.conflict.mark is Mark.SET
        rest = tuple(c for c in event.categories if c != CONFLICT_CATEGORY)
        return None, rest if ours and is_marked else None
    if is_marked:
        return replace(conflict, mark=Mark.SET), None
    if conflict.mark is not Mark.NONE:
        return replace(conflict, mark=Mark.TAKEN_OFF), None
    return replace(conflict, mark=Mark.SET), (*event.categories, CONFLICT_CATEGORY)


def unmarking(event: GraphEvent | None, link: Link, ctx: Context) -> PatchEvent | None:
    """The write that takes our mark off an event of which nothing is open any more; None where there is none."""
    _, categories = marked(event, link, (), ctx)
    if event is None or categories is None:
        return None
    return PatchEvent(event.id, event.change_key, frozenset(), event.content, None, categories)
