"""The switch, and what is named with it: looked up before anything is saved, and never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.store.backend import Op, Table
from adapters.store.store import RowStore
from jobs.commands.mistakes import UnknownUser
from jobs.commands.switch import disable, enable
from jobs.places import UnknownPlace
from sync_core.model.user import User
from tests.support.days import at, digits
from tests.support.fuse import Fuse, FusedBackend, Killed
from tests.support.house import ANNA, START, House, open_house


async def test_a_wrong_company_breaks_nothing(house: House) -> None:
    """`users enable --company foo` of somebody whose sync works changes nothing about them."""
    await house.step()
    before = await house.user()
    with pytest.raises(UnknownPlace, match="Acme Ltd"):
        await enable(house.world, ANNA, company_id="foo")

    assert await house.user() == before


@pytest.mark.parametrize("by", ["name", "code"])
async def test_names_and_codes_are_accepted(house: House, by: str) -> None:
    """Company and location by name, whatever the letter case, or the company by its number, are stored by id."""
    shop = house.erp.add_location(house.erp.company_id, "Shop")
    code = next(p.company_code for p in await house.world.erp.list_places() if p.location_id == shop)
    checkup = await enable(house.world, ANNA, company_id="ACME LTD" if by == "name" else code, location_id="shop")

    assert (checkup.problems, checkup.user.location_id) == ((), shop)
    assert (await house.user()).company_id == house.erp.company_id


Meanwhile = Callable[[], Awaitable[Any]]


def at_first(house: House, monkeypatch: pytest.MonkeyPatch, port: str, method: str, meanwhile: Meanwhile) -> None:
    """Let something happen right before the first call of one method of the world's."""
    target = getattr(house.world, port)
    real = getattr(target, method)
    waiting = [meanwhile]

    async def call(*args: Any, **kwargs: Any) -> Any:
        if waiting:
            await waiting.pop()()
        return await real(*args, **kwargs)

    monkeypatch.setattr(target, method, call)


MOMENTS = [("erp", "list_places"), ("erp", "find_users"), ("calendar", "read_time_zone"), ("erp", "check_readiness")]


@pytest.mark.parametrize(("port", "method"), MOMENTS, ids=[method for _, method in MOMENTS])
async def test_a_switch_off_meanwhile_stays(
    house: House, monkeypatch: pytest.MonkeyPatch, port: str, method: str
) -> None:
    """Somebody switches Anna off while a colleague gives her another location: she stays off."""
    await house.step()
    user = await house.user()
    at_first(house, monkeypatch, port, method, lambda: disable(house.world, user))
    await enable(house.world, ANNA, company_id="acme ltd", location_id="head office")

    assert (await house.user()).enabled is False


async def test_switched_on_and_off_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where she was off before, and was switched on and off again by others in the meantime."""
    await disable(house.world, await house.user())
    house.advance(hours=1)

    async def others() -> None:
        await enable(house.world, ANNA)
        await disable(house.world, await house.user())

    at_first(house, monkeypatch, "erp", "list_places", others)
    checkup = await enable(house.world, ANNA, company_id="acme ltd", location_id="head office")

    assert (await house.user()).enabled is False
    assert "switched off meanwhile" in checkup.problems[0]


async def test_two_enables_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sets the location, the other the zone: both hold."""
    shop = house.erp.add_location(house.erp.company_id, "Shop")
    at_first(house, monkeypatch, "erp", "list_places", lambda: enable(house.world, ANNA, zone="Europe/London"))
    await enable(house.world, ANNA, company_id="acme ltd", location_id="shop")
    user = await house.user()

    assert (user.enabled, user.location_id, user.zone, user.zone_chosen) == (True, shop, "Europe/London", True)


