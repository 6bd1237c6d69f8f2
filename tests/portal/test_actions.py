"""Every button of every page, from the form to its end: the app takes what is asked for and carries it out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.command import Asker, State
from jobs.commands.ask import ask, look
from jobs.commands.kinds import KINDS
from jobs.wish import Kind, Wish
from portal import admin_wishes, own_wishes
from portal.sign_in import Role
from tests.portal.test_mine import make_conflict
from tests.support.app import App
from tests.support.days import linked_meeting
from tests.support.house import ANNA
from tests.support.visitor import Visitor, signed_in

TEMPLATES = Path(own_wishes.__file__).with_name("templates")
ADDRESS = re.compile(r"/portal/(everyone/)?do/([a-z-]+)")
OF_BOTH = re.compile(r"start ~ '([a-z-]+)'")
TICKED = re.compile(r"""parts\.ticked\(w, (.+?)\) \}\}""")

HOSTILE = {
    "id": "0123456789ab",
    "item": "<script>alert(1)</script>\u202e\x1b[31m../../etc",
    "choice": "erp",
    "until": "no day",
    "place": "../..|'; drop",
    "zone": "../../etc/passwd",
    "names": "nobody@acme.example",
    "people": "boris",
    "everybody": "1",
    "kind": "forget",
}
"""Fields for every form, as somebody would send them who means harm."""

TABLES = {"own": own_wishes.WISHES, "people": admin_wishes.WITH_PEOPLE, "all": admin_wishes.FOR_ALL}
ACTIONS = [(table, what) for table, wishes in TABLES.items() for what in wishes]

REFUSED_AT_ONCE = {"pause", "pause-all", "undo", "retry", "unlink"}
"""A day that is none, and words where an id belongs: nothing is filed."""

FITTING = {"until": "2026-02-01", "item": "0123456789ab", "choice": "show"}
"""What such a form would have to say."""


@pytest.mark.parametrize(("table", "what"), ACTIONS)
async def test_every_action_is_taken_and_comes_to_an_end(app: App, table: str, what: str) -> None:
    """Whatever stands in the form: the command ends without a mistake of ours, and its page shows it."""
    me = (await app.house.user()).id
    visitor = Visitor(app.house, signed_in(me) if table == "own" else signed_in("vera", Role.ADMIN))
    start = "/portal/do" if table == "own" else "/portal/everyone/do"
    other = "boris" if table == "own" else me
    fields = {**HOSTILE, "person": other}
    if what in REFUSED_AT_ONCE:
        assert (await visitor.send(f"{start}/{what}", fields)).status == 400
        fields |= FITTING
    sent = await visitor.send(f"{start}/{what}", fields)
    assert sent.status == 303, sent.body.decode()
    [command] = await app.house.world.store.list_commands()
    assert command.wish.kind in KINDS
    assert command.wish.people == {"own": (me,), "people": (me,), "all": command.wish.people}[table] or (
        command.wish.kind is Kind.PLACES
    )
    assert not command.wish.everybody or table == "all"

    await visitor.read(sent.headers["Location"])
    await app.drain()
    ended = await look(app.house.world, command.id)
    assert ended is not None
    assert ended.is_ended, ended
    assert "mistake" not in ended.failure
    for language in ("en", "bg"):
        page = await visitor.read(sent.headers["Location"], accept_language=language)
        assert "<script>alert" not in page
    if table != "own":
        await visitor.read("/portal/everyone/audit")
        assert (await visitor.get("/portal/everyone/audit.csv")).status == 200


async def test_the_pull_of_a_sync_is_shown_as_an_opening(app: App) -> None:
    """Two people are two items; before the first it is said what is done, without a number."""
    vera = Visitor(app.house, signed_in("vera", Role.ADMIN))
    people = (ANNA, await app.house.employ("ben"))
    command = await ask(app.house.world, Wish(Kind.SYNC, people), Asker("vera", "Vera"))
    begun = await app.house.world.store.save_command(replace(command, state=State.RUNNING, total=3))
    for address in (f"/portal/commands/{command.id}", "/portal/everyone"):
        page = await vera.read(address)
        assert "Reading what changed in ERP.net." in page
        assert " of 2." not in page

    await app.house.world.store.save_command(replace(begun, done=2))
    for address in (f"/portal/commands/{command.id}", "/portal/everyone"):
        assert "1 of 2." in await vera.read(address)


def test_every_button_has_its_action() -> None:
    """No form leads to an address that files nothing."""
    texts = [one.read_text() for one in TEMPLATES.glob("*.html")]
    addresses = {found for text in texts for found in ADDRESS.findall(text)}
    ticked = {name for text in texts for names in TICKED.findall(text) for name in re.findall(r"'([a-z-]+)'", names)}

    of_both = {found for text in texts for found in OF_BOTH.findall(text)}
    assert {*of_both, *(what for start, what in addresses if not start)} <= set(own_wishes.WISHES)
    assert of_both <= set(admin_wishes.WITH_PEOPLE)
    assert {what for start, what in addresses if start} <= {
        *admin_wishes.WITH_PEOPLE,
        *admin_wishes.FOR_ALL,
        "ticked",
    }
    assert "pause" in ticked
    assert ticked <= set(admin_wishes.WITH_PEOPLE)


async def test_nobody_reaches_a_colleagues_items_by_their_ids(app: App) -> None:
    """Conflict, round and event of Anna's, asked about by Boris in his own name: refused, and she has them still."""
    await make_conflict(app.house)
    boris = (await app.house.user(await app.house.employ("boris"))).id
    anna = (await app.house.user()).id
    before = await app.house.recall()
    [link] = before.links
    [round_id, *_] = [entry.round_id for entry in await app.house.world.store.read_journal(anna) if entry.round_id]
    visitor = Visitor(app.house, signed_in(boris))
    forms = [
        ("resolve", {"id": link.conflict_id, "choice": "outlook"}),
        ("undo", {"item": round_id}),
        ("why", {"item": link.event_id}),
        ("why", {"item": link.activity_id}),
        ("why", {"item": "Budget"}),
        ("retry", {"item": link.event_id}),
        ("unlink", {"item": link.event_id}),
        ("unlink", {"item": link.activity_id}),
    ]
    for what, fields in forms:
        sent = await visitor.send(f"/portal/do/{what}", {**fields, "people": anna, "person": anna})
        await app.drain()
        page = await visitor.read(sent.headers["Location"])
        assert "2027" not in page, what
        if fields.get("item") != "Budget":
            assert "Budget" not in page, what

    states = {(one.wish.kind, one.state) for one in await app.house.world.store.list_commands()}
    assert {(kind, State.REFUSED) for kind in (Kind.RESOLVE, Kind.UNDO, Kind.RETRY, Kind.UNLINK)} <= states
    assert (await app.house.recall()).links == before.links


