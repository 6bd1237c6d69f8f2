"""Who works here, kept by a process: read once for many rounds, never older than half a minute, own changes soon."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.memory import MemoryStore
from adapters.store.store import OVERLAP, RowStore
from jobs.forgotten import FEW, people_of, still_known
from jobs.people import LIFE, WHOLE, Everybody, People, everybody_of
from jobs.world import World
from simulators.base import Clock
from sync_core.model.instance import Instance
from sync_core.model.pause import Pause
from sync_core.model.policy import Policy
from sync_core.model.user import OPERATIONAL, FormerAccount, Tally, User
from tests.support.counted import CountingBackend
from tests.support.house import START
from tests.support.users import put_user

ANNA = User("anna-id", "anna@acme.example", enabled=True, erp_user_id="a1", erp_login="anna")
BORIS = User("boris-id", "boris@acme.example", enabled=True, erp_user_id="b1", erp_login="boris")
CARL = User("carl-id", "carl@acme.example", enabled=True, erp_user_id="c1", erp_login="carl", erp_party_id="c2")


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


@pytest.fixture(autouse=True, params=[0, 10], ids=["large", "small"])
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether so few are so few that all are read each time."""
    monkeypatch.setattr("adapters.store.store.SMALL", request.param)


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


@pytest.mark.parametrize("readings", [1, 2, 3])
async def test_whom_another_process_forgets_is_unknown_soon(office: Office, readings: int) -> None:
    """No row is left that would tell; the next reading is of all."""
    for _ in range(readings):
        await office.ids_on()
        office.clock.advance(LIFE)
    await office.other.forget_user(BORIS.id)
    office.clock.advance(LIFE)

    assert await office.ids_on() == {"a1"}


async def test_whom_an_older_build_forgets_is_unknown_within_the_hour(office: Office) -> None:
    """It leaves no sign."""
    for _ in range(2):
        await office.ids_on()
        office.clock.advance(LIFE)
    await office.other.backend.write(Table.USERS, Op(Verb.DELETE, Key("user", BORIS.id)))
    office.clock.advance(WHOLE)

    assert await office.ids_on() == {"a1"}


async def test_whoever_must_miss_nobody_sees_the_newest(office: Office) -> None:
    """Somebody whom another process has just switched on, too."""
    await office.ids_on()
    await put_user(office.other, CARL)
    newest = await office.people.read(office.store, office.clock.now, anew=True)

    assert [set(newest.by_erp_user["c1"]), set(newest.by_party["c2"])] == [{CARL.id}, {CARL.id}]
    assert newest.logins(Instance(), Policy(), "service").bearer("carl") == "c1"


async def test_what_is_read_grows_with_what_was_written() -> None:
    """Not with how many people there are: half a minute later the rows that were written in the last minutes."""
    backend, clock = CountingBackend(), Clock(START)
    backend._clock = clock.now
    store, people = RowStore(backend), People()
    for number in range(300):
        await put_user(store, User(f"id-{number}", f"{number}@acme.example", enabled=True, erp_user_id=f"e{number}"))
    for _ in range(2):
        clock.advance(2 * OVERLAP)
        await people.read(store, clock.now)
    found = []
    for written in (0, 0, 3):
        clock.advance(OVERLAP)
        clock.advance(LIFE)
        for number in range(written):
            await put_user(store, User(f"id-{number}", f"{number}@acme.example"))
        backend.rows.clear()
        backend.asked.clear()
        everybody = await people.read(store, clock.now)
        found.append((len(everybody.erp_ids_on), backend.asked.total(), len(backend.rows)))

    assert found == [(300, 2, 0), (300, 2, 0), (297, 2, 3)]


async def test_many_who_are_asked_for_by_id_cost_what_was_written() -> None:
    """As the owners of what a pull found: nobody else is read again, whom another process has just switched off is
    known to be, and whom it has forgotten is not there."""
    backend, clock = CountingBackend(), Clock(START)
    backend._clock = clock.now
    nobody: Any = None  # neither side is asked, nor the queue
    world = World(nobody, nobody, RowStore(backend), nobody, nobody, clock.now, "pull")
    ids = [f"id-{number:03}" for number in range(300)]
    for user_id in ids:
        await put_user(world.store, User(user_id, f"{user_id}@acme.example", enabled=True))
    for _ in range(2):
        clock.advance(2 * OVERLAP)
        await world.people.read(world.store, clock.now)
    clock.advance(2 * OVERLAP)
    other = RowStore(backend)
    await put_user(other, User(ids[7], "seven@acme.example", enabled=False))
    backend.rows.clear()
    backend.asked.clear()
    found = {user.id: user for user in await people_of(world, ids[: FEW + 1])}
    read = backend.asked.total(), len(backend.rows)
    await other.forget_user(ids[8])

    assert ([one.id for one in found.values() if not one.enabled], len(found)) == ([ids[7]], FEW + 1)
    assert read == (2, 1)
    assert await still_known(world, ids[: FEW + 1]) == {*ids[: FEW + 1]} - {ids[8]}


def as_known(everybody: Everybody) -> tuple[object, ...]:
    """Everything that rounds make of them."""
    logins = everybody.logins(Instance(), Policy(), "service")
    return (
        dict(everybody.users),
        {one: everybody.colleagues.of(one) for one in everybody.users},
        {one.mail: everybody.colleagues.canonical(one.mail) for one in everybody.users.values()},
        (everybody.erp_ids, everybody.erp_ids_on, everybody.by_erp_user, everybody.by_party),
        (everybody.unreadable, everybody.passing),
        {login: logins.bearer(login) for one in everybody.users.values() for login in one.erp_logins},
        {login: logins._bearers[login] for one in everybody.users.values() for login in one.erp_logins},
    )


REWRITTEN: dict[str, Callable[[User, datetime], User]] = {
    "looked": lambda user, now: replace(user, synced_at=now),
    "seen": lambda user, now: replace(user, erp_seen_at=now),
    "renamed": lambda user, now: replace(user, mail=f"new.{user.upn}", erp_login=f"new.{user.erp_login}"),
    "switched": lambda user, _: replace(user, enabled=not user.enabled),
    "in trouble": lambda user, now: replace(user, state="Error: x", troubled_at=now),
    "well": lambda user, _: replace(user, state=OPERATIONAL, troubled_at=None),
    "paused": lambda user, now: replace(user, pause=Pause(now, (now + timedelta(hours=5)).date())),
    "another account": lambda user, now: replace(
        user,
        erp_user_id=f"{user.erp_user_id}+",
        former_accounts=(*user.former_accounts, FormerAccount(user.erp_user_id, user.erp_login, None, now)),
    ),
}


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_kept_is_what_a_whole_reading_gives(office: Office, seed: int) -> None:
    """Whatever happens to whom in which order, an hour long."""
    dice = random.Random(seed)
    for number in range(6):
        user = User(f"id-{number}", f"{number}@acme.example", enabled=True, erp_user_id=f"e{number}")
        user = replace(user, erp_party_id=f"p{number % 4}", erp_login=f"login{number % 5}")
        await put_user(office.store, user)
    for _ in range(100):
        office.clock.advance(timedelta(seconds=dice.randrange(2_000)))
        for user in dice.sample(await office.other.list_users(), 2):
            await put_user(office.other, REWRITTEN[dice.choice(sorted(REWRITTEN))](user, office.clock.now()))
        kept = await office.people.read(office.store, office.clock.now, anew=True)
        whole = everybody_of(await office.store.list_users(), office.clock.now())
        assert as_known(kept) == as_known(whole)


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
