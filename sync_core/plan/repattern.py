"""Links that go on with another date: the series got another pattern, was split, began or ended (R15, R19, R20, R27).

Nothing is voided and nothing is made where one date takes another's place: the activity keeps its participants, files
and locks, and gets the new date's key. Dates are paired in order, one to one, less than one interval apart.

A date that its living series does not know any more without naming it as taken out (*unnamed*) vanished by such a
change. It is held back for one round, because "this and following" ends the old series first and makes the new one
afterwards (graph.md §5). While it is not known what became of a linked date, the dates as which it may go on wait
(``awaiting``): an activity of their own would leave it nothing but to be voided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from sync_core.content.ranges import uid_key
from sync_core.model import link as life
from sync_core.model.link import WATCHED, Link, Role, master_of
from sync_core.model.series import Occurrence
from sync_core.model.sides import EventKind, GraphEvent
from sync_core.model.why import Why
from sync_core.plan.relocate import COMING, Move, by_uid, liveliness, relocated

ANOTHER_DATE = Why.ANOTHER_DATE
HELD_BACK = "the series ends earlier or has another pattern, and another date may take this one's place"

MAY_GO_ON = "a date that has not been read yet may go on as this one"

A_DAY = timedelta(days=1)

D = TypeVar("D", Link, GraphEvent)

Pair = tuple[Link, GraphEvent]
"""A lost date and the one that takes its place."""


@dataclass(frozen=True, slots=True)
class Series:
    """What was read of series: the calendar's events without a link, the masters by id, the ids of linked dates that
    are gone, and of these the ``unnamed`` ones. ``past`` are the ids of links and events that have taken place: of
    these, nothing goes on but as its own date. ``begun`` are the ids of events of which an activity may have been
    made, though no link was saved: no other date's activity goes on as theirs, and their series is no new one.
    ``in_place`` are the ids of links whose date the calendar shows."""

    free: tuple[GraphEvent, ...]
    masters: Mapping[str, GraphEvent]
    gone: frozenset[str]
    unnamed: frozenset[str]
    past: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    in_place: frozenset[str] = frozenset()

    @property
    def new(self) -> list[GraphEvent]:
        """The dates without a link that may take another one's place."""
        return [event for event in self.free if event.occurrence and event.id not in self.begun]

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


def awaiting(links: Iterable[Link], undecided: Collection[str], series: Series) -> frozenset[str]:
    """The ids of the free events that a linked date may go on as, of which it is ``undecided`` what became of it."""
    dated = [(link, link.occurrence) for link in links if link.occurrence]
    known = {uid_key(one.series_uid) for _, one in dated}
    lost = [one for link, one in dated if link.event_id in undecided]
    return frozenset(event.id for event in series.free if any(_may_go_on(one, event, known) for one in lost))


def _may_go_on(lost: Occurrence, event: GraphEvent, known: Collection[str]) -> bool:
    new = event.occurrence
    if new is None:
        return event.kind is EventKind.SINGLE and event.id == lost.master_id
    days = lost.recurrence.days if lost.recurrence else 1
    is_own_or_new = lost.is_of(new.series_uid) or uid_key(new.series_uid) not in known
    return is_own_or_new and abs((new.day - lost.day).days) < days


