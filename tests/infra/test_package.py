"""What is uploaded: the app's code and nothing else, by Core Tools and by azd, and how much that is.

Both read .funcignore, each in its own way: Core Tools as expressions from the start of the path to a word's boundary
(azure.md §3), azd as git reads its ignore files.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache

import pytest
from pathspec import GitIgnoreSpec

from tests.support.deployment import ROOT

DEPLOYED = ("function_app.py", "host.json", "requirements.txt", "adapters/", "jobs/", "sync_core/", "portal/")

ALWAYS_LEFT = frozenset({".funcignore", ".gitignore", "local.settings.json"})
"""What Core Tools never uploads, whatever the file says."""


@cache
def patterns() -> tuple[str, ...]:
    """The lines of .funcignore."""
    return tuple(line for line in (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines() if line)


def core_tools_denies(path: str) -> bool:
    """Whether Core Tools leaves a path out."""
    whole = "|".join(f"({_regex(pattern)})" for pattern in patterns())
    return path in ALWAYS_LEFT or re.match(rf"({whole})\b", path, re.ASCII) is not None


def _regex(pattern: str) -> str:
    escaped = re.sub(r"[-\[\]/{}()+?.\\^$|]", r"\\\g<0>", pattern)
    return escaped.replace("**", "(.+)").replace("*", r"([^\/]+)")


@cache
def _git_reading() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns())


def azd_denies(path: str) -> bool:
    """Whether azd leaves a path out."""
    return path == ".funcignore" or _git_reading().match_file(path)


TOOLS = {"func": core_tools_denies, "azd": azd_denies}
both = pytest.mark.parametrize("denies", TOOLS.values(), ids=TOOLS)


def tracked() -> list[str]:
    """Every file of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


@both
def test_exactly_the_app_is_uploaded(denies: Callable[[str], bool]) -> None:
    """The app's code goes up: nothing of the stand-ins, the tests, the docs or the command line."""
    uploaded = [path for path in tracked() if not denies(path)]
    wanted = [path for path in tracked() if path.startswith(DEPLOYED) and not path.endswith(".md")]

    assert uploaded == wanted
    assert {"function_app.py", "host.json", "requirements.txt", "jobs/app/work.py"} <= set(uploaded)


@both
@pytest.mark.parametrize(
    "path",
    [".venv/bin/python", ".venv-3.13/bin/python", ".git/config", ".azure/prod/.env", ".env", "local.settings.json",
     "jobs/__pycache__/work.cpython-311.pyc", "__pycache__/function_app.cpython-311.pyc",
     "adapters/graph/__pycache__/x.pyc", "calsync.egg-info/PKG-INFO", ".hypothesis/x", ".tools/node_modules/x.js",
     "build/lib/x.py", "dist/calsync.whl", ".python_packages/lib/x.py", ".vscode/settings.json",
     "calsync-users.json", "credential.json", ".gitattributes"],
)  # fmt: skip
def test_what_lies_about_stays_at_home(denies: Callable[[str], bool], path: str) -> None:
    """Environments, secrets and caches are not uploaded, wherever they lie."""
    assert denies(path)


@both
def test_what_git_ignores_is_not_uploaded(denies: Callable[[str], bool]) -> None:
    """Each folder that the repository does not keep is one that the package does not keep."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    folders = [name.replace("*/", "/").replace("*.", "x.") for name in ignored if name.endswith("/")]

    assert len(folders) > 8
    assert [folder for folder in folders if not denies(f"{folder}x")] == []


@both
def test_what_the_pages_make_here_is_not_uploaded(denies: Callable[[str], bool]) -> None:
    """Environments, lists of people and whatever else a line of the docs writes into this folder."""
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    environments = set(re.findall(r"python3? -m venv (\S+?);?(?=\s)", pages))
    files = set(re.findall(r" > ([\w.-]+)|(?:--parameters|--role-definition) ([\w-]+\.json)", pages))
    written = environments | {name for pair in files for name in pair if name}

    assert written == {".venv-cli", "calsync-users.json", "credential.json", "what-if-role.json"}
    assert [name for name in written if not denies(f"{name}/x" if name in environments else name)] == []
    assert re.search(r"^\* text=auto eol=lf$", (ROOT / ".gitattributes").read_text(encoding="utf-8"), re.MULTILINE)


def test_names_are_written_out() -> None:
    """A pattern that takes every hidden file would take one that the app comes to need, unseen."""
    assert ".*" not in patterns()
    assert "*" not in patterns()


def test_the_docs_say_how_much_goes_up() -> None:
    """Files and kilobytes as told, give or take a quarter; far from anything that is slow to upload."""
    uploaded = [ROOT / path for path in tracked() if not core_tools_denies(path)]
    kilobytes = sum(path.stat().st_size for path in uploaded) / 1000
    page = (ROOT / "docs" / "host.md").read_text(encoding="utf-8")
    told = re.search(r"uploaded are about (\d+) files of together (\d+) KB", page)
    print(f"uploaded: {len(uploaded)} files, {kilobytes:.0f} KB")

    assert told
    assert abs(int(told[1]) - len(uploaded)) <= len(uploaded) / 4
    assert abs(int(told[2]) - kilobytes) <= kilobytes / 4
