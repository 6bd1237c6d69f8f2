"""One calendar, one event for a meeting: twins, copies that come back under another id, what only one side hides."""

from __future__ import annotations

from simulators.graph import OutlookPerson
from sync_core.model.link import LinkStatus, Role
from sync_core.model.policy import PrivateRule
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, open_house
from tests.support.random_company import STRANGER, UPNS
from tests.support.scenes import forget_everything

BORIS, CARL = UPNS[1:]
SAME_UID = "another event of this calendar has the same iCalUId"


def twin(person: OutlookPerson, ident: str) -> str:
    """A second event with the same iCalUId, as importing a file twice leaves it."""
    item = person._find(ident).item
    double = person.mailbox.add(item.content, uid=item.ical_uid)
    person.mailbox.touch(double, "created")
    return double.immutable_id


async def test_an_event_that_was_imported_twice_is_one_activity(house: House) -> None:
    """Both are new in the same round: one is synced, the other is listed with the reason."""
    event = house.outlook().create("Import", at(1), at(1, 10))
    twin(house.outlook(), event)
    await house.step()
    await house.step(full=True)

    assert only(house.desk().activities())["Subject"] == "Import"
    assert [p.reason for p in (await house.recall()).pending] == [SAME_UID]


async def test_a_second_import_of_a_synced_event_is_listed(house: House) -> None:
    """An activity made in ERP.net does not carry the iCalUId; the twin of its event is known all the same."""
    house.desk().create("Visit", digits(1), digits(1, 12))
    await house.step()
    twin(house.outlook(), house.outlook().events()[0]["id"])
    await house.step()

    assert len(house.desk().activities()) == 1
    assert [(p.parked, p.reason) for p in (await house.recall()).pending] == [(True, SAME_UID)]


async def test_a_copy_that_comes_back_under_another_id_keeps_its_activity(house: House) -> None:
    """Anna deletes the stranger's invitation, the stranger's next update puts a new copy into her calendar."""
    kim = house.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(1), at(1, 10), attendees=[ANNA])
    await house.step()
    house.outlook().delete(house.outlook().events()[0]["id"])
    house.advance(minutes=5)
    kim.edit(pitch, subject="Pitch, moved")
    await house.step()

    row = only(house.desk().activities())
    assert (row["Subject"], row["Void"]) == ("Pitch, moved", False)
    live = [link for link in (await house.recall()).links if link.status is LinkStatus.LIVE]
    assert [(link.role, link.activity_id) for link in live] == [(Role.INVITED, row["Id"])]


async def test_an_imported_copy_of_anothers_meeting_steals_nothing() -> None:
    """Carl imports the file of a stranger's meeting that Boris was invited to: Boris's copy goes on feeding it."""
    async with open_house() as house:
        for name in ("boris", "carl"):
            await house.employ(name)
        house.graph.outsider(STRANGER).create("Pitch", at(1), at(1, 10), attendees=[BORIS])
        await house.sync()
        boris = house.outlook(BORIS)
        uid = boris._find(boris.events()[0]["id"]).item.ical_uid
        carl = house.outlook(CARL)
        item = carl._find(carl.create("Pitch (imported)", at(1), at(1, 10))).item
        item.ical_uid = uid
        await house.sync()

        assert only(house.desk("boris").activities())["Subject"] == "Pitch"
        assert [link.role for link in (await house.recall(BORIS)).links] == [Role.INVITED]
        assert [p.parked for p in (await house.recall(CARL)).pending] == [True]


async def test_a_feeder_who_files_the_invitation_elsewhere_hands_the_meeting_on() -> None:
    """In another calendar it is not synced; Carl has it in his own, so the activity goes on with him."""
    async with open_house() as house:
        for name in ("boris", "carl"):
            await house.employ(name)
        kim = house.graph.outsider(STRANGER)
        pitch = kim.create("Pitch", at(1), at(1, 10), attendees=[BORIS, CARL])
        await house.sync(BORIS)
        await house.sync(CARL)
        boris = house.outlook(BORIS)
        boris.move_to_calendar(boris.events()[0]["id"], "Travel")
        await house.sync()
        house.advance(minutes=5)
        kim.edit(pitch, subject="Pitch, moved")
        await house.sync()

        row = only(house.desk("boris").activities())
        assert (row["Subject"], row["Void"]) == ("Pitch, moved", False)
        assert [p["Notes"] for p in row["Participants"]] == [None]


