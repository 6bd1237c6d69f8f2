"""What every command has in common: settings, waiting, progress, streams."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from click import Command
from click.testing import CliRunner

import simulators.demo
from adapters.store.tables import TableStore, connect
from cli import main
from cli.runner import HERE
from cli.screen import plain
from jobs import waiting
from jobs.ports import Lease
from tests.support.office import ANNA, ROOT, CliOffice

T = TypeVar("T")


def now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


def test_wrong_settings_are_told_all_at_once() -> None:
    """Every mistake with its remedy on stderr, exit 2, before anything is opened."""
    office_less = {
        "PATH": os.environ["PATH"],
        "SYNC_CONFLICT": "me",
        "ERPNET_URL": "http://acme.my.erp.net",
        "CALSYNC_HERE": "1",
    }
    answer = subprocess.run(
        [sys.executable, "-m", "cli", "sync"], cwd=ROOT, env=office_less, capture_output=True, text=True
    )

    assert (answer.returncode, answer.stdout) == (2, "")
    for name in ("SYNC_CONFLICT", "ERPNET_URL", "ERPNET_CLIENT_ID", "ERPNET_CLIENT_SECRET", "AzureWebJobsStorage"):
        assert len([line for line in answer.stderr.splitlines() if line.startswith(f"  {name} ")]) == 1


def test_wrong_settings_are_a_list_in_json() -> None:
    """A machine gets the mistakes as they are."""
    outcome = CliRunner(env=dict.fromkeys(os.environ, None)).invoke(main, ["--here", "doctor", "--json"])

    assert outcome.exit_code == 2
    assert '"mistakes": [\n    "ERPNET_URL is missing' in outcome.stdout


def test_help_costs_no_settings() -> None:
    """Help is there before anything is set up, and starts without the heavy packages."""
    probe = (
        "import sys; from cli import main; main(['sync', '--help'], standalone_mode=False); "
        "print([m for m in ('aiohttp', 'azure.data', 'msgraph', 'azure.identity') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, env={}, capture_output=True, text=True)

    assert "--dry-run" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "[]"


def _in_store(office: CliOffice, do: Callable[[TableStore], Awaitable[T]]) -> T:
    """Another process's doings in the tables."""

    async def done() -> T:
        store = TableStore(connect(office.storage), office.prefix, now)
        try:
            return await do(store)
        finally:
            await store.close()

    with ThreadPoolExecutor() as aside:  # the command under way has this thread
        return aside.submit(asyncio.run, done()).result()


async def _lease_of_the_only_user(store: TableStore) -> Lease:
    [user] = await store.list_users()
    return await store.acquire_lease(user.id, "another-worker", 60)


def _meanwhile(monkeypatch: pytest.MonkeyPatch, end: Callable[[], object]) -> None:
    """Once the command has said for whom it waits, ``end`` happens, and it asks again at once."""

    def asked_again(_: float) -> float:
        end()
        return 0.0

    monkeypatch.setattr(waiting, "jittered", asked_again)


@pytest.mark.parametrize("arguments", [("sync", "--full"), ("retry",)], ids=" ".join)
def test_a_taken_lease_is_waited_for(
    office: CliOffice, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    """It says on stderr for whom it waits, then does its work once the lease is given back."""
    office.calsync("users", "enable", ANNA)
    lease = _in_store(office, _lease_of_the_only_user)
    _meanwhile(monkeypatch, lambda: _in_store(office, lambda store: store.release_lease(lease)))
    answer = office.calsync(*arguments, "--json")

    assert answer.code == 0
    assert f"waiting for the round of {ANNA}: another-worker is working on this user until" in answer.err
    assert [user["upn"] for user in answer.json["users"]] == [ANNA]


@pytest.mark.parametrize("is_in_use", [True, False], ids=["in-use", "lingering"])
def test_a_taken_slot_is_waited_for(office: CliOffice, monkeypatch: pytest.MonkeyPatch, is_in_use: bool) -> None:
    """It says on stderr for whom it waits and until when, and what the remedy is; then it does its work."""
    office.calsync("users", "enable", ANNA)
    office.more |= {"ERPNET_MAX_SESSIONS": "1"}
    slot = _in_store(office, lambda store: store.acquire_slot("another-worker", 1, 60))
    if not is_in_use:
        _in_store(office, lambda store: store.free_slot(slot, 60))
    _meanwhile(monkeypatch, lambda: _in_store(office, lambda store: store.free_slot(slot, 0)))
    answer = office.calsync("sync", "--dry-run")

    assert answer.code == 0
    how = (
        "is in use by another-worker" if is_in_use else "of another-worker, whose work is done, is counted by ERP.net"
    )
    licence, told = answer.err.splitlines()[:2]
    assert licence == HERE
    assert told.startswith(f"waiting for the ERP.net session: the ERP.net session {how} until ")
    assert told.endswith("; ERPNET_MAX_SESSIONS allows no other")


def _drain(terminal: int) -> bytes:
    """All that is written to a terminal until its other end is closed, which Linux reports as an error."""
    seen = b""
    try:
        while more := os.read(terminal, 4096):
            seen += more
    except OSError:
        pass
    os.close(terminal)
    return seen


def test_a_terminal_sees_a_progress_bar(office: CliOffice) -> None:
    """With stderr on a terminal there is a bar; the answer on stdout is the same as ever."""
    office.calsync("users", "enable", ANNA)
    here, there = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "sync", "--full", "--json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **office.environ},
        stdout=subprocess.PIPE,
        stderr=there,
    ) as process:
        os.close(there)
        with ThreadPoolExecutor() as aside:
            seen = aside.submit(_drain, here)
            out, _ = process.communicate(timeout=60)

    assert (process.returncode, out.startswith(b"{")) == (0, True)
    assert b"reading what changed in ERP.net" in seen.result()
    assert b"1/1" in seen.result(), "one person is one item, and the pull is none"


def test_the_demo_gets_what_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The demo is handed the file, or none, and how it is shown; its exit code is the command's; no settings are
    needed."""
    given: list[tuple[Path | None, int, bool]] = []

    def played(calsync: Command, ics: Path | None, *, step: int, is_paused: bool) -> int:
        assert calsync is main
        given.append((ics, step, is_paused))
        return len(given)

    monkeypatch.setattr(simulators.demo, "main", played, raising=False)
    ics = tmp_path / "calendar.ics"
    ics.touch()
    words: list[list[str]] = [[], ["--ics", str(ics)], ["--step", "3", "--pause"]]
    codes = [CliRunner().invoke(main, ["demo", *more]).exit_code for more in words]

    assert codes == [1, 2, 3]
    assert given == [(None, 0, False), (ics, 0, False), (None, 3, True)]
    assert CliRunner().invoke(main, ["demo", "--ics", str(tmp_path / "none.ics")]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Обяд с Мария 🍽️", "Обяд с Мария 🍽️"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\nb\tc", "a b c"),
        ("\u202ea\u2066b", "\ufffda\ufffdb"),
        ("\ud800", "\ufffd"),
        ("a\u2028b", "a\ufffdb"),
    ],
    ids=ascii,
)
def test_plain_text_is_harmless(text: str, shown: str) -> None:
    """Letters and emoji of all scripts stay; what could steer a terminal does not."""
    assert shown == plain(text)
