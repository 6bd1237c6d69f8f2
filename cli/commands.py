"""The commands of ``calsync``: each parses its arguments, calls one job and prints the output (design.md §9).

A command imports what it needs when it is called, so that help starts fast and no command loads another's packages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from cli import text
from cli.runner import DONE, FAILED, Runner, plain

if TYPE_CHECKING:
    from jobs.commands.shapes import Json
    from jobs.world import World
    from sync_core.model.memory import User

NOBODY = ("Nobody's sync is switched on: `calsync users enable UPN`.",)

LOG_LINES = 20
"""The newest journal entries that ``status`` shows of each user."""

Command = TypeVar("Command", bound=Callable[..., object])
Found = TypeVar("Found")


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Runner).as_json |= value


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Machine-readable output on stdout; stands before or after the command.",
)
user_option = click.option("--user", "upns", metavar="UPN", multiple=True, help="Only this user; may be repeated.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="calsync")
@json_option
def main() -> None:
    """Keep Outlook calendars and ERP.net activities in step, both ways.

    Exit codes: 0 done, 1 a user or an item failed, 2 settings or arguments are wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a subject's letters


def command(group: click.Group, name: str | None = None) -> Callable[[Command], click.Command]:
    """Add the function to the group as a command with ``--json``; its first argument is the runner."""
    return lambda function: group.command(name)(json_option(click.pass_obj(function)))


async def _chosen(world: World, upns: Sequence[str], *, only_enabled: bool = False) -> list[User]:
    """The named users, without a name all of them. Raises ``UnknownUser``."""
    from jobs.commands import switch

    if upns:
        named = [await switch.find_known(world, upn) for upn in upns]
        return list({user.id: user for user in named}.values())
    return [user for user in await world.store.list_users() if user.enabled or not only_enabled]


async def _of_each(
    runner: Runner, chosen: Sequence[User], find: Callable[[User], Awaitable[Found]]
) -> tuple[list[Found], list[str]]:
    """What ``find`` returns for each user, and the failures. An unreadable row is reported, not raised."""
    from sync_core.errors import RowUnreadable

    found: list[Found] = []
    failures: list[str] = []
    for user in chosen:
        try:
            found.append(await find(user))
        except RowUnreadable as error:
            failures.append(f"{user.upn}: {error}")
            runner.notice(failures[-1])
    return found, failures


@command(main)
@click.option("--repair", is_flag=True, help="Create and grant in ERP.net what is missing.")
def doctor(runner: Runner, repair: bool) -> None:
    """Check every requirement and permission, for the app and for each user; a failed check names the remedy."""

    async def work(world: World) -> int:
        from adapters.settings import load
        from jobs.commands import shapes
        from jobs.commands.doctor import examine

        checks: list[Json] = [
            {"fine": False, "what": "Settings", "text": warning} for warning in load(os.environ).warnings
        ]
        runner.say(text.check_line({"fine": True, "what": "Settings", "text": "complete"}))
        runner.say(*map(text.check_line, checks))
        async for check in examine(world, repair=repair, notice=runner.notice):
            checks.append(shapes.check_of(check))
            runner.say(text.check_line(checks[-1]))
        is_fine = all(check["fine"] for check in checks)
        runner.give({"fine": is_fine, "checks": checks}, ())
        return DONE if is_fine else FAILED

    runner.run(work, is_examined=True)


@main.group()
@json_option
def users() -> None:
    """Choose whose calendars are synced."""


@command(users, "list")
def list_users(runner: Runner) -> None:
    """Show everyone who was ever switched on."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        known = await world.store.list_users()
        found = [shapes.user_of(user) for user in known]
        runner.give({"users": found}, [*text.user_lines(found)] or NOBODY)
        return FAILED if any(user.unreadable for user in known) else DONE

    runner.run(work)


@command(users)
@click.argument("upn")
@click.option(
    "--company", metavar="ID", default="", help="The enterprise company of the user's activities: id, name or code."
)
@click.option(
    "--location", metavar="ID", default="", help="The company location of the user's activities: id or name."
)
@click.option("--time-zone", metavar="IANA", default="", help="Like Europe/Sofia; the mailbox's own by default.")
def enable(runner: Runner, upn: str, company: str, location: str, time_zone: str) -> None:
    """Switch a user's sync on."""

    async def work(world: World) -> int:
        from jobs.commands import shapes, switch
        from jobs.waiting import erp_session

        async with erp_session(world, runner.notice):
            checkup = await switch.enable(world, upn, company_id=company, location_id=location, zone=time_zone)
        user = shapes.user_of(checkup.user)
        problems = [plain(f"  {problem}") for problem in checkup.problems]
        runner.give({"users": [user], "problems": [*checkup.problems]}, [text.user_line(user), *problems])
        return FAILED if checkup.problems else DONE

    runner.run(work)


