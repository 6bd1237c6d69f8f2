"""Who bears a login, remembered for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.erp import bearers
from adapters.erp.bearers import REMEMBERED_FOR, Bearers
from adapters.erp.session import Session


async def test_look_ups_at_once_do_not_trip_over_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one round waits for its answer another one's forgets what has grown old: both are answered."""
    now = [datetime(2026, 1, 25, tzinfo=UTC)]
    gates: dict[str, asyncio.Event] = {"ann": asyncio.Event(), "ben": asyncio.Event(), "cyd": asyncio.Event()}

    async def find_logins(_: Any, logins: Collection[str]) -> dict[str, str]:
        for login in logins:
            await gates[login].wait()
        return {login: f"id of {login}" for login in logins}

    monkeypatch.setattr(bearers, "find_logins", find_logins)
    known = Bearers(cast(Session, SimpleNamespace(clock=lambda: now[0])))
    gates["ann"].set()
    assert await known.find(["ann"], recently=True) == {"ann": "id of ann"}

    slow = asyncio.create_task(known.find(["ANN", "ben"], recently=True))
    await asyncio.sleep(0)
    now[0] += REMEMBERED_FOR + timedelta(seconds=1)
    gates["cyd"].set()
    assert await known.find(["cyd"], recently=True) == {"cyd": "id of cyd"}
    gates["ben"].set()
    assert await slow == {"ann": "id of ann", "ben": "id of ben"}
