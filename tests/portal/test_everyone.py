"""The pages about everybody: what those with a role see, and what an administrator may ask for."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.memory import MemoryStore
from jobs.app.dispatch import dispatch
from jobs.command import Asker, Command, State
from jobs.commands.ask import ask
from jobs.commands.redaction import UNKNOWN
from jobs.company import stamp_policy
from jobs.erasure import FORGOTTEN
from jobs.ports import Subscription
from jobs.trouble import Trouble, Why
from jobs.wish import Kind, Wish
from portal.people import FILTERS, page_of, row_of
from portal.sign_in import Role
from portal.tables import as_csv
from sync_core.model.instance import Instance
from sync_core.model.pause import Pause
from sync_core.model.policy import SeriesRule
from sync_core.model.user import Tally, User
from tests.portal.test_mine import heading, make_conflict, meet
from tests.support.house import START, House
from tests.support.users import put_user
from tests.support.visitor import Visitor, signed_in


@pytest.fixture
def admin(house: House) -> Visitor:
    """Vera, an administrator whom calsync does not know."""
    return Visitor(house, signed_in("vera", Role.ADMIN, name="Vera"))


@pytest.fixture
def reader(house: House) -> Visitor:
    """Rosa, who may look."""
    return Visitor(house, signed_in("rosa", Role.READER, name="Rosa"))


async def commands(house: House) -> list[Command]:
    """What was asked for, newest first."""
    return list(await house.world.store.list_commands())


async def test_the_company_at_a_glance(house: House, admin: Visitor) -> None:
    """One sentence, numbers that filter, people with their state."""
    meet(house, "Budget")
    await house.step()
    page = await admin.read("/portal/everyone")

    assert heading(page) == "Everybody&#39;s calendar and ERP.net are in step."
    assert re.search(r'show=on#people"><strong>1</strong> on', page)
    assert "Anna" in page
    assert heading(await admin.read("/portal/everyone", accept_language="bg")) == (
        "Календарите на всички и ERP.net са в синхрон."
    )


@pytest.mark.parametrize(("rule", "is_offered"), [(SeriesRule.SKIP, True), (SeriesRule.WINDOW, False)])
async def test_what_recurring_meetings_would_bring_is_asked_before_they_are_on(
    house: House, admin: Visitor, rule: SeriesRule, *, is_offered: bool
) -> None:
    """The company's policy decides, whatever the settings of this process say."""
    house.set_policy(series=rule)
    await stamp_policy(house.world)
    house.set_policy(series=SeriesRule.SKIP)
    page = await admin.read("/portal/everyone")

    assert ("/portal/everyone/do/preview-series" in page) == is_offered
    assert "/portal/everyone/do/preview-all" in page


async def test_what_a_round_left_is_counted(house: House, admin: Visitor) -> None:
    """Conflicts come from the user rows, what is not synced from its counts, without a look into anybody's
    partition; a round that reads something else changes neither."""
    await make_conflict(house)
    at = house.now + timedelta(days=60)
    house.outlook().create("Far", at, at + timedelta(hours=1))
    await house.step(full=True)
    user = await house.user()
    told = await admin.json("/everyone")

    assert (user.tally.conflicts, user.tally.links) == (1, 1)
    assert (told["code"], told["numbers"]["conflicts"]) == ("conflicts", 1)
    [row] = told["table"]["rows"]
    assert (row["conflicts"], row["skipped"]) == (1, 2)
    meet(house, "Other")
    await house.step()
    assert [one["skipped"] for one in (await admin.json("/everyone"))["table"]["rows"]] == [2]
    assert ("outside the window", 1, 1) in [(one["reason"], one["count"], one["people"]) for one in told["skipped"]]
    assert heading(await admin.read("/portal/everyone")) == "1 person has conflicts to resolve."


async def test_a_reader_sees_and_changes_nothing(house: House, reader: Visitor) -> None:
    """No button asks for anything; what is sent all the same is refused (test_door)."""
    await house.step()
    user = await house.user()
    for path in (
        "/portal/everyone",
        f"/portal/people/{user.id}",
        "/portal/everyone/audit",
        "/portal/everyone/settings",
    ):
        page = await reader.read(path)
        assert "/do/" not in page.replace("/portal/everyone/do/ticked", "")
        assert 'name="what"' not in page
        assert "checkbox" not in page


