"""One Chromium and one app with its company for all browser tests of a test process; everybody gets a window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.running import ChromiumMissing, chromium
from tests.support.browser_scene import Scene, furnish
from tests.support.browsing import ASKING, PortalOffice, Window, open_window
from tests.support.company_life import complaints

OpenWindow = Callable[..., Awaitable[Window]]

both_ways = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
"""A flow that people go with their browser's scripts and without."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: the browser lives in it."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, the machine's own; skipped, with what to do, where there is none."""
    try:
        async with chromium() as running:
            yield running
    except ChromiumMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalOffice]:
    """A company whose app runs; conflicts are asked, not decided."""
    log = tmp_path_factory.mktemp("office") / "host.log"
    with PortalOffice(log, ASKING) as running:
        yield running
        assert running.host.stop() == 0
        assert complaints(log) == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scene(office: PortalOffice) -> Scene:
    """Anna and those around her; no test changes them."""
    return await furnish(office)


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, office: PortalOffice) -> AsyncIterator[OpenWindow]:
    """Open windows; none may complain, and all close with the test."""
    opened: list[Window] = []

    async def open_one(**more: Any) -> Window:
        opened.append(await open_window(browser, office.company.public_url, **more))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.page.context.close()
    assert [text for one in opened for text in one.complaints] == []
