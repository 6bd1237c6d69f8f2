"""Serves one message of a storage queue: hidden while its function runs, then deleted, shown again or poisoned.

The semantics are those of QueueProcessor (azure.md §6).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient

LOG = logging.getLogger("simulators.host")

POISON = "-poison"
LONGEST_QUEUE_NAME = 63
HIDDEN = timedelta(minutes=10)
"""How long the platform hides a message it has fetched; it renews that at half time."""

Run = Callable[[QueueMessage], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of a message, from host.json; ``hidden`` is the platform's own and shorter only in tests."""

    max_dequeue_count: int
    visibility_timeout: timedelta
    encoding: str
    hidden: timedelta = HIDDEN

    @property
    def hidden_seconds(self) -> int:
        """As the queue service wants it."""
        return max(1, int(self.hidden.total_seconds()))


def poison_name(queue: str) -> str | None:
    """The name of a queue's poison queue; None for one that has none."""
    name = f"{queue}{POISON}"
    return None if queue.endswith(POISON) or len(name) > LONGEST_QUEUE_NAME else name


def decode(content: str, encoding: str) -> str:
    """A message's text as the function gets it. Raises ``ValueError`` where it is not in the app's encoding."""
    if encoding == "none":
        return content
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except binascii.Error as wrong:
        raise ValueError(str(wrong)) from wrong


def as_message(stored: StoredMessage, text: str) -> QueueMessage:
    """A message as Python gets it."""
    return QueueMessage(  # type: ignore[no-untyped-call]
        id=stored.id,
        body=text,
        dequeue_count=stored.dequeue_count,
        expiration_time=stored.expires_on,
        insertion_time=stored.inserted_on,
        time_next_visible=stored.next_visible_on,
        pop_receipt=stored.pop_receipt,
    )


class Handling:
    """What happens to one fetched message."""

    def __init__(self, message: StoredMessage, queue: QueueClient, poison: QueueClient | None, rules: Rules) -> None:
        self._message = message
        self._queue = queue
        self._poison = poison
        self._rules = rules
        self._receipt = message.pop_receipt

    async def handle(self, run: Run) -> None:
        """Hand it to the function and keep the queue's word about the outcome. Raises ``AzureError`` only."""
        try:
            text = decode(self._message.content, self._rules.encoding)
        except ValueError:
            LOG.error("Message decoding has failed! Check MessageEncoding settings. (%s)", self._message.id)
            await self._end_badly()
            return
        try:
            async with self._kept_hidden():
                await run(as_message(self._message, text))
        except asyncio.CancelledError:
            await self._show(timedelta(0))
            raise
        except Exception:  # noqa: BLE001 - the worker has logged it
            await self._fail()
        else:
            await self._delete()

    async def _fail(self) -> None:
        if (self._message.dequeue_count or 0) >= self._rules.max_dequeue_count:
            await self._end_badly()
        else:
            await self._show(self._rules.visibility_timeout)

    async def _end_badly(self) -> None:
        """To the poison queue; where there is none the message stays hidden for its time."""
        if self._poison is None:
            return
        with suppress(ResourceExistsError):
            await self._poison.create_queue()
        await self._poison.send_message(self._message.content)
        await self._delete()
        LOG.error(
            "Message %s has reached MaxDequeueCount or cannot be read: moved to %s",
            self._message.id,
            self._poison.queue_name,
        )

    async def _delete(self) -> None:
        await self._queue.delete_message(self._message.id, self._receipt)

    async def _show(self, later: timedelta) -> None:
        await self._change(int(later.total_seconds()))

    async def _change(self, hidden_seconds: int) -> None:
        changed = await self._queue.update_message(
            self._message.id, self._receipt, visibility_timeout=hidden_seconds, content=self._message.content
        )
        self._receipt = changed.pop_receipt

    @asynccontextmanager
    async def _kept_hidden(self) -> AsyncIterator[None]:
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._rules.hidden_seconds / 2)
            try:
                await self._change(self._rules.hidden_seconds)
            except AzureError as error:
                LOG.warning("Message %s could not be kept hidden: %s", self._message.id, type(error).__name__)
