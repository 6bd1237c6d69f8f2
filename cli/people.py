"""`calsync users`: who takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from cli import group
from cli.group import (
    NOBODY,
    all_option,
    command,
    confirm,
    file_option,
    main,
    shared,
    upn_argument,
    upns_argument,
    yes_option,
)
from cli.runner import DONE, FAILED, Runner
from cli.text import people as text
from cli.wishes import ask

if TYPE_CHECKING:
    from jobs.world import World


@main.group()
@shared
def users() -> None:
    """Choose whose calendars are synced."""


@command(users, "list", examples=("users list", "users list --json"))
def list_users(runner: Runner) -> None:
    """Show everyone who was ever switched on."""

    async def work(world: World) -> int:
        from jobs.commands import shapes

        known = await world.store.list_users()
        found = [shapes.user_of(user) for user in known]
        runner.give({"users": found}, [*text.user_lines(found)] or [NOBODY])
        return FAILED if any(user.unreadable for user in known) else DONE

    runner.read(work)


@command(users, "show", examples=("users show anna@acme.com",))
@upn_argument
def show_user(runner: Runner, upn: str) -> None:
    """Show what is known of one person.

    Who they are on both sides, place, zone, since when they are on.
    """

    async def work(world: World) -> int:
        from jobs.commands import overview, switch

        user = await switch.find_known(world, upn)
        instance, _ = await world.store.read_instance()
        subscription = await world.store.read_subscription(user.id)
        shown = overview.person_of(instance, user, subscription, world.clock())
        runner.give({"user": shown}, text.person_lines(shown))
        return FAILED if user.unreadable else DONE

    runner.read(work)


# 7 parameters: click hands over each option by itself.
@command(
    users,
    examples=(
        "users enable anna@acme.com boris@acme.com",
        "users enable --file sales.txt --company Acme",
        "users enable anna@acme.com --location Sofia --time-zone Europe/Sofia",
    ),
)
@upns_argument
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
    """Switch users' sync on. The app begins with their first sync at once."""
    people = group.people(upns, named)
    ask(runner, "enable", text.enabled_lines, people=people, company=company, location=location, zone=time_zone)


@command(users, examples=("users disable anna@acme.com", "users disable --all --yes"))
@upns_argument
@file_option
@all_option
@yes_option
def disable(runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, yes: bool) -> None:
    """Switch users' sync off; nothing is deleted on either side."""
    people = group.people(upns, named, everybody)
    if everybody:
        confirm("Switch everybody's sync off?", yes)
    ask(runner, "disable", text.disabled_lines, empty=NOBODY, people=people, everybody=everybody)


@command(users, examples=("users forget anna@acme.com", "users forget --file left.txt --yes"))
@upns_argument
@file_option
@yes_option
def forget(runner: Runner, upns: tuple[str, ...], named: TextIO | None, yes: bool) -> None:
    """Erase everything stored about users.

    The journal, too; both sides stay as they are.
    """
    people = group.people(upns, named)
    whom = people[0] if len(people) == 1 else f"these {len(people)} people"
    confirm(f"Erase everything stored about {whom}? It cannot be taken back.", yes)
    ask(runner, "forget", text.forgotten_lines, people=people)
