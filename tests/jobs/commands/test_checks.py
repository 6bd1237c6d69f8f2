"""A check of `calsync doctor`: a question that may fail."""

from __future__ import annotations

import pytest

from jobs.commands.checks import Check, Lacking, checked
from sync_core.errors import CalsyncError, SideUnavailable, StoreUnavailable
from sync_core.model.sides import Side


async def test_what_is_found_is_the_text_of_a_check_that_is_fine() -> None:
    """It belongs to no part of its own."""

    async def find() -> str:
        return "reachable"

    assert await checked("ERP.net", find) == Check("ERP.net", True, "reachable", "")


@pytest.mark.parametrize(
    "error", [Lacking("no place"), StoreUnavailable("no table"), SideUnavailable(Side.ERP, "no answer")]
)
async def test_what_cannot_be_asked_is_a_failed_check(error: CalsyncError) -> None:
    """With the reason; the checks after it are made."""

    async def find() -> str:
        raise error

    assert await checked("ERP.net", find) == Check("ERP.net", False, str(error))


async def test_a_mistake_of_ours_is_no_check() -> None:
    """It is not taken for a system's trouble."""

    async def find() -> str:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await checked("ERP.net", find)
