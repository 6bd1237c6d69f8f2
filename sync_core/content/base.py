"""The base snapshots of a link: what each side showed when both last agreed. A write moves them field by field.

A field that both sides do not agree on keeps its base. So every round finds it edited until the conflict is resolved.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sync_core.content.changes import changed_in_erp, changed_in_graph, sealed
from sync_core.content.compare import ERP_ATTRIBUTES, GRAPH_ATTRIBUTES, erp_terms
from sync_core.content.project import from_erp, from_graph, to_erp, to_graph
from sync_core.content.ranges import shifted
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.series import Occurrence
from sync_core.model.sides import EVERYTHING, ErpActivity, ErpContent, Field, GraphContent, GraphEvent


def seal(link: Link) -> Link:
    """The link, with digests instead of long texts in its bases."""
    return replace(link, base_event=sealed(link.base_event), base_activity=sealed(link.base_activity))


def _graph_base(base: GraphContent, now: GraphContent, fields: frozenset[Field]) -> GraphContent:
    """The event's base with ``fields`` as they are now."""
    return replace(base, **{name: getattr(now, name) for f in fields for name in GRAPH_ATTRIBUTES[f]})


def _erp_base(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    """The activity's base with ``fields`` as they are now."""
    return replace(base, **{name: getattr(now, name) for f in fields for name in ERP_ATTRIBUTES[f]})


def _moved_erp(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    """The activity's base with ``fields`` as they are now, its reminder adjusted where only the time moves.

    ERP.net's reminder is an instant, so it must follow a start that moves. A reminder that nobody edited becomes what
    ERP.net shows now. An edited one keeps its distance from the start, so that the next round finds it edited again.
    """
    new = _erp_base(base, now, fields)
    if base.reminder is None or Field.TIME not in fields or Field.REMINDER in fields:
        return new
    edited = Field.REMINDER in changed_in_erp(base, now)
    return replace(new, reminder=shifted(new.start, base.reminder - base.start) if edited else now.reminder)


def set_apart(
    link: Link, event: GraphEvent, activity: ErpActivity, fields: frozenset[Field], *, mails_anybody: bool
) -> Link:
    """A new link whose ``fields`` differ: the base of each side gets the other side's value.

    The next round then finds these fields edited on both sides, as in any conflict. Two exceptions mail nobody about
    what was there before: where a change of the event mails anybody, and for the list of people, the activity keeps
    its own value as its base, so that only Outlook counts as edited.
    """
    zone = ZoneInfo(link.zone)
    as_activity = to_erp(from_graph(event.content), zone)
    # digits a minute inside the event's times mean these, as where the pair is compared (``Pair``)
    as_event = replace(to_graph(from_erp(activity.content, zone, (event.content, as_activity))), people=())
    if activity.content.reminder is not None:  # any other digits could pass for a reminder moved along or left behind
        as_activity = replace(as_activity, reminder=None)
    in_activity = frozenset[Field]() if mails_anybody else fields - {Field.PEOPLE}
    return replace(
        link,
        base_event=_graph_base(link.base_event, as_event, fields),
        base_activity=_erp_base(link.base_activity, as_activity, in_activity),
    )


def wished(link: Link, event: GraphEvent, fields: frozenset[Field]) -> Link:
    """A new link whose ``fields`` differ because Outlook refuses what ERP.net has in them: the activity's base gets
    the event's value.

    The next round then finds them edited in ERP.net alone, as where a linked pair is refused an edit. Were Outlook to
    count as edited, too, our own write to the event could make it the later side, and the wish would be overwritten.
    """
    as_activity = to_erp(from_graph(event.content), ZoneInfo(link.zone))
    return replace(link, base_activity=_erp_base(link.base_activity, as_activity, fields))


def base_after_handover(
    event: GraphEvent, before: Link, seen: GraphContent | None, looked_at: datetime | None
) -> GraphContent:
    """The event's base of a copy that feeds the activity from now on.

    ``before`` is the former feeder's link, ``looked_at`` when they last looked at their copy, ``seen`` what this copy
    showed by then (None = not known). A difference between two copies is no edit, in any field: Exchange does not
    bring every change to every copy, and a copy may be edited in its own calendar. An edit is what this copy has
    shown since then and the former feeder's copy never did. Where ``seen`` is not known and the copy may have changed
    since then, it is one wherever it differs: else both sides could stand apart for ever. What the former feeder
    could not write yet, whatever stood in its way, is one as well.
    """
    if before.tries or before.status is LinkStatus.PARKED:  # no edit since the base was written
        base = replace(before.base_event, people=event.content.people, reminder=event.content.reminder)
        return _without_newcomers(base, before)
    base = _graph_base(_base_between(event, before, seen, looked_at), before.base_event, _unwritten(before))
    return _without_newcomers(base, before) if Field.PEOPLE.value in _clashing(before) else base


def _unwritten(before: Link) -> frozenset[Field]:
    """The fields of an open conflict and those that were left alone, without those that are each mailbox's own."""
    named = {*before.left, *_clashing(before)}
    return frozenset(f for f in EVERYTHING - {Field.PEOPLE, Field.REMINDER} if f.value in named)


def _clashing(before: Link) -> set[str]:
    """The fields of the open conflict."""
    return {clash.field for clash in before.conflict.clashes} if before.conflict else set()


def _without_newcomers(base: GraphContent, before: Link) -> GraphContent:
    """The base where the former feeder could not write the list of people: whoever is on this copy's list and was not
    on the written one joins. Nobody is taken off, since another copy's list may be shorter."""
    return replace(base, people=tuple(sorted(set(base.people) & set(before.base_event.people))))


def _base_between(
    event: GraphEvent, before: Link, seen: GraphContent | None, looked_at: datetime | None
) -> GraphContent:
    """``base_after_handover`` where the former feeder has written what it saw."""
    if _is_before(event, looked_at):
        return event.content
    if seen is None:  # the organizer's word of that moment; nobody is taken off by it
        both = set(event.content.people) & set(before.base_event.people)
        seen = replace(before.base_event, people=tuple(sorted(both)))
    apart = changed_in_graph(before.base_event, event.content) - {Field.PEOPLE, Field.REMINDER}
    people = _known_people(set(event.content.people), set(before.base_event.people), set(seen.people))
    return replace(_graph_base(event.content, seen, apart), people=tuple(sorted(people)))


def base_without_feeder(event: GraphEvent, seen: GraphContent | None, looked_at: datetime | None) -> GraphContent:
    """The event's base of a copy that feeds from now on, where the former feeder's link is gone.

    It is what the copy shows now. Fields that may have changed since the former feeder last looked, at ``looked_at``,
    keep what the copy showed before (``seen``); of a feeder of whom not even that is known they do not.
    """
    if seen is None or looked_at is None or _is_before(event, looked_at):
        return event.content
    apart = changed_in_graph(seen, event.content) - {Field.PEOPLE, Field.REMINDER}
    return _graph_base(event.content, seen, apart)


def _is_before(event: GraphEvent, looked_at: datetime | None) -> bool:
    """Whether all that an event shows certainly stood there before a look."""
    return event.newest_at is not None and looked_at is not None and event.newest_at < looked_at


def _known_people(now: set[str], fed: set[str], seen: set[str]) -> set[str]:
    """The people who are on at least two of the three lists; everybody else has joined or left since."""
    return (now & fed) | (seen & (now ^ fed))


def outdated(link: Link, event: GraphEvent) -> Link:
    """The link of an event that is older than its base, as one restored from a backup is.

    The fields in which an own event differs count as edited on both sides. The later side wins, and the journal keeps
    the other value. The list of people is left out: a list of last week would take somebody off. A meeting that
    somebody else organises counts as unedited until its organizer's next change.
    """
    if link.role is not Role.OWN:
        return replace(link, base_event=event.content)
    seen = to_erp(from_graph(event.content), ZoneInfo(link.zone))
    if link.base_activity.reminder is not None:  # see set_apart
        seen = replace(seen, reminder=None)
    apart = changed_in_graph(link.base_event, event.content) - {Field.PEOPLE}
    return replace(
        link,
        base_event=replace(link.base_event, people=event.content.people),
        base_activity=_erp_base(link.base_activity, seen, apart),
    )


def moved(link: Link, fields: frozenset[Field], event: GraphEvent | None, activity: ErpActivity | None) -> Link:
    """The link whose base, for ``fields``, is what the readings show. Its versions follow the readings."""
    if event is not None:
        link = replace(
            link,
            base_event=_graph_base(link.base_event, event.content, fields),
            change_key=event.change_key,
            modified_at=event.modified_at or link.modified_at,
            series_at=event.series_at,
            occurrence=_same_date(link, event),
        )
    if activity is not None:
        link = replace(
            link,
            base_activity=_moved_erp(link.base_activity, activity.content, fields),
            version=activity.version,
            updated_at=activity.updated_at,
        )
    return seal(link)


def _same_date(link: Link, event: GraphEvent) -> Occurrence | None:
    """Which date of a series the link's event is, with what is newly known of the series."""
    known, now = link.occurrence, event.occurrence
    if known is None or now is None:
        return known
    return replace(known, master_id=now.master_id or known.master_id).repeated(now.recurrence)


def disturbed(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> frozenset[Field]:
    """The fields that somebody else changed between our write and reading it back.

    ERP.net tells a write's result only on a second read (erpnet.md §6), so the reading may hold an edit that no base
    has seen. We expect ``fields`` as ``sent`` and the others as ``before`` (None: everything was sent).
    """
    expected = sent if before is None else _erp_base(before, sent, fields)
    return frozenset(f for f in changed_in_erp(expected, after) if erp_terms(expected, f) != erp_terms(after, f))


def as_expected(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> ErpContent:
    """``after`` with the disturbed fields as we expected them, so that the next round finds them edited."""
    expected = sent if before is None else _erp_base(before, sent, fields)
    return _erp_base(after, expected, disturbed(sent, fields, before, after))
