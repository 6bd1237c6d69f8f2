"""The ledger: which links every round must know, and how many the others are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sync_core.model.conflict import Conflict
from sync_core.model.ledger import MOST_OPEN, Ledger, is_open, ledger_of, with_found, with_open
from sync_core.model.link import EndedBy, Held, Link, LinkStatus
from sync_core.model.memory import Memory, Unread
from sync_core.model.series import Occurrence
from tests.support.samples import NOW, a_follower, a_link


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param(a_link(), False, id="in step"),
        pytest.param(a_follower(), False, id="a follower in step"),
        pytest.param(a_link(status=LinkStatus.TOMBSTONE, ended_by=EndedBy.ERP), False, id="over"),
        pytest.param(a_link(status=LinkStatus.ARCHIVED), False, id="archived"),
        pytest.param(a_link(tries=3, retry_at=NOW), False, id="failed once, and nothing asked for"),
        pytest.param(a_link(reread="retry"), True, id="to be read again"),
        pytest.param(a_link(unseen=True), True, id="not shown yet"),
        pytest.param(a_link(status=LinkStatus.PARKED), True, id="parked"),
        pytest.param(a_link(status=LinkStatus.HELD), True, id="held"),
        pytest.param(a_link(held=Held("h", "void")), True, id="on a list"),
        pytest.param(a_link(conflict=Conflict((), NOW)), True, id="in conflict"),
        pytest.param(a_link(status=LinkStatus.TOMBSTONE, conflict=Conflict((), NOW)), True, id="its end is open"),
        pytest.param(a_link(missed_at=NOW), True, id="missed in a moved calendar"),
        pytest.param(a_link(status=LinkStatus.TOMBSTONE, ended_by=EndedBy.UNLINKED), True, id="taken apart"),
        pytest.param(a_link(creator="login:anna"), True, id="its creator is known by login only"),
    ],
)
def test_a_round_must_know_links_that_ask_for_something(link: Link, expected: bool) -> None:
    """Whatever counts, lists or looks at links without being told of one finds only such."""
    assert is_open(link) is expected


def many(number: int, **told: object) -> tuple[Link, ...]:
    """So many links."""
    return tuple(a_link(event_id=f"E{n}", **told) for n in range(number))


OVER = a_link(event_id="over", status=LinkStatus.ARCHIVED)
OPEN = a_link(event_id="open", reread="retry")


def test_the_ledger_counts_links_that_run_and_lists_open_ones() -> None:
    """In the order of their ids, so that equal links have equal ledgers."""
    held = a_link(event_id="held", status=LinkStatus.HELD)

    assert ledger_of(Memory(links=(*many(2), OVER, OPEN, held))) == Ledger(3, 3, ("held", "open"))
    assert ledger_of(Memory()) == Ledger(0, 0)


DATED = a_link(event_id="date", occurrence=Occurrence("U", date(2026, 2, 2), "M"))


def test_the_dates_of_a_series_are_one_meeting() -> None:
    """For the guard, however many of them were read by now."""
    dates = tuple(replace(DATED, event_id=f"D{n}") for n in range(4))
    asking, over = replace(DATED, reread="retry"), replace(DATED, event_id="over", status=LinkStatus.TOMBSTONE)
    ledger = ledger_of(Memory(links=(*many(2), *dates, asking, over)))
    assert ledger == Ledger(7, 3, ("date",))
    few = with_open(Memory(), ledger, [asking])
    assert few is not None
    more = with_found(few, dates[:2])
    assert more is not None
    whole = with_found(more, [*dates[2:], over])
    assert whole is not None

    assert (few.unread, more.unread, whole.unread) == (Unread(6, 2), Unread(4, 2), Unread(2, 2))
    assert {one.units for one in (few, more, whole)} == {3}
    assert {one.running for one in (few, more, whole)} == {7}
    assert ledger_of(few) == ledger_of(whole) == ledger


def test_too_many_open_links_are_not_listed() -> None:
    """Then the next round reads all links."""
    assert ledger_of(Memory(links=many(MOST_OPEN, unseen=True))) is not None
    assert ledger_of(Memory(links=many(MOST_OPEN + 1, unseen=True))) is None


def test_few_links_tell_of_all() -> None:
    """Whatever is read of the others later, the ledger stays what it is."""
    links = (*many(3), OVER, OPEN)
    ledger = ledger_of(Memory(links=links))
    assert ledger is not None
    few = with_open(Memory(), ledger, [OPEN])
    assert few is not None
    more = with_found(few, [links[0], OVER])
    assert more is not None

    assert (few.unread, more.unread) == (Unread(3, 3), Unread(2, 2))
    assert few.running == more.running == few.units == more.units == 4
    assert ledger_of(few) == ledger_of(more) == ledger


@pytest.mark.parametrize(
    ("ledger", "links"),
    [
        pytest.param(Ledger(2, 2, ("open",)), (), id="a listed link is not there"),
        pytest.param(Ledger(2, 2, ("E0",)), many(1), id="a listed link is not open"),
        pytest.param(Ledger(2, 2, ()), (OPEN,), id="an open link is not listed"),
        pytest.param(Ledger(0, 0, ("open",)), (OPEN,), id="fewer run than are listed"),
    ],
)
def test_a_ledger_that_does_not_fit_its_links_is_not_believed(ledger: Ledger, links: tuple[Link, ...]) -> None:
    """All links are read instead."""
    assert with_open(Memory(), ledger, links) is None


@pytest.mark.parametrize("found", [(OPEN,), many(3)], ids=["an open one", "more than run"])
def test_a_link_that_the_ledger_should_have_told_of_shows_that_it_is_wrong(found: tuple[Link, ...]) -> None:
    """All links are read instead."""
    assert with_found(Memory(unread=Unread(2, 2)), found) is None
