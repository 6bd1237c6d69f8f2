"""Where an item opens in its own system."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.commands.outlook_link import id_in
from portal.items import key_of
from portal.links import OUTLOOK, in_erp, in_outlook
from portal.sign_in import Role
from tests.faults.test_unshown_activities import refused
from tests.portal.test_history import key
from tests.portal.test_mine import make_conflict
from tests.support.house import House
from tests.support.visitor import AZURE, Visitor, signed_in

PATTERN = "https://acme.my.erp.net/cl/activity?id={id}#form"


@pytest.mark.parametrize("host", OUTLOOK)
def test_outlook_opens_the_event_in_the_cloud_it_is_in(host: str) -> None:
    """The id is escaped; who pastes the link back asks about the same event."""
    link = in_outlook("AAk-q_r=", f"https://{host}/v1.0")
    assert link == f"https://{OUTLOOK[host]}/owa/?itemid=AAk-q_r%3D&exvsurl=1&path=/calendar/item"
    assert id_in(link) == "AAk-q_r="


def test_there_is_no_link_without_a_system_or_an_id() -> None:
    """A stand-in has no Outlook; nobody told ERP.net's pattern."""
    assert [in_outlook("e", "http://127.0.0.1:1/v1.0"), in_outlook("", ""), in_erp("", PATTERN), in_erp("a", "")] == [
        ""
    ] * 4
    assert in_outlook("e", "").startswith("https://outlook.office365.com/")


async def test_an_items_page_leads_to_both_sides(house: House) -> None:
    """Its owner's to both, an administrator's to ERP.net: nobody opens another's mailbox."""
    await make_conflict(house)
    item, me = await key(house), await house.user()
    link = (await house.recall()).links[0]
    house.world = replace(house.world, activity_url=PATTERN)
    environ = {**AZURE, "GRAPH_URL": "https://graph.microsoft.com/v1.0"}
    mine = await Visitor(house, signed_in(me.id), environ).read(f"/portal/items/{item}")
    boss = Visitor(house, signed_in("vera", Role.ADMIN), environ)
    theirs = await boss.read(f"/portal/people/{me.id}/items/{item}")

    activity = f'href="https://acme.my.erp.net/cl/activity?id={link.activity_id}#form"'
    assert (activity in mine, activity in theirs) == (True, True)
    assert ("outlook.office365.com/owa" in mine, "outlook.office365.com" in theirs) == (True, False)
    assert mine.count('rel="noopener noreferrer"') == 2


async def test_a_day_that_erp_net_does_not_show_is_listed_and_leads_nowhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands among what is not synced, in both languages, and its page opens; there is no activity to open."""
    start = house.now + timedelta(days=3)
    refused(house, monkeypatch, {house.desk().create("Odd", start, start + timedelta(hours=1))})
    await house.sync(full=True)
    house.world = replace(house.world, activity_url=PATTERN)
    me = Visitor(house, signed_in((await house.user()).id), AZURE)
    item = key_of({"event_id": "", "activity_id": "2026-01-28"})

    assert "ERP.net fails to show one of the activities of this day" in await me.read("/portal")
    assert "не успява да покаже една от дейностите" in await me.read("/portal", accept_language="bg")
    page = await me.read(f"/portal/items/{item}")
    assert "2026-01-28" in page
    assert "acme.my.erp.net" not in page
