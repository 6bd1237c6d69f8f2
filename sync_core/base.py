"""The base of a link: what both sides were last in step on, moved field by field after each write.

A field that stays apart keeps its base, so it goes on standing as an edit until somebody resolves it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sync_core.changes import changed_in_erp, changed_in_graph, sealed
from sync_core.model import ErpActivity, ErpContent, Field, GraphContent, GraphEvent, Link, Role
from sync_core.pair import ERP_ATTRIBUTES, GRAPH_ATTRIBUTES, erp_terms
from sync_core.project import from_erp, from_graph, to_erp, to_graph
from sync_core.ranges import shifted


def seal(link: Link) -> Link:
    """A link whose bases keep digests of long text."""
    return replace(link, base_event=sealed(link.base_event), base_activity=sealed(link.base_activity))


def _graph_base(base: GraphContent, now: GraphContent, fields: frozenset[Field]) -> GraphContent:
    return replace(base, **{name: getattr(now, name) for f in fields for name in GRAPH_ATTRIBUTES[f]})


def _erp_base(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    return replace(base, **{name: getattr(now, name) for f in fields for name in ERP_ATTRIBUTES[f]})


def _moved_erp(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    """The base moved for ``fields``; the reminder, where it stays apart, goes on telling an edit from none.

    It hangs on the start: unedited it is where it now stands, edited the base's keeps its distance from the start.
    """
    new = _erp_base(base, now, fields)
    if base.reminder is None or Field.TIME not in fields or Field.REMINDER in fields:
        return new
    edited = Field.REMINDER in changed_in_erp(base, now)
    return replace(new, reminder=shifted(new.start, base.reminder - base.start) if edited else now.reminder)


def set_apart(
    link: Link, event: GraphEvent, activity: ErpActivity, fields: frozenset[Field], *, is_crowded: bool
) -> Link:
    """A new link whose ``fields`` are not in step: each base gets the other side's value.

    Two items found to be a pair have no base; so what stays apart goes on standing as an edit of both sides. Where
    people are invited, or of the people themselves, it is Outlook's edit alone: what was there before mails nobody.
    """
    zone = ZoneInfo(link.zone)
    told = replace(to_graph(from_erp(activity.content, zone)), people=())
    seen = to_erp(from_graph(event.content), zone)
    if activity.content.reminder is not None:  # any other digits could pass for a reminder moved along or left behind
        seen = replace(seen, reminder=None)
    return replace(
        link,
        base_event=_graph_base(link.base_event, told, fields),
        base_activity=_erp_base(link.base_activity, seen, frozenset() if is_crowded else fields - {Field.PEOPLE}),
    )


def handed(event: GraphEvent, before: Link, seen: GraphContent | None, looked_at: datetime | None) -> GraphContent:
    """The base of a copy that feeds from now on: what it showed when the former feeder, whose link is ``before``,
    last looked at theirs (``looked_at``).

    Differences between copies are no edits, in no field: Exchange does not bring every change to everybody, and a
    copy may be edited where it lies. What this copy shows since is one, where the former feeder never showed it;
    ``seen`` is what it showed before, None where that is not known: then it only is where the organizer's own event
    tells it.
    """
    if before.tries:  # what the former feeder took up never got through
        return replace(before.base_event, people=event.content.people, reminder=event.content.reminder)
    is_since, is_before = _order(event.modified_at, looked_at)
    if seen is None and event.is_organizer and is_since:  # the organizer's word; nobody is taken off by it
        both = set(event.content.people) & set(before.base_event.people)
        seen = replace(before.base_event, people=tuple(sorted(both)))
    elif seen is None or is_before:
        return event.content
    apart = changed_in_graph(before.base_event, event.content) - {Field.PEOPLE, Field.REMINDER}
    people = _known_people(set(event.content.people), set(before.base_event.people), set(seen.people))
    return replace(_graph_base(event.content, seen, apart), people=tuple(sorted(people)))


def handed_by_nobody(event: GraphEvent, seen: GraphContent | None, looked_at: datetime | None) -> GraphContent:
    """The base of a copy that feeds from now on where the former feeder's link is not left: itself, but for what it
    shows otherwise than it did (``seen``) since that feeder last looked, at ``looked_at``."""
    is_since, _ = _order(event.modified_at, looked_at)
    if seen is None or not is_since:
        return event.content
    apart = changed_in_graph(seen, event.content) - {Field.PEOPLE, Field.REMINDER}
    return _graph_base(event.content, seen, apart)


def _order(changed_at: datetime | None, looked_at: datetime | None) -> tuple[bool, bool]:
    """Whether a change certainly came after a look, and whether certainly before."""
    if changed_at is None or looked_at is None:
        return False, False
    return changed_at > looked_at, changed_at < looked_at


def _known_people(now: set[str], fed: set[str], seen: set[str]) -> set[str]:
    """Everybody who was no news on either list."""
    return (now & fed) | (seen & (now ^ fed))


def outdated(link: Link, event: GraphEvent) -> Link:
    """The link of an event that is older than what its pair was last in step on, as one from a backup is.

    What an own event shows differently stands as an edit of both sides, so the later one wins and the other is kept
    in the journal; people are known apart, or a list of last week would take somebody off. Of somebody else's
    meeting nothing is an edit before its organizer's next word.
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
    """The link with its base moved, for ``fields``, to what the readings show; versions follow the readings."""
    if event is not None:
        link = replace(
            link,
            base_event=_graph_base(link.base_event, event.content, fields),
            change_key=event.change_key,
            modified_at=event.modified_at or link.modified_at,
        )
    if activity is not None:
        link = replace(
            link,
            base_activity=_moved_erp(link.base_activity, activity.content, fields),
            version=activity.version,
            updated_at=activity.updated_at,
        )
    return seal(link)


def disturbed(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> frozenset[Field]:
    """Fields that somebody else changed between our write and reading it back.

    ERP.net tells a write's result only on a second read (erpnet.md §6), so what is read back may hold an edit that no
    base has seen. Expected are the ``fields`` as ``sent``, the others as ``before`` (None: everything was sent).
    """
    expected = sent if before is None else _erp_base(before, sent, fields)
    return frozenset(f for f in changed_in_erp(expected, after) if erp_terms(expected, f) != erp_terms(after, f))


def as_expected(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> ErpContent:
    """``after`` with the disturbed fields as they were expected, so that the disturbance still looks like an edit."""
    expected = sent if before is None else _erp_base(before, sent, fields)
    return _erp_base(after, expected, disturbed(sent, fields, before, after))
