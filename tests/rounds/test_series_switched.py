"""A company switches recurring meetings on and off again: what it is told before, what appears, who hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from csv import DictReader
from dataclasses import replace
from datetime import date
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from cli.text.holds import hold_lines
from cli.text.rounds import sync_lines
from cli.text.status import status_lines
from cli.text.stories import conflict_lines, explained_lines, journal_lines, unsynced_lines
from jobs.approvals import retry
from jobs.command import Asker, Command, State, new_id
from jobs.commands.explain import explain
from jobs.commands.item_shapes import conflicts_of, finding_of, hold_of
from jobs.commands.kinds import KINDS
from jobs.commands.overview import needs_of, row_of
from jobs.commands.remembered import Finding
from jobs.commands.shapes import journal_of, status_of, sync_of, unsynced_of
from jobs.commands.sync import what_waits
from jobs.commands.unsynced import list_unsynced
from jobs.company import start_app
from jobs.waiting import unheeded
from jobs.wish import Kind, Wish
from portal.items import key_of_ids
from portal.sign_in import Role
from sync_core.errors import OWN_MISTAKE
from sync_core.model.action import Action
from sync_core.model.link import LinkStatus
from sync_core.model.link import Role as MeetingRole
from sync_core.model.policy import Policy, SeriesRule
from tests.support.house import House, open_house
from tests.support.series import MONDAY, MONDAYS, clock, every_weekday, mondays, on, starts
from tests.support.visitor import Visitor, signed_in

BORIS = "boris@acme.example"
SERIES = "part of a recurring series"


async def deploy(house: House, rule: SeriesRule) -> None:
    """The app starts with this setting, which makes it the company's."""
    house.set_policy(series=rule)
    await start_app(house.world)


@pytest.fixture
async def company() -> AsyncIterator[House]:
    """Anna, Boris and Carl, synced with ``SYNC_SERIES=skip``; Anna has a stand-up, and a week to which Boris is
    invited."""
    async with open_house(at=MONDAY, policy=Policy()) as house:
        await start_app(house.world)
        for name in ("anna", "boris", "carl"):
            await house.employ(name)
        every_weekday(house)
        mondays(house, attendees=[BORIS])
        await house.settle()
        yield house


async def planned(house: House) -> list[str]:
    """What `calsync preview --series` prints."""
    wish = Wish(Kind.PREVIEW, everybody=True, choice="series")
    return [
        line async for part, _ in KINDS[wish.kind].do(house.world, wish, "", unheeded) for line in sync_lines(part)
    ]


STAND_UP, WEEK = "the series “Stand-up”, 24 dates, 26 January to 26 February", "the series “Week”, 5 dates, "


async def test_the_plan_says_what_will_appear_and_that_nobody_is_mailed(company: House) -> None:
    """Each series once, with its dates; how many activities that makes. The company's setting stays, and so does
    everything else."""
    told = await planned(company)

    assert f"  activity created: {STAND_UP}" in told
    assert [line for line in told if "mails nobody" in line] == [
        "  29 activities are dates of 2 series; Outlook mails nobody because of them."
    ]
    await company.settle()
    assert (starts(company), company.world.policy.series) == ([], SeriesRule.SKIP)


async def test_switched_on_the_next_round_of_everybody_is_full(company: House) -> None:
    """It does what the plan said: one activity a date, Anna feeds what Boris is invited to, no mail."""
    await deploy(company, SeriesRule.WINDOW)
    with company.post() as mails:
        outcome = await company.sync()
        await company.settle()

    assert [report.full for report in outcome.reports] == [True, True, True]
    assert (len(starts(company)), mails) == (29, [])
    assert {link.role for link in (await company.recall(BORIS)).links} == {MeetingRole.FOLLOWER}


