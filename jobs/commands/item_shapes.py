"""Shapes single items as JSON, as they stand in several answers (``shapes``); a private one is masked here.

Times are ISO 8601 in UTC, or null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jobs.approvals import Choice, is_to_be_released, is_to_be_retried
from jobs.round.worded import Line
from sync_core.content.project import is_private
from sync_core.model.action import Action
from sync_core.model.decision import Intent
from sync_core.model.entries import EnteredDate, JournalEntry
from sync_core.model.hold import HeldItem, Hold
from sync_core.model.link import Link, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.phrase import Phrase
from sync_core.model.series import Occurrence
from sync_core.model.unsynced import UNSHOWN
from sync_core.model.user import User
from sync_core.model.why import named
from sync_core.people.privacy import PRIVATE
from sync_core.plan.cells import in_words
from sync_core.plan.remedies import BY_RULE, OTHERWISE, remedy
from sync_core.plan.resolve import answers_to, by_hand

if TYPE_CHECKING:
    from jobs.commands.remembered import Dates, Finding
    from sync_core.model.unsynced import UnsyncedItem

Json = dict[str, Any]


def iso_of(at: date | None) -> str | None:
    """An instant or a day as ISO 8601, null where there is none."""
    return at.isoformat() if at else None


def subject_of(subject: str, private: bool) -> str:
    """A subject, masked where it is private."""
    return PRIVATE if private else subject


def values_of(values: dict[str, str], private: bool) -> dict[str, str]:
    """Values by field, each masked where they are private."""
    return dict.fromkeys(values, PRIVATE) if private else values


def phrase_of(phrase: Phrase) -> Json:
    """Shape something said: its English, and the code and values by which other languages say it."""
    return {"text": phrase.text, "code": phrase.code, "values": dict(phrase.values)}


def line_of(line: Line | Finding) -> Json:
    """Shape one line of a round's report, or what both have of a finding."""
    return {
        "what": line.what,
        "subject": subject_of(line.subject, line.private),
        "reason": line.reason,
        "event_id": line.event_id,
        "activity_id": line.activity_id,
        "before": values_of(line.before, line.private),
        "after": values_of(line.after, line.private),
        "occurrence": occurrence_of(line.occurrence),
    }


def occurrence_of(one: Occurrence | None, title: str = "") -> Json | None:
    """Shape which date of a series an item is, null for any other: in words, and as data; ``series`` is the same for
    all dates of one, '' where it is not known. ``title`` is the series', '' where the item has the same."""
    if one is None:
        return None
    series = sha256(one.series_uid.casefold().encode()).hexdigest()[:8] if one.series_uid else ""
    how = {"rhythm": str(one.rhythm or ""), "interval": one.interval, "weekdays": [*one.weekdays]}
    return {"text": one.text, **how, "day": one.day.isoformat(), "series": series, "title": title}


def dates_of(days: Sequence[date]) -> Json | None:
    """Shape the dates of a series of which something is told at once: how many, the first and the last; null for one
    item alone."""
    return {"count": len(days), "first": min(days).isoformat(), "last": max(days).isoformat()} if days else None


def dates_entered(entry: JournalEntry) -> Json | None:
    """Shape the dates of which an entry of the journal tells at once, as ``dates_of``."""
    return dates_of([one.occurrence.day for one in entry.dates if one.occurrence])


WOULD_BE = {
    Intent.VOID: "deleted in Outlook, would be voided in ERP.net",
    Intent.REMOVE: "void or deleted in ERP.net, would be removed from Outlook",
    Intent.CREATE_ACTIVITY: "its activity is gone, a new one would be made in ERP.net",
    Intent.CREATE_EVENT: "its event is gone, a new one would be made in Outlook",
}
"""What would be done to an item of a hold, by its intent."""

DELETES = (
    "voids or removes exactly these, each of them read again first; what is void in ERP.net stays so",
    "deletes nothing: both sides stay as they are, and calsync leaves these alone from then on",
)
CREATES = (
    "makes the counterpart anew; what names the one that is gone does not count any more",
    "makes nothing: the item stays as it is, and is not asked about again",
)
"""What a yes leads to, and what a no leads to."""


