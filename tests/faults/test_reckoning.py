"""Our own code fails on one item: that item is set aside and nothing is lost; everything else goes on, for everybody.

Every function of the core is made to fail in its turn whenever it is asked about an item that is called odd.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import pytest

import sync_core
from jobs.app.dispatch import dispatch
from jobs.approvals import retry
from jobs.checkup import Checkup, fingerprint
from sync_core.errors import OWN_MISTAKE
from sync_core.model.decision import Case, Context, Decision
from sync_core.model.hold import Hold
from sync_core.model.policy import Policy
from sync_core.plan.decide import decide
from sync_core.plan.guard import guard
from tests.support.budget import budget
from tests.support.house import ANNA, House, open_house, upn_of

pytestmark = pytest.mark.mistaken

ODD = "odd one"
BORIS = upn_of("boris")
ROOMS = ("sync_core.", "jobs.", "adapters.")
WHOLE = {"plan.holds.assembled", "plan.holds._placed", "plan.holds.dropped"}
"""Functions without which nothing is known of a person: their round says so, and only theirs."""

SHARE = budget(47, 1)
"""`make test` takes one function in so many."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function that a module of the core defines."""
    for module in pkgutil.walk_packages(sync_core.__path__, "sync_core."):
        for name, found in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(found) and found.__module__ == module.name:
                yield f"{module.name.removeprefix('sync_core.')}.{name}", found


FUNCTIONS = dict(sorted(functions()))


@contextmanager
def failing(function: Callable[..., Any], error: Exception | None) -> Iterator[list[str]]:
    """The function fails, wherever it is known or listed, when it is asked about what is odd; what it was asked
    then."""
    calls: list[str] = []

    @wraps(function)
    def fail(*args: Any, **options: Any) -> Any:
        asked = repr((args, options))
        if ODD in asked:
            calls.append(asked)
            if error is not None:
                raise error
        return function(*args, **options)

    places = [
        (module, name, value)
        for known, module in list(sys.modules.items())
        if known.startswith(ROOMS)
        for name, value in list(vars(module).items())
        if value is function or (isinstance(value, tuple) and function in value)
    ]
    for module, name, value in places:
        listed = tuple(fail if one is function else one for one in value) if isinstance(value, tuple) else fail
        setattr(module, name, listed)
    try:
        yield calls
    finally:
        for module, name, value in places:
            setattr(module, name, value)


def at(house: House, hour: int) -> tuple[datetime, datetime]:
    """An hour of tomorrow."""
    start = house.now.replace(hour=hour, minute=0) + timedelta(days=1)
    return start, start + timedelta(hours=1)


async def furnish(house: House) -> dict[str, str]:
    """Two people, and meetings of Anna's that are linked already: the event's id, or the activity's, by title."""
    await house.employ("anna")
    await house.employ("boris")
    made = {
        name: house.outlook().create(name, *at(house, 7)) for name in ("odd one here", "odd one gone", "plain here")
    }
    digits = [edge.replace(tzinfo=None) for edge in at(house, 8)]
    made |= {name: house.desk().create(name, *digits) for name in ("odd one there", "plain there")}
    await house.sync()
    return made


def act(house: House, made: dict[str, str]) -> None:
    """Everybody edits, makes and deletes, odd and plain."""
    digits = [edge.replace(tzinfo=None) for edge in at(house, 12)]
    for kind in ("odd one", "plain"):
        house.outlook().edit(made[f"{kind} here"], subject=f"{kind} here, renamed")
        house.desk().edit(made[f"{kind} there"], subject=f"{kind} there, renamed")
        house.outlook().create(f"{kind} new in Outlook", *at(house, 10), reminder=15)
        house.desk().create(f"{kind} new in ERP.net", *digits)
    house.outlook().delete(made["odd one gone"])
    house.outlook(BORIS).create("plain of Boris", *at(house, 9))
    house.desk("boris").create("plain of Boris's too", *digits)


def titles(house: House, upn: str) -> tuple[set[str], set[str]]:
    """The titles in somebody's calendar, and those of all living activities."""
    activities = {a["Subject"] for a in house.desk().activities() if not a["Void"]}
    return {e["subject"] for e in house.outlook(upn).events()}, activities


