"""A company in which every page of the app has something to show: Anna and those around her, one trouble each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.settings import load
from adapters.wiring import open_world
from jobs.commands.pause import pause
from jobs.commands.switch import enable
from jobs.world import World
from portal.items import key_of_ids
from simulators.demo.hands import control
from sync_core.model.user import User
from tests.support.browsing import ADMIN, READER, PortalOffice, Window
from tests.support.company_life import meeting_words
from tests.support.syncing import sync_all

BOSS = "00000000-0000-4000-8000-0000000000b0"
"""The administrator's object id: somebody without a calendar of their own here."""

HELD = ("Weekly with the team", "Interview", "Supplier call", "Stock-taking")
"""Meetings of which so many are deleted at once that a person is asked."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``anna`` has a conflict, ``boris`` deletions that wait, ``carl`` is off, ``dora`` in error, ``elena`` paused;
    ``conflict`` is the key of Anna's, ``alone`` of her event that has no activity."""

    office: PortalOffice
    anna: str
    boris: str
    carl: str
    dora: str
    elena: str
    conflict: str
    alone: str

    async def be_anna(self, window: Window) -> None:
        """Sign in as an employee."""
        await window.sign_in(self.anna, "Anna Petrova")

    async def be_admin(self, window: Window) -> None:
        """Sign in as somebody who may ask for everybody."""
        await window.sign_in(BOSS, "Vera Koleva", ADMIN)

    async def be_reader(self, window: Window) -> None:
        """Sign in as somebody who may look at everybody."""
        await window.sign_in(BOSS, "Vera Koleva", READER)


async def furnish(office: PortalOffice) -> Scene:
    """Hire everybody and let happen to them what they are there for."""
    company = office.company
    names = {"anna": "Anna Petrova", "boris": "Boris Dimitrov", "carl": "Carl Berg", "elena": "Elena Ivanova"}
    ids = {login: await office.employ(login, name, enabled=False) for login, name in names.items()}
    control(company.graph, "add_mailbox", {"upn": "dora@acme.example", "display_name": "Dora Ilieva"})
    boxes = control(company.graph, "state")["mailboxes"]
    ids["dora"] = next(box["id"] for box in boxes if box["upn"] == "dora@acme.example")
    async with open_world(load(company.settings)) as world:
        for login in ("anna", "boris", "dora", "elena"):
            await enable(world, f"{login}@acme.example")
        events = _first_day(office)
        await sync(world, ids["anna"], ids["boris"], ids["elena"])
        _second_day(office, events)
        await sync(world, ids["anna"], ids["boris"])
        [elena] = await _people(world, ids["elena"])
        await pause(world, elena, (datetime.now(UTC) + timedelta(days=5)).date())
        memory, unsynced = await world.store.recall(ids["anna"]), await world.store.read_unsynced(ids["anna"])
    [link] = [one for one in memory.links if one.conflict]
    [fair] = [one for one in unsynced.items if one.subject == "Trade fair"]
    keys = {"conflict": key_of_ids(link.event_id, link.activity_id), "alone": key_of_ids(fair.event_id, "")}
    return Scene(office=office, **ids, **keys)


async def sync(world: World, *ids: str) -> None:
    """Bring these people in step, in this process."""
    outcome = await sync_all(world, await _people(world, *ids))
    assert outcome.is_fine, outcome


async def _people(world: World, *ids: str) -> list[User]:
    found = [await world.store.read_user(one) for one in ids]
    return [one for one in found if one is not None]


def _first_day(office: PortalOffice) -> dict[str, str]:
    """What everybody enters; Anna's and Boris's events by subject."""
    anna, boris = office.company.outlook("anna"), office.company.outlook("boris")
    far = datetime.now(UTC).date() + timedelta(days=45)
    events = {
        "Budget 2027": anna.act("create", **meeting_words("Budget 2027", 9), location="Room 4"),
        "Board meeting": anna.act("create", **meeting_words("Board meeting", 11)),
        "Dentist": anna.act("create", **meeting_words("Dentist", 16), private=True),
    }
    anna.act("create", subject="Trade fair", start=f"{far}T09:00:00", end=f"{far}T17:00:00")
    for hour, subject in enumerate(("Visit to Plovdiv", "Price list"), 13):
        office.company.desk("anna").act("create", **meeting_words(subject, hour))
    for hour, subject in enumerate(HELD, 9):
        events[subject] = boris.act("create", **meeting_words(subject, hour))
    return events


def _second_day(office: PortalOffice, events: dict[str, str]) -> None:
    """Anna's board meeting is called something else on each side; Boris deletes much at once."""
    anna, boris = office.company.outlook("anna"), office.company.outlook("boris")
    call_differently(office, "anna", events["Board meeting"], "Board meeting", "Board meeting with the auditors")
    anna.act("edit", ident=events["Budget 2027"], location="Room 7")
    for subject in HELD:
        boris.act("delete", ident=events[subject])


def call_differently(office: PortalOffice, login: str, event: str, subject: str, other: str) -> None:
    """Two people call one meeting differently: "…, in the big room" in Outlook, ``other`` in ERP.net."""
    desk = office.company.desk(login)
    [activity] = [one for one in desk.act("activities") if one["Subject"] == subject]
    office.company.outlook(login).act("edit", ident=event, subject=f"{subject}, in the big room")
    desk.act("edit", activity=activity["Id"], subject=other)
