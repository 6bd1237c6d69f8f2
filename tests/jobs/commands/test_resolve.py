"""A person resolves a conflict: by either side or field by field; what has moved on is shown anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from cli.text.answers import resolved_lines
from cli.text.stories import conflict_lines
from jobs import approvals
from jobs.approvals import UnknownChoice, find_choice
from jobs.commands import item_shapes, shapes
from jobs.commands.pause import pause, resume
from jobs.commands.resolve import find_conflict, resolve
from jobs.company import stamp_policy
from sync_core.model.memory import Memory
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.user import User
from tests.support.days import at, digits, linked_meeting
from tests.support.house import ANNA, House, open_house
from tests.support.users import put_user

CATEGORY = "ERP.net conflict"


@pytest.fixture
async def ask() -> AsyncIterator[House]:
    """Anna's house, where the settings leave every choice to a person."""
    async with open_house(policy=Policy(winner=Winner.ASK)) as opened:
        await opened.employ()
        yield opened


async def apart(house: House, **more: Any) -> tuple[str, str, str]:
    """A meeting that both sides call something else: (event id, activity id, conflict id)."""
    event, activity = await linked_meeting(house, day=3)
    house.outlook().edit(event, subject="Mine", **more)
    house.desk().edit(activity, subject="Yours")
    await house.step()
    return event, activity, (await house.link_of(event)).conflict_id


def titles(house: House, event: str, activity: str) -> tuple[str, str]:
    """What both sides call it."""
    return house.outlook().get(event)["subject"], house.desk().get(activity)["Subject"]


@pytest.mark.parametrize(
    ("answer", "kept", "lost"),
    [("outlook", "Mine", {"erp.subject": "Yours"}), ("erp", "Yours", {"graph.subject": "Mine"})],
)
async def test_by_either_side(ask: House, answer: str, kept: str, lost: dict[str, str]) -> None:
    """Both sides have the chosen value, the other one is in the journal, the category is gone, nothing is open."""
    event, activity, conflict = await apart(ask)
    assert ask.outlook().get(event)["categories"] == [CATEGORY]
    answered = await resolve(ask.world, conflict, answer)

    told = shapes.resolved_of(answered)
    assert (told["resolved"], told["text"]) == (True, "resolved: both sides are in step, and the category is gone")
    assert titles(ask, event, activity) == (kept, kept)
    assert ask.outlook().get(event)["categories"] == []
    assert item_shapes.conflicts_of(await ask.user(), await ask.recall()) == []
    journal = await ask.world.store.read_journal((await ask.user()).id)
    [entry] = [one for one in journal if one.action == "value kept"]
    assert entry.before == lost
    assert entry.reason.startswith("a person chose")
    assert await ask.settle() == {}


async def test_the_category_is_not_called_gone_where_outlook_is_never_written(ask: House) -> None:
    """The direction was chosen while it was worn: ERP.net gets the value, and the event keeps what it wears."""
    event, activity, conflict = await apart(ask)
    ask.set_policy(direction=Direction.TO_ERP)
    await stamp_policy(ask.world)
    answered = await resolve(ask.world, conflict, "outlook")

    assert titles(ask, event, activity) == ("Mine", "Mine")
    assert (answered.told.text, ask.outlook().get(event)["categories"]) == (
        "resolved: both sides are in step",
        [CATEGORY],
    )


async def test_field_by_field(ask: House) -> None:
    """The subject as in ERP.net, the time as in Outlook; what is not answered stays open."""
    event, activity = await linked_meeting(ask, day=3)
    ask.outlook().edit(event, subject="Mine", start=at(3, 12), end=at(3, 13), importance="high")
    ask.desk().edit(activity, subject="Yours", start=digits(3, 16), end=digits(3, 17), priority="Low")
    await ask.step()
    conflict = (await ask.link_of(event)).conflict_id
    answered = await resolve(ask.world, conflict, {"subject": "erp", "time": "outlook"})

    assert (titles(ask, event, activity)) == ("Yours", "Yours")
    assert ask.desk().get(activity)["StartTime"] == "2026-01-28T14:00:00Z"
    answer = shapes.resolved_of(answered)
    assert (answer["resolved"], [c["field"] for c in answer["conflict"]["clashes"]]) == (False, ["priority"])
    assert (await resolve(ask.world, answer["conflict"]["id"], "erp")).is_resolved
    assert ask.outlook().get(event)["importance"] == "low"


