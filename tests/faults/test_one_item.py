"""One event about which Outlook answers nonsense: it alone waits; everything else arrives, and the person stays well.

The nonsense goes on for an hour, at every request that is about this one event; then it ends, and the event arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.budget import each, told
from tests.support.days import at, digits
from tests.support.house import ANNA, House, open_house
from tests.support.random_pair import Play

BORIS = "boris@acme.example"

NONSENSE: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "403": {"status": 403, "body": {"error": {"code": "ErrorAccessDenied", "message": "no"}}},
    "404 that names nothing": {"status": 404, "body": {"hello": 1}},
    "504": {"status": 504},
    "a redirect": {"status": 302, "headers": {"Location": "/login"}},
    "a proxy's page": {"status": 200, "body": "<html>welcome</html>"},
    "an empty body": {"status": 200},
    "a list": {"status": 200, "body": [1, 2]},
    "another event": {"status": 200, "body": {"id": "another", "subject": "?"}},
    "cut off": {"status": 200, "body": '{"id": "AAM'},
}


def retitled_in_erp(house: House, event: str) -> None:
    row = next(row for row in house.desk().activities() if row["Subject"] == "Odd")
    house.desk().edit(row["Id"], subject="Odd one", notes="with other words")


def voided_in_erp(house: House, event: str) -> None:
    row = next(row for row in house.desk().activities() if row["Subject"] == "Odd")
    house.desk().void(row["Id"], "not needed")


def deleted_in_outlook(house: House, event: str) -> None:
    house.outlook().delete(event)


def retitled_in_outlook(house: House, event: str) -> None:
    house.outlook().edit(event, subject="Odd one")


ACTS = [retitled_in_erp, voided_in_erp, deleted_in_outlook, retitled_in_outlook]
PEOPLE = {"alone": [], "with-people": [BORIS]}


@pytest.mark.parametrize(("kind", "act", "people"), each(NONSENSE, ACTS, PEOPLE), ids=told)
async def test_nonsense_about_one_event(act: Callable[[House, str], None], kind: str, people: str) -> None:
    """Read, read with HTML, changed, deleted, cancelled, its calendar asked for: whatever is asked about it."""
    async with open_house() as house:
        await house.employ()
        odd = house.outlook().create("Odd", at(1), at(1, 10), attendees=PEOPLE[people])
        plain = house.outlook().create("Plain", at(2), at(2, 10))
        await house.settle()
        act(house, odd)
        house.outlook().edit(plain, subject="Plain one")
        row = next(row for row in house.desk().activities() if row["Subject"] == "Plain")
        house.desk().edit(row["Id"], notes="new words")
        house.outlook().create("New in Outlook", at(3), at(3, 10))
        house.desk().create("New in ERP.net", digits(4), digits(4, 12))
        fault = house.graph.add_fault(f"* */events/{odd}*", times=None, **NONSENSE[kind])
        for _ in range(6):
            house.advance(minutes=10)
            await house.sync()

        said = {row["Subject"]: row["Notes"] for row in house.desk().activities()}
        assert said["Plain one"] == "new words"
        assert "New in Outlook" in said
        shown = {event["subject"]: event["body"]["content"] for event in house.outlook().events()}
        assert "new words" in shown["Plain one"]
        assert "New in ERP.net" in shown
        assert (await house.user(ANNA)).state == "Operational"

        house.graph.faults.remove(fault)
        house.advance(hours=7)
        await Play(house).check()


@pytest.mark.parametrize("kind", NONSENSE)
async def test_nonsense_about_a_new_event(kind: str) -> None:
    """ERP.net's new activity gets no event for an hour; everything else arrives, and then it does, once."""
    async with open_house() as house:
        await house.employ()
        plain = house.outlook().create("Plain", at(2), at(2, 10))
        await house.settle()
        house.desk().create("New in ERP.net", digits(4), digits(4, 12))
        house.outlook().edit(plain, subject="Plain one")
        house.outlook().create("New in Outlook", at(3), at(3, 10))
        fault = house.graph.add_fault("POST */events", times=None, **NONSENSE[kind])
        for _ in range(6):
            house.advance(minutes=10)
            await house.sync()

        assert {row["Subject"] for row in house.desk().activities()} >= {"Plain one", "New in Outlook"}

        house.graph.faults.remove(fault)
        house.advance(hours=7)
        await Play(house).check()
        assert [e["subject"] for e in house.outlook().events()].count("New in ERP.net") == 1


@pytest.mark.parametrize("kind", NONSENSE)
async def test_nonsense_where_a_counterpart_is_looked_for(kind: str) -> None:
    """Whether the new event bears our mark, and whether the new activity has an event, is not known for an hour: both
    wait, everything else arrives, and then they do, once."""
    async with open_house() as house:
        await house.employ()
        plain = house.outlook().create("Plain", at(2), at(2, 10))
        await house.settle()
        house.outlook().edit(plain, subject="Plain one")
        new = house.outlook().create("New in Outlook", at(3), at(3, 10))
        house.outlook().create("Newer in Outlook", at(5), at(5, 10))
        house.desk().create("New in ERP.net", digits(4), digits(4, 12))
        for pattern in (f"GET */events/{new}*", "GET */events"):
            house.graph.add_fault(pattern, times=None, **NONSENSE[kind])
        for _ in range(6):
            house.advance(minutes=10)
            await house.sync()

        said = {row["Subject"] for row in house.desk().activities()}
        assert said == {"Plain one", "Newer in Outlook", "New in ERP.net"}
        assert (await house.user(ANNA)).state == "Operational"

        house.graph.faults.clear()
        house.advance(hours=7)
        await Play(house).check()
        titles = [e["subject"] for e in house.outlook().events()]
        assert sorted(titles) == sorted(["Plain one", "New in Outlook", "Newer in Outlook", "New in ERP.net"])
        assert len(house.desk().activities()) == 4
