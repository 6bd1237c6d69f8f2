"""What the audience sees: headings, what people do, what calsync did, both calendars side by side, the checks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulators.demo.report import Mail, Round, named
from simulators.demo.stage import FOURTH, STAFF, upn_of
from simulators.demo.views import Activity, Event, Meeting, Participant, Row, Span, World

ROWS = 12
"""Most rows of a table: the changed ones and their neighbours."""

WIDTH = 118
"""Columns where the output is no terminal."""

VALUE_WIDTH = 60
SYSTEMS = {"graph": "Outlook", "erp": "ERP.net"}
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)Z")
CHANGED = "bold yellow"
ON_SHOW = tuple(login for login in STAFF if login != FOURTH)


class Screen:
    """A console with a sense for stories."""

    def __init__(self, zone: tzinfo = UTC, console: Console | None = None) -> None:
        self._zone = zone
        self._console = console or Console(highlight=False)
        if console is None and not self._console.is_terminal:
            self._console = Console(highlight=False, width=WIDTH)

    def say(self, text: str, style: str = "") -> None:
        """A paragraph; brackets in it are no markup."""
        self._console.print(Text(text, style=style))

    def heading(self, text: str) -> None:
        """The title of a step."""
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), align="left", style="cyan")

    def deed(self, text: str) -> None:
        """What a person does."""
        self.say(f"▸ {text}")

    def check(self, text: str, ok: bool) -> None:
        """One thing that had to come out."""
        self.say(f"  {'✓' if ok else '✗ not so:'} {text}", "green" if ok else "bold red")

    def round(self, told: Round) -> None:
        """What calsync did and why: every deed when there are few, else counts; skips by reason."""
        head = f"  calsync ({'full refresh' if told.full else 'sync'}): {told.state or 'no state'}"
        self.say(f"{head}; {counted(told.done) or 'nothing to do'}", "bold")
        lines = [line for line in told.lines if line["what"] != "skipped"]
        for line in lines if len(lines) <= ROWS // 2 else ():
            self._line(line, f"{line['who']}: " if len(told.users) > 1 else "")
        if told.mails:
            self.say(f"    mails sent by that: {posted(told.mails)}")
        if told.skipped:
            self.say(f"    left alone: {counted(told.skipped)}", "dim")
        for failure in (*told.failures, *([told.failure] if told.failure else [])):
            self.say(f"    failed: {failure}", "red")

    def _line(self, line: dict[str, object], who: str) -> None:
        reason = f" because {line['reason']}" if line["reason"] else ""
        self.say(f"    {who}{line['what']}: “{short(str(line['subject']))}”{reason}")
        before, after = line["before"], line["after"]
        assert isinstance(before, dict), "the report's before is an object"
        assert isinstance(after, dict), "the report's after is an object"
        for name in (n for n in after if before and after[n] != before.get(n)):
            old, new = (short(self._on_clock(str(v))) for v in (before.get(name, "–"), after[name]))
            self.say(f"      {field_in_words(name)}: {old} → {new}", "dim")

    def _on_clock(self, text: str) -> str:
        """calsync's values are in UTC; the audience's clock is Anna's."""
        return INSTANT.sub(lambda found: f"{_instant(found.group(1)).astimezone(self._zone):%a %d.%m. %H:%M}", text)

    def calendars(self, world: World, changed: Collection[str]) -> None:
        """Both calendars side by side: the changed rows and their neighbours."""
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column(" ", width=1)
        for side in ("Outlook", "ERP.net"):
            table.add_column(side, width=25, no_wrap=True)
            table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis")
        chosen = choose(world.rows, changed)
        for row in chosen:
            is_new = row.key in changed
            cells = (*_event_cells(row.event), *_activity_cells(row.activity))
            table.add_row(Text("●" if is_new else " "), *cells, style=CHANGED if is_new else "")
        self._console.print(table)
        rest = [row for row in world.rows if row not in chosen]
        if rest:
            self.say(f"  … and {rest_in_words(rest)}", "dim")

    def meeting(self, meeting: Meeting) -> None:
        """One meeting in the calendars of those whose sync is on, beside its activity and who takes part."""
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column(" ", width=1)
        for login in ON_SHOW:
            table.add_column(f"{named(login)}'s Outlook", width=25)
        table.add_column("ERP.net", ratio=1)
        copies = [_copy_cell(meeting.copies.get(login)) for login in ON_SHOW]
        activities = [_peopled_cell(activity) for activity in meeting.activities]
        table.add_row("", *copies, Text("\n").join(activities) if activities else Text("–"))
        self._console.print(table)


