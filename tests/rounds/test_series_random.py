"""Series and random hands: whatever is done to them and their dates on both sides, both sides end alike."""

from __future__ import annotations

import random

import pytest

from tests.support.budget import budget, each, told
from tests.support.random_series import SeriesHands, WilderHands, play_series
from tests.support.series import READINGS, open_series

PLAYS, WILDER_PLAYS = budget(1, 40), budget(1, 10)
"""Plays for each reading of the disputed facts."""


@pytest.mark.parametrize(("readings", "trouble"), each(READINGS, [0.0, 0.5]), ids=told)
async def test_whatever_is_done_to_series_both_sides_end_alike(readings: str, trouble: float) -> None:
    """Made, renamed, moved, re-patterned, split, ended, deleted; single dates edited, moved, deleted and voided; with
    calls that are lost in between. In quiet, a round that reads few links decides what one that reads all would."""
    for seed in range(PLAYS):
        await play(SeriesHands, readings, seed, trouble)


@pytest.mark.parametrize("readings", READINGS)
async def test_whatever_else_happens_meanwhile_both_sides_end_alike(readings: str) -> None:
    """Put away and back, restored, deleted for good, the state tables lost, switched off and on again."""
    for seed in range(WILDER_PLAYS):
        await play(WilderHands, readings, seed, 0.5)


async def play(kind: type[SeriesHands], readings: str, seed: int, trouble: float) -> None:
    """One play; a failure tells what was done."""
    async with open_series(readings=readings) as house:
        house.set_policy(mass_deletion=(1_000, 1.0))
        hands = kind(house, random.Random(f"{readings} {seed}"), trouble=trouble)
        try:
            await play_series(house, hands, 30)
        except AssertionError as error:
            error.add_note("\n".join([f"seed {seed}", *hands.log]))
            raise
