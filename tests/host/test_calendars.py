"""The page of two calendars: what is done on it happens at the stand-ins, and nobody from elsewhere may do it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from simulators.erpnet import ErpSimulator
from simulators.graph import GraphSimulator
from simulators.graph.person import OutlookPerson
from simulators.host.calendars import HOME, Calendars
from tests.portal.test_bulgarian import foreign_in

NINE = {"start": "2026-12-01T09:00", "end": "2026-12-01T10:00"}
TEN = {"start": "2026-12-01T10:00", "end": "2026-12-01T11:00"}


@dataclass(slots=True)
class Desk:
    """Both stand-ins with Anna and Boris, and somebody in front of the page."""

    graph: GraphSimulator
    erp: ErpSimulator
    page: TestClient[web.Request, web.Application]

    async def look(self, **query: str) -> str:
        """What Anna's page says, or another's."""
        return await (await self.page.get(HOME, params=query)).text()

    async def act(self, side: str, do: str, ident: str = "", *, who: str = "anna", **fields: str) -> str:
        """Send a form; what the page says then."""
        answer = await self.page.post(f"{HOME}/act", data={"who": who, "side": side, "do": do, "id": ident, **fields})
        return await answer.text()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Anna's, as Outlook has them."""
        return self.graph.person("anna@acme.example").events()

    @property
    def activities(self) -> list[dict[str, Any]]:
        """All of ERP.net."""
        return self.erp.person("anna").activities()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    """Anna and Boris, with nothing in their calendars."""
    async with GraphSimulator() as graph, ErpSimulator() as erp:
        for login in ("anna", "boris"):
            graph.add_mailbox(f"{login}@acme.example", time_zone="FLE Standard Time")
            erp.add_user(login, f"{login}@acme.example", login.title())
        app = web.Application()
        app.add_routes(Calendars(graph.origin, erp.origin).routes())
        async with TestClient(TestServer(app)) as page:
            yield Desk(graph, erp, page)


async def test_an_event_is_made_changed_and_deleted(desk: Desk) -> None:
    """In Outlook, by the two forms and the buttons beside it."""
    await desk.act("outlook", "save", subject="Budget", people="boris@acme.example", **NINE)
    [made] = desk.events
    assert (made["subject"], made["start"]["dateTime"][:16]) == ("Budget", "2026-12-01T07:00")
    assert [one["emailAddress"]["address"] for one in made["attendees"]] == ["boris@acme.example"]

    form = await (
        await desk.page.get(f"{HOME}/edit", params={"who": "anna", "side": "outlook", "id": made["id"]})
    ).text()
    assert 'value="2026-12-01T09:00"' in form
    assert 'value="boris@acme.example"' in form
    await desk.act("outlook", "save", made["id"], subject="Budget 2", people="boris@acme.example", **TEN)
    page = await desk.act("outlook", "later", made["id"])
    assert "Budget 2" in page
    assert "Tue 01.12.26 11:00–12:00" in page

    page = await desk.act("outlook", "delete", made["id"])
    assert desk.events == []
    assert "Nothing in either calendar." in page


async def test_an_invitation_is_answered(desk: Desk) -> None:
    """Boris accepts on his page; Anna's meeting has it."""
    await desk.act("outlook", "save", subject="Budget", people="boris@acme.example", **NINE)
    [copy] = desk.graph.person("boris@acme.example").events()

    page = await desk.act("outlook", "accept", copy["id"], who="boris")

    assert "invited by anna@acme.example, accepted" in page
    assert [one["status"]["response"] for one in desk.events[0]["attendees"]] == ["accepted"]


async def test_an_activity_is_made_changed_locked_and_voided(desk: Desk) -> None:
    """In ERP.net, which refuses what its own rules forbid, in its words."""
    await desk.act("erp", "save", subject="Visit", people="boris", **NINE)
    [made] = desk.activities
    assert (made["Subject"], made["StartTime"][:16], made["OwnerLogin"]) == ("Visit", NINE["start"], "anna")
    assert "Visit" in await desk.look(who="boris"), "he takes part"

    await desk.act("erp", "save", made["Id"], subject="Visit 2", **TEN)
    await desk.act("erp", "later", made["Id"])
    assert "Read-only." in await desk.act("erp", "lock", made["Id"])
    assert "Make read-only" in await desk.act("erp", "unlock", made["Id"])
    page = await desk.act("erp", "void", made["Id"])

    assert "<del>Visit 2</del>" in page
    assert "Tue 01.12.26 11:00–12:00" in page
    assert desk.activities[0]["Void"]
    assert 'role="alert"' in await desk.act("erp", "later", made["Id"]), "a void activity is not moved"


