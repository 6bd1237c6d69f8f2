"""Queue triggers: fetches messages in batches and has several under way at a time (azure.md §4 and §6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from simulators.host.invoking import finish
from simulators.host.messages import Handling, Rules, Run, poison_name
from simulators.host.plugin import HostSettings, Unusable

LOG = logging.getLogger("simulators.host")

SHORTEST_PAUSE = timedelta(milliseconds=100)


def connect(name: str, environ: Mapping[str, str]) -> QueueServiceClient:
    """The storage account of a trigger's connection. Raises ``Unusable``: here only connection strings are known."""
    text = environ.get(name, "")
    if not text:
        raise Unusable(f"the setting {name} is missing (this host needs a connection string)")
    usual = "UseDevelopmentStorage=true" if text.rstrip(";").lower() == "usedevelopmentstorage=true" else text
    try:
        return QueueServiceClient.from_connection_string(usual, retry_total=1, use_env_settings=False)
    except ValueError as wrong:
        raise Unusable(f"{name} is no connection string") from wrong


class QueueListener:
    """Listens to one queue for one function; never more than batch and threshold together are under way."""

    def __init__(
        self,
        service: QueueServiceClient,
        queue: str,
        run: Run,
        settings: HostSettings,
        rules: Rules,
    ) -> None:
        self._queue: QueueClient = service.get_queue_client(queue)
        poison = poison_name(queue)
        self._poison = service.get_queue_client(poison) if poison else None
        self._run = run
        self._settings = settings
        self._rules = rules
        self._under_way: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Run until cancelled; what is under way then goes on, see ``drain``."""
        pause = SHORTEST_PAUSE
        while True:
            await self._wait_for_room()
            if await self._start_batch():
                pause = SHORTEST_PAUSE
                continue
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, self._settings.max_polling_interval)

    async def drain(self, grace: timedelta) -> None:
        """Let what is under way end; what takes longer is cancelled and its message shown again at once."""
        await finish(self._under_way, grace)

    async def _wait_for_room(self) -> None:
        while len(self._under_way) > self._settings.new_batch_threshold:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _start_batch(self) -> bool:
        """Fetch and start; whether there was anything.

        What is on its way when the listener is stopped is started all the same: it is hidden from everybody else.
        """
        fetching = asyncio.create_task(self._fetch())
        try:
            messages = await asyncio.shield(fetching)
        except asyncio.CancelledError:
            for message in await fetching:
                self._start(message)
            raise
        for message in messages:
            self._start(message)
        return bool(messages)

    async def _fetch(self) -> list[StoredMessage]:
        """One batch; none where the queue does not exist yet or the storage does not answer."""
        size = self._settings.batch_size
        try:
            pages = self._queue.receive_messages(
                messages_per_page=size, max_messages=size, visibility_timeout=self._rules.hidden_seconds
            )
            return [message async for message in pages]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            LOG.warning("Queue %s could not be read: %s", self._queue.queue_name, type(error).__name__)
            return []

    def _start(self, message: StoredMessage) -> None:
        task = asyncio.create_task(self._handle(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _handle(self, message: StoredMessage) -> None:
        try:
            await Handling(message, self._queue, self._poison, self._rules).handle(self._run)
        except AzureError as error:
            # At least once: the message shows again when its hidden time ends.
            LOG.warning("Message %s could not be settled: %s", message.id, type(error).__name__)
