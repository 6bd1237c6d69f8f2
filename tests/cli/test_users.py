"""`calsync users`: the switch, what a user lacks, and being forgotten."""

from __future__ import annotations

import pytest

from tests.support.office import ANNA, CliOffice


def test_a_user_is_switched_on_and_off(office: CliOffice) -> None:
    """The list tells who is on; off deletes nothing on either side."""
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    on = office.calsync("users", "list", "--json").json["users"]
    off = office.calsync("users", "disable", ANNA)

    assert [(user["upn"], user["enabled"], user["state"]) for user in on] == [(ANNA, True, "Operational")]
    assert (off.code, [u["enabled"] for u in office.calsync("users", "--json", "list").json["users"]]) == (0, [False])
    assert (len(office.activities()), len(office.events())) == (1, 1)


def test_company_and_location_can_be_chosen(office: CliOffice) -> None:
    """Bob has no suggestion: enabled all the same with exit 1 and the remedy, which then works."""
    bob = office.employ("bob", place=False)
    state = office.erp.act("state")
    lacking = office.calsync("users", "enable", bob)
    choice = ("--company", state["company"], "--location", state["location"], "--time-zone", "Europe/Sofia")
    chosen = office.calsync("users", "enable", bob, *choice, "--json")

    assert (lacking.code, chosen.code) == (1, 0)
    assert "--company ID --location ID" in lacking.out
    [user] = chosen.json["users"]
    assert (state["company"], state["location"]) == (user["company_id"], user["location_id"])
    assert (user["time_zone"], user["state"]) == ("Europe/Sofia", "Operational")


def test_a_company_that_is_not_there_breaks_no_working_user(office: CliOffice) -> None:
    """A wrong --company ends with exit 2 and the companies there are, by name with their ids; nothing is changed."""
    office.calsync("users", "enable", ANNA)
    before = office.calsync("users", "list", "--json").json["users"]
    wrong = office.calsync("users", "enable", ANNA, "--company", "foo")

    assert wrong.code == 2
    assert "foo" in wrong.err + wrong.out
    assert office.erp.act("state")["company"] in wrong.err + wrong.out
    assert office.calsync("users", "list", "--json").json["users"] == before
    office.meet("Budget review")
    assert (office.calsync("sync").code, len(office.activities())) == (0, 1)


def test_forgetting_erases_everything(office: CliOffice) -> None:
    """No row of the user is left in any table; events and activities stay."""
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    assert office.rows("State")
    answer = office.calsync("users", "forget", ANNA, "--yes")

    assert answer.code == 0
    left = [key for table in ("State", "Journal", "Meetings") for key in office.rows(table)]
    assert [key for key in left if key[0] != "day"] == []  # what a day's rounds did in numbers names nobody
    assert "user" not in {partition for partition, _ in office.rows("Users")}
    assert (len(office.activities()), len(office.events())) == (1, 1)


@pytest.mark.parametrize("command", [("users", "list"), ("status",), ("retry",)], ids=" ".join)
def test_a_company_of_nobody_is_told_how_to_begin(office: CliOffice, command: tuple[str, ...]) -> None:
    """Each answers with the first step and not with an empty line."""
    answer = office.calsync(*command)
    assert (answer.code, answer.out.strip()) == (0, "Nobody's sync is switched on: `calsync users enable UPN`.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "enable", "nobody@acme.example"),
        ("users", "disable", "nobody@acme.example"),
        ("users", "forget", "nobody@acme.example", "--yes"),
        ("users", "enable", ANNA, "--time-zone", "Sofia"),
        ("sync", "--user", "nobody@acme.example"),
        ("status", "--user", "nobody@acme.example"),
        ("conflicts", "--user", "nobody@acme.example"),
        ("retry", "--user", "nobody@acme.example"),
        ("why", "nobody@acme.example", "lunch"),
        ("approve", "deadbeef", "--yes"),
        ("sync", "--everything"),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_wrong_arguments_end_with_2(office: CliOffice, arguments: tuple[str, ...]) -> None:
    """Unknown users, ids, options and commands are named on stderr; stdout stays empty."""
    office.calsync("users", "enable", ANNA)
    answer = office.calsync(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err


def test_an_unknown_user_is_told_in_json_too(office: CliOffice) -> None:
    """A machine finds the failure on stdout, a person on stderr."""
    answer = office.calsync("--json", "sync", "--user", "nobody@acme.example")

    assert (answer.code, "nobody@acme.example is not known to calsync" in answer.json["failure"]) == (2, True)


def test_a_second_mailbox_of_one_erp_net_user_is_refused(office: CliOffice) -> None:
    """Exit 1, and the message names whose the account is; the first goes on."""
    office.calsync("users", "enable", ANNA)
    office.graph.act("add_mailbox", upn="desk@acme.example", mail=ANNA)
    second = office.calsync("users", "enable", "desk@acme.example")

    assert (second.code, ANNA in second.err, "users disable" in second.err) == (1, True, True)
    assert [user["upn"] for user in office.calsync("users", "list", "--json").json["users"]] == [ANNA]
    assert office.calsync("sync").code == 0


def test_whoever_is_hired_again_is_meant_by_name(office: CliOffice) -> None:
    """Two accounts of one name: the list tells their ids, a name is today's account, the id the other's."""
    office.calsync("users", "enable", ANNA)
    [before] = office.calsync("users", "list", "--json").json["users"]
    office.graph.act("remove_mailbox", upn=ANNA)
    office.graph.act("add_mailbox", upn=ANNA, id="11111111-2222-4333-8444-555555555555")
    unknown = office.calsync("users", "forget", ANNA, "--yes")
    office.calsync("users", "enable", ANNA)
    listed = office.calsync("users", "list")
    forgotten = office.calsync("users", "forget", before["id"], "--yes")
    [after] = office.calsync("users", "list", "--json").json["users"]

    assert (unknown.code, before["id"] in unknown.err) == (2, True)
    assert (before["id"] in listed.out, "11111111-2222-4333-8444-555555555555" in listed.out) == (True, True)
    assert (forgotten.code, before["id"] in forgotten.out) == (0, True)
    assert after["id"] == "11111111-2222-4333-8444-555555555555"


def test_who_is_off_is_off_and_no_more(office: CliOffice) -> None:
    """The state of the last round is none of somebody for whom no round runs."""
    office.calsync("users", "enable", ANNA)
    office.calsync("users", "disable", ANNA)

    assert office.calsync("users", "list").out.startswith(f"{ANNA}: off (")