async def test_one_persons_page_masks_what_is_private(house: House, admin: Visitor) -> None:
    """Neither subject nor values of a private item, wherever it shows."""
    await make_conflict(house, sensitivity="private")
    meet(house, "Open to all")
    await house.step()
    user = await house.user()
    page = await admin.read(f"/portal/people/{user.id}")
    told = await admin.json(f"/people/{user.id}")
    table = (await admin.get(f"/portal/people/{user.id}/items.csv")).body.decode("utf-8-sig")

    assert "(private)" in page
    assert "Open to all" in page
    assert "Open to all" in table
    for text in (page, str(told), table):
        assert "Budget" not in text
    assert told["conflicts"][0]["clashes"][0]["event_value"] == "(private)"


async def test_a_quiet_hour_is_not_late(house: House, admin: Visitor, anna: Visitor) -> None:
    """The timer looks at calendars in which nothing is new, and no round follows; without the timer they are late, to
    everybody and to themselves, and so is whoever waits for their round."""
    await house.step()
    for _ in range(8):
        house.advance(minutes=15)
        await dispatch(house.world)
    user = await house.user()
    assert heading(await admin.read("/portal/everyone")) == "Everybody&#39;s calendar and ERP.net are in step."
    own = await anna.json("")
    assert (own["sentence"]["code"], own["looked_at"]) == ("in-step", house.now.isoformat())
    assert own["synced_at"] == user.synced_at.isoformat() if user.synced_at else ""

    house.advance(minutes=61)
    assert heading(await admin.read("/portal/everyone")) == "1 calendar has not been looked at for longer than usual."
    assert heading(await anna.read("/portal")) == "Your calendar has not been looked at for longer than usual."
    await dispatch(house.world)
    assert (await anna.json(""))["sentence"]["code"] == "in-step"

    await stamp_policy(replace(house.world, late_after=900), by_app=True)
    house.advance(hours=14)
    assert (await anna.json(""))["sentence"]["code"] == "in-step", "the timer of office hours rests at night"
    house.advance(hours=2)
    assert (await anna.json(""))["sentence"]["code"] == "late"
    await stamp_policy(house.world, by_app=True)
    await dispatch(house.world)

    meet(house, "Budget")
    for _ in range(6):
        await dispatch(house.world)
        house.advance(minutes=15)
    assert (await admin.json(f"/people/{user.id}"))["sentence"]["code"] == "late"
    await house.step()
    assert (await anna.json(""))["sentence"]["code"] == "in-step"


async def test_one_persons_page_is_what_they_see(house: House, admin: Visitor, anna: Visitor) -> None:
    """Company, location, when it looked and looks again, what they asked for; "off" says what it keeps."""
    await house.step()
    await anna.send("/portal/do/refresh")
    user = await house.user()
    page = await admin.read(f"/portal/people/{user.id}")
    own = await anna.json("")
    told = await admin.json(f"/people/{user.id}")

    assert f"{user.company}, {user.location}" in page
    assert "Looks again at" in page
    assert "Looking at both sides</a>" in page
    assert "Nothing is deleted on either side." in page
    for name in ("place", "looked_at", "looks_at", "pushed_until", "synced_at", "running", "links"):
        assert told[name] == own[name], name


async def test_several_are_paused_until_a_date(house: House, admin: Visitor) -> None:
    """The form of the table, and of one person, has a place for it; empty, the pause has no end."""
    await house.step()
    me = (await house.user()).id
    for path in ("/portal/everyone", f"/portal/people/{me}"):
        [form] = re.findall(
            r'<form method="post" action="/portal/everyone/do/ticked".*?</form>', await admin.read(path), re.DOTALL
        )
        assert '<input type="date" name="until">' in form
    for until in ("2026-02-02", ""):
        await admin.send("/portal/everyone/do/ticked", {"what": "pause", "person": me, "until": until})

    assert {one.wish.until for one in await commands(house)} == {"2026-02-02", ""}


@pytest.mark.parametrize("path", ["", "/items.csv"])
async def test_an_unknown_person_is_not_there(admin: Visitor, path: str) -> None:
    """Whatever is asked of them."""
    assert (await admin.get(f"/portal/people/nobody{path}")).status == 404


async def make_hold(house: House) -> None:
    """Anna deletes all of her linked meetings."""
    events = [meet(house, f"Meeting {number}") for number in range(4)]
    await house.step()
    for event in events:
        house.outlook().delete(event)
    await house.step()


