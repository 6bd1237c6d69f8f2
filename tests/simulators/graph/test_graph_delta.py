"""The change feed with its oddities: graph.md §3, traps T1 to T6, T17, T23, T25."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, WINDOW, BareGraphClient, daily, span

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
REMOVED = {"reason": "deleted"}
HOUR = timedelta(hours=1)


async def test_first_round_brings_what_is_in_the_window_in_full(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """The initial round delivers full events, and properties outside the schema."""
    inside = graph.person(ANN).create("In", NOON, ONE)
    graph.person(ANN).create("Out", NOON + timedelta(days=365), ONE + timedelta(days=365))
    items, link = await client.round()

    assert [i["id"] for i in items] == [inside]
    assert items[0]["@odata.type"] == "#microsoft.graph.event"
    assert items[0]["subject"] == "In"
    assert "IsRoomRequested" in items[0]
    assert "$deltatoken=" in link


async def test_next_round_brings_only_what_changed(client: BareGraphClient, graph: GraphSimulator) -> None:
    """After a deltaLink only changes come, each once; a quiet round is empty."""
    ann = graph.person(ANN)
    kept, edited = ann.create("Kept", NOON, ONE), ann.create("Edited", NOON, ONE)
    _, link = await client.round()
    ann.edit(edited, subject="Edited once")
    ann.edit(edited, subject="Edited twice")
    items, after = await client.round(link=link)
    quiet, _ = await client.round(link=after)

    assert [(i["id"], i["subject"]) for i in items] == [(edited, "Edited twice")]
    assert kept not in [i["id"] for i in items]
    assert quiet == []


async def test_our_own_write_comes_back(client: BareGraphClient) -> None:
    """T7: what the application wrote is a change like any other."""
    _, link = await client.round()
    made = await client.create()
    items, _ = await client.round(link=link)

    assert [i["id"] for i in items] == [made["id"]]


@pytest.mark.parametrize("act", ["delete", "hard_delete", "move_to_calendar"])
async def test_event_that_leaves_the_calendar_is_removed(
    client: BareGraphClient, graph: GraphSimulator, act: str
) -> None:
    """A deleted event and one moved to another calendar look the same: @removed, id only."""
    ident = graph.person(ANN).create("Bye", NOON, ONE)
    _, link = await client.round()
    getattr(graph.person(ANN), act)(*(ident, "Other") if act == "move_to_calendar" else (ident,))
    items, _ = await client.round(link=link)

    assert items == [{"@odata.type": "#microsoft.graph.event", "id": ident, "@removed": REMOVED}]


async def test_event_moved_out_of_the_window_is_removed_though_alive(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T1: leaving the window looks like a deletion, but GET still finds the event."""
    ident = graph.person(ANN).create("Later", NOON, ONE)
    _, link = await client.round()
    graph.person(ANN).move_time(ident, NOON + timedelta(days=365), ONE + timedelta(days=365))
    items, _ = await client.round(link=link)

    assert [(i["id"], i["@removed"]) for i in items] == [(ident, REMOVED)]
    assert (await client.event(ident)).status == 200