async def test_a_pair_stands_side_by_side(desk: Desk) -> None:
    """By the ExternalId, or by what lies under the event; what differs is said."""
    await desk.act("outlook", "save", subject="Budget", **NINE)
    await desk.act("erp", "save", subject="Budget", **NINE)
    [made], [activity] = desk.events, desk.activities
    assert len(rows(await desk.look())) == 2
    desk.erp.person("anna").edit(activity["Id"], ExternalId=made["iCalUId"])

    [row] = rows(await desk.look())

    assert row.count("Budget</div>") == 2
    assert ">in step<" in row
    assert ">subject differ<" in await desk.act("erp", "save", activity["Id"], subject="Visit", **NINE)


def rows(page: str) -> list[str]:
    """The rows of the page's table."""
    return re.findall(r"<tr>.*?</tr>", page.partition("<tbody>")[2], re.DOTALL)


@pytest.mark.parametrize("side", ["outlook", "erp"])
@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"do": "save", "subject": "x", "start": "soon", "end": "later"}, "Start and end are dates with times."),
        ({"do": "save", "subject": "x", "start": TEN["start"], "end": NINE["start"]}, "It ends before it begins."),
        ({"do": "explode"}, "Nobody can do this in"),
        ({"do": "later", "id": "gone"}, "It is not there any more."),
        ({"do": "delete", "id": "gone"}, "It is not there any more."),
        ({"do": "save", "who": "nobody"}, "There is nobody of that name."),
    ],
)
async def test_what_cannot_be_is_said(desk: Desk, side: str, fields: dict[str, str], refusal: str) -> None:
    """A plain sentence on the page, and nothing is done."""
    answer = await desk.page.post(f"{HOME}/act", data={"who": "anna", "side": side, **fields})

    assert (answer.status, desk.events, desk.activities) == (409, [], [])
    assert refusal in (await answer.text()).partition('role="alert"')[2].partition("</p>")[0]


async def test_a_form_for_what_is_gone_says_so(desk: Desk) -> None:
    """An item that somebody has deleted meanwhile, and a side that is none."""
    for query in ({"side": "outlook", "id": "gone"}, {"side": "erp", "id": "gone"}, {"side": "notes"}):
        answer = await desk.page.get(f"{HOME}/edit", params={"who": "anna", **query})
        assert answer.status == 409
        assert 'role="alert"' in await answer.text()


async def test_a_title_is_text(desk: Desk) -> None:
    """Markup in it is shown, not obeyed: the page has its own script and no other, and none other would run."""
    await desk.act("outlook", "save", subject="<script>alert(1)</script>", **NINE)

    answer = await desk.page.get(HOME)

    text = await answer.text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("<script") == text.count(f'<script src="{HOME}/look.js"') == 1
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 403),
    ],
)
async def test_no_other_page_sends_its_forms(desk: Desk, headers: dict[str, str], status: int) -> None:
    """Neither one that is open beside it, nor one whose name leads to this machine."""
    given = {name: value.format(port=desk.page.port) for name, value in headers.items()}
    form = {"who": "anna", "side": "outlook", "do": "save", "subject": "Budget", **NINE}

    answer = await desk.page.post(f"{HOME}/act", data=form, headers=given, allow_redirects=False)

    assert (answer.status, len(desk.events)) == (status, int(status == 303))


async def test_it_is_not_read_by_another_name(desk: Desk) -> None:
    """A name that leads to this machine shows nothing."""
    answer = await desk.page.get(HOME, headers={"Host": "evil.example"})

    assert answer.status == 403


async def test_that_it_looks_again_can_be_stopped(desk: Desk) -> None:
    """It moves under nobody's hands: the script looks, has a button to stop it, and is not there while they read why
    something was refused. Without it nothing moves by itself."""
    script, page = f'<script src="{HOME}/look.js"', await desk.look()

    assert (script in page, "data-go-on" in page, "http-equiv" in page) == (True, True, False)
    assert script not in await desk.act("outlook", "explode")
    answer = await desk.page.get(f"{HOME}/look.js")
    assert (answer.status, answer.content_type) == (200, "text/javascript")


