"""The machine's own Chromium, headless."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.browser import tools


class ChromiumMissing(Exception):
    """There is no browser; the text says how to get one."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running one. Raises ``ChromiumMissing``."""
    path = tools.find_chromium()
    if path is None:
        raise ChromiumMissing(tools.REMEDY)
    # Chromium refuses its sandbox to root, as whom tests run in containers.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=path, args=options)
        yield running
        await running.close()
