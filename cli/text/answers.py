"""Writes what came of an answer to a conflict, of taking a round back and of taking a pair apart."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.rounds import action_lines
from cli.text.stories import conflict_lines
from cli.text.values import tells_time
from cli.text.words import Json, count, date_in, failure_lines, quoted, zone_of


def resolved_lines(answer: Json) -> Iterator[str]:
    """Write what came of an answer to a conflict, and what is still open of it."""
    zone = f" Times are those of {zone_of(answer)}." if tells_time(answer["lines"]) else ""
    yield plain(f"{answer['text'][:1].upper()}{answer['text'][1:]}.{zone}")
    for line in answer["lines"]:
        yield from action_lines(line, zone_of(answer))
    if answer["conflict"]:
        yield from conflict_lines(answer["conflict"])


def undo_lines(answer: Json, *, remakes: bool = False) -> Iterator[str]:
    """Write what an undo puts back, or has put back, and what it leaves out; ``remakes``: of a plan, what would be
    made anew."""
    title = "Put back" if answer["done"] else "Would be put back"
    zone = f"; times of {zone_of(answer)}" if tells_time(answer["lines"]) else ""
    items = count(len(answer["lines"]), "item")
    yield plain(f"{answer['upn']}, round {answer['round']}: {title.lower()}: {items}{zone}")
    for line in answer["lines"]:
        yield from action_lines(line, zone_of(answer))
    if answer["mails"]:
        was = "was" if answer["mails"] == 1 else "were"
        yield f"  {count(answer['mails'], 'mail')} to attendees {was if answer['done'] else 'would be'} sent."
    for one in answer["remade"]:
        yield f"  Made anew in Outlook: {quoted(one['subject'])}, as far as the journal tells it."
    anew = [one for one in answer["left_out"] if remakes and one["can_remake"]]
    for one in anew:
        yield f"  Would be made anew in Outlook: {quoted(one['subject'])}{date_in(one)}."
    left = [one for one in answer["left_out"] if one not in anew]
    for one in left:
        name = f"{plain(one['what'])}: {quoted(one['subject'])}{date_in(one)}"
        yield f"  Left out, {name}{', ' + plain(one['field']) if one['field'] else ''}: {plain(one['why'])}."
    if any(one["can_remake"] for one in left):
        yield plain(f"  Do: `calsync undo {answer['round']} --remake` makes anew in Outlook what was deleted.")
    for failure in answer["failures"]:
        yield plain(f"  Failed: {failure}")


def unlinked_lines(answer: Json) -> Iterator[str]:
    """Write which pair was taken apart, and how that is taken back."""
    for one in answer.get("unlinked", ()):
        name = quoted(one["subject"]) if one["subject"] else plain(one["event_id"])
        yield f"{plain(one['upn'])}: {name} is unlinked: both sides stay as they are and are not synced any more."
        if one["category"]:
            yield "  The event keeps the category of its conflict until somebody takes it off."
        item = plain(one["activity_id"])
        yield f"  Do: `calsync retry --user {plain(one['upn'])} --item {item}` takes it back."
    yield from failure_lines(answer)
