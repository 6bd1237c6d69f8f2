"""The adapter against the stand-in: what is read, what is written, and how many requests it costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.erp import ErpNet
from adapters.erp.probe import Finding
from jobs.ports import Erp
from simulators.base import Clock
from simulators.erpnet import SERVICE_LOGIN, ErpSimulator, ErpUser
from sync_core.errors import ItemGone, ItemLocked, ItemRejected, LicencesTaken, SideUnavailable, StaleWrite
from sync_core.model.sides import ErpActivity, ErpContent, Field
from sync_core.model.writes import CreateActivity, ErpIdentity, Outcome, PatchActivity, VoidActivity
from tests.adapters.conftest import NOW

MISSING = "00000000-0000-4000-8000-00000000dead"


def content(subject: str = "Review", day: int = 26) -> ErpContent:
    """An hour in the morning."""
    start = datetime(2026, 1, day, 9)  # noqa: DTZ001 - wall-clock digits have no zone
    end, reminder = start + timedelta(hours=1), start - timedelta(minutes=15)
    return ErpContent(subject, "Обсъждане\nплан", start, end, 60, reminder, private=False, priority="High")


def made(outcomes: Sequence[Outcome]) -> list[ErpActivity]:
    """The activities of outcomes that all succeeded."""
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return [outcome.activity for outcome in outcomes if outcome.activity]


def domain_calls(simulator: ErpSimulator) -> int:
    """Requests to the Domain API so far."""
    return sum("/odata/" in seen.path for seen in simulator.requests)


async def create(live: ErpNet, who: ErpIdentity, *subjects: str) -> list[ErpActivity]:
    """Activities made through the adapter."""
    return made(await live.write(who, [CreateActivity(f"04-{name}", content(name)) for name in subjects]))


async def probed(live: ErpNet) -> dict[str, str]:
    """What is found out about the instance, by question."""
    return {question.text: finding.text for question, finding in await live.probe()}


def rename(activity: ErpActivity) -> PatchActivity:
    """Our own edit of an activity as last seen."""
    return PatchActivity(activity.id, activity.version, frozenset({Field.SUBJECT}), content("Ours"))


async def test_the_adapter_is_the_port(live: ErpNet) -> None:
    """The adapter is what the jobs ask for; the service login and version come from the instance."""
    port: Erp = live

    assert await port.service_login() == SERVICE_LOGIN
    assert await port.check_access() == "27.1.1.20"


async def test_what_is_written_reads_back_the_same(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """A new activity shows our content digit by digit, belongs to the person, and was created by the service user."""
    (activity,) = await create(live, who, "Планиране")

    assert activity.content == content("Планиране")
    assert (activity.owner_party, activity.creation_user) == (who.party_id, SERVICE_LOGIN)
    assert (activity.system_type, activity.state, activity.entity_name) == ("Meeting", "New", "Cm_Activities")
    assert (activity.external_system, activity.external_id) == ("Office365-iCalUId", "04-Планиране")
    assert not activity.is_locked
    assert await live.read_activities([activity.id]) == {activity.id: activity}


async def test_a_thousand_creates_fit_into_thirty_requests(
    live: ErpNet, who: ErpIdentity, simulator: ErpSimulator
) -> None:
    """Looking up a thousand marks, creating and reading back costs a few dozen requests, not thousands."""
    uids = [f"040000008200E00074C5B7101A82E008{number:080X}" for number in range(1000)]

    found = await live.find_paired(uids)
    outcomes = await live.write(who, [CreateActivity(uid, content()) for uid in uids])

    assert not any(found.values())
    assert [activity.external_id for activity in made(outcomes)] == uids
    assert domain_calls(simulator) <= 30


async def test_fifty_updates_are_one_request(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Updates are read back in the batch that makes them."""
    activities = await create(live, who, *map(str, range(50)))
    simulator.forget_requests()
    moved = content("Moved", day=27)

    fields = frozenset({Field.SUBJECT, Field.TIME, Field.REMINDER})
    outcomes = await live.write(who, [PatchActivity(a.id, a.version, fields, moved) for a in activities])

    assert {activity.content for activity in made(outcomes)} == {moved}
    assert domain_calls(simulator) == 1


