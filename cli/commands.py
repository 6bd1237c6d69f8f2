"""The commands of ``calsync``: parse, call one job, answer. What they promise is in design.md §9.

Each imports what it works with when it is called: help must not wait for it, nor one command for another's packages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from cli import text
from cli.stage import DONE, FAILED, Stage, plain

if TYPE_CHECKING:
    from jobs.approvals import Choice
    from jobs.commands.shapes import Json
    from jobs.commands.sync import SyncReport
    from jobs.world import World
    from sync_core.model.memory import User

NOBODY = ("Nobody's sync is switched on: `calsync users enable UPN`.",)

LOG_LINES = 20
"""Journal entries that ``status`` shows of each user."""

Command = TypeVar("Command", bound=Callable[..., object])
Found = TypeVar("Found")


def _note_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Stage).as_json |= value


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_note_json,
    help="Machine-readable answer on stdout, before or after the command.",
)
user_option = click.option("--user", "upns", metavar="UPN", multiple=True, help="Only this user; may be repeated.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="calsync")
@json_option
def main() -> None:
    """Keeps Outlook calendars and ERP.net activities in step, both ways.

    Exit codes: 0 done, 1 a user or an item failed, 2 settings or arguments are wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a subject's letters


def command(group: click.Group, name: str | None = None) -> Callable[[Command], click.Command]:
    """Add a command to the group, with ``--json`` and the stage as its first argument."""
    return lambda function: group.command(name)(json_option(click.pass_obj(function)))


async def _chosen(world: World, upns: Sequence[str], *, only_enabled: bool = False) -> list[User]:
    """The named users (``UnknownUser`` for others), else all."""
    from jobs.commands import switch

    if upns:
        named = [await switch.find_known(world, upn) for upn in upns]
        return list({user.id: user for user in named}.values())
    return [user for user in await world.store.list_users() if user.enabled or not only_enabled]


async def _of_each(
    stage: Stage, chosen: Sequence[User], look: Callable[[User], Awaitable[Found]]
) -> tuple[list[Found], list[str]]:
    """What is found for each user, and what cannot be: a spoilt row is told, and stops only whose it is."""
    from sync_core.errors import RowUnreadable

    found: list[Found] = []
    failures: list[str] = []
    for user in chosen:
        try:
            found.append(await look(user))
        except RowUnreadable as error:
            failures.append(f"{user.upn}: {error}")
            stage.notice(failures[-1])
    return found, failures


@command(main)
@click.option("--repair", is_flag=True, help="Create and grant in ERP.net what is missing.")
def doctor(stage: Stage, repair: bool) -> None:
    """Check every requirement and permission, for each user, with the remedy."""

    async def work(world: World) -> int:
        from adapters.settings import load
        from jobs.commands import shapes
        from jobs.commands.doctor import examine

        checks: list[Json] = [
            {"fine": False, "what": "Settings", "text": warning} for warning in load(os.environ).warnings
        ]
        stage.say(text.check_line({"fine": True, "what": "Settings", "text": "complete"}))
        stage.say(*map(text.check_line, checks))
        async for check in examine(world, repair=repair, notice=stage.notice):
            checks.append(shapes.check_of(check))
            stage.say(text.check_line(checks[-1]))
        is_fine = all(check["fine"] for check in checks)
        stage.give({"fine": is_fine, "checks": checks}, ())
        return DONE if is_fine else FAILED

    stage.run(work, is_examined=True)


@main.group()
@json_option
def users() -> None:
    """Whose calendars are synced."""


@command(users, "list")
def list_users(stage: Stage) -> None:
    """Show everyone who was ever switched on."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        known = await world.store.list_users()
        found = [shapes.user_of(user) for user in known]
        stage.give({"users": found}, [*text.user_lines(found)] or NOBODY)
        return FAILED if any(user.unreadable for user in known) else DONE

    stage.run(work)


@command(users)
@click.argument("upn")
@click.option(
    "--company", metavar="ID", default="", help="The enterprise company of the user's activities: id, name or code."
)
@click.option(
    "--location", metavar="ID", default="", help="The company location of the user's activities: id or name."
)
@click.option("--time-zone", metavar="IANA", default="", help="Like Europe/Sofia; the mailbox's own by default.")
def enable(stage: Stage, upn: str, company: str, location: str, time_zone: str) -> None:
    """Switch a user's sync on."""

    async def work(world: World) -> int:
        from jobs.commands import shapes, switch
        from jobs.waiting import erp_session

        async with erp_session(world, stage.notice):
            checkup = await switch.enable(world, upn, company_id=company, location_id=location, zone=time_zone)
        user = shapes.user_of(checkup.user)
        problems = [plain(f"  {problem}") for problem in checkup.problems]
        stage.give({"users": [user], "problems": [*checkup.problems]}, [text.user_line(user), *problems])
        return FAILED if checkup.problems else DONE

    stage.run(work)


