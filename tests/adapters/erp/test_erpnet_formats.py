"""ERP.net's formats, without a wire: batches, errors, rows, filters."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.erp.batch import Changeset, Part, PartAnswer, decode, encode
from adapters.erp.changes import reading_of
from adapters.erp.faults import error_in
from adapters.erp.odata import PAGE, chunks, id_of, key_of, plain, query, text
from adapters.erp.parse import digits, read_activity, read_change, utc
from jobs.ports import PullReading
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CalsyncError,
    ItemGone,
    ItemRejected,
    LicencesTaken,
    SideUnavailable,
    Throttled,
)
from sync_core.model.sides import ActivityChange, ErpActivity, ErpContent, Malformed, Participant, Side
from tests.support.scripted_erp import changeset_answer, erp_batch_answer, part

NOW = datetime(2026, 1, 25, 8, tzinfo=UTC)
KEY = "edf2bd2a-7e4d-e111-a06c-00155d00050a"
OTHER = "0df2bd2a-7e4d-e111-a06c-00155d00050a"

DOCUMENTED_ANSWER = (
    "--batchresponse_cd29\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Type: application/json;odata.metadata=minimal\r\nOData-Version: 4.0\r\n\r\n"
    '{"value":[]}\r\n'
    "--batchresponse_cd29\r\nContent-Type: multipart/mixed; boundary=changesetresponse_9830\r\n\r\n"
    "--changesetresponse_9830\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    "Content-ID: 1\r\n\r\nHTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n\r\n"
    '{"error":{"message":"no","code":2029}}\r\n'
    "--changesetresponse_9830--\r\n--batchresponse_cd29--\r\n"
)


def test_a_read_and_a_write_become_a_part_and_a_changeset() -> None:
    """A read is a bare part, a write sits in a changeset of its own with a Content-ID, all in CRLF and ASCII."""
    expected = (
        "--b\r\n"
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET Set?$top=2 HTTP/1.1\r\n\r\n\r\n"
        "--b\r\n"
        "Content-Type: multipart/mixed; boundary=changeset_2_b\r\n\r\n"
        "--changeset_2_b\r\n"
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        'PATCH Set(1) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"Subject": "\\u0416"}\r\n'
        "--changeset_2_b--\r\n\r\n"
        "--b--\r\n"
    )

    actual = encode([Part("GET", "Set?$top=2"), Changeset((Part("PATCH", "Set(1)", {"Subject": "Ж"}),))], "b")

    assert expected == actual.decode("ascii")


def test_a_changeset_of_several_requests_numbers_them() -> None:
    """Requests that belong together share a changeset; Content-IDs are unique in the whole batch."""
    several = Changeset((Part("PATCH", "Set(1)", {"A": 1}), Part("DELETE", "Child(2)")))

    text = encode([several, Changeset((Part("POST", "Set", {}),))], "b").decode("ascii")

    assert text.count("--changeset_1_b\r\n") == 2
    assert re.findall(r"Content-ID: (\d)\r\n\r\n(\w+ .*) HTTP", text) == [
        ("1", "PATCH Set(1)"),
        ("2", "DELETE Child(2)"),
        ("3", "POST Set"),
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([part(204), part(201, {"Id": KEY}), part(204)], 204, id="all-done"),
        pytest.param([part(500, {"error": {"code": 7}})], 500, id="the-failing-part-only"),
        pytest.param([part(204), part(424), part(204)], 424, id="failing-among-others"),
    ],
)
def test_a_changeset_has_one_answer(answers: list[str], expected: int) -> None:
    """Whatever a server answers for the requests of a changeset, one refusal is the refusal of it all."""
    inner = "".join(f"--inner\r\n{one}\r\n" for one in answers)
    whole = f"Content-Type: multipart/mixed; boundary=inner\r\n\r\n{inner}--inner--\r\n"

    first, last = decode(
        "multipart/mixed; boundary=outer", str(erp_batch_answer([whole, part(200, {"value": []})]).body).encode()
    )

    assert (first.status, last.status) == (expected, 200)


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_the_documented_batch_answer_is_understood(line_end: str) -> None:
    """The answer on ERP.net's own page yields one answer per part, in order, whatever ends its lines."""
    content = DOCUMENTED_ANSWER.replace("\r\n", line_end).encode()

    read, write = decode("multipart/mixed; boundary=batchresponse_cd29", content)

    assert (read.status, read.content) == (200, b'{"value":[]}')
    assert (write.status, write.content) == (500, b'{"error":{"message":"no","code":2029}}')


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param("application/json", b"{}", id="json"),
        pytest.param("multipart/mixed; boundary=outer", b"--outer\r\nContent-Type: app", id="cut-off"),
        pytest.param("multipart/mixed; boundary=outer", b"nothing", id="no-delimiter"),
        pytest.param(
            "multipart/mixed; boundary=outer",
            str(
                erp_batch_answer(["Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner--\r\n"]).body
            ).encode(),
            id="a-changeset-without-answers",
        ),
        pytest.param(
            "multipart/mixed; boundary=o",
            b"--o\r\nContent-Type: application/http\r\n\r\nHi\r\n--o--",
            id="no-status",
        ),
        pytest.param(
            "multipart/mixed; boundary=o",
            b"--o\r\nContent-Type: multipart/mixed\r\n\r\n--\r\n----\r\n--o--",
            id="no-boundary",
        ),
        pytest.param("multipart/mixed; boundary=o", b"--o\n\n" * 10_000 + b"--o--", id="ten-thousand-empty-parts"),
        pytest.param(
            "multipart/mixed; boundary=b0",
            b"".join(
                b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(3_000)
            )
            + b"".join(b"--b%d--\r\n" % n for n in range(3_000, -1, -1)),
            id="three-thousand-deep",
        ),
    ],
)
def test_half_a_batch_answer_is_no_answer(kind: str, content: bytes) -> None:
    """What is not a whole batch answer is refused rather than counted wrongly."""
    with pytest.raises(ValueError):
        decode(kind, content)


