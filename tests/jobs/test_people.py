"""Who works here, kept by a process: read once for many rounds, never older than half a minute, own changes soon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryStore
from jobs.people import LIFE, People
from simulators.base import Clock
from sync_core.model.memory import Instance, Tally, User
from sync_core.model.policy import Policy
from tests.support.house import START
from tests.support.users import put_user

ANNA = User("anna-id", "anna@acme.example", enabled=True, erp_user_id="a1", erp_login="anna")
BORIS = User("boris-id", "boris@acme.example", enabled=True, erp_user_id="b1", erp_login="boris")


class Office:
    """A store, and two processes that keep who works here."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        self.store = MemoryStore(self.clock.now)
        self.other = MemoryStore(self.clock.now)
        self.other.backend = self.store.backend
        self.people = People()

    async def ids_on(self) -> frozenset[str]:
        """Whose activities are synced, as this process knows."""
        return (await self.people.read(self.store, self.clock.now)).erp_ids_on


@pytest.fixture
async def office() -> Office:
    """Anna and Boris work here."""
    office = Office()
    for user in (ANNA, BORIS):
        await put_user(office.store, user)
    return office


async def test_many_rounds_read_once(office: Office) -> None:
    """Whatever their reports say of them."""
    await office.ids_on()
    before = office.store.reads
    for minute in range(5):
        await put_user(office.store, replace(ANNA, synced_at=START + timedelta(minutes=minute), tally=Tally(links=3)))
        assert await office.ids_on() == {"a1", "b1"}

    assert office.store.reads - before == 5, "each report reads its own row"


async def test_own_changes_are_seen_at_once(office: Office) -> None:
    """A process that switches somebody off, or forgets them, does not take them for on."""
    await office.ids_on()
    await put_user(office.store, replace(BORIS, enabled=False))
    without = await office.ids_on()
    await office.store.forget_user(ANNA.id)

    assert [without, await office.ids_on()] == [{"a1"}, set()]


async def test_what_another_process_changes_is_seen_soon(office: Office) -> None:
    """Within half a minute."""
    await office.ids_on()
    await put_user(office.other, replace(BORIS, enabled=False))
    at_once = await office.ids_on()
    office.clock.advance(LIFE)

    assert [at_once, await office.ids_on()] == [{"a1", "b1"}, {"a1"}]


async def test_a_round_sees_its_own_user_as_they_are(office: Office) -> None:
    """Its own row is fresh: when it looked last, a new address, and that it counts as on in a plan."""
    everybody = await office.people.read(office.store, office.clock.now)
    looked = replace(ANNA, synced_at=START)
    moved = replace(ANNA, mail="anna.new@acme.example")
    off = replace(User("carl-id", "carl@acme.example"), erp_user_id="c1")

    assert everybody.around(looked, START).colleagues.looked_at(ANNA.id) == START
    assert everybody.around(moved, START).colleagues.canonical("anna.new@acme.example") == "anna.new@acme.example"
    assert everybody.around(off, START).erp_ids_on == {"a1", "b1", "c1"}
    assert everybody.colleagues.looked_at(ANNA.id) is None


async def test_logins_are_made_once(office: Office) -> None:
    """For all rounds under the same policy."""
    everybody = await office.people.read(office.store, office.clock.now)
    first = everybody.logins(Instance(), Policy(), "service")

    assert everybody.logins(Instance(), Policy(), "service") is first
    assert everybody.logins(Instance(), Policy(), "another").bearer("anna") == "a1"
