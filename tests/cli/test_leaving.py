"""Ctrl-C where no work is under way: while the process begins, and when all has been said."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from cli.leaving import NOTHING_CHANGED, STOPPED
from tests.support.office import ROOT

PRESSED_AT = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Press())
sys.argv = ["calsync", {command!r}]
from cli.start import main
main()
"""
"""A process in which Ctrl-C is pressed when this module is about to be loaded."""

AFTER = """
import os, signal
from cli.leaving import watch
watch()
from cli.stopping import Stop, run_until_stopped

async def work():
    return 0

code = run_until_stopped(work, Stop(), print)
os.kill(os.getpid(), signal.SIGINT)
print("not left")
"""


@pytest.mark.parametrize("command", ["status", "sync", "--help"])
@pytest.mark.parametrize("module", ["click", "cli.runner", "cli.commands", "cli.text.status"])
def test_ctrl_c_while_it_is_loaded_is_told_in_plain_words(module: str, command: str) -> None:
    """130, a sentence, nothing of Python's; and no import swallows it."""
    code = PRESSED_AT.format(module=module, command=command)
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert (ended.returncode, ended.stdout, ended.stderr) == (STOPPED, "", f"{NOTHING_CHANGED}\n")


@pytest.mark.parametrize("module", ["adapters.settings", "adapters.wiring", "azure.data.tables", "cli.profiles"])
def test_ctrl_c_while_the_settings_are_read_is_told_in_plain_words(module: str) -> None:
    """Packages that take their time are loaded when the command has begun."""
    code = PRESSED_AT.format(module=module, command="status")
    storage = "AccountName=acme;AccountKey=AAAA;TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", "AzureWebJobsStorage": storage},
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (STOPPED, "", f"{NOTHING_CHANGED}\n")


def test_ctrl_c_when_all_has_been_said_leaves_without_a_word() -> None:
    """Connections are being closed; what became of the work is on the screen."""
    ended = subprocess.run([sys.executable, "-c", AFTER], cwd=ROOT, capture_output=True, text=True)

    assert (ended.returncode, ended.stdout, ended.stderr) == (STOPPED, "", "")


@pytest.mark.parametrize(
    ("keys", "code"),
    [(b"", STOPPED), (b"n\n", 1), (b"\n", 1), (b"\x04", STOPPED)],
    ids=["ctrl-c", "n", "enter", "ctrl-d"],
)
def test_a_question_is_answered_or_left(keys: bytes, code: int) -> None:
    """On a terminal: whoever says no, or presses Ctrl-C or Ctrl-D, is told that nothing was done."""
    terminal, hands = pty.openpty()
    order = [sys.executable, "-m", "cli", "users", "forget", "anna@acme.example"]
    with subprocess.Popen(order, cwd=ROOT, env={"PATH": ""}, stdin=hands, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        asked = b""
        while not asked.endswith(b"[y/N]:") and (more := process.stderr.read(1)):
            asked += more
        if keys:
            os.write(terminal, keys)
        while not keys and process.poll() is None:  # Python may lose one that comes before it begins to read
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
        _, told = process.communicate(timeout=30)
    for end in (terminal, hands):
        os.close(end)

    assert (process.returncode, b"Erase everything stored" in asked) == (code, True)
    assert told.decode().splitlines()[-1] == "Nothing was done."
