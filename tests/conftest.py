"""What all tests share: one Azurite per test process, started when the first test asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from simulators.azurite import Azurite

settings.register_profile("calsync", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("calsync")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A running Azurite; tests keep apart by table and queue names."""
    with Azurite() as running:
        yield running


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the collected tests, of which none goes before the end: that is a tenth
    of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
