"""Shapes the output of each operator job as JSON. Private items are masked here, for every caller and every format.

Times are ISO 8601 in UTC, or null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jobs.approvals import Choice, choices_in
from jobs.command import Command
from jobs.commands.mistakes import told_of
from jobs.ports import UNREADABLE, Place
from jobs.round.report import PRIVATE, Failure, Line, Report
from jobs.says import Found, Owner
from sync_core.content.project import is_private
from sync_core.model.decision import Intent
from sync_core.model.link import ENDED, Link, LinkStatus, Pending, Role
from sync_core.model.memory import HeldItem, Hold, Instance, JournalEntry, Memory, User
from sync_core.model.pause import Pause
from sync_core.model.phrase import Phrase
from sync_core.model.policy import texts
from sync_core.model.series import Occurrence
from sync_core.model.unsynced import UNSHOWN
from sync_core.plan.cells import in_words
from sync_core.plan.remedies import OTHERWISE, remedy

if TYPE_CHECKING:
    from jobs.commands.checks import Check
    from jobs.commands.pause import Paused
    from jobs.commands.remembered import Finding
    from jobs.commands.resolve import Resolved
    from jobs.commands.sync import SyncReport
    from jobs.commands.undo import Undo
    from jobs.commands.unlink import Unlinked
    from jobs.commands.unsynced import UnsyncedPage
    from jobs.world import World
    from sync_core.model.unsynced import UnsyncedItem

Json = dict[str, Any]


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _subject(subject: str, private: bool) -> str:
    return PRIVATE if private else subject


def _values(values: dict[str, str], private: bool) -> dict[str, str]:
    return dict.fromkeys(values, PRIVATE) if private else values


def phrase_of(phrase: Phrase) -> Json:
    """Shape something said: its English, and the code and values by which other languages say it."""
    return {"text": phrase.text, "code": phrase.code, "values": dict(phrase.values)}


def failure_of(name: str, told: Phrase) -> Json:
    """Shape what failed for one of several, by the name under which it was asked for."""
    return {"upn": name, "failure": told.text, "code": told.code, "values": dict(told.values)}


def _failures_of(failures: Sequence[Failure]) -> Json:
    """What failed, in words, and each as a phrase."""
    return {
        "failures": [one.text for one in failures],
        "troubles": [phrase_of(_trouble(one)) for one in failures],
    }


def _trouble(failure: Failure) -> Phrase:
    if failure.error is None:
        return Found.LACKING.say(problems=failure.text)
    return told_of(failure.error, failure.text)


def user_of(user: User) -> Json:
    """Shape one user of ``users list``."""
    return {
        "id": user.id,
        "upn": user.upn,
        "display_name": user.display_name,
        "enabled": user.enabled,
        "state": user.state,
        "erp_login": user.erp_login,
        "company_id": user.company_id,
        "company": user.company,
        "location_id": user.location_id,
        "location": user.location,
        "time_zone": user.zone,
        "synced_at": _at(user.synced_at),
    }


def place_of(place: Place) -> Json:
    """A company and one of its locations, which activities may be given."""
    return {
        "company_id": place.company_id,
        "company": place.company_name,
        "company_code": place.company_code,
        "location_id": place.location_id,
        "location": place.location_name,
    }


def sync_of(outcome: SyncReport, waiting: dict[str, tuple[User, Sequence[Choice]]], *, dry_run: bool) -> Json:
    """Shape the output of ``sync``. ``waiting``, by user id, is each user with the choices that wait for a person."""
    users = [_report(report, *waiting[report.user_id]) for report in outcome.reports]
    trouble = phrase_of(told_of(outcome.ended_by)) if outcome.ended_by is not None else None
    return {"failure": outcome.failure, "trouble": trouble, "dry_run": dry_run, "users": users}


ADDED_UP = ("done", "skipped")


def one_each(answer: Json) -> Json:
    """The answer of a sync with one entry for each person: a colleague's round may have made them run once more."""
    rounds: dict[str, Json] = {}
    for one in answer.get("users", ()):
        if "lines" not in one:
            return answer
        before = rounds.get(one["upn"])
        rounds[one["upn"]] = one if before is None else _both_rounds(before, one)
    return {**answer, "users": [*rounds.values()]} if rounds else answer


