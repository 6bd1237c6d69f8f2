"""One item and all that is remembered of it: both sides and what they had in common, ids, and what was done when.

Everything comes from rows. What a round would do now is asked of the app: the page leads there (``calsync why``). An
item without a link has no columns; it has a page while a row, or an answer about it, tells why it is not synced
(``portal.unlinked``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from jobs.approvals import is_retriable
from jobs.commands.item_shapes import occurrence_of
from jobs.commands.remembered import STATES, series_titles
from jobs.wish import Kind
from portal.command import answer_of
from portal.everyone import known, reader_zone
from portal.http import NOT_FOUND, Denied, Json
from portal.items import key_of_ids, keys_in
from portal.links import in_erp, in_outlook
from portal.mine import COMMANDS, own_user
from portal.unlinked import Alone, AskedAbout, find_alone, find_asked
from portal.visit import Page, Visit
from sync_core.content.compare import shown
from sync_core.content.project import from_erp, from_graph, is_private
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.link import ENDED, Link, Role, is_unlinked
from sync_core.model.memory import Memory
from sync_core.model.sides import Field
from sync_core.model.unsynced import Unsynced
from sync_core.model.user import User
from sync_core.people.privacy import PRIVATE
from sync_core.plan.undo import OPPOSITE

LOOK_BACK = 1_000
"""Journal entries that are searched, newest first."""

MOST_TOLD = 100
"""Entries about one item that its page tells; the report has all of them."""

ANSWERS = 50
"""Answers about one person, the newest, among which an item is looked for that no row tells of."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one page is about. ``columns`` are those of a pair, ``alone`` what is told of an item without one;
    ``head`` begins its report, ``occurrence`` says which date of a series it is."""

    event_id: str
    activity_id: str
    subject: str
    private: bool
    state: str
    reason: str
    identity: Sequence[Json]
    head: Sequence[str]
    columns: Sequence[Json] = ()
    can_unlink: bool = False
    alone: Json | None = None
    occurrence: Json | None = None


async def own(visit: Visit) -> Page:
    """An item of the reader's own."""
    user = await own_user(visit)
    return await _page(visit, user, user.zone, is_owner=True)


async def of_person(visit: Visit) -> Page:
    """An item of somebody else's, masked where it is private."""
    return await _page(visit, await known(visit), await reader_zone(visit), is_owner=False)


async def _page(visit: Visit, user: User, zone: str, *, is_owner: bool) -> Page:
    store, key = visit.world.store, visit.named["item"]
    memory = await store.recall(user.id)
    unsynced = await store.read_unsynced(user.id)
    item = find_item(memory, unsynced, key) or await _asked_about(visit, user, memory, unsynced)
    if item is None:
        raise Denied(404, NOT_FOUND)
    meant = [one for one in by_date(await store.read_journal(user.id, LOOK_BACK)) if _is_of(one, item)]
    is_masked = item.private and not is_owner
    data = {
        "user_id": user.id,
        "is_owner": is_owner,
        "key": key,
        "event_id": item.event_id,
        "activity_id": item.activity_id,
        "subject": PRIVATE if is_masked else item.subject,
        "occurrence": item.occurrence,
        "state": item.state,
        "can_unlink": item.can_unlink,
        "can_retry": is_retriable(memory, item.event_id or item.activity_id),
        "reason": item.reason,
        "columns": _masked(item.columns) if is_masked else [*item.columns],
        "alone": item.alone,
        "identity": [*item.identity],
        "outlook_url": in_outlook(item.event_id, visit.environ.get("GRAPH_URL", "")) if is_owner else "",
        "erp_url": in_erp(item.activity_id, visit.world.activity_url),
        "timeline": timeline(meant[:MOST_TOLD], is_owner=is_owner, is_masked=is_masked),
        "earlier": max(0, len(meant) - MOST_TOLD),
        "report": report(item, meant),
    }
    return Page("item.html", data, zone=zone)


def find_item(memory: Memory, unsynced: Unsynced, key: str) -> Item | None:
    """The pair with this key, else what has it without a link; None where nothing has it."""
    link = next((one for one in memory.links if key_of_ids(one.event_id, one.activity_id) == key), None)
    if link is not None:
        return _of_link(link, memory)
    alone = find_alone(memory, unsynced, key)
    return _of_alone(alone) if alone is not None else None


async def _asked_about(visit: Visit, user: User, memory: Memory, unsynced: Unsynced) -> Item | None:
    """The item that somebody asked about lately and no row tells of; as it is now, where one does by now."""
    listed = await visit.world.store.list_commands(COMMANDS)
    about = [one for one in listed if one.wish.kind is Kind.WHY and one.wish.people == (user.id,) and one.is_ended]
    for command in about[:ANSWERS]:
        found = find_asked(
            await answer_of(visit, command), visit.named["item"], command.finished_at or command.asked_at
        )
        if found is not None:
            keys = keys_in(memory, unsynced)
            known = next((keys[name] for name in found.ids if name in keys), "")
            return find_item(memory, unsynced, known) or _of_alone(found)
    return None


