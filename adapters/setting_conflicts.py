"""Which settings contradict each other, each contradiction with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.setting_values import LOOPBACK

STORAGE = "AzureWebJobsStorage"
UNRESOLVED = "@Microsoft.KeyVault("
"""A Key Vault reference that the platform could not resolve reaches the app as this very text (azure.md §9)."""


def contradictions(given: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[str]:
    """The contradictions between settings; a setting with a mistake of its own is not looked at again."""
    lease, call = values.get("lease_seconds"), values.get("call_timeout_seconds")
    if lease is not None and call is not None and lease < 3 * call:
        yield (
            f"LEASE_SECONDS ({lease}) must be at least three times CALL_TIMEOUT_SECONDS ({call}): "
            f"set {3 * call} or more."
        )
    graph_host = urlsplit(str(values.get("graph_url", ""))).hostname
    if given["GRAPH_ACCESS_TOKEN"] and graph_host and graph_host not in LOOPBACK:
        yield (
            f"GRAPH_ACCESS_TOKEN is for development only and GRAPH_URL leads to {graph_host}: leave it out and let "
            "the app get its own tokens (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or a managed "
            "identity)."
        )
    if given["AZURE_CLIENT_SECRET"]:
        for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID"):
            if not given[name]:
                yield f"{name} is missing beside AZURE_CLIENT_SECRET: set it, or leave the secret out."
    yield from _storage_contradictions(given)


def _storage_contradictions(given: Mapping[str, str]) -> Iterator[str]:
    plain = given[STORAGE]
    by_identity = [name for name in given if name.startswith(f"{STORAGE}__") and given[name]]
    if plain and by_identity:
        yield f"{STORAGE} and {', '.join(by_identity)} contradict each other: leave one of the two ways out."
    elif plain and UNRESOLVED not in plain and not _is_connection(plain):
        yield (
            f"{STORAGE} is no storage connection string: set the account's connection string, or "
            "UseDevelopmentStorage=true for Azurite."
        )
    elif not plain and not given[f"{STORAGE}__accountName"] and not given[f"{STORAGE}__tableServiceUri"]:
        yield (
            f"{STORAGE} is missing: set a storage connection string, or {STORAGE}__accountName to use an identity "
            "(UseDevelopmentStorage=true for Azurite)."
        )


def _is_connection(text: str) -> bool:
    if is_development(text):
        return True
    parts = dict(piece.partition("=")[::2] for piece in text.split(";") if piece)
    has_key = bool(parts.get("AccountKey") or parts.get("SharedAccessSignature"))
    return has_key and bool(parts.get("AccountName") or parts.get("TableEndpoint"))


def is_development(connection: str) -> bool:
    """Whether a connection string means Azurite on its usual ports (azure.md §11)."""
    return connection.rstrip(";").casefold() == "usedevelopmentstorage=true"
