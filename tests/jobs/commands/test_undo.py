"""Undo of a round: what it overwrote is put back on both sides, unless somebody edited it since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.journal import PAGE_MARK
from cli.text.answers import undo_lines
from jobs.approvals import UnknownChoice
from jobs.commands import shapes, switch
from jobs.commands.mistakes import NotNow
from jobs.commands.pause import pause
from jobs.commands.undo import find_round, plan_undo, undo
from sync_core.model.action import Action
from sync_core.model.policy import PrivateRule
from tests.support.days import at, linked_meeting
from tests.support.house import House


async def last_round(house: House) -> str:
    """The id of Anna's newest round."""
    journal = await house.world.store.read_journal((await house.user()).id)
    return next(entry.round_id for entry in journal if entry.action == "round")


async def carried(house: House) -> tuple[str, str, str]:
    """A meeting of which a round carried title, time and priority across: (event id, activity id, round id)."""
    event, activity = await linked_meeting(house, day=3)
    house.advance(minutes=5)
    house.outlook().edit(event, subject="Wrong", start=at(3, 14), end=at(3, 15))
    house.desk().edit(activity, priority="High")
    await house.step()
    return event, activity, await last_round(house)


def sides(house: House, event: str, activity: str) -> tuple[str, str, str, str, str]:
    """Title and start of both sides, and the event's importance."""
    shown, row = house.outlook().get(event), house.desk().get(activity)
    return shown["subject"], row["Subject"], shown["start"]["dateTime"][:16], row["StartTime"], shown["importance"]


async def test_both_sides_get_back_what_was(house: House) -> None:
    """As planned, whichever side was edited; then all is in step, and nothing follows."""
    event, activity, round_id = await carried(house)
    planned = shapes.undo_of(await plan_undo(house.world, round_id))
    assert (planned["done"], planned["left_out"], planned["mails"]) == (False, [], 0)
    assert sides(house, event, activity)[:2] == ("Wrong", "Wrong")

    done = shapes.undo_of(await undo(house.world, round_id))
    assert done["done"] is True
    assert [line["after"] for line in done["lines"]] == [line["after"] for line in planned["lines"]]
    assert sides(house, event, activity) == (
        "Planning",
        "Planning",
        "2026-01-28T09:00",
        "2026-01-28T11:00:00Z",
        "normal",
    )
    assert await house.settle() == {}


async def test_what_cannot_be_read_in_the_journal_is_said(house: House) -> None:
    """A row of a round holds many of its lines: that the undo does not put them back is no secret."""
    assert house.memory is not None
    *_, round_id = await carried(house)
    user = await house.user()
    [first, *_] = await house.world.store.read_journal(user.id)
    lines = [replace(first, action="activity updated", event_id=f"e{n}") for n in range(2)]
    await house.world.store.append_journal(lines)
    rows = await house.memory.backend.scan(Table.JOURNAL, user.id)
    [page] = [row for row in rows if PAGE_MARK in row.key.row]
    await house.memory.backend.write(Table.JOURNAL, Op(Verb.PUT, page.key, {"v": SCHEMA, "data0": "{"}))
    planned = shapes.undo_of(await plan_undo(house.world, round_id))

    assert [(one["what"], one["code"]) for one in planned["left_out"]] == [(Action.UNREADABLE, "lines-unreadable")]
    assert planned["lines"]


@pytest.mark.parametrize("by", ["Outlook", "ERP.net"])
async def test_a_meeting_with_guests_is_one_item_as_planned(house: House, by: str) -> None:
    """Its event is written in a round of its own where that mails somebody; planned and done are told alike."""
    event, activity = await linked_meeting(house, day=3)
    house.outlook().edit(event, attendees=["guest@vendor.example"])
    await house.settle()
    if by == "Outlook":
        house.outlook().edit(event, subject="Wrong", start=at(3, 14), end=at(3, 15))
    else:
        house.desk().edit(activity, subject="Wrong", priority="High")
    await house.step()
    round_id = await last_round(house)

    planned = shapes.undo_of(await plan_undo(house.world, round_id))
    done = shapes.undo_of(await undo(house.world, round_id))

    assert len(planned["lines"]) == 1
    assert planned["lines"][0]["after"].keys() >= {"graph.subject", "erp.subject"}
    assert (done["lines"], done["mails"]) == (planned["lines"], planned["mails"]) == (done["lines"], 1)
    assert [*undo_lines(done)][-1] == "  1 mail to attendees was sent."
    assert await house.settle() == {}


