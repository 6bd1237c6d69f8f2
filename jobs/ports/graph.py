"""Microsoft Graph, as the jobs need it: a mailbox's calendar and the subscriptions to its changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from sync_core.model.event import Window
from sync_core.model.sides import Evidence, GraphEvent, GraphReading, Malformed, SeriesDates
from sync_core.model.writes import GraphWrite, Outcome


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A directory user. ``id`` is the Entra object id; ``addresses`` are all their e-mail addresses, in lower
    case."""

    id: str
    upn: str
    mail: str
    display_name: str
    account_enabled: bool
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grants:
    """What Entra grants the app: its object id and the application permissions of Graph that it has."""

    object_id: str
    roles: frozenset[str]


class Calendar(Protocol):
    """Microsoft Graph, one tenant; ``user_id`` is the Entra object id, always the default calendar."""

    async def find_user(self, upn: str) -> Mailbox | None:
        """Look a user up by UPN, mail or id; None when the directory does not know them."""

    async def read_grants(self) -> Grants | None:
        """What Entra grants the app, as its own token says; None where the token does not tell."""

    async def read_time_zone(self, user_id: str) -> str:
        """The mailbox's zone as an IANA name, '' when unset or unknown. Raises ``MailboxUnavailable``."""

    async def read_changes(self, user_id: str, link: str | None, span: Window) -> GraphReading:
        """Follow ``link`` (None: start anew over ``span``) to the last page.

        Raises ``CursorExpired`` (link unknown), ``EndlessRead``, ``MailboxUnavailable``, ``ForeignHost``.
        """

    async def has_news(self, links: Mapping[str, str]) -> dict[str, bool]:
        """Probe delta links (user id → link), batched. True also if a probe failed: a round will report why."""

    async def read_view(self, user_id: str, span: Window, *, with_dates: bool = False) -> GraphReading:
        """Every event that occurs in ``span`` (``calendarView``), in full, with our marks. With
        ``with_dates`` those of series are as ready to be synced as single events."""

    async def read_dates(
        self, user_id: str, asked: Mapping[str, Collection[date]]
    ) -> dict[str, SeriesDates | Malformed | None]:
        """What masters say of these dates of theirs, by the masters' ids, and perhaps of others; () = of all.
        Batched; None = 404."""

    async def list_instances(self, user_id: str, master_id: str, span: Window) -> list[str]:
        """The ids of what Graph's own list of a series' dates shows in ``span`` (rounds do not ask it)."""

    async def read_marked(self, user_id: str) -> GraphReading:
        """Every event that carries our mark, in full, wherever in time it lies."""

    async def read_events(
        self, user_id: str, ids: Collection[str], *, html: bool = False
    ) -> dict[str, GraphEvent | Malformed | None]:
        """Read by id, batched; None = 404. With ``html`` the body's HTML and our mark are read as well."""

    async def find_marked(self, user_id: str, activity_ids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events that carry the mark of each activity, in full with ``transaction_id``."""

    async def read_marks(self, user_id: str, ids: Collection[str]) -> dict[str, str]:
        """Our marks on these events: event id → activity id, batched; events without one are left out."""

    async def find_by_uid(self, user_id: str, ical_uids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events with each iCalUId, in full, wherever in time they lie; batched."""

    async def gather_evidence(self, user_id: str, ids: Collection[str]) -> dict[str, Evidence]:
        """Read what ``judge_gone`` needs to know of events that may be gone."""

    async def write(self, user_id: str, writes: Sequence[GraphWrite]) -> list[Outcome]:
        """Carry out writes, batched; one outcome for each write, in their order.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``DuplicateCreate``, ``ItemRejected``, ``Throttled``,
        ``SideUnavailable`` (``unclear`` if the write may have been done).
        """


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to Graph's notifications of one mailbox's changes (graph.md §11), as stored.

    ``secret`` proves that a notification comes from Graph. It is stored before Graph is asked, so ``id`` is '' in
    between. ``url`` is where Graph sends notifications. ``unreadable`` is never stored: it says why the row of a
    newer build cannot be read, of which only the user is known.
    """

    user_id: str
    secret: str = field(repr=False)
    id: str = ""
    url: str = ""
    expires_at: datetime | None = None
    unreadable: str = ""

    @property
    def client_state(self) -> str:
        """What Graph sends with each notification (at most 128 characters): the user and the secret."""
        return f"{self.user_id}.{self.secret}"


@dataclass(frozen=True, slots=True)
class LiveSubscription:
    """A subscription as Graph lists it; ``resource`` names the mailbox."""

    id: str
    resource: str
    url: str
    expires_at: datetime


class Subscriptions(Protocol):
    """Graph's change notifications for the events of mailboxes."""

    async def list_live(self) -> list[LiveSubscription]:
        """Every live subscription of this app, for any address and mailbox."""

    async def subscribe(self, wanted: Subscription, until: datetime) -> Subscription:
        """Subscribe to ``wanted.user_id`` at ``wanted.url``; return it with the id and the end that Graph chose.

        Raises ``ItemRejected``: code ``ObjectIdentifierInUse`` for a second one of the same mailbox and address,
        ``ValidationError`` if Graph could not reach the address.
        """

    async def renew(self, subscription_id: str, until: datetime) -> datetime | None:
        """Renew, which also reauthorizes; return the new end, None if Graph does not know the subscription."""

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; an unknown one is no error."""
