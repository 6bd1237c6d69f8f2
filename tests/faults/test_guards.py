"""The brakes: what looks like a disaster waits for a person, and the person's answer is carried out exactly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.store import codec
from adapters.store.backend import Op, Table, Verb
from adapters.store.store import RowStore
from jobs.approvals import UnknownChoice, choices_in, find_choice, make_choice, retry
from jobs.due import is_due
from jobs.ports import Drop, Erp
from jobs.pull import run_pull
from sync_core.errors import (
    CalsyncError,
    ItemRejected,
    SideError,
    SideUnavailable,
    StaleWrite,
    StoreError,
    WrongStore,
)
from sync_core.model.link import TRIES, EndedBy, LinkStatus
from sync_core.model.sides import Side
from sync_core.model.writes import ErpIdentity, ErpWrite, Outcome
from tests.support.budget import budget
from tests.support.days import at, digits, linked_meeting
from tests.support.house import START, House, open_house
from tests.support.random_pair import Play
from tests.support.troubled import TroubledBackend


async def many(house: House, count: int = 12) -> dict[str, tuple[str, str]]:
    """Linked meetings: subject → (event id, activity id)."""
    for n in range(count):
        house.outlook().create(f"m{n}", at(n + 1), at(n + 1, 10))
    await house.step()
    await house.step()
    links = {x.event_id: x.activity_id for x in (await house.recall()).links}
    return {e["subject"]: (e["id"], links[e["id"]]) for e in house.outlook().events()}


def void_count(house: House) -> int:
    """How many activities are void."""
    return sum(a["Void"] for a in house.desk().activities())


class TestVanishing:
    """Half a mailbox is gone."""

    async def test_half_a_mailbox_vanishes_and_comes_back(self, house: House) -> None:
        """Held, not voided; when the events are back the list is off the table and everything goes on."""
        meetings = await many(house)
        gone = [event for event, _ in list(meetings.values())[:7]]
        for event in gone:
            house.outlook().delete(event)
        report = await house.step()
        assert ([len(h.items) for h in report.holds], void_count(house)) == ([7], 0)

        for event in gone:
            house.outlook().restore(event)
        await house.step()
        report = await house.step(full=True)
        assert (report.holds, void_count(house)) == ((), 0)
        assert {x.status for x in (await house.recall()).links} == {LinkStatus.LIVE}
        await Play(house).check()

    async def test_approve_voids_the_list_and_nothing_else(self, house: House) -> None:
        """Seven were listed; one came back and one more was deleted since: six are voided by the answer."""
        meetings = await many(house)
        events = [event for event, _ in meetings.values()]
        for event in events[:7]:
            house.outlook().delete(event)
        report = await house.step()
        house.outlook().restore(events[0])
        house.outlook().edit(events[0], subject="back again")
        user, choice = await find_choice(house.world, report.holds[0].id)
        await make_choice(house.world, user, choice, approved=True)
        report = await house.step()
        await house.step(full=True)

        rows = {a["Id"]: a["Void"] for a in house.desk().activities()}
        listed = [activity for _, activity in list(meetings.values())[:7]]
        voided = [rows[activity] for activity in listed]
        assert voided == [False, *[True] * 6]
        assert not any(void for activity, void in rows.items() if activity not in listed)
        alive = [a for a in house.desk().activities() if a["Subject"] == "back again" and not a["Void"]]
        assert len(alive) == 1
        assert (await house.recall()).holds == ()

    async def test_a_list_of_which_half_came_back_says_what_is_left(self, house: House) -> None:
        """Four of seven are restored: three are listed under a new id, and what is said of the seven is past; the
        old id answers nothing any more, a yes to the new one voids the three."""
        meetings = await many(house)
        gone = [event for event, _ in list(meetings.values())[:7]]
        for event in gone:
            house.outlook().delete(event)
        [before] = (await house.step()).holds
        for event in gone[:4]:
            house.outlook().restore(event)
        [hold] = (await house.step()).holds

        assert [item.subject for item in hold.items] == ["m4", "m5", "m6"]
        assert hold.why == "7 of 12 linked meetings were deleted at once"
        with pytest.raises(UnknownChoice, match="calsync status"):
            await find_choice(house.world, before.id)
        await make_choice(house.world, *await find_choice(house.world, hold.id), approved=True)
        await house.settle()
        assert {a["Subject"] for a in house.desk().activities() if a["Void"]} == {"m4", "m5", "m6"}

    async def test_an_answer_reaches_only_the_list_it_was_given_for(self, house: House) -> None:
        """More was deleted before the answer: the newcomers are not voided with the list."""
        meetings = await many(house, 20)
        events = [event for event, _ in meetings.values()]
        for event in events[:7]:
            house.outlook().delete(event)
        report = await house.step()
        for event in events[7:15]:
            house.outlook().delete(event)
        user, choice = await find_choice(house.world, report.holds[0].id)
        await make_choice(house.world, user, choice, approved=True)
        await house.step()

        assert void_count(house) == 7
        assert [len(c.items) for c in choices_in(await house.recall())] == [8]

    async def test_a_dropped_list_is_forgotten_like_any_other_end(self, house: House) -> None:
        """Its links end, and ninety days later nothing is left of them."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        report = await house.step()
        user, choice = await find_choice(house.world, report.holds[0].id)
        await make_choice(house.world, user, choice, approved=False)
        await house.step()
        dropped = [x for x in (await house.recall()).links if x.ended_by is EndedBy.DROPPED]
        assert len(dropped) == 7
        assert all(link.ended_at is not None for link in dropped)

        house.advance(days=100)
        await house.step(full=True)
        await house.step(full=True)
        assert not {x.event_id for x in dropped} & {x.event_id for x in (await house.recall()).links}


