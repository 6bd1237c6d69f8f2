"""What every store does with the claims on ERP.net users."""

from __future__ import annotations

import pytest

from adapters.store.store import RowStore
from sync_core.errors import StaleWrite


class AccountContract:
    """Whose an ERP.net account is."""

    async def test_an_account_is_nobodys_at_first(self, store: RowStore, user_id: str) -> None:
        """No row, no etag."""
        assert await store.read_account(f"erp-{user_id}") == ("", "")

    async def test_of_two_who_take_an_account_one_does(self, store: RowStore, user_id: str) -> None:
        """Whoever comes second must look again, at the first time and whenever it changes hands."""
        account = f"erp-{user_id}"
        await store.save_account(account, user_id, "")
        with pytest.raises(StaleWrite):
            await store.save_account(account, "other", "")
        owner, etag = await store.read_account(account)
        await store.save_account(account, user_id, etag)
        with pytest.raises(StaleWrite):
            await store.save_account(account, "other", etag)

        assert owner == user_id
        assert (await store.read_account(account))[0] == user_id

    async def test_whoever_is_forgotten_has_no_account(self, store: RowStore, user_id: str) -> None:
        """Theirs is nobody's, the others' are untouched."""
        await store.save_account(f"erp-{user_id}", user_id, "")
        await store.save_account(f"erp2-{user_id}", f"other-{user_id}", "")
        await store.forget_user(user_id)

        assert await store.read_account(f"erp-{user_id}") == ("", "")
        assert (await store.read_account(f"erp2-{user_id}"))[0] == f"other-{user_id}"
