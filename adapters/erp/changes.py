"""Reads which activities have changed or were deleted since an instant: the pull (erpnet.md §7, traps 5 to 7, 13)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta

from adapters.erp.activities import ACTIVITIES, ENTITY, SYSTEM_OBJECTS
from adapters.erp.odata import Row, instant, query, text
from adapters.erp.parse import read_change, read_deletion
from adapters.erp.session import OF_ONE_ITEM, Session, Unintelligible
from adapters.erp.spans import END, Answer, Shown, Span, cut_at, read_around, whole_second
from jobs.ports import PullReading
from sync_core.errors import ItemRejected, SideError
from sync_core.model.sides import ActivityChange

log = logging.getLogger(__name__)

CHANGE = "Id,ObjectVersion,AggregateLastUpdateTimeUtc,CreationUser,OwnerParty"
AS_FAR_BACK = (1, 7, 31, 366, 3660)
"""Days to look back for the newest change: update times cannot be ordered by, so the answer is looked for nearby
first, and an instance where nothing changed for ten years counts as empty."""


MOST_APART = 50
"""The most seconds that are asked for one by one; of more, the time is read as a whole."""

AHEAD = timedelta(days=1)
"""An update time further ahead of our clock does not count: as a watermark it would hide all changes until then."""


class Pull:
    """Reads the instance's changes. ``deletions`` is whether deleted rows can be read: yes, no, unknown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.deletions = "unknown"

    async def read_changes(self, since: datetime, now: datetime, around: Collection[datetime] = ()) -> PullReading:
        """``Erp.read_changes``: activities and deleted system objects, one request unless there are more pages.

        How deletions show is INFERRED; where ERP.net refuses the question, they are left to the full rounds.
        """
        *closed, last = cut_at(since, around if len(around) <= MOST_APART else ())
        answers = await self._session.try_read([*map(_between, closed), _changed(last.first), _deleted(since)])
        shown = await self._around([*closed, last], answers[:-1], now)
        found = [change for change in map(read_change, shown.rows) if change]
        found += [change for change in map(read_deletion, self._tolerated(answers[-1])) if change]
        return reading_of((change for change in found if change.updated_at >= since), now, shown.seconds)

    async def reread(self, days: Collection[date], now: datetime) -> PullReading:
        """``Erp.reread_days``: one request, unless ERP.net still refuses to show something."""
        shown = await read_around(self._session, list(map(_day_of, sorted(days))), _between)
        return reading_of((change for change in map(read_change, shown.rows) if change), now, shown.seconds)

    async def _around(self, spans: list[Span], answers: list[Answer], now: datetime) -> Shown:
        """What these answers show, and what else can be read of the spans that ERP.net refuses."""
        *closed, last = spans
        if isinstance(answers[-1], OF_ONE_ITEM):
            log.warning("erp: an activity is not shown, changes are read around it: %s", answers[-1])
            spans = [*closed, *_soon(last, now)]
            answers = [*answers[:-1], *await self._session.try_read(list(map(_between, spans[-2:])))]
        return await read_around(self._session, spans, _between, answers)

    async def newest_change(self, now: datetime) -> datetime | None:
        """``Erp.newest_change``: one request, and one more where nothing changed in the last day.

        Where ERP.net does not show an activity that is asked for, a pull from a day ago finds out which.
        """
        nearest, *further = [_changed(now - timedelta(days=days)) for days in AS_FAR_BACK]
        try:
            newest = _newest_of(await self._session.rows(nearest), now)
            return newest or _newest_of(await self._session.first_rows(further), now)
        except (ItemRejected, Unintelligible):
            return now - timedelta(days=AS_FAR_BACK[0])

    def _tolerated(self, rows: list[Row] | SideError) -> list[Row]:
        if isinstance(rows, OF_ONE_ITEM):
            if self.deletions != "no":
                log.warning("erp: deleted activities cannot be asked for (%s)", type(rows).__name__)
            self.deletions = "no"
            return []
        if isinstance(rows, SideError):
            raise rows
        self.deletions = "yes"
        return rows


def _changed(since: datetime) -> str:
    return query(ACTIVITIES, f"AggregateLastUpdateTimeUtc ge {_instant(since)}", select=CHANGE)


def _between(span: Span) -> str:
    return query(ACTIVITIES, span.where, select=CHANGE)


def _soon(span: Span, now: datetime) -> list[Span]:
    """A span without an end, in two: most changes lie before tomorrow."""
    tomorrow = whole_second(max(span.first, now) + AHEAD)
    return [Span(span.first, tomorrow), Span(tomorrow, END)]


def _day_of(day: date) -> Span:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Span(midnight, midnight + timedelta(days=1))


def _deleted(since: datetime) -> str:
    where = f"EntityType eq {text(ENTITY)} and IsDeleted eq true and LastUpdateTimeUtc ge {_instant(since)}"
    return query(SYSTEM_OBJECTS, where, select="Id,EntityItemId,LastUpdateTimeUtc")


def _instant(at: datetime) -> str:
    return instant(at.astimezone(UTC))


def _newest_of(rows: Iterable[Row], now: datetime) -> datetime | None:
    return _newest((change for change in map(read_change, rows) if change), now)


def _newest(changes: Iterable[ActivityChange], now: datetime) -> datetime | None:
    return max((change.updated_at for change in changes if change.updated_at <= now + AHEAD), default=None)


def reading_of(changes: Iterable[ActivityChange], now: datetime, unread: tuple[datetime, ...] = ()) -> PullReading:
    """Each activity once, with its latest change: pages may overlap, and at the same instant deletion is last."""
    in_order = sorted(changes, key=lambda change: (change.updated_at, change.deleted))
    latest = {change.activity_id: change for change in in_order}
    found = tuple(sorted(latest.values(), key=lambda change: change.updated_at))
    return PullReading(found, _newest(found, now), unread)
