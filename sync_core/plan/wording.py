"""Puts a decision into words: its action, and the values before and after, for the journal and a dry run."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sync_core.content.compare import bounded, shown
from sync_core.content.project import from_erp, from_graph, is_private
from sync_core.model.action import Action
from sync_core.model.decision import Case, Decision, Intent, Verdict
from sync_core.model.event import Event
from sync_core.model.sides import Field, Side
from sync_core.model.writes import CreateActivity, CreateEvent, PatchActivity, PatchEvent
from sync_core.people.privacy import HIDEABLE

BY_INTENT = {
    Intent.CREATE_ACTIVITY: Action.ACTIVITY_CREATED,
    Intent.CREATE_EVENT: Action.EVENT_CREATED,
    Intent.LINK: Action.LINKED,
    Intent.UPDATE_ACTIVITY: Action.ACTIVITY_UPDATED,
    Intent.UPDATE_EVENT: Action.EVENT_UPDATED,
    Intent.MERGE: Action.BOTH_UPDATED,
    Intent.VOID: Action.ACTIVITY_VOIDED,
    Intent.REMOVE: Action.EVENT_REMOVED,
    Intent.END: Action.LINK_ENDED,
    Intent.FOLLOW: Action.FOLLOWED,
    Intent.HAND_ON: Action.HANDED_ON,
    Intent.ANSWER: Action.ANSWER_NOTED,
    Intent.NOTHING: Action.NOTHING,
}
"""What is done where a decision is carried out."""

BY_VERDICT = {
    Verdict.CONFLICT: Action.CONFLICT,
    Verdict.HOLD: Action.HELD,
    Verdict.SKIP: Action.SKIPPED,
    Verdict.PARK: Action.PARKED,
    Verdict.ARCHIVE: Action.ARCHIVED,
    Verdict.REREAD: Action.REREAD,
    Verdict.NOTHING: Action.IN_STEP,
}
"""How an item stands that is not written."""


def action_of(decision: Decision) -> Action:
    """What the decision does. A patch of the category alone says so; beside fields of the other side it
    is not told, since "both updated" means fields of both."""
    if decision.verdict is not Verdict.ACT:
        return BY_VERDICT[decision.verdict]
    sides = [side for side, fields in decision.written if fields]
    if decision.intent is Intent.UPDATE_EVENT and not sides:
        conflict = decision.link.conflict if decision.link else None
        return Action.CATEGORY_SET if conflict else Action.CATEGORY_REMOVED
    if decision.intent is Intent.MERGE and sides == [Side.ERP]:
        return Action.ACTIVITY_UPDATED
    if decision.intent is Intent.MERGE and sides == [Side.GRAPH]:
        return Action.EVENT_UPDATED
    return BY_INTENT[decision.intent]


def sides_of(case: Case, digits_zone: str) -> tuple[Event | None, Event | None]:
    """What the case's event and activity show, in common ground (the base where a side was not read).

    ``digits_zone`` is the zone of an unlinked activity's digits.
    """
    link = case.link
    zone = ZoneInfo(link.zone if link else digits_zone)
    graph = case.event.content if case.event else link.base_event if link else None
    erp = case.activity.content if case.activity else link.base_activity if link else None
    return from_graph(graph) if graph else None, from_erp(erp, zone) if erp else None


def values(decision: Decision, digits_zone: str) -> tuple[dict[str, str], dict[str, str]]:
    """The values before and after of each field that is written, by side and field (bounded text); zone as in
    ``sides_of``."""
    event, activity = sides_of(decision.case, digits_zone)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for side, fields in decision.written:
        old, new = (event, activity) if side is Side.GRAPH else (activity, event)
        for name in (f for f in Field if f in fields):
            if old is not None:
                before[f"{side}.{name}"] = shown(old, name)
            if name is Field.PEOPLE:
                after[f"{side}.{name}"] = _list_after(decision, side)
            elif decision.case.link is not None and decision.case.link.put_back:
                after[f"{side}.{name}"] = _value_after(decision, side, name)
            elif new is not None:
                after[f"{side}.{name}"] = shown(new, name)
    if decision.is_deletion:
        gone = activity if decision.intent is Intent.VOID else event
        if gone is not None:
            before |= {f"{decision.intent}.{name}": shown(gone, name) for name in Field}
    return before, after


def without_hideable(told: dict[str, str]) -> dict[str, str]:
    """The values (of ``values``) without those that ``SYNC_PRIVATE=busy`` hides, on either side."""
    return {name: text for name, text in told.items() if name.partition(".")[2] not in HIDEABLE}


def _value_after(decision: Decision, side: Side, name: Field) -> str:
    """The value that a write leaves, where it is neither side's: an undo puts back one of before."""
    write, link = (decision.graph if side is Side.GRAPH else decision.erp), decision.link
    if isinstance(write, PatchEvent):
        return shown(from_graph(write.content), name)
    if isinstance(write, PatchActivity) and link is not None:
        return shown(from_erp(write.content, ZoneInfo(link.zone)), name)
    return ""


def _list_after(decision: Decision, side: Side) -> str:
    """The people on a side's list after the write: that side's own list."""
    write = decision.graph if side is Side.GRAPH else decision.erp
    people = (
        write.content.people if isinstance(write, CreateEvent | PatchEvent | CreateActivity | PatchActivity) else ()
    )
    return bounded(", ".join(people))


def is_about_private(case: Case) -> bool:
    """Whether only the owner may see the case's values."""
    contents = (item.content for item in (case.event, case.activity) if item is not None)
    if case.link is not None and (is_private(case.link.base_event) or is_private(case.link.base_activity)):
        return True
    return any(is_private(content) for content in contents)
