"""Reads and writes the instance row: the company whose store this is (the stamp), and the policy for every process.

Each process of the app stores its policy when it starts; without an app, the first sync of the command line does. The
stored policy is the one in force for every process and command (``in_force``). The last start decides, so that two
builds during an update agree. The command line refuses to work if its settings contradict the stored policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jobs.log import log_failure, log_line
from jobs.says import Found
from jobs.waiting import Notice
from jobs.world import World
from sync_core.errors import PolicyDiffers, RowUnreadable, StaleWrite, WrongStore
from sync_core.model.instance import Instance
from sync_core.model.policy import Difference, Policy, SeriesRule, contradictions, overlaid, taken_over

TRIES = 8
"""The most tries to save the instance row while other processes save it."""


def is_stamped(world: World, instance: Instance) -> bool:
    """Whether the store bears our tenant and database. Raises ``WrongStore`` if it bears others."""
    if (instance.tenant, instance.database) == (world.tenant, world.database):
        return True
    if instance.tenant or instance.database:
        raise WrongStore(
            f"this store belongs to tenant {instance.tenant or '(none)'} and ERP.net {instance.database}, "
            f"not to {world.tenant or '(none)'} and {world.database}: correct AZURE_TENANT_ID and ERPNET_URL, or "
            "choose another STATE_PREFIX for another pair of systems"
        )
    return False


def in_force(world: World, instance: Instance) -> World:
    """The world under the stored policy; in a store without one, under the policy of the settings here."""
    policy = instance.policy or world.policy
    policy = replace(policy, series=SeriesRule.WINDOW) if world.tries_series else policy
    return world if policy == world.policy else replace(world, policy=policy)


async def start_app(world: World) -> None:
    """Make the app's settings the company's policy; every process of the app calls this first.

    If the store is another company's or the row cannot be read, that is logged and the process starts all the same.
    Every job that needs the row reports it.
    """
    try:
        await stamp_policy(world, by_app=True)
    except (WrongStore, RowUnreadable) as error:
        log_failure("start", error)


async def stamp_policy(world: World, *, by_app: bool = False) -> tuple[Instance, str]:
    """Store the policy of the settings here: the app's always, the command line's only if none is stored yet.

    Returns the instance row with its etag; where nothing is to be stored, as it was when the world was opened. Raises
    ``WrongStore``, and ``StaleWrite`` if others save the row every time.
    """

    def stamp(instance: Instance) -> Instance | None:
        is_stamped(world, instance)
        if instance.policy is not None and not by_app:
            return None
        return _stamped(world, instance, world.policy, by_app=by_app)

    return await revise_instance(world, stamp, world.opened_on)


async def change_policy(world: World, *, take_over: bool = False) -> None:
    """Store the settings given here as the company's policy, as an administrator asked; other settings stay.

    Raises ``WrongStore``, and ``PolicyDiffers`` if the app set the policy and ``take_over`` is false.
    """

    def stamp(instance: Instance) -> Instance:
        is_stamped(world, instance)
        if instance.policy_by_app and not take_over:
            raise PolicyDiffers(
                [
                    "The app's own settings are the company's policy: change them there. Where no app runs any more, "
                    "add --take-over."
                ]
            )
        here = overlaid(instance.policy or world.policy, world.policy, world.chosen)
        return _stamped(world, instance, here, by_app=False)

    await revise_instance(world, stamp)


def _stamped(world: World, instance: Instance, policy: Policy, *, by_app: bool) -> Instance:
    if instance.policy not in (None, policy):
        log_line("policy", {"changed": True, "by_app": by_app})
    stamped = replace(instance, tenant=world.tenant, database=world.database)
    if by_app:
        stamped = replace(
            stamped, has_webhook=world.has_webhook, looks_every=world.looks_every, late_after=world.late_after
        )
    return replace(stamped, policy=policy, policy_by_app=by_app)


async def agreed(world: World, notice: Notice) -> World:
    """The world of a command under the stored policy; a notice names the settings taken from it.

    Raises ``WrongStore``, and ``PolicyDiffers`` with every setting here that contradicts the policy. If the row
    cannot be read, the command goes on: every job that writes needs the row and reports it.
    """
    try:
        instance, _ = world.opened_on or await world.store.read_instance()
    except RowUnreadable:
        return world
    is_stamped(world, instance)
    if instance.policy is None:
        return world
    if differing := contradictions(instance.policy, world.policy, world.chosen):
        raise PolicyDiffers([_mistake(one, by_app=instance.policy_by_app) for one in differing])
    if taken := _taken(world, instance.policy):
        notice(Found.POLICY_TAKEN.say(settings=taken).text)
    return in_force(world, instance)


async def settings_taken(world: World) -> str:
    """The settings that are taken from the company's policy, with their values; '' where none is."""
    try:
        instance, _ = await world.store.read_instance()
    except RowUnreadable:
        return ""
    return _taken(world, instance.policy) if instance.policy is not None else ""


def _taken(world: World, policy: Policy) -> str:
    taken = taken_over(policy, world.policy, world.chosen)
    return ", ".join(f"{one.setting}={one.company}" for one in taken)


def _mistake(one: Difference, *, by_app: bool) -> str:
    remedy = "change it in the app's settings" if by_app else "make yours the company's with `calsync policy --set`"
    owner = "the app" if by_app else "the company"
    difference = f"{one.setting} is {one.here} here and {one.company} for {owner}"
    return f"{difference}: leave it out here to take that, or {remedy}."


async def revise_instance(
    world: World, revise: Callable[[Instance], Instance | None], row: tuple[Instance, str] | None = None
) -> tuple[Instance, str]:
    """Save what ``revise`` makes of the instance row (None: leave it); return the row as stored, and its etag.

    ``row`` is the row as it was read before, which is tried first. If another process saves first, ``revise`` is
    called again with its row. Raises ``StaleWrite`` after ``TRIES``.
    """
    for attempt in range(1, TRIES + 1):
        instance, etag = (row if attempt == 1 else None) or await world.store.read_instance()
        revised = revise(instance)
        if revised is None or revised == instance:
            return instance, etag
        try:
            return revised, await world.store.save_instance(revised, etag)
        except StaleWrite:
            if attempt == TRIES:
                raise
    raise AssertionError("no try was made")
