"""Lists what waits for a person's choice, and stores the choice: approve, drop or retry.

Two things wait: a *hold* (a mass deletion, guard.py) and an item whose *partner is gone* (match.py). Each has a
short id. A choice is stored under the user's lease, so it cannot come between a round's decision and its write. The
next round carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from jobs.forgotten import erase_if_forgotten
from jobs.own_mistakes import unless_mistaken
from jobs.ports import Put, RowChange
from jobs.remembered import with_changes
from jobs.waiting import Notice, take_lease, unheeded
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model import link as life
from sync_core.model.decision import Intent
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.ledger import ledger_of
from sync_core.model.link import Link, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from sync_core.model.user import User
from sync_core.model.why import named
from sync_core.plan.match import ASKED
from sync_core.plan.remedies import BY_RULE
from sync_core.plan.tables import PARTNER_GONE

MOST_ASKS = 500
"""Ids of choices and conflicts that a user's row names."""

MOST_SEARCHED = 200
"""People who are searched for an id that no row names."""

CHOSEN = "a person chose to make the counterpart anew"
DECLINED = f"{PARTNER_GONE}; a person chose to leave it so"

T = TypeVar("T")
Revise = Callable[[Memory], Sequence[RowChange]]


class UnknownChoice(CalsyncError):
    """Nothing with this id waits for an answer; look the id up again (exit 2)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that waits for a person: ``items`` are what would be changed on approval, and how."""

    id: str
    why: str
    items: tuple[HeldItem, ...]
    row: Hold | Pending


def choices_in(memory: Memory, *, declined: bool = False) -> list[Choice]:
    """List one user's choices that wait for a person. ``declined`` adds declined items: they can still be
    approved."""
    open_holds = [hold for hold in memory.holds if hold.approval == Approval.OPEN and hold.items]
    held = [Choice(hold.id, hold.why, hold.items, hold) for hold in open_holds]
    states = ASKED if declined else (PendingState.PARTNER_GONE,)
    return held + [_of_pending(pending) for pending in memory.pending if pending.parked and pending.state in states]


def _of_pending(pending: Pending) -> Choice:
    if pending.side is Side.GRAPH:
        item = HeldItem(pending.item_id, "", Intent.CREATE_ACTIVITY)
    else:
        item = HeldItem("", pending.item_id, Intent.CREATE_EVENT)
    name = sha256(f"{pending.side}{pending.item_id}".encode()).hexdigest()[:8]
    return Choice(name, PARTNER_GONE, (item,), pending)


def asks_of(memory: Memory) -> tuple[str, ...]:
    """The ids of all that one user can be answered about now, for their row: choices and conflicts."""
    choices = {choice.id for choice in choices_in(memory, declined=True)}
    conflicts = {link.conflict_id for link in memory.links if link.conflict is not None}
    return tuple(sorted(choices | conflicts)[:MOST_ASKS])


async def _whose(world: World, asked: str, among: Collection[str]) -> list[User]:
    """Whose choice or conflict may have this id, the likeliest first; ``among`` these users only, () = everybody.

    Where a row says that it is theirs, nobody else is looked at; else those of whom that is not known, and a bounded
    number of others, who may have been asked since their last round.
    """
    users = [one for one in await world.store.list_users() if not among or one.id in among]
    named = [one for one in users if asked.casefold() in (one.asks or ())]
    unknown = [one for one in users if one.asks is None or len(one.asks) == MOST_ASKS]
    known = {one.id for one in unknown}
    return named or [*unknown, *(one for one in users if one.id not in known)][:MOST_SEARCHED]


async def find_choice(world: World, choice_id: str, among: Collection[str] = ()) -> tuple[User, Choice]:
    """Find a choice by its id, with the user whose items it is about; ``among`` these users' alone, () = everybody's.

    Raises ``UnknownChoice``.
    """

    def find(memory: Memory) -> Choice | None:
        return next((one for one in choices_in(memory, declined=True) if one.id == choice_id.casefold()), None)

    missing = f"nothing with the id {choice_id} waits for an answer: `calsync status` lists what does"
    return await find_asked(world, choice_id, among, find, missing)


