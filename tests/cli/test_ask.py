"""`calsync status`, `why`, `doctor`: what an administrator is told, and what they are not."""

from __future__ import annotations

import pytest

from tests.support.office import ANNA, CliOffice

WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
    "range": {"type": "numbered", "numberOfOccurrences": 5},
}
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe [bold red]x[/] \r\nfake: line \x9b31m"


def enabled(office: CliOffice) -> None:
    """Switch Anna on and sync what she has."""
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")


def test_why_tells_a_skipped_series(office: CliOffice) -> None:
    """A recurring meeting is not there because it is one."""
    rule = {**WEEKLY, "range": {**WEEKLY["range"], "startDate": office.at(0, 9)[:10]}}
    office.meet("Weekly stand-up", recurrence=rule)
    enabled(office)
    answer = office.calsync("why", ANNA, "WEEKLY stand", "--json")

    assert answer.code == 0
    assert {("skipped", "part of a recurring series")} == {(i["what"], i["reason"]) for i in answer.json["items"]}


def test_why_looks_beyond_the_window(office: CliOffice) -> None:
    """A meeting in three months is found though no round reads it, and said to be outside the window."""
    event = office.meet("Strategy", days=90)
    enabled(office)

    for wanted in ("strategy", event):
        [item] = office.calsync("why", ANNA, wanted, "--json").json["items"]
        assert ("skipped", "outside the window", event) == (item["what"], item["reason"], item["event_id"])


def test_why_says_what_the_next_round_will_do(office: CliOffice) -> None:
    """A meeting entered since the last sync will become an activity; asking writes nothing."""
    enabled(office)
    office.meet("Fresh")
    before = office.everything()
    [item] = office.calsync("why", ANNA, "Fresh", "--json").json["items"]

    assert item["what"] == "in the next round: activity created"
    assert office.everything() == before


def test_why_shows_the_value_that_lost(office: CliOffice) -> None:
    """Both sides renamed it: the link is in step, and the journal still holds the name that was overruled."""
    enabled(office)
    event = office.meet("Old name")
    office.calsync("sync")
    office.more["SYNC_CONFLICT"] = "erpnet"
    office.calsync("policy", "--set")
    office.outlook("edit", ident=event, subject="Outlook's name")
    office.desk("edit", activity=office.activity("Old name")["Id"], subject="ERP's name")
    office.calsync("sync")
    items = office.calsync("why", ANNA, office.activity("ERP's name")["Id"].upper(), "--json").json["items"]
    [kept] = [item for item in items if item["what"] == "value kept"]

    assert (items[0]["what"], items[0]["reason"]) == ("linked", "in step")
    assert (kept["before"], kept["after"]) == ({"graph.subject": "Outlook's name"}, {"graph.subject": "ERP's name"})


def test_why_names_the_calendar_that_feeds_a_meeting(office: CliOffice) -> None:
    """Boris asks about Anna's meeting: his copy follows, hers feeds the activity; his status counts it apart."""
    boris = office.employ("boris")
    office.meet("Budget", attendees=[boris])
    for upn in (ANNA, boris):
        office.calsync("users", "enable", upn)
    office.calsync("sync")
    [finding, *_] = office.calsync("why", boris, "budget", "--json").json["items"]
    [user] = office.calsync("status", "--user", boris, "--json").json["users"]
    told = office.calsync("status", "--user", boris).out

    assert (finding["what"], finding["reason"]) == (
        "followed",
        f"the meeting is fed from another calendar, that of {ANNA}",
    )
    assert (user["links"], user["followed"]) == (0, 1)
    assert "0 pairs linked, 1 meeting fed from other calendars." in told


def test_a_dry_run_says_how_many_mails_it_would_cause(office: CliOffice) -> None:
    """An activity with a colleague in it invites her: the plan says one mail before anybody is mailed."""
    enabled(office)
    zoe = office.employ("zoe")
    office.calsync("users", "enable", zoe)
    office.calsync("sync")
    office.desk("create", subject="Visit", start=office.day(2, 9), end=office.day(2, 10), participants=["zoe"])
    plan = office.calsync("sync", "--dry-run")
    answer = office.calsync("sync", "--json").json

    assert "event created: “Visit” (1 mail)" in plan.out
    assert "1 mail to attendees would be sent by Exchange." in plan.out
    assert [user["mails"] for user in answer["users"] if user["upn"] == ANNA] == [1]


def test_why_knows_nothing_of_an_unknown_item(office: CliOffice) -> None:
    """What nobody knows is an argument to correct."""
    enabled(office)
    answer = office.calsync("why", ANNA, "no such meeting")

    assert (answer.code, answer.out) == (2, "")
    assert "no such meeting" in answer.err


def test_status_tells_state_checkpoints_and_log(office: CliOffice) -> None:
    """State, both checkpoints, the number of pairs and the newest of the journal first."""
    office.meet("Budget review")
    enabled(office)
    answer = office.calsync("status", "--user", ANNA, "--json")
    [user] = answer.json["users"]

    assert answer.code == 0
    assert tuple(user[name] for name in ("enabled", "state", "links", "conflicts", "parked")) == (
        True,
        "Operational",
        1,
        0,
        0,
    )
    assert user["synced_at"] == user["remote_checkpoint_at"] == user["local_checkpoint_at"]
    assert user["synced_at"].endswith("+00:00")
    assert [entry["what"] for entry in user["log"]] == ["round", "activity created"]


