"""Links that go on with another date: the series got another pattern, was split, began or ended (R15, R19, R20, R27).

Nothing is voided and nothing is made where one date takes another's place: the activity keeps its participants, files
and locks, and gets the new date's key. Dates are paired in order, one to one, less than one interval apart.

A date that its living series does not know any more without naming it as taken out (*unnamed*) vanished by such a
change. It is held back for one round, because "this and following" ends the old series first and makes the new one
afterwards (graph.md §5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sync_core.content.ranges import uid_key
from sync_core.model import link as life
from sync_core.model.link import WATCHED, Link, Role
from sync_core.model.sides import EventKind, GraphEvent
from sync_core.plan.relocate import COMING, Move, by_uid, liveliness, relocated

ANOTHER_DATE = "its series was changed: it goes on with another date"
HELD_BACK = "the series ends earlier or has another pattern, and another date may take this one's place"

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """What was read of series: the calendar's events without a link, the masters by id, the ids of linked dates that
    are gone, and of these the ``unnamed`` ones."""

    free: tuple[GraphEvent, ...]
    masters: Mapping[str, GraphEvent]
    gone: frozenset[str]
    unnamed: frozenset[str]

    def without(self, moves: Iterable[Move]) -> Series:
        """What is left for further moves."""
        old, new = {move.old.event_id for move in moves}, {move.new.event_id for move in moves}
        return replace(
            self,
            free=tuple(event for event in self.free if event.id not in new),
            gone=self.gone - old,
            unnamed=self.unnamed - old,
        )


def date_moves(links: Collection[Link], series: Series) -> tuple[Move, ...]:
    """The links that go on with another date, or with the same one under another id."""
    found: list[Move] = []
    for step in (_same_dates, _become_series, _become_single, _repatterned, _split):
        moved = {move.old.event_id for move in found}
        found += step([link for link in links if link.event_id not in moved], series.without(found))
    return tuple(found)


def held_back(link: Link, *, is_unnamed: bool, now: datetime) -> Link | None:
    """The link of a date that waits for one more round before it counts as gone; None where it does not wait."""
    if not is_unnamed or link.missed_at is not None:
        return None
    return replace(link, missed_at=now - COMING)  # what a restored calendar is given has passed by the next round


def _same_dates(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that Graph shows under another id: an id of a date is a handle."""
    dated = by_uid([link for link in links if link.occurrence], lambda link: link.ical_uid)
    shown = by_uid([event for event in series.free if event.occurrence], lambda event: event.ical_uid)
    pairs = [(max(dated[uid], key=liveliness), min(shown[uid], key=lambda e: e.id)) for uid in dated if uid in shown]
    return [Move(link, relocated(link, event)) for link, event in pairs]


def _become_series(links: Sequence[Link], series: Series) -> list[Move]:
    """Single events that are a series by now: the activity becomes the date of the single event, else the first."""
    found: list[Move] = []
    for link in links:
        if link.occurrence is None and link.status in WATCHED:
            dates = [e for e in series.free if e.occurrence and e.occurrence.master_id == link.event_id]
            if dates:
                at = link.base_event.start
                found.append(_move(link, min(dates, key=lambda e: (_is_apart(e, at), e.content.start, e.id))))
    return found


def _become_single(links: Sequence[Link], series: Series) -> list[Move]:
    """Series that are a single event by now: the link of its date goes on, else the first of those to come."""
    found: list[Move] = []
    for event in series.free:
        if event.kind is EventKind.SINGLE:
            lost = [
                x for x in links if x.event_id in series.gone and x.occurrence and x.occurrence.master_id == event.id
            ]
            if lost:
                at = event.content.start
                chosen = min(lost, key=lambda x: (_is_date_apart(x, at), x.base_event.start, x.event_id))
                found.append(_move(chosen, event))
    return found


def _is_apart(event: GraphEvent, at: datetime) -> bool:
    return abs(event.content.start - at) >= A_DAY


def _is_date_apart(link: Link, at: datetime) -> bool:
    return abs(link.base_event.start - at) >= A_DAY


def _repatterned(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that the new pattern of their series has on other days."""
    found: list[Move] = []
    for group in _unnamed_by_series(links, series):
        uid = _series_of(group[0])
        dates = [e for e in series.free if e.occurrence and e.occurrence.is_of(uid)]
        found += _paired(group, dates, series)
    return found


def _split(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that a new series of the same organizer has taken over: "this and following" was changed."""
    known = {uid_key(_series_of(link)) for link in links if link.occurrence}
    free = list(series.free)
    found: list[Move] = []
    for group in _unnamed_by_series(links, series):
        new = [e for e in free if e.occurrence and uid_key(e.occurrence.series_uid) not in known]
        some = _paired(group, [e for e in new if _has_same_organizer(e, group[0], series)], series)
        taken = {move.new.event_id for move in some}
        free = [event for event in free if event.id not in taken]
        found += some
    return found


def _has_same_organizer(event: GraphEvent, link: Link, series: Series) -> bool:
    master = series.masters.get(link.occurrence.master_id) if link.occurrence else None
    return (
        master is not None and master.organizer == event.organizer and event.is_organizer == (link.role is Role.OWN)
    )


def _unnamed_by_series(links: Sequence[Link], series: Series) -> list[list[Link]]:
    lost = [link for link in links if link.event_id in series.unnamed and link.occurrence is not None]
    return list(by_uid(lost, _series_of).values())


def _series_of(link: Link) -> str:
    return link.occurrence.series_uid if link.occurrence else ""


def _paired(links: Iterable[Link], dates: Iterable[GraphEvent], series: Series) -> list[Move]:
    """Pair lost dates with new ones, in order and less than one interval of the series apart."""
    new = sorted((e for e in dates if not e.is_cancelled), key=lambda e: (_day_of(e), e.id))
    found: list[Move] = []
    for link in sorted(links, key=_day_of):
        days = _interval_of(link, series)
        fits = [n for n, event in enumerate(new) if abs((_day_of(event) - _day_of(link)).days) < days]
        if fits:
            found.append(_move(link, new[fits[0]]))
            new = new[fits[0] + 1 :]
    return found


def _day_of(item: Link | GraphEvent) -> date:
    assert item.occurrence is not None
    return item.occurrence.day


def _interval_of(link: Link, series: Series) -> int:
    master = series.masters.get(link.occurrence.master_id) if link.occurrence else None
    return master.recurrence.days if master is not None and master.recurrence is not None else 1


def _move(link: Link, event: GraphEvent) -> Move:
    return Move(link, life.reread_for(relocated(link, event), ANOTHER_DATE))
