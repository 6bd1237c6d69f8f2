"""The work queue in Azure Queue Storage (azure.md §6), or in Azurite (§11).

Messages are JSON in base64: the Functions host moves whatever is not base64 to the poison queue unseen. They are
small (ids only), far below the 48 KiB that fit. The SDK is imported when the first message is sent or the queues are
made: a command that only reads never needs it, and it is the heaviest package beside Graph's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError

from adapters.environment import of_environment
from adapters.refusals import unavailable
from jobs.ports import Message

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 20, "retry_total": 3}
"""The SDK's own timeouts let a caller wait for a minute and more."""

ROLE = "Storage Queue Data Contributor"
"""What the app's identity needs on the account (azure.md §9)."""

RECEIVED_OR_GONE = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
"""How the service answers a pop receipt that is not the last one, and a message that is not there (azure.md §6)."""

LONGEST_DELAY = 7 * 24 * 3600 - 1
"""Seconds; the service refuses more (azure.md §6)."""


def connect(connection_string: str, **options: Any) -> QueueServiceClient:
    """A client for a storage connection string; ``options`` are the SDK's."""
    from azure.storage.queue.aio import QueueServiceClient

    return QueueServiceClient.from_connection_string(connection_string, **{**TIMEOUTS, **of_environment(), **options})


def connect_as(endpoint: str, credential: AsyncTokenCredential, **options: Any) -> QueueServiceClient:
    """A client for a queue endpoint (``https://account.queue.core.windows.net``) and an identity."""
    from azure.storage.queue.aio import QueueServiceClient

    return QueueServiceClient(endpoint, credential=credential, **{**TIMEOUTS, **of_environment(), **options})


def names(prefix: str) -> tuple[str, str]:
    """The work queue and its poison queue."""
    return f"{prefix}-work", f"{prefix}-work-poison"


class WorkQueue:
    """``Queue`` (jobs/ports/queue.py); ``prepare`` makes the queues where nobody did."""

    def __init__(self, connected: Callable[[], QueueServiceClient], prefix: str) -> None:
        self._connected = connected
        self._names = names(prefix)

    @cached_property
    def _service(self) -> QueueServiceClient:
        return self._connected()

    @cached_property
    def _client(self) -> QueueClient:
        from azure.storage.queue import TextBase64EncodePolicy

        return self._service.get_queue_client(self._names[0], message_encode_policy=TextBase64EncodePolicy())

    async def prepare(self) -> None:
        """Create missing queues; may be repeated. Raises ``StoreUnavailable``."""
        for name in self._names:
            with _translated():
                try:
                    await self._service.create_queue(name)
                except ResourceExistsError:
                    continue

    async def send(self, message: Message, *, delay_seconds: float = 0) -> str:
        """See ``Queue.send``; the receipt is the message's id and its pop receipt (azure.md §6)."""
        delay = min(LONGEST_DELAY, max(0, round(delay_seconds))) or None
        text = json.dumps(dict(message))
        with _translated():
            try:
                sent = await self._client.send_message(text, visibility_timeout=delay)
            except ResourceNotFoundError:  # where no app ever ran, a command is the first to use the queue
                await self.prepare()
                sent = await self._client.send_message(text, visibility_timeout=delay)
        return f"{sent.id} {sent.pop_receipt}"

    async def withdraw(self, receipt: str) -> None:
        """See ``Queue.withdraw``: whoever has received a message has another pop receipt for it."""
        ident, _, pop_receipt = receipt.partition(" ")
        with _translated():
            try:
                await self._client.delete_message(ident, pop_receipt)
            except HttpResponseError as refused:
                if refused.status_code not in RECEIVED_OR_GONE:
                    raise

    async def count(self) -> tuple[int, int]:
        """See ``Queue.count``; a queue that is not there yet holds nothing."""
        return await self._count(self._names[0]), await self._count(self._names[1])

    async def _count(self, name: str) -> int:
        with _translated():
            try:
                properties = await self._service.get_queue_client(name).get_queue_properties()
            except ResourceNotFoundError:
                return 0
        return properties.approximate_message_count or 0

    async def close(self) -> None:
        """Close the connections."""
        if "_service" in self.__dict__:
            await self._service.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        raise unavailable(error, "queue storage", ROLE) from error
