"""The life of a link: one module writes it, and every way through it leaves nothing behind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sync_core.model import link as life
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.link import EndedBy, Held, Link, LinkStatus
from sync_core.model.sides import Seen
from tests.support.samples import NOW, a_link

ROOT = Path(__file__).resolve().parents[3]
OWN = {"status", "ended_at", "ended_by", "reread", "held"}
"""What only transitions write; a link that is only just made may be born with something to look at."""

OPEN = Conflict((Clash("subject", "Plan", "Budget", "locked"),), NOW, CategoryState.SET)
ON = Held("h1", "void")
WEARY = a_link(tries=4, retry_at=NOW, reread="failed", conflict=OPEN)


def _writes(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of everything of a link's life that is written by ``replace``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace":
            yield from ((node.lineno, word.arg) for word in node.keywords if word.arg in OWN)


def test_nobody_else_writes_the_life_of_a_link() -> None:
    """Every change of status is a transition of ``sync_core/model/link.py``."""
    product = (p for room in ("sync_core", "jobs", "adapters", "cli") for p in (ROOT / room).rglob("*.py"))
    found = {
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in product
        if path != ROOT / "sync_core" / "model" / "link.py"
        for line, name in _writes(path.read_text())
    }

    assert found == set()
    assert list(_writes("replace(link, status=LinkStatus.LIVE)")) == [(1, "status")]


TRANSITIONS: dict[str, tuple[Callable[[Link], Link], LinkStatus]] = {
    "live": (life.live, LinkStatus.LIVE),
    "retried": (life.retried, LinkStatus.LIVE),
    "followed": (lambda x: life.followed(x, "why"), LinkStatus.LIVE),
    "parked": (lambda x: life.parked(x, "why"), LinkStatus.PARKED),
    "given-up": (lambda x: life.given_up(x, "why", 10, Seen()), LinkStatus.PARKED),
    "held": (lambda x: life.held(x, "why", ON), LinkStatus.HELD),
    "ended": (lambda x: life.ended(x, EndedBy.OUTLOOK, "why", NOW), LinkStatus.TOMBSTONE),
    "archived": (lambda x: life.archived(x, NOW), LinkStatus.ARCHIVED),
    "unlinked": (lambda x: life.unlinked(x, "why", NOW), LinkStatus.TOMBSTONE),
}


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("start", [status for status in LinkStatus if status not in life.ENDED])
def test_every_transition_reaches_its_status(name: str, start: LinkStatus) -> None:
    """From wherever a pair is that is not over."""
    transition, expected = TRANSITIONS[name]

    assert expected is transition(replace(WEARY, status=start)).status


@pytest.mark.parametrize("name", TRANSITIONS)
def test_only_an_ended_link_has_an_end(name: str) -> None:
    """When and by whom is told of ended links, and of no others; nothing is open or due about them."""
    transition, status = TRANSITIONS[name]
    link = transition(WEARY)

    assert ((link.ended_at is not None), link.ended_by is not EndedBy.NOBODY) == (status in life.ENDED,) * 2
    if status in life.ENDED:
        assert (link.conflict, link.reread) == (None, "")


@pytest.mark.parametrize("status", sorted(life.ENDED))
@pytest.mark.parametrize("name", ["parked", "archived"])
def test_what_has_ended_stays_so(name: str, status: LinkStatus) -> None:
    """A tombstone whose event is found in another calendar, or whose meeting is over, is what it was."""
    over = a_link(status=status, ended_at=NOW - timedelta(days=3), ended_by=EndedBy.ERP, reason="before")

    assert over == TRANSITIONS[name][0](over)


def test_an_end_with_a_conflict_is_not_yet_the_end() -> None:
    """The other side could not follow: it is remembered until it can, or until the meeting is over."""
    link = life.ended(a_link(), EndedBy.OUTLOOK, "locked", NOW, conflict=OPEN)

    assert (link.status, link.ended_at, link.conflict) == (LinkStatus.TOMBSTONE, None, OPEN)
    closed = life.archived(link, NOW)
    assert (closed.status, closed.ended_at, closed.conflict) == (LinkStatus.TOMBSTONE, NOW, None)


def test_a_life_that_begins_again_has_no_past() -> None:
    """Tries, back-off and the end are forgotten; a retry keeps the conflict until somebody has looked."""
    over = replace(WEARY, status=LinkStatus.TOMBSTONE, ended_at=NOW, ended_by=EndedBy.ERP)

    assert life.live(over) == a_link()
    assert life.retried(over) == a_link(reread="retry", conflict=OPEN)


def test_what_a_person_unlinked_is_never_forgotten() -> None:
    """Both items may go on for years, and would find each other by their marks."""
    link = life.unlinked(a_link(), "why", NOW)

    assert not life.is_forgettable(link, NOW + timedelta(days=3_650))
    assert life.is_forgettable(replace(link, ended_by=EndedBy.DROPPED), NOW + timedelta(days=3_650))


@pytest.mark.parametrize("by", [by for by in EndedBy if by is not EndedBy.UNLINKED])
def test_ended_links_are_forgotten_after_ninety_days(by: EndedBy) -> None:
    """Whatever ended them, from the end or from the meeting, whichever is later; others never."""
    meeting = a_link().base_event.end
    for ended_at in (NOW, meeting + timedelta(days=10)):
        link = a_link(status=LinkStatus.TOMBSTONE, ended_at=ended_at, ended_by=by)
        over = max(ended_at, meeting) + life.KEPT
        assert not life.is_forgettable(link, over)
        assert life.is_forgettable(link, over + timedelta(seconds=1))
    assert not life.is_forgettable(a_link(), meeting + timedelta(days=999))


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_list_lets_go_of_what_lives_or_has_ended(name: str) -> None:
    """An answer is used up by what ends the pair or brings it back; waiting, failing and a retry keep it."""
    transition, _ = TRANSITIONS[name]
    link = transition(life.held(a_link(), "why", ON))

    keeps = name in ("held", "parked", "given-up", "retried")
    assert (link.held == ON) is keeps
    assert life.failed(life.held(a_link(), "why", ON), "again", 1, NOW).status is LinkStatus.HELD
    assert life.retried(life.held(a_link(), "why", ON)).status is LinkStatus.HELD
