"""`calsync doctor` checks what rules R2 to R5 require, in the order in which a sync needs it.

It changes nothing unless ``repair`` is set. A check that cannot be made counts as failed and names the reason; the
checks after it are made all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from jobs.checkup import check_user
from jobs.commands.checks import UNCONFIRMED, Check, Lacking, checked
from jobs.commands.vitals import examine_app, examine_grants
from jobs.company import agreed, is_stamped
from jobs.refusal import NOBODY
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model.memory import User


async def examine(world: World, *, repair: bool = False, notice: Notice = unheeded) -> AsyncIterator[Check]:
    """Make all checks; yield each as soon as it is made. An error of a side or the store is a failed check."""
    yield Check("Settings", not world.warnings, " | ".join(world.warnings) or "complete")
    store = await checked("State tables", lambda: _store(world))
    yield store
    if store.fine:
        for text in await world.store.find_unreadable():
            yield Check("Stored rows", False, text)
        yield await checked("Company policy", lambda: _policy(world))
    graph = await checked("Microsoft Graph", lambda: _graph(world))
    yield graph
    async for check in examine_grants(world):
        yield check
    if not store.fine:
        yield Check("ERP.net", False, "not asked: its session slots are kept in the state tables")
        return
    async for check in examine_app(world):
        yield check
    async with erp_session(world, notice):
        async for check in _examine_erp(world, repair, is_graph_fine=graph.fine):
            yield check


async def _examine_erp(world: World, repair: bool, *, is_graph_fine: bool) -> AsyncIterator[Check]:
    access = await checked("ERP.net", lambda: _access(world))
    yield access
    if not access.fine:
        return
    yield await checked("Service user", world.erp.service_login)
    try:
        readiness = await world.erp.check_readiness(repair=repair)
    except CalsyncError as error:
        yield Check("Document type", False, str(error))
        return
    known = (*readiness.problems, *readiness.unshown)
    yield Check("Document type", not known, " | ".join(known) or "Meeting exists and may be updated and voided")
    people = [user for user in await world.store.list_users() if user.enabled]
    if people and not is_graph_fine:
        yield Check("People", False, "not asked: Microsoft Graph would refuse each of them in the same way")
    else:
        for user in people:
            yield await checked(user.upn, lambda user=user: _user(world, user, known))  # type: ignore[misc]
    for question, finding in (await world.erp.probe()).items():
        yield Check(question, True, finding, UNCONFIRMED)


async def _store(world: World) -> str:
    await world.store.prepare()
    try:
        instance, _ = await world.store.read_instance()
    except RowUnreadable:
        return "reachable"  # the check "Stored rows" names this row
    if not is_stamped(world, instance):
        return "reachable, not used before"
    return f"reachable, belong to tenant {world.tenant or '(none)'} and ERP.net {world.database}"


async def _policy(world: World) -> str:
    """Compare the settings here with the company's policy; name the settings taken from the policy."""
    notices: list[str] = []
    await agreed(world, notices.append)
    return " ".join(notices) or "the settings here agree with it"


async def _graph(world: World) -> str:
    await world.calendar.find_user(NOBODY)
    return "reachable, and the app may read users"


async def _access(world: World) -> str:
    return f"reachable, version {await world.erp.check_access() or 'unknown'}"


async def _user(world: World, user: User, known: Sequence[str]) -> str:
    """Say that a user may be synced. Raises ``Lacking`` with what the user lacks beyond the ``known`` problems."""
    if user.unreadable:
        raise Lacking(user.unreadable)
    checkup = await check_user(world, user, repair=False, notify=False)
    lacking = [problem for problem in (*checkup.problems, *checkup.unshown) if problem not in known]
    if lacking:
        raise Lacking(" | ".join(lacking))
    return f"may be synced as the ERP.net user {checkup.user.erp_login}"
