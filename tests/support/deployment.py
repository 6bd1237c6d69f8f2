"""Where the files stand, and what several tests read out of them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.bicep import Code, Template, read_bicep
from tests.support.functions import functions

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"
MAIN = INFRA / "main.bicep"
PARAMETERS = INFRA / "main.bicepparam"
MODULES = sorted((INFRA / "modules").glob("*.bicep"))
TEMPLATES = [MAIN, *MODULES]

READS = re.compile(r"readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)")


def module(name: str) -> Template:
    """The module of this name."""
    return read_bicep(INFRA / "modules" / f"{name}.bicep")


def text_of(value: Any) -> str:
    """A value or expression as the source has it, without quotation marks."""
    return value.text.strip("'") if isinstance(value, Code) else str(value)


@cache
def bindings() -> dict[str, dict[str, Any]]:
    """The trigger of each function of the app, by the function's name."""
    found: dict[str, dict[str, Any]] = {}
    for name, function in functions().items():
        (trigger,) = (
            b for b in json.loads(function.get_function_json())["bindings"] if b["type"].endswith("Trigger")
        )
        found[name] = trigger
    return found


def functions_with(kind: str) -> dict[str, dict[str, Any]]:
    """The triggers of one kind: ``timerTrigger``, ``queueTrigger`` or ``httpTrigger``."""
    return {name: trigger for name, trigger in bindings().items() if trigger["type"] == kind}


def delivered() -> dict[str, Any]:
    """Every app setting that a deployment with all options sets, with its value or expression."""
    app = module("functionapp")
    gathered: dict[str, Any] = {}
    for part in (app.variables["webhookSetting"], app.resources["appSettings"].body["properties"]):
        for settings in part.objects:
            gathered |= settings
    gathered |= read_bicep(MAIN).variables["erpnetSettings"]
    gathered |= read_bicep(PARAMETERS).variables["settings"]
    return gathered


def environment() -> dict[str, str | None]:
    """What a deployment reads from the environment, with the default; None where it must be there."""
    return {found[1]: found[2] for found in READS.finditer(PARAMETERS.read_text(encoding="utf-8"))}


GRAPH_ROLES = {
    "calendarsReadWrite": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    "mailboxSettingsRead": "40f97065-369a-49f4-947c-6a255697ae91",
    "userReadAll": "df021288-bdef-4463-88db-98f22de89214",
}
"""Microsoft Graph application permissions, azure.md §12."""