class TestRestored:
    """ERP.net comes back from last week's backup."""

    async def test_activities_made_since_the_backup_are_parked_not_removed(self, house: House) -> None:
        """They vanish without a deletion record: their events stay where they are."""
        meetings = await many(house, 4)
        house.desk().create("Visit", digits(9), digits(9, 12))
        await house.step()
        for row in list(house.erp.store.rows("General_Activities_Activities")):
            house.erp.store.remove(row)
        for _ in range(2):
            await house.step(full=True)

        assert len(house.outlook().events()) == len(meetings) + 1
        assert {x.status for x in (await house.recall()).links} == {LinkStatus.PARKED}
        assert house.desk().activities() == []

    async def test_old_versions_do_not_overwrite_the_calendar(self, house: House) -> None:
        """A week's edits are missing in the restored activity: the pair is parked, Outlook keeps the edits."""
        event, activity = await linked_meeting(house, "As it was", 9)
        row = house.erp.store.get("General_Activities_Activities", activity)
        assert row is not None
        names = ("Subject", "ObjectVersion", "AggregateLastUpdateTimeUtc")
        backup = {name: row[name] for name in names}
        house.advance(days=3)
        house.outlook().edit(event, subject="As it is now")
        await house.step()
        assert house.desk().get(activity)["Subject"] == "As it is now"
        for name in names:
            house.erp.store.assign(row, name, backup[name])
        await house.step(full=True)

        assert house.outlook().get(event)["subject"] == "As it is now"
        link = await house.link_of(event)
        assert link.status is LinkStatus.PARKED
        assert "backup" in link.reason

        house.desk().edit(activity, subject="Typed since")
        await house.step()
        assert house.outlook().get(event)["subject"] == "Typed since"


@pytest.mark.parametrize("name", ["tenant", "database"])
async def test_another_tenant_or_instance_is_refused(house: House, name: str) -> None:
    """A wrong ERPNET_URL or tenant over an existing store reads and writes nothing, and says what to correct."""
    await linked_meeting(house)
    house.graph.forget_requests()
    house.erp.forget_requests()
    other = replace(house.world, **{name: "other"})  # type: ignore[arg-type]
    with pytest.raises(WrongStore, match=r"correct AZURE_TENANT_ID and ERPNET_URL"):
        await run_pull(other)

    assert (house.graph.requests, house.erp.requests) == ([], [])


async def listed(house: House) -> str:
    """The id under which the one list waits."""
    [choice] = choices_in(await house.recall())
    return choice.id


async def say(house: House, choice_id: str, *, approved: bool) -> None:
    """A person answers."""
    user, choice = await find_choice(house.world, choice_id)
    await make_choice(house.world, user, choice, approved=approved)