def posted(mails: Sequence[Mail]) -> str:
    """Mails by kind and who got them."""
    return ", ".join(f"{mail.kind} to {mail.to}" for mail in mails)


def _copy_cell(copy: Event | None) -> Text:
    if copy is None:
        return Text("–")
    told = [when(copy.span), *(["[conflict]"] if copy.is_marked else []), copy.subject]
    return Text.assemble("\n".join(told), (f"\n  {copy.answer}" if copy.answer else "", "dim"))


def _peopled_cell(activity: Activity) -> Text:
    people = "".join(f"\n  {_taking_part(one)}" for one in activity.people)
    return Text.assemble(
        Text("\n").join(_activity_cells(activity)), (f"\n  owner: {named(activity.owner)}{people}", "dim")
    )


def _taking_part(one: Participant) -> str:
    who = named(one.address) if one.address in map(upn_of, STAFF) else one.address
    return f"{who}: {one.notes.removeprefix('Outlook: ')}" if one.notes else who


def rest_in_words(rest: Sequence[Row]) -> str:
    """The rows that are not shown, by what they are."""
    pairs = [row for row in rest if row.is_pair]
    apart = sum(bool(row.differences()) for row in pairs)
    groups = {
        "more in step": len(pairs) - apart,
        "not in step": apart,
        "on one side only, as told above": len(rest) - len(pairs),
    }
    return ", ".join(f"{count} {words}" for words, count in groups.items() if count)


def choose(rows: Sequence[Row], changed: Collection[str]) -> list[Row]:
    """At most ROWS rows in their order: changed ones first, then the nearest to them."""
    quiet = [i for i, row in enumerate(rows) if row.is_pair][: ROWS // 2]
    at = [i for i, row in enumerate(rows) if row.key in changed] or quiet
    nearness = {i: min((abs(i - j) for j in at), default=i) for i in range(len(rows))}
    wanted = min(ROWS, max(len(at) if at == quiet else 3 * len(at), ROWS // 2))
    return [rows[i] for i in sorted(sorted(nearness, key=lambda i: (nearness[i], i))[:wanted])]


def field_in_words(field: str) -> str:
    """calsync's ``erp.subject`` in words."""
    side, _, name = field.partition(".")
    return f"{name} in {SYSTEMS.get(side, side)}"


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def counted(counts: Counter[str]) -> str:
    """``3 activities created, 1 …`` in plain words."""
    return ", ".join(f"{count} × {name}" for name, count in counts.most_common() if count)


def short(text: str) -> str:
    """One line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= VALUE_WIDTH else f"{line[: VALUE_WIDTH - 1]}…"


def when(span: Span) -> str:
    """A span on the person's own clock, as a calendar writes it."""
    day = f"{span.start:%a %d.%m.%y}"
    if span.all_day:
        return f"{day} all day" if span.end == span.start else f"{span.start:%a %d.%m.} – {span.end:%a %d.%m.%y}"
    if span.end == span.start:
        return f"{day} {span.start:%H:%M}"
    return f"{day} {span.start:%H:%M}–{span.end:%H:%M}"


def _event_cells(event: Event | None) -> tuple[Text, Text]:
    if event is None:
        return Text("–"), Text("")
    notes = {
        "conflict": event.is_marked,
        "series": event.kind == "seriesMaster",
        f"invited by {event.organizer}": not event.is_own,
        "private": event.private,
    }
    return Text(when(event.span)), _titled(event.subject, notes)


def _activity_cells(activity: Activity | None) -> tuple[Text, Text]:
    if activity is None:
        return Text("–"), Text("")
    notes = {"void": activity.void, "read-only": activity.read_only, "private": activity.private}
    style = "strike dim" if activity.void else ""
    return Text(when(activity.span), style), _titled(activity.subject, notes)


def _titled(subject: str, notes: dict[str, bool]) -> Text:
    told = [name for name, holds in notes.items() if holds]
    return Text(f"[{', '.join(told)}] {subject}" if told else subject)
