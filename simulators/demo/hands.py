"""The hands of people at Outlook and at ERP.net's web client: the stand-ins' side entrance, ``POST /_sim/…``."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from simulators.base import Refused

Json = dict[str, Any]
PATIENCE = 30.0


def control(origin: str, verb: str, body: Json | None = None) -> Any:
    """One control call; raises ``Refused`` with the stand-in's reason."""
    place = urlsplit(origin)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    try:
        connection.request("POST", f"/_sim/{verb}", json.dumps(body or {}))
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"{}") if answer.status in (200, 409) else {"refused": answer.reason}
    finally:
        connection.close()
    if answer.status != 200:
        raise Refused(told["refused"])
    return told


class OutlookHands:
    """Somebody at their Outlook."""

    def __init__(self, origin: str, upn: str) -> None:
        self._origin = origin
        self._upn = upn

    def act(self, do: str, **words: Any) -> Any:
        """An act of ``OutlookPerson`` by name; raises ``Refused``."""
        return control(self._origin, "person", {"upn": self._upn, "do": do, "with": words})["result"]


class OutsiderHands:
    """Somebody of another company at their Outlook."""

    def __init__(self, origin: str, address: str) -> None:
        self._origin = origin
        self._address = address

    def act(self, do: str, **words: Any) -> Any:
        """An act of ``OutlookPerson`` by name; raises ``Refused``."""
        order = {"address": self._address, "do": do, "with": words}
        return control(self._origin, "outsider", order)["result"]


class DeskHands:
    """Somebody at ERP.net."""

    def __init__(self, origin: str, login: str) -> None:
        self._origin = origin
        self._login = login

    def act(self, do: str, **words: Any) -> Any:
        """An act of ``ErpPerson`` by name; raises ``Refused``."""
        return control(self._origin, "person", {"login": self._login, "do": do, "with": words})
