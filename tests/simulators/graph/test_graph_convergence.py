"""Whoever follows delta with care knows the calendar: random acts, random page sizes, compared at each turn."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator, OutlookPerson
from tests.simulators.graph.client import ANN, BOB, IMMUTABLE, WINDOW, Client, daily

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Seen = dict[str, tuple[str, str]]


class Follower:
    """Keeps the events of the window by id, as the contract's trap table tells a careful client to."""

    def __init__(self, client: Client) -> None:
        self.link = f"users/{ANN}/calendarView/delta?{WINDOW}"
        self._client = client
        self._known: dict[str, dict[str, Any]] = {}

    async def follow(self, size: int) -> Seen:
        """One round; returns subject and start of everything that is not a master."""
        prefer = f"{IMMUTABLE}, odata.maxpagesize={size}"
        page = await self._client.get(self.link, prefer)
        self._take(page.value)
        while "@odata.nextLink" in page.body:
            page = await self._client.get(page["@odata.nextLink"], prefer)
            self._take(page.value)
        self.link = page["@odata.deltaLink"]
        return {
            ident: (self._subject(item), item["start"]["dateTime"])
            for ident, item in self._known.items()
            if item["type"] != "seriesMaster"
        }

    def _subject(self, item: dict[str, Any]) -> str:
        return str(item["subject"] if "subject" in item else self._known[item["seriesMasterId"]]["subject"])

    def _take(self, items: list[dict[str, Any]]) -> None:
        for item in items:
            if "@removed" in item or item["type"] in ("seriesMaster", "singleInstance"):
                self._forget(item["id"])
            if "@removed" not in item:
                self._known[item["id"]] = item

    def _forget(self, ident: str) -> None:
        for known in [k for k, v in self._known.items() if k == ident or v.get("seriesMasterId") == ident]:
            del self._known[known]


def act(rng: random.Random, ann: OutlookPerson, idents: list[str]) -> None:
    """One random thing a person does; what makes no sense is not done."""
    at = START + timedelta(days=rng.randrange(-40, 140))
    ident = rng.choice(idents) if idents else ""
    acts: list[Callable[[], Any]] = [
        lambda: idents.append(ann.create(f"E{len(idents)}", at, at + HOUR)),
        lambda: idents.append(ann.create(f"S{len(idents)}", at, at + HOUR, **daily(f"{at:%Y-%m-%d}"))),
        lambda: ann.edit(ident, subject=f"{rng.randrange(1000)}"),
        lambda: ann.move_time(ident, at, at + HOUR),
        lambda: ann.delete(ident),
        lambda: ann.hard_delete(ident),
        lambda: ann.restore(ident),
        lambda: ann.move_to_calendar(ident, "Other"),
        lambda: ann.move_to_calendar(ident),
        lambda: ann.delete(ann.occurrence(ident, at.date())),
        lambda: ann.make_single(ident),
        lambda: ann.edit(ident, attendees=[BOB]),
        lambda: idents.append(ann.copy(ident)),
    ]
    try:
        rng.choice(acts)()
    except Refused:
        return


@pytest.mark.parametrize("seed", range(12))
async def test_delta_leads_to_the_calendar_view(client: Client, graph: GraphSimulator, seed: int) -> None:
    """After every round the follower's picture equals calendarView."""
    rng, idents, follower = random.Random(seed), list[str](), Follower(client)
    for _ in range(12):
        for _ in range(rng.randrange(6)):
            act(rng, graph.person(ANN), idents)
        seen = await follower.follow(rng.choice((1, 3, 50)))
        view = await client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=1000")

        assert seen == {e["id"]: (e["subject"], e["start"]["dateTime"]) for e in view.value}
