"""Compares both sides of one case in common ground: on which fields they agree, and what each side shows."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from zoneinfo import ZoneInfo

from sync_core.content import told
from sync_core.content.body import normal_text
from sync_core.content.project import PRIORITY_OF, from_erp, from_graph, to_erp
from sync_core.model.conflict import Clash
from sync_core.model.decision import Case
from sync_core.model.event import Event, Timed
from sync_core.model.link import Link
from sync_core.model.sides import ErpContent, Field, GraphContent, Side

SHOWN_TEXT = 1000
"""Characters of the longest value that a conflict or the journal keeps."""

EVENT_ATTRIBUTE = {
    Field.SUBJECT: "subject",
    Field.BODY: "body",
    Field.TIME: "when",
    Field.REMINDER: "reminder",
    Field.PRIVATE: "private",
    Field.PRIORITY: "priority",
    Field.PEOPLE: "people",
}
GRAPH_ATTRIBUTES = {
    Field.SUBJECT: ("subject",),
    Field.BODY: ("body",),
    Field.TIME: ("start", "end", "all_day"),
    Field.REMINDER: ("reminder",),
    Field.PRIVATE: ("sensitivity",),
    Field.PRIORITY: ("importance",),
    Field.PEOPLE: ("people",),
}
ERP_ATTRIBUTES = {
    Field.SUBJECT: ("subject",),
    Field.BODY: ("notes",),
    Field.TIME: ("start", "end", "planned_minutes"),
    Field.REMINDER: ("reminder",),
    Field.PRIVATE: ("private",),
    Field.PRIORITY: ("priority",),
    Field.PEOPLE: ("people",),
}


def shown(event: Event, field: Field) -> str:
    """A field's value as text for people, cut to ``SHOWN_TEXT``."""
    return bounded(_text(event, field))


def _text(event: Event, field: Field) -> str:
    value = getattr(event, EVENT_ATTRIBUTE[field])
    match value:
        case Timed(start, end):
            text = told.span(start, end)
        case frozenset():
            text = ", ".join(sorted(value))
        case None:
            text = told.NONE
        case _ if field is Field.TIME:
            text = told.days(value.first, value.until)
        case _:
            text = str(value)
    return text


def bounded(text: str) -> str:
    """Cut a text to what a conflict or the journal keeps; a cut text says so."""
    return told.cut(text, SHOWN_TEXT)


class Pair:
    """Both sides of one case in common ground.

    An activity's digits may stand a minute inside the true times (see ``project``). The base tells which true times
    they mean. Where ``has_base`` is false, or where the activity is just what the event would make, the event tells.
    """

    def __init__(self, case: Case, link: Link, has_base: bool) -> None:
        self.case, self.link, self.has_base = case, link, has_base
        self.zone = ZoneInfo(link.zone)
        self.graph_now = case.event.content if case.event else link.base_event
        self.erp_now = case.activity.content if case.activity else link.base_activity
        self.event = from_graph(self.graph_now)
        made = to_erp(self.event, self.zone)
        edges = _edges(link, self.zone)
        if not has_base or erp_terms(made, Field.TIME) == erp_terms(self.erp_now, Field.TIME):
            edges = (self.graph_now, made)
        self.activity = from_erp(self.erp_now, self.zone, edges)

    def is_same(self, field: Field) -> bool:
        """Whether both sides agree on a field: in common ground, or in the form in which an activity holds the
        event's value."""
        attribute = EVENT_ATTRIBUTE[field]
        if getattr(self.event, attribute) == getattr(self.activity, attribute):
            return True
        # a reminder hangs on the start: the event's is laid at the activity's own before digits are compared, unless
        # that is the same start a minute away from midnight
        is_apart = field is Field.REMINDER and not self.is_same(Field.TIME)
        event = replace(self.event, when=self.activity.when) if is_apart else self.event
        return erp_terms(to_erp(event, self.zone), field) == erp_terms(self.erp_now, field)

    def clash(self, field: Field, why: str) -> Clash:
        """The clash on a field: both values and the reason."""
        whole = [_text(one, field) for one in (self.event, self.activity)]
        is_cut = any(len(text) > SHOWN_TEXT for text in whole)
        digest = sha256("\0".join(whole).encode("utf-8", "surrogatepass")).hexdigest()[:16] if is_cut else ""
        return Clash(field, bounded(whole[0]), bounded(whole[1]), why, digest)

    def agreed(self, to_graph: frozenset[Field]) -> Event:
        """The event's content, with the activity's values of the fields ``to_graph``."""
        taken = {EVENT_ATTRIBUTE[f]: getattr(self.activity, EVENT_ATTRIBUTE[f]) for f in to_graph}
        return replace(self.event, **taken)


def _edges(link: Link, zone: ZoneInfo) -> tuple[GraphContent, ErpContent] | None:
    """The base, if it can tell what the activity's digits mean: None where its two sides show different times.

    They do where a promoted copy has never shown the activity's time.
    """
    made = to_erp(from_graph(link.base_event), zone)
    is_one = erp_terms(made, Field.TIME) == erp_terms(link.base_activity, Field.TIME)
    return (link.base_event, link.base_activity) if is_one else None


def erp_terms(content: ErpContent, field: Field) -> tuple[object, ...]:
    """An activity's field in the form in which two values are compared."""
    if field is Field.BODY:
        return (normal_text(content.notes),)
    if field is Field.PRIORITY:
        return (PRIORITY_OF.get(content.priority),)
    if field is Field.TIME:
        return content.start, content.end
    return tuple(getattr(content, name) for name in ERP_ATTRIBUTES[field])


def overruled(
    case: Case, link: Link, side: Side, changed: frozenset[Field], why: str
) -> tuple[tuple[Side, Clash], ...]:
    """The edits on ``side`` that a deletion on the other side overrules, each with both values."""
    pair = Pair(case, link, has_base=True)
    return tuple((side, pair.clash(f, why)) for f in Field if f in changed)