async def test_held_deletions_are_shown_and_answered(house: House, admin: Visitor) -> None:
    """With subjects and times; approve and drop ask for exactly this list."""
    await make_hold(house)
    page = await admin.read("/portal/everyone")
    assert heading(page) == "Deletions of 1 person wait for you."
    assert "4 deletions wait" in page
    assert "Meeting 3" in page
    [hold_id] = set(re.findall(r'name="id" value="(\w+)"', page))
    me = (await house.user()).id
    for what in ("approve", "drop"):
        assert (await admin.send(f"/portal/everyone/do/{what}", {"person": me, "id": hold_id})).status == 303

    told = {(c.wish.kind, c.wish.people, c.wish.item, c.wish.choice) for c in await commands(house)}
    assert told == {(Kind.APPROVE, (me,), hold_id, "approve"), (Kind.APPROVE, (me,), hold_id, "drop")}
    assert {c.asked_by for c in await commands(house)} == {Asker("vera", "Vera")}


TICKED = {
    "enable": Wish(Kind.ENABLE, ("a", "b")),
    "disable": Wish(Kind.DISABLE, ("a", "b")),
    "pause": Wish(Kind.PAUSE, ("a", "b")),
    "resume": Wish(Kind.RESUME, ("a", "b")),
    "retry": Wish(Kind.RETRY, ("a", "b")),
    "refresh": Wish(Kind.SYNC, ("a", "b"), full=True),
    "sync": Wish(Kind.SYNC, ("a", "b")),
    "preview": Wish(Kind.PREVIEW, ("a", "b"), choice="on"),
}


@pytest.mark.parametrize("what", TICKED)
async def test_who_is_ticked_is_asked_for(house: House, admin: Visitor, what: str) -> None:
    """Several at once, each once; with nobody ticked nothing is asked for."""
    body = f"token={await admin.token()}&what={what}&person=a&person=b&person=a"
    kind = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
    sent = await admin.ask("POST", "/portal/everyone/do/ticked", body, **kind)
    none = await admin.send("/portal/everyone/do/ticked", {"what": what})

    assert (sent.status, none.status) == (303, 400)
    assert [one.wish for one in await commands(house)] == [TICKED[what]]


FOR_ALL = {
    "new": ({"names": "a@x.example\nb@x.example, a@x.example"}, Wish(Kind.ENABLE, ("a@x.example", "b@x.example"))),
    "pause-all": ({"until": "2026-02-02"}, Wish(Kind.PAUSE, everybody=True, until="2026-02-02")),
    "resume-all": ({}, Wish(Kind.RESUME, everybody=True)),
    "preview-all": ({}, Wish(Kind.PREVIEW, everybody=True)),
    "preview-series": ({}, Wish(Kind.PREVIEW, everybody=True, choice="series")),
    "doctor": ({}, Wish(Kind.DOCTOR)),
    "grant": ({}, Wish(Kind.GRANT, repair=True)),
}


@pytest.mark.parametrize("what", FOR_ALL)
async def test_everybody_is_asked_for(house: House, admin: Visitor, what: str) -> None:
    """Without a list."""
    fields, wish = FOR_ALL[what]
    assert (await admin.send(f"/portal/everyone/do/{what}", fields)).status == 303
    assert [one.wish for one in await commands(house)] == [wish]


async def test_whoever_has_waited_longest_comes_first(house: House, admin: Visitor) -> None:
    """Anna's list is older than that of somebody before her by name."""
    await make_hold(house)
    await house.employ("aaron")
    house.advance(hours=1)
    box = house.outlook("aaron@acme.example")
    at = house.now + timedelta(days=2)
    events = [box.create(f"Talk {number}", at, at + timedelta(hours=1)) for number in range(4)]
    await house.sync()
    for event in events:
        box.delete(event)
    await house.sync()
    told = (await admin.json("/everyone"))["needs"]["rows"]

    assert [(one["need"], one["name"]) for one in told] == [("holds", "Anna"), ("holds", "Aaron")]
    assert [one["holds"][0]["owner"] for one in told] == ["anna@acme.example", "aaron@acme.example"]


