"""The structured log: one line for each round and each failure, with ids and counts.

A line never holds a subject, a body, an address, a token or a link. Error texts of the two systems may quote them, so
only an error's class and side are logged; its text is in the user's state and journal. ``adapters.telemetry`` counts
the same facts as metrics.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from sync_core.errors import SettingsInvalid, SideError, StoreError

Fact = str | int | float | bool | Mapping[str, int]
Facts = Mapping[str, Fact]

LOG = logging.getLogger("calsync")


def log_line(what: str, facts: Facts, *, level: int = logging.INFO) -> None:
    """Log one line: the word ``what``, then the facts as JSON. The record carries them as the mapping ``calsync``."""
    LOG.log(level, "%s %s", what, json.dumps(facts, sort_keys=True), extra={"calsync": {"what": what, **facts}})


def log_failure(where: str, error: Exception | str, *, user_id: str = "") -> None:
    """Log something that did not work. Store and settings errors are the app's own texts: logged in full."""
    facts: dict[str, Fact] = {"where": where, "error": error if isinstance(error, str) else type(error).__name__}
    if user_id:
        facts["user"] = user_id
    if isinstance(error, SideError):
        facts["side"] = str(error.side)
    elif isinstance(error, StoreError | SettingsInvalid):
        facts["text"] = str(error)
    log_line("failure", facts, level=logging.WARNING)
