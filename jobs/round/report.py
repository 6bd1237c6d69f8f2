"""The report of a round: what was done, skipped and failed, and what waits for a person. Also its log line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.log import Fact, log_failure, log_line
from jobs.round.worded import Line
from sync_core.errors import AppRefused, CalsyncError
from sync_core.model.decision import Decision, Verdict
from sync_core.model.hold import Approval, Hold
from sync_core.model.link import Link, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.user import Tally
from sync_core.plan.unsynced import series_once

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed: in words, and the error behind them, None where the words are those of a checkup. The same words
    twice are one failure."""

    text: str
    error: Exception | None = field(default=None, compare=False)


@dataclass(slots=True)
class Report:
    """The outcome of one round of one user. ``state`` is the user's state in words, ``operational`` whether it is no
    error. ``again``: another round must follow at once; ``paused``: nothing was looked at; ``is_whole``: it got to
    its end, so what it read need not be read again."""

    user_id: str
    upn: str
    state: str = ""
    operational: bool = True
    full: bool = False
    ran: bool = True
    paused: bool = False
    done: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    """The failures that are about unreadable rows: a later round does not mend them."""
    conflicts: int = 0
    conflicts_since: datetime | None = None
    holds: tuple[Hold, ...] = ()
    parked: int = 0
    waiting: int = 0
    """How many of the parked items wait for somebody."""
    parked_since: datetime | None = None
    links: int = 0
    again: bool = False
    is_whole: bool = False
    woken: frozenset[str] = frozenset()
    """The other users who lost or got a meeting by this round."""
    served: str = ""
    """The wake token this round served."""
    read_all: str = ""
    """Why the round read all links although it had begun with few, '' = it did not."""
    trouble: CalsyncError | None = None
    """The error that ended the round before its cursors moved, None if none did."""
    left: Memory | None = None
    """What is remembered at the end of the round, as far as it was read; None where the round did not get there."""
    reached: dict[str, datetime] = field(default_factory=dict)
    """When each step ended: ``lease`` (links recalled), ``read`` (both sides), ``decide``, ``write``."""

    @property
    def mails(self) -> int:
        """How many mails Exchange sends, or in a dry run would send, because of this round."""
        return sum(line.mails for line in self.lines)

    @property
    def tally(self) -> Tally:
        """The numbers that the user's row keeps."""
        return Tally(
            self.conflicts,
            self.waiting,
            len(self.holds),
            self.links,
            conflicts_since=self.conflicts_since,
            holds_since=min((hold.since_at for hold in self.holds), default=None),
            parked_since=self.parked_since if self.waiting else None,
        )

    @property
    def is_fine(self) -> bool:
        """Whether nothing failed and the user is operational (open conflicts and holds are no failures)."""
        return not self.failures and self.operational

    def count(self, decisions: Sequence[Decision], links: Collection[Link]) -> None:
        """Count what a plan leaves alone, by reason; a series once (``series_once``). ``links`` are those that are
        known. A mistake in that stops no round: each date is counted then."""
        told = decisions
        try:
            told = series_once(decisions, links)
        except Exception as mistake:  # noqa: BLE001 - one series that cannot be counted is no reason to sync nothing
            log_failure("round", mistake, user_id=self.user_id)
        for decision in told:
            if decision.verdict in (Verdict.SKIP, Verdict.PARK, Verdict.HOLD, Verdict.ARCHIVE):
                self.skipped[decision.reason] += 1

    def add(self, acted: Sequence[Line], failures: Sequence[Failure], woken: frozenset[str]) -> None:
        """Add what was carried out and what failed; ``woken`` are the users who lost or got a meeting."""
        self.done.update(line.what for line in acted)
        self.lines += acted
        self.failures += failures
        self.woken = woken

    def set_open(self, links: Sequence[Link], holds: Sequence[Hold]) -> None:
        """Set what waits for a person: conflicts, and holds without an answer."""
        since = [link.conflict.since_at for link in links if link.conflict is not None]
        self.conflicts, self.conflicts_since = len(since), min(since, default=None)
        self.holds = tuple(hold for hold in holds if hold.approval == Approval.OPEN and hold.items)


def parked_in(memory: Memory) -> int:
    """Count the parked items, and the days of which ERP.net does not show all activities."""
    links = sum(link.status is LinkStatus.PARKED for link in memory.links)
    return links + sum(p.parked for p in memory.pending) + len(memory.cursors.unread)


def steps_of(report: Report, woken_at: datetime | None, began_at: datetime) -> dict[str, int]:
    """Milliseconds that each step of a round with writes took, ``queue`` (from the wake-up on) before the others;
    {} of one that did not get to its writes."""
    if not report.done or "write" not in report.reached:
        return {}
    moments = {**({"": woken_at} if woken_at is not None else {}), "queue": began_at, **report.reached}
    return {
        step: round((until - since) / MILLISECOND)
        for since, (step, until) in zip(moments.values(), list(moments.items())[1:], strict=False)
    }


def log_round(
    report: Report, *, seconds: float, lag_seconds: float | None, steps: Mapping[str, int] | None = None
) -> None:
    """Log one round. ``lag_seconds``: from the wake-up to the end of the writes, None where unknown; ``steps`` as
    ``steps_of`` has them."""
    facts: dict[str, Fact] = {
        "user": report.user_id,
        "full": report.full,
        "ran": report.ran,
        "operational": report.operational and not isinstance(report.trouble, AppRefused),
        "again": report.again,
        "actions": dict(report.done),
        "skipped": report.skipped.total(),
        "failures": len(report.failures),
        "conflicts": report.conflicts,
        "holds": len(report.holds),
        "parked": report.parked,
        "seconds": round(seconds, 3),
    }
    if report.read_all:
        facts["read_all"] = report.read_all
    if lag_seconds is not None:
        facts["lag_seconds"] = round(lag_seconds, 3)
    if steps:
        facts["steps"] = steps
    log_line("round", facts)
    if report.trouble is not None:
        log_failure("round", report.trouble, user_id=report.user_id)