async def test_who_asked_for_what(house: House, admin: Visitor, anna: Visitor) -> None:
    """The audit names who, what, about whom and the outcome; an administrator may look at the answer."""
    await anna.send("/portal/do/why", {"item": "Budget"})
    [command] = await commands(house)
    done = replace(command, state=State.FAILED, trouble=Trouble(Why.ITEM), is_fine=False)
    await house.world.store.save_command(done)
    me = (await house.user()).id
    await admin.send("/portal/everyone/do/pause", {"person": me, "until": "2026-02-02"})
    await admin.send("/portal/everyone/do/drop", {"person": me, "id": "0123456789ab"})
    page = await admin.read("/portal/everyone/audit")

    assert "Anna Petrova" in page
    assert "Answering a list of deletions</a>: Drop" in page
    assert "Pausing sync</a>: Pause until Mon 2 February" in page
    assert re.search(r"Pause until.*?<div class=\"soft\">Anna</div>", page, re.DOTALL)
    assert "Neither Outlook nor ERP.net nor the log knows it" in page
    assert "Budget" not in page
    assert "This did not work." in await admin.read(f"/portal/commands/{command.id}")
    table = (await admin.get("/portal/everyone/audit.csv")).body.decode("utf-8-sig")
    assert "why,,False,,Anna Petrova" in table
    assert "pause,,False,2026-02-02,Vera" in table


async def test_whose_deletions_wait_is_not_in_step(house: House, anna: Visitor, admin: Visitor) -> None:
    """Neither on their own page nor on the administrator's."""
    await make_hold(house)
    own = await anna.read("/portal")
    shown = await admin.read(f"/portal/people/{(await house.user()).id}")

    assert "Deletions wait for your administrator" in own
    assert "What was deleted waits for an answer." in shown


async def test_settings_hold_no_secret(house: House, admin: Visitor) -> None:
    """What is shown is listed; a secret's value is nowhere."""
    admin.environ = {
        **admin.environ,
        "ERPNET_CLIENT_SECRET": "top-secret",
        "ERPNET_WEBHOOK_SECRET": "top-secret",
        "AzureWebJobsStorage": "AccountKey=top-secret",
        "SYNC_SCHEDULE": "0 */5 * * * *",
    }
    await house.step()
    page = await admin.read("/portal/everyone/settings")

    assert "0 */5 * * * *" in page
    assert "SYNC_CONFLICT" in page
    assert "top-secret" not in page


async def test_what_needs_an_administrator(house: House, admin: Visitor) -> None:
    """The secret's end, what the last check found wrong with its remedy, and people in error."""
    await house.step()
    house.world = replace(house.world, secret_ends=date(2026, 2, 1))
    command = await ask(house.world, Wish(Kind.DOCTOR), Asker("vera"))
    await house.world.store.save_command(replace(command, state=State.DONE, is_fine=False))
    wrong = {"what": "Microsoft Graph", "fine": False, "text": "run grant-graph-roles.sh"}
    await house.world.store.save_part(command.id, 0, {"checks": [wrong, {**wrong, "fine": True, "text": "all well"}]})
    me = (await house.user()).id
    await house.world.store.revise_user(me, lambda user: replace(user, state="Error: no company"))
    page = await admin.read("/portal/everyone")

    assert "ends: Sun 1 February." in page
    assert "run grant-graph-roles.sh" in page
    assert "all well" not in page
    assert "no company" in page
    assert heading(page) == "1 person&#39;s sync cannot go on."


async def test_the_answer_of_the_checks_tells_apart_what_is_not_known(house: House, admin: Visitor) -> None:
    """An earlier build's answer says of each check only whether it is fine."""
    command = await ask(house.world, Wish(Kind.DOCTOR), Asker("vera"))
    saved = await house.world.store.save_command(replace(command, state=State.DONE, is_fine=True))
    check: dict[str, Any] = {
        "what": "Queue",
        "topic": "on-queue",
        "fine": True,
        "part": "",
        "text": "so",
        "code": "",
        "values": {},
    }
    grades: list[dict[str, Any]] = [
        {"grade": "passed"},
        {"grade": "open"},
        {"grade": "warned"},
        {"grade": "failed", "fine": False},
    ]
    checks = [{**check, **one} for one in (*grades, {}, {"fine": False})]
    await house.world.store.save_part(saved.id, 0, {"checks": checks})
    page = await admin.read(f"/portal/commands/{saved.id}")

    words = re.findall(r'<li><strong class="(\w+)">([^<]+)</strong>', page)
    assert words == [
        *[("bad", "Not fine")] * 2,
        ("good", "Fine"),
        ("soft", "Not known"),
        ("soft", "Keep switched off"),
        ("good", "Fine"),
    ]


