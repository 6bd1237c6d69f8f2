"""What a round reads of recurring series, and what that means for each date (``SYNC_SERIES=window``; R15 to R20).

The delta query names series, in full or in part, and nothing else of what it says of them counts (graph.md §3): a
plain date comes bare, a deleted one not at all, and a date that did not change is never told again. So a series that
is named is *listed*, and so is one of which a linked date asks for a look. The view over the window then says what
its dates are. Only a linked date that the view lacks asks for more: its master, the dates that the master names, and
at last the date itself. Of a date that stays open nothing is inferred; its link remembers that it must be read again.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar

from sync_core.content.names import series_key
from sync_core.content.project import graph_when
from sync_core.content.ranges import uid_key
from sync_core.content.window import is_inside, is_over
from sync_core.model.decision import Context, Sight
from sync_core.model.event import Window
from sync_core.model.link import WATCHED, Link, master_of
from sync_core.model.policy import SeriesRule
from sync_core.model.series import Occurrence, Recurrence
from sync_core.model.sides import EventKind, Evidence, GraphEvent, GraphReading, Malformed, SeriesDates, Side
from sync_core.plan.delete import judge_gone
from sync_core.plan.over import is_over_link
from sync_core.plan.relocate import Move, by_uid
from sync_core.plan.repattern import A_DAY, Series, awaiting
from sync_core.reading.frame import Frame
from sync_core.reading.news import GraphNews, asks_for_reading, due_pending, permitted, with_series_times

MOST_ASKED = 50
"""Dates, and masters, that are asked about one by one in one round; the others wait for the next."""

E = TypeVar("E", GraphEvent, GraphEvent | Malformed)

Found = GraphEvent | Malformed | None
"""A date that was read by id; None = 404."""

MOST_REACHED = 31
"""The most days beyond a linked date that are read."""

DATES_BEFORE = timedelta(days=1)
"""How far before the window a date may lie that is still followed (R8, R17)."""


def is_on(ctx: Context) -> bool:
    """Whether dates of series are synced."""
    return ctx.policy.series is SeriesRule.WINDOW


# Which series are read


def named(news: GraphNews, reading: GraphReading, frame: Frame) -> GraphNews:
    """The news with the series that a delta query has named. Where dates are synced, plain dates are dropped: the
    view will tell. Changed dates stay, and masters until links are known (``without_masters``)."""
    if not is_on(frame.ctx):
        return news
    masters = {e.id: e for e in reading.events if e.kind is EventKind.MASTER}
    stay = {e.id for e in reading.events if e.kind in (EventKind.SINGLE, EventKind.MASTER)}
    stay |= {e.id for e in reading.events if e.kind is EventKind.EXCEPTION and e.occurrence is not None}
    dropped = {event.id for event in reading.events} - stay
    return replace(
        news,
        events={i: event for i, event in news.events.items() if i not in dropped},
        masters={**news.masters, **masters},
        listed=news.listed | reading.series,
    )


def without_masters(news: GraphNews, frame: Frame) -> GraphNews:
    """The news without the masters, but for one under the id of a link, which is a single event that became a
    series."""
    dropped = news.masters.keys() - frame.links.keys()
    return replace(news, events={i: event for i, event in news.events.items() if i not in dropped})


def listed_series(news: GraphNews, frame: Frame) -> frozenset[str]:
    """The ids of the masters whose dates must be read: those that the delta query named, and those of linked dates
    that ask for it, were removed, belong to what is a single event by now, or have a copy that waits and is looked at
    again."""
    waiting = {uid_key(p.ical_uid) for p in due_pending(news, frame) if p.side is Side.GRAPH and p.ical_uid}
    dated = [x for x in frame.memory.links if x.occurrence]
    asked = {master_of(x) for x in dated if uid_key(x.ical_uid) in waiting or _asks_for_series(x, news, frame)}
    return frozenset(news.listed | asked) - {""}


def _asks_for_series(link: Link, news: GraphNews, frame: Frame) -> bool:
    assert link.occurrence is not None
    is_named = not {link.event_id, link.occurrence.master_id}.isdisjoint(news.removed)
    is_single = link.occurrence.master_id in news.events
    return is_single or (link.status in WATCHED and is_named) or asks_for_reading(link, news, frame)


def span_of_dates(listed: Collection[str], frame: Frame) -> Window:
    """The span in which the dates of the listed series are read: the window, and as far as a linked date of theirs
    may go by another pattern, which is less than one interval."""
    ctx = frame.ctx
    dated = [(x, x.occurrence) for x in frame.memory.links if x.occurrence and x.status in WATCHED]
    ends = [x.base_event.end + _reach(one) for x, one in dated if one.master_id in listed]
    return Window(ctx.window.start - DATES_BEFORE, max([ctx.window.end, *ends]))


def _reach(one: Occurrence) -> timedelta:
    return timedelta(days=min(one.recurrence.days if one.recurrence else 1, MOST_REACHED))


# What the view says


def with_copies(listed: Collection[str], view: GraphReading, frame: Frame) -> frozenset[str]:
    """The listed series, and any other copy of them that a view shows: a guest who restores a deleted one may have
    got another meanwhile. Only side by side they tell which of them has the links."""
    known = [x.occurrence for x in frame.memory.links if x.occurrence and x.occurrence.master_id in listed]
    shown = [(e.series_id or "", series_key(e.occurrence)) for e in view.events if e.occurrence is not None]
    keys = {*map(series_key, known), *(key for master_id, key in shown if master_id in listed)} - {""}
    return frozenset({*listed, *(master_id for master_id, key in shown if key in keys)} - {""})


def with_view(news: GraphNews, view: GraphReading, listed: Collection[str], frame: Frame) -> GraphNews:
    """The news with the dates of the listed series. One that is neither linked nor inside the window is nobody's, but
    for the one that a series began with as a single event."""
    keys, ctx = by_uid(frame.memory.links, lambda link: link.ical_uid), frame.ctx
    singles = {x.event_id: x for x in frame.memory.links if x.occurrence is None and x.status in WATCHED}
    dated = [e for e in view.events if e.kind is not EventKind.SINGLE and e.series_id in listed]
    shown = {event.id: permitted(event, ctx) for event in dated}
    unclear = {bad.id: bad for bad in view.malformed}  # whosever they are: no later delta query names a date again
    rhythms = _rhythms(news, frame)
    events = {i: _with_rhythm(e, rhythms) for i, e in {**news.events, **shown, **unclear}.items()}
    taken = {i: e for i, e in events.items() if _was_single(e, singles) or not _is_nobodys(e, keys, ctx)}
    left = {i: shown[i] for i in shown.keys() - taken.keys()}
    beyond = {i: _with_rhythm(e, rhythms) for i, e in left.items() if e.content.start >= ctx.window.end}
    marked = news.with_marks | frozenset(shown)
    return with_series_times(replace(news, events=taken, with_marks=marked, beyond=beyond))


def _is_nobodys(event: GraphEvent | Malformed, keys: Container[str], ctx: Context) -> bool:
    if isinstance(event, Malformed) or event.occurrence is None or uid_key(event.ical_uid) in keys:
        return False
    return not is_inside(graph_when(event.content), ctx.window, ctx.zone)


def _was_single(event: GraphEvent | Malformed, singles: Mapping[str, Link]) -> bool:
    """Whether this date is the linked meeting that became a series, which may have taken place meanwhile."""
    if isinstance(event, Malformed):
        return False
    link = singles.get(event.series_id or "")
    return link is not None and abs(event.content.start - link.base_event.start) < A_DAY


def _rhythms(news: GraphNews, frame: Frame) -> dict[str, Recurrence]:
    """How each known series repeats, by its master's id."""
    known = {x.occurrence.master_id: x.occurrence.recurrence for x in frame.memory.links if x.occurrence}
    told = {i: e.recurrence for i, e in news.masters.items() if e.recurrence}
    return {i: rhythm for i, rhythm in {**known, **told}.items() if rhythm is not None}