async def test_somebody_elses_round_is_taken_back_by_an_administrator(app: App) -> None:
    """They see the list first, too, and confirm it there; a reader who looks at the list has no button."""
    house = app.house
    event, _ = await linked_meeting(house, day=3)
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Renamed")
    await house.settle()
    anna = (await house.user()).id
    journal = await house.world.store.read_journal(anna)
    [round_id] = [one.round_id for one in journal if one.action == "activity updated"]
    vera = Visitor(house, signed_in("vera", Role.ADMIN))
    sent = await vera.send("/portal/everyone/do/undo", {"person": anna, "item": round_id, "choice": "show"})
    await app.drain()
    address = sent.headers["Location"]
    assert "/do/undo" not in await Visitor(house, signed_in("rosa", Role.READER)).read(address)
    [form] = re.findall(r'<form[^>]*action="/portal/everyone/do/undo".*?</form>', await vera.read(address), re.DOTALL)
    fields = dict(re.findall(r'name="(item|person)" value="([^"]*)"', form))
    assert fields == {"item": round_id, "person": anna}

    await vera.send("/portal/everyone/do/undo", fields)
    await app.drain()
    assert [one["subject"] for one in house.outlook().events()] == ["Planning"]


async def test_what_a_round_deleted_is_made_anew_by_a_button(app: App) -> None:
    """The answer that shows what an undo would do offers it, to whoever asked about their own items."""
    event, _ = await linked_meeting(app.house, day=3)
    app.house.advance(minutes=5)
    app.house.outlook().delete(event)
    await app.house.settle()
    anna = (await app.house.user()).id
    journal = await app.house.world.store.read_journal(anna)
    [round_id] = [one.round_id for one in journal if one.action == "activity voided"]
    visitor = Visitor(app.house, signed_in(anna))

    sent = await visitor.send("/portal/do/undo", {"item": round_id, "choice": "show"})
    await app.drain()
    page = await visitor.read(sent.headers["Location"])
    [form] = re.findall(r'<form[^>]*action="/portal/do/undo".*?</form>', page, re.DOTALL)
    fields = dict(re.findall(r'name="(item|choice)" value="([^"]*)"', form))
    assert fields == {"item": round_id, "choice": "remake"}
    sent = await visitor.send("/portal/do/undo", fields)
    await app.drain()
    assert "Planning" in await visitor.read(sent.headers["Location"])

    assert [one["subject"] for one in app.house.outlook().events()] == ["Planning"]
