"""What the Bicep creates: no keys, the roles of the contract, all settings, and the names the code uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.backend import Table
from adapters.settings import REQUIRED, ROWS
from tests.infra.bicep import Code, read
from tests.infra.house import (
    INFRA,
    MAIN,
    ROOT,
    TEMPLATES,
    delivered,
    environment,
    functions_with,
    module,
    text_of,
)

ROLES = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
"""Azure roles, azure.md §9."""

GRAPH_ROLES = {
    "calendarsReadWrite": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    "mailboxSettingsRead": "40f97065-369a-49f4-947c-6a255697ae91",
    "userReadAll": "df021288-bdef-4463-88db-98f22de89214",
}
"""Microsoft Graph application permissions, azure.md §12."""

NOT_IN_AZURE = {
    "AZURE_CLIENT_SECRET": "the managed identity needs none",
    "GRAPH_ACCESS_TOKEN": "development only",
    "AzureWebJobsStorage": "contradicts the settings for an identity",
    "AzureWebJobsStorage__tableServiceUri": "the account's name says the same",
    "AzureWebJobsStorage__queueServiceUri": "the account's name says the same",
}
"""Settings that a deployment must leave out."""

PLATFORM = {"APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}
"""Settings that are the platform's and not ours."""

SETTINGS = {row.name for row in ROWS}

