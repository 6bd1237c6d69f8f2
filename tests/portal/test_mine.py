"""The page of one's own sync: what it says, and what its forms ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from jobs.command import Asker, Command, State
from jobs.commands.ask import ask
from jobs.commands.switch import disable
from jobs.ports import Put
from jobs.wish import Kind, Wish
from portal import mine
from portal.mine import next_look
from portal.own_wishes import MOST_WAITING
from portal.sign_in import Role
from sync_core.model.entries import JournalEntry, as_series
from sync_core.model.pause import Pause
from sync_core.model.policy import SeriesRule, Winner
from sync_core.model.series import Occurrence
from tests.support.house import House
from tests.support.series import MONDAYS, clock, mondays, on
from tests.support.visitor import Visitor, signed_in

AT = datetime(2026, 1, 26, 9, 0, tzinfo=UTC)


def meet(house: House, subject: str, **more: object) -> str:
    """Anna enters a meeting of an hour tomorrow; the event's id."""
    at = house.now + timedelta(days=1)
    return house.outlook().create(subject, at, at + timedelta(hours=1), **more)


async def asked_of(house: House) -> list[Command]:
    """What was asked for, newest first."""
    return list(await house.world.store.list_commands())


def heading(page: str) -> str:
    """The one sentence."""
    [found] = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return " ".join(str(found).split())


async def test_in_step(house: House, anna: Visitor) -> None:
    """After a round: the sentence, when it looked and will look, the last things in words."""
    meet(house, "Board & <b>budget</b>")
    await house.step()
    page = await anna.read("/portal")

    assert heading(page) == "Your calendar and ERP.net are in step."
    assert "Last looked: today, 10:00." in page
    assert "Looks again at 10:15." in page
    assert "“Board &amp; &lt;b&gt;budget&lt;/b&gt;” was put into ERP.net" in page
    assert f"Times are in {(await house.user()).zone}." in page


async def test_in_bulgarian(house: House, anna: Visitor) -> None:
    """The same, in the reader's language."""
    meet(house, "Съвет")
    await house.step()
    page = await anna.read("/portal", accept_language="bg")

    assert heading(page) == "Календарът ви и ERP.net са в синхрон."
    assert "„Съвет“ беше създадена в ERP.net" in page
    assert "Последна проверка: днес, 10:00." in page


async def test_somebody_new_is_off(house: House) -> None:
    """Of whom nothing is known, nothing is shown but how to switch on."""
    boris = Visitor(house, signed_in("boris"))
    page = await boris.read("/portal")

    assert heading(page) == "Sync is off."
    assert "/portal/settings" in page
    assert "Where is my meeting?" not in page
    assert "Switch sync on" in await boris.read("/portal/settings")


async def test_before_switching_on_one_sees_what_it_will_do(house: House) -> None:
    """Once somebody has looked, the numbers stand beside the switch and lead to the list."""
    boris = Visitor(house, signed_in("boris"))
    command = await ask(house.world, Wish(Kind.PREVIEW, ("boris",), choice="on"), Asker("boris"))
    line = {"subject": "x", "reason": "", "before": {}, "after": {}, "event_id": "e", "activity_id": ""}
    lines = [{"what": what, **line} for what in ["activity created"] * 3 + ["event created", "skipped"]]
    await house.world.store.save_part(command.id, 0, {"users": [{"lines": lines, "mails": 2}]})
    assert "will appear" not in await boris.read("/portal/settings")
    await house.world.store.save_command(replace(command, state=State.DONE))
    page = await boris.read("/portal/settings")

    assert "3 meetings will appear in ERP.net. 1 activity will appear in Outlook. 2 invitations will be sent." in page
    assert f'<a href="/portal/commands/{command.id}">See them</a>' in page


