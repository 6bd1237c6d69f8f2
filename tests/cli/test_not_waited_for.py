"""Whoever cannot wait for a command any longer is told that it goes on, and how to see it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.store.memory import MemoryQueue
from cli import ask, stopping
from cli.ask import ask_and_wait
from cli.leaving import NOTHING_CHANGED, STOPPED
from cli.screen import Screen
from cli.stopping import Stop, run_until_stopped
from jobs.command import Asker, Json, State
from jobs.commands.kinds import KINDS, Part
from jobs.trouble import SAYS, Why
from jobs.wish import Kind, Wish
from sync_core.errors import RowUnreadable, StoreUnavailable
from tests.jobs.conftest import app, house
from tests.support.app import App
from tests.support.house import ANNA, House
from tests.support.office import ROOT

__all__ = ["app", "house"]


class Heard(Screen):
    """A screen of which all notices are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[str] = []
        self.said = asyncio.Event()

    def notice(self, text: str) -> None:
        """Keep it."""
        self.notices.append(text)
        self.said.set()


async def test_a_command_that_is_not_waited_for_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage is down for a while after the command was taken."""

    async def fail(*_: object) -> None:
        raise StoreUnavailable("table storage does not answer")

    monkeypatch.setattr(ask, "look", fail)
    heard = Heard()
    with pytest.raises(StoreUnavailable):
        await ask_and_wait(house.world, Wish(Kind.SYNC), Asker("olga"), heard, Stop())

    [command] = await house.world.store.list_commands()
    assert [f"`calsync commands {command.id}`" in line for line in heard.notices] == [True]


def ctrl_c(after: float) -> None:
    """Press it, so many seconds from now."""
    asyncio.get_running_loop().call_later(after, os.kill, os.getpid(), signal.SIGINT)


async def test_whoever_stops_waiting_stops_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the message is sent: what is filed is sent to its end, and the app carries it out."""
    sending, send = asyncio.Event(), MemoryQueue.send

    async def slowly(queue: MemoryQueue, *what: Any, **how: Any) -> None:
        sending.set()
        await asyncio.sleep(0.05)
        await send(queue, *what, **how)

    monkeypatch.setattr(MemoryQueue, "send", slowly)
    stop, heard = Stop(), Heard()
    waiting = asyncio.ensure_future(ask_and_wait(app.house.world, Wish(Kind.RETRY), Asker("olga"), heard, stop))
    await sending.wait()
    assert stop.first is not None
    await stop.first
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await app.drain()

    [command] = await app.house.world.store.list_commands()
    assert command.state is State.DONE
    assert f"`calsync commands {command.id}`" in stop.words


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come at once, and what takes minutes takes a moment."""
    for name, seconds in {"FIRST_LOOK": 0.001, "LONGEST_LOOK": 0.001, "STILL_AFTER": 0.02}.items():
        monkeypatch.setattr(ask, name, seconds)


def asking(house: House, wish: Wish, heard: Heard, stop: Stop | None = None) -> asyncio.Task[Any]:
    """Somebody who asks and waits."""
    return asyncio.ensure_future(ask_and_wait(house.world, wish, Asker("olga"), heard, stop or Stop()))


@pytest.mark.usefixtures("hasty")
async def test_a_worker_that_dies_in_the_middle_is_told_and_another_goes_on(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; whoever waits gets the whole answer, as if nothing had happened."""
    heard, does, deaths = Heard(), KINDS[Kind.RETRY], [1]

    async def die(*arguments: Any) -> AsyncIterator[Part]:
        if deaths:
            raise KeyboardInterrupt(deaths.pop())
        async for part in does.do(*arguments):
            yield part

    monkeypatch.setitem(KINDS, Kind.RETRY, replace(does, do=die))
    waiting = asking(app.house, Wish(Kind.RETRY), heard)
    await asyncio.sleep(0.01)
    [(message, _)] = app.queue.take()
    with pytest.raises(KeyboardInterrupt):
        await app.hand_over(message)
    await asyncio.wait_for(heard.said.wait(), 10)
    await app.hand_over(message, dequeue_count=2)
    command, answer = await waiting

    assert (command.state, heard.notices) == (State.DONE, [ask.STILL])
    assert [one["upn"] for one in answer["users"]] == [ANNA]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("state", "why"), [(State.WAITING, Why.UNSEEN), (State.RUNNING, Why.CUT_OFF)])
