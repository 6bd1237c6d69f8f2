"""Before anything is made in Azure: says what a deployment would fail on, or what would surprise later.

Reads the environment that the deployment reads (``azd`` hands it over; else the shell's) and holds it against
infra/main.bicepparam and the limits that infra/main.bicep sets, against the app's own reading of its settings, and
against what the region offers. A mistake ends with exit code 1, a warning does not; what cannot be asked of Azure is
said and skipped. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from adapters.setting_conflicts import UNRESOLVED  # noqa: E402 - found at the root
from adapters.settings import OUR_PREFIXES, ROWS, load  # noqa: E402 - found at the root
from infra.scripts.azure_cli import get  # noqa: E402 - found at the root
from sync_core.errors import SettingsInvalid  # noqa: E402

TEMPLATE = ROOT / "infra" / "main.bicep"
PARAMETERS = ROOT / "infra" / "main.bicepparam"
READ = re.compile(
    r"^(?:param (\w+) = |  \w+: )(?:(int|bool|json)\()?readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)",
    re.MULTILINE,
)
STACKS = "https://management.azure.com/providers/Microsoft.Web/locations/{}/functionAppStacks"

ASKED = {
    "api_version": "2020-10-01",
    "stack": "python",
    "sku": "FC1",
    "removeHiddenStacks": "true",
    "removeDeprecatedStacks": "true",
}
"""As ``az functionapp list-flexconsumption-runtimes`` asks."""

NOT_DELIVERED = frozenset({"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "GRAPH_ACCESS_TOKEN"})
"""Settings of the app that in this environment mean the one who deploys, or nothing."""

HOOKS = ("CALSYNC_HOOK_PYTHON", "CALSYNC_SMOKE_PATIENCE")
"""What the checks themselves read."""

KINDS = {"int": (r"-?[0-9]+", "a whole number"), "bool": ("true|false", "true or false")}

ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
RESOURCE = r'"/subscriptions/[^"]+"'
FORMATS = {
    "AZURE_ENV_NAME": (
        r"[A-Za-z0-9._()-]{0,63}[A-Za-z0-9_()-]",
        "letters, digits and - _ . ( ), no full stop at the end, 64 at most: it becomes part of names",
    ),
    "AZURE_LOCATION": ("[A-Za-z0-9 ]+", "a region as `az account list-locations` names it, like westeurope"),
    "CALSYNC_OPERATOR_PRINCIPAL_ID": (ID, "an object id: `az ad signed-in-user show --query id` tells yours"),
    "CALSYNC_PORTAL_CLIENT_ID": (ID, "the client id of an app registration"),
    "CALSYNC_ALERT_EMAIL": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "CALSYNC_ACTION_GROUPS": (
        rf"\[\s*({RESOURCE}\s*(,\s*{RESOURCE}\s*)*)?\]",
        'a JSON list of resource ids, like ["/subscriptions/…"] or []',
    ),
}
"""What Azure takes, beyond kinds and limits, and in words."""


@dataclass(frozen=True, slots=True)
class Read:
    """Something that a deployment reads: its name, the template's parameter ('' for a setting of the app), its kind
    ('' for text), its default (None where it must be there) and the limits of the parameter."""

    name: str
    param: str
    kind: str
    default: str | None
    allowed: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    def wrong(self, text: str) -> str | None:
        """What a value must be, where it is not."""
        one_of = (
            ("|".join(map(re.escape, self.allowed)), f"one of {', '.join(self.allowed)}") if self.allowed else None
        )
        for asked in (KINDS.get(self.kind), FORMATS.get(self.name), one_of):
            if asked and not re.fullmatch(asked[0], text):
                return asked[1]
        if self.least is not None and int(text) < self.least:
            return f"{self.least} or more"
        if self.most is not None and int(text) > self.most:
            return f"{self.most} at most"
        return None


def reads() -> dict[str, Read]:
    """What a deployment reads, by name."""
    limits = _limits()
    found = READ.finditer(PARAMETERS.read_text(encoding="utf-8"))
    return {m[3]: Read(m[3], m[1] or "", m[2] or "", m[4], **limits.get(m[1], {})) for m in found}


def _limits() -> dict[str, dict[str, Any]]:
    """What the template says of its parameters, by their names; each is a paragraph."""
    found: dict[str, dict[str, Any]] = {}
    for paragraph in TEMPLATE.read_text(encoding="utf-8").split("\n\n"):
        name = re.search(r"^param (\w+) ", paragraph, re.MULTILINE)
        if name:
            found[name[1]] = {
                "allowed": tuple(re.findall(r"^  '([^']+)'$", paragraph, re.MULTILINE)),
                **{key: int(n) for key, n in _numbers(paragraph)},
            }
    return found


def _numbers(paragraph: str) -> Iterator[tuple[str, str]]:
    for word, number in re.findall(r"^@(min|max)Value\((-?\d+)\)", paragraph, re.MULTILINE):
        yield {"min": "least", "max": "most"}[word], number


def mistakes(given: Mapping[str, str]) -> Iterator[str]:
    """What a deployment with this environment would fail on."""
    for name, read in reads().items():
        text = given.get(name)
        if not text and read.default is None:
            yield f"{name} is missing: {_how_to_set(name)}"
        elif text == "" and read.default:
            yield f"{name} is empty, which is not the same as left out: give it a value, usually {read.default}"
        elif text and text != text.strip():
            yield f"{name} begins or ends with a blank"
        elif text and (told := read.wrong(text)):
            yield f"{name} = {text}: must be {told}"
    yield from _network(given.get("CALSYNC_NETWORK_PREFIX", ""))
    if not given.get("ERPNET_CLIENT_SECRET") and not given.get("CALSYNC_VAULT"):
        yield f"ERPNET_CLIENT_SECRET is missing, and no vault holds it yet: {_how_to_set('ERPNET_CLIENT_SECRET')}"
    opens = given.get("CALSYNC_ERPNET_WEBHOOK") == "true"
    if opens and not given.get("ERPNET_WEBHOOK_SECRET") and not given.get("CALSYNC_VAULT"):
        yield "ERPNET_WEBHOOK_SECRET is missing beside CALSYNC_ERPNET_WEBHOOK: give it once, 16 characters or more"
    yield from _settings(given)[0]


def _how_to_set(name: str) -> str:
    if name.endswith("SECRET"):
        return f"export {name} in the shell, for this one deployment"
    return f"azd env set {name} VALUE, or export it in the shell"


def _network(text: str) -> Iterator[str]:
    """Two subnets of 64 addresses each are cut out of it."""
    try:
        if text and IPv4Network(text).prefixlen > 24:
            yield f"CALSYNC_NETWORK_PREFIX = {text}: must be a /24 or larger"
    except ValueError as wrong:
        yield f"CALSYNC_NETWORK_PREFIX: {wrong}; write it like 10.90.0.0/24"


def _settings(given: Mapping[str, str]) -> tuple[list[str], tuple[str, ...]]:
    """Mistakes and warnings of the app's settings as they would be delivered."""
    names = {row.name for row in ROWS} - NOT_DELIVERED
    app = {name: value for name, value in given.items() if name in names or name.startswith(OUR_PREFIXES)}
    app = {n: v for n, v in app.items() if not n.startswith("AzureWebJobs") and n not in NOT_DELIVERED}
    app |= {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    for name in ("ERPNET_URL", "ERPNET_CLIENT_ID", "ERPNET_CLIENT_SECRET"):
        app[name] = app.get(name) or ("https://acme.my.erp.net" if name == "ERPNET_URL" else "there")
    if not knows_zones():
        app.pop("ERPNET_TIME", None)
    try:
        return [], load(app).warnings
    except SettingsInvalid as wrong:
        return [one for one in wrong.mistakes if UNRESOLVED not in one], ()


def knows_zones() -> bool:
    """Whether Python finds time zones here; on Windows it has none of its own."""
    return bool(available_timezones())


def warnings(given: Mapping[str, str]) -> Iterator[str]:
    """What does not stop a deployment and may surprise."""
    yield from _settings(given)[1]
    if given.get("ERPNET_TIME") and not knows_zones():
        yield "ERPNET_TIME is not looked at: this Python knows no time zones"
    options = [name for name in reads() if name.startswith("CALSYNC_")]
    outputs = re.findall(r"^output (\w+) ", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE)
    for name in sorted(given):
        close = get_close_matches(name, options, n=1, cutoff=0.8)
        if name.startswith("CALSYNC_") and name not in (*options, *outputs, *HOOKS) and close:
            yield f"{name} is no option of a deployment: did you mean {close[0]}?"


def region_mistakes(given: Mapping[str, str]) -> Iterator[str]:
    """What the region does not offer. What cannot be asked is told on stderr."""
    region = given["AZURE_LOCATION"].replace(" ", "").lower()
    answer = get(STACKS.format(region), **ASKED)
    if answer is None:
        print(f"not asked what {region} offers: `az login` first, or go on", file=sys.stderr)
        return
    offered = dict(_offers(answer))
    if not offered:
        yield f"AZURE_LOCATION = {region} does not offer Flex Consumption with Python: choose another region"
        return
    python = given.get("CALSYNC_PYTHON") or reads()["CALSYNC_PYTHON"].default or ""
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
                (
                    int(limits.get("lowestMaximumInstanceCount", 1)),
                    int(limits.get("highestMaximumInstanceCount", 1000)),
                ),
            )
        for value in answer.values():
            yield from _offers(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _offers(value)


def main() -> int:
    """Say everything at once; 1 if the deployment would fail."""
    found = list(mistakes(os.environ))
    if not found:
        found += region_mistakes(os.environ)
    for warning in warnings(os.environ):
        print(f"warning: {warning}", file=sys.stderr)
    for mistake in found:
        print(f"error: {mistake}", file=sys.stderr)
    print(json.dumps({"mistakes": len(found)}) if found else "The settings of the deployment are right.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
