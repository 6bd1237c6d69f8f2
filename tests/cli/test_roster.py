"""`calsync users export` and `import`: who is switched on, as a file that brings it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.roster import ALL_KNOWN
from jobs.commands.mistakes import RosterInvalid
from jobs.commands.roster import read
from tests.support.office import ANNA, Answer, CliOffice

BOB = "bob@acme.example"


def exported(office: CliOffice) -> dict[str, Any]:
    """The file as data."""
    told: dict[str, Any] = json.loads(office.calsync("users", "export").out)
    return told


def imported(office: CliOffice, folder: Path, told: object) -> Answer:
    """Import such a file."""
    file = folder / "users.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    return office.calsync("users", "import", str(file), "--json")


def test_everybody_comes_back_with_place_and_zone(office: CliOffice, tmp_path: Path) -> None:
    """All forgotten, an import switches the same people on with the same company, location and zone, and no others.

    The first sync after it finds the pairs by their marks: nothing is made twice.
    """
    office.employ("bob", place=False)
    state = office.erp.act("state")
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync(
        *("users", "enable", BOB, "--company", state["company"], "--location", state["location"]),
        *("--time-zone", "Asia/Tokyo"),
    )
    office.calsync("sync")
    file = exported(office)
    for upn in (ANNA, BOB):
        office.calsync("users", "forget", upn, "--yes")
    answer = imported(office, tmp_path, file)

    assert (answer.code, answer.json["problems"]) == (0, [])
    assert [one["upn"] for one in answer.json["users"]] == [ANNA, BOB]
    assert exported(office) == file
    assert [one["time_zone"] for one in file["users"]] == ["", "Asia/Tokyo"]
    office.calsync("sync")
    assert (len(office.activities()), len(office.events())) == (1, 1)


def test_a_file_holds_no_secret_and_no_content(office: CliOffice) -> None:
    """Names, ids and zones alone; whoever is off is not in it."""
    office.employ("bob")
    office.meet("Budget review")
    office.calsync("users", "enable", ANNA)
    office.calsync("users", "enable", BOB)
    office.calsync("sync")
    office.calsync("users", "disable", BOB)
    text = office.calsync("users", "export").out

    assert [set(one) for one in json.loads(text)["users"]] == [
        {"upn", "id", "company_id", "location_id", "time_zone"}
    ]
    assert "Budget" not in text
    assert "secret" not in text.lower()
    assert BOB not in text


def test_a_second_import_changes_nothing(office: CliOffice, tmp_path: Path) -> None:
    """Whoever is on as the file says is left alone, without a call to ERP.net; nobody is switched off."""
    office.employ("bob")
    office.calsync("users", "enable", ANNA)
    file = exported(office)
    office.calsync("users", "enable", BOB)
    before = office.calsync("users", "list", "--json").json
    office.erp.act("fault", match="*", kind="answer", status=500, times=None)
    answer = imported(office, tmp_path, file)
    office.erp.act("clear_faults")

    assert (answer.code, answer.json, answer.err) == (0, {}, f"{ALL_KNOWN}\n")
    assert office.calsync("users", "list", "--json").json == before


def test_one_who_is_not_there_stops_nobody_else(office: CliOffice, tmp_path: Path) -> None:
    """Told with the reason and exit 1; an id that the directory does not know any more gives way to the name."""
    file = {
        "version": 1,
        "users": [{"upn": "gone@acme.example"}, {"upn": ANNA, "id": "00000000-0000-0000-0000-000000000000"}],
    }
    answer = imported(office, tmp_path, file)

    assert answer.code == 1
    assert [one["upn"] for one in answer.json["users"]] == [ANNA]
    assert [one["upn"] for one in answer.json["failures"]] == ["gone@acme.example"]
    assert "not known in the directory" in answer.json["failures"][0]["failure"]


@pytest.mark.parametrize(
    ("told", "mistakes"),
    [
        ("{", ["it is no JSON"]),
        ("[]", ["no list of users, version 1"]),
        ('{"version": 2, "users": []}', ["no list of users, version 1"]),
        ('{"version": 1, "users": ["anna"]}', ["user 1 is no object"]),
        ('{"version": 1, "users": [{"id": "x"}, {"upn": 7}]}', ["user 1 has no upn", "user 2: upn is no text"]),
        ('{"version": 1, "users": [{"upn": "a@b", "password": "x"}]}', ["user 1 has 'password', which is none of"]),
        ('{"version": 1, "users": [{"upn": "a@b", "time_zone": "Sofia"}]}', ["user 1: 'Sofia' is no IANA time zone"]),
        ('{"version": 1, "users": [{"upn": "a@b"}, {"upn": "A@b"}]}', ["a@b is in it twice"]),
        ('{"version": 1, "users": [{"upn": "a", "id": "x"}, {"upn": "b", "id": "x"}]}', ["x is in it twice"]),
    ],
)
def test_a_wrong_file_is_refused_with_every_mistake(told: str, mistakes: list[str]) -> None:
    """Before anybody is asked for anything."""
    with pytest.raises(RosterInvalid) as refused:
        read(told)

    assert len(refused.value.mistakes) == len(mistakes)
    assert all(words in told for words, told in zip(mistakes, refused.value.mistakes, strict=True))


def test_a_wrong_file_ends_with_2(office: CliOffice, tmp_path: Path) -> None:
    """Like every wrong argument; nobody is switched on."""
    answer = imported(office, tmp_path, {"version": 1, "users": [{"upn": ANNA}, {"upn": ""}]})

    assert answer.code == 2
    assert "user 2 has no upn" in answer.json["failure"]
    assert office.calsync("users", "list", "--json").json["users"] == []