@command(users)
@click.argument("upn")
def disable(runner: Runner, upn: str) -> None:
    """Switch a user's sync off; nothing is deleted on either side."""

    async def work(world: World) -> int:
        from jobs.commands import shapes, switch
        from jobs.waiting import take_when_free

        user = await switch.find_known(world, upn)
        await take_when_free(lambda: switch.disable(world, user), world, runner.notice, f"the round of {user.upn}")
        line = plain(f"{user.upn}: off; nothing was deleted on either side.")
        runner.give({"users": [shapes.user_of(await switch.find_known(world, user.id))]}, [line])
        return DONE

    runner.run(work)


@command(users)
@click.argument("upn")
def forget(runner: Runner, upn: str) -> None:
    """Erase everything stored about a user, journal included; both sides stay as they are."""

    async def work(world: World) -> int:
        from jobs.commands import switch
        from jobs.waiting import take_when_free

        user = await switch.find_known(world, upn)
        await take_when_free(lambda: switch.forget(world, user), world, runner.notice, f"the round of {user.upn}")
        line = plain(f"{user.upn} ({user.id}): forgotten; events and activities stay as they are.")
        runner.give({"forgotten": user.upn, "id": user.id}, [line])
        return DONE

    runner.run(work)


@command(users, "export")
def export_users(runner: Runner) -> None:
    """Print the users who are switched on, with their places and time zones, as JSON: a backup for `users import`."""

    async def work(world: World) -> int:
        from jobs.commands import roster

        known = await world.store.list_users()
        unreadable = [user for user in known if user.unreadable]
        for user in unreadable:
            runner.notice(f"{user.id} is left out: {user.unreadable}")
        runner.print(roster.export(known))
        return FAILED if unreadable else DONE

    runner.run(work)


@command(users, "import")
@click.argument("file", type=click.File(encoding="utf-8"))
def import_users(runner: Runner, file: TextIO) -> None:
    """Switch on every user in a file of `users export` (- is standard input); nobody is switched off."""

    async def work(world: World) -> int:
        from jobs.commands import roster, shapes

        imported = await roster.import_entries(world, roster.read(file.read()), runner.notice)
        output = shapes.import_of(imported)
        runner.give(output, text.import_lines(output))
        return FAILED if any(one.failure or one.problems for one in imported) else DONE

    runner.run(work)