class TestAnySize:
    """A list is as long as the disaster was."""

    async def test_a_list_that_fits_no_row_is_held_and_carried_out(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nine of ten meetings vanish: all are on one list, and approving voids them all."""
        most = budget(200, 2_000)
        monkeypatch.setattr(codec, "PARTS", budget(1, 4))  # ids of the stand-in are a third as long as the real ones
        for n in range(most + most // 10):
            house.outlook().create(f"m{n}", at(n % 25 + 1), at(n % 25 + 1, 10))
        await house.step()
        for event in house.outlook().events()[:most]:
            house.outlook().delete(event["id"])
        report = await house.step()
        assert ([len(h.items) for h in report.holds], void_count(house)) == ([most], 0)
        with pytest.raises(StoreError):
            codec.encode(report.holds[0])

        await say(house, await listed(house), approved=True)
        await house.step()
        assert (void_count(house), (await house.recall()).holds) == (most, ())

    @pytest.mark.parametrize("approved", [True, False])
    async def test_a_stop_at_any_save_of_a_list_and_its_answer(self, approved: bool) -> None:
        """However little of it was stored, the next rounds end with one list, and with its answer carried out."""
        for stop in range(0, 200, budget(29, 1)):
            backend = TroubledBackend(lambda: START)
            async with open_house(RowStore(backend)) as house:
                backend._clock = house.clock.now
                await house.employ()
                meetings = await many(house)
                for event, _ in list(meetings.values())[:7]:
                    house.outlook().delete(event)
                was_hit = await _stopped(house, backend, stop)
                await house.step()
                await say(house, await listed(house), approved=approved)
                was_hit |= await _stopped(house, backend, stop)
                await house.step()
                await house.step(full=True)
                memory = await house.recall()
                assert (void_count(house), memory.holds) == (7 if approved else 0, ())
                assert sum(x.status is LinkStatus.LIVE for x in memory.links) == 5
                assert len(house.outlook().events()) == 5
            if not was_hit:
                return
        raise AssertionError("the rounds make more saves than this test looks at")


async def _stopped(house: House, backend: TroubledBackend, stop: int) -> bool:
    """A sync whose tables fail from the n-th call on for a moment; whether that was reached."""
    backend.left = stop
    with suppress(CalsyncError):
        await house.sync()
    was_hit, backend.left = backend.left < 0, None
    house.advance(minutes=20)
    return was_hit


async def as_version_one_left_it(house: House) -> None:
    """The list and its links as the build before stored them: the row names the links, and they know of none."""
    assert house.memory is not None
    backend = house.memory.backend
    partition = codec.key((await house.user()).id)
    for row in await backend.scan(Table.STATE, partition):
        kind = row.key.row.partition("-")[0]
        if kind not in ("link", "hold"):
            continue
        told = json.loads(str(row.properties["data0"]))
        if kind == "hold":
            [hold] = (await house.recall()).holds
            items = [{"event_id": i.event_id, "activity_id": i.activity_id, "intent": i.intent} for i in hold.items]
            told = {**told, "id": hold.key, "items": items}
        told = {name: value for name, value in told.items() if name not in NEW} | {"creator": "anna"}
        await backend.write(Table.STATE, Op(Verb.PUT, row.key, {"v": 1, "data0": json.dumps(told)}))


NEW = {"key", "listed", "held", "given_up_at", "ended_by"}
"""What version 1 did not know."""


class TestVersionOne:
    """A list that the build before made."""

    @pytest.mark.parametrize("approved", [True, False])
    async def test_a_list_of_before_the_update_is_answered_after_it(self, house: House, approved: bool) -> None:
        """The same items under the same id, and the answer is carried out."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        known = await listed(house)
        await as_version_one_left_it(house)
        assert {x.held for x in (await house.recall()).links if x.status is LinkStatus.HELD} != {None}
        await say(house, known, approved=approved)
        await house.step()
        await house.step(full=True)

        assert (void_count(house), (await house.recall()).holds) == (7 if approved else 0, ())
        assert len(house.outlook().events()) == 5

    async def test_what_the_build_before_left_held_for_ever_is_held_anew(self, house: House) -> None:
        """Its approved list was gone after one failure: the next day's look finds the deletions, and asks."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        await as_version_one_left_it(house)
        lease = await house.world.store.acquire_lease((await house.user()).id, "test", 60)
        [hold] = (await house.recall()).holds
        await house.world.store.release_lease(await house.world.store.save(lease, [Drop(hold)]))
        house.advance(days=1)
        report = await house.step()

        assert ([len(h.items) for h in report.holds], void_count(house)) == ([7], 0)


class TestAnswersAreUsedUpItemByItem:
    """An answer is for each item until it is carried out."""

    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(ItemRejected(Side.ERP, "ERP.net refused: 500"), id="500"),
            pytest.param(StaleWrite(Side.ERP, "somebody was faster"), id="412"),
            pytest.param(SideUnavailable(Side.ERP, "no answer", unclear=True), id="silence"),
        ],
    )
    async def test_an_approved_void_that_fails_once_is_carried_out_the_next_time(
        self, house: House, monkeypatch: pytest.MonkeyPatch, error: SideError
    ) -> None:
        """The others go at once; the one that failed keeps its approval."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        refusing = Refusing(house.world.erp, list(meetings.values())[3][1], error)
        monkeypatch.setattr(house.world.erp, "write", refusing.write)
        await say(house, await listed(house), approved=True)
        await house.sync()
        house.advance(minutes=20)
        await house.step()

        assert (void_count(house), refusing.refusals) == (7, 1)
        memory = await house.recall()
        assert (memory.holds, {x.status for x in memory.links}) == ((), {LinkStatus.LIVE, LinkStatus.TOMBSTONE})

    @pytest.mark.parametrize("status", [500, 412])
    async def test_an_approved_removal_that_fails_once_is_carried_out_the_next_time(
        self, house: House, status: int
    ) -> None:
        """An event that Outlook would not let go the first time."""
        meetings = await many(house)
        for _, activity in list(meetings.values())[:7]:
            house.desk().void(activity, "no")
        await house.step()
        house.graph.add_fault(f"DELETE /v1.0/users/*/events/{list(meetings.values())[2][0]}", status=status, times=1)
        await say(house, await listed(house), approved=True)
        await house.sync()
        house.advance(minutes=20)
        await house.step()

        assert len(house.outlook().events()) == 5
        assert (await house.recall()).holds == ()

    async def test_an_approval_outlives_too_many_tries(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Parked after ten, it costs no further round; a retry carries it out without asking again."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        error = ItemRejected(Side.ERP, "ERP.net refused: 500")
        refusing = Refusing(house.world.erp, list(meetings.values())[3][1], error, times=99)
        monkeypatch.setattr(house.world.erp, "write", refusing.write)
        await say(house, await listed(house), approved=True)
        for _ in range(14):
            house.advance(hours=7)
            await house.sync()
        assert (void_count(house), refusing.refusals, choices_in(await house.recall())) == (6, TRIES, [])
        user = await house.user()
        memory = await house.recall()
        assert not is_due(house.world, user, memory, (await house.world.store.read_instance())[0])

        refusing.left = 0
        assert await retry(house.world, user) == 1
        await house.step()
        assert (void_count(house), (await house.recall()).holds) == (7, ())


class Refusing:
    """Stands before ERP.net and answers writes of one activity with an error, so many times."""

    def __init__(self, erp: Erp, activity: str, error: SideError, times: int = 1) -> None:
        self.write_through = erp.write
        self.activity, self.error, self.left, self.refusals = activity, error, times, 0

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """``Erp.write``."""
        passed = [one for one in writes if not self.refuses(one)]
        outcomes = iter(await self.write_through(who, passed) if passed else [])
        return [Outcome(error=self.error) if one not in passed else next(outcomes) for one in writes]

    def refuses(self, write: ErpWrite) -> bool:
        """Whether this write is refused, once more."""
        if self.left == 0 or getattr(write, "activity_id", "") != self.activity:
            return False
        self.left, self.refusals = self.left - 1, self.refusals + 1
        return True


class TestAPersonsNo:
    """`approve --drop`: both sides stay as they are."""

    @pytest.mark.parametrize("deleted", [False, True])
    async def test_dropped_removals_make_nothing_new(self, house: House, deleted: bool) -> None:
        """Seven activities were voided by mistake, or deleted: their events stay, no full round makes new ones."""
        meetings = await many(house)
        for _, activity in list(meetings.values())[:7]:
            if deleted:
                house.desk().delete(activity)
            else:
                house.desk().void(activity, "no")
        await house.step()
        await say(house, await listed(house), approved=False)
        await house.step()
        for days in (0, 1, 3):
            house.advance(days=days)
            await house.step(full=True)

        assert (len(house.outlook().events()), len(house.desk().activities())) == (12, 5 if deleted else 12)
        assert (void_count(house), choices_in(await house.recall())) == (0 if deleted else 7, [])

    async def test_dropped_voids_bring_no_event_back(self, house: House) -> None:
        """Seven events were deleted: their activities stay, and no full round makes events of them."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        await say(house, await listed(house), approved=False)
        await house.step()
        for _, activity in list(meetings.values())[:2]:
            house.desk().edit(activity, subject="Edited since")
        await house.step()
        await house.step(full=True)

        assert (len(house.outlook().events()), void_count(house)) == (5, 0)
        assert choices_in(await house.recall()) == []

    async def test_what_is_restored_after_a_no_is_a_pair_again(self, house: House) -> None:
        """Back out of Deleted Items, its edit arrives; deleted once more, it is voided like any other."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        await say(house, await listed(house), approved=False)
        await house.step()
        event, activity = next(iter(meetings.values()))
        house.outlook().restore(event)
        house.outlook().edit(event, subject="Back")
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Back"

        house.outlook().delete(event)
        await house.step()
        assert (void_count(house), house.desk().get(activity)["Void"]) == (1, True)

    async def test_a_dry_run_after_a_yes_shows_what_the_round_does(self, house: House) -> None:
        """Item by item, before anything is carried out."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        await house.step()
        await say(house, await listed(house), approved=True)
        plan = (await house.sync(dry_run=True)).reports[0]
        assert void_count(house) == 0
        real = await house.step()

        done = sorted((line.what, line.subject) for line in real.lines)
        assert (sorted((line.what, line.subject) for line in plan.lines), len(done)) == (done, 7)

    async def test_a_dry_run_before_the_round_shows_what_the_round_does(self, house: House) -> None:
        """The no is heeded in the plan, too, and the plan writes nothing."""
        meetings = await many(house)
        for _, activity in list(meetings.values())[:7]:
            house.desk().void(activity, "no")
        await house.step()
        await say(house, await listed(house), approved=False)
        before = await house.recall()
        plan = (await house.sync(full=True, dry_run=True)).reports[0]
        assert await house.recall() == before
        real = await house.step(full=True)

        assert (plan.holds, real.holds) == ((), ())
        assert sum(real.done.values()) == 0
        assert [line.what for line in plan.lines if line.what not in ("skipped", "parked")] == []


class TestOneDeletionInTwoRounds:
    """However the feed cuts it, it is one list."""

    async def test_two_halves_are_one_list(self, house: House) -> None:
        """Four by four: eight are on the list that waits, under an id of its own, and one answer is for all."""
        meetings = await many(house)
        events = [event for event, _ in meetings.values()]
        for event in events[:7]:
            house.outlook().delete(event)
        await house.step()
        first = await listed(house)
        house.outlook().delete(events[7])
        plan = (await house.sync(dry_run=True)).reports[0]
        report = await house.step()
        assert ([len(h.items) for h in report.holds], void_count(house)) == ([8], 0)
        assert [h.id for h in plan.holds] == [h.id for h in report.holds] == [await listed(house)]

        with pytest.raises(UnknownChoice):
            await say(house, first, approved=True)
        await say(house, await listed(house), approved=True)
        await house.step()
        assert (void_count(house), (await house.recall()).holds) == (8, ())

    async def test_what_is_deleted_days_later_is_no_part_of_it(self, house: House) -> None:
        """The list still waits; a single deletion is carried out as ever."""
        meetings = await many(house)
        events = [event for event, _ in meetings.values()]
        for event in events[4:11]:
            house.outlook().delete(event)
        await house.step()
        house.advance(days=2)
        house.outlook().delete(events[11])
        report = await house.step()

        assert ([len(h.items) for h in report.holds], void_count(house)) == ([7], 1)
