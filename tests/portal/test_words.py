"""How values are told to people: in both languages, with units, by the reader's own clock."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from jobs.approvals import CHOSEN
from jobs.commands.item_shapes import occurrence_of, phrase_of
from jobs.commands.overview import Every
from jobs.round.rivals import OUTRUN, RIVALLED
from jobs.says import Found
from portal.reasons import ACTIONS, PROBLEMS
from portal.words import Reason, Words, known_zone
from sync_core.content.compare import shown
from sync_core.model.action import Action
from sync_core.model.event import AllDay, Event, Priority, Timed
from sync_core.model.link import Role
from sync_core.model.pause import Pause
from sync_core.model.series import EVERY_DAY, WORKDAYS, Occurrence, Recurrence, Rhythm
from sync_core.model.sides import Attendee, Field, Participant, Side
from sync_core.model.why import Why
from sync_core.people.lists import remarks
from sync_core.plan.delete import DELETED_IN_ERP, DELETED_IN_OUTLOOK, KEPT_BY_CHOICE
from sync_core.plan.shared import FOLLOWED
from sync_core.plan.tables import MASS_DELETION, PARTNER_GONE, Obstacle
from sync_core.plan.tables import REASONS as REASONS_OF
from tests.portal.test_bulgarian import foreign_in
from tests.support.samples import an_activity, an_event

ROOT = Path(__file__).resolve().parents[2]

NOW = datetime(2026, 1, 25, 12, 0, tzinfo=UTC)
ENGLISH, BULGARIAN = (Words(language, "Europe/Sofia", NOW) for language in ("en", "bg"))

EVENT = Event(
    subject="Budget",
    body="15",
    when=Timed(datetime(2026, 1, 27, 8, 0, tzinfo=UTC), datetime(2026, 1, 27, 9, 0, tzinfo=UTC)),
    reminder=15,
    private=False,
    priority=Priority.NORMAL,
    people=frozenset({"boris@acme.example"}),
)

VALUES = {
    "a text that is a number": (Field.BODY, {}, "15", "15"),
    "a title that is a word of ours": (Field.SUBJECT, {"subject": "none"}, "none", "none"),
    "within a day": (Field.TIME, {}, "Tue 27 January, 10:00 – 11:00", "вт, 27 януари, 10:00 – 11:00"),
    "over midnight": (
        Field.TIME,
        {"when": Timed(datetime(2026, 1, 25, 21, 0, tzinfo=UTC), datetime(2026, 1, 25, 23, 0, tzinfo=UTC))},
        "today, 23:00 – tomorrow, 01:00",
        "днес, 23:00 – утре, 01:00",
    ),
    "a whole day": (
        Field.TIME,
        {"when": AllDay(date(2026, 1, 26), date(2026, 1, 27))},
        "tomorrow, all day",
        "утре, цял ден",
    ),
    "whole days": (
        Field.TIME,
        {"when": AllDay(date(2026, 1, 27), date(2026, 1, 30))},
        "Tue 27 January – Thu 29 January, all day",
        "вт, 27 януари – чет, 29 януари, цял ден",
    ),
    "a reminder": (Field.REMINDER, {}, "15 minutes before", "15 минути преди началото"),
    "one minute": (Field.REMINDER, {"reminder": 1}, "1 minute before", "1 минута преди началото"),
    "after the start": (
        Field.REMINDER,
        {"reminder": -540},
        "540 minutes after the start",
        "540 минути след началото",
    ),
    "no reminder": (Field.REMINDER, {"reminder": None}, "none", "няма"),
    "not private": (Field.PRIVATE, {}, "no", "не"),
    "private": (Field.PRIVATE, {"private": True}, "yes", "да"),
    "people": (Field.PEOPLE, {}, "boris@acme.example", "boris@acme.example"),
}


@pytest.mark.parametrize(("field", "changes", "english", "bulgarian"), VALUES.values(), ids=VALUES)
def test_a_value_is_worded(field: Field, changes: dict[str, object], english: str, bulgarian: str) -> None:
    """As the sync shows it, and as the journal names it (side and field)."""
    text = shown(replace(EVENT, **changes), field)  # type: ignore[arg-type]

    assert ENGLISH.value(str(field), text) == english
    assert BULGARIAN.value(f"erp.{field}", text) == bulgarian


@pytest.mark.parametrize("priority", Priority)
def test_every_priority_is_worded(priority: Priority) -> None:
    """In both languages."""
    text = shown(replace(EVENT, priority=priority), Field.PRIORITY)
    assert BULGARIAN.value("priority", text) != ENGLISH.value("priority", text) == str(priority)


def test_a_value_of_no_known_form_stays() -> None:
    """Whatever an older build has written."""
    for name in ("time", "reminder", "private", "priority", "deletion", ""):
        assert BULGARIAN.value(name, "2 of 3 <b>") == "2 of 3 <b>"


@pytest.mark.parametrize(
    ("count", "english"), [(None, "–"), (5, "5 s"), (90, "90 s"), (120, "2 min"), (3_600, "60 min")]
)
def test_seconds_are_told_in_a_unit_for_people(count: int | None, english: str) -> None:
    """Minutes, where there are some."""
    assert ENGLISH.seconds(count) == english


@pytest.mark.parametrize("what", sorted(set(Action) - {Action.NOTHING, Action.ROUND}))
def test_every_finding_is_worded(what: str) -> None:
    """What was done, what would be done, and how it stands: no word of ours stays English on a Bulgarian page."""
    assert what in ACTIONS
    assert BULGARIAN.action(f"in the next round: {what}", "x").startswith("В следващия ход: ")


def test_the_reason_of_a_hold_is_worded() -> None:
    """With its numbers."""
    told = BULGARIAN.reason("4 of 9 linked meetings were deleted at once")
    assert (told.text, told.is_foreign) == ("4 от 9 свързани срещи са изтрити наведнъж", False)


def said() -> list[str]:
    """What the checks of a person and of the service user say is missing, with names put in."""
    found = []
    for path in ("jobs/checkup.py", "jobs/accounts.py", "adapters/erp/readiness.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [one.value if isinstance(one, ast.Constant) else "anna@x" for one in node.values]
                found.append("".join(map(str, parts)))
    told = [text for text in found if ": " in text and " " in text.partition(":")[0] and "Error" not in text]
    return [*told, Pause(NOW).text, Pause(NOW, date(2026, 2, 1)).text, "switched off"]


def test_what_is_missing_is_said_in_bulgarian() -> None:
    """Each thing that a person's state may name; what is not known stays as it was told, marked as English."""
    told = [(text, BULGARIAN.problems(f"Error: {text}")) for text in said()]

    assert len(told) >= len(PROBLEMS)
    assert [text for text, found in told if any(one.is_foreign for one in found)] == []
    assert [pattern for pattern in PROBLEMS if not any(re.fullmatch(pattern, text) for text, _ in told)] == []
    two = BULGARIAN.problems("Error: the account of a@x is disabled: enable it in Entra ID | something new")
    assert [(one.text, one.is_foreign) for one in two] == [
        ("профилът на a@x е изключен: включете го в Entra ID", False),
        ("something new", True),
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [("Europe/Sofia", "Europe/Sofia"), ("", ""), ("Mars/Base", ""), ("../../etc/passwd", ""), ("x" * 500, "")],
)
def test_only_a_real_zone_is_one(name: str, known: str) -> None:
    """A browser may tell anything."""
    assert known_zone(name) == known


