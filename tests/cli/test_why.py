"""`calsync why`: dated where the person is, of one day, not more than wanted, with what helps."""

from __future__ import annotations

from cli.text.stories import explained_lines
from tests.support.office import ANNA, CliOffice


def test_every_heading_has_the_date_of_the_meeting(office: CliOffice) -> None:
    """Anna lives in Kyiv's zone by her mailbox: 09:00 UTC is 11:00 or 12:00 to her."""
    office.meet("Budget", days=2)
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    answer = office.calsync("why", ANNA, "budget", "--json").json
    told = office.calsync("why", ANNA, "budget").out.splitlines()

    whens = {item["when"] for item in answer["items"]}
    assert len(whens) == 1
    assert f"{office.at(2, 9)[8:10]}.{office.at(2, 9)[5:7]}.{office.at(2, 9)[:4]}" in whens.pop()
    headings = [line for line in told[1:] if not line.startswith(" ")]
    assert told[0] == f"Times are those of {answer['zone']}."
    assert len(headings) == len(answer["items"])
    assert all(answer["items"][0]["when"] in line for line in headings)


def test_of_two_meetings_of_one_name_the_day_tells_which(office: CliOffice) -> None:
    """And a day without one says so; exit 2."""
    first, second = office.meet("Budget", days=2), office.meet("Budget", days=3)
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    found = [
        {item["event_id"] for item in office.calsync("why", ANNA, "budget", *on, "--json").json["items"]} - {""}
        for on in ((), ("--on", office.at(3, 9)[:10]))
    ]
    none = office.calsync("why", ANNA, "budget", "--on", office.at(9, 9)[:10])

    assert found == [{first, second}, {second}]
    assert (none.code, f"“budget” on {office.at(9, 9)[:10]}" in none.err) == (2, True)
    assert office.calsync("why", ANNA, "budget", "--on", "soon").code == 2


def test_what_is_left_out_is_counted(office: CliOffice) -> None:
    """The newest come first; how to see the rest is told."""
    office.meet("Budget")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    answer = office.calsync("why", ANNA, "budget", "--limit", "1")

    assert len(office.calsync("why", ANNA, "budget", "--limit", "1", "--json").json["items"]) == 1
    assert answer.out.splitlines()[-1].endswith(" more: a larger --limit shows them.")


def test_an_open_conflict_comes_with_the_command_that_answers_it(office: CliOffice) -> None:
    """By its id, as `conflicts` shows it."""
    office.calsync("users", "enable", ANNA)
    event = office.meet("Before")
    office.calsync("sync")
    office.desk("set_read_only", activity=office.activity("Before")["Id"], read_only=True)
    office.outlook("edit", ident=event, subject="After")
    office.calsync("sync")
    [conflict] = office.calsync("conflicts", "--json").json["conflicts"]

    assert f"Do: `calsync resolve {conflict['id']} --keep erp`" in office.calsync("why", ANNA, "Before").out


def test_an_answer_of_an_earlier_build_can_be_read() -> None:
    """It knew no zone and no dates."""
    item = {"what": "linked", "subject": "", "reason": "in step", "do": "", "before": {}, "after": {}}
    assert [*explained_lines({"items": [{**item, "event_id": "", "activity_id": ""}]})][1] == "linked: in step"


def test_what_decided_is_named_by_its_cell(office: CliOffice) -> None:
    """What was seen, what follows, and where the tables say so."""
    office.meet("Budget", days=2)
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")

    told = office.calsync("why", ANNA, "budget").out
    assert (
        "    Decided: in Outlook only: an activity is made in ERP.net (FATE event-present × activity-absent)\n"
        in told
    )
