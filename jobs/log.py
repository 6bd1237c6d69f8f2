"""What the app tells its operators: one line per round and per failure, with ids and counts.

Never a subject, a body, an address, a token or a link: messages of the two systems may quote them, so of an error
only its class and side are told (the texts are in the user's state and journal). ``adapters.telemetry`` counts the
same facts as metrics.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from sync_core.errors import SettingsInvalid, SideError, StoreError

Fact = str | int | float | bool | Mapping[str, int]
Facts = Mapping[str, Fact]

LOG = logging.getLogger("calsync")


def tell(what: str, facts: Facts, *, level: int = logging.INFO) -> None:
    """One line: the word ``what`` and the facts as JSON; as a mapping they are the record's ``calsync``."""
    LOG.log(level, "%s %s", what, json.dumps(facts, sort_keys=True), extra={"calsync": {"what": what, **facts}})


def tell_failure(where: str, error: Exception | str, *, user_id: str = "") -> None:
    """One line about something that did not work; the app's own texts about its memory are told in full."""
    facts: dict[str, Fact] = {"where": where, "error": error if isinstance(error, str) else type(error).__name__}
    if user_id:
        facts["user"] = user_id
    if isinstance(error, SideError):
        facts["side"] = str(error.side)
    elif isinstance(error, StoreError | SettingsInvalid):
        facts["text"] = str(error)
    tell("failure", facts, level=logging.WARNING)
