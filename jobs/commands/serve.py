"""Carries a command out under the app's identity, session and policy: item by item, each as often as need be.

The row is saved after each item, with the number of those that are done, so a command whose worker died goes on where
it stopped, and looks first whether the item is done (``again``). Two workers on one command do no harm: every item
may be done twice, and whoever saves second stops.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from jobs.command import Command, State, turn_of
from jobs.commands.ask import TOLD, given_up
from jobs.commands.done_before import found_done
from jobs.commands.kinds import KINDS, Part
from jobs.commands.mistakes import WRONG_INPUT, in_words, trouble_of
from jobs.commands.redaction import kept_of
from jobs.commands.turns import answers_about, in_turn, latest
from jobs.company import in_force
from jobs.log import log_failure, log_line
from jobs.says import Waits
from jobs.trouble import Trouble
from jobs.waiting import unheeded
from jobs.wish import AT_ONCE, OPENINGS, Kind
from jobs.world import World
from sync_core.errors import CalsyncError, LicencesTaken, RowUnreadable, SlotsTaken, StaleWrite, StoreUnavailable
from sync_core.model.phrase import Phrase

PIECE = timedelta(minutes=8)
"""After so long others who wait for ERP.net have their turn."""

PART_STEP = 1_000
"""Parts of one item at most."""


class _Overtaken(Exception):
    """Somebody else is at this command."""


async def serve(world: World, command_id: str) -> bool:
    """Go on with a command; whether it has ended. Raises ``LicencesTaken`` and ``StoreUnavailable``: try again."""
    command = await world.store.read_command(command_id)
    if command is None or command.is_ended:
        return True
    if world.clock() >= command.expires_at:
        await give_up(world, command)
        return True
    try:
        return await _carry_on(await _under_policy(world), command)
    except _Overtaken:
        return True


async def _under_policy(world: World) -> World:
    """The app's own world, for one who does not wait in this process: what is taken brings the command back later."""
    world = replace(world, licence_wait=timedelta(0))
    with suppress(RowUnreadable):
        return in_force(world, (await world.store.read_instance())[0])
    return world


async def _carry_on(world: World, command: Command) -> bool:
    try:
        is_again = command.state is State.RUNNING
        command, items = await _begun(world, command)
        until = world.clock() + PIECE
        while command.done < len(items):
            command = await _next_item(world, command, items[command.done], is_again=is_again)
            is_again = False
            if world.clock() >= until and command.done < len(items):
                return False
    except (_Overtaken, StoreUnavailable):
        raise
    except (LicencesTaken, SlotsTaken) as taken:
        waits = _waiting_for(taken)
        await _save(world, replace(command, waits_for=waits.text, waits=waits))
        raise
    except CalsyncError as error:
        state = State.REFUSED if isinstance(error, WRONG_INPUT) else State.FAILED
        await _fail(world, command, state, trouble_of(error), in_words(error))
        return True
    except Exception as error:  # noqa: BLE001 - a mistake of ours takes this command, not the app
        log_failure("command", error)
        trouble = trouble_of(error)
        await _fail(world, command, State.FAILED, trouble, trouble.text)
        return True
    await _end(world, command, State.DONE)
    return True


async def _fail(world: World, command: Command, state: State, trouble: Trouble, told: str) -> None:
    """The command has failed. The words of the failure are a part of the answer, and go with it."""
    await world.store.save_part(command.id, command.done * PART_STEP + PART_STEP - 1, {TOLD: told})
    await _end(world, command, state, trouble)


async def give_up(world: World, command: Command) -> None:
    """End a command whose time is over. Somebody who is at it all the same will notice."""
    with suppress(_Overtaken):
        await _end(world, command, State.FAILED, given_up(command))


def _waiting_for(taken: LicencesTaken | SlotsTaken) -> Phrase:
    """What holds a command up; ERP.net's own words are not kept."""
    if isinstance(taken, LicencesTaken):
        return Waits.NO_LICENCE.say()
    held = Waits.SESSION_IN_USE if taken.is_in_use else Waits.SESSION_COUNTED
    return held.say(holder=taken.holder, until=taken.until)


async def _begun(world: World, command: Command) -> tuple[Command, Sequence[str]]:
    """The command under way, and its items. Where they are the people who are named, they stand in the wish."""
    wish = command.wish
    is_new = command.state is State.WAITING
    items = command.items or tuple(await _items(world, command))
    if is_new:
        kept = () if wish.people and set(wish.people) <= set(items) else items
        command = replace(command, state=State.RUNNING, items=kept, total=len(items))
    counted = KINDS[wish.kind].counted
    if counted is not None and not command.done:
        command = replace(command, within=(0, len(await counted(world, wish))))
    return await _save(world, replace(command, waits_for="", waits=None)), items


async def _items(world: World, command: Command) -> Sequence[str]:
    """What is dealt with. An answer that a later one has overtaken is not looked for: it says so itself."""
    if await latest(world, answers_about(command.wish), turn_of(command)) is not None:
        return [""]
    return await KINDS[command.wish.kind].items(world, command.wish)


async def _next_item(world: World, command: Command, item: str, *, is_again: bool) -> Command:
    is_fine, number = command.is_fine, 0
    if is_again and command.wish.kind in AT_ONCE:
        await world.store.drop_parts(command.id)  # it begins anew, and may have less to tell

    async def heard(done: int, total: int) -> None:
        nonlocal command
        with suppress(_Overtaken, StoreUnavailable):  # the round goes on; whoever saves what it did finds out
            command = await _save(world, replace(command, within=(done, total)))

    is_one_sync = command.wish.kind is Kind.SYNC and command.total == len(OPENINGS[Kind.SYNC]) + 1
    followed = replace(world, heard=heard) if is_one_sync else world
    async for part, fine in _parts(followed, command, item, is_again=is_again):
        await world.store.save_part(command.id, command.done * PART_STEP + number, part)
        is_fine, number = is_fine and fine, number + 1
        if command.wish.kind in AT_ONCE and command.within[1]:
            done, total = command.within
            command = await _save(
                world, replace(command, within=(min(done + len(part.get("users", ())), total), total))
            )
    return await _save(world, replace(command, done=command.done + 1, is_fine=is_fine))


async def _parts(world: World, command: Command, item: str, *, is_again: bool) -> AsyncIterator[Part]:
    """What is answered about an item; ``is_again``: an earlier worker has begun on it."""
    wish = command.wish
    done = await found_done(world, wish, item) if is_again else None
    if done is not None:
        yield done, True
        return
    try:
        async for part in in_turn(world, turn_of(command), wish, item, unheeded):
            yield part
    except CalsyncError:
        done = await found_done(world, wish, item) if is_again else None  # the other one is still at it
        if done is None:
            raise
        yield done, True


async def _save(world: World, command: Command) -> Command:
    try:
        return await world.store.save_command(replace(command, touched_at=world.clock()))
    except StaleWrite as stale:
        raise _Overtaken from stale


async def _end(world: World, command: Command, state: State, trouble: Trouble | None = None) -> None:
    """The command ends; of the wish is kept what was found to be so, and nobody's words."""
    kept = await kept_of(world, command, state)
    ended = replace(command, wish=kept, state=state, finished_at=world.clock(), items=(), waits_for="", waits=None)
    await _save(world, replace(ended, trouble=trouble, is_fine=command.is_fine and state is State.DONE))
    log_line("command", {"kind": kept.kind, "state": state, "items": command.done})
