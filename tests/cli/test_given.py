"""What is typed or read from a file and cannot be used: refused with exit 2, in our own words, with what helps."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli import given, main
from cli.given import text_of
from cli.runner import NOT_WRITTEN
from cli.text.history import asked_line, unreadable_lines
from jobs.commands.mistakes import RosterInvalid
from jobs.commands.roster import read as read_roster
from tests.cli.test_failures import LIBRARY
from tests.support.office import ANNA, ROOT, CliOffice


def calsync(*words: str, input: str | bytes | None = None) -> Result:
    """A command that is refused before it needs a setting."""
    outcome = CliRunner(env={"AzureWebJobsStorage": "", "CALSYNC_HERE": ""}).invoke(main, words, input=input)
    assert isinstance(outcome.exception, SystemExit), outcome.exception
    assert not LIBRARY.search(outcome.stderr), outcome.stderr
    return outcome


@pytest.mark.parametrize("name", ["", "  ", "\t"])
@pytest.mark.parametrize(
    "words",
    ["users enable", "users disable", "users show", "why NAME x", "sync --user", "pause --user", "journal --user"],
)
def test_an_empty_name_is_neither_nobody_nor_everybody(words: str, name: str) -> None:
    """As from a variable that a script did not set: `sync --user "$WHO"` must not end well."""
    typed = [name if word == "NAME" else word for word in words.split()]
    refused = calsync(*typed, *(() if "NAME" in words else (name,)))

    assert (refused.exit_code, "write a UPN" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "words", [("journal", "--since"), ("why", ANNA, "x", "--on"), ("pause", "--all", "--until")], ids=lambda w: w[0]
)
@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", "", "1.12.2026", "99999-01-01", "\u0661"])
def test_a_day_that_is_none_is_told_how_it_is_written(words: tuple[str, ...], day: str) -> None:
    """And not in the letters of a library's format."""
    refused = calsync(*words, day)

    assert (refused.exit_code, "a day is written like 2026-12-07" in refused.stderr) == (2, True)
    assert "%Y" not in refused.stderr


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"anna\xe9@acme.example\n", "no text in UTF-8: write one UPN a line"),
        (b"\xff\xfea\x00n\x00", "no text in UTF-8: write one UPN a line"),
        (b"", "say whom"),
        (b"\n# nobody\n  \n", "say whom"),
    ],
    ids=["another encoding", "utf-16", "empty", "comments"],
)
@pytest.mark.parametrize("is_piped", [False, True], ids=["file", "pipe"])
def test_a_file_of_no_names_is_refused(tmp_path: Path, written: bytes, told: str, is_piped: bool) -> None:
    """With what it is to hold."""
    file = tmp_path / "people.txt"
    file.write_bytes(written)
    refused = calsync(
        "users", "enable", "--file", "-" if is_piped else str(file), input=written if is_piped else None
    )

    assert (refused.exit_code, told in refused.stderr) == (2, True), refused.stderr


def test_a_file_as_a_windows_editor_writes_it_names_its_people(office: CliOffice, tmp_path: Path) -> None:
    """A mark before the first name, and two characters at each end of a line; so with a file of `users export`."""
    names, exported = tmp_path / "people.txt", tmp_path / "users.json"
    names.write_bytes(f"\ufeff{ANNA}\r\n".encode())
    enabled = office.calsync("users", "enable", "--file", str(names))
    exported.write_text("\ufeff" + office.calsync("users", "export").out, encoding="utf-8")
    office.calsync("users", "disable", ANNA)
    imported = office.calsync("users", "import", str(exported))

    assert [(one.code, one.out.startswith(f"{ANNA}: on")) for one in (enabled, imported)] == [(0, True)] * 2


