"""The page of an item without a link: what was read, why it is not synced, what would change it, and who sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from jobs.app.housekeeping import keep_house
from jobs.ports import Put
from jobs.wish import Kind
from portal.items import key_of_ids
from portal.sign_in import Role
from portal.unlinked import find_alone
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from tests.support.app import App
from tests.support.house import House
from tests.support.samples import NOW
from tests.support.visitor import Visitor, signed_in

ENDLESS = datetime(4500, 12, 31, 23, 30, tzinfo=UTC)
"""An end that ERP.net cannot hold in Sofia's time."""

LEFT_OUT = UnsyncedItem("E1", "", "skipped", "outside the window", NOW, "Fair", end=NOW)


@pytest.fixture
def admin(house: House) -> Visitor:
    """Vera, an administrator."""
    return Visitor(house, signed_in("vera", Role.ADMIN))


async def far_away(house: House, subject: str = "Trade fair", **more: object) -> str:
    """Anna enters something beyond the window, which a round leaves out; the key of its page."""
    at = house.now + timedelta(days=60)
    event = house.outlook().create(subject, at, at + timedelta(hours=8), **more)
    await house.step(full=True)
    return key_of_ids(event, "")


@pytest.mark.parametrize(
    ("left_out", "waiting", "state", "reason"),
    [
        (LEFT_OUT, None, "skipped", "outside the window"),
        (None, Pending(Side.GRAPH, "E1", reason="no answer"), "waiting", "no answer"),
        (LEFT_OUT, Pending(Side.GRAPH, "E1", parked=True, reason="refused"), "parked", "refused"),
        (LEFT_OUT, Pending(Side.GRAPH, "E1", parked=True), "parked", "outside the window"),
    ],
)
def test_how_it_stands(left_out: UnsyncedItem | None, waiting: Pending | None, state: str, reason: str) -> None:
    """Left out, on its way, or set aside; the row of what waits knows best why."""
    unsynced = Unsynced((left_out,) if left_out else ())
    alone = find_alone(Memory(pending=(waiting,) if waiting else ()), unsynced, key_of_ids("E1", ""))

    assert alone is not None
    assert (alone.state, alone.reason, alone.ids) == (state, reason, ("E1", ""))
    assert alone.told["sides"] == ["Outlook"]
    assert find_alone(Memory(), Unsynced(), key_of_ids("E1", "")) is None


async def test_what_is_left_out_has_a_page(house: House, anna: Visitor) -> None:
    """Reached from "not synced": where it was read, when it ends, why, what would change it; in both languages."""
    key = await far_away(house)
    assert f'<a href="/portal/items/{key}">Trade fair</a>' in await anna.read("/portal")
    page = await anna.read(f"/portal/items/{key}")

    assert "<strong>Not synced.</strong><br><span>outside the window.</span>" in page
    assert "it is synced by itself once its day comes within the window" in page
    assert "<dt>Read in</dt><dd>Outlook</dd>" in page
    assert "<dt>Ends</dt><dd><time" in page
    assert "<table" not in page
    assert "/portal/do/refresh" in page
    assert "/portal/do/retry" not in page, "a retry would change nothing"
    assert "Open in Outlook" in page
    bulgarian = await anna.read(f"/portal/items/{key}", accept_language="bg")
    assert "извън периода" in bulgarian
    assert "Прочетена в" in bulgarian


async def test_what_is_set_aside_can_be_tried_again(app: App) -> None:
    """Its page tells why and has the button; afterwards the item is on its way again."""
    house = app.house
    at = house.now + timedelta(days=1)
    event = house.outlook().create("Never", at, ENDLESS)
    await house.step()
    anna, key = Visitor(house, signed_in((await house.user()).id)), key_of_ids(event, "")
    assert f'href="/portal/items/{key}"' in await anna.read("/portal")
    page = await anna.read(f"/portal/items/{key}")
    assert "Set aside." in page
    assert "1601 to 4500" in page
    [form] = re.findall(r'<form[^>]*action="/portal/do/retry".*?</form>', page, re.DOTALL)
    [item] = re.findall(r'name="item" value="([^"]+)"', form)

    house.outlook().edit(event, start=at, end=at + timedelta(hours=1))
    sent = await anna.send("/portal/do/retry", {"item": item})
    await app.drain()
    assert "1 item will be tried again." in await anna.read(sent.headers["Location"])
    await house.step()
    assert [one["Subject"] for one in house.desk().activities()] == ["Never"]
    assert (await anna.get(f"/portal/items/{key}")).status == 404, "it is a pair now"


async def test_what_waits_for_an_answer_is_not_retried(house: House, anna: Visitor) -> None:
    """An item whose partner is gone would get a new one unasked."""
    await house.step()
    gone = Pending(Side.ERP, "a1", parked=True, reason="partner gone", state=PendingState.PARTNER_GONE)
    await house.world.store.save(
        await house.world.store.acquire_lease((await house.user()).id, "test", 60), [Put(gone)]
    )
    page = await anna.read(f"/portal/items/{key_of_ids('', 'a1')}")

    assert "Set aside." in page
    assert "/portal/do/retry" not in page


