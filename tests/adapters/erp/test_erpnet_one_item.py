"""One activity that ERP.net does not show: the others are read all the same, and this one is asked for again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.http import Retries
from simulators.base import Clock
from sync_core.model.sides import ErpActivity, Malformed
from tests.adapters.conftest import Pauses
from tests.support.hostile import ROW
from tests.support.scripted import Say
from tests.support.scripted_erp import ROOT, ScriptedErp, erp_batch_answer, erp_fault, part

IDS = [f"aaaaaaaa-0000-4000-8000-{number:012d}" for number in range(9)]
BAD = IDS[4]

ANSWERS = {
    "500": part(500, erp_fault("no")),
    "403": part(403, erp_fault("not for you")),
    "404": part(404),
    "a list": part(200, [1, 2]),
    "no rows": part(200, {"value": None}),
    "nothing": part(200),
    "no JSON": part(200).replace("application/json\r\n\r\n", "text/html\r\n\r\n<html>welcome</html>"),
}


class OneBadActivity(ScriptedErp):
    """Shows any activity that is asked for, unless the bad one is among them."""

    bad = ""

    def choose(self, path: str) -> Say:
        if not path.endswith("$batch"):
            return super().choose(path)
        asked = self.calls[-1].body
        if BAD in asked:
            return erp_batch_answer([self.bad])
        return erp_batch_answer([part(200, {"value": [_row(key) for key in IDS if key in asked]})])


def _row(key: str) -> dict[str, object]:
    return ROW | {"Id": key, "ExternalId": key, "ExternalSystem": "Office365-iCalUId"}


@pytest.fixture
async def bad_one() -> AsyncIterator[OneBadActivity]:
    """Such an ERP.net."""
    async with OneBadActivity() as scripted:
        yield scripted


@pytest.fixture
async def before_it(bad_one: OneBadActivity, clock: Clock, pauses: Pauses) -> AsyncIterator[ErpNet]:
    """The adapter before it."""
    options = ErpOptions(bad_one.origin, "calsync", "made-up-secret", timeout_seconds=2)
    endpoints = (f"{bad_one.origin}/id/connect/token", bad_one.origin + ROOT)
    client = ErpNet(options, clock=clock.now, retries=Retries(sleep=pauses), endpoints=endpoints)
    yield client
    await client.close()


@pytest.mark.parametrize("answer", ANSWERS)
async def test_one_activity_that_cannot_be_shown_hides_no_other(
    bad_one: OneBadActivity, before_it: ErpNet, answer: str
) -> None:
    """It is neither gone nor beyond understanding; finding it takes few requests."""
    bad_one.bad = ANSWERS[answer]
    found = await before_it.read_activities(IDS)

    assert [key for key, item in found.items() if isinstance(item, ErpActivity)] == [k for k in IDS if k != BAD]
    bad = found[BAD]
    assert isinstance(bad, Malformed)
    assert bad.is_passing
    assert len(bad_one.calls) <= 9


@pytest.mark.parametrize("answer", ANSWERS)
async def test_one_mark_that_cannot_be_searched_for_hides_no_pair(
    bad_one: OneBadActivity, before_it: ErpNet, answer: str
) -> None:
    """Whether its activity exists is not known, so nothing may be made for it yet."""
    bad_one.bad = ANSWERS[answer]
    found = await before_it.find_paired(IDS)

    assert [key for key, items in found.items() if items and isinstance(items[0], ErpActivity)] == [
        k for k in IDS if k != BAD
    ]
    [bad] = found[BAD]
    assert isinstance(bad, Malformed)
    assert bad.is_passing
