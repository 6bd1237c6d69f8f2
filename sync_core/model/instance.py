"""What is remembered of the company: the two systems, the pull, and what the app itself looks after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sync_core.model.pause import Pause
from sync_core.model.phrase import Phrase
from sync_core.model.policy import Policy
from sync_core.model.user import FormerAccount, User


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that fails, check for check, ``since`` then: what it is about, and what is wrong, with the remedy.

    ``found`` has no text where another system said it, whose words are not kept.
    """

    since: datetime
    what: Phrase
    found: Phrase


@dataclass(frozen=True, slots=True)
class Instance:
    """What is remembered about the two systems to which this store belongs: one row, its fields as the comments group
    them. No time here is by ERP.net's clock but ``watermark`` and ``unread``."""

    # The stamp, and what the two systems said of themselves
    tenant: str = ""
    database: str = ""
    endpoints: tuple[str, ...] = ()
    """ERP.net's discovered roots (token URL, OData root)."""
    service_login: str = ""
    former_service_logins: tuple[FormerAccount, ...] = ()
    """The service user's former accounts."""
    document_type_id: str = ""
    """The type of R2."""

    # What the company chose
    policy: Policy | None = None
    """None before anybody stamped it."""
    policy_by_app: bool = False
    """Whether the app stamped it."""
    pause: Pause | None = None
    """For how long no round runs for anybody, None = rounds run."""

    # The pull (jobs/pull.py)
    watermark: datetime | None = None
    """The highest ERP.net update time of which all rows were filed."""
    met: tuple[str, ...] = ()
    """Digests of the changes so near below the watermark that a pull meets them again, oldest first."""
    unread: tuple[datetime, ...] = ()
    """The seconds of which ERP.net has not shown all changes; they are asked for again."""
    looked_back_at: datetime | None = None
    """When a pull last looked an hour further back."""
    pulled_at: datetime | None = None
    """When the last complete pull began."""
    has_webhook: bool = False
    """Whether the app has a secret for ERP.net's webhook."""
    called_at: datetime | None = None
    """When that webhook last called, within a minute."""

    # The repair (jobs/repair.py)
    repair_began_at: datetime | None = None
    """When its day began."""
    repaired_to: str | None = None
    """The user, or the place in the order of users, up to whom it has come; None where it has not begun."""

    # The timer (jobs/app/dispatch.py)
    looks_every: int = 15
    """Minutes between two looks at everybody, 0 for a schedule that has no such number."""
    late_after: int = 60
    """After so many minutes without a look somebody's calendar is late."""
    looked_at: datetime | None = None
    """When the timer last looked whose turn it is."""
    woken: dict[str, datetime] = field(default_factory=dict)
    """Since when those whom it woke wait for their round, of those who wait longest."""

    # What needs somebody
    refused: str = ""
    """Why a side, ``refused_by``, has refused the app itself since ``refused_at``; '' = it does not."""
    refused_at: datetime | None = None
    refused_by: str = ""
    queued: int = 0
    """How many messages the work queue held at the last complete pull, and ``poisoned`` its poison queue."""
    poisoned: int = 0
    poisoned_since: datetime | None = None
    """The first pull since which the poison queue was never empty."""
    failing: dict[str, FailedCheck] = field(default_factory=dict)
    """The checks of ``calsync doctor`` that failed when the app last made all, by the codes of their topics; not
    those of a person, whose own row tells."""
    digest_on: date | None = None
    """The day of the last digest."""

    def looked_at_user(self, user: User) -> datetime | None:
        """When the user's calendar was last looked at: by a round, or by the timer, to which nothing was new."""
        waits_since = self.woken.get(user.id)
        if user.synced_at is None:
            return None
        if waits_since is not None and user.synced_at < waits_since:
            return waits_since
        return max(user.synced_at, self.looked_at or user.synced_at)
