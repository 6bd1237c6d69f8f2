"""Whoever follows delta with care knows the calendar: random acts, random page sizes, compared at each turn."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator, OutlookPerson
from tests.support.graph_client import ANN, BOB, IMMUTABLE, WINDOW, BareGraphClient, daily, weekly

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Seen = dict[str, tuple[str, str]]


class Follower:
    """Keeps the events of the window by id, as the contract's trap table tells a careful client to."""

    def __init__(self, client: BareGraphClient) -> None:
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
        return await self._seen()

    async def _seen(self) -> Seen:
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


class Careful(Follower):
    """Believes delta only that something is new in a series, and reads the view for what (graph.md §4)."""

    def __init__(self, client: BareGraphClient) -> None:
        super().__init__(client)
        self._listed: set[str] = set()

    def _take(self, items: list[dict[str, Any]]) -> None:
        for item in items:
            if item.get("type", "singleInstance") == "singleInstance":
                super()._take([item])
            else:
                self._listed.add(item["id"] if item["type"] == "seriesMaster" else item["seriesMasterId"])

    async def _seen(self) -> Seen:
        view = await self._client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=1000")
        for ident in self._listed:
            self._forget(ident)
        self._known |= {e["id"]: e for e in view.value if e["seriesMasterId"] in self._listed}
        self._listed.clear()
        return await super()._seen()


def act(rng: random.Random, ann: OutlookPerson, idents: list[str]) -> None:
    """One random thing a person does; what makes no sense is not done."""
    at = START + timedelta(days=rng.randrange(-40, 140))
    ident = rng.choice(idents) if idents else ""
    days = some_dates(ann, ident)
    day = rng.choice(days) if days else START.date()
    moved = START + timedelta(days=(day - START.date()).days, hours=rng.randrange(-6, 7))
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
        lambda: idents.append(ann.create(f"W{len(idents)}", at, at + HOUR, **weekly(f"{at:%Y-%m-%d}"))),
        lambda: ann.delete_date(ident, day),
        lambda: ann.edit_date(ident, day, subject=f"{rng.randrange(1000)}"),
        lambda: ann.move_date(ident, day, moved, moved + HOUR),
        lambda: idents.append(ann.split(ident, day, subject=f"{rng.randrange(1000)}")),
        lambda: ann.end_before(ident, day),
        lambda: ann.make_series(ident, weekly(f"{day:%Y-%m-%d}", "tuesday")["recurrence"]),
        lambda: ann.make_single(ident),
        lambda: ann.edit(ident, attendees=[BOB]),
        lambda: idents.append(ann.copy(ident)),
    ]
    try:
        rng.choice(acts)()
    except Refused:
        return


def some_dates(ann: OutlookPerson, ident: str) -> list[date]:
    """Dates of a series near the tests' window; of anything else none."""
    try:
        return ann.dates(ident, date(2026, 10, 1), date(2027, 4, 1))
    except Refused:
        return []


@pytest.mark.parametrize("seed", range(12))
async def test_delta_leads_to_the_calendar_view(client: BareGraphClient, graph: GraphSimulator, seed: int) -> None:
    """After every round the follower's picture equals calendarView."""
    rng, idents, follower = random.Random(seed), list[str](), Follower(client)
    for _ in range(12):
        for _ in range(rng.randrange(6)):
            act(rng, graph.person(ANN), idents)
        seen = await follower.follow(rng.choice((1, 3, 50)))
        view = await client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=1000")

        assert seen == {e["id"]: (e["subject"], e["start"]["dateTime"]) for e in view.value}


READINGS: dict[str, dict[str, Any]] = {
    "the whole series": {},
    "without masters of other dates": {"delta_omits_masters": True},
    "master and exceptions": {"delta_series": "exceptions"},
    "the master alone": {"delta_series": "master", "delta_omits_masters": True},
    "ids that change": {"occurrence_ids_stay": False, "delta_removes_occurrences": True},
    "dates that survive a new pattern": {"series_edit_drops_exceptions": False, "occurrence_uids": "series"},
    "news that come again": {"delta_replays": 4, "delta_repeats": True},
}


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("seed", range(4))
async def test_a_careful_reader_knows_the_view(
    client: BareGraphClient, graph: GraphSimulator, name: str, seed: int
) -> None:
    """However little delta tells of a series, and whatever becomes of its ids."""
    for switch, choice in READINGS[name].items():
        setattr(graph.switches, switch, choice)
    rng, idents, careful = random.Random(seed), list[str](), Careful(client)
    for _ in range(12):
        for _ in range(rng.randrange(6)):
            act(rng, graph.person(ANN), idents)
        seen = await careful.follow(rng.choice((1, 3, 50)))
        view = await client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=1000")

        assert seen == {e["id"]: (e["subject"], e["start"]["dateTime"]) for e in view.value}
