"""Finds out what the contract calls unconfirmed about series (graph.md §3 to §6), for `calsync doctor`.

It reads recurring meetings that people whose sync is on already have, and writes nothing. What it finds out says
whether ``SYNC_SERIES=window`` is safe here: the dates of a series must be told apart, and each must be found again by
its id. How iCalUIds look and whether changed dates are in the view are facts to know; a round is right either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jobs.commands.checks import UNCONFIRMED, Check
from jobs.says import Asked, Seen
from jobs.world import World
from sync_core.errors import CalsyncError
from sync_core.model.event import Window
from sync_core.model.phrase import Phrase
from sync_core.model.policy import SeriesRule
from sync_core.model.series import Occurrence, day_in
from sync_core.model.sides import EventKind, GraphEvent, Malformed, SeriesDates
from sync_core.model.user import User

SPAN = timedelta(days=31)
"""Which dates are looked at, from now on."""

MOST_PEOPLE, MOST_SERIES, MOST_CHANGED, MOST_DATES = 5, 10, 20, 4
"""How many calendars are looked at for a series, of how many series is asked what changed, and how many of one
series' changed dates, and of its others, are read again."""

UNSAFE = frozenset({Seen.WINDOW_CONFUSED, Seen.WINDOW_ASTRAY})


@dataclass(frozen=True, slots=True)
class Sample:
    """What Graph shows of series in one calendar.

    ``shown`` are all dates in the view. Of one series among them, ``again`` is what its ids led to (None = 404),
    ``changed`` the ids of its changed dates that take place in the span, ``listed`` the ids in its ``/instances``.
    """

    shown: tuple[GraphEvent, ...]
    again: Mapping[str, GraphEvent | Malformed | None]
    changed: frozenset[str]
    listed: frozenset[str]


async def examine_series(world: World) -> list[Check]:
    """The checks; where nobody has a series or nothing could be read, one that says so and what would help."""
    switched_on = [user for user in await world.store.list_users() if user.enabled and not user.unreadable]
    people = switched_on[:MOST_PEOPLE]
    said = Seen.SERIES_NONE.say(people=len(people), upn=people[0].upn) if people else Seen.SERIES_NOBODY.say()
    for user in people:
        try:
            sample = await _sample(world, user)
        except CalsyncError as error:
            said = Seen.SERIES_UNASKED.say(words=error)
            continue
        if sample is not None:
            return list(_checks(sample, is_on=world.policy.series is SeriesRule.WINDOW))
    return [Check(Asked.IF_WINDOW.say(), True, said, UNCONFIRMED)]


async def _sample(world: World, user: User) -> Sample | None:
    """Read a series of a person; None where they have none with two dates. One with a changed date is preferred."""
    calendar, now = world.calendar, world.clock()
    span = Window(now, now + SPAN)
    view = (await calendar.read_view(user.id, span)).events
    shown = tuple(event for event in view if event.kind is not EventKind.SINGLE and event.series_id)
    counted = Counter(str(event.series_id) for event in shown)
    some = [key for key, dates in counted.most_common(MOST_SERIES) if dates > 1]
    if not some:
        return None
    told = await calendar.read_dates(user.id, dict.fromkeys(some, ()))
    known = [one.exceptions for one in told.values() if isinstance(one, SeriesDates)]
    ids = [i for changed in known for i in list(changed.values())[:MOST_CHANGED]]
    found = await calendar.read_events(user.id, ids) if ids else {}
    changed = {e.id: str(e.series_id) for e in found.values() if isinstance(e, GraphEvent) and _takes_place(e, span)}
    chosen = next((key for key in some if key in changed.values()), some[0])
    dates = [event.id for event in shown if event.series_id == chosen][:MOST_DATES]
    return Sample(
        shown,
        await calendar.read_events(user.id, dates),
        frozenset(i for i, key in changed.items() if key == chosen),
        frozenset(await calendar.list_instances(user.id, chosen, span)),
    )


def _takes_place(event: GraphEvent, span: Window) -> bool:
    """Whether a view over the span must show a date, whatever zone it is read in."""
    day = timedelta(days=1)
    return span.start + day <= event.content.start and event.content.end <= span.end - day


def _checks(sample: Sample, *, is_on: bool) -> Iterator[Check]:
    """What a sample says, each fact and at last whether dates may be synced."""
    series = [event for event in sample.shown if event.id in sample.again]
    yield _fact(Asked.IF_UIDS, _of_uids([event.ical_uid for event in series]))
    yield _fact(Asked.IF_IDS, _of_ids(_each_leads(sample)))
    in_view = frozenset(event.id for event in sample.shown)
    yield _fact(Asked.IF_VIEW, _of_changed(sample.changed, in_view))
    yield _fact(Asked.IF_INSTANCES, _of_changed(sample.changed, sample.listed))
    verdict = verdict_on(sample)
    yield Check(Asked.IF_WINDOW.say(), not (is_on and verdict in UNSAFE), _said(verdict, sample), UNCONFIRMED)


def _fact(question: Asked, finding: Seen) -> Check:
    return Check(question.say(), True, finding.say(), UNCONFIRMED)


def _of_uids(uids: Sequence[str]) -> Seen:
    if not all(uids):
        return Seen.UIDS_MISSING
    if len({uid.casefold() for uid in uids}) < len(uids):
        return Seen.UIDS_SHARED
    return Seen.UIDS_DATED if all(map(day_in, uids)) else Seen.UIDS_OTHER


def _of_ids(each_leads: bool | None) -> Seen:
    if each_leads is None:
        return Seen.IDS_UNREAD
    return Seen.IDS_LEAD if each_leads else Seen.IDS_STRAY


def _of_changed(changed: frozenset[str], shown: frozenset[str]) -> Seen:
    if not changed:
        return Seen.CHANGED_UNSEEN
    return Seen.CHANGED_SHOWN if changed <= shown else Seen.CHANGED_HIDDEN


def verdict_on(sample: Sample) -> Seen:
    """Whether dates may be synced here, by what was seen."""
    keys = [_key(event.occurrence) for event in sample.shown if event.occurrence]
    if len(set(keys)) < len(keys):
        return Seen.WINDOW_CONFUSED
    each_leads = _each_leads(sample)
    if each_leads is None:
        return Seen.WINDOW_UNKNOWN
    if not each_leads:
        return Seen.WINDOW_ASTRAY
    if len(keys) < len(sample.shown):
        return Seen.WINDOW_PARTLY
    hides = not sample.changed <= {event.id for event in sample.shown}
    return Seen.WINDOW_DEARER if hides else Seen.WINDOW_SAFE


def _each_leads(sample: Sample) -> bool | None:
    """Whether each id led to its own date. What could not be read says nothing; None where nothing could be read."""
    shown = {event.id: event for event in sample.shown}
    told = [(shown[i], found) for i, found in sample.again.items() if not isinstance(found, Malformed)]
    if not told:
        return None
    return all(found is not None and _key(found.occurrence) == _key(event.occurrence) for event, found in told)


def _key(one: Occurrence | None) -> str:
    return one.uid.casefold() if one else ""


def _said(verdict: Seen, sample: Sample) -> Phrase:
    dates, unnamed = len(sample.shown), sum(event.occurrence is None for event in sample.shown)
    return verdict.say(dates=dates, unnamed=unnamed, series=len({event.series_id for event in sample.shown}))