def _of_link(link: Link, memory: Memory) -> Item:
    uid = link.occurrence.series_uid.casefold() if link.occurrence else ""
    title = series_titles(memory.links).get(uid, "") if not is_private(link.base_event) else ""
    return Item(
        link.event_id,
        link.activity_id,
        link.base_event.subject or link.base_activity.subject,
        is_private(link.base_event) or is_private(link.base_activity),
        "unlinked" if is_unlinked(link) else "conflict" if link.conflict else STATES[link.status],
        link.reason,
        identity(link),
        [
            f"status {link.status}, role {link.role}, origin {link.origin}, tries {link.tries}",
            f"version {link.version}, updated {link.updated_at}, modified {link.modified_at}",
            f"conflict {', '.join(one.field for one in link.conflict.clashes) if link.conflict else '-'}",
        ],
        columns=columns(link),
        can_unlink=link.status not in ENDED and link.role is not Role.FOLLOWER,
        occurrence=occurrence_of(link.occurrence, title if title != link.base_event.subject else ""),
    )


def _of_alone(alone: Alone | AskedAbout) -> Item:
    event_id, activity_id = alone.ids
    known_as = _named({"event_id": event_id, "activity_id": activity_id})
    words = (alone.subject, alone.private, alone.state, alone.reason)
    return Item(event_id, activity_id, *words, known_as, alone.head, alone=alone.told, occurrence=alone.occurrence)


def _is_of(entry: JournalEntry, item: Item) -> bool:
    by_event = bool(entry.event_id) and entry.event_id == item.event_id
    by_activity = bool(entry.activity_id) and entry.activity_id == item.activity_id
    return entry.action != Action.ROUND and (by_event or by_activity)


def columns(link: Link) -> list[Json]:
    """Field by field: what Outlook says, what both said when they were last in step, what ERP.net says.

    Outlook and ERP.net are as last seen: where a conflict is open, by its values, else by the base.
    """
    event = from_graph(link.base_event)
    pair = (link.base_event, link.base_activity)
    activity = from_erp(link.base_activity, ZoneInfo(link.zone or "UTC"), pair)
    clashes = {clash.field: clash for clash in link.conflict.clashes} if link.conflict else {}
    rows = []
    for name in Field:
        clash = clashes.get(str(name))
        both = shown(event, name), shown(activity, name)
        outlook, erp = (clash.event_value, clash.activity_value) if clash else both
        texts = {"outlook": outlook, "base": both[0], "erp": erp}
        rows.append({"field": str(name), **texts, "differs": clash is not None})
    return rows


def _masked(rows: Iterable[Json]) -> list[Json]:
    return [{**row, **dict.fromkeys(("outlook", "base", "erp"), PRIVATE)} for row in rows]


def identity(link: Link) -> list[Json]:
    """By what each side knows the item, and as what calsync does."""
    return _named(
        {
            "event_id": link.event_id,
            "activity_id": link.activity_id,
            "ical_uid": link.ical_uid,
            "role": str(link.role),
            "origin": str(link.origin),
            "zone": link.zone,
            "change_key": link.change_key,
            "version": str(link.version if link.version is not None else ""),
            "modified_at": link.modified_at.isoformat() if link.modified_at else "",
            "updated_at": link.updated_at.isoformat() if link.updated_at else "",
        }
    )


def _named(known_as: dict[str, str]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in known_as.items() if value]


def _can_undo(entry: JournalEntry) -> bool:
    """Whether it was a write of a round, of which an undo has something to say."""
    has_values = entry.action != Action.VALUE_KEPT and bool(entry.before.keys() & entry.after.keys())
    return bool(entry.round_id) and (entry.action in OPPOSITE or has_values)


def timeline(entries: Iterable[JournalEntry], *, is_owner: bool, is_masked: bool) -> list[Json]:
    """What was done, newest first; values that lost are marked. What was private then stays so for others."""
    return [
        {
            "at": one.at.isoformat(),
            "round": one.round_id,
            "what": one.action,
            "subject": PRIVATE if hides else one.subject,
            "reason": one.reason,
            "cell": one.cell,
            "before": dict.fromkeys(one.before, PRIVATE) if hides else dict(one.before),
            "after": dict.fromkeys(one.after, PRIVATE) if hides else dict(one.after),
            "is_lost": one.action == Action.VALUE_KEPT,
            "can_undo": _can_undo(one),
        }
        for one in entries
        for hides in [is_masked or (one.private and not is_owner)]
    ]


ADDRESS = re.compile(r"\S+@\S+")


def report(item: Item, entries: Iterable[JournalEntry]) -> str:
    """The item for a bug report: states, versions and times, without subject, text or addresses."""
    head = [
        f"event {item.event_id or '-'}",
        f"activity {item.activity_id or '-'}",
        *item.head,
        f"reason {ADDRESS.sub('(address)', item.reason) or '-'}",
    ]
    lines = [
        f"{one.at.isoformat()} {one.round_id} {one.action} {','.join(sorted(one.after))} "
        f"{ADDRESS.sub('(address)', one.reason)} {one.cell}".rstrip()
        for one in entries
    ]
    return "\n".join([*head, *lines])
