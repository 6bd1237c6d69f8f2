"""Writes what a round did or would do, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.screen import plain
from cli.text.holds import open_lines
from cli.text.values import field_of, tells_time, value_of
from cli.text.words import Json, count, date_in, failure_lines, quoted, series_named, zone_of

OF_THE_FIRST = " (the first date; each other one has values of its own)"
"""Stands behind a value that dates of a series, told as one, do not have in common."""


def sync_lines(output: Json) -> Iterator[str]:
    """Write what a sync did, or what a dry run would do."""
    if output.get("answered"):
        yield plain(f"{output['answered']}.")
    if output["failure"]:
        yield plain(f"{'Not synced to the end' if output['users'] else 'Nothing was synced'}: {output['failure']}")
    for user in output["users"]:
        yield from _report_lines(user, output["dry_run"])
    yield from failure_lines(output)


def _report_lines(user: Json, dry_run: bool) -> Iterator[str]:
    from jobs.commands.gathered import gathered

    mode = "the plan, nothing was written" if dry_run else "full" if user["full"] else ""
    zone = f"; times of {zone_of(user)}" if user["holds"] or tells_time(user["lines"]) else ""
    yield plain(f"{user['upn']}: {user['state'] or 'not synced'}{f' ({mode})' if mode else ''}{zone}")
    yield from _dates_made(user["lines"])
    for some in gathered(user["lines"]):
        yield from (action_lines(some[0], zone_of(user)) if len(some) == 1 else _series_lines(some, zone_of(user)))
    if user["mails"]:
        yield f"  {count(user['mails'], 'mail')} to attendees {'would be' if dry_run else 'were'} sent by Exchange."
    if not user["ran"]:
        yield plain(f"  No round ran{_until_it_does(user)}.")
    elif not user["lines"] and not user["failures"]:
        yield "  Nothing to do."
    if user["skipped"]:
        reasons = "; ".join(f"{number} × {reason}" for reason, number in sorted(user["skipped"].items()))
        yield plain(f"  Left alone: {reasons}.")
    for failure in user["failures"]:
        yield plain(f"  Failed: {failure}")
    yield from open_lines(user)


def _series_lines(some: Sequence[Json], zone: str) -> Iterator[str]:
    """Write what was done to several dates of a series."""
    from jobs.commands.gathered import changed

    days = sorted(line["occurrence"]["day"] for line in some)
    mails, reason = sum(line["mails"] for line in some), some[0]["reason"]
    details = ", ".join(filter(None, (plain(reason), count(mails, "mail") if mails else "")))
    told = f"  {plain(some[0]['what'])}: {series_named(some[0]['subject'], len(some), days[0], days[-1])}"
    yield f"{told} ({details})" if details else told
    first = min(some, key=lambda line: str(line["occurrence"]["day"]))
    for name in changed(first):
        is_one = len({(line["before"][name], line["after"][name]) for line in some}) == 1
        yield _value_line(name, first, zone) + ("" if is_one else OF_THE_FIRST)


def _dates_made(lines: Sequence[Json]) -> Iterator[str]:
    """Say how many of the new activities are dates of series, and of how many; that mails nobody (R31)."""
    from sync_core.model.action import Action

    made = [line for line in lines if line["what"] == Action.ACTIVITY_CREATED and line.get("occurrence")]
    if made:
        series = len({line["occurrence"]["series"] for line in made})
        dates = count(len(made), "activity is a date", "activities are dates")
        yield f"  {dates} of {count(series, 'series', 'series')}; Outlook mails nobody because of them."


def _until_it_does(user: Json) -> str:
    """Write what makes rounds run again, for somebody for whom none did; whatever else is wrong tells it itself."""
    if user.get("is_paused"):
        return f": `calsync resume --user {user['upn']}` ends their pause, with `--all` everybody's"
    return "" if user.get("enabled", True) else f": `calsync users enable {user['upn']}` switches it on"


def action_lines(line: Json, zone: str) -> Iterator[str]:
    """Write one action of a round, with the values that it changed; times in this zone."""
    details = [plain(line["reason"])] if line["reason"] else []
    details += [count(line["mails"], "mail")] if line["mails"] else []
    more = f" ({', '.join(details)})" if details else ""
    yield f"  {plain(line['what'])}: {quoted(line['subject'])}{date_in(line)}{more}"
    yield from _values_of(line, zone)


def _values_of(line: Json, zone: str) -> Iterator[str]:
    from jobs.commands.gathered import changed

    yield from (_value_line(name, line, zone) for name in changed(line))


def _value_line(name: str, line: Json, zone: str) -> str:
    before, after = (value_of(name, values[name], zone) for values in (line["before"], line["after"]))
    return f"      {field_of(name)}: {before} → {after}"


def retried_lines(output: Json) -> Iterator[str]:
    """Write how many items of each user are looked at again."""
    for user in output.get("users", ()):
        yield plain(f"{user['upn']}: {count(user['retried'], 'item')} to be looked at again.")
    yield from failure_lines(output)