async def test_what_was_edited_since_is_left_out_and_said(house: House) -> None:
    """The title was corrected by hand: only the rest is put back."""
    event, activity, round_id = await carried(house)
    house.outlook().edit(event, subject="Corrected")
    done = shapes.undo_of(await undo(house.world, round_id))

    assert [(one["field"], one["why"]) for one in done["left_out"]] == [("subject", "edited since")]
    await house.settle()
    assert sides(house, event, activity) == (
        "Corrected",
        "Corrected",
        "2026-01-28T09:00",
        "2026-01-28T11:00:00Z",
        "normal",
    )
    assert [line for line in undo_lines(done) if "edited since" in line]


async def test_what_nobody_has_synced_yet_is_not_called_put_back(house: House) -> None:
    """An edit that the round of the undo carries is an edit like any other."""
    event, activity, round_id = await carried(house)
    house.outlook().edit(event, subject="Right", start=at(3, 16), end=at(3, 17), importance="low")
    planned = shapes.undo_of(await plan_undo(house.world, round_id))

    assert planned["lines"] == []
    assert {(one["field"], one["code"]) for one in planned["left_out"]} == {
        (field, "edited-since") for field in ("subject", "time", "priority")
    }
    await undo(house.world, round_id)
    await house.settle()
    assert sides(house, event, activity)[:2] == ("Right", "Right")


async def test_what_is_back_already_is_not_put_back_again(house: House) -> None:
    """A reminder goes along with the time of its meeting, and is no reason of its own to write anything."""
    event = house.outlook().create("Planning", at(3), at(3, 10), reminder=15)
    await house.step()
    house.advance(minutes=5)
    house.outlook().edit(event, start=at(3, 14), end=at(3, 15))
    await house.step()
    round_id = await last_round(house)
    assert (await undo(house.world, round_id)).report is not None
    await house.settle()
    link = await house.link_of(event)
    again = shapes.undo_of(await undo(house.world, round_id))

    assert (again["lines"], again["done"], await house.link_of(event)) == ([], False, link)
    assert [(one["field"], one["why"][:22]) for one in again["left_out"]] == [("time", "both sides show again ")]
    assert house.outlook().get(event)["reminderMinutesBeforeStart"] == 15


async def test_a_locked_activity_is_left_out(house: House) -> None:
    """Neither side is touched, and no conflict is opened."""
    event, activity, round_id = await carried(house)
    house.desk().set_read_only(activity, True)
    done = shapes.undo_of(await undo(house.world, round_id))

    assert {one["why"] for one in done["left_out"]} == {"the activity is read-only in ERP.net"}
    assert (done["done"], sides(house, event, activity)[:2]) == (False, ("Wrong", "Wrong"))
    assert (await house.link_of(event)).conflict is None


async def test_what_cannot_be_taken_back_is_said(house: House) -> None:
    """A void, and what the round made."""
    event, activity = await linked_meeting(house, day=3)
    made = await last_round(house)
    [one] = shapes.undo_of(await plan_undo(house.world, made))["left_out"]
    assert (one["what"], one["why"][:28]) == ("activity created", "what a round made stays: del")

    house.advance(minutes=5)
    house.outlook().delete(event)
    await house.step()
    [one] = shapes.undo_of(await undo(house.world, await last_round(house)))["left_out"]
    assert (one["what"], one["why"][:26]) == ("activity voided", "it cannot be taken back: e")
    assert house.desk().get(activity)["Void"] is True


async def test_guests_are_mailed_once_as_planned(house: House) -> None:
    """The title of a meeting with a guest goes back by one update that mails her."""
    event = house.outlook().create("Planning", at(3), at(3, 10), attendees=["guest@vendor.example"])
    await house.step()
    house.desk().edit((await house.link_of(event)).activity_id, subject="Wrong")
    await house.settle()
    journal = await house.world.store.read_journal((await house.user()).id)
    round_id = next(entry.round_id for entry in journal if entry.action == "event updated")
    assert shapes.undo_of(await plan_undo(house.world, round_id))["mails"] == 1
    with house.post() as mails:
        await undo(house.world, round_id)
        await house.settle()

    assert mails == [("update", "guest@vendor.example")]
    assert house.outlook().get(event)["subject"] == "Planning"


