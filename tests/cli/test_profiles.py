"""`--env-file` and `--profile`: settings from a file, for whoever looks after several companies."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import main, profiles
from cli.profiles import environment, path_of, read, warnings
from tests.support.office import CliOffice


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of profiles, empty."""
    monkeypatch.setattr(profiles, "folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        (" A = b  # why", "b"),
        ("A='b c'", "b c"),
        ('A="b # c" # why', "b # c"),
        ("A=AccountName=x;AccountKey=a+b/c==;", "AccountName=x;AccountKey=a+b/c==;"),
        ("A=", ""),
        ("\ufeffA=b", "b"),
    ],
)
def test_a_line_says_what_it_says_to_a_shell(tmp_path: Path, line: str, value: str) -> None:
    """With or without quotes; comments and empty lines are passed over."""
    file = tmp_path / "x.env"
    file.write_text(f"{line}\n\n# a comment\n", encoding="utf-8")

    assert read(file) == {"A": value}


def test_a_wrong_line_is_named_by_its_number_alone(tmp_path: Path) -> None:
    """What stands there may be a secret."""
    file = tmp_path / "x.env"
    file.write_text('A=b\nhush-hush\nB="hush-hush\n', encoding="utf-8")
    with pytest.raises(click.UsageError) as refused:
        read(file)

    assert "line 2, 3" in refused.value.message
    assert "hush" not in refused.value.message


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """With what to name instead."""
    file = tmp_path / "x.env"
    file.write_bytes(b"\xff\xfe\x00A")
    with pytest.raises(click.UsageError, match="NAME=VALUE"):
        read(file)


def test_what_the_file_says_wins_over_the_shell(folder: Path) -> None:
    """And what it does not say is the shell's."""
    (folder / "prod.env").write_text("A=file\n")

    assert environment(None, "prod", {"A": "shell", "B": "shell"}) == {"A": "file", "B": "shell"}
    assert environment(None, "", {"A": "shell"}) == {"A": "shell"}
    with pytest.raises(click.UsageError, match="either"):
        environment(folder / "prod.env", "prod", {})


@pytest.mark.parametrize("name", ["test", "../prod", "", "/etc/passwd"])
def test_an_unknown_profile_names_those_that_there_are(folder: Path, name: str) -> None:
    """And the folder; a name leads nowhere else."""
    (folder / "prod.env").touch()
    with pytest.raises(click.UsageError) as refused:
        path_of(name)

    assert "known are prod" in refused.value.message
    assert str(folder) in refused.value.message


@pytest.mark.parametrize(
    ("mode", "text", "count"), [(0o644, "X_SECRET=s", 1), (0o600, "X_SECRET=s", 0), (0o644, "A=b", 0)]
)
def test_secrets_that_others_may_read_are_told(tmp_path: Path, mode: int, text: str, count: int) -> None:
    """With the remedy."""
    file = tmp_path / "x.env"
    file.write_text(text)
    file.chmod(mode)

    assert [line for line in warnings(file, "") if "chmod 600" in line] == [*warnings(file, "")]
    assert len([*warnings(file, "")]) == count


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_company_is_chosen_by_name(office: CliOffice, folder: Path, place: str) -> None:
    """No setting is in the shell; the option stands before or after the command."""
    lines = [f"{name}='{value}'" for name, value in office.environ.items()]
    (folder / "acme.env").write_text("\n".join(lines))
    (folder / "acme.env").chmod(0o600)
    words = ("--profile", "acme", "users", "list") if place == "before" else ("users", "list", "--profile", "acme")
    answer = CliRunner(env={**dict.fromkeys(office.environ), "PATH": ""}).invoke(main, words)

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "`calsync users enable UPN`" in answer.stdout
