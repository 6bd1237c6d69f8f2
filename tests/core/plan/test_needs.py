"""What needs somebody: one list over all kinds and people, what has waited longest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.model.user import Tally, User
from sync_core.plan.needs import REMINDED, Need, Needed, in_order, of_person, of_poison, of_secret, oldest
from tests.support.samples import NOW

HOUR = timedelta(hours=1)
ANNA = User("anna", "anna@acme.example", enabled=True)
WAITS = Tally(
    conflicts=2,
    parked=3,
    holds=1,
    conflicts_since=NOW - 3 * HOUR,
    parked_since=NOW - 5 * HOUR,
    holds_since=NOW - HOUR,
)


def test_kinds_and_people_are_mixed_by_age() -> None:
    """Each kind of each person stands where its oldest belongs; the secret since it is reminded of."""
    broken = replace(ANNA, id="boris", state="Error: no mailbox", troubled_at=NOW - 4 * HOUR)
    found = [*of_person(replace(ANNA, tally=WAITS)), *of_person(broken)]
    found += [*of_poison(2, NOW - 2 * HOUR), *of_secret((NOW + REMINDED).date(), NOW.date())]

    assert [(one.need, one.user_id, one.count) for one in in_order(found)] == [
        (Need.ENDING, "", 1),
        (Need.PARKED, "anna", 3),
        (Need.ERROR, "boris", 1),
        (Need.CONFLICTS, "anna", 2),
        (Need.POISON, "", 2),
        (Need.HOLDS, "anna", 1),
    ]


def test_what_nobody_knows_the_age_of_comes_first() -> None:
    """An older build has written it, so it has waited longer than what this one noticed."""
    old = replace(ANNA, id="old", tally=Tally(conflicts=1))
    found = in_order([*of_person(replace(ANNA, tally=WAITS)), *of_person(old)])

    assert (found[0].user_id, found[0].since) == ("old", None)
    assert (oldest(old), oldest(replace(ANNA, tally=WAITS)), oldest(ANNA)) == (None, NOW - 5 * HOUR, None)


@pytest.mark.parametrize(
    "user",
    [
        ANNA,
        replace(ANNA, enabled=False, state="Error: no mailbox", tally=WAITS),
        replace(ANNA, tally=Tally(links=9, conflicts_since=NOW)),
    ],
    ids=["well", "switched-off", "nothing-left"],
)
def test_nothing_waits(user: User) -> None:
    """Of who is switched off, and where nothing is counted."""
    assert [*of_person(user)] == []


def test_a_row_that_cannot_be_read_needs_somebody() -> None:
    """Whatever its state says."""
    assert [one.need for one in of_person(replace(ANNA, unreadable="a newer row"))] == [Need.ERROR]


@pytest.mark.parametrize(("days", "is_told"), [(31, False), (30, True), (0, True), (-1, True)])
def test_a_secret_is_thought_of_in_time(days: int, *, is_told: bool) -> None:
    """From thirty days before its last day on."""
    assert bool([*of_secret(NOW.date() + timedelta(days=days), NOW.date())]) is is_told
    assert [*of_secret(None, NOW.date())] == []


@given(st.lists(st.tuples(st.sampled_from(Need), st.none() | st.integers(0, 5), st.sampled_from("abc")), max_size=20))
def test_the_order_is_by_age_alone(told: list[tuple[Need, int | None, str]]) -> None:
    """And the same whatever order the rows come in."""
    found = [Needed(need, NOW + hours * HOUR if hours is not None else None, who) for need, hours, who in told]
    ordered = in_order(found)
    ages = [one.since for one in ordered if one.since is not None]

    assert ages == sorted(ages)
    assert all(one.since is None for one in ordered[: len(ordered) - len(ages)])
    assert ordered == in_order(reversed(found))


def test_the_last_day_of_a_month_ends_nothing() -> None:
    """The reminder is so many days before, whatever the months are."""
    [told] = of_secret(date(2026, 3, 1), date(2026, 2, 1))

    assert told.since is not None
    assert told.since.date() == date(2026, 1, 30)
