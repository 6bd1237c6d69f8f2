"""What the pages say, in the reader's language and time zone: texts, counts, times, reasons.

The catalogue is ``portal.texts`` with ``portal.reasons``. Times come in as the answers give them (ISO 8601, UTC) and
go out as the wall clock of the reader; the form for machines stays beside them in ``<time datetime>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.commands.redaction import UNKNOWN
from jobs.erasure import FORGOTTEN
from jobs.says import Found
from portal.phrases import PHRASES
from portal.reasons import ACTIONS, CELLS, FIELDS, PARTS, PROBLEMS, REASONS
from portal.texts import TEXTS
from portal.visit import LANGUAGES
from sync_core.content.told import DAYS, INSTANT, NONE, SPAN, STOOD_IN, follows_the_start
from sync_core.model.action import as_planned
from sync_core.model.series import Recurrence, Rhythm
from sync_core.model.user import problems_in
from sync_core.people.privacy import PRIVATE
from sync_core.plan.cells import WORDS, parts_of
from sync_core.plan.remedies import remedy

ISO_INSTANT, ISO_DAY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d"), re.compile(r"\d{4}-\d\d-\d\d")
"""How a phrase's values tell times (``sync_core/model/phrase.py``)."""

NOBODY = {FORGOTTEN: "person.forgotten", UNKNOWN: "person.no-such"}
"""The texts that stand for somebody whom no name is kept of."""

NUMBER = re.compile(r"-?\d{1,9}")

DELETED_AT_ONCE = re.compile(r"(\d+) of (\d+) linked meetings were deleted at once")
"""The reason of a hold (``sync_core/plan/guard.py``), which has numbers in it."""

LINKS = ("; ", ", ", ": ", " ")
"""What stands between a reason and what follows it."""

