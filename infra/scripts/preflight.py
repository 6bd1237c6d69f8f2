"""Before anything is made in Azure: says what a deployment would fail on, or what would surprise later.

Reads the environment that the deployment reads (``azd`` hands it over; else the shell's) and holds it against
infra/main.bicepparam, against the app's own reading of its settings, and against what the region offers. A mistake
ends with exit code 1, a warning does not; what cannot be asked of Azure is said and skipped. Needs Python 3.11 and
nothing else.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from adapters.settings import ROWS, UNRESOLVED, load  # noqa: E402 - found at the root
from infra.scripts.azure_cli import ask  # noqa: E402 - found at the root
from sync_core.errors import SettingsInvalid  # noqa: E402

PARAMETERS = ROOT / "infra" / "main.bicepparam"
READS = re.compile(r"(?:\b(int|bool|json)\()?readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)")
STACKS = "https://management.azure.com/providers/Microsoft.Web/locations/{}/functionAppStacks"

MADE_BY_BICEP = frozenset({"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"})
"""Settings of the app that in this environment mean the one who deploys."""

KINDS = {
    "int": (r"-?[0-9]+", "a whole number"),
    "bool": ("true|false", "true or false"),
    "json": (r"\[.*\]", "a JSON list, like []"),
}


def reads() -> dict[str, tuple[str, str | None]]:
    """What a deployment reads: kind ('' for text) and default, None where it must be there."""
    text = PARAMETERS.read_text(encoding="utf-8")
    return {name: (kind, default or None) for kind, name, default in READS.findall(text) if name}


def required() -> list[str]:
    """Names without a default."""
    text = PARAMETERS.read_text(encoding="utf-8")
    return re.findall(r"readEnvironmentVariable\('(\w+)'\)", text)


def mistakes(given: Mapping[str, str]) -> Iterator[str]:
    """What a deployment with this environment would fail on."""
    for name in required():
        if not given.get(name):
            yield f"{name} is missing: {_how_to_set(name)}"
    for name, (kind, _) in reads().items():
        pattern, told = KINDS.get(kind, (".*", ""))
        if given.get(name) and not re.fullmatch(pattern, given[name], re.DOTALL):
            yield f"{name} = {given[name]}: must be {told}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]|[A-Za-z0-9]?", given.get("AZURE_ENV_NAME", "")):
        yield "AZURE_ENV_NAME becomes part of names: only letters, digits, - and _ between, no blanks"
    if not given.get("ERPNET_CLIENT_SECRET") and not given.get("CALSYNC_VAULT"):
        yield f"ERPNET_CLIENT_SECRET is missing, and no vault holds it yet: {_how_to_set('ERPNET_CLIENT_SECRET')}"
    opens = given.get("CALSYNC_ERPNET_WEBHOOK") == "true"
    if opens and not given.get("ERPNET_WEBHOOK_SECRET") and not given.get("CALSYNC_VAULT"):
        yield "ERPNET_WEBHOOK_SECRET is missing beside CALSYNC_ERPNET_WEBHOOK: give it once, 16 characters or more"
    yield from _settings(given)[0]


def _how_to_set(name: str) -> str:
    if name.endswith("SECRET"):
        return f"export {name} in the shell, for this one deployment"
    return f"azd env set {name} VALUE"


def _settings(given: Mapping[str, str]) -> tuple[list[str], tuple[str, ...]]:
    """Mistakes and warnings of the app's settings as they would be delivered."""
    names = {row.name for row in ROWS} - MADE_BY_BICEP
    app = {name: value for name, value in given.items() if name in names or name.startswith(("SYNC_", "ERPNET_"))}
    app = {name: value for name, value in app.items() if not name.startswith("AzureWebJobs")}
    app |= {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    for name in ("ERPNET_URL", "ERPNET_CLIENT_ID", "ERPNET_CLIENT_SECRET"):
        app[name] = app.get(name) or ("https://acme.my.erp.net" if name == "ERPNET_URL" else "there")
    try:
        return [], load(app).warnings
    except SettingsInvalid as wrong:
        return [one for one in wrong.mistakes if UNRESOLVED not in one], ()


def region_mistakes(given: Mapping[str, str]) -> Iterator[str]:
    """What the region does not offer. What cannot be asked is told on stderr."""
    region = re.sub(r"[^a-z0-9]", "", given.get("AZURE_LOCATION", "").lower())
    if not region:
        return
    url = f"{STACKS.format(region)}?api-version=2020-10-01&stack=python"
    answer = ask("rest", "--method", "GET", "--url", url)
    if answer is None:
        print(f"not asked what {region} offers: `az login` first, or go on", file=sys.stderr)
        return
    offered = dict(_offers(answer))
    if not offered:
        yield f"AZURE_LOCATION = {region} does not offer Flex Consumption with Python: choose another region"
        return
    default = reads()["CALSYNC_PYTHON"][1] or ""
    python = given.get("CALSYNC_PYTHON") or default
    if python not in offered:
        yield f"CALSYNC_PYTHON = {python}: {region} offers {', '.join(sorted(offered))}"
        return
    lowest, highest = offered[python]
    wanted = int(given.get("CALSYNC_MAXIMUM_INSTANCES") or 0)
    if wanted and not lowest <= wanted <= highest:
        yield f"CALSYNC_MAXIMUM_INSTANCES = {wanted}: {region} takes {lowest} to {highest}"
    if not wanted and lowest > int(given.get("ERPNET_MAX_SESSIONS") or 1) + 1:
        yield f"{region} takes no less than {lowest} instances: azd env set CALSYNC_MAXIMUM_INSTANCES {lowest}"


def _offers(answer: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each Python of Flex Consumption with the least and greatest limit of instances, wherever it stands."""
    if isinstance(answer, dict):
        limits = answer.get("maximumInstanceCount")
        runtime = (answer.get("functionAppConfigProperties") or {}).get("runtime") or {}
        if isinstance(limits, dict) and runtime.get("name") == "python":
            yield (
                str(runtime["version"]),
                (int(limits["lowestMaximumInstanceCount"]), int(limits["highestMaximumInstanceCount"])),
            )
        for value in answer.values():
            yield from _offers(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _offers(value)


def main() -> int:
    """Say everything at once; 1 if the deployment would fail."""
    given = {name: value.strip() for name, value in os.environ.items()}
    found = list(mistakes(given))
    if not found:
        found += region_mistakes(given)
    for warning in _settings(given)[1]:
        print(f"warning: {warning}", file=sys.stderr)
    for mistake in found:
        print(f"error: {mistake}", file=sys.stderr)
    print(json.dumps({"mistakes": len(found)}) if found else "The settings of the deployment are right.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
