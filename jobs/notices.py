"""Sends notifications through ERP.net: to a person once per cause, and a daily digest to administrators.

A notification that does not get through now is tried again by the next round; one that ERP.net refuses is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jobs.log import log_failure
from jobs.world import World
from sync_core.errors import AppRefused, CalsyncError, SideUnavailable, StaleWrite
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.user import User
from sync_core.plan.needs import of_secret
from sync_core.plan.notices import Cause, Told, causes_of, digest, notice

FROM_HOUR = 5
"""The hour (UTC) from which on a day's digest may be sent: before most people's working day."""


async def tell_once(world: World, user: User, memory: Memory) -> User:
    """Tell a person what needs them and they have not been told of; the user with what they know by then.

    It is noted first and then sent, so that two processes tell it once, and one that dies between says it never
    rather than twice: the page and the digest of administrators show it all the same.
    """
    causes = causes_of(user, memory)
    text, told = notice(user.told, causes, user.state)
    if not (text and user.erp_user_id):
        return user if told == user.told else replace(user, told=told)
    text = await _note(world, user, causes)
    is_told = not text or await send_noted(world, user, text, lambda stored: replace(stored, told=user.told))
    return replace(user, told=told) if is_told else user


async def send_noted(world: World, user: User, text: str, take_back: Callable[[User], User]) -> bool:
    """Send a person what was noted as told; whether it stays so.

    While ERP.net cannot send it, the note is taken back, so that a later round tells it; what ERP.net refuses is not
    tried again.
    """
    try:
        await world.erp.notify(user.erp_user_id, text)
    except (SideUnavailable, AppRefused):
        await world.store.revise_user(user.id, take_back)
        return False
    except CalsyncError as error:
        log_failure("notice", error, user_id=user.id)
    return True


async def _note(world: World, user: User, causes: Mapping[str, Cause]) -> str:
    """Note what is told now; the text of what nobody else has noted meanwhile, '' where that is nothing."""
    texts = [""]

    def revise(stored: User) -> User | None:
        text, told = notice(stored.told, causes, user.state)
        texts.append(text)
        return replace(stored, told=told) if text else None

    await world.store.revise_user(user.id, revise)
    return texts[-1]


async def send_digest(world: World) -> bool:
    """Send administrators the digest of the day, if it is due and something needs them; whether it was sent.

    The day is noted first, so that two processes send one. Raises what the store raises.
    """
    now = world.clock()
    if not world.digest_to or now.hour < FROM_HOUR:
        return False
    instance, etag = await world.store.read_instance()
    if instance.digest_on == now.date():
        return False
    try:
        await world.store.save_instance(replace(instance, digest_on=now.date()), etag)
    except StaleWrite:  # a pull, or another process: the next pull looks again
        return False
    text = await _digest(world, instance)
    if not text:
        return False
    for admin in (await world.erp.find_users(sorted(world.digest_to))).users:
        try:
            await world.erp.notify(admin.id, text)
        except CalsyncError as error:
            log_failure("digest", error)
    return True


async def _digest(world: World, instance: Instance) -> str:
    refused = [Told(instance.refused_at, f"a side refuses the app: {instance.refused}")] if instance.refused else []
    ending = of_secret(world.secret_ends, world.clock().date())
    ends = [Told(one.since, f"ERP.net's secret ends on {world.secret_ends}") for one in ending]
    return digest(await world.store.list_users(), [*refused, *ends])
