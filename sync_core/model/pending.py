"""An item without a link that must get a counterpart, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync_core.model.sides import Seen, Side


class PendingState(StrEnum):
    """What an item without a link waits for.

    WAITING: its counterpart is under way. RELEASED: a person chose to have it made anew, so marks no longer count.
    DECLINED: a person chose to leave the item alone. PARTNER_GONE: the counterpart that a mark names is gone, and a
    person must choose. TWIN: another event of this calendar is the meeting. CLASH: another mailbox's event is the
    meeting. NAMED_TWICE: several activities name the same event.
    """

    WAITING = "waiting"
    RELEASED = "released"
    DECLINED = "declined"
    PARTNER_GONE = "partner-gone"
    TWIN = "twin"
    CLASH = "clash"
    NAMED_TWICE = "named-twice"


UNHINDERED = frozenset({PendingState.WAITING, PendingState.RELEASED, PendingState.DECLINED})
"""States in which nothing stands in an item's way, or a person chose. In any other the item is looked at again when
that ends."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An item without a link that must get a counterpart, or that was parked on the way (a write-ahead record).

    It is saved before the create is sent: found at the start of a round, it means look before creating. A ``parked``
    item waits for a person (``retry``, ``approve`` or an edit of the item). ``reason`` is for people and compared
    with nothing. ``given_up_at`` is as in ``Link``. ``begun``: a create was sent, or was about to be, so that a
    counterpart may have been made; False where it is not known, as of rows of earlier builds.
    """

    side: Side
    item_id: str
    ical_uid: str = ""
    incarnation: int = 0
    tries: int = 0
    retry_at: datetime | None = None
    parked: bool = False
    reason: str = ""
    state: PendingState = PendingState.WAITING
    given_up_at: Seen | None = None
    begun: bool = False

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of its event and its activity, of which it has one."""
        return (self.item_id, "") if self.side is Side.GRAPH else ("", self.item_id)
