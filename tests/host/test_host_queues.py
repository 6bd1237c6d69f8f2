"""Queue triggers of the local host on real queues (Azurite): at least once, poison, batches, a clean end."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from simulators.azurite import Azurite
from simulators.host.messages import Rules, decode, poison_name
from simulators.host.plugin import HostSettings
from simulators.host.queues import QueueListener, connect
from tests.support.made_up_apps import MakeHost, seen_by_app

WORK = """
import asyncio, json
going, gates = [], {}
@app.function_name("work")
@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    seen.append((text, message.dequeue_count))
"""
FAST = {"extensions": {"queues": {"maxPollingInterval": "00:00:00.1", "maxDequeueCount": 3}}}
TIMEOUT_SECONDS = 20.0


class Desk:
    """The queue of one test and its poison queue."""

    def __init__(self, service: QueueServiceClient, storage: str) -> None:
        self.storage = storage
        self.prefix = f"t{uuid4().hex[:12]}"
        self.work: QueueClient = service.get_queue_client(f"{self.prefix}-work")
        self.poison: QueueClient = service.get_queue_client(f"{self.prefix}-work-poison")

    async def send(self, *texts: str) -> None:
        """Messages as the app sends them."""
        for text in texts:
            await self.work.send_message(base64.b64encode(text.encode()).decode())

    async def left(self) -> int:
        """How many messages are in the queue, hidden ones included."""
        return (await self.work.get_queue_properties()).approximate_message_count or 0

    async def poisoned(self) -> list[str]:
        """What the poison queue holds, as it was sent."""
        return [one.content async for one in self.poison.receive_messages(visibility_timeout=1)]


@pytest.fixture
async def desk(azurite: Azurite) -> AsyncIterator[Desk]:
    """A queue that exists; the poison queue does not."""
    async with connect("S", {"S": azurite.connection_string}) as service:
        opened = Desk(service, azurite.connection_string)
        await opened.work.create_queue()
        yield opened


async def until(is_true: Callable[[], Any]) -> None:
    """Wait for what must come; the test fails where it does not."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not is_true():  # noqa: ASYNC110 - the app under test knows nothing of our events
            await asyncio.sleep(0.02)


async def until_empty(desk: Desk) -> None:
    """Wait until every message is done or poisoned."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while await desk.left():  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.02)


async def test_message_is_handed_over_and_deleted(make_host: MakeHost, desk: Desk) -> None:
    """Base64 is undone, the first try counts as one, success deletes."""
    await desk.send("пример", "second")
    async with make_host(WORK, FAST, PREFIX=desk.prefix) as host:
        await until_empty(desk)

    assert sorted(seen_by_app(host)) == [("second", 1), ("пример", 1)]


async def test_failing_message_ends_in_the_poison_queue(make_host: MakeHost, desk: Desk) -> None:
    """Tried as often as host.json says, then moved with its content as it came."""
    await desk.send("bad")
    source = WORK + "    raise RuntimeError\n"
    async with make_host(source, FAST, PREFIX=desk.prefix) as host:
        await until_empty(desk)

    assert seen_by_app(host) == [("bad", 1), ("bad", 2), ("bad", 3)]
    assert await desk.poisoned() == [base64.b64encode(b"bad").decode()]


async def test_answer_without_binding_is_a_failure(make_host: MakeHost, desk: Desk) -> None:
    """A queue function that returns something fails, as on Azure."""
    await desk.send("returned")
    async with make_host(WORK + "    return 'x'\n", FAST, PREFIX=desk.prefix):
        await until_empty(desk)

    assert len(await desk.poisoned()) == 1


async def test_unreadable_message_never_reaches_the_function(
    make_host: MakeHost, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not base64 of UTF-8 goes straight to the poison queue."""
    await desk.work.send_message("{plain text}")
    await desk.work.send_message(base64.b64encode(b"\xff\xfe").decode())
    with caplog.at_level(logging.ERROR, "simulators.host"):
        async with make_host(WORK, FAST, PREFIX=desk.prefix) as host:
            await until_empty(desk)

    assert seen_by_app(host) == []
    assert sorted(await desk.poisoned()) == ["//4=", "{plain text}"]
    assert caplog.messages[0].startswith("Message decoding has failed! Check MessageEncoding settings.")


async def test_plain_text_is_taken_where_host_json_says_so(make_host: MakeHost, desk: Desk) -> None:
    """With messageEncoding none the content is handed over as it is."""
    await desk.work.send_message("{plain}")
    plain = {"extensions": {"queues": {**FAST["extensions"]["queues"], "messageEncoding": "none"}}}
    async with make_host(WORK, plain, PREFIX=desk.prefix) as host:
        await until_empty(desk)

    assert seen_by_app(host) == [("{plain}", 1)]


