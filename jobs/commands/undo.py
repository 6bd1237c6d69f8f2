"""Undo a round: put back what it overwrote, as far as nobody has edited it since.

The journal says what the round wrote. ``plan_undo`` reads the items and lets the tables decide about them (nothing is
written); ``undo`` marks the same items, and the person's next round, which it runs at once, decides the same and
writes it, through every permit, mail rule and condition. What a round made stays, and so does what it voided or
removed, unless somebody asks for it to be made anew (``remake``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from jobs.approvals import UnknownChoice, revise_rows
from jobs.commands.mistakes import NotNow
from jobs.commands.remake import Deleted, find_deleted, make_anew
from jobs.commands.sync import run_until_done
from jobs.commands.trial import decide_now
from jobs.company import in_force
from jobs.due import pause_of
from jobs.ports import Put, RowChange
from jobs.round.context import context_of
from jobs.round.report import Failure, Report
from jobs.round.worded import Line, line_of
from jobs.says import Outcome
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.content.compare import Pair
from sync_core.model import link as life
from sync_core.model.action import UPDATES, Action
from sync_core.model.conflict import PutBack
from sync_core.model.decision import Context, Decision, Verdict
from sync_core.model.entries import JournalEntry, by_date
from sync_core.model.link import ENDED, Role
from sync_core.model.memory import Memory
from sync_core.model.phrase import Phrase
from sync_core.model.sides import Field, Side
from sync_core.model.user import User
from sync_core.plan.tables import edited_in_erp, edited_in_graph
from sync_core.plan.undo import OPPOSITE, REMAKES, Left, sorted_out, wanted_of

LOOK_BACK = 5_000
"""Journal entries of a person that are searched, newest first."""

LASTS = timedelta(minutes=10)
"""No round writes for so long: an unreadable row within that of a round may tell of it."""


UNWRITTEN = frozenset({Action.ROUND, Action.VALUE_KEPT})
"""Entries of a round that tell of no write."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the undo does not put back: which item, which field ('' = all of it), and why. ``can_remake``:
    it is made anew where that is asked for."""

    entry: JournalEntry
    field: str
    why: Phrase
    can_remake: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """What an undo puts back, or has put back (``report``, None for a plan), and what it leaves out. ``remade`` is
    what was made anew in Outlook, and ``failures`` what was not for another reason than those of ``left_out``."""

    user: User
    round_id: str
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]
    report: Report | None = None
    remade: tuple[Line, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the round's entries ask back, by event id, and what they cannot."""

    wanted: Mapping[str, tuple[PutBack, ...]]
    entries: Mapping[str, JournalEntry]
    left: tuple[LeftOut, ...]


async def find_round(world: World, round_id: str, among: Collection[str] = ()) -> tuple[User, list[JournalEntry]]:
    """Whose round it was, and what it wrote, with the rows of the journal that may tell of it and cannot be read;
    ``among`` these users, () = everybody. Raises ``UnknownChoice``."""
    for user in await world.store.list_users():
        if among and user.id not in among:
            continue
        journal = await world.store.read_journal(user.id, LOOK_BACK)
        found = [entry for entry in by_date(journal) if round_id and entry.round_id == round_id]
        if found:
            first, last = found[-1].at - LASTS, found[0].at + LASTS
            spoilt = [entry for entry in journal if entry.action == Action.UNREADABLE and first <= entry.at <= last]
            return user, [*(entry for entry in found if entry.action not in UNWRITTEN), *spoilt]
    raise UnknownChoice(f"no round with the id {round_id} is in the journal: `calsync journal` lists them")


@dataclass(frozen=True, slots=True)
class _Plan:
    """An undo that is planned, the entries of its round, and what can be made anew."""

    undo: Undo
    entries: Sequence[JournalEntry]
    deleted: Sequence[Deleted]


async def plan_undo(world: World, round_id: str, *, among: Collection[str] = (), notice: Notice = unheeded) -> Undo:
    """What an undo would put back now, mails included, and what it would leave out; nothing is written.

    Raises ``UnknownChoice``, and what the sides raise.
    """
    async with erp_session(world, notice):
        return (await _plan(world, round_id, among)).undo


