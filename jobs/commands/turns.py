"""Commands that contradict each other take effect in the order in which they were asked, however they are delivered.

Before it acts, a command notes its turn at what it is about (a person's switch or pause, an answer, an item), unless
a later one has noted its own there: then that one counts, and this one says so. A later one that comes between is
done once more afterwards, since everything may be done twice. What failed gives its turn back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from jobs.approvals import UnknownChoice, find_choice
from jobs.command import Json, Turn
from jobs.commands import switch
from jobs.commands.item_shapes import phrase_of
from jobs.commands.kinds import EVERYBODY, KINDS, Part, owners
from jobs.commands.mistakes import UnknownUser
from jobs.commands.resolve import find_conflict
from jobs.commands.shapes import failure_of
from jobs.says import Outcome
from jobs.waiting import Notice, unheeded
from jobs.wish import Kind, Wish
from jobs.world import World
from sync_core.errors import CalsyncError, StaleWrite, StoreUnavailable

TRIES = 8
"""Conditional writes of a turn, which others may write too."""

SWITCHES = frozenset({Kind.ENABLE, Kind.DISABLE, Kind.FORGET})
PAUSES = frozenset({Kind.PAUSE, Kind.RESUME})
ANSWERS = frozenset({Kind.APPROVE, Kind.RESOLVE})
ITEMS = frozenset({Kind.UNLINK, Kind.RETRY})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a command is about: where it ``notes`` its turn, where a later one counts against it (``heeds``), and whom
    it is about ('' = nobody who is known)."""

    notes: tuple[str, ...] = ()
    heeds: tuple[str, ...] = ()
    user_id: str = ""


async def in_turn(world: World, turn: Turn, wish: Wish, item: str, notice: Notice) -> AsyncIterator[Part]:
    """What a command answers about an item, done in its turn. Raises what its kind raises."""
    about = await _subject(world, wish, item)
    later = await latest(world, about.heeds, turn)
    if later is not None:
        yield _overtaken(wish, item, later), False
        return
    before = [await _note(world, one, turn) for one in about.notes]
    has_failed = False
    try:
        async for part, is_fine in _done(world, about, turn, wish, item, notice):
            has_failed |= bool(part.get("failures"))
            yield part, is_fine
    except CalsyncError:
        await _give_back(world, about.notes, turn, before)
        raise
    if has_failed:
        await _give_back(world, about.notes, turn, before)
    elif wish.kind in SWITCHES | PAUSES:
        await _redo(world, about, turn, item)


# 6 parameters: those of ``in_turn``, and what it is about.
async def _done(
    world: World, about: Subject, turn: Turn, wish: Wish, item: str, notice: Notice
) -> AsyncIterator[Part]:
    """What is answered; a switching on that one asked before it took back while it was under way is done again."""
    do = KINDS[wish.kind].do
    async for part, is_fine in do(world, wish, item, notice):
        is_undone = wish.kind is Kind.ENABLE and any(not user["enabled"] for user in part.get("users", ()))
        if not is_undone or await latest(world, about.notes, turn) is not None:
            yield part, is_fine
            continue
        async for again in do(world, wish, item, notice):
            yield again


async def latest(world: World, subjects: Sequence[str], turn: Turn) -> Turn | None:
    """The turn that counts against this one, None where this one is the last that was asked."""
    found = [await world.store.read_turn(one) for one in subjects]
    return next((one for one in found if one is not None and one.asked_at > turn.asked_at), None)


def answers_about(wish: Wish) -> tuple[str, ...]:
    """Where the turns of answers to the same choice or conflict may stand, as far as the wish itself says."""
    if wish.kind not in ANSWERS:
        return ()
    return (_answer(wish, "*"), *(_answer(wish, name) for name in wish.people))


def _answer(wish: Wish, whose: str) -> str:
    return f"answer|{wish.item.casefold()}|{whose.casefold()}"


