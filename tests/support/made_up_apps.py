"""What tests say about made-up apps, and how they look into them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.host import Host

HEADER = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen = []
"""

MakeApp = Callable[..., Path]
MakeHost = Callable[..., Host]


def seen_by_app(host: Host) -> list[Any]:
    """What the functions of a made-up app have put into its list."""
    [module] = {one.call.__module__ for one in host.functions.values()}
    found: list[Any] = sys.modules[module].seen
    return found
