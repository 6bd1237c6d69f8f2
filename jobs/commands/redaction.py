"""What a command's row keeps of the wish when it has ended.

Rows are kept for ninety days, so that an administrator can see who asked for what. What somebody typed may be a title
or a name that nobody bears, which no forgetting would find. So a text stays only where it was found to be the name of
something: an item, a place. A person whom calsync knows is kept by id: a name that they do not bear any more would be
found by no forgetting either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from jobs.command import Command, State
from jobs.erasure import FORGOTTEN
from jobs.wish import Kind, Wish
from jobs.world import World
from sync_core.model.user import User

UNKNOWN = "(unknown)"
"""Stands for a name by which nobody is known."""


async def kept_of(world: World, command: Command, state: State) -> Wish:
    """The wish of a command that ends in this state, as its row keeps it."""
    wish, is_fine = command.wish, command.is_fine and state is State.DONE
    if not is_fine:
        wish = replace(wish, company="", location="", zone="")
    if state is not State.DONE or wish.kind is Kind.WHY:
        wish = replace(wish, item="")
    if not wish.people:
        return wish
    if wish.kind is Kind.FORGET and state is State.DONE:
        return replace(wish, people=(FORGOTTEN,) * len(wish.people))
    return replace(wish, people=_ids(wish.people, await world.store.list_users()))


def _ids(people: Iterable[str], users: Sequence[User]) -> tuple[str, ...]:
    """The ids of people by what they are called; where two bear a name, of the one whose id or UPN it is."""
    known = {FORGOTTEN: FORGOTTEN}
    for user in users:
        for name in user.names:
            known.setdefault(name, user.id)
    for user in users:
        known |= {user.upn.casefold(): user.id, user.id.casefold(): user.id}
    return tuple(
        next((known[one.casefold()] for one in (name, *name.split()) if one.casefold() in known), UNKNOWN)
        for name in people
    )
