"""What the end-to-end tests do with a company: many people at once, and waiting for what must come."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

from adapters.settings import load
from adapters.wiring import open_world
from jobs.commands.switch import enable
from simulators.demo.hands import control
from simulators.host.company import Company

TIMEOUT_SECONDS = 240.0


def until(is_true: Callable[[], object], pause: float = 0.1, timeout: float = TIMEOUT_SECONDS) -> float:
    """Wait for what must come; how many seconds it took. The test fails where it does not come."""
    began = time.monotonic()
    while not is_true():
        took = time.monotonic() - began
        assert took < timeout, f"nothing came within {timeout:.0f} s"
        time.sleep(pause)
    return time.monotonic() - began


async def enable_all(company: Company, upns: Iterable[str]) -> None:
    """Switch on the sync of many people in one process; ``calsync users enable`` would start one for each."""
    async with open_world(load(company.settings)) as world:
        for upn in upns:
            checkup = await enable(world, upn)
            assert checkup.problems == (), upn


def meeting_words(subject: str, hour: int = 9) -> dict[str, str]:
    """The words of a meeting of an hour, the day after tomorrow; digits as people type them on either side."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    return {"subject": subject, "start": f"{day}T{hour:02}:00:00", "end": f"{day}T{hour + 1:02}:00:00"}


def in_outlook(company: Company) -> Counter[tuple[str, str]]:
    """Every event by owner and subject."""
    boxes = control(company.graph, "state")["mailboxes"]
    return Counter((box["upn"].partition("@")[0], one["subject"]) for box in boxes for one in box["events"])


def in_erpnet(company: Company) -> Counter[tuple[str, str]]:
    """Every activity by owner and subject."""
    return Counter((one["OwnerLogin"], one["Subject"]) for one in company.activities())


def subscriptions(company: Company) -> int:
    """How many Graph subscriptions have been made."""
    made = [one for one in control(company.graph, "requests") if (one["method"], one["status"]) == ("POST", 201)]
    return sum(one["path"].endswith("/subscriptions") for one in made)


def print_figure(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """Print a measured figure; of what parallel test processes say only the error stream reaches the terminal."""
    with capsys.disabled():
        print(f"\n{figure}", file=sys.stderr, flush=True)


def complaints(log: Path) -> list[str]:
    """What the host's log holds that must never be there: errors, and functions that were left out."""
    return [line for line in log.read_text().splitlines() if " ERROR " in line or line.startswith("Traceback")]


def poisoned(company: Company) -> int:
    """How many messages were given up."""
    with QueueServiceClient.from_connection_string(company.companions.azurite.connection_string) as service:
        queue = service.get_queue_client(f"{company.settings['STATE_PREFIX']}-work-poison")
        return queue.get_queue_properties().approximate_message_count or 0