def somebody(number: int, **more: object) -> User:
    """One of many."""
    user = User(f"id{number:05}", f"p{number:05}@x.example", display_name=f"Person {number:05}", enabled=True)
    return replace(user, **{"enabled_at": START, "synced_at": START, **more})  # type: ignore[arg-type]


STATES = {
    "on": somebody(1),
    "off": somebody(2, enabled=False),
    "error": somebody(3, state="Error: x"),
    "conflicts": somebody(4, tally=Tally(conflicts=2)),
    "holds": somebody(5, tally=Tally(holds=1)),
    "parked": somebody(6, tally=Tally(parked=3)),
    "paused": somebody(7, pause=Pause(START)),
    "starting": somebody(8, synced_at=None),
    "late": somebody(9, synced_at=START - timedelta(hours=2), enabled_at=START - timedelta(days=1)),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_finds_its_own(name: str) -> None:
    """One person of every kind: the filter finds exactly those it is called by."""
    rows = [row_of(user, Instance(), START, {}) for user in STATES.values()]
    found = {row["id"] for row in page_of(rows, {"show": name})["rows"]}
    expected = {STATES[name].id} if name != "on" else {user.id for user in STATES.values() if user.enabled}

    assert found == expected


def test_ten_thousand_people_come_in_pages() -> None:
    """Fifty a page, searched and sorted; odd wishes get the nearest page."""
    rows = [row_of(somebody(n, tally=Tally(conflicts=n % 7)), Instance(), START, {}) for n in range(10_000)]
    first = page_of(rows, {})

    assert (first["found"], first["pages"], len(first["rows"])) == (10_000, 200, 50)
    assert page_of(rows, {"page": "200"})["rows"][-1]["id"] == "id09999"
    assert page_of(rows, {"page": "999999"})["page"] == 200
    assert page_of(rows, {"page": "-1"})["page"] == 1
    assert [row["id"] for row in page_of(rows, {"word": "PERSON 00042"})["rows"]] == ["id00042"]
    assert page_of(rows, {"sort": "conflicts"})["rows"][0]["conflicts"] == 6
    assert page_of(rows, {"sort": "x", "show": "x"})["found"] == 10_000


async def test_a_search_is_no_part_of_an_address(house: House, admin: Visitor) -> None:
    """A name is sent as a form's field, and the form that pages on keeps it."""
    await house.employ("boris")
    shown = await admin.send("/portal/everyone", {"word": "bor", "sort": "name"})
    page = shown.body.decode()

    assert shown.status == 200
    assert 'value="bor"' in page
    assert "Boris" in page
    assert ">Anna<" not in page
    assert "word=" not in page


def test_a_table_is_no_program() -> None:
    """A cell that a spreadsheet would compute is text, where a semicolon parts the cells, too."""
    rows: list[list[object]] = [
        ["=1+1"],
        ["@x"],
        ["ж"],
        [None],
        [3],
        ["\t=1"],
        ["＝1"],
        ['Plan;"=1+1'],
        ["Plan; -2"],
        ["a;b"],
    ]
    answer = as_csv("x", ("a",), rows)

    whole, behind = ["'=1+1", "'@x", "ж", '""', "3", "'\ufffd=1", "'＝1"], ['"Plan;""\'=1+1"', "Plan; '-2", "a;b"]
    assert answer.body.decode("utf-8-sig").split("\r\n")[1:-1] == [*whole, *behind]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="calsync-x.csv"'


async def test_people_as_a_table(house: House, admin: Visitor) -> None:
    """A line each, with what the rows tell."""
    await house.step()
    table = (await admin.get("/portal/everyone/people.csv")).body.decode("utf-8-sig").splitlines()
    assert table[0].startswith("id,upn,name,state")
    assert "anna@acme.example,Anna,Operational" in table[1]


TOLD = {
    "unsynced": (["skipped,outside the window,", "synced by itself"], ["skipped,извън периода,", "остане по-малко"]),
    "audit": (["failed", "(forgotten)", "knows it"], ["failed", "(забравен)", "(непознат)", "знаят за нея"]),
    "people": (["state", "no default enterprise company"], ["state", "няма фирма"]),
}
"""What stands in a table, in English and in Bulgarian."""


async def test_tables_tell_reasons_in_the_readers_language(house: House, admin: Visitor) -> None:
    """Why something is not synced, what would help, what fails, and that somebody is known no more; states and
    columns are the same in every language."""
    at = house.now + timedelta(days=60)
    house.outlook().create("Far", at, at + timedelta(hours=1))
    await house.step(full=True)
    asked = Command("zzzzzzz-0123456789ab", Wish(Kind.WHY, (UNKNOWN, FORGOTTEN)), Asker(FORGOTTEN), START, START)
    await house.world.store.save_command(replace(asked, state=State.FAILED, trouble=Trouble(Why.ITEM)))
    error = "Error: no default enterprise company and location: choose them"
    await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, state=error))

    for name, in_languages in TOLD.items():
        for language, told in zip(("en", "bg"), in_languages, strict=True):
            answer = await admin.get(f"/portal/everyone/{name}.csv", accept_language=language)
            text = answer.body.decode("utf-8-sig")
            assert [one for one in told if one not in text] == [], text
    page = await admin.read("/portal/everyone/audit", accept_language="bg")
    assert ("(забравен)" in page, "(непознат), (забравен)" in page, "(unknown)" in page) == (True, True, False)


