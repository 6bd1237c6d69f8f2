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
    """What is remembered about the two systems to which this store belongs.

    ``tenant`` and ``database`` are its stamp. ``endpoints`` are ERP.net's discovered roots (token URL, OData root).
    ``document_type_id`` is the type of R2. ``former_service_logins`` are the service user's former accounts.
    ``policy`` is the company's, None before anybody stamped it; ``policy_by_app`` says whether the app did. ``pause``
    is for how long no round runs for anybody.

    ``watermark`` is the highest ERP.net update time of which all rows were filed: the only time here by
    ERP.net's clock. ``met`` are digests of the changes so near below it that a pull meets them again
    (jobs/pull.py), oldest first. ``unread`` are the seconds of which ERP.net has not shown all changes; they
    are asked for again. ``looked_back_at`` is when a pull last looked an hour further back, ``pulled_at`` when
    the last complete pull began. ``repair_began_at`` is when the repair's day began; ``repaired_to`` is the
    user, or the place in the order of users, up to whom it has come, None where it has not begun. ``refused``
    says why a side, ``refused_by``, has refused the app itself since ``refused_at``, '' = it does not.
    ``has_webhook``: the app has a secret for ERP.net's webhook, which last called at ``called_at``, within a
    minute. ``queued`` and ``poisoned`` are how many messages the work queue and its poison queue held at that
    pull, and ``poisoned_since`` is the first pull since which the latter was never empty.
    ``failing`` are the checks of ``calsync doctor`` that failed when the app last made all, by the codes of their
    topics; not those of a person, whose own row tells.
    ``looks_every`` are the minutes between two looks of the app's timer at everybody, 0 for
    a schedule that has no such number; after ``late_after`` minutes without a look somebody's calendar is late.
    ``looked_at`` is when the timer last looked whose turn it is; ``woken`` says of those whom it woke and whose round
    has not come since when (those who wait longest).
    """

    tenant: str = ""
    database: str = ""
    endpoints: tuple[str, ...] = ()
    watermark: datetime | None = None
    service_login: str = ""
    document_type_id: str = ""
    pulled_at: datetime | None = None
    met: tuple[str, ...] = ()
    looked_back_at: datetime | None = None
    repair_began_at: datetime | None = None
    repaired_to: str | None = None
    former_service_logins: tuple[FormerAccount, ...] = ()
    refused: str = ""
    refused_at: datetime | None = None
    policy: Policy | None = None
    policy_by_app: bool = False
    pause: Pause | None = None
    digest_on: date | None = None
    queued: int = 0
    poisoned: int = 0
    poisoned_since: datetime | None = None
    failing: dict[str, FailedCheck] = field(default_factory=dict)
    unread: tuple[datetime, ...] = ()
    refused_by: str = ""
    has_webhook: bool = False
    looks_every: int = 15
    late_after: int = 60
    called_at: datetime | None = None
    looked_at: datetime | None = None
    woken: dict[str, datetime] = field(default_factory=dict)

    def looked_at_user(self, user: User) -> datetime | None:
        """When the user's calendar was last looked at: by a round, or by the timer, to which nothing was new."""
        waits_since = self.woken.get(user.id)
        if user.synced_at is None:
            return None
        if waits_since is not None and user.synced_at < waits_since:
            return waits_since
        return max(user.synced_at, self.looked_at or user.synced_at)
