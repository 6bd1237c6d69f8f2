"""The command line asks, the app does: one running app, one ERP.net licence, and an operator with a storage key."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapters.settings import load_asking
from adapters.wiring import open_desk
from cli import main
from jobs.command import Asker, State
from jobs.commands.ask import ask as ask_desk
from jobs.commands.ask import look, read_answer
from jobs.wish import Kind, Wish
from simulators.demo.hands import control
from simulators.host.company import Company
from tests.support.budget import budget
from tests.support.commands import ANNA, ASKS, ROSTER
from tests.support.company_life import complaints, in_erpnet, in_outlook, meeting_words, subscriptions, until
from tests.support.fresh import HEAVY, ROUNDS, cost_of
from tests.support.office import ROOT

STORAGE_ONLY = ("AzureWebJobsStorage", "STATE_PREFIX", "PATH", "HOME", "PYTHONIOENCODING")
"""All that an operator's shell needs."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A running app with one ERP.net licence for everything; nobody's sync is on yet."""
    with Company(settings={"ERPNET_MAX_SESSIONS": "1"}) as opened:
        control(opened.erpnet, "set", {"licences": 1})
        opened.hire("anna", "Anna Petrova")
        opened.hire("boris", "Boris Dimitrov")
        log = tmp_path_factory.mktemp("company") / "host.log"
        host = opened.open_host(log=log)
        host.run("pull")
        yield opened
        assert host.stop() == 0
        assert complaints(log) == []


def shell(company: Company) -> dict[str, str]:
    """An operator's environment: where the tables are, no secret of either side."""
    return {name: value for name, value in company.environ.items() if name in STORAGE_ONLY}


