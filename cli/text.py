"""The answers of ``shapes`` in sentences, a line each, harmless to any terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cli.stage import plain

Json = dict[str, Any]

WIDEST = 100
"""Characters of one value that are shown."""


MOST_ITEMS = 30
"""Items of a list that are shown beside other things."""


def quoted(value: str) -> str:
    """A value from outside, cut and in quotation marks."""
    text = plain(value)
    return f"“{text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}”"


def count(number: int, one: str, many: str = "") -> str:
    """``1 conflict``, ``2 conflicts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def user_line(user: Json) -> str:
    """One row of ``users list``."""
    switch = "on" if user["enabled"] else "off"
    return plain(f"{user['upn']}: {switch}, {user['state']}{_place(user)}")


def user_lines(users: Sequence[Json]) -> Iterator[str]:
    """``users list``; whoever shares a name with somebody is told apart by the id."""
    names = Counter(user["upn"].casefold() for user in users)
    for user in users:
        yield user_line(user) + (f" [{plain(user['id'])}]" if names[user["upn"].casefold()] > 1 else "")


def taken_lines(answer: Json) -> Iterator[str]:
    """What ``users import`` did with each entry of the file."""
    for user in answer["users"]:
        yield user_line(user) + ("" if user["is_new"] else " (as before)")
        yield from (plain(f"  {problem}") for problem in user["problems"])
    for one in answer["failures"]:
        yield plain(f"{one['upn']}: not switched on: {one['failure']}")


def _place(user: Json) -> str:
    known = [f"ERP.net user {user['erp_login']}"] if user["erp_login"] else []
    known += [user["time_zone"]] if user["time_zone"] else []
    return f" ({', '.join(known)})" if known else ""


def sync_lines(answer: Json) -> Iterator[str]:
    """What a sync did, or a dry run would do."""
    if answer["failure"]:
        yield plain(f"{'Not synced to the end' if answer['users'] else 'Nothing was synced'}: {answer['failure']}")
    for user in answer["users"]:
        yield from _report_lines(user, answer["dry_run"])


def _report_lines(user: Json, dry_run: bool) -> Iterator[str]:
    mode = "the plan, nothing was written" if dry_run else "full" if user["full"] else ""
    yield plain(f"{user['upn']}: {user['state'] or 'not synced'}{f' ({mode})' if mode else ''}")
    for line in user["lines"]:
        yield from _deed(line)
    if user["mails"]:
        yield f"  {count(user['mails'], 'mail')} to attendees {'would be' if dry_run else 'were'} sent by Exchange."
    if not user["ran"]:
        yield "  No round ran."
    elif not user["lines"] and not user["failures"]:
        yield "  Nothing to do."
    if user["skipped"]:
        reasons = "; ".join(f"{number} × {reason}" for reason, number in sorted(user["skipped"].items()))
        yield plain(f"  Left alone: {reasons}.")
    for failure in user["failures"]:
        yield plain(f"  Failed: {failure}")
    yield from _open_ends(user)


def _deed(line: Json) -> Iterator[str]:
    said = [plain(line["reason"])] if line["reason"] else []
    said += [count(line["mails"], "mail")] if line["mails"] else []
    more = f" ({', '.join(said)})" if said else ""
    yield f"  {plain(line['what'])}: {quoted(line['subject'])}{more}"
    for name in line["after"]:
        if name in line["before"]:
            yield f"      {plain(name)}: {quoted(line['before'][name])} → {quoted(line['after'][name])}"


def _open_ends(user: Json) -> Iterator[str]:
    upn = plain(user["upn"])
    if user["conflicts"]:
        yield f"  {count(user['conflicts'], 'open conflict')}: `calsync conflicts --user {upn}` shows both values."
    if user["parked"]:
        yield (
            f"  {count(user['parked'], 'item is', 'items are')} parked: `calsync status --user {upn}` says why, "
            f"`calsync retry --user {upn}` tries again."
        )
    for hold in user["holds"]:
        yield from hold_lines(hold)


def hold_lines(hold: Json, most: int | None = MOST_ITEMS) -> Iterator[str]:
    """A list that waits for an answer: each item, at most as many as are said, and what either answer leads to."""
    name = plain(hold["id"])
    yield plain(f"  Waits for an answer, id {name}, {hold['owner']}: {hold['why']}.")
    items = hold["items"]
    for item in items[:most]:
        yield _held_item(item)
    if most is not None and len(items) > most:
        yield f"      … and {len(items) - most} more: `calsync approve {name} --show` lists all."
    yield f"    `calsync approve {name}` {hold['approve']}."
    yield f"    `calsync approve {name} --drop` {hold['drop']}."


