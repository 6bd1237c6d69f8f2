"""Writes how the company and each person stand."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.holds import open_lines
from cli.text.stories import entry_line
from cli.text.words import Json, count, date_in, next_step, quoted, when, zone_of


def company_lines(company: Json) -> Iterator[str]:
    """Write what concerns every user, as ``status`` shows it before the users."""
    if company["refused"]:
        yield plain(f"Nobody is synced by the app since {when(company['refused_at'])}: {company['refused']}")
    if company["paused"]:
        yield f"Everybody's sync is {company['paused']['text']}."


MOST_PEOPLE = 20
"""The most people that ``status`` shows without ``--all``."""


def whole_lines(output: Json, everybody: bool) -> Iterator[str]:
    """Write how the whole stands: the numbers, then everybody in a line each, or whoever needs something."""
    company, total = output["company"], output["summary"]
    yield from company_lines(company)
    parts = [f"{total[name]} {words}" for name, words in STANDS.items() if total[name]]
    on = count(total["on"], "person is", "people are")
    yield f"{on} on{': ' if parts else ''}{', '.join(parts)}; {total['off']} off."
    pulled = when(company["pulled_at"])
    webhook = company["webhook"]["text"]
    news = company["news"]["text"]
    yield f"Outlook's changes: {news}. The app's last pull of ERP.net: {pulled}; its webhook: {webhook}."
    waits = [
        f"{count(total[name], *words)} (`calsync {order}`)" for name, (order, *words) in WAITS.items() if total[name]
    ]
    yield f"Needs a person: {', '.join(waits)}." if waits else "Nothing waits for a person."
    needs = output["needs"]
    yield from map(need_line, needs[:MOST_NEEDS])
    if needs[MOST_NEEDS:]:
        yield f"  and {len(needs) - MOST_NEEDS} more, which have waited less long: `--json` has all."
    ages = {need["upn"]: -age for age, need in enumerate(reversed(needs))}
    needy = [row for row in output["users"] if row["is"] in ("error", "attention")]
    needy.sort(key=lambda row: ages.get(row["upn"], 0))
    shown = output["users"] if everybody or len(output["users"]) <= MOST_PEOPLE else needy[:MOST_PEOPLE]
    yield from map(row_line, shown)
    if len(shown) < len(output["users"]):
        yield "`calsync status --all` shows everybody."


STANDS = {
    "fine": "fine",
    "attention": "waiting for an answer",
    "new": "not synced yet",
    "paused": "paused",
    "error": "in error",
}
"""How people can stand, in words; whoever is off is counted apart."""

WAITS = {
    "conflicts": ("conflicts", "open conflict"),
    "holds": ("status --user UPN", "list to say yes or no to", "lists to say yes or no to"),
    "parked": ("unsynced", "parked item"),
}
"""What waits for a person, in words, and the command that shows it."""


MOST_NEEDS = 10
"""The most of what needs a person that ``status`` names one by one, what has waited longest first."""

NEEDS = {
    "error": ("sync does not work", "sync does not work"),
    "holds": ("a list of deletions to say yes or no to", "{} lists of deletions to say yes or no to"),
    "conflicts": ("a conflict is open", "{} conflicts are open"),
    "parked": ("an item is parked", "{} items are parked"),
    "check": ("a check fails (`calsync doctor`)",) * 2,
    "secret": ("the app's secret at ERP.net ends soon (`calsync doctor`)",) * 2,
    "poison": ("a message was given up (`calsync doctor`)", "{} messages were given up (`calsync doctor`)"),
}
"""What may need a person, one and several of it."""


def need_line(need: Json) -> str:
    """Write one thing that needs a person, and since when; ``?`` where nobody knows."""
    one, several = NEEDS[need["need"]]
    words = need["text"] or (one if need["count"] == 1 else several.format(need["count"]))
    whose = f"{need['upn'] or need['user_id']}: " if need["user_id"] else ""
    return plain(f"  since {when(need['since']) if need['since'] else '?'}  {whose}{words}")


def row_line(row: Json) -> str:
    """Write one person in a line."""
    stands = row["paused"]["text"] if row["paused"] else row["state"]
    numbers = [count(row[name], *words) for name, (_, *words) in WAITS.items() if row[name]]
    told = "; ".join([stands if row["enabled"] else "switched off", *(numbers if row["enabled"] else ())])
    return plain(f"{row['upn']}: {told}; last sync {when(row['synced_at'])}")


def policy_lines(policy: Json) -> Iterator[str]:
    """Write the company's policy, and each setting that differs here."""
    yield f"Set by {policy['by']}:"
    for one in policy["settings"]:
        differs = one["here"] is not None and one["here"] != one["company"]
        here = f" (here: {one['here']})" if differs else ""
        yield plain(f"  {one['name']}={one['company']}{here}")


def status_lines(user: Json) -> Iterator[str]:
    """Write one user as ``status`` shows them."""
    from sync_core.model.action import Action

    zone = zone_of(user)
    yield plain(f"{user['upn']}: {user['state'] if user['enabled'] else 'switched off'}; times of {zone}")
    if user["paused"]:
        yield f"  Sync is {user['paused']['text']}; what changes meanwhile waits."
    yield from open_lines(user)
    for item in user["parked_items"]:
        name = quoted(item["subject"]) if item["subject"] else plain(item["event_id"] or item["activity_id"])
        yield f"      {name}{date_in(item)}: {plain(item['reason'])}"
        yield from next_step(item, "        ")
    if tried := sum(item["can_retry"] for item in user["parked_items"]):
        which = "these" if tried == len(user["parked_items"]) else f"{tried} of these"
        yield plain(f"    `calsync retry --user {user['upn']}` tries {which}.")
    yield f"  Last sync {when(user['synced_at'], zone)}."
    yield (
        f"  Checkpoints: Microsoft 365 {when(user['remote_checkpoint_at'], zone)}, "
        f"ERP.net {when(user['local_checkpoint_at'], zone)}."
    )
    if user["news"]:
        yield f"  Outlook's changes: {user['news']}."
    followed = f", {count(user['followed'], 'meeting')} fed from other calendars" if user["followed"] else ""
    yield f"  {count(user['links'], 'pair')} linked{followed}."
    if user["left_alone"]:
        pairs = count(user["left_alone"], "pair is", "pairs are")
        yield f"  {pairs} left alone: the creator's sync is not switched on."
    events = [entry for entry in user["log"] if entry["what"] != Action.ROUND]
    for entry in [*events, *(entry for entry in user["log"] if entry["what"] == Action.ROUND)]:
        yield f"  {entry_line(entry, zone)}"
