"""The page of two calendars that `make run` serves: an edit in one is seen in the other, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.host.company import WEBHOOK_SECRET
from simulators.host.webhook import WebhookSender
from tests.browser import tools
from tests.browser.conftest import OpenWindow
from tests.browser.test_no_barriers import barriers
from tests.support.browsing import LOCALES, PortalOffice
from tests.support.company_life import meeting_words


@pytest.fixture
def webhook(office: PortalOffice) -> Iterator[None]:
    """ERP.net tells the app of changes, as under `make run`: the timer asks once a minute only, and a pull by hand
    within half a minute of it is dropped."""
    with WebhookSender(office.company.erpnet, office.company.public_url, WEBHOOK_SECRET):
        yield


@pytest.mark.usefixtures("webhook")
async def test_an_edit_in_one_calendar_is_seen_in_the_other(office: PortalOffice, window: OpenWindow) -> None:
    """Made in Outlook, renamed in ERP.net, deleted in Outlook: each arrives while one looks."""
    await office.employ("nina", "Nina Angelova", enabled=False)
    assert office.company.calsync("users", "enable", "nina@acme.example", here=False)[0] == 0
    here = await window(scripts=False)
    await here.open("/calendars?who=nina")

    await here.press("New event")
    await here.page.get_by_label("Title").fill("Sketches")
    await here.press("Save")
    await here.reload_until("in step")

    row = here.page.locator("tbody tr")
    await row.locator("td[data-side='ERP.net']").get_by_role("link", name="Edit: Sketches").click()
    await here.page.get_by_label("Title").fill("Drawings")
    await here.press("Save")
    while "Drawings" not in await row.locator("td[data-side=Outlook]").inner_text():
        await here.look_again()

    await row.get_by_role("button", name="Delete: Drawings").click()
    await here.reload_until("voided in ERP.net")


async def test_the_page_of_two_calendars_has_no_barrier(office: PortalOffice, window: OpenWindow) -> None:
    """Of somebody with something on both sides, and the form, in both languages, while it looks again; that can be
    stopped, and goes on when asked."""
    await office.employ("olga", "Olga Marinova", enabled=False)
    office.company.outlook("olga").act("create", **meeting_words("Budget"))
    office.company.desk("olga").act("create", **meeting_words("Visit"))
    found: list[str] = []
    for language, locale in LOCALES.items():
        here = await window(locale=locale)
        await here.page.add_init_script(tools.axe_source())
        for path in ("/calendars?who=olga", "/calendars/new?who=olga&side=outlook"):
            await here.open(path)
            assert await here.page.locator("html").get_attribute("lang") == language
            found += await barriers(here, path)
    assert found == []

    here = await window()
    await here.page.clock.install()
    await here.open("/calendars?who=olga")
    await here.press("Stop that")
    office.company.outlook("olga").act("create", **meeting_words("Later"))
    await here.page.clock.run_for(10_000)
    assert "Later" not in await here.page.locator("tbody").inner_text()
    await here.press("Go on")
    await here.page.clock.run_for(100)
    await here.sees("Later")
