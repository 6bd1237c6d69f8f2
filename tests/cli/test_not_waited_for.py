"""Whoever cannot wait for a command any longer is told that it goes on, and how to see it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli import asking
from cli.asking import ask_and_wait
from jobs.asked import Asker, Kind, Wish
from sync_core.errors import StoreUnavailable
from tests.jobs.conftest import house
from tests.support.house import House

__all__ = ["house"]


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
