"""The key that the page's forms are signed with: made once, by whoever asks first, and the same for every instance.

It proves that a form came from one of our pages and to whom it was shown (``portal/forms.py``), nothing else: whoever
can read it here can write every other row as well.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from sync_core.errors import RowUnreadable, StoreUnavailable

_FORM_KEY = Key("portal", "form-key")

BYTES = 32
TRIES = 4


@dataclass(frozen=True, slots=True)
class FormKeyRow:
    """The key, in hexadecimal digits."""

    key: str


class FormKeys:
    """The part of the store that keeps the key."""

    backend: Backend

    async def read_form_key(self) -> bytes:
        """The key; made where there is none, or none that can be read. Raises ``StoreUnavailable``."""
        for _ in range(TRIES):
            row = await self.backend.read(Table.USERS, _FORM_KEY)
            key = _key_in(row) if row else b""
            if key:
                return key
            made = codec.encode(FormKeyRow(secrets.token_hex(BYTES)))
            verb, etag = (Verb.PUT, row.etag) if row else (Verb.INSERT, "")
            with suppress(Conflict):
                await self.backend.write(Table.USERS, Op(verb, _FORM_KEY, made, etag))
        raise StoreUnavailable("the key of the page's forms changes hands too fast")


def _key_in(row: Row) -> bytes:
    """The key of a row; empty for one that cannot be read. Raises ``RowUnreadable`` for a newer build's."""
    try:
        key = bytes.fromhex(stored.value_of(Table.USERS, row, FormKeyRow).key)
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return b""
    except ValueError:
        return b""
    return key if len(key) == BYTES else b""
