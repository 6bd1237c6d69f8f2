"""What is remembered of an item: by its link, by the row of an item without one, and by the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from jobs.approvals import choices_in
from sync_core.content.project import is_private
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry
from sync_core.model.hold import Approval
from sync_core.model.link import Link, LinkStatus, Role, looked_at
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.series import Occurrence
from sync_core.model.sides import Side
from sync_core.model.unsynced import UNSHOWN
from sync_core.model.why import Why, named
from sync_core.plan.resolve import Answer, answers_to, by_hand

UNCOMPARED = "linked, and not compared now"
STATES = {
    LinkStatus.LIVE: Action.LINKED,
    LinkStatus.PARKED: Action.PARKED,
    LinkStatus.HELD: Action.HELD,
    LinkStatus.TOMBSTONE: Action.ENDED,
    LinkStatus.ARCHIVED: Action.ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is known about an item. ``before`` and ``after`` are values by side and field. Of a ``private``
    item only its owner may see the subject and the values. ``start`` is when the item itself is, as in
    ``GraphContent``; None = not known. ``do`` is the next step, '' = the one that the reason has;
    ``cell`` names what decided (``Decision.cell``), ``occurrence`` which date of a series the item is; ``series`` is
    that series' title where the item has another, '' otherwise. ``round_id`` is that of an entry of the
    journal, '' of what is known now; ``dates`` are those of a series of which a finding tells at once."""

    what: str
    subject: str = ""
    reason: str = ""
    at: datetime | None = None
    event_id: str = ""
    activity_id: str = ""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    private: bool = False
    start: datetime | None = None
    all_day: bool = False
    do: str = ""
    cell: str = ""
    occurrence: Occurrence | None = None
    series: str = ""
    round_id: str = ""
    dates: tuple[date, ...] = ()


class Wanted:
    """The item asked about: an id (exact for events, any letter case for activities) or a part of a subject."""

    def __init__(self, text: str, day: date | None = None) -> None:
        """``day``: of a series, the date that is asked about."""
        self.text, self.day = text.strip(), day
        self._folded = self.text.casefold()

    def fits(self, subjects: Iterable[str], event_id: str, activity_id: str) -> bool:
        """Whether an item with these subjects and ids is asked about."""
        if self.text == event_id or self._folded == activity_id.casefold():
            return True
        return any(self._folded in subject.casefold() for subject in subjects if subject)


def links_meant(memory: Memory, wanted: Wanted, entries: Sequence[JournalEntry]) -> Iterator[Link]:
    """The links asked about: by their own ids and subjects, or by a journal entry with the subject asked for."""
    events = {entry.event_id for entry in entries} - {""}
    activities = {entry.activity_id for entry in entries} - {""}
    for link in memory.links:
        subjects = (link.base_event.subject, link.base_activity.subject)
        is_asked_for = link.event_id in events or link.activity_id in activities
        if is_asked_for or wanted.fits(subjects, link.event_id, link.activity_id):
            yield link


def of_pair(
    link: Link, now: Mapping[str, Finding | None], feeders: Mapping[str, str], answer: str
) -> Iterator[Finding]:
    """The dry run's finding about a pair if there is one, else the findings of the stored link."""
    found = now.get(link.event_id)
    if found is not None:
        yield found
        return
    seen = looked_at(link) if link.event_id in now else link
    yield from of_link(seen, feeders.get(link.ical_uid, ""), answer)


def waiting_items(memory: Memory, wanted: Wanted, entries: Sequence[JournalEntry]) -> Iterator[Finding]:
    """A finding about each pending item asked about: one that waits for its counterpart."""
    events = {entry.event_id for entry in entries} - {""}
    activities = {entry.activity_id for entry in entries} - {""}
    for pending in memory.pending:
        if pending.item_id in events | activities or wanted.fits((), *pending.ids):
            yield _of_pending(pending, memory)


def unshown_days(memory: Memory, wanted: Wanted, *, is_missing: bool) -> Iterator[Finding]:
    """A finding about the day asked about if ERP.net does not show all its activities; about each such day where what
    is asked about ``is_missing``, since it may be that which is not shown."""
    for day in map(str, memory.cursors.unread):
        if is_missing or wanted.text == day:
            yield Finding(Action.PARKED, day, UNSHOWN, activity_id=day)


def answer_to(link: Link, memory: Memory) -> str:
    """How a person approves the hold that a link is on, or what they chose; '' if the link is on none."""
    hold = next((one for one in memory.holds if link.held is not None and one.key == link.held.hold), None)
    if hold is None:
        return ""
    if hold.approval == Approval.OPEN:
        return f" (`calsync approve {hold.id} --show`)"
    return f"; {hold.approval}, to be carried out by the next round"