PLAIN = {
    ANNA: {"plain here, renamed", "plain there, renamed", "plain new in Outlook", "plain new in ERP.net"},
    BORIS: {"plain of Boris", "plain of Boris's too"},
}
ODDS = {"odd one here, renamed", "odd one there, renamed", "odd one new in Outlook", "odd one new in ERP.net"}


@pytest.mark.parametrize("name", list(FUNCTIONS)[::SHARE])
async def test_a_function_that_fails_on_one_item(name: str) -> None:
    """Everything plain arrives for both; so do the odd ones once the mistake is mended and they are retried.

    Of a function that is asked about everything at once it cannot be told on what it fails: one plain item may have
    to wait with the odd ones.
    """
    async with open_house() as house:
        made = await furnish(house)
        act(house, made)
        with failing(FUNCTIONS[name], OverflowError("too large")) as calls:
            for _ in range(2):
                house.advance(minutes=5)
                outcome = await house.sync()
                assert outcome.failure == ""
                assert len(outcome.reports) == 2
        whose = {upn: plain for upn, plain in PLAIN.items() if name not in WHOLE or upn != ANNA}
        missing = {one for upn, plain in whose.items() for shown in titles(house, upn) for one in plain - shown}
        assert len(missing) <= any("plain" in asked for asked in calls), f"{missing} did not arrive"
        await retry(house.world, await house.user())
        for _ in range(3):
            house.advance(hours=7)
            outcome = await house.sync()
        assert [report.failures for report in outcome.reports] == [[], []]
        events, activities = titles(house, ANNA)
        assert not (PLAIN[ANNA] | ODDS) - (events & activities)
        assert "odd one gone" not in events | activities
        assert len(house.outlook().events()) == len(PLAIN[ANNA] | ODDS)


async def test_the_sweep_is_about_the_functions_of_the_way() -> None:
    """An odd item passes through most of the core, so the sweep is not about functions that nobody calls."""
    async with open_house() as house:
        made = await furnish(house)
        act(house, made)
        with ExitStack() as watching:
            calls = {name: watching.enter_context(failing(f, None)) for name, f in FUNCTIONS.items()}
            await house.sync()
        met = {name for name, seen in calls.items() if seen}
        way = {
            "plan.decide.decide",
            "plan.exits._over",
            "plan.tables.scope",
            "plan.update.update_pair",
            "plan.delete.void",
            "content.project.from_graph",
            "plan.guard.guard",
        }
        assert not (way | WHOLE) - FUNCTIONS.keys()
        assert not way - met
        assert len(met) > len(FUNCTIONS) / 3


async def test_a_person_whose_round_fails_by_our_own_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boris is synced all the same; Anna's report says that it is calsync's mistake, and the next round heals it."""
    async with open_house() as house:
        await furnish(house)
        house.outlook(BORIS).create("plain of Boris", *at(house, 9))
        house.outlook().create("plain of Anna", *at(house, 9))

        def fail_for_anna(checkup: Checkup, policy: Policy) -> str:
            if checkup.user.upn == ANNA:
                raise ZeroDivisionError
            return fingerprint(checkup, policy)

        with monkeypatch.context() as patched:
            patched.setattr("jobs.round.prepare.fingerprint", fail_for_anna)
            patched.setattr("jobs.due.fingerprint", fail_for_anna)
            assert await dispatch(house.world) == 2
            outcome = await house.sync()
        assert {r.upn: bool(r.failures) for r in outcome.reports} == {ANNA: True, BORIS: False}
        assert not outcome.is_fine
        assert "plain of Boris" in titles(house, BORIS)[1]
        await house.sync()
        assert "plain of Anna" in titles(house, ANNA)[1]


async def test_two_items_that_fail_only_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be compared with one another: one of the two is set aside, the other and everything plain arrive,
    and once the mistake is mended so does the first."""
    async with open_house() as house:
        await house.employ("anna")
        await house.employ("boris")
        for hour, name in enumerate(("odd one", "plain", "odd two", "plainer")):
            house.outlook().create(name, *at(house, 9 + hour))
        house.outlook(BORIS).create("plain of Boris", *at(house, 9))

        def compare(decisions: Sequence[Decision], **options: Any) -> tuple[list[Decision], Hold | None]:
            if {"odd one", "odd two"} <= {d.case.subject for d in decisions}:
                raise TypeError
            return guard(decisions, **options)

        with monkeypatch.context() as patched:
            patched.setattr("jobs.round.planning.guard", compare)
            outcome = await house.sync()
        assert [report.failures for report in outcome.reports] == [[], []]
        assert [report.parked for report in outcome.reports] == [1, 0]
        arrived = titles(house, ANNA)[1]
        assert {"plain", "plainer", "plain of Boris"} <= arrived
        assert len(arrived & {"odd one", "odd two"}) == 1

        await retry(house.world, await house.user())
        await house.settle()
        assert {"odd one", "odd two"} <= titles(house, ANNA)[1]


