"""What is not synced, of everybody: item by item, by reason, in pages and as a file."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryStore
from jobs.commands.unsynced import PAGE, key_of
from portal.sign_in import Role
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from sync_core.model.user import User
from tests.support.days import WEEKLY
from tests.support.house import House
from tests.support.users import put_user
from tests.support.visitor import Visitor, signed_in

WHY = "outside the window"


@pytest.fixture
def reader(house: House) -> Visitor:
    """Rosa, who may look."""
    return Visitor(house, signed_in("rosa", Role.READER, name="Rosa"))


async def two_people(house: House) -> None:
    """Anna and Boris, with a series and something far away each; one of hers is private."""
    await house.employ("boris")
    at = house.now + timedelta(days=60)
    for upn in ("anna@acme.example", "boris@acme.example"):
        box = house.outlook(upn)
        box.create(f"Fair of {upn[:5]}", at, at + timedelta(hours=1))
        box.create("Weekly", house.now, house.now + timedelta(hours=1), recurrence=WEEKLY)
    house.outlook().create("Clinic", at, at + timedelta(hours=1), sensitivity="private")
    await house.sync(full=True)


async def test_item_by_item_over_everybody(house: House, reader: Visitor) -> None:
    """Each with its owner, reason and remedy, leading to its page; private titles are masked, in both languages."""
    await two_people(house)
    page = await reader.read("/portal/everyone/unsynced")
    told = await reader.json("/everyone/unsynced")

    assert ("Fair of anna@" in page, "Fair of boris" in page, "part of a recurring series" in page) == (True,) * 3
    assert "it is synced by itself once its day comes within the window" in page
    assert "(private)" in page
    for text in (page, str(told)):
        assert "Clinic" not in text
    assert "извън периода" in await reader.read("/portal/everyone/unsynced", accept_language="bg")
    for one in told["items"]:
        assert (await reader.get(f"/portal/people/{one['user_id']}/items/{one['key']}")).status == 200


async def test_one_reason_or_one_person(house: House, reader: Visitor) -> None:
    """The numbers on everybody's page lead to the items of each reason; a reason that is gone has none."""
    await two_people(house)
    [address] = re.findall(
        rf'href="(/portal/everyone/unsynced\?reason={key_of(WHY)})"', await reader.read("/portal/everyone")
    )
    told = await reader.json(address.removeprefix("/portal"))
    boris = (await house.user("boris@acme.example")).id
    his = await reader.json(f"/everyone/unsynced?person={boris}&reason={key_of(WHY)}")
    none = await reader.json("/everyone/unsynced?reason=0123456789abcdef")

    assert {one["reason"] for one in told["items"]} == {WHY}
    assert len(told["items"]) == 3
    assert [(one["upn"], one["subject"]) for one in his["items"]] == [("boris@acme.example", "Fair of boris")]
    assert (none["items"], len(none["reasons"])) == ([], 2)
    assert "There is nothing here" in await reader.read("/portal/everyone/unsynced?reason=0123456789abcdef")
    assert "Fair of boris" in await reader.read(f"/portal/everyone/unsynced?person={boris}")


@pytest.mark.parametrize("after", ["nonsense", "a.b.c", "a.99999999999.x", "%22%3E%3Cscript%3E"])
async def test_a_place_that_is_none_is_said_plainly(reader: Visitor, after: str) -> None:
    """A page begins where the one before said."""
    assert (await reader.get(f"/portal/everyone/unsynced?after={after}")).status == 400


async def test_ten_thousand_people_come_in_pages(house: House, reader: Visitor) -> None:
    """Every item once, page by page; a page reads the rows of those who are on it, and a file those of its part."""
    store, now = house.world.store, house.now
    assert isinstance(store, MemoryStore)
    for number in range(10_000):
        user = User(f"id{number:05}", f"p{number:05}@x.example", enabled=True)
        await put_user(store, user)
        if number % 100 == 0:
            await store.save_unsynced(
                user.id, Unsynced((UnsyncedItem("e", "", "skipped", WHY, now, "Far"),), {WHY: 1})
            )
    await store.read_form_key()
    before = store.reads
    page = await reader.read("/portal/everyone/unsynced")
    reads = store.reads - before
    seen: list[str] = []
    address = "/everyone/unsynced"
    while address:
        told = await reader.json(address)
        seen += [one["user_id"] for one in told["items"]]
        address = f"/everyone/unsynced?after={told['next_after']}" if told["next_after"] else ""
    before = store.reads
    table = (await reader.get("/portal/everyone/unsynced.csv?part=1")).body.decode("utf-8-sig").splitlines()

    assert (reads < PAGE + 10, len(page) < 60_000) == (True, True)
    assert "Next page" in page
    assert seen == [f"id{number:05}" for number in range(0, 10_000, 100)]
    assert store.reads - before < 110
    assert 'formaction="/portal/everyone/unsynced.csv"' in await reader.read("/portal/everyone")
    assert len(table) == 2


async def test_as_a_file(house: House, reader: Visitor) -> None:
    """A line each, with whose it is and what would change it; private titles are masked."""
    await two_people(house)
    text = (await reader.get("/portal/everyone/unsynced.csv")).body.decode("utf-8-sig")

    assert text.splitlines()[0] == "upn,what,reason,do,subject,at,end,event_id,activity_id,series_date"
    assert "boris@acme.example,skipped,outside the window,nothing: it is synced by itself" in text
    assert "(private)" in text
    assert "Clinic" not in text
    assert 'href="/portal/everyone/unsynced.csv"' in await reader.read("/portal/everyone")