def hold_of(hold: Hold | Choice, user: User) -> Json:
    """Shape what waits for a person: each item with its subject and time, and what a yes and a no lead to."""
    is_deletion = any(item.intent in (Intent.VOID, Intent.REMOVE) for item in hold.items)
    approve, drop = DELETES if is_deletion else CREATES
    items = [_held_item(item, user) for item in hold.items]
    return {
        "id": hold.id,
        "why": hold.why,
        "since": iso_of(_since(hold)),
        "owner": user.upn,
        "zone": user.zone or "UTC",
        "approve": approve,
        "drop": drop,
        "count": len(items),
        "items": items,
        "series": _whole_series(items),
    }


def _since(hold: Hold | Choice) -> datetime | None:
    """Since when it waits; None where that is not known."""
    row = hold.row if isinstance(hold, Choice) else hold
    return row.since_at if isinstance(row, Hold) else None


def _whole_series(items: Sequence[Json]) -> list[Json]:
    """The series of which a list has several dates, each once: its name, how many dates, the first and the last."""
    dates: dict[tuple[str, str], list[Json]] = {}
    for item in items:
        if meant := series_with_intent(item):
            dates.setdefault(meant, []).append(item)
    return [
        {
            "series": series,
            "intent": intent,
            "subject": Counter(item["subject"] for item in some).most_common(1)[0][0],
            "dates": len(some),
            "first": min(item["occurrence"]["day"] for item in some),
            "last": max(item["occurrence"]["day"] for item in some),
            "would_be": some[0]["would_be"],
            "mails": sum(item["mails"] for item in some),
        }
        for (series, intent), some in dates.items()
        if len(some) > 1
    ]


def series_with_intent(item: Json) -> tuple[str, str] | None:
    """Of which series an item of a list is a date, with what would be done to it; None for any other."""
    return (item["occurrence"]["series"], item["intent"]) if item["occurrence"] else None


def _held_item(item: HeldItem, user: User) -> Json:
    return {
        "event_id": item.event_id,
        "activity_id": item.activity_id,
        "intent": item.intent,
        "owner": user.upn,
        "subject": subject_of(item.subject, item.private),
        "start": iso_of(item.start),
        "all_day": item.all_day,
        "when": _local(item, user),
        "would_be": WOULD_BE[Intent(item.intent)],
        "mails": item.mails,
        "occurrence": occurrence_of(item.occurrence),
    }


def _local(item: HeldItem, user: User) -> str:
    """Write an item's start as its owner reads it in a calendar; the JSON's ``start`` holds the year."""
    if item.start is None:
        return ""
    if item.all_day:
        return f"{item.start:%a %d.%m.}, all day"
    return f"{item.start.astimezone(ZoneInfo(user.zone or 'UTC')):%a %d.%m. %H:%M}"


def parked_of(memory: Memory) -> list[Json]:
    """Shape everything of a user that is parked: links, items without a link, days that are not shown. What is so
    ``by_rule``, or by a setting, waits for nobody."""
    parked = [link for link in memory.links if link.status is LinkStatus.PARKED]
    links = [_parked_link(link) for link in sorted(parked, key=by_title)]
    items = [_parked_item(pending) for pending in memory.pending if pending.parked]
    return links + items + [_unshown(str(day)) for day in memory.cursors.unread]


def by_title(link: Link) -> tuple[str, datetime, str]:
    """The order of a list of pairs: what bears one title, as the dates of a series do, by its time."""
    return link.base_event.subject.casefold(), link.base_event.start, link.event_id


def _unshown(day: str) -> Json:
    """A day of which ERP.net does not show all activities, in place of an item that nobody knows."""
    known = {"subject": day, "reason": UNSHOWN, "do": remedy(UNSHOWN), "can_retry": False, "by_rule": False}
    return {**known, "occurrence": None, "event_id": "", "activity_id": day}


def _parked_link(link: Link) -> Json:
    return {
        "subject": subject_of(link.base_event.subject, is_private_link(link)),
        "reason": link.reason,
        "do": remedy(link.reason, OTHERWISE),
        "can_retry": is_to_be_retried(link),
        "by_rule": named(link.reason) in BY_RULE,
        "event_id": link.event_id,
        "activity_id": link.activity_id,
        "occurrence": occurrence_of(link.occurrence),
    }


def _parked_item(pending: Pending) -> Json:
    event_id, activity_id = pending.ids
    return {
        "subject": "",
        "reason": pending.reason,
        "do": remedy(pending.reason, OTHERWISE),
        "can_retry": is_to_be_released(pending),
        "by_rule": named(pending.reason) in BY_RULE,
        "event_id": event_id,
        "activity_id": activity_id,
        "occurrence": None,
    }