async def test_a_reminder_is_cleared(live: ErpNet, who: ErpIdentity) -> None:
    """No reminder is written as null."""
    (activity,) = await create(live, who, "Review")
    bare = ErpContent("", "", activity.content.start, activity.content.end, 60, None)

    write = PatchActivity(activity.id, activity.version, frozenset({Field.REMINDER}), bare)
    (after,) = made(await live.write(who, [write]))

    assert after.content.reminder is None
    assert after.content.subject == "Review"


async def test_a_stale_version_is_refused(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Somebody's edit in between wins; ours is decided again."""
    (activity,) = await create(live, who, "Review")
    simulator.person("ann").edit(activity.id, subject="Ann was here")

    (outcome,) = await live.write(who, [rename(activity)])

    assert isinstance(outcome.error, StaleWrite)
    assert simulator.person("ann").get(activity.id)["Subject"] == "Ann was here"
    assert live.version_check == "works"


async def test_without_a_version_check_the_write_goes_through(
    live: ErpNet, who: ErpIdentity, simulator: ErpSimulator
) -> None:
    """An instance that does not know ObjectVersion in a PATCH is written to without it, and doctor says so."""
    simulator.version_check = "refused"
    (activity,) = await create(live, who, "Review")

    (after,) = made(await live.write(who, [rename(activity)]))

    assert after.content.subject == "Ours"
    assert (await probed(live))["Version check in PATCH"] == "refused"


@pytest.mark.parametrize("lock", ["release", "read_only", "void", "close"])
async def test_locked_activities_say_so(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator, lock: str) -> None:
    """Whatever locks an activity, an update is rejected as locked and nothing changes."""
    (activity,) = await create(live, who, "Review")
    person = simulator.person("ann")
    if lock == "read_only":
        person.set_read_only(activity.id, True)
    elif lock == "void":
        person.void(activity.id, "by hand")
    else:
        person.release(activity.id)
        if lock == "close":
            person.complete(activity.id)
            person.close(activity.id)

    (outcome,) = await live.write(who, [rename(activity)])

    assert isinstance(outcome.error, ItemLocked)
    assert person.get(activity.id)["Subject"] == "Review"


async def test_a_rule_fails_one_item_only(live: ErpNet, who: ErpIdentity) -> None:
    """A time at midnight that is no whole day breaks R38488; its neighbours in the batch are made."""
    midnight = ErpContent("Late", "", datetime(2026, 1, 26, 23), datetime(2026, 1, 27, 0), 60, None)  # noqa: DTZ001

    first, bad, last = await live.write(
        who, [CreateActivity("04-a", content()), CreateActivity("04-b", midnight), CreateActivity("04-c", content())]
    )

    assert isinstance(bad.error, ItemRejected)
    assert bad.error.rule == "R38488"
    assert len(made([first, last])) == 2


async def test_voiding_is_done_once_and_twice(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """A void activity is void; to void it again is no error; what is not there is gone."""
    (activity,) = await create(live, who, "Review")

    first = await live.write(who, [VoidActivity(activity.id, "deleted in Outlook")])
    again = await live.write(who, [VoidActivity(activity.id, "deleted in Outlook")])
    (missing,) = await live.write(who, [VoidActivity(MISSING, "deleted in Outlook")])

    assert [first, again] == [[Outcome()], [Outcome()]]
    assert isinstance(missing.error, ItemGone)
    row = simulator.person("ann").get(activity.id)
    assert (row["Void"], row["VoidReason"]) == (True, "deleted in Outlook")


async def test_a_lost_answer_can_be_found_again(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """A create whose answer was lost is unclear; its mark shows that it was done."""
    await live.check_access()
    simulator.add_fault("POST */$batch", kind="lose")

    (outcome,) = await live.write(who, [CreateActivity("04-LOST", content())])
    found = await live.find_paired(["04-lost", "04-other"])

    assert isinstance(outcome.error, SideUnavailable)
    assert outcome.error.unclear
    assert [a.content for a in found["04-lost"] if isinstance(a, ErpActivity)] == [content()]
    assert found["04-other"] == ()


async def test_pairs_of_another_system_do_not_count(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Only the pair of system and id is a mark; void activities are shown, since they must not be adopted."""
    ours = simulator.seed_mssync("ann", "Old", "2026-01-26T09:00", "2026-01-26T10:00", "04-X")
    (other,) = await create(live, who, "Y")
    simulator.store.at("General_Activities_Activities", other.id).values["ExternalSystem"] = "Somebody"
    simulator.person("ann").void(ours, "by hand")

    found = await live.find_paired(["04-x", "04-Y"])

    assert [(a.id, a.void) for a in found["04-x"] if isinstance(a, ErpActivity)] == [(ours, True)]
    assert found["04-Y"] == ()


async def test_many_ids_are_read_in_one_request(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Hundreds of ids share a batch; an unknown one, or what is no id at all, is None."""
    keys = [activity.id for activity in await create(live, who, *map(str, range(120)))]
    simulator.forget_requests()

    found = await live.read_activities([keys[0].upper(), *keys[1:], MISSING, "no-id"])

    assert [key for key, item in found.items() if item is None] == [MISSING, "no-id"]
    assert isinstance(found[keys[0].upper()], ErpActivity)
    assert domain_calls(simulator) == 1


async def test_changes_and_deletions_are_one_request(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator, clock: Clock
) -> None:
    """The pull sees what changed at or after the asked instant, and what was deleted, exactly, in one request."""
    person = simulator.person("ann")
    old = person.create("Old", "2026-01-26T09:00", "2026-01-26T10:00")
    clock.advance(timedelta(minutes=10))
    since = clock.now()
    new = person.create("New", "2026-01-26T09:00", "2026-01-26T10:00")
    clock.advance(timedelta(minutes=10))
    person.delete(old)
    await live.check_access()
    simulator.forget_requests()

    reading = await live.read_changes(since)

    expected = [(new, since, "ann", ann.party_id, False), (old, clock.now(), "", "", True)]
    shown = [(c.activity_id, c.updated_at, c.creation_user, c.owner_party, c.deleted) for c in reading.changes]
    assert expected == shown
    assert reading.high == clock.now()
    assert domain_calls(simulator) == 1


@pytest.mark.parametrize("cut", [False, True], ids=["to-the-second", "to-the-date"])
async def test_changes_are_exact_however_the_server_filters(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator, clock: Clock, cut: bool
) -> None:
    """Whether update times are cut to the date is not known: the result is the same, and doctor finds out."""
    simulator.utc_filters_cut = cut
    simulator.person("ann").create("Before", "2026-01-26T09:00", "2026-01-26T10:00")
    clock.advance(timedelta(minutes=1))
    after = simulator.person("ann").create("After", "2026-01-26T09:00", "2026-01-26T10:00")

    reading = await live.read_changes(clock.now())

    assert [change.activity_id for change in reading.changes] == [after]
    expected = "no: cut to the date" if cut else "yes"
    assert (await probed(live))["Update times filtered to the second"] == expected


@pytest.mark.parametrize("absolute", [False, True])
async def test_a_long_pull_is_read_to_its_last_page(
    live: ErpNet, who: ErpIdentity, simulator: ErpSimulator, absolute: bool
) -> None:
    """More changes than a page holds are all there, whatever form the nextLink has."""
    simulator.absolute_next_links = absolute
    await live.write(who, [CreateActivity(f"04-{number}", content()) for number in range(501)])

    reading = await live.read_changes(NOW)

    assert len(reading.changes) == 501


async def test_an_empty_pull_has_no_high(live: ErpNet) -> None:
    """Nothing new leaves the watermark alone."""
    reading = await live.read_changes(NOW)

    assert (reading.changes, reading.high) == ((), None)


async def test_deletions_that_cannot_be_asked_for_do_not_stop_the_pull(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The set of system objects is a guess: where it is refused, changes are still read and doctor says so."""
    monkeypatch.setattr("adapters.erp.changes.SYSTEM_OBJECTS", "Systems_Internal_ExtensibleDataObjects")
    key = simulator.person("ann").create("New", "2026-01-26T09:00", "2026-01-26T10:00")

    reading = await live.read_changes(NOW)

    assert [change.activity_id for change in reading.changes] == [key]
    assert (await probed(live))["Deleted activities can be asked for"] == "no"


@pytest.mark.parametrize("days_ago", [0, 3, 200])
async def test_the_newest_change_is_found(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator, clock: Clock, days_ago: int
) -> None:
    """The first watermark is the highest update time, however long ago that was."""
    simulator.person("ann").create("Old", "2026-01-26T09:00", "2026-01-26T10:00")
    clock.advance(timedelta(hours=1))
    simulator.person("ann").create("New", "2026-01-26T09:00", "2026-01-26T10:00")
    clock.advance(timedelta(days=days_ago))

    assert NOW + timedelta(hours=1) == await live.newest_change()


async def test_an_empty_instance_has_no_newest_change(live: ErpNet) -> None:
    """Where nothing ever changed there is no time to start from."""
    assert await live.newest_change() is None


async def test_owned_is_created_or_owned(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """What a person created or owns and may still run is read once, in one request; others' and past ones not."""
    simulator.add_user("ann2", "ann2@example.com", "Ann Other")
    ann = simulator.person("ann")
    own = ann.create("Own", "2026-01-26T09:00", "2026-01-26T10:00")
    running = ann.create("Running", "2026-01-01T09:00", "2026-02-01T10:00")
    ann.create("Past", "2026-01-01T09:00", "2026-01-02T10:00")
    given_away = ann.create("Given away", "2026-01-26T09:00")
    ann.change_owner(given_away, "ann2")
    simulator.person("ann2").create("Other", "2026-01-26T09:00", "2026-01-26T10:00")
    (service,) = await create(live, who, "Made for Ann")
    simulator.forget_requests()

    found = (await live.read_owned(["Ann"], who.party_id, NOW)).activities

    assert {own, running, given_away, service.id} == {item.id for item in found}
    assert domain_calls(simulator) == 1


async def test_a_clock_behind_utc_loses_nothing(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """In Honolulu it is still yesterday: what ends there late yesterday may still run."""
    key = simulator.person("ann").create("Late", "2026-01-24T22:30", "2026-01-24T23:30")

    found = (await live.read_owned(["ann"], who.party_id, NOW)).activities

    assert [key] == [item.id for item in found]


async def test_participants_are_read(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """People are e-mail addresses, lower case, sorted."""
    key = simulator.person("ann").create(
        "Review", "2026-01-26T09:00", "2026-01-26T10:00", participants=("Zoe@Example.com", "bob@example.com")
    )

    item = (await live.read_activities([key]))[key]

    assert isinstance(item, ErpActivity)
    assert item.content.people == ("bob@example.com", "zoe@example.com")


async def test_no_free_licence_ends_at_once(live: ErpNet, simulator: ErpSimulator) -> None:
    """Without a licence slot the caller learns how long to wait."""
    simulator.licences = 0

    with pytest.raises(LicencesTaken) as caught:
        await live.read_changes(NOW)

    assert caught.value.retry_after == 60


async def test_a_revoked_token_is_replaced(live: ErpNet, simulator: ErpSimulator) -> None:
    """A session that was closed from outside costs one new token, no error."""
    await live.check_access()
    simulator.revoke_tokens()

    assert await live.check_access() == "27.1.1.20"


async def test_a_notification_reaches_the_user(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """Users are told in MSSync's own class; long subjects are cut to what fits."""
    await live.notify(ann.id, "x" * 300)

    (told,) = simulator.notifications
    assert (told["user"], told["class"], told["subject"]) == ("ann", "NT_WEBSITE_EXT_MSSYNC", "x" * 256)


async def test_probes_find_out_about_the_server(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """Doctor's questions are answered from what the instance shows."""
    simulator.server_zone = ZoneInfo("Europe/Sofia")
    simulator.missing_status = 500
    simulator.person("ann").create("New", "2026-01-26T09:00", "2026-01-26T10:00")

    findings = await probed(live)

    assert findings == {
        "Server version": "27.1.1.20",
        "Is StartTime kept in UTC": "no: wall clock",
        "Server clock": "UTC+2 hours, judged by 1 activities",
        "Update times filtered to the second": "yes",
        "Missing entity": "500",
        "Letter case in filters": "does not matter",
        "Version check in PATCH": "not known: the first sync that needs it will show it",
        "Deleted activities can be asked for": "not known: the first sync that needs it will show it",
    }


async def test_a_probe_that_fails_says_so(live: ErpNet, simulator: ErpSimulator) -> None:
    """One question that cannot be asked does not hide the others."""
    simulator.add_fault("GET */standardmodel/*", status=403, times=None)

    findings = await probed(live)

    assert findings["Is StartTime kept in UTC"].startswith("could not be asked: ERP.net answered 403")
    assert findings["Server clock"] == Finding.NO_CHANGES.value
    assert findings["Server version"] == "27.1.1.20"


async def test_times_are_utc(live: ErpNet, who: ErpIdentity) -> None:
    """Update times come as aware UTC instants."""
    (activity,) = await create(live, who, "Review")

    assert activity.updated_at == NOW
    assert activity.updated_at is not None
    assert activity.updated_at.tzinfo is UTC
