"""What all tests share: one Azurite per test process, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A running Azurite; tests keep apart by table and queue names."""
    with Azurite() as running:
        yield running
