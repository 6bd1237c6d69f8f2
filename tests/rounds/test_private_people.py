"""SYNC_PRIVATE with people: what is hidden shows nowhere, and hiding a meeting uninvites nobody."""

from __future__ import annotations

import logging

import pytest

from sync_core.model.entries import by_date
from sync_core.model.policy import Invite, PrivateRule
from tests.support.colleagues import BORIS, CARL, KIM, copy_of
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, attendees, open_office, participants

GUEST = "surgeon@clinic.example"
SECRETS = ("Surgery", "knee", "surgeon", "clinic")
"""What must not show anywhere, in any letter case."""


async def everything(house: House) -> str:
    """All that calsync has stored."""
    assert house.memory is not None
    parts = [repr(house.memory.backend._tables)]  # type: ignore[attr-defined]
    for user in await house.world.store.list_users():
        parts += [repr(await house.world.store.recall(user.id)), repr(await house.world.store.read_journal(user.id))]
    return "\n".join(parts)


def shown(text: str) -> list[str]:
    """The secrets that a text gives away."""
    return [secret for secret in SECRETS if secret.casefold() in text.casefold()]


def surgery(house: House, organizer: str = ANNA, day: int = 1) -> str:
    """A private meeting with a surgeon and a colleague."""
    host = house.graph.outsider(organizer) if organizer == KIM else house.outlook(organizer)
    guests = [upn for upn in (ANNA, BORIS) if upn != organizer]
    return host.create("Surgery", at(day), at(day, 10), body="the knee", private=True, attendees=[*guests, GUEST])


class TestBusy:
    """``busy``: the time goes across, and nothing else."""

    @pytest.mark.parametrize("organizer", [ANNA, KIM], ids=["own", "outside"])
    async def test_a_private_meeting_shows_nowhere(self, organizer: str, caplog: pytest.LogCaptureFixture) -> None:
        """Made, answered, moved, renamed and deleted: ERP.net, memory, journal and logs never hear of it."""
        caplog.set_level(logging.DEBUG)
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.BUSY, invite=Invite.ALL)
            await house.settle()
            event = surgery(house, organizer)
            host = house.graph.outsider(organizer) if organizer == KIM else house.outlook(organizer)
            assert shown(repr(host.get(event))) == list(SECRETS)
            told = [await life(house)]
            house.outlook(BORIS).accept(copy_of(house, "boris", "Surgery"))
            told.append(await life(house))
            host.edit(event, subject="Surgery 2", start=at(2), end=at(2, 10), attendees=[ANNA, BORIS, GUEST, CARL])
            told.append(await life(house))
            row = only(house.desk().activities())
            assert (row["Subject"], row["Notes"] or "", row["Private"]) == ("Private", "", True)
            assert (row["StartTime"], row["Participants"]) == ("2026-01-27T11:00:00Z", [])
            host.delete(event)
            told.append(await life(house))

            assert house.desk().get(row["Id"])["Void"] is True
            assert shown("\n".join(told)) == []
            assert shown(repr(house.desk().activities())) == []
            assert shown(caplog.text) == []

    async def test_a_private_activity_shows_nowhere(self, caplog: pytest.LogCaptureFixture) -> None:
        """Typed in ERP.net with people in it: Outlook shows a busy time, invites nobody, calsync keeps nothing."""
        caplog.set_level(logging.DEBUG)
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.BUSY, invite=Invite.ALL)
            await house.settle()
            activity = house.desk().create(
                "Surgery", digits(1), digits(1, 12), notes="the knee", private=True, participants=["boris", GUEST]
            )
            with house.post() as post:
                told = [await life(house)]
                house.desk().edit(activity, start=digits(2), end=digits(2, 12), subject="Surgery 2")
                house.desk().add_participant(activity, "someone@clinic.example")
                told.append(await life(house))

            event = only(house.outlook().events())
            assert (event["subject"], event["sensitivity"], event["attendees"]) == ("Private", "private", [])
            assert event["start"]["dateTime"][:16] == "2026-01-27T09:00"
            assert post == []
            assert shown("\n".join(told)) == []
            assert shown(caplog.text) == []

    async def test_hidden_in_erp_uninvites_nobody(self) -> None:
        """ERP.net's Private flag on a meeting with guests: they stay invited and participants."""
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.BUSY, invite=Invite.ALL)
            event = house.outlook().create("Board", at(1), at(1, 10), body="agenda", attendees=[BORIS, GUEST])
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.desk().edit(activity, private=True)
            await house.settle()

            got = house.outlook().get(event)
            assert (got["subject"], attendees(got)) == ("Board", [BORIS, GUEST])
            assert house.outlook().text(event).strip() == "agenda"
            assert participants(house.desk().get(activity)) == [BORIS, GUEST]
            house.desk().edit(activity, private=False)
            await house.settle()
            assert attendees(house.outlook().get(event)) == [BORIS, GUEST]
            assert participants(house.desk().get(activity)) == [BORIS, GUEST]

    async def test_hidden_in_outlook_keeps_the_guests(self) -> None:
        """Anna makes a known meeting private: her guests stay invited, and Outlook's word is not blanked."""
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.BUSY, invite=Invite.ALL)
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=[BORIS, GUEST])
            await house.settle()
            house.outlook().edit(event, private=True)
            with house.post() as post:
                await house.settle()
                await house.sync(full=True)

            got = house.outlook().get(event)
            assert (got["subject"], attendees(got), post) == ("Board", [BORIS, GUEST], [])
            assert [a["Subject"] for a in house.desk().activities() if not a["Void"]] == ["Private"]

    @pytest.mark.parametrize("by", ["outlook", "erp"])
    @pytest.mark.parametrize("first", ["public first", "busy first"])
    async def test_public_again_nothing_is_blanked(self, by: str, first: str) -> None:
        """Made public about when ``busy`` comes into force: words and people are what they were on both sides."""
        async with open_office("anna", "boris") as house:
            event = house.outlook().create("Board", at(1), at(1, 10), body="agenda", private=True, attendees=[BORIS])
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.set_policy(private=PrivateRule.BUSY)
            if first == "busy first":
                await house.settle()
            if by == "erp":
                house.desk().edit(activity, private=False)
            else:
                house.outlook().edit(event, private=False)
            await house.settle()

            got, row = house.outlook().get(event), house.desk().get(activity)
            assert (got["subject"], house.outlook().text(event).strip(), attendees(got)) == (
                "Board",
                "agenda",
                [BORIS],
            )
            assert (row["Subject"], row["Notes"].strip(), participants(row)) == ("Board", "agenda", [BORIS])
            assert (got["sensitivity"], row["Private"]) == ("normal", False)

    @pytest.mark.parametrize("first", ["public first", "busy first"])
    async def test_what_was_renamed_while_hidden_is_not_overwritten_unread(self, first: str) -> None:
        """Anna renames her private event, and somebody names and shows it in ERP.net: later wins, and the journal
        keeps the other title."""
        async with open_office("anna") as house:
            event = house.outlook().create("Board", at(1), at(1, 10), private=True)
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.set_policy(private=PrivateRule.BUSY)
            if first == "busy first":
                await house.settle()
            house.outlook().edit(event, subject="Takeover")
            house.advance(minutes=10)
            house.desk().edit(activity, subject="Merger", private=False)
            await house.settle()

            assert house.desk().get(activity)["Subject"] == house.outlook().get(event)["subject"]
            names = {house.outlook().get(event)["subject"]}
            for entry in by_date(await house.world.store.read_journal((await house.user()).id)):
                names |= {*entry.before.values(), *entry.after.values()}
            assert {"Takeover", "Merger"} <= names


