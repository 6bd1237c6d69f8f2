"""Cells of the plan's tables, and cases that meet them."""

from __future__ import annotations

from dataclasses import replace

from sync_core.model.decision import Case, Context, Sight
from sync_core.model.policy import Direction, Policy, PrivateRule
from sync_core.model.sides import ErpActivity, EventKind, GraphEvent
from tests.support.samples import (
    ANNA_ID,
    CARL_ID,
    SERVICE,
    a_case,
    a_context,
    a_link,
    an_activity,
    an_event,
    an_office,
    noted,
    shown,
    utc,
    wall_clock,
)

SKIPPING, TO_ERP, TO_GRAPH = (
    Policy(private=PrivateRule.SKIP),
    Policy(direction=Direction.TO_ERP),
    Policy(direction=Direction.TO_GRAPH),
)


OLD_EVENT = shown(start=utc(2026, 1, 23, 8), end=utc(2026, 1, 23, 9))


OLD_ACTIVITY = noted(start=wall_clock(2026, 1, 23, 10), end=wall_clock(2026, 1, 23, 11))


LATE_EVENT = shown(start=utc(2026, 3, 1, 8), end=utc(2026, 3, 1, 9))


TRAITS: dict[str, tuple[GraphEvent | ErpActivity, Context]] = {
    "graph/series": (an_event(kind=EventKind.MASTER), a_context()),
    "graph/cancelled": (an_event(is_cancelled=True), a_context()),
    "graph/private": (an_event(shown(sensitivity="private")), a_context(policy=SKIPPING)),
    "graph/old": (an_event(OLD_EVENT), a_context()),
    "graph/outside": (an_event(LATE_EVENT), a_context()),
    "graph/one-way": (an_event(), a_context(policy=TO_GRAPH)),
    "erp/other-type": (an_activity(system_type="Campaign"), a_context()),
    "erp/void": (an_activity(void=True), a_context()),
    "erp/creator-off": (an_activity(creation_user="carl"), a_context()),
    "erp/taken": (an_activity(creation_user=SERVICE, owner_party="party-boris"), an_office()),
    "erp/private": (an_activity(noted(private=True)), a_context(policy=SKIPPING)),
    "erp/old": (an_activity(OLD_ACTIVITY), a_context()),
    "erp/one-way": (an_activity(), a_context(policy=TO_ERP)),
}
"""An item that shows exactly one trait, and the round in which it does."""


SCOPE_CELLS = {
    "graph/series/unlinked": ("skip", "part of a recurring series"),
    "graph/series/linked": ("park", "part of a recurring series"),
    "graph/cancelled/unlinked": ("skip", "cancelled"),
    "graph/cancelled/linked": ("in", ""),
    "graph/private/unlinked": ("skip", "private, and private items are not synced"),
    "graph/private/linked": ("park", "private, and private items are not synced"),
    "graph/old/unlinked": ("skip", "older than a day"),
    "graph/old/linked": ("in", ""),
    "graph/outside/unlinked": ("skip", "outside the window"),
    "graph/outside/linked": ("in", ""),
    "graph/one-way/unlinked": ("skip", "sync runs in one direction only"),
    "graph/one-way/linked": ("in", ""),
    "erp/other-type/unlinked": ("skip", "an activity type that is not synced"),
    "erp/other-type/linked": ("park", "an activity type that is not synced"),
    "erp/void/unlinked": ("skip", "void in ERP.net"),
    "erp/void/linked": ("in", ""),
    "erp/creator-off/unlinked": ("skip", "its creator does not have sync switched on"),
    "erp/creator-off/linked": ("skip", "its creator does not have sync switched on"),
    "erp/taken/unlinked": ("skip", "it is in a colleague's calendar already"),
    "erp/taken/linked": ("skip", "it is in a colleague's calendar already"),
    "erp/private/unlinked": ("skip", "private, and private items are not synced"),
    "erp/private/linked": ("park", "private, and private items are not synced"),
    "erp/old/unlinked": ("skip", "older than a day"),
    "erp/old/linked": ("in", ""),
    "erp/one-way/unlinked": ("skip", "sync runs in one direction only"),
    "erp/one-way/linked": ("in", ""),
}


def with_trait(trait: str, column: str) -> tuple[Case, Context]:
    """A case whose item shows the trait."""
    item, ctx = TRAITS[trait]
    creator = CARL_ID if trait == "erp/creator-off" else ANNA_ID
    link = a_link(creator=creator) if column == "linked" else None
    if trait == "erp/taken" and isinstance(item, ErpActivity):
        theirs = item if link else an_activity()
        return a_case(None, theirs, link=link, event_owners=frozenset({"boris-id"})), ctx
    if isinstance(item, GraphEvent):
        return a_case(item, link=link), ctx
    return a_case(None, item, link=link), ctx


EDITED_EVENT, EDITED_ACTIVITY = an_event(shown(subject="Plan")), an_activity(noted(priority="High"))


FATE_LINKED_CELLS = {
    "event-unchanged/activity-unchanged": "nothing",
    "event-unchanged/activity-changed": "update-event",
    "event-unchanged/activity-gone": "remove",
    "event-changed/activity-unchanged": "update-activity",
    "event-changed/activity-changed": "merge",
    "event-changed/activity-gone": "remove",
    "event-gone/activity-unchanged": "void",
    "event-gone/activity-changed": "void",
    "event-gone/activity-gone": "end",
}


EVENTS: dict[str, GraphEvent | None] = {
    "event-absent": None,
    "event-present": an_event(),
    "event-unchanged": an_event(),
    "event-changed": EDITED_EVENT,
    "event-gone": None,
}


ACTIVITIES: dict[str, ErpActivity | None] = {
    "activity-absent": None,
    "activity-present": an_activity(),
    "activity-unchanged": an_activity(),
    "activity-changed": EDITED_ACTIVITY,
    "activity-gone": None,
}


def fated(cell: str) -> Case:
    """A pair in the state that the cell names."""
    row, column = cell.split("/")
    case = a_case(EVENTS[row], ACTIVITIES[column])
    gone = {"event_sight": Sight.GONE} if row == "event-gone" else {}
    gone |= {"activity_sight": Sight.GONE} if column == "activity-gone" else {}
    return replace(case, **gone)  # type: ignore[arg-type]
