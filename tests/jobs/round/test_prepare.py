"""When a round makes the checkup of its user anew, and when it goes by the stored findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from jobs.company import revise_instance
from jobs.round.prepare import is_checkup_due
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors
from sync_core.model.user import User
from tests.support.days import at, only
from tests.support.house import House
from tests.support.samples import NOW, utc

TODAY = Cursors(day=date(2026, 1, 25))
WELL = User(
    "anna-id", "anna@acme.example", enabled=True, zone="Europe/Sofia", synced_at=NOW, erp_seen_at=NOW, enabled_at=NOW
)


@pytest.mark.parametrize(
    ("user", "cursors", "is_due"),
    [
        pytest.param(WELL, TODAY, False, id="looked-into-today"),
        pytest.param(WELL, Cursors(day=date(2026, 1, 24)), True, id="new-day"),
        pytest.param(WELL, Cursors(), True, id="never"),
        pytest.param(replace(WELL, state="Error: no mailbox"), TODAY, True, id="not-operational"),
        pytest.param(replace(WELL, erp_seen_at=None), TODAY, True, id="account-not-seen"),
        pytest.param(replace(WELL, synced_at=None), TODAY, True, id="no-whole-round-so-far"),
        pytest.param(replace(WELL, synced_at=NOW - timedelta(days=1)), TODAY, True, id="switched-on-again"),
        pytest.param(replace(WELL, zone=""), TODAY, False, id="without-a-zone-by-utc"),
    ],
)
def test_when_a_checkup_is_due(user: User, cursors: Cursors, *, is_due: bool) -> None:
    """Once a day of the user's own zone, and while something is wrong or not yet known."""
    assert is_due is is_checkup_due(user, cursors, NOW)


@pytest.mark.parametrize(("zone", "is_due"), [("Europe/Sofia", True), ("", False)], ids=["sofia", "utc"])
def test_the_day_is_the_users_own(zone: str, *, is_due: bool) -> None:
    """At 22:30 UTC it is the next day in Sofia."""
    assert is_due is is_checkup_due(replace(WELL, zone=zone), TODAY, utc(2026, 1, 25, 22, 30))


async def test_what_a_checkup_found_is_saved_though_others_were_faster(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull saves the company's row while the first round looks: the next round still makes activities."""
    store = house.world.store
    save, others = store.save_instance, iter([NOW])

    async def overtaken(instance: Instance, etag: str) -> str:
        if instance.document_type_id and (called_at := next(others, None)):
            stored, newest = await store.read_instance()
            await save(replace(stored, called_at=called_at), newest)
        return await save(instance, etag)

    monkeypatch.setattr(store, "save_instance", overtaken)
    await house.step()
    stored, _ = await store.read_instance()

    assert (bool(stored.document_type_id), stored.called_at) == (True, NOW)


async def test_a_company_of_which_too_little_is_known_is_looked_into(house: House) -> None:
    """Its row lacks what an earlier checkup found: nobody is told that they have no default company."""
    await house.settle()
    await revise_instance(house.world, lambda one: replace(one, document_type_id=""))
    house.outlook().create("Fresh", at(1), at(1, 10))
    await house.step()

    assert only(house.desk().activities())["Subject"] == "Fresh"
