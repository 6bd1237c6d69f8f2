"""Step 4 of a round, for recurring series (``SYNC_SERIES=window``): reads the dates of those that may have changed.

One more ``calendarView`` a round, however many series; what it lacks of linked dates is asked for one by one, within
bounds. ``sync_core.reading.series`` decides what to read and what it means. A failed read ends the round, and the
delta query names the series again.
"""

from __future__ import annotations

from dataclasses import replace

from jobs.round.frame import RoundFrame, with_links
from sync_core.content.names import Names
from sync_core.reading.names import names_of_series
from sync_core.reading.news import GraphNews
from sync_core.reading.series import (
    Missing,
    is_on,
    listed_series,
    missing_dates,
    span_of_dates,
    told_of_dates,
    with_copies,
    with_missing,
    with_view,
    without_masters,
)


async def read_series(frame: RoundFrame, news: GraphNews) -> tuple[RoundFrame, GraphNews]:
    """The frame with all links of the listed series, and the news with their dates; where none is listed, nothing is
    read. Raises ``NeedsAll``."""
    news = without_masters(news, frame)
    listed = listed_series(news, frame) if is_on(frame.ctx) else frozenset()
    if not listed:
        return frame, news
    frame = await with_links(frame, Names(series=listed))
    view = await frame.world.calendar.read_view(frame.user.id, span_of_dates(listed, frame), with_dates=True)
    listed = with_copies(listed, view, frame)
    frame = await with_links(frame, names_of_series(view, listed))
    news = with_view(news, view, listed, frame)
    missing = missing_dates(news, listed, frame)
    return frame, with_missing(news, await _asked(frame, missing), frame) if missing.links else news


async def _asked(frame: RoundFrame, missing: Missing) -> Missing:
    """Ask about the dates that the view lacks: their masters first, then those that stay open themselves."""
    calendar, user_id = frame.world.calendar, frame.user.id
    missing = replace(missing, masters=await calendar.gather_evidence(user_id, missing.master_ids))
    if missing.living:
        missing = replace(missing, dates=await calendar.read_dates(user_id, missing.living))
    if ids := sorted(set(missing.asked.values())):
        missing = replace(missing, found=told_of_dates(await calendar.read_events(user_id, ids), frame.ctx))
    return missing