async def test_one_sync_goes_on_until_the_successor_has_the_meeting() -> None:
    """The successor's own turn was over when Boris's round handed the meeting on: the command ends when they feed."""
    async with open_house() as house:
        for name in ("anna", "boris", "carl"):
            await house.employ(name)
        house.graph.outsider(STRANGER).create("Pitch", at(1), at(1, 10), attendees=[ANNA, BORIS, CARL])
        for upn in (BORIS, ANNA, CARL):
            await house.sync(upn)
        house.outlook(BORIS).decline(house.outlook(BORIS).events()[0]["id"])
        await house.sync()

        links = [link for upn in (ANNA, CARL) for link in (await house.recall(upn)).links]
        feeding = [link.activity_id for link in links if link.role is Role.INVITED]
        assert feeding == [only(house.desk().activities())["Id"]]


async def test_a_cancelled_meeting_is_void_as_cancelled(house: House) -> None:
    """ERP.net shows why: cancelled is not deleted."""
    kim = house.graph.outsider(STRANGER)
    pitch = kim.create("Pitch", at(1), at(1, 10), attendees=[ANNA])
    await house.step()
    kim.cancel(pitch)
    await house.step()

    row = only(house.desk().activities())
    assert (row["Void"], row["VoidReason"]) == (True, "cancelled in Outlook")


class TestHiddenInErp:
    """``SYNC_PRIVATE=busy``: what ERP.net hides is nobody's to write over before it was seen."""

    async def test_what_was_typed_while_hidden_is_not_lost(self, house: House) -> None:
        """Outlook shows the meeting first; the text typed in ERP.net meanwhile is on a side or in the journal."""
        house.set_policy(private=PrivateRule.BUSY)
        event = house.outlook().create("Review", at(1), at(1, 10), body="agenda")
        await house.step()
        activity = only(house.desk().activities())["Id"]
        house.desk().edit(activity, private=True)
        await house.step()
        house.advance(minutes=5)
        house.desk().edit(activity, notes="typed while hidden")
        await house.step()
        house.advance(minutes=5)
        house.outlook().edit(event, sensitivity="normal")
        await house.step()

        journal = repr(await house.world.store.read_journal((await house.user()).id))
        sides = repr(house.desk().get(activity)["Notes"]) + house.outlook().text(event)
        assert "typed while hidden" in journal + sides

    async def test_a_found_pair_goes_on_hiding(self, house: House) -> None:
        """The state is lost; an activity that was made private meanwhile stays private and keeps its text."""
        house.set_policy(private=PrivateRule.BUSY)
        house.outlook().create("Review", at(1), at(1, 10), body="agenda", attendees=["guest@client.example"])
        await house.step()
        activity = only(house.desk().activities())["Id"]
        await forget_everything(house)
        house.desk().edit(activity, private=True, notes="a secret")
        mails = len(house.graph.mails)
        await house.step(full=True)

        row = house.desk().get(activity)
        assert (row["Private"], row["Notes"], len(house.graph.mails)) == (True, "a secret", mails)


async def test_a_meeting_that_becomes_private_leaves_no_new_word_behind(house: House) -> None:
    """``busy``: hidden while its activity is locked, neither the conflict nor the journal says what it was about."""
    house.set_policy(private=PrivateRule.BUSY)
    event = house.outlook().create("Harmless", at(1), at(1, 10))
    await house.step()
    activity = only(house.desk().activities())["Id"]
    house.desk().edit(activity, subject="Salary talk")
    await house.step()
    house.advance(minutes=5)
    since = house.now
    house.outlook().edit(event, private=True)
    house.desk().set_read_only(activity, True)
    await house.step()
    house.desk().set_read_only(activity, False)
    await house.step()

    journal = await house.world.store.read_journal((await house.user()).id)
    told = repr([entry for entry in journal if entry.at >= since]) + repr(await house.recall())
    assert "Salary talk" not in told
    assert house.desk().get(activity)["Subject"] == "Private"
