"""Step 9 of a round: the rows stored once everything is done or marked: the cursors, and links that need no look.

Values only; where our own code fails on a link, that link stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from jobs.ports import Drop, Put, RowChange
from jobs.quarantine import fenced
from sync_core.content.project import graph_when
from sync_core.content.window import is_inside, local_day
from sync_core.model import link as life
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.memory import Cursors
from sync_core.plan.decide import is_over_link
from sync_core.reading.frame import Frame
from sync_core.reading.news import GraphNews


def moved_cursors(frame: Frame, news: GraphNews, fingerprint: str, deletions: tuple[datetime, ...]) -> Cursors:
    """The cursors past what this round has read. ``deletions`` are those of the last 24 hours."""
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
    """Once a day: links of which nothing was ``decided`` and whose meeting is over are archived, ended ones forgotten
    in the end."""
    changes: list[RowChange] = []
    before = frame.ctx.now - frame.ctx.policy.max_age
    for link in [x for x in frame.memory.links if frame.is_daily and x.event_id not in decided]:
        if life.is_forgettable(link, frame.ctx.now):
            changes.append(Drop(link))
        elif (link.ended_at is None or link.conflict) and _holds(
            frame, partial(is_over_link, link, before, frame.ctx.zone)
        ):
            changes.append(Put(life.archived(link, frame.ctx.now)))
    return changes


def confirmed(frame: Frame, news: GraphNews, saved: Mapping[str, Link]) -> list[RowChange]:
    """Links of events we made, now that the delta query has shown them, or that lie where it does not look; as they
    were ``saved`` by this round. Goes with the cursor that passes them."""
    links = [saved.get(link.event_id, link) for link in frame.memory.links if link.unseen]
    in_sight = partial(_is_in_sight, window=news.delta_window, zone=frame.ctx.zone)
    seen = [x for x in links if x.event_id in news.shown or not _holds(frame, partial(in_sight, x))]
    return [Put(replace(link, unseen=False)) for link in seen]


def _is_in_sight(link: Link, window: Window | None, zone: ZoneInfo) -> bool:
    return window is not None and is_inside(graph_when(link.base_event), window, zone)


def _holds(frame: Frame, question: Callable[[], bool]) -> bool:
    """The answer about one item, no where our own code fails on it."""
    return fenced(question, lambda _: False, frame.ctx.mailbox)
