"""Puts the JSON output of ``shapes`` into sentences, one a line, safe for any terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cli.runner import plain

Json = dict[str, Any]

WIDEST = 100
"""The most characters of one value that are shown."""

MOST_ITEMS = 30
"""The most items of a hold that ``sync`` and ``status`` show."""


def quoted(value: str) -> str:
    """Cut a value from outside to ``WIDEST`` and put it into quotation marks."""
    text = plain(value)
    return f"“{text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}”"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 conflict``, ``2 conflicts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def user_line(user: Json) -> str:
    """Write one user as ``users list`` shows them."""
    switch = "on" if user["enabled"] else "off"
    return plain(f"{user['upn']}: {switch}, {user['state']}{_place(user)}")


def user_lines(users: Sequence[Json]) -> Iterator[str]:
    """Write the lines of ``users list``; two users of one name get their ids beside it."""
    names = Counter(user["upn"].casefold() for user in users)
    for user in users:
        yield user_line(user) + (f" [{plain(user['id'])}]" if names[user["upn"].casefold()] > 1 else "")


def import_lines(output: Json) -> Iterator[str]:
    """Write what ``users import`` did with each entry of the file."""
    for user in output["users"]:
        yield user_line(user) + ("" if user["is_new"] else " (as before)")
        yield from (plain(f"  {problem}") for problem in user["problems"])
    for one in output["failures"]:
        yield plain(f"{one['upn']}: not switched on: {one['failure']}")


def _place(user: Json) -> str:
    known = [f"ERP.net user {user['erp_login']}"] if user["erp_login"] else []
    known += [user["time_zone"]] if user["time_zone"] else []
    return f" ({', '.join(known)})" if known else ""


def sync_lines(output: Json) -> Iterator[str]:
    """Write what a sync did, or what a dry run would do."""
    if output["failure"]:
        yield plain(f"{'Not synced to the end' if output['users'] else 'Nothing was synced'}: {output['failure']}")
    for user in output["users"]:
        yield from _report_lines(user, output["dry_run"])


def _report_lines(user: Json, dry_run: bool) -> Iterator[str]:
    mode = "the plan, nothing was written" if dry_run else "full" if user["full"] else ""
    yield plain(f"{user['upn']}: {user['state'] or 'not synced'}{f' ({mode})' if mode else ''}")
    for line in user["lines"]:
        yield from _action_lines(line)
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
    yield from _open_lines(user)


def _action_lines(line: Json) -> Iterator[str]:
    details = [plain(line["reason"])] if line["reason"] else []
    details += [count(line["mails"], "mail")] if line["mails"] else []
    more = f" ({', '.join(details)})" if details else ""
    yield f"  {plain(line['what'])}: {quoted(line['subject'])}{more}"
    for name in line["after"]:
        if name in line["before"]:
            yield f"      {plain(name)}: {quoted(line['before'][name])} → {quoted(line['after'][name])}"


def _open_lines(user: Json) -> Iterator[str]:
    """What waits for a person: open conflicts, parked items, holds."""
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
    """Write a hold: at most ``most`` of its items (None: all), and what a yes and a no lead to."""
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
    """Write one item, like: Thu 18.12. 09:00 “Budget”: deleted in Outlook, would be voided in ERP.net."""
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    name = quoted(item["subject"]) if item["subject"] else ids
    mails = f" ({count(item['mails'], 'mail')})" if item["mails"] else ""
    return plain(f"      {' '.join(filter(None, (item['when'], name)))}: {item['would_be']}{mails}")


def company_lines(company: Json) -> Iterator[str]:
    """Write what concerns every user, as ``status`` shows it before the users."""
    if company["refused"]:
        yield plain(f"Nobody is synced by the app since {_when(company['refused_at'])}: {company['refused']}")
    if company["paused"]:
        yield f"Sync is {company['paused']['text']} for everybody."


def policy_lines(policy: Json) -> Iterator[str]:
    """Write the company's policy, and each setting that differs here."""
    yield f"Set by {policy['by']}:"
    for one in policy["settings"]:
        differs = one["here"] is not None and one["here"] != one["company"]
        here = f" (here: {one['here']})" if differs else ""
        yield plain(f"  {one['name']}={one['company']}{here}")


