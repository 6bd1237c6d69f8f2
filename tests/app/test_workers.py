"""Several worker processes at ERP.net's narrow gate: one licence, one request at a time (design.md §6)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from simulators.azurite import Azurite
from tests.support.budget import budget
from tests.support.office import ROOT, CliOffice, stand_in

PEOPLE = ("ada", "ben", "cleo", "dan")
MEETINGS = 3
WORKERS = 3
TIMEOUT = 150.0
"""Seconds; some fifteen are usual."""

HASTE = budget(20, 1)
"""`make soak` waits as long as the app does: who found no licence takes a minute before asking again."""

NEVER = "0 0 0 1 1 *"


@pytest.fixture
def office(azurite: Azurite) -> Iterator[CliOffice]:
    """An office of its own: its stand-ins know nobody else."""
    with stand_in("simulators.graph") as graph, stand_in("simulators.erpnet") as erp:
        opened = CliOffice(
            graph, erp, azurite.connection_string, more={"SYNC_SCHEDULE": NEVER, "PULL_SCHEDULE": NEVER}
        )
        opened.open()
        yield opened


def queue(office: CliOffice, name: str) -> QueueClient:
    """One of the app's queues."""
    return QueueClient.from_connection_string(
        office.storage, f"{office.prefix}-{name}", message_encode_policy=TextBase64EncodePolicy()
    )


def waiting(office: CliOffice, name: str) -> int:
    """Messages in a queue, those under way included."""
    with queue(office, name) as client:
        try:
            return int(client.get_queue_properties().approximate_message_count or 0)
        except ResourceNotFoundError:
            return 0


def start_worker(office: CliOffice) -> subprocess.Popen[str]:
    """A Functions host in a process of its own; it ends with the test."""
    options = ["--app", str(ROOT / "function_app.py"), "--port", "0", "--leave-with-parent"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.hurried", str(HASTE), *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **office.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what other processes do."""
    deadline = time.monotonic() + TIMEOUT
    while not is_so():
        assert time.monotonic() < deadline, "the workers do not get done"
        time.sleep(0.3)


def switch_on(office: CliOffice) -> list[str]:
    """Everybody is employed, switched on, and has planned meetings; their object ids."""
    for name in PEOPLE:
        upn = office.employ(name)
        assert office.calsync("users", "enable", upn).code == 0
        for number in range(MEETINGS):
            times = {"start": office.at(2 + number, 9), "end": office.at(2 + number, 10)}
            office.graph.act("person", upn=upn, do="create", **{"with": {"subject": f"{name} {number}", **times}})
    return [key[1] for key in office.rows("Users") if key[0] == "user"]


def test_workers_share_one_licence(office: CliOffice) -> None:
    """Three workers, one licence, the work of four people twice over: each meeting arrives once, nobody is refused
    for asking too much, no message is poisoned, and the queue is empty in the end."""
    people = switch_on(office)
    taken = office.erp.act("state")["sessions"]  # the administrator's own, just now
    office.more |= {"ERPNET_MAX_SESSIONS": str(taken + 1)}
    office.erp.act("set", licences=taken + 1, requests_per_minute=600, latency=0.01)
    office.forget_requests()
    with ExitStack() as running:
        for _ in range(WORKERS):
            running.callback(running.enter_context(start_worker(office)).kill)
        with queue(office, "work") as client:
            client.create_queue()
            for user_id in people * 2:
                client.send_message(json.dumps({"kind": "round", "user": user_id}))
            client.send_message(json.dumps({"kind": "pull"}))
        until(lambda: len(office.activities()) >= len(PEOPLE) * MEETINGS)
        until(lambda: waiting(office, "work") == 0)

    assert sorted(a["Subject"] for a in office.activities()) == sorted(
        f"{name} {number}" for name in PEOPLE for number in range(MEETINGS)
    )
    assert [seen for seen in office.erp.requests() if seen["status"] == 429] == []
    assert waiting(office, "work-poison") == 0
    assert office.calsync("status").code == 0
