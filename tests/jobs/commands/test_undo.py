"""Undo of a round: what it overwrote is put back on both sides, unless somebody edited it since."""

from __future__ import annotations

import pytest

from cli.text import undo_lines
from jobs.approvals import UnknownChoice
from jobs.commands import shapes
from jobs.commands.undo import find_round, plan_undo, undo
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
    for name, user_id in (("nothing", ""), ("", ""), (round_id, "somebody-else")):
        with pytest.raises(UnknownChoice):
            await find_round(house.world, name, user_id)
