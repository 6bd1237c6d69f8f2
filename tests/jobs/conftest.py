"""The house most tests of whole rounds live in: one employee, sync switched on, the clock at START."""

from collections.abc import AsyncIterator

import pytest

from tests.support.house import House, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A house with Anna in it."""
    async with open_house() as opened:
        await opened.employ()
        yield opened
