"""The nightly housekeeping: what is erased in time, what is counted; one failure stops nothing else."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from adapters.store.backend import Key, Op, Table, Verb
from jobs.app.housekeeping import keep_house
from sync_core.errors import StoreUnavailable
from sync_core.model.day import Day
from sync_core.model.entries import JournalEntry
from sync_core.model.user import User
from tests.support.app import App, logged_facts


async def test_housekeeping_keeps_ninety_days(app: App) -> None:
    """Older journal entries go, younger ones stay."""
    user = await app.house.user()
    store = app.house.world.store
    for days in (91, 89):
        at = app.house.now - timedelta(days=days)
        await store.append_journal([JournalEntry(user.id, at, f"round-{days}", "updated")])

    await app.tick("housekeeping")
    assert [entry.round_id for entry in await store.read_journal(user.id) if entry.action == "updated"] == [
        "round-89"
    ]


async def test_a_night_that_is_too_short_goes_on_another_night(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little a night gets done, in a few nights everybody's journal is trimmed, and nobody's twice in one."""
    world, ids = app.house.world, [f"user-{n:02d}" for n in range(20)]
    monkeypatch.setattr(world.store, "list_users", AsyncMock(return_value=[User(one, one) for one in ids]))
    trimmed: list[str] = []

    async def slow(user_id: str, _: object) -> int:
        trimmed.append(user_id)
        app.house.advance(minutes=1)
        return 1

    monkeypatch.setattr(world.store, "trim_journal", slow)
    nights = []
    for _ in range(8):
        trimmed.clear()
        await keep_house(world)
        nights.append(list(trimmed))
        app.house.advance(days=1)

    assert all(len(set(night)) == len(night) < 20 for night in nights)
    assert {user_id for night in nights for user_id in night} == set(ids)


@pytest.mark.parametrize("days", [45, 0, -3])
async def test_the_nightly_line_counts_the_days_of_the_secret(
    app: App, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    """An alert reads it; a secret that has ended is reported, too."""
    ends = app.house.now.date() + timedelta(days=days)
    with caplog.at_level(logging.INFO, "calsync"):
        await keep_house(replace(app.house.world, secret_ends=ends))

    assert [line["secret_days"] for line in logged_facts(caplog.records, "housekeeping")] == [days]


async def test_old_days_go_at_night(app: App) -> None:
    """The page shows thirty of them; their rows do not pile up."""
    store, today = app.house.world.store, app.house.now.date()
    for age in (0, 30, 41):
        await store.add_to_day(Day(today - timedelta(days=age), 1), "anna")
    await keep_house(app.house.world)

    assert [(today - one.day).days for one in await store.list_days()] == [30, 0]


async def test_a_secret_whose_end_nobody_told_is_not_counted(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Without the setting the nightly line has no such fact."""
    with caplog.at_level(logging.INFO, "calsync"):
        await app.tick("housekeeping")

    assert ["secret_days" in line for line in logged_facts(caplog.records, "housekeeping")] == [False]


async def test_a_journal_that_cannot_be_trimmed_is_told(
    app: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that cannot be trimmed is logged, with the user's id, and the turn goes on."""
    user = await app.house.user()

    async def unreadable(_: str, __: object) -> int:
        raise StoreUnavailable("no tables")

    monkeypatch.setattr(app.house.world.store, "trim_journal", unreadable)
    with caplog.at_level(logging.INFO, "calsync"):
        await app.tick("housekeeping")

    assert [failure["user"] for failure in logged_facts(caplog.records, "failure")] == [user.id]
    assert len(logged_facts(caplog.records, "housekeeping")) == 1


async def test_old_rows_do_not_wake_the_instance(app: App) -> None:
    """An instance row written before pulls were noted is read as one that never pulled."""
    store = app.house.world.store
    instance, etag = await store.read_instance()
    await store.save_instance(instance, etag)
    assert app.house.memory is not None
    place = Key("instance", "instance")
    row = await app.house.memory.backend.read(Table.USERS, place)
    assert row is not None
    text = str(row.properties["data0"]).replace(',"pulled_at":null', "")
    assert "pulled_at" not in text
    await app.house.memory.backend.write(Table.USERS, Op(Verb.PUT, place, {**row.properties, "data0": text}))

    await app.tick("pull")
    assert len(await app.drain()) >= 1
