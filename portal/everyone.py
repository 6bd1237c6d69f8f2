"""The pages about everybody, for those with a role: the company's sentence and numbers, people, audit, settings.

Private items are masked here, whoever looks: only their owner's own page shows them (``portal.unmasked``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jobs.commands import shapes
from jobs.commands.doings import is_about_item, newest
from jobs.commands.item_shapes import conflicts_of, iso_of
from jobs.commands.pause import paused_now
from jobs.commands.shapes import company_of, policy_of, status_of
from jobs.commands.unsynced import key_of as key_of_reason
from jobs.company import in_force
from jobs.due import pause_of
from portal import people
from portal.command import told
from portal.days import last_days
from portal.http import NOT_FOUND, Denied, Json
from portal.items import keys_in
from portal.mine import RECENT, commands_of, dates_in, place_of, recent, running, sentence, skipped, waiting, when
from portal.needs import needs_of
from portal.paging import paged
from portal.visit import Page, Visit
from sync_core.errors import RowUnreadable
from sync_core.model.instance import Instance
from sync_core.model.pause import Pause
from sync_core.model.policy import SeriesRule
from sync_core.model.unsynced import summed
from sync_core.model.user import User
from sync_core.people.privacy import PRIVATE

RUNNING = 1_000
"""Commands among which those that run, and the last check, are looked for: as many as the tables give at once."""

AUDIT, AUDIT_PAGE = 1_000, 100
"""Commands of the audit, and of one page of it; the file has more."""

MOST_NAMED = 3
"""People of one command whom the audit names; it counts the others."""

PART = 100
"""People whose items are in one CSV: those of ten thousand at once would be more than one answer can hold."""


async def show(visit: Visit) -> Page:
    """The company at a glance, and the first page of people."""
    return await _overview(visit, visit.asked.query)


async def search(visit: Visit) -> Page:
    """The same, for a word that somebody looks for: sent as a form, since names do not belong into an address."""
    return await _overview(visit, visit.asked.fields)


async def _overview(visit: Visit, wanted: Mapping[str, str]) -> Page:
    store = visit.world.store
    instance, _ = await store.read_instance()
    users = await store.list_users()
    unsynced = await store.count_unsynced()
    rows = [people.row_of(user, instance, visit.now, unsynced.get(user.id, {})) for user in users]
    counts = people.numbers(rows)
    _, pause = await paused_now(visit.world, ())
    asked = await store.list_commands(RUNNING)
    data = {
        "company": company_of(instance, pause=pause),
        "code": _code(instance, pause, counts),
        "numbers": counts,
        "table": people.page_of(rows, wanted),
        "needs": await needs_of(visit, instance, users, asked),
        "skipped": _reasons(unsynced, users),
        "days": last_days(await store.list_days(), visit.now.date()),
        "running": [told(command) for command in asked if not command.is_ended][:10],
        "items_people": PART,
        "items_parts": -(-len(users) // PART),
        "may_change": visit.person.is_admin,
        "has_series": in_force(visit.world, instance).policy.series is SeriesRule.WINDOW,
    }
    return Page("everyone.html", data, zone=await reader_zone(visit))


async def reader_zone(visit: Visit) -> str:
    """The zone of who reads, whoever the page is about."""
    try:
        reader = await visit.world.store.read_user(visit.person.id)
    except RowUnreadable:
        return ""
    return reader.zone if reader else ""


def _code(instance: Instance, pause: Pause | None, counts: Mapping[str, int]) -> str:
    """The one sentence for the company. The first that holds counts."""
    cases = (
        (bool(instance.refused), "refused"),
        (pause is not None, "paused"),
        (counts["on"] == 0, "nobody"),
        (counts["error"] > 0, "error"),
        (counts["holds"] > 0, "holds"),
        (counts["conflicts"] > 0, "conflicts"),
        (counts["late"] > 0, "late"),
    )
    return next((code for holds, code in cases if holds), "in-step")


def _reasons(counts: Mapping[str, Mapping[str, int]], users: Sequence[User]) -> list[Json]:
    """Why items are not synced, over everybody who is on."""
    on = {user.id for user in users if user.enabled}
    found = summed({user_id: own for user_id, own in counts.items() if user_id in on})
    return [
        {"key": key_of_reason(reason), "reason": reason, "count": items, "people": people}
        for reason, (items, people) in found.items()
    ]


async def person(visit: Visit) -> Page:
    """One person's page as they see it, private subjects masked."""
    user = await known(visit)
    store = visit.world.store
    instance, _ = await store.read_instance()
    memory = await store.recall(user.id)
    journal = await newest(store, user.id, RECENT, is_about_item)
    pause = pause_of(user, instance, visit.now)
    unsynced = await store.read_unsynced(user.id)
    status = status_of(user, memory, (), pause=pause)
    data = {
        **{name: value for name, value in status.items() if name != "log"},
        **waiting(visit, conflicts_of(user, memory), status["parked_items"]),
        "id": user.id,
        "name": user.display_name or user.upn,
        "zone": user.zone,
        "erp_login": user.erp_login,
        "sentence": sentence(user, memory, instance, visit.now),
        **await when(visit, user, instance),
        "place": place_of(user),
        "running": running(await commands_of(visit, user.id)),
        "recent": recent(
            [replace(one, subject=PRIVATE) if one.private else one for one in journal],
            keys_in(memory, unsynced),
            dates_in(memory),
        ),
        "skipped": skipped(unsynced, is_owner=False),
        "pause": shapes.pause_of(pause),
        "may_change": visit.person.is_admin,
    }
    return Page("person.html", data, zone=await reader_zone(visit))


async def known(visit: Visit) -> User:
    """The person of the address. Raises ``Denied``."""
    user = await visit.world.store.read_user(visit.named["id"])
    if user is None:
        raise Denied(404, NOT_FOUND)
    return user


async def audit(visit: Visit) -> Page:
    """Who asked for what, newest first."""
    found = await audited(visit, AUDIT)
    shown = paged(found, AUDIT_PAGE, visit.asked.query.get("page", "1"))
    data = {
        "commands": shown.rows,
        "page": shown.page,
        "pages": shown.pages,
        "unreadable": len(await visit.world.store.unreadable_commands(AUDIT)),
    }
    return Page("audit.html", data, zone=await reader_zone(visit))


async def audited(visit: Visit, most: int) -> list[Json]:
    """The newest commands, each with the names of the first people whom it is about."""
    names = {user.id: user.display_name or user.upn for user in await visit.world.store.list_users()}
    asked = await visit.world.store.list_commands(most)
    return [{**told(one), "whom": [names.get(who, who) for who in one.wish.people[:MOST_NAMED]]} for one in asked]


SHOWN = (
    "SYNC_SCHEDULE",
    "PULL_SCHEDULE",
    "PUBLIC_URL",
    "STATE_PREFIX",
    "ERPNET_URL",
    "ERPNET_MAX_SESSIONS",
    "GRAPH_URL",
    "LEASE_SECONDS",
    "CALL_TIMEOUT_SECONDS",
    "AZURE_TENANT_ID",
    "ERPNET_ACTIVITY_URL",
)
"""Settings that are shown as they are: none of them is a secret, and no other is read."""


async def settings(visit: Visit) -> Page:
    """The settings as they are: the company's policy, and what else may be shown."""
    instance, _ = await visit.world.store.read_instance()
    data = {
        "policy": policy_of(instance, visit.world),
        "settings": [{"name": name, "value": visit.environ.get(name, "")} for name in SHOWN],
        "secret_ends": iso_of(visit.world.secret_ends),
    }
    return Page("everyone_settings.html", data, zone=await reader_zone(visit))