def test_a_file_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with /dev/zero."""
    monkeypatch.setattr(given, "LARGEST", 10)
    with pytest.raises(click.UsageError, match="larger than 10 characters: do this"):
        text_of(io.StringIO("a" * 11), "do this")

    assert text_of(io.StringIO("a" * 10), "") == "a" * 10


@pytest.mark.parametrize("written", ["", "{", "[" * 100_000, '{"a": 1}{'], ids=["empty", "open", "deep", "two"])
def test_a_roster_that_is_no_json_is_told_in_our_words(written: str) -> None:
    """And where one gets a right one."""
    with pytest.raises(RosterInvalid) as refused:
        read_roster(written)

    assert str(refused.value).endswith("make one with `calsync users export`")
    assert "Expecting" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--profile", "no-such"), "no profile 'no-such': "),
        (("--profile", "../no-such"), "a profile is a file NAME.env in "),
        (("--profile", "a", "--env-file", __file__), "say either --env-file or --profile"),
        (("--env-file", __file__), "write NAME=VALUE"),
    ],
    ids=["unknown", "elsewhere", "both", "no settings"],
)
@pytest.mark.parametrize("command", [("status",), ("sync",), ("status", "--here"), ("doctor",)], ids=" ".join)
def test_settings_that_are_no_file_are_not_our_mistake(
    words: tuple[str, ...], told: str, command: tuple[str, ...]
) -> None:
    """Exit 2 and what to write, as text and as JSON."""
    plain, as_json = calsync(*command, *words), calsync(*command, *words, "--json")

    assert (plain.exit_code, told in plain.stderr) == (2, True), plain.stderr
    assert (as_json.exit_code, '"failure"' in as_json.stdout) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="the shell of a test closes standard input")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("users forget a@b.c", "Nobody can be asked here. Add --yes."),
        ("users enable --file -", "standard input is closed: name a file"),
    ],
)
def test_a_closed_standard_input_answers_nothing(words: str, told: str) -> None:
    """As under a scheduler."""
    shell = f"exec '{sys.executable}' -m cli {words} <&-"
    refused = subprocess.run(["/bin/sh", "-c", shell], cwd=ROOT, capture_output=True, text=True)

    assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    assert not LIBRARY.search(refused.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_not_our_mistake(office: CliOffice) -> None:
    """Exit 1, and what was done stays done."""
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "cli", "status"],
            cwd=ROOT,
            env=office.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert (answer.returncode, answer.stderr.splitlines()[0]) == (1, NOT_WRITTEN)


def test_an_id_that_is_none_is_not_repeated_whole(office: CliOffice) -> None:
    """A screen full of it would hide what helps."""
    refused = office.calsync("commands", "a" * 3000)

    assert (refused.code, "a…: `calsync commands` lists the newest" in refused.err, len(refused.err) < 200) == (
        2,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("state", "done", "opening", "told"),
    [
        ("refused", 0, "", ": refused (why)"),
        ("failed", 1, "", ": failed 1 of 2 (why)"),
        ("done", 2, "", ": done 2 of 2, not all of it well (why)"),
        ("waiting", 0, "", ": waiting (why)"),
        ("running", 0, "", ": running 0 of 2 (why)"),
        ("running", 0, "pull", ": running, reading what changed in ERP.net (why)"),
    ],
)
def test_only_what_was_begun_is_counted(state: str, done: int, opening: str, told: str) -> None:
    """A command that was refused did not do nothing of one badly; what comes before the first item is said."""
    command = {
        **dict.fromkeys(("id", "asked_by", "kind", "choice", "waits_for"), ""),
        "asked_at": None,
        "people": (),
        "total": 2,
        "failure": "why",
        "state": state,
        "done": done,
        "opening": opening,
        "is_fine": state in ("waiting", "running"),
    }

    assert asked_line(command).endswith(told)


@pytest.mark.parametrize(("number", "told"), [(0, []), (1, ["1 command that"]), (2, ["2 commands that"])])
def test_commands_that_cannot_be_read_are_counted(number: int, told: list[str]) -> None:
    """Nobody takes the list for the whole."""
    assert [one in line for one, line in zip(told, unreadable_lines(number), strict=True)] == [True] * len(told)