class TestMovedOn:
    """What is answered is exactly what was seen."""

    @pytest.mark.parametrize("side", ["outlook", "erp"])
    async def test_an_edit_meanwhile_is_shown_anew(self, ask: House, side: str) -> None:
        """Nobody overrules a value that was not there when they chose; the item is read again first."""
        event, activity, conflict = await apart(ask)
        if side == "outlook":
            ask.outlook().edit(event, subject="Mine, again")
        else:
            ask.desk().edit(activity, subject="Yours, again")
        before = titles(ask, event, activity)
        answered = await resolve(ask.world, conflict, "outlook")

        answer = shapes.resolved_of(answered)
        assert (answer["resolved"], titles(ask, event, activity)) == (False, before)
        assert "changed meanwhile" in answer["text"]
        assert answer["conflict"]["id"] != conflict
        assert (answer["conflict"]["clashes"][0]["event_value"], before[1]) == (before[0], before[1])

    async def test_the_end_of_a_long_text_counts(self, ask: House) -> None:
        """Where values are shown cut, an edit beyond what is shown is one all the same."""
        event, activity = await linked_meeting(ask, day=3)
        ask.outlook().edit(event, body="a" * 3_000)
        ask.desk().edit(activity, notes="b" * 3_000)
        await ask.step()
        conflict = (await ask.link_of(event)).conflict_id
        ask.desk().edit(activity, notes="b" * 2_999 + "c")
        answered = await resolve(ask.world, conflict, "outlook")

        assert (answered.is_resolved, ask.desk().get(activity)["Notes"][-1]) == (False, "c")

    async def test_made_equal_by_hand_there_is_nothing_to_choose(self, ask: House) -> None:
        """The round finds both sides in step, and closes it."""
        event, activity, conflict = await apart(ask)
        ask.desk().edit(activity, subject="Mine")
        assert (await resolve(ask.world, conflict, "erp")).is_resolved
        assert titles(ask, event, activity) == ("Mine", "Mine")

    async def test_an_old_id_is_unknown(self, ask: House) -> None:
        """Resolved, it cannot be resolved again: a double click changes nothing."""
        _, _, conflict = await apart(ask)
        await resolve(ask.world, conflict, "erp")
        with pytest.raises(UnknownChoice, match="has moved on"):
            await resolve(ask.world, conflict, "outlook")


class TestALockedActivity:
    """ERP.net refuses changes of it (R9), so Outlook's value cannot be kept."""

    async def locked(self, house: House) -> tuple[str, str, str]:
        """An event edited while its activity is read-only."""
        event, activity = await linked_meeting(house, day=3)
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, subject="Mine")
        await house.step()
        return event, activity, (await house.link_of(event)).conflict_id

    async def test_keeping_outlook_cannot_be_done_and_says_so(self, house: House) -> None:
        """Nothing is written, the conflict stays, with what would help."""
        event, activity, conflict = await self.locked(house)
        [shown] = item_shapes.conflicts_of(await house.user(), await house.recall())
        assert [one["answers"] for one in shown["clashes"]] == [["erp"]]
        answer = shapes.resolved_of(await resolve(house.world, conflict, "outlook"))

        assert answer["text"] == "cannot be done: the activity is read-only in ERP.net"
        assert titles(house, event, activity) == ("Mine", "Planning")
        assert answer["conflict"]["id"] == conflict
        assert answer["conflict"]["clashes"][0]["do"].startswith("keep ERP.net's value, or make")
        assert [line for line in resolved_lines(answer) if "Do:" in line]

    async def test_keeping_erp_net_puts_its_value_back(self, house: House) -> None:
        """Outlook shows what ERP.net says, without the category."""
        event, activity, conflict = await self.locked(house)
        assert (await resolve(house.world, conflict, "erp")).is_resolved
        assert titles(house, event, activity) == ("Planning", "Planning")
        assert house.outlook().get(event)["categories"] == []
        assert await house.settle() == {}

    async def test_deleted_in_outlook_it_can_only_be_kept(self, house: House) -> None:
        """The locked activity stays for good, also when it is unlocked later; nothing is made again."""
        event, activity = await linked_meeting(house, day=3)
        house.desk().set_read_only(activity, True)
        house.outlook().delete(event)
        await house.step()
        conflict = (await house.link_of(event)).conflict_id
        assert "cannot be done" in (await resolve(house.world, conflict, "outlook")).told.text
        assert (await resolve(house.world, conflict, "erp")).is_resolved

        house.desk().set_read_only(activity, False)
        await house.settle()
        await house.sync(full=True)
        assert (house.desk().get(activity)["Void"], house.outlook().events()) == (False, [])


