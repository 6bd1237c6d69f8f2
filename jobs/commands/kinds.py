"""What each kind of command does: which items it deals with, and the part of the answer that each of them gives.

One function for each kind, the same for a command that the app carries out and for `calsync --here`. A part has the
shape of the whole answer (``jobs.command.merged`` adds them up) and says whether all went well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from jobs.approvals import UnknownChoice, find_choice, make_choice, retry
from jobs.command import Json
from jobs.commands import item_shapes, shapes, switch
from jobs.commands import pause as pauses
from jobs.commands.checks import Check
from jobs.commands.doctor import examine, note_failed
from jobs.commands.explain import explain
from jobs.commands.finding_dates import dated, day_in, gathered, on_day
from jobs.commands.mistakes import COMMON, UnknownItem, UnknownUser, told_of
from jobs.commands.resolve import find_conflict, resolve
from jobs.commands.sync import SyncReport, plan_rounds, pull_first, sync_user, what_waits
from jobs.commands.undo import plan_undo, undo
from jobs.commands.unlink import unlink
from jobs.company import stamp_policy
from jobs.waiting import Notice, erp_session, take_when_free
from jobs.wake import wake
from jobs.wish import Kind, Wish
from jobs.world import World
from sync_core.errors import CalsyncError, StoreError
from sync_core.model.user import User

Part = tuple[Json, bool]
Do = Callable[[World, Wish, str, Notice], AsyncIterator[Part]]
Items = Callable[[World, Wish], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Does:
    """How a kind of command is carried out. ``counted``: of what is done at once, the people who are counted as the
    parts of the answer tell of them."""

    items: Items
    do: Do
    counted: Items | None = None


# What is dealt with, one after the other


async def _people(world: World, wish: Wish) -> list[str]:
    """Whoever is named, as they are named; with ``everybody`` all who are switched on."""
    return [user.id for user in await _all_on(world)] if wish.everybody else [*dict.fromkeys(wish.people)]


async def _people_or_all(world: World, wish: Wish) -> list[str]:
    return [*dict.fromkeys(wish.people)] or [user.id for user in await _all_on(world)]


async def _known_or_all(world: World, wish: Wish) -> list[str]:
    return [*dict.fromkeys(wish.people)] or [user.id for user in await world.store.list_users()]


async def _all_on(world: World) -> list[User]:
    everybody = await world.people.read(world.store, world.clock, anew=True)
    return [user for user in everybody.users.values() if user.enabled]


async def _at_once(_world: World, _wish: Wish) -> list[str]:
    return [""]


async def _choice(world: World, wish: Wish) -> list[str]:
    """What waits for an answer; looked for before anything is done, so that what is not there is refused."""
    await find_choice(world, wish.item, await owners(world, wish))
    return [""]


async def _conflict(world: World, wish: Wish) -> list[str]:
    """The conflict that is answered, as with ``_choice``."""
    await find_conflict(world, wish.item, await owners(world, wish))
    return [""]


# One person after the other


def each(do: Callable[[World, Wish, str, Notice], Awaitable[Part]]) -> Do:
    """A kind that deals with people: what fails for one of several is told, and the others have their turn."""

    async def with_failures(world: World, wish: Wish, name: str, notice: Notice) -> AsyncIterator[Part]:
        try:
            yield await do(world, wish, name, notice)
        except COMMON:
            raise
        except CalsyncError as error:
            if len(wish.people) == 1:
                raise
            yield {"failures": [shapes.failure_of(await _upn_of(world, name), told_of(error))]}, False

    return with_failures


async def _upn_of(world: World, name: str) -> str:
    """The name of somebody who is dealt with by id."""
    with suppress(StoreError):
        user = await world.store.read_user(name)
        return user.upn if user is not None and user.upn else name
    return name


async def _enable(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    async with erp_session(world, notice):
        name = await switch.first_known(world, name)
        checkup = await switch.enable(world, name, company_id=wish.company, location_id=wish.location, zone=wish.zone)
    if checkup.user.enabled and world.serve is not None:  # the app, whose timers would come to it later
        await wake(world, checkup.user.id, asked=True)
    part = {"users": [shapes.user_of(checkup.user)], "problems": [*checkup.problems]}
    return part, not checkup.problems


async def _disable(world: World, _wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    await take_when_free(lambda: switch.disable(world, user), world, notice, f"the round of {user.upn}")
    return {"users": [shapes.user_of(await switch.find_known(world, user.id))]}, True


async def _forget(world: World, _wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    await take_when_free(lambda: switch.forget(world, user), world, notice, f"the round of {user.upn}")
    return {"forgotten": [{"upn": user.upn, "id": user.id}]}, True


async def _retry(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    count = await retry(world, user, wish.item, notice=notice)
    if wish.item and not count:
        raise UnknownChoice(
            f"a retry would change nothing for the id {wish.item}: `calsync why` tells how it stands, and what does"
        )
    if count and user.enabled and world.serve is not None:
        await wake(world, user.id, asked=True)
    return {"users": [{"upn": user.upn, "retried": count}], "failures": []}, True


async def _unlink(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    done = await unlink(world, user, wish.item, notice=notice)
    return {"unlinked": [shapes.unlinked_of(done)], "failures": []}, True


EVERYBODY = "*"
"""Stands for everybody where they are dealt with at once."""

PULL = ""
"""Stands for the pull among the people of a sync; it comes first."""


async def _pull_and_people(world: World, wish: Wish) -> list[str]:
    return [PULL, *await _people_or_all(world, wish)]


async def _sync(world: World, wish: Wish, name: str, notice: Notice) -> AsyncIterator[Part]:
    if name == PULL:  # what fails here would fail for everybody
        await _pull(world, notice)
        yield {"failure": "", "dry_run": False, "users": []}, True
        return
    async for part in each(_sync_one)(world, wish, name, notice):
        yield part


async def _pull(world: World, notice: Notice) -> None:
    """Read what changed in ERP.net; where no app did, the first sync makes the settings here the company's."""
    async with erp_session(world, notice):
        await pull_first(world, notice, await stamp_policy(world) if world.serve is None else None)


