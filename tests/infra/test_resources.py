"""What the Bicep creates: no keys, the roles of the contract, all settings, and the names the code uses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

import pytest

from adapters.settings import REQUIRED, ROWS
from adapters.store.backend import Table
from portal.routes import ROUTES, Needs
from portal.sign_in import Role
from tests.infra.evaluate import evaluate
from tests.support.bicep import Code, read_bicep
from tests.support.deployment import (
    GRAPH_ROLES,
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


NOT_IN_AZURE = {
    "AZURE_CLIENT_SECRET": "the managed identity needs none",
    "GRAPH_ACCESS_TOKEN": "development only",
    "PORTAL_SIGN_IN": "development only",
    "AzureWebJobsStorage": "contradicts the settings for an identity",
    "AzureWebJobsStorage__tableServiceUri": "the account's name says the same",
    "AzureWebJobsStorage__queueServiceUri": "the account's name says the same",
}
"""Settings that a deployment must leave out."""

PLATFORM = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AzureWebJobsDisableHomepage",
}
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
    assert read_bicep(MAIN).params["alwaysReadyHttp"].default >= 1
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
        assert f"guid({scope}.id, identity.id, {role})" in granted


def test_role_assignments_have_names_of_their_own() -> None:
    """A name is made of scope, principal and role, so that deploying twice assigns once."""
    whose = {"identity.properties.principalId": "identity.id", "operatorPrincipalId": "operatorPrincipalId"}
    for part in module("rbac").of_type("Microsoft.Authorization/roleAssignments"):
        name, properties = part.body["name"].text, part.body["properties"]
        role = re.search(r", (\w+)\)$", properties["roleDefinitionId"].text)

        assert role is not None
        assert f"guid({part.body['scope'].text}.id, {whose[properties['principalId'].text]}, {role[1]})" == name


def test_the_operator_may_be_a_person_a_group_or_a_program() -> None:
    """The kind is handed through; whoever it is, queues and tables are all they get."""
    rbac = module("rbac")
    grants = {part.symbol: part for part in rbac.of_type("Microsoft.Authorization/roleAssignments")}
    kinds = {symbol: part.body["properties"]["principalType"] for symbol, part in grants.items()}

    assert kinds.pop("operatorGrants") == Code("operatorPrincipalType")
    assert set(kinds.values()) == {"ServicePrincipal"}
    assert grants["operatorGrants"].condition == Code("(!empty(operatorPrincipalId))")
    assert [text_of(role) for role in rbac.variables["operatorRoles"]] == [
        "storageQueueDataContributor",
        "storageTableDataContributor",
    ]
    assert read_bicep(MAIN).params["operatorPrincipalType"].allowed == ("Group", "ServicePrincipal", "User")


def test_the_app_starts_after_its_roles() -> None:
    """The app is created only when the identity has its rights, and these when identity and scopes are there."""
    modules = read_bicep(MAIN).modules

    assert [Code("rbac"), Code("network")] == modules["app"].body["dependsOn"]
    assert [Code(name) for name in ("identity", "storage", "vault", "monitoring")] == modules["rbac"].body[
        "dependsOn"
    ]


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
    template = read_bicep(path)
    secrets = {param.name for param in template.params.values() if param.is_secure}
    for output in template.outputs.values():
        assert not secrets & set(re.findall(r"\w+", output.text)), output.name
        assert not re.search(r"ConnectionString|InstrumentationKey|properties\.value", output.text), output.name


def test_secrets_are_secure_parameters() -> None:
    """Whatever is called a secret is a secure parameter with an empty default, in every file."""
    for path in TEMPLATES:
        for param in read_bicep(path).params.values():
            named = "secret" in param.name.lower() and not param.name.startswith("has")
            assert named == param.is_secure, param.name
            assert not named or param.default == ""


def test_secrets_go_into_the_vault_and_nowhere_else() -> None:
    """A secure parameter is handed to the vault's module, which keeps it as a secret."""
    vault = module("keyvault")
    takers = {
        name for name, part in read_bicep(MAIN).modules.items() if "Secret" in str(part.body["params"].values())
    }
    kept = [part.body["properties"] for part in vault.of_type("Microsoft.KeyVault/vaults/secrets")]

    assert [{"value": Code("erpnetClientSecret")}, {"value": Code("erpnetWebhookSecret")}] == kept
    assert {"vault"} == takers


def test_secret_settings_are_references_to_the_vault() -> None:
    """A setting that is secret names a secret that the vault's module keeps, and has no value of its own."""
    kept = {part.body["name"] for part in module("keyvault").of_type("Microsoft.KeyVault/vaults/secrets")}
    secret = {name: text_of(value) for name, value in delivered().items() if name.endswith("_SECRET")}

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
            expected = "" if row.name.endswith("_SECRET") else None if row.default == REQUIRED else row.default

            assert environment()[row.name] == expected, row.name