async def test_one_item_that_fails_with_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that one is set aside, whichever is read first, and nobody's for it."""
    for odd in ("plain 0", "plain 17", "plain 39"):
        async with open_house() as house:
            await house.employ("anna")
            for minute in range(40):
                start, _ = at(house, 9)
                house.outlook().create(f"plain {minute}", start, start + timedelta(minutes=minute))

            def compare(
                decisions: Sequence[Decision], odd: str = odd, **options: Any
            ) -> tuple[list[Decision], Hold | None]:
                if len(decisions) > 1 and odd in {d.case.subject for d in decisions}:
                    raise TypeError
                return guard(decisions, **options)

            with monkeypatch.context() as patched:
                patched.setattr("jobs.round.planning.guard", compare)
                [report] = (await house.sync()).reports
            assert (report.failures, report.parked) == ([], 1)
            assert titles(house, ANNA)[1] == {f"plain {minute}" for minute in range(40)} - {odd}


async def test_what_fails_in_every_company_is_nobodys_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning that fails with any six items: the round says so, and not everything is parked for it."""
    async with open_house() as house:
        await house.employ("anna")
        for minute in range(40):
            start, _ = at(house, 9)
            house.outlook().create(f"plain {minute}", start, start + timedelta(minutes=minute))

        def count(decisions: Sequence[Decision], **options: Any) -> tuple[list[Decision], Hold | None]:
            if len(decisions) > 5:
                raise OverflowError
            return guard(decisions, **options)

        with monkeypatch.context() as patched:
            patched.setattr("jobs.round.planning.guard", count)
            [report] = (await house.sync()).reports
        assert (len(report.failures), report.parked) == (1, 0)
        assert sum((await house.settle()).values()) == 40


@pytest.mark.parametrize("full", [False, True], ids=["news", "a full round"])
@pytest.mark.parametrize("dry_run", [False, True], ids=["for good", "a dry run"])
async def test_looking_for_an_item_asks_the_sides_once(
    monkeypatch: pytest.MonkeyPatch, dry_run: bool, full: bool
) -> None:
    """As many requests of ERP.net and Graph for one item among sixty as for one among fifteen."""
    asked = []
    for count in (15, 60):
        async with open_house() as house:
            await house.employ("anna")
            start, _ = at(house, 9)
            made = [house.outlook().create(f"plain {n}", start, start + timedelta(minutes=n)) for n in range(count)]
            await house.settle()
            for ident in made:
                house.outlook().edit(ident, subject="renamed")

            def stumble(case: Case, ctx: Context, odd: str = made[7]) -> Decision:
                if case.event_id == odd:
                    raise RecursionError
                return decide(case, ctx)

            house.graph.forget_requests()
            house.erp.forget_requests()
            with monkeypatch.context() as patched:
                patched.setattr("jobs.round.planning.decide", stumble)
                [report] = (await house.sync(full=full, dry_run=dry_run)).reports
            assert report.skipped == {OWN_MISTAKE: 1}
            assert len(report.lines) == count - 1
            reads = [seen.line for seen in house.graph.requests if seen.method == "GET"]
            asked.append((len(reads), len([seen for seen in house.erp.requests if b"PATCH" not in seen.body])))
    assert asked[0] == asked[1]


async def test_what_cannot_be_put_into_words_is_synced_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our code cannot say whether an item is private: the journal is silent about it, and the item arrives."""

    def unsure(case: Case) -> bool:
        raise ValueError(case.event_id)

    monkeypatch.setattr("jobs.round.journal.is_about_private", unsure)
    monkeypatch.setattr("jobs.round.worded.is_about_private", unsure)
    async with open_house() as house:
        await house.employ()
        start = house.now + timedelta(days=2)
        house.outlook().create("Odd", start, start + timedelta(hours=1))
        await house.step()

        assert len(house.desk().find("Odd")) == 1