def _both_rounds(before: Json, after: Json) -> Json:
    sums: Json = {name: dict(Counter(before[name]) + Counter(after[name])) for name in ADDED_UP}
    totals = {name: before[name] + after[name] for name in ("lines", "mails")}
    flags = {name: before[name] or after[name] for name in ("full", "ran")}
    failures = [*dict.fromkeys([*before["failures"], *after["failures"]])]
    troubles = {one["text"]: one for round_ in (before, after) for one in round_.get("troubles", ())}
    return {**after, **sums, **totals, **flags, "failures": failures, "troubles": [*troubles.values()]}


def _report(report: Report, user: User, stored: Sequence[Choice]) -> Json:
    planned = {hold.key for hold in report.holds}
    waiting: list[Hold | Choice] = [c for c in stored if not (isinstance(c.row, Hold) and c.row.key in planned)]
    return {
        "upn": report.upn,
        "zone": user.zone or "UTC",
        "state": report.state,
        "full": report.full,
        "ran": report.ran,
        "done": dict(report.done),
        "skipped": dict(report.skipped),
        "lines": [_line(line) | {"mails": line.mails} for line in report.lines],
        "mails": report.mails,
        **_failures_of(report.failures),
        "conflicts": report.conflicts,
        "parked": report.parked,
        "holds": [hold_of(one, user) for one in [*report.holds, *waiting]],
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
        "occurrence": occurrence_of(line.occurrence),
    }


def occurrence_of(one: Occurrence | None, title: str = "") -> Json | None:
    """Shape which date of a series an item is, null for any other: in words, and as data; ``series`` is the same for
    all dates of one, '' where it is not known. ``title`` is the series', '' where the item has the same."""
    if one is None:
        return None
    series = sha256(one.series_uid.casefold().encode()).hexdigest()[:8] if one.series_uid else ""
    date = {"text": one.text, "rhythm": str(one.rhythm or ""), "day": one.day.isoformat()}
    return {**date, "series": series, "title": title}


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
        "owner": user.upn,
        "zone": user.zone or "UTC",
        "approve": approve,
        "drop": drop,
        "count": len(items),
        "items": items,
        "series": _whole_series(items),
    }


def _whole_series(items: Sequence[Json]) -> list[Json]:
    """The series of which a list has several dates, each once: its name, how many dates, the first and the last."""
    dates: dict[tuple[str, str], list[Json]] = {}
    for item in items:
        if meant := series_in(item):
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


def series_in(item: Json) -> tuple[str, str] | None:
    """Of which series an item of a list is a date, with what would be done to it; None for any other."""
    return (item["occurrence"]["series"], item["intent"]) if item["occurrence"] else None


