"""Every page, light and dark, in both languages: axe-core finds no barrier in it, and it fits the smallest phone.

axe-core looks at each page in English: at all it knows, at contrast in the dark, at sizes on a small phone. The same
page in Bulgarian is held against that one: the same elements with the same attributes, and words wherever the other
has some. So it has the same barriers, and where it differs axe-core looks again. Its widths and sizes are measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from adapters.settings import load
from adapters.wiring import open_world
from jobs.command import Asker, Command, State, new_id
from jobs.wish import Kind, Wish
from portal.visit import LANGUAGE_COOKIE
from tests.browser import tools
from tests.browser.conftest import OpenWindow
from tests.support.browser_scene import Scene
from tests.support.browsing import LOCALES, PortalOffice, Window

Looks = dict[str, dict[str, object]]

NARROW = {"width": 320, "height": 640}
"""What must do without scrolling sideways (WCAG 2.2, 1.4.10)."""

FIND = """async (options) => {
    const found = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
    return found.violations;
}"""
CONTRAST = "color-contrast"
LOOKS: Looks = {"light": {}, "dark": {"runOnly": [CONTRAST]}}
"""What axe-core looks for: all it knows, and in the dark what differs there."""
WHEN_NARROW = {"runOnly": ["scrollable-region-focusable", "target-size"]}

OTHER = "bg"
"""The language in which a page is held against the English one, instead of looked at anew."""

SKELETON = """() => {
    const words = new Set("aria-label placeholder title alt content data-name data-go-on data-done".split(" "));
    const varies = new Set(["lang", "value", "selected"]);
    const one = (node) => {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
        const told = [...node.attributes].filter((each) => !varies.has(each.name)).map(
            (each) => each.name + "=" + (words.has(each.name) ? Boolean(each.value.trim()) : each.value));
        return [node.tagName, own, ...told.sort()].join(" ");
    };
    return [...document.querySelectorAll("html *")].map(one);
}"""
"""A page without its words: elements, attributes, and where there are words at all. What axe-core judges but for
contrast and sizes is in it, so pages that agree in it have the same barriers."""

TOO_SMALL = """() => {
    const pressed = "main :is(button, .button, select, input:not([type=hidden], [type=checkbox]), summary)";
    const isSmall = ({ width, height }) => Math.min(width, height) < 24;
    const shown = [...document.querySelectorAll(pressed)].filter((each) => each.checkVisibility());
    return shown.filter((each) => isSmall(each.getBoundingClientRect())).map((each) => each.outerHTML.slice(0, 99));
}"""
"""What is smaller than a finger in this language (WCAG 2.2, 2.5.8); axe-core looks at the English page."""

IS_TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


def told(found: list[Any]) -> Iterator[str]:
    """Each barrier with the elements that it is at."""
    for one in found:
        for node in one["nodes"][:3]:
            yield f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"


async def barriers(window: Window, path: str) -> list[str]:
    """What stands in somebody's way on the page that is open."""
    page, found = window.page, []
    for scheme, options in LOOKS.items():
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{path}, {scheme}: {text}" for text in told(await page.evaluate(FIND, options))]
    size = page.viewport_size
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    found += [f"{path}, narrow: {text}" for text in told(await page.evaluate(FIND, WHEN_NARROW))]
    found += [f"{path}: wider than {NARROW['width']} pixels"] if await page.evaluate(IS_TOO_WIDE) else []
    await page.set_viewport_size(size)  # type: ignore[arg-type]
    return found


async def beside(window: Window) -> Window:
    """Another window of the same person, on the smallest phone."""
    page = await window.page.context.new_page()
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    return Window(page, window.origin)


async def barriers_of_words(window: Window, path: str, skeleton: list[str]) -> list[str]:
    """What stands in somebody's way in the other language, on a page whose ``skeleton`` in English has no barrier."""
    page, cookies = window.page, window.page.context
    await cookies.add_cookies([{"name": LANGUAGE_COOKIE, "value": OTHER, "url": window.origin}])
    await window.open(path)
    await window.ended()
    await cookies.clear_cookies(name=LANGUAGE_COOKIE)
    assert await page.locator("html").get_attribute("lang") == OTHER
    found = [f"{path}, {OTHER}: wider than {NARROW['width']} pixels"] if await page.evaluate(IS_TOO_WIDE) else []
    found += [f"{path}, {OTHER}: smaller than a finger: {one}" for one in await page.evaluate(TOO_SMALL)]
    if await page.evaluate(SKELETON) != skeleton:
        await page.evaluate(tools.axe_source())
        found += [f"{path}, {OTHER}: {text}" for text in told(await page.evaluate(FIND, {}))]
    return found


