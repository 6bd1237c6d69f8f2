"""One item: both sides and what they had in common, what was done, and who may read it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from portal.items import key_of, key_of_ids
from portal.sign_in import Role
from sync_core.model.entries import JournalEntry
from tests.portal.test_mine import make_conflict, meet
from tests.support.app import App
from tests.support.house import House
from tests.support.visitor import Visitor, signed_in


@pytest.fixture
def admin(house: House) -> Visitor:
    """Vera, an administrator."""
    return Visitor(house, signed_in("vera", Role.ADMIN))


async def key(house: House) -> str:
    """The key of Anna's only item."""
    [link] = (await house.recall()).links
    return key_of({"event_id": link.event_id, "activity_id": link.activity_id})


async def test_three_columns_and_what_was_done(house: House, anna: Visitor) -> None:
    """What differs is marked, the base stands between, times are the reader's, the newest is first."""
    await make_conflict(house)
    item = await key(house)
    told = await anna.json(f"/items/{item}")
    rows = {row["field"]: row for row in told["columns"]}
    page = await anna.read(f"/portal/items/{item}")

    assert {name for name, row in rows.items() if row["differs"]} == {"subject"}
    assert (rows["subject"]["outlook"], rows["subject"]["base"], rows["subject"]["erp"]) == (
        "Budget <2027>",
        "Budget",
        "Budget",
    )
    assert [one["what"] for one in told["timeline"]] == ["category set", "activity created"]
    assert "tomorrow, 10:00 – 11:00" in page
    assert "Budget &lt;2027&gt;" in page
    assert re.findall(r'<td data-name="([^"]+)" class="differs">', page) == ["Outlook"], "ERP.net is as it was"
    assert (told["state"], f'href="/portal/conflicts/{told["key"]}"' in page) == ("conflict", True)
    assert (await anna.get(f"/portal/conflicts/{told['key']}")).status == 200


async def test_an_item_tells_what_was_seen_and_which_cell_decided(house: House, anna: Visitor) -> None:
    """Beside what was written, in the reader's language; the names of the cells are those of the printed tables."""
    event = meet(house, "Budget")
    await house.step()
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Forecast")
    await house.step()
    item = await key(house)
    told = [one["cell"] for one in (await anna.json(f"/items/{item}"))["timeline"]]
    english, bulgarian = [await anna.read(f"/portal/items/{item}", accept_language=one) for one in ("en", "bg")]

    assert told == ["fate/event-changed/activity-unchanged", "fate/event-present/activity-absent"]
    assert "Seen and decided: changed in Outlook only: the change goes to ERP.net" in english
    assert "Видяно и решено: променена само в Outlook: промяната отива в ERP.net" in bulgarian
    for page in (english, bulgarian):
        assert "FATE event-changed × activity-unchanged" in page


async def test_only_what_was_written_can_be_taken_back(house: House, anna: Visitor) -> None:
    """A change can, what a round made is said to stay; that something was left alone is nothing to take back."""
    event = meet(house, "Budget")
    await house.step()
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Forecast")
    await house.step()
    item = await key(house)
    assert [one["can_undo"] for one in (await anna.json(f"/items/{item}"))["timeline"]] == [True, True]
    assert (await anna.read(f"/portal/items/{item}")).count("Show what would be put back") == 2

    far = house.now + timedelta(days=60)
    event = house.outlook().create("Fair", far, far + timedelta(hours=1))
    await house.step()
    left_alone = await anna.json(f"/items/{key_of_ids(event, '')}")
    assert [(one["what"], one["can_undo"]) for one in left_alone["timeline"]] == [("skipped", False)]


async def test_an_entry_of_an_earlier_build_tells_no_cell(house: House, anna: Visitor) -> None:
    """Nor does the page make one up."""
    meet(house, "Budget")
    await house.step()
    [link] = (await house.recall()).links
    old = JournalEntry((await house.user()).id, house.now, "r0", "activity updated", event_id=link.event_id)
    await house.world.store.append_journal([old])
    cells = {one["round"]: one["cell"] for one in (await anna.json(f"/items/{await key(house)}"))["timeline"]}

    assert cells["r0"] == ""
    assert (await anna.read(f"/portal/items/{await key(house)}")).count("Seen and decided:") == len(cells) - 1


