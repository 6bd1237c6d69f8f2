"""Back-off: it doubles, is bounded, and no two waits that began together end together."""

from __future__ import annotations

import pytest

from jobs.backoff import exponential, jittered


@pytest.mark.parametrize(
    ("tries", "expected"),
    [(0, 15), (1, 30), (2, 60), (4, 240), (5, 300), (17, 300), (10_000, 300)],
)
def test_each_vain_try_doubles_the_wait_up_to_a_bound(tries: int, expected: float) -> None:
    """With a fifth of jitter either way; a million tries overflow nothing."""
    waits = {exponential(tries, first=15, longest=300) for _ in range(50)}

    assert len(waits) > 1
    assert all(0.8 * expected <= wait <= 1.2 * expected for wait in waits)


def test_jitter_never_shortens_a_wait() -> None:
    """What a side or a lease asked for is waited for whole, and at most a tenth longer."""
    waits = {jittered(60) for _ in range(50)}

    assert len(waits) > 1
    assert all(60 <= wait <= 66 for wait in waits)
