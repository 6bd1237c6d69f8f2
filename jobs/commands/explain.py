"""`calsync why` explains what was decided about an item.

The item is named by an id of either side, or by a part of its subject in any letter case. The findings are what is
stored of it: the link, the pending row, open conflicts, and the journal with the values that lost. A live link is
also read from both sides and decided by the tables (a dry run of that pair); without this, a pair that every round
leaves alone would be called in step. An item without a stored row is read and decided in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.claims import read_claims
from jobs.commands.item_shapes import by_title
from jobs.commands.outlook_link import id_in
from jobs.commands.remembered import (
    STATES,
    UNCOMPARED,
    Finding,
    Wanted,
    answer_to,
    from_journal,
    in_series,
    links_meant,
    of_link,
    of_pair,
    of_series_once,
    unshown_days,
    waiting_items,
)
from jobs.commands.trial import decide_now
from jobs.company import in_force
from jobs.round.context import context_of
from jobs.round.lookup import Lookup
from jobs.round.worded import line_of
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.content.project import is_private
from sync_core.content.window import delta_window_at
from sync_core.errors import SideError
from sync_core.model.action import Action, planned
from sync_core.model.claim import UNCLAIMED
from sync_core.model.decision import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.event import Window
from sync_core.model.instance import Instance
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import Memory
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed
from sync_core.model.user import User
from sync_core.plan.decide import decide
from sync_core.plan.delete import judge_gone
from sync_core.plan.exits import ELSEWHERE, HALF_SEEN
from sync_core.plan.match import match
from sync_core.plan.unlinked import Unlinked, meeting_of
from sync_core.reading.news import permitted
from sync_core.reading.roles import with_claim

LOOK_BACK = 5_000
"""The most journal entries that are searched, newest first."""

FAR_BACK, FAR_AHEAD = timedelta(days=31), timedelta(days=366)
"""How far before and after the round's window an event is searched for."""

NO_ROUND = f"{Action.LEFT_ALONE}: no round runs for this user"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONG_ID = re.compile(r"\S{20,}")


async def explain(
    world: World, user: User, text: str, *, day: date | None = None, notice: Notice = unheeded
) -> list[Finding]:
    """Find everything known about an item: its state first, then its journal, newest first; [] if nothing is known.
    ``day``: of a series that is not synced, the date that is asked about.

    Raises ``RowUnreadable``, and ``SideError`` if an unlinked item cannot be read.
    """
    memory = await world.store.recall(user.id)
    wanted = Wanted(await _named(world, user, memory, text), day)
    if not wanted.text:
        return []
    known = by_date(await world.store.read_journal(user.id, LOOK_BACK))
    entries = [e for e in known if e.action == Action.UNREADABLE or _is_entry_meant(e, wanted)]
    links = sorted(links_meant(memory, wanted, entries), key=by_title)
    feeders = await _feeders(world, links)
    now = await _tried(world, user, memory, links, notice)
    state = [f for link in links for f in of_pair(link, now, feeders, answer_to(link, memory))]
    state += waiting_items(memory, wanted, entries)
    if not state and _is_synced(user):
        async with erp_session(world, notice):
            state = await _look(world, user, memory, wanted)
    state += unshown_days(memory, wanted, is_missing=not state)
    journal = of_series_once(entries, state, links)
    found = list(in_series([*state, *map(from_journal, journal)], memory.links))
    return [*_about_user(user), *found] if found else []


async def _named(world: World, user: User, memory: Memory, text: str) -> str:
    """What is asked about. Of a link from Outlook that is the event's id as calsync knows it: a link bears the one
    that changes when the event is moved (graph.md §8), so Graph is asked for the other."""
    named = id_in(text)
    if named == text or not _is_synced(user) or any(link.event_id == named for link in memory.links):
        return named
    found = (await world.calendar.read_events(user.id, [named])).get(named)
    return found.id if isinstance(found, GraphEvent) else named


def _is_entry_meant(entry: JournalEntry, wanted: Wanted) -> bool:
    return entry.action != Action.ROUND and wanted.fits((entry.subject,), entry.event_id, entry.activity_id)


