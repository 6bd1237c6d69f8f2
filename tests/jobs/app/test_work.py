"""The queue function: each message does its work or brings a later one; nothing known ever fails it."""

from __future__ import annotations

import logging

import pytest

from jobs.messages import Round, write
from sync_core.errors import SettingsInvalid
from tests.support.app import App, logged_facts
from tests.support.served import is_slot_free, woken_by_outlook


async def test_the_slot_is_given_back(app: App) -> None:
    """After a round another process may call ERP.net as soon as our session there is over."""
    await app.hand_over(await woken_by_outlook(app))
    at_once = await is_slot_free(app.house)
    app.house.advance(minutes=20)

    assert (at_once, await is_slot_free(app.house)) == (False, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"kind":"dance"}', b'{"kind":"round"}', b'{"kind":"command","do":"x","user":"u"}',
     b"\xff\xfe", b'{"kind":["pull"]}', b"[" * 100_000],
    ids=["empty", "half", "list", "null", "unknown", "nobody", "unknown-command", "no-text", "wrong-type", "deep"],
)  # fmt: skip
async def test_a_message_nobody_understands_is_completed(
    app: App, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A malformed message leaves one line in the log and nothing in the queue: repeating it would not help."""
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over(body)

    assert len(logged_facts(caplog.records, "failure")) == 1
    assert app.queue.take() == []


async def test_wrong_settings_complete_the_message(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """A message under wrong settings is done with, and the log says what is wrong."""
    app.process.failure = SettingsInvalid(["ERPNET_URL is missing: set the instance root."])
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over({"kind": "pull"})

    [failure] = logged_facts(caplog.records, "failure")
    assert failure["text"] == "ERPNET_URL is missing: set the instance root."


async def test_an_unexpected_error_reaches_the_host(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected fails the message, so that it ends in the poison queue where somebody looks."""

    async def broken(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.house.world.store, "read_user", broken)

    with pytest.raises(ZeroDivisionError):
        await app.hand_over(write(Round("u")))
