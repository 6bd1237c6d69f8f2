"""`calsync doctor` where the app is asked: the operator's own needs, the app's answer, one sentence at the end."""

from __future__ import annotations

import pytest

from cli import ask, doctor
from cli.text.checks import NOT_ASKED, UNCONFIRMED, both_lines, part_lines
from tests.support.office import ANNA, CliOffice

FINE = {"what": "State tables", "fine": True, "text": "may be read", "part": ""}
PROBE = {"what": "Letter case in filters", "fine": True, "text": "ignored", "part": "unconfirmed"}


def without_here(office: CliOffice) -> CliOffice:
    """The office of somebody who asks the app."""
    office.more["CALSYNC_HERE"] = "0"
    return office


def test_both_columns_have_a_mark_for_what_both_need() -> None:
    """What only one has, has one; what no documentation confirms stands in its own part, after the rest."""
    app = [PROBE, {**FINE, "text": "reachable"}, {**FINE, "what": "ERP.net", "fine": False, "text": "no: do this"}]
    title, tables, erp, part, probe, verdict = both_lines([FINE], app)

    assert title == "you app"
    assert tables.split() == ["✓", "✓", "State", "tables", "reachable"]
    assert erp.split() == ["✗", "ERP.net", "no:", "do", "this"]
    assert (part, probe.split()[0]) == (UNCONFIRMED, "✓")
    assert verdict == "1 check failed; each says what helps."


def test_what_has_no_answer_does_not_look_passed() -> None:
    """It has a mark of its own, and the last sentence counts it; so does what must stay switched off."""
    question = {**PROBE, "what": "Is SYNC_SERIES=window safe here"}
    told = [[*both_lines([FINE], [{**question, "grade": one}])] for one in ("passed", "open", "warned", "failed")]

    assert [lines[-2].split()[0] for lines in told] == ["✓", "?", "!", "✗"]
    assert [lines[-1] for lines in told] == [
        "All is well.",
        "Nothing failed; 1 question without an answer (?): each says what helps.",
        "Nothing failed; 1 warning (!): each says what helps.",
        "1 check failed; each says what helps.",
    ]


def test_where_one_of_two_fails_both_are_told() -> None:
    """Whose it is stands before it."""
    _, own, theirs, _ = both_lines([{**FINE, "fine": False, "text": "refused"}], [{**FINE, "text": "reachable"}])

    assert own.split()[:2] == ["✗", "✓"]
    assert own.endswith("yours: refused")
    assert theirs.strip() == "reachable"


def test_the_title_of_what_is_unconfirmed_comes_once() -> None:
    """Though each check is printed as soon as it is made."""
    assert next(iter(part_lines([PROBE], []))) == UNCONFIRMED
    assert len([*part_lines([PROBE], [FINE, PROBE])]) == 1


def test_what_cannot_work_is_not_asked(office: CliOffice) -> None:
    """With a wrong key for the tables the app cannot be asked: said in its column, and nothing more is tried."""
    office.storage = office.storage.replace("AccountKey=Eby8", "AccountKey=AAAA")
    answer = without_here(office).calsync("doctor")
    lines = answer.out.splitlines()

    assert answer.code == 1
    assert [line.split()[1:3] for line in lines if line.split()[0] == "✗"] == [["State", "tables"], ["The", "app"]]
    assert NOT_ASKED in answer.out
    assert lines[-1] == "2 checks failed; each says what helps."


def test_an_app_that_does_not_run_is_said_after_a_while(office: CliOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a day: the operator's own checks are there, and what to look at."""
    monkeypatch.setattr(doctor, "BEGIN_WITHIN", 0.5)
    monkeypatch.setattr(ask, "FIRST_LOOK", 0.1)
    answer = without_here(office).calsync("doctor", "--json")

    assert answer.code == 1
    found = {(check["of"], check["what"]): check["fine"] for check in answer.json["checks"]}
    assert found == {
        ("you", "Settings"): True,
        ("you", "Sign-in"): True,
        ("you", "State tables"): True,
        ("you", "Queue"): True,
        ("app", "The app"): False,
    }


def test_people_are_not_asked_where_graph_refuses_everybody(office: CliOffice) -> None:
    """One line instead of one for each of them; ERP.net is asked all the same."""
    office.calsync("doctor", "--repair")
    office.calsync("users", "enable", ANNA)
    error = {"error": {"code": "InvalidAuthenticationToken", "message": "No."}}
    office.graph.act("fault", match="*", kind="answer", status=401, body=error, times=None)
    answer = office.calsync("doctor", "--json")
    office.graph.act("clear_faults")

    failed = [check["what"] for check in answer.json["checks"] if not check["fine"]]
    assert (answer.code, failed) == (1, ["Microsoft Graph", "People"])
    assert ANNA not in answer.out


def test_here_all_is_checked_in_one_column(office: CliOffice) -> None:
    """The app's own facts among it, by the function that the app answers with."""
    office.calsync("doctor", "--repair")
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    answer = office.calsync("doctor")
    told = {line[2:44].strip(): line[44:].strip() for line in answer.out.splitlines()}

    assert answer.code == 0
    assert told["Outlook's changes"] == "looked for every 15 minutes"
    assert told["ERP.net sessions"].endswith("of 50 in use (ERPNET_MAX_SESSIONS)")
    assert {"Last pull", "ERP.net secret", "Graph permissions", "Letter case in filters"} <= told.keys()
    assert "Queue" not in told
    open_questions = [line for line in answer.out.splitlines() if line.startswith("? ")]
    assert {line[2:44].strip() for line in open_questions} >= {"Is SYNC_SERIES=window safe here", "ERP.net secret"}
    assert answer.out.splitlines()[-1] == (
        f"Nothing failed; {len(open_questions)} questions without an answer (?): each says what helps."
    )
