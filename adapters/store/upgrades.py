"""Upgrades rows of the previous schema version to this one (``codec.decode``).

One pure function per kind of row whose shape or meaning changed, from what the row's JSON said to what it would say
today. A kind that only got fields with defaults, or lost fields, needs none. With the next version the table starts
anew: a build reads its own version and the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync_core.model.link import EndedBy, LinkStatus
from sync_core.model.logins import LOGIN
from sync_core.model.pending import PendingState

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""The decoded JSON of one row in, the decoded JSON of the next version out; both as ``msgspec.json`` has them."""

ENDS = (
    ("void or deleted in ERP.net", EndedBy.ERP),
    ("gone on both sides", EndedBy.BOTH),
    ("the meeting is fed from another calendar now", EndedBy.HANDED_ON),
    ("an administrator dropped the deletion", EndedBy.DROPPED),
)
"""How version 1's reasons of an ended link begin, with what ended it; any other reason meant Outlook."""

PENDING_STATES = {
    "a person chose to make the counterpart anew": PendingState.RELEASED,
    "its counterpart, named by a mark of an earlier sync, is not there any more": PendingState.PARTNER_GONE,
    "another event of this calendar has the same iCalUId": PendingState.TWIN,
    "another mailbox has an event of its own with the same iCalUId": PendingState.CLASH,
}
"""Version 1's reasons of an item without a link, with what it waits for."""


def _link(row: dict[str, Any]) -> dict[str, Any]:
    row = _creator_by_login(row)
    if row["status"] == LinkStatus.ARCHIVED:
        return row | {"ended_by": EndedBy.AGE}
    if row["status"] != LinkStatus.TOMBSTONE:
        return row
    by = next((by for words, by in ENDS if row["reason"].startswith(words)), EndedBy.OUTLOOK)
    return row | {"ended_by": by}


def _pending(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"state": PENDING_STATES.get(row["reason"], PendingState.WAITING)}


def _creator_by_login(row: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept whoever made an activity by login, in lower case."""
    creator = row.get("creator")
    return {**row, "creator": f"{LOGIN}{creator}"} if creator else row


def _hold(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "key": row["id"], "listed": row["items"], "items": []}


UPGRADES: dict[str, Upgrade] = {"Claim": _creator_by_login, "Hold": _hold, "Link": _link, "Pending": _pending}
"""By the name of the row's class, version 1 to 2."""
