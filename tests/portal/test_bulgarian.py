"""A Bulgarian page is Bulgarian: every page and every answer is read, and words of Latin script are looked for.

What may stay in Latin letters is named here with its reason: names, ids and settings, and the quoted words of another
system, which no catalogue can hold.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial, reduce
from html.parser import HTMLParser
from typing import Any

import pytest

from adapters.erp.probe import Finding, Question
from jobs.command import Asker, Command, State, new_id
from jobs.commands.checks import Check
from jobs.commands.item_shapes import phrase_of
from jobs.commands.overview import Every
from jobs.commands.shapes import check_of, failure_of
from jobs.says import Asked, Found, Outcome, Owner, Seen, Topic, Waits
from jobs.trouble import Trouble, Why
from jobs.wish import Kind, Wish
from portal.phrases import PHRASES
from portal.reasons import PARTS, PROBLEMS, REASONS
from portal.routes import ROUTES, Needs
from portal.sign_in import Role
from portal.texts import TEXTS
from portal.words import Words
from sync_core.model.phrase import Phrase, Sayings
from sync_core.plan.undo import Left
from tests.portal.test_actions import ACTIONS, FITTING
from tests.portal.test_history import key
from tests.portal.test_mine import make_conflict, meet
from tests.support.app import App
from tests.support.house import START, House
from tests.support.visitor import Visitor, signed_in

CYRILLIC = re.compile(r"[А-Яа-я]")
MIXED = re.compile(r"\w*(?:[А-Яа-я][A-Za-z]|[A-Za-z][А-Яа-я])\w*")
LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]+")

NAMES = frozenset(
    {
        "calsync",
        "Outlook",
        "ERP.net",
        "Microsoft",
        "Graph",
        "Azure",
        "Entra",
        "Exchange",
        "ID",
        "UTC",
        "utc",
        "CSV",
        "Meeting",
        "StartTime",
        "PATCH",
        "iCalUId",
        "English",
        "keeper",
        "Privileged",
        "Role",
        "Administrator",
        "Scope",
        "read",
        "update",
        "az",
        "login",
        "no-pull",
        "poison-queue",
        "min",
    }
)
"""Names of products, and of things in them; no word of ours."""

NO_WORDS = re.compile(
    r"\S+@\S+|https?://\S+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+(=\S+)?|[\w./-]*docs/\S+|`[^`]*`|\b[\w-]*\d[\w-]*\b|ERP\.net"
    r"|\b\w+\.\w+\.\w+\b|[A-Z]\w+(\.[A-Z]\w+)+|[A-Z]\w+/[A-Z]\w+(_\w+)?|--\w+|\w+\.(?:js|css|example)"
)
"""Addresses, settings, commands, ids, versions, permissions, time zones."""

UNREAD = {"script", "style", "code", "pre"}
"""Elements that hold names and ids as they are; a report for the makers of calsync is in English."""

WORDED = ("title", "alt", "aria-label", "placeholder", "data-name", "data-done", "data-go-on")
"""Attributes that people read or hear."""


class Reader(HTMLParser):
    """Collects what a page says; of the elements that are marked as English, that they are."""

    EMPTY = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.english: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where we are, and read the attributes."""
        given = dict(attrs)
        is_english = given.get("lang") == "en"
        if tag not in self.EMPTY:
            self._open.append((tag, "quote" if is_english else ""))
        if is_english and tag not in ("blockquote", "option", "code"):
            self.english.append(tag)
        self.texts += [str(given[name]) for name in WORDED if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """A text, unless it stands where names or quotations stand."""
        if not any(tag in UNREAD or quote for tag, quote in self._open):
            self.texts.append(data)


def foreign_in(page: str, data: Iterable[str] = ()) -> list[str]:
    """The words of Latin script that a page says of its own, and what it marks as English."""
    reader = Reader()
    reader.feed(page)
    found: list[str] = [f"<{tag} lang=en>" for tag in reader.english]
    for text in map(partial(NO_WORDS.sub, ""), reader.texts):
        own = reduce(lambda left, one: left.replace(one, ""), data, text)
        found += [word for word in LATIN.findall(own) if word not in NAMES]
    return found


DATA = ("Anna Petrova", "Anna", "Budget", "Meeting 0", "Acme Ltd", "Head Office", "calsync.service", "anna", "acme")
"""What the people of these tests are called, and their meetings and companies."""


def test_a_foreign_word_is_found() -> None:
    """In a text, in what is only heard, and in what is marked as English; names and quotations are none."""
    page = """<p>Първо</p><p>Do it</p><img alt="Logo"><span lang="en">x</span><code>cell</code>
    <blockquote lang="en">refused</blockquote><p>ERP.net: `calsync why`, SYNC_INVITE=all, a@b.example</p>"""
    assert foreign_in(page) == ["<span lang=en>", "Do", "it", "Logo"]


TABLES: tuple[type[Sayings], ...] = (Topic, Found, Asked, Seen, Waits, Outcome, Owner, Question, Finding, Left)
SAYINGS = [one for table in TABLES for one in table]


def test_every_table_of_phrases_is_known_here() -> None:
    """One that somebody adds is tried like the others; no two phrases have one code."""
    assert {one for one in Sayings.__subclasses__() if not one.__module__.startswith("tests.")} == set(TABLES)
    assert len({one.code for one in SAYINGS}) == len(SAYINGS)


def test_every_phrase_has_its_bulgarian() -> None:
    """And no other has; an error has those of the failures."""
    assert PHRASES.keys() | {Found.FAILED.code} == {one.code for one in SAYINGS}


VALUES = {
    "at": START,
    "until": START,
    "day": START.date(),
    "kind": "pause",
    "why": Why.MAILBOX,
    "detail": "ERP.net",
    "words": "any words",
    "problems": "the account of a@b.example is disabled: enable it in Entra ID",
    "reasons": "in the past | the activity is read-only in ERP.net",
    "utc": " UTC",
    "every": Every(15),
    "hours": 2.0,
    "count": 3,
}
"""Values of phrases that are told in the reader's language; all others are names and numbers."""


def said(one: Sayings) -> Phrase:
    """The phrase with values of each kind."""
    names = {name for _, name, _, _ in string.Formatter().parse(one.value) if name}
    more = {"why", "detail"} if one is Found.FAILED else set()
    return one.say(**{name: VALUES.get(name, "X_1") for name in names | more})


@pytest.mark.parametrize("one", SAYINGS, ids=lambda one: str(one.code))
def test_a_phrase_is_said_in_bulgarian(one: Sayings) -> None:
    """With the values of the English one, told as people say them."""
    told = Words("bg", "Europe/Sofia", START).phrase(phrase_of(said(one)))

    assert not told.is_foreign
    assert foreign_in(f"<p>{told.text}</p>") == []
    assert CYRILLIC.search(told.text) or one in (Topic.ON_GRAPH, Topic.ON_ERP, Found.LOGIN, Finding.ANSWER)
    assert told.quote == ("any words" if "{words}" in one.value else "")
    assert "X_1" in told.text or "X_1" not in said(one).text


def test_a_phrase_of_another_build_stays_as_it_was_told() -> None:
    """One that is stored as a sentence, one with an unknown code, one that lacks a value: marked as English."""
    words = Words("bg", "UTC", START)
    for told in (
        {"text": "as stored"},
        {"text": "as stored", "code": "of-tomorrow", "values": {}},
        {"text": "as stored", "code": Found.PERSON_READY.code, "values": {}},
        {"text": "as stored", "code": Found.FAILED.code, "values": {"why": "of-tomorrow"}},
    ):
        assert (words.phrase(told).text, words.phrase(told).is_foreign) == ("as stored", True)


def test_no_word_has_letters_of_both_scripts() -> None:
    """A Latin e in a Bulgarian word looks right, and is neither found nor spoken."""
    texts = [*(bulgarian for _, bulgarian in TEXTS.values()), *PHRASES.values(), *PROBLEMS.values(), *PARTS.values()]
    texts += [text for known in REASONS.values() for text in (known.bulgarian, known.bulgarian_remedy)]
    assert [word for text in texts for word in MIXED.findall(text)] == []


async def furnish(house: House) -> tuple[Visitor, dict[str, str]]:
    """A conflict, and deletions that wait; somebody who sees everything, and ids for every address."""
    await make_conflict(house)
    item = await key(house)
    events = [meet(house, f"Meeting {number}") for number in range(6)]
    await house.step()
    for event in events:
        house.outlook().delete(event)
    await house.step()
    assert (await house.recall()).holds
    user = await house.user()
    boss = Visitor(house, {**signed_in(user.id, Role.ADMIN), "accept-language": "bg"})
    at = house.now
    command = Command(new_id(at), Wish(Kind.DOCTOR), Asker(user.id), at, at, State.DONE)
    command = await house.world.store.save_command(command)
    checks = [
        check_of(Check(one.say() if one in [*Topic, *Question, *Asked] else Phrase("a@b.example"), False, said(one)))
        for one in SAYINGS
    ]
    await house.world.store.save_part(command.id, 0, {"checks": checks})
    instance, etag = await house.world.store.read_instance()
    refused = replace(instance, refused="AADSTS7000215: wrong", refused_by="graph", refused_at=at, poisoned=2)
    await house.world.store.save_instance(refused, etag)
    return boss, {"id": command.id, "item": item, "person": user.id, "conflict": item}


def pages(ids: dict[str, str]) -> Iterator[str]:
    """Every page that somebody who is signed in may open."""
    for route in ROUTES:
        if route.method != "GET" or route.needs < Needs.PERSON or route.path.endswith((".csv", ".json")):
            continue
        mine = {"people": ids["person"], "conflicts": ids["conflict"]}.get(route.path.partition("/")[0], ids["id"])
        yield f"/portal/{route.path.replace('{id}', mine).replace('{item}', ids['item'])}".rstrip("/")


async def test_every_page_is_bulgarian(house: House) -> None:
    """With a conflict, deletions that wait, a refusal and every finding of a check in them."""
    boss, ids = await furnish(house)
    found: dict[str, Any] = {}
    for path in pages(ids):
        found[path] = foreign_in(await boss.read(path), DATA)
    for path in ("/portal/nothing", f"/portal/commands/{'0' * 20}"):
        found[path] = foreign_in((await boss.get(path)).body.decode(), DATA)

    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(("table", "what"), ACTIONS)
async def test_every_answer_is_bulgarian(app: App, table: str, what: str) -> None:
    """Of whatever somebody may ask for: while it waits, and once it has ended."""
    await make_conflict(app.house)
    user = await app.house.user()
    [link] = (await app.house.recall()).links
    rounds = [one.round_id for one in await app.house.world.store.read_journal(user.id, 100)]
    visitor = Visitor(app.house, signed_in(user.id, *(() if table == "own" else (Role.ADMIN,))))
    start = "/portal/do" if table == "own" else "/portal/everyone/do"
    fields = {"names": user.upn, **FITTING, "person": user.id, "id": link.conflict_id, "item": link.event_id}
    fields |= {"item": rounds[-1]} if what == "undo" else {"choice": "erp"} if what == "resolve" else {}
    sent = await visitor.send(f"{start}/{what}", fields)
    address = sent.headers["Location"]
    waiting = await visitor.read(address, accept_language="bg")
    await app.drain()
    ended = await visitor.read(address, accept_language="bg")

    assert (foreign_in(waiting, DATA), foreign_in(ended, DATA)) == ([], [])


@pytest.mark.parametrize("kind", Kind)
async def test_every_failure_is_bulgarian(house: House, kind: Kind) -> None:
    """What holds a command up, why it failed, what failed for one of several: of each kind."""
    user = await house.user()
    visitor = Visitor(house, {**signed_in(user.id, Role.ADMIN), "accept-language": "bg"})
    at = house.now
    store = house.world.store
    for waits in Waits:
        told = said(waits)
        one = Command(new_id(at), Wish(kind), Asker(user.id), at, at.replace(year=2030), State.RUNNING)
        one = await store.save_command(replace(one, waits=told, waits_for=told.text, etag=""))
        assert foreign_in(await visitor.read(f"/portal/commands/{one.id}"), DATA) == []
    for why in Why:
        one = Command(new_id(at), Wish(kind), Asker(user.id), at, at, State.FAILED, trouble=Trouble(why, "ERP.net"))
        one = await store.save_command(one)
        assert foreign_in(await visitor.read(f"/portal/commands/{one.id}"), DATA) == []
    one = await store.save_command(Command(new_id(at), Wish(kind), Asker(user.id), at, at, State.DONE))
    told = said(Found.FAILED)
    failed = {"failures": [told.text], "troubles": [phrase_of(told)]}
    part: dict[str, Any] = {"failures": [failure_of(user.upn, told), failure_of(user.upn, said(Outcome.OVERTAKEN))]}
    users = [{"upn": user.upn, "lines": [], "holds": [], "skipped": {}, "ran": False, "state": "Operational"}]
    more = {"failure": told.text, "trouble": phrase_of(told)}
    if kind in (Kind.SYNC, Kind.PREVIEW, Kind.APPROVE):
        part |= more | {"users": [{**users[0], **failed}]}
    await store.save_part(one.id, 0, part)
    assert foreign_in(await visitor.read(f"/portal/commands/{one.id}"), DATA) == []
