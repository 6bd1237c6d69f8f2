"""What people do with one item: find it by its link from Outlook, and take its sides apart."""

from __future__ import annotations

from playwright.async_api import expect

from adapters.settings import load
from adapters.wiring import open_world
from portal.links import in_outlook as link_of
from tests.browser.conftest import OpenWindow, both_ways
from tests.support.browser_scene import sync
from tests.support.browsing import PortalOffice
from tests.support.company_life import in_erpnet, in_outlook, meeting_words


@both_ways
async def test_an_item_from_its_link_to_its_end(office: PortalOffice, window: OpenWindow, *, scripts: bool) -> None:
    """A pasted link leads to what is known and to what was done; taken apart, each side goes its own way."""
    login = f"tanya{int(scripts)}"
    me = await office.employ(login, "Tanya Ilieva")
    outlook = office.company.outlook(login)
    event = outlook.act("create", **meeting_words("Rehearsal"))
    async with open_world(load(office.company.settings)) as world:
        await sync(world, me)
        outlook.act("edit", ident=event, subject="Rehearsal with lights")
        await sync(world, me)
        [link] = (await world.store.recall(me)).links
    here = await window(scripts=scripts)
    await here.sign_in(me, "Tanya Ilieva")

    await here.page.get_by_label("A word of its title").fill(link_of(link.event_id, ""))
    await here.press("Find")
    told = await here.ended()
    assert "Rehearsal with lights" in told
    assert "FATE event-changed × activity-unchanged" in told
    assert link.event_id not in here.page.url

    await here.press("Its history")
    await here.sees("changed in Outlook only: the change goes to ERP.net")
    await here.page.get_by_text("Take both sides apart", exact=True).click()
    await here.press("Take them apart")
    await here.done()
    await here.press("Its history")
    await here.sees("Taken apart.")
    await expect(here.page.get_by_role("button", name="Try this one again")).to_be_visible()
    assert (login, "Rehearsal with lights") in in_outlook(office.company)
    assert (login, "Rehearsal with lights") in in_erpnet(office.company)
