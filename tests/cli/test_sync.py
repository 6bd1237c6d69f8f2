"""`calsync sync`: what it does, what it costs, what it plans, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from cli.runner import HERE
from tests.support.office import ANNA, CliOffice

ACTED = ("what", "subject", "reason", "before", "after")
LEFT_ALONE = ("skipped", "parked", "held", "archived")


def deeds(answer: Any) -> list[dict[str, Any]]:
    """What the lines of a sync say was done, in an order of their own."""
    lines = [line for user in answer["users"] for line in user["lines"] if line["what"] not in LEFT_ALONE]
    return sorted(({name: line[name] for name in ACTED} for line in lines), key=str)


def test_a_meeting_becomes_an_activity(office: CliOffice) -> None:
    """The real command, in a process of its own: enable, sync, and the meeting is in ERP.net."""
    office.meet("Budget review")
    enabled = office.run("users", "enable", ANNA)
    synced = office.run("sync")

    assert (enabled.code, synced.code) == (0, 0)
    assert [(a["Subject"], a["DocumentTypeCode"]) for a in office.activities()] == [("Budget review", "Meeting")]
    assert "activity created: “Budget review”" in synced.out
    assert synced.err == f"{HERE}\n"


def test_an_activity_becomes_an_event(office: CliOffice) -> None:
    """The other way: created in ERP.net, it appears in Outlook, and the answer tells it by number and line."""
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    office.desk("create", subject="Call", start=office.day(1, 10), end=office.day(1, 11))
    answer = office.calsync("--json", "sync")

    assert answer.code == 0
    assert [user["done"] for user in answer.json["users"]] == [{"event created": 1}]
    assert [event["subject"] for event in office.events()] == ["Call"]


def test_a_sync_with_nothing_to_do_is_cheap(office: CliOffice) -> None:
    """At most three requests to the outside, and of all rows only the slot and the user's report are written."""
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    office.calsync("sync")
    before = {table: office.rows(table) for table in ("Users", "State", "Journal")}
    office.forget_requests()
    answer = office.run("sync", "--json")
    after = {table: office.rows(table) for table in ("Users", "State", "Journal")}

    assert (answer.code, deeds(answer.json)) == (0, [])
    assert len(office.requests()) <= 3
    assert (before["State"], before["Journal"]) == (after["State"], after["Journal"])
    written = {key[0] for key, etag in after["Users"].items() if before["Users"].get(key) != etag}
    assert written <= {"slot", "user"}


def test_a_dry_run_is_the_plan_and_writes_nothing(office: CliOffice) -> None:
    """What it says is what the next real run does; neither side nor our memory is touched by it."""
    office.calsync("users", "enable", ANNA)
    moved, renamed = office.meet("Moved"), office.meet("Renamed")
    office.calsync("sync")
    office.outlook("move_time", ident=moved, start=office.at(3, 12), end=office.at(3, 13))
    office.desk("edit", activity=office.activity("Renamed")["Id"], subject="Named anew")
    office.outlook("edit", ident=renamed, importance="high")
    office.meet("New")
    office.desk("create", subject="Call", start=office.day(1, 10), end=office.day(1, 11))

    before = office.everything()
    plan = office.calsync("sync", "--dry-run", "--json")
    assert office.everything() == before
    real = office.calsync("sync", "--json")

    assert (plan.code, real.code) == (0, 0)
    assert len(deeds(real.json)) == 4
    assert deeds(real.json) == deeds(plan.json)


def test_a_first_dry_run_leaves_the_store_as_it_is(office: CliOffice) -> None:
    """Even the first one does not stamp the store, note the watermark or make the document type."""
    office.calsync("users", "enable", ANNA)
    office.meet("Budget review")
    before = office.everything()
    answer = office.calsync("sync", "--dry-run", "--json")

    planned = [line["what"] for line in answer.json["users"][0]["lines"]]
    assert planned == ["activity created"]
    assert office.everything() == before


def test_a_failing_private_item_is_not_named(office: CliOffice) -> None:
    """Graph refuses a private activity's event: it is reported as failed, exit 1, without its subject."""
    office.calsync("users", "enable", ANNA)
    office.desk("create", subject="Hush-hush", start=office.day(1, 10), private=True)
    refusal = {"error": {"code": "ErrorInvalidArgument", "message": "no"}}
    office.graph.act("fault", match="POST */events", kind="answer", status=400, body=refusal)
    answer = office.calsync("sync")

    assert answer.code == 1
    assert "Failed: (private): " in answer.out
    assert "Hush" not in answer.out + answer.err


