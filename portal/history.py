"""One item and all that is remembered of it: both sides and what they had in common, ids, and what was done when.

Everything comes from rows. What a round would do now is asked of the app: the page leads there (``calsync why``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from jobs.commands.remembered import STATES
from jobs.round.report import PRIVATE
from portal.everyone import known, reader_zone
from portal.http import NOT_FOUND, Denied, Json
from portal.items import key_of
from portal.links import in_erp, in_outlook
from portal.mine import own_user
from portal.visit import Page, Visit
from sync_core.content.compare import shown
from sync_core.content.project import from_erp, from_graph, is_private
from sync_core.model.link import ENDED, Link, Role, is_unlinked
from sync_core.model.memory import JournalEntry, User
from sync_core.model.sides import Field

LOOK_BACK = 1_000
"""Journal entries that are searched, newest first."""

KEPT = "value kept"
"""The journal's word for a value that lost."""


async def own(visit: Visit) -> Page:
    """An item of the reader's own."""
    user = await own_user(visit)
    return await _page(visit, user, user.zone, is_owner=True)


async def of_person(visit: Visit) -> Page:
    """An item of somebody else's, masked where it is private."""
    return await _page(visit, await known(visit), await reader_zone(visit), is_owner=False)


async def _page(visit: Visit, user: User, zone: str, *, is_owner: bool) -> Page:
    memory = await visit.world.store.recall(user.id)
    wanted = visit.named["item"]
    link = next((one for one in memory.links if key_of(_ids(one)) == wanted), None)
    if link is None:
        raise Denied(404, NOT_FOUND)
    journal = await visit.world.store.read_journal(user.id, LOOK_BACK)
    meant = [one for one in journal if one.action != "round" and _is_of(one, link)]
    is_masked = _is_private(link) and not is_owner
    data = {
        "user_id": user.id,
        "is_owner": is_owner,
        "key": wanted,
        **_ids(link),
        "subject": PRIVATE if is_masked else link.base_event.subject or link.base_activity.subject,
        "state": "unlinked" if is_unlinked(link) else "conflict" if link.conflict else STATES[link.status],
        "can_unlink": link.status not in ENDED and link.role is not Role.FOLLOWER,
        "reason": link.reason,
        "columns": columns(link, is_masked=is_masked),
        "identity": identity(link),
        "outlook_url": in_outlook(link.event_id, visit.environ.get("GRAPH_URL", "")) if is_owner else "",
        "erp_url": in_erp(link.activity_id, visit.world.activity_url),
        "timeline": timeline(meant, is_owner=is_owner, is_masked=is_masked),
        "report": report(link, meant),
    }
    return Page("item.html", data, zone=zone)


def _ids(link: Link) -> dict[str, str]:
    return {"event_id": link.event_id, "activity_id": link.activity_id}


def _is_of(entry: JournalEntry, link: Link) -> bool:
    by_event = bool(entry.event_id) and entry.event_id == link.event_id
    return by_event or (bool(entry.activity_id) and entry.activity_id == link.activity_id)


def _is_private(link: Link) -> bool:
    return is_private(link.base_event) or is_private(link.base_activity)


def columns(link: Link, *, is_masked: bool) -> list[Json]:
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
        told = dict.fromkeys(texts, PRIVATE) if is_masked else texts
        rows.append({"field": str(name), **told, "differs": clash is not None})
    return rows


def identity(link: Link) -> list[Json]:
    """By what each side knows the item, and as what calsync does."""
    known_as = {
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
    return [{"name": name, "value": value} for name, value in known_as.items() if value]


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
            "is_lost": one.action == KEPT,
        }
        for one in entries
        for hides in [is_masked or (one.private and not is_owner)]
    ]


ADDRESS = re.compile(r"\S+@\S+")


def report(link: Link, entries: Iterable[JournalEntry]) -> str:
    """The item for a bug report: states, versions and times, without subject, text or addresses."""
    head = [
        f"event {link.event_id}",
        f"activity {link.activity_id}",
        f"status {link.status}, role {link.role}, origin {link.origin}, tries {link.tries}",
        f"version {link.version}, updated {link.updated_at}, modified {link.modified_at}",
        f"reason {ADDRESS.sub('(address)', link.reason) or '-'}",
        f"conflict {', '.join(one.field for one in link.conflict.clashes) if link.conflict else '-'}",
    ]
    lines = [
        f"{one.at.isoformat()} {one.round_id} {one.action} {','.join(sorted(one.after))} "
        f"{ADDRESS.sub('(address)', one.reason)} {one.cell}".rstrip()
        for one in entries
    ]
    return "\n".join([*head, *lines])
