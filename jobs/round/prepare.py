"""Step 3 of a round: reads the instance row, unless that was just done, and makes the user's checkup if it is due.

The checkup is due in a full round, on a new day, and while something is wrong or not known; else its
stored result is used. If a finding that decides skips has changed, the round becomes a full one.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from jobs.accounts import with_service_login
from jobs.checkup import Checkup, as_known, check_user, fingerprint
from jobs.company import in_force, is_stamped, revise_instance
from jobs.pull import open_instance, take_first_watermark
from jobs.world import World
from sync_core.content.window import local_day
from sync_core.errors import StaleWrite
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors
from sync_core.model.user import User


@dataclass(frozen=True, slots=True)
class Company:
    """The world under the company's policy, and the instance row with its etag. ``live``: findings are stored, what
    is missing is repaired and the user is notified; a dry run only looks."""

    world: World
    instance: Instance
    etag: str
    live: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The user's checkup, and the ``fingerprint`` of what decides skips; ``is_full``: both sides are read whole."""

    company: Company
    checkup: Checkup
    fingerprint: str
    is_full: bool


async def read_company(world: World, row: tuple[Instance, str] | None, *, live: bool) -> Company:
    """Read the instance row, where ``row`` is not what was just read of it; a ``live`` round also stamps it and sets
    the first watermark. Raises ``WrongStore``."""
    if live:
        instance, etag = await take_first_watermark(world, *await open_instance(world, row))
    else:
        instance, etag = row or await world.store.read_instance()
        is_stamped(world, instance)
    return Company(in_force(world, instance), instance, etag, live)


async def prepare(company: Company, user: User, cursors: Cursors, now: datetime, *, full: bool) -> Prepared:
    """Prepare the user for a round; make the checkup if it is due. Raises what ``check_user`` raises."""
    is_full = full or cursors.full_due
    is_known = bool(company.instance.document_type_id)
    if is_full or not is_known or is_checkup_due(user, cursors, now):
        checkup = await _look_into(company, user, now)
    else:
        checkup = as_known(user, company.instance)
    found = fingerprint(checkup, company.world.policy)
    is_healed = checkup.user.is_operational and not user.is_operational
    is_new = is_healed or user.is_unread or found != cursors.fingerprint
    return Prepared(company, checkup, found, is_full or is_new)


def is_checkup_due(user: User, cursors: Cursors, now: datetime) -> bool:
    """Whether the stored findings may be out of date: once a day, and while something is wrong."""
    zone = ZoneInfo(user.zone) if user.zone else ZoneInfo("UTC")
    is_new_day = cursors.day != local_day(now, zone)
    return is_new_day or not user.is_operational or user.erp_seen_at is None or user.is_unread


async def _look_into(company: Company, user: User, now: datetime) -> Checkup:
    world, instance, live = company.world, company.instance, company.live
    checkup = await check_user(world, user, known_type=instance.document_type_id, repair=live, notify=live)
    login = await world.erp.service_login()

    def found(one: Instance) -> Instance:
        known = with_service_login(one, login, now)
        return replace(known, endpoints=world.erp.endpoints, document_type_id=checkup.document_type_id)

    if live:
        with suppress(StaleWrite):  # others save the row every time: the next checkup saves these findings
            await revise_instance(world, found, (instance, company.etag))
    return checkup
