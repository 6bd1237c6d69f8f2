"""How many outside calls rounds cost: counted at the stand-ins, since ERP.net's are the narrow gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.store.backend import Table
from adapters.store.store import RowStore
from jobs.commands.kinds import KINDS
from jobs.commands.sync import sync_user, what_waits
from jobs.pull import run_pull
from jobs.round.run import run_round
from jobs.waiting import unheeded
from jobs.wish import Kind, Wish
from sync_core.model.instance import Instance
from sync_core.model.user import User
from tests.support.counted import CountingBackend, linked_many
from tests.support.days import at, digits, linked_meeting, the_activity, the_event
from tests.support.house import House, open_house
from tests.support.series import MONDAY, MONDAYS, WINDOWED, clock, every_weekday, mondays, open_series
from tests.support.users import put_user


def forget(house: House) -> None:
    """Start counting anew."""
    house.graph.forget_requests()
    house.erp.forget_requests()


def asked_of(house: House) -> tuple[int, int]:
    """How often Graph and ERP.net were asked since."""
    return len(house.graph.requests), len(house.erp.requests)


@pytest.fixture
async def counted() -> AsyncIterator[tuple[House, CountingBackend]]:
    """A house whose table requests are counted by table."""
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        backend.asked.clear()
        yield house, backend


def fill(house: House, **more: Any) -> None:
    """A thousand meetings in Outlook."""
    for n in range(1000):
        start = at(1 + n % 28, 6) + timedelta(minutes=n % 600)
        house.outlook().create(f"event {n}", start, start + timedelta(minutes=30), body=f"text {n}", **more)


async def test_a_first_sync_of_1000_events_in_tables(counted: tuple[House, CountingBackend]) -> None:
    """Links, claims, index and journal travel a hundred at once, and what is begun in one row: of each event two
    claims, its link and its index row are written."""
    house, backend = counted
    fill(house)
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert backend.asked[Table.MEETINGS] == 33
    assert backend.asked[Table.STATE] == 22
    assert backend.asked.total() == 85
    assert backend.written.total() == 4_127
    backend.asked.clear()
    forget(house)
    report = await house.step()

    assert dict(report.done) == {}
    assert (len(house.graph.requests), len(house.erp.requests)) == (1, 2)
    assert backend.asked.total() == 10


async def test_a_first_sync_of_1000_activities_in_tables(counted: tuple[House, CountingBackend]) -> None:
    """The other way round each event's note is written before it, too, and an index row only once: not with the
    link whose event has shown itself."""
    house, backend = counted
    for n in range(1000):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    report = await house.step()

    assert report.done == {"event created": 1000}
    assert backend.asked.total() == 119
    assert backend.written.total() == 4_062
    backend.asked.clear()
    backend.written.clear()
    await house.step()

    assert backend.asked.total() == 35
    assert backend.written[Table.MEETINGS] == 0


async def test_what_waits_for_a_person_reads_no_links(counted: tuple[House, CountingBackend]) -> None:
    """A sync with nothing to do looks at none of a hundred pairs, neither for itself nor for what it then says."""
    house, backend = counted
    for n in range(100):
        house.outlook().create(f"event {n}", at(1 + n % 28), at(1 + n % 28, 10))
    for _ in range(3):
        await house.step()
    backend.rows.clear()
    user = await house.user()
    async with house.world.erp_session():
        outcome = await sync_user(house.world, user)
    waiting = await what_waits(house.world, [user], outcome)

    assert waiting == {user.id: (user, [])}
    assert [key for key in backend.rows if key.row.startswith("link-")] == []


async def commanded(house: House) -> None:
    """What `calsync --here sync` does for all who are switched on."""
    wish = Wish(Kind.SYNC)
    for item in await KINDS[Kind.SYNC].items(house.world, wish):
        async for _, is_fine in KINDS[Kind.SYNC].do(house.world, wish, item, unheeded):
            assert is_fine


async def test_a_commanded_sync_in_tables(counted: tuple[House, CountingBackend]) -> None:
    """The company's and the user's rows are read once for each step that must see them as they are then, and many
    changes need hardly more requests than one; ten of a hundred pairs are changed on either side."""
    house, backend = counted
    for n in range(100):
        house.outlook().create(f"event {n}", at(1 + n % 28), at(1 + n % 28, 10))
    for _ in range(3):
        await house.step()
    backend.asked.clear()
    forget(house)
    await commanded(house)
    idle, sides = backend.asked.total(), [asked_of(house)]
    for n in range(10):
        house.outlook().edit(the_event(house, f"event {n}"), subject=f"edited {n}")
        house.desk().edit(the_activity(house, f"event {90 + n}"), subject=f"edited {90 + n}")
    backend.asked.clear()
    forget(house)
    await commanded(house)
    changed = backend.asked.total()
    sides.append(asked_of(house))

    assert sides == [(1, 1), (2, 3)], "idle, and with the changes: Graph, ERP.net"
    assert idle == 8
    assert changed == 39
    assert {a["Subject"] for a in house.desk().activities()} >= {f"edited {n}" for n in range(10)}


async def test_a_full_round_of_1000_linked_events_in_tables(counted: tuple[House, CountingBackend]) -> None:
    """Of the index, which is looked over, nothing is written that is there already."""
    house, backend = counted
    fill(house)
    for _ in range(2):
        await house.step()
    backend.asked.clear()
    backend.written.clear()
    report = await house.step(full=True)

    assert dict(report.done) == {}
    assert backend.asked[Table.MEETINGS] == 1
    assert backend.written[Table.MEETINGS] == 0


async def test_a_first_round_of_1000_activities(house: House) -> None:
    """ERP.net → M365: twenty events a request, at most 60 to Graph and 15 to ERP.net."""
    for n in range(1000):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    forget(house)
    report = await house.step()

    assert report.done == {"event created": 1000}
    assert len(house.graph.requests) <= 60
    assert len(house.erp.requests) <= 15


async def test_a_first_round_of_1000_events(house: House) -> None:
    """M365 → ERP.net: at most 8 Graph and 15 ERP.net requests."""
    fill(house)
    forget(house)
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert len(house.graph.requests) <= 8
    assert len(house.erp.requests) <= 15


async def test_a_first_round_of_1000_meetings_with_people(house: House) -> None:
    """Guests cost a look at ERP.net's users now and then, no more: the same limits hold."""
    for n in range(1000):
        start = at(1 + n % 28, 6) + timedelta(minutes=n % 600)
        guests = [f"guest{n % 150}@client.example", "boris@acme.example"]
        house.outlook().create(f"event {n}", start, start + timedelta(minutes=30), attendees=guests)
    forget(house)
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert len(house.graph.requests) <= 12
    assert len(house.erp.requests) <= 40