def _same_dates(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that Graph shows under another id: an id of a date is a handle. Who has left a series and is invited to
    one date of it again has that as a single event with the date's own uid.

    A date that is shown by another series while its own shows it still is there twice: its link stays."""
    dated = by_uid([link for link in links if link.occurrence], lambda link: link.ical_uid)
    own = {uid_key(x.ical_uid): master_of(x) for x in links if x.event_id in series.in_place and x.status in WATCHED}
    free = [e for e in series.free if not e.is_series and own.get(uid_key(e.ical_uid), e.series_id) == e.series_id]
    shown = by_uid(free, lambda event: event.ical_uid)
    pairs = [(max(dated[uid], key=liveliness), min(shown[uid], key=lambda e: e.id)) for uid in dated if uid in shown]
    return [Move(link, relocated(link, event)) for link, event in pairs]


def _become_series(links: Sequence[Link], series: Series) -> list[Move]:
    """Single events that are a series by now: the activity becomes the date of the single event, else the first. One
    that has taken place as the series' first date stands for no other one."""
    dates = _by_master(series.free)
    found: list[Move] = []
    for link in [x for x in links if x.occurrence is None and x.status in WATCHED and x.event_id in dates]:
        at = link.base_event.start
        event = min(dates[link.event_id], key=lambda e: (_is_apart(e, at), e.content.start, e.id))
        if not (_is_apart(event, at) and link.event_id in series.past and _begins_with(link, series)):
            found.append(_move(link, event))
    return found


def _begins_with(link: Link, series: Series) -> bool:
    """Whether a series begins with the single event that it was; yes where that is not known."""
    master = series.masters.get(link.event_id)
    return master is None or not _is_apart(master, link.base_event.start)


def _become_single(links: Sequence[Link], series: Series) -> list[Move]:
    """Series that are a single event by now: the link of its date goes on, else, where it is to come, the first of
    those to come."""
    gone = _by_master(link for link in links if link.event_id in series.gone)
    found: list[Move] = []
    for event in [e for e in series.free if e.kind is EventKind.SINGLE]:
        at, is_past = event.content.start, event.id in series.past
        lost = gone.get(event.id, [])
        fits = [x for x in lost if not _is_date_apart(x, at) or not (is_past or x.event_id in series.past)]
        if fits:
            chosen = min(fits, key=lambda x: (_is_date_apart(x, at), x.base_event.start, x.event_id))
            found.append(_move(chosen, event))
    return found


def _by_master(items: Iterable[D]) -> dict[str, list[D]]:
    """Dates, or links of dates, by their series' id at Graph."""
    grouped: dict[str, list[D]] = {}
    for item in items:
        if item.occurrence is not None:
            grouped.setdefault(item.occurrence.master_id, []).append(item)
    return grouped


def _is_apart(event: GraphEvent, at: datetime) -> bool:
    return abs(event.content.start - at) >= A_DAY


def _is_date_apart(link: Link, at: datetime) -> bool:
    return abs(link.base_event.start - at) >= A_DAY


def _repatterned(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that the new pattern of their series has on other days."""
    found: list[Move] = []
    for group in _unnamed_by_series(links, series):
        uid = _series_of(group[0])
        dates = [e for e in series.new if e.occurrence and e.occurrence.is_of(uid)]
        found += _moves(_paired(group, dates, series))
    return found


def _split(links: Sequence[Link], series: Series) -> list[Move]:
    """Dates that a new series of the same organizer has taken over: "this and following" was changed. Of several new
    series a date takes the one that resembles its own most."""
    begun = {_series_of(event) for event in series.free if event.id in series.begun}
    known = {uid_key(uid) for uid in begun | {_series_of(link) for link in links}}
    new = by_uid(series.new, _series_of)
    pairs = [
        (group, fitting)
        for group in _unnamed_by_series(links, series)
        for uid, dates in new.items()
        if uid not in known and (fitting := [e for e in dates if _has_same_organizer(e, group[0], series)])
    ]
    found: list[Move] = []
    for group, dates in sorted(pairs, key=lambda pair: -_resemblance(_paired(pair[0], pair[1], series))):
        left = series.without(found)
        free = {event.id for event in left.free}
        lost = [link for link in group if link.event_id in left.unnamed]
        found += _moves(_paired(lost, [event for event in dates if event.id in free], series))
    return found


def _resemblance(pairs: Iterable[Pair]) -> int:
    """In how much the dates of two series agree."""
    shown = [(link.base_event, event.content) for link, event in pairs]
    alike = ((old.start == new.start, old.end == new.end, old.subject == new.subject) for old, new in shown)
    return sum(map(sum, alike))


def _has_same_organizer(event: GraphEvent, link: Link, series: Series) -> bool:
    master = series.masters.get(link.occurrence.master_id) if link.occurrence else None
    return (
        master is not None and master.organizer == event.organizer and event.is_organizer == (link.role is Role.OWN)
    )


def _unnamed_by_series(links: Sequence[Link], series: Series) -> list[list[Link]]:
    lost = [link for link in links if link.event_id in series.unnamed and link.occurrence is not None]
    return list(by_uid(lost, _series_of).values())


def _series_of(item: Link | GraphEvent) -> str:
    return item.occurrence.series_uid if item.occurrence else ""


def _paired(links: Sequence[Link], dates: Iterable[GraphEvent], series: Series) -> list[Pair]:
    """Pair lost dates with new ones: those of the same day, the others in order and less than one interval of the
    series apart."""
    new = sorted((e for e in dates if not e.is_cancelled), key=lambda e: (_day_of(e), e.id))
    same = {_day_of(event): event for event in reversed(new)}
    found = [(link, event) for link in links if (event := same.pop(_day_of(link), None))]
    paired, taken = {link.event_id for link, _ in found}, {event.id for _, event in found}
    new = [event for event in new if event.id not in taken]
    for link in sorted((link for link in links if link.event_id not in paired), key=_day_of):
        days = _interval_of(link, series)
        fits = [n for n, event in enumerate(new) if abs((_day_of(event) - _day_of(link)).days) < days]
        if fits:
            found.append((link, new[fits[0]]))
            new = new[fits[0] + 1 :]
    return found


def _day_of(item: Link | GraphEvent) -> date:
    assert item.occurrence is not None
    return item.occurrence.day


def _interval_of(link: Link, series: Series) -> int:
    master = series.masters.get(link.occurrence.master_id) if link.occurrence else None
    return master.recurrence.days if master is not None and master.recurrence is not None else 1


def _moves(pairs: Iterable[Pair]) -> list[Move]:
    return [_move(link, event) for link, event in pairs]


def _move(link: Link, event: GraphEvent) -> Move:
    return Move(link, life.reread_for(relocated(link, event), ANOTHER_DATE))
