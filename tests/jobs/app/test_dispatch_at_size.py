"""The sync timer over thousands of people: what it reads, whom it wakes when, and what becomes of a run cut off.

Only rows are there, a clock, and a Graph that knows whose link has news.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.memory import MemoryBackend, MemoryQueue
from adapters.store.state import cursors_key, inbox_key
from adapters.store.store import RowStore
from jobs.app.dispatch import LOOKS, PAGE, PROBES, PROBES_AT_ONCE, dispatch
from jobs.checkup import as_known, fingerprint
from jobs.ports import Calendar, Erp, Subscriptions
from jobs.world import World
from simulators.base import Clock
from sync_core.content.window import delta_window_at, local_day
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors, InboxRow
from sync_core.model.policy import Policy
from sync_core.model.user import User
from tests.support.fuse import Killed
from tests.support.house import START

SOFIA = "Europe/Sofia"


@dataclass
class News:
    """A Graph that is asked for nothing but news: whose link has some, and the size of each call."""

    whose: frozenset[str] = frozenset()
    calls: list[int] = field(default_factory=list)
    dies_at: int | None = None
    under_way: int = 0
    most: int = 0
    """Calls under way at once, and the most there were."""

    async def has_news(self, links: Mapping[str, str]) -> dict[str, bool]:
        """See ``Calendar.has_news``."""
        if len(self.calls) == self.dies_at:
            raise Killed
        self.calls.append(len(links))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return {user_id: user_id in self.whose for user_id in links}


class CountedBackend(MemoryBackend):
    """A memory backend that counts the rows read from each table."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.now)
        self.rows: Counter[Table] = Counter()

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        return self._counted(table, await super().scan(table, partition, limit, begin=begin))

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        return self._counted(table, await super().scan_from(table, partition, key, limit, until))

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        return self._counted(table, await super().scan_but(table, partition, begin))

    def _counted(self, table: Table, rows: list[Row]) -> list[Row]:
        self.rows[table] += len(rows)
        return rows


@dataclass
class Company:
    """People in step, by number."""

    people: int
    zones: tuple[str, ...] = (SOFIA,)
    clock: Clock = field(default_factory=lambda: Clock(START))
    graph: News = field(default_factory=News)
    queue: MemoryQueue = field(default_factory=MemoryQueue)

    def __post_init__(self) -> None:
        self.backend = CountedBackend(self.clock)
        self.store = RowStore(self.backend)
        self.world = World(
            calendar=cast("Calendar", self.graph),
            erp=cast("Erp", None),
            store=self.store,
            queue=self.queue,
            subscriptions=cast("Subscriptions", None),
            clock=self.clock.now,
            holder="timer",
        )

    async def open(self) -> None:
        """Everybody as their last whole round has left them."""
        now = START
        await self.store.save_instance(Instance(policy=Policy(), looked_at=now), "")
        for number in range(self.people):
            zone = ZoneInfo(self.zones[number % len(self.zones)])
            cursors = Cursors("https://graph/delta", delta_window_at(now, zone, 1), now, local_day(now, zone), False)
            user = User(self.id_of(number), f"p{number}@acme.example", enabled=True, zone=zone.key, erp_login="p")
            known = fingerprint(as_known(user, Instance()), Policy())
            row = replace(user, synced_at=now, enabled_at=now, cursors=replace(cursors, fingerprint=known))
            await self.backend.write(Table.USERS, Op(Verb.PUT, Key("user", user.id), codec.encode(row)))
        self.backend.reads = self.backend.writes = 0

    @staticmethod
    def id_of(number: int) -> str:
        """Somebody's id."""
        return f"{number:05}"

    def woken(self) -> list[str]:
        """To whom a message went since last asked, in order."""
        return [str(message["user"]) for message, _ in self.queue.take()]


async def company_of(people: int, *zones: str) -> Company:
    """A company in step, whose people live in these zones in turn."""
    company = Company(people, zones or (SOFIA,))
    await company.open()
    return company


async def test_an_idle_run_over_ten_thousand_people() -> None:
    """Ten pages of users and no row of a partition of theirs; fifty calls of Graph for a thousand people."""
    company = await company_of(10_000)

    assert await dispatch(company.world) == 0
    pages, place, instance, marks, commands = 10 + 1, 1 + 10 + 1, 3, 1, 1
    assert company.backend.reads + company.backend.writes == pages + place + instance + marks + commands
    assert company.backend.rows == {Table.USERS: 10_000, Table.COMMANDS: 0}
    assert company.graph.calls == [PROBES] * 500
    assert company.graph.most == PROBES_AT_ONCE