def _with_rhythm(event: E, rhythms: Mapping[str, Recurrence]) -> E:
    if isinstance(event, Malformed) or event.occurrence is None:
        return event
    one = event.occurrence
    return replace(event, occurrence=one.repeated(rhythms.get(one.master_id)))


# What the view lacks


@dataclass(frozen=True, slots=True)
class Missing:
    """The linked dates that a view lacks, and what was read of them: the evidence about their masters, what the
    masters say of their dates, and the dates themselves, by the ids that were asked for."""

    links: tuple[Link, ...]
    masters: Mapping[str, Evidence] = field(default_factory=dict)
    dates: Mapping[str, SeriesDates | Malformed | None] = field(default_factory=dict)
    found: Mapping[str, Found] = field(default_factory=dict)

    @property
    def master_ids(self) -> list[str]:
        """The masters to ask about, each once."""
        return list(dict.fromkeys(master_of(link) for link in self.links))[:MOST_ASKED]

    @property
    def living(self) -> dict[str, list[date]]:
        """The series that go on, with the dates of which they may say what became of them."""
        present = {i for i, evidence in self.masters.items() if _sight_of_series(evidence) is Sight.PRESENT}
        days: dict[str, list[date]] = {}
        for link in self.links:
            if link.occurrence is not None and link.occurrence.master_id in present:
                days.setdefault(link.occurrence.master_id, []).append(link.occurrence.day)
        return days

    @property
    def asked(self) -> dict[str, str]:
        """The ids to read of the dates that only they themselves can tell of, by the event id of their link: a series
        knows the present id of a changed date. A series that does not fit waits with all its dates: they may go on as
        other ones together only."""
        by_series: dict[str, dict[str, str]] = {}
        for link in self.links:
            told = self.dates.get(master_of(link))
            if isinstance(told, SeriesDates) and link.occurrence and link.occurrence.day not in told.cancelled:
                own = by_series.setdefault(master_of(link), {})
                own[link.event_id] = told.exceptions.get(link.occurrence.day, link.event_id)
        found: dict[str, str] = {}
        for own in by_series.values():
            if not found or len(found) + len(own) <= MOST_ASKED:
                found |= own
        return found

    def sights(self) -> dict[str, Sight]:
        """What each date is, by the event id of its link. Where one that was asked for was not answered this time, it
        is not known of any that its series lacks (R18)."""
        asked = self.asked
        sights = {link.event_id: self._sight_of(link, asked.get(link.event_id)) for link in self.links}
        unread = {master_of(x) for x in self.links if x.event_id in asked and self._is_unread(asked[x.event_id])}
        left = {x.event_id for x in self.links if x.event_id in asked and master_of(x) in unread}
        return {i: Sight.UNDECIDED if i in left and s is Sight.GONE else s for i, s in sights.items()}

    def _is_unread(self, asked: str) -> bool:
        found = self.found.get(asked, ...)
        return found is ... or (isinstance(found, Malformed) and found.is_passing)

    def unnamed(self) -> frozenset[str]:
        """The dates, by event id, that their living series does not know any more without naming them as taken out:
        it got another pattern, or ends earlier."""
        sights = self.sights()
        is_missing = {i for i, asked in self.asked.items() if self.found.get(asked, ...) is None}
        return frozenset(i for i in is_missing if sights[i] is Sight.GONE)

    def events(self) -> dict[str, GraphEvent]:
        """The dates that take place outside the view, by their ids."""
        asked, sights = self.asked, self.sights()
        present = {one for i, one in asked.items() if sights[i] is Sight.PRESENT}
        return {i: e for i, e in self.found.items() if i in present and isinstance(e, GraphEvent)}

    def singles(self) -> list[GraphEvent]:
        """The series that are a single event by now, wherever in time."""
        present = [evidence.event for evidence in self.masters.values() if judge_gone(evidence) is Sight.PRESENT]
        return [e for e in present if isinstance(e, GraphEvent) and e.kind is EventKind.SINGLE]

    def _sight_of(self, link: Link, asked: str | None) -> Sight:
        evidence = self.masters.get(master_of(link))
        if evidence is None:
            return Sight.UNDECIDED
        of_series = _sight_of_series(evidence)
        if of_series is not Sight.PRESENT:
            return of_series
        if asked is None:
            told = self.dates.get(master_of(link))
            is_named = isinstance(told, SeriesDates) and link.occurrence and link.occurrence.day in told.cancelled
            return Sight.GONE if is_named else Sight.UNDECIDED
        found = self.found.get(asked, ...)
        if found is None:
            return Sight.GONE
        is_it = isinstance(found, GraphEvent) and uid_key(found.ical_uid) == uid_key(link.ical_uid)
        return Sight.PRESENT if is_it else Sight.UNDECIDED


