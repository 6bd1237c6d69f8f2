"""One event that makes Outlook fail on every page it stands on: the rest goes on, and it is read later.

A damaged item does that: the list and the item itself answer 500, its id can be listed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from simulators.base import Handler
from sync_core.model.user import OPERATIONAL
from tests.support.days import at, digits, linked_meeting
from tests.support.faulty_wire import rows_of
from tests.support.house import House, open_house
from tests.support.random_pair import Play
from tests.support.scenes import forget_everything

FAILED = {"error": {"code": "ErrorInternalServerError", "message": "Error while processing response."}}


def spoil(house: House, bad: set[str]) -> None:
    """Graph answers 500 where more than the id of one of these events is to be shown."""
    usual = house.graph._door

    def shows(answer: Any) -> bool:
        return any(row.get("id") in bad and "subject" in row for row in rows_of(answer))

    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await usual(request, handler)
        if not (isinstance(answer, web.Response) and isinstance(answer.body, bytes) and answer.body):
            return answer
        told = json.loads(answer.body)
        for part in told.get("responses", []) if isinstance(told, dict) else []:
            if shows(part.get("body")):
                part |= {"status": 500, "body": FAILED}
        if shows(told):
            return web.json_response(FAILED, status=500)
        answer.body = json.dumps(told).encode()
        return answer

    house.graph._door = door  # type: ignore[method-assign]


def subjects(house: House) -> list[str]:
    """ERP.net's activities by name."""
    return sorted(row["Subject"] for row in house.desk().activities() if not row["Void"])


async def test_a_first_sync_brings_all_but_the_event_that_spoils_its_page() -> None:
    """In the rounds after it, too, edits, deletions and new events of both sides arrive; then it does, once."""
    async with open_house() as house:
        await house.employ()
        odd = house.outlook().create("Odd", at(3), at(3, 10))
        plain = house.outlook().create("Plain", at(3), at(3, 10))
        for n in range(30):
            house.outlook().create(f"Event {n:02}", at(4 + n % 20), at(4 + n % 20, 10))
        bad = {odd}
        spoil(house, bad)
        house.graph.requests.clear()
        await house.sync()
        assert subjects(house) == sorted(["Plain", *(f"Event {n:02}" for n in range(30))])
        assert (await house.user()).state == OPERATIONAL
        assert len(house.graph.requests) <= 40

        house.advance(minutes=20)
        house.outlook().edit(plain, subject="Plain one")
        house.outlook().delete(house.outlook().find("Event 07") or "")
        house.outlook().create("New", at(8), at(8, 10))
        house.desk().create("Newer", digits(9), digits(9, 12))
        outcome = await house.sync()
        assert outcome.is_fine
        assert {"Plain one", "New", "Newer"} <= set(subjects(house))
        assert not {"Odd", "Event 07"} & set(subjects(house))
        assert house.outlook().find("Newer") is not None

        bad.clear()
        house.advance(hours=7)
        await house.settle()
        assert subjects(house).count("Odd") == 1
        await Play(house).check()


@pytest.mark.parametrize("full", [False, True], ids=["small-rounds", "full-rounds"])
async def test_a_linked_event_that_spoils_its_page_loses_nothing(house: House, full: bool) -> None:
    """Edited on both sides meanwhile, its activity stays as it is; then each edit arrives."""
    event, activity = await linked_meeting(house, "Odd", 5)
    other, kept = await linked_meeting(house, "Visit", 5)
    house.outlook().edit(event, subject="Odd one")
    house.outlook().edit(other, subject="Visit 2")
    house.desk().edit(activity, notes="by phone")
    bad = {event}
    spoil(house, bad)
    for _ in range(3):
        house.advance(days=1 if full else 0, minutes=10)
        await house.sync(full=full)
    assert (house.desk().get(activity)["Subject"], house.desk().get(activity)["Void"]) == ("Odd", False)
    assert house.desk().get(kept)["Subject"] == "Visit 2"
    assert len(house.desk().activities()) == 2

    bad.clear()
    house.advance(hours=7)
    await house.settle()
    assert house.desk().get(activity)["Subject"] == "Odd one"
    assert "by phone" in house.outlook().get(event)["body"]["content"]
    await Play(house).check()


async def test_memory_is_lost_while_an_event_spoils_its_page(house: House) -> None:
    """Neither it nor its counterpart is made a second time, whichever side it was made on; what is new arrives."""
    event, _ = await linked_meeting(house, "Odd", 5)
    house.desk().create("Visit", digits(6), digits(6, 12))
    await house.settle()
    bad = {event, house.outlook().find("Visit") or ""}
    spoil(house, bad)
    await forget_everything(house)
    house.outlook().create("New", at(7), at(7, 10))
    house.desk().create("Newer", digits(8), digits(8, 12))
    for _ in range(3):
        house.advance(hours=7)
        assert (await house.sync(full=True)).is_fine
    assert (len(house.outlook().events()), subjects(house)) == (4, ["New", "Newer", "Odd", "Visit"])

    bad.clear()
    house.advance(hours=7)
    await house.settle()
    assert (len(house.outlook().events()), subjects(house)) == (4, ["New", "Newer", "Odd", "Visit"])
    await Play(house).check()


async def test_a_graph_that_fails_on_every_page_ends_the_round(house: House) -> None:
    """That is an outage: nothing is concluded, few requests are made, and the cursor stays."""
    _, activity = await linked_meeting(house, "Visit", 5)
    before = (await house.recall()).cursors
    house.graph.add_fault("GET */calendarView*", status=500, times=None, body=FAILED)
    house.graph.requests.clear()
    house.advance(minutes=10)
    outcome = await house.sync()
    assert not outcome.is_fine
    assert len(house.graph.requests) <= 20
    assert house.desk().get(activity)["Void"] is False
    assert (await house.recall()).cursors.delta_link == before.delta_link
