"""Our own rows spoilt: whoever's row it is does not sync and is told why; everybody else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.backend import Row, Table
from adapters.memory import MemoryBackend
from adapters.store import RowStore
from jobs.pull import run_pull
from tests.budget import budget
from tests.jobs.house import START, House, open_house
from tests.jobs.test_rules import at, digits

BORIS = "boris@acme.example"
SPOILS: dict[str, dict[str, int | str]] = {
    "another version": {"v": 99, "data0": "{}"},
    "cut off": {"v": 1, "data0": '{"event_id": "x'},
    "another shape": {"v": 1, "data0": "[1, 2]"},
    "empty": {},
}
KINDS = ("cursors", "link-", "pending-", "inbox-", "wake")


@pytest.fixture
async def stage() -> AsyncIterator[tuple[House, MemoryBackend]]:
    """Anna and Boris with linked meetings; something waits in Anna's every kind of row."""
    backend = MemoryBackend(lambda: START)
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        for name in ("anna", "boris"):
            await house.employ(name)
            house.outlook(f"{name}@acme.example").create(f"{name}'s", at(1), at(1, 10))
        await house.sync()
        house.graph.add_fault("POST */events", status=400, times=1)
        house.desk().create("Refused once", digits(3), digits(3, 12))
        await house.sync()
        await house.world.store.write_wake((await house.user()).id, "a token")
        yield house, backend


@pytest.mark.parametrize("how", list(SPOILS)[: budget(1, 4)])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_spoilt_row_stops_only_its_user(stage: tuple[House, MemoryBackend], kind: str, how: str) -> None:
    """Anna's round says that a row cannot be read and writes nothing; Boris's edits arrive in the same sync."""
    house, backend = stage
    rows = backend._tables[Table.STATE][(await house.user()).id]
    house.desk().create("Waiting", digits(5), digits(5, 12))
    if kind == "inbox-":
        await run_pull(house.world)
    victim = next(name for name in rows if name.startswith(kind))
    rows[victim] = Row(rows[victim].key, SPOILS[how], rows[victim].etag)
    before = len(house.outlook().events())
    [event] = house.outlook(BORIS).events()
    house.outlook(BORIS).edit(event["id"], subject="Boris goes on")
    reports = {report.upn: report for report in (await house.sync()).reports}

    assert "a stored" in str(reports["anna@acme.example"].failures)
    assert reports[BORIS].failures == []
    assert "Boris goes on" in [a["Subject"] for a in house.desk("boris").activities()]
    assert len(house.outlook().events()) == before
