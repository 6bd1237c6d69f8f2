"""What a command answers, as JSON: the one place that masks private items, for ``--json`` and for the text alike.

Times are ISO 8601 in UTC, or null.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from jobs.answers import Choice, choices_in
from jobs.doctor import Check
from jobs.explain import Finding
from jobs.report import PRIVATE, Line, Report
from jobs.sync import SyncReport
from sync_core.link import ENDED
from sync_core.model import Hold, Instance, JournalEntry, Link, LinkStatus, Memory, Pending, Role, Side, User
from sync_core.project import is_private

Json = dict[str, Any]


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _subject(subject: str, private: bool) -> str:
    return PRIVATE if private else subject


def _values(values: dict[str, str], private: bool) -> dict[str, str]:
    return dict.fromkeys(values, PRIVATE) if private else values


def user_of(user: User) -> Json:
    """One row of ``users list``."""
    return {
        "id": user.id,
        "upn": user.upn,
        "display_name": user.display_name,
        "enabled": user.enabled,
        "state": user.state,
        "erp_login": user.erp_login,
        "company_id": user.company_id,
        "location_id": user.location_id,
        "time_zone": user.zone,
        "synced_at": _at(user.synced_at),
    }


def sync_of(outcome: SyncReport, waiting: dict[str, Sequence[Choice]], *, dry_run: bool) -> Json:
    """The answer of ``sync``; ``waiting`` is what waits for a person, by user id."""
    users = [_report(report, waiting.get(report.user_id, ())) for report in outcome.reports]
    return {"failure": outcome.failure, "dry_run": dry_run, "users": users}


def _report(report: Report, stored: Sequence[Choice]) -> Json:
    known = {choice.id for choice in stored}
    planned = [_hold(hold) for hold in report.holds if hold.id not in known]
    return {
        "upn": report.upn,
        "state": report.state,
        "full": report.full,
        "ran": report.ran,
        "done": dict(report.done),
        "skipped": dict(report.skipped),
        "lines": [_line(line) | {"mails": line.mails} for line in report.lines],
        "mails": report.mails,
        "failures": report.failures,
        "conflicts": report.conflicts,
        "parked": report.parked,
        "holds": [_hold(choice) for choice in stored] + planned,
    }


def _line(line: Line | Finding) -> Json:
    return {
        "what": line.what,
        "subject": _subject(line.subject, line.private),
        "reason": line.reason,
        "event_id": line.event_id,
        "activity_id": line.activity_id,
        "before": _values(line.before, line.private),
        "after": _values(line.after, line.private),
    }


def _hold(hold: Hold | Choice) -> Json:
    items = [{"event_id": i.event_id, "activity_id": i.activity_id, "intent": i.intent} for i in hold.items]
    return {"id": hold.id, "why": hold.why, "items": items}


def company_of(instance: Instance) -> Json:
    """What ``status`` tells of everybody: why a side refuses the app itself, '' while none does."""
    return {"refused": instance.refused, "refused_at": _at(instance.refused_at)}


def status_of(user: User, memory: Memory, journal: Iterable[JournalEntry]) -> Json:
    """One user of ``status``; ``log`` is the newest of the journal."""
    parked = _parked(memory)
    return {
        "upn": user.upn,
        "enabled": user.enabled,
        "state": user.state,
        "synced_at": _at(user.synced_at),
        "remote_checkpoint_at": _at(user.remote_checkpoint_at),
        "local_checkpoint_at": _at(user.local_checkpoint_at),
        "links": sum(link.status not in ENDED and link.role is not Role.FOLLOWER for link in memory.links),
        "followed": sum(link.status not in ENDED and link.role is Role.FOLLOWER for link in memory.links),
        "conflicts": sum(link.conflict is not None for link in memory.links),
        "parked": len(parked),
        "parked_items": parked,
        "holds": [_hold(choice) for choice in choices_in(memory)],
        "log": [_entry(entry) for entry in journal],
    }


def _parked(memory: Memory) -> list[Json]:
    links = [_parked_link(link) for link in memory.links if link.status is LinkStatus.PARKED]
    return links + [_parked_item(pending) for pending in memory.pending if pending.parked]


def _parked_link(link: Link) -> Json:
    return {
        "subject": _subject(link.base_event.subject, _is_private(link)),
        "reason": link.reason,
        "event_id": link.event_id,
        "activity_id": link.activity_id,
    }


def _parked_item(pending: Pending) -> Json:
    is_event = pending.side is Side.GRAPH
    return {
        "subject": "",
        "reason": pending.reason,
        "event_id": pending.item_id if is_event else "",
        "activity_id": "" if is_event else pending.item_id,
    }


def _is_private(link: Link) -> bool:
    return is_private(link.base_event) or is_private(link.base_activity)


def _entry(entry: JournalEntry) -> Json:
    return {
        "at": _at(entry.at),
        "what": entry.action,
        "subject": _subject(entry.subject, entry.private),
        "reason": entry.reason,
        "event_id": entry.event_id,
        "activity_id": entry.activity_id,
        "before": _values(entry.before, entry.private),
        "after": _values(entry.after, entry.private),
    }


def conflicts_of(user: User, memory: Memory) -> list[Json]:
    """The open conflicts of one user, oldest first."""
    open_links = [link for link in memory.links if link.conflict is not None]
    found = [_conflict(user, link) for link in open_links]
    return sorted(found, key=lambda conflict: (conflict["since"], conflict["event_id"]))


def _conflict(user: User, link: Link) -> Json:
    assert link.conflict is not None
    private = _is_private(link)
    return {
        "upn": user.upn,
        "subject": _subject(link.base_event.subject, private),
        "event_id": link.event_id,
        "activity_id": link.activity_id,
        "since": _at(link.conflict.since_at),
        "mark": str(link.conflict.mark),
        "clashes": [
            {
                "field": clash.field,
                "event_value": _subject(clash.event_value, private),
                "activity_value": _subject(clash.activity_value, private),
                "why": clash.why,
            }
            for clash in link.conflict.clashes
        ],
    }


def finding_of(finding: Finding) -> Json:
    """One item of ``why``."""
    return {"at": _at(finding.at), **_line(finding)}


def check_of(check: Check) -> Json:
    """One check of ``doctor``."""
    return {"what": check.what, "fine": check.fine, "text": check.text}
