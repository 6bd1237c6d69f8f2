"""Asks for a round of a user so that no wake-up is lost (design.md §7).

A new wake token is stored in the user's ``wake`` row, then a message is sent. Even if the message is lost, an
unserved token makes the user due at the next timer, and a round under way sees it when it ends. The token holds its
time, when a message was last sent, and whether a Graph notification caused it.

If that message is young and the previous token not yet served, the message is on its way or its round is under way.
Either will find the new token, so no second message is sent. If it is old, it may be lost, or stand in a queue that
nobody serves: no other is sent, and the round waits in the line for whoever has a session next, with the next pull at
the latest, as do later ones until that message comes (``jobs.line``). The age is the message's and not the token's:
wake-ups that follow one another closely would keep a token young for ever, and a lost message would never be missed.
Whether the previous token is served is read after the new token is written: a round that ended without seeing the new
token has stored by then which token it served.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from jobs import line
from jobs.forgotten import erase_if_forgotten
from jobs.messages import Pull, Round, write
from jobs.world import World
from sync_core.errors import RowUnreadable, StoreError

YOUNG = timedelta(minutes=1)
"""How long a message is trusted to be on its way, and so how long a lost one can delay a round."""

NOTIFIED = "notified"
SENT = "sent="
NEVER = "never"
"""Parts of a token: what caused it, and in front of an instant when the message went that it relies on, or of the
word that none went."""


async def wake(world: World, user_id: str, *, notified: bool = False, asked: bool = False) -> None:
    """Ask for a round of this user, if they are known. ``notified``: Graph's notification asks, and its delta query
    may lag behind. ``asked``: somebody asks, who does not wait for a message that may be lost."""
    now, before = world.clock(), await _newest(world, user_id)
    sent = _sent_at(before)
    is_young = sent is not None and timedelta(0) <= now - sent < YOUNG
    relied_on = sent if is_young else now
    await world.store.write_wake(user_id, _token(now, notified or (is_young and is_notified(before)), relied_on))
    if await erase_if_forgotten(world, user_id):
        return
    is_unserved = sent is not None and await _is_unserved(world, user_id, before)
    if is_young and is_unserved:
        return
    try:
        if is_unserved and not asked:
            await line.ask_again(world, Round(user_id))
        else:
            await line.send_now(world, Round(user_id), asked=asked)
    except StoreError:  # no message is on its way: the next wake-up must not rely on one
        with suppress(StoreError):
            await world.store.write_wake(user_id, _token(now, notified, None))
        raise


async def _is_unserved(world: World, user_id: str, token: str) -> bool:
    try:
        return await world.store.read_served(user_id) != token
    except RowUnreadable:  # the round that is asked for says so
        return False


async def _newest(world: World, user_id: str) -> str:
    try:
        return await world.store.read_wake(user_id)
    except RowUnreadable:  # the row is about to be replaced
        return ""


def _token(at: datetime, notified: bool, sent_at: datetime | None) -> str:
    sent = [] if sent_at == at else [f"{SENT}{sent_at.isoformat() if sent_at else NEVER}"]
    return " ".join([at.isoformat(), secrets.token_hex(6), *sent, *([NOTIFIED] if notified else [])])


def _sent_at(token: str) -> datetime | None:
    """When the message went that a token relies on, None if none did; one that does not say went with it."""
    for part in token.split():
        if part.startswith(SENT):
            return woken_at(part.removeprefix(SENT))
    return woken_at(token)


def is_notified(token: str) -> bool:
    """Whether a Graph notification caused the token."""
    return token.endswith(f" {NOTIFIED}")


def heard_at(token: str) -> datetime | None:
    """When the notification came that caused the token; None for one that something else caused."""
    return woken_at(token) if is_notified(token) else None


async def wake_pull(world: World, asked_at: datetime | None = None) -> None:
    """Ask for a pull; ``asked_at`` is when ERP.net's webhook announced a change, None if the timer asks. Nobody knows
    whether the last one was served, so each has a row in the line: another is sent when it counts as lost."""
    order = Pull(asked_at)
    try:
        await line.send_later(world, order, 0)
    except StoreError:
        await world.queue.send(write(order))


def woken_at(token: str) -> datetime | None:
    """When a token was written; None for one without a time."""
    try:
        at = datetime.fromisoformat(token.partition(" ")[0])
    except ValueError:
        return None
    return at if at.tzinfo else None
