"""Reads what is asked for by keys (ids, marks, names) around what ERP.net does not show.

ERP.net answers 500 to a whole read where one row is at fault. So what it refuses is asked for in halves, and so is
what came as something that is no answer: of n keys, one at fault costs at most two requests for each halving of n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from adapters.erp.odata import Row
from adapters.erp.session import OF_ONE_ITEM, READS_PER_BATCH, Session
from sync_core.errors import SideUnavailable
from sync_core.model.sides import Side

K = TypeVar("K")

MOST_REFUSED = 50
"""So many keys refused one by one: if nothing else was shown, ERP.net refuses everything; else the rest is left."""


class RefusesAll(SideUnavailable):
    """ERP.net refuses all that it is asked for: that is no matter of one row."""


async def read_apart(
    session: Session,
    keys: Sequence[K],
    reads: Callable[[Sequence[K]], list[str]],
    at_once: int = READS_PER_BATCH,
    nobody: K | None = None,
) -> tuple[list[Row], dict[K, str]]:
    """The rows of ``keys``, and the keys whose rows ERP.net does not show, each with its reason.

    ``nobody`` is a key that no row has: it is asked for where every key was refused, and an answer proves that
    ERP.net refuses these alone. Raises ``RefusesAll`` if nothing at all was shown, and any other error.
    """
    rows: list[Row] = []
    refused: dict[K, str] = {}
    waiting, is_any_shown = [keys] if keys else [], False
    while waiting:
        some = waiting.pop()
        try:
            rows += [row for page in await session.read(reads(some), at_once) for row in page]
            is_any_shown = True
        except OF_ONE_ITEM as error:
            if len(refused) < MOST_REFUSED and len(some) > 1:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
                continue
            refused |= dict.fromkeys(some, str(error))
            if len(refused) >= MOST_REFUSED and not is_any_shown:
                raise RefusesAll(Side.ERP, f"ERP.net refuses all that it is asked for: {error}") from error
    if refused and not is_any_shown and nobody is not None:
        await session.read(reads([nobody]))
    return rows, refused