def status_lines(user: Json) -> Iterator[str]:
    """Write one user as ``status`` shows them."""
    yield plain(f"{user['upn']}: {user['state'] if user['enabled'] else 'switched off'}")
    if user["paused"]:
        yield f"  Sync is {user['paused']['text']}; what changes meanwhile waits."
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
    yield from _open_lines(user)
    for item in user["parked_items"]:
        name = quoted(item["subject"]) if item["subject"] else plain(item["event_id"] or item["activity_id"])
        yield f"      {name}: {plain(item['reason'])}"
        yield from _do(item, "        ")
    for entry in user["log"]:
        yield f"  {entry_line(entry)}"


def entry_line(entry: Json) -> str:
    """Write one entry of the journal."""
    subject = f": {quoted(entry['subject'])}" if entry["subject"] else ""
    reason = f" ({plain(entry['reason'])})" if entry["reason"] else ""
    counts = ", ".join(f"{what} {number}" for what, number in entry["after"].items()) if not subject else ""
    name = f" [{plain(entry['round'])}]" if entry["what"] == "round" and entry["round"] else ""
    return (
        f"{_when(entry['at'])} {plain(entry['what'])}{name}{subject}{reason}{f' {plain(counts)}' if counts else ''}"
    )


def conflict_lines(conflict: Json) -> Iterator[str]:
    """Write one open conflict: the state of its event's category, and both values of each field."""
    category = {"set": ", the event has the category", "taken off": ", the category was taken off"}
    state = category.get(conflict["category"], "")
    name = f"{plain(conflict['upn'])}: {quoted(conflict['subject'])}"
    yield f"{name}, since {_when(conflict['since'])}{state}, id {plain(conflict['id'])}"
    for clash in conflict["clashes"]:
        yield (
            f"  {plain(clash['field'])}: Outlook {quoted(clash['event_value'])}, "
            f"ERP.net {quoted(clash['activity_value'])} ({plain(clash['why'])})"
        )
        yield from _do(clash, "    ")


def resolved_lines(answer: Json) -> Iterator[str]:
    """Write what came of an answer to a conflict, and what is still open of it."""
    yield plain(f"{answer['text'][:1].upper()}{answer['text'][1:]}.")
    for line in answer["lines"]:
        yield from _action_lines(line)
    if answer["conflict"]:
        yield from conflict_lines(answer["conflict"])


def undo_lines(answer: Json) -> Iterator[str]:
    """Write what an undo puts back, or has put back, and what it leaves out."""
    title = "Put back" if answer["done"] else "Would be put back"
    yield plain(f"{answer['upn']}, round {answer['round']}: {title.lower()}: {count(len(answer['lines']), 'item')}")
    for line in answer["lines"]:
        yield from _action_lines(line)
    if answer["mails"]:
        yield f"  {count(answer['mails'], 'mail')} to attendees {'were' if answer['done'] else 'would be'} sent."
    for one in answer["remade"]:
        yield f"  Made anew in Outlook: {quoted(one['subject'])}, as far as the journal tells it."
    for one in answer["left_out"]:
        name = f"{plain(one['what'])}: {quoted(one['subject'])}{', ' + plain(one['field']) if one['field'] else ''}"
        yield f"  Left out, {name}: {plain(one['why'])}."
    if any(one["can_remake"] for one in answer["left_out"]):
        yield plain(f"  Do: `calsync undo {answer['round']} --remake` makes anew in Outlook what was deleted.")
    for failure in answer["failures"]:
        yield plain(f"  Failed: {failure}")


def unsynced_lines(answer: Json) -> Iterator[str]:
    """Write why items are not synced: each reason with its numbers, then the items of the page."""
    for one in answer["reasons"]:
        yield plain(f"{one['items']} × {one['reason']} ({count(one['people'], 'person', 'people')})")
        yield from _do(one, "    ")
    for item in answer["items"]:
        name = quoted(item["subject"]) if item["subject"] else plain(item["event_id"] or item["activity_id"])
        yield f"  {plain(item['upn'])}: {name}, {plain(item['what'])}: {plain(item['reason'])}"


def _do(one: Json, margin: str) -> Iterator[str]:
    if one["do"]:
        yield f"{margin}Do: {plain(one['do'])}."


def finding_lines(item: Json) -> Iterator[str]:
    """Write one finding of ``why``: what is known of an item."""
    subject = f" {quoted(item['subject'])}" if item["subject"] else ""
    at = f"{_when(item['at'])} " if item["at"] else ""
    reason = f": {plain(item['reason'])}" if item["reason"] else ""
    yield f"{at}{plain(item['what'])}{subject}{reason}"
    yield from _do(item, "    ")
    for name in {**item["before"], **item["after"]}:
        shown = [quoted(values[name]) for values in (item["before"], item["after"]) if name in values]
        yield f"    {plain(name)}: {' → '.join(shown)}"
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    if ids:
        yield plain(f"    {ids}")