async def _plan(world: World, round_id: str, among: Collection[str]) -> _Plan:
    user, written = await find_round(world, round_id, among)
    memory = await world.store.recall(user.id)
    entries = _as_linked(written, memory)
    instance, _ = await world.store.read_instance()
    world = in_force(world, instance)
    asked = _asked(entries, memory)
    deleted = await find_deleted(world, memory, user, entries)
    left = [*asked.left, *map(_left_deleted, deleted)]
    links = [life.undone(x, asked.wanted[x.event_id]) for x in memory.links if x.event_id in asked.wanted]
    if not links:
        return _Plan(Undo(user, round_id, (), tuple(left)), entries, deleted)
    marked = {link.event_id: link for link in links}
    memory = replace(memory, links=tuple(marked.get(link.event_id, link) for link in memory.links))
    has_company = bool(user.company_id and user.location_id and instance.document_type_id)
    ctx = replace(await context_of(world, user, memory, instance, world.clock()), has_company=has_company)
    decisions, ctx = await decide_now(world, user, memory, ctx, links)
    left += [one for i, d in decisions.items() for one in _left_out(d, asked.entries.get(i), asked.wanted[i], ctx)]
    going = [(d, asked.wanted[i]) for i, d in decisions.items() if _puts_back(d, asked.wanted[i], ctx)]
    lines = [line for d, wanted in going for line in _lines_of(d, wanted, ctx)]
    return _Plan(Undo(user, round_id, _as_items(lines), tuple(left)), entries, deleted)


async def undo(
    world: World,
    round_id: str,
    *,
    among: Collection[str] = (),
    remake: bool = False,
    notice: Notice = unheeded,
) -> Undo:
    """Put back what can be, by a round at once; ``lines`` are what that round wrote. ``remake``: make anew what the
    round deleted. Raises as ``plan_undo``, and ``NotNow``."""
    async with erp_session(world, notice):
        plan = await _plan(world, round_id, among)
    planned, user = plan.undo, plan.undo.user
    again = [one for one in plan.deleted if remake and one.made is not None and not one.why_not]
    if not planned.lines and not again:
        return planned
    await _check_runs(world, user)
    going = {line.activity_id for line in planned.lines}  # an event of a series may have another id by then

    def revise(memory: Memory) -> Sequence[RowChange]:
        wanted = _asked(plan.entries, memory).wanted
        meant = [link for link in memory.links if link.event_id in wanted and link.activity_id in going]
        return [Put(life.undone(link, wanted[link.event_id])) for link in meant]

    await revise_rows(world, user, revise, notice)
    anew = await make_anew(world, user, again, notice)
    async with erp_session(world, notice):
        report = await run_until_done(world, user, full=False, notice=notice)
    lines = _as_items(line for line in report.lines if line.activity_id in going)
    left = [one for one in planned.left_out if not (remake and one.can_remake)]
    left += [LeftOut(one.entry, f, why) for one in again if one.made for f, why in one.made.lacking.items()]
    failures = tuple(anew.failures)
    return replace(
        planned, lines=lines, left_out=tuple(left), report=report, remade=tuple(anew.lines), failures=failures
    )


async def _check_runs(world: World, user: User) -> None:
    """A round of the person runs now. Raises ``NotNow``."""
    instance, _ = await world.store.read_instance()
    if not user.enabled:
        raise NotNow(f"the sync of {user.upn} is switched off: switch it on (`calsync users enable`), then undo")
    if pause_of(user, instance, world.clock()) is not None:
        how = f"`calsync resume --user {user.upn}`, or `--all` where everybody's is paused"
        raise NotNow(f"the sync of {user.upn} is paused: resume it ({how}), then undo")


def _as_linked(entries: Sequence[JournalEntry], memory: Memory) -> list[JournalEntry]:
    """The entries with the ids that their events have now: a date's passes with any change of its series, and a
    mailbox may have moved."""
    running = [x for x in memory.links if x.status not in ENDED and x.role is not Role.FOLLOWER]
    known, now = {x.event_id for x in memory.links}, {x.activity_id: x.event_id for x in running if x.activity_id}
    return [
        one if one.event_id in known else replace(one, event_id=now.get(one.activity_id, one.event_id))
        for one in entries
    ]


def _left_deleted(one: Deleted) -> LeftOut:
    """Of something that the round deleted, that it stays so, or why it cannot even be made anew."""
    can_remake = one.made is not None and not one.why_not
    return LeftOut(one.entry, "", one.why_not or Left.FINAL.say(), can_remake)