def _held_item(item: Json) -> str:
    """Like: Thu 18.12. 09:00 “Budget”: deleted in Outlook, would be voided in ERP.net."""
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    name = quoted(item["subject"]) if item["subject"] else ids
    mails = f" ({count(item['mails'], 'mail')})" if item["mails"] else ""
    return plain(f"      {' '.join(filter(None, (item['when'], name)))}: {item['would_be']}{mails}")


def company_lines(company: Json) -> Iterator[str]:
    """What concerns everybody, before the users of ``status``."""
    if company["refused"]:
        yield plain(f"Nobody is synced by the app since {_when(company['refused_at'])}: {company['refused']}")


def policy_lines(policy: Json) -> Iterator[str]:
    """The company's policy."""
    yield f"Set by {policy['by']}:"
    for one in policy["settings"]:
        differs = one["here"] is not None and one["here"] != one["company"]
        here = f" (here: {one['here']})" if differs else ""
        yield plain(f"  {one['name']}={one['company']}{here}")


def status_lines(user: Json) -> Iterator[str]:
    """One user of ``status``."""
    yield plain(f"{user['upn']}: {user['state'] if user['enabled'] else 'switched off'}")
    yield f"  Last sync {_when(user['synced_at'])}."
    yield (
        f"  Checkpoints: Microsoft 365 {_when(user['remote_checkpoint_at'])}, "
        f"ERP.net {_when(user['local_checkpoint_at'])}."
    )
    followed = f", {count(user['followed'], 'meeting')} fed from other calendars" if user["followed"] else ""
    yield f"  {count(user['links'], 'pair')} linked{followed}."
    if user["left_alone"]:
        pairs = count(user["left_alone"], "pair is", "pairs are")
        yield f"  {pairs} left alone: the creator's sync is not switched on."
    yield from _open_ends(user)
    for item in user["parked_items"]:
        name = quoted(item["subject"]) if item["subject"] else plain(item["event_id"] or item["activity_id"])
        yield f"      {name}: {plain(item['reason'])}"
    for entry in user["log"]:
        yield f"  {entry_line(entry)}"


def entry_line(entry: Json) -> str:
    """One line of the journal."""
    subject = f": {quoted(entry['subject'])}" if entry["subject"] else ""
    reason = f" ({plain(entry['reason'])})" if entry["reason"] else ""
    counts = ", ".join(f"{what} {number}" for what, number in entry["after"].items()) if not subject else ""
    return f"{_when(entry['at'])} {plain(entry['what'])}{subject}{reason}{f' {plain(counts)}' if counts else ''}"


def conflict_lines(conflict: Json) -> Iterator[str]:
    """One open conflict with both values."""
    marked = {"set": ", the event is marked", "taken off": ", the mark was taken off"}.get(conflict["mark"], "")
    yield f"{plain(conflict['upn'])}: {quoted(conflict['subject'])}, since {_when(conflict['since'])}{marked}"
    for clash in conflict["clashes"]:
        yield (
            f"  {plain(clash['field'])}: Outlook {quoted(clash['event_value'])}, "
            f"ERP.net {quoted(clash['activity_value'])} ({plain(clash['why'])})"
        )


def finding_lines(item: Json) -> Iterator[str]:
    """One thing known about an item."""
    subject = f" {quoted(item['subject'])}" if item["subject"] else ""
    at = f"{_when(item['at'])} " if item["at"] else ""
    reason = f": {plain(item['reason'])}" if item["reason"] else ""
    yield f"{at}{plain(item['what'])}{subject}{reason}"
    for name in {**item["before"], **item["after"]}:
        shown = [quoted(values[name]) for values in (item["before"], item["after"]) if name in values]
        yield f"    {plain(name)}: {' → '.join(shown)}"
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    if ids:
        yield plain(f"    {ids}")


def check_line(check: Json) -> str:
    """One check of ``doctor``."""
    return f"{'✓' if check['fine'] else '✗'} {plain(check['what']):<42} {plain(check['text'])}"


def _when(at: str | None) -> str:
    return f"{at[:10]} {at[11:19]} UTC" if at else "never"