@pytest.mark.parametrize("role", Role)
def test_every_role_of_a_copy_is_worded(role: Role) -> None:
    """As is where it was entered; what is no word of ours stays."""
    assert BULGARIAN.known_as("role", str(role)) != str(role)
    assert [BULGARIAN.known_as("origin", str(side)) for side in Side] == ["Outlook", "ERP.net"]
    assert BULGARIAN.known_as("event_id", "own") == "own"


PATTERNS = [
    *(Recurrence(rhythm, interval) for rhythm in Rhythm for interval in (1, 2, 3)),
    *(Recurrence(Rhythm.WEEKLY, interval, days) for interval in (1, 2) for days in ((0, 2), WORKDAYS, EVERY_DAY)),
    None,
]


@pytest.mark.parametrize("recurrence", PATTERNS)
def test_every_rhythm_of_a_series_is_worded(recurrence: Recurrence | None) -> None:
    """A date of a series by how often it takes place and which date it is: as the command line says it, and in
    Bulgarian."""
    one = Occurrence("S", date(2026, 6, 25)).repeated(recurrence)
    told = [words.occurrence(occurrence_of(one) or {}) for words in (ENGLISH, BULGARIAN)]

    assert told[0] == one.text
    assert told[1].endswith(", 25 юни")
    assert "series." not in told[1]


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        (Recurrence(Rhythm.WEEKLY, 2), "През седмица"),
        (Recurrence(Rhythm.MONTHLY, 3), "На всеки 3 месеца"),
        (Recurrence(Rhythm.WEEKLY, 1, (0, 2)), "Всяка седмица (пон, ср)"),
    ],
)
def test_a_rhythm_reads_well_in_bulgarian(recurrence: Recurrence, expected: str) -> None:
    """Each interval has its own words."""
    assert (
        BULGARIAN.recurrence(occurrence_of(Occurrence("S", date(2026, 6, 25)).repeated(recurrence)) or {}) == expected
    )


