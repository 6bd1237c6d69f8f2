"""The storage account's clients mind the environment where it names a proxy, and nowhere else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.request import getproxies

import pytest
from azure.core.exceptions import ResourceExistsError

from adapters import queues
from adapters.environment import of_environment
from adapters.store import tables
from simulators.azurite import Azurite


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"])
def test_a_proxy_is_minded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In either letter case."""
    assert of_environment() == {"use_env_settings": False}
    monkeypatch.setenv(name, "http://proxy.acme.example:3128")
    assert getproxies() != {}
    assert of_environment() == {"use_env_settings": True}


@pytest.mark.parametrize("of", ["tables", "queues"])
async def test_a_password_that_somebody_keeps_for_the_host_stops_nothing(
    of: str, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in a ``~/.netrc``, which the SDK's HTTP library would add to requests that are signed."""
    kept = tmp_path / "netrc"
    kept.write_text("machine 127.0.0.1 login anna password made-up\n")
    monkeypatch.setenv("NETRC", str(kept))
    with suppress(ResourceExistsError):
        if of == "tables":
            async with tables.connect(azurite.connection_string) as tables_:
                await tables_.create_table("environment")
        else:
            async with queues.connect(azurite.connection_string) as queues_:
                await queues_.create_queue("environment")
