"""`calsync policy`: the choices that everybody's sync goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.group import command, main
from cli.runner import DONE, Runner
from cli.text import status as text

if TYPE_CHECKING:
    from jobs.world import World


@command(main, examples=("policy", "policy --set", "policy --set --take-over"))
@click.option("--set", "is_set", is_flag=True, help="Make the settings given here the company's; the others stay.")
@click.option("--take-over", is_flag=True, help="Change the policy that an app set, because no app runs any more.")
def policy(runner: Runner, is_set: bool, take_over: bool) -> None:
    """Show the company's policy.

    The app and every command follow it; each setting that differs here is shown, too.
    """
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
