"""Settings from a file: ``--env-file FILE``, or ``--profile NAME`` for a named one in the user's folder of settings.

A file holds NAME=VALUE lines, like those that a shell sources; what it says wins over the shell's environment.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)


def folder() -> Path:
    """Where profiles are kept, each a file NAME.env: in the place that this system has for settings of programs."""
    return Path(click.get_app_dir("calsync", force_posix=False))


def known() -> list[str]:
    """The names of the profiles that there are."""
    return sorted(path.stem for path in folder().glob("*.env"))


def path_of(profile: str) -> Path:
    """The file of a profile. Raises ``UsageError`` where there is none."""
    path = folder() / f"{profile}.env"
    if not NAME.fullmatch(profile) or not path.is_file():
        there = f"known are {', '.join(known())}" if known() else "there is none yet"
        raise click.UsageError(f"no profile {profile!r}: {there}; a profile is a file NAME.env in {folder()}")
    return path


def read(path: Path) -> dict[str, str]:
    """The settings in a file. Raises ``UsageError`` with each wrong line's number, never its text."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"{path} cannot be read: name a text file with lines like NAME=VALUE") from None
    found: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(line)
        value = _value(match[2].strip()) if match else None
        if match is None or value is None:
            wrong.append(str(number))
        else:
            found[match[1]] = value
    if wrong:
        raise click.UsageError(
            f"{path}, line {', '.join(wrong)}: write NAME=VALUE, quotes closed; a shell's words are for `source`"
        )
    return found


def _value(text: str) -> str | None:
    """A value as a shell reads it, quotes taken off; a connection string needs none. None where a quote is open."""
    if text[:1] not in ("'", '"'):
        return text.partition(" #")[0].rstrip()
    try:
        [value] = shlex.split(text, comments=True)
    except ValueError:
        return None
    return value


def environment(file: Path | None, profile: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: the shell's, and on top what the file says. Raises ``UsageError``."""
    if file is not None and profile:
        raise click.UsageError("say either --env-file or --profile")
    path = path_of(profile) if profile else file
    return {**environ, **read(path)} if path is not None else dict(environ)


def warnings(file: Path | None, profile: str) -> Iterator[str]:
    """What is not well about the file that is used: others than its owner may read the secrets in it."""
    path = path_of(profile) if profile else file
    if path is None or os.name != "posix":
        return
    has_secret = any("SECRET" in name or "AccountKey=" in value for name, value in read(path).items())
    if has_secret and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{path} holds secrets and others may read it: chmod 600 it."
