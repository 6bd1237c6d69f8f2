"""The Functions app in a house: its functions called as the host calls them, its queue in memory, its HTTP routes
behind a real server, so that Graph's stand-in can reach them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import azure.functions as func
from aiohttp import web
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

import function_app
from adapters.store.memory import MemoryQueue
from jobs.ports import Message
from jobs.world import World
from tests.support.house import House

Json = dict[str, Any]


def function(name: str) -> Any:
    """The function behind a trigger."""
    return getattr(function_app, name)._function.get_user_function()


@dataclass(slots=True)
class FixedProcess:
    """Stands for ``adapters.wiring.process``: the house's world, or the error of opening it."""

    house: House
    failure: Exception | None = None
    asked: int = 0

    async def world(self, _started: object = None) -> World:
        """The world; nothing is stamped in it."""
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.house.world


@dataclass(slots=True)
class App:
    """The app, and what waits in its queue."""

    house: House
    process: FixedProcess

    @property
    def queue(self) -> MemoryQueue:
        """The queue in memory."""
        assert isinstance(self.house.world.queue, MemoryQueue)
        return self.house.world.queue

    async def tick(self, name: str, *, past_due: bool = False) -> None:
        """A timer fires."""
        await function(name)(TimerRequest(past_due=past_due))

    async def post(self, name: str, body: bytes = b"", **details: Any) -> func.HttpResponse:
        """A request reaches an HTTP function (``params``, ``headers``)."""
        answer = await function(name)(func.HttpRequest("POST", f"https://app/{name}", body=body, **details))
        assert isinstance(answer, func.HttpResponse)
        return answer

    async def hand_over(self, body: Message | bytes, *, dequeue_count: int = 1) -> None:
        """The host hands a queue message over."""
        raw = body if isinstance(body, bytes) else json.dumps(dict(body)).encode()
        await function("work")(QueueMessage(id="1", body=raw, dequeue_count=dequeue_count))  # type: ignore[no-untyped-call]

    async def drain(self) -> list[Message]:
        """Work through what waits without a delay, and what follows from it; the messages worked on."""
        served: list[Message] = []
        while waiting := [item for item in self.queue.sent if item[1] == 0]:
            self.queue.sent = [item for item in self.queue.sent if item[1] > 0]
            for message, _ in waiting:
                served.append(message)
                await self.hand_over(message)
            assert len(served) < 100, "the queue feeds itself"
        return served


@asynccontextmanager
async def front_door(house: House) -> AsyncIterator[str]:
    """The HTTP routes on loopback, as the host would serve them; the app's public address."""

    async def serve(request: web.Request) -> web.Response:
        name = {"graph": "notifications", "erpnet": "erpnet"}[request.match_info["which"]]
        asked = func.HttpRequest(
            request.method,
            str(request.url),
            headers={k.lower(): v for k, v in request.headers.items()},
            params=dict(request.query),
            body=await request.read(),
        )
        answer = await function(name)(asked)
        return web.Response(
            status=answer.status_code, body=answer.get_body(), headers={"Content-Type": answer.mimetype}
        )

    site = web.Application()
    site.router.add_post("/api/webhooks/{which}", serve)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    house.world = replace(house.world, public_url=address)
    try:
        yield address
    finally:
        await runner.cleanup()


def logged_facts(records: list[Any], what: str) -> list[Mapping[str, Any]]:
    """The facts of the lines of one kind that the app has logged."""
    facts = [record.calsync for record in records if hasattr(record, "calsync")]
    return [one for one in facts if one["what"] == what]
