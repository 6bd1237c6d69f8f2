"""What has a small budget in `make test` has its large one in `make soak`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import budget

ROOT = Path(__file__).resolve().parents[1]
USES_A_BUDGET = re.compile(r"^from tests\.support\.budget import", re.MULTILINE)


def test_soak_runs_every_test_with_a_budget() -> None:
    """The Makefile's ``BUDGETED`` names each of these files, or a folder of it."""
    told = subprocess.run(["make", "--dry-run", "soak"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {ROOT / word for word in told.split() if word.startswith("tests/")}
    budgeted = [path for path in ROOT.glob("tests/**/test_*.py") if USES_A_BUDGET.search(path.read_text())]

    assert len(budgeted) > 20
    assert [path for path in budgeted if not named & {path, *path.parents}] == []


LISTS = ("abcdefghij", [1, 2, 3, 4], ("x", "y"), [None])


def test_every_value_of_every_list_is_among_the_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as few combinations as the longest list has values, none of them twice."""
    monkeypatch.setattr(budget, "IS_SOAK", False)
    few = budget.each(*LISTS)

    assert [set(values) for values in zip(*few, strict=True)] == [set(values) for values in LISTS]
    assert len(few) == len(set(few)) == 10


def test_a_soak_takes_every_combination(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which has those of `make test` among them."""
    monkeypatch.setattr(budget, "IS_SOAK", False)
    few = set(budget.each(*LISTS))
    monkeypatch.setattr(budget, "IS_SOAK", True)

    assert len(budget.each(*LISTS)) == 80
    assert set(budget.each(*LISTS)) > few