async def test_long_texts_are_left_out(house: House) -> None:
    """The journal keeps the beginning only."""
    event = house.outlook().create("Planning", at(3), at(3, 10), body="a" * 3_000)
    await house.step()
    house.advance(minutes=5)
    house.outlook().edit(event, body="b")
    await house.step()
    [one] = shapes.undo_of(await plan_undo(house.world, await last_round(house)))["left_out"]

    assert (one["field"], one["why"]) == ("body", "the journal keeps its beginning only")


async def test_an_undo_can_be_undone(house: House) -> None:
    """It is a round like any other."""
    event, activity, round_id = await carried(house)
    house.advance(minutes=5)
    await undo(house.world, round_id)
    journal = await house.world.store.read_journal((await house.user()).id)
    undone = next(entry.round_id for entry in journal if entry.action == "both updated")
    await undo(house.world, undone)

    assert sides(house, event, activity)[:2] == ("Wrong", "Wrong")


async def test_an_unknown_round_and_somebody_else_s(house: House) -> None:
    """Neither is found."""
    _, _, round_id = await carried(house)
    for name, among in (("nothing", ()), ("", ()), (round_id, ("somebody-else",))):
        with pytest.raises(UnknownChoice):
            await find_round(house.world, name, among)


async def deleted(house: House, *, at_day: int = 3, **details: object) -> tuple[str, str, str]:
    """A meeting whose event was deleted, and whose activity a round voided: (event id, activity id, round id)."""
    event = house.outlook().create("Planning", at(at_day), at(at_day, 10), **details)
    await house.step()
    activity = (await house.link_of(event)).activity_id
    house.advance(minutes=5)
    house.outlook().delete(event)
    await house.step()
    return event, activity, await last_round(house)


def living(house: House) -> list[dict[str, object]]:
    """The activities that are not void."""
    return [row for row in house.desk().activities() if not row["Void"]]


async def test_what_was_voided_is_made_anew_when_asked_for(house: House) -> None:
    """In Outlook and by the round after it in ERP.net, with all that the journal kept; nobody is mailed, and it is
    left as it is unless somebody asks."""
    _, activity, round_id = await deleted(
        house, body="Bring numbers", reminder=15, attendees=["guest@vendor.example"], importance="high"
    )
    [left] = shapes.undo_of(await undo(house.world, round_id))["left_out"]
    assert (left["can_remake"], house.outlook().events()) == (True, [])
    plan = shapes.undo_of(await plan_undo(house.world, round_id))
    asked, known = ("\n".join(undo_lines(plan, remakes=remakes)) for remakes in (True, False))
    assert ("Would be made anew in Outlook: “Planning”." in asked, "Left out" in asked) == (True, False)
    assert ("Would be made anew" in known, "--remake` makes anew" in known) == (False, True)

    with house.post() as mails:
        answer = shapes.undo_of(await undo(house.world, round_id, remake=True))
        assert await house.settle() == {}

    [event], [row] = house.outlook().events(), living(house)
    assert (event["subject"], event["start"]["dateTime"][:16], event["importance"]) == (
        "Planning",
        "2026-01-28T09:00",
        "high",
    )
    assert (event["attendees"], event["reminderMinutesBeforeStart"]) == ([], 15)
    assert (row["Subject"], row["StartTime"], row["Notes"]) == ("Planning", "2026-01-28T11:00:00Z", "Bring numbers")
    assert mails == []
    assert [(one["what"], one["subject"]) for one in answer["remade"]] == [("event created", "Planning")]
    assert [one["field"] for one in answer["left_out"]] == ["people"]
    assert house.desk().get(activity)["Void"] is True
    assert [line for line in undo_lines(answer) if "made anew" in line.lower()]


