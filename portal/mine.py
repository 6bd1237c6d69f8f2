"""The pages of everybody who is signed in: how their own sync stands, and what it needs of them.

Reads rows and nothing else. Whatever somebody asks for goes the way of ``portal.own_wishes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from jobs.approvals import choices_in
from jobs.command import Command, State
from jobs.commands.doings import is_about_item, newest
from jobs.commands.item_shapes import conflicts_of, dates_entered, iso_of, occurrence_of
from jobs.commands.shapes import status_of
from jobs.due import pause_of
from jobs.wish import Kind
from portal.command import answer_of
from portal.http import NOT_FOUND, Denied, Json
from portal.items import key_of, key_of_ids, keys_in
from portal.paging import paged
from portal.people import is_late, looked_at
from portal.unmasked import journal_for_owner, memory_for_owner
from portal.visit import Page, Visit
from sync_core.content.told import follows_the_start
from sync_core.errors import RowUnreadable
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.pause import Pause
from sync_core.model.schedule import minutes_between
from sync_core.model.unsynced import Unsynced
from sync_core.model.user import User, without_error
from sync_core.people.privacy import PRIVATE

RECENT, COMMANDS = 15, 1_000
"""Things done that are shown, and commands of everybody among which one's own are looked for: as many as the tables
give at once, a morning's where thousands are switched on."""

WAITING = 50
"""Conflicts and items set aside that are shown at once."""

MOST_NAMED = 50
"""Items that are named of those with one reason."""


async def show(visit: Visit) -> Page:
    """How the reader's own sync stands."""
    user = await own_user(visit)
    return Page("mine.html", await mine(visit, user), zone=user.zone)


async def own_user(visit: Visit) -> User:
    """The reader's row; somebody of whom nothing is known is switched off."""
    return await visit.world.store.read_user(visit.person.id) or User(visit.person.id, "")


async def mine(visit: Visit, user: User) -> Json:
    """All that the first page tells, private items included: they are the reader's own."""
    store = visit.world.store
    instance, _ = await store.read_instance()
    memory = memory_for_owner(await store.recall(user.id))
    journal = journal_for_owner(await newest(store, user.id, RECENT, is_about_item))
    pause = pause_of(user, instance, visit.now)
    asked = await own_commands(visit)
    unsynced = await store.read_unsynced(user.id)
    status = status_of(user, memory, (), pause=pause)
    return {
        **{name: value for name, value in status.items() if name != "log"},
        **waiting(visit, conflicts_of(user, memory), status["parked_items"]),
        "known": bool(user.upn),
        "name": user.display_name or visit.person.name,
        "sentence": sentence(user, memory, instance, visit.now),
        "paused_by_all": bool(pause and user.pause != pause),
        **await when(visit, user, instance),
        "place": place_of(user),
        "zone": user.zone,
        "recent": recent(journal, keys_in(memory, unsynced), dates_in(memory)),
        "skipped": skipped(unsynced, is_owner=True),
        "running": running(asked),
    }


def sentence(user: User, memory: Memory, instance: Instance, now: datetime) -> Json:
    """The one sentence that says how it stands: its ``code``, and what it is about. The first that holds counts."""
    pause = pause_of(user, instance, now)
    conflicts = sum(link.conflict is not None for link in memory.links)
    trouble = user.unreadable or instance.refused
    cases = (
        (bool(user.unreadable), {"code": "unreadable", "text": user.unreadable}),
        (not user.enabled, {"code": "off", "text": ""}),
        (bool(trouble), {"code": "refused", "text": instance.refused, "by": instance.refused_by}),
        (pause is not None, {"code": "paused", "text": _until(pause)}),
        (not user.is_operational, {"code": "error", "text": without_error(user.state)}),
        (conflicts > 0, {"code": "conflicts", "text": "", "count": conflicts}),
        (bool(choices_in(memory)), {"code": "held", "text": ""}),
        (user.is_unread, {"code": "starting", "text": ""}),
        (is_late(user, instance, now), {"code": "late", "text": ""}),
    )
    return next((told for holds, told in cases if holds), {"code": "in-step", "text": ""})


def _until(pause: Pause | None) -> str:
    return pause.until.isoformat() if pause and pause.until else ""