async def test_switched_off_every_date_is_parked_with_the_reason(company: House) -> None:
    """Nothing is written on either side; `why`, what is not synced, and the page say so, each date in its words."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    before = company.desk().activities()
    await deploy(company, SeriesRule.SKIP)
    with company.post() as mails:
        await company.settle()

    anna = await company.user()
    assert {link.status for link in (await company.recall()).links} == {LinkStatus.PARKED}
    assert (company.desk().activities(), mails) == (before, [])
    items = [finding_of(one) for one in await explain(company.world, anna, "Week")]
    assert any(
        line.startswith("parked “Week”") and f"(Weekly, 2 February): {SERIES}" in line
        for line in explained_lines({"zone": anna.zone, "items": items})
    )
    reasons = {one.reason: one.items for one in (await list_unsynced(company.world, among=[anna.id])).reasons}
    assert reasons == {SERIES: 29}, "each date that had an activity; the two series are not counted besides"
    shown = list(unsynced_lines(unsynced_of(await list_unsynced(company.world, among=[anna.id]))))
    assert any(f"“Week” (Weekly, 2 February), parked: {SERIES}" in line for line in shown)
    page = await Visitor(company, signed_in(anna.id)).read("/portal", accept_language="bg")
    assert "Всяка седмица, 2 февруари" in page
    file = await Visitor(company, signed_in(anna.id, Role.ADMIN)).read(f"/portal/people/{anna.id}/items.csv")
    rows = [row for row in DictReader(StringIO(file)) if ", 2026-02-" in row["series_date"]]
    assert {row["series_date"].partition(",")[0] for row in rows} == {"Weekly", "Every weekday"}
    assert len({row["series"] for row in rows}) == 2
    titles = [(row["subject"], row["start"]) for row in DictReader(StringIO(file))]
    assert titles == sorted(titles)


async def test_switched_off_nobody_is_offered_what_cannot_help(company: House, week: str) -> None:
    """A retry would park each date anew: it is not offered, and changes nothing; the setting is named everywhere. The
    dates of a series stand in their order."""
    await deploy(company, SeriesRule.SKIP)
    await company.settle()
    anna, memory = await company.user(), await company.recall()
    status = [*status_lines({**status_of(anna, memory, ()), "news": ""})]

    assert "  29 items are parked:" in status
    assert [line for line in status if "calsync retry" in line] == []
    assert len([line for line in status if line.strip().startswith("Do: let an administrator set SYNC_SERIES")]) == 29
    shown = [line.strip() for line in status if "“Week”" in line]
    assert shown == [f"“Week” (Weekly, {day.day} {day:%B}): {SERIES}" for day in MONDAYS]
    listed = [*unsynced_lines(unsynced_of(await list_unsynced(company.world, among=[anna.id])))]
    assert (
        "    Do: let an administrator set SYNC_SERIES to window, or enter a date of it as a meeting of its own."
        in listed
    )
    shown = [line.strip() for line in listed if "“Week”" in line]
    assert shown == [f"{anna.upn}: “Week” (Weekly, {day.day} {day:%B}), parked: {SERIES}" for day in MONDAYS]
    page = await Visitor(company, signed_in(anna.id)).read("/portal")
    assert ("/portal/do/retry" in page, "SYNC_SERIES" in page) == (False, True)
    assert await retry(company.world, anna) == 0
    assert await retry(company.world, anna, memory.links[0].event_id) == 0


async def test_dates_that_a_setting_leaves_alone_wait_for_nobody(
    company: House, week: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the numbers of everybody, nor in the digest, nor on the pages; what waits beside them is counted
    alone, with since when."""
    away = company.outlook().create("Away", clock(MONDAYS[1], 18), clock(MONDAYS[1], 19))
    await company.settle()
    await deploy(company, SeriesRule.SKIP)
    await company.settle()
    [anna, *_], (instance, _) = [await company.user()], await company.world.store.read_instance()
    row = row_of(anna, instance, company.now, {})
    pages = [await Visitor(company, signed_in(anna.id)).read("/portal", accept_language="en")]
    pages += [await Visitor(company, signed_in(anna.id, Role.ADMIN)).read(f"/portal/people/{anna.id}")]

    assert (row["parked"], row["is"], needs_of([anna], instance, None, company.now)) == (0, "fine", [])
    assert [page.count('id="needs"') + page.count("Waits for an answer") for page in pages] == [0, 0]

    company.outlook().move_to_calendar(away, "Old")
    company.advance(minutes=5)
    at = company.now
    await company.sync()
    anna = await company.user()
    [need] = needs_of([anna], instance, None, company.now)
    assert (need["need"], need["count"], need["since"]) == ("parked", 1, at.isoformat())
    assert (await Visitor(company, signed_in(anna.id)).json(""))["parked_items"][0]["subject"] == "Away"


async def test_why_tells_once_that_a_series_is_not_synced(company: House) -> None:
    """However often it and its dates were edited; a date with a title of its own is told by that."""
    series = str(company.outlook().find("Week"))
    for n in range(2):
        company.outlook().edit(series, body=f"agenda {n}")
        company.outlook().edit_date(series, MONDAYS[n + 1], subject="Week with guests")
        await company.settle()
    anna = await company.user()

    def told(findings: list[Finding]) -> list[str]:
        return sorted(one.subject for one in findings)

    assert told(await explain(company.world, anna, "Week")) == ["Week", "Week with guests"]
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    await deploy(company, SeriesRule.SKIP)
    await company.settle()
    found = await explain(company.world, anna, "Week")
    assert [one for one in found if one.what == Action.SKIPPED] == []


async def test_a_sync_says_where_to_see_why_dates_are_parked(company: House, week: str) -> None:
    """And offers nothing that cannot help."""
    await deploy(company, SeriesRule.SKIP)
    told = await printed(company)

    where = "`calsync status --user anna@acme.example` says of each why, and what to do."
    assert f"  29 items are parked: {where}" in told
    assert [line for line in told if "retry" in line] == []


