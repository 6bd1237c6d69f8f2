"""What all tests share: one Azurite per test process, started when the first test asks for it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from simulators.azurite import Azurite
from tests.support.dealing import dealt

settings.register_profile("calsync", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("calsync")


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
