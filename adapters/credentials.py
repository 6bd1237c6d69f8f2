"""Who we are to storage and to Graph: an identity, an app registration, or on loopback a fixed token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from adapters.graph import Credential


STORAGE_SCOPE = "https://storage.azure.com/.default"


async def storage_token(credential: AsyncTokenCredential) -> str:
    """A token for the storage account. Raises ``StoreUnavailable``."""
    from azure.core.exceptions import AzureError

    from adapters.refusals import unavailable

    try:
        return (await credential.get_token(STORAGE_SCOPE)).token
    except AzureError as error:
        raise unavailable(error, "the storage account", "Storage Table Data Contributor") from error


def storage_credential(settings: Settings) -> AsyncTokenCredential:
    """Who we are to the storage account: the identity named for it, else the app itself (azure.md §9)."""
    from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential

    if settings.storage_credential:
        return ManagedIdentityCredential(client_id=settings.storage_client_id or None)
    if settings.client_secret:
        return ClientSecretCredential(settings.tenant_id, settings.client_id, settings.client_secret)
    return DefaultAzureCredential(managed_identity_client_id=settings.storage_client_id or settings.client_id or None)


def graph_credential(settings: Settings) -> Credential:
    """Who we are to Graph; the settings let a fixed token through on loopback only."""
    if settings.graph_access_token:
        from adapters.graph import StaticCredential

        return StaticCredential(settings.graph_access_token)
    from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

    if settings.client_secret:
        return ClientSecretCredential(settings.tenant_id, settings.client_id, settings.client_secret)
    return ManagedIdentityCredential(client_id=settings.client_id or None)