async def test_news_wake_as_they_are_found() -> None:
    """Whoever has news at the beginning is woken before the end is looked at, and a run cut off is gone on with."""
    company = await company_of(3 * PAGE)
    first, last = company.id_of(3), company.id_of(3 * PAGE - 1)
    company.graph.whose = frozenset({first, last})
    company.graph.dies_at = PAGE // PROBES + 1

    with pytest.raises(Killed):
        await dispatch(company.world)
    assert company.woken() == [first]

    company.graph.dies_at, company.graph.calls = None, []
    await dispatch(company.world)
    assert (company.woken(), sum(company.graph.calls)) == ([last], 2 * PAGE)

    company.clock.advance(timedelta(minutes=15))
    company.graph.calls = []
    await dispatch(company.world)
    assert sum(company.graph.calls) == 3 * PAGE - 2, "the next run begins anew; the two that wait are due"


async def filed_by_an_older_build(company: Company, user_id: str) -> None:
    """Its pull: an inbox row without a mark, and the instance row without what that build does not know."""
    row = InboxRow("activity", company.clock.now())
    await company.backend.write(Table.STATE, Op(Verb.PUT, inbox_key(user_id, row.activity_id), codec.encode(row)))
    instance, etag = await company.store.read_instance()
    await company.store.save_instance(replace(instance, looked_at=None), etag)


@pytest.mark.parametrize("when", ["before a run", "during a run", "during a run that took up another"])
async def test_what_an_older_builds_pull_has_filed_is_found(when: str) -> None:
    """Both builds run during an update, and the older one dies before it wakes; a run later all is as before."""
    company = await company_of(2 * PAGE)
    for user in await company.store.list_users():
        place = cursors_key(user.id)
        await company.backend.write(Table.STATE, Op(Verb.PUT, place, codec.encode(user.cursors)))
    first = company.id_of(0)
    looks = company.graph.has_news

    async def files(links: Mapping[str, str]) -> dict[str, bool]:
        company.graph.has_news = looks  # type: ignore[method-assign]
        await filed_by_an_older_build(company, first)
        return await looks(links)

    if when == "before a run":
        await filed_by_an_older_build(company, first)
    elif when == "during a run":
        company.graph.has_news = files  # type: ignore[method-assign]
        assert await dispatch(company.world) == 0
    else:
        company.graph.dies_at = PAGE // PROBES + 1
        with pytest.raises(Killed):
            await dispatch(company.world)
        company.graph.dies_at = None
        await filed_by_an_older_build(company, first)
        assert await dispatch(company.world) == 0

    assert await dispatch(company.world) == 1
    assert company.woken() == [first]
    company.backend.rows.clear()
    await dispatch(company.world)
    assert Table.STATE not in company.backend.rows


async def test_midnight_is_spread() -> None:
    """A new day of 1,200 people: never more messages than there is room for, and everybody's turn comes."""
    company = await company_of(1_200)
    company.clock.advance(timedelta(days=1))
    woken: list[str] = []
    ticks = 0
    while len(woken) < company.people:
        ticks += 1
        await dispatch(company.world)
        assert 0 < len(company.queue.sent) <= LOOKS
        for user_id in (found := company.woken()):
            await served(company, user_id)
        woken += found
        company.clock.advance(timedelta(minutes=15))

    assert sorted(woken) == [company.id_of(number) for number in range(company.people)]
    assert ticks == -(-company.people // LOOKS)


async def test_a_day_turns_in_everybodys_own_zone() -> None:
    """At midnight in Sofia nobody in New York is looked at, nor is anybody in Sofia at theirs."""
    company = await company_of(40, SOFIA, "America/New_York")
    woken = []
    for hours in (13, 2, 5, 2):  # from ten in the morning in Sofia, seven hours before New York
        company.clock.advance(timedelta(hours=hours))
        await dispatch(company.world)
        found = company.woken()
        woken.append({int(user_id) % 2 for user_id in found})
        for user_id in found:
            await served(company, user_id)

    assert woken == [set(), {0}, set(), {1}]


async def test_looks_wait_for_a_queue_that_is_full() -> None:
    """While others wait in the queue only a tenth of the looks is added; what is urgent goes at once."""
    company = await company_of(2_000)
    await company.store.write_wake(company.id_of(7), "token of a message that got lost")
    company.clock.advance(timedelta(days=1))
    for number in range(LOOKS):
        await company.queue.send({"kind": "round", "user": f"another {number}"})
    await dispatch(company.world)
    woken = company.woken()[LOOKS:]

    assert woken[0] == company.id_of(7)
    assert len(woken) == 1 + LOOKS // 10


async def served(company: Company, user_id: str) -> None:
    """A whole round has looked at this user."""
    now = company.clock.now()
    lease = await company.store.acquire_lease(user_id, "round", 60)
    await company.store.settle(lease, await company.store.read_wake(user_id))
    await company.store.release_lease(lease)

    def looked(user: User) -> User:
        assert user.cursors is not None
        return replace(user, synced_at=now, cursors=replace(user.cursors, day=local_day(now, ZoneInfo(user.zone))))

    await company.store.revise_user(user_id, looked)
