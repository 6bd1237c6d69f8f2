"""`calsync doctor` checks what rules R2 to R5 require, in the order in which a sync needs it.

It changes nothing unless ``repair`` is set. A check that cannot be made counts as failed and names the reason; the
checks after it are made all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from jobs.checkup import check_user
from jobs.commands.checks import UNCONFIRMED, Check, Lacking, checked
from jobs.commands.mistakes import told_of
from jobs.commands.series import examine_series
from jobs.commands.vitals import examine_app, examine_grants
from jobs.company import agreed, is_stamped, revise_instance, settings_taken
from jobs.refusal import NOBODY
from jobs.says import Found, Topic
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable, StaleWrite, WrongStore
from sync_core.model.instance import FailedCheck, Instance
from sync_core.model.phrase import Phrase
from sync_core.model.user import User


async def examine(world: World, *, repair: bool = False, notice: Notice = unheeded) -> AsyncIterator[Check]:
    """Make all checks; yield each as soon as it is made. An error of a side or the store is a failed check."""
    odd = Found.SCHEDULES_ODD.say(words=" | ".join(world.warnings)) if world.warnings else None
    yield Check(Topic.ON_SETTINGS.say(), odd is None, odd or Found.COMPLETE.say())
    store = await checked(Topic.ON_TABLES.say(), lambda: _store(world))
    yield store
    if store.fine:
        for text in await world.store.find_unreadable():
            yield Check(Topic.ON_ROWS.say(), False, told_of(RowUnreadable(text)))
        yield await checked(Topic.ON_POLICY.say(), lambda: _policy(world))
    graph = await checked(Topic.ON_GRAPH.say(), lambda: _graph(world))
    yield graph
    async for check in examine_grants(world):
        yield check
    if not store.fine:
        yield Check(Topic.ON_ERP.say(), False, Found.ERP_UNASKED.say())
        return
    async for check in examine_app(world):
        yield check
    async with erp_session(world, notice):
        async for check in _examine_erp(world, repair, is_graph_fine=graph.fine):
            yield check
    if graph.fine:
        for check in await examine_series(world):
            yield check


async def _examine_erp(world: World, repair: bool, *, is_graph_fine: bool) -> AsyncIterator[Check]:
    access = await checked(Topic.ON_ERP.say(), lambda: _access(world))
    yield access
    if not access.fine:
        return
    yield await checked(Topic.ON_LOGIN.say(), lambda: _login(world))
    try:
        readiness = await world.erp.check_readiness(repair=repair)
    except CalsyncError as error:
        yield Check(Topic.ON_TYPE.say(), False, told_of(error))
        return
    known = (*readiness.problems, *readiness.unshown)
    yield Check(Topic.ON_TYPE.say(), not known, _lacking(known) if known else Found.TYPE_READY.say())
    people = [user for user in await world.store.list_users() if user.enabled]
    if people and not is_graph_fine:
        yield Check(Topic.ON_PEOPLE.say(), False, Found.PEOPLE_UNASKED.say())
    else:
        for user in people:
            yield await checked(Phrase(user.upn), lambda user=user: _user(world, user, known))  # type: ignore[misc]
    for question, finding in await world.erp.probe():
        yield Check(question, True, finding, UNCONFIRMED)


def _lacking(problems: Sequence[str]) -> Phrase:
    return Found.LACKING.say(problems=" | ".join(problems))


async def _store(world: World) -> Phrase:
    await world.store.prepare()
    try:
        instance, _ = await world.store.read_instance()
    except RowUnreadable:
        return Found.TABLES_REACHED.say()  # the check of stored rows names this row
    if not is_stamped(world, instance):
        return Found.TABLES_NEW.say()
    return Found.TABLES_OF.say(tenant=world.tenant or "(none)", database=world.database)


async def _policy(world: World) -> Phrase:
    """Compare the settings here with the company's policy; name the settings taken from the policy."""
    await agreed(world, unheeded)
    taken = await settings_taken(world)
    return Found.POLICY_TAKEN.say(settings=taken) if taken else Found.POLICY_FITS.say()


async def _graph(world: World) -> Phrase:
    await world.calendar.find_user(NOBODY)
    return Found.GRAPH_REACHED.say()


async def _access(world: World) -> Phrase:
    version = await world.erp.check_access()
    return Found.ERP_REACHED.say(version=version) if version else Found.ERP_REACHED_UNKNOWN.say()


async def _login(world: World) -> Phrase:
    return Found.LOGIN.say(login=await world.erp.service_login())


async def _user(world: World, user: User, known: Sequence[str]) -> Phrase:
    """Say that a user may be synced. Raises ``Lacking`` with what the user lacks beyond the ``known`` problems."""
    if user.unreadable:
        raise RowUnreadable(user.unreadable)
    checkup = await check_user(world, user, repair=False, notify=False)
    lacking = [problem for problem in (*checkup.problems, *checkup.unshown) if problem not in known]
    if lacking:
        raise Lacking(_lacking(lacking))
    return Found.PERSON_READY.say(login=checkup.user.erp_login)


async def note_failed(world: World, checks: Collection[Check]) -> None:
    """Remember which of these checks, all that were made, fail, and since when: the page lists them."""
    now = world.clock()
    failed = [check for check in checks if not check.fine and check.what.code]

    def revise(instance: Instance) -> Instance | None:
        before = instance.failing
        failing = {one.what.code: _failed(one, before.get(one.what.code), now) for one in failed}
        return replace(instance, failing=failing) if is_stamped(world, instance) else None

    with suppress(StaleWrite, RowUnreadable, WrongStore):  # one of the checks says so
        await revise_instance(world, revise)


def _failed(check: Check, before: FailedCheck | None, now: datetime) -> FailedCheck:
    is_ours = check.found.code not in ("", Found.FAILED.code)
    return FailedCheck(before.since if before else now, check.what, check.found if is_ours else Phrase(""))
