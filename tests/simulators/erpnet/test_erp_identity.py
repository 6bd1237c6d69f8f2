"""Discovery, tokens and scopes (erpnet.md §1 and §2)."""

from __future__ import annotations

import pytest

from simulators.erpnet import SERVICE_LOGIN, ErpSimulator
from tests.support.erp_client import ACTIVITIES, BareErpClient, claims


@pytest.mark.parametrize("path", ["/tools/auto-discovery", "/sys/auto-discovery"])
async def test_discovery_needs_no_token(client: BareErpClient, path: str) -> None:
    """Anybody may ask where identity service and Domain API are."""
    async with client.http.get(client.erp.url + path) as answer:
        sites = {s["Type"]: s for s in (await answer.json())["WebSites"]}

    assert sites["ID"]["Url"] == client.erp.url + "/id"
    assert sites["DomainAPI"]["AdditionalProperties"]["ODataServiceRoot"] == client.erp.url + "/api/domain/odata/"
    assert sites["DomainAPI"]["Status"] == "Working"


async def test_a_token_lives_an_hour_and_is_never_refreshed(client: BareErpClient) -> None:
    """The answer has exactly the documented members."""
    reply = await client.fetch_token()

    assert set(reply.data) == {"access_token", "expires_in", "token_type", "scope"}
    assert (reply.data["expires_in"], reply.data["token_type"]) == (3600, "Bearer")


async def test_the_token_names_the_service_user(client: BareErpClient, erp: ErpSimulator) -> None:
    """The app learns its own ERP user from the claims."""
    told = claims(client.token)

    assert told["client_system_user"] == SERVICE_LOGIN
    assert told["client_system_user_id"] == erp.service_user.id
    assert told["scope"] == ["read", "update"]
    assert told["exp"] - told["iat"] == 3600


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "somebody"}, "invalid_client"),
        ({"scope": "read everything"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
async def test_token_errors_are_oauth_codes(client: BareErpClient, form: dict[str, str], error: str) -> None:
    """A refused token request says why in OAuth's words."""
    reply = await client.fetch_token(**form)

    assert (reply.status, reply.data) == (400, {"error": error})


async def test_a_switched_off_application_gets_no_token(client: BareErpClient, erp: ErpSimulator) -> None:
    """``IsEnabled`` false answers unauthorized_client."""
    erp.application.enabled = False

    assert (await client.fetch_token()).data == {"error": "unauthorized_client"}


async def test_left_out_scope_means_all_scopes_of_the_application(client: BareErpClient) -> None:
    """No ``scope`` in the form grants what the application has."""
    assert (await client.fetch_token(scope="")).data["scope"] == "read update"


@pytest.mark.parametrize("token", ["", "foreign"])
async def test_a_missing_or_foreign_token_is_401(client: BareErpClient, token: str) -> None:
    """Only tokens this instance gave out are accepted."""
    client.token = token

    assert (await client.get("GetVersion")).status == 401


async def test_revoked_tokens_are_401_until_a_new_one_is_fetched(client: BareErpClient, erp: ErpSimulator) -> None:
    """One new token mends it."""
    erp.revoke_tokens()
    assert (await client.get("GetVersion")).status == 401

    await client.sign_in()
    assert (await client.get("GetVersion")).status == 200


async def test_writing_with_a_reading_token_is_403(client: BareErpClient) -> None:
    """Scope ``update`` is asked for by every write."""
    await client.sign_in(scope="read")

    assert (await client.get(ACTIVITIES)).status == 200
    assert (await client.post(ACTIVITIES, client.meeting())).status == 403


async def test_the_version_is_told(client: BareErpClient, erp: ErpSimulator) -> None:
    """``GetVersion`` answers an object with ``version``."""
    assert (await client.get("GetVersion")).data["version"] == erp.version


async def test_the_model_tells_what_filters_an_attribute_allows(client: BareErpClient) -> None:
    """``standardmodel`` is anonymous and describes types, lengths and filters."""
    async with client.http.get(f"{client.erp.url}/api/domain/standardmodel/{ACTIVITIES}") as answer:
        attrs = {a["Name"]: a["BaseInfo"] for a in (await answer.json())["Attributes"]}

    assert attrs["StartTime"]["DateTimeUtc"] is False
    assert attrs["AggregateLastUpdateTimeUtc"]["DateTimeUtc"] is True
    assert attrs["CreationUser"]["SupportedFilters"] == "Like"
    assert attrs["Subject"]["MaxLength"] == 254
