"""The work queue, and the line of orders that are on their way through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Message = Mapping[str, str | bool | int]
"""One item of the work queue, as ``jobs.messages`` writes and reads it."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An order for which one message is on its way; ``key`` is its deduplication key (``jobs.messages``).

    ``ticket`` identifies that message, which is seen at ``due_at``; '' means that none is, and whoever has a session
    comes to the order. ``message`` is the order, None if it is served already (without a ticket: a message of it may
    still stand in the queue). ``since`` is when the order began to wait for ERP.net's session, None if it waits for
    something else; ``not_before`` is when that is over. ``is_big`` means a full round, which lets small ones pass.
    ``receipt`` is the queue's for the message, '' where nobody wrote it down.
    """

    key: str
    ticket: str
    due_at: datetime
    message: dict[str, str | bool | int] | None = None
    since: datetime | None = None
    not_before: datetime | None = None
    is_big: bool = False
    receipt: str = ""
    etag: str = ""


class LineStore(Protocol):
    """The line: the orders that are on their way through the work queue, shared by all processes."""

    async def read_queued(self, key: str) -> Queued | None:
        """The order with this key, None if none is on its way."""

    async def list_queued(self) -> list[Queued]:
        """Every order that is on its way."""

    async def save_queued(self, queued: Queued) -> Queued:
        """Insert (etag '') or replace; return it with its new etag. Raises ``StaleWrite`` if another write came
        first."""

    async def drop_queued(self, queued: Queued) -> None:
        """Delete the row as read; a missing one is no error. Raises ``StaleWrite`` if another write came first."""


class Queue(Protocol):
    """The work queue: it delivers each message at least once, in no order."""

    async def send(self, message: Message, *, delay_seconds: float = 0) -> str:
        """Put a message into the queue, to be seen after the delay; return the receipt by which it can be withdrawn.
        Raises ``StoreUnavailable``."""

    async def withdraw(self, receipt: str) -> None:
        """Take out a message that nobody has received yet; one that was received stays with whoever has it, and one
        that is gone is no error. Raises ``StoreUnavailable``."""

    async def count(self) -> tuple[int, int]:
        """About how many messages wait, hidden ones included, and how many nobody could serve (the poison queue).
        Raises ``StoreUnavailable``."""