BY_LENGTH = sorted(REASONS, key=len, reverse=True)
"""The reasons, the longest first: it is the one that is meant where one begins like another."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, in the reader's language, and what would change it ('' = nothing needs to)."""

    text: str
    remedy: str = ""
    is_foreign: bool = False
    """The words are English in a page of another language."""

    quote: str = ""
    """Somebody else's words behind it, in English: an error's own."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One part of what decided: in words ('' for one that this build does not know), and by its printed name."""

    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue for one reader; ``now`` decides what is today."""

    language: str
    zone: str
    now: datetime

    @property
    def _column(self) -> int:
        return LANGUAGES.index(self.language)

    def t(self, key: str, **values: object) -> str:
        """A text. Raises ``KeyError`` for one that is not in the catalogue, and for a value that is missing."""
        return TEXTS[key][self._column].format(**values)

    def n(self, key: str, count: int, **values: object) -> str:
        """A text about so many, with the form of the word that the number wants."""
        return self.t(f"{key}.{'one' if count == 1 else 'many'}", n=count, **values)

    def zone_name(self) -> str:
        """The zone in which times are told."""
        return self.zone or "UTC"

    def when(self, at: str | datetime | None) -> str:
        """An instant: the day as people say it, and the time."""
        instant = self._local(at)
        return self.t("never") if instant is None else f"{self._day(instant.date())}, {instant:%H:%M}"

    def clock(self, at: str | datetime | None) -> str:
        """The time of an instant alone."""
        instant = self._local(at)
        return "" if instant is None else f"{instant:%H:%M}"

    def day(self, text: str) -> str:
        """A date (ISO) as people say it."""
        return self._day(date.fromisoformat(text))

    def value(self, name: str, text: str) -> str:
        """A field's value as people say it: times by the reader's clock, minutes with their unit, yes and no. What
        is no value of such a field (a text, a reason) stays as it is."""
        group = name.rpartition(".")[2]
        if group == "private" and text in ("True", "False"):
            return self.t("yes" if text == "True" else "no")
        if group == "priority" and f"priority.{text}" in TEXTS:
            return self.t(f"priority.{text}")
        if group == "reminder":
            return self._reminder(text)
        return self._time(text) if group == "time" else text

    def tells(self, name: str, one: Mapping[str, Any]) -> bool:
        """Whether a line that tells ``before`` and ``after`` has something to say of this field: not of a reminder
        that only followed the start."""
        return not follows_the_start(name, one["before"], one["after"])

    def _reminder(self, text: str) -> str:
        if text == NONE:
            return self.t("reminder.none")
        if NUMBER.fullmatch(text) is None:
            return text
        minutes = int(text)
        return self.n("reminder.before" if minutes >= 0 else "reminder.after", abs(minutes))

    def _time(self, text: str) -> str:
        days, span = DAYS.fullmatch(text), SPAN.fullmatch(text)
        if days:
            first, until = (date.fromisoformat(one) for one in days.groups())
            last = until - timedelta(days=1)
            told = self._day(first) if first == last else f"{self._day(first)} – {self._day(last)}"
            return self.t("all-day", days=told)
        if span:
            start, end = (self._local(f"{span[n]}T{span[n + 1]}+00:00") for n in (1, 3))
            if start and end and start.date() == end.date():
                return f"{self.when(start)} – {end:%H:%M}"
        return self.local(text)

    def starts(self, at: str | None, *, all_day: bool) -> str:
        """When something begins; of whole days the date alone counts, in any zone."""
        if at is None:
            return ""
        return self.t("all-day", days=self.day(at[:10])) if all_day else self.when(at)

    def seconds(self, count: int | None) -> str:
        """So many seconds at most, in the unit that people would use."""
        if count is None:
            return "–"
        return self.t("at-most.seconds", n=count) if count < 120 else self.t("at-most.minutes", n=count // 60)

    def local(self, text: str) -> str:
        """A value with the instants in it (``2026-01-27 08:00Z``) as the reader's wall clock."""
        return INSTANT.sub(lambda found: self.when(f"{found[1]}T{found[2]}+00:00"), text)

    def reason(self, text: str) -> Reason:
        """Why something is so. A reason may go on behind its beginning; what the catalogue does not know stays as it
        was told. One that begins with a field's name is that field's."""
        name, _, rest = text.partition(": ")
        if name in FIELDS and rest:
            told = self.reason(rest)
            return replace(told, text=f"{self.field(name)}: {told.text}")
        if self.language == "en":
            return Reason(text, remedy(text))
        deleted = DELETED_AT_ONCE.fullmatch(text)
        if deleted:
            return Reason(self.t("hold.why", n=deleted[1], of=deleted[2]))
        start = next((one for one in BY_LENGTH if text.startswith(one)), None)
        if start is not None:
            known = REASONS[start]
            return self._with_rest(known.bulgarian, text.removeprefix(start), known.bulgarian_remedy)
        found = ((re.match(pattern, text), words) for pattern, words in PARTS.items())
        part = next(((match, words) for match, words in found if match), None)
        if part is None:
            return Reason(text, is_foreign=True)
        return self._with_rest(part[1].format(**part[0].groupdict()), text[part[0].end() :], "")

    def why(self, text: str) -> dict[str, str]:
        """The same for a table: the ``reason``, somebody else's words in brackets behind it, and what to ``do``."""
        if not text:
            return {"reason": "", "do": ""}
        told = self.reason(text)
        quote = f" ({told.quote})" if told.quote else ""
        return {"reason": f"{told.text}{quote}", "do": told.remedy or self.t("do.otherwise")}

    def state(self, text: str) -> str:
        """A person's state in one text."""
        return "; ".join(one.text for one in self.problems(text)) or text

    def _with_rest(self, words: str, rest: str, remedy: str) -> Reason:
        """What was told, with what follows it; what follows in the words of another system is a quotation."""
        if not rest:
            return Reason(words, remedy)
        link = next((one for one in LINKS if rest.startswith(one)), "")
        more = self.reason(rest.removeprefix(link))
        if more.is_foreign:
            return Reason(words, remedy, quote=more.text)
        return Reason(f"{words}{link}{more.text}", remedy or more.remedy, quote=more.quote)

    def phrase(self, told: Mapping[str, Any]) -> Reason:
        """What the app says (``text``, with ``code`` and ``values``); what no table knows is a reason, or stays."""
        text, code, values = told["text"], told.get("code", ""), told.get("values", {})
        if self.language == "en":
            return Reason(text) if code else self.reason(text)
        if code == Found.FAILED.code and f"failed.{values.get('why')}" in TEXTS:
            return Reason(self.t(f"failed.{values['why']}", detail=values.get("detail", "")), quote=text)
        if code not in PHRASES:
            return self.reason(text)
        try:
            words = PHRASES[code].format(**{name: self._said(name, value) for name, value in values.items()})
        except KeyError:  # another build's phrase, with other values
            return Reason(text, is_foreign=True)
        return Reason(words, quote=values.get("words", ""))

    def _said(self, name: str, value: str) -> str:
        """A value of a phrase, as people say it."""
        match name:
            case "problems":
                return "; ".join(one.text for one in self.problems(value))
            case "reasons":
                return "; ".join(self.reason(one).text for one in value.split(" | "))
            case "every":
                return self._every(value)
            case "kind":
                key = f"kind.{value.partition(' ')[0]}"
                return self.t(key) if key in TEXTS else value
        if ISO_INSTANT.match(value):
            return self.when(value)
        return self.day(value) if ISO_DAY.fullmatch(value) else value

    def _every(self, minutes: str) -> str:
        """How often a timer looks (``overview.Every``); what is no number, as an earlier build stored it."""
        if not minutes.isdecimal():
            return minutes
        return self.t("every.minutes", n=minutes) if int(minutes) else self.t("every.schedule")

    def topic(self, check: Mapping[str, Any]) -> str:
        """What a check is about; a person's by their name."""
        known = "" if self.language == "en" else PHRASES.get(check.get("topic", ""), "")
        return known or str(check["what"])

    def policy_by(self, policy: Mapping[str, Any]) -> str:
        """Who decided the company's policy."""
        return self.phrase({"text": policy["by"], "code": policy["by_code"]}).text

    def decided(self, cell: str) -> list[Decided]:
        """What decided something, part by part: what was seen and what follows, and the printed cell."""
        words = WORDS if self.language == "en" else CELLS
        return [Decided(words.get(key, ""), name) for key, name in parts_of(cell)]

    def problems(self, state: str) -> list[Reason]:
        """What a person's state says is missing, each by itself."""
        return [self._problem(one) for one in problems_in(state)]

    def _problem(self, text: str) -> Reason:
        if self.language == "en":
            return Reason(text)
        found = ((re.fullmatch(pattern, text, re.DOTALL), words) for pattern, words in PROBLEMS.items())
        known = next(((match, words) for match, words in found if match), None)
        return Reason(known[1].format(**known[0].groupdict())) if known else Reason(text, is_foreign=True)

    def item(self, subject: str) -> str:
        """An item by its title, where it has one that may be told."""
        return self.t("private") if subject == PRIVATE else subject or self.t("no-subject")

    def person(self, name: str) -> str:
        """Somebody by their name, where it is known."""
        return self.t(NOBODY[name]) if name in NOBODY else name

    def action(self, what: str, subject: str) -> str:
        """One line of the journal: what was done to the item of this name."""
        what, is_planned = as_planned(what)
        if is_planned:
            return self.t("next-round", what=self.action(what, subject))
        named = self.item(subject)
        known = ACTIONS.get(what)
        return known[self._column].format(subject=named) if known else f"{what}: {named}"

    def side(self, name: str) -> str:
        """The side of a value that is named by side and field ('' = it is not)."""
        return STOOD_IN.get(name.partition(".")[0], "") if "." in name else ""

    def known_as(self, name: str, value: str) -> str:
        """A value by which an item is known; what is a word of the sync's own is said in the reader's language."""
        if name == "origin":
            return STOOD_IN.get(value, value)
        key = f"role.{value}"
        return self.t(key) if name == "role" and key in TEXTS else value

    def occurrence(self, one: Mapping[str, Any]) -> str:
        """Which date of a series something is, like "Weekly, 25 June", with the series' title where that is told."""
        told = f"{self.recurrence(one)}, {self.calendar_day(one['day'])}"
        return self.t("series.of", date=told, title=one["title"]) if one.get("title") else told

    def recurrence(self, one: Mapping[str, Any]) -> str:
        """How a series repeats, like "Every second week (Mon, Wed)"; ``one`` as ``item_shapes.occurrence_of`` shapes
        a date of it."""
        if not one["rhythm"]:
            return self.t("series.some")
        known = Recurrence(Rhythm(one["rhythm"]), one["interval"], tuple(one["weekdays"]))
        if known.is_on_workdays:
            return self.t("series.workdays")
        rhythm = Rhythm.DAILY if known.is_daily else known.rhythm
        several = f"series.second.{rhythm}" if known.interval == 2 else f"series.every.{rhythm}"
        told = self.t(several if known.interval > 1 else f"series.each.{rhythm}", n=known.interval)
        days = ", ".join(self.t(f"weekday.{day}") for day in known.named_days)
        return f"{told} ({days})" if days else told

    def calendar_day(self, text: str) -> str:
        """A date (ISO) by its day and month, whatever day it is today."""
        day = date.fromisoformat(text)
        return f"{day.day} {self.t(f'month.{day.month}')}"

    def field(self, name: str) -> str:
        """A group of properties, as people call it."""
        known = FIELDS.get(name.rpartition(".")[2])
        return known[self._column] if known else name

    def fields(self, names: object) -> str:
        """Several of them, each once, in their order."""
        listed = [self.field(str(name)) for name in names] if isinstance(names, list | tuple | dict) else []
        return ", ".join(dict.fromkeys(listed))

    def _local(self, at: str | datetime | None) -> datetime | None:
        if not at:
            return None
        instant = datetime.fromisoformat(at) if isinstance(at, str) else at
        return instant.astimezone(zone_of(self.zone))

    def _day(self, day: date) -> str:
        today = self.now.astimezone(zone_of(self.zone)).date()
        known = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((day - today).days)
        if known:
            return self.t(known)
        names = {"weekday": self.t(f"weekday.{day.weekday()}"), "month": self.t(f"month.{day.month}")}
        form = "date" if day.year == today.year else "date-with-year"
        return self.t(form, day=day.day, year=day.year, **names)


def known_zone(name: str) -> str:
    """The zone's name where it is one that is known here, else ''."""
    try:
        return ZoneInfo(name[:64]).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; UTC for none, and for one that is not known here."""
    return ZoneInfo(known_zone(name) or "UTC")
