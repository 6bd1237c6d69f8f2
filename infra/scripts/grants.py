"""After everything is made: says which Graph permissions the app still lacks, as commands. Never stops a deployment.

Reads the outputs of the deployment from the environment. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from infra.scripts.azure_cli import get  # noqa: E402 - found at the root

GRAPH = "https://graph.microsoft.com/v1.0/servicePrincipals"
SCRIPT = HERE / "grant-graph-roles.sh"


def wanted(is_scoped: bool) -> dict[str, str]:
    """The permissions by id, as the script that grants them has them; one alone where Exchange limits mailboxes."""
    roles = re.findall(r"\(([A-Z]\w+(?:\.\w+)+)=([0-9a-f-]{36})\)", SCRIPT.read_text(encoding="utf-8"))
    chosen = [role for role in roles if not is_scoped or role[0] == "User.Read.All"]
    return {role_id: name for name, role_id in chosen}


def missing(given: Mapping[str, str]) -> list[str] | None:
    """The permissions that Entra does not grant, by name. None where it cannot be asked."""
    answer = get(f"{GRAPH}/{given.get('CALSYNC_PRINCIPAL_ID', '')}/appRoleAssignments")
    if answer is None:
        return None
    granted = {assignment["appRoleId"].lower() for assignment in answer.get("value", [])}
    return [name for role_id, name in wanted(_is_scoped(given)).items() if role_id not in granted]


def _is_scoped(given: Mapping[str, str]) -> bool:
    return given.get("CALSYNC_MAILBOX_SCOPE") == "true"


def lines(given: Mapping[str, str]) -> list[str]:
    """What is to be said."""
    principal = given.get("CALSYNC_PRINCIPAL_ID", "")
    if not principal:
        return ["CALSYNC_PRINCIPAL_ID is not there: nothing was deployed, so that nobody can be granted anything."]
    order = f"infra/scripts/grant-graph-roles.sh {principal}{' --mailbox-scope' if _is_scoped(given) else ''}"
    lacks = missing(given)
    if lacks is None:
        return ["Could not ask which Graph permissions the app has. Repeating the grant is harmless:", f"  {order}"]
    if not lacks:
        return ["The app has its Graph permissions. A new one can take hours to appear in its token."]
    return [f"The app still lacks {', '.join(lacks)}. A Privileged Role Administrator runs:", f"  {order}"]


def main() -> int:
    """Say it; 0 always."""
    print("\n".join(lines(os.environ)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
