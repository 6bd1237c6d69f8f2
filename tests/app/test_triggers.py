"""The other triggers: timers, ERP.net's webhook, and what the host reads of them."""

from __future__ import annotations

import asyncio
import logging

import pytest
from azure.functions.warmup import WarmUpContext

import function_app
from jobs.messages import Pull, read
from sync_core.errors import SettingsInvalid, StoreUnavailable
from tests.support.app import App, function, logged_facts
from tests.support.functions import functions

SECRET = "a-long-shared-secret"
NEEDED = {
    "ERPNET_URL": "https://acme.my.erp.net",
    "ERPNET_CLIENT_ID": "calsync",
    "ERPNET_CLIENT_SECRET": "hush",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ERPNET_WEBHOOK_SECRET": SECRET,
}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with what is needed."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


# ERP.net's webhook


@pytest.mark.parametrize("body", [b"", b'{"id": 1}', b"\xff" * 10], ids=["empty", "json", "bytes"])
async def test_the_webhook_means_pull(app: App, body: bytes) -> None:
    """The right secret brings one pull, whatever the body; ERP.net is not asked here."""
    app.house.erp.forget_requests()
    answer = await app.post("erpnet", body, headers={"x-calsync-secret": SECRET})

    assert (answer.status_code, answer.get_body()) == (202, b"")
    [(message, delay)] = app.queue.take()
    assert (read(message), delay) == (Pull(app.house.now, ticket=str(message["ticket"])), 0)
    assert app.house.erp.requests == []


@pytest.mark.parametrize("given", ["", "a-long-shared-secreT", SECRET * 2, "ä\ud800"])
async def test_a_wrong_secret_is_refused(app: App, given: str) -> None:
    """Without the secret nothing happens and nothing is said."""
    answer = await app.post("erpnet", headers={"x-calsync-secret": given} if given else {})

    assert (answer.status_code, answer.get_body(), app.queue.take()) == (401, b"", [])


async def test_without_a_secret_there_is_no_webhook(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no secret is set the route does not exist, for whoever knows nothing and sends nothing."""
    monkeypatch.delenv("ERPNET_WEBHOOK_SECRET")

    assert (await app.post("erpnet", headers={"x-calsync-secret": ""})).status_code == 404


async def test_a_webhook_under_wrong_settings_says_not_now(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that Key Vault did not resolve is no secret: 503, and the log says what to do."""
    monkeypatch.setenv("ERPNET_WEBHOOK_SECRET", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)")
    given = {"x-calsync-secret": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"}

    assert (await app.post("erpnet", headers=given)).status_code == 503


# Timers


async def test_a_late_tick_is_a_tick(app: App) -> None:
    """Past due or not, the timer asks the same question."""
    await app.tick("sync", past_due=True)

    assert [message["kind"] for message, _ in app.queue.take()] == ["round"]


@pytest.mark.parametrize("name", ["sync", "pull", "keeper", "housekeeping"])
@pytest.mark.parametrize(
    "failure", [StoreUnavailable("down"), SettingsInvalid(["X is missing."])], ids=["store", "set"]
)
async def test_a_timer_that_cannot_work_fails_visibly(app: App, name: str, failure: Exception) -> None:
    """Storage down or settings wrong: the run fails, which is what the alert on timers looks for."""
    app.process.failure = failure

    with pytest.raises(type(failure)):
        await app.tick(name)


async def test_timers_and_http_do_not_call_erp(app: App) -> None:
    """ERP.net has no session to spare for timers (design.md §6)."""
    await app.house.step()
    app.house.erp.forget_requests()
    for name in ("sync", "pull", "keeper", "housekeeping"):
        await app.tick(name)

    assert app.house.erp.requests == []


# What the host reads


def test_triggers_are_those_of_the_infrastructure() -> None:
    """Names, schedules, queue and routes, as the Bicep and the documentation know them."""
    found = {one.get_function_name(): one.get_trigger().get_dict_repr() for one in functions().values()}

    assert {name: trigger["schedule"] for name, trigger in found.items() if "schedule" in trigger} == {
        "sync": "%SYNC_SCHEDULE%",
        "pull": "%PULL_SCHEDULE%",
        "keeper": "0 5 * * * *",
        "housekeeping": "0 40 3 * * *",
    }
    assert (found["work"]["queueName"], found["work"]["connection"]) == ("%STATE_PREFIX%-work", "AzureWebJobsStorage")
    assert {name: trigger["route"] for name, trigger in found.items() if "route" in trigger} == {
        "notifications": "api/webhooks/graph",
        "erpnet": "api/webhooks/erpnet",
        "health": "api/health",
        "home": "{home:maxlength(0)?}",
        "portal": "portal/{*path}",
        "programs": "api/v1/{*path}",
    }


def test_no_timer_runs_when_the_host_starts() -> None:
    """A start, a scale-out or a restart is no tick (azure.md §5)."""
    triggers = [one.get_trigger().get_dict_repr() for one in functions().values()]

    assert {trigger["runOnStartup"] for trigger in triggers if "schedule" in trigger} == {False}


# Opening before somebody needs it


async def opened_behind() -> None:
    """Let what health began come to its end."""
    await asyncio.gather(*function_app._opening)


async def test_health_opens_the_app_behind_its_answer(app: App) -> None:
    """The answer does not wait for it, and who asks twice meanwhile begins it once."""
    assert (await app.post("health")).status_code == 200
    assert (await app.post("health")).status_code == 200
    assert app.process.asked == 0
    await opened_behind()

    assert app.process.asked == 1


async def test_health_opens_nothing_with_a_wrong_setting(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot succeed it is not tried."""
    monkeypatch.delenv("ERPNET_URL")
    await app.post("health")
    await opened_behind()

    assert app.process.asked == 0


@pytest.mark.parametrize("failure", [None, StoreUnavailable("no answer"), SettingsInvalid(["ERPNET_URL is missing"])])
async def test_a_new_instance_is_warmed(
    app: App, failure: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The platform's call opens the app; a failure is logged, and the instance lives on to be asked again."""
    app.process.failure = failure
    with caplog.at_level(logging.INFO, "calsync"):
        await function("warmup")(WarmUpContext())

    assert app.process.asked == 1
    assert [one["error"] for one in logged_facts(caplog.records, "failure")] == (
        [type(failure).__name__] if failure else []
    )