def _asked(entries: Sequence[JournalEntry], memory: Memory) -> _Asked:
    """What the entries ask back; of several writes of one field the oldest value counts, and the newest one left."""
    wanted: dict[str, dict[str, PutBack]] = {}
    told: dict[str, JournalEntry] = {}
    left: list[LeftOut] = []
    running = {x.event_id for x in memory.links if x.status not in ENDED and x.role is not Role.FOLLOWER}
    for entry in entries:  # the newest first
        puts, others = wanted_of(entry)
        if entry.action in REMAKES:
            continue
        if entry.action == Action.UNREADABLE:
            left.append(LeftOut(entry, "", Left.LINES_UNREADABLE.say()))
            continue
        if entry.action in OPPOSITE:
            left.append(LeftOut(entry, "", OPPOSITE[entry.action].say()))
            continue
        left += [LeftOut(entry, name, why) for name, why in others.items()]
        if puts and entry.event_id not in running:
            left.append(LeftOut(entry, "", Outcome.PAIR_OVER.say()))
        elif puts:
            known = wanted.setdefault(entry.event_id, {})
            wanted[entry.event_id] |= {p.field: replace(p, after=known.get(p.field, p).after) for p in puts}
            told.setdefault(entry.event_id, entry)
        elif entry.action in UPDATES and not others:
            left.append(LeftOut(entry, "", Left.NO_VALUES.say()))
    return _Asked({i: tuple(found.values()) for i, found in wanted.items()}, told, tuple(left))


def _puts_back(decision: Decision, wanted: Sequence[PutBack], ctx: Context) -> bool:
    """Whether a decision writes a field that is asked back, and not only what somebody has edited since."""
    written = frozenset(f for _, fields in decision.written for f in fields)
    if decision.verdict is not Verdict.ACT or not written:
        return False
    return any(why is None and field in written for field, why in _why_not(decision, wanted, ctx).items())


def _lines_of(decision: Decision, wanted: Sequence[PutBack], ctx: Context) -> Iterator[Line]:
    """What one decision puts back, and what its item gets right after it: an event is written last where that mails
    its people."""
    line = line_of(decision, ctx)
    yield replace(line, mails=decision.mails)
    if not decision.again:
        return
    why, written = _why_not(decision, wanted, ctx), dict(decision.written)[Side.GRAPH]
    later = [one for one in wanted if why[Field(one.field)] is None and Field(one.field) not in written]
    before = {f"{Side.GRAPH}.{one.field}": one.after for one in later}
    after = {f"{Side.GRAPH}.{one.field}": one.before for one in later}
    yield replace(line, what=Action.EVENT_UPDATED, before=before, after=after, mails=decision.mails_later)


def _as_items(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One line for each item, whatever it took to write it."""
    items: dict[str, Line] = {}
    for line in lines:
        known = items.get(line.event_id)
        items[line.event_id] = line if known is None else _joined(known, line)
    return tuple(items.values())


def _joined(first: Line, then: Line) -> Line:
    before, after = then.before | first.before, first.after | then.after
    is_both = len({name.partition(".")[0] for name in after}) > 1
    what = Action.BOTH_UPDATED if is_both else first.what
    return replace(first, what=what, before=before, after=after, mails=first.mails + then.mails)


def _why_not(decision: Decision, wanted: Sequence[PutBack], ctx: Context) -> dict[Field, Phrase | None]:
    """Of each field that is asked back why it is not put back, None where it is."""
    link = decision.case.link
    assert link is not None
    edited = tuple(edited_in_graph(decision.case, link) | edited_in_erp(decision.case, link))
    return sorted_out(Pair(decision.case, link, has_base=True), wanted, edited, ctx)


def _left_out(
    decision: Decision, entry: JournalEntry | None, wanted: Sequence[PutBack], ctx: Context
) -> list[LeftOut]:
    """Of one item, the fields that are not put back, and why."""
    if decision.case.link is None or entry is None:
        return []
    if decision.case.event is None or decision.case.activity is None:
        return [LeftOut(entry, "", Phrase(decision.reason) if decision.reason else Outcome.PAIR_OVER.say())]
    why = _why_not(decision, wanted, ctx)
    written: frozenset[Field] = frozenset(f for _, fields in decision.written for f in fields)
    same = {one.field for one in wanted if one.before == one.after}
    left = [(f, told) for f, told in why.items() if (told or f not in written) and f not in same]
    return [LeftOut(entry, f, told or Phrase(decision.reason)) for f, told in left]
