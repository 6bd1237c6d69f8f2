"""The one row that all processes of a company share: whose store it is, and the policy everybody works by.

The app stamps its policy when a process of it starts; where no app runs, the first sync of the command line does.
From then on the stored policy is the one in force, for each process and each command (``in_force``): the last start
decides, so that two builds at once during an update agree. The command line refuses to work where its settings
contradict it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jobs.log import log_failure, log_line
from jobs.waiting import Notice
from jobs.world import World
from sync_core.errors import PolicyDiffers, RowUnreadable, StaleWrite, WrongStore
from sync_core.model.memory import Instance
from sync_core.model.policy import Difference, Policy, contradictions, overlaid, taken_over

TRIES = 8
"""Saves of the instance row in all, while others save it at the same moment."""


def is_stamped(world: World, instance: Instance) -> bool:
    """Whether the store is marked as ours already. Raises ``WrongStore`` when it is somebody else's."""
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
    """The world under the company's policy; under its own in a store that nobody stamped."""
    return world if instance.policy in (None, world.policy) else replace(world, policy=instance.policy)


async def start_app(world: World) -> None:
    """What a process of the app does first: its settings become the company's policy.

    In a store of others, and where the row cannot be read, every job that needs it says so; the process starts all
    the same, or no function could.
    """
    try:
        await stamp_policy(world, by_app=True)
    except (WrongStore, RowUnreadable) as error:
        log_failure("start", error)


async def stamp_policy(world: World, *, by_app: bool = False) -> None:
    """Make this environment's policy the company's: the app's in any case, else only where there is none yet.

    Raises ``WrongStore``, and ``StaleWrite`` when others save the row every time.
    """

    def stamp(instance: Instance) -> Instance | None:
        is_stamped(world, instance)
        if instance.policy is not None and not by_app:
            return None
        return _stamped(world, instance, world.policy, by_app=by_app)

    await revise_instance(world, stamp)


async def change_policy(world: World, *, take_over: bool = False) -> None:
    """An administrator's act: what is set here becomes the company's; what is not set stays as it is.

    Raises ``PolicyDiffers`` where the app decides, unless it is to be taken over, and ``WrongStore``.
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
    return replace(instance, tenant=world.tenant, database=world.database, policy=policy, policy_by_app=by_app)


async def agreed(world: World, notice: Notice) -> World:
    """The world of a command, under the company's policy; says what it takes because nothing was set here.

    Raises ``PolicyDiffers`` with every setting that says something else, and ``WrongStore``. Where the row cannot be
    read the command goes on: whatever would act needs the row and says so.
    """
    try:
        instance, _ = await world.store.read_instance()
    except RowUnreadable:
        return world
    is_stamped(world, instance)
    if instance.policy is None:
        return world
    if differing := contradictions(instance.policy, world.policy, world.chosen):
        raise PolicyDiffers([_mistake(one, by_app=instance.policy_by_app) for one in differing])
    if taken := taken_over(instance.policy, world.policy, world.chosen):
        listed = ", ".join(f"{one.setting}={one.company}" for one in taken)
        notice(f"Not set here, taken from the company's policy: {listed}.")
    return in_force(world, instance)


def _mistake(one: Difference, *, by_app: bool) -> str:
    remedy = "change it in the app's settings" if by_app else "make yours the company's with `calsync policy --set`"
    owner = "the app" if by_app else "the company"
    difference = f"{one.setting} is {one.here} here and {one.company} for {owner}"
    return f"{difference}: leave it out here to take that, or {remedy}."


async def revise_instance(world: World, revise: Callable[[Instance], Instance | None]) -> Instance:
    """Save what ``revise`` makes of the instance row, asked again when somebody else was faster; None changes
    nothing. The row as it stands then. Raises ``StaleWrite`` when others are faster every time."""
    for attempt in range(1, TRIES + 1):
        instance, etag = await world.store.read_instance()
        revised = revise(instance)
        if revised is None or revised == instance:
            return instance
        try:
            await world.store.save_instance(revised, etag)
        except StaleWrite:
            if attempt == TRIES:
                raise
        else:
            return revised
    raise AssertionError("no try was made")
