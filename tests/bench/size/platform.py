"""The platform: the work queue, Flex's scaling of the queue function, and what is billed (azure.md §6, §8).

By its contract: instances wanted = messages, hidden ones too, divided by ``batchSize``, at most
``maximumInstanceCount``; an instance takes a batch whenever no more than ``newBatchThreshold`` of its messages are
under way; a message waits evenly up to ``maxPollingInterval`` for an idle instance; busy time of an instance is
billed, each stretch at least a second, then by tenths. Assumed, since no page tells: how often it is asked whether
to scale, how long a start takes, and for how long an instance that is not wanted stays.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import islice

from jobs.ports import Message

BATCH, NEW_BATCH_THRESHOLD, POLLING = 4, 2, 0.5
"""``host.json``; a test holds them against it."""

ASKED_EVERY, STARTS_IN, STAYS = 10.0, 5.0, 300.0
"""Assumptions, in seconds: between two decisions to scale (each sees the longest the queue was meanwhile), from the
decision to the first message, and until an instance that is not wanted any more takes no further message."""

Serve = Callable[[bytes, bool], Awaitable[None]]


@dataclass
class Bill:
    """What was used, by scale group: executions and billed instance-seconds."""

    executions: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, group: str, busy: float) -> None:
        """A stretch of busy time."""
        self.seconds[group] += max(1.0, math.ceil(busy * 10) / 10)


class SimQueue:
    """``Queue`` (jobs/ports/queue.py) in simulated time."""

    def __init__(self) -> None:
        self.visible: dict[str, bytes] = {}
        self.hidden: dict[str, asyncio.TimerHandle] = {}
        self.alive = 0
        self.most = 0
        self.seen = 0
        """The most alive since the platform last asked."""
        self.sent: Counter[str] = Counter()
        self.appeared = asyncio.Event()

    async def send(self, message: Message, *, delay_seconds: float = 0) -> str:
        """Put a message into the queue, to be seen after the delay."""
        self.alive += 1
        self.most, self.seen = max(self.most, self.alive), max(self.seen, self.alive)
        self.sent[str(message["kind"])] += 1
        receipt, body = str(self.sent.total()), json.dumps(dict(message)).encode()
        loop = asyncio.get_running_loop()
        self.hidden[receipt] = loop.call_later(delay_seconds, self._appear, receipt, body)
        return receipt

    async def withdraw(self, receipt: str) -> None:
        """See ``Queue.withdraw``."""
        hidden = self.hidden.pop(receipt, None)
        if hidden is not None:
            hidden.cancel()
        elif self.visible.pop(receipt, None) is None:
            return
        self.alive -= 1

    async def count(self) -> tuple[int, int]:
        """See ``Queue.count``: hidden messages and those under way count."""
        return self.alive, 0

    def take(self, most: int) -> list[bytes]:
        """The next visible messages."""
        taken = [self.visible.pop(receipt) for receipt in list(islice(self.visible, most))]
        if not self.visible:
            self.appeared.clear()
        return taken

    def _appear(self, receipt: str, body: bytes) -> None:
        del self.hidden[receipt]
        self.visible[receipt] = body
        self.appeared.set()


class Instance:
    """One instance of the queue function: a process with messages under way."""

    def __init__(self, queue: SimQueue, bill: Bill, serve: Serve) -> None:
        self._queue = queue
        self._bill = bill
        self._serve = serve
        self._busy_since = 0.0
        self._room = asyncio.Event()
        self._room.set()
        self._left: set[asyncio.Task[None]] = set()
        self.under_way = 0
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        await asyncio.sleep(STARTS_IN)
        while True:
            await self._room.wait()
            if not self._queue.visible:
                await self._queue.appeared.wait()
                await asyncio.sleep(random.uniform(0, POLLING))
            for body in self._queue.take(BATCH):
                self._begin(body)

    def _begin(self, body: bytes) -> None:
        if self.under_way == 0:
            self._busy_since = asyncio.get_running_loop().time()
        self.under_way += 1
        if self.under_way > NEW_BATCH_THRESHOLD:
            self._room.clear()
        task = asyncio.create_task(self._one(body))
        self._left.add(task)
        task.add_done_callback(self._left.discard)

    async def _one(self, body: bytes) -> None:
        self._bill.executions["work"] += 1
        try:
            await self._serve(body, False)
        finally:
            self._queue.alive -= 1
            self.under_way -= 1
            if self.under_way <= NEW_BATCH_THRESHOLD:
                self._room.set()
            if self.under_way == 0:
                self._bill.add("work", asyncio.get_running_loop().time() - self._busy_since)


class Flex:
    """The scale group of the queue function."""

    def __init__(self, queue: SimQueue, bill: Bill, start: Callable[[int], Serve], most: int) -> None:
        self._queue = queue
        self._bill = bill
        self._start = start
        self._most = most
        self._started = 0
        self.instances: list[Instance] = []
        self.most_running = 0
        self.scaling = asyncio.create_task(self._scale())

    async def _scale(self) -> None:
        loop = asyncio.get_running_loop()
        enough_at = loop.time()
        """When as many instances were wanted as there are."""
        while True:
            wanted = min(self._most, math.ceil(self._queue.seen / BATCH))
            self._queue.seen = self._queue.alive
            while len(self.instances) < wanted:
                self._started += 1
                self.instances.append(Instance(self._queue, self._bill, self._start(self._started)))
            self.most_running = max(self.most_running, len(self.instances))
            if len(self.instances) <= wanted:
                enough_at = loop.time()
            elif loop.time() - enough_at > STAYS:
                self.instances.pop().listening.cancel()
                enough_at = loop.time()
            await asyncio.sleep(ASKED_EVERY)


async def tick(bill: Bill, name: str, every: float, work: Callable[[], Awaitable[object]]) -> None:
    """A timer: run ``work`` again and again, never beside itself; what a run missed is dropped (azure.md §5)."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await work()
        bill.executions[name] += 1
        bill.add(name, loop.time() - began)
        await asyncio.sleep(every - (loop.time() - began) % every)
