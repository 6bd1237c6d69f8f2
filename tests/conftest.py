"""What all tests share: one Azurite per test process, started when the first test asks for it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

import jobs.own_mistakes
from jobs.log import log_failure
from simulators.azurite import Azurite
from tests.support.dealing import dealt

settings.register_profile("calsync", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("calsync")


@pytest.fixture(autouse=True)
def no_own_mistakes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A mistake of our own code that was contained fails the test all the same: what was made of it instead is right,
    so nothing else would show it. ``@pytest.mark.mistaken`` says that a test makes one."""
    made: list[str] = []

    def contained(where: str, mistake: Exception, *, user_id: str = "") -> None:
        made.append(repr(mistake))
        log_failure(where, mistake, user_id=user_id)

    monkeypatch.setattr(jobs.own_mistakes, "log_failure", contained)
    yield
    assert not made or request.node.get_closest_marker("mistaken"), made


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A running Azurite; tests keep apart by table and queue names."""
    with Azurite() as running:
        yield running


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several test processes begin with what waits."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        items[:] = dealt(items, [item.nodeid for item in items], processes)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the garbage collector pass over the collected tests, of which none goes before the end: looking through
    them while they are found is a quarter of finding them, and again and again later a tenth of the suite's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()