async def test_what_was_done_leads_to_its_item(house: House, anna: Visitor, admin: Visitor) -> None:
    """From one's own page, and from the person's for an administrator."""
    meet(house, "Budget")
    await house.step()
    item, me = await key(house), (await house.user()).id

    assert f'href="/portal/items/{item}"' in await anna.read("/portal")
    assert f'href="/portal/people/{me}/items/{item}"' in await admin.read(f"/portal/people/{me}")


async def test_a_private_item_is_its_owners(house: House, anna: Visitor, admin: Visitor) -> None:
    """The owner reads it; to an administrator neither subject nor any value shows, in no form."""
    await make_conflict(house, sensitivity="private")
    item, me = await key(house), (await house.user()).id
    page = await admin.read(f"/portal/people/{me}/items/{item}")

    assert "Budget" in await anna.read(f"/portal/items/{item}")
    assert "Budget" not in page
    assert "Budget" not in str(await admin.json(f"/people/{me}/items/{item}"))
    assert "(private)" in page


async def test_what_was_private_stays_so(house: House, admin: Visitor) -> None:
    """Values of the time when an item was private are masked after it is not any more."""
    event = meet(house, "Secret plan", sensitivity="private")
    await house.step()
    house.outlook().edit(event, subject="Open plan", sensitivity="normal")
    await house.step()
    page = await admin.read(f"/portal/people/{(await house.user()).id}/items/{await key(house)}")

    assert "Open plan" in page
    assert "Secret plan" not in page


async def test_a_bug_report_tells_nothing_personal(house: House, anna: Visitor) -> None:
    """States, versions and times; no title, text or address."""
    house.outlook().create(
        "Budget",
        house.now + timedelta(days=1),
        house.now + timedelta(days=1, hours=1),
        attendees=["guest@else.example"],
    )
    await house.step()
    report = (await anna.json(f"/items/{await key(house)}"))["report"]

    assert "activity created" in report
    assert "Budget" not in report
    assert "@" not in report


@pytest.mark.parametrize("item", ["0" * 16, "x", ".."])
async def test_what_is_not_there(house: House, anna: Visitor, admin: Visitor, item: str) -> None:
    """For oneself as for an administrator."""
    me = (await house.user()).id
    assert (await anna.get(f"/portal/items/{item}")).status == 404
    assert (await anna.get(f"/portal/conflicts/{item}")).status == 404
    assert (await admin.get(f"/portal/people/{me}/items/{item}")).status == 404
    assert (await admin.get(f"/portal/people/nobody/items/{item}")).status == 404


async def test_somebody_elses_item_is_not_there(house: House, anna: Visitor) -> None:
    """By its key, for whoever is not its owner and has no role."""
    meet(house, "Budget")
    await house.step()
    item = await key(house)
    stranger = Visitor(house, signed_in("boris"))

    assert (await anna.get(f"/portal/items/{item}")).status == 200
    assert (await stranger.get(f"/portal/items/{item}")).status == 404
    assert (await stranger.get(f"/portal/people/{(await house.user()).id}/items/{item}")).status == 403


async def test_a_pair_is_taken_apart_and_put_together_again(app: App) -> None:
    """With a word of warning before; both items stay, the page says how it stands and offers the way back."""
    house = app.house
    meet(house, "Budget")
    await house.step()
    item = await key(house)
    [link] = (await house.recall()).links
    anna = Visitor(house, signed_in((await house.user()).id))
    assert "calsync then leaves both alone" in await anna.read(f"/portal/items/{item}")

    sent = await anna.send("/portal/do/unlink", {"item": link.event_id})
    await app.drain()
    assert "“Budget” was unlinked" in await anna.read(sent.headers["Location"])
    page = await anna.read(f"/portal/items/{item}")
    assert "Taken apart." in page
    assert "/portal/do/unlink" not in page
    events = list(house.graph.mailbox("anna@acme.example").items())
    assert (len(events), len(house.desk().find("Budget"))) == (1, 1)

    sent = await anna.send("/portal/do/retry", {"item": link.event_id})
    await app.drain()
    assert "1 item will be tried again." in await anna.read(sent.headers["Location"])
    assert "On both sides." in await anna.read(f"/portal/items/{item}")
