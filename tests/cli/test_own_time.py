"""What the tables tell of one person is told in that person's own time, and says which it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.text.status import status_lines
from cli.text.stories import explained_lines, journal_lines
from jobs.commands.shapes import journal_of, status_of
from sync_core.model.entries import JournalEntry
from sync_core.model.memory import Memory
from sync_core.model.user import User
from tests.support.office import ANNA, CliOffice

LIMA = User("id", ANNA, zone="America/Lima")
LATE = datetime(2026, 12, 8, 3, 30, tzinfo=UTC)
"""Still the evening before in Lima, at 22:30."""

LOOKS_SO = "2026-12-08 03:30Z"


def entry(at: datetime) -> JournalEntry:
    """Something that was done then."""
    return JournalEntry("id", at, "round1", "activity created", subject="Budget")


@pytest.mark.parametrize(("since", "number"), [("2026-12-07", 1), ("2026-12-08", 0)])
def test_a_day_of_the_journal_is_one_of_its_person(since: str, number: int) -> None:
    """What was done late in Lima's evening belongs to that day, though UTC has the next."""
    shown = journal_of(LIMA, [entry(LATE)], date.fromisoformat(since))
    lines = [*journal_lines(shown)]

    assert (shown["zone"], len(shown["log"])) == ("America/Lima", number)
    assert lines[0] == f"{ANNA}, times of America/Lima:"
    assert lines[1].split()[:2] == (["2026-12-07", "22:30:00"] if number else ["Nothing."])


def test_a_status_is_in_the_time_of_its_person() -> None:
    """The last sync and the journal; a person of whom no zone is known is told in UTC."""
    known, unknown = (
        [*status_lines(status_of(user, Memory(), [entry(LATE)]) | {"news": ""})]
        for user in (
            User("id", ANNA, zone="America/Lima", synced_at=LATE, enabled=True),
            User("id", ANNA, synced_at=LATE, enabled=True),
        )
    )

    assert "times of America/Lima" in known[0]
    assert "times of UTC" in unknown[0]
    assert ["2026-12-07 22:30:00" in line for line in (known[1], known[-1])] == [True, True]
    assert ["2026-12-08 03:30:00" in line for line in (unknown[1], unknown[-1])] == [True, True]


def test_a_conflict_is_as_old_as_its_person_reads_it(office: CliOffice) -> None:
    """Anna's mailbox has the zone of Kyiv; the JSON keeps the instant."""
    office.calsync("users", "enable", ANNA)
    event = office.meet("Before")
    office.calsync("sync")
    office.desk("set_read_only", activity=office.activity("Before")["Id"], read_only=True)
    office.outlook("edit", ident=event, subject="After")
    office.calsync("sync")
    [conflict] = office.calsync("conflicts", "--json").json["conflicts"]
    local = datetime.fromisoformat(conflict["since"]).astimezone(ZoneInfo("Europe/Kiev"))

    assert conflict["zone"] == "Europe/Kiev"
    assert f"since {local:%Y-%m-%d %H:%M:%S} (Europe/Kiev)" in office.calsync("conflicts").out


def test_an_answer_of_an_earlier_build_has_no_zone() -> None:
    """It is read as UTC."""
    shown = journal_of(User("id", ANNA), [entry(LATE)])
    del shown["zone"]

    assert "2026-12-08 03:30:00" in [*journal_lines(shown)][1]


def test_a_time_that_changed_is_read_on_the_clock_of_its_person() -> None:
    """With the side whose it is; a title that looks like a time is left as it is, and so is what is no time."""
    [*lines] = explained_lines(
        {
            "zone": "America/Lima",
            "items": [
                {
                    **dict.fromkeys(("what", "subject", "reason", "do", "event_id", "activity_id"), ""),
                    "before": {
                        "erp.time": "2026-12-08 03:30Z – 9999-99-99 99:99Z",
                        "graph.subject": "2026-12-08 03:30Z",
                    },
                    "after": {"erp.time": "2026-12-08 05:30Z – 2026-12-08 06:30Z", "graph.subject": "Later"},
                }
            ],
        }
    )

    assert lines[2].startswith(
        "    time in ERP.net: Mon 07.12.2026 22:30 – 9999-99-99 99:99Z → Tue 08.12.2026 00:30 – "
    )
    assert lines[3] == f"    subject in Outlook: “{LOOKS_SO}” → “Later”"
