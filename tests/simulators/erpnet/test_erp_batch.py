"""``$batch`` (erpnet.md §6)."""

from __future__ import annotations

import re

import pytest

from simulators.erpnet import ErpSimulator
from tests.support.erp_client import (
    ACTIVITIES,
    HEAD,
    TYPES,
    BareErpClient,
    activity_path,
    changeset_body,
    multipart,
    send,
    statuses,
    write,
)


def read(target: str) -> str:
    """A GET as a part."""
    return f"{HEAD}\r\nGET {target} HTTP/1.1\r\n\r\n"


async def test_reads_are_answered_one_by_one(client: BareErpClient) -> None:
    """Relative, absolute and absolute-path addresses; one failing read does not stop the others."""
    await client.create()
    targets = [
        f"{ACTIVITIES}?$top=2&$select=Subject",
        f"/api/domain/odata/{ACTIVITIES}?$filter=Subject%20eq%20'Review'&$select=Subject",
        f"{client.erp.url}/api/domain/odata/{ACTIVITIES}/$count",
        "General_Nonsense",
        "GetVersion",
    ]

    reply = await send(client, multipart("batch_123", *map(read, targets)))

    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(reply) == [200, 200, 200, 500, 200]
    assert reply.data.count('"Subject": "Review"') == 2


async def test_a_changeset_may_refer_to_what_it_created(client: BareErpClient) -> None:
    """``$1`` as an address, below it a child, and inside a body."""
    kind = {"Code": "Call", "EntityName": "Cm_Activities", "TypeName": {"EN": "Call"}}
    parts = [
        write(1, "POST", TYPES, kind),
        write(2, "POST", ACTIVITIES, client.meeting(DocumentType={"@odata.id": "$1"})),
        write(3, "PATCH", "$2", {"Subject": "Patched"}),
        write(4, "POST", "$2/Participants", {"Email": "x@example.org"}),
        write(5, "POST", "$2/ChangeState", {"newState": "FirmPlanned"}),
    ]

    reply = await send(client, multipart("batch_123", changeset_body(*parts)))
    expand = "Participants($select=Email),DocumentType($select=Code)"
    (made,) = (await client.get(ACTIVITIES, expand=expand)).data["value"]

    assert statuses(reply) == [201, 201, 204, 201, 204]
    assert re.findall(r"Content-ID: (\d)", reply.data) == ["1", "2", "3", "4", "5"]
    assert (made["Subject"], made["State"], made["DocumentType"]["Code"]) == ("Patched", "FirmPlanned", "Call")
    assert [p["Email"] for p in made["Participants"]] == ["x@example.org"]


async def test_a_failing_changeset_answers_its_failing_part_only(client: BareErpClient) -> None:
    """Everything in it is taken back; the changesets around it stand."""
    good = changeset_body(write(1, "POST", ACTIVITIES, client.meeting(Subject="Before")))
    bad = changeset_body(
        write(1, "POST", ACTIVITIES, client.meeting(Subject="Half")),
        write(2, "POST", ACTIVITIES, client.meeting(Subject="")),
        write(3, "POST", ACTIVITIES, client.meeting(Subject="Never")),
    )
    last = changeset_body(write(1, "POST", ACTIVITIES, client.meeting(Subject="After")))

    reply = await send(client, multipart("batch_123", good, bad, last))
    subjects = {a["Subject"] for a in (await client.get(ACTIVITIES)).data["value"]}

    assert statuses(reply) == [201, 500, 201]
    assert "Content-ID: 2" in reply.data
    assert subjects == {"Before", "After"}


async def test_a_batch_may_stop_at_the_first_error(client: BareErpClient, erp: ErpSimulator) -> None:
    """By switch: OData's default, unless the client prefers to continue."""
    erp.batch_stops_at_error = True
    body = multipart("batch_123", read("Nonsense"), read("GetVersion"))
    head = {"Content-Type": "multipart/mixed; boundary=batch_123"}

    stopped = await send(client, body)
    went_on = await client.call("POST", "$batch", body.encode(), headers=head | {"Prefer": "odata.continue-on-error"})

    assert (statuses(stopped), statuses(went_on)) == ([500], [500, 200])


async def test_a_batch_counts_as_one_request(client: BareErpClient, erp: ErpSimulator) -> None:
    """The guess about the limit per minute."""
    erp.requests_per_minute = 2

    await send(client, multipart("batch_123", *[read("GetVersion")] * 5))

    assert (await client.get("GetVersion")).status == 200
    assert (await client.get("GetVersion")).status == 429


async def test_json_batches_are_not_supported(client: BareErpClient) -> None:
    """Nothing documents them."""
    assert (await client.post("$batch", {"requests": []})).status == 500


@pytest.mark.parametrize(
    "body",
    [
        "",
        "--batch_123--",
        multipart("other", read("GetVersion")),
        multipart("batch_123", read("GetVersion")).removesuffix("--"),
        multipart("batch_123", read("GetVersion")).replace("\r\n", "\n"),
        multipart("batch_123", "Content-Type: text/plain\r\n\r\nGET GetVersion HTTP/1.1\r\n\r\n"),
        multipart("batch_123", f"{HEAD}\r\nGetVersion\r\n\r\n"),
        multipart("batch_123", changeset_body(f"{HEAD}\r\nPOST {TYPES} HTTP/1.1\r\n\r\n{{}}")),
        multipart("batch_123", changeset_body(f"{HEAD}Content-ID: 1\r\n\r\nGET {TYPES} HTTP/1.1\r\n\r\n")),
    ],
    ids=[
        "nothing", "no-parts", "other-boundary", "no-end", "bare-newlines", "wrong-type", "no-request-line",
        "no-content-id", "read-in-changeset",
    ],
)  # fmt: skip
async def test_a_malformed_batch_is_refused_whole(client: BareErpClient, body: str) -> None:
    """400, and no part of it is carried out."""
    assert (await send(client, body)).status == 400


async def test_a_write_outside_a_changeset_is_refused(client: BareErpClient) -> None:
    """The outer batch holds reads and changesets."""
    part = write(1, "POST", ACTIVITIES, client.meeting())

    assert statuses(await send(client, multipart("batch_123", part))) == [500]
    assert (await client.get(f"{ACTIVITIES}/$count")).data == "0"


async def test_references_end_with_their_changeset(client: BareErpClient) -> None:
    """``$1`` of one changeset means nothing in the next."""
    activity = await client.create()
    first = changeset_body(write(1, "PATCH", activity_path(activity), {"Subject": "One"}))
    second = changeset_body(write(2, "PATCH", "$1", {"Subject": "Two"}))

    assert statuses(await send(client, multipart("batch_123", first, second))) == [204, 500]