@command(users)
@click.argument("upn")
def disable(stage: Stage, upn: str) -> None:
    """Switch a user's sync off; nothing is deleted on either side."""

    async def work(world: World) -> int:
        from jobs.commands import shapes, switch
        from jobs.waiting import take_when_free

        user = await switch.find_known(world, upn)
        await take_when_free(lambda: switch.disable(world, user), world, stage.notice, f"the round of {user.upn}")
        line = plain(f"{user.upn}: off; nothing was deleted on either side.")
        stage.give({"users": [shapes.user_of(await switch.find_known(world, user.id))]}, [line])
        return DONE

    stage.run(work)


@command(users)
@click.argument("upn")
def forget(stage: Stage, upn: str) -> None:
    """Erase all that is remembered of a user, journal included; both sides stay as they are."""

    async def work(world: World) -> int:
        from jobs.commands import switch
        from jobs.waiting import take_when_free

        user = await switch.find_known(world, upn)
        await take_when_free(lambda: switch.forget(world, user), world, stage.notice, f"the round of {user.upn}")
        line = plain(f"{user.upn} ({user.id}): forgotten; events and activities stay as they are.")
        stage.give({"forgotten": user.upn, "id": user.id}, [line])
        return DONE

    stage.run(work)


@command(users, "export")
def export_users(stage: Stage) -> None:
    """Print who is switched on, with company, location and time zone, as JSON: a backup for `users import`."""

    async def work(world: World) -> int:
        from jobs.commands import roster

        known = await world.store.list_users()
        unreadable = [user for user in known if user.unreadable]
        for user in unreadable:
            stage.notice(f"{user.id} is left out: {user.unreadable}")
        stage.print(roster.written(known))
        return FAILED if unreadable else DONE

    stage.run(work)


@command(users, "import")
@click.argument("file", type=click.File(encoding="utf-8"))
def import_users(stage: Stage, file: TextIO) -> None:
    """Switch everybody on who is in a file of `users export` (- is standard input); nobody is switched off."""

    async def work(world: World) -> int:
        from jobs.commands import roster, shapes

        taken = await roster.take(world, roster.read(file.read()), stage.notice)
        answered = shapes.taken_of(taken)
        stage.give(answered, text.taken_lines(answered))
        return FAILED if any(one.failure or one.problems for one in taken) else DONE

    stage.run(work)


