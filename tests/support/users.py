"""Stored users as tests need them."""

from __future__ import annotations

from jobs.ports import Store
from sync_core.model.user import User


async def put_user(store: Store, user: User) -> None:
    """Insert or replace a user, whatever was stored of them before."""
    await store.revise_user(user.id, lambda _: user, new=user)
