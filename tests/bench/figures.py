"""Figures, how they are told, and the machine that they belong to."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.fresh import ROOT


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured again and again: ``what`` was done, its ``cost`` in which ``unit``, and the goal, if any."""

    what: str
    cost: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None

    @property
    def median(self) -> float:
        """The figure."""
        return median(self.values)

    def line(self) -> str:
        """One line of the table."""
        goal = f"   at most {self.goal:g}" if self.goal is not None else ""
        return f"  {self.what:<44} {self.cost:<22} {self.median:9.3f} {self.unit:<10}{goal}".rstrip()

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "what": self.what,
            "cost": self.cost,
            "unit": self.unit,
            "median": round(self.median, 4),
            "values": [round(value, 4) for value in self.values],
            "goal": self.goal,
        }


@dataclass(frozen=True, slots=True)
class Budget:
    """How much time the measuring may take: repetitions of a short thing."""

    repetitions: int
    is_quick: bool = False
    """Whether sizes are smaller, too."""


def machine() -> dict[str, Any]:
    """What the figures depend on, with how busy the machine was when it began."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": next(_processor(), platform.processor()),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "commit": _commit(),
    }


def _processor() -> Iterator[str]:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    return (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip()


def write(path: Path, about: dict[str, Any], matters: Mapping[str, Sequence[Figure]]) -> None:
    """Everything as one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {matter: [figure.told() for figure in figures] for matter, figures in matters.items()}
    path.write_text(json.dumps({"machine": about, "figures": told}, indent=1) + "\n")


def say(text: str) -> None:
    """A line that is seen at once."""
    print(text, file=sys.stdout, flush=True)
