"""The memory store keeps the contract."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from adapters.store.memory import MemoryStore
from tests.support.store_contract import StoreContract
from tests.support.store_contract.rows import NOW, PassTime, user_id

__all__ = ["user_id"]


class MovableClock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovableClock:
    """The store's clock."""
    return MovableClock()


@pytest.fixture
def pass_time(clock: MovableClock) -> PassTime:
    """Move the store's clock."""
    return clock.move


@pytest.fixture
def store(clock: MovableClock) -> MemoryStore:
    """An empty store."""
    return MemoryStore(clock)


@pytest.fixture
def fresh_store(store: MemoryStore) -> MemoryStore:
    """An empty store; here every one is."""
    return store


class TestMemoryStore(StoreContract):
    """The contract, in dicts."""

    async def test_lease_ends_exactly(self, store: MemoryStore, clock: MovableClock) -> None:
        """With one exact clock a lease lasts precisely its seconds from the instant it was taken."""
        lease = await store.acquire_lease("u", "me", 60)

        assert NOW + timedelta(seconds=60) == lease.expires_at
