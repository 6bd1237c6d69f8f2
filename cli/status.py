"""`calsync status`: how the whole stands, everybody in a line each, or one person with what a person did first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from cli import group
from cli.group import NOBODY, all_option, command, file_option, main, user_option
from cli.runner import DONE, FAILED, Runner
from cli.text import status as text

if TYPE_CHECKING:
    from jobs.world import World
    from sync_core.model.instance import Instance
    from sync_core.model.user import User

Json = dict[str, Any]

LOG_LINES = 20
"""The newest journal entries that are shown of a person."""


@command(main, examples=("status", "status --all", "status --user anna@acme.com", "status --fail-on attention"))
@user_option
@file_option
@all_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "attention", "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 where somebody is in error; where anything waits for a person, too; or never.",
)
def status(runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, fail_on: str) -> None:
    """Show how the whole stands and what needs a person.

    --all shows everybody in a line, --user one person in full.
    """
    people = group.people(upns, named, everybody, needed=False)

    async def work(world: World) -> int:
        failures: list[str] = []
        instance = await _instance(runner, world, failures)
        if people:
            return await _of_people(runner, world, instance, people, failures, fail_on)
        return await _of_all(runner, world, instance, failures, everybody, fail_on)

    runner.read(work)


async def _instance(runner: Runner, world: World, failures: list[str]) -> Instance:
    """The instance row; an unreadable one is reported, and the users are shown all the same."""
    from sync_core.errors import RowUnreadable
    from sync_core.model.instance import Instance

    try:
        return (await world.store.read_instance())[0]
    except RowUnreadable as error:
        failures.append(str(error))
        runner.notice(failures[-1])
        return Instance()


# 6 parameters: what the whole is made of, and how it is asked for.
async def _of_all(
    runner: Runner, world: World, instance: Instance, failures: list[str], everybody: bool, fail_on: str
) -> int:
    from jobs.commands import overview, shapes

    now = world.clock()
    users = await world.store.list_users()
    unsynced = await world.store.count_unsynced()
    rows = [overview.row_of(user, instance, now, unsynced.get(user.id, {})) for user in users]
    summary = overview.summary_of(rows)
    company = {
        **shapes.company_of(instance, pause=instance.pause),
        "pulled_at": instance.pulled_at.isoformat() if instance.pulled_at else None,
        "webhook": overview.webhook_of(instance),
        "news": overview.news_of(instance, users, await world.store.list_subscriptions(), now),
    }
    needs = overview.needs_of(users, instance, world.secret_ends, now)
    output = {"company": company, "summary": summary, "needs": needs, "users": rows, "failures": failures}
    runner.give(output, text.whole_lines(output, everybody) if users else [*text.company_lines(company), NOBODY])
    is_wrong = bool(company["refused"] or summary["error"] or failures)
    return _code(is_wrong, overview.needs_attention(summary), fail_on)


# 6 parameters: as above, of some people.
async def _of_people(
    runner: Runner,
    world: World,
    instance: Instance,
    people: Sequence[str],
    failures: list[str],
    fail_on: str,
) -> int:
    from jobs.commands import item_shapes, shapes
    from sync_core.errors import RowUnreadable

    users = await group.chosen(world, people)
    found: list[Json] = []
    for user in users:
        try:
            found.append(await _person(world, user, instance))
        except RowUnreadable as error:
            failures.append(f"{user.upn}: {error}")
            runner.notice(failures[-1])
    company = shapes.company_of(instance, pause=instance.pause)
    lines = [*text.company_lines(company), *(line for one in found for line in text.status_lines(one))]
    runner.give({"company": company, "users": found, "failures": failures}, lines)
    is_wrong = bool(company["refused"] or failures) or any(user.enabled and not user.is_operational for user in users)
    is_wrong |= any(item_shapes.is_unreadable(entry) for one in found for entry in one["log"])
    return _code(is_wrong, any(map(_waits, found)), fail_on)


def _waits(one: Json) -> bool:
    """Whether something of a person waits for somebody."""
    return bool(one["conflicts"] or one["holds"]) or any(not item["by_rule"] for item in one["parked_items"])


async def _person(world: World, user: User, instance: Instance) -> Json:
    from jobs.commands import overview, shapes
    from jobs.commands.doings import newest
    from jobs.due import pause_of
    from jobs.round.context import left_alone

    now = world.clock()
    journal = await newest(world.store, user.id, LOG_LINES)
    memory = await world.store.recall(user.id)
    alone = left_alone(await world.store.list_users(), memory)
    subscription = await world.store.read_subscription(user.id)
    news = overview.news_of(instance, [user], [subscription] if subscription else [], now, user.zone)
    return {
        **shapes.status_of(user, memory, journal, alone, pause=pause_of(user, instance, now)),
        "news": news["text"] if user.enabled else "",
    }


def _code(is_wrong: bool, needs_attention: bool, fail_on: str) -> int:
    fails = {"error": is_wrong, "attention": is_wrong or needs_attention, "never": False}
    return FAILED if fails[fail_on] else DONE
