"""The pages are tried in the same house as the jobs behind them."""

from __future__ import annotations

import pytest

from tests.jobs.conftest import app, house
from tests.support.house import House
from tests.support.visitor import Visitor, signed_in

__all__ = ["app", "house"]


@pytest.fixture
async def anna(house: House) -> Visitor:
    """Anna, signed in as an employee."""
    return Visitor(house, signed_in((await house.user()).id))
