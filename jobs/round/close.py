"""Step 9 of a round: makes the rows that are saved once everything is done, or left with its reason.

Those are the cursors, and the links that need no further look. If our own code fails on a link, the link stays as it
is. Nothing is saved here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from jobs.own_mistakes import unless_mistaken
from jobs.ports import Drop, Put, RowChange
from sync_core.content.project import graph_when
from sync_core.content.window import is_inside, local_day
from sync_core.model import link as life
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.memory import Cursors
from sync_core.plan.over import is_over_link
from sync_core.reading.frame import Frame
from sync_core.reading.news import GraphNews, is_asked_daily


def moved_cursors(frame: Frame, news: GraphNews, fingerprint: str, deletions: tuple[datetime, ...]) -> Cursors:
    """Move the cursors past what this round has read. ``deletions`` are those of the last 24 hours."""
    before, window = frame.memory.cursors, frame.ctx.window
    reached = before.window_end if before.window_end and not frame.scale.full else window.end
    return replace(
        before,
        delta_link=news.delta_link,
        delta_window=news.delta_window,
        window_end=max(reached, window.end),
        day=local_day(frame.ctx.now, frame.ctx.zone),
        full_due=False,
        deletions=deletions,
        served=frame.memory.wake,
        fingerprint=fingerprint,
    )


def retired(frame: Frame, decided: Collection[str]) -> list[RowChange]:
    """Archive the links whose meeting is over, and drop the ended links that may be forgotten; once a day.

    A link about which this round has ``decided`` (by event id) is left out.
    """
    changes: list[RowChange] = []
    for link in [x for x in frame.memory.links if frame.is_daily and x.event_id not in decided]:
        if life.is_forgettable(link, frame.ctx.now):
            changes.append(Drop(link))
        elif (link.ended_at is None or link.conflict) and _is_true(frame, partial(_is_over, link, frame)):
            changes.append(Put(life.archived(link, frame.ctx.now)))
    return changes


def _is_over(link: Link, frame: Frame) -> bool:
    """Whether a link's meeting is over by its bases. A write that waits for its back-off may move it: both sides are
    read when that ends. So they are where they may stand apart, but for a date that Graph no longer finds by its
    id."""
    if frame.waits(link.retry_at) or (is_asked_daily(link, frame) and not link.reread):
        return False
    return is_over_link(link, frame.ctx.now - frame.ctx.policy.max_age, frame.ctx.zone)


def confirmed(frame: Frame, news: GraphNews, saved: Mapping[str, Link]) -> list[RowChange]:
    """Clear ``unseen`` on the links of events that we created and that the delta query has shown, or never will show.

    It never shows an event outside its window. ``saved`` are the links that this round saved, by event id. The rows
    must be saved together with the cursor that moves past these events.
    """
    links = [saved.get(link.event_id, link) for link in frame.memory.links if link.unseen]
    in_sight = partial(_is_in_sight, window=news.delta_window, zone=frame.ctx.zone)
    seen = [x for x in links if x.event_id in news.shown or not _is_true(frame, partial(in_sight, x))]
    return [Put(replace(link, unseen=False)) for link in seen]


def _is_in_sight(link: Link, window: Window | None, zone: ZoneInfo) -> bool:
    return window is not None and is_inside(graph_when(link.base_event), window, zone)


def _is_true(frame: Frame, question: Callable[[], bool]) -> bool:
    """Whether ``question`` is true of one item; no if our own code fails on it."""
    return unless_mistaken(question, lambda _: False, frame.ctx.mailbox)
