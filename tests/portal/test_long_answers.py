"""What is long comes in pages, or is cut and says so: answers about everybody, the audit, lists, an item's past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from jobs.command import Asker, State, new_id
from jobs.commands.ask import ask
from jobs.commands.item_shapes import hold_of
from jobs.wish import Kind, Wish
from portal.command import LONGEST, paged
from portal.everyone import AUDIT_PAGE
from portal.history import MOST_TOLD
from portal.needs import MOST_HELD
from portal.render import environment
from portal.sign_in import Role
from portal.words import Words
from sync_core.model.decision import Intent
from sync_core.model.entries import JournalEntry
from sync_core.model.hold import HeldItem, Hold
from sync_core.model.series import Occurrence
from sync_core.model.user import User
from tests.portal.test_history import key
from tests.portal.test_mine import meet
from tests.support.house import House
from tests.support.visitor import Visitor, signed_in

Json = dict[str, object]


@pytest.fixture
def admin(house: House) -> Visitor:
    """Vera, an administrator."""
    return Visitor(house, signed_in("vera", Role.ADMIN, name="Vera"))


def planned(number: int, *, lines: int = 0) -> Json:
    """What a preview tells of one person."""
    line = {"what": "activity created", "subject": f"Meeting of {number}", "reason": "", "mails": 0}
    line |= {"before": {}, "after": {}, "event_id": "e", "activity_id": ""}
    user: Json = {"upn": f"p{number:05}@x.example", "state": "Operational", "ran": True, "mails": 0}
    return user | {"failures": [], "holds": [], "skipped": {}, "lines": [line] * lines}


def test_pages_of_an_answer_hold_all_of_it() -> None:
    """Each person once, those of whom there is something to tell first; a short answer stays as it is."""
    users = [planned(number, lines=number % 100 == 0) for number in range(10_000)]
    _, _, pages = paged({"users": users}, 1)
    found = [one for page in range(1, pages + 1) for one in paged({"users": users}, page)[0]["users"]]

    assert sorted(str(one["upn"]) for one in found) == [one["upn"] for one in users]
    assert [bool(one["lines"]) for one in found[:101]] == [True] * 100 + [False]
    assert paged({"users": users}, 9_999_999)[1] == pages
    assert paged({"users": users[:3], "failures": []}, 2) == ({"users": users[:3], "failures": []}, 1, 1)


async def test_a_preview_of_everybody_comes_in_pages(house: House, admin: Visitor) -> None:
    """Of two thousand people the page shows a few, and leads on; so does what programs get."""
    command = await ask(house.world, Wish(Kind.PREVIEW, everybody=True), Asker("vera"))
    users = [planned(number, lines=1) for number in range(2_000)]
    await house.world.store.save_part(command.id, 0, {"failure": "", "dry_run": True, "users": users})
    await house.world.store.save_command(replace(command, state=State.DONE))
    page = await admin.read(f"/portal/commands/{command.id}")
    last = await admin.read(f"/portal/commands/{command.id}?page=100")

    assert len(page) < 100_000
    assert "Page 1 of 100." in page
    assert f'href="/portal/commands/{command.id}?page=2"' in page
    assert "Meeting of 1999" in last
    assert len((await admin.json(f"/commands/{command.id}"))["answer"]["users"]) == LONGEST["users"]


async def test_the_audit_comes_in_pages(house: House, admin: Visitor) -> None:
    """The file has all of them."""
    for _ in range(AUDIT_PAGE + 5):
        house.advance(seconds=1)
        await ask(house.world, Wish(Kind.DOCTOR), Asker("vera", "Vera"))
    first, second = [(await admin.json(f"/everyone/audit?page={page}"))["commands"] for page in (1, 2)]

    assert (len(first), len(second)) == (AUDIT_PAGE, 5)
    assert first[0]["asked_at"] > second[-1]["asked_at"]
    assert "Page 1 of 2." in await admin.read("/portal/everyone/audit")
    assert (await admin.get("/portal/everyone/audit.csv")).body.count(b"doctor") == AUDIT_PAGE + 5


async def test_the_audit_counts_what_it_cannot_show(house: House, admin: Visitor) -> None:
    """A command that another build wrote."""
    assert house.memory is not None
    assert "cannot be read" not in await admin.read("/portal/everyone/audit")
    place = Key("command", new_id(house.now))
    await house.memory.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": 99, "data0": "{}"}))

    assert "1 more cannot be read" in await admin.read("/portal/everyone/audit")
    assert (await admin.json("/everyone/audit"))["unreadable"] == 1


async def test_a_long_list_of_deletions_is_cut_among_everybodys(house: House, admin: Visitor) -> None:
    """It says how many there are and leads to the person's page, which has every one that would be deleted."""
    count = MOST_HELD + 3
    events = [meet(house, f"Talk {number:02}") for number in range(count)]
    await house.step()
    for event in events:
        house.outlook().delete(event)
    await house.step()
    me = (await house.user()).id
    page, own = await admin.read("/portal/everyone"), await admin.read(f"/portal/people/{me}")

    assert f"{count} deletions wait" in page
    assert (
        page.partition("deletions wait")[2].partition("</ul>")[0].count("Talk "),
        f'<a href="/portal/people/{me}">and 3 more</a>' in page,
    ) == (MOST_HELD, True)
    assert f"{count} deletions wait" in own
    assert own.partition("deletions wait")[2].partition("</ul>")[0].count("Talk ") == count


@pytest.mark.parametrize("language", ["en", "bg"])
def test_a_date_beside_its_series_is_not_swallowed_by_it(language: str) -> None:
    """Two dates would be voided and are told as their series; a third would be removed, and is told by itself."""
    dates = [Occurrence("U", date(2026, 2, day)) for day in (2, 9, 16)]
    items = [HeldItem(f"E{n}", f"A{n}", Intent.VOID, "Stand-up", occurrence=one) for n, one in enumerate(dates)]
    odd = replace(items[2], intent=Intent.REMOVE, subject="Retro")
    held = hold_of(Hold("key", "why", (*items[:2], odd), datetime(2026, 3, 1, tzinfo=UTC)), User("id", "a@x.example"))
    parts: Any = environment().get_template("parts.html").module
    told = parts.hold(Words(language, "", datetime(2026, 3, 1, tzinfo=UTC)), held, caller=str)

    assert told.count("<li>") == 2
    assert (told.count("Stand-up"), told.count("Retro")) == (1, 1)


async def test_a_long_past_is_cut_and_says_so(house: House, anna: Visitor) -> None:
    """The newest entries are told; the report has all."""
    meet(house, "Budget")
    await house.step()
    [link] = (await house.recall()).links
    me = (await house.user()).id
    entry = JournalEntry(me, house.now, "r0", "activity updated", "Budget", event_id=link.event_id)
    await house.world.store.append_journal([replace(entry, round_id=f"r{n}") for n in range(MOST_TOLD + 9)])
    told = await anna.json(f"/items/{await key(house)}")

    assert (len(told["timeline"]), told["earlier"]) == (MOST_TOLD, 10)
    assert told["report"].count("activity updated") == MOST_TOLD + 9
    assert "and 10 more" in await anna.read(f"/portal/items/{await key(house)}")
