"""`calsync status`: the whole, everybody in a line, one person with what people did first, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.group import NOBODY
from tests.support.office import ANNA, CliOffice

BOB = "bob@acme.example"


def conflicted(office: CliOffice) -> None:
    """Anna has an open conflict; Bob, who has no company, is in error."""
    office.employ("bob", place=False)
    office.calsync("users", "enable", ANNA, BOB)
    event = office.meet("Before")
    office.calsync("sync")
    office.desk("set_read_only", activity=office.activity("Before")["Id"], read_only=True)
    office.outlook("edit", ident=event, subject="After")
    office.calsync("sync")


def test_the_whole_is_told_in_numbers_with_the_commands_that_help(office: CliOffice) -> None:
    """Who stands how, how changes are learned of, what waits, and a line for each person."""
    conflicted(office)
    answer = office.calsync("status")
    lines = answer.out.splitlines()

    assert answer.code == 1
    assert lines[0] == "2 people are on: 1 waiting for an answer, 1 in error; 0 off."
    assert lines[1].startswith("Outlook's changes: looked for every 15 minutes. The app's last pull of ERP.net: ")
    assert lines[2] == "Needs a person: 1 open conflict (`calsync conflicts`)."
    assert [line.partition("UTC  ")[2] for line in lines[3:5]] == [
        f"{BOB}: sync does not work",
        f"{ANNA}: a conflict is open",
    ]
    assert [line.partition(":")[0] for line in lines[5:]] == [ANNA, BOB]
    assert "Operational; 1 open conflict; last sync 20" in lines[5]
    assert "no default enterprise company" in lines[6]
    told = office.calsync("status", "--json").json["needs"]
    assert [(one["need"], one["upn"], one["count"]) for one in told] == [("error", BOB, 1), ("conflicts", ANNA, 1)]
    assert [one["since"] for one in told] == sorted(one["since"] for one in told)


@pytest.mark.parametrize(
    ("who", "fail_on", "code"),
    [
        ((), "error", 1),
        ((), "never", 0),
        (("--user", ANNA), "error", 0),
        (("--user", ANNA), "attention", 1),
        (("--user", BOB), "attention", 1),
    ],
)
def test_the_exit_code_is_chosen(office: CliOffice, who: tuple[str, ...], fail_on: str, code: int) -> None:
    """For a monitor: somebody in error, anything that waits for a person, or never."""
    conflicted(office)

    assert office.calsync("status", *who, "--fail-on", fail_on).code == code


def test_nothing_to_do_is_said(office: CliOffice) -> None:
    """All is well: nothing waits, exit 0 with every choice."""
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    answer = office.calsync("status", "--fail-on", "attention")

    assert answer.code == 0
    assert "1 person is on: 1 fine; 0 off." in answer.out
    assert "Nothing waits for a person." in answer.out


def test_of_many_only_who_needs_something_is_shown(office: CliOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """--all shows everybody; the machine-readable answer always has everybody."""
    monkeypatch.setattr("cli.text.status.MOST_PEOPLE", 1)
    conflicted(office)
    whole, everybody = office.calsync("status").out, office.calsync("status", "--all").out

    assert "`calsync status --all` shows everybody." in whole
    assert whole.splitlines()[5].startswith(BOB), "who has waited longest, whatever the names"
    assert "`calsync status --all`" not in everybody
    assert [line.partition(":")[0] for line in everybody.splitlines()[5:]] == [ANNA, BOB]
    assert [row["upn"] for row in office.calsync("status", "--json").json["users"]] == [ANNA, BOB]


def test_what_was_done_stands_before_the_rounds(office: CliOffice) -> None:
    """Of one person: what waits first, then checkpoints, then items, then rounds."""
    conflicted(office)
    lines = office.calsync("status", "--user", ANNA).out.splitlines()
    rounds = [number for number, line in enumerate(lines) if " round [" in line]
    items = [number for number, line in enumerate(lines) if " activity created: " in line]

    assert "open conflict" in lines[1]
    assert items
    assert max(items) < min(rounds)
    assert any(line == "  Outlook's changes: looked for every 15 minutes." for line in lines)


def test_one_person_is_shown_with_both_sides(office: CliOffice) -> None:
    """`users show`: names, ids, place, zone; by any letter case."""
    office.calsync("users", "enable", ANNA)
    answer, data = office.calsync("users", "show", ANNA.upper()), office.calsync("users", "show", ANNA, "--json").json

    assert answer.code == 0
    assert answer.out.splitlines()[0].startswith(f"{ANNA}: on, Operational")
    assert {"id", "addresses", "ERP.net user", "company", "time zone", "on since"} <= {
        line.strip().partition(":")[0] for line in answer.out.splitlines()[1:]
    }
    assert (data["user"]["upn"], data["user"]["erp_login"]) == (ANNA, "anna")
    assert office.calsync("users", "show", "nobody@acme.example").code == 2


@pytest.mark.parametrize("command", [("sync",), ("retry",), ("users", "disable")], ids=" ".join)
def test_several_people_are_named_in_a_file_or_are_all(
    office: CliOffice, tmp_path: object, command: tuple[str, ...]
) -> None:
    """A UPN a line, comments passed over; --all and names contradict each other."""
    office.employ("bob")
    office.calsync("users", "enable", ANNA, BOB)
    file = f"{tmp_path}/people.txt"
    with open(file, "w", encoding="utf-8") as written:
        written.write(f"# sales\n{ANNA}\n\n{BOB}\n{ANNA}\n")
    named = office.calsync(*command, "--file", file, "--json")
    both = office.calsync(*command, "--file", file, "--all", "--yes" if command[0] == "users" else "--json")

    assert [user["upn"] for user in named.json["users"]] == [ANNA, BOB]
    assert (both.code, "either whom or --all" in both.err) == (2, True)


def test_one_unknown_name_stops_nobody_else(office: CliOffice) -> None:
    """It is told, with exit 1; the others have their turn."""
    office.calsync("users", "enable", ANNA)
    answer = office.calsync("sync", "--user", "nobody@acme.example", "--user", ANNA)

    assert answer.code == 1
    assert f"{ANNA}: Operational" in answer.out
    assert "\nnobody@acme.example is not known to calsync" in answer.out


def test_what_is_not_synced_is_asked_of_several_people_or_of_all(office: CliOffice, tmp_path: Path) -> None:
    """One by one, from a file, and everybody; not both."""
    boris = office.employ("boris")
    office.calsync("users", "enable", ANNA, boris)
    office.meet("Far away", days=60)
    office.calsync("sync")
    names = tmp_path / "people.txt"
    names.write_text(f"{ANNA}\n{boris}\n")
    found = [
        [item["upn"] for item in office.calsync("unsynced", *whom, "--json").json["items"]]
        for whom in ((), ("--all",), ("--user", ANNA, "--user", boris), ("--file", str(names)), ("--user", boris))
    ]

    assert found == [[ANNA]] * 4 + [[]]
    assert office.calsync("unsynced", "--all", "--user", ANNA).code == 2


def test_nothing_left_out_is_no_claim_that_all_is_synced(office: CliOffice) -> None:
    """Nobody is on; nothing was left out; nothing for this reason: each is said for what it is."""
    nobody = office.calsync("unsynced").out
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    nothing = office.calsync("unsynced").out
    other = office.calsync("unsynced", "--reason", "moon phase").out
    office.calsync("users", "disable", ANNA)
    assert office.calsync("unsynced", "--user", ANNA).out.startswith("Their sync is switched off: ")

    assert (nobody, nothing) == (f"{NOBODY}\n", "Of all that the last rounds looked at, nothing is left out.\n")
    assert other == "No item has exactly this reason: `calsync unsynced` shows the reasons that there are.\n"
