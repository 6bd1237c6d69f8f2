"""What fails is told in our own words, with what helps: every command, each failure of storage, sign-in, sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError

from adapters import queues
from adapters.http import Retries
from adapters.store import tables
from cli import carry_out
from cli.runner import OF_OURS
from jobs.commands.mistakes import HELPS, in_words
from sync_core.errors import LicencesTaken, SideUnavailable, StoreUnavailable, Throttled
from sync_core.model.sides import Side
from tests.cli.test_help import ALL
from tests.support.office import ANNA, Answer, CliOffice

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "users show": (ANNA,),
    "users enable": (ANNA,),
    "users disable": (ANNA,),
    "users forget": (ANNA, "--yes"),
    "users import": ("FILE",),
    "why": (ANNA, "Budget"),
    "approve": ("deadbeef", "--yes"),
    "resolve": ("deadbeef", "--keep", "erp"),
    "undo": ("20260101T000000-abcd", "--yes"),
    "unlink": (ANNA, "event-1", "--yes"),
    "pause": ("--all",),
    "resume": ("--all",),
}
"""What a command needs beside its name."""

LIBRARY = re.compile(
    r"Traceback|\w+Error\b|\w+Exception\b|Errno|aiohttp|httpx|azure\.|AADSTS\d+:"
    r"|<html|Trace ID|Credential\b|0x[0-9a-f]{4}"
)
"""What only a library or an exception says."""

READING = {"users list", "users show", "users export", "status", "conflicts", "journal", "unsynced", "commands"}
READING |= {"policy", "users disable", "users forget", "retry", "pause", "resume", "approve", "resolve", "undo"}
READING |= {"unlink"}
"""What may well work, or find nothing, while a side fails."""


def every_command(office: CliOffice, folder: Path) -> dict[str, Answer]:
    """What each command answers; the demo has no settings that could be wrong."""
    file = folder / "users.json"
    file.write_text('{"version": 1, "users": [{"upn": "boris@acme.example"}]}')
    found: dict[str, Answer] = {}
    for words in ALL:
        name = " ".join(words)
        if name != "demo":
            more = [str(file) if word == "FILE" else word for word in ARGUMENTS.get(name, ())]
            found[name] = office.calsync(*words, *more)
    return found


def assert_own_words(answers: dict[str, Answer]) -> None:
    """Nobody reads what a library says, and whatever failed says something."""
    assert {
        name: LIBRARY.findall(a.out + a.err) for name, a in answers.items() if LIBRARY.search(a.out + a.err)
    } == {}
    assert [name for name, answer in answers.items() if answer.code and not (answer.err + answer.out).strip()] == []


@pytest.mark.parametrize("here", ["1", "0"], ids=["here", "asking the app"])
@pytest.mark.parametrize("failure", ["wrong key", "nobody listens", "nobody is signed in"])
def test_storage_that_fails_is_told_with_the_remedy(
    office: CliOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: str, here: str
) -> None:
    """By every command: exit 1, and the key, the network or the sign-in to look at."""
    office.more["CALSYNC_HERE"] = here
    match failure:
        case "wrong key":
            office.storage = office.storage.replace("AccountKey=Eby8", "AccountKey=AAAA")
            remedy = "needs the role"
        case "nobody listens":
            office.storage = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", office.storage)
            monkeypatch.setitem(tables.TIMEOUTS, "retry_total", 0)
            monkeypatch.setitem(queues.TIMEOUTS, "retry_total", 0)
            remedy = "check the network"
        case _:
            office.more |= {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "nowhere"}
            monkeypatch.setattr("adapters.wiring.storage_credential", lambda _: NotSignedIn())
            remedy = "`az login`"
    answers = every_command(office, tmp_path)

    assert_own_words(answers)
    assert {name for name, answer in answers.items() if answer.code != 1} == set()
    assert {name for name, answer in answers.items() if remedy not in answer.err + answer.out} == set()


class NotSignedIn:
    """A credential of somebody who is not signed in, with the library's page of text."""

    async def get_token(self, *_scopes: str, **_kwargs: object) -> object:
        """There is none."""
        raise ClientAuthenticationError(message="DefaultAzureCredential failed\nTrace ID: 1")

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> NotSignedIn:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("setting", "what"), [("ERPNET_URL", "ERP.net"), ("GRAPH_URL", "Microsoft Graph")], ids=["ERP.net", "Graph"]
)
def test_a_side_out_of_reach_is_told_with_the_remedy(
    office: CliOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, what: str
) -> None:
    """Nobody listens there: what needs it fails by name; what does not need it works."""
    monkeypatch.setattr(Retries, "wait_for", lambda *_: 0.0)
    office.calsync("users", "enable", ANNA)
    office.more[setting] = "http://127.0.0.1:9/v1.0" if setting == "GRAPH_URL" else "http://127.0.0.1:9"
    if setting == "ERPNET_URL":
        office.more["STATE_PREFIX"] = f"{office.prefix}x"  # else the store is another database's
    answers = every_command(office, tmp_path)

    assert_own_words(answers)
    failed = {name: answer for name, answer in answers.items() if answer.code and name not in READING}
    assert {"users enable", "doctor"} <= failed.keys()
    assert any(what in answer.err + answer.out for answer in failed.values())


def test_our_own_mistake_is_told_without_its_words(office: CliOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 and whom to tell; only --verbose shows where it was."""

    async def broken(*_: object) -> int:
        raise KeyError("hush-hush")

    monkeypatch.setattr(carry_out, "do_here", broken)
    plain, verbose = office.calsync("sync"), office.calsync("sync", "-v")

    assert (plain.code, plain.out, plain.err) == (1, "", f"{OF_OURS}\n")
    assert "KeyError" in verbose.err


@pytest.mark.parametrize("words", [("sync",), ("status",)], ids=" ".join)
def test_each_step_is_told_with_its_time_where_it_is_wanted(office: CliOffice, words: tuple[str, ...]) -> None:
    """On stderr; stdout is the same."""
    office.calsync("users", "enable", ANNA)
    quiet, told = office.calsync(*words), office.calsync(*words, "--verbose")

    assert [line for line in told.err.splitlines() if re.match(r" +\d+\.\d\d s  opened for ERP\.net 127", line)]
    assert len(told.out.splitlines()) == len(quiet.out.splitlines())


@pytest.mark.parametrize(
    "error",
    [
        SideUnavailable(Side.ERP, "ERP.net answered 503."),
        Throttled(Side.GRAPH, "Microsoft Graph is busy"),
        LicencesTaken(Side.ERP, "every licence is in use"),
    ],
)
def test_an_error_is_told_once_with_what_helps(error: SideUnavailable) -> None:
    """The help of the closest class; an error that has its own is left as it is."""
    text = in_words(error)
    helps = [words for kind, words in HELPS if type(error) is kind]

    assert text.endswith(f": {helps[0]}")
    assert ".:" not in text
    assert in_words(type(error)(error.side, text)) == text
    assert in_words(StoreUnavailable("table storage: do this")) == "table storage: do this"


def test_every_failing_command_has_its_arguments() -> None:
    """A new command is tried as well."""
    names = {" ".join(words) for words in ALL}
    assert set(ARGUMENTS) <= names
    assert names >= READING