async def test_people_are_mailed_as_by_any_other_write(ask: House) -> None:
    """ERP.net's title of a meeting with a guest: the owner's own fields go first, then one update that mails her."""
    event = ask.outlook().create("Planning", at(3), at(3, 10), attendees=["guest@vendor.example"])
    await ask.step()
    activity = (await ask.link_of(event)).activity_id
    ask.outlook().edit(event, subject="Mine")
    ask.desk().edit(activity, subject="Yours")
    await ask.step()
    with ask.post() as mails:
        answered = await resolve(ask.world, (await ask.link_of(event)).conflict_id, "erp")

    assert (answered.is_resolved, titles(ask, event, activity)) == (True, ("Yours", "Yours"))
    assert mails == [("update", "guest@vendor.example")]
    assert answered.report.mails == 1


async def test_while_paused_the_answer_waits(ask: House) -> None:
    """It is kept, and carried out by the first round after the pause."""
    event, activity, conflict = await apart(ask)
    await pause(ask.world, await ask.user())
    answered = await resolve(ask.world, conflict, "erp")
    assert answered.told.text == "kept for the next round, which carries it out: paused until somebody resumes"

    await resume(ask.world, await ask.user())
    await ask.step()
    assert titles(ask, event, activity) == ("Yours", "Yours")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("both", "keep outlook or erp"),
        ({}, "name a side for each"),
        ({"time": "erp"}, "the conflict is about subject"),
        ({"subject": "mine"}, "keep outlook or erp"),
    ],
)
async def test_an_answer_that_does_not_fit_is_refused(ask: House, answer: str | dict[str, str], said: str) -> None:
    """And says what would."""
    event, activity, conflict = await apart(ask)
    with pytest.raises(UnknownChoice, match=said):
        await resolve(ask.world, conflict, answer)

    assert titles(ask, event, activity) == ("Mine", "Yours")


async def test_somebody_else_s_conflict_is_not_found(ask: House) -> None:
    """Who may answer only their own cannot answer it by its id."""
    _, _, conflict = await apart(ask)
    with pytest.raises(UnknownChoice):
        await find_conflict(ask.world, conflict, "somebody-else")

    assert (await find_conflict(ask.world, conflict.upper(), (await ask.user()).id))[0].upn == ANNA


async def test_a_private_conflict_is_masked(ask: House) -> None:
    """In what the command answers, and in what is still open."""
    _, _, conflict = await apart(ask, sensitivity="private")
    [shown] = item_shapes.conflicts_of(await ask.user(), await ask.recall())
    told = "\n".join(conflict_lines(shown))
    assert f"id {conflict}" in told
    assert "Mine" not in told
    answered = await resolve(ask.world, conflict, "erp")
    assert "Yours" not in str(shapes.resolved_of(answered))
    assert replace(answered.before, chosen=()) == answered.before
    assert isinstance(answered.before.conflict.since_at if answered.before.conflict else None, datetime)


async def test_an_id_leads_to_its_person(ask: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else's calendar is read for it, however many people there are; an id that is none is soon given up."""
    _, _, conflict = await apart(ask)
    anna, store = await ask.user(), ask.world.store
    for number in range(20):
        await put_user(store, User(f"person-{number}", f"{number}@acme.example", enabled=True, asks=()))
    recalled: list[str] = []
    inner = store.recall

    async def noted(user_id: str) -> Memory:
        recalled.append(user_id)
        return await inner(user_id)

    monkeypatch.setattr(store, "recall", noted)
    monkeypatch.setattr(approvals, "MOST_SEARCHED", 5)
    assert (await find_conflict(ask.world, conflict))[0].id == anna.id
    assert recalled == [anna.id]
    recalled.clear()
    with pytest.raises(UnknownChoice):
        await find_choice(ask.world, "deadbeef")
    assert len(recalled) == 5