async def life(house: House) -> str:
    """Rounds until all is at rest; everything that calsync remembers then."""
    await house.settle()
    return await everything(house)


class TestSync:
    """``sync``: the flags follow each other, with the people."""

    async def test_private_both_ways(self) -> None:
        """Sensitivity becomes the Private flag and the reverse; the people take part as in any meeting."""
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.SYNC, invite=Invite.ALL)
            await house.settle()
            surgery(house)
            activity = house.desk().create("Check", digits(2), digits(2, 12), private=True, participants=["boris"])
            await house.settle()

            row = only(house.desk().find("Surgery"))
            assert (row["Private"], participants(row)) == (True, [BORIS, GUEST])
            event = house.outlook().get(copy_of(house, "anna", "Check"))
            assert (event["sensitivity"], attendees(event)) == ("private", [BORIS])
            assert house.desk().get(activity)["Private"] is True


class TestSkip:
    """``skip``: private items stay where they are."""

    async def test_private_meetings_are_left_out(self) -> None:
        """Neither side hears of the other's, whoever has a copy; with the people left alone."""
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.SKIP, invite=Invite.ALL)
            await house.settle()
            surgery(house)
            house.desk().create("Check", digits(2), digits(2, 12), private=True, participants=["boris"])
            await house.settle()

            assert [a["Subject"] for a in house.desk().activities()] == ["Check"]
            assert [e["subject"] for e in house.outlook().events()] == ["Surgery"]
            assert attendees(only(house.outlook().events())) == [BORIS, GUEST]

    async def test_made_private_later(self) -> None:
        """Parked on both sides: nobody is uninvited, nothing is voided; public again it goes on."""
        async with open_office("anna", "boris") as house:
            house.set_policy(private=PrivateRule.SKIP)
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=[BORIS, GUEST])
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.outlook().edit(event, private=True, attendees=[BORIS])
            await house.settle()
            assert participants(house.desk().get(activity)) == [BORIS, GUEST]

            house.outlook().edit(event, private=False)
            await house.settle()
            assert participants(house.desk().get(activity)) == [BORIS]
            assert house.desk().get(activity)["Void"] is False
