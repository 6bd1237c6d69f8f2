"""The Bicep files hold together: what a compiler would refuse, and what the house asks of each parameter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.bicep import Code, Template, parse, read_bicep
from tests.support.deployment import MAIN, MODULES, PARAMETERS, TEMPLATES, module

FUNCTIONS = {
    *(
        "bool",
        "cidrSubnet",
        "concat",
        "contains",
        "empty",
        "endsWith",
        "environment",
        "fail",
        "filter",
        "guid",
        "int",
        "json",
    ),
    *(
        "length",
        "loadTextContent",
        "map",
        "range",
        "readEnvironmentVariable",
        "replace",
        "resourceGroup",
        "resourceId",
        "string",
        "subscription",
    ),
    *("subscriptionResourceId", "substring", "tenant", "toLower", "union", "uniqueString"),
}
"""Functions of the language that we use; a misspelt one would not be among them."""

VERSIONS = {
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Graph/appRoleAssignedTo": "v1.0",
    "Microsoft.Graph/servicePrincipals": "v1.0",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/scheduledQueryRules": "2026-03-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.KeyVault/vaults": "2025-05-01",
    "Microsoft.KeyVault/vaults/secrets": "2025-05-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network/natGateways": "2025-05-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2025-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2025-05-01",
    "Microsoft.Network/publicIPAddresses": "2025-05-01",
    "Microsoft.Network/virtualNetworks": "2025-05-01",
    "Microsoft.OperationalInsights/workspaces": "2025-07-01",
    "Microsoft.OperationalInsights/workspaces/savedSearches": "2025-07-01",
    "Microsoft.Resources/resourceGroups": "2025-04-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-06-01",
    "Microsoft.Storage/storageAccounts/queueServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/queueServices/queues": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "2025-06-01",
    "Microsoft.Web/serverfarms": "2025-03-01",
    "Microsoft.Web/sites": "2025-03-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2025-03-01",
    "Microsoft.Web/sites/config": "2025-03-01",
}
"""The stable api version of each type that the rule ``use-recent-api-versions`` accepts; of diagnostic settings there
is none but a preview."""


def ids(path: Path) -> str:
    """Name a case by its file."""
    return path.name


@pytest.mark.parametrize("path", [*TEMPLATES, PARAMETERS], ids=ids)
def test_every_file_parses(path: Path) -> None:
    """The grammar of Bicep accepts each file whole."""
    assert read_bicep(path).broken == []


def test_a_broken_file_is_noticed() -> None:
    """The reader tells where a file does not parse."""
    assert parse("param = {\n").broken


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_name_is_declared(path: Path) -> None:
    """No expression uses a name that the file does not declare, nor a function that Bicep does not have."""
    template = read_bicep(path)

    assert set() == template.unknown
    assert set() == template.functions - FUNCTIONS


def test_an_undeclared_name_is_noticed() -> None:
    """The reader finds a name that nobody declares, and knows the variables of loops and lambdas."""
    text = "var a = [for x in rows: x]\nvar b = map(a, y => '${y}${z}')\nparam rows array\n"

    assert {"z"} == parse(text).unknown


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_nothing_is_declared_in_vain(path: Path) -> None:
    """Every parameter and variable is used."""
    template = read_bicep(path)

    assert set() == {*template.params, *template.variables} - template.used


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_parameter_says_whether_it_must_be_given(path: Path) -> None:
    """A description opens with Required exactly where there is no default, else with Optional or Conditional."""
    for param in read_bicep(path).params.values():
        first, _, rest = param.description.partition(". ")

        assert first in (("Required",) if param.is_required else ("Optional", "Conditional")), param.name
        assert rest.endswith("."), param.name


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_output_is_described(path: Path) -> None:
    """Outputs say what they are for."""
    assert [output.name for output in read_bicep(path).outputs.values() if not output.description] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_api_versions_are_those_of_the_contract(path: Path) -> None:
    """Each resource type is asked for in one version."""
    for part in read_bicep(path).resources.values():
        assert VERSIONS[part.type] == part.version, part.symbol


def test_every_module_is_wired_once() -> None:
    """``main.bicep`` uses each module file exactly once, and no other."""
    wired = sorted(part.kind for part in read_bicep(MAIN).modules.values())

    assert [f"modules/{path.name}" for path in MODULES] == wired


def test_modules_get_what_they_ask_for() -> None:
    """Each module gets all its required parameters and none that it does not know."""
    for part in read_bicep(MAIN).modules.values():
        asked = module(Path(part.kind).stem).params
        given = set(part.body["params"])

        assert {name for name, param in asked.items() if param.is_required} <= given, part.symbol
        assert given <= set(asked), part.symbol


def test_outputs_taken_from_modules_exist() -> None:
    """``main.bicep`` reads only outputs that the module has."""
    main = read_bicep(MAIN)
    taken = set(re.findall(r"(\w+)\.outputs\.(\w+)", MAIN.read_text(encoding="utf-8")))
    offered = {(s, name) for s, part in main.modules.items() for name in module(Path(part.kind).stem).outputs}

    assert set() == taken - offered
    assert ("app", "address") in taken


def test_every_output_is_taken() -> None:
    """A module gives nothing out that ``main.bicep`` does not read; what it gives itself is told by name."""
    taken = set(re.findall(r"(\w+)\.outputs\.(\w+)", MAIN.read_text(encoding="utf-8")))
    offered = {(s, n) for s, part in read_bicep(MAIN).modules.items() for n in module(Path(part.kind).stem).outputs}

    assert set() == offered - taken
    assert {name for name in read_bicep(MAIN).outputs if not name.startswith("CALSYNC_")} == set()


def test_the_parameter_file_gives_every_parameter() -> None:
    """``main.bicepparam`` names each parameter of ``main.bicep`` and no other."""
    assert set(read_bicep(MAIN).params) == set(read_bicep(PARAMETERS).variables)


def test_defaults_of_the_parameter_file_are_those_of_the_template() -> None:
    """A default stands in both files (Bicep cannot inherit it) and is the same."""
    given = read_bicep(PARAMETERS).variables
    for name, param in read_bicep(MAIN).params.items():
        default = re.search(r"', '([^']*)'\)", given[name].text) if isinstance(given[name], Code) else None

        assert param.is_required == (default is None and name != "settings"), name
        assert default is None or default[1] == _written(param.default), name


def _written(default: object) -> str:
    """A default as text of an environment variable."""
    return "[]" if default == [] else str(default).lower() if isinstance(default, bool) else str(default)


def test_only_names_and_wires_stand_in_main() -> None:
    """``main.bicep`` creates nothing itself but the resource group."""
    assert list(read_bicep(MAIN).resources) == ["group"]


def test_the_graph_extension_is_configured() -> None:
    """What ``graph-roles.bicep`` extends is named in ``bicepconfig.json``."""
    config = (MAIN.parent.parent / "bicepconfig.json").read_text(encoding="utf-8")

    assert '"microsoftGraphV1": "br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0"' in config
    assert "\nextension microsoftGraphV1\n" in _source(module("graph-roles"))


def _source(template: Template) -> str:
    return template.path.read_text(encoding="utf-8")
