"""Made-up function apps in temporary folders, run by the local host."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from simulators.azurite import Azurite
from simulators.host import Host
from simulators.host.messages import HIDDEN
from tests.support.made_up_apps import HEADER, MakeApp, MakeHost

_numbers = count(1)


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """Write an app of this source and a host.json beside it; the path of the app comes back."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(source: str, host: dict[str, Any] | None = None) -> Path:
        path = tmp_path / f"made_up_app_{next(_numbers)}.py"
        path.write_text(HEADER + dedent(source))
        if host is not None:
            (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", **host}))
        return path

    return write


@pytest.fixture
def make_host(make_app: MakeApp, azurite: Azurite) -> MakeHost:
    """A host, not yet started, of an app of this source; settings go beside the storage's."""

    def make(
        source: str,
        host: dict[str, Any] | None = None,
        *,
        hidden: timedelta = HIDDEN,
        grace: timedelta = timedelta(seconds=2),
        **settings: str,
    ) -> Host:
        environ = {"AzureWebJobsStorage": azurite.connection_string, **settings}
        return Host(make_app(source, host), environ, hidden=hidden, grace=grace)

    return make