@pytest.mark.parametrize("until", [None, date(2026, 2, 2)])
async def test_a_pause_of_everybody_is_shown_and_can_be_ended(
    house: House, admin: Visitor, until: date | None
) -> None:
    """The page offers the one button that helps, and pausing again once the pause has ended by itself."""
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, pause=Pause(house.now, until)), etag)
    page = await admin.read("/portal/everyone")
    assert "/portal/everyone/do/resume-all" in page
    assert "/portal/everyone/do/pause-all" not in page

    house.advance(days=60)
    assert ("/portal/everyone/do/pause-all" in await admin.read("/portal/everyone")) == bool(until)
    assert ((await admin.json("/everyone"))["code"] == "paused") == (until is None)


async def test_connections_are_told_from_rows(house: House, reader: Visitor) -> None:
    """Both sides, the queue, sessions and the secret; nobody outside is asked, and no secret is shown."""
    me = await house.user()
    store = house.world.store
    await store.save_subscription(Subscription(me.id, "top-secret", "sub", "https://app", START + timedelta(days=2)))
    await store.save_subscription(Subscription("gone", "top-secret", "old", "https://app", START))
    await store.revise_user(me.id, lambda user: replace(user, heard_at=START))
    instance, etag = await store.read_instance()
    await store.save_instance(replace(instance, queued=3, poisoned=2, pulled_at=START, refused="no"), etag)
    house.graph.forget_requests()
    house.erp.forget_requests()
    told = await reader.json("/everyone/connections")
    page = await reader.read("/portal/everyone/connections")

    assert (told["subscriptions"], told["people"], told["queued"], told["poisoned"]) == (1, 1, 3, 2)
    assert told["notified_at"] == told["pulled_at"] == START.isoformat()
    assert told["most_sessions"] == house.world.erp_sessions
    assert "top-secret" not in page
    assert (house.graph.requests, house.erp.requests) == ([], [])
    overview = await reader.read("/portal/everyone")
    assert "2 messages could not be served and lie in the poison queue" in overview


@pytest.mark.parametrize(
    ("has_webhook", "called_at", "english", "bulgarian"),
    [
        (False, None, "not set up, so changes are fetched every minute", "не е настроен"),
        (True, None, "set up, and has not called yet", "настроен е, но още не се е обаждал"),
        (
            True,
            START,
            f"set up, and last called at {START:%Y-%m-%d %H:%M} UTC",
            "настроен е и се обади последно днес, ",
        ),
    ],
    ids=["off", "silent", "called"],
)
async def test_erpnets_webhook_is_told(
    house: House, reader: Visitor, has_webhook: bool, called_at: datetime | None, english: str, bulgarian: str
) -> None:
    """Whether it is set up, and when it last called, in both languages."""
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, has_webhook=has_webhook, called_at=called_at), etag)
    path = "/portal/everyone/connections"

    assert english in await reader.read(path)
    assert bulgarian in await reader.read(path, accept_language="bg")
    told = (await reader.json("/everyone/connections"))["webhook"]
    assert told["is_set_up"] is has_webhook
    assert told["called_at"] == (called_at.isoformat() if called_at else None)


