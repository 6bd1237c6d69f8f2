"""Asks who else has a copy of a meeting that one mailbox has lost (``jobs/claims.py`` says who is asked, and why).

Graph finds a single event by its iCalUId wherever in time it lies. A date of a series it does not find so (graph.md
§4): for those the colleague's own view over their days is read, where a date is known by its series and its original
date, as in every calendar.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from jobs.log import log_failure
from jobs.ports import Calendar, Store
from sync_core.content.ranges import uid_key
from sync_core.errors import AccessRefused, EndlessRead, MailboxUnavailable, RowUnreadable, SideUnavailable
from sync_core.model.decision import Context
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.sides import GraphEvent

A_DAY = timedelta(days=1)
"""More than any zone is apart from UTC, and than a date may lie on another day in the reader's own zone."""

Found = Mapping[str, Sequence[GraphEvent]]


async def live_elsewhere(
    calendar: Calendar, store: Store, named: Mapping[str, Collection[str]], links: Collection[Link], ctx: Context
) -> dict[str, tuple[str, ...] | None]:
    """Ask the mailboxes who still has a copy of each meeting; one request a colleague, and a view for dates.

    ``named`` gives for each iCalUId the ids of the users whom the meeting names; ``links`` are the lost copies. The
    result gives for each iCalUId the users with sync on who have a copy, users without trouble first. It is None if
    no copy was found and a mailbox could not be asked or an index row could not be read.
    """
    users = [one for one in await store.list_users() if one.enabled and one.id != ctx.mailbox]
    unknown = set(named) if any(one.unreadable for one in users) else set()
    dates = [link for link in links if link.occurrence is not None and link.ical_uid in named]
    having: dict[str, Collection[str]] = {}
    for uid, ids in named.items():
        try:
            having[uid] = {*ids, *await store.find_copies(uid_key(uid))}
        except RowUnreadable as error:
            log_failure("meetings", error, user_id=ctx.mailbox)
            having[uid], unknown = ids, unknown | {uid}
    found: dict[str, list[str]] = {uid: [] for uid in named}
    readable = [one for one in users if not one.unreadable]
    for user in sorted(readable, key=lambda one: (not ctx.colleagues.is_well(one.id), one.id)):
        asked = [uid for uid in named if user.id in having[uid] or user.is_unread]
        try:
            answers = await _copies(calendar, user.id, asked, dates, ctx)
        except (SideUnavailable, MailboxUnavailable, AccessRefused, EndlessRead):
            unknown.update(asked)
            continue
        unknown.update(set(asked) - set(answers))
        for uid, read in answers.items():
            found[uid] += [user.id] if any(not copy.is_cancelled for copy in read) else []
    return {uid: None if uid in unknown and not found[uid] else tuple(found[uid]) for uid in named}


async def _copies(
    calendar: Calendar, user_id: str, asked: Collection[str], lost: Collection[Link], ctx: Context
) -> Found:
    """What a calendar holds of the meetings that are asked about; of one without an answer there is no entry."""
    dates = [link for link in lost if link.ical_uid in asked]
    single = set(asked) - {link.ical_uid for link in dates}
    found: dict[str, Sequence[GraphEvent]] = dict(await calendar.find_by_uid(user_id, single)) if single else {}
    if not dates:
        return found
    view = await calendar.read_view(user_id, _span_of(dates, ctx))
    shown: dict[str, list[GraphEvent]] = {uid_key(link.ical_uid): [] for link in dates}
    for event in view.events:
        if event.occurrence is not None:
            shown.get(uid_key(event.occurrence.uid), []).append(event)
    return found | {link.ical_uid: shown[uid_key(link.ical_uid)] for link in dates}


def _span_of(dates: Collection[Link], ctx: Context) -> Window:
    """The span in which another calendar shows these dates: around their original days, where they were last seen
    here, and the window."""
    days = [datetime.combine(x.occurrence.day, time(), UTC) for x in dates if x.occurrence is not None]
    starts = [ctx.window.start, *days, *(link.base_event.start for link in dates)]
    ends = [ctx.window.end, *(day + A_DAY for day in days), *(link.base_event.end for link in dates)]
    return Window(min(starts) - A_DAY, max(ends) + A_DAY)
