"""Why the storage account does not serve us, in our own words: for its tables and its queues alike.

The library's text stays out: it goes on for a page where nobody is signed in, and may hold addresses.
"""

from __future__ import annotations

from azure.core.exceptions import AzureError, ClientAuthenticationError

from sync_core.errors import StoreUnavailable


def unavailable(error: AzureError, what: str, role: str) -> StoreUnavailable:
    """The error for storage (``what``: 'table storage') that does not let us in, or does not answer."""
    status = getattr(error, "status_code", None)
    if status in (401, 403):
        return StoreUnavailable(
            f"{what} refuses us ({status}): the identity needs the role {role!r}; a key must be "
            "the present one of the account that AzureWebJobsStorage names"
        )
    if isinstance(error, ClientAuthenticationError):
        return StoreUnavailable(
            f"{what} cannot be opened: nobody is signed in to Azure here; `az login` signs you in, with an account "
            f"that has the role {role!r}"
        )
    said = f" ({status})" if status else ""
    return StoreUnavailable(
        f"{what} does not answer{said}: check the network here and the account's name in AzureWebJobsStorage, then "
        "try again"
    )