def next_look(schedule: str, now: datetime) -> datetime | None:
    """When the timer looks at everybody next; None where its schedule is not one of every so many minutes."""
    minutes = minutes_between(schedule or "0 */15 * * * *")
    if not minutes:
        return None
    hour = now.replace(minute=0, second=0, microsecond=0)
    next_minute = (now.minute // minutes + 1) * minutes
    return hour + timedelta(minutes=min(next_minute, 60))


async def when(visit: Visit, user: User, instance: Instance) -> Json:
    """When the app last looked and looks next, and until when Graph tells of changes by itself."""
    return {
        "looked_at": iso_of(looked_at(user, instance, visit.now)),
        "looks_at": iso_of(next_look(visit.environ.get("SYNC_SCHEDULE", ""), visit.now)),
        "pushed_until": iso_of(await _pushed_until(visit, user)),
    }


async def _pushed_until(visit: Visit, user: User) -> datetime | None:
    """Until when Graph tells of changes by itself; None where it does not."""
    try:
        known = await visit.world.store.read_subscription(user.id)
    except RowUnreadable:
        return None
    is_live = known is not None and known.expires_at is not None and known.expires_at > visit.now
    return known.expires_at if known is not None and is_live else None


def dates_in(memory: Memory) -> dict[str, Json | None]:
    """Which dates of series the linked events are, by their ids."""
    return {link.event_id: occurrence_of(link.occurrence) for link in memory.links if link.occurrence}


def recent(journal: Sequence[JournalEntry], keys: Mapping[str, str], dates: Mapping[str, Json | None]) -> list[Json]:
    """The last things that were done, newest first, without the rounds themselves; ``keys``: of the items' pages, by
    id; ``dates``: which dates of series the events are, by id."""
    return [
        {
            "at": entry.at.isoformat(),
            "what": entry.action,
            "subject": entry.subject,
            "reason": entry.reason,
            "fields": fields_written(entry),
            "item": entry.event_id or entry.activity_id,
            "key": keys.get(entry.event_id) or keys.get(entry.activity_id, ""),
            "occurrence": dates.get(entry.event_id) or occurrence_of(entry.occurrence),
            "dates": dates_entered(entry),
        }
        for entry in islice(filter(is_about_item, journal), RECENT)
    ]


def fields_written(entry: JournalEntry) -> list[str]:
    """The fields that an entry says were written, to any of its dates, but for a reminder that only followed the
    start."""
    told = [(name, one) for one in by_date([entry]) for name in one.after]
    return sorted(
        {name.rpartition(".")[2] for name, one in told if not follows_the_start(name, one.before, one.after)}
    )


def waiting(visit: Visit, conflicts: Sequence[Json], parked: Sequence[Json]) -> Json:
    """One page of what waits for somebody, each with the key of its own page: conflicts first, then what was set
    aside by no rule. ``first_conflict`` is the key of the oldest, '' for none."""
    aside = [one for one in parked if not one["by_rule"]]
    keyed = [{"key": key_of(one), **one} for one in (*conflicts, *aside)]
    shown = paged(keyed, WAITING, visit.asked.query.get("page", "1"))
    split = max(0, len(conflicts) - (shown.page - 1) * WAITING)
    return {
        "conflicts": shown.rows[:split],
        "parked_items": shown.rows[split:],
        "first_conflict": keyed[0]["key"] if conflicts else "",
        "page": shown.page,
        "pages": shown.pages,
    }


def skipped(unsynced: Unsynced, *, is_owner: bool) -> list[Json]:
    """What is not in step, by reason, with how many items and the first of them; most first. A private item's title
    is its owner's."""
    found = [
        {
            "reason": reason,
            "count": count,
            "items": [
                {
                    "key": key_of_ids(one.event_id, one.activity_id),
                    "subject": PRIVATE if one.private and not is_owner else one.subject,
                    "item": one.event_id or one.activity_id,
                    "end": iso_of(one.end),
                    "occurrence": occurrence_of(one.occurrence),
                }
                for one in unsynced.matching(reason)[:MOST_NAMED]
            ],
        }
        for reason, count in unsynced.counts.items()
    ]
    return sorted(found, key=lambda one: (-int(str(one["count"])), str(one["reason"])))


async def own_commands(visit: Visit) -> list[Command]:
    """What the reader asked for lately, newest first."""
    return await commands_of(visit, visit.person.id)


async def commands_of(visit: Visit, person_id: str) -> list[Command]:
    """What somebody asked for lately, newest first."""
    listed = await visit.world.store.list_commands(COMMANDS)
    return [one for one in listed if one.asked_by.id == person_id]


def running(asked: Sequence[Command]) -> list[Json]:
    """Those that have not ended."""
    return [{"id": one.id, "kind": str(one.wish.kind)} for one in asked if not one.is_ended]


async def places(visit: Visit, asked: Sequence[Command]) -> list[Json]:
    """The companies and locations of the reader's last look, [] where they did not look lately."""
    done = (one for one in asked if one.wish.kind is Kind.PLACES and one.state is State.DONE)
    last = next(done, None)
    told: list[Json] = (await answer_of(visit, last)).get("places", []) if last else []
    return told


def place_of(user: User) -> Json:
    """The person's company and location, by name."""
    return {
        "is_chosen": bool(user.company_id and user.location_id),
        "company": user.company,
        "location": user.location,
    }


async def settings(visit: Visit) -> Page:
    """Switching on, or changing company, location and time zone."""
    user = await own_user(visit)
    asked = await own_commands(visit)
    data = {
        "enabled": user.enabled,
        "known": bool(user.upn),
        "zone": user.zone,
        "company_id": user.company_id,
        "location_id": user.location_id,
        "places": await places(visit, asked),
        "place": place_of(user),
        "preview": None if user.enabled else await last_preview(visit, asked),
    }
    return Page("settings.html", data, zone=user.zone)


async def last_preview(visit: Visit, asked: Sequence[Command]) -> Json | None:
    """What the reader was last shown that switching on would do, in numbers; None where they have not looked."""
    done = (one for one in asked if one.wish.kind is Kind.PREVIEW and one.state is State.DONE)
    last = next(done, None)
    users = (await answer_of(visit, last)).get("users", []) if last else []
    if last is None or not users:
        return None
    lines = [line for user in users for line in user["lines"]]
    made = [line["what"] for line in lines]
    return {
        "command": last.id,
        "at": last.asked_at.isoformat(),
        "erp": made.count(Action.ACTIVITY_CREATED),
        "outlook": made.count(Action.EVENT_CREATED),
        "dates": sum(line["what"] == Action.ACTIVITY_CREATED and bool(line.get("occurrence")) for line in lines),
        "mails": sum(user["mails"] for user in users),
    }


async def conflict(visit: Visit) -> Page:
    """One conflict of the reader's own: both sides in two columns."""
    user = await own_user(visit)
    memory = memory_for_owner(await visit.world.store.recall(user.id))
    found = next((one for one in conflicts_of(user, memory) if key_of(one) == visit.named["id"]), None)
    if found is None:
        raise Denied(404, NOT_FOUND)
    return Page("conflict.html", {"key": visit.named["id"], **found}, zone=user.zone)