def test_names_in_triggers_are_always_delivered() -> None:
    """A ``%NAME%`` in a schedule or queue name is never left to the operator's memory: it would stop the function."""
    triggers = str([*functions_with("timerTrigger").values(), *functions_with("queueTrigger").values()])
    fixed = module("functionapp").resources["appSettings"].body["properties"].objects[-1]

    assert {"STATE_PREFIX", "SYNC_SCHEDULE", "PULL_SCHEDULE"} == set(re.findall(r"%(\w+)%", triggers))
    assert {"STATE_PREFIX", "SYNC_SCHEDULE", "PULL_SCHEDULE"} <= set(fixed)


def test_tables_are_those_of_the_code() -> None:
    """Each table of the code is created, under the prefix, and no other."""
    made = read_bicep(MAIN).modules["storage"].body["params"]["tableNames"]

    assert [str(table) for table in Table] == read_bicep(MAIN).variables["tableNames"]
    assert made.text == "map(tableNames, table => '${prefix}${table}')"


def test_queues_are_those_of_the_triggers() -> None:
    """Each queue of a trigger is created with its poison queue, and no other."""
    work = text_of(read_bicep(MAIN).variables["workQueue"])
    asked = [t["queueName"].replace("%STATE_PREFIX%", "${prefix}") for t in functions_with("queueTrigger").values()]
    made = read_bicep(MAIN).modules["storage"].body["params"]["queueNames"]

    assert asked == [work]
    assert made == [Code("workQueue"), Code("'${workQueue}-poison'")]


def test_alerts_reach_a_mailbox() -> None:
    """An address makes an action group, and each alert calls it beside those that are there."""
    alerts = module("alerts")
    mail = alerts.resources["mail"]

    assert mail.condition == Code("(!empty(email))")
    assert mail.body["properties"]["emailReceivers"][0]["emailAddress"] == Code("email")
    assert f"'{mail.body['name']}'" in alerts.variables["mailGroupId"].text
    assert (
        alerts.variables["groupIds"].text == "empty(email) ? actionGroupIds : concat(actionGroupIds, [mailGroupId])"
    )
    assert alerts.resources["rules"].body["properties"]["actions"] == {"actionGroups": Code("groupIds")}


def test_a_private_network_leaves_no_public_way() -> None:
    """Each service that the app uses has an endpoint, and with it the public address is off."""
    network = module("network")
    entries = {endpoint["name"]: endpoint for endpoint in network.variables["endpoints"]}
    account, vault = (
        module("storage").one("Microsoft.Storage/storageAccounts"),
        module("keyvault").one("Microsoft.KeyVault/vaults"),
    )

    assert {"blob", "queue", "table", "vault"} == set(entries)
    assert text_of(entries["queue"]["zone"]) == "privatelink.queue.${environment().suffixes.storage}"
    for closed in (account["properties"], vault["properties"]):
        assert closed["publicNetworkAccess"] == Code("isPrivate ? 'Disabled' : 'Enabled'")
        assert closed["networkAcls"]["defaultAction"] == Code("isPrivate ? 'Deny' : 'Allow'")
    main = read_bicep(MAIN)
    assert main.modules["network"].condition == Code("(hasPrivateNetwork)")
    for name in ("storage", "vault"):
        assert main.modules[name].body["params"]["isPrivate"] == Code("hasPrivateNetwork")


def test_the_app_stands_in_the_network() -> None:
    """Its subnet is delegated to Flex Consumption and has a way out to Graph and ERP.net."""
    subnets = module("network").one("Microsoft.Network/virtualNetworks")["properties"]["subnets"]
    apps = next(subnet for subnet in subnets if subnet["name"] == "apps")["properties"]
    app = module("functionapp")

    assert apps["delegations"][0]["properties"] == {"serviceName": "Microsoft.App/environments"}
    assert apps["natGateway"] == {"id": Code("gateway.id")}
    assert app.one("Microsoft.Web/sites")["properties"]["virtualNetworkSubnetId"] == Code("subnetId")
    assert "networkName, 'apps')" in app.variables["subnetId"].text
    assert (
        read_bicep(MAIN).modules["app"].body["params"]["networkName"].text == "hasPrivateNetwork ? names.network : ''"
    )


def test_what_cannot_be_undone_is_off_unless_chosen() -> None:
    """Locks, purge protection and the private network are choices; what costs nothing and warns is on."""
    defaults = {name: param.default for name, param in read_bicep(MAIN).params.items()}

    for name in ("hasPrivateNetwork", "hasDeleteLock", "hasPurgeProtection", "assignGraphRoles", "hasErpnetWebhook"):
        assert defaults[name] is False, name
    assert defaults["hasVaultAudit"] is True
    assert defaults["dailyLogCapGB"] > 0
    assert defaults["storageRedundancy"] == "Standard_LRS"
    assert defaults["updateStrategy"] == "Recreate"


