"""How often a timer looks, by its schedule."""

from __future__ import annotations

import pytest

from sync_core.model.schedule import minutes_between


@pytest.mark.parametrize(
    ("schedule", "minutes"),
    [
        ("0 */15 * * * *", 15),
        ("0 */1 * * * *", 1),
        ("0 */0 * * * *", 0),
        ("0 */60 * * * *", 0),
        ("30 */15 * * * *", 0),
        ("0 0 7-19 * * *", 0),
        ("", 0),
    ],
)
def test_the_minutes_between_two_looks(schedule: str, minutes: int) -> None:
    """Of the usual form only; of another nothing is said."""
    assert minutes_between(schedule) == minutes
