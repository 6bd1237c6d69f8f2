"""A company with the app running, and people of it in front of a browser.

Everybody signs in by the form of a developer's machine and does what people do: read, type, click. What they do at
Outlook and at ERP.net goes by the stand-ins' hands, as elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from adapters.settings import load
from adapters.wiring import open_world
from jobs.commands.switch import enable
from simulators.demo.hands import control
from simulators.host.company import Company

Json = dict[str, Any]

ADMIN, READER = "calsync.admin", "calsync.reader"

ASKING = {"SYNC_CONFLICT": "ask"}
"""Settings of a company in which conflicts are asked, not decided."""

DESKTOP = {"width": 1200, "height": 860}
PHONE = {"width": 390, "height": 844}

TIMEOUT_MS = 30_000
"""How long something on a page may take to come; the suite runs beside others on small machines."""

LOCALES = {"en": "en-GB", "bg": "bg-BG"}


class PortalOffice:
    """``with PortalOffice(log) as office: await office.employ("anna", "Anna Petrova")``."""

    def __init__(self, log: Path, settings: Mapping[str, str] | None = None) -> None:
        self.company = Company(settings=settings)
        self._log = log
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        self._ending.enter_context(self.company)
        company = self.company
        self.host = company.open_host("--calendars", company.graph, company.erpnet, log=self._log)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    @property
    def log(self) -> str:
        """What the host has logged."""
        return self._log.read_text(encoding="utf-8")

    async def employ(self, login: str, name: str, *, enabled: bool = True) -> str:
        """Hire somebody and, where it is wanted, switch their sync on; their object id."""
        upn = self.company.hire(login, name)
        if enabled:
            async with open_world(load(self.company.settings)) as world:
                checkup = await enable(world, upn)
                assert checkup.problems == (), checkup.problems
        boxes: list[Json] = control(self.company.graph, "state")["mailboxes"]
        return next(str(box["id"]) for box in boxes if box["upn"] == upn)


@dataclass(slots=True)
class Window:
    """A person's browser window. ``complaints``: what must never be there: errors, blocked or outside requests."""

    page: Page
    origin: str
    scripts: bool = True
    complaints: list[str] = field(default_factory=list)

    async def sign_in(self, person: str, name: str, role: str = "") -> None:
        """Be somebody, by the form of a developer's machine."""
        await self.open("/portal/sign-in")
        form = self.page.locator("form").last
        await form.locator("input[name=id]").fill(person)
        await form.locator("input[name=name]").fill(name)
        await form.locator("select").select_option(role)
        await form.locator("button").click()
        await expect(self.page.locator("header nav")).to_be_visible()

    async def open(self, path: str) -> int:
        """Type an address; the status of the answer."""
        answer = await self.page.goto(self.origin + path)
        return answer.status if answer else 0

    async def press(self, name: str) -> None:
        """Press the first button or link of this name."""
        both = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name))
        await both.first.click()

    async def sees(self, text: str) -> None:
        """Wait until the page says this."""
        await expect(self.page.locator("main")).to_contain_text(text, timeout=TIMEOUT_MS)

    async def reload_until(self, text: str) -> None:
        """Reload the page until it says this."""
        main = self.page.locator("main")
        async with asyncio.timeout(TIMEOUT_MS / 1000):
            while text not in await main.inner_text():
                await self.look_again()

    async def look_again(self) -> None:
        """Reload the page, and leave the app time to get on meanwhile."""
        await asyncio.sleep(0.1)
        await self.page.reload()

    async def heading(self, text: str) -> None:
        """Wait until the page's heading says this; without scripts by reloading while something is under way."""
        if not self.scripts:
            await self.ended()
        await expect(self.page.locator("h1")).to_contain_text(text, timeout=TIMEOUT_MS)

    async def ended(self) -> str:
        """Wait until what was asked for has ended, on the page that shows it; without scripts by its link to look
        again. What the page then says."""
        if not self.scripts:
            while await self.page.locator("[data-runs]").count():
                await asyncio.sleep(0.1)
                await self.page.locator("main noscript a").click()
        await self.page.locator("main:not(:has([data-runs]))").wait_for(timeout=TIMEOUT_MS)
        return await self.page.locator("main").inner_text()

    async def done(self) -> None:
        """Wait until what was asked for is done, all of it."""
        told = await self.ended()
        assert "Done." in told, told


async def open_window(browser: Browser, origin: str, *, scripts: bool = True, **more: Any) -> Window:
    """A new window with cookies of its own; ``more``: Playwright's words for a context."""
    words = {"locale": LOCALES["en"], "viewport": DESKTOP, "color_scheme": "light", **more}
    context = await browser.new_context(java_script_enabled=scripts, **words)
    context.set_default_timeout(TIMEOUT_MS)
    window = Window(await context.new_page(), origin, scripts)
    _watch(context, window)
    return window


def _watch(context: BrowserContext, window: Window) -> None:
    host = urlsplit(window.origin).netloc

    def on_request(request: Request) -> None:
        if urlsplit(request.url).netloc != host:
            window.complaints.append(f"outside request: {request.url}")

    def on_console(message: ConsoleMessage) -> None:
        refused = "Failed to load resource: the server responded with a status of 4"
        if message.type in ("error", "warning") and not message.text.startswith(refused):
            window.complaints.append(f"console: {message.text}")

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", lambda error: window.complaints.append(f"script: {error.error}"))
