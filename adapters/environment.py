"""What the storage account's clients take from the environment, for its tables and its queues alike."""

from __future__ import annotations

from urllib.request import getproxies


def of_environment() -> dict[str, bool]:
    """The SDK's option that says whether to mind the environment: only where it names a proxy.

    Who minds it looks, in a thread of its own and at every request, for a password of the host in ``~/.netrc``: that
    is a third of what a request costs, and one that is found stops every request, since each is signed already.
    """
    return {"use_env_settings": bool(getproxies())}
