"""A link from Outlook names its event, however it was escaped on its way."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from jobs.commands.explain import explain
from jobs.commands.outlook_link import id_in
from tests.support.days import linked_meeting
from tests.support.house import House

EXCHANGE = "AAMkAGI2/BAAA+zZ="
GRAPH = "AAMkAGI2-BAAA_zZ="
ONCE, TWICE = quote(EXCHANGE, safe=""), quote(quote(EXCHANGE, safe=""), safe="")

LINKS = {
    "webLink": f"https://outlook.office365.com/owa/?itemid={ONCE}&exvsurl=1&path=/calendar/item",
    "letters of another case": f"HTTPS://outlook.office365.com/owa/?ItemID={ONCE}&exvsurl=1",
    "not escaped": f"https://outlook.office365.com/owa/?exvsurl=1&itemid={EXCHANGE}",
    "a plus became a space": f"https://outlook.office365.com/owa/?itemid={EXCHANGE.replace('+', ' ')}&exvsurl=1",
    "escaped twice": f"https://outlook.office365.com/owa/?itemid={TWICE}",
    "in Graph's alphabet": f"https://outlook.office365.com/owa/?itemid={GRAPH}&path=/calendar/item",
    "address bar": f"https://outlook.office.com/calendar/item/{ONCE}",
    "address bar, new Outlook": f"https://outlook.cloud.microsoft/calendar/item/{ONCE}/?view=week",
    "a mail that leads there": f"https://outlook.office.com/calendar/0/item/read/{TWICE}",
    "behind a hash": f"https://outlook.office.com/owa/#ItemID={ONCE}&exvsurl=1",
    "with spaces around": f"  https://outlook.office.com/calendar/item/{ONCE}\n",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_link_names_its_event(link: str) -> None:
    """In the alphabet of Graph's ids."""
    assert id_in(link) == GRAPH


@pytest.mark.parametrize(
    "text",
    ["Budget", "", GRAPH, "itemid=x", "https://teams.microsoft.com/l/meetup-join/19%3a", "https://[", "http://"],
)
def test_what_is_no_such_link_stays(text: str) -> None:
    """A word, an id, another site's link."""
    assert id_in(text) == text


async def test_a_pasted_link_leads_to_all_that_is_known_of_it(house: House) -> None:
    """Outlook's links bear an id that calsync does not keep: Graph tells which event it is, and its journal comes."""
    event, activity = await linked_meeting(house)
    items = house.graph.mailbox("anna@acme.example").items()
    regular_id = next(item.regular_id for item in items if item.immutable_id == event)
    link = f"https://outlook.office365.com/owa/?itemid={quote(regular_id, safe='')}&exvsurl=1"
    found = await explain(house.world, await house.user(), link)

    assert regular_id != event
    assert ({one.event_id for one in found}, found[0].activity_id) == ({event}, activity)
    assert "activity created" in [one.what for one in found]


async def test_a_link_to_nothing_is_not_known(house: House) -> None:
    """Nor one to an event of somebody else's."""
    await linked_meeting(house)
    link = f"https://outlook.office365.com/owa/?itemid={ONCE}"
    assert await explain(house.world, await house.user(), link) == []
