"""When a round was carried out whole, so that its cursors may move."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.round.act import Done
from sync_core.errors import SideUnavailable
from sync_core.model.sides import Side


@pytest.mark.parametrize(
    ("told", "is_whole"),
    [
        pytest.param({}, True, id="nothing-went-wrong"),
        pytest.param({"failures": ["Plan: refused"]}, True, id="failed-with-its-reason-saved"),
        pytest.param({"again": True}, True, id="another-round-follows"),
        pytest.param({"unavailable": SideUnavailable(Side.ERP, "busy")}, False, id="side-unavailable"),
        pytest.param({"unsaved": True}, False, id="reason-not-saved"),
        pytest.param({"out_of_time": True}, False, id="out-of-time"),
    ],
)
def test_when_the_cursors_may_move(told: dict[str, Any], *, is_whole: bool) -> None:
    """Only past what is done, or left with its reason saved."""
    assert is_whole is Done(**told).is_whole
