"""The commands of others that the docs give, with their options: what ``test_orders`` holds every page against.

Sources: what ``az COMMAND --help`` of azure-cli 2.91.0 prints, azd's own help texts (github Azure/azure-dev of August
2026, cli/azd/cmd/testdata) and learn.microsoft.com/azure/azure-functions/functions-core-tools-reference.
"""

from __future__ import annotations

EVERYWHERE = {"az": {"--query", "--output", "-o", "--only-show-errors"}, "azd": {"--no-prompt"}, "func": set[str]()}
"""Options that each command of a program has."""

ORDERS: dict[str, dict[str, set[str]]] = {
    "az": {
        "account list-locations": set(),
        "account set": {"--name", "--subscription"},
        "account show": set(),
        "ad app create": {
            "--app-roles",
            "--display-name",
            "--enable-id-token-issuance",
            "--sign-in-audience",
            "--web-redirect-uris",
        },
        "ad app credential reset": {"--id", "--years"},
        "ad app delete": {"--id"},
        "ad app federated-credential create": {"--id", "--parameters"},
        "ad signed-in-user show": set(),
        "ad sp create": {"--id"},
        "ad sp show": {"--id"},
        "bicep upgrade": set(),
        "deployment sub cancel": {"--name"},
        "deployment sub create": {"--name", "--location", "--parameters"},
        "deployment sub what-if": {"--name", "--location", "--parameters", "--validation-level"},
        "functionapp list-flexconsumption-locations": set(),
        "functionapp list-flexconsumption-runtimes": {"--location", "-l", "--runtime"},
        "functionapp restart": {"--name", "--resource-group"},
        "functionapp stop": {"--name", "--resource-group"},
        "group delete": {"--name"},
        "keyvault purge": {"--name"},
        "keyvault recover": {"--name"},
        "keyvault secret set": {"--vault-name", "--name", "--value"},
        "lock delete": {"--name", "--resource-group", "--resource", "--resource-type"},
        "login": set(),
        "provider register": {"--namespace"},
        "rest": {"--method", "--url", "--url-parameters", "--body", "--headers", "--resource"},
        "role definition create": {"--role-definition"},
        "role assignment create": {"--assignee", "--role", "--scope"},
        "role assignment delete": {"--ids"},
        "role assignment list": {"--all", "--assignee"},
        "version": set(),
    },
    "azd": {
        "auth login": set(),
        "deploy": set(),
        "down": {"--purge", "--force"},
        "env get-values": set(),
        "env new": set(),
        "env refresh": set(),
        "env select": set(),
        "env set": set(),
        "provision": {"--preview"},
        "up": set(),
        "version": set(),
    },
    "func": {
        "--version": set(),
        "azure functionapp publish": {"--python", "--build", "--no-build", "--list-included-files"},
        "start": set(),
    },
}