def test_an_answer_without_content_is_fine() -> None:
    """204 in a changeset has neither content nor trouble."""
    (answer,) = decode(
        "multipart/mixed; boundary=outer", str(erp_batch_answer([changeset_answer(204)]).body).encode()
    )

    assert PartAnswer(204, b"", {"content-type": "application/json"}) == answer
    assert answer.is_fine


LICENCE = '{"error":{"message":"The maximum number of simultaneously connected users…","code":8,"type":"%s"}}'


@pytest.mark.parametrize(
    ("status", "content", "headers", "expected"),
    [
        pytest.param(500, '{"error":{"message":"no","code":7}}', {}, ItemRejected, id="500-is-the-items-fault"),
        pytest.param(503, LICENCE % "E1LicenseException", {"retry-after": "60"}, LicencesTaken, id="licence-503"),
        pytest.param(503, LICENCE % "", {}, LicencesTaken, id="licence-by-code"),
        pytest.param(500, '{"message":"MaximumLicenseCountExceeded"}', {}, LicencesTaken, id="licence-older"),
        pytest.param(500, '{"type":"Aloe.E1LicenseException"}', {}, LicencesTaken, id="licence-type"),
        pytest.param(429, "", {}, Throttled, id="429"),
        pytest.param(503, "<html>", {}, SideUnavailable, id="503-of-a-proxy"),
        pytest.param(401, "", {}, AppRefused, id="401"),
        pytest.param(403, "", {}, AccessRefused, id="403"),
        pytest.param(404, "", {}, ItemGone, id="404"),
        pytest.param(414, "[]", {}, ItemRejected, id="414"),
    ],
)
def test_a_status_means_one_thing(
    status: int, content: str, headers: dict[str, str], expected: type[CalsyncError]
) -> None:
    """Each answer is one error class, by status, code and type, never by prose."""
    error = error_in(status, content.encode(), headers, now=NOW, writing=False)

    assert expected is type(error)


def test_a_licence_refusal_carries_the_wait() -> None:
    """The wait that ERP.net asks for is passed on."""
    error = error_in(503, (LICENCE % "").encode(), {"retry-after": "60"}, now=NOW, writing=True)

    assert isinstance(error, LicencesTaken)
    assert error.retry_after == 60
    assert not error.unclear


def test_a_rule_is_named_and_the_reason_readable() -> None:
    """A failed rule keeps its number and code; the text is the reason, without preamble and stack trace."""
    message = (
        "An error occurred while saving data to the database\\r\\n  The validation R38488: AllDay failed for event "
        "Commit: \\r\\n\\r\\nBoth times must be 00:00. (Constraint R38488)"
    )
    content = f'{{"error":{{"message":"{message}","code":2029,"info":"at Aloe.Secret()"}}}}'

    error = error_in(500, content.encode(), {}, now=NOW, writing=True)

    assert isinstance(error, ItemRejected)
    assert (error.code, error.rule) == ("2029", "R38488")
    assert str(error) == (
        "ERP.net refused: The validation R38488: AllDay failed for event Commit: "
        "Both times must be 00:00. (Constraint R38488)"
    )