def of_link(link: Link, feeder: str = "", answer: str = "") -> Iterator[Finding]:
    """What a link says of its pair; ``feeder`` is the name of whose copy feeds it, ``answer`` what was said of its
    hold."""
    follows = link.role is Role.FOLLOWER and link.status is LinkStatus.LIVE
    base = Finding(
        Action.FOLLOWED if follows else STATES[link.status],
        link.base_event.subject,
        event_id=link.event_id,
        activity_id=link.activity_id,
        private=is_private(link.base_event) or is_private(link.base_activity),
        start=link.base_event.start,
        all_day=link.base_event.all_day,
        occurrence=link.occurrence,
    )
    reason = f"{link.reason}, that of {feeder}" if follows and feeder else _reason_of(link)
    yield replace(base, reason=f"{reason}{answer}", at=link.ended_at)
    if link.conflict is not None:
        clashes = link.conflict.clashes
        yield replace(
            base,
            what=Action.CONFLICT,
            do=_answers_to(link),
            reason="; ".join(f"{clash.field}: {clash.why}" for clash in clashes),
            at=link.conflict.since_at,
            before={f"{Side.GRAPH}.{clash.field}": clash.event_value for clash in clashes},
            after={f"{Side.ERP}.{clash.field}": clash.activity_value for clash in clashes},
        )


def _answers_to(link: Link) -> str:
    """What can be said to an open conflict, or what helps where nothing can."""
    clashes = link.conflict.clashes if link.conflict else ()
    offered = {answer for clash in clashes for answer in answers_to(clash, link.role)}
    if not offered:
        return "; ".join(dict.fromkeys(by_hand(clash, link.role) for clash in clashes))
    first, *others = (f"--keep {answer}" for answer in Answer if answer in offered)
    return ", or ".join([f"`calsync resolve {link.conflict_id} {first}`", *(f"`{other}`" for other in others)])


def _reason_of(link: Link) -> str:
    if link.reread:
        return f"{Action.REREAD}: {link.reread}"
    return link.reason or ("" if link.conflict else Action.IN_STEP if link.status is LinkStatus.LIVE else "")


def _of_pending(pending: Pending, memory: Memory) -> Finding:
    choice = next((c for c in choices_in(memory) if c.row == pending), None)
    remedy = f" (`calsync approve {choice.id}` makes it anew)" if choice else ""
    tried = f"tried {pending.tries} times" if pending.tries else ""
    event_id, activity_id = pending.ids
    return Finding(
        Action.PARKED if pending.parked else Action.WAITING,
        reason=", ".join(filter(None, (f"{pending.reason}{remedy}", tried))),
        at=pending.retry_at,
        event_id=event_id,
        activity_id=activity_id,
    )


def in_series(findings: Iterable[Finding], links: Iterable[Link]) -> Iterator[Finding]:
    """The findings with which date of which series each is about."""
    dates = Dates.of(links)
    for finding in findings:
        one, title = dates.told(finding)
        yield replace(finding, occurrence=one, series=title)


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of series that are linked: which one an event is, by its id, and what each series is called."""

    events: Mapping[str, Occurrence]
    titles: Mapping[str, str]

    @classmethod
    def of(cls, links: Iterable[Link]) -> Dates:
        """Those of these links."""
        known = [*links]
        return cls({link.event_id: link.occurrence for link in known if link.occurrence}, series_titles(known))

    def told(self, about: Finding | JournalEntry) -> tuple[Occurrence | None, str]:
        """Which date it is about, as the link knows it, else as it says itself; and what the series is called where
        that is another title than the item's own. Of a private one that is not told."""
        one = self.events.get(about.event_id) or about.occurrence
        title = self.titles.get(one.series_uid.casefold(), "") if one and not about.private else ""
        return one, title if title != about.subject else ""


def series_titles(links: Iterable[Link]) -> dict[str, str]:
    """What the linked series are called, by their uids in lower case: the title that most of their dates have. That
    of a private one is not told."""
    found: dict[str, Counter[str]] = {}
    for link in links:
        if link.occurrence and not is_private(link.base_event):
            found.setdefault(link.occurrence.series_uid.casefold(), Counter())[link.base_event.subject] += 1
    return {uid: titles.most_common(1)[0][0] for uid, titles in found.items()}


def of_series_once(
    entries: Iterable[JournalEntry], state: Iterable[Finding], links: Iterable[Link]
) -> Iterator[JournalEntry]:
    """The entries; that a series is not synced is told once of each title, by its ``state`` where that says so: each
    edit of it and of its changed dates leaves an entry that says it again."""
    told = {one.subject for one in state if named(one.reason) is Why.SERIES}
    told |= {link.base_event.subject for link in links if named(link.reason) is Why.SERIES}
    for entry in entries:
        if entry.action == Action.SKIPPED and named(entry.reason) is Why.SERIES:
            if entry.subject in told:
                continue
            told.add(entry.subject)
        yield entry


def from_journal(entry: JournalEntry) -> Finding:
    """What one entry of the journal tells, with the values that it keeps."""
    return Finding(
        entry.action,
        entry.subject,
        entry.reason,
        entry.at,
        entry.event_id,
        entry.activity_id,
        entry.before,
        entry.after,
        entry.private,
        cell=entry.cell,
        occurrence=entry.occurrence,
        round_id=entry.round_id,
    )
