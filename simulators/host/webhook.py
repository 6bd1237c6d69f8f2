"""ERP.net's webhook, sent from outside: it polls the stand-in's activities and calls the app when they have changed.

The real one is a business rule of the instance (erpnet.md §13); its body may be empty, so this one's is.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from simulators.base import Refused
from simulators.demo.hands import control

PATH = "/api/webhooks/erpnet"
EVERY_SECONDS = 0.5
DELIVERY_SECONDS = 5.0


class WebhookSender:
    """``with WebhookSender(erpnet, app, secret):`` sends for as long as the block lasts."""

    def __init__(self, erpnet: str, app: str, secret: str) -> None:
        self._erpnet = erpnet
        self._request = Request(f"{app}{PATH}", b"", {"x-calsync-secret": secret}, method="POST")  # noqa: S310 - loopback
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        seen = self._look()
        while not self._ended.wait(EVERY_SECONDS):
            # A stand-in that ends, or an app that does not answer, is nobody's loss: the pull timer finds it.
            with suppress(OSError, URLError, Refused, ValueError):
                now = self._look()
                if now != seen:
                    urlopen(self._request, timeout=DELIVERY_SECONDS).close()  # noqa: S310 - loopback
                    seen = now

    def _look(self) -> list[tuple[Any, Any]]:
        return [(one["Id"], one["ObjectVersion"]) for one in control(self._erpnet, "state")["activities"]]