async def test_forgotten_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who is forgotten while they are switched on is not brought back."""
    user = await house.user()
    at_first(house, monkeypatch, "erp", "list_places", lambda: house.world.store.forget_user(user.id))
    with pytest.raises(UnknownUser, match="forgotten meanwhile"):
        await enable(house.world, ANNA, company_id="acme ltd", location_id="head office")

    assert await house.world.store.list_users() == []


async def test_dying_at_every_write_of_a_switch_off() -> None:
    """Whenever switching off is cut: what changed while Anna was off arrives after she is switched on again."""
    for n in range(20):
        backend = FusedBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            house.outlook().create("Old", at(1), at(1, 10))
            await house.step()
            await house.step()
            backend.fuse = Fuse(n)
            try:
                await disable(house.world, await house.user())
                died = False
            except Killed:
                died = True
            backend.fuse = Fuse()
            if n == 0:
                continue  # nothing was written: she is on
            assert (await house.user()).enabled is False
            house.advance(minutes=30)
            house.desk().create("Meanwhile", digits(3), digits(3, 12))
            house.outlook().create("Meanwhile too", at(4), at(4, 10))
            await house.sync()
            house.advance(minutes=10)
            await enable(house.world, ANNA)
            await house.sync()
            assert {"Old", "Meanwhile", "Meanwhile too"} == {e["subject"] for e in house.outlook().events()}
            assert {"Old", "Meanwhile", "Meanwhile too"} == {a["Subject"] for a in house.desk().activities()}
            if not died:
                return
    pytest.fail("switching off makes more writes than this test looks at")


async def test_a_cancellation_is_of_the_version_that_was_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A meeting with guests is edited in Outlook at the very moment ERP.net's void would cancel it: not cancelled
    unread, and the deletion still goes through, the edit kept in the journal."""
    house.graph.add_mailbox("guest@other.example")
    house.outlook().create("Party", at(2), at(2, 10), attendees=["guest@other.example"])
    await house.settle()
    [event], [activity] = house.outlook().events(), house.desk().activities()
    house.desk().void(activity["Id"], "no")
    house.graph.requests.clear()

    async def edited() -> None:
        house.outlook().edit(event["id"], subject="Party at nine")

    at_first(house, monkeypatch, "calendar", "write", edited)
    with house.post() as mails:
        await house.settle()
    sent = [s for s in house.graph.requests if s.path.endswith("/$batch") and "/cancel" in str(s.body)]
    singles = [s for s in house.graph.requests if s.path.endswith("/cancel")]

    assert sent or singles
    assert all("If-Match" in str(s.body) for s in sent)
    assert all("if-match" in {name.lower() for name in s.headers} for s in singles)
    assert event["id"] not in [e["id"] for e in house.outlook().events()]
    assert [kind for kind, _ in mails].count("cancellation") == 1
    entries = await house.world.store.read_journal((await house.user()).id, 100)
    assert "Party at nine" in [text for entry in entries for text in (*entry.before.values(), entry.subject)]


async def test_deletions_count_also_when_a_round_ends_early() -> None:
    """Rounds that are killed right after they saved what they voided: the guard counts those deletions all the same,
    and stops the run before it has emptied the calendar."""
    backend = FusedBackend(lambda: START)
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        for number in range(14):
            house.outlook().create(f"Meeting {number}", at(1 + number), at(1 + number, 10))
        await house.step()
        await house.step()
        for event in house.outlook().events()[:3]:
            house.outlook().delete(event["id"])
        await _kill_after_links_are_saved(house, backend)

        assert len((await house.recall()).cursors.deletions) == 3
        assert (await house.recall()).cursors.served == ""
        await house.sync()
        assert len((await house.recall()).cursors.deletions) == 3

        for event in house.outlook().events()[:3]:
            house.outlook().delete(event["id"])
        [report] = (await house.sync()).reports
        assert [len(hold.items) for hold in report.holds] == [3]
        assert sum(row["Void"] for row in house.desk().activities()) == 3


async def _kill_after_links_are_saved(house: House, backend: FusedBackend) -> None:
    """A sync that dies right after the transaction that saves its tombstones."""
    real = backend.transact

    async def transact(table: Table, ops: Sequence[Op]) -> list[str]:
        etag = await real(table, ops)
        if any("tombstone" in str(op.properties.get("data0")) for op in ops):
            raise Killed
        return etag

    backend.transact = transact  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await house.sync()
    backend.transact = real  # type: ignore[method-assign]


def test_a_user_is_unread_until_a_whole_round_has_ended() -> None:
    """Switched on after the last sync, or never synced: what the calendar holds is not known."""
    user = User("u", "u@x", enabled_at=START)

    assert user.is_unread
    assert not replace(user, synced_at=START).is_unread
    assert replace(user, synced_at=START, enabled_at=START.replace(hour=9)).is_unread