def test_a_long_reason_is_cut() -> None:
    """An error's text is bounded."""
    error = error_in(500, ('{"message":"' + "x" * 5000 + '"}').encode(), {}, now=NOW, writing=True)

    assert len(str(error)) < 400


def row(**changes: Any) -> dict[str, Any]:
    """A row as ERP.net answers it."""
    return {
        "@odata.id": f"General_Activities_Activities({KEY})",
        "Id": KEY.upper(),
        "ObjectVersion": 17,
        "AggregateLastUpdateTimeUtc": "2026-01-25T07:00:00.1234567Z",
        "Subject": "Review",
        "Notes": None,
        "StartTime": "2026-01-26T09:00:30.5Z",
        "EndTime": None,
        "PlannedDurationMinutes": 30,
        "ReminderTime": "2026-01-26T08:45:00Z",
        "Private": True,
        "Priority": "High",
        "SystemType": "Task",
        "State": "Planned",
        "Void": False,
        "ReadOnly": False,
        "CreationUser": "ann",
        "EntityName": "Cm_Activities",
        "OwnerParty": {"@odata.id": f"General_Contacts_Parties({KEY})"},
        "ExternalId": "04000",
        "ExternalSystem": "Office365-iCalUId",
        "Participants": [{"Email": "Bob@Example.com"}, {"Email": None}, {"Email": "ann@example.com"}],
    } | changes


def test_a_row_becomes_an_activity() -> None:
    """Digits stay digits without the decorative Z, UTC attributes become instants, ids are lower case."""
    expected = ErpActivity(
        id=KEY,
        version=17,
        updated_at=datetime(2026, 1, 25, 7, 0, 0, 123456, tzinfo=UTC),
        content=ErpContent(
            "Review",
            "",
            datetime(2026, 1, 26, 9, 0, 30),  # noqa: DTZ001 - wall-clock digits have no zone
            None,
            30,
            datetime(2026, 1, 26, 8, 45),  # noqa: DTZ001
            private=True,
            priority="High",
            people=("ann@example.com", "bob@example.com"),
        ),
        system_type="Task",
        state="Planned",
        creation_user="ann",
        owner_party=KEY,
        external_id="04000",
        external_system="Office365-iCalUId",
    )

    assert expected == read_activity(row())


def test_participants_are_rows_that_can_be_addressed() -> None:
    """E-mails are lower case and bare, notes text, an order is kept; a row without an id is read and no more."""
    rows = [
        {"Id": KEY.upper(), "Email": " Bob@Example.com ", "Notes": "late"},
        {"@odata.id": f"General_Activities_ActivityParticipants({OTHER})", "Email": None, "Notes": None},
        {"Id": "7", "Email": "ann@example.com"},
    ]

    item = read_activity(row(Participants=rows))

    assert isinstance(item, ErpActivity)
    assert item.participants == (Participant(OTHER, ""), Participant(KEY, "bob@example.com", "late"))
    assert item.content.people == ("ann@example.com", "bob@example.com")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-20T11:30:15.25Z", datetime(2026, 1, 20, 11, 30, 15)),  # noqa: DTZ001
        (None, None),
        ("soon", None),
        ("0001-01-01T00:00:00Z", None),
        (7, None),
    ],
)
def test_a_time_of_creation_is_known_or_not(value: Any, expected: datetime | None) -> None:
    """Digits of the server's clock; what cannot be read is no reason to refuse the activity."""
    item = read_activity(row(CreationTime=value))

    assert isinstance(item, ErpActivity)
    assert item.created == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"StartTime": None}, id="no-start"),
        pytest.param({"StartTime": "soon"}, id="no-date"),
        pytest.param({"State": None}, id="no-state"),
        pytest.param({"Subject": {"EN": "x"}}, id="subject-no-text"),
        pytest.param({"Void": "yes"}, id="void-no-flag"),
        pytest.param({"ObjectVersion": "new"}, id="version-no-number"),
        pytest.param({"Participants": [{"Id": KEY, "Email": 7}]}, id="e-mail-no-text"),
        pytest.param({"Participants": ["bob"]}, id="participant-no-row"),
    ],
)
def test_a_row_out_of_shape_is_malformed(changes: dict[str, Any]) -> None:
    """A row that does not keep the contract is told with its id, and never raises."""
    item = read_activity(row(**changes))

    assert isinstance(item, Malformed)
    assert (item.side, item.id) == (Side.ERP, KEY)