def _sight_of_series(evidence: Evidence) -> Sight:
    """Whether a series is gone, by the rule for single events; it is if it is a single event by now. What cannot be
    understood leaves its dates open."""
    sight = judge_gone(evidence)
    if sight is Sight.PRESENT and isinstance(evidence.event, GraphEvent) and evidence.event.kind is EventKind.SINGLE:
        return Sight.GONE
    return Sight.UNDECIDED if sight is Sight.MALFORMED else sight


def missing_dates(news: GraphNews, listed: Collection[str], frame: Frame) -> Missing:
    """The linked dates of the listed series that the view should hold and does not. What is over is left alone (R17);
    a date that the view shows under another id is not missing."""
    shown = by_uid(news.free(frame.links), lambda event: event.ical_uid)
    before = frame.ctx.now - frame.ctx.policy.max_age
    return Missing(
        tuple(
            link
            for link in frame.memory.links
            if link.status in WATCHED
            and master_of(link) in listed
            and link.event_id not in news.events
            and uid_key(link.ical_uid) not in shown
            and not is_over_link(link, before, frame.ctx.zone)
        )
    )


def with_missing(news: GraphNews, missing: Missing, frame: Frame) -> GraphNews:
    """The news with what became of the dates that the view lacks."""
    rhythms = _rhythms(news, frame)
    events = {i: _with_rhythm(event, rhythms) for i, event in missing.events().items()}
    singles = {e.id: permitted(e, frame.ctx) for e in missing.singles() if not _is_past(e, frame)}
    known = {i: e.event for i, e in missing.masters.items() if isinstance(e.event, GraphEvent)}
    found = replace(
        news,
        events={**singles, **news.events, **events},
        masters={**known, **news.masters},
        dates={**news.dates, **missing.sights()},
        unnamed=news.unnamed | missing.unnamed(),
    )
    return with_series_times(found)


