"""Anna's house with the Functions app in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.app import App, FixedProcess, front_door
from tests.support.house import House


@pytest.fixture
def app(house: House, monkeypatch: pytest.MonkeyPatch) -> App:
    """The app; Graph cannot reach it."""
    process = FixedProcess(house)
    monkeypatch.setattr("adapters.wiring.process", process)
    return App(house, process)


@pytest.fixture
async def public_app(app: App) -> AsyncIterator[App]:
    """The app at an address that Graph can reach."""
    async with front_door(app.house):
        yield app
