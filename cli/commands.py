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
from cli.runner import DONE, FAILED, Runner

if TYPE_CHECKING:
    from jobs.asked import Wish
    from jobs.commands.shapes import Json
    from jobs.world import World
    from sync_core.model.memory import Instance, User

NOBODY = ("Nobody's sync is switched on: `calsync users enable UPN`.",)

IMPORTED = ("Everybody in the file is switched on as it says.",)

LOG_LINES = 20
"""The newest journal entries that ``status`` shows of each user."""

Command = TypeVar("Command", bound=Callable[..., object])
Found = TypeVar("Found")


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Runner).as_json |= value


def _set_here(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Runner).is_here |= value


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Machine-readable output on stdout; stands before or after the command.",
)
here_option = click.option(
    "--here",
    is_flag=True,
    expose_value=False,
    callback=_set_here,
    help="Do it in this process instead of asking the app (or CALSYNC_HERE=1).",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask first.")
file_option = click.option(
    "--file",
    "named",
    type=click.File(encoding="utf-8"),
    help="A file with one UPN a line (- is standard input).",
)
user_option = click.option("--user", "upns", metavar="UPN", multiple=True, help="Only this user; may be repeated.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="calsync")
@json_option
@here_option
def main() -> None:
    """Keep Outlook calendars and ERP.net activities in step, both ways.

    The app does what is asked for; --here does it in this process.

    Exit codes: 0 done, 1 a user or an item failed, 2 settings or arguments are wrong, 130 stopped by Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a subject's letters


def command(group: click.Group, name: str | None = None) -> Callable[[Command], click.Command]:
    """Add the function to the group as a command with ``--json`` and ``--here``; its first argument is the runner."""
    return lambda function: group.command(name)(json_option(here_option(click.pass_obj(function))))


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

    if runner.is_here:
        runner.run(lambda world: _examine(runner, world, repair), is_examined=True)
    runner.ask("grant" if repair else "doctor", text.doctor_lines, repair=repair)


async def _examine(runner: Runner, world: World, repair: bool) -> int:
    """Print each check as soon as it is made."""
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
    runner.say(text.verdict_line(checks))
    runner.give({"fine": is_fine, "checks": checks}, ())
    return DONE if is_fine else FAILED


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

    runner.read(work)


# 6 parameters: click hands over each option by itself.
@command(users)
@click.argument("upns", metavar="UPN", nargs=-1)
@file_option
@click.option(
    "--company", metavar="ID", default="", help="The enterprise company of the users' activities: id, name or code."
)
@click.option(
    "--location", metavar="ID", default="", help="The company location of the users' activities: id or name."
)
@click.option("--time-zone", metavar="IANA", default="", help="Like Europe/Sofia; the mailbox's own by default.")
def enable(
    runner: Runner, upns: tuple[str, ...], named: TextIO | None, company: str, location: str, time_zone: str
) -> None:
    """Switch users' sync on."""
    people = _named(upns, named)
    runner.ask("enable", text.enabled_lines, people=people, company=company, location=location, zone=time_zone)


def _named(upns: Sequence[str], file: TextIO | None) -> tuple[str, ...]:
    """The users named as arguments and in a file. Raises ``UsageError`` where there is nobody."""
    lines = (line.strip() for line in (file or ()))
    found = tuple(dict.fromkeys((*upns, *(line for line in lines if line and not line.startswith("#")))))
    if not found:
        raise click.UsageError("say whom: one or more UPNs, or --file")
    return found


@command(users)
@click.argument("upns", metavar="UPN", nargs=-1)
@file_option
def disable(runner: Runner, upns: tuple[str, ...], named: TextIO | None) -> None:
    """Switch users' sync off; nothing is deleted on either side."""
    runner.ask("disable", text.disabled_lines, people=_named(upns, named))


@command(users)
@click.argument("upn")
@yes_option
def forget(runner: Runner, upn: str, yes: bool) -> None:
    """Erase everything stored about a user, journal included; both sides stay as they are."""
    _confirm(f"Erase everything stored about {upn}? It cannot be taken back.", yes)
    runner.ask("forget", text.forgotten_lines, people=(upn,))


def _confirm(question: str, yes: bool) -> None:
    """Ask before what cannot be undone; where nobody can answer, --yes must say it."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Add --yes.")
    click.confirm(question, abort=True, err=True)


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

    runner.read(work)


@command(users, "import")
@click.argument("file", type=click.File(encoding="utf-8"))
def import_users(runner: Runner, file: TextIO) -> None:
    """Switch on every user in a file of `users export` (- is standard input); nobody is switched off."""
    if not runner.is_here:
        runner.ask_each(
            _wishes_of(file.read()), text.enabled_lines, empty=("Everybody in the file is known as it says.",)
        )

    async def work(world: World) -> int:
        from jobs.commands import roster, shapes

        imported = await roster.import_entries(world, roster.read(file.read()), runner.notice)
        output = shapes.import_of(imported)
        runner.give(output, text.import_lines(output))
        return FAILED if any(one.failure or one.problems for one in imported) else DONE

    runner.run(work)


def _wishes_of(written: str) -> Callable[[World], Awaitable[list[Wish]]]:
    """What a file of `users export` asks for: one wish for all who are to have the same place and zone."""

    async def find(world: World) -> list[Wish]:
        from jobs.asked import Kind, Wish
        from jobs.commands import roster

        people: dict[tuple[str, str, str], list[str]] = {}
        known = await world.store.list_users()
        for entry in roster.read(written):
            if not any(entry.means(user) and entry.is_met_by(user) for user in known):
                place = (entry.company_id, entry.location_id, entry.time_zone)
                people.setdefault(place, []).append(entry.id or entry.upn)
        return [
            Wish(Kind.ENABLE, tuple(names), company=company, location=location, zone=zone)
            for (company, location, zone), names in people.items()
        ]

    return find


@command(main)
@user_option
@click.option("--full", is_flag=True, help="Read both sides whole.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
def sync(runner: Runner, upns: tuple[str, ...], full: bool, dry_run: bool) -> None:
    """Sync each user who is switched on, or the named ones, now: one pull, then rounds until all is done."""

    if not runner.is_here:
        kind = "preview" if dry_run else "sync"
        runner.ask(kind, text.sync_lines, empty=NOBODY, people=upns, full=full)

    async def work(world: World) -> int:
        chosen = await _chosen(world, upns, only_enabled=True)
        if not chosen:
            runner.notice(NOBODY[0])
        return await _sync(runner, world, chosen, full=full, dry_run=dry_run)

    runner.run(work)


@command(main)
@user_option
@click.option("--full", is_flag=True, help="As if both sides were read whole.")
@click.pass_context
def preview(ctx: click.Context, _: Runner, upns: tuple[str, ...], full: bool) -> None:
    """Show what a sync would do now, mails included; nothing is written."""
    ctx.invoke(sync, upns=upns, full=full, dry_run=True)


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


async def _status(world: World, user: User, instance: Instance) -> Json:
    from jobs.commands import shapes
    from jobs.due import pause_of
    from jobs.round.context import left_alone

    journal = await world.store.read_journal(user.id, LOG_LINES)
    memory = await world.store.recall(user.id)
    alone = left_alone(await world.store.list_users(), memory)
    return shapes.status_of(user, memory, journal, alone, pause=pause_of(user, instance, world.clock()))


async def _instance(runner: Runner, world: World, failures: list[str]) -> Instance:
    """The instance row; an unreadable one is reported, and the users are shown all the same."""
    from sync_core.errors import RowUnreadable
    from sync_core.model.memory import Instance

    try:
        return (await world.store.read_instance())[0]
    except RowUnreadable as error:
        failures.append(str(error))
        runner.notice(failures[-1])
        return Instance()


async def _conflicts(world: World, user: User) -> list[Json]:
    from jobs.commands import shapes

    return shapes.conflicts_of(user, await world.store.recall(user.id))


@command(main)
@user_option
def status(runner: Runner, upns: tuple[str, ...]) -> None:
    """Show each user's state, checkpoints, open conflicts, parked items, holds and newest journal entries."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        chosen = await _chosen(world, upns)
        unread: list[str] = []
        instance = await _instance(runner, world, unread)
        found, failures = await _of_each(runner, chosen, lambda user: _status(world, user, instance))
        failures += unread
        company = shapes.company_of(instance, pause=instance.pause)
        lines = [*text.company_lines(company), *(line for user in found for line in text.status_lines(user))]
        output = {"company": company, "users": found, "failures": failures}
        runner.give(output, lines if chosen else [*lines, *NOBODY])
        is_fine = not company["refused"] and all(user.is_operational for user in chosen if user.enabled)
        is_fine &= not any(shapes.is_unreadable(entry) for user in found for entry in user["log"])
        return DONE if is_fine and not failures else FAILED

    runner.read(work)


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

    runner.read(work)


@command(main)
@click.argument("upn")
@click.argument("item", metavar="SUBJECT-OR-ID")
def why(runner: Runner, upn: str, item: str) -> None:
    """Explain what was decided about an item, with the values that lost."""

    runner.ask("why", text.explained_lines, people=(upn,), item=item)


@command(main)
@click.argument("choice_id", metavar="ID")
@click.option("--drop", is_flag=True, help="Say no: both sides stay as they are.")
@click.option("--show", is_flag=True, help="Only show the list, and what a yes and a no lead to.")
@yes_option
def approve(runner: Runner, choice_id: str, drop: bool, show: bool, yes: bool) -> None:
    """Carry out exactly the list that waits under this id (`sync` and `status` show it)."""
    if show:
        runner.read(lambda world: _show_choice(runner, world, choice_id))
    if not drop:
        _confirm(f"Carry out what waits as {choice_id}? `calsync approve {choice_id} --show` lists it.", yes)
    if runner.is_here:
        runner.run(lambda world: _approve(runner, world, choice_id, drop))
    runner.ask("approve", text.sync_lines, item=choice_id, choice="drop" if drop else "approve")


async def _show_choice(runner: Runner, world: World, choice_id: str) -> int:
    from jobs.approvals import find_choice
    from jobs.commands import shapes

    user, choice = await find_choice(world, choice_id)
    held = shapes.hold_of(choice, user)
    runner.give({"hold": held}, text.hold_lines(held, most=None))
    return DONE


async def _approve(runner: Runner, world: World, choice_id: str, drop: bool) -> int:
    from jobs.approvals import find_choice, make_choice

    user, choice = await find_choice(world, choice_id)
    await make_choice(world, user, choice, approved=not drop, notice=runner.notice)
    runner.notice(f"{'Dropped' if drop else 'Approved'} for {user.upn}: {choice.why}.")
    return await _sync(runner, world, [user])


@command(main)
@user_option
def retry(runner: Runner, upns: tuple[str, ...]) -> None:
    """Un-park every parked item; the next sync looks at it again."""
    runner.ask("retry", text.retried_lines, empty=NOBODY, people=upns)


@command(main)
@click.argument("conflict_id", metavar="ID")
@click.option("--keep", type=click.Choice(["outlook", "erp"]), help="Whose values stay.")
@click.option(
    "--field", "fields", metavar="FIELD=SIDE", multiple=True, help="One field's side, like subject=outlook."
)
def resolve(runner: Runner, conflict_id: str, keep: str | None, fields: tuple[str, ...]) -> None:
    """Resolve the conflict with this id (`conflicts` shows it): one side's values, or field by field."""
    if bool(keep) == bool(fields):
        raise click.UsageError("say either --keep outlook or --keep erp, or --field for each field")
    chosen = dict(field.partition("=")[::2] for field in fields)
    runner.ask("resolve", text.resolved_lines, item=conflict_id, choice=keep or "fields", fields=chosen)


@command(main)
@click.argument("round_id", metavar="ROUND")
@click.option("--show", is_flag=True, help="Only show what would be put back, and what would not.")
@click.option("--remake", is_flag=True, help="Also make anew in Outlook what the round deleted; nobody is mailed.")
@yes_option
def undo(runner: Runner, round_id: str, show: bool, remake: bool, yes: bool) -> None:
    """Put back what a round wrote (`journal` shows the rounds); what was edited since stays."""
    if not show:
        _confirm(f"Put back what round {round_id} wrote? `calsync undo {round_id} --show` lists it.", yes)
    runner.ask("undo", text.undo_lines, item=round_id, choice="show" if show else "remake" if remake else "")


@command(main)
@user_option
@click.option("--all", "everybody", is_flag=True, help="Everybody's sync.")
@click.option("--until", metavar="DATE", default="", help="The first day after the pause, like 2026-12-07.")
def pause(runner: Runner, upns: tuple[str, ...], everybody: bool, until: str) -> None:
    """Pause the sync of users, or of everybody; what changes meanwhile waits."""
    runner.ask("pause", text.paused_lines, people=upns, everybody=everybody, until=until)


@command(main)
@user_option
@click.option("--all", "everybody", is_flag=True, help="Everybody's sync.")
def resume(runner: Runner, upns: tuple[str, ...], everybody: bool) -> None:
    """End a pause; what waited is synced now."""
    runner.ask("resume", text.paused_lines, people=upns, everybody=everybody)


@command(main)
@click.argument("command_id", metavar="ID", default="")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, help="How many, newest first.")
def commands(runner: Runner, command_id: str, limit: int) -> None:
    """Show what the app was asked for, by whom, and what became of it; with an ID, the answer too."""

    async def work(world: World) -> int:
        from jobs.commands import shapes
        from jobs.commands.ask import look, read_answer
        from jobs.commands.mistakes import UnknownItem

        if not command_id:
            found = [shapes.command_of(one) for one in await world.store.list_commands(limit)]
            runner.give(
                {"commands": found}, [text.asked_line(one) for one in found] or ["Nothing was asked for yet."]
            )
            return DONE
        one = await look(world, command_id)
        if one is None:
            raise UnknownItem(f"no command has the id {command_id}: `calsync commands` lists the newest")
        answer = await read_answer(world, one)
        shown = shapes.command_of(one)
        runner.give(
            {"command": shown, "answer": answer}, [text.asked_line(shown), *text.answer_lines(one.wish.kind, answer)]
        )
        return DONE

    runner.read(work)


@command(main)
@user_option
@click.option("--since", metavar="DATE", default="", help="Not older than this day, like 2026-12-07.")
@click.option("--limit", type=click.IntRange(1, 5000), default=100, help="Entries of each user, newest first.")
def journal(runner: Runner, upns: tuple[str, ...], since: str, limit: int) -> None:
    """Show what was done and why, newest first."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        chosen = await _chosen(world, upns)
        found = [shapes.journal_of(user, await world.store.read_journal(user.id, limit), since) for user in chosen]
        lines = [line for one in found for line in text.journal_lines(one)]
        runner.give({"users": found}, lines if chosen else NOBODY)
        return FAILED if any(shapes.is_unreadable(entry) for one in found for entry in one["log"]) else DONE

    runner.read(work)


@command(main)
@user_option
@click.option("--reason", default="", help="Only items with exactly this reason.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip so many items.")
def unsynced(runner: Runner, upns: tuple[str, ...], reason: str, offset: int) -> None:
    """List what is not synced, by reason, with what would change it."""

    async def work(world: World) -> int:
        from jobs.commands import shapes
        from jobs.commands.unsynced import list_unsynced

        [user] = await _chosen(world, upns[:1]) if upns else [None]
        page = await list_unsynced(world, user_id=user.id if user else "", reason=reason, offset=offset)
        output = shapes.unsynced_of(page)
        runner.give(output, [*text.unsynced_lines(output)] or ["Everything is synced."])
        return DONE

    runner.read(work)


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
@click.option("--pause", "is_paused", is_flag=True, help="Wait for Enter between the steps.")
@click.option("--step", metavar="N", type=click.IntRange(1), default=None, help="Show only this step.")
def demo(_: Runner, ics: Path | None, is_paused: bool, step: int | None) -> None:
    """Show a sync of one person's calendar against stand-ins of both systems; no settings are needed."""
    from simulators import demo

    sys.exit(demo.main(main, ics, step=step or 0, is_paused=is_paused))
