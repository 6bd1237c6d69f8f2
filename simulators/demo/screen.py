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
from simulators.demo.views import Activity, Event, Meeting, Participant, Span, World

ROWS = 12
"""Most rows of a table."""

LINES = 9
"""Most lines that are shown of what a command prints."""

WIDTH = 118
"""Columns where the output is no terminal."""

VALUE_WIDTH = 60
SYSTEMS = {"graph": "Outlook", "erp": "ERP.net"}
ONE_DAY = re.compile(r"(\w{3} [\d.]+) (\d\d:\d\d) – \1 ")
"""From when until when something lasts, both on one day."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)Z")
ON_SHOW = tuple(login for login in STAFF if login != FOURTH)


class Screen:
    """A console with a sense for stories."""

    def __init__(self, zone: tzinfo = UTC, console: Console | None = None) -> None:
        self._zone = zone
        self._console = console or Console(highlight=False)
        if console is None and not self._console.is_terminal:
            self._console = Console(highlight=False, width=WIDTH)
        self._told: Counter[tuple[str, str]] = Counter()
        """Whose items the sync before this one changed, and why: this one comes upon some of them again."""

    @property
    def is_dark(self) -> bool:
        """Whether nobody sees what is shown."""
        return self._console.quiet

    @is_dark.setter
    def is_dark(self, dark: bool) -> None:
        """Show what follows to nobody, or to everybody again."""
        self._console.quiet = dark

    def say(self, text: str, style: str = "") -> None:
        """A paragraph; brackets in it are no markup."""
        self._console.print(Text(text, style=style))

    def heading(self, text: str) -> None:
        """The title of a step."""
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), align="left", style="cyan")

    def lesson(self, number: int, title: str, text: str, ok: bool) -> None:
        """What one step has shown."""
        words = Text.assemble((f"{number:>2} ", "bold cyan"), (title, "bold"), f": {text}")
        grid = Table.grid(padding=(0, 1))
        grid.add_row(Text("✓" if ok else "✗", "green" if ok else "bold red"), words)
        self._console.print(grid)

    def command(self, words: Sequence[str], answer: str) -> None:
        """A calsync command as a person types it, and the beginning of what it prints."""
        self._typed(words)
        lines = [self._on_clock(line) for line in answer.rstrip("\n").split("\n")]
        for line in lines[:LINES]:
            self._console.print(Text(f"  {line}", style="dim"), no_wrap=True, overflow="ellipsis")
        if len(lines) > LINES:
            self.say(f"  … {len(lines) - LINES} more lines", "dim")

    def _typed(self, words: Sequence[str]) -> None:
        self.say(f"$ calsync {' '.join(words_typed(words))}", "bold")

    def deed(self, text: str) -> None:
        """What a person does."""
        self.say(f"▸ {text}")

    def check(self, text: str, ok: bool) -> None:
        """One thing that had to come out."""
        self.say(f"  {'✓' if ok else '✗ not so:'} {text}", "green" if ok else "bold red")

    def round(self, told: Round, options: Sequence[str] = ()) -> None:
        """What calsync did and why: every deed when there are few, else counts; skips by reason."""
        self._typed(("sync", *options))
        self.say(f"  {told.state or 'no state'}; {counted(told.done) or 'nothing to do'}", "bold")
        lines = [line for line in told.lines if line["what"] != "skipped"]
        for line in lines if len(lines) <= ROWS // 2 else ():
            self._line(line, f"{line['who']}: " if len(told.users) > 1 else "")
        if told.mails:
            self.say(f"    mails sent by that: {posted(told.mails)}")
        self._left_alone(told)
        for failure in (*told.failures, *([told.failure] if told.failure else [])):
            self.say(f"    failed: {failure}", "red")

    def _left_alone(self, told: Round) -> None:
        """What was not touched, by reason; not what the sync before did, which this one comes upon again."""
        shown = told.left if told.full else told.left - self._told
        several = len(told.users) > 1
        by = {who: Counter({why: n for (one, why), n in shown.items() if one == who}) for who in told.users}
        parts = [f"{f'{who}: ' if several else ''}{counted(reasons)}" for who, reasons in by.items() if reasons]
        if parts:
            self.say(f"    left alone{' of all that was read' if told.full else ''}: {'; '.join(parts)}", "dim")
        self._told = Counter((str(one["who"]), str(one["reason"])) for one in told.lines if one["reason"])

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
        local = INSTANT.sub(lambda found: f"{_instant(found.group(1)).astimezone(self._zone):%a %d.%m. %H:%M}", text)
        return ONE_DAY.sub(r"\1 \2–", local)

    def calendars(self, world: World, changed: Collection[str]) -> None:
        """Both calendars side by side: what changed, and nothing else."""
        rows = [row for row in world.rows if row.key in changed]
        if not rows:
            self.say("    neither calendar changed", "dim")
            return
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column(" ", width=1)
        for side in ("Outlook", "ERP.net"):
            table.add_column(side, width=25, no_wrap=True)
            table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis")
        for row in rows[:ROWS]:
            table.add_row("", *_event_cells(row.event), *_activity_cells(row.activity))
        self._console.print(table)
        others = len(world.rows) - len(rows)
        more = f"… and {len(rows) - ROWS} more; " if len(rows) > ROWS else ""
        if more or others:
            self.say(f"  {more}{others} others did not change", "dim")

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


def words_typed(words: Sequence[str]) -> list[str]:
    """Words as one types them: those with spaces in quotation marks."""
    return [f'"{word}"' if re.search(r"[\s“”]", word) else word for word in words]


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
