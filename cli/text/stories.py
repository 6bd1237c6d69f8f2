"""Writes what was done and why: the journal, conflicts, what is not synced, the findings of ``why``."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.values import field_of, follows_the_start, value_of
from cli.text.words import Json, count, date_in, named, next_step, quoted, when, zone_of


def entry_line(entry: Json, zone: str) -> str:
    """Write one entry of the journal, in this time zone."""
    from sync_core.model.action import Action

    reason = f" ({plain(entry['reason'])})" if entry["reason"] else ""
    if entry["what"] == Action.ROUND:
        what = f"round [{plain(entry['round'])}]{reason}: {_counted(entry['after'])}"
    else:
        subject = f": {named(entry)}" if named(entry) else ""
        what = f"{plain(entry['what'])}{subject}{reason}"
    return f"{when(entry['at'], zone)} {what}"


def _counted(counts: Json) -> str:
    """Write what a round did, by its counts in the journal."""
    from sync_core.model.action import counts_in

    actions, reasons = counts_in(counts)
    done = ", ".join(f"{number} × {what}" for what, number in actions.items())
    left = "; ".join(f"{number} × {why}" for why, number in reasons.items())
    return plain(f"{done or 'looked, nothing to do'}{f'; left alone: {left}' if left else ''}")


def journal_lines(journal: Json) -> Iterator[str]:
    """Write the journal of one user, newest first."""
    zone = zone_of(journal)
    yield plain(f"{journal['upn']}, times of {zone}:")
    yield from (f"  {entry_line(entry, zone)}" for entry in journal["log"])
    if not journal["log"]:
        yield "  Nothing."
    if journal.get("idle"):
        yield f"  {count(journal['idle'], 'round')} with nothing to do not shown: `--rounds` shows all."


def conflict_lines(conflict: Json) -> Iterator[str]:
    """Write one open conflict: the state of its event's category, and both values of each field."""
    category = {"set": ", the event has the category", "taken off": ", the category was taken off"}
    state = category.get(conflict["category"], "")
    name, zone = f"{plain(conflict['upn'])}: {quoted(conflict['subject'])}{date_in(conflict)}", zone_of(conflict)
    yield f"{name}, since {when(conflict['since'], zone)} ({zone}){state}, id {plain(conflict['id'])}"
    for clash in conflict["clashes"]:
        field = plain(clash["field"])
        outlook, erp = (value_of(field, clash[side], zone) for side in ("event_value", "activity_value"))
        yield f"  {field}: Outlook {outlook}, ERP.net {erp} ({plain(clash['why'])})"
        yield from next_step(clash, "    ")


def unsynced_lines(answer: Json) -> Iterator[str]:
    """Write why items are not synced: each reason with its numbers, then the items of the page."""
    for one in answer["reasons"]:
        yield plain(f"{one['items']} × {one['reason']} ({count(one['people'], 'person', 'people')})")
        yield from next_step(one, "    ")
    for item in answer["items"]:
        name = quoted(item["subject"]) if item["subject"] else plain(item["event_id"] or item["activity_id"])
        yield f"  {plain(item['upn'])}: {name}{date_in(item)}, {plain(item['what'])}: {plain(item['reason'])}"
    if answer["next_after"]:
        yield plain(f"There is more: add `--after {answer['next_after']}`.")


def nothing_unsynced(reason: str) -> str:
    """Say that no item is left out, for one reason or at all."""
    if reason:
        return "No item has exactly this reason: `calsync unsynced` shows the reasons that there are."
    return "Of all that the last rounds looked at, nothing is left out."


def finding_lines(item: Json, zone: str) -> Iterator[str]:
    """Write one finding of ``why``: what is known of an item, in this time zone."""
    is_whole = bool(item.get("dates"))
    subject = f" {named(item) if is_whole else quoted(item['subject'])}" if item["subject"] or is_whole else ""
    at = f"{item['found']} " if item.get("found") else ""
    on = f", {item['when']}" if item.get("when") else ""
    on += "" if is_whole else date_in(item)
    reason = f": {plain(item['reason'])}" if item["reason"] else ""
    yield f"{at}{plain(item['what'])}{subject}{on}{reason}"
    yield from next_step(item, "    ")
    if item.get("decided"):
        yield plain(f"    Decided: {item['decided']}")
    for name in [one for one in {**item["before"], **item["after"]} if not follows_the_start(one, item)]:
        shown = [value_of(name, values[name], zone) for values in (item["before"], item["after"]) if name in values]
        yield f"    {field_of(name)}: {' → '.join(shown)}"
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    if ids and not is_whole:
        yield plain(f"    {ids}")


def explained_lines(output: Json) -> Iterator[str]:
    """Write what is known about an item, in the person's own time."""
    zone = zone_of(output)
    yield f"Times are those of {plain(zone)}."
    for item in output["items"]:
        yield from finding_lines(item, zone)
    if output.get("left_out"):
        yield f"{output['left_out']} more: a larger --limit shows them."