async def _sync_one(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    async with erp_session(world, notice):
        outcome = await sync_user(world, user, full=wish.full, notice=notice)
    return await _synced(world, [user], outcome)


async def _everybody_or_people(_world: World, wish: Wish) -> list[str]:
    return [EVERYBODY] if wish.everybody else [*dict.fromkeys(wish.people)]


async def _pause(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    until = pauses.day_of(wish.until)
    if name == EVERYBODY:
        return shapes.paused_of([], await pauses.pause_everybody(world, until)), True
    paused = await pauses.pause(world, await switch.find_known(world, name), until, notice=notice)
    return shapes.paused_of([paused], None), True


async def _resume(world: World, _wish: Wish, name: str, _: Notice) -> Part:
    if name == EVERYBODY:
        await pauses.resume_everybody(world)
        return shapes.paused_of([], None), True
    return shapes.paused_of([await pauses.resume(world, await switch.find_known(world, name))], None), True


async def _why(world: World, wish: Wish, name: str, notice: Notice) -> Part:
    user = await switch.find_known(world, name)
    day, zone = day_in(wish.on), ZoneInfo(user.zone or "UTC")
    found = on_day(dated(await explain(world, user, wish.item, day=day, notice=notice)), day, zone)
    if not any(one.event_id or one.activity_id or one.at for one in found):
        where = f" on {day.isoformat()}" if day else ""
        raise UnknownItem(f"neither Outlook nor ERP.net nor the journal of {user.upn} knows “{wish.item}”{where}")
    items = [item_shapes.finding_of(one, zone) for one in gathered(found)]
    left = len(items) - wish.limit if wish.limit else 0
    part = {"items": items[: wish.limit or None], "zone": zone.key, "left_out": max(0, left)}
    return part, not any(map(item_shapes.is_unreadable, items))


# All at once


MOST_PARTS = 500
"""Parts of one preview: each tells of one person, or where there are more people of several."""


async def _preview(world: World, wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    find = switch.as_switched_on if wish.choice == "on" else switch.find_known
    chosen = [await find(world, name) for name in await _people_or_all(world, wish)]
    world = replace(world, tries_series=True) if wish.choice == "series" else world
    size = -(-len(chosen) // MOST_PARTS) or 1
    async with erp_session(world, notice):
        async for outcome in plan_rounds(world, chosen, size, full=wish.full):
            yield await _synced(world, chosen, outcome, dry_run=True)


async def _synced(world: World, chosen: Sequence[User], outcome: SyncReport, *, dry_run: bool = False) -> Part:
    part = shapes.sync_of(outcome, await what_waits(world, chosen, outcome), dry_run=dry_run)
    return part, outcome.is_fine and all(user.enabled for user in chosen)


async def _doctor(world: World, wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    made: list[Check] = []
    async for check in examine(world, repair=wish.repair, notice=notice):
        made.append(check)
        yield {"fine": check.fine, "checks": [shapes.check_of(check)]}, check.fine
    if world.serve is not None:
        await note_failed(world, made)


async def owners(world: World, wish: Wish) -> frozenset[str]:
    """The ids of those among whose items alone the one is looked for, none = everybody's. Raises ``UnknownUser``."""
    users = await world.store.list_users() if wish.people else []
    named = {name.casefold() for name in wish.people}
    found = frozenset(user.id for user in users if named & user.names)
    if wish.people and not found:
        more = f" and {len(wish.people) - 1} more" if len(wish.people) > 1 else ""
        raise UnknownUser(f"{wish.people[0]}{more}: nobody of these is known; `calsync users list` shows who is")
    return found


async def _approve(world: World, wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    user, choice = await find_choice(world, wish.item, await owners(world, wish))
    is_approved = wish.choice == "approve"
    await make_choice(world, user, choice, approved=is_approved, notice=notice)
    async with erp_session(world, notice):
        await _pull(world, notice)
        outcome = await sync_user(world, user, notice=notice)
    part, is_fine = await _synced(world, [user], outcome)
    answered = f"{'Approved' if is_approved else 'Dropped'} for {user.upn}: {choice.why}"
    yield {"answered": answered, **part}, is_fine


async def _resolve(world: World, wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    answer = wish.fields if wish.choice == "fields" else wish.choice
    resolved = await resolve(world, wish.item, answer, among=await owners(world, wish), notice=notice)
    yield shapes.resolved_of(resolved), resolved.is_resolved


async def _undo(world: World, wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    among = await owners(world, wish)
    if wish.choice == "show":
        yield shapes.undo_of(await plan_undo(world, wish.item, among=among, notice=notice)), True
        return
    done = await undo(world, wish.item, among=among, remake=wish.choice == "remake", notice=notice)
    yield shapes.undo_of(done), not shapes.undo_of(done)["failures"]


async def _places(world: World, _wish: Wish, _: str, notice: Notice) -> AsyncIterator[Part]:
    async with erp_session(world, notice):
        yield {"places": [shapes.place_of(place) for place in await world.erp.list_places()]}, True


KINDS: dict[Kind, Does] = {
    Kind.ENABLE: Does(_people, each(_enable)),
    Kind.DISABLE: Does(_people, each(_disable)),
    Kind.FORGET: Does(_people, each(_forget)),
    Kind.RETRY: Does(_known_or_all, each(_retry)),
    Kind.UNLINK: Does(_people, each(_unlink)),
    Kind.PAUSE: Does(_everybody_or_people, each(_pause)),
    Kind.RESUME: Does(_everybody_or_people, each(_resume)),
    Kind.RESOLVE: Does(_conflict, _resolve),
    Kind.UNDO: Does(_at_once, _undo),
    Kind.SYNC: Does(_pull_and_people, _sync),
    Kind.WHY: Does(_people, each(_why)),
    Kind.PREVIEW: Does(_at_once, _preview, _people_or_all),
    Kind.DOCTOR: Does(_at_once, _doctor),
    Kind.GRANT: Does(_at_once, _doctor),
    Kind.APPROVE: Does(_choice, _approve),
    Kind.PLACES: Does(_at_once, _places),
}
"""Every kind of command that this build carries out."""