def test_a_full_sync_makes_nothing_twice(office: CliOffice) -> None:
    """A full refresh of what is in step creates and changes nothing."""
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    office.forget_requests()
    answer = office.calsync("sync", "--full", "--json")

    assert [(user["full"], user["done"]) for user in answer.json["users"]] == [(True, {})]
    assert len(office.activities()) == 1


def test_only_the_named_user_is_synced(office: CliOffice) -> None:
    """--user may be any letter case and names whose round runs; the other one waits."""
    bob = office.employ("bob")
    for upn in (ANNA, bob):
        office.calsync("users", "enable", upn)
    answer = office.calsync("sync", "--user", ANNA.upper(), "--json")

    assert [user["upn"] for user in answer.json["users"]] == [ANNA]


def test_a_user_who_lacks_something_fails_and_the_others_go_on(office: CliOffice) -> None:
    """Bob has no company: exit 1 and the remedy for him, Anna's meeting arrives."""
    bob = office.employ("bob", place=False)
    office.meet("Budget review")
    for upn in (ANNA, bob):
        office.calsync("users", "enable", upn)
    answer = office.calsync("sync")

    assert answer.code == 1
    assert f"`calsync users enable {bob} --company ID --location ID`" in answer.out
    assert len(office.activities()) == 1


def test_a_named_user_who_is_switched_off_is_told(office: CliOffice) -> None:
    """Asked to sync somebody whose switch is off, it says so and ends with 1."""
    office.calsync("users", "enable", ANNA)
    office.calsync("users", "disable", ANNA)
    answer = office.calsync("sync", "--user", ANNA)

    assert (answer.code, answer.out.splitlines()[0]) == (1, f"{ANNA}: switched off")
    assert f"No round ran: `calsync users enable {ANNA}` switches it on." in answer.out


def test_who_is_paused_is_told_what_ends_it(office: CliOffice) -> None:
    """Asked to sync somebody while everybody is paused, it runs no round and says so."""
    office.calsync("users", "enable", ANNA)
    office.calsync("pause", "--all")
    answer = office.calsync("sync", "--user", ANNA)

    assert f"{ANNA}: paused" in answer.out
    told = f"No round ran: `calsync resume --user {ANNA}` ends their pause, with `--all` everybody's."
    assert told in answer.out


def test_nobody_to_sync_is_no_failure(office: CliOffice) -> None:
    """Without any enabled user there is nothing to do; how to change that goes to stderr."""
    answer = office.calsync("sync", "--json")

    assert (answer.code, answer.json["users"]) == (0, [])
    assert "calsync users enable" in answer.err


def test_a_refused_secret_is_named(office: CliOffice) -> None:
    """ERP.net gives no token: exit 1 with the setting to correct, and no secret in sight."""
    office.calsync("users", "enable", ANNA)
    office.more["ERPNET_CLIENT_SECRET"] = "hush"
    answer = office.calsync("sync", "--json")

    assert answer.code == 1
    assert "ERPNET_CLIENT_SECRET" in answer.json["failure"]
    assert "hush" not in answer.out + answer.err


def test_another_database_is_refused(office: CliOffice) -> None:
    """A store that was used with one ERP.net database is not used with another: settings are wrong, exit 2."""
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    office.more["AZURE_TENANT_ID"] = "other"
    answer = office.calsync("sync")

    assert (answer.code, "STATE_PREFIX" in answer.err) == (2, True)


@pytest.mark.parametrize("arguments", [("sync", "--json"), ("--json", "sync"), ("sync", "--json", "--full")])
def test_json_stands_before_or_after(office: CliOffice, arguments: tuple[str, ...]) -> None:
    """Wherever --json is, stdout is one JSON document."""
    office.calsync("users", "enable", ANNA)

    assert [user["upn"] for user in office.calsync(*arguments).json["users"]] == [ANNA]


def test_a_conflict_is_listed_and_is_no_failure(office: CliOffice) -> None:
    """A locked activity refuses the edit: exit 0, both values in `conflicts`, the event with the category."""
    office.calsync("users", "enable", ANNA)
    event = office.meet("Before")
    office.calsync("sync")
    office.desk("set_read_only", activity=office.activity("Before")["Id"], read_only=True)
    office.outlook("edit", ident=event, subject="After")
    answer = office.calsync("sync", "--json")
    [conflict] = office.calsync("conflicts", "--json").json["conflicts"]

    assert (answer.code, answer.json["users"][0]["conflicts"]) == (0, 1)
    assert [(clash["field"], clash["event_value"], clash["activity_value"]) for clash in conflict["clashes"]] == [
        ("subject", "After", "Before")
    ]
    assert (ANNA, event, "set") == (conflict["upn"], conflict["event_id"], conflict["category"])
    lines = office.calsync("conflicts").out
    assert ", the event has the category, id " in lines
    assert "Outlook “After”, ERP.net “Before”" in lines