def ask(company: Company, *words: str, **more: str) -> tuple[int, str, str]:
    """Exit code, output and notices of a command that asks the app; ``more`` settings."""
    foreign = dict.fromkeys(name for name in os.environ if name not in STORAGE_ONLY)
    done = CliRunner(env={**foreign, **shell(company), **more}).invoke(main, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a command printed that is stopped by Ctrl-C, once."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)


def sessions(company: Company) -> Any:
    """How many sessions ERP.net has open."""
    return control(company.erpnet, "state")["sessions"]


def test_a_day_of_commands_needs_no_second_licence(company: Company) -> None:
    """Switch on, look, sync, ask why, pause, resume, switch off: all by the app, in the words of the command line."""
    enabled = ask(company, "users", "enable", "anna@acme.example", "boris@acme.example")
    assert (enabled[0], enabled[1].count(": on, Operational")) == (0, 2), enabled
    until(lambda: subscriptions(company) == 2)

    company.outlook("anna").act("create", **meeting_words("Budget"))
    until(lambda: in_erpnet(company)["anna", "Budget"])
    synced = ask(company, "sync", "--user", "anna@acme.example")
    assert (synced[0], "anna@acme.example: Operational" in synced[1]) == (0, True), synced
    why = ask(company, "why", "anna@acme.example", "budget")
    assert (why[0], "“Budget”" in why[1]) == (0, True), why
    doctor = ask(company, "doctor")
    told = doctor[1].splitlines()
    assert (doctor[0], told[0], told[-1].split(";")[0]) == (0, "you app", "Nothing failed"), doctor
    [tables] = [line for line in told if "State tables" in line]
    assert tables.split()[:2] == ["✓", "✓"]
    assert [line.split()[0] for line in told if "pushed until" in line or "none given up" in line] == ["✓", "✓"]

    paused = ask(company, "pause", "--user", "anna@acme.example")
    assert (paused[0], "what changes meanwhile waits" in paused[1]) == (0, True), paused
    assert "what changes meanwhile waits" in ask(company, "status", "--user", "anna@acme.example")[1]
    resumed = ask(company, "resume", "--user", "anna@acme.example")
    assert (resumed[0], "not paused" in resumed[1]) == (0, True), resumed
    preview = ask(company, "preview")
    assert (preview[0], preview[1].count("nothing was written")) == (0, 2), preview
    check_what_is_taken_back(company)
    check_what_is_answered(company)
    off = ask(company, "users", "disable", "boris@acme.example")
    assert (off[0], off[1]) == (0, "boris@acme.example: off; nothing was deleted on either side.\n"), off

    asked = ask(company, "commands", "--limit", "100")[1]
    kinds = {line.partition(": ")[2].split()[0].rstrip(":") for line in asked.splitlines()}
    assert kinds == {str(kind) for kind in Kind}
    assert "budget" not in asked
    assert sessions(company) == 1


def check_what_is_taken_back(company: Company) -> None:
    """Unlink, a retry of it, the undo of a round as it would be: by the app's one session, too."""
    anna = "anna@acme.example"
    found = json.loads(ask(company, "why", anna, "budget", "--json")[1])["items"]
    event = next(one["event_id"] for one in found if one["event_id"])
    unlinked = ask(company, "unlink", anna, event, "--yes")
    assert (unlinked[0], "is unlinked: both sides stay as they are" in unlinked[1]) == (0, True), unlinked
    again = ask(company, "retry", "--user", anna, "--item", event)
    assert (again[0], again[1]) == (0, "anna@acme.example: 1 item to be looked at again.\n"), again
    made = next(one["round"] for one in journal_of(company, anna) if one["what"] == "activity created")
    shown = ask(company, "undo", made, "--show")
    assert (shown[0], "what a round made stays" in shown[1]) == (0, True), shown
    forgotten = ask(company, "users", "forget", "boris@acme.example", "--yes")
    assert forgotten[0] == 0, forgotten
    assert ask(company, "users", "enable", "boris@acme.example")[0] == 0


def check_what_is_answered(company: Company) -> None:
    """A conflict, a held list, an undo that writes, a repair, the places: by the app's one session, too."""
    anna, outlook = "anna@acme.example", company.outlook("anna")
    repaired = ask(company, "doctor", "--repair")
    assert (repaired[0], repaired[1].splitlines()[-1].split(";")[0]) == (0, "Nothing failed"), repaired
    places = json.loads(asyncio.run(wish_for(company, Wish(Kind.PLACES))))
    assert [place["company"] for place in places["places"]]

    event = outlook.act("create", **meeting_words("Plan", 11))
    assert ask(company, "sync", "--user", anna)[0] == 0
    [activity] = [one["Id"] for one in company.activities() if one["Subject"] == "Plan"]
    outlook.act("edit", ident=event, subject="Plan B")
    assert ask(company, "sync", "--user", anna)[0] == 0
    assert in_erpnet(company)["anna", "Plan B"] == 1
    written = next(one["round"] for one in journal_of(company, anna) if one["what"] == "activity updated")
    undone = ask(company, "undo", written, "--yes")
    assert (undone[0], in_outlook(company)["anna", "Plan"], in_erpnet(company)["anna", "Plan"]) == (0, 1, 1), undone

    company.desk("anna").act("set_read_only", activity=activity, read_only=True)
    outlook.act("edit", ident=event, subject="Plan C")
    ask(company, "sync", "--user", anna)
    [conflict] = json.loads(ask(company, "conflicts", "--json")[1])["conflicts"]
    resolved = ask(company, "resolve", conflict["id"], "--keep", "erp")
    assert (resolved[0], in_outlook(company)["anna", "Plan"]) == (0, 1), resolved

    events = [outlook.act("create", **meeting_words(f"Weekly {hour}", hour)) for hour in range(12, 22)]
    assert ask(company, "sync", "--user", anna)[0] == 0
    for one in events:
        outlook.act("delete", ident=one)
    ask(company, "sync", "--user", anna)
    shown = ask(company, "status", "--user", anna, "--json")[1]
    [hold] = json.loads(shown)["users"][0]["holds"]
    approved = ask(company, "approve", hold["id"], "--yes")
    assert (approved[0], approved[1].count("activity voided")) == (0, 10), approved


async def wish_for(company: Company, wish: Wish) -> str:
    """The answer to a wish that no command of the line makes, as JSON."""
    settings = load_asking(shell(company))
    async with open_desk(settings) as desk:
        asked = await ask_desk(desk, wish, Asker("operator"))
        for _ in range(300):
            await asyncio.sleep(0.1)
            command = await look(desk, asked.id)
            assert command is not None
            if command.is_ended:
                assert command.state is State.DONE, command.failure
                return json.dumps(await read_answer(desk, command))
    raise AssertionError("the command did not end")


def journal_of(company: Company, upn: str) -> list[dict[str, Any]]:
    """The journal of somebody, newest first."""
    answer = json.loads(ask(company, "journal", "--user", upn, "--json")[1])
    entries: list[dict[str, Any]] = answer["log"] if "log" in answer else answer["users"][0]["log"]
    return entries


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("users", "enable", "nobody@acme.example"), 2, "nobody@acme.example is not known in the directory"),
        (("why", "anna@acme.example", "no such thing"), 2, "knows “no such thing”"),
        (("approve", "deadbeef", "--yes"), 2, "nothing with the id deadbeef waits for an answer"),
        (("resolve", "deadbeef", "--keep", "erp"), 2, "no conflict with the id deadbeef is open"),
        (("pause", "--user", "anna@acme.example", "--until", "soon"), 2, "a day is written like"),
        (("pause",), 2, "say whom: one or more UPNs, or --file with one a line, or --all"),
        (("commands", "deadbeef"), 2, "no command has the id deadbeef"),
        (("users", "forget", "anna@acme.example"), 2, "Add --yes"),
    ],
)
def test_what_cannot_be_done_says_why(company: Company, words: tuple[str, ...], code: int, told: str) -> None:
    """With the exit code that the command has in its own process."""
    ask(company, "users", "enable", "anna@acme.example")
    answer = ask(company, *words)

    assert (answer[0], told in answer[2]) == (code, True), answer


def test_a_command_says_when_no_app_looks_at_it(company: Company, tmp_path: Path) -> None:
    """Another prefix is another company, where no app runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "sync"],
        cwd=ROOT,
        env=shell(company) | {"STATE_PREFIX": "elsewhere"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        until(lambda: "sync" in ask(company, "commands", STATE_PREFIX="elsewhere")[1])
        time.sleep(1)  # between filing it and looking at it
        _, err = interrupted(process)

    assert (process.returncode, "the app goes on with it" in err) == (130, True), err


def test_whoever_asks_loads_what_asking_needs(company: Company, tmp_path: Path) -> None:
    """Commands that the app carries out: tables and queue, neither side's packages, nothing of a round.

    The last test: its commands switch people on, off and forget them, whatever became of the one before.
    """
    roster = tmp_path / "roster.json"
    roster.write_text(json.dumps({"version": 1, "users": [{"upn": ANNA, "time_zone": "Europe/Oslo"}]}))
    ours, theirs = {"adapters", "cli", "jobs", "sync_core"}, {"aiohttp", "azure.core", "azure.data.tables"}
    loaded = {}
    for words in ASKS[:: budget(5, 1)]:
        typed = [str(roster) if word == ROSTER else word for word in words]
        loaded[words] = cost_of("command", *typed, environ=shell(company)).roots([*HEAVY, *ROUNDS])

    assert loaded == dict.fromkeys(loaded, ours | theirs | {"azure.storage.queue"})