@command(main)
@user_option
@click.option("--full", is_flag=True, help="Read both sides whole.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
def sync(runner: Runner, upns: tuple[str, ...], full: bool, dry_run: bool) -> None:
    """Sync each user who is switched on, or the named ones, now: one pull, then rounds until all is done."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns, only_enabled=True)
        if not chosen:
            runner.notice(NOBODY[0])
        return await _sync(runner, world, chosen, full=full, dry_run=dry_run)

    runner.run(work)


async def _sync(
    runner: Runner, world: World, chosen: Sequence[User], *, full: bool = False, dry_run: bool = False
) -> int:
    from jobs.commands import shapes
    from jobs.commands.sync import plan_sync, run_sync, what_waits
    from jobs.company import stamp_policy

    if not dry_run:
        await stamp_policy(world)
    run = plan_sync if dry_run else run_sync
    with runner.progress(len(chosen)) as step:
        outcome = await run(world, chosen, full=full, notice=runner.notice, progress=lambda report: step(report.upn))
    output = shapes.sync_of(outcome, await what_waits(world, chosen, outcome), dry_run=dry_run)
    runner.give(output, text.sync_lines(output))
    is_off = any(not user.enabled for user in chosen)
    return DONE if outcome.is_fine and not is_off else FAILED


async def _status(world: World, user: User) -> Json:
    from jobs.commands import shapes
    from jobs.round.context import left_alone

    journal = await world.store.read_journal(user.id, LOG_LINES)
    memory = await world.store.recall(user.id)
    return shapes.status_of(user, memory, journal, left_alone(await world.store.list_users(), memory))


async def _company(runner: Runner, world: World, failures: list[str]) -> Json:
    """What the store says of the company; an unreadable row is reported, and the users are shown all the same."""
    from jobs.commands import shapes
    from sync_core.errors import RowUnreadable
    from sync_core.model.memory import Instance

    try:
        return shapes.company_of((await world.store.read_instance())[0])
    except RowUnreadable as error:
        failures.append(str(error))
        runner.notice(failures[-1])
        return shapes.company_of(Instance())


async def _conflicts(world: World, user: User) -> list[Json]:
    from jobs.commands import shapes

    return shapes.conflicts_of(user, await world.store.recall(user.id))


async def _retried(runner: Runner, world: World, user: User) -> tuple[str, int]:
    from jobs.approvals import retry as retry_user

    return user.upn, await retry_user(world, user, notice=runner.notice)


@command(main)
@user_option
def status(runner: Runner, upns: tuple[str, ...]) -> None:
    """Show each user's state, checkpoints, open conflicts, parked items, holds and newest journal entries."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        chosen = await _chosen(world, upns)
        found, failures = await _of_each(runner, chosen, lambda user: _status(world, user))
        company = await _company(runner, world, failures)
        lines = [*text.company_lines(company), *(line for user in found for line in text.status_lines(user))]
        output = {"company": company, "users": found, "failures": failures}
        runner.give(output, lines if chosen else [*lines, *NOBODY])
        is_fine = not company["refused"] and all(user.is_operational for user in chosen if user.enabled)
        is_fine &= not any(shapes.is_unreadable(entry) for user in found for entry in user["log"])
        return DONE if is_fine and not failures else FAILED

    runner.run(work)


@command(main)
@user_option
def conflicts(runner: Runner, upns: tuple[str, ...]) -> None:
    """List open conflicts, with both values."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns)
        each, failures = await _of_each(runner, chosen, lambda user: _conflicts(world, user))
        found = [conflict for conflicts_of_one in each for conflict in conflicts_of_one]
        lines = [line for conflict in found for line in text.conflict_lines(conflict)]
        runner.give({"conflicts": found, "failures": failures}, lines or ["No conflict is open."])
        return FAILED if failures else DONE

    runner.run(work)


@command(main)
@click.argument("upn")
@click.argument("item", metavar="SUBJECT-OR-ID")
def why(runner: Runner, upn: str, item: str) -> None:
    """Explain what was decided about an item, with the values that lost."""

    async def work(world: World) -> int:
        from jobs.commands import shapes, switch
        from jobs.commands.explain import explain
        from jobs.commands.mistakes import UnknownItem

        user = await switch.find_known(world, upn)
        found = [shapes.finding_of(f) for f in await explain(world, user, item, notice=runner.notice)]
        if not found:
            raise UnknownItem(f"neither Outlook nor ERP.net nor the journal of {user.upn} knows “{item}”")
        runner.give({"items": found}, (line for one in found for line in text.finding_lines(one)))
        return FAILED if any(map(shapes.is_unreadable, found)) else DONE

    runner.run(work)


@command(main)
@click.argument("choice_id", metavar="ID")
@click.option("--drop", is_flag=True, help="Say no: both sides stay as they are.")
@click.option("--show", is_flag=True, help="Only show the list, and what a yes and a no lead to.")
def approve(runner: Runner, choice_id: str, drop: bool, show: bool) -> None:
    """Carry out exactly the list that waits under this id (`sync` and `status` show it)."""

    async def work(world: World) -> int:
        from jobs.approvals import find_choice, make_choice
        from jobs.commands import shapes

        user, choice = await find_choice(world, choice_id)
        if show:
            held = shapes.hold_of(choice, user)
            runner.give({"hold": held}, text.hold_lines(held, most=None))
            return DONE
        await make_choice(world, user, choice, approved=not drop, notice=runner.notice)
        runner.notice(f"{'Dropped' if drop else 'Approved'} for {user.upn}: {choice.why}.")
        return await _sync(runner, world, [user])

    runner.run(work)


@command(main)
@user_option
def retry(runner: Runner, upns: tuple[str, ...]) -> None:
    """Un-park every parked item; the next sync looks at it again."""

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns)
        each, failures = await _of_each(runner, chosen, lambda user: _retried(runner, world, user))
        counts = dict(each)
        lines = [plain(f"{upn}: {text.count(n, 'item')} to be looked at again.") for upn, n in counts.items()]
        rows = [{"upn": upn, "retried": n} for upn, n in counts.items()]
        runner.give({"users": rows, "failures": failures}, lines if chosen else NOBODY)
        return FAILED if failures else DONE

    runner.run(work)


@command(main)
@click.option("--set", "is_set", is_flag=True, help="Make the settings given here the company's; the others stay.")
@click.option("--take-over", is_flag=True, help="Change the policy that an app set, because no app runs any more.")
def policy(runner: Runner, is_set: bool, take_over: bool) -> None:
    """Show the company's policy, which the app and every command follow, and each setting that differs here."""
    if take_over and not is_set:
        raise click.UsageError("--take-over goes with --set: by itself it changes nothing")

    async def work(world: World) -> int:
        from jobs.commands import shapes
        from jobs.company import change_policy, is_stamped

        if is_set:
            await change_policy(world, take_over=take_over)
        instance, _ = await world.store.read_instance()
        is_stamped(world, instance)
        output = shapes.policy_of(instance, world)
        runner.give(output, text.policy_lines(output))
        return DONE

    runner.run(work, is_agreed=False)


@command(main)
@click.option(
    "--ics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A calendar export (.ics) of any program.",
)
def demo(_: Runner, ics: Path | None) -> None:
    """Show a sync of one person's calendar against stand-ins of both systems; no settings are needed."""
    from simulators import demo

    sys.exit(demo.main(main, ics))