def test_a_fields_reason_begins_with_its_name() -> None:
    """In the reader's language; the remedy stays."""
    told = ENGLISH.reason("subject: both sides changed it; the settings leave the choice to a person")
    assert told.text.startswith("title: both sides changed it")
    assert told.remedy
    told = BULGARIAN.reason("time: outside the window")
    assert (told.text, told.is_foreign) == ("време: извън периода", False)


REMARKS = remarks(
    replace(an_event(), attendees=(Attendee("odd address", "Odd"),)),
    replace(an_activity(), participants=(Participant("1", ""),)),
    uninvited=2,
)

COMPOSED = {
    "a remark about people": REMARKS,
    "a reason and a choice": f"{DELETED_IN_OUTLOOK}; {KEPT_BY_CHOICE}",
    "a reason and an obstacle": f"{DELETED_IN_ERP}; {REASONS_OF[Obstacle.PAST]}",
    "fields in conflict": f"subject: {REASONS_OF[Obstacle.LOCKED]}; time: {REASONS_OF[Obstacle.LOCKED]}",
    "followed": f"{FOLLOWED}, that of boris@acme.example",
    "to be read again": f"to be read again: {OUTRUN}",
    "waits for a choice": f"{PARTNER_GONE} (`calsync approve 0123456789ab` makes it anew), tried 3 times",
    "answered": f"{MASS_DELETION}; approved, to be carried out by the next round",
    "open": f"{MASS_DELETION} (`calsync approve 0123456789ab --show`)",
    "made anew": Why.MADE_ANEW,
    "rivalled": RIVALLED,
    "chosen": CHOSEN,
}
"""Reasons that are made of several parts, as the sync makes them."""


@pytest.mark.parametrize("text", COMPOSED.values(), ids=COMPOSED)
def test_a_reason_of_several_parts_is_said_in_bulgarian(text: str) -> None:
    """Each part of it; no word of ours is left in English."""
    told = BULGARIAN.reason(text)

    assert (told.is_foreign, told.quote) == (False, "")
    assert foreign_in(f"<p>{told.text}</p>") == []


@pytest.mark.parametrize(("subject", "told"), [("(private)", "(лично)"), ("", "(без заглавие)"), ("Съвет", "Съвет")])
def test_an_item_is_named_in_bulgarian(subject: str, told: str) -> None:
    """One whose title is its owner's, too, in whatever is told of it."""
    assert BULGARIAN.item(subject) == told
    assert f"„{told}“" in BULGARIAN.action("activity created", subject)


@pytest.mark.parametrize(
    ("minutes", "told"), [(15, "търсят се на всеки 15 минути"), (0, "търсят се по разписанието на SYNC_SCHEDULE")]
)
def test_how_often_changes_are_looked_for_is_said_in_bulgarian(minutes: int, told: str) -> None:
    """As the app's timer is set."""
    phrase = Found.NEWS_POLLED.say(every=Every(minutes))

    assert BULGARIAN.phrase(phrase_of(phrase)) == Reason(told)


def test_words_of_another_system_are_quoted() -> None:
    """What follows a reason of ours in an error's words stands apart; an error alone is foreign as a whole."""
    told = BULGARIAN.reason("the item cannot be understood: Subject is missing")

    assert (told.text, told.quote) == ("записът не може да бъде разчетен", "Subject is missing")
    assert BULGARIAN.reason("ERP.net answered 500").is_foreign