async def test_items_of_everybody_come_in_parts(house: House, reader: Visitor) -> None:
    """A hundred people a file, each line with its owner; private subjects are their owners' only."""
    meet(house, "Open to all")
    at = house.now + timedelta(days=2)
    house.outlook().create("Dentist", at, at + timedelta(hours=1), sensitivity="private")
    await house.step()
    for number in range(120):
        await put_user(house.world.store, somebody(number))
    one, two, three = [
        (await reader.get(f"/portal/everyone/items.csv?part={part}")) for part in ("1", "2", "no number")
    ]

    lines = one.body.decode("utf-8-sig").splitlines()
    assert (one.status, one.kind, lines[0].split(",")[0]) == (200, "text/csv", "upn")
    assert sorted(line.split(",")[3] for line in lines[1:]) == ["", "Open to all"]
    assert {line.split(",")[0] for line in lines[1:]} == {(await house.user()).upn}
    assert two.body.decode("utf-8-sig").splitlines() == lines[:1]
    assert three.body == one.body
    page = await reader.read("/portal/everyone")
    assert 'name="part" min="1" max="2"' in page


async def test_items_that_cannot_be_read_cost_their_owners_lines(house: House, reader: Visitor) -> None:
    """The file says whose; everybody else's are there."""
    meet(house, "Budget")
    await house.step()
    boris = await house.employ("boris")
    assert isinstance(house.memory, MemoryStore)
    place = Key((await house.user(boris)).id, "cursors")
    await house.memory.backend.write(Table.STATE, Op(Verb.PUT, place, {"v": 99, "data0": "{}"}))
    text = (await reader.get("/portal/everyone/items.csv")).body.decode("utf-8-sig")

    assert "Budget" in text
    assert re.search(r"boris@acme.example,.*row cannot be read", text)


async def test_times_are_those_of_the_browser_where_no_other_zone_is_known(house: House, admin: Visitor) -> None:
    """An administrator without a calendar of their own; nonsense is UTC."""
    await house.step()
    assert "Times are in UTC." in await admin.read("/portal/everyone")
    assert "Times are in America/New_York." in await admin.read(
        "/portal/everyone", cookie="calsync-zone=America%2FNew_York"
    )
    assert "Times are in UTC." in await admin.read("/portal/everyone", cookie="calsync-zone=%3Cscript%3E")


async def test_ten_thousand_people_are_one_page(house: House, admin: Visitor) -> None:
    """Fifty of them, counted and searched; neither the page nor a file looks into ten thousand partitions. It takes
    a fraction of a second of the one thread that answers notifications, too, which have three (graph.md §11)."""
    store = house.world.store
    assert isinstance(house.memory, MemoryStore)
    for number in range(10_000):
        await put_user(store, somebody(number, tally=Tally(conflicts=int(number == 7_777))))
    await store.read_form_key()
    before, began = house.memory.reads, time.process_time()
    page = await admin.read("/portal/everyone")
    told, spent = house.memory.reads - before, time.process_time() - began
    found = await admin.send("/portal/everyone", {"word": "person 07777"})
    people = (await admin.get("/portal/everyone/people.csv")).body.decode("utf-8-sig")

    assert heading(page) == "1 person has conflicts to resolve."
    assert (told < 20, len(page) < 120_000, spent < 1.5) == (True, True, True)
    assert "10001 people. Page 1 of 201." in page
    assert "1 person. Page 1 of 1." in found.body.decode()
    assert people.count("\n") == 10_002


async def test_an_answer_about_others_leads_back_to_everyone(house: House, admin: Visitor, anna: Visitor) -> None:
    """And offers no switch: that would be the administrator's own; an employee's answer leads to their switch."""
    ends = {}
    for who, path, fields in (
        (admin, "/portal/everyone/do/preview", {"person": (await house.user()).id}),
        (anna, "/portal/do/preview", {}),
    ):
        await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, enabled=False))
        sent = await who.send(path, fields)
        command = next(one for one in await commands(house) if sent.headers["Location"].endswith(one.id))
        await house.world.store.save_command(replace(command, state=State.DONE))
        ends[who.headers["x-ms-client-principal"]] = await who.read(sent.headers["Location"])
    theirs, mine = ends.values()

    assert ("Back to everyone" in theirs, "/portal/settings" in theirs) == (True, False)
    assert ("Back to my calendar" in mine, "/portal/settings" in mine) == (True, True)
