"""Somebody's first day: they sign in, look what sync would do, switch it on, and see what it did."""

from __future__ import annotations

from tests.browser.conftest import OpenWindow, both_ways
from tests.support.browsing import PortalOffice
from tests.support.company_life import meeting_words


async def test_nobody_is_let_in_without_a_sign_in(window: OpenWindow) -> None:
    """A plain sentence and the way to sign in."""
    here = await window()
    for path in ("/portal", "/portal/everyone", "/portal/settings"):
        await here.open(path)
        await here.heading("Please sign in first.")
    await here.press("Sign in")
    await here.heading("Who do you want to be?")


@both_ways
async def test_preview_then_on_then_an_edit_shows(office: PortalOffice, window: OpenWindow, *, scripts: bool) -> None:
    """The numbers come before the switch and hold after it; an edit in Outlook is on the page soon."""
    login = f"maria{int(scripts)}"
    me = await office.employ(login, "Maria Stoyanova", enabled=False)
    event = office.company.outlook(login).act("create", **meeting_words("Budget"))
    office.company.desk(login).act("create", **meeting_words("Visit", 14))
    here = await window(scripts=scripts)
    await here.sign_in(me, "Maria Stoyanova")
    await here.heading("Sync is off.")
    await here.press("Switch sync on")
    await here.press("Show me what it would do")
    await here.done()
    await here.sees(
        "1 meeting will appear in ERP.net. 1 activity will appear in Outlook. 0 invitations will be sent."
    )
    await here.press("Switch sync on")
    await here.press("Switch on")
    await here.done()
    await here.press("Back to my calendar")
    await here.ended()
    await here.heading("Your calendar and ERP.net are in step.")
    await here.sees("Visit")
    office.company.outlook(login).act("edit", ident=event, subject="Budget 2")
    await here.reload_until("Budget 2")
