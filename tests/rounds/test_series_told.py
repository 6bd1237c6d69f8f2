"""A change of a whole series is told once, and whoever asks about one date finds it there (R28)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import cast

import pytest

from cli.text.stories import explained_lines, journal_lines
from jobs.commands.kinds import KINDS
from jobs.commands.shapes import journal_of
from jobs.commands.undo import undo
from jobs.waiting import unheeded
from jobs.wish import Kind, Wish
from portal.items import key_of_ids
from portal.sign_in import Role
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.link import LinkStatus
from tests.support.house import ANNA, House
from tests.support.series import MONDAYS, clock, every_weekday, mondays, nine, on, open_series, starts
from tests.support.visitor import Visitor, signed_in

WHOLE = "the series “Renamed”, 5 dates, 26 January to 23 February"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Anna's house with a week that she has renamed as a whole."""
    async with open_series() as opened:
        series = mondays(opened)
        await opened.step()
        opened.outlook().edit(series, subject="Renamed")
        await opened.settle()
        yield opened


async def entered(house: House, action: str = "activity updated") -> list[JournalEntry]:
    """What stands in Anna's journal of this kind."""
    entries = await house.world.store.read_journal((await house.user()).id, 1_000)
    return [entry for entry in entries if entry.action == action]


async def asked_why(house: House, item: str, on_day: str = "") -> list[str]:
    """What `calsync why` prints."""
    wish = Wish(Kind.WHY, (ANNA,), item=item, on=on_day)
    parts = [part async for part, _ in KINDS[Kind.WHY].do(house.world, wish, ANNA, unheeded)]
    return [line for part in parts for line in explained_lines(part)]


async def test_the_journal_says_it_once(house: House) -> None:
    """With what all dates have in common, and which ones they are."""
    [entry] = await entered(house)
    assert (entry.after["erp.subject"], len(entry.dates)) == ("Renamed", 5)
    assert [one.occurrence.day for one in entry.dates if one.occurrence] == MONDAYS
    lines = [*journal_lines(journal_of(await house.user(), [entry]))]
    [line] = [line for line in lines if "updated" in line]
    assert line.endswith(f"activity updated: {WHOLE} (the whole series was changed in Outlook)")


async def test_several_series_are_told_one_by_one(house: House) -> None:
    """However many activities are written at once; a date with a title of its own is told by itself."""
    house.outlook().edit_date(mondays(house, "Other"), MONDAYS[2], subject="Special")
    every_weekday(house)
    await house.settle()

    told = {entry.subject: len(entry.dates) for entry in await entered(house, "activity created")}
    assert told == {"Week": 5, "Other": 4, "Special": 0, "Stand-up": 24}


async def test_why_names_the_series_once_and_finds_each_date(house: House) -> None:
    """Asked by the title, by a date, or by the activity of one."""
    assert len([line for line in await asked_why(house, "Renamed") if f"activity updated {WHOLE}" in line]) == 1
    activity = str(on(house, MONDAYS[2])["Id"])
    for told in (await asked_why(house, activity), await asked_why(house, "Renamed", str(MONDAYS[2]))):
        [updated] = [line for line in told if "activity updated" in line]
        assert "activity updated “Renamed”, Mon 09.02.2026 09:00 (Weekly, 9 February): the whole" in updated


async def test_each_dates_page_tells_it(house: House) -> None:
    """In its own words; and the person's page names the series once, in both languages, whoever reads it."""
    user, memory = await house.user(), await house.recall()
    own, admin = Visitor(house, signed_in(user.id)), Visitor(house, signed_in(user.id, Role.ADMIN))
    for link in memory.links:
        page = await own.read(f"/portal/items/{key_of_ids(link.event_id, link.activity_id)}")
        assert page.count("“Renamed” was changed in ERP.net") == 1
    pages = [await own.read("/portal"), await admin.read(f"/portal/people/{user.id}")]
    assert ["5 dates, 26 January to 23 February" in page for page in pages] == [True, True]
    assert "5 дати, от 26 януари до 23 февруари" in await own.read("/portal", accept_language="bg")


async def test_an_undo_puts_back_each_date(house: House) -> None:
    """Those of which the entry tells."""
    [entry] = await entered(house)
    done = await undo(house.world, entry.round_id)

    assert len(done.lines) == len(MONDAYS)
    assert {row["Subject"] for row in house.desk().activities()} == {"Week"}
    assert await house.settle() == {}


async def test_a_series_that_is_moved_keeps_each_dates_times(house: House) -> None:
    """What differs from date to date stands with the date, and is put back."""
    series = cast(str, house.outlook().find("Renamed"))
    first = date(2024, 1, 22)
    house.outlook().edit(series, start=clock(first, 11), end=clock(first, 12))
    await house.settle()
    moved = (await entered(house))[0]
    assert [[*one.after] for one in moved.dates] == [["erp.time"]] * 5
    each = [*by_date([moved])]
    assert {one.before["erp.time"][:10] for one in each} == {str(day) for day in MONDAYS}

    await undo(house.world, moved.round_id)
    assert starts(house) == nine(*MONDAYS)


async def test_what_is_gone_is_told_in_words(house: House) -> None:
    """A date deleted in Outlook and one voided in ERP.net: `why` says where its values stood; neither there nor on
    the page nor in the file does a name of the sync's own stand."""
    series = cast(str, house.outlook().find("Renamed"))
    house.outlook().delete_date(series, MONDAYS[1])
    house.desk().void(on(house, MONDAYS[2])["Id"])
    await house.settle()
    told = "\n".join(await asked_why(house, "Renamed"))
    own = Visitor(house, signed_in((await house.user()).id))
    ended = [one for one in (await house.recall()).links if one.status is LinkStatus.TOMBSTONE]
    pages = [await own.read(f"/portal/items/{key_of_ids(one.event_id, one.activity_id)}") for one in ended]
    csv = await Visitor(house, signed_in((await house.user()).id, Role.ADMIN)).read(
        f"/portal/people/{(await house.user()).id}/items.csv"
    )

    assert "    subject in ERP.net: “Renamed”\n" in told
    assert "    subject in Outlook: “Renamed”\n" in told
    assert ["<h3>“Renamed” was" in page for page in pages] == [True, True]
    assert (csv.count(",ended,"), csv.count(",linked,")) == (2, 3)
    raw = re.compile(r"\b(void|remove|graph|erp)\.[a-z]|tombstone")
    said = [re.sub(r"(?s)<pre id=.report.*?</pre>", "", page) for page in pages]  # the report is for engineers
    assert [one for one in (told, *said, csv) if raw.search(one)] == []