async def find_asked(
    world: World, asked: str, among: Collection[str], find: Callable[[Memory], T | None], missing: str
) -> tuple[User, T]:
    """What ``find`` finds in what is remembered of those whose question the id ``asked`` may be, with whose it is.

    Raises ``UnknownChoice`` with the text ``missing``, and with what could not be read.
    """
    unread: list[str] = []
    for user in await _whose(world, asked, among):
        try:
            found = find(await world.store.recall(user.id))
        except RowUnreadable as error:
            unread.append(str(error))
            continue
        if found is not None:
            return user, found
    raise UnknownChoice("; ".join((missing, *unread)))


async def make_choice(world: World, user: User, choice: Choice, *, approved: bool, notice: Notice = unheeded) -> None:
    """Store what a person chose; the user's next round carries it out.

    Not ``approved`` means dropped: both sides stay as they are, the same hold is not made again, and a gone partner
    is not asked about again. Raises ``UnknownChoice`` if the choice no longer waits, or has changed.
    """

    def revise(memory: Memory) -> Sequence[RowChange]:
        if choice not in choices_in(memory, declined=True):
            raise UnknownChoice(f"{choice.id} does not wait for an answer any more: `calsync status` lists what does")
        if isinstance(choice.row, Hold):
            return [Put(replace(choice.row, approval=Approval.APPROVED if approved else Approval.DROPPED))]
        if approved:
            return [Put(replace(_released(choice.row, CHOSEN), state=PendingState.RELEASED))]
        return [Put(replace(choice.row, state=PendingState.DECLINED, reason=DECLINED))]

    await revise_rows(world, user, revise, notice)


async def retry(world: World, user: User, item: str = "", *, notice: Notice = unheeded) -> int:
    """Un-park the user's parked items, so that the next round looks at them again; return how many there were.

    What the rules leave alone stays parked: it would be at once again.
    ``item``: only the one with this event or activity, which may also be a pair that a person unlinked. An item that
    waits for a choice stays parked: un-parked, it would get a new counterpart unasked.
    """
    count = 0

    def revise(memory: Memory) -> Sequence[RowChange]:
        nonlocal count
        rows: list[Link | Pending] = [_released(one, "") for one in memory.pending if is_to_be_released(one, item)]
        rows += [life.retried(link) for link in memory.links if is_to_be_retried(link, item)]
        count = len(rows)
        return [Put(row) for row in rows]

    await revise_rows(world, user, revise, notice)
    return count


def is_retriable(memory: Memory, item: str) -> bool:
    """Whether a retry of this item would change anything."""
    is_pending = any(is_to_be_released(one, item) for one in memory.pending)
    return is_pending or any(is_to_be_retried(link, item) for link in memory.links)


def is_to_be_released(pending: Pending, item: str = "") -> bool:
    """Whether a retry, of all or of one ``item``, would let an item without a link be tried again."""
    return pending.parked and pending.state not in ASKED and item in ("", pending.item_id)


def is_to_be_retried(link: Link, item: str = "") -> bool:
    """Whether a retry, of all or of one ``item``, would let a pair be looked at again."""
    is_parked = link.status is LinkStatus.PARKED and named(link.reason) not in BY_RULE
    return (is_parked or life.is_unlinked(link)) and is_called(link, item) if item else is_parked


def is_called(link: Link, item: str) -> bool:
    """Whether an id is that of the link's event (exact) or activity (in any letter case)."""
    return item == link.event_id or (bool(item) and item.casefold() == link.activity_id.casefold())


def _released(pending: Pending, reason: str) -> Pending:
    return replace(pending, parked=False, reason=reason, tries=0, retry_at=None, given_up_at=None)


async def revise_rows(world: World, user: User, revise: Revise, notice: Notice) -> None:
    """Save what ``revise`` makes of a user's rows, under the user's lease."""
    lease = await take_lease(world, user, notice)
    try:
        memory = await world.store.recall(user.id)
        changes = revise(memory)
        if changes:
            after = with_changes(memory, changes)
            known = unless_mistaken(lambda: ledger_of(after), lambda _: None, user.id) if lease.ledger else None
            lease = await world.store.save(lease, changes, known)
    finally:
        await world.store.release_lease(lease)
        await erase_if_forgotten(world, user.id)
