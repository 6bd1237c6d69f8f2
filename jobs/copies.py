"""Asks who else has a copy of a meeting that one mailbox has lost (``jobs/claims.py`` says who is asked, and why).

Graph finds a single event by its iCalUId wherever in time it lies. A date of a series it does not find so (graph.md
§4): for those the colleague's own view over their days is read, where a date is known by its series and its original
date, as in every calendar. Of one that the view does not show their series is asked: a date that was changed may lie
elsewhere, or be left out of the view.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from jobs.log import log_failure
from jobs.ports import Calendar, Store
from sync_core.content.ranges import uid_key
from sync_core.errors import AccessRefused, EndlessRead, MailboxUnavailable, RowUnreadable, SideUnavailable
from sync_core.model.decision import Context
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.sides import EventKind, GraphEvent, Malformed, SeriesDates
from sync_core.plan.relocate import by_uid

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
    dates = [link for link in links if link.ical_uid in named and _is_date(link)]
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


def _is_date(link: Link) -> bool:
    """Whether colleagues know a lost copy as a date of a series: not where it is a single event with them by now."""
    return link.occurrence is not None and uid_key(link.occurrence.uid) == uid_key(link.ical_uid)


async def _copies(
    calendar: Calendar, user_id: str, asked: Collection[str], lost: Collection[Link], ctx: Context
) -> Found:
    """What a calendar holds of the meetings that are asked about; of one without an answer there is no entry."""
    dates = [link for link in lost if link.ical_uid in asked]
    single = set(asked) - {link.ical_uid for link in dates}
    found: dict[str, Sequence[GraphEvent]] = dict(await calendar.find_by_uid(user_id, single)) if single else {}
    if not dates:
        return found
    view = (await calendar.read_view(user_id, _span_of(dates, ctx))).events
    shown = by_uid(view, lambda event: event.occurrence.uid if event.occurrence else "")
    lacking = [link for link in dates if uid_key(link.ical_uid) not in shown]
    found |= {x.ical_uid: shown[uid_key(x.ical_uid)] for x in dates if x not in lacking}
    return {**found, **(await _changed(calendar, user_id, lacking, view) if lacking else {})}


async def _changed(calendar: Calendar, user_id: str, lacking: Sequence[Link], view: Sequence[GraphEvent]) -> Found:
    """What a calendar holds of dates that its ``view`` does not show, as far as their series name them as changed; of
    one without an answer there is no entry."""
    days = {link.ical_uid: link.occurrence.day for link in lacking if link.occurrence is not None}
    masters = await _masters(calendar, user_id, lacking, view)
    asked: dict[str, list[date]] = {}
    for uid, ids in masters.items():
        for master_id in ids:
            asked.setdefault(master_id, []).append(days[uid])
    told = await calendar.read_dates(user_id, asked) if asked else {}
    named: dict[str, list[str]] = {}
    for uid, ids in masters.items():
        said = [told[master_id] for master_id in ids]
        if not any(isinstance(one, Malformed) for one in said):
            changed = [one.exceptions for one in said if isinstance(one, SeriesDates)]
            named[uid] = [known[days[uid]] for known in changed if days[uid] in known]
    return await _read(calendar, user_id, named)


async def _read(calendar: Calendar, user_id: str, named: Mapping[str, Collection[str]]) -> Found:
    """The events with the ids that are ``named`` for each iCalUId; where one could not be read there is no entry."""
    ids = sorted({one for some in named.values() for one in some})
    read = await calendar.read_events(user_id, ids) if ids else {}
    found = {uid: [read[one] for one in some] for uid, some in named.items()}
    return {
        uid: [one for one in some if isinstance(one, GraphEvent)]
        for uid, some in found.items()
        if not any(isinstance(one, Malformed) and one.is_passing for one in some)
    }


async def _masters(
    calendar: Calendar, user_id: str, lacking: Sequence[Link], view: Sequence[GraphEvent]
) -> dict[str, set[str]]:
    """The ids that the series of these dates have in a calendar, by the date's iCalUId: as other dates in the view
    say, else by the series' own iCalUId. There is no entry where the answer is no use."""
    series = {link.ical_uid: link.occurrence.series_uid for link in lacking if link.occurrence is not None}
    known: dict[str, set[str]] = {}
    for event in view:
        if event.occurrence is not None and event.occurrence.master_id:
            known.setdefault(uid_key(event.occurrence.series_uid), set()).add(event.occurrence.master_id)
    unknown = {uid for uid in series.values() if uid_key(uid) not in known}
    found = await calendar.find_by_uid(user_id, unknown) if unknown else {}
    for uid, events in found.items():
        known[uid_key(uid)] = {event.id for event in events if event.kind is EventKind.MASTER}
    return {uid: known[uid_key(one)] for uid, one in series.items() if uid_key(one) in known}


def _span_of(dates: Collection[Link], ctx: Context) -> Window:
    """The span in which another calendar shows these dates: around their original days, where they were last seen
    here, and the window."""
    days = [datetime.combine(x.occurrence.day, time(), UTC) for x in dates if x.occurrence is not None]
    starts = [ctx.window.start, *days, *(link.base_event.start for link in dates)]
    ends = [ctx.window.end, *(day + A_DAY for day in days), *(link.base_event.end for link in dates)]
    return Window(min(starts) - A_DAY, max(ends) + A_DAY)