async def test_event_made_or_changed_outside_the_window_is_removed_too(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T1: @removed also comes for ids nobody was ever told about."""
    far = NOON + timedelta(days=365)
    old = graph.person(ANN).create("Old", far, far + HOUR)
    _, link = await client.round()
    new = graph.person(ANN).create("New", far, far + HOUR)
    graph.person(ANN).edit(old, subject="Older")
    items, _ = await client.round(link=link)

    assert {i["id"] for i in items} == {old, new}
    assert all(i["@removed"] == REMOVED for i in items)


async def test_created_and_deleted_between_rounds_is_no_news(client: BareGraphClient, graph: GraphSimulator) -> None:
    """What came and went between two rounds is never mentioned."""
    _, link = await client.round()
    ident = graph.person(ANN).create("Brief", NOON, ONE)
    graph.person(ANN).delete(ident)
    items, _ = await client.round(link=link)

    assert items == []


async def test_restored_and_returned_events_come_again_under_their_immutable_id(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T17: an event back from Deleted Items or another calendar is the same immutable id."""
    ann = graph.person(ANN)
    ident = ann.create("Back", NOON, ONE)
    ann.delete(ident)
    _, link = await client.round()
    ann.restore(ident)
    restored, link = await client.round(link=link)
    ann.move_to_calendar(ident, "Other")
    ann.move_to_calendar(ident)
    returned, _ = await client.round(link=link)

    assert [i["id"] for i in restored] == [ident]
    assert [i["id"] for i in returned] == [ident]
    assert "@removed" not in returned[0]


async def test_regular_ids_change_with_every_move_and_only_the_header_decides(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T17: without the Prefer header of this very request, ids are regular ones and change on a move."""
    ann = graph.person(ANN)
    ident = ann.create("Mover", NOON, ONE)
    items, link = await client.round(prefer="")
    regular = items[0]["id"]
    ann.move_to_calendar(ident, "Other")
    gone, link = await client.round(link=link, prefer="")
    ann.move_to_calendar(ident)
    back, _ = await client.round(link=link, prefer="")

    assert regular != ident
    assert [(i["id"], "@removed" in i) for i in gone] == [(regular, True)]
    assert back[0]["id"] not in (regular, ident)
    assert (await client.event(regular)).status == 404
    assert (await client.event(back[0]["id"]))["id"] == ident


async def test_ids_have_twins_that_differ_in_case_only(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T17: comparing ids without case mixes events up."""
    idents = [graph.person(ANN).create(f"{n}", NOON, ONE) for n in range(40)]

    assert len(set(idents)) == 40
    assert len({i.lower() for i in idents}) < 40


async def test_ids_translate_between_the_two_kinds(client: BareGraphClient, graph: GraphSimulator) -> None:
    """``translateExchangeIds`` maps regular ids to immutable ones."""
    ident = graph.person(ANN).create("Same", NOON, ONE)
    regular = (await client.get(f"users/{ANN}/events", prefer="")).value[0]["id"]
    body = {"inputIds": [regular], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    answer = await client.post(f"users/{ANN}/translateExchangeIds", body)

    assert answer.value == [{"sourceId": regular, "targetId": ident}]


@pytest.mark.parametrize("option", ["$select=subject", "$expand=x", "$filter=x", "$orderby=x", "$search=x", "$top=5"])
async def test_query_options_are_refused(client: BareGraphClient, option: str) -> None:
    """T23: delta takes no query options; page size goes into Prefer."""
    answer = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}&{option}")

    assert (answer.status, answer.code) == (400, "ErrorInvalidUrlQuery")
    assert ("odata.maxpagesize" in answer["error"]["message"]) == option.startswith("$top")


async def test_both_spellings_of_delta_work_and_events_delta_does_not(client: BareGraphClient) -> None:
    """The SDK's ``delta()`` is the same; ``events/delta`` is not in v1.0."""
    assert (await client.get(f"users/{ANN}/calendarView/delta()?{WINDOW}")).status == 200
    assert (await client.get(f"users/{ANN}/calendarView/delta")).status == 400
    assert (await client.get(f"users/{ANN}/events/delta?{WINDOW}")).status == 400


async def test_round_of_several_pages_ends_with_an_empty_page(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T6: pages follow ``odata.maxpagesize``; the deltaLink comes alone."""
    for n in range(5):
        graph.person(ANN).create(f"{n}", NOON, ONE)
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}", prefer="odata.maxpagesize=2")
    sizes = [len(page.value)]
    while "@odata.nextLink" in page.body:
        assert "@odata.deltaLink" not in page.body
        page = await client.get(page["@odata.nextLink"], prefer="odata.maxpagesize=2")
        sizes.append(len(page.value))

    assert sizes == [2, 2, 1, 0]
    assert "@odata.deltaLink" in page.body


async def test_series_is_not_split_over_pages(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T6: a page exceeds the wished size rather than cut a series."""
    graph.person(ANN).create("Daily", NOON, ONE, **daily())
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}", prefer="odata.maxpagesize=2")

    assert len(page.value) == 6


async def test_empty_pages_duplicates_and_replays_happen(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T6: empty pages with a nextLink, the same item twice in a round, and old news again."""
    graph.switches.delta_empty_pages, graph.switches.delta_repeats, graph.switches.delta_replays = 2, True, 1
    ident = graph.person(ANN).create("Twice", NOON, ONE)
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}")
    items, link = await client.round()
    again, _ = await client.round(link=link)

    assert page.value == []
    assert "@odata.nextLink" in page.body
    assert [i["id"] for i in items] == [ident, ident]
    assert ident in [i["id"] for i in again]


async def test_change_during_a_round_is_not_lost(client: BareGraphClient, graph: GraphSimulator) -> None:
    """What changes between two pages of a round comes in the next one at the latest."""
    ann = graph.person(ANN)
    idents = [ann.create(f"{n}", NOON, ONE) for n in range(3)]
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}", prefer="odata.maxpagesize=1")
    for ident in idents:
        ann.edit(ident, subject="New")
    _, link = await client.round(link=page["@odata.nextLink"])
    items, _ = await client.round(link=link, prefer="")

    assert {i["subject"] for i in items} == {"New"}
    assert len(items) == 3


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ("gone", 410, "SyncStateNotFound"),
        ("location", 410, "resyncRequired"),
        ("syncStateNotFound", 400, "syncStateNotFound"),
        ("syncStateInvalid", 400, "syncStateInvalid"),
    ],
)
async def test_expired_token(
    client: BareGraphClient, graph: GraphSimulator, form: str, status: int, code: str
) -> None:
    """T4: an expired deltaLink is refused in one of several forms; a new initial round works."""
    _, link = await client.round()
    graph.switches.delta_expiry = form
    graph.expire_delta(ANN)
    answer = await client.get(link)

    assert (answer.status, answer.code) == (status, code)
    if form == "location":
        assert (await client.get(answer.headers["Location"])).status == 200
    assert (await client.round())[0] == []


async def test_next_link_expires_in_the_middle_of_a_round(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T4: nextLinks expire too."""
    for n in range(2):
        graph.person(ANN).create(f"{n}", NOON, ONE)
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}", prefer="odata.maxpagesize=1")
    graph.expire_delta(ANN)

    assert (await client.get(page["@odata.nextLink"])).status == 410


async def test_token_is_opaque_and_belongs_to_its_mailbox(client: BareGraphClient) -> None:
    """A token that was cut or put on another mailbox is refused."""
    _, link = await client.round()

    assert (await client.get(link[:-3])).status == 400
    assert (await client.get(link.replace("ann@", "bob@"))).status == 400


async def test_endless_round_repeats_its_page_behind_new_links(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T5: the same page comes for ever, each time with another nextLink; without a page size it ends."""
    graph.person(ANN).create("Daily", NOON, ONE, **daily())
    graph.endless_delta(ANN, "paged")
    page = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}", prefer="odata.maxpagesize=2")
    links, bodies = set(), []
    for _ in range(5):
        links.add(page["@odata.nextLink"])
        bodies.append(page.value)
        page = await client.get(page["@odata.nextLink"], prefer="odata.maxpagesize=2")

    assert len(links) == 5
    assert all(b == bodies[0] for b in bodies)
    assert "@odata.deltaLink" in (await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}")).body


async def test_old_token_keeps_its_window(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T25: an event beyond the token's window stays unseen though a newer window would hold it."""
    _, link = await client.round()
    late = datetime(2027, 3, 15, 10, tzinfo=UTC)
    graph.person(ANN).create("March", late, late + HOUR)
    items, _ = await client.round(link=link)
    wider = await client.get(
        f"users/{ANN}/calendarView/delta?startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-04-01T00:00:00Z"
    )

    assert ["@removed" in i for i in items] == [True]
    assert [i["subject"] for i in wider.value] == ["March"]


async def test_change_can_lag_behind(client: BareGraphClient, graph: GraphSimulator) -> None:
    """A fresh change is not yet in delta, and comes once its time has passed."""
    graph.clock.set(NOON)
    _, link = await client.round()
    graph.switches.delta_lag = timedelta(seconds=30)
    ident = graph.person(ANN).create("Late", NOON, ONE)
    early, link = await client.round(link=link)
    graph.clock.advance(timedelta(seconds=31))
    items, _ = await client.round(link=link)

    assert early == []
    assert [i["id"] for i in items] == [ident]


async def test_all_day_event_is_matched_as_its_utc_day(client: BareGraphClient) -> None:
    """T12: the window meets an all-day event as UTC midnight to midnight, whatever zone it was made in."""
    made = await client.create(
        isAllDay=True, **span("2026-10-31T00:00:00", "2026-11-01T00:00:00", "Pacific Standard Time")
    )
    items, _ = await client.round()

    assert made.status == 201
    assert items == []


async def test_account_made_anew_knows_no_old_token(client: BareGraphClient, graph: GraphSimulator) -> None:
    """After ``reset`` the same principal name is another mailbox: old links are expired."""
    _, link = await client.round()
    graph.reset()
    graph.add_mailbox(ANN)

    assert (await client.get(link)).status == 410
