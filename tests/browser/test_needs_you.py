"""What people decide: a conflict its owner, deletions an administrator, and a round that is taken back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from adapters.settings import load
from adapters.wiring import open_world
from tests.browser.conftest import OpenWindow, both_ways
from tests.support.browser_scene import BOSS, HELD, call_differently, sync
from tests.support.browsing import ADMIN, READER, PortalOffice
from tests.support.company_life import in_erpnet, in_outlook, meeting_words, until


@pytest.mark.parametrize(("scripts", "side"), [(True, "ERP.net"), (False, "Outlook")], ids=["scripts", "plain"])
async def test_conflict_is_resolved(office: PortalOffice, window: OpenWindow, *, scripts: bool, side: str) -> None:
    """The first page leads to it; both sides stand beside each other; what is chosen holds on both."""
    login = f"nadia{int(scripts)}"
    me = await office.employ(login, "Nadia Todorova")
    event = office.company.outlook(login).act("create", **meeting_words("Review"))
    async with open_world(load(office.company.settings)) as world:
        await sync(world, me)
        call_differently(office, login, event, "Review", "Review with finance")
        await sync(world, me)
    here = await window(scripts=scripts)
    await here.sign_in(me, "Nadia Todorova")
    await here.heading("Needs you: 1 conflict.")
    await here.press("Choose what to keep")
    await here.sees("Review, in the big room")
    await here.sees("Review with finance")
    await here.press(f"Keep {side}")
    await here.done()
    kept = {"ERP.net": "Review with finance", "Outlook": "Review, in the big room"}[side]
    until(
        lambda: (login, kept) in in_outlook(office.company) and (login, kept) in in_erpnet(office.company),
        timeout=30,
    )
    await here.press("Back to my calendar")
    await here.heading("Your calendar and ERP.net are in step.")


@both_ways
async def test_held_deletions_are_approved(office: PortalOffice, window: OpenWindow, *, scripts: bool) -> None:
    """An employee and a reader see them and cannot answer; an administrator approves, and they happen."""
    login = f"petar{int(scripts)}"
    me = await office.employ(login, "Petar Vasilev")
    async with open_world(load(office.company.settings)) as world:
        events = [
            office.company.outlook(login).act("create", **meeting_words(one, 9 + n)) for n, one in enumerate(HELD)
        ]
        await sync(world, me)
        for event in events:
            office.company.outlook(login).act("delete", ident=event)
        await sync(world, me)
    here = await window(scripts=scripts)
    await here.sign_in(me, "Petar Vasilev")
    await here.sees("4 deletions wait")
    await here.sees("Nothing is deleted before an administrator approves this list.")
    await here.sign_in(BOSS, "Vera Koleva", READER)
    await here.open(f"/portal/people/{me}")
    await here.sees("Stock-taking")
    assert await here.page.get_by_role("button", name="Approve").count() == 0
    await here.sign_in(BOSS, "Vera Koleva", ADMIN)
    await here.open(f"/portal/people/{me}")
    await here.press("Approve")
    told = await here.ended()
    assert [one for one in HELD if f"“{one}” was voided in ERP.net" not in told] == []
    until(lambda: all(one["Void"] for one in office.company.activities() if one["OwnerLogin"] == login), timeout=30)
    await here.open("/portal/everyone/audit")
    await here.sees("Vera Koleva")


@both_ways
async def test_a_round_is_taken_back(office: PortalOffice, window: OpenWindow, *, scripts: bool) -> None:
    """The last things done lead to the item; what would be put back is shown, then put back, and is there again."""
    login = f"kalin{int(scripts)}"
    me = await office.employ(login, "Kalin Iliev")
    event = office.company.outlook(login).act("create", **meeting_words("Offer"))
    async with open_world(load(office.company.settings)) as world:
        await sync(world, me)
        office.company.outlook(login).act("edit", ident=event, subject="Offer, second try")
        await sync(world, me)
    here = await window(scripts=scripts)
    await here.sign_in(me, "Kalin Iliev")
    await here.press("Offer, second try")
    await here.page.locator("summary", has_text="Take back").first.click()
    await here.press("Show what would be put back")
    shown = await here.ended()
    assert "Nothing was changed: this is what would be put back." in shown
    assert "Offer, second try → Offer" in shown
    assert (login, "Offer, second try") in in_erpnet(office.company)

    await here.press("Put it all back")
    await here.done()
    await here.sees("Offer, second try → Offer")
    until(lambda: (login, "Offer") in in_outlook(office.company) and (login, "Offer") in in_erpnet(office.company))
    await here.press("Back to my calendar")
    await expect(here.page.locator("#recent ~ ul li").first).to_contain_text("was changed on both sides")