async def test_failed_message_waits_for_its_visibility_timeout(make_host: MakeHost, desk: Desk) -> None:
    """With a visibility timeout a failed message is not tried again at once."""
    await desk.send("later", "end")
    late = {"extensions": {"queues": {**FAST["extensions"]["queues"], "visibilityTimeout": "01:00:00"}}}
    async with make_host(WORK + "    if text == 'later': raise RuntimeError\n", late, PREFIX=desk.prefix) as host:
        await until(lambda: len(seen_by_app(host)) == 2)
        await desk.send("after")
        await until(lambda: ("after", 1) in seen_by_app(host))

    assert sorted(seen_by_app(host)) == [("after", 1), ("end", 1), ("later", 1)]
    assert await desk.left() == 1


async def test_only_batch_and_threshold_are_under_way(make_host: MakeHost, desk: Desk) -> None:
    """Another batch is fetched when no more than the threshold run; all are served in the end."""
    await desk.send(*(str(number) for number in range(12)))
    source = (
        WORK
        + """
    going.append(text)
    most.append(len(going))
    await asyncio.sleep(0.05)
    going.remove(text)
most = []
"""
    )
    tuned = {"extensions": {"queues": {"batchSize": 3, "newBatchThreshold": 1, "maxPollingInterval": "00:00:00.1"}}}
    async with make_host(source, tuned, PREFIX=desk.prefix) as host:
        await until_empty(desk)
        most = max(host.functions["work"].call.__globals__["most"])

    assert sorted(int(text) for text, _ in seen_by_app(host)) == list(range(12))
    assert 1 < most <= 4


async def test_running_message_is_kept_hidden(make_host: MakeHost, desk: Desk) -> None:
    """A run longer than the hidden time is not handed out twice."""
    await desk.send("long")
    source = WORK + "    await asyncio.sleep(1.4)\n"
    async with make_host(source, FAST, hidden=timedelta(seconds=1), PREFIX=desk.prefix) as host:
        await until_empty(desk)

    assert seen_by_app(host) == [("long", 1)]


async def test_stopping_lets_a_running_message_end(make_host: MakeHost, desk: Desk) -> None:
    """The host takes nothing more, and waits for what runs."""
    await desk.send("running")
    source = WORK + "    await asyncio.sleep(0.5)\n    seen.append('ended')\n"
    async with make_host(source, FAST, PREFIX=desk.prefix) as host:
        await until(lambda: seen_by_app(host))

    assert seen_by_app(host) == [("running", 1), "ended"]
    assert await desk.left() == 0


async def test_stopping_serves_what_is_being_fetched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that arrives after the listener was cancelled is not left hidden for ten minutes."""
    await desk.send("under way")
    served: list[str] = []

    async def run(message: QueueMessage) -> None:
        served.append(message.get_body().decode())

    rules = Rules(3, timedelta(0), "base64")
    async with QueueServiceClient.from_connection_string(desk.storage) as service:
        listener = QueueListener(service, f"{desk.prefix}-work", run, HostSettings(), rules)
        fetch, asked = listener._fetch, asyncio.Event()

        async def slow_fetch() -> list[StoredMessage]:
            asked.set()
            return await fetch()

        monkeypatch.setattr(listener, "_fetch", slow_fetch)
        listening = asyncio.create_task(listener.listen())
        await asked.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await listener.drain(timedelta(seconds=TIMEOUT_SECONDS))

    assert served == ["under way"]
    assert await desk.left() == 0


async def test_stopping_shows_an_endless_message_again(make_host: MakeHost, desk: Desk) -> None:
    """What does not end within the grace is cancelled and at once there for the next host."""
    await desk.send("endless")
    source = WORK + "    await asyncio.sleep(3600)\n"
    async with make_host(source, FAST, grace=timedelta(seconds=0.1), PREFIX=desk.prefix) as host:
        await until(lambda: seen_by_app(host))
    again = [one.dequeue_count async for one in desk.work.receive_messages()]

    assert again == [2]


async def test_queue_that_does_not_exist_yet_is_waited_for(make_host: MakeHost, azurite: Azurite) -> None:
    """The host polls until somebody makes the queue."""
    async with connect("S", {"S": azurite.connection_string}) as service:
        late = Desk(service, azurite.connection_string)
        async with make_host(WORK, FAST, PREFIX=late.prefix) as host:
            await late.work.create_queue()
            await late.send("first")
            await until_empty(late)

    assert seen_by_app(host) == [("first", 1)]


def test_names_of_poison_queues() -> None:
    """A poison queue has none of its own, nor has a queue whose name leaves no room."""
    assert (poison_name("calsync-work"), poison_name("x-poison"), poison_name("q" * 57)) == (
        "calsync-work-poison",
        None,
        None,
    )


@pytest.mark.parametrize("content", ["{}", "a", "====", "//4="])
def test_what_is_no_base64_text(content: str) -> None:
    """Undecodable content is distinguished from any text."""
    with pytest.raises(ValueError, match=r"\w"):
        decode(content, "base64")
