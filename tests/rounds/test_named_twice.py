"""Several activities bear one ExternalId: copies of a document, imports, two records of an old sync."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.commands.explain import explain
from jobs.commands.shapes import status_of
from sync_core.model.pending import PendingState
from sync_core.plan.tables import NAMED_TWICE
from tests.support.days import at, digits, linked_meeting, only
from tests.support.house import House, upn_of
from tests.support.scenes import forget_everything

BORIS = upn_of("boris")


def untouched(house: House, ids: list[str]) -> list[dict[str, Any]]:
    """The rows as they stand."""
    return [house.desk().get(activity) for activity in ids]


class TestCopiedDocument:
    """A person copies an activity: the copy keeps the ExternalId and is a new activity."""

    @pytest.mark.parametrize("origin", ["Outlook", "ERP.net"])
    async def test_a_copy_gets_an_event_of_its_own(self, house: House, origin: str) -> None:
        """With memory in place: a second event, nothing parked, both live their own lives."""
        if origin == "Outlook":
            event, activity = await linked_meeting(house)
        else:
            activity = house.desk().create("Planning", digits(1), digits(1, 12))
            await house.step()
            house.desk().edit(activity, notes="the iCalUId is written along")
            await house.step()
            event = only(house.outlook().events())["id"]
        copy = house.desk().copy(activity, subject="Planning (2)", start=digits(2), end=digits(2, 12))
        report = await house.step()
        second = house.outlook().find("Planning (2)")
        assert second is not None
        house.outlook().edit(event, body="of the first")
        house.outlook().edit(second, body="of the second")
        await house.step()

        assert report.parked == 0
        assert [house.desk().get(a)["Notes"] for a in (activity, copy)] == ["of the first", "of the second"]
        assert len(house.outlook().events()) == 2

    async def test_a_copy_by_a_colleague_is_theirs(self, house: House) -> None:
        """Boris copies Anna's activity: the event is in his calendar, not in hers."""
        _, activity = await linked_meeting(house)
        await house.employ("boris")
        await house.sync()
        house.desk("boris").copy(activity, subject="Boris's")
        await house.settle()

        assert [e["subject"] for e in house.outlook(BORIS).events()] == ["Boris's"]
        assert [e["subject"] for e in house.outlook().events()] == ["Planning"]
        assert [p for p in (await house.recall(BORIS)).pending if p.parked] == []

    async def test_memory_lost_after_the_copy_had_its_event(self, house: House) -> None:
        """Each finds its own event again: nothing is made, nothing overwritten."""
        event, activity = await linked_meeting(house)
        copy = house.desk().copy(activity)
        await house.step()
        before = untouched(house, [activity, copy])
        await forget_everything(house)
        report = await house.step()

        assert (dict(report.done), report.parked) == ({"linked": 2}, 0)
        assert untouched(house, [activity, copy]) == before
        links = {x.activity_id: x.event_id for x in (await house.recall()).links}
        assert (links[activity], len(set(links.values()))) == (event, 2)

    @pytest.mark.parametrize("order", [1, -1])
    async def test_memory_lost_before_the_copy_was_seen(self, house: House, order: int) -> None:
        """The original is the one that the service made, whichever is read first; the copy keeps what it says."""
        event, activity = await linked_meeting(house)
        copy = house.desk().copy(activity, subject="Something else", notes="quite another text")
        rows = house.erp.store.sets["General_Activities_Activities"]
        ordered = sorted(rows, key=lambda one: (one == copy) * order)
        rows |= {one: rows.pop(one) for one in ordered}
        await forget_everything(house)
        await house.step()

        assert (await house.link_of(event)).activity_id == activity
        row = house.desk().get(copy)
        assert (row["Subject"], row["Notes"], row["Void"]) == ("Something else", "quite another text", False)
        assert house.outlook().get(event)["subject"] == "Planning"
        assert house.outlook().find("Something else") is not None

    async def test_a_void_original_and_its_copy(self, house: House) -> None:
        """Voided and copied to be done again: the old event goes, the copy has a new one."""
        _, activity = await linked_meeting(house)
        house.desk().copy(activity, subject="Once more")
        house.desk().void(activity)
        await house.step()
        await house.step()

        assert [e["subject"] for e in house.outlook().events()] == ["Once more"]


