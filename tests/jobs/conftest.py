"""Anna's house, one employee with sync switched on and the clock at START; and the Functions app in it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.app import App, FixedProcess, front_door
from tests.support.house import House, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A house with Anna in it."""
    async with open_house() as opened:
        await opened.employ()
        yield opened


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
