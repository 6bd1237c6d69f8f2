"""A mailbox that is moved or restored, every id new (graph.md §8); a saved file that is imported again."""

from __future__ import annotations

from datetime import UTC, datetime

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, WINDOW, BareGraphClient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)


async def test_a_moved_mailbox_has_new_ids_and_the_same_ical_uids(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """The old id answers 404, the new one shows the event as it was, meetings stay joined to their copies."""
    old = graph.person(ANN).create("Review", NOON, ONE, attendees=[BOB])
    before = graph.person(ANN).get(old)
    new = graph.move_mailbox(ANN)[old]

    assert (await client.event(old)).status == 404
    after = (await client.event(new)).body
    names = ("iCalUId", "subject", "lastModifiedDateTime", "isOrganizer")
    assert new != old
    assert {n: after[n] for n in names} == {n: before[n] for n in names}
    graph.person(ANN).edit(new, subject="Moved")
    assert graph.person(BOB).find("Moved") is not None


async def test_a_moved_mailbox_knows_no_old_delta_link(client: BareGraphClient, graph: GraphSimulator) -> None:
    """410; a new round shows every event that came along, by its new id."""
    old = graph.person(ANN).create("Review", NOON, ONE)
    late = graph.person(ANN).create("Late", NOON, ONE)
    link = (await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}")).body["@odata.deltaLink"]
    new = graph.move_mailbox(ANN, missing=[late])
    assert (await client.get(link)).status == 410

    first = await client.get(f"users/{ANN}/calendarView/delta?{WINDOW}")
    assert [row["id"] for row in first.value] == [new[old]]
    graph.finish_move(ANN)
    second = await client.get(first["@odata.deltaLink"])
    assert [row["subject"] for row in second.value] == ["Late"]
    assert second.value[0]["id"] != late


async def test_an_import_of_a_saved_event_is_one_more_event(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Two events answer to one iCalUId; the second carries no mark."""
    first = graph.person(ANN).create("Review", NOON, ONE)
    graph.person(ANN)._find(first).item.properties["String {x} Name Y"] = "1"
    second = graph.person(ANN).import_again(first)
    uid = graph.person(ANN).get(first)["iCalUId"]

    found = await client.get(f"users/{ANN}/events?$filter=iCalUId eq '{uid}'")
    assert sorted(row["id"] for row in found.value) == sorted([first, second])
    assert graph.person(ANN).marks(second) == {}
