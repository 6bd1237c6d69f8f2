"""Step 4 of a round: reads one calendar by the delta query, and by id what the delta query leaves in doubt.

Each step returns what it read as a value; ``sync_core.reading.news`` decides what to read and what it means.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import replace

from jobs.round.frame import RoundFrame, with_links
from jobs.round.recall import NeedsAll
from jobs.round.series import read_series
from sync_core.content.ranges import uid_key
from sync_core.content.window import delta_window_at
from sync_core.errors import CursorExpired, EndlessRead, PageFailed
from sync_core.model.decision import Sight
from sync_core.model.event import Window
from sync_core.model.link import WATCHED
from sync_core.model.sides import Evidence, Malformed, Side
from sync_core.plan.delete import judge_gone
from sync_core.plan.match import UNSEARCHED
from sync_core.plan.relocate import Move, moves
from sync_core.plan.repattern import date_moves
from sync_core.reading.names import (
    names_in_memory,
    names_in_news,
    names_of_events,
    names_of_meetings,
    names_of_strangers,
)
from sync_core.reading.news import (
    GraphNews,
    doubtful,
    lost_links,
    shown_meetings,
    taken,
    with_evidence,
    with_formatted,
    without_moved,
)
from sync_core.reading.series import is_on, named, series_in, with_awaiting, without_left


async def read_graph(frame: RoundFrame) -> tuple[RoundFrame, GraphNews]:
    """Read what changed in the calendar, and the links that it is about; return the frame with them, and the news.

    Raises what Graph raises, and ``NeedsAll``; a failed read yields no deletion.
    """
    news = await _read_delta(frame)
    if frame.recall is not None and news.is_whole:
        raise NeedsAll("the whole calendar was read anew")
    news = replace(news, shown=frozenset({*news.events, *news.masters}))
    frame = await with_links(frame, names_in_memory(frame.memory) | names_in_news(news, with_series=is_on(frame.ctx)))
    frame = await with_links(frame, names_of_meetings(news, frame) | names_of_strangers(frame))
    frame, news = await read_series(frame, news)
    news = await gather(frame, news, doubtful(news, frame))
    return await with_links(frame, names_of_meetings(news, frame)), news


async def find_moved(frame: RoundFrame, news: GraphNews) -> tuple[RoundFrame, GraphNews, tuple[Move, ...]]:
    """Find the links whose event has another id now; return the frame, the news with what was read for them, and the
    moves."""
    lost, shown = [x for x in lost_links(news, frame) if x.occurrence is None], shown_meetings(news, frame)
    frame, news = await _find_again(frame, news, {x.ical_uid for x in lost if uid_key(x.ical_uid) not in shown})
    gone = {link.event_id for link in lost} | await _gone_for_good(frame, news, shown)
    found = moves([x for x in frame.memory.links if x.occurrence is None], gone, news.free(frame.links), frame.ctx)
    news = without_moved(news, found)
    stale = {move.old.event_id for move in found}
    links = [link for link in frame.memory.links if link.event_id not in stale]
    if not is_on(frame.ctx) and not any(link.occurrence for link in links):
        return frame, news, found
    series = series_in(news, frame).without(found)
    dates = date_moves(links, series)
    news = with_awaiting(without_left(news, dates), frame.memory.links, series.without(dates))
    return frame, news, (*found, *dates)


async def gather(frame: RoundFrame, news: GraphNews, ids: Collection[str]) -> GraphNews:
    """Read the evidence about each of these events and add it to the news."""
    if not ids:
        return news
    return with_evidence(news, await frame.world.calendar.gather_evidence(frame.user.id, ids), frame)


async def read_formatted(frame: RoundFrame, news: GraphNews, ids: Collection[str]) -> GraphNews:
    """Read these events with their HTML and add them to the news."""
    if not ids:
        return news
    return with_formatted(news, await frame.world.calendar.read_events(frame.user.id, ids, html=True), frame.ctx)


# The delta query


async def _read_delta(frame: RoundFrame) -> GraphNews:
    """Run the delta query, and read the strip of days that entered the window."""
    cursors, ctx, scale, calendar = frame.memory.cursors, frame.ctx, frame.scale, frame.world.calendar
    wanted = delta_window_at(ctx.now, ctx.zone, ctx.policy.months_ahead)
    news = GraphNews(is_whole=scale.full or scale.renew or cursors.delta_link is None or cursors.delta_window is None)
    if cursors.delta_link and cursors.delta_window:
        try:
            reading = await calendar.read_changes(frame.user.id, cursors.delta_link, cursors.delta_window)
            news = named(taken(news, reading, cursors.delta_window, ctx), reading, frame)
        except CursorExpired:
            news = replace(news, is_whole=True, is_expired=True)
        except (EndlessRead, PageFailed):
            return await _read_view_instead(frame, news, _both(cursors.delta_window, wanted))
    if news.is_whole:
        try:
            reading = await calendar.read_changes(frame.user.id, None, wanted)
            return named(taken(news, reading, wanted, ctx), reading, frame)
        except (EndlessRead, PageFailed):
            return await _read_view_instead(frame, news, wanted)
    return await _read_strip(frame, news) if scale.roll else news


async def _read_view_instead(frame: RoundFrame, news: GraphNews, window: Window) -> GraphNews:
    """Read the view and keep the cursor, since the delta query does not end (graph.md T5), or a page of it fails."""
    cursors = frame.memory.cursors
    view = await frame.world.calendar.read_view(frame.user.id, window)
    news = taken(news, replace(view, delta_link=cursors.delta_link), cursors.delta_window, frame.ctx)
    news = named(news, view, frame)
    return replace(news, is_whole=True, looked=window)


async def _read_strip(frame: RoundFrame, news: GraphNews) -> GraphNews:
    start, end = frame.memory.cursors.window_end, frame.ctx.window.end
    if start is None or start >= end:
        return news
    strip = await frame.world.calendar.read_view(frame.user.id, Window(start, end), with_dates=is_on(frame.ctx))
    news = replace(news, with_marks=news.with_marks | {event.id for event in strip.events})
    return taken(news, replace(strip, delta_link=news.delta_link), news.delta_window, frame.ctx)


def _both(one: Window, other: Window) -> Window:
    return Window(min(one.start, other.start), max(one.end, other.end))


# Other ids


async def _find_again(frame: RoundFrame, news: GraphNews, ical_uids: Collection[str]) -> tuple[RoundFrame, GraphNews]:
    """Search events by iCalUId, wherever in time they lie, and add them to the news with their evidence."""
    if not ical_uids:
        return frame, news
    answers = await frame.world.calendar.find_by_uid(frame.user.id, ical_uids)
    frame = await with_links(frame, names_of_events(e for found in answers.values() for e in found))
    links = frame.links
    unsaid = {x.event_id for x in frame.memory.links if x.ical_uid in set(ical_uids) - set(answers)}
    news = replace(news, evidence={**news.evidence, **{i: Evidence(_unread(i)) for i in unsaid}})
    return frame, await gather(frame, news, {e.id for found in answers.values() for e in found if e.id not in links})


def _unread(event_id: str) -> Malformed:
    return Malformed(Side.GRAPH, event_id, UNSEARCHED, is_passing=True)


async def _gone_for_good(frame: RoundFrame, news: GraphNews, shown: Container[str]) -> set[str]:
    """The events of ended links that are gone although their meeting was shown. An event that is still there is not
    added to the news."""
    links = frame.memory.links
    over = [x for x in links if x.status not in WATCHED and x.occurrence is None]
    ended = [x.event_id for x in over if uid_key(x.ical_uid) in shown]
    unseen = [event_id for event_id in ended if event_id not in news.events]
    evidence = await frame.world.calendar.gather_evidence(frame.user.id, unseen) if unseen else {}
    return {event_id for event_id, one in evidence.items() if judge_gone(one) is Sight.GONE}