def imported(house: House, event: str, subject: str) -> str:
    """An activity that an import made, with the iCalUId of an event."""
    uid = house.outlook().get(event)["iCalUId"]
    return house.erp.seed_mssync("anna", subject, digits(3), digits(3, 12), uid)


class TestNoEvidence:
    """Two records of one event that nothing tells apart."""

    async def clash(self, house: House) -> tuple[str, list[str]]:
        """An event and two activities that name it, made alike and at the same moment."""
        event = house.outlook().create("Planning", at(1), at(1, 10))
        return event, [imported(house, event, "First"), imported(house, event, "Second")]

    async def test_it_is_listed_and_neither_is_written(self, house: House) -> None:
        """Nothing is overwritten, void, linked or made; every list says what it is and of which."""
        event, ids = await self.clash(house)
        before = untouched(house, ids)
        report = await house.step()
        again = await house.step(full=True)

        assert [dict(r.done) for r in (report, again)] == [{}, {}]
        assert untouched(house, ids) == before
        assert [e["id"] for e in house.outlook().events()] == [event]
        told = f"{NAMED_TWICE}: {', '.join(sorted(ids))}"
        assert report.skipped[told] == 1
        memory = await house.recall()
        assert {p.state for p in memory.pending} == {PendingState.NAMED_TWICE}
        status = status_of(await house.user(), memory, [])
        assert told in [item["reason"] for item in status["parked_items"]]
        for wanted in (event, *ids):
            found = await explain(house.world, await house.user(), wanted)
            assert {f.reason.split(":")[0] for f in found if f.what == "parked"} == {NAMED_TWICE}

    @pytest.mark.parametrize("how", ["void", "delete"])
    async def test_one_of_them_goes(self, house: House, how: str) -> None:
        """With one void or deleted the other is the meeting's, by the next day at the latest; nothing waits on."""
        event, ids = await self.clash(house)
        await house.step()
        getattr(house.desk(), how)(ids[0])
        house.advance(days=1)
        await house.step()
        await house.step()

        assert (await house.link_of(event)).activity_id == ids[1]
        assert (await house.recall()).pending == ()

    async def test_a_void_one_is_noticed_at_once(self, house: House) -> None:
        """The pull tells of it."""
        event, ids = await self.clash(house)
        await house.step()
        house.desk().void(ids[0])
        await house.step()

        assert (await house.link_of(event)).activity_id == ids[1]

    async def test_the_content_tells_which_it_is(self, house: House) -> None:
        """One of the two says what the event says."""
        event, ids = await self.clash(house)
        house.desk().edit(ids[1], subject="Planning", start=digits(1), end=digits(1, 12))
        before = untouched(house, ids)
        await house.step()

        assert (await house.link_of(event)).activity_id == ids[1]
        assert untouched(house, ids[:1]) == before[:1]
        states = {p.item_id: p.state for p in (await house.recall()).pending}
        assert states == {ids[0]: PendingState.NAMED_TWICE}

    async def test_the_older_one_is_it(self, house: House) -> None:
        """Made an hour apart; the younger one, of a service user too, is listed, and no event is made for it."""
        event = house.outlook().create("Planning", at(1), at(1, 10))
        older = imported(house, event, "First")
        house.advance(hours=1)
        younger = imported(house, event, "Second")
        await house.step()

        assert (await house.link_of(event)).activity_id == older
        assert house.desk().get(younger)["Subject"] == "Second"
        assert len(house.outlook().events()) == 1
        assert {p.item_id for p in (await house.recall()).pending} == {younger}
