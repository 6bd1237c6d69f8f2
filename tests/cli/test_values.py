"""The values of fields, as `why`, `sync`, `conflicts` and `undo` print them: in words, in the person's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.text.answers import resolved_lines, undo_lines
from cli.text.rounds import action_lines, sync_lines
from cli.text.stories import conflict_lines
from cli.text.values import field_of, value_of
from portal.words import Words
from sync_core.model.decision import Intent
from sync_core.model.sides import Field, Side
from tests.support.office import ANNA, CliOffice

MOVED = {
    "before": {"erp.time": "2026-12-08 03:30Z – 2026-12-08 04:30Z"},
    "after": {"erp.time": "2026-12-08 05:30Z – 2026-12-08 06:30Z"},
}
IN_LIMA = "time in ERP.net: Mon 07.12.2026 22:30 – 23:30 → Tue 08.12.2026 00:30 – 01:30"
WITHOUT = ("failures", "skipped", "holds", "mails", "conflicts", "parked")
"""What a round may tell, and does not here."""

LINE: dict[str, Any] = {"what": "activity updated", "subject": "Budget", "reason": "", "mails": 0, **MOVED}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("erp.private", "True", "yes"),
        ("private", "False", "no"),
        ("graph.priority", "normal", "normal"),
        ("reminder", "none", "none"),
        ("graph.reminder", "15", "15 minutes before"),
        ("reminder", "1", "1 minute before"),
        ("reminder", "-540", "540 minutes after the start"),
        ("time", "2026-12-08 03:30Z – 2026-12-09 03:30Z", "Mon 07.12.2026 22:30 – Tue 08.12.2026 22:30"),
        ("time", "all day 2026-12-08 – before 2026-12-09", "Tue 08.12.2026, all day"),
        ("void.time", "all day 2026-12-08 – before 2026-12-11", "Tue 08.12.2026 – Thu 10.12.2026, all day"),
        ("time", "all day 0000-12-08 – before 9999-99-99", "all day 0000-12-08 – before 9999-99-99"),
        ("erp.subject", "True", "“True”"),
        ("people", "", "(empty)"),
        ("body", "a\x1b[2J", "“a\ufffd[2J”"),
        ("deletion", "deleted in Outlook", "deleted in Outlook"),
        ("private", "(private)", "(private)"),
        ("reminder", "soon\x1b[2J", "soon\ufffd[2J"),
    ],
)
def test_a_value_is_said_in_words(name: str, value: str, told: str) -> None:
    """No word of a programming language; only what people wrote is quoted, and does nothing to a terminal."""
    assert value_of(name, value, "America/Lima") == told


def test_what_a_sync_moves_is_told_in_the_persons_time() -> None:
    """With the zone said once, and only where a time is told."""
    known: dict[str, Any] = {"upn": ANNA, "state": "Operational", "zone": "America/Lima", "full": False, "ran": True}
    user = {**known, **dict.fromkeys(WITHOUT, ()), "lines": [LINE]}
    renamed = {**LINE, "before": {"erp.subject": "a"}, "after": {"erp.subject": "b"}}
    answer = {"failure": "", "dry_run": True, "users": [user, {**user, "lines": [renamed]}]}
    moved, *rest = sync_lines(answer)

    assert moved == f"{ANNA}: Operational (the plan, nothing was written); times of America/Lima"
    assert rest[1].strip() == IN_LIMA
    assert [line for line in rest if line.startswith(ANNA)] == [
        f"{ANNA}: Operational (the plan, nothing was written)"
    ]


def test_what_is_answered_or_taken_back_is_told_in_the_persons_time() -> None:
    """An undo, the answer to a conflict, and the conflict itself."""
    undo = {"upn": ANNA, "zone": "America/Lima", "round": "r1", "done": False, "lines": [LINE], "mails": 0}
    undone = [*undo_lines({**undo, "remade": [], "left_out": [], "failures": []})]
    lost = {
        "what": "activity updated",
        "subject": "Week",
        "field": "",
        "why": "the pair is over",
        "can_remake": False,
    }
    lost["occurrence"] = {"text": "Weekly, 25 June", "title": ""}
    *_, left = undo_lines({**undo, "remade": [], "left_out": [lost], "failures": []})
    assert left == "  Left out, activity updated: “Week” (Weekly, 25 June): the pair is over."
    clash = {"field": "time", "event_value": MOVED["before"]["erp.time"], "why": "both moved it", "do": ""}
    clash |= {"activity_value": MOVED["after"]["erp.time"]}
    conflict: dict[str, Any] = {
        "id": "c1",
        "upn": ANNA,
        "zone": "America/Lima",
        "subject": "Budget",
        "since": "2026-12-08T03:30:00Z",
    }
    conflict |= {"category": "", "clashes": [clash]}
    resolved = [*resolved_lines({"text": "done", "zone": "America/Lima", "lines": [LINE], "conflict": None})]

    assert (undone[0].rpartition("; ")[2], undone[2].strip()) == ("times of America/Lima", IN_LIMA)
    assert (resolved[0], resolved[2].strip()) == ("Done. Times are those of America/Lima.", IN_LIMA)
    assert (
        "Outlook Mon 07.12.2026 22:30 – 23:30, ERP.net Tue 08.12.2026 00:30 – 01:30" in [*conflict_lines(conflict)][1]
    )


@pytest.mark.parametrize(("after", "is_told"), [("15", False), ("30", True), ("none", True)])
def test_a_reminder_that_follows_the_start_is_no_change(after: str, *, is_told: bool) -> None:
    """It is as many minutes before it as ever; one that nobody may see is told all the same."""
    told = {"before": {"erp.reminder": "15"}, "after": {"erp.reminder": after}}
    hidden = {"before": {"erp.reminder": "(private)"}, "after": {"erp.reminder": "(private)"}}

    assert any("reminder" in line for line in action_lines({**LINE, **told}, "UTC")) == is_told
    assert any("reminder" in line for line in action_lines({**LINE, **hidden}, "UTC"))


def test_a_person_is_shown_with_names_and_in_their_own_time(office: CliOffice) -> None:
    """Company and location by name and id; since when they are on, on the clock of their mailbox."""
    office.calsync("users", "enable", ANNA)
    user = office.calsync("users", "show", ANNA, "--json").json["user"]
    told = office.calsync("users", "show", ANNA).out

    assert user["company"]
    assert user["location"]
    assert f"company:           {user['company']} ({user['company_id']})" in told
    assert f"location:          {user['location']} ({user['location_id']})" in told
    assert told.splitlines()[0].endswith("; times of Europe/Kiev")
    assert "UTC" not in told


def test_the_journal_tells_no_round_that_did_nothing(office: CliOffice) -> None:
    """And says how many there were, and how to see them; the status tells none."""
    event = office.meet("Budget")
    office.calsync("users", "enable", ANNA)
    for _ in range(4):
        office.calsync("sync")
        office.outlook("edit", ident=event, subject="Budget")
    told, whole = (office.calsync("journal", "--user", ANNA, *more).out for more in ((), ("--rounds",)))
    [shown] = office.calsync("journal", "--user", ANNA, "--json").json["users"]

    assert shown["idle"] > 1
    assert f"{shown['idle']} rounds with nothing to do not shown: `--rounds` shows all." in told
    assert [text.count(": looked, nothing to do") for text in (told, whole)] == [0, shown["idle"]]
    assert ": looked, nothing to do" not in office.calsync("status", "--user", ANNA).out


@pytest.mark.parametrize("first", [*Side, Intent.VOID, Intent.REMOVE])
def test_where_a_value_stood_is_said(first: str) -> None:
    """Of those that a deletion took, too; on the page as well."""
    told = Words("en", "UTC", datetime(2026, 1, 26, tzinfo=UTC))
    for field in Field:
        assert field_of(f"{first}.{field}") in (f"{field} in Outlook", f"{field} in ERP.net")
        assert field_of(f"{first}.{field}").endswith(told.side(f"{first}.{field}"))
        assert told.side(f"{first}.{field}")
