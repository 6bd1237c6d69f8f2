"""What has a small budget in `make test` has its large one in `make soak`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USES_A_BUDGET = re.compile(r"^from tests\.support\.budget import", re.MULTILINE)


def test_soak_runs_every_test_with_a_budget() -> None:
    """The Makefile's ``BUDGETED`` names each of these files, or a folder of it."""
    told = subprocess.run(["make", "--dry-run", "soak"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {ROOT / word for word in told.split() if word.startswith("tests/")}
    budgeted = [path for path in ROOT.glob("tests/**/test_*.py") if USES_A_BUDGET.search(path.read_text())]

    assert len(budgeted) > 20
    assert [path for path in budgeted if not named & {path, *path.parents}] == []
