"""Writes what was asked of the app, and the answer to each kind of command."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.answers import resolved_lines, undo_lines, unlinked_lines
from cli.text.checks import doctor_lines
from cli.text.people import disabled_lines, enabled_lines, forgotten_lines, paused_lines
from cli.text.rounds import retried_lines, sync_lines
from cli.text.stories import explained_lines
from cli.text.words import OPENINGS, Json, count, when


def asked_line(command: Json) -> str:
    """Write what was asked of the app, and what became of it."""
    whom = ", ".join(command["people"][:3]) + (", …" if len(command["people"]) > 3 else "")
    progress = f" {command['done']} of {command['total']}" if command["total"] else ""
    progress = f", {OPENINGS[command['opening']]}" if command["opening"] else progress
    is_half = command["state"] == "done" and not command["is_fine"]
    if command["state"] in ("done", "running") or command["done"]:
        fate = command["state"] + progress + (", not all of it well" if is_half else "")
    else:
        fate = command["state"]
    more = command["failure"] or command["waits_for"]
    what = " ".join(part for part in (command["kind"], command["choice"], whom) if part)
    asked = f"{command['id']}  {when(command['asked_at'])}  {command['asked_by']}: {what}"
    return plain(f"{asked}: {fate}{f' ({more})' if more else ''}")


def unreadable_lines(number: int) -> Iterator[str]:
    """Write how many of the commands that were asked for cannot be shown."""
    if number:
        them = count(number, "command", "commands")
        yield f"Not shown: {them} that this build cannot read; the app erases such rows after 90 days."


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
    "unlink": unlinked_lines,
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
