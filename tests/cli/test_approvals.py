"""`calsync approve` and `retry`: what waits for a person, and what happens once they choose."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.text.holds import MOST_ITEMS, hold_lines
from jobs.commands.item_shapes import hold_of
from sync_core.model.hold import HeldItem, Hold
from sync_core.model.user import User
from tests.support.office import ANNA, CliOffice

ALL = [f"Meeting {number}" for number in range(8)]


@pytest.fixture
def held(office: CliOffice) -> str:
    """Anna deleted seven of eight meetings at once; the id under which that waits."""
    office.calsync("users", "enable", ANNA)
    events = [office.meet(subject) for subject in ALL]
    office.calsync("sync")
    for event in events[1:]:
        office.outlook("delete", ident=event)
    answer = office.calsync("sync", "--json")
    [hold] = answer.json["users"][0]["holds"]
    assert answer.code == 0
    return str(hold["id"])


def void(office: CliOffice) -> list[str]:
    """Subjects of the void activities."""
    return sorted(a["Subject"] for a in office.activities() if a["Void"])


def test_a_mass_deletion_waits(office: CliOffice, held: str) -> None:
    """Nothing is voided; `status` shows exactly the seven items and how to answer."""
    [hold] = office.calsync("status", "--user", ANNA, "--json").json["users"][0]["holds"]

    assert void(office) == []
    assert (held, ["void"] * 7) == (hold["id"], [item["intent"] for item in hold["items"]])
    assert f"`calsync approve {held}`" in office.calsync("status", "--user", ANNA).out


def test_the_list_says_what_is_on_it_and_what_each_answer_leads_to(office: CliOffice, held: str) -> None:
    """Each item with time, title and what would be done, under its owner; `approve --show` does nothing else."""
    when = datetime.fromisoformat(office.at(2, 9)).astimezone(ZoneInfo("Europe/Sofia"))
    line = f"{when:%a %d.%m. %H:%M} “Meeting 3”: deleted in Outlook, would be voided in ERP.net"
    shown = office.calsync("approve", held, "--show")
    listed = office.calsync("approve", held, "--show", "--json").json["hold"]

    assert (shown.code, void(office)) == (0, [])
    for text in (shown.out, office.calsync("status", "--user", ANNA).out, office.calsync("sync", "--full").out):
        assert line in text
        assert ANNA in text
        assert f"`calsync approve {held}` voids or removes exactly these" in text
        assert f"`calsync approve {held} --drop` deletes nothing" in text
    assert f"`calsync approve {held} --show`" in office.calsync("why", ANNA, "Meeting 3").out
    assert [listed["id"], listed["owner"], len(listed["items"])] == [held, ANNA, 7]
    assert {item["owner"] for item in listed["items"]} == {ANNA}
    assert sorted(item["subject"] for item in listed["items"]) == ALL[1:]


def test_a_private_meeting_on_the_list_is_masked(office: CliOffice) -> None:
    """Its time and what would be done are shown, its title to its owner only."""
    office.calsync("users", "enable", ANNA)
    events = [office.meet("Doctor", sensitivity="private"), *(office.meet(subject) for subject in ALL[:5])]
    office.calsync("sync")
    for event in events:
        office.outlook("delete", ident=event)
    [hold] = office.calsync("sync", "--json").json["users"][0]["holds"]
    told = [office.calsync("approve", hold["id"], "--show", *more).out for more in ((), ("--json",))]
    told += [office.calsync("status", "--user", ANNA, *more).out for more in ((), ("--json",))]

    for text in (*told, str(hold)):
        assert "(private)" in text
        assert "Meeting 4" in text
        assert "Doctor" not in text


def test_an_approved_list_is_carried_out_at_once(office: CliOffice, held: str) -> None:
    """Approve voids exactly the list, in the same command, and nothing waits any more."""
    answer = office.calsync("approve", held, "--yes", "--json")

    assert (answer.code, answer.json["users"][0]["done"]) == (0, {"activity voided": 7})
    assert void(office) == ALL[1:]
    assert office.calsync("status", "--user", ANNA, "--json").json["users"][0]["holds"] == []


def test_an_item_restored_meanwhile_is_not_voided(office: CliOffice, held: str) -> None:
    """Each item is read again first: what Anna took back out of Deleted Items stays."""
    [hold] = office.calsync("status", "--user", ANNA, "--json").json["users"][0]["holds"]
    back = next(link for link in hold["items"] if link["activity_id"] == office.activity("Meeting 3")["Id"])
    office.outlook("restore", ident=back["event_id"])
    office.calsync("approve", held, "--yes")

    assert void(office) == [subject for subject in ALL[1:] if subject != "Meeting 3"]


def test_a_dropped_list_lets_both_sides_be(office: CliOffice, held: str) -> None:
    """The activities stay, the events do not come back, and it is not asked again."""
    answer = office.calsync("approve", held, "--drop", "--yes")
    office.calsync("sync", "--full")

    assert (answer.code, answer.out.splitlines()[0].startswith(f"Dropped for {ANNA}: 7 of 8")) == (0, True)
    assert void(office) == []
    assert [event["subject"] for event in office.events()] == ["Meeting 0"]
    assert office.calsync("status", "--user", ANNA, "--json").json["users"][0]["holds"] == []


def test_an_unknown_id_is_an_argument_to_correct(office: CliOffice, held: str) -> None:
    """Neither a made-up id nor one already answered waits for anybody."""
    office.calsync("approve", held, "--yes")

    assert [office.calsync("approve", name, "--yes").code for name in ("deadbeef", held)] == [2, 2]


def test_a_partner_that_is_gone_is_made_anew_once_approved(office: CliOffice) -> None:
    """With the memory lost and the activity deleted, nothing is made until somebody chooses; then even by a round
    that reads everything, marks included."""
    office.calsync("users", "enable", ANNA)
    office.desk("create", subject="Call", start=office.day(1, 10), end=office.day(1, 11))
    office.calsync("sync")
    office.calsync("users", "forget", ANNA, "--yes")
    office.desk("delete", activity=office.activity("Call")["Id"])
    office.calsync("users", "enable", ANNA)
    listed = office.calsync("sync", "--json")
    [hold] = listed.json["users"][0]["holds"]
    assert (listed.code, office.activities()) == (0, [])

    retried = office.calsync("retry", "--json").json["users"][0]["retried"]
    dropped = office.calsync("approve", hold["id"], "--drop", "--yes")
    assert (retried, dropped.code, office.activities()) == (0, 0, [])

    office.more["SYNC_MONTHS_AHEAD"] = "2"
    office.calsync("policy", "--set")
    answer = office.calsync("approve", hold["id"], "--yes", "--json")

    assert (answer.code, [user["full"] for user in answer.json["users"]]) == (0, [True])
    assert [activity["Subject"] for activity in office.activities()] == ["Call"]


def test_retry_looks_again_at_what_was_parked(office: CliOffice) -> None:
    """An activity out of sight parks its pair; visible again, only retry and the next sync bring it in step."""
    office.calsync("users", "enable", ANNA)
    event = office.meet("Seen")
    office.calsync("sync")
    activity = office.activity("Seen")["Id"]
    office.desk("hide", activity=activity)
    office.outlook("edit", ident=event, subject="Unseen")
    parked = office.calsync("sync", "--json").json["users"][0]["parked"]
    office.desk("show", activity=activity)
    office.calsync("sync")
    assert (parked, office.activity("Seen")["Subject"]) == (1, "Seen")

    answer = office.calsync("retry", "--json")
    office.calsync("sync")

    assert answer.json["users"] == [{"upn": ANNA, "retried": 1}]
    assert [one["Subject"] for one in office.activities()] == ["Unseen"]
    assert [user["retried"] for user in office.calsync("retry", "--json").json["users"]] == [0]


def test_a_whole_day_on_a_list_is_told_as_a_day() -> None:
    """Not as the midnight of some zone; and who would get a mail is counted."""
    fair = HeldItem("E", "A", "remove", "Fair", datetime(2026, 3, 5, tzinfo=UTC), all_day=True, mails=3)
    held = hold_of(
        Hold("key", "why", (fair,), datetime(2026, 3, 1, tzinfo=UTC)), User("id", ANNA, zone="America/Lima")
    )

    line = "Thu 05.03., all day “Fair”: void or deleted in ERP.net, would be removed from Outlook (3 mails)"
    assert line in "\n".join(hold_lines(held))


def test_a_long_list_is_cut_where_other_things_are_told() -> None:
    """`status` and `sync` name the first of thousands, `approve --show` all."""
    items = tuple(HeldItem(f"E{n}", f"A{n}", "void", f"Talk {n}") for n in range(2_000))
    held = hold_of(Hold("key", "why", items, datetime(2026, 3, 1, tzinfo=UTC)), User("id", ANNA))
    cut, whole = "\n".join(hold_lines(held)), "\n".join(hold_lines(held, most=None))

    assert (cut.count("would be voided"), whole.count("would be voided")) == (MOST_ITEMS, 2_000)
    assert f"{2_000 - MOST_ITEMS} more: `calsync approve {held['id']} --show`" in cut
