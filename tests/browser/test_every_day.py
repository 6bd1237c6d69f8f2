"""What an employee does now and then: pause, look for a meeting, by keyboard, on a phone; and what stays hidden."""

from __future__ import annotations

from datetime import date

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenWindow, both_ways
from tests.support.browser_scene import BOSS, Scene
from tests.support.browsing import ADMIN, PHONE, PortalOffice, Window
from tests.support.company_life import in_erpnet, meeting_words

MOST_TABS = 60

HAS_OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle !== 'none'"


@both_ways
async def test_pause_and_resume(office: PortalOffice, window: OpenWindow, *, scripts: bool) -> None:
    """The page says until when, and offers the way back."""
    me = await office.employ(f"rosa{int(scripts)}", "Rosa Marinova")
    here = await window(scripts=scripts)
    await here.sign_in(me, "Rosa Marinova")
    await here.press("Pause")
    await here.done()
    await here.press("Back to my calendar")
    await here.heading("Paused until you resume.")
    await here.press("Resume")
    await here.done()
    await here.press("Back to my calendar")
    await expect(here.page.locator("h1")).not_to_contain_text("Paused")


@both_ways
async def test_where_is_my_meeting(scene: Scene, window: OpenWindow, *, scripts: bool) -> None:
    """A word of the title leads to what is known of it, also where it is on one side only; it is in no address."""
    here = await window(scripts=scripts)
    await scene.be_anna(here)
    for word, told in (("Budget", "Budget 2027"), ("Trade", "Trade fair")):
        await here.open("/portal")
        await here.page.get_by_label("A word of its title").fill(word)
        await here.press("Find")
        assert told in await here.ended()
        assert word not in here.page.url
    await here.press("Its history")
    await here.sees("outside the window")
    await here.sees("Do: nothing: it is synced by itself")


@both_ways
async def test_what_recurring_meetings_would_bring(
    office: PortalOffice, window: OpenWindow, *, scripts: bool
) -> None:
    """An administrator is shown each person's dates by a button, before anything is set; nothing is written."""
    login = f"lilia{int(scripts)}"
    upn = f"{login}@acme.example"
    await office.employ(login, "Lilia Stoeva")
    words = meeting_words("Weekly review", 9)
    day = date.fromisoformat(words["start"][:10])
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [f"{day:%A}".lower()], "firstDayOfWeek": "monday"}
    three = {"type": "numbered", "startDate": day.isoformat(), "numberOfOccurrences": 3}
    office.company.outlook(login).act("create", **words, recurrence={"pattern": pattern, "range": three})
    here = await window(scripts=scripts)
    await here.sign_in(BOSS, "Vera Koleva", ADMIN)
    await here.open("/portal/everyone")
    await here.press("What would appear with recurring meetings?")
    await here.ended()  # somebody else of this company may be in error, which their plan says
    section = here.page.locator("section", has=here.page.get_by_role("heading", name=upn))
    await expect(section).to_contain_text("3 meetings will appear in ERP.net.")
    await expect(section).to_contain_text("3 of them are dates of recurring meetings.")
    await expect(section).to_contain_text("0 invitations will be sent.")
    assert (login, "Weekly review") not in in_erpnet(office.company)


@both_ways
async def test_others_are_not_shown(scene: Scene, window: OpenWindow, *, scripts: bool) -> None:
    """No role: nobody else; a reader: nothing to press; somebody else's things by their address: not there."""
    here = await window(scripts=scripts)
    await scene.be_anna(here)
    await expect(here.page.get_by_role("link", name="Everyone")).to_have_count(0)
    for path in ("everyone", "everyone/audit", f"people/{scene.boris}", f"people/{scene.anna}"):
        assert await here.open(f"/portal/{path}") == 403
        await here.heading("This page is for administrators.")
    await here.sign_in(scene.boris, "Boris Dimitrov")
    for path in (f"conflicts/{scene.conflict}", f"items/{scene.conflict}"):
        assert await here.open(f"/portal/{path}") == 404
    await scene.be_reader(here)
    assert await here.open("/portal/everyone") == 200
    for action in ("ticked", "approve", "drop", "pause-all", "new"):
        await expect(
            here.page.locator(f"button:visible >> xpath=ancestor::form[@action='/portal/everyone/do/{action}']")
        ).to_have_count(0)
    await here.open(f"/portal/people/{scene.anna}")
    await here.sees("(private)")
    assert "Dentist" not in await here.page.content()


async def tab_to(page: Page, name: str) -> None:
    """Go from one thing to the next until this one has the focus, which must be seen."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if await focused.count() and name in (await focused.inner_text() or ""):
            assert await page.evaluate(HAS_OUTLINE), name
            return
    raise AssertionError(f"{name} is not reached by Tab")


async def test_by_keyboard_alone(office: PortalOffice, window: OpenWindow) -> None:
    """Signed in, looked, and everything read anew without a mouse; the first Tab leads past the head."""
    me = await office.employ("stefan", "Stefan Georgiev")
    here = await window()
    page = here.page
    await here.open("/portal/sign-in")
    await page.locator("form").last.locator("input[name=id]").focus()
    await page.keyboard.type(me)
    await page.keyboard.press("Enter")
    await here.heading("Your calendar is being read")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Skip to the content")
    await expect(page.locator(":focus")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await tab_to(page, "Read everything anew")
    await page.keyboard.press("Enter")
    await here.done()
    await tab_to(page, "Back to my calendar")
    await page.keyboard.press("Enter")
    await here.heading("Your calendar and ERP.net are in step.")


async def test_on_a_phone(scene: Scene, window: OpenWindow) -> None:
    """Nothing is cut off, and what is pressed is large enough for a thumb."""
    here = await window(viewport=PHONE, has_touch=True, is_mobile=True)
    await scene.be_anna(here)
    for path in ("", "/settings", f"/conflicts/{scene.conflict}"):
        await here.open(f"/portal{path}")
        assert await small_ones(here) == []


async def small_ones(window: Window) -> list[str]:
    """The buttons of the content that are smaller than WCAG asks for (24 pixels) or beyond the edge."""
    found = []
    for button in await window.page.locator("main :is(button, .button):visible").all():
        box = await button.bounding_box()
        assert box is not None
        if box["height"] < 24 or box["width"] < 24 or box["x"] < 0 or box["x"] + box["width"] > PHONE["width"]:
            found.append(f"{await button.inner_text()}: {box}")
    return found