async def test_a_command_whose_time_is_over_is_told_as_failed(house: House, state: State, why: Why) -> None:
    """Whoever has waited for a day reads why, and what to do."""
    waiting = asking(house, Wish(Kind.RETRY), Heard())
    await asyncio.sleep(0.01)
    [command] = await house.world.store.list_commands()
    await house.world.store.save_command(replace(command, state=state))
    house.advance(days=1)
    ended, _ = await waiting

    assert (ended.state, ended.failure) == (State.FAILED, SAYS[why])


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("found", "told"),
    [(None, ask.GONE), (RowUnreadable("schema version 9", is_newer=True), "install the app's version here")],
    ids=["erased", "of-a-newer-build"],
)
async def test_whoever_can_get_no_answer_does_not_wait_for_one(
    house: House, monkeypatch: pytest.MonkeyPatch, found: RowUnreadable | None, told: str
) -> None:
    """The row was erased, or the app is a newer build whose row nobody can read here."""

    async def look(*_: object) -> None:
        if found is not None:
            raise found

    monkeypatch.setattr(ask, "look", look)
    with pytest.raises(ask.Unanswered, match=told):
        await asking(house, Wish(Kind.RETRY), Heard())


@pytest.mark.usefixtures("hasty")
async def test_ctrl_c_once_it_has_ended_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the answer is read, the app goes on with nothing any more."""
    stop, said = Stop(), list[str]()

    async def read(*_: object) -> Json:
        said.append(stop.words)
        return {}

    monkeypatch.setattr(ask, "read_answer", read)
    waiting = asking(app.house, Wish(Kind.RETRY), Heard(), stop)
    await asyncio.sleep(0.01)
    await app.drain()
    command, _ = await waiting

    assert said == [f"Stopped; the app has ended it: `calsync commands {command.id}` shows the answer."]


def test_ctrl_c_says_at_once_that_the_work_goes_on() -> None:
    """Exit 130, and what was begun to be filed is let end."""
    heard, ended = Heard(), list[str]()

    async def filing() -> None:
        await asyncio.sleep(0.05)
        ended.append("filed")

    stop = Stop("it goes on")

    async def work() -> int:
        stop.first = asyncio.ensure_future(filing())
        ctrl_c(0.0)
        await asyncio.Event().wait()
        return 0

    assert run_until_stopped(work, stop, heard.notice) == STOPPED
    assert (heard.notices, ended) == (["it goes on"], ["filed"])


@pytest.mark.parametrize("presses", [1, 2])
def test_a_request_that_swallows_ctrl_c_does_not_hold_anybody_up(
    monkeypatch: pytest.MonkeyPatch, presses: int
) -> None:
    """It takes the cancellation for a failure and tries again; after a grace, or by the second Ctrl-C, it is left."""
    monkeypatch.setattr(stopping, "GRACE", 0.2 if presses == 1 else 3600.0)
    heard, tries = Heard(), list[int]()

    async def stubborn() -> int:
        for press in range(presses):
            ctrl_c(press * 0.1)
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                tries.append(1)

    assert run_until_stopped(stubborn, Stop("it goes on"), heard.notice) == STOPPED
    assert (heard.notices, bool(tries)) == (["it goes on"], True)


def test_without_ctrl_c_the_code_is_that_of_the_work() -> None:
    """And what the work raises is raised; Ctrl-C afterwards is Python's again."""

    async def done() -> int:
        return 7

    async def broken() -> int:
        raise StoreUnavailable("gone")

    assert run_until_stopped(done, Stop(), print) == 7
    with pytest.raises(StoreUnavailable):
        run_until_stopped(broken, Stop(), print)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_storage_account_that_never_answers_holds_nobody_up(tmp_path: Path) -> None:
    """One Ctrl-C ends the command at once, with 130 and a sentence, though the request goes on waiting."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/acme"
        storage = f"AccountName=acme;AccountKey=AAAA;TableEndpoint={address};QueueEndpoint={address}"
        with subprocess.Popen(
            [sys.executable, "-m", "cli", "commands"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AzureWebJobsStorage": storage},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            silent.settimeout(60)
            asked, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=15)
            asked.close()

    assert (process.returncode, out, err) == (STOPPED, "", f"{NOTHING_CHANGED}\n")
