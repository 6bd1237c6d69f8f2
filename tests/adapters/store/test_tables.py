"""The table store keeps the contract on a real Azurite, and what the tables alone must get right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from uuid import uuid4

import pytest
from azure.core.exceptions import AzureError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport

from adapters.store.backend import Conflict as ConditionFailed
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.tables import TableStore, connect
from jobs.ports import Clock, Lease, Put
from simulators.azurite import Azurite
from sync_core.errors import LeaseHeld, LeaseLost, StoreError, StoreUnavailable
from sync_core.model.claim import Claim
from sync_core.model.event import Window
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors, InboxRow, Memory
from tests.support.store_contract import StoreContract
from tests.support.store_contract.rows import NOW, PassTime, link, save, user_id

__all__ = ["user_id"]


class Wire(AioHttpTransport):  # type: ignore[misc]  # the SDK exports it lazily, untyped
    """The way to Azurite, which can let time pass and lose answers."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = timedelta(0)
        self.lose: list[object] = []
        """For the next answers, one each: None lets it through, a status replaces it, an error is raised instead."""
        self.sent: list[str] = []

    async def send(self, request: Any, **options: Any) -> Any:
        """Send, then tamper with the answer."""
        self.sent.append(request.method)
        response = await super().send(request, **options)
        told_at = parsedate_to_datetime(response.headers["Date"])
        response.headers["Date"] = format_datetime(told_at + self.shift, usegmt=True)
        loss = self.lose.pop(0) if self.lose else None
        if isinstance(loss, Exception):
            response.internal_response.close()
            raise loss
        if isinstance(loss, int):
            response.status_code = loss
        return response


def now() -> datetime:
    """The machine's clock, which Azurite goes by as well."""
    return datetime.now(UTC)


@pytest.fixture
def wire() -> Wire:
    """The way to Azurite."""
    return Wire()


class Opener:
    """Makes stores and closes them; each opener has table names of its own."""

    def __init__(self) -> None:
        self.prefix = f"t{uuid4().hex[:12]}"
        self._made: list[TableStore] = []

    def __call__(self, connection_string: str, clock: Clock = now, *, prefix: str = "", **options: Any) -> TableStore:
        """A store on tables that nobody prepared yet."""
        made = TableStore(connect(connection_string, **options), prefix or self.prefix, clock)
        self._made.append(made)
        return made

    async def close(self) -> None:
        """Close all that were made."""
        for made in self._made:
            await made.close()


@pytest.fixture
async def open_store() -> AsyncIterator[Opener]:
    """What opens stores."""
    opener = Opener()
    yield opener
    await opener.close()


@pytest.fixture
async def store(azurite: Azurite, wire: Wire, open_store: Opener) -> TableStore:
    """A store on tables of its own."""

    def clock() -> datetime:
        return now() + wire.shift

    made = open_store(azurite.connection_string, clock, transport=wire, retry_backoff_factor=0)
    await made.prepare()
    return made


@pytest.fixture
def fresh_store(store: TableStore) -> TableStore:
    """A store nobody else uses; here every one is."""
    return store


@pytest.fixture
def pass_time(wire: Wire) -> PassTime:
    """Move our clock and the service's, which is what its ``Date`` headers say."""

    def move(seconds: float) -> None:
        wire.shift += timedelta(seconds=seconds)

    return move


class TestTableStore(StoreContract):
    """The contract, in tables."""


def day_ahead() -> datetime:
    """A clock that is a day ahead."""
    return now() + timedelta(days=1)


def day_behind() -> datetime:
    """A clock that is a day behind."""
    return now() - timedelta(days=1)


async def test_wrong_clock_cannot_steal(azurite: Azurite, open_store: Opener, user_id: str) -> None:
    """A worker whose own clock is a day ahead is refused like any other, and told until when by its own clock."""
    honest = open_store(azurite.connection_string)
    hasty = open_store(azurite.connection_string, day_ahead)
    await honest.prepare()
    await honest.acquire_lease(user_id, "honest", 60)

    with pytest.raises(LeaseHeld) as refused:
        await hasty.acquire_lease(user_id, "hasty", 60)

    assert timedelta(seconds=30) <= refused.value.until - day_ahead() <= timedelta(seconds=65)


