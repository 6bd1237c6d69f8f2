"""The command ``calsync`` itself, and what all its commands share: options, examples, questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import click

from cli.given import TEXT_FILE, UPN, text_of
from cli.leaving import STOPPED, as_python_does
from cli.runner import Runner

if TYPE_CHECKING:
    from jobs.world import World
    from sync_core.model.user import User

Command = TypeVar("Command", bound=Callable[..., object])

NOBODY = "Nobody's sync is switched on: `calsync users enable UPN`."


def _kept(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Keep an option's value on the runner, wherever on the line it stands."""

    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        runner = ctx.ensure_object(Runner)
        if value:
            setattr(runner, name, value)

    return keep


SHARED = (
    click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_kept("as_json"),
        help="Machine-readable output on stdout; like all of these, before or after the command.",
    ),
    click.option(
        "--here",
        is_flag=True,
        expose_value=False,
        callback=_kept("is_here"),
        help="Do it in this process instead of asking the app (or CALSYNC_HERE=1).",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_kept("is_verbose"),
        help="Tell each step and its time on stderr.",
    ),
    click.option(
        "--env-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        expose_value=False,
        callback=_kept("env_file"),
        help="Settings from a file of NAME=VALUE lines.",
    ),
    click.option(
        "--profile",
        metavar="NAME",
        default="",
        expose_value=False,
        callback=_kept("profile"),
        help="Settings from NAME.env in your folder of profiles.",
    ),
)
"""The options of every command."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask first.")
file_option = click.option(
    "--file",
    "named",
    type=TEXT_FILE,
    help="A file with one UPN a line (- is standard input).",
)
user_option = click.option(
    "--user", "upns", metavar="UPN", type=UPN, multiple=True, help="Only this user; may be repeated."
)
upn_argument = click.argument("upn", type=UPN)
upns_argument = click.argument("upns", metavar="[UPN]...", type=UPN, nargs=-1)
all_option = click.option("--all", "everybody", is_flag=True, help="Everybody.")


def shared(function: Command) -> Command:
    """Add the options that every command has."""
    for option in reversed(SHARED):
        function = option(function)
    return function


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  calsync doctor
  calsync users enable anna@acme.com
  calsync status --fail-on attention
  calsync why anna@acme.com "Budget"

\b
Completion, for bash (zsh, fish likewise):
  eval "$(_CALSYNC_COMPLETE=bash_source calsync)"
""",
)
@click.version_option(package_name="calsync")
@shared
def main() -> None:
    """Keep Outlook calendars and ERP.net activities in step, both ways.

    The app does what is asked for; --here does it in this process.

    Exit codes: 0 done, 1 a user or an item failed, 2 settings or arguments are wrong, 130 stopped by Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a subject's letters


def command(
    group: click.Group, name: str | None = None, *, examples: Sequence[str]
) -> Callable[[Command], click.Command]:
    """Add the function to the group as a command with the shared options; its first argument is the runner.

    ``examples`` are what follows ``calsync``; help shows them.
    """
    epilog = "\n".join(("\b", "Examples:", *(f"  calsync {one}" for one in examples)))
    return lambda function: group.command(name, epilog=epilog)(shared(click.pass_obj(function)))


def people(
    upns: Sequence[str], file: TextIO | None, everybody: bool | None = None, *, needed: bool = True
) -> tuple[str, ...]:
    """The users named one by one and in a file, () for everybody; ``everybody`` is None where a command has no --all.

    Raises ``UsageError`` where nobody is meant.
    """
    lines = map(str.strip, text_of(file, "write one UPN a line").splitlines()) if file else ()
    found = tuple(dict.fromkeys((*upns, *(line for line in lines if line and not line.startswith("#")))))
    if everybody and (found or file):
        raise click.UsageError("say either whom or --all")
    if not found and (file or (needed and not everybody)):
        ways = "one or more UPNs, or --file with one a line"
        raise click.UsageError(f"say whom: {ways}" if everybody is None else f"say whom: {ways}, or --all")
    return found


def confirm(question: str, yes: bool) -> None:
    """Ask before what cannot be undone; where nobody can answer, --yes must say it."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():  # None where it is closed
        raise click.UsageError(f"{question} Nobody can be asked here. Add --yes.")
    try:
        with as_python_does():
            is_wanted = click.confirm(question, err=True)
    except click.Abort:
        _leave(STOPPED)
    if not is_wanted:
        _leave(1)


def _leave(code: int) -> NoReturn:
    click.echo("Nothing was done.", err=True)
    sys.exit(code)


async def chosen(world: World, upns: Sequence[str]) -> list[User]:
    """The named users, without a name all who are known. Raises ``UnknownUser``."""
    from jobs.commands import switch

    if upns:
        named = [await switch.find_known(world, upn) for upn in upns]
        return list({user.id: user for user in named}.values())
    return await world.store.list_users()
