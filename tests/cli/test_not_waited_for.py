"""Whoever cannot wait for a command any longer is told that it goes on, and how to see it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.store.memory import MemoryQueue
from cli import asking
from cli.asking import ask_and_wait
from jobs.asked import Asker, Kind, State, Wish
from sync_core.errors import StoreUnavailable
from tests.jobs.conftest import app, house
from tests.support.app import App
from tests.support.house import House

__all__ = ["app", "house"]


@contextmanager
def unshown(_: int) -> Iterator[object]:
    """No progress bar."""
    yield lambda _: None


@pytest.mark.parametrize("error", [StoreUnavailable("table storage does not answer"), asyncio.CancelledError()])
async def test_a_command_that_is_not_waited_for_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """By Ctrl-C, and where storage is down for a while after the command was taken."""

    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(asking, "look", fail)
    told: list[str] = []
    with pytest.raises(type(error)):
        await ask_and_wait(house.world, Wish(Kind.SYNC), Asker("olga"), told.append, unshown)  # type: ignore[arg-type]

    [command] = await house.world.store.list_commands()
    assert [f"`calsync commands {command.id}`" in line for line in told] == [True]


@pytest.mark.parametrize("is_sent", [True, False], ids=["while it is waited for", "while its message is sent"])
async def test_whoever_stops_waiting_stops_nothing(
    app: App, monkeypatch: pytest.MonkeyPatch, *, is_sent: bool
) -> None:
    """The wait is cut off, and the app carries the command out all the same."""
    sending, send = asyncio.Event(), MemoryQueue.send

    async def slowly(queue: MemoryQueue, *what: Any, **how: Any) -> None:
        sending.set()
        await asyncio.sleep(0.05)
        await send(queue, *what, **how)

    monkeypatch.setattr(MemoryQueue, "send", slowly)
    told: list[str] = []
    waiting = asyncio.ensure_future(
        ask_and_wait(app.house.world, Wish(Kind.RETRY), Asker("olga"), told.append, unshown)  # type: ignore[arg-type]
    )
    await sending.wait()
    if is_sent:
        await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await app.drain()

    [command] = await app.house.world.store.list_commands()
    assert (command.state, len(told)) == (State.DONE, 1)