def is_private_link(link: Link) -> bool:
    """Whether either side of a link is private."""
    return is_private(link.base_event) or is_private(link.base_activity)


def is_unreadable(line: Json) -> bool:
    """Whether a line stands for a journal row that cannot be read."""
    return bool(line["what"] == Action.UNREADABLE)


def entry_of(entry: JournalEntry, dates: Dates) -> Json:
    """Shape one entry of the journal."""
    return {
        "at": iso_of(entry.at),
        "round": entry.round_id,
        "what": entry.action,
        "subject": subject_of(entry.subject, entry.private),
        "reason": entry.reason,
        "event_id": entry.event_id,
        "activity_id": entry.activity_id,
        "before": values_of(entry.before, entry.private),
        "after": values_of(entry.after, entry.private),
        "occurrence": occurrence_of(*dates.told(entry)),
        "dates": dates_entered(entry),
        "each": [_entered_date(one, entry.private) for one in entry.dates],
    }


def _entered_date(one: EnteredDate, private: bool) -> Json:
    """Shape one of the dates of which an entry tells at once, with the values that are its own."""
    day = one.occurrence.day.isoformat() if one.occurrence else ""
    values = {"before": values_of(one.before, private), "after": values_of(one.after, private)}
    return {"day": day, "event_id": one.event_id, "activity_id": one.activity_id, **values}


def conflicts_of(user: User, memory: Memory) -> list[Json]:
    """Shape the open conflicts of one user, oldest first."""
    open_links = [link for link in memory.links if link.conflict is not None]
    found = [conflict_of(user, link) for link in open_links]
    return sorted(found, key=lambda conflict: (conflict["since"], conflict["event_id"]))


def conflict_of(user: User, link: Link) -> Json:
    """Shape a link's open conflict."""
    assert link.conflict is not None
    private = is_private_link(link)
    return {
        "id": link.conflict_id,
        "upn": user.upn,
        "zone": user.zone or "UTC",
        "subject": subject_of(link.base_event.subject, private),
        "event_id": link.event_id,
        "activity_id": link.activity_id,
        "since": iso_of(link.conflict.since_at),
        "category": str(link.conflict.category),
        "occurrence": occurrence_of(link.occurrence),
        "clashes": [
            {
                "field": clash.field,
                "event_value": subject_of(clash.event_value, private),
                "activity_value": subject_of(clash.activity_value, private),
                "why": clash.why,
                "do": by_hand(clash, link.role) or remedy(clash.why),
                "by_hand": by_hand(clash, link.role),
                "answers": [str(answer) for answer in answers_to(clash, link.role)],
            }
            for clash in link.conflict.clashes
        ],
    }


def unsynced_item(user: User, item: UnsyncedItem) -> Json:
    """Shape one item that is not synced, and whose it is; a private subject is masked."""
    return {
        "user_id": user.id,
        "upn": user.upn,
        "what": item.what,
        "subject": subject_of(item.subject, item.private),
        "reason": item.reason,
        "do": remedy(item.reason, OTHERWISE),
        "at": iso_of(item.at),
        "end": iso_of(item.end),
        "event_id": item.event_id,
        "activity_id": item.activity_id,
        "occurrence": occurrence_of(item.occurrence),
    }


def finding_of(finding: Finding, zone: ZoneInfo | None = None) -> Json:
    """Shape one finding of ``why``. ``found`` and ``when`` are the instant and the item's own start in words, in the
    person's zone; '' where they are not known."""
    own = zone or ZoneInfo("UTC")
    start = finding.start
    if start is None:
        on = ""
    elif finding.all_day:
        on = f"{start:%a %d.%m.%Y}, all day"
    else:
        on = f"{start.astimezone(own):%a %d.%m.%Y %H:%M}"
    return {
        "at": iso_of(finding.at),
        "found": f"{finding.at.astimezone(own):%Y-%m-%d %H:%M:%S}" if finding.at else "",
        "start": iso_of(start),
        "when": on,
        **line_of(finding),
        "occurrence": occurrence_of(finding.occurrence, finding.series),
        "dates": dates_of(finding.dates),
        "do": finding.do or remedy(finding.reason),
        "cell": finding.cell,
        "decided": in_words(finding.cell),
    }