async def test_slow_clock_lease_is_worth_its_time(azurite: Azurite, open_store: Opener, user_id: str) -> None:
    """A worker whose clock is a day behind gets a lease that others respect."""
    slow = open_store(azurite.connection_string, day_behind)
    other = open_store(azurite.connection_string)
    await slow.prepare()
    lease = await slow.acquire_lease(user_id, "slow", 60)

    with pytest.raises(LeaseHeld):
        await other.acquire_lease(user_id, "other", 60)
    assert timedelta(seconds=30) <= lease.expires_at - day_behind() <= timedelta(seconds=60)


@pytest.mark.parametrize("loss", [503, ServiceResponseError("gone")], ids=["sent-twice", "connection-lost"])
async def test_lost_answer_of_a_save(store: TableStore, wire: Wire, user_id: str, loss: object) -> None:
    """A save whose answer got lost is recognised as done, and the lease it returns is good."""
    lease = await store.acquire_lease(user_id, "me", 60)
    wire.lose = [loss]
    kept = link("kept")
    lease = await store.save(lease, [Put(kept)])

    await store.save(lease, [])
    assert (kept,) == (await store.recall(user_id)).links


@pytest.mark.parametrize("loss", [503, ServiceResponseError("gone")], ids=["sent-twice", "connection-lost"])
async def test_lost_answer_of_an_acquire(store: TableStore, wire: Wire, user_id: str, loss: object) -> None:
    """A lease whose insert was done though its answer got lost is ours."""
    wire.lose = [None, loss]

    lease = await store.acquire_lease(user_id, "me", 60)

    assert (await store.save(lease, [])).holder == "me"


async def test_lost_answer_does_not_excuse_a_lost_lease(store: TableStore, wire: Wire, user_id: str) -> None:
    """A save that was refused for a lost lease stays refused, even when the first answer got lost."""
    lost = await store.acquire_lease(user_id, "me", 60)
    await store.acquire_lease(user_id, "me", 60)
    wire.lose = [503]

    with pytest.raises(LeaseLost):
        await store.save(lost, [Put(link())])

    assert Memory() == await store.recall(user_id)


async def test_lost_answer_of_a_replace(store: TableStore, wire: Wire, user_id: str) -> None:
    """A conditional replace that was sent twice returns the etag of its own first try."""
    place = Key("user", user_id)
    etag = await store.backend.write(Table.USERS, Op(Verb.INSERT, place, {"v": 1, "data0": "1"}))
    wire.lose = [503]
    newer = await store.backend.write(Table.USERS, Op(Verb.PUT, place, {"v": 1, "data0": "2"}, etag))

    row = await store.backend.read(Table.USERS, place)
    assert row is not None
    assert newer == row.etag
    with pytest.raises(ConditionFailed):
        await store.backend.write(Table.USERS, Op(Verb.PUT, place, {"v": 1, "data0": "3"}, etag))


@pytest.mark.parametrize("loss", [503, ServiceResponseError("gone")], ids=["sent-twice", "connection-lost"])
async def test_lost_answer_of_many_claims(store: TableStore, wire: Wire, user_id: str, loss: object) -> None:
    """Claims whose common answer got lost are recognised as done, each with an etag that is good."""
    wire.lose = [loss]
    saved = await store.save_claims([Claim(f"{user_id}-{n}", user_id, "", NOW) for n in range(30)])
    wire.lose = [loss]
    moved = await store.save_claims([replace(one, activity_id="a") for one in saved if one is not None])

    assert [one.activity_id for one in moved if one is not None] == ["a"] * 30
    assert [await store.read_claim(f"{user_id}-{n}") for n in (0, 29)] == [moved[0], moved[29]]


async def test_lost_answer_of_claims_of_which_one_moved_on(store: TableStore, wire: Wire, user_id: str) -> None:
    """What somebody wrote between our write and its lost answer is theirs, and is not written over."""
    wire.lose = [503]
    claims = [Claim(f"{user_id}-{n}", user_id, "", NOW) for n in range(3)]
    sending, sent = store.backend._send_all, []  # type: ignore[attr-defined]

    async def overtaken(*arguments: Any) -> Any:
        try:
            return await sending(*arguments)
        except AzureError:
            sent.append(1)
            mine = await store.read_claim(claims[2].key)
            assert mine is not None
            await store.save_claim(replace(mine, user_id="other"))
            raise

    store.backend._send_all = overtaken  # type: ignore[attr-defined]
    saved = await store.save_claims(claims)
    known = [one for one in saved if one is not None]
    again = await store.save_claims([replace(one, activity_id="a") for one in known])

    assert sent
    assert [one.activity_id if one else None for one in again] == ["a", "a", None]
    theirs = await store.read_claim(claims[2].key)
    assert theirs is not None
    assert theirs.user_id == "other"