async def test_what_is_not_synced_is_named(house: House, anna: Visitor) -> None:
    """By reason, with what would change it; each item leads to its page. An administrator sees no private title."""
    at = house.now + timedelta(days=60)
    for number in range(52):
        house.outlook().create(f"Far {number}", at, at + timedelta(hours=1))
    house.outlook().create("Dentist", at, at + timedelta(hours=1), sensitivity="private")
    await house.step()
    page, me = await anna.read("/portal"), await house.user()

    assert "<strong>53 items</strong> · <span>outside the window.</span>" in page
    assert "and 3 more" in page
    assert page.count("Far ") >= 49
    boss = Visitor(house, signed_in("vera", Role.ADMIN))
    [told] = (await boss.json(f"/people/{me.id}"))["skipped"]
    assert {one["subject"] for one in told["items"]} <= {"(private)", *(f"Far {n}" for n in range(52))}
    assert "Dentist" not in await boss.read(f"/portal/people/{me.id}")


async def test_off_says_what_it_keeps(house: House, anna: Visitor) -> None:
    """Before one switches off; afterwards it is off."""
    await house.step()
    assert "Nothing is deleted on either side." in await anna.read("/portal")
    await disable(house.world, await house.user())
    assert heading(await anna.read("/portal")) == "Sync is off."


@pytest.mark.parametrize(
    ("until", "told"), [(None, "Paused until you resume."), ("2026-02-02", "Paused until Mon 2 February.")]
)
async def test_paused(house: House, anna: Visitor, until: str | None, told: str) -> None:
    """By oneself, with and without an end; by the administrator there is no button to resume."""
    await house.step()
    day = datetime.fromisoformat(until).date() if until else None
    pause = Pause(house.now, day)
    await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, pause=pause))
    page = await anna.read("/portal")
    assert (heading(page), "/portal/do/resume" in page) == (told, True)

    await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, pause=None))
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, pause=pause), etag)
    page = await anna.read("/portal")
    assert (heading(page), "/portal/do/resume" in page) == (told, False)
    assert "for everybody" in page


async def test_an_error_is_told_with_its_remedy(house: House, anna: Visitor) -> None:
    """In the words of the state, and the page offers what helps."""
    state = "Error: no default enterprise company and location"
    await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, state=state))
    page = await anna.read("/portal")

    assert heading(page) == "Sync cannot go on: something is missing."
    assert "no default enterprise company and location" in page
    assert 'href="/portal/settings"' in page


async def make_conflict(house: House, **more: object) -> None:
    """The activity is released, then the event edited: a conflict."""
    event = meet(house, "Budget", **more)
    await house.step()
    house.advance(minutes=5)
    [activity] = house.desk().activities()
    house.desk().set_state(activity["Id"], "Released")
    house.outlook().edit(event, subject="Budget <2027>")
    await house.step()


async def test_what_outlook_always_refuses_is_not_offered(house: House, anna: Visitor) -> None:
    """A date that ERP.net moved past its neighbour: of its time Outlook's alone can be kept, of its title either."""
    house.set_policy(series=SeriesRule.WINDOW, winner=Winner.ASK)
    series = mondays(house)
    await house.step()
    second = on(house, MONDAYS[1])["Id"]
    house.desk().edit(second, start=clock(MONDAYS[2], 7), end=clock(MONDAYS[2], 8))
    await house.settle()
    [path] = set(re.findall(r'href="(/portal/conflicts/\w+)"', await anna.read("/portal")))
    assert re.findall(r'name="choice" value="(\w+)"', await anna.read(path)) == ["outlook"]

    house.outlook().edit_date(series, MONDAYS[1], subject="Mine")
    house.desk().edit(second, subject="Yours")
    await house.settle()
    shown = await anna.read(path)
    assert re.findall(r'name="choice" value="(\w+)"', shown) == ["outlook", "erp", "fields"]
    assert sorted(re.findall(r'name="field\.(\w+)" value="(\w+)"', shown)) == [
        ("subject", "erp"),
        ("subject", "outlook"),
        ("time", "outlook"),
    ]


