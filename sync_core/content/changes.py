"""Which fields were edited on a side since its base snapshot, compared in that side's own terms.

A changed version is a hint, changed content is proof. An item with a new version and equal content has no edited
field and causes no write: so the echoes of our own writes end here. The base keeps a digest instead of long text.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from sync_core.content.project import step_inside
from sync_core.model.sides import ErpContent, Field, GraphContent

KEPT_TEXT = 300
"""Longest text the base keeps in full, in characters."""

C = TypeVar("C", GraphContent, ErpContent)


def digest(text: str) -> str:
    """A short text as it is; of a longer one its hash and length, which prove another text equal."""
    if len(text) <= KEPT_TEXT:
        return text
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}:{len(text)}"


def sealed(content: C) -> C:
    """Content in the form that the base snapshot keeps: long texts as digests."""
    if isinstance(content, GraphContent):
        return replace(content, subject=digest(content.subject), body=digest(content.body))
    return replace(content, subject=digest(content.subject), notes=digest(content.notes))


def _same_text(base: str, now: str) -> bool:
    """Whether a text equals the base's, which may be a digest."""
    return base in (now, digest(now))


def changed_in_graph(base: GraphContent, now: GraphContent) -> frozenset[Field]:
    """The fields in which an event differs from its base."""
    same = {
        Field.SUBJECT: _same_text(base.subject, now.subject),
        Field.BODY: _same_text(base.body, now.body),
        Field.TIME: (base.start, base.end, base.all_day) == (now.start, now.end, now.all_day),
        Field.REMINDER: base.reminder == now.reminder,
        Field.PRIVATE: base.sensitivity == now.sensitivity,
        Field.PRIORITY: base.importance == now.importance,
        Field.PEOPLE: sorted(base.people) == sorted(now.people),
    }
    return frozenset(f for f, is_same in same.items() if not is_same)


def changed_in_erp(base: ErpContent, now: ErpContent) -> frozenset[Field]:
    """The fields in which an activity differs from its base.

    A reminder is compared as minutes before the start. So it is unchanged where it moved along with the start, where
    a moved start left it behind, and where the start moved by the minute that keeps it inside midnight (see
    ``project``). A planned duration counts only where there is no end.
    """
    same = {
        Field.SUBJECT: _same_text(base.subject, now.subject),
        Field.BODY: _same_text(base.notes, now.notes),
        Field.TIME: _times(base) == _times(now),
        Field.REMINDER: base.reminder == now.reminder or _is_same_lead(base, now),
        Field.PRIVATE: base.private == now.private,
        Field.PRIORITY: base.priority == now.priority,
        Field.PEOPLE: sorted(base.people) == sorted(now.people),
    }
    return frozenset(f for f, is_same in same.items() if not is_same)


def _times(content: ErpContent) -> tuple[datetime, datetime | None, int | None]:
    """What of an activity's time is compared."""
    return content.start, content.end, content.planned_minutes if content.end is None else None


def _is_same_lead(base: ErpContent, now: ErpContent) -> bool:
    """Whether the reminder rings as long before the start, as shown or as meant, as in the base."""
    if base.reminder is None or now.reminder is None:
        return False
    drift = (now.start - now.reminder) - (base.start - base.reminder)
    return drift in (timedelta(), step_inside(now.start) - step_inside(base.start))