async def _subject(world: World, wish: Wish, item: str) -> Subject:
    """What a command is about; where nobody is known by the name, nothing: its kind says so."""
    if item == EVERYBODY and wish.kind in PAUSES:
        return Subject(("pause|*",), ("pause|*",))
    try:
        if wish.kind in ANSWERS:
            return await _answered(world, wish)
        if wish.kind in SWITCHES | PAUSES | ITEMS:
            return _of_person(wish, await _id_of(world, wish, item))
    except StoreUnavailable:
        raise
    except CalsyncError:
        return Subject()
    return Subject()


def _of_person(wish: Wish, user_id: str) -> Subject:
    if not user_id:
        return Subject()
    switched, paused = switch.turn_at(user_id), f"pause|{user_id}"
    if wish.kind in PAUSES:
        return Subject((paused,), (paused,), user_id)
    if wish.kind in SWITCHES:  # switching off ends a pause
        ends_pause = () if wish.kind is Kind.ENABLE else (paused,)
        return Subject((switched, *ends_pause), (switched,), user_id)
    place = (f"item|{user_id}|{wish.item}",) if wish.item else ()
    return Subject(place, place, user_id)


async def _answered(world: World, wish: Wish) -> Subject:
    named = answers_about(wish)
    with suppress(UnknownChoice):
        find = find_choice if wish.kind is Kind.APPROVE else find_conflict
        user, _ = await find(world, wish.item, await owners(world, wish))
        mine = _answer(wish, user.id)
        return Subject((mine,) if wish.people else (_answer(wish, "*"), mine), (*named, mine))
    return Subject((), named)


async def _id_of(world: World, wish: Wish, name: str) -> str:
    """Whom a name means; of somebody who is to be switched on as the directory says."""
    if wish.kind is not Kind.ENABLE:
        return (await switch.find_known(world, name)).id
    mailbox = await world.calendar.find_user(await switch.first_known(world, name))
    return mailbox.id if mailbox is not None else ""


def _overtaken(wish: Wish, item: str, later: Turn) -> Json:
    """The answer of one that came too late, in the shape of its kind."""
    told = Outcome.OVERTAKEN.say(kind=later.what or "a change", at=later.asked_at)
    if wish.kind is Kind.RESOLVE:
        return {"resolved": False, "zone": "UTC", **phrase_of(told), "lines": [], "conflict": None}
    failures = [failure_of(wish.item if wish.kind is Kind.APPROVE else item, told)]
    shape: Json = {"users": [], "failures": failures}
    if wish.kind in PAUSES:
        shape["everybody"] = None
    return shape | ({"failure": "", "dry_run": False} if wish.kind is Kind.APPROVE else {})


async def _note(world: World, subject: str, turn: Turn) -> Turn | None:
    """Note a turn where none that is later stands; return the one before."""
    for _ in range(TRIES):
        before = await world.store.read_turn(subject)
        if before is not None and before.asked_at > turn.asked_at:
            return before
        with suppress(StaleWrite):
            await world.store.save_turn(subject, replace(turn, etag=before.etag if before else ""))
            return before
    raise StoreUnavailable("too many commands about the same at once: ask once more")


async def _give_back(world: World, subjects: Sequence[str], turn: Turn, before: Sequence[Turn | None]) -> None:
    """Take back the turn of what failed, where no other has been noted since."""
    for subject, former in zip(subjects, before, strict=True):
        stands = await world.store.read_turn(subject)
        if stands is None or stands.command_id != turn.command_id:
            continue
        with suppress(StaleWrite):
            if former is None:
                await world.store.drop_turn(subject, stands)
            else:
                await world.store.save_turn(subject, replace(former, etag=stands.etag))


async def _redo(world: World, about: Subject, turn: Turn, item: str) -> None:
    """Do once more what was asked later and came between this one's turn and its end."""
    later = await latest(world, about.notes, turn)
    command = await world.store.read_command(later.command_id) if later is not None else None
    if command is None:
        return
    wish = command.wish if item == EVERYBODY else replace(command.wish, people=(about.user_id,), everybody=False)
    with suppress(UnknownUser):  # forgotten meanwhile, as was asked
        async for _ in KINDS[wish.kind].do(world, wish, wish.people[0] if wish.people else item, unheeded):
            pass