async def _feeders(world: World, links: Iterable[Link]) -> dict[str, str]:
    """The UPN whose copy feeds each followed meeting, by iCalUId."""
    meant = {link.ical_uid for link in links if link.role is Role.FOLLOWER}
    names = {user.id: user.upn for user in await world.store.list_users()} if meant else {}
    return {uid: names.get(x.user_id, "") for uid, x in (await read_claims(world.store, meant)).items()}


def _is_synced(user: User) -> bool:
    """Whether rounds run for the user, by what is stored."""
    return user.enabled and bool(user.zone and user.erp_login)


async def _tried(
    world: World, user: User, memory: Memory, links: Sequence[Link], notice: Notice
) -> dict[str, Finding | None]:
    """A finding about each live link without a conflict, by event id; None for a pair in step."""
    running = [link for link in links if link.status is LinkStatus.LIVE and link.conflict is None]
    if not running:
        return {}
    if not _is_synced(user):
        return {link.event_id: _left_alone(link, NO_ROUND) for link in running}
    try:
        async with erp_session(world, notice):
            instance, _ = await world.store.read_instance()
            world = in_force(world, instance)
            decisions, ctx = await decide_now(
                world, user, memory, await _context(world, user, memory, instance), running
            )
    except SideError as error:
        return {link.event_id: _left_alone(link, f"{UNCOMPARED}: {error}") for link in running}
    found = {event_id: finding_about(decision, ctx) for event_id, decision in decisions.items()}
    return {link.event_id: found.get(link.event_id, _left_alone(link, HALF_SEEN)) for link in running}


def finding_about(decision: Decision, ctx: Context) -> Finding | None:
    """Put a round's decision about a pair into a finding; None for a pair in step."""
    is_in_step = decision.verdict is Verdict.NOTHING and decision.intent is not Intent.END
    return None if is_in_step else _of_decision(decision, ctx)


def _left_alone(link: Link, why: str) -> Finding:
    base = Finding(STATES[link.status], link.base_event.subject, why)
    private = is_private(link.base_event) or is_private(link.base_activity)
    timed = replace(base, start=link.base_event.start, all_day=link.base_event.all_day, occurrence=link.occurrence)
    return replace(timed, event_id=link.event_id, activity_id=link.activity_id, private=private)


async def _context(world: World, user: User, memory: Memory, instance: Instance) -> Context:
    has_company = bool(user.company_id and user.location_id and instance.document_type_id)
    return replace(await context_of(world, user, memory, instance, world.clock()), has_company=has_company)


def _about_user(user: User) -> Iterator[Finding]:
    if not user.enabled:
        yield Finding(Action.SWITCHED_OFF, do=f"`calsync users enable {user.upn}`")
    elif not user.is_operational:
        yield Finding(Action.NOT_OPERATIONAL, reason=user.state)


# What the tables make of it now


async def _look(world: World, user: User, memory: Memory, wanted: Wanted) -> list[Finding]:
    instance, _ = await world.store.read_instance()
    world = in_force(world, instance)
    ctx = await _context(world, user, memory, instance)
    events, aside = await _events(world, ctx, wanted)
    activities = await _activities(world, user, ctx, wanted)
    links = {link.event_id: link for link in memory.links}
    by_activity = {link.activity_id: link for link in memory.links if link.role is not Role.FOLLOWER}
    known = [links[e.id] for e in events if e.id in links] + [
        by_activity[a.id] for a in activities if a.id in by_activity
    ]
    free = [a for a in activities if a.id not in by_activity]
    claims = await read_claims(world.store, {a.external_id for a in free if meeting_of(a)})
    unlinked = Unlinked(
        events={e.id: e for e in events if e.id not in links},
        activities={a.id: a for a in free},
        links=memory.links,
        waiting={(p.side, p.item_id): p for p in memory.pending},
    )
    cases = match(await Lookup(world, ctx, claims).complete(unlinked), ctx)
    claims = await read_claims(world.store, [case.event.ical_uid for case in cases if case.event])
    stood = [with_claim(c, claims.get(c.event.ical_uid, UNCLAIMED)) if c.event else c for c in cases]
    decided = [_unless_foreign(_of_decision(decide(case, ctx), ctx), case, user) for case in stood]
    return [*aside, *(f for link in dict.fromkeys(known) for f in of_link(link)), *decided]


