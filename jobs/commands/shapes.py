"""Shapes the output of each operator job as JSON. Its items are shaped, and masked, in ``item_shapes``.

Times are ISO 8601 in UTC, or null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jobs.approvals import Choice, choices_in
from jobs.command import Command
from jobs.commands.item_shapes import (
    conflict_of,
    entry_of,
    hold_of,
    is_private_link,
    iso_of,
    line_of,
    occurrence_of,
    parked_of,
    phrase_of,
    subject_of,
    unsynced_item,
)
from jobs.commands.mistakes import told_of
from jobs.commands.remembered import Dates
from jobs.ports import Place
from jobs.round.report import Failure, Report
from jobs.says import Found, Owner
from sync_core.model.entries import JournalEntry
from sync_core.model.hold import Hold
from sync_core.model.instance import Instance
from sync_core.model.link import ENDED, Link, Role
from sync_core.model.memory import Memory
from sync_core.model.pause import Pause
from sync_core.model.phrase import Phrase
from sync_core.model.policy import texts
from sync_core.model.user import User
from sync_core.plan.remedies import OTHERWISE, remedy

if TYPE_CHECKING:
    from jobs.commands.checks import Check
    from jobs.commands.pause import Paused
    from jobs.commands.resolve import Resolved
    from jobs.commands.sync import SyncReport
    from jobs.commands.undo import Undo
    from jobs.commands.unlink import Unlinked
    from jobs.commands.unsynced import UnsyncedPage
    from jobs.world import World

Json = dict[str, Any]


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
        "synced_at": iso_of(user.synced_at),
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
        "enabled": user.enabled,
        "is_paused": report.paused,
        "state": report.state,
        "full": report.full,
        "ran": report.ran,
        "done": dict(report.done),
        "skipped": dict(report.skipped),
        "lines": [line_of(line) | {"mails": line.mails} for line in report.lines],
        "mails": report.mails,
        **_failures_of(report.failures),
        "conflicts": report.conflicts,
        "parked": report.parked,
        "holds": [hold_of(one, user) for one in [*report.holds, *waiting]],
    }


def pause_of(pause: Pause | None) -> Json | None:
    """Shape a pause: since when, until which day (null = until somebody resumes) and in words; null for none."""
    if pause is None:
        return None
    until = iso_of(pause.until)
    return {"since": iso_of(pause.since_at), "until": until, "text": pause.text}


def company_of(instance: Instance, *, pause: Pause | None = None) -> Json:
    """Shape what concerns every user in ``status``: why a side refuses the app itself, '' while none does; ``pause``
    is everybody's, where it is still on."""
    return {
        "refused": instance.refused,
        "refused_by": instance.refused_by,
        "refused_at": iso_of(instance.refused_at),
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
    parked, dates = parked_of(memory), Dates.of(memory.links)
    return {
        "upn": user.upn,
        "zone": user.zone or "UTC",
        "enabled": user.enabled,
        "state": user.state,
        "paused": pause_of(pause),
        "synced_at": iso_of(user.synced_at),
        "remote_checkpoint_at": iso_of(user.remote_checkpoint_at),
        "local_checkpoint_at": iso_of(user.local_checkpoint_at),
        "links": sum(link.status not in ENDED and link.role is not Role.FOLLOWER for link in memory.links),
        "left_alone": left_alone,
        "followed": sum(link.status not in ENDED and link.role is Role.FOLLOWER for link in memory.links),
        "conflicts": sum(link.conflict is not None for link in memory.links),
        "parked": len(parked),
        "parked_items": parked,
        "holds": [hold_of(choice, user) for choice in choices_in(memory)],
        "log": [entry_of(entry, dates) for entry in journal if not entry.is_idle],
    }


def resolved_of(resolved: Resolved) -> Json:
    """Shape the answer of ``resolve``; ``conflict`` is what is open of it now, null where nothing is."""
    is_open = resolved.after is not None and resolved.after.conflict is not None
    return {
        "resolved": resolved.is_resolved,
        "zone": resolved.user.zone or "UTC",
        **phrase_of(resolved.told),
        "lines": [line_of(line) | {"mails": line.mails} for line in resolved.report.lines],
        "conflict": conflict_of(resolved.user, resolved.after) if is_open and resolved.after else None,
    }


def unlinked_of(unlinked: Unlinked) -> Json:
    """Shape one pair that was taken apart; ``category``: the event wears that of a conflict, which stays."""
    link = unlinked.link
    return {
        "upn": unlinked.user.upn,
        "subject": subject_of(link.base_event.subject, is_private_link(link)),
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
            "subject": subject_of(one.entry.subject, one.entry.private),
            "what": one.entry.action,
            "field": one.field,
            "why": one.why.text,
            "code": one.why.code,
            "can_remake": one.can_remake,
            "event_id": one.entry.event_id,
            "activity_id": one.entry.activity_id,
            "occurrence": occurrence_of(one.entry.occurrence),
        }
        for one in undo.left_out
    ]
    return {
        "upn": undo.user.upn,
        "zone": undo.user.zone or "UTC",
        "round": undo.round_id,
        "done": undo.report is not None,
        "lines": [line_of(line) | {"mails": line.mails} for line in undo.lines],
        "mails": sum(line.mails for line in undo.lines),
        "remade": [line_of(line) | {"mails": line.mails} for line in undo.remade],
        "left_out": left,
        **_failures_of([*undo.failures, *(undo.report.failures if undo.report else ())]),
    }


def unsynced_of(page: UnsyncedPage) -> Json:
    """Shape the answer to why items are not synced: all reasons, and a page of items."""
    reasons = [{"reason": one.reason, "items": one.items, "people": one.people, "do": one.do} for one in page.reasons]
    items = [unsynced_item(user, item) for user, item in page.items]
    return {"reasons": reasons, "items": items, "next_after": page.next_after}


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
        "asked_at": iso_of(command.asked_at),
        "state": str(command.state),
        "is_fine": command.is_fine,
        "done": command.progress[0],
        "total": command.progress[1],
        "opening": command.opening,
        "finished_at": iso_of(command.finished_at),
        "waits_for": command.waits_for,
        "failure": command.failure,
    }


def journal_of(
    user: User,
    entries: Iterable[JournalEntry],
    since: date | None = None,
    *,
    links: Iterable[Link] = (),
    with_idle: bool = False,
) -> Json:
    """Shape one user's journal, from this day on, as days are where the user is; None for all. ``idle`` counts the
    rounds that are left out since they found nothing to do; ``links`` know what a series is called."""
    zone = ZoneInfo(user.zone or "UTC")
    wanted = [one for one in entries if since is None or one.at.astimezone(zone).date() >= since]
    shown = [one for one in wanted if with_idle or not one.is_idle]
    dates = Dates.of(links)
    log = [entry_of(one, dates) for one in shown]
    return {"upn": user.upn, "zone": zone.key, "log": log, "idle": len(wanted) - len(shown)}


def check_of(check: Check) -> Json:
    """Shape one check of ``doctor``."""
    found = phrase_of(check.found)
    grade = {"fine": check.fine, "grade": check.grade.value}
    return {"what": check.what.text, "topic": check.what.code, **grade, "part": check.part, **found}
