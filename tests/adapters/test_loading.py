"""While packages load beside the event loop, it waits for none of them long (``adapters/loading.py``)."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.loading import TURN, aside, load

State = tuple[float, bool]


def state() -> State:
    """How long a thread keeps the interpreter while others wait for it, and whether the collector comes by itself."""
    return round(sys.getswitchinterval(), 6), gc.isenabled()


@pytest.fixture
def frozen() -> Iterator[int]:
    """How many objects the collector leaves alone; as many as before when the test is over."""
    before = gc.get_freeze_count()
    yield before
    if not before:
        gc.unfreeze()


async def test_loading_takes_short_turns() -> None:
    """The loop has its turn soon, and nobody waits for the collector; afterwards all is as before."""
    before = state()

    assert await aside(state) == (TURN, False)
    assert state() == before == (0.005, True)


async def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever switched it off knows why."""
    gc.disable()
    try:
        await aside(state)
        assert state() == (0.005, False)
    finally:
        gc.enable()


async def test_what_is_loaded_is_not_gone_through_again(
    frozen: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules stay for good: the collector leaves them alone from then on."""
    (tmp_path / "loaded_for_this_test.py").write_text("KEPT = [[number] for number in range(1000)]\n")
    monkeypatch.syspath_prepend(tmp_path)
    await load("loaded_for_this_test")

    assert gc.get_freeze_count() > frozen + 1000


async def test_an_import_that_fails_leaves_all_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is tried anew by whoever asks next."""
    broken = tmp_path / "mended_in_this_test.py"
    broken.write_text("raise RuntimeError('not yet')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeError, match="not yet"):
        await load("mended_in_this_test")

    assert state() == (0.005, True)
    broken.write_text("MENDED = 1\n# longer than it was\n")
    await load("mended_in_this_test")
    assert "mended_in_this_test" in sys.modules