def told_of_dates(found: Mapping[str, Found], ctx: Context) -> dict[str, Found]:
    """Dates that were read by id, as ``permitted``."""
    return {i: permitted(e, ctx) if isinstance(e, GraphEvent) else e for i, e in found.items()}


# Dates that take each other's place


def series_in(news: GraphNews, frame: Frame) -> Series:
    """What ``plan.repattern`` must know to find the links that go on with another date. While series are not synced
    nothing is read of their dates; one whose series is a single event by now is gone, whatever it was."""
    free, links = (*news.free(frame.links), *news.beyond.values()), frame.memory.links
    gone = frozenset(i for i, sight in news.dates.items() if sight is Sight.GONE)
    if not is_on(frame.ctx):
        gone = frozenset(link.event_id for link in links if link.occurrence and link.status in WATCHED)
    begun = frozenset(p.item_id for p in frame.memory.pending if p.begun and p.side is Side.GRAPH)
    in_place = frozenset(link.event_id for link in links if link.occurrence and _is_in_view(link, news))
    return Series(free, news.masters, gone, news.unnamed, _past(free, links, frame), begun, in_place)


def _is_in_view(link: Link, news: GraphNews) -> bool:
    """Whether a view shows a linked date under its link's id."""
    return link.event_id in news.with_marks and news.event(link.event_id) is not None


def _past(free: Collection[GraphEvent], links: Collection[Link], frame: Frame) -> frozenset[str]:
    """The ids of what has taken place, of linked dates and of what begins or ends to be a series."""
    now, zone = frame.ctx.now, frame.ctx.zone
    series, singles = {e.series_id for e in free if e.occurrence}, {master_of(x) for x in links if x.occurrence}
    over = {x.event_id for x in links if (x.occurrence or x.event_id in series) and is_over_link(x, now, zone)}
    return frozenset(over | {e.id for e in free if e.id in singles and _is_past(e, frame)})


def _is_past(event: GraphEvent, frame: Frame) -> bool:
    return is_over(graph_when(event.content), frame.ctx.now, frame.ctx.zone)


def with_awaiting(news: GraphNews, links: Collection[Link], series: Series) -> GraphNews:
    """The news with the events that wait for what becomes of linked dates."""
    undecided = {i for i, sight in news.dates.items() if sight is Sight.UNDECIDED}
    return replace(news, awaiting=awaiting(links, undecided, series)) if undecided else news


def without_left(news: GraphNews, moves: Collection[Move]) -> GraphNews:
    """Drop what was read under ids that links no longer have, after they went on with other dates."""
    left, new = {move.old.event_id for move in moves}, {move.new.event_id for move in moves}
    events = {**news.events, **{i: event for i, event in news.beyond.items() if i in new}}
    return replace(news, events={i: event for i, event in events.items() if i not in left})
