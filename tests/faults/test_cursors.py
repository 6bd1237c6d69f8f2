"""Cursors: whatever feeds, pages, links and times do, nothing is skipped and nothing repeated for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.erp import odata
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from jobs.ports import PullReading, Put
from jobs.pull import run_pull
from jobs.round.run import run_round
from sync_core.errors import CalsyncError, StoreUnavailable
from sync_core.model.event import Window
from sync_core.model.memory import Cursors, InboxRow
from sync_core.model.sides import ActivityChange
from tests.support.budget import budget
from tests.support.days import at, digits, linked_meeting
from tests.support.faulty_wire import tamper
from tests.support.fuse import MOST_CALLS
from tests.support.house import ANNA, START, House, no_sleep, open_house
from tests.support.inboxes import ACTIVITIES, inbox_of, many_activities, watermark_of
from tests.support.random_pair import Play
from tests.support.scenes import settled

STRIDE = budget(17, 1)
TRIES = 9
"""More than the client makes: a request is tried three times, and each time an idle connection is cut, once more."""


class TestThePull:
    """ERP.net's side: pages, the watermark, update times."""

    @pytest.fixture(autouse=True)
    def _small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(odata, "PAGE", 2)

    @pytest.mark.parametrize(
        "trouble",
        [{"kind": "cut"}, {"kind": "lose"}, {"status": 503}, {"status": 500}, {"status": 429}, {"body": "<html>"}],
        ids=["cut", "lost", "503", "500", "429", "no JSON"],
    )
    async def test_cut_at_every_page(self, trouble: dict[str, Any]) -> None:
        """The n-th page request fails, for every n: the watermark stays, or what failed is read around; the next pull
        is complete."""
        is_read_around = trouble == {"status": 500}
        async with open_house() as house:
            house.set_policy(late_commit=timedelta(minutes=5))
            await house.employ()
            await house.step()
            for n in range(MOST_CALLS):
                house.advance(minutes=10)
                made = many_activities(house, 7, first=7 * n)
                before = (await watermark_of(house)).watermark
                fault = house.erp.add_fault("*/odata/*", skip=n, times=TRIES, **trouble)
                with suppress(CalsyncError):
                    await run_pull(house.world)
                    assert is_read_around or fault.times == TRIES
                if fault.times != TRIES and not is_read_around:
                    assert (await watermark_of(house)).watermark == before
                house.erp.faults.clear()
                await run_pull(house.world)
                assert made <= await inbox_of(house)
                if fault.times == TRIES:
                    assert n == 8  # pages of two: seven new rows, seven that the overlap shows again; the login
                    return
        pytest.fail("the pull makes more requests than this test looks at")

    async def test_an_inbox_that_cannot_be_written_keeps_the_watermark(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Those of all people are written at the same time; the others' are, and all of them again by the next
        pull."""
        await house.step()
        house.advance(minutes=10)
        many_activities(house, 1)
        before, all_begun, filed = (await watermark_of(house)).watermark, asyncio.Barrier(2), list[str]()

        async def of_two_people(*_: object) -> dict[str, list[InboxRow]]:
            return {name: [InboxRow("activity", house.now)] for name in ("one", "other")}

        async def written(user_id: str, _: object) -> None:
            async with asyncio.timeout(30):
                await all_begun.wait()
            if user_id == "one":
                raise StoreUnavailable("the tables do not answer")
            filed.append(user_id)

        monkeypatch.setattr("jobs.pull._addressed", of_two_people)
        monkeypatch.setattr(house.world.store, "file_inbox", written)
        with pytest.raises(StoreUnavailable):
            await run_pull(house.world)

        assert filed == ["other"]
        assert (await watermark_of(house)).watermark == before

    async def test_an_update_time_that_is_null_waits_for_a_full_round(self, house: House) -> None:
        """No filter finds such a row: a new one and an edited one arrive with the next full round, once."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, subject="Edited")
        new = house.desk().create("New", digits(3), digits(3, 12))
        for ident in (activity, new):
            row = house.erp.store.get(ACTIVITIES, ident)
            assert row is not None
            house.erp.store.assign(row, "AggregateLastUpdateTimeUtc", None)
        await house.step()
        assert house.outlook().find("New") is None

        await house.step(full=True)
        assert house.outlook().get(event)["subject"] == "Edited"
        assert house.outlook().find("New") is not None
        await Play(house).check()

    async def test_a_row_that_is_as_new_as_the_watermark_is_not_skipped(self, house: House) -> None:
        """Many rows of one instant, some committed after the pull that read the others: each is filed once."""
        await house.step()
        first = many_activities(house, 5)
        await run_pull(house.world)
        assert await inbox_of(house) == first

        user = await house.user()
        await house.world.store.clear_inbox(user.id, (await house.recall()).inbox)
        late = many_activities(house, 5, first=5)
        await run_pull(house.world)
        assert await inbox_of(house) == late
        assert (await run_pull(house.world)).changes == 0

    async def test_an_import_of_ten_thousand_rows_does_not_stop_the_pull(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All of one minute: what is remembered of them fits its row, and what changes later is found."""
        await house.step()
        now = house.now + timedelta(minutes=1)
        rows = tuple(ActivityChange(f"{n:08x}-0000-4000-8000-000000000000", now, n) for n in range(10_000))

        async def read_changes(*_: object) -> PullReading:
            return PullReading(rows, now)

        with monkeypatch.context() as flooded:
            flooded.setattr(house.world.erp, "read_changes", read_changes)
            assert (await run_pull(house.world)).changes == 10_000
            assert (await watermark_of(house)).watermark == now
        house.advance(minutes=2)
        late = many_activities(house, 1)
        await run_pull(house.world)
        assert await inbox_of(house) == late

    @pytest.mark.parametrize("known", [True, False], ids=["running", "at the start"])
    async def test_a_row_from_the_future_does_not_hide_the_present(self, house: House, known: bool) -> None:
        """An update time of the year 2999: the watermark does not follow it, and later edits are still found."""
        if known:
            await house.step()
        row = house.erp.store.get(ACTIVITIES, house.desk().create("Odd", digits(2), None))
        assert row is not None
        house.erp.store.assign(row, "AggregateLastUpdateTimeUtc", "2999-01-01T00:00:00.000Z")
        await house.step()
        house.advance(minutes=20)
        house.desk().create("Ordinary", digits(3), digits(3, 12))
        await house.step()

        assert house.outlook().find("Ordinary") is not None
        assert house.outlook().find("Odd") is not None

    async def test_a_refusal_on_the_second_page_is_read_around(self, house: House) -> None:
        """The time is asked for in halves, and everything arrives."""
        await house.step()
        house.advance(minutes=10)
        many_activities(house, 5)
        house.erp.add_fault("GET */odata/*", status=500, body={"error": {"message": "Sorry.", "code": 0}})
        await house.step()
        assert len(house.outlook().events()) == 5
        assert (await watermark_of(house)).unread == ()

    @pytest.mark.parametrize("link", [5, "https://evil.example:99999/x", "http://[", "https://evil.example/x"])
    async def test_a_next_link_that_leads_nowhere_is_told_and_not_thrown(self, house: House, link: object) -> None:
        """It is not followed, nothing is filed, the watermark stays."""
        await house.step()
        many_activities(house, 5)
        before = await watermark_of(house)
        tamper(house.erp, lambda _, body: body | {"@odata.nextLink": link} if "@odata.nextLink" in body else body)
        assert (await house.sync()).failure != ""
        assert await watermark_of(house) == before

    async def test_next_links_without_end_are_given_up(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ever new links to the same page: the pull ends with a reason instead of running for ever."""
        monkeypatch.setattr("adapters.erp.session.MOST_PAGES", 5)
        await house.step()
        many_activities(house, 3)
        count = iter(range(1000))

        def go_on(_: str, body: Any) -> Any:
            return (
                body | {"@odata.nextLink": f"{ACTIVITIES}?$top=2&$skip=0&n={next(count)}"}
                if "value" in body
                else body
            )

        tamper(house.erp, go_on)
        assert "pages" in (await house.sync()).failure


EXPIRIES: dict[str, dict[str, Any]] = {
    "410 SyncStateNotFound": {
        "status": 410,
        "body": {"error": {"code": "SyncStateNotFound", "message": ""}},
    },
    "410 with Location": {
        "status": 410,
        "headers": {"Location": "https://graph.microsoft.com/v1.0/elsewhere"},
        "body": {"error": {"code": "resyncRequired", "message": "Resync required."}},
    },
    "410 without a word": {"status": 410},
    "400 syncStateNotFound": {"status": 400, "body": {"error": {"code": "syncStateNotFound", "message": ""}}},
    "400 resyncRequired": {"status": 400, "body": {"error": {"code": "resyncRequired", "message": ""}}},
    "400 SyncStateInvalid": {"status": 400, "body": {"error": {"code": "SyncStateInvalid", "message": ""}}},
    "404 nested": {
        "status": 404,
        "body": {"error": {"code": "UnknownError", "innerError": {"code": "SyncStateNotFound"}}},
    },
}


@asynccontextmanager
async def pages_of(house: House, size: int) -> AsyncIterator[None]:
    """The feed is read in pages of this size meanwhile."""
    options = GraphOptions(
        credential=lambda: StaticCredential(house.graph.token),
        url=house.graph.url,
        retries=Retries(tries=3, sleep=no_sleep),
        page_size=size,
        page_cap=60,
    )
    calendar = GraphCalendar(options, clock=house.clock.now)
    usual, house.world = house.world, replace(house.world, calendar=calendar)
    try:
        yield
    finally:
        house.world = usual
        await calendar.close()


async def busy(house: House) -> dict[str, str]:
    """Three linked meetings, and since then an edit, a deletion and a new event in Outlook, an edit in ERP.net."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.advance(minutes=5)
    house.outlook().edit(events["Planning"], subject="Planning 2")
    house.outlook().delete(events["Trip"])
    house.outlook().create("New", at(8), at(8, 10))
    house.desk().edit(rows["Visit"], subject="Visit 2")
    return events


async def is_served(house: House) -> None:
    """What ``busy`` did stands on both sides, once."""
    house.advance(minutes=20)
    await Play(house).check()
    left = sorted(a["Subject"] for a in house.desk().activities() if not a["Void"])
    assert left == ["New", "Planning 2", "Visit 2"]
    assert sorted(e["subject"] for e in house.outlook().events()) == left


class TestTheFeed:
    """Graph's side: delta links, pages, windows."""

    @pytest.mark.parametrize("form", EXPIRIES)
    async def test_expired_at_every_page(self, form: str) -> None:
        """The first page, and each further one of a round: everything is read anew, nothing voided or doubled."""
        for n in range(0, MOST_CALLS, STRIDE):
            async with open_house() as house:
                await house.employ()
                await busy(house)
                fault = house.graph.add_fault("GET */calendarView/delta", skip=n, **EXPIRIES[form])
                async with pages_of(house, 1):
                    with suppress(CalsyncError):
                        await run_pull(house.world)
                        await run_round(house.world, await house.user(), asked=True)
                house.graph.faults.clear()
                await is_served(house)
                if fault.times:
                    assert n >= 3
                    return
        pytest.fail("the round reads more pages than this test looks at")

    @pytest.mark.parametrize("full", [True, False])
    async def test_an_edit_of_a_far_meeting_while_the_cursor_expires(self, house: House, full: bool) -> None:
        """Only the lost cursor would have told of it, since no feed covers its time: it arrives all the same."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, start=at(120), end=at(120, 10))
        await house.step()
        house.graph.expire_delta(ANNA)
        house.outlook().edit(event, subject="Edited far away")
        await house.step(full=full)
        assert house.desk().get(activity)["Subject"] == "Edited far away"

    @pytest.mark.parametrize("mode", ["always", "paged"])
    async def test_a_feed_without_end(self, house: House, mode: str) -> None:
        """The view is read instead, the cursor kept; edits, deletions and new events of both sides are carried."""
        await busy(house)
        before = (await house.recall()).cursors
        house.graph.endless_delta(ANNA, mode)
        async with pages_of(house, 200):
            await is_served(house)
        if mode == "always":
            assert (await house.recall()).cursors.delta_link == before.delta_link

        house.graph.endless_delta(ANNA, "")
        await Play(house).check()

    async def test_a_feed_without_end_from_the_first_day(self, house: House) -> None:
        """There never was a cursor: deletions in Outlook are noticed all the same."""
        house.graph.endless_delta(ANNA, "always")
        await busy(house)
        await is_served(house)

    async def test_a_feed_without_end_for_ten_weeks(self, house: House) -> None:
        """The window rolls past what the old link covers: events that come within a month still arrive (R7)."""
        await settled(house)
        far = house.outlook().create("Far", at(95), at(95, 10))
        house.graph.endless_delta(ANNA, "always")
        for _ in range(10):
            house.advance(days=7)
            await house.step()
        assert "Far" in [a["Subject"] for a in house.desk().activities()]
        assert (await house.link_of(far)).event_id == far

    @pytest.mark.parametrize("size", [1, 2, 3])
    async def test_items_that_come_on_several_pages(self, house: House, size: int) -> None:
        """The same item twice in a round, empty pages between: once is enough."""
        house.graph.switches.delta_repeats = True
        house.graph.switches.delta_empty_pages = 2
        house.graph.switches.delta_replays = 5
        async with pages_of(house, size):
            await busy(house)
            await is_served(house)

    async def test_removals_of_what_nobody_knows(self, house: House) -> None:
        """Unknown ids, the id of an activity, a removal beside the event itself: nothing is voided."""
        events = await busy(house)
        activity = house.desk().activities()[0]["Id"]
        strange = ["AAMkUnknown=", activity, "", "\ud800", "x" * 5_000, events["Planning"], events["Visit"]]
        removals = [{"id": ident, "@removed": {"reason": "deleted"}} for ident in strange]

        def add(line: str, body: Any) -> Any:
            return body | {"value": [*removals, *body["value"], *removals]} if line.endswith("/delta") else body

        tamper(house.graph, add)
        await is_served(house)

    @pytest.mark.parametrize("start", [-40, -1, 10, 50])
    @pytest.mark.parametrize("days", [1, 20, 90])
    async def test_a_link_that_was_asked_for_another_window(self, house: House, start: int, days: int) -> None:
        """The remembered window is not the link's: nothing is taken for gone, nothing is missed."""
        await busy(house)
        user, cursors = await house.user(), (await house.recall()).cursors
        begin = START + timedelta(days=start)
        await remember(house, replace(cursors, delta_window=Window(begin, begin + timedelta(days=days))))
        await is_served(house)
        assert (await house.user()).state == user.state

    @pytest.mark.parametrize("link", ["https://evil.example/v1.0/delta?$deltatoken=x", "http://["])
    async def test_a_remembered_link_that_leads_nowhere(self, house: House, link: str) -> None:
        """A spoilt cursor is no dead end: everything is read anew, and no token leaves."""
        await busy(house)
        await remember(house, replace((await house.recall()).cursors, delta_link=link))
        await is_served(house)

    async def test_a_delta_link_to_a_foreign_host_is_not_kept(self, house: House) -> None:
        """The round that is given one says so and keeps its cursor; the next one is complete."""
        await busy(house)
        before = (await house.recall()).cursors
        evil = {"@odata.deltaLink": "https://evil.example/v1.0/delta"}
        usual = house.graph._door
        tamper(house.graph, lambda _, body: body | evil if "@odata.deltaLink" in body else body)
        [report] = (await house.sync()).reports
        assert "another host" in report.failures[0].text
        assert (await house.recall()).cursors.delta_link == before.delta_link

        house.graph._door = usual  # type: ignore[method-assign]
        await is_served(house)


async def remember(house: House, cursors: Cursors) -> None:
    """Put these cursors into Anna's memory."""
    user = await house.user()
    lease = await house.world.store.acquire_lease(user.id, "test", 60)
    await house.world.store.release_lease(await house.world.store.save(lease, [Put(cursors)]))