@command(main)
@user_option
@click.option("--full", is_flag=True, help="Read both sides whole.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
def sync(stage: Stage, upns: tuple[str, ...], full: bool, dry_run: bool) -> None:
    """One pull, then one round for each user who is switched on (or the named), here and now, until done."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns, only_enabled=True)
        if not chosen:
            stage.notice(NOBODY[0])
        return await _sync(stage, world, chosen, full=full, dry_run=dry_run)

    stage.run(work)


async def _sync(
    stage: Stage, world: World, chosen: Sequence[User], *, full: bool = False, dry_run: bool = False
) -> int:
    from jobs.commands import shapes
    from jobs.commands.sync import plan_sync, run_sync
    from jobs.company import stamp_policy

    if not dry_run:
        await stamp_policy(world)
    run = plan_sync if dry_run else run_sync
    with stage.progress(len(chosen)) as step:
        outcome = await run(world, chosen, full=full, notice=stage.notice, progress=lambda report: step(report.upn))
    answered = shapes.sync_of(outcome, await _waiting(world, chosen, outcome), dry_run=dry_run)
    stage.give(answered, text.sync_lines(answered))
    is_off = any(not user.enabled for user in chosen)
    return DONE if outcome.is_fine and not is_off else FAILED


async def _waiting(
    world: World, chosen: Sequence[User], outcome: SyncReport
) -> dict[str, tuple[User, Sequence[Choice]]]:
    """What waits, by user id; a round that could not read its rows has said so."""
    from jobs.approvals import choices_in
    from sync_core.errors import RowUnreadable

    users = {user.id: user for user in chosen}
    waiting: dict[str, tuple[User, Sequence[Choice]]] = {}
    for user_id in [report.user_id for report in outcome.reports]:
        waiting[user_id] = users[user_id], ()
        with suppress(RowUnreadable):
            waiting[user_id] = users[user_id], choices_in(await world.store.recall(user_id))
    return waiting


async def _status(world: World, user: User) -> Json:
    from jobs.commands import shapes
    from jobs.round.context import left_alone

    journal = await world.store.read_journal(user.id, LOG_LINES)
    memory = await world.store.recall(user.id)
    return shapes.status_of(user, memory, journal, left_alone(await world.store.list_users(), memory))


async def _company(stage: Stage, world: World, failures: list[str]) -> Json:
    """What is known of the company; a row that cannot be read is told, and the users all the same."""
    from jobs.commands import shapes
    from sync_core.errors import RowUnreadable
    from sync_core.model.memory import Instance

    try:
        return shapes.company_of((await world.store.read_instance())[0])
    except RowUnreadable as error:
        failures.append(str(error))
        stage.notice(failures[-1])
        return shapes.company_of(Instance())


async def _conflicts(world: World, user: User) -> list[Json]:
    from jobs.commands import shapes

    return shapes.conflicts_of(user, await world.store.recall(user.id))


async def _retried(stage: Stage, world: World, user: User) -> tuple[str, int]:
    from jobs.approvals import retry as retry_user

    return user.upn, await retry_user(world, user, notice=stage.notice)


@command(main)
@user_option
def status(stage: Stage, upns: tuple[str, ...]) -> None:
    """State, checkpoints, open ends and the newest of the journal, user by user."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        chosen = await _chosen(world, upns)
        found, failures = await _of_each(stage, chosen, lambda user: _status(world, user))
        company = await _company(stage, world, failures)
        lines = [*text.company_lines(company), *(line for user in found for line in text.status_lines(user))]
        stage.give({"company": company, "users": found, "failures": failures}, lines if chosen else [*lines, *NOBODY])
        is_fine = not company["refused"] and all(user.is_operational for user in chosen if user.enabled)
        is_fine &= not any(shapes.is_unreadable(entry) for user in found for entry in user["log"])
        return DONE if is_fine and not failures else FAILED

    stage.run(work)


@command(main)
@user_option
def conflicts(stage: Stage, upns: tuple[str, ...]) -> None:
    """Open conflicts, with both values."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns)
        each, failures = await _of_each(stage, chosen, lambda user: _conflicts(world, user))
        found = [conflict for conflicts_of_one in each for conflict in conflicts_of_one]
        lines = [line for conflict in found for line in text.conflict_lines(conflict)]
        stage.give({"conflicts": found, "failures": failures}, lines or ["No conflict is open."])
        return FAILED if failures else DONE

    stage.run(work)


@command(main)
@click.argument("upn")
@click.argument("item", metavar="SUBJECT-OR-ID")
def why(stage: Stage, upn: str, item: str) -> None:
    """What was decided about an item and why, with the values that lost."""

    async def work(world: World) -> int:
        from cli.errors import UnknownItem
        from jobs.commands import shapes, switch
        from jobs.commands.explain import explain

        user = await switch.find_known(world, upn)
        found = [shapes.finding_of(f) for f in await explain(world, user, item, notice=stage.notice)]
        if not found:
            raise UnknownItem(f"neither Outlook nor ERP.net nor the journal of {user.upn} knows “{item}”")
        stage.give({"items": found}, (line for one in found for line in text.finding_lines(one)))
        return FAILED if any(map(shapes.is_unreadable, found)) else DONE

    stage.run(work)


@command(main)
@click.argument("choice_id", metavar="ID")
@click.option("--drop", is_flag=True, help="Let both sides be instead.")
@click.option("--show", is_flag=True, help="Only show the list, and what each answer leads to.")
def approve(stage: Stage, choice_id: str, drop: bool, show: bool) -> None:
    """Carry out exactly the list that waits under this id (`sync` and `status` show it)."""

    async def work(world: World) -> int:
        from jobs.approvals import find_choice, make_choice
        from jobs.commands import shapes

        user, choice = await find_choice(world, choice_id)
        if show:
            held = shapes.hold_of(choice, user)
            stage.give({"hold": held}, text.hold_lines(held, most=None))
            return DONE
        await make_choice(world, user, choice, approved=not drop, notice=stage.notice)
        stage.notice(f"{'Dropped' if drop else 'Approved'} for {user.upn}: {choice.why}.")
        return await _sync(stage, world, [user])

    stage.run(work)


@command(main)
@user_option
def retry(stage: Stage, upns: tuple[str, ...]) -> None:
    """Un-park everything parked; the next sync looks at it again."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns)
        each, failures = await _of_each(stage, chosen, lambda user: _retried(stage, world, user))
        counts = dict(each)
        lines = [plain(f"{upn}: {text.count(n, 'item')} to be looked at again.") for upn, n in counts.items()]
        rows = [{"upn": upn, "retried": n} for upn, n in counts.items()]
        stage.give({"users": rows, "failures": failures}, lines if chosen else NOBODY)
        return FAILED if failures else DONE

    stage.run(work)


@command(main)
@click.option("--set", "is_set", is_flag=True, help="Make what is set here the company's; the rest stays.")
@click.option("--take-over", is_flag=True, help="Even if the app set it, because no app runs any more.")
def policy(stage: Stage, is_set: bool, take_over: bool) -> None:
    """The company's policy, by which the app and every command work, and what is set otherwise here."""
    if take_over and not is_set:
        raise click.UsageError("--take-over goes with --set: by itself it changes nothing")

    async def work(world: World) -> int:
        from jobs.commands import shapes
        from jobs.company import change_policy, is_stamped

        if is_set:
            await change_policy(world, take_over=take_over)
        instance, _ = await world.store.read_instance()
        is_stamped(world, instance)
        answered = shapes.policy_of(instance, world)
        stage.give(answered, text.policy_lines(answered))
        return DONE

    stage.run(work, is_agreed=False)


@command(main)
@click.option(
    "--ics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A calendar export (.ics) of any program.",
)
def demo(_: Stage, ics: Path | None) -> None:
    """Show a sync of one person's calendar against stand-ins; nothing else is needed."""
    from simulators import demo

    sys.exit(demo.main(main, ics))