def check_line(check: Json) -> str:
    """Write one check of ``doctor``."""
    return f"{'✓' if check['fine'] else '✗'} {plain(check['what']):<42} {plain(check['text'])}"


def _when(at: str | None) -> str:
    return f"{at[:10]} {at[11:19]} UTC" if at else "never"


def verdict_line(checks: Sequence[Json]) -> str:
    """Say in one sentence what the checks come to."""
    wrong = sum(not check["fine"] for check in checks)
    return "All is well." if not wrong else f"{count(wrong, 'check')} failed; each says what helps."


def doctor_lines(output: Json) -> Iterator[str]:
    """Write the app's checks."""
    yield from map(check_line, output["checks"])
    yield verdict_line(output["checks"])


def failure_lines(output: Json) -> Iterator[str]:
    """Write what failed for some of several users."""
    for one in output.get("failures", ()):
        yield plain(f"{one['upn']}: {one['failure']}")


def enabled_lines(output: Json) -> Iterator[str]:
    """Write who was switched on, and what they lack."""
    yield from map(user_line, output.get("users", ()))
    yield from (plain(f"  {problem}") for problem in output.get("problems", ()))
    yield from failure_lines(output)


def disabled_lines(output: Json) -> Iterator[str]:
    """Write who was switched off."""
    for user in output.get("users", ()):
        yield plain(f"{user['upn']}: off; nothing was deleted on either side.")
    yield from failure_lines(output)


def forgotten_lines(output: Json) -> Iterator[str]:
    """Write who was forgotten."""
    yield plain(f"{output['forgotten']} ({output['id']}): forgotten; events and activities stay as they are.")


def retried_lines(output: Json) -> Iterator[str]:
    """Write how many items of each user are looked at again."""
    for user in output.get("users", ()):
        yield plain(f"{user['upn']}: {count(user['retried'], 'item')} to be looked at again.")
    yield from failure_lines(output)


def explained_lines(output: Json) -> Iterator[str]:
    """Write what is known about an item."""
    for item in output["items"]:
        yield from finding_lines(item)


def paused_lines(output: Json) -> Iterator[str]:
    """Write who is paused now."""
    if output["everybody"]:
        yield f"Everybody's sync is {output['everybody']['text']}; what changes meanwhile waits."
    elif not output["users"]:
        yield "Nobody's sync is paused by the pause of everybody any more."
    for user in output["users"]:
        paused = f"{user['paused']['text']}; what changes meanwhile waits" if user["paused"] else "not paused"
        yield plain(f"{user['upn']}: {paused}.")
    yield from failure_lines(output)


def journal_lines(journal: Json) -> Iterator[str]:
    """Write the journal of one user, newest first."""
    yield plain(f"{journal['upn']}:")
    yield from (f"  {entry_line(entry)}" for entry in journal["log"])


def asked_line(command: Json) -> str:
    """Write what was asked of the app, and what became of it."""
    whom = ", ".join(command["people"][:3]) + (", …" if len(command["people"]) > 3 else "")
    progress = f" {command['done']} of {command['total']}" if command["total"] else ""
    fate = command["state"] + progress + ("" if command["is_fine"] else ", not all of it well")
    more = command["failure"] or command["waits_for"]
    what = " ".join(part for part in (command["kind"], command["choice"], whom) if part)
    asked = f"{command['id']}  {_when(command['asked_at'])}  {command['asked_by']}: {what}"
    return plain(f"{asked}: {fate}{f' ({more})' if more else ''}")


ANSWERS = {
    "enable": enabled_lines,
    "disable": disabled_lines,
    "forget": forgotten_lines,
    "retry": retried_lines,
    "sync": sync_lines,
    "preview": sync_lines,
    "approve": sync_lines,
    "resolve": resolved_lines,
    "undo": undo_lines,
    "pause": paused_lines,
    "resume": paused_lines,
    "why": explained_lines,
    "doctor": doctor_lines,
    "grant": doctor_lines,
}
"""How the answer to each kind of command is written."""


def answer_lines(kind: str, answer: Json) -> Iterator[str]:
    """Write the answer of a command; nothing where there is none, or none any more."""
    if answer and kind in ANSWERS:
        yield from ANSWERS[kind](answer)
