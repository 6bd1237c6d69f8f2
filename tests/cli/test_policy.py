"""The command line works by the company's policy, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from adapters.settings import load
from adapters.wiring import open_world
from jobs.company import stamp_policy
from tests.support.office import ANNA, CliOffice

EVERYTHING: tuple[Sequence[str], ...] = (
    ("sync",),
    ("sync", "--full"),
    ("sync", "--dry-run"),
    ("why", ANNA, "Salary"),
    ("approve", "0", "--yes"),
    ("retry",),
    ("status",),
    ("conflicts",),
    ("users", "list"),
    ("users", "enable", ANNA),
    ("users", "disable", ANNA),
    ("users", "forget", ANNA, "--yes"),
)


def start_app(office: CliOffice, **settings: str) -> None:
    """A process of the app starts with these settings beside the office's."""

    async def start() -> None:
        async with open_world(load({**office.environ, **settings})) as world:
            await stamp_policy(world, by_app=True)

    asyncio.run(start())


def test_a_bare_shell_does_not_write_what_the_app_skips(office: CliOffice) -> None:
    """The app skips private items: `calsync sync --full` without any setting skips them too, and says why."""
    start_app(office, SYNC_PRIVATE="skip")
    office.calsync("users", "enable", ANNA)
    office.meet("Salary", private=True)
    office.meet("Open")
    answer = office.calsync("sync", "--full")

    assert answer.code == 0
    assert [activity["Subject"] for activity in office.activities()] == ["Open"]
    assert "taken from the company's policy: SYNC_PRIVATE=skip" in answer.err


@pytest.mark.parametrize("command", EVERYTHING, ids=" ".join)
def test_a_shell_that_says_otherwise_is_refused(office: CliOffice, command: Sequence[str]) -> None:
    """Exit 2 with the setting, both values and the remedy; neither side is asked, nothing is written."""
    office.calsync("users", "enable", ANNA)
    office.meet("Salary", private=True)
    start_app(office, SYNC_PRIVATE="skip")
    office.more["SYNC_PRIVATE"] = "sync"
    office.forget_requests()
    before = office.everything()
    answer = office.calsync(*command, "--json")

    assert answer.code == 2
    [mistake] = answer.json["mistakes"]
    assert mistake.startswith("SYNC_PRIVATE is sync here and skip for the app: leave it out here")
    assert (office.requests(), office.everything()) == ([], before)


def test_the_doctor_names_the_difference(office: CliOffice) -> None:
    """A failed check beside the others."""
    start_app(office, SYNC_PRIVATE="skip")
    office.more["SYNC_PRIVATE"] = "busy"
    answer = office.calsync("doctor", "--json")
    [check] = [one for one in answer.json["checks"] if one["what"] == "Company policy"]

    assert (answer.code, check["fine"]) == (1, False)
    assert "SYNC_PRIVATE is busy here and skip for the app" in check["text"]


def test_the_same_settings_are_no_difference(office: CliOffice) -> None:
    """However they are written."""
    start_app(office, SYNC_ACTIVITY_TYPES="Task,Meeting", SYNC_MASS_DELETE_LIMIT="7,29%")
    office.more |= {"SYNC_ACTIVITY_TYPES": "meeting, task", "SYNC_MASS_DELETE_LIMIT": "7, 29 %"}
    answer = office.calsync("sync")

    assert (answer.code, "policy" in answer.err) == (0, False)


def test_a_company_without_the_app_changes_its_policy_by_a_command(office: CliOffice) -> None:
    """The first sync sets it; other settings are refused until `calsync policy --set`, which keeps the rest."""
    office.more |= {"SYNC_PRIVATE": "busy", "SYNC_INVITE": "none"}
    office.calsync("users", "enable", ANNA)
    office.calsync("sync")
    del office.more["SYNC_INVITE"]
    office.more["SYNC_PRIVATE"] = "skip"
    refused = office.calsync("sync")
    shown = office.calsync("policy")
    changed = office.calsync("policy", "--set", "--json")
    office.more.clear()
    office.meet("Salary", private=True)
    synced = office.calsync("sync")

    assert (refused.code, synced.code) == (2, 0)
    assert "`calsync policy --set`" in refused.err
    assert "SYNC_PRIVATE=busy (here: skip)" in shown.out
    assert changed.json["by"] == "the command line"
    company = {one["name"]: one["company"] for one in changed.json["settings"]}
    assert (company["SYNC_PRIVATE"], company["SYNC_INVITE"]) == ("skip", "none")
    assert office.activities() == []


def test_the_apps_policy_is_not_changed_from_a_shell(office: CliOffice) -> None:
    """Unless it is said that there is no app any more; the next start of one decides again."""
    start_app(office, SYNC_PRIVATE="skip")
    office.more["SYNC_PRIVATE"] = "busy"
    refused = office.calsync("policy", "--set")
    taken = office.calsync("policy", "--set", "--take-over", "--json")
    assert (refused.code, taken.code, taken.json["by"]) == (2, 0, "the command line")
    assert "--take-over" in refused.err
    assert office.calsync("sync").code == 0

    start_app(office, SYNC_PRIVATE="skip")
    assert office.calsync("sync").code == 2


@pytest.mark.parametrize(
    "command", [("policy",), ("status",), ("sync", "--dry-run"), ("users", "list")], ids=" ".join
)
def test_looking_sets_no_policy(office: CliOffice, command: Sequence[str]) -> None:
    """Only a sync that writes makes its settings the company's."""
    office.more["SYNC_PRIVATE"] = "skip"
    office.calsync(*command)
    office.more.clear()
    answer = office.calsync("policy", "--json")

    assert answer.json["by"] == "nobody yet"


def test_the_policy_of_another_companys_store_is_not_shown_as_ones_own(office: CliOffice) -> None:
    """Exit 2 with the remedy, as for every other command."""
    start_app(office, SYNC_PRIVATE="skip", ERPNET_URL="https://other.my.erp.net")
    for command in (("policy",), ("policy", "--set")):
        answer = office.calsync(*command)
        assert (answer.code, answer.out) == (2, "")
        assert "choose another STATE_PREFIX" in answer.err


def test_a_list_of_the_companys_can_be_emptied(office: CliOffice) -> None:
    """An empty setting counts as not set: the word is `none`, as the policy shows it."""
    office.more["ERPNET_SERVICE_LOGINS"] = "importer"
    office.calsync("sync")
    office.more["ERPNET_SERVICE_LOGINS"] = "none"
    refused = office.calsync("sync")
    changed = office.calsync("policy", "--set")
    office.more.clear()

    assert refused.code == 2
    assert "ERPNET_SERVICE_LOGINS is none here and importer for the company" in refused.err
    assert "ERPNET_SERVICE_LOGINS=none" in changed.out
    synced = office.calsync("sync")
    assert (synced.code, "ERPNET_SERVICE_LOGINS" in synced.err) == (0, False)


def test_a_take_over_without_set_is_refused(office: CliOffice) -> None:
    """It would change nothing, which nobody expects."""
    answer = office.calsync("policy", "--take-over")
    assert answer.code == 2
    assert "--set" in answer.err
