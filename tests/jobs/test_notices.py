"""Notifications through ERP.net: a person hears of each cause once, administrators once a day."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from jobs.app.work import handle
from jobs.commands.resolve import resolve
from jobs.notices import send_digest, tell_once
from sync_core.errors import SideUnavailable
from sync_core.model.sides import Side
from tests.support.days import at, linked_meeting
from tests.support.house import ANNA, House

CLASS = "NT_WEBSITE_EXT_MSSYNC"


def told(house: House) -> list[tuple[str, str]]:
    """Whom ERP.net notified of calsync's matters, and how."""
    return [(n["user"], n["subject"]) for n in house.erp.notifications if n["class"] == CLASS]


async def locked(house: House, subject: str, day: int) -> str:
    """A meeting in conflict: edited while its activity is read-only."""
    event, activity = await linked_meeting(house, subject, day)
    house.desk().set_read_only(activity, True)
    house.outlook().edit(event, subject=f"My {subject}")
    return event


class TestAPerson:
    """Anna hears what needs her."""

    async def test_a_conflict_is_told_once(self, house: House) -> None:
        """Not by every round, not by a full one, and without its title."""
        await locked(house, "Salaries", 3)
        await house.step()
        await house.settle()
        await house.sync(full=True)

        assert told(house) == [("anna", "Outlook and ERP.net: a meeting is in conflict.")]

    async def test_several_at_once_are_one_notification(self, house: House) -> None:
        """A later one is told by itself."""
        both = [await linked_meeting(house, f"Planning {day}", day) for day in (3, 4)]
        for event, activity in both:
            house.desk().set_read_only(activity, True)
            house.outlook().edit(event, subject="Mine")
        await house.settle()
        await locked(house, "Planning 5", 5)
        await house.settle()

        assert [text for _, text in told(house)] == [
            "Outlook and ERP.net: 2 meetings are in conflict.",
            "Outlook and ERP.net: a meeting is in conflict.",
        ]

    async def test_resolved_and_back_it_is_told_again(self, house: House) -> None:
        """A cause that is over is forgotten."""
        event = await locked(house, "Planning", 3)
        await house.settle()
        await resolve(house.world, (await house.link_of(event)).conflict_id, "erp")
        assert (await house.user()).told == ()
        house.advance(minutes=5)
        house.outlook().edit(event, subject="Mine, again")
        await house.settle()

        assert len(told(house)) == 2

    async def test_a_list_of_deletions_is_told_once(self, house: House) -> None:
        """Whatever joins it."""
        events = [house.outlook().create(f"Planning {n}", at(2 + n), at(2 + n, 10)) for n in range(10)]
        await house.settle()
        for event in events[:8]:
            house.outlook().delete(event)
        await house.settle()
        house.outlook().delete(events[8])
        await house.settle()

        assert told(house) == [("anna", "Outlook and ERP.net: a list of deletions waits for an answer.")]

    async def test_an_error_is_told_once_with_its_remedy(self, house: House) -> None:
        """Her account is disabled; healed and disabled again, she is told again."""
        await house.settle()
        for _ in range(2):
            house.graph.mailbox(ANNA).enabled = False
            for _ in range(2):
                await house.sync(full=True)
            house.graph.mailbox(ANNA).enabled = True
            await house.sync(full=True)

        assert len(told(house)) == 2
        assert told(house)[0][1].startswith(
            "Outlook and ERP.net: sync does not work: the account of anna@acme.example"
        )

    @pytest.mark.parametrize("is_lacking", [False, True], ids=["a conflict", "no company"])
    async def test_a_crash_after_sending_tells_nobody_twice(
        self, house: House, monkeypatch: pytest.MonkeyPatch, *, is_lacking: bool
    ) -> None:
        """The process dies once ERP.net has answered and before the round ends; the next round goes on."""
        await house.settle()
        before = len(told(house))
        if is_lacking:
            anna = await house.user()
            await house.world.store.revise_user(anna.id, lambda one: replace(one, company_id="gone"))
        else:
            await locked(house, "Planning", 3)
        send = house.world.erp.notify

        async def killed(user_id: str, text: str) -> None:
            await send(user_id, text)
            raise asyncio.CancelledError

        with monkeypatch.context() as patched:
            patched.setattr(house.world.erp, "notify", killed)
            with pytest.raises(asyncio.CancelledError):
                await house.sync(full=True)
        house.advance(minutes=10)
        await house.sync(full=True)

        assert len(told(house)) == before + 1

    async def test_two_workers_tell_a_person_once(self, house: House) -> None:
        """Both found the same at the same time."""
        await locked(house, "Planning", 3)
        anna = await house.user()
        await house.settle()
        memory = await house.recall()
        await house.world.store.revise_user(anna.id, lambda one: replace(one, told=()))
        told_before = len(told(house))
        known = await asyncio.gather(*(tell_once(house.world, replace(anna, told=()), memory) for _ in range(2)))

        assert len(told(house)) == told_before + 1
        assert known[0].told == known[1].told == (await house.user()).told != ()

    async def test_what_did_not_get_through_is_told_later(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ERP.net does not answer just then: nothing stays noted."""
        await house.settle()

        async def silent(_user_id: str, _text: str) -> None:
            raise SideUnavailable(Side.ERP, "no answer")

        with monkeypatch.context() as patched:
            patched.setattr(house.world.erp, "notify", silent)
            await locked(house, "Planning", 3)
            await house.settle()
            assert (told(house), (await house.user()).told) == ([], ())
        await house.sync(full=True)

        assert told(house) == [("anna", "Outlook and ERP.net: a meeting is in conflict.")]

    async def test_a_dry_run_tells_nobody(self, house: House) -> None:
        """Nothing is sent for a plan."""
        await locked(house, "Planning", 3)
        await house.sync(dry_run=True)

        assert told(house) == []


class TestAdministrators:
    """Once a day, and only if something needs them."""

    @pytest.fixture
    async def led(self, house: House) -> House:
        """Boss is an administrator of ERP.net; sync is not switched on for them."""
        house.erp.add_user("boss", "boss@acme.example", "Boss")
        house.world = replace(house.world, digest_to=frozenset({"boss@acme.example"}))
        return house

    async def test_nothing_needs_them(self, led: House) -> None:
        """No news is no notification."""
        await led.settle()
        assert await send_digest(led.world) is False
        assert told(led) == []

    async def test_one_digest_a_day(self, led: House) -> None:
        """After the first pull of a morning; the next day another one, while it lasts."""
        await locked(led, "Salaries", 9)
        await led.settle()
        for _ in range(3):
            led.advance(minutes=2)
            await handle(led.world, '{"kind": "pull"}')
        boss = [text for user, text in told(led) if user == "boss"]
        assert boss == ["calsync needs you: 1 meeting in conflict. `calsync status` says more."]

        led.advance(days=1)
        await handle(led.world, '{"kind": "pull"}')
        assert len([user for user, _ in told(led) if user == "boss"]) == 2

    async def test_two_workers_and_a_restart_send_one(self, led: House) -> None:
        """Both look at the same moment, and a third has just been started: the day is noted in the tables."""
        await locked(led, "Salaries", 9)
        await led.settle()
        sent = await asyncio.gather(*(send_digest(replace(led.world, holder=f"worker {n}")) for n in range(2)))
        again = await send_digest(replace(led.world, holder="restarted"))

        assert (sorted(sent), again) == ([False, True], False)
        assert len([user for user, _ in told(led) if user == "boss"]) == 1

    async def test_nobody_is_named(self, house: House) -> None:
        """Without the setting nobody is told, and no day is noted."""
        await locked(house, "Planning", 9)
        await house.settle()
        assert await send_digest(house.world) is False
        assert (await house.world.store.read_instance())[0].digest_on is None
