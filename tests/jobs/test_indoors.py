"""People of a test's house are switched on without requests: nothing tells it from one in which they were not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jobs.commands.switch import enable
from simulators.erpnet import schema
from tests.support.house import ANNA, House, open_house, upn_of
from tests.support.indoors import switch_on


def plain(_: House) -> None:
    """As most tests have it."""


def secured(house: House) -> None:
    """The document type is secured: the service user grants itself what it lacks."""
    house.erp.add_document_type("Meeting", access_key=house.erp.add_access_key("meetings"))


def no_place(house: House) -> None:
    """ERP.net suggests no company: they are notified of it."""
    for row in house.erp.store.rows(schema.ROLE_USERS):
        house.erp.store.remove(row)


def no_account(house: House) -> None:
    """ERP.net knows no such e-mail."""
    house.erp.change_user("anna", Email="", Login="a")


def no_mailbox(house: House) -> None:
    """Graph refuses the mailbox."""
    house.graph.mailbox(ANNA).usable = False


def in_trouble(house: House) -> None:
    """A request fails: that takes requests."""
    house.graph.add_fault("GET */mailboxSettings", status=403)


async def after(setting: Callable[[House], None], *, indoors: bool) -> dict[str, Any]:
    """What is known of two people who were switched on, and of Boris twice, and how many requests that took."""
    async with open_house() as house:
        for name in ("anna", "boris"):
            await house.employ(name, enabled=False, aliases=(f"{name}@old.example",))
        setting(house)
        for upn in (ANNA, upn_of("boris"), upn_of("boris")):
            await (switch_on(house.world, house.graph, house.erp, upn) if indoors else enable(house.world, upn))
        assert house.memory is not None
        requests = len(house.graph.requests) + len(house.erp.requests)
        tables = house.memory.backend._tables  # type: ignore[attr-defined]
        stored = [
            (table, row.key, row.properties)
            for table in tables
            for rows in tables[table].values()
            for row in rows.values()
        ]
        held = [(name, row.id, row.values) for name, rows in house.erp.store.sets.items() for row in rows.values()]
        house.graph.forget_requests()
        house.erp.forget_requests()
        await house.sync()
        asked = [one.line for one in (*house.graph.requests, *house.erp.requests)]
        return {
            "requests": requests,
            "stored": repr(stored),
            "held": repr(held),
            "the session": (house.erp.gate.open_sessions, house.world.erp.session_ends_at),
            "the first round asks": asked,
        }


@pytest.mark.parametrize(
    "setting", [plain, secured, no_place, no_account, no_mailbox, in_trouble], ids=lambda setting: setting.__name__
)
async def test_nothing_tells_how_they_were_switched_on(setting: Callable[[House], None]) -> None:
    """Neither what the store holds, nor ERP.net, nor what the first round asks."""
    indoors, over_http = await after(setting, indoors=True), await after(setting, indoors=False)

    requests = indoors.pop("requests"), over_http.pop("requests")
    assert indoors == over_http
    assert requests[0] <= requests[1]


async def test_it_takes_no_requests_but_those_that_open_a_session() -> None:
    """One for where ERP.net is, one for a token, and the first with it."""
    assert (await after(plain, indoors=True))["requests"] == 3
