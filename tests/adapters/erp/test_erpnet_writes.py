"""Writes on the wire: exact requests, and an outcome for each whatever happens to the others."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from adapters.erp import ErpNet
from sync_core.errors import (
    AccessRefused,
    ItemGone,
    ItemLocked,
    ItemRejected,
    LicencesTaken,
    SideUnavailable,
    StaleWrite,
    Throttled,
)
from sync_core.model.sides import ErpActivity, ErpContent, Field
from sync_core.model.writes import CreateActivity, ErpIdentity, ErpWrite, PatchActivity, VoidActivity
from tests.support.scripted import Say
from tests.support.scripted_erp import ScriptedErp, changeset_answer, erp_batch_answer, erp_fault, part

A = "aaaaaaaa-0000-4000-8000-000000000001"
B = "bbbbbbbb-0000-4000-8000-000000000002"
WHO = ErpIdentity("u", "11111111-0000-4000-8000-000000000001", "22222222", "33333333", "44444444", "55555555")
CONTENT = ErpContent(
    "Review",
    "Agenda",
    datetime(2026, 1, 26, 9),  # noqa: DTZ001 - wall-clock digits have no zone
    datetime(2026, 1, 26, 10),  # noqa: DTZ001
    60,
    datetime(2026, 1, 26, 8, 45),  # noqa: DTZ001
    priority="High",
)
SELECT = (
    "$select=default,Id,ObjectVersion,ExternalId,ExternalSystem,AggregateLastUpdateTimeUtc"
    "&$expand=Participants($select=Id,Email,Notes)&$top=500"
)


def row(key: str, version: int = 1, **changes: Any) -> dict[str, Any]:
    """An activity as ERP.net shows it."""
    return {"Id": key, "ObjectVersion": version, "StartTime": "2026-01-26T09:00:00Z", "State": "New"} | changes


def shows(*rows: dict[str, Any]) -> str:
    """The answer to the read behind the writes."""
    return part(200, {"value": list(rows)})


def patch(key: str = A, *fields: Field, version: int | None = 1, mark: str = "") -> PatchActivity:
    """A patch of these fields, the subject if none is named."""
    return PatchActivity(key, version, frozenset(fields or (Field.SUBJECT,)), CONTENT, mark)


def bodies(server: ScriptedErp, call: int = 0) -> list[Any]:
    """The JSON bodies in a batch."""
    return [json.loads(found) for found in re.findall(r"\r\n\r\n(\{.*\})\r\n", server.calls[call].body)]


def requests(server: ScriptedErp, call: int = 0) -> list[str]:
    """The request lines in a batch."""
    return re.findall(r"\r\n((?:GET|POST|PATCH) .*) HTTP/1\.1\r\n", server.calls[call].body)


async def test_a_create_sets_all_that_the_web_client_would(server: ScriptedErp, erp: ErpNet) -> None:
    """Plain requests fill nothing in: every reference, the duration and the pair's mark are ours to set."""
    made = {"@odata.id": f"General_Activities_Activities({A})"}
    server.say(erp_batch_answer([changeset_answer(201, made), shows(row(A, ExternalId="04-ical"))]))

    (outcome,) = await erp.write(WHO, [CreateActivity("04-ical", CONTENT)])

    assert outcome.activity is not None
    assert (outcome.activity.id, outcome.activity.version) == (A, 1)
    assert bodies(server) == [
        {
            "DocumentType": {"@odata.id": "Systems_Documents_DocumentTypes(55555555)"},
            "EnterpriseCompany": {"@odata.id": "General_EnterpriseCompanies(33333333)"},
            "EnterpriseCompanyLocation": {"@odata.id": "General_Contacts_CompanyLocations(44444444)"},
            "OwnerParty": {"@odata.id": "General_Contacts_Parties(11111111-0000-4000-8000-000000000001)"},
            "ResponsibleParty": {"@odata.id": "General_Contacts_Parties(11111111-0000-4000-8000-000000000001)"},
            "ResponsiblePerson": {"@odata.id": "General_Contacts_Persons(22222222)"},
            "SystemType": "Meeting",
            "ExternalId": "04-ical",
            "ExternalSystem": "Office365-iCalUId",
            "Subject": "Review",
            "Notes": "Agenda",
            "StartTime": "2026-01-26T09:00:00Z",
            "EndTime": "2026-01-26T10:00:00Z",
            "PlannedDurationMinutes": 60,
            "ReminderTime": "2026-01-26T08:45:00Z",
            "Private": False,
            "Priority": "High",
        }
    ]
    assert requests(server) == [
        "POST General_Activities_Activities",
        f"GET General_Activities_Activities?$filter=ExternalId%20in%20('04-ical')&{SELECT}",
    ]
    assert server.calls[0].headers["prefer"] == "odata.continue-on-error"


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        pytest.param(patch(A, Field.SUBJECT), {"Subject": "Review", "ObjectVersion": 1}, id="subject"),
        pytest.param(patch(A, Field.BODY, version=None), {"Notes": "Agenda"}, id="body-unversioned"),
        pytest.param(
            patch(A, Field.TIME, Field.PRIORITY),
            {
                "StartTime": "2026-01-26T09:00:00Z",
                "EndTime": "2026-01-26T10:00:00Z",
                "PlannedDurationMinutes": 60,
                "Priority": "High",
                "ObjectVersion": 1,
            },
            id="time-is-three-attributes",
        ),
        pytest.param(
            PatchActivity(
                A,
                1,
                frozenset({Field.REMINDER, Field.PRIVATE}),
                ErpContent("", "", CONTENT.start, None, None, None, private=True),
            ),
            {"Private": True, "ReminderTime": None, "ObjectVersion": 1},
            id="no-reminder-clears",
        ),
        pytest.param(
            PatchActivity(A, 1, frozenset(), CONTENT, "04-ical"),
            {"ExternalId": "04-ical", "ExternalSystem": "Office365-iCalUId", "ObjectVersion": 1},
            id="mark-alone",
        ),
    ],
)
async def test_a_patch_names_only_its_fields(
    server: ScriptedErp, erp: ErpNet, write: PatchActivity, expected: dict[str, Any]
) -> None:
    """Nothing travels that is not to change, and the version it was decided on does."""
    server.say(erp_batch_answer([changeset_answer(204), shows(row(A, 2))]))

    (outcome,) = await erp.write(WHO, [write])

    assert [expected] == bodies(server)
    assert outcome.activity is not None
    assert outcome.activity.version == 2