async def test_a_retry_is_offered_for_what_it_helps(company: House, week: str) -> None:
    """Beside dates that wait for the setting."""
    await deploy(company, SeriesRule.SKIP)
    await company.settle()
    anna, memory = await company.user(), await company.recall()
    [first, *others] = memory.links
    told = status_of(anna, replace(memory, links=(replace(first, reason=OWN_MISTAKE), *others)), ())
    status = [*status_lines({**told, "news": ""})]

    [offer] = [line.strip() for line in status if "calsync retry" in line]
    assert offer == f"`calsync retry --user {anna.upn}` tries 1 of these."


async def test_a_series_that_is_left_out_counts_once(company: House) -> None:
    """Whatever of its dates a round comes across: changed ones, and those of each new day."""
    anna = await company.user()
    company.outlook().edit_date(company.outlook().find("Week") or "", MONDAYS[2], subject="Special")
    report = (await company.sync(anna.upn, full=True)).reports[0]
    for _ in range(4):
        company.advance(days=1)
        await company.sync(anna.upn)

    assert dict(report.skipped) == {SERIES: 2}
    told = await list_unsynced(company.world, among=[anna.id])
    assert {one.reason: one.items for one in told.reasons} == {SERIES: 2}
    assert {item.subject for _, item in told.items} == {"Week", "Stand-up"}


async def test_on_again_what_changed_meanwhile_is_compared_with_what_was(company: House) -> None:
    """An edit of one date made while series were off arrives as that edit; nothing is made twice."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    await deploy(company, SeriesRule.SKIP)
    await company.settle()
    week = str(company.outlook().find("Week"))
    company.outlook().edit_date(week, MONDAYS[2], subject="Week with guests")
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()

    assert len(starts(company)) == 29
    assert on(company, MONDAYS[2], "Week with guests")["Void"] is False


async def test_a_series_that_waits_is_named_once(company: House) -> None:
    """Both series deleted at once are a mass deletion: each is one line, and the list of all has every date."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    talk = company.outlook().create("Talk", MONDAY, MONDAY)
    await company.settle()
    for subject in ("Stand-up", "Week"):
        company.outlook().delete(str(company.outlook().find(subject)))
    company.outlook().delete(talk)
    await company.sync()

    anna, [hold] = await company.user(), (await company.recall()).holds
    shaped = hold_of(hold, anna)
    short, whole = list(hold_lines(shaped)), list(hold_lines(shaped, most=None))
    assert next(line.strip() for line in short if "would be voided" in line).startswith(STAND_UP)
    assert len([line for line in short if "would be voided" in line]) == 3
    assert len([line for line in whole if "would be voided" in line]) == shaped["count"]
    boss = Visitor(company, signed_in(anna.id, Role.ADMIN))
    page = await boss.read("/portal/everyone")
    assert "the series “Stand-up”, 24 dates" in page
    assert "поредицата „Stand-up“, 24 дати" in await boss.read("/portal/everyone", accept_language="bg")


async def test_a_conflict_of_one_date_says_which_date_it_is(company: House) -> None:
    """In the list and on its page."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    activity = on(company, MONDAYS[1], "Week")["Id"]
    company.desk().set_read_only(activity, read_only=True)
    company.outlook().edit_date(str(company.outlook().find("Week")), MONDAYS[1], subject="Longer")
    await company.settle()

    anna, memory = await company.user(), await company.recall()
    [conflict] = conflicts_of(anna, memory)
    assert "“Week” (Weekly, 2 February), since" in next(iter(conflict_lines(conflict)))
    visitor = Visitor(company, signed_in(anna.id))
    [key] = [one["key"] for one in (await visitor.json(""))["conflicts"]]
    assert "Weekly, 2 February" in await visitor.read(f"/portal/conflicts/{key}")


async def test_the_journal_says_which_date_it_was(company: House) -> None:
    """In `calsync journal` and `status`, with the series where the date has another title; of what is not linked any
    more as it was written then."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    company.outlook().edit_date(str(company.outlook().find("Week")), MONDAYS[1], subject="Budget")
    await company.settle()

    anna, memory = await company.user(), await company.recall()
    entries = await company.world.store.read_journal(anna.id)
    named = [*journal_lines(journal_of(anna, entries, links=memory.links))]
    alone = [*journal_lines(journal_of(anna, entries))]
    status = [*status_lines({**status_of(anna, memory, entries), "news": ""})]

    assert any(line.endswith("activity updated: “Budget” (Weekly, 2 February, of “Week”)") for line in named)
    assert any(line.endswith(f"activity created: {WEEK}26 January to 23 February") for line in named)
    assert any(line.endswith("activity updated: “Budget” (Weekly, 2 February)") for line in alone)
    assert any(line.endswith("activity updated: “Budget” (Weekly, 2 February, of “Week”)") for line in status)