def test_a_hostile_subject_does_nothing_to_a_terminal(office: CliOffice) -> None:
    """Escape sequences, line breaks and direction marks are shown harmlessly; JSON carries the exact text."""
    event = office.meet(HOSTILE)
    office.calsync("users", "enable", ANNA)
    told = [office.calsync("sync"), office.calsync("status", "--user", ANNA), office.run("why", ANNA, event)]
    [finding, *_] = office.calsync("why", ANNA, event, "--json").json["items"]

    for answer in told:
        assert "gnp.exe [bold red]x[/]" in answer.out
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(answer.out + answer.err)
        assert not [line for line in answer.out.splitlines() if line.startswith("fake")]
    assert finding["subject"] == HOSTILE


def test_private_items_are_masked(office: CliOffice) -> None:
    """The administrator learns that a private item was synced, not what it says, in no command and format."""
    office.meet("Hush-hush", sensitivity="private", body="Hush body")
    office.calsync("users", "enable", ANNA)
    answers = [
        office.calsync(*command, *form)
        for form in ((), ("--json",))
        for command in (("sync", "--dry-run"), ("sync",), ("status", "--user", ANNA), ("why", ANNA, "hush-hush"))
    ]

    assert all("Hush" not in answer.out + answer.err for answer in answers)
    assert [activity["Subject"] for activity in office.activities()] == ["Hush-hush"]
    assert "(private)" in answers[1].out


def test_doctor_finds_what_is_missing_and_repairs_on_request(office: CliOffice) -> None:
    """No document type yet: ✗ with the remedy and exit 1; with --repair it is made and all is well."""
    first, repaired = office.calsync("doctor"), office.calsync("doctor", "--repair")
    last = office.calsync("doctor", "--json")

    assert (first.code, repaired.code, last.code) == (1, 0, 0)
    assert ["no document type 'Meeting'" in line for line in first.out.splitlines() if line[0] == "✗"] == [True]
    assert {"State tables", "Microsoft Graph", "ERP.net", "Service user"} < {c["what"] for c in last.json["checks"]}


def test_doctor_warns_of_a_schedule_that_azure_reads_otherwise(
    office: CliOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is right, so that all the rest is checked; and it is shown, with what it means."""
    office.calsync("doctor", "--repair")
    monkeypatch.setenv("SYNC_SCHEDULE", "0 0 22-2 * * *")
    answer = office.calsync("doctor")

    assert answer.code == 1
    [line] = [line for line in answer.out.splitlines() if line.startswith("✗")]
    assert "SYNC_SCHEDULE = 0 0 22-2 * * *: “22-2” is turned round to 2-22; write 22-23,0-2" in line
    assert [check["fine"] for check in office.calsync("doctor", "--json").json["checks"]].count(False) == 1


def test_doctor_tells_what_a_user_lacks(office: CliOffice) -> None:
    """Bob has neither company nor location: his line says so, and being looked at sends him nothing."""
    office.employ("bob", place=False)
    office.erp.act("fault", match="POST */CreateNotification", kind="answer", status=502)
    office.calsync("users", "enable", "bob@acme.example")
    answer = office.calsync("doctor")

    assert answer.code == 1
    [line] = [line for line in answer.out.splitlines() if line.startswith("✗")]
    assert "bob@acme.example" in line
    assert "no default enterprise company" in line
    assert office.erp.act("state")["notifications"] == []


def test_doctor_goes_on_when_the_tables_do_not_answer(office: CliOffice) -> None:
    """A wrong account key is one failed check; Graph is checked all the same."""
    office.storage = office.storage.replace("AccountKey=Eby8", "AccountKey=AAAA")
    answer = office.calsync("doctor")

    assert answer.code == 1
    assert [line.split("  ")[0] for line in answer.out.splitlines() if "Settings" not in line] == [
        "✗ State tables",
        "✓ Microsoft Graph",
        "✓ Graph permissions",
        "✗ ERP.net",
        "2 checks failed; each says what helps.",
    ]


@pytest.mark.parametrize(
    ("side", "match", "status", "remedy"),
    [("graph", "*", 401, "Check AZURE_TENANT_ID"), ("erp", "*/odata/*", 403, "Scope holds 'read update'")],
    ids=["Graph", "ERP.net"],
)
@pytest.mark.parametrize(
    "command", [("why", ANNA, "Budget"), ("sync", "--full"), ("users", "enable", ANNA)], ids=" ".join
)
def test_who_refuses_us_is_told_with_what_helps(
    office: CliOffice, side: str, match: str, status: int, remedy: str, command: tuple[str, ...]
) -> None:
    """Whichever command asks: exit 1, the settings to look at, and nobody's state is another."""
    enabled(office)
    error = {"error": {"code": "InvalidAuthenticationToken", "message": "No."}}
    getattr(office, side).act("fault", match=match, kind="answer", status=status, body=error, times=None)
    answer = office.calsync(*command)
    users = office.calsync("users", "list", "--json").json["users"]
    getattr(office, side).act("clear_faults")

    assert answer.code == 1
    assert remedy in answer.err + answer.out
    assert [user["state"] for user in users] == ["Operational"]