def _unless_foreign(finding: Finding, case: Case, user: User) -> Finding:
    """The finding; an activity that others alone are in is shown to this user by its reason, without what it says.

    The service user may read every activity, and whoever has its id may ask.
    """
    activity = case.activity
    if case.event is not None or activity is None:
        return finding
    has_made_it = activity.creation_user.casefold() in user.erp_logins
    is_owner = activity.owner_party == user.erp_party_id != ""
    is_in_it = any(one.email and one.email in user.addresses for one in activity.participants)
    return finding if has_made_it or is_owner or is_in_it else replace(finding, private=True)


def _of_decision(decision: Decision, ctx: Context) -> Finding:
    line = line_of(decision, ctx)
    what = planned(line.what) if decision.verdict is Verdict.ACT else line.what
    return Finding(
        what,
        line.subject,
        line.reason,
        ctx.now,
        line.event_id,
        line.activity_id,
        line.before,
        line.after,
        line.private,
        *_start_of(decision.case, ctx),
        cell=line.cell,
        occurrence=decision.case.occurrence,
    )


def _start_of(case: Case, ctx: Context) -> tuple[datetime | None, bool]:
    """When an item is, and whether it lasts all day: by its event, its link, or its activity's digits."""
    if case.event is not None or case.link is not None:
        content = case.event.content if case.event is not None else case.link.base_event if case.link else None
        assert content is not None
        return content.start, content.all_day
    if case.activity is None:
        return None, False
    digits = case.activity.content.start
    is_all_day = digits.time() == time.min
    return digits.replace(tzinfo=UTC if is_all_day else ZoneInfo(ctx.digits_zone)), is_all_day


async def _events(world: World, ctx: Context, wanted: Wanted) -> tuple[list[GraphEvent], list[Finding]]:
    """The events asked about, one of each series that is not synced (the date asked about, else the next), and a
    finding about an event outside the synced calendar."""
    near = delta_window_at(ctx.now, ctx.zone, ctx.policy.months_ahead)
    far = Window(near.start - FAR_BACK, near.start + FAR_AHEAD)
    for span in (near, far):
        seen = [permitted(event, ctx) for event in (await world.calendar.read_view(ctx.mailbox, span)).events]
        asked = sorted((e for e in reversed(seen) if _is_meant(e, wanted)), key=lambda e: _is_on(e, wanted.day, ctx))
        meant = {e.series_id if e.is_series else e.id: e for e in asked}
        if meant:
            return list(meant.values()), []
    return await _event_by_id(world, ctx, wanted) if _LONG_ID.fullmatch(wanted.text) else ([], [])


def _is_on(event: GraphEvent, day: date | None, ctx: Context) -> bool:
    start = event.content.start
    return start.astimezone(UTC if event.content.all_day else ctx.zone).date() == day


def _is_meant(event: GraphEvent, wanted: Wanted) -> bool:
    return wanted.text == event.series_id or wanted.fits((event.content.subject,), event.id, "")


async def _event_by_id(world: World, ctx: Context, wanted: Wanted) -> tuple[list[GraphEvent], list[Finding]]:
    evidence = (await world.calendar.gather_evidence(ctx.mailbox, [wanted.text]))[wanted.text]
    if not isinstance(evidence.event, GraphEvent):
        return [], []
    event = permitted(evidence.event, ctx)
    sight = Sight.PRESENT if event.is_series else judge_gone(evidence)
    if sight is Sight.PRESENT:
        return [event], []
    reason = {Sight.ELSEWHERE: ELSEWHERE, Sight.GONE: "deleted in Outlook"}.get(sight, "it may be gone")
    subject, private = event.content.subject, is_private(event.content)
    found = Finding(Action.LEFT_ALONE, subject, reason, ctx.now, event.id, private=private)
    return [], [replace(found, start=event.content.start, all_day=event.content.all_day)]


async def _activities(world: World, user: User, ctx: Context, wanted: Wanted) -> list[ErpActivity]:
    found: list[ErpActivity | Malformed | None] = []
    if _GUID.fullmatch(wanted.text):
        found += (await world.erp.read_activities([wanted.text.lower()])).values()
    else:
        since = ctx.now - ctx.policy.max_age - FAR_BACK
        found += (await world.erp.read_owned(user.erp_logins, user.erp_party_id, since)).activities
    return [a for a in found if isinstance(a, ErpActivity) and wanted.fits((a.content.subject,), "", a.id)]