@pytest.mark.parametrize(
    ("changes", "minutes", "reminder"),
    [
        pytest.param({"ReminderTime": "0001-01-01T00:00:00Z"}, 30, None, id="a-reminder-that-is-a-placeholder"),
        pytest.param({"PlannedDurationMinutes": -5}, None, datetime(2026, 1, 26, 8, 45), id="a-duration-below-zero"),  # noqa: DTZ001
        pytest.param({"PlannedDurationMinutes": 2**31}, None, datetime(2026, 1, 26, 8, 45), id="a-duration-too-long"),  # noqa: DTZ001
        pytest.param(
            {"PlannedDurationMinutes": 2**31 - 1},
            2**31 - 1,
            datetime(2026, 1, 26, 8, 45),  # noqa: DTZ001
            id="the-longest-duration",
        ),
    ],
)
def test_what_says_nothing_is_no_reason_to_refuse(
    changes: dict[str, Any], minutes: int | None, reminder: datetime | None
) -> None:
    """A reminder or a duration that no calendar can hold counts as none."""
    item = read_activity(row(**changes))

    assert isinstance(item, ErpActivity)
    assert (item.content.planned_minutes, item.content.reminder) == (minutes, reminder)


def test_a_row_without_id_is_known_by_its_address() -> None:
    """Where Id was not selected, @odata.id tells it, relative or absolute."""
    assert id_of({"@odata.id": f"General_Activities_Activities({KEY})"}) == KEY
    assert id_of({"@odata.id": f"https://acme.my.erp.net/odata/General_Activities_Activities({KEY})"}) == KEY
    assert key_of(None) == ""


def test_a_change_without_a_time_is_left_out() -> None:
    """An unknown update time says nothing about when; such rows are not changes."""
    known = read_change(row())

    assert known == ActivityChange(KEY, datetime(2026, 1, 25, 7, 0, 0, 123456, tzinfo=UTC), 17, "ann", KEY)
    assert read_change(row(AggregateLastUpdateTimeUtc=None)) is None


@pytest.mark.parametrize("value", ["2026-01-25T09:00:00Z", "2026-01-25T09:00:00", "2026-01-25T09:00:00+02:00"])
def test_digits_ignore_what_stands_behind_them(value: str) -> None:
    """A wall clock shows the same digits whatever zone they are decorated with."""
    assert datetime(2026, 1, 25, 9) == digits(value)  # noqa: DTZ001


def test_utc_attributes_are_instants() -> None:
    """A UTC attribute without a zone is UTC, one with an offset is converted."""
    assert datetime(2026, 1, 25, 9, tzinfo=UTC) == utc("2026-01-25T09:00:00")
    assert datetime(2026, 1, 25, 7, tzinfo=UTC) == utc("2026-01-25T09:00:00+02:00")


def test_literals_are_quoted_and_urls_encoded() -> None:
    """A quote is doubled; what would break a URL or a batch part is percent-encoded."""
    name = "o'neill & söhne"

    url = query("Set", f"Login eq {text(name)}", select="Id")

    assert url == f"Set?$filter=Login%20eq%20'o''neill%20%26%20s%C3%B6hne'&$select=Id&$top={PAGE}"


def test_long_lists_are_cut_by_count_and_by_length() -> None:
    """No piece exceeds either bound, nothing is lost, and one value too long still travels."""
    pieces = list(chunks([*"abcdefg", "x" * 50, "y"], most=3, room=20))

    assert pieces == [["a", "b", "c"], ["d", "e", "f"], ["g"], ["x" * 50], ["y"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"EN": "Head", "BG": "Г"}, "Head"), ({"BG": "Г"}, "Г"), (None, ""), ("Head", "Head"), ({}, "")],
)
def test_multi_language_values_show_english_first(value: Any, expected: str) -> None:
    """English is shown where there is any, else whatever there is."""
    assert expected == plain(value)


def test_an_activity_is_one_change_however_often_it_is_met() -> None:
    """Of several rows of one activity the latest counts; at the same instant a deletion comes last."""
    later = datetime(2026, 1, 25, 9, tzinfo=UTC)
    edited, deleted = ActivityChange("a", later, 7, "ann"), ActivityChange("a", later, deleted=True)
    other = ActivityChange("b", NOW)

    reading = reading_of([deleted, edited, ActivityChange("a", NOW), other], later)

    assert reading == PullReading((other, deleted), later)