async def test_no_page_has_a_barrier(scene: Scene, window: OpenWindow) -> None:
    """Of nobody, of an employee, of an administrator; the command's page once it has an answer."""
    here = await window(locale=LOCALES["en"])
    await here.page.add_init_script(tools.axe_source())
    there = await beside(here)
    found: list[str] = []

    async def look(*paths: str, status: int = 200) -> None:
        for path in paths:
            assert await here.open(path) == status, path
            await here.ended()
            assert await here.page.locator("html").get_attribute("lang") == "en"
            skeleton = await here.page.evaluate(SKELETON)
            found.extend(await barriers(here, path))
            found.extend(await barriers_of_words(there, path, skeleton))

    await look("/portal", status=401)
    await look("/portal/sign-in")
    asked = await ask_for_answers(scene, here)
    await scene.be_anna(here)
    await look("/portal/everyone", status=403)
    await look("/portal/nowhere", status=404)
    mine = ("settings", f"conflicts/{scene.conflict}", f"items/{scene.conflict}", f"items/{scene.alone}")
    await look("/portal", *(f"/portal/{page}" for page in mine))
    await scene.be_admin(here)
    people = [f"/portal/people/{one}" for one in (scene.anna, scene.boris, scene.dora, scene.elena)]
    names = ("audit", "settings", "connections", "unsynced")
    more = (*(f"/portal/everyone/{name}" for name in names), f"{people[0]}/items/{scene.conflict}")
    await look("/portal/everyone", "/portal/everyone?show=holds", *people, *more)
    await here.sign_in(scene.carl, "Carl Berg")
    await look("/portal", *asked)
    assert found == []


async def test_what_runs_has_no_barrier_and_can_be_stopped(scene: Scene, window: OpenWindow) -> None:
    """While a command is under way its page looks again: a live region tells how far it is, until one stops that."""
    here = await window(locale=LOCALES["en"])
    await here.page.add_init_script(tools.axe_source())
    await here.page.clock.install()
    at = datetime.now(UTC)
    command = Command(new_id(at), Wish(Kind.SYNC, (scene.anna,)), Asker(scene.anna), at, at + timedelta(days=1))
    async with open_world(load(scene.office.company.settings)) as world:
        command = await world.store.save_command(replace(command, state=State.RUNNING, done=2, total=10))
        await scene.be_anna(here)
        path = f"/portal/commands/{command.id}"
        await here.open(path)
        assert await barriers(here, path) == []

        status, stop = here.page.locator("[data-runs][role=status]"), here.page.locator("button[data-pause]")
        await stop.click()
        command = await world.store.save_command(replace(command, done=8))
        await here.page.clock.run_for(10_000)
        assert " 9." in await status.inner_text()
        assert "7 " not in await status.inner_text()
        await stop.click()
        await expect(status).to_contain_text("7 ")
        await world.store.save_command(replace(command, state=State.DONE, done=10))
        await here.page.clock.run_for(3_000)
        await here.ended()


async def ask_for_answers(scene: Scene, window: Window) -> list[str]:
    """Somebody who is off asks what sync would do, and for the companies; the addresses of both answers."""
    addresses: list[str] = []
    await window.sign_in(scene.carl, "Carl Berg")
    for what in ("preview", "places"):
        await window.open("/portal/settings")
        await window.page.locator(f"form[action='/portal/do/{what}'] button").click()
        await window.page.wait_for_url("**/portal/commands/*")
        addresses.append(window.page.url.removeprefix(window.origin))
    return addresses


async def test_barriers_of_words_are_found(office: PortalOffice, window: OpenWindow) -> None:
    """A page that has something else in the other language is looked at by axe-core, and what is too wide is told."""
    here = await window(locale=LOCALES["en"])
    await here.open("/portal/sign-in")
    there, skeleton = await beside(here), await here.page.evaluate(SKELETON)
    assert await barriers_of_words(there, "/portal/sign-in", skeleton) == []
    spoilt = """document.addEventListener("DOMContentLoaded", () => {
        document.querySelector("main").insertAdjacentHTML("beforeend", "<img src=/x><p id=p>дълго</p>");
        document.getElementById("p").style.minWidth = "50rem";
    });"""
    await there.page.add_init_script(spoilt)
    found = await barriers_of_words(there, "/portal/sign-in", skeleton)

    assert {text.partition(": ")[2].partition(":")[0] for text in found} == {"image-alt", "wider than 320 pixels"}


async def test_barriers_are_found(office: PortalOffice, window: OpenWindow) -> None:
    """A picture without words, a pale text, and something too wide: this very look would tell."""
    here = await window()
    await here.page.add_init_script(tools.axe_source())
    await here.open("/portal/sign-in")
    await here.page.evaluate(
        """() => {
            document.querySelector("main").insertAdjacentHTML("beforeend", "<img id=i src=/x><p id=p>pale</p>");
            document.getElementById("p").style.color = "#999999";
            document.getElementById("p").style.minWidth = "50rem";
        }"""
    )

    found = {text.partition(": ")[2].partition(":")[0] for text in await barriers(here, "here")}

    assert found == {"image-alt", "color-contrast", "wider than 320 pixels"}
