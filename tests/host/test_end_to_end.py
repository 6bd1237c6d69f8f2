"""The whole company: the app in the local host, Azurite, both stand-ins, and people who change their calendars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.scripts import smoke
from simulators.demo.hands import control
from simulators.host.company import Company
from tests.support.budget import budget
from tests.support.company_life import (
    complaints,
    enable_all,
    in_erpnet,
    in_outlook,
    meeting_words,
    poisoned,
    print_figure,
    subscriptions,
    until,
)

LATEST_SECONDS = 10.0
"""What is asserted; the figures are printed, and on a quiet machine they are below 3."""

PEOPLE = budget(8, 100)
HURRIED = {"SYNC_SCHEDULE": "*/5 * * * * *", "LEASE_SECONDS": "9", "CALL_TIMEOUT_SECONDS": "3"}
"""A crash is noticed within seconds, not minutes."""


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with Anna, whose sync is on and whose changes Graph tells."""
    with Company() as company:
        company.calsync("users", "enable", company.hire("anna", "Anna Petrova"))
        log = tmp_path_factory.mktemp("anna") / "host.log"
        host = company.open_host(log=log)
        company.switch_webhook_on()
        host.run("pull")
        until(lambda: "calsync: pull" in log.read_text())
        host.run("sync")
        until(lambda: subscriptions(company) == 1)
        yield company
        assert host.stop() == 0
        assert complaints(log) == []


def test_the_smoke_test_is_content_with_the_running_app(anna: Company) -> None:
    """And sees, where a sign-in ought to stand before the page, that none does: what answers here is the app."""
    address = anna.public_url

    assert list(smoke.failures(address, has_sign_in=False)) == []
    assert list(smoke.failures(address, has_sign_in=True)) == [
        "/ is answered without a sign-in: App Service authentication is off, or not on yet"
    ]


def test_edit_in_outlook_reaches_erpnet(anna: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """Notification → round → activity, within seconds; a later edit of the same event follows as well."""
    before = in_erpnet(anna)
    event = anna.outlook("anna").act("create", **meeting_words("Budget"))
    created = until(lambda: in_erpnet(anna)["anna", "Budget"])
    anna.outlook("anna").act("edit", ident=event, subject="Budget 2")
    edited = until(lambda: in_erpnet(anna)["anna", "Budget 2"])
    print_figure(capsys, f"Outlook → ERP.net: new event {created:.1f} s, edit {edited:.1f} s")

    assert max(created, edited) < LATEST_SECONDS
    assert in_erpnet(anna) == in_outlook(anna) == before + Counter({("anna", "Budget 2"): 1})


def test_edit_in_erpnet_reaches_outlook(anna: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """Webhook → pull → round → event, within seconds."""
    before = in_outlook(anna)
    activity = anna.desk("anna").act("create", **meeting_words("Visit"))
    created = until(lambda: in_outlook(anna)["anna", "Visit"])
    anna.desk("anna").act("edit", activity=activity, subject="Visit 2")
    edited = until(lambda: in_outlook(anna)["anna", "Visit 2"])
    print_figure(capsys, f"ERP.net → Outlook: new activity {created:.1f} s, edit {edited:.1f} s")

    assert max(created, edited) < LATEST_SECONDS
    assert in_outlook(anna) == in_erpnet(anna) == before + Counter({("anna", "Visit 2"): 1})


async def test_killed_host_finishes_after_its_restart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """kill -9 in the middle of queued rounds, a new start: everything in step, nothing twice or undone."""
    log = tmp_path / "host.log"
    with Company(settings=HURRIED) as company:
        control(company.erpnet, "set", {"licences": 1000, "requests_per_minute": None})
        logins = [f"person{number:03}" for number in range(PEOPLE)]
        await enable_all(company, [company.hire(login, login.title()) for login in logins])
        for login in logins:
            company.outlook(login).act("create", **meeting_words("from Outlook"))
            company.desk(login).act("create", **meeting_words("from ERP.net", 14))
        both = Counter({(login, subject): 1 for login in logins for subject in ("from Outlook", "from ERP.net")})

        host = company.open_host("--hidden", "5", log=log)
        host.run("sync")
        until(lambda: in_erpnet(company).total() > PEOPLE + PEOPLE // 4)
        host.kill()
        done = in_erpnet(company).total() - PEOPLE
        host = company.open_host("--hidden", "5", log=log)
        took = until(lambda: in_erpnet(company) == both == in_outlook(company), pause=0.5)
        print_figure(
            capsys, f"Killed after {done} of {PEOPLE} rounds; the rest was done {took:.0f} s after the restart"
        )
        assert host.stop() == 0

        assert complaints(log) == []
        assert PEOPLE // 4 < done < PEOPLE
        assert (in_erpnet(company), in_outlook(company)) == (both, both)
        assert poisoned(company) == 0
        code, plan = company.calsync("sync", "--dry-run")
        assert (code, [user for user in plan["users"] if user["done"]]) == (0, [])