FORBIDDEN = re.compile(r"list\w*Keys|\.listKeys\(|listCredentials|AccountKey=|SharedAccessSignature", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_key_is_read_anywhere(path: Path) -> None:
    """No template asks a service for its keys or writes a connection string that holds one."""
    assert not FORBIDDEN.search(path.read_text(encoding="utf-8"))


def test_the_storage_account_knows_no_keys_and_no_plain_http() -> None:
    """Shared keys and public blobs are off, TLS 1.2 is the least."""
    properties = module("storage").one("Microsoft.Storage/storageAccounts")["properties"]

    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    assert properties["supportsHttpsTrafficOnly"] is True
    assert properties["minimumTlsVersion"] == "TLS1_2"


def test_the_app_answers_by_https_only() -> None:
    """Plain http, old TLS and passwords for publishing are off."""
    app = module("functionapp")
    properties = app.one("Microsoft.Web/sites")["properties"]
    doors = app.of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert properties["httpsOnly"] is True
    assert properties["siteConfig"] == {"minTlsVersion": "1.2", "scmMinTlsVersion": "1.2"}
    assert {door.body["name"]: door.body["properties"] for door in doors} == {
        "scm": {"allow": False},
        "ftp": {"allow": False},
    }


def test_telemetry_needs_an_entra_token() -> None:
    """The connection string of Application Insights alone lets nobody write."""
    component = module("monitoring").one("Microsoft.Insights/components")["properties"]

    assert component["DisableLocalAuth"] is True
    assert (
        text_of(delivered()["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"])
        == "ClientId=${identityClientId};Authorization=AAD"
    )


def test_the_plan_is_flex_consumption() -> None:
    """The plan is FC1, and nothing is set that Flex Consumption refuses."""
    refused = {
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_TIME_ZONE",
    }

    assert module("plan").one("Microsoft.Web/serverfarms")["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert set() == refused & set(delivered())


def test_notifications_find_a_warm_instance() -> None:
    """An HTTP instance is ready, and one instance serves several notifications at once."""
    app = module("functionapp")
    scale = app.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]

    assert {"name": "http", "instanceCount": Code("alwaysReadyHttp")} == scale["alwaysReady"].objects[0]
    assert read(MAIN).params["alwaysReadyHttp"].default >= 1
    assert app.params["httpConcurrency"].default > 1


def test_azure_roles_are_those_of_the_contract() -> None:
    """Each role id stands under its name, and the identity gets each of them."""
    rbac = module("rbac")
    lists = {"storageRoles", "operatorRoles"}
    granted = str([part.body for part in rbac.of_type("Microsoft.Authorization/roleAssignments")])

    assert {name: value for name, value in rbac.variables.items() if name not in lists} == ROLES
    assert [text_of(role) for role in rbac.variables["storageRoles"]] == [
        "storageBlobDataOwner",
        "storageQueueDataContributor",
        "storageTableDataContributor",
    ]
    for scope, role in (
        ("account", "roleId"),
        ("vault", "keyVaultSecretsUser"),
        ("insights", "monitoringMetricsPublisher"),
    ):
        assert f"guid({scope}.id, principalId, {role})" in granted


def test_role_assignments_have_names_of_their_own() -> None:
    """A name is made of scope, principal and role, so that deploying twice assigns once."""
    for part in module("rbac").of_type("Microsoft.Authorization/roleAssignments"):
        name, properties = part.body["name"].text, part.body["properties"]
        role = re.search(r", (\w+)\)$", properties["roleDefinitionId"].text)

        assert role is not None
        assert f"guid({part.body['scope'].text}.id, {properties['principalId'].text}, {role[1]})" == name
        assert properties["principalType"] == "ServicePrincipal"


def test_the_app_starts_after_its_roles() -> None:
    """The app is created only when the identity has its rights."""
    assert [Code("rbac")] == read(MAIN).modules["app"].body["dependsOn"]


def test_graph_roles_are_those_of_the_contract() -> None:
    """The module and the script grant the same permissions; with a mailbox scope both grant User.Read.All only."""
    variables = module("graph-roles").variables
    script = (INFRA / "scripts" / "grant-graph-roles.sh").read_text(encoding="utf-8")

    assert {name: variables[name] for name in GRAPH_ROLES} == GRAPH_ROLES
    assert variables["roleIds"].text.startswith("hasMailboxScope ? [userReadAll] : [")
    assert set(GRAPH_ROLES.values()) == set(re.findall(r"=([0-9a-f]{8}-[0-9a-f-]{27})\)", script))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_secret_leaves_by_an_output(path: Path) -> None:
    """No output speaks of a secure parameter, of a connection string or of a key."""
    template = read(path)
    secrets = {param.name for param in template.params.values() if param.is_secure}
    for output in template.outputs.values():
        assert not secrets & set(re.findall(r"\w+", output.text)), output.name
        assert not re.search(r"ConnectionString|InstrumentationKey|properties\.value", output.text), output.name


def test_secrets_are_secure_parameters() -> None:
    """Whatever is called a secret is a secure parameter with an empty default, in every file."""
    for path in TEMPLATES:
        for param in read(path).params.values():
            named = "secret" in param.name.lower() and not param.name.startswith("has")
            assert named == param.is_secure, param.name
            assert not named or param.default == ""


def test_secrets_go_into_the_vault_and_nowhere_else() -> None:
    """A secure parameter is handed to the vault's module, which keeps it as a secret."""
    vault = module("keyvault")
    takers = {name for name, part in read(MAIN).modules.items() if "Secret" in str(part.body["params"].values())}
    kept = [part.body["properties"] for part in vault.of_type("Microsoft.KeyVault/vaults/secrets")]

    assert [{"value": Code("erpnetClientSecret")}, {"value": Code("erpnetWebhookSecret")}] == kept
    assert {"vault"} == takers


def test_secret_settings_are_references_to_the_vault() -> None:
    """A setting that is secret names a secret that the vault's module keeps, and has no value of its own."""
    kept = {part.body["name"] for part in module("keyvault").of_type("Microsoft.KeyVault/vaults/secrets")}
    secret = {name: text_of(value) for name, value in delivered().items() if "SECRET" in name}

    assert {"ERPNET_CLIENT_SECRET", "ERPNET_WEBHOOK_SECRET"} == set(secret)
    assert {f"@Microsoft.KeyVault(VaultName=${{vaultName}};SecretName={name})" for name in kept} == set(
        secret.values()
    )


def test_every_setting_of_the_app_is_delivered() -> None:
    """What ``adapters.settings`` reads is set in Azure, except where it must not be; nothing else is set."""
    assert set() == set(NOT_IN_AZURE) & set(delivered())
    assert SETTINGS - set(NOT_IN_AZURE) == set(delivered()) - PLATFORM


def test_settings_keep_their_defaults() -> None:
    """What nobody chose is delivered as the app's own default."""
    for row in ROWS:
        if row.name in environment():
            expected = "" if "SECRET" in row.name else None if row.default == REQUIRED else row.default

            assert environment()[row.name] == expected, row.name


def test_names_in_triggers_are_always_delivered() -> None:
    """A ``%NAME%`` in a schedule or queue name is never left to the operator's memory: it would stop the function."""
    triggers = str([*functions_with("timerTrigger").values(), *functions_with("queueTrigger").values()])
    fixed = module("functionapp").resources["appSettings"].body["properties"].objects[-1]

    assert {"STATE_PREFIX", "SYNC_SCHEDULE", "PULL_SCHEDULE"} == set(re.findall(r"%(\w+)%", triggers))
    assert {"STATE_PREFIX", "SYNC_SCHEDULE", "PULL_SCHEDULE"} <= set(fixed)


def test_tables_are_those_of_the_code() -> None:
    """Each table of the code is created, under the prefix, and no other."""
    made = read(MAIN).modules["storage"].body["params"]["tableNames"]

    assert [str(table) for table in Table] == read(MAIN).variables["tableNames"]
    assert made.text == "map(tableNames, table => '${statePrefix}${table}')"


def test_queues_are_those_of_the_triggers() -> None:
    """Each queue of a trigger is created with its poison queue, and no other."""
    work = text_of(read(MAIN).variables["workQueue"])
    asked = [
        t["queueName"].replace("%STATE_PREFIX%", "${statePrefix}") for t in functions_with("queueTrigger").values()
    ]
    made = read(MAIN).modules["storage"].body["params"]["queueNames"]

    assert asked == [work]
    assert made == [Code("workQueue"), Code("'${workQueue}-poison'")]


def test_webhooks_and_health_stand_outside_the_sign_in() -> None:
    """Exactly the routes that authenticate themselves or tell nothing are excluded, by exact path."""
    routes = {f"/api/{trigger['route']}" for trigger in functions_with("httpTrigger").values()}
    auth = module("auth")
    validation = auth.one("Microsoft.Web/sites/config")["properties"]["globalValidation"]

    assert {route for route in routes if "/webhooks/" in route} | {"/api/health"} == set(auth.variables["openPaths"])
    assert "/api/health" in routes
    assert Code("openPaths") == validation["excludedPaths"]
    assert validation["requireAuthentication"] is True


def test_azd_finds_the_app() -> None:
    """The service of ``azure.yaml`` is the site's tag, and its project is the folder of ``host.json``."""
    config = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    service = re.search(r"^services:\n  (\w+):", config, re.MULTILINE)
    tags = module("functionapp").one("Microsoft.Web/sites")["tags"]

    assert service is not None
    assert {"azd-service-name": service[1]} == tags.objects[0]
    assert "project: .\n" in config
    assert (ROOT / "host.json").exists()