def _held_item(item: HeldItem, user: User) -> Json:
    return {
        "event_id": item.event_id,
        "activity_id": item.activity_id,
        "intent": item.intent,
        "owner": user.upn,
        "subject": _subject(item.subject, item.private),
        "start": _at(item.start),
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


def pause_of(pause: Pause | None) -> Json | None:
    """Shape a pause: since when, until which day (null = until somebody resumes) and in words; null for none."""
    if pause is None:
        return None
    until = pause.until.isoformat() if pause.until else None
    return {"since": _at(pause.since_at), "until": until, "text": pause.text}


def company_of(instance: Instance, *, pause: Pause | None = None) -> Json:
    """Shape what concerns every user in ``status``: why a side refuses the app itself, '' while none does; ``pause``
    is everybody's, where it is still on."""
    return {
        "refused": instance.refused,
        "refused_by": instance.refused_by,
        "refused_at": _at(instance.refused_at),
        "paused": pause_of(pause),
    }


def paused_of(paused: Sequence[Paused], everybody: Pause | None) -> Json:
    """Shape the answer of ``pause`` and ``resume``: everybody's pause, null for none, and how each person asked about
    stands (``paused``: the pause by which no round runs for them, their own or everybody's)."""
    users = [{"id": one.user.id, "upn": one.user.upn, "paused": pause_of(one.pause)} for one in paused]
    return {"everybody": pause_of(everybody), "users": users}


def policy_of(instance: Instance, world: World) -> Json:
    """Shape the company's policy, setting by setting; ``here`` is what the settings here say, None if nothing."""
    company, here = texts(instance.policy or world.policy), texts(world.policy)
    by = Owner.BY_NOBODY
    if instance.policy is not None:
        by = Owner.BY_APP if instance.policy_by_app else Owner.BY_COMMAND_LINE
    return {
        "by": by.value,
        "by_code": by.code,
        "settings": [
            {"name": name, "company": text, "here": here[name] if name in world.chosen else None}
            for name, text in company.items()
        ],
    }


def status_of(
    user: User,
    memory: Memory,
    journal: Iterable[JournalEntry],
    left_alone: int = 0,
    *,
    pause: Pause | None = None,
) -> Json:
    """Shape one user of ``status``. ``log`` is the newest journal entries; ``left_alone`` counts the pairs whose
    creator's sync is not switched on; ``pause`` is the one that is on for them now (``jobs.due.pause_of``)."""
    parked = _parked(memory)
    return {
        "upn": user.upn,
        "zone": user.zone or "UTC",
        "enabled": user.enabled,
        "state": user.state,
        "paused": pause_of(pause),
        "synced_at": _at(user.synced_at),
        "remote_checkpoint_at": _at(user.remote_checkpoint_at),
        "local_checkpoint_at": _at(user.local_checkpoint_at),
        "links": sum(link.status not in ENDED and link.role is not Role.FOLLOWER for link in memory.links),
        "left_alone": left_alone,
        "followed": sum(link.status not in ENDED and link.role is Role.FOLLOWER for link in memory.links),
        "conflicts": sum(link.conflict is not None for link in memory.links),
        "parked": len(parked),
        "parked_items": parked,
        "holds": [hold_of(choice, user) for choice in choices_in(memory)],
        "log": [_entry(entry) for entry in journal if not entry.is_idle],
    }


def _parked(memory: Memory) -> list[Json]:
    links = [_parked_link(link) for link in memory.links if link.status is LinkStatus.PARKED]
    items = [_parked_item(pending) for pending in memory.pending if pending.parked]
    return links + items + [_unshown(str(day)) for day in memory.cursors.unread]


def _unshown(day: str) -> Json:
    """A day of which ERP.net does not show all activities, in place of an item that nobody knows."""
    known = {"subject": day, "reason": UNSHOWN, "do": remedy(UNSHOWN), "occurrence": None}
    return {**known, "event_id": "", "activity_id": day}


def _parked_link(link: Link) -> Json:
    return {
        "subject": _subject(link.base_event.subject, _is_private(link)),
        "reason": link.reason,
        "do": remedy(link.reason, OTHERWISE),
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
        "event_id": event_id,
        "activity_id": activity_id,
        "occurrence": None,
    }


def _is_private(link: Link) -> bool:
    return is_private(link.base_event) or is_private(link.base_activity)


def is_unreadable(line: Json) -> bool:
    """Whether a line stands for a journal row that cannot be read."""
    return bool(line["what"] == UNREADABLE)


def _entry(entry: JournalEntry) -> Json:
    return {
        "at": _at(entry.at),
        "round": entry.round_id,
        "what": entry.action,
        "subject": _subject(entry.subject, entry.private),
        "reason": entry.reason,
        "event_id": entry.event_id,
        "activity_id": entry.activity_id,
        "before": _values(entry.before, entry.private),
        "after": _values(entry.after, entry.private),
    }


def conflicts_of(user: User, memory: Memory) -> list[Json]:
    """Shape the open conflicts of one user, oldest first."""
    open_links = [link for link in memory.links if link.conflict is not None]
    found = [_conflict(user, link) for link in open_links]
    return sorted(found, key=lambda conflict: (conflict["since"], conflict["event_id"]))


def _conflict(user: User, link: Link) -> Json:
    assert link.conflict is not None
    private = _is_private(link)
    return {
        "id": link.conflict_id,
        "upn": user.upn,
        "zone": user.zone or "UTC",
        "subject": _subject(link.base_event.subject, private),
        "event_id": link.event_id,
        "activity_id": link.activity_id,
        "since": _at(link.conflict.since_at),
        "category": str(link.conflict.category),
        "occurrence": occurrence_of(link.occurrence),
        "clashes": [
            {
                "field": clash.field,
                "event_value": _subject(clash.event_value, private),
                "activity_value": _subject(clash.activity_value, private),
                "why": clash.why,
                "do": remedy(clash.why),
            }
            for clash in link.conflict.clashes
        ],
    }


def resolved_of(resolved: Resolved) -> Json:
    """Shape the answer of ``resolve``; ``conflict`` is what is open of it now, null where nothing is."""
    is_open = resolved.after is not None and resolved.after.conflict is not None
    return {
        "resolved": resolved.is_resolved,
        "zone": resolved.user.zone or "UTC",
        **phrase_of(resolved.told),
        "lines": [_line(line) | {"mails": line.mails} for line in resolved.report.lines],
        "conflict": _conflict(resolved.user, resolved.after) if is_open and resolved.after else None,
    }


def unlinked_of(unlinked: Unlinked) -> Json:
    """Shape one pair that was taken apart; ``category``: the event wears that of a conflict, which stays."""
    link = unlinked.link
    return {
        "upn": unlinked.user.upn,
        "subject": _subject(link.base_event.subject, _is_private(link)),
        "event_id": link.event_id,
        "activity_id": link.activity_id,
        "reason": link.reason,
        "do": remedy(link.reason, OTHERWISE),
        "category": unlinked.has_category,
    }


def undo_of(undo: Undo) -> Json:
    """Shape an undo, planned or ``done``: what is put back, mails included, what was made anew, and what is left out
    and why; ``can_remake``: it is made anew where that is asked for."""
    left = [
        {
            "subject": _subject(one.entry.subject, one.entry.private),
            "what": one.entry.action,
            "field": one.field,
            "why": one.why.text,
            "code": one.why.code,
            "can_remake": one.can_remake,
            "event_id": one.entry.event_id,
            "activity_id": one.entry.activity_id,
        }
        for one in undo.left_out
    ]
    return {
        "upn": undo.user.upn,
        "zone": undo.user.zone or "UTC",
        "round": undo.round_id,
        "done": undo.report is not None,
        "lines": [_line(line) | {"mails": line.mails} for line in undo.lines],
        "mails": sum(line.mails for line in undo.lines),
        "remade": [_line(line) | {"mails": line.mails} for line in undo.remade],
        "left_out": left,
        **_failures_of([*undo.failures, *(undo.report.failures if undo.report else ())]),
    }


def unsynced_of(page: UnsyncedPage) -> Json:
    """Shape the answer to why items are not synced: all reasons, and a page of items."""
    reasons = [{"reason": one.reason, "items": one.items, "people": one.people, "do": one.do} for one in page.reasons]
    items = [unsynced_item(user, item) for user, item in page.items]
    return {"reasons": reasons, "items": items, "next_after": page.next_after}


def unsynced_item(user: User, item: UnsyncedItem) -> Json:
    """Shape one item that is not synced, and whose it is; a private subject is masked."""
    return {
        "user_id": user.id,
        "upn": user.upn,
        "what": item.what,
        "subject": _subject(item.subject, item.private),
        "reason": item.reason,
        "do": remedy(item.reason, OTHERWISE),
        "at": _at(item.at),
        "end": _at(item.end),
        "event_id": item.event_id,
        "activity_id": item.activity_id,
        "occurrence": occurrence_of(item.occurrence),
    }


def command_of(command: Command, users: Iterable[User] = ()) -> Json:
    """Shape a command: who asked for what, and how far it has come; not the answer. ``users`` bear the names of
    those who are kept by id."""
    names = {user.id: user.upn for user in users}
    return {
        "id": command.id,
        "kind": str(command.wish.kind),
        "people": ["everybody"] if command.wish.everybody else [names.get(one, one) for one in command.wish.people],
        "choice": command.wish.choice,
        "asked_by": command.asked_by.name or command.asked_by.id,
        "asked_at": _at(command.asked_at),
        "state": str(command.state),
        "is_fine": command.is_fine,
        "done": command.done,
        "total": command.total,
        "finished_at": _at(command.finished_at),
        "waits_for": command.waits_for,
        "failure": command.failure,
    }


def journal_of(
    user: User, entries: Iterable[JournalEntry], since: date | None = None, *, with_idle: bool = False
) -> Json:
    """Shape one user's journal, from this day on, as days are where the user is; None for all. ``idle`` counts the
    rounds that are left out since they found nothing to do."""
    zone = ZoneInfo(user.zone or "UTC")
    wanted = [one for one in entries if since is None or one.at.astimezone(zone).date() >= since]
    shown = [one for one in wanted if with_idle or not one.is_idle]
    log = [_entry(one) for one in shown]
    return {"upn": user.upn, "zone": zone.key, "log": log, "idle": len(wanted) - len(shown)}


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
        "at": _at(finding.at),
        "found": f"{finding.at.astimezone(own):%Y-%m-%d %H:%M:%S}" if finding.at else "",
        "start": _at(start),
        "when": on,
        **_line(finding),
        "occurrence": occurrence_of(finding.occurrence, finding.series),
        "do": finding.do or remedy(finding.reason),
        "cell": finding.cell,
        "decided": in_words(finding.cell),
    }


def check_of(check: Check) -> Json:
    """Shape one check of ``doctor``."""
    found = phrase_of(check.found)
    return {"what": check.what.text, "topic": check.what.code, "fine": check.fine, "part": check.part, **found}