async def test_what_was_removed_from_outlook_is_made_anew(house: House) -> None:
    """The activity was voided in ERP.net, where it stays void."""
    event, activity = await linked_meeting(house, day=3)
    house.advance(minutes=5)
    house.desk().void(activity, "not needed")
    await house.step()
    assert house.outlook().events() == []
    await undo(house.world, await last_round(house), remake=True)
    await house.settle()

    assert [one["subject"] for one in house.outlook().events()] == ["Planning"]
    assert [row["Subject"] for row in living(house)] == ["Planning"]
    assert event not in [one["id"] for one in house.outlook().events()]


async def test_asked_for_twice_it_is_made_once(house: House) -> None:
    """A double click, and a worker that died after the write; once it is deleted again it can be made again."""
    _, _, round_id = await deleted(house)
    await undo(house.world, round_id, remake=True)
    [left] = shapes.undo_of(await undo(house.world, round_id, remake=True))["left_out"]
    assert (left["why"], left["can_remake"]) == ("it was made anew already", False)
    [event] = house.outlook().events()

    house.advance(minutes=5)
    house.outlook().delete(event["id"])
    await house.settle()
    await undo(house.world, round_id, remake=True)
    await house.settle()
    assert (len(house.outlook().events()), len(living(house))) == (1, 1)


async def test_a_worker_that_died_after_the_write_makes_no_second_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph knows the create again by its transaction id."""
    _, _, round_id = await deleted(house)

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(house.world.store), "append_journal", die)
        with pytest.raises(KeyboardInterrupt):
            await undo(house.world, round_id, remake=True)
    assert len(house.outlook().events()) == 1
    house.advance(minutes=10)
    answer = shapes.undo_of(await undo(house.world, round_id, remake=True))
    await house.settle()

    assert (len(answer["remade"]), answer["failures"]) == (1, [])
    assert (len(house.outlook().events()), len(living(house))) == (1, 1)


async def test_what_its_owner_took_out_of_the_bin_is_not_doubled(house: House) -> None:
    """It is there again, under whatever id."""
    event, _, round_id = await deleted(house)
    house.outlook().restore(event)
    [left] = shapes.undo_of(await undo(house.world, round_id, remake=True))["left_out"]
    await house.settle()

    assert (left["why"], left["can_remake"]) == ("it is in the calendar again", False)
    assert (len(house.outlook().events()), len(living(house))) == (1, 1)


async def test_of_a_long_text_there_is_the_beginning(house: House) -> None:
    """Which says that it was longer."""
    _, _, round_id = await deleted(house, body="a" * 3_000)
    answer = shapes.undo_of(await undo(house.world, round_id, remake=True))
    [event] = house.outlook().events()

    assert "a" * 900 in event["body"]["content"]
    assert "3000 characters" in event["body"]["content"]
    assert [(one["field"], one["why"]) for one in answer["left_out"]] == [
        ("body", "the journal keeps its beginning only")
    ]


async def test_what_the_journal_hides_is_not_made_anew(house: House) -> None:
    """SYNC_PRIVATE=busy keeps a private meeting's title out of it."""
    house.set_policy(private=PrivateRule.BUSY)
    _, _, round_id = await deleted(house, sensitivity="private")
    [left] = shapes.undo_of(await undo(house.world, round_id, remake=True))["left_out"]

    assert (left["why"], left["can_remake"]) == ("the journal keeps no values of it", False)
    assert house.outlook().events() == []


@pytest.mark.parametrize("how", ["off", "paused"])
async def test_where_no_round_runs_nothing_is_touched(house: House, how: str) -> None:
    """The answer says what to do first."""
    event, activity, round_id = await carried(house)
    user = await house.user()
    await (switch.disable(house.world, user) if how == "off" else pause(house.world, user))
    with pytest.raises(NotNow, match="switch it on" if how == "off" else "resume it"):
        await undo(house.world, round_id)

    assert sides(house, event, activity)[:2] == ("Wrong", "Wrong")


async def test_the_round_of_any_of_those_who_are_ticked(house: House) -> None:
    """Not of the first alone; and of nobody else."""
    event, activity, round_id = await carried(house)
    ben = await house.user(await house.employ("ben"))
    with pytest.raises(UnknownChoice):
        await undo(house.world, round_id, among=(ben.id,))
    await undo(house.world, round_id, among=(ben.id, (await house.user()).id))

    assert sides(house, event, activity)[:2] == ("Planning", "Planning")
