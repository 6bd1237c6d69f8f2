"""The work queue on a real Azurite, and the process that opens a whole world once."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from azure.storage.queue.aio import QueueServiceClient

from adapters.queues import WorkQueue, connect, names
from adapters.wiring import Process
from jobs.company import start_app
from simulators.azurite import Azurite
from sync_core.errors import SettingsInvalid, StoreUnavailable

NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:1/a"


@pytest.fixture
def prefix() -> str:
    """Names nobody else uses."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
async def queue(azurite: Azurite, prefix: str) -> AsyncIterator[WorkQueue]:
    """A queue that is there."""
    opened = WorkQueue(lambda: connect(azurite.connection_string), prefix)
    await opened.prepare()
    yield opened
    await opened.close()


async def raw(azurite: Azurite, name: str) -> list[str]:
    """What lies in a queue for everybody to see, as it is stored."""
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        return [message.content async for message in service.get_queue_client(name).receive_messages()]


async def test_messages_are_base64_json(azurite: Azurite, queue: WorkQueue, prefix: str) -> None:
    """The host reads base64 only; inside is the message as JSON."""
    await queue.send({"kind": "round", "user": "u", "full": True})
    [content] = await raw(azurite, f"{prefix}-work")

    assert json.loads(b64decode(content)) == {"kind": "round", "user": "u", "full": True}


async def test_a_delayed_message_is_not_seen_yet(azurite: Azurite, queue: WorkQueue, prefix: str) -> None:
    """A message for later is hidden until then; a delay of years is cut to what the service takes."""
    await queue.send({"kind": "pull"}, delay_seconds=30)
    await queue.send({"kind": "pull"}, delay_seconds=10**9)

    assert await raw(azurite, f"{prefix}-work") == []


async def test_a_message_nobody_has_received_is_withdrawn(azurite: Azurite, queue: WorkQueue, prefix: str) -> None:
    """Hidden or not; whoever has received one keeps it, and what is gone already is no error."""
    hidden = await queue.send({"kind": "pull"}, delay_seconds=30)
    seen = await queue.send({"kind": "pull"})
    await queue.withdraw(hidden)
    await queue.withdraw(seen)
    await queue.withdraw(seen)
    assert await queue.count() == (0, 0)

    received = await queue.send({"kind": "pull"})
    assert len(await raw(azurite, f"{prefix}-work")) == 1
    await queue.withdraw(received)
    assert await queue.count() == (1, 0)


async def test_withdrawing_without_a_queue_storage_is_unavailable() -> None:
    """What is not an answer about the message is trouble."""
    queue = WorkQueue(lambda: connect(NOWHERE, retry_total=0), "t00")
    with pytest.raises(StoreUnavailable):
        await queue.withdraw("0 AgAAAAMAAAAAAAAA")
    await queue.close()


async def test_both_queues_are_counted(azurite: Azurite, queue: WorkQueue, prefix: str) -> None:
    """Messages for later count, too; a queue that nobody made yet holds nothing."""
    for delay in (0, 30):
        await queue.send({"kind": "pull"}, delay_seconds=delay)
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        await service.get_queue_client(f"{prefix}-work-poison").send_message("?")
    assert await queue.count() == (2, 1)

    elsewhere = WorkQueue(lambda: connect(azurite.connection_string), f"{prefix}none")
    assert await elsewhere.count() == (0, 0)
    await elsewhere.close()


async def test_preparing_twice_makes_both_queues(azurite: Azurite, queue: WorkQueue, prefix: str) -> None:
    """The work queue and its poison queue are there, however often they are made."""
    await queue.prepare()
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        found = {one.name async for one in service.list_queues() if one.name.startswith(prefix)}

    assert found == {f"{prefix}-work", f"{prefix}-work-poison"} == set(names(prefix))


async def test_a_command_may_be_the_first_to_send(azurite: Azurite, prefix: str) -> None:
    """Where no app ever ran nobody made the queue; the first message makes it."""
    queue = WorkQueue(lambda: connect(azurite.connection_string), prefix)
    await queue.send({"kind": "pull"})
    await queue.close()

    assert len(await raw(azurite, f"{prefix}-work")) == 1


async def test_storage_out_of_reach_is_unavailable() -> None:
    """Without an answer the error is ours, without the key or the address."""
    queue = WorkQueue(lambda: connect(NOWHERE, retry_total=0), "t00")
    with pytest.raises(StoreUnavailable) as refused:
        await queue.send({"kind": "pull"})
    await queue.close()

    assert "127.0.0.1" not in str(refused.value)


@pytest.fixture
def settings(azurite: Azurite, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with what is needed; both systems are never asked."""
    for name, value in {
        "ERPNET_URL": "http://127.0.0.1:1",
        "ERPNET_CLIENT_ID": "calsync",
        "ERPNET_CLIENT_SECRET": "hush",
        "GRAPH_URL": "http://127.0.0.1:1/v1.0",
        "GRAPH_ACCESS_TOKEN": "t",
        "AzureWebJobsStorage": azurite.connection_string,
        "STATE_PREFIX": prefix,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("APPLICATIONINSIGHTS_CONNECTION_STRING", raising=False)


@pytest.mark.usefixtures("settings")
async def test_one_world_for_a_process(azurite: Azurite, prefix: str) -> None:
    """However many ask at once, one world is opened and kept; its queue is ready to use."""
    process = Process()
    first, second = await asyncio.gather(process.world(start_app), process.world(start_app))
    await first.queue.send({"kind": "pull"})
    content = await raw(azurite, f"{prefix}-work")
    third = await process.world(start_app)
    await process.close()

    assert first is second is third
    assert len(content) == 1


@pytest.mark.usefixtures("settings")
async def test_a_process_of_the_app_stamps_its_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings are the company's from its start on; in somebody else's store it starts all the same, and leaves
    the policy alone."""
    for private, tenant, kept in (("busy", "acme", "busy"), ("skip", "acme", "skip"), ("sync", "else", "skip")):
        monkeypatch.setenv("SYNC_PRIVATE", private)
        monkeypatch.setenv("AZURE_TENANT_ID", tenant)
        process = Process()
        instance, _ = await (await process.world(start_app)).store.read_instance()
        await process.close()

        assert instance.policy is not None
        assert (instance.policy.private, instance.policy_by_app, instance.tenant) == (kept, True, "acme")


@pytest.mark.usefixtures("settings")
async def test_what_failed_to_open_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting, put right, needs no restart."""
    process = Process()
    with monkeypatch.context() as wrong:
        wrong.setenv("STATE_PREFIX", "NO")
        with pytest.raises(SettingsInvalid):
            await process.world(start_app)

    assert (await process.world(start_app)).holder != ""
    await process.close()
