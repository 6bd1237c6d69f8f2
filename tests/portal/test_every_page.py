"""What holds for every page that links lead to: no side is asked, addresses tell nothing, nothing is inline."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from jobs.command import Asker, State
from jobs.commands.ask import ask
from jobs.wish import Kind, Wish
from portal.items import key_of_ids
from portal.routes import ROUTES, Needs, find
from portal.sign_in import Role
from sync_core.errors import StoreUnavailable
from tests.portal.test_everyone import make_hold
from tests.portal.test_mine import make_conflict
from tests.support.house import House
from tests.support.visitor import AZURE, Visitor, signed_in

PERSONAL = ("Budget", "Clinic", "Fair", "Meeting", "Anna", "Boris", "anna@", "boris@", "acme", "window", "read-only")
"""Titles, names, addresses, and reasons, which may quote an error."""

ADDRESS = re.compile(r'(?:href|action|formaction|src)="([^"]*)"')
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)

MOST_PAGES = 200


async def furnish(house: House) -> Visitor:
    """A house in which every kind of page has something to show; Anna, who is an administrator, looks."""
    await make_conflict(house)
    at = house.now + timedelta(days=60)
    house.outlook().create("Fair", at, at + timedelta(hours=1))
    house.outlook().create("Clinic", at, at + timedelta(hours=1), sensitivity="private")
    await make_hold(house)
    await house.employ("boris")
    me = (await house.user()).id
    for kind in (Kind.PREVIEW, Kind.WHY):
        wish = Wish(kind, (me,), **({"item": "Budget"} if kind is Kind.WHY else {}))  # type: ignore[arg-type]
        command = await ask(house.world, wish, Asker(me, "Anna Petrova"))
        await house.world.store.save_command(replace(command, state=State.DONE))
    return Visitor(house, signed_in(me, Role.ADMIN), {**AZURE, "GRAPH_URL": "https://graph.microsoft.com/v1.0"})


async def every_page(visitor: Visitor) -> dict[str, str]:
    """Each page that links lead to from the first one, by its address; files are left out."""
    found: dict[str, str] = {}
    ahead = ["/portal"]
    while ahead:
        path = ahead.pop()
        if path in found or path.partition("?")[0].endswith((".csv", ".css", ".js", ".svg")):
            continue
        assert len(found) < MOST_PAGES
        found[path] = await visitor.read(path)
        linked = (html.unescape(one).partition("#")[0] for one in re.findall(r'href="(/portal[^"]*)"', found[path]))
        ahead += [one for one in linked if one not in found]
    return found


async def test_every_page(house: House) -> None:
    """Each link leads to a page, each form to a route; no side is asked for any of them, no address tells of
    anybody, and no page has a script or a style of its own."""
    visitor = await furnish(house)
    house.graph.forget_requests()
    house.erp.forget_requests()
    pages = await every_page(visitor)

    reached = {path.partition("?")[0].split("/")[2] for path in pages if path != "/portal"}
    assert reached == {"settings", "conflicts", "items", "everyone", "people", "commands"}
    assert (house.graph.requests, house.erp.requests) == ([], [])
    for path, page in pages.items():
        assert INLINE.search(page) is None, path
        for address in map(html.unescape, ADDRESS.findall(page)):
            assert [word for word in PERSONAL if word.casefold() in address.casefold()] == [], (path, address)
        for action in re.findall(r'<form method="post" action="([^"]+)"', page):
            assert find("POST", tuple(action.split("/")[1:])) is not None, (path, action)


async def test_another_person_reaches_nothing(house: House) -> None:
    """Every route that names something, asked by a colleague without a role who knows how Anna's is called: not
    there, or not for them, and not a word of it."""
    await furnish(house)
    me, memory = (await house.user()).id, await house.recall()
    [conflict] = [key_of_ids(link.event_id, link.activity_id) for link in memory.links if link.conflict]
    [alone, *_] = [
        key_of_ids(one.event_id, "")
        for one in (await house.world.store.read_unsynced(me)).items
        if not one.activity_id
    ]
    [command, *_] = await house.world.store.list_commands()
    real = {
        "conflicts/{id}": [f"conflicts/{conflict}"],
        "items/{item}": [f"items/{conflict}", f"items/{alone}"],
        "commands/{id}": [f"commands/{command.id}"],
        "people/{id}": [f"people/{me}"],
        "people/{id}/items/{item}": [f"people/{me}/items/{conflict}", f"people/{me}/items/{alone}"],
        "people/{id}/items.csv": [f"people/{me}/items.csv"],
    }
    naming = [
        route for route in ROUTES if route.method == "GET" and "{" in route.path and route.needs >= Needs.PERSON
    ]
    boris, anna = Visitor(house, signed_in("boris")), Visitor(house, signed_in(me, Role.ADMIN))
    for route in naming:
        starts = ["portal", "api/v1"] if route.program else ["portal"]
        for path, start in product(real[route.path], starts):
            assert (await anna.get(f"/{start}/{path}")).status == 200, path
            refused = await boris.get(f"/{start}/{path}")
            assert refused.status == (403 if route.needs > Needs.PERSON else 404), path
            assert [word for word in PERSONAL[:8] if word in refused.body.decode()] == [], path


@pytest.mark.parametrize("what", ["pause", "sync", "why", "undo"])
async def test_what_is_asked_while_the_storage_is_down(
    house: House, anna: Visitor, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Is said not to have been taken; once it is back, the same form is taken."""
    token = await anna.token()
    sent = {"token": token, "item": "0123456789ab", "once": "0123456789abcdef"}

    async def down(*_: object) -> None:
        raise StoreUnavailable("the tables do not answer")

    with monkeypatch.context() as broken:
        broken.setattr(house.world.store, "save_command", down)
        broken.setattr(house.world.store, "list_commands", down)
        refused = await anna.post(f"/portal/do/{what}", sent, sec_fetch_site="same-origin")
    assert (refused.status, b"does not answer" in refused.body) == (503, True)
    assert await house.world.store.list_commands() == []

    taken = await anna.post(f"/portal/do/{what}", sent, sec_fetch_site="same-origin")
    assert taken.status == 303


@pytest.mark.parametrize("kind", [Kind.UNDO, Kind.PLACES, Kind.WHY, Kind.SYNC])
async def test_an_answer_that_is_not_kept_any_more_says_so(house: House, anna: Visitor, kind: Kind) -> None:
    """After a day: not that there is nothing to put back, nor that ERP.net shows no company."""
    me = (await house.user()).id
    people = () if kind is Kind.PLACES else (me,)
    item = {"item": "0123456789ab"} if kind in (Kind.UNDO, Kind.WHY) else {}
    command = await ask(house.world, Wish(kind, people, **item), Asker(me))  # type: ignore[arg-type]
    await house.world.store.save_command(replace(command, state=State.DONE))
    house.advance(days=2)
    page = await anna.read(f"/portal/commands/{command.id}")

    assert "is kept for a day and is gone: ask again" in page
    assert "There is nothing to put back." not in page
    assert "ERP.net shows us none." not in page
