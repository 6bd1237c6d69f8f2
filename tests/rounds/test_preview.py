"""A preview tells what the round then does: item by item, value by value, and every mail that Exchange sends."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jobs.commands.sync import pull_first
from jobs.round.report import Report
from jobs.round.run import run_round
from jobs.round.worded import Line
from sync_core.plan.wording import BY_VERDICT
from tests.support.budget import a_few, budget
from tests.support.house import House, open_house
from tests.support.random_acts import UPNS
from tests.support.random_company import ACTS, CONTENT_ACTS, OFFICE_ACTS, OPENING, Act, Company
from tests.support.random_pair import OPENING as PAIR_OPENING
from tests.support.random_pair import STEPS, Play, Step
from tests.support.syncing import plan_sync

LEFT_ALONE = frozenset(BY_VERDICT.values())
"""What a preview says of items that no round writes."""

COMPANY_STEPS = st.builds(
    Act,
    what=st.sampled_from((*ACTS, *CONTENT_ACTS, *OFFICE_ACTS)),
    who=st.integers(0, 2),
    pick=st.integers(0, 5),
    dice=st.integers(0, 63),
)


def told(line: Line) -> tuple[object, ...]:
    """What a line says is done, to what, from which values to which."""
    return line.what, line.event_id, line.activity_id, *sorted(line.before.items()), "→", *sorted(line.after.items())


def done(report: Report) -> Counter[tuple[object, ...]]:
    """What a report says is done, item by item."""
    return Counter(told(line) for line in report.lines if line.what not in LEFT_ALONE)


async def compare(house: House, upn: str, *, full: bool) -> None:
    """Preview one person's round, run it with nothing changed between, and hold one against the other."""
    user = await house.user(upn)
    if not user.enabled:
        return
    [planned] = (await plan_sync(house.world, [user], full=full)).reports
    house.graph.mails.clear()
    await pull_first(house.world)
    report = await run_round(house.world, await house.user(upn), full=full, asked=True)

    assert (report.state, report.ran, report.full) == (planned.state, planned.ran, planned.full)
    assert done(report) == done(planned)
    assert report.skipped == planned.skipped
    now = sum(line.mails for line in report.lines)
    assert len(house.graph.mails) == now
    while report.again:
        report = await run_round(house.world, await house.user(upn), asked=True)
    assert len(house.graph.mails) == planned.mails


def meetings(house: House) -> dict[str, str]:
    """Event id → iCalUId, of everybody's events."""
    return {event["id"]: event["iCalUId"] for upn in UPNS for event in house.outlook(upn).events()}


async def compare_all(house: House) -> None:
    """Preview everybody's rounds at once; each then does what was told, but for meetings that a colleague's round
    before it has touched."""
    users = [user for user in await house.world.store.list_users() if user.enabled]
    planned = {report.upn: report for report in (await plan_sync(house.world, users)).reports}
    await pull_first(house.world)
    known, touched = meetings(house), set[str]()
    for user in users:
        report = await run_round(house.world, await house.user(user.upn), asked=True)
        known |= meetings(house)
        told_of, done_to = (
            {line: ({known.get(str(line[1]), str(line[1])), str(line[2])} - {""}) for line in done(one)}
            for one in (planned[user.upn], report)
        )
        assert {x for x, ids in done_to.items() if not ids & touched} == {
            x for x, ids in told_of.items() if not ids & touched
        }
        touched = touched.union(*told_of.values(), *done_to.values())


@a_few(budget(6, 400))
@given(steps=st.lists(STEPS, max_size=25), full=st.booleans())
def test_whatever_one_person_did_the_preview_tells_it(steps: list[Step], full: bool) -> None:
    """Edits on both sides, deletions, series, locked activities, days that pass."""

    async def run() -> None:
        async with open_house() as house:
            await house.employ()
            play = Play(house)
            for step in [*PAIR_OPENING, *steps]:
                await play.do(step)
            await compare(house, "anna@acme.example", full=full)

    asyncio.run(run())


@a_few(budget(6, 400))
@given(steps=st.lists(COMPANY_STEPS, max_size=25), who=st.integers(0, 2), full=st.booleans())
def test_whatever_a_company_did_the_preview_tells_it(steps: list[Act], who: int, full: bool) -> None:
    """Colleagues, guests and a stranger in the same meetings; everybody who is mailed is in the preview's count."""

    async def run() -> None:
        async with open_house() as house:
            company = await Company.open(house)
            for step in [*OPENING, *steps]:
                await company.do(step)
            await compare(house, UPNS[who], full=full)

    asyncio.run(run())


@a_few(budget(4, 300))
@given(steps=st.lists(COMPANY_STEPS, max_size=25))
def test_a_preview_of_everybody_tells_each_round(steps: list[Act]) -> None:
    """Also where two of them have the same meeting: it is told once, of whoever comes to it first."""

    async def run() -> None:
        async with open_house() as house:
            company = await Company.open(house)
            for step in [*OPENING, *steps]:
                await company.do(step)
            await compare_all(house)

    asyncio.run(run())