async def test_transaction_is_all_or_nothing(store: TableStore, wire: Wire, user_id: str) -> None:
    """When a request never gets through, nothing of it is stored and the store says that it is unavailable."""
    lease = await store.acquire_lease(user_id, "me", 60)

    async def refuse(request: Any, **options: Any) -> Any:
        raise ServiceResponseError("cable pulled")

    wire.send = refuse  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await store.save(lease, [Put(link()), Put(Cursors(served="t"))])
    del wire.send

    assert Memory() == await store.recall(user_id)


async def test_nobody_there(open_store: Opener, user_id: str) -> None:
    """Without any answer the store is unavailable, and says so in our words."""
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;"

    with pytest.raises(StoreUnavailable, match="does not answer"):
        await open_store(nowhere, retry_total=0).recall(user_id)


@pytest.mark.filterwarnings(
    "ignore:Testing an element:DeprecationWarning"
)  # the SDK's reading of error XML, on 3.12+
async def test_wrong_key(azurite: Azurite, open_store: Opener, user_id: str) -> None:
    """A refusal names the role that the identity needs."""
    wrong = azurite.connection_string.replace("AccountKey=E", "AccountKey=F")

    with pytest.raises(StoreUnavailable, match="Storage Table Data Contributor"):
        await open_store(wrong).read_wake(user_id)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.recall("u"),
        lambda store: store.read_wake("u"),
        lambda store: store.write_wake("u", "t"),
        lambda store: store.acquire_lease("u", "me", 60),
        lambda store: store.save(Lease("u", "me", now(), 'W/"1"'), []),
        lambda store: store.file_inbox("u", [InboxRow("a", now())]),
        lambda store: store.save_instance(Instance(), ""),
    ],
    ids=["recall", "read-wake", "write-wake", "acquire", "save", "file-inbox", "save-instance"],
)
async def test_missing_table(
    azurite: Azurite, open_store: Opener, call: Callable[[TableStore], Awaitable[object]]
) -> None:
    """Tables that were never created are not taken for empty ones, nor a write to them for a lost race."""
    store = open_store(azurite.connection_string)

    with pytest.raises(StoreUnavailable, match="table is missing"):
        await call(store)


async def test_only_missing_tables_are_made(azurite: Azurite, store: TableStore, wire: Wire, user_id: str) -> None:
    """A start looks once which tables are there; one that went missing is made again, the others are let be."""
    await store.write_wake(user_id, "token")
    wire.sent.clear()
    await store.prepare()
    assert wire.sent == ["GET"]

    async with connect(azurite.connection_string) as service:
        await service.delete_table(store.backend._tables[Table.JOURNAL].table_name)  # type: ignore[attr-defined]
    wire.sent.clear()
    await store.prepare()

    assert wire.sent == ["GET", "POST"]
    assert (await store.read_journal(user_id), await store.read_wake(user_id)) == ([], "token")


async def test_refused_request(store: TableStore) -> None:
    """A request the service refuses as wrong is a store error that repeats what the service said."""
    with pytest.raises(StoreError, match="PropertyValueTooLarge"):
        await store.backend.write(Table.USERS, Op(Verb.PUT, Key("user", "u"), {"v": 1, "data0": "x" * 33_000}))


async def test_pages_are_read_to_the_end(store: TableStore, wire: Wire, user_id: str) -> None:
    """More rows than one page holds are all recalled."""
    await store.file_inbox(user_id, [InboxRow(f"a{number}", now()) for number in range(1_100)])
    wire.sent.clear()

    assert len((await store.recall(user_id)).inbox) == 1_100
    assert wire.sent == ["GET", "GET"]


async def test_save_is_one_request_and_one_index_row_per_link(store: TableStore, wire: Wire, user_id: str) -> None:
    """A save of one link costs one transaction and one index row, nothing else."""
    lease = await store.acquire_lease(user_id, "me", 60)
    read = Cursors("https://graph/delta", Window(NOW, NOW + timedelta(days=1)), full_due=False)
    wire.sent.clear()

    await store.save(lease, [Put(link()), Put(read)])

    assert wire.sent == ["POST", "PUT"]


async def test_two_stores_on_one_account(
    azurite: Azurite, open_store: Opener, store: TableStore, user_id: str
) -> None:
    """Stores with different prefixes do not see each other's rows."""
    other = open_store(azurite.connection_string, prefix=f"{open_store.prefix}x")
    await other.prepare()
    await save(store, user_id, Put(link()))

    assert Memory() == await other.recall(user_id)