async def test_a_renamed_date_names_its_series(company: House) -> None:
    """In `why`, the journal's entries included, and on the item's page in both languages."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    company.outlook().edit_date(str(company.outlook().find("Week")), MONDAYS[1], subject="Budget")
    await company.settle()

    anna = await company.user()
    items = [finding_of(one, ZoneInfo(anna.zone)) for one in await explain(company.world, anna, "Budget")]
    told = [line for line in explained_lines({"zone": anna.zone, "items": items}) if "“Budget”" in line]
    assert "linked “Budget”, Mon 02.02.2026 09:00 (Weekly, 2 February, of “Week”): in step" in told
    assert any("activity updated “Budget” (Weekly, 2 February, of “Week”)" in line for line in told)
    visitor = Visitor(company, signed_in(anna.id))
    [link] = [one for one in (await company.recall()).links if one.base_event.subject == "Budget"]
    page = f"/portal/items/{key_of_ids(link.event_id, link.activity_id)}"
    assert "Weekly, 2 February, of “Week”" in await visitor.read(page)
    assert "Всяка седмица, 2 февруари, от „Week“" in await visitor.read(page, accept_language="bg")


async def test_an_administrator_sees_on_the_page_what_would_appear(company: House) -> None:
    """The button files the question, and its answer counts the dates."""
    anna = await company.user()
    wish = Wish(Kind.PREVIEW, everybody=True, choice="series")
    command = Command(new_id(company.now), wish, Asker(anna.id), company.now, company.now, State.DONE)
    saved = await company.world.store.save_command(command)
    parts = [part async for part, _ in KINDS[wish.kind].do(company.world, wish, "", unheeded)]
    for number, part in enumerate(parts):
        await company.world.store.save_part(saved.id, number, part)
    page = await Visitor(company, signed_in(anna.id, Role.ADMIN)).read(f"/portal/commands/{saved.id}")

    assert "29 meetings will appear in ERP.net. 29 of them are dates of recurring meetings." in page
    rows = [line for line in page.splitlines() if line.startswith("<td>“")]
    named = {"Stand-up": ["24 dates, 26 January"], "Week": ["5 dates, 26 January"] * 2}  # Boris's copy is left alone
    assert {
        one: [row.partition("(")[2][: len(told[0])] for row in rows if one in row] for one, told in named.items()
    } == (named)


@pytest.fixture
async def week(company: House) -> str:
    """The company syncs its series; Anna's week."""
    await deploy(company, SeriesRule.WINDOW)
    await company.settle()
    return str(company.outlook().find("Week"))


async def printed(company: House) -> list[str]:
    """What a `calsync sync` prints of Anna some minutes later."""
    company.advance(minutes=5)
    users = [await company.user()]
    outcome = await company.sync(users[0].upn)
    return list(sync_lines(sync_of(outcome, await what_waits(company.world, users, outcome), dry_run=False)))


async def test_a_renamed_series_is_one_line_of_a_sync(company: House, week: str) -> None:
    """With both titles once; a date that changed otherwise has a line of its own."""
    company.outlook().edit(week, subject="Month")
    company.outlook().edit_date(week, MONDAYS[3], subject="Quarter")
    told = await printed(company)

    changed = "  activity updated: the series “Month”, 4 dates, 26 January to 23 February"
    at = told.index(f"{changed} (the whole series was changed in Outlook)")
    assert told[at + 1] == "      subject in ERP.net: “Week” → “Month”"
    assert "  activity updated: “Quarter” (Weekly, 16 February)" in told


async def test_a_moved_series_is_one_line_of_a_sync(company: House, week: str) -> None:
    """With the times of its first date, since each date has its own; so it is where ERP.net's edits of several dates
    are carried."""
    company.outlook().edit(week, start=clock(date(2024, 1, 22), 11), end=clock(date(2024, 1, 22), 12))
    told = await printed(company)

    [at] = [number for number, line in enumerate(told) if "the series “Week”, 5 dates, " in line]
    assert [line for line in told if "activity updated" in line] == [told[at]]
    times = "Mon 26.01.2026 09:00 – 10:00 → Mon 26.01.2026 11:00 – 12:00"
    assert told[at + 1] == f"      time in ERP.net: {times} (the first date; each other one has values of its own)"

    for day in MONDAYS[2:4]:
        company.desk().edit(on(company, day, "Week")["Id"], start=clock(day, 13), end=clock(day, 14))
    [line] = [line for line in await printed(company) if " updated: " in line]
    assert line == "  both updated: the series “Week”, 2 dates, 9 February to 16 February (2 mails)"