def test_state_and_secrets_can_be_locked() -> None:
    """One lock each, on the account and on the vault, where chosen."""
    for name in ("storage", "keyvault"):
        [lock] = module(name).of_type("Microsoft.Authorization/locks")

        assert lock.condition == Code("(hasDeleteLock)")
        assert lock.body["properties"]["level"] == "CanNotDelete"


def test_a_purge_protection_once_on_is_not_asked_off() -> None:
    """The vault refuses false, so it is true or not said."""
    vault = module("keyvault").one("Microsoft.KeyVault/vaults")["properties"]

    assert vault["enablePurgeProtection"] == Code("hasPurgeProtection ? true : null")


def test_accesses_to_secrets_are_logged() -> None:
    """The vault's audit goes to the workspace."""
    [audit] = module("keyvault").of_type("Microsoft.Insights/diagnosticSettings")

    assert audit.body["properties"]["logs"] == [{"category": "AuditEvent", "enabled": True}]
    assert (audit.condition, audit.body["scope"]) == (Code("(isAudited)"), Code("vault"))


def test_choices_mean_the_same_in_both_files() -> None:
    """What ``main.bicep`` allows, the module that takes it allows."""
    main = read_bicep(MAIN)
    pairs = (
        ("storageRedundancy", "storage", "redundancy"),
        ("operatorPrincipalType", "rbac", "operatorPrincipalType"),
    )

    for outer, name, inner in pairs:
        assert main.params[outer].allowed == module(name).params[inner].allowed
        assert main.params[outer].default in main.params[outer].allowed
    assert main.params["pythonVersion"].default == "3.13"
    assert main.params["pythonVersion"].allowed == ("3.11", "3.12", "3.13")


def test_a_domain_of_ones_own_wins_over_azures_address() -> None:
    """``PUBLIC_URL`` is what Graph is told; nobody's setting of the same name gets past it."""
    fixed = module("functionapp").resources["appSettings"].body["properties"].objects[-1]

    assert fixed["PUBLIC_URL"].text == "empty(publicUrl) ? 'https://${app.properties.defaultHostName}' : publicUrl"


def test_timers_catch_up_after_a_pause() -> None:
    """On a plan that scales to zero a tick may find no instance: each timer's next start makes up for it."""
    assert {
        name for name, timer in functions_with("timerTrigger").items() if timer["useMonitor"] is not True
    } == set()


def test_webhooks_and_health_stand_outside_the_sign_in() -> None:
    """Exactly the routes that authenticate themselves or tell nothing are excluded, by exact path."""
    routes = {f"/{trigger['route']}" for trigger in functions_with("httpTrigger").values()}
    auth = module("auth")
    validation = auth.one("Microsoft.Web/sites/config")["properties"]["globalValidation"]
    pages = {f"/portal/{one.path}".replace("{name}", "*") for one in ROUTES if one.needs is Needs.NOTHING}

    assert {route for route in routes if "{" not in route} | pages == set(auth.variables["openPaths"])
    assert "/api/health" in routes
    assert pages == {"/portal/assets/*"}
    assert Code("openPaths") == validation["excludedPaths"]


def test_the_sign_in_is_switched_off_again() -> None:
    """Where no registration is named any more it is deployed as off; left out, it would stay on."""
    main, auth = read_bicep(MAIN), module("auth")
    properties = auth.one("Microsoft.Web/sites/config")["properties"]
    is_on = {name: evaluate(auth, "hasSignIn", {"clientId": name}) for name in ("", "page")}

    assert main.modules["auth"].condition is True
    assert is_on == {"": False, "page": True}
    assert properties["platform"]["enabled"] == Code("hasSignIn")
    assert properties["globalValidation"]["requireAuthentication"] == Code("hasSignIn")


def test_app_roles_are_those_of_the_page() -> None:
    """Each role that the page knows is given by the registration, to people, under an id of its own."""
    roles = json.loads((INFRA / "app-roles.json").read_text(encoding="utf-8"))

    assert {role["value"] for role in roles} == {str(role) for role in Role}
    assert len({UUID(role["id"]) for role in roles}) == len(roles)
    assert all(role["isEnabled"] and role["allowedMemberTypes"] == ["User"] for role in roles)


def test_azd_finds_the_app() -> None:
    """The service of ``azure.yaml`` is the site's tag, and its project is the folder of ``host.json``."""
    config = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    service = re.search(r"^services:\n  (\w+):", config, re.MULTILINE)
    tags = module("functionapp").one("Microsoft.Web/sites")["tags"]

    assert service is not None
    assert {"azd-service-name": service[1]} == tags.objects[0]
    assert "project: .\n" in config
    assert (ROOT / "host.json").exists()
