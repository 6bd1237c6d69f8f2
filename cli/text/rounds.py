"""Writes what a round did or would do, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.holds import open_lines
from cli.text.values import field_of, follows_the_start, tells_time, value_of
from cli.text.words import Json, count, failure_lines, quoted, zone_of


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
    mode = "the plan, nothing was written" if dry_run else "full" if user["full"] else ""
    zone = f"; times of {zone_of(user)}" if user["holds"] or tells_time(user["lines"]) else ""
    yield plain(f"{user['upn']}: {user['state'] or 'not synced'}{f' ({mode})' if mode else ''}{zone}")
    for line in user["lines"]:
        yield from action_lines(line, zone_of(user))
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


def _until_it_does(user: Json) -> str:
    """Write what makes rounds run again, for somebody for whom none did; whatever else is wrong tells it itself."""
    if user["state"].startswith("paused"):
        return ": `calsync resume` ends the pause"
    return f": `calsync users enable {user['upn']}` switches it on" if user["state"] == "switched off" else ""


def action_lines(line: Json, zone: str) -> Iterator[str]:
    """Write one action of a round, with the values that it changed; times in this zone."""
    details = [plain(line["reason"])] if line["reason"] else []
    details += [count(line["mails"], "mail")] if line["mails"] else []
    more = f" ({', '.join(details)})" if details else ""
    yield f"  {plain(line['what'])}: {quoted(line['subject'])}{more}"
    for name in line["after"]:
        if name in line["before"] and not follows_the_start(name, line):
            before, after = (value_of(name, values[name], zone) for values in (line["before"], line["after"]))
            yield f"      {field_of(name)}: {before} → {after}"


def retried_lines(output: Json) -> Iterator[str]:
    """Write how many items of each user are looked at again."""
    for user in output.get("users", ()):
        yield plain(f"{user['upn']}: {count(user['retried'], 'item')} to be looked at again.")
    yield from failure_lines(output)