async def test_a_conflict_in_two_columns(house: House, anna: Visitor) -> None:
    """Both values side by side; each of the three answers asks for exactly that."""
    await make_conflict(house)
    page = await anna.read("/portal")
    assert heading(page) == "Needs you: 1 conflict."
    [path] = set(re.findall(r'href="(/portal/conflicts/\w+)"', page))
    shown = await anna.read(path)
    assert "Budget &lt;2027&gt;" in shown
    assert "the activity is read-only in ERP.net" in shown
    [conflict_id] = re.findall(r'name="id" value="(\w+)"', shown)

    sent = {"id": conflict_id, "choice": "fields", "field.subject": "erp"}
    assert (await anna.send("/portal/do/resolve", sent)).status == 303
    assert (await anna.send("/portal/do/resolve", {**sent, "choice": "outlook"})).status == 303
    me = ((await house.user()).id,)
    later, first = [one.wish for one in await asked_of(house)]
    wishes = sorted([later, first], key=lambda wish: wish.choice)
    assert wishes == [
        Wish(Kind.RESOLVE, me, item=conflict_id, choice="fields", fields={"subject": "erp"}),
        Wish(Kind.RESOLVE, me, item=conflict_id, choice="outlook"),
    ]


async def test_what_waits_comes_in_pages(house: House, anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it is: the numbers count all of it, one's own page and an administrator's lead on to the rest."""
    monkeypatch.setattr(mine, "WAITING", 1)
    await make_conflict(house)
    lease = await house.world.store.acquire_lease((await house.user()).id, "test", 60)
    cursors = replace((await house.recall()).cursors, unread=(date(2026, 1, 26),))
    await house.world.store.release_lease(await house.world.store.save(lease, [Put(cursors)]))
    boss = Visitor(house, signed_in("vera", Role.ADMIN))
    person = f"/people/{(await house.user()).id}"

    for reader, path in ((anna, ""), (boss, person)):
        pages = [await reader.json(f"{path}?page={number}") for number in (1, 2, 99)]
        assert [(len(one["conflicts"]), len(one["parked_items"])) for one in pages] == [(1, 0), (0, 1), (0, 1)]
        assert [(one["page"], one["pages"], one["parked"]) for one in pages] == [(1, 2, 1), (2, 2, 1), (2, 2, 1)]
        assert f'href="/portal{path}?page=2"' in await reader.read(f"/portal{path}")
    shown = await anna.read("/portal?page=2")
    assert heading(shown) == "Needs you: 1 conflict."
    assert f'href="/portal/conflicts/{pages[0]["conflicts"][0]["key"]}"' in shown


async def test_what_was_done_is_found_behind_idle_rounds(house: House, anna: Visitor) -> None:
    """However many found nothing to do, on one's own page and on an administrator's."""
    meet(house, "Budget")
    await house.step()
    me = (await house.user()).id
    idle = [JournalEntry(me, house.now + timedelta(minutes=n), f"{n:012x}", "round") for n in range(1, 400)]
    await house.world.store.append_journal(idle)
    boss = Visitor(house, signed_in("vera", Role.ADMIN))

    for told in (await anna.json(""), await boss.json(f"/people/{me}")):
        assert [one["what"] for one in told["recent"]] == ["activity created"]


async def test_what_was_written_is_named_by_its_fields(house: House, anna: Visitor) -> None:
    """Those of each date of a series, also where each date has another value; a reminder that only followed the start
    is no change."""
    monday = house.now + timedelta(days=3)
    one = JournalEntry((await house.user()).id, house.now, "r1", "activity updated")
    dates = [
        replace(
            one,
            event_id=f"E{week}",
            before={"erp.time": f"{week}, nine", "erp.reminder": "15"},
            after={"erp.time": f"{week}, ten", "erp.reminder": "15"},
            occurrence=Occurrence("S", (monday + timedelta(weeks=week)).date(), "M"),
        )
        for week in range(2)
    ]
    await house.world.store.append_journal(as_series(dates))

    [shown] = (await anna.json(""))["recent"]
    assert (shown["dates"]["count"], shown["fields"]) == (2, ["time"])
    assert "(time)" in await anna.read("/portal")


async def test_somebody_elses_conflict_is_not_there(house: House, anna: Visitor) -> None:
    """Neither its page nor a word of it; its owner sees a private one in the clear."""
    await make_conflict(house, sensitivity="private")
    [path] = set(re.findall(r'href="(/portal/conflicts/\w+)"', await anna.read("/portal")))
    stranger = Visitor(house, signed_in("boris"))

    assert "Budget" in await anna.read(path)
    assert (await stranger.get(path)).status == 404
    assert "Budget" not in await stranger.read("/portal")


async def test_not_synced_by_reason(house: House, anna: Visitor) -> None:
    """Each reason with how many, and what would change it."""
    at = house.now + timedelta(days=60)
    house.outlook().create("Far", at, at + timedelta(hours=1))
    await house.step(full=True)
    told = await anna.json("")

    assert {one["reason"]: one["count"] for one in told["skipped"]} == {"outside the window": 1}
    page = await anna.read("/portal")
    assert "synced by itself once its day comes" in page
    assert re.search(r">Far</a> <span class=\"soft\">ends [A-Z]", page), "what it shows is when the meeting ends"
    bulgarian = await anna.read("/portal", accept_language="bg")
    assert "извън периода" in bulgarian
    assert "остане по-малко от месец" in bulgarian


PLACE = {"company_id": "c1", "company": "Acme", "company_code": "A1", "location_id": "l1", "location": "Sofia"}

FORMS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "enable": (
        {"place": "c1|l1", "zone": "Europe/Sofia"},
        {"company": "c1", "location": "l1", "zone": "Europe/Sofia"},
    ),
    "disable": ({}, {}),
    "preview": ({}, {"choice": "on"}),
    "sync": ({}, {}),
    "refresh": ({}, {"full": True}),
    "pause": ({"until": "2026-02-02"}, {"until": "2026-02-02"}),
    "resume": ({}, {}),
    "retry": ({}, {}),
    "why": ({"item": " Budget "}, {"item": "Budget"}),
    "undo": ({"item": "0123456789ab"}, {"item": "0123456789ab"}),
}


@pytest.mark.parametrize("what", FORMS)
async def test_a_form_asks_for_oneself(house: House, anna: Visitor, what: str) -> None:
    """Whatever else it says, it is about who sends it; progress is shown next, and twice sent is asked once."""
    fields, told = FORMS[what]
    me = (await house.user()).id
    sent = {**fields, "token": await anna.token(), "once": "0123456789abcdef", "people": "boris", "everybody": "1"}
    answers = [await anna.post(f"/portal/do/{what}", sent, sec_fetch_site="same-origin") for _ in range(2)]
    [command] = await asked_of(house)

    assert [(one.status, one.headers["Location"]) for one in answers] == [(303, f"/portal/commands/{command.id}")] * 2
    kind = Kind.SYNC if what == "refresh" else Kind(what)
    assert command.wish == Wish(kind, (me,), **told)
    assert command.asked_by == Asker(me, "Anna Petrova")


@pytest.mark.parametrize("what", ["forget", "grant", "nothing"])
async def test_not_everything_can_be_asked(house: House, anna: Visitor, what: str) -> None:
    """What an employee may not ask for is not there."""
    assert (await anna.send(f"/portal/do/{what}")).status == 404
    assert await asked_of(house) == []


async def test_an_incomplete_form_is_said_plainly(house: House, anna: Visitor) -> None:
    """Nothing was asked for."""
    answer = await anna.send("/portal/do/why", {"item": ""})
    assert answer.status == 400
    assert b"not complete" in answer.body
    assert await asked_of(house) == []


async def test_places_are_chosen_by_name(house: House, anna: Visitor) -> None:
    """Once they were looked up, the page lists them, and shows one's own by name."""
    me = (await house.user()).id
    user = await house.user()
    command = await ask(house.world, Wish(Kind.PLACES), Asker(me))
    await house.world.store.save_command(replace(command, state=State.DONE))
    place = {"company_id": user.company_id, "company": "Acme", "company_code": "A1", "location_id": user.location_id}
    await house.world.store.save_part(command.id, 0, {"places": [{**place, "location": "Sofia <HQ>"}]})
    page = await anna.read("/portal/settings")

    assert f'value="{user.company_id}|{user.location_id}"' in page
    assert "Acme (A1), Sofia &lt;HQ&gt;" in page
    assert (user.company, user.location) != ("", "")
    assert f"{user.company}, {user.location}" in await anna.read("/portal")


async def test_progress_then_the_answer(house: House, anna: Visitor) -> None:
    """While it runs the page is looked at again, by the script until somebody stops it, else by a link: nothing else
    moves. The first page leads to it; then it shows the answer."""
    me = (await house.user()).id
    command = await ask(house.world, Wish(Kind.SYNC, (me,)), Asker(me, "Anna"))
    path = f"/portal/commands/{command.id}"
    assert "Waiting for its turn." in await anna.read(path)
    pulled = replace(command, state=State.RUNNING, done=2, total=4)  # the pull, which nobody counts, and one of three
    command = await house.world.store.save_command(pulled)
    page = await anna.read(path)
    assert "1 of 3." in page
    assert '<noscript><p><a href="">Look again</a></p></noscript>' in page
    assert ("data-pause" in page, "http-equiv" in page) == (True, False)
    assert path in await anna.read("/portal")

    await house.world.store.save_command(replace(command, state=State.DONE, done=4))
    line = {"what": "activity updated", "subject": "<i>Budget</i>", "reason": "", "mails": 2}
    line |= {"before": {"erp.subject": "Old"}, "after": {"erp.subject": "New"}, "event_id": "e", "activity_id": "a"}
    user = {"upn": "anna@acme.example", "state": "Operational", "ran": True, "lines": [line], "mails": 2}
    user |= {"failures": [], "holds": [], "skipped": {"outside the window": 2}}
    await house.world.store.save_part(command.id, 0, {"users": [user]})
    page = await anna.read(path)

    assert "refresh" not in page
    assert "“&lt;i&gt;Budget&lt;/i&gt;” was changed in ERP.net" in page
    assert "<del>Old</del>" in page
    assert "2 mails" in page
    assert path not in await anna.read("/portal")


@pytest.mark.parametrize("name", ["x", "0" * 20, "zzzzzzz-000000000000", "..", "%2e%2e"])
async def test_an_unknown_command_is_not_there(anna: Visitor, name: str) -> None:
    """Whatever its name looks like."""
    assert (await anna.get(f"/portal/commands/{name}")).status == 404


async def test_somebody_elses_command_is_not_there(house: House, anna: Visitor) -> None:
    """The same answer as for one that there is not."""
    command = await ask(house.world, Wish(Kind.WHY, ("boris",), item="Secret"), Asker("boris"))
    answer = await anna.get(f"/portal/commands/{command.id}")

    assert answer.status == 404
    assert b"Secret" not in answer.body


async def test_what_expired_says_so(house: House, anna: Visitor) -> None:
    """A command whose worker died is told as failed, with the remedy."""
    me = (await house.user()).id
    command = await ask(house.world, Wish(Kind.SYNC, (me,)), Asker(me))
    house.advance(days=2)
    page = await anna.read(f"/portal/commands/{command.id}")

    assert "This did not work." in page
    assert "ask again" in page


@pytest.mark.parametrize(
    ("schedule", "minute", "expected"),
    [
        ("", 0, (9, 15)),
        ("0 */15 * * * *", 14, (9, 15)),
        ("0 */15 * * * *", 45, (10, 0)),
        ("0 */7 * * * *", 57, (10, 0)),
        ("0 0 * * * *", 0, None),
        ("0 */0 * * * *", 0, None),
        ("0 */60 * * * *", 0, None),
    ],
)
def test_when_it_looks_again(schedule: str, minute: int, expected: tuple[int, int] | None) -> None:
    """At the next turn of the timer; of an odd schedule nothing is said."""
    found = next_look(schedule, AT + timedelta(minutes=minute))
    assert (found and (found.hour, found.minute)) == expected


async def test_ones_own_is_found_among_what_everybody_asked(house: House, anna: Visitor) -> None:
    """On the day when all are switched on, the places that were looked up do not vanish behind the others' wishes."""
    me = (await house.user()).id
    command = await ask(house.world, Wish(Kind.PLACES), Asker(me))
    await house.world.store.save_command(replace(command, state=State.DONE))
    await house.world.store.save_part(command.id, 0, {"places": [PLACE]})
    for number in range(300):
        house.advance(seconds=1)
        await ask(house.world, Wish(Kind.PLACES), Asker(f"somebody-{number}"))

    assert "Sofia" in await anna.read("/portal/settings")


async def test_nobody_fills_the_line_alone(house: House, anna: Visitor) -> None:
    """After so many wishes that have not ended the next one is refused; what has ended makes room."""
    for _ in range(MOST_WAITING):
        assert (await anna.send("/portal/do/sync")).status == 303
    refused = await anna.send("/portal/do/sync")
    assert (refused.status, b"not done yet" in refused.body) == (429, True)

    [first, *_] = await asked_of(house)
    await house.world.store.save_command(replace(first, state=State.DONE))
    assert (await anna.send("/portal/do/sync")).status == 303


async def test_a_subject_does_not_turn_the_page(house: House, anna: Visitor) -> None:
    """Markup is text, a direction that is forced ends, and a script from right to left stays as it is."""
    meet(house, "<b>\u202egnp.exe\u2066 \u05e4\u05d2\u05d9\u05e9\u05d4")
    await house.step(full=True)
    page = await anna.read("/portal")

    assert "&lt;b&gt;\ufffdgnp.exe\ufffd \u05e4\u05d2\u05d9\u05e9\u05d4" in page
    assert not {"\u202e", "\u2066"} & set(page)


async def test_a_subject_does_not_speak_to_a_terminal(house: House, anna: Visitor) -> None:
    """Escape sequences show that they were there, on the page and in a file that somebody looks at in a shell."""
    meet(house, "Bud\x1b[31mget\x07")
    await house.step(full=True)
    boss = Visitor(house, signed_in("vera", Role.ADMIN))
    table = (await boss.get("/portal/everyone/items.csv")).body.decode("utf-8-sig")
    for text in (await anna.read("/portal"), table):
        assert "Bud\ufffd[31mget\ufffd" in text
        assert not {"\x1b", "\x07"} & set(text)


async def test_a_command_whose_worker_died_says_that_nothing_moves(house: House, anna: Visitor) -> None:
    """After five minutes, and that the work goes on by itself; one that moves or has ended says no such thing."""
    sent = await anna.send("/portal/do/refresh")
    place = sent.headers["Location"]
    [command] = await house.world.store.list_commands()
    running = replace(command, state=State.RUNNING, touched_at=house.now, done=2, total=5)
    await house.world.store.save_command(running)
    house.advance(minutes=4)
    assert "nothing is done twice" not in await anna.read(place)
    house.advance(minutes=2)
    page = await anna.read(place)
    assert "Nothing has moved for five minutes." in page
    assert "1 of 4." in page
    [command] = await house.world.store.list_commands()
    await house.world.store.save_command(replace(command, state=State.DONE))
    assert "nothing is done twice" not in await anna.read(place)


async def test_what_an_undo_would_put_back_is_shown_first(house: House, anna: Visitor) -> None:
    """Nothing is changed; the answer leads to doing it."""
    line = {"what": "event updated", "subject": "Budget", "reason": "", "event_id": "e", "activity_id": "a"}
    sent = await anna.send("/portal/do/undo", {"item": "0123456789ab", "choice": "show"})
    [command] = await house.world.store.list_commands()
    assert (command.wish.kind, command.wish.choice) == (Kind.UNDO, "show")
    lines = [{**line, "before": {"graph.subject": "Budget 2"}, "after": {"graph.subject": "Budget"}}]
    await house.world.store.save_part(command.id, 0, {"round": "0123456789ab", "lines": lines, "left_out": []})
    await house.world.store.save_command(replace(command, state=State.DONE))
    page = await anna.read(sent.headers["Location"])

    assert "Nothing was changed: this is what would be put back." in page
    assert "Budget 2" in page
    assert 'name="item" value="0123456789ab"' in page