async def test_an_idle_sync_asks_twice_and_writes_only_its_report(house: House) -> None:
    """One look at the feed, one pull; in our store the session slot and the report."""
    await linked_meeting(house)
    house.desk().create("Visit", digits(2), digits(2, 12))
    for _ in range(3):
        await house.step()
    assert house.memory is not None
    before = await house.recall()
    forget(house)
    writes = house.memory.writes
    report = await house.step()

    assert dict(report.done) == {}
    assert (len(house.graph.requests), len(house.erp.requests)) == (1, 1)
    assert await house.recall() == before
    assert house.memory.writes - writes <= 3, "slot taken, slot freed, report"


@pytest.mark.parametrize("is_first", [True, False], ids=["a first round", "a later one"])
async def test_a_round_reads_the_instance_row_once(
    house: House, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    """All that a round knows of the company is one reading of it."""
    house.outlook().create("Planning", at(1), at(1, 10))
    if not is_first:
        await house.step()
    reads, read_instance = [], house.world.store.read_instance

    async def counted() -> tuple[Instance, str]:
        reads.append(await read_instance())
        return reads[-1]

    monkeypatch.setattr(house.world.store, "read_instance", counted)
    report = await run_round(house.world, await house.user(), full=True)

    assert (report.failures, report.done) == ([], {"activity created": 1} if is_first else {})
    assert len(reads) == 1


async def test_many_edits_travel_together(house: House) -> None:
    """100 activities edited: their events are patched 20 a call, and read with one question."""
    for n in range(100):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    for _ in range(2):
        await house.step()
    for row in house.desk().activities():
        house.desk().edit(row["Id"], subject=f"{row['Subject']} edited")
    forget(house)
    report = await house.step()

    assert report.done == {"event updated": 100}
    assert len(house.graph.requests) <= 8
    assert len(house.erp.requests) <= 3


ONE_CHANGE: dict[str, tuple[Callable[[House], object], dict[str, int]]] = {
    "nothing happens": (lambda _: None, {}),
    "an event is moved": (
        lambda h: h.outlook().edit(the_event(h, "event 0"), start=at(3, 11), end=at(3, 12)),
        {"activity updated": 1},
    ),
    "an activity is named": (
        lambda h: h.desk().edit(the_activity(h, "activity 0"), subject="Another name"),
        {"event updated": 1},
    ),
    "an event is made": (lambda h: h.outlook().create("New", at(9), at(9, 10)), {"activity created": 1}),
    "an activity is made": (lambda h: h.desk().create("New", digits(9), digits(9, 12)), {"event created": 1}),
    "an event is deleted": (lambda h: h.outlook().delete(the_event(h, "event 1")), {"activity voided": 1}),
    "an activity is void": (lambda h: h.desk().void(the_activity(h, "activity 1")), {"event removed": 1}),
}

PAGE = ("cursors", "inbox-", "lease", "wake")
"""A user's small rows, which a round reads as one page."""


async def test_a_pull_about_what_is_linked_reads_nobody_else(counted: tuple[House, CountingBackend]) -> None:
    """Thirty colleagues: for an edit of a linked activity the row of whoever has it is read; a new one may be
    anybody's."""
    house, backend = counted
    await linked_meeting(house)
    for _ in range(2):
        await house.step()
    for number in range(30):
        await put_user(house.world.store, User(f"colleague{number}", f"colleague{number}@acme.example", enabled=True))

    async def read_by_pull() -> int:
        backend.rows.clear()
        house.advance(minutes=1)
        async with house.world.erp_session():
            assert (await run_pull(house.world)).changes == 1
        return sum(key.partition == "user" for key in backend.rows)

    [activity] = house.desk().activities()
    house.desk().edit(activity["Id"], subject="Edited")
    edited = await read_by_pull()
    house.desk().create("New", digits(2), digits(2, 12))

    assert edited <= 2
    assert await read_by_pull() >= 31


async def test_one_change_among_5000_links() -> None:
    """A round reads one page of small rows and at most twelve others, of links those that it has news of; so does the
    round that meets our own echo."""
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        await linked_many(house, backend, 5_000)
        found: dict[str, tuple[dict[str, int], str]] = {}
        links: dict[str, int] = {}
        others: dict[str, int] = {}
        reads: dict[str, int] = {}
        for what, (happens, _) in ONE_CHANGE.items():
            happens(house)
            for which in (what, f"the echo where {what}"):
                async with house.world.erp_session():
                    await run_pull(house.world)
                    row, user = await house.world.store.read_instance(), await house.user()
                    backend.rows.clear()
                    report = await run_round(house.world, user, row=row)
                found[which] = dict(report.done), report.read_all
                rows = [key for key in backend.rows if key.partition != user.id or not key.row.startswith(PAGE)]
                links[which] = sum(key.row.startswith("link-") for key in rows)
                others[which] = len(set(rows))
                reads[which] = len(rows)

        expected = {what: (done, "") for what, (_, done) in ONE_CHANGE.items()}
        assert found == {f"the echo where {what}": ({}, "") for what in ONE_CHANGE} | expected
        assert max(links.values()) == 1, links
        assert links["nothing happens"] == links["the echo where nothing happens"] == 0
        assert max(others.values()) <= 12, others
        assert max(reads.values()) <= 13, reads  # before a void its claim and the people are asked once more


async def test_an_idle_round_with_forty_series_asks_what_any_idle_round_asks() -> None:
    """As with as many single meetings."""
    found = []
    for is_series in (False, True):
        async with open_series() as house:
            for n in range(40):
                if is_series:
                    mondays(house, f"Week {n}")
                for day in () if is_series else MONDAYS:
                    house.outlook().create(f"Single {n}", clock(day), clock(day, 10))
            for _ in range(3):
                await house.step()
            forget(house)
            assert dict((await house.step()).done) == {}
            found.append((len(house.graph.requests), len(house.erp.requests)))
            assert len((await house.recall()).links) == 40 * len(MONDAYS)

    assert found[0] == found[1]


WHOLE = 24
"""The rows of a weekday series."""

ONE_CHANGE_OF_SERIES: dict[str, tuple[Callable[[House, str], object], int]] = {
    "a single meeting is renamed": (lambda h, _: h.outlook().edit(the_event(h, "Single"), subject="Alone"), 1),
    "a date is renamed": (lambda h, series: h.outlook().edit_date(series, MONDAYS[2], subject="Special"), WHOLE),
    "a date is deleted": (lambda h, series: h.outlook().delete_date(series, MONDAYS[1]), WHOLE),
    "a date's activity is named": (lambda h, _: h.desk().edit(the_activity(h, "Special"), subject="Other"), WHOLE),
    "the series is renamed": (lambda h, series: h.outlook().edit(series, subject="Renamed"), WHOLE),
}
"""What happens in a calendar with ten weekday series, and how many rows of links its round reads at most."""


async def test_a_change_of_one_series_among_ten() -> None:
    """Besides thousands of single meetings: a round reads the links of that series and no others, and so does the
    round that meets our own echo."""
    backend = CountingBackend()
    async with open_house(RowStore(backend), at=MONDAY, policy=WINDOWED) as house:
        backend._clock = house.clock.now
        await house.employ()
        series = [every_weekday(house, f"Series {n}", hour=8 + n) for n in range(10)][3]
        house.outlook().create("Single", clock(MONDAYS[1], 7), clock(MONDAYS[1], 8))
        await linked_many(house, backend, 5_000)
        found: dict[str, tuple[str, int]] = {}
        for what, (happens, _) in ONE_CHANGE_OF_SERIES.items():
            happens(house, series)
            for which in (what, f"the echo where {what}"):
                async with house.world.erp_session():
                    await run_pull(house.world)
                    row, user = await house.world.store.read_instance(), await house.user()
                    backend.rows.clear()
                    report = await run_round(house.world, user, row=row)
                links = [key.row for key in backend.rows if key.partition == user.id and key.row.startswith("link-")]
                found[which] = report.read_all, len(links)

        assert {read_all for read_all, _ in found.values()} == {""}
        for what, (_, most) in ONE_CHANGE_OF_SERIES.items():
            assert found[what][1] <= most, what
            assert found[f"the echo where {what}"][1] <= most, what
