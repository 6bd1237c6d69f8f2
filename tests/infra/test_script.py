"""The fallback script, run against a stand-in for the Azure command line that notes what it was asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.deployment import GRAPH_ROLES, INFRA

SCRIPT = INFRA / "scripts" / "grant-graph-roles.sh"
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
GRAPH_SP = "99999999-8888-7777-6666-555555555555"

AZ = f"""#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  "ad sp show"*) echo {GRAPH_SP} ;;
  *"--method GET"*) printf '%s\\n' $GRANTED ;;
esac
"""


def run(folder: Path, *arguments: str, granted: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The script's end and the POST requests it made."""
    az, calls = folder / "az", folder / "calls"
    az.write_text(AZ)
    az.chmod(0o755)
    calls.write_text("")
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "GRANTED": granted}
    end = subprocess.run(
        ["bash", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    return end, [line for line in calls.read_text().splitlines() if "--method POST" in line]


def test_all_permissions_are_granted_to_the_identity(tmp_path: Path) -> None:
    """Each permission is one request that names identity, Graph and role."""
    end, posts = run(tmp_path, PRINCIPAL)

    assert end.returncode == 0
    assert len(posts) == len(GRAPH_ROLES)
    for role in GRAPH_ROLES.values():
        body = f'{{"principalId":"{PRINCIPAL}","resourceId":"{GRAPH_SP}","appRoleId":"{role}"}}'
        assert any(body in post and f"/servicePrincipals/{PRINCIPAL}/" in post for post in posts)


def test_what_is_granted_is_not_granted_again(tmp_path: Path) -> None:
    """Graph answers 400 to a second grant, so the script looks first."""
    end, posts = run(tmp_path, PRINCIPAL, granted=" ".join(GRAPH_ROLES.values()))

    assert end.returncode == 0
    assert posts == []
    assert end.stdout.count("granted before") == len(GRAPH_ROLES)


def test_with_a_mailbox_scope_entra_grants_no_calendar(tmp_path: Path) -> None:
    """Grants add up: where Exchange limits the mailboxes, only User.Read.All is asked of Entra."""
    end, posts = run(tmp_path, PRINCIPAL, "--mailbox-scope")

    assert end.returncode == 0
    assert [GRAPH_ROLES["userReadAll"] in post for post in posts] == [True]


def test_wrong_arguments_ask_nothing_of_anybody(tmp_path: Path) -> None:
    """Without an object id, or with an unknown option, the script explains itself and stops."""
    for arguments in ((), ("id-calsync",), (PRINCIPAL, "--scope")):
        end, posts = run(tmp_path, *arguments)

        assert end.returncode == 2
        assert end.stderr.startswith("usage:")
        assert posts == []