async def test_an_update_and_its_reading_are_one_request(server: ScriptedErp, erp: ErpNet) -> None:
    """Any mix of writes up to fifty goes out once, with one read behind it."""
    server.say(
        erp_batch_answer([changeset_answer(204), changeset_answer(204), shows(row(A, 2), row(B, 3, Void=True))])
    )

    updated, voided = await erp.write(WHO, [patch(), VoidActivity(B, "x" * 300)])

    assert updated.activity is not None
    assert (voided.activity, voided.error) == (None, None)
    assert bodies(server)[1] == {"reason": "x" * 254, "voidType": "VoidDocument"}
    assert requests(server) == [
        f"PATCH General_Activities_Activities({A})",
        f"POST General_Activities_Activities({B})/MakeVoid",
        f"GET General_Activities_Activities?$filter=Id%20in%20({A},{B})&{SELECT}",
    ]
    assert len(server.calls) == 1


REFUSED = changeset_answer(500, erp_fault("The document may not be changed."))
RULED = changeset_answer(500, erp_fault("The validation R38488: AllDay failed (Constraint R38488)", 2029))


@pytest.mark.parametrize(
    ("shown", "error", "code"),
    [
        pytest.param([row(A, 1, State="Released")], ItemLocked, "", id="released"),
        pytest.param([row(A, 1, ReadOnly=True)], ItemLocked, "", id="read-only"),
        pytest.param([row(A, 9, Void=True)], ItemLocked, "", id="void"),
        pytest.param([row(A, 9)], StaleWrite, None, id="moved"),
    ],
)
async def test_a_refused_patch_is_explained_by_the_row(
    server: ScriptedErp, erp: ErpNet, shown: list[dict[str, Any]], error: type[Exception], code: str | None
) -> None:
    """ERP.net documents no code for locks and versions: the row read behind the write tells which it was."""
    server.say(erp_batch_answer([REFUSED, shows(*shown)]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert error is type(outcome.error)
    assert getattr(outcome.error, "code", None) == code
    assert len(server.calls) == 1


async def test_a_patch_of_nothing_is_gone(server: ScriptedErp, erp: ErpNet) -> None:
    """A row that neither the batch nor a second look shows is gone."""
    server.say(erp_batch_answer([REFUSED, shows()]), erp_batch_answer([shows()]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert isinstance(outcome.error, ItemGone)


async def test_a_rule_that_failed_is_the_reason(server: ScriptedErp, erp: ErpNet) -> None:
    """A rule's number explains the refusal: nothing is tried again."""
    server.say(erp_batch_answer([RULED, shows(row(A))]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert isinstance(outcome.error, ItemRejected)
    assert (outcome.error.code, outcome.error.rule) == ("2029", "R38488")
    assert len(server.calls) == 1


async def test_a_version_that_is_not_understood_is_left_out_and_remembered(server: ScriptedErp, erp: ErpNet) -> None:
    """Refused, not locked, not moved: once without the version; if that works, it is left out from then on."""
    server.say(
        erp_batch_answer([REFUSED, changeset_answer(204), shows(row(A), row(B, 2))]),
        erp_batch_answer([changeset_answer(204), shows(row(A, 2))]),
        erp_batch_answer([changeset_answer(204), shows(row(A, 3))]),
    )

    first, second = await erp.write(WHO, [patch(), patch(B)])
    before = erp.version_check
    (third,) = await erp.write(WHO, [patch(A, version=2)])

    assert [o.activity.version for o in (first, second, third) if o.activity] == [2, 2, 3]
    assert before == "refused"
    assert [bodies(server, call) for call in (1, 2)] == [[{"Subject": "Review"}], [{"Subject": "Review"}]]


async def test_a_refusal_without_the_version_too_is_final(server: ScriptedErp, erp: ErpNet) -> None:
    """If the version was not the reason, nothing is remembered and the item is rejected."""
    server.say(erp_batch_answer([REFUSED, shows(row(A))]), erp_batch_answer([REFUSED, shows(row(A))]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert isinstance(outcome.error, ItemRejected)
    assert erp.version_check == "unknown"
    assert len(server.calls) == 2


async def test_once_the_version_works_refusals_are_believed(server: ScriptedErp, erp: ErpNet) -> None:
    """A stale version that was refused proves the check; it is never left out after that."""
    server.say(erp_batch_answer([REFUSED, shows(row(A, 9))]), erp_batch_answer([REFUSED, shows(row(B))]))

    await erp.write(WHO, [patch()])
    (outcome,) = await erp.write(WHO, [patch(B)])

    assert erp.version_check == "works"
    assert isinstance(outcome.error, ItemRejected)
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("shown", "error"),
    [
        pytest.param([row(A, Void=True)], None, id="void-already"),
        pytest.param([row(A, State="Closed")], ItemRejected, id="refused"),
        pytest.param([], ItemGone, id="gone"),
    ],
)
async def test_a_refused_void_is_explained_by_the_row(
    server: ScriptedErp, erp: ErpNet, shown: list[dict[str, Any]], error: type[Exception] | None
) -> None:
    """Void already is as good as done; what is not there cannot be voided."""
    server.say(erp_batch_answer([REFUSED, shows(*shown)]), erp_batch_answer([shows()]))

    (outcome,) = await erp.write(WHO, [VoidActivity(A, "deleted in Outlook")])

    assert (error or type(None)) is type(outcome.error)


async def test_one_bad_item_does_not_stop_the_others(server: ScriptedErp, erp: ErpNet) -> None:
    """Outcomes stand for themselves, in the order of the writes."""
    made = {"@odata.id": f"General_Activities_Activities({B})"}
    server.say(
        erp_batch_answer([RULED, changeset_answer(201, made), changeset_answer(204), shows(row(A, 2)), shows(row(B))])
    )

    bad, good, updated = await erp.write(
        WHO, [CreateActivity("04-a", CONTENT), CreateActivity("04-b", CONTENT), patch()]
    )

    assert isinstance(bad.error, ItemRejected)
    assert [outcome.activity.id for outcome in (good, updated) if outcome.activity] == [B, A]


async def test_a_batch_that_stops_at_an_error_is_taken_up_again(server: ScriptedErp, erp: ErpNet) -> None:
    """OData's default is to stop at the first error: what follows was not done and is sent again."""
    server.say(erp_batch_answer([RULED]), erp_batch_answer([changeset_answer(204), shows(row(A), row(B, 2))]))

    bad, good = await erp.write(WHO, [patch(), patch(B)])

    assert isinstance(bad.error, ItemRejected)
    assert good.activity is not None
    assert f"PATCH General_Activities_Activities({A})" not in requests(server, 1)


@pytest.mark.parametrize(
    ("answer", "is_unclear"),
    [
        pytest.param(changeset_answer(403, erp_fault("not for you")), False, id="403"),
        pytest.param(changeset_answer(401), False, id="401"),
        pytest.param(changeset_answer(404), False, id="404"),
        pytest.param(changeset_answer(502), True, id="502"),
        pytest.param("Content-Type: text/html\r\n\r\n<html>welcome</html>", True, id="a-proxys-page"),
        pytest.param("", True, id="nothing"),
        pytest.param("Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\nCont", True, id="cut-off"),
        pytest.param("Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner--\r\n", True, id="no-answers"),
    ],
)
async def test_an_answer_that_is_none_concerns_its_write_alone(
    server: ScriptedErp, erp: ErpNet, answer: str, is_unclear: bool
) -> None:
    """The other write of the batch is done, and so it is told."""
    server.say(erp_batch_answer([answer, changeset_answer(204), shows(row(A), row(B, 2))]))

    bad, good = await erp.write(WHO, [VoidActivity(A, "so"), patch(B)])

    assert isinstance(bad.error, SideUnavailable) is is_unclear
    assert isinstance(bad.error, SideUnavailable | ItemRejected | ItemGone)
    assert good.activity is not None


async def test_what_was_not_answered_is_unclear(server: ScriptedErp, erp: ErpNet) -> None:
    """An answer that breaks off without an error says nothing about the rest."""
    server.say(erp_batch_answer([changeset_answer(204)]), erp_batch_answer([shows(row(A, 2))]))

    known, unknown = await erp.write(WHO, [patch(), patch(B)])

    assert known.activity is not None
    assert isinstance(unknown.error, SideUnavailable)
    assert unknown.error.unclear


@pytest.mark.parametrize(
    "answer", [Say(cut=True), Say("--outer\r\nContent-"), Say(status=502)], ids=["cut", "half", "502"]
)
async def test_a_lost_batch_is_unclear_for_all_of_it(server: ScriptedErp, erp: ErpNet, answer: Say) -> None:
    """No answer to a batch of writes: each may have been done, none is sent twice, later ones are not sent."""
    writes: list[ErpWrite] = [CreateActivity(f"04-{number}", CONTENT) for number in range(60)]
    server.say(answer)

    outcomes = await erp.write(WHO, writes)

    errors = [outcome.error for outcome in outcomes]
    assert len(server.calls) == 1
    assert [isinstance(e, SideUnavailable) and e.unclear for e in errors] == [True] * 50 + [False] * 10


async def test_a_throttled_batch_is_sent_again(server: ScriptedErp, erp: ErpNet) -> None:
    """429 for the whole batch: nothing was done, so a retry is safe."""
    server.say(Say(status=429), erp_batch_answer([changeset_answer(204), shows(row(A, 2))]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert outcome.activity is not None
    assert len(server.calls) == 2


async def test_no_licence_is_told_for_each_write(server: ScriptedErp, erp: ErpNet) -> None:
    """Without a licence nothing was written: every outcome says when to come back."""
    server.say(Say(erp_fault("…", 8, "E1LicenseException"), 503, {"Retry-After": "60"}))

    outcomes = await erp.write(WHO, [patch(), patch(B)])

    assert [o.error.retry_after for o in outcomes if isinstance(o.error, LicencesTaken)] == [60, 60]


async def test_throttling_inside_a_batch_is_that_items_affair(server: ScriptedErp, erp: ErpNet) -> None:
    """A part that was refused for its speed may be tried later."""
    server.say(erp_batch_answer([changeset_answer(429), shows(row(A))]))

    (outcome,) = await erp.write(WHO, [patch()])

    assert isinstance(outcome.error, Throttled)


async def test_refused_access_is_raised_while_nothing_is_lost(server: ScriptedErp, erp: ErpNet) -> None:
    """If not even the first batch is let in, there are no outcomes to keep."""
    server.say(Say(status=403))

    with pytest.raises(AccessRefused):
        await erp.write(WHO, [patch()])


async def test_refused_access_later_keeps_what_was_done(server: ScriptedErp, erp: ErpNet) -> None:
    """Outcomes of earlier batches are never thrown away."""
    keys = [f"aaaaaaaa-0000-4000-8000-{number:012d}" for number in range(51)]
    done = erp_batch_answer([*[changeset_answer(204)] * 50, shows(*[row(key, 2) for key in keys[:50]])])
    server.say(done, Say(status=403))

    outcomes = await erp.write(WHO, [patch(key) for key in keys])

    assert keys[:50] == [o.activity.id for o in outcomes if isinstance(o.activity, ErpActivity)]
    assert isinstance(outcomes[50].error, AccessRefused)


async def test_a_write_done_but_not_seen_is_unclear(server: ScriptedErp, erp: ErpNet) -> None:
    """Where the read behind the write fails, another is tried; if that fails too, the round must look again."""
    server.say(erp_batch_answer([changeset_answer(204), part(500, erp_fault("no"))]), Say(erp_fault("no"), 500))

    (outcome,) = await erp.write(WHO, [patch()])

    assert isinstance(outcome.error, SideUnavailable)
    assert outcome.error.unclear


async def test_a_create_not_found_by_its_mark_is_read_by_its_id(server: ScriptedErp, erp: ErpNet) -> None:
    """The answer names the new activity, so a filter on ExternalId that shows nothing does no harm."""
    made = {"@odata.id": f"General_Activities_Activities({A})"}
    server.say(erp_batch_answer([changeset_answer(201, made), shows()]), erp_batch_answer([shows(row(A))]))

    (outcome,) = await erp.write(WHO, [CreateActivity("04-ical", CONTENT)])

    assert outcome.activity is not None
    assert f"Id%20in%20({A})" in requests(server, 1)[0]


async def test_no_writes_are_no_requests(server: ScriptedErp, erp: ErpNet) -> None:
    """Nothing to do costs nothing."""
    assert await erp.write(WHO, []) == []
    assert server.heard == []