async def test_an_answer_leads_to_it(app: App) -> None:
    """ "Where is my meeting?", of one's own and of somebody else's: each item's page, once."""
    house = app.house
    key, me = await far_away(house), (await house.user()).id
    for visitor, form, fields, address in (
        (Visitor(house, signed_in(me)), "/portal/do/why", {}, f"/portal/items/{key}"),
        (
            Visitor(house, signed_in("vera", Role.ADMIN)),
            "/portal/everyone/do/why",
            {"person": me},
            f"/portal/people/{me}/items/{key}",
        ),
    ):
        sent = await visitor.send(form, {"item": "fair", **fields})
        await app.drain()
        page = await visitor.read(sent.headers["Location"])
        assert page.count(f'<a href="{address}">Its history</a>') == 1
        assert "Trade fair" in await visitor.read(address)
    assert {one.wish.kind for one in await house.world.store.list_commands()} == {Kind.WHY}


async def test_a_private_one_is_its_owners(house: House, anna: Visitor, admin: Visitor) -> None:
    """To others no title, in no form; a colleague without a role does not find it."""
    key, me = await far_away(house, "Clinic", sensitivity="private"), (await house.user()).id
    address = f"/portal/people/{me}/items/{key}"

    assert "Clinic" in await anna.read(f"/portal/items/{key}")
    assert "(private)" in await admin.read(address)
    for text in (await admin.read(address), str(await admin.json(f"/people/{me}/items/{key}"))):
        assert "Clinic" not in text
    assert (await Visitor(house, signed_in("boris")).get(f"/portal/items/{key}")).status == 404


async def test_a_reader_presses_nothing(house: House) -> None:
    """Its history is there, the buttons are not."""
    key, me = await far_away(house), (await house.user()).id
    page = await Visitor(house, signed_in("rosa", Role.READER)).read(f"/portal/people/{me}/items/{key}")

    assert "Trade fair" in page
    assert "/do/" not in page


async def test_its_report_tells_nothing_personal(house: House, anna: Visitor) -> None:
    """States and ids alone."""
    key = await far_away(house)
    report = (await anna.json(f"/items/{key}"))["report"]

    assert "not linked: skipped" in report
    assert "Trade fair" not in report


async def looked_up(app: App, visitor: Visitor, item: str) -> str:
    """Somebody asks where a meeting of theirs is; the page of the answer."""
    sent = await visitor.send("/portal/do/why", {"item": item})
    await app.drain()
    return await visitor.read(sent.headers["Location"])


@pytest.mark.parametrize("sensitivity", ["normal", "private"])
async def test_what_no_round_looks_at_has_a_page_by_its_answer(app: App, sensitivity: str) -> None:
    """An event far beyond the window: the answer leads to its page, in both languages, and to nobody else's."""
    house, at = app.house, app.house.now + timedelta(days=90)
    event = house.outlook().create("Strategy", at, at + timedelta(hours=1), sensitivity=sensitivity)
    await house.step(full=True)
    me, key = (await house.user()).id, key_of_ids(event, "")
    anna, admin = Visitor(house, signed_in(me)), Visitor(house, signed_in("vera", Role.ADMIN))
    boris = Visitor(house, signed_in((await house.user(await house.employ("boris"))).id))
    address = f"/portal/items/{key}"
    assert (await anna.get(address)).status == 404, "nobody has asked, and no row tells of it"

    assert f'href="{address}"' in await looked_up(app, anna, "strategy")
    page, told = await anna.read(address), await anna.json(f"/items/{key}")
    assert "<strong>Not synced.</strong><br><span>outside the window.</span>" in page
    assert "it is synced by itself once its day comes within the window" in page
    assert "<dt>Begins</dt><dd><time" in page
    assert "Open in Outlook" in page
    assert (told["state"], told["alone"]["sides"], told["alone"]["start"]) == ("skipped", ["Outlook"], at.isoformat())
    assert "извън периода" in await anna.read(address, accept_language="bg")
    for shown in (await admin.read(f"/portal/people/{me}/items/{key}"), page):
        assert ("Strategy" in shown) is (sensitivity == "normal")
    assert (await boris.get(address)).status == 404

    house.advance(days=2)
    await keep_house(house.world)
    assert (await anna.get(address)).status == 404, "the answer is gone, and all that was known of it"


async def test_what_was_asked_about_is_shown_as_it_is_now(app: App) -> None:
    """Entered since the last round; a pair by now, whose page stands at the address of before, too."""
    house, at = app.house, app.house.now + timedelta(days=2)
    await house.step()
    event = house.outlook().create("Fresh", at, at + timedelta(hours=1))
    anna = Visitor(house, signed_in((await house.user()).id))
    await looked_up(app, anna, "fresh")
    address = f"/portal/items/{key_of_ids(event, '')}"
    assert "Waits for its counterpart." in await anna.read(address)
    await house.step()

    assert "On both sides." in await anna.read(address)
