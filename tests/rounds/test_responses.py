"""Answers: who accepted and who declined shows in ERP.net, and is never written back to Outlook."""

from __future__ import annotations

import pytest

from sync_core.model.policy import Direction
from tests.support.colleagues import BORIS, CARL, COLLEAGUES, KIM, call_meeting, copy_of
from tests.support.days import at, only
from tests.support.house import ANNA, House, notes, open_office, participants, upn_of

WORDS = {
    "accept": "Outlook: accepted",
    "tentatively_accept": "Outlook: tentative",
    "decline": "Outlook: declined",
}


def answer(house: House, name: str, how: str, *, send: bool = True) -> None:
    """Somebody answers an invitation; ``send`` tells the organizer."""
    house.advance(minutes=1)
    getattr(house.outlook(upn_of(name)), how)(copy_of(house, name), send=send)


async def told(house: House) -> dict[str, str]:
    """What stands at the participants of the only activity."""
    return notes(only(house.desk().activities()))


@pytest.mark.parametrize("how", WORDS)
class TestEveryAnswer:
    """Accepted, tentative, declined."""

    @pytest.mark.parametrize("send", [True, False], ids=["told-to-the-organizer", "kept-to-oneself"])
    @pytest.mark.parametrize("order", [(ANNA, BORIS), (BORIS, ANNA)], ids=["organizer-first", "guest-first"])
    async def test_a_colleagues_answer(self, how: str, send: bool, order: tuple[str, str]) -> None:
        """By the organizer's list or by the own copy, in either order: noted once, nothing sent to Graph."""
        async with open_office("anna", "boris") as house:
            call_meeting(house, ANNA, ("boris",))
            await house.settle()
            house.graph.forget_requests()
            answer(house, "boris", how, send=send)
            done = await house.settle(*order)

            gone = "Outlook: deleted from the calendar"  # what a copy says that left without a word to anybody
            is_unnoticed = how == "decline" and not send
            assert await told(house) == {BORIS: gone if is_unnoticed else WORDS[how]}
            is_told_twice = how == "decline" and send and order[0] == BORIS
            assert done["answer noted"] == (2 if is_told_twice else 1)
            assert house.graph_writes() == []
            assert house.patches() == []

    async def test_a_guests_answer(self, how: str) -> None:
        """Somebody outside answers: the organizer's list tells."""
        async with open_office("anna") as house:
            kim = house.graph.outsider(KIM)
            house.outlook().create("Planning", at(1), at(1, 10), attendees=[KIM])
            await house.settle()
            getattr(kim, how)(only(kim.events())["id"])
            await house.settle()

            assert await told(house) == {KIM: WORDS[how]}

    async def test_an_answer_to_an_outsider(self, how: str) -> None:
        """Nobody but the guests themselves can tell: each copy notes its owner's answer."""
        async with open_office(*COLLEAGUES) as house:
            call_meeting(house, KIM, COLLEAGUES)
            await house.settle()
            answer(house, "boris", how)
            await house.settle()

            row = only(house.desk().activities())
            assert notes(row) in ({BORIS: WORDS[how]}, {BORIS: "Outlook: deleted from the calendar"})
            assert row["Void"] is False


class TestSecondThoughts:
    """Answers change, meet other people's words, and stay out of the way."""

    async def test_a_changed_mind(self) -> None:
        """The last answer stands."""
        async with open_office("anna", "boris") as house:
            call_meeting(house, ANNA, ("boris",))
            await house.settle()
            answer(house, "boris", "tentatively_accept")
            await house.settle()
            answer(house, "boris", "accept")
            await house.settle()
            assert await told(house) == {BORIS: WORDS["accept"]}

            answer(house, "boris", "decline")
            await house.settle()
            assert await told(house) == {BORIS: WORDS["decline"]}

    async def test_somebody_elses_notes_stay(self) -> None:
        """Words typed in ERP.net are never replaced by an answer; once empty, the next answer is noted."""
        async with open_office("anna", "boris") as house:
            call_meeting(house, ANNA, ("boris",))
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            house.desk().note_participant(activity, BORIS, "brings the cake")
            answer(house, "boris", "accept")
            await house.settle()
            assert await told(house) == {BORIS: "brings the cake"}

            house.desk().note_participant(activity, BORIS, "")
            answer(house, "boris", "tentatively_accept")
            await house.settle()
            assert await told(house) == {BORIS: WORDS["tentatively_accept"]}

    async def test_an_answer_taken_away_in_erp_is_not_noted_again(self) -> None:
        """Somebody empties the notes: the same answer does not come back."""
        async with open_office("anna", "boris") as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            answer(house, "boris", "accept")
            await house.settle()
            house.desk().note_participant(only(house.desk().activities())["Id"], BORIS, "")
            house.outlook().edit(event, subject="Renamed")
            await house.settle()

            assert await told(house) == {}

    async def test_a_locked_activity_is_no_conflict(self) -> None:
        """It cannot be noted while the activity is read-only: no conflict, no category; once unlocked it is noted."""
        async with open_office("anna", "boris") as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            house.desk().set_read_only(activity, True)
            answer(house, "boris", "accept")
            await house.settle()
            link = await house.link_of(event)
            assert (link.conflict, house.outlook().get(event)["categories"], await told(house)) == (None, [], {})

            house.desk().set_read_only(activity, False)
            house.outlook().edit(event, subject="Renamed")
            await house.settle()
            assert await told(house) == {BORIS: WORDS["accept"]}

    async def test_answers_come_with_a_new_activity(self) -> None:
        """Who had answered before the first sync is noted from the start."""
        async with open_office(*COLLEAGUES) as house:
            call_meeting(house, ANNA, COLLEAGUES)
            answer(house, "boris", "accept")
            answer(house, "carl", "decline")
            await house.settle()

            assert await told(house) == {BORIS: WORDS["accept"], CARL: WORDS["decline"]}

    async def test_a_note_in_erp_changes_nothing_in_outlook(self) -> None:
        """Whatever is typed there about a participant, nobody's response in Outlook moves and nobody gets a mail."""
        async with open_office("anna", "boris") as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            before = house.outlook().get(event)
            house.desk().note_participant(only(house.desk().activities())["Id"], BORIS, "Outlook: declined")
            with house.post() as post:
                await house.settle()
                await house.sync(full=True)

            assert (house.outlook().get(event), post) == (before, [])

    async def test_one_way_to_outlook_notes_nothing(self) -> None:
        """Where ERP.net is not to be written, answers are not noted either."""
        async with open_office("anna", "boris") as house:
            call_meeting(house, ANNA, ("boris",))
            await house.settle()
            house.set_policy(direction=Direction.TO_GRAPH)
            answer(house, "boris", "accept")
            await house.settle()

            row = only(house.desk().activities())
            assert (notes(row), participants(row)) == ({}, [BORIS])