async def test_it_speaks_the_readers_language(desk: Desk) -> None:
    """Both pages and a refusal are Bulgarian to a Bulgarian browser; a language that it does not speak is English."""
    await desk.act("outlook", "save", subject="Budget", **NINE)
    bulgarian = {"Accept-Language": "bg-BG,bg;q=0.9"}
    form = {"who": "anna", "side": "erp"}
    asked = (
        await desk.page.get(HOME, headers=bulgarian),
        await desk.page.get(f"{HOME}/new", params=form, headers=bulgarian),
        await desk.page.post(f"{HOME}/act", data={**form, "do": "save", "start": "x"}, headers=bulgarian),
    )
    for answer in asked:
        text = await answer.text()
        assert '<html lang="bg">' in text
        assert foreign_in(text, ("Anna", "anna", "Boris", "boris", "Budget", "Tue")) == []
    assert '<html lang="en">' in await (await desk.page.get(HOME, headers={"Accept-Language": "fr"})).text()


def weekly(desk: Desk) -> tuple[OutlookPerson, str, date]:
    """Anna, her weekly meeting at nine, and its first date from now on."""
    first = datetime.now(ZoneInfo("Europe/Kiev")).date() + timedelta(days=2)
    anna = desk.graph.person("anna@acme.example")
    nine = datetime.combine(first - timedelta(weeks=52), time(9))
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [f"{first:%A}".lower()], "firstDayOfWeek": "monday"}
    repeats = {"pattern": pattern, "range": {"type": "noEnd", "startDate": f"{nine.date()}"}}
    return anna, anna.create("Team week", nine, nine + timedelta(hours=1), recurrence=repeats), first


async def test_a_series_is_its_dates_in_the_coming_month(desk: Desk) -> None:
    """Each stands for itself, a moved one where it is now: what is done to one leaves the others."""
    anna, series, first = weekly(desk)
    week = timedelta(weeks=1)
    at_two = datetime.combine(first + week, time(14))
    anna.move_date(series, first + week, at_two, at_two + timedelta(hours=1))
    page = await desk.look()
    shown = page.count("09:00–10:00"), page.count("14:00–15:00")

    await desk.act("outlook", "delete", anna.occurrence(series, first))
    await desk.act("outlook", "later", anna.occurrence(series, first + 2 * week))
    page = await desk.look()

    assert shown in {(3, 1), (4, 1)}, "four or five dates, by the month"
    assert (page.count("09:00–10:00"), page.count("10:00–11:00")) == (shown[0] - 2, 1)
    assert anna.dates(series, first, first + week) == [first + week]


async def test_a_whole_series_and_all_following_dates_are_changed_by_one_of_them(desk: Desk) -> None:
    """The form of a date offers it, that of a single event does not, and there it is refused."""
    anna, series, first = weekly(desk)
    second = first + timedelta(weeks=1)
    one = anna.occurrence(series, second)
    form = {"who": "anna", "side": "outlook", "id": one}
    assert "all following" in await (await desk.page.get(f"{HOME}/edit", params=form)).text()
    assert "A date of a series." in await desk.look()

    await desk.act("outlook", "rename_series", one, subject="Team")
    assert anna.get(anna.occurrence(series, first))["subject"] == "Team"
    at_two = {"start": f"{second}T14:00", "end": f"{second}T15:00"}
    await desk.act("outlook", "following", one, subject="Later", **at_two)
    page = await desk.look()
    assert (page.count("09:00–10:00"), page.count("14:00–15:00") in (3, 4)) == (1, True)
    assert anna.dates(series, first, second) == [first]
    await desk.act("outlook", "delete_series", anna.occurrence(series, first))
    assert "09:00–10:00" not in await desk.look()

    single = anna.create("Budget", datetime.combine(first, time(9)), datetime.combine(first, time(10)))
    assert "It is no date of a series." in await desk.act("outlook", "following", single, **at_two)
    form["id"] = single
    assert "all following" not in await (await desk.page.get(f"{HOME}/edit", params=form)).text()
