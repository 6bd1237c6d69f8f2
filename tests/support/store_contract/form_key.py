"""What every store does with the key that the page's forms are signed with."""

from __future__ import annotations

import asyncio

from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.store import RowStore


class FormKeyContract:
    """The key of the page's forms."""

    async def test_everybody_has_the_same_key(self, fresh_store: RowStore) -> None:
        """Whoever asks first makes it, also where many ask at once; a spoilt one is made anew."""
        keys = await asyncio.gather(*(fresh_store.read_form_key() for _ in range(5)))
        assert len(set(keys)) == 1
        assert len(keys[0]) == 32

        place = Key("portal", "form-key")
        await fresh_store.backend.write(Table.USERS, Op(Verb.PUT, place, {"v": 2, "data0": '{"key": "abc"}'}))
        anew = await fresh_store.read_form_key()
        assert len(anew) == 32
        assert anew == await fresh_store.read_form_key() != keys[0]
