"""What needs somebody, on the page of everybody: one list in pages, from rows alone."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from jobs.command import Asker, State
from jobs.commands.ask import ask
from jobs.says import Found, Topic
from jobs.wish import Kind, Wish
from portal.sign_in import Role
from sync_core.model.instance import FailedCheck
from sync_core.model.phrase import Phrase
from sync_core.model.user import Tally, User
from tests.portal.test_everyone import make_hold
from tests.support.days import linked_meeting
from tests.support.house import START, House
from tests.support.users import put_user
from tests.support.visitor import Visitor, signed_in

HOUR = timedelta(hours=1)


def somebody(number: int, **told: Any) -> User:
    """A person whose sync is on."""
    return User(f"id-{number:05}", f"p{number:05}@acme.example", enabled=True, synced_at=START, **told)


@pytest.fixture
def admin(house: House) -> Visitor:
    """An administrator."""
    return Visitor(house, signed_in("vera", Role.ADMIN))


async def revise(house: House, **told: Any) -> None:
    """Change the instance row."""
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, **told), etag)


def lacks(since: datetime) -> FailedCheck:
    """A permission of Graph is missing since then."""
    found = Found.GRANTS_MISSING.say(roles="User.Read.All", command="`infra/scripts/grant-graph-roles.sh ID`")
    return FailedCheck(since, Topic.ON_GRANTS.say(), found)


async def checked(house: House, at: datetime, *checks: dict[str, Any]) -> None:
    """A check of everything that ended then and found this."""
    command = await ask(house.world, Wish(Kind.DOCTOR), Asker("vera"))
    await house.world.store.save_command(replace(command, state=State.DONE, is_fine=False, finished_at=at))
    shape = {"fine": False, "part": "", "code": "", "values": {}}
    await house.world.store.save_part(command.id, 0, {"checks": [{**shape, **check} for check in checks]})


async def test_one_list_over_all_kinds(house: House, admin: Visitor) -> None:
    """Deletions between an error before and a conflict after them: as JSON and as people read it."""
    await make_hold(house)
    house.world = replace(house.world, secret_ends=date(2026, 2, 1))
    store, now = house.world.store, house.now
    await put_user(store, somebody(1, state="Error: no company", troubled_at=now - HOUR))
    await put_user(store, somebody(2, tally=Tally(conflicts=2, conflicts_since=now + HOUR)))
    await put_user(store, somebody(3, tally=Tally(parked=1, parked_since=now - 2 * HOUR)))
    await put_user(store, somebody(4, tally=Tally(conflicts=1)))
    await revise(house, poisoned=2, poisoned_since=now - 3 * HOUR, failing={"on-grants": lacks(now - 4 * HOUR)})
    others = [
        {"topic": "on-queue", "what": "Queue", "text": "2 given up"},
        {"topic": "", "what": "p00001@acme.example"},
    ]
    await checked(house, now, *({"text": "", **one} for one in others))
    house.advance(hours=2)
    told = (await admin.json("/everyone"))["needs"]
    page = await admin.read("/portal/everyone")

    assert [(one["need"], one["name"], one["count"]) for one in told["rows"]] == [
        ("conflicts", "p00004@acme.example", 1),
        ("secret", "", 1),
        ("check", "", 1),
        ("poison", "", 2),
        ("parked", "p00003@acme.example", 1),
        ("error", "p00001@acme.example", 1),
        ("holds", "Anna", 1),
        ("conflicts", "p00002@acme.example", 2),
    ]
    assert told["count"] == 8
    ages = [one["since"] for one in told["rows"]]
    assert (ages[0], ages[1:]) == (None, sorted(ages[1:]))
    words = [
        "p00004",
        "ends: Sun 1 February",
        "grant-graph-roles.sh",
        "2 messages",
        "1 item is set aside",
        "no company",
    ]
    places = [page.index(word) for word in (*words, "4 deletions wait", "2 conflicts to resolve")]
    assert places == sorted(places)


async def test_it_comes_in_pages_and_reads_nobody_else(
    house: House, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten thousand people who all need somebody, partitions are read for the deletions of one page alone."""
    store = house.world.store
    ages = [(number * 7_919) % 10_000 for number in range(10_000)]
    users = [
        somebody(number, tally=Tally(holds=1, holds_since=START + timedelta(minutes=age)))
        for number, age in enumerate(ages)
    ]
    reads: Counter[str] = Counter()
    recall = type(store).recall

    async def counted(self: Any, user_id: str) -> Any:
        reads[user_id] += 1
        return await recall(self, user_id)

    async def listed(_: Any) -> list[User]:
        return users

    monkeypatch.setattr(type(store), "recall", counted)
    monkeypatch.setattr(type(store), "list_users", listed)
    house.advance(days=10)
    second = (await admin.json("/everyone?needs=2"))["needs"]

    assert (second["page"], second["pages"], second["count"]) == (2, 500, 10_000)
    assert [one["user_id"] for one in second["rows"]] == [users[ages.index(age)].id for age in range(20, 40)]
    assert sum(reads.values()) == 20
    page = await admin.read("/portal/everyone?needs=500")
    assert re.findall(r"needs=(\d+)", page) == ["499"]
    assert "Page 500 of 500." in page


async def test_a_failed_check_is_told_until_it_is_well(house: House, admin: Visitor) -> None:
    """By the row, with its command, also when the answer is gone; in another system's words while that is kept."""
    assert (await admin.json("/everyone"))["needs"] == {"page": 1, "pages": 1, "count": 0, "rows": []}
    assert 'id="needs"' not in await admin.read("/portal/everyone")
    began = house.now
    silent = FailedCheck(began + HOUR, Topic.ON_ERP.say(), Phrase(""))
    await revise(house, failing={"on-grants": lacks(began), "on-erp": silent})
    [one] = (await admin.json("/everyone"))["needs"]["rows"]
    assert (one["since"], one["check"]["topic"]) == (began.isoformat(), "on-grants")
    assert "grant-graph-roles.sh" in await admin.read("/portal/everyone", accept_language="bg")

    mended = {"topic": "on-type", "what": "Document type", "text": "mended since"}
    await checked(house, began + 2 * HOUR, {"topic": "on-erp", "what": "ERP.net", "text": "it says no"}, mended)
    house.advance(hours=3)
    rows = (await admin.json("/everyone"))["needs"]["rows"]
    assert [(row["check"]["text"][:10], row["since"]) for row in rows[1:]] == [
        ("it says no", (began + HOUR).isoformat())
    ]
    await revise(house, failing={})
    assert (await admin.json("/everyone"))["needs"]["count"] == 0


async def test_what_is_parked_keeps_its_age(house: House, admin: Visitor) -> None:
    """Through rounds about other items, and whole ones; what is parked later does not make it younger."""
    first, _ = await linked_meeting(house)
    house.advance(hours=1)
    house.outlook().import_again(first)
    await house.step()
    parked_at = house.now
    for full in (False, True, False):
        house.advance(hours=1)
        house.outlook().create(f"Talk {full}", house.now + HOUR, house.now + 2 * HOUR)
        await house.step(full=full)
        [one] = (await admin.json("/everyone"))["needs"]["rows"]
        assert (one["need"], one["count"], one["since"]) == ("parked", 1, parked_at.isoformat())
