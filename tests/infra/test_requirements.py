"""What is installed is locked: exact versions with hashes, fresh against what is asked for, and the oldest tested."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.deployment import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = ("linux", "win32", "darwin")

HOW = "uv pip compile --universal --generate-hashes --python-version 3.11"
"""What a lock file is made with: for every system, from the oldest Python on."""

ENTRY = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[^\\\n]+?))? \\\n"
    r"(?P<hashes>(?:    --hash=[^\n]+\n)+)(?P<via>(?:    # [^\n]*\n?)+)",
    re.MULTILINE,
)
"""One package of a lock file, with who asks for it."""


@dataclass(frozen=True)
class Locked:
    """A package of a lock file: who asks for it are names of packages and files."""

    name: str
    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]
    askers: frozenset[str]

    def is_for(self, python: str, system: str) -> bool:
        """Whether this Python on this system gets it."""
        return self.marker is None or self.marker.evaluate(surroundings(python, system))


def surroundings(python: str, system: str) -> dict[str, str]:
    """What markers are asked about."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


@cache
def locked(name: str) -> tuple[Locked, ...]:
    """All packages of a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return tuple(
        Locked(
            found["name"],
            Version(found["version"]),
            Marker(found["marker"]) if found["marker"] else None,
            tuple(re.findall(r"--hash=(\S+)", found["hashes"])),
            frozenset(re.findall(r"# +(?:via )?(\S.*)", found["via"].replace("# via\n", ""))),
        )
        for found in ENTRY.finditer(text)
    )


def asked(lines: list[str]) -> list[Requirement]:
    """The requirements among the lines."""
    return [Requirement(line.partition("#")[0]) for line in lines if line.partition("#")[0].strip()]


RUNNING = asked((ROOT / "requirements.in").read_text(encoding="utf-8").splitlines())
DEVELOPING = [one for lines in EXTRAS.values() for one in asked(lines) if one.name != "calsync"]
LOCKS = {"requirements.txt": RUNNING, "requirements-dev.txt": [*RUNNING, *DEVELOPING]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_package_with_hashes(name: str) -> None:
    """Nothing is in it that pip would install unchecked; it says how it was made."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert f"#    {HOW} " in text.partition("\n\n")[0]
    assert f"{HOW.removeprefix('uv ')} " in re.sub(r"-q ", "", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert len(locked(name)) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 50
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for package in locked(name) for one in package.hashes)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_fresh(name: str, system: str, python: str) -> None:
    """For each Python and system every requirement has exactly one version there, one that it allows."""
    here = [one for one in locked(name) if one.is_for(python, system)]
    versions = {one.name: one.version for one in here}
    wanted = [one for one in LOCKS[name] if one.marker is None or one.marker.evaluate(surroundings(python, system))]

    assert len(versions) == len(here)
    assert [str(one) for one in wanted if not is_allowed(one, versions[canonicalize_name(one.name)])] == []


def is_allowed(requirement: Requirement, found: Version) -> bool:
    """Whether it takes this version, one before the first final included."""
    return requirement.specifier.contains(found, prereleases=True)


def test_a_lock_holds_nothing_that_nobody_asks_for() -> None:
    """A package whose requirement is gone is gone, too; requirements.in asks for what has its name in the lock."""
    names = {one.name for one in locked("requirements.txt")}
    direct = {one.name for one in locked("requirements.txt") if "-r requirements.in" in one.askers}

    assert direct == {canonicalize_name(one.name) for one in RUNNING}
    assert all(one.askers - {"-r requirements.in"} <= names for one in locked("requirements.txt"))
    assert all(one.askers for one in locked("requirements.txt"))


def test_developing_runs_what_is_deployed() -> None:
    """The lock of the tests has the same versions and hashes as the lock of the app."""
    developing = {(one.name, one.version): one.hashes for one in locked("requirements-dev.txt")}

    running = {(one.name, one.version): one.hashes for one in locked("requirements.txt")}

    assert {key: developing.get(key) for key in running} == running


def test_the_tests_run_with_what_is_locked() -> None:
    """What is installed here is what Azure installs on this Python (`make lowest` runs with the oldest instead)."""
    here = [one for one in locked("requirements.txt") if one.marker is None or one.marker.evaluate()]

    assert [(one.name, version(one.name)) for one in here if Version(version(one.name)) != one.version] == []


@pytest.mark.parametrize("requirement", [*RUNNING, *DEVELOPING], ids=str)
def test_a_requirement_has_a_lower_bound(requirement: Requirement) -> None:
    """So that `make lowest` knows what is the oldest; what runs in Azure has an upper one, too, but for dates."""
    kinds = {one.operator for one in requirement.specifier}

    assert ">=" in kinds
    assert requirement in DEVELOPING or requirement.name == "tzdata" or "<" in kinds


def test_every_requirement_has_its_reason() -> None:
    """A comment stands above each, or above the line before it."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").partition("\n\n")[2].splitlines()
    bare = [
        line for before, line in zip(["", *lines], lines, strict=False) if not line.startswith("#") and not before
    ]

    assert lines[0].startswith("#")
    assert bare == []


def test_the_package_asks_for_what_azure_asks_for() -> None:
    """An installed calsync needs the same packages, unlocked, so that it can stand beside others."""
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.in"]}


def test_the_notice_names_what_is_locked() -> None:
    """Each package with its licence, and no other."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8").partition("\n\n")[2]
    told = dict(line.split(": ", 1) for line in notice.splitlines())

    assert list(told) == list(dict.fromkeys(one.name for one in locked("requirements.txt")))
    assert [name for name, licence in told.items() if not licence or licence.startswith("see the package")] == []


def test_dependabot_looks_after_what_is_locked() -> None:
    """Packages and actions are both looked at."""
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")

    assert set(re.findall(r"package-ecosystem: (\S+)", text)) == {"pip", "github-actions"}
