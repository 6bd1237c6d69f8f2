"""Makes anew what a round deleted, where a person asks for it: a new event in Outlook, which then is synced like any.

What is void stays so, and an event that was removed does not come back by itself. So the owner gets the meeting again
as if they had entered it once more, without its people: nobody is mailed. Asked for twice, it is made once, as long
as the one that was made is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from jobs.fence import Fence
from jobs.ports import cover
from jobs.round.report import Failure
from jobs.round.worded import Line
from jobs.says import Outcome as Became
from jobs.waiting import Notice, take_lease
from jobs.world import World
from sync_core.errors import DuplicateCreate
from sync_core.model import link as life
from sync_core.model.action import Action
from sync_core.model.decision import Sight
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.link import Link
from sync_core.model.memory import Memory
from sync_core.model.phrase import Phrase
from sync_core.model.sides import GraphEvent, Side
from sync_core.model.user import User
from sync_core.model.why import Why, named
from sync_core.model.writes import CreateEvent, Outcome
from sync_core.plan.delete import judge_gone
from sync_core.plan.exits import ELSEWHERE
from sync_core.plan.identity import transaction_id
from sync_core.plan.tables import REASONS, Trait
from sync_core.plan.undo import REMAKES, Remade, remade

CHUNK = 20
"""Events that are made between two entries of the journal."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Something that a round deleted: what it is made anew from, how often it was already, and why it is not now."""

    entry: JournalEntry
    made: Remade | None
    times: int = 0
    why_not: Phrase | None = None


@dataclass(slots=True)
class Anew:
    """What was made anew, in words, and what failed."""

    lines: list[Line] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the calendar holds: how each event is seen, and the iCalUIds of those that live."""

    sights: Mapping[str, Sight]
    living: frozenset[str]

    def why_not(self, entry: JournalEntry, link: Link | None) -> Phrase | None:
        """Why a meeting is not made anew, None where it is gone for sure."""
        sight = self.sights.get(entry.event_id, Sight.UNDECIDED)
        if sight is Sight.PRESENT or (link is not None and (link.status in life.RUNNING or self._lives(link))):
            return Became.IN_CALENDAR.say()
        if sight is Sight.GONE:
            return None
        return Phrase(ELSEWHERE) if sight is Sight.ELSEWHERE else Became.MAY_BE_THERE.say()

    def _lives(self, link: Link) -> bool:
        return link.ical_uid in self.living


async def find_deleted(world: World, memory: Memory, user: User, journal: Sequence[JournalEntry]) -> list[Deleted]:
    """What the entries of a round deleted, each with whether it can be made anew now; ``journal`` are the person's
    entries, and the round's among them are those of ``REMAKES``. Raises ``SideError``."""
    meant = [entry for entry in journal if entry.action in REMAKES]
    made_before = await _made_before(world, user, meant)
    links = {link.event_id: link for link in memory.links}
    ids = {entry.event_id for entry in meant} | {one for made in made_before.values() for one in made}
    seen = await _seen(world, user, ids - {""}, [links[x.event_id] for x in meant if x.event_id in links])

    def judged(entry: JournalEntry) -> Deleted:
        made, earlier = remade(entry), made_before[_name(entry)]
        if isinstance(made, Phrase):
            return Deleted(entry, None, why_not=made)
        if not world.policy.direction.lets(Side.ERP):
            return Deleted(entry, None, why_not=Phrase(REASONS[Trait.ONE_WAY]))
        why = seen.why_not(entry, links.get(entry.event_id))
        if not why and any(seen.sights.get(one) is not Sight.GONE for one in earlier):
            why = Became.MADE_ALREADY.say()
        return Deleted(entry, made, len(earlier), why)

    return [judged(entry) for entry in meant]


async def _made_before(world: World, user: User, meant: Sequence[JournalEntry]) -> dict[str, list[str]]:
    """The events that were made anew for these entries before, by the name of each meeting."""
    found: dict[str, list[str]] = defaultdict(list)
    if meant:
        for entry in by_date(await world.store.read_journal(user.id, 5_000)):
            if entry.action == Action.EVENT_CREATED and named(entry.reason) is Why.MADE_ANEW:
                found[entry.activity_id].append(entry.event_id)
    return found


def _name(entry: JournalEntry) -> str:
    return entry.activity_id or entry.event_id


async def _seen(world: World, user: User, ids: set[str], links: Sequence[Link]) -> _Seen:
    evidence = await world.calendar.gather_evidence(user.id, sorted(ids)) if ids else {}
    sights = {item: judge_gone(found) for item, found in evidence.items()}
    for item, found in evidence.items():
        if isinstance(found.event, GraphEvent) and found.event.is_cancelled:
            sights[item] = Sight.GONE
    uids = sorted({link.ical_uid for link in links} - {""})
    alike = await world.calendar.find_by_uid(user.id, uids) if uids else {}
    living = frozenset(uid for uid, events in alike.items() if any(not event.is_cancelled for event in events))
    return _Seen(sights, living | (frozenset(uids) - alike.keys()))  # one that could not be asked about may live


async def make_anew(world: World, user: User, deleted: Sequence[Deleted], notice: Notice) -> Anew:
    """Make these events in the person's calendar, under their lease, and enter each in the journal."""
    anew = Anew()
    lease = await take_lease(world, user, notice)
    fence, round_id = Fence(world, lease), uuid4().hex[:12]
    uncovered = cover.set(fence.covering)
    try:
        for start in range(0, len(deleted), CHUNK):
            chunk = deleted[start : start + CHUNK]
            outcomes = await world.calendar.write(user.id, [_write(user, one) for one in chunk])
            lines = [_line(one, made) for one, made in zip(chunk, map(_made, outcomes), strict=True) if made]
            await world.store.append_journal([_entry(world, user, line, round_id) for line in lines])
            anew.lines += lines
            failed = [one.error for one in outcomes if one.error is not None and not _made(one)]
            anew.failures += [Failure(str(error), error) for error in failed]
    finally:
        cover.reset(uncovered)
        await fence.release()
    return anew


def _write(user: User, one: Deleted) -> CreateEvent:
    assert one.made is not None
    return CreateEvent("", transaction_id(user.id, f"anew {_name(one.entry)}", one.times), one.made.content)


def _made(outcome: Outcome) -> str:
    """The id of the event that was made, now or by an earlier try; '' where there is none."""
    if isinstance(outcome.error, DuplicateCreate):
        return outcome.error.existing_id
    return outcome.event.id if outcome.event is not None else ""


def _line(one: Deleted, event_id: str) -> Line:
    assert one.made is not None
    return Line(
        what=Action.EVENT_CREATED,
        subject=one.entry.subject,
        reason=Why.MADE_ANEW,
        event_id=event_id,
        activity_id=_name(one.entry),
        before={},
        after={f"{Side.GRAPH}.{name}": text for name, text in one.made.told.items()},
        private=one.entry.private,
        occurrence=one.entry.occurrence,
    )


def _entry(world: World, user: User, line: Line, round_id: str) -> JournalEntry:
    return JournalEntry(
        user.id,
        world.clock(),
        round_id,
        line.what,
        line.reason,
        line.event_id,
        line.activity_id,
        line.subject,
        line.private,
        after=line.after,
        occurrence=line.occurrence,
    )
