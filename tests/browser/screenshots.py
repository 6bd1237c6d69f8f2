"""Take pictures of the page: ``python -m tests.browser.screenshots FOLDER``, or ``make screenshots``.

Every picture of ``PAGES`` is taken light and dark, on a desktop and on a phone, in both languages, of a company that
is started for it (``tests.support.browser_scene``). ``--readme FOLDER`` takes only the pictures that README shows.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser

from tests.browser.running import chromium
from tests.support.browser_scene import Scene, furnish
from tests.support.browsing import ASKING, DESKTOP, LOCALES, PHONE, PortalOffice, open_window

Scheme = Literal["light", "dark"]

SIZES = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

PAGES = {
    "sign-in": ("nobody", "/portal/sign-in"),
    "mine": ("anna", "/portal"),
    "settings": ("anna", "/portal/settings"),
    "conflict": ("anna", "/portal/conflicts/{conflict}"),
    "item": ("anna", "/portal/items/{conflict}"),
    "alone": ("anna", "/portal/items/{alone}"),
    "everyone": ("admin", "/portal/everyone"),
    "unsynced": ("admin", "/portal/everyone/unsynced"),
    "person": ("admin", "/portal/people/{boris}"),
    "connections": ("admin", "/portal/everyone/connections"),
    "audit": ("admin", "/portal/everyone/audit"),
}
"""Who looks at which address."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to take."""

    page: str
    size: str = "desktop"
    scheme: Scheme = "light"
    language: str = "en"

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.page}-{self.size}-{self.scheme}-{self.language}.png"


README = (Picture("mine"), Picture("everyone", scheme="dark"))


def all_pictures() -> Iterator[Picture]:
    """Every page in every way."""
    for page, size, scheme, language in product(PAGES, SIZES, SCHEMES, LOCALES):
        yield Picture(page, size, scheme, language)


async def take(browser: Browser, scene: Scene, picture: Picture, folder: Path) -> None:
    """Take one; a phone's shows the whole page, a desktop's what is seen first."""
    origin = scene.office.company.public_url
    window = await open_window(
        browser,
        origin,
        viewport=SIZES[picture.size],
        color_scheme=picture.scheme,
        locale=LOCALES[picture.language],
    )
    who, address = PAGES[picture.page]
    if who != "nobody":
        await (scene.be_anna if who == "anna" else scene.be_admin)(window)
    await window.open(address.format(conflict=scene.conflict, alone=scene.alone, boris=scene.boris))
    await window.page.screenshot(path=folder / picture.name, full_page=picture.size == "phone")
    await window.page.context.close()


async def main(pictures: list[Picture], folder: Path) -> None:
    """Take these pictures into a folder that is there."""
    with tempfile.TemporaryDirectory() as logs, PortalOffice(Path(logs) / "host.log", ASKING) as office:
        scene = await furnish(office)
        async with chromium() as browser:
            for picture in pictures:
                await take(browser, scene, picture, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readme", action="store_true", help="only what README shows")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(list(README if wanted.readme else all_pictures()), wanted.folder))
