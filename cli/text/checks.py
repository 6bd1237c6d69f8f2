"""Writes the checks of ``doctor``: in two columns where both the operator's and the app's were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cli.screen import plain
from cli.text.words import Json, count

NOT_ASKED = "not asked: it is asked by way of the state tables and the queue"

UNCONFIRMED = "No documentation confirms these; so it is here:"
"""Stands before what was found out about the systems (the checks whose part is 'unconfirmed')."""

TITLE = "you app"

MARKS = {"passed": "✓", "open": "?", "warned": "!", "failed": "✗"}
"""By what a check came to (``jobs/commands/checks.py``)."""


def check_line(check: Json) -> str:
    """Write one check of one process."""
    return f"{_mark(check)} {plain(check['what']):<42} {plain(check['text'])}"


def _mark(check: Json | None) -> str:
    return " " if check is None else MARKS[_grade(check)]


def _grade(check: Json) -> str:
    """What a check came to; an earlier build's does not say it."""
    return str(check.get("grade") or ("passed" if check["fine"] else "failed"))


def part_lines(checks: Sequence[Json], before: Sequence[Json]) -> Iterator[str]:
    """Write more checks after those ``before``; what is unconfirmed has a title."""
    is_begun = any(check.get("part") for check in before)
    for check in checks:
        if check.get("part") and not is_begun:
            yield UNCONFIRMED
            is_begun = True
        yield check_line(check)


def both_lines(own: Sequence[Json], app: Sequence[Json]) -> Iterator[str]:
    """Write the operator's checks and the app's, one row for what both have; at the end one sentence."""
    yield TITLE
    theirs = {check["what"]: check for check in app}
    for check in own:
        yield from _row(check, theirs.pop(check["what"], None))
    rest = [check for check in app if check["what"] in theirs]
    for check in (one for one in rest if not one.get("part")):
        yield from _row(None, check)
    probes = [check for check in rest if check.get("part")]
    if probes:
        yield UNCONFIRMED
    for check in probes:
        yield from _row(None, check)
    yield verdict_line([*own, *app])


def _row(own: Json | None, app: Json | None) -> Iterator[str]:
    told = [check for check in (own, app) if check is not None]
    what = plain(told[0]["what"])
    marks = f" {_mark(own)}   {_mark(app)} "
    texts = [f"{'yours: ' if check is own and app else ''}{plain(check['text'])}" for check in told]
    if len(texts) == 2 and all(check["fine"] for check in told):
        texts = texts[1:]
    yield f"{marks} {what:<36} {texts[0]}"
    yield from (f"{'':<{len(marks) + 37}} {text}" for text in texts[1:])


def verdict_line(checks: Sequence[Json]) -> str:
    """Say in one sentence what the checks come to."""
    came_to = Counter(_grade(check) for check in checks)
    warned, unknown, failed = (came_to[one] for one in ("warned", "open", "failed"))
    beside = [f"{count(warned, 'warning')} (!)"] if warned else []
    beside += [f"{count(unknown, 'question')} without an answer (?)"] if unknown else []
    if failed:
        return "; ".join([f"{count(failed, 'check')} failed", *beside, "each says what helps."])
    return f"Nothing failed; {', '.join(beside)}: each says what helps." if beside else "All is well."


def doctor_lines(output: Json) -> Iterator[str]:
    """Write the app's checks."""
    yield from part_lines(output["checks"], ())
    yield verdict_line(output["checks"])
