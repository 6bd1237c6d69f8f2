"""What `calsync doctor` tells of the app itself: each fact, well and not well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryQueue
from jobs.commands.checks import Check
from jobs.commands.vitals import SCRIPT, examine_app, examine_grants
from jobs.ports import Grants, Subscription
from jobs.world import World
from sync_core.model.instance import Instance
from tests.support.house import House

ALL = frozenset({"Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All"})


async def served(_: World, __: str) -> bool:
    """An app that carries commands out."""
    return True


def app_of(house: House) -> World:
    """The world as the app has it, with an address that Graph reaches."""
    return replace(house.world, serve=served, public_url="https://calsync.example")


async def told(checks: AsyncIterator[Check]) -> dict[str, Check]:
    """The checks, by what they are about."""
    return {check.what.text: check async for check in checks}


async def test_all_is_well_where_the_app_works(house: House) -> None:
    """Each fact with its numbers."""
    world = app_of(house)
    await world.store.save_subscription(
        Subscription((await house.user()).id, "s" * 64, "sub-1", "https://x", world.clock() + timedelta(days=2))
    )
    instance, etag = await world.store.read_instance()
    await world.store.save_instance(replace(instance, pulled_at=world.clock()), etag)
    found = await told(examine_app(replace(world, secret_ends=world.clock().date() + timedelta(days=90))))

    assert [check.what.text for check in found.values() if not check.fine] == []
    assert found["Outlook's changes"].found.text.startswith("pushed until ")
    assert found["Queue"].found.text.endswith("waiting, none given up")


@pytest.mark.parametrize(("days", "word"), [(-1, "ended on"), (7, "ends on")])
async def test_a_secret_that_ends_is_told_in_time(house: House, days: int, word: str) -> None:
    """Thirty days before, and afterwards."""
    world = replace(app_of(house), secret_ends=house.now.date() + timedelta(days=days))
    secret = (await told(examine_app(world)))["ERP.net secret"]

    assert (secret.fine, word in secret.found.text) == (False, True)


async def test_a_pull_that_does_not_come_is_told(house: House) -> None:
    """An hour after the last one; and a refusal of ERP.net's, in its place."""
    world = app_of(house)
    _, etag = await world.store.read_instance()
    old = Instance(pulled_at=world.clock() - timedelta(hours=2))
    etag = await world.store.save_instance(old, etag)
    late = (await told(examine_app(world)))["Last pull"]
    rare = (await told(examine_app(replace(world, pull_late_after=180))))["Last pull"]
    assert rare.fine, "PULL_SCHEDULE asks for one every three quarters of an hour"
    await world.store.save_instance(replace(old, refused="the secret is wrong", refused_at=world.clock()), etag)
    refused = (await told(examine_app(world)))["Last pull"]

    assert (late.fine, "`no-pull`" in late.found.text) == (False, True)
    assert (refused.fine, "the secret is wrong" in refused.found.text) == (False, True)


async def test_messages_that_were_given_up_are_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place where it stands what to do."""

    async def count(_: MemoryQueue) -> tuple[int, int]:
        return 3, 2

    monkeypatch.setattr(MemoryQueue, "count", count)
    queue = (await told(examine_app(app_of(house))))["Queue"]

    assert (queue.fine, queue.found.text) == (
        False,
        "3 waiting, 2 given up: see in docs/operate.md what `poison-queue` means",
    )


async def test_nobody_pushed_is_told_where_the_app_has_an_address(house: House) -> None:
    """Somebody is on for hours and Graph does not push: what to look at."""
    house.advance(hours=3)
    news = (await told(examine_app(app_of(house))))["Outlook's changes"]

    assert (news.fine, "looked for every 15 minutes" in news.found.text) == (False, True)


@pytest.mark.parametrize(
    ("grants", "fine", "words"),
    [
        (None, True, "its token does not name them"),
        (Grants("oid-1", ALL), True, "granted by Entra"),
        (Grants("oid-1", frozenset()), False, f"`{SCRIPT} oid-1` after `az login`"),
        (Grants("oid-1", ALL - {"Calendars.ReadWrite"}), True, f"else: `{SCRIPT} oid-1`"),
    ],
    ids=["unknown", "all", "none", "Exchange"],
)
async def test_missing_permissions_come_with_the_exact_command(
    house: House, monkeypatch: pytest.MonkeyPatch, grants: Grants | None, fine: bool, words: str
) -> None:
    """Nobody can grant themselves permissions in Entra, so it is told who types what."""

    async def read_grants(_: object) -> Grants | None:
        return grants

    monkeypatch.setattr(type(house.world.calendar), "read_grants", read_grants)
    found = await told(examine_grants(house.world))

    assert (found["Graph permissions"].fine, words in found["Graph permissions"].found.text) == (fine, True)
    assert [check.what.text for check in found.values() if check.part] == (
        ["Notifications where Exchange alone grants"] if "Exchange" in found["Graph permissions"].found.text else []
    )
