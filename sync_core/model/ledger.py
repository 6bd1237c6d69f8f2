"""The ledger of a user's links: what a round must know of those that it does not read.

A round reads the links that ask for something by themselves (``is_open``), and those that its news names. Of the
others it must know how many run, which the guard asks. The ledger is stored with each change of a link, so it holds
whenever it is there. An older build that changes links takes it away unknowingly, and the next round reads them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sync_core.model.link import RUNNING, Link, LinkStatus, asks_for_a_look, is_unlinked, unit_of
from sync_core.model.logins import LOGIN
from sync_core.model.memory import Memory, Unread

RULES = 2
"""What ``is_open`` and ``reading.names`` say. Raise it when one of them says something else: then a ledger of before
is not believed."""

MOST_OPEN = 40
"""More open links are not listed: then the next round reads all links."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many links run (``RUNNING``), how many meetings they are (``Memory.units``), and the event ids of the open
    ones, in order; by which ``RULES``."""

    running: int
    units: int
    open: tuple[str, ...] = ()
    rules: int = RULES


def is_open(link: Link) -> bool:
    """Whether each round must know the link, even if no news names it."""
    return (
        asks_for_a_look(link)
        or link.status in (LinkStatus.PARKED, LinkStatus.HELD)
        or link.conflict is not None
        or link.held is not None
        or link.missed_at is not None
        or is_unlinked(link)
        or link.creator.startswith(LOGIN)
    )


def ledger_of(memory: Memory) -> Ledger | None:
    """The ledger of these links; None where too many are open."""
    found = sorted(link.event_id for link in memory.links if is_open(link))
    return Ledger(memory.running, memory.units, tuple(found)) if len(found) <= MOST_OPEN else None


def with_open(memory: Memory, ledger: Ledger, links: Collection[Link]) -> Memory | None:
    """The memory with the links that the ledger lists; None where they are not what it says."""
    listed = tuple(sorted(link.event_id for link in links if is_open(link)))
    unread = _without(Unread(ledger.running, ledger.units), (), links)
    if listed != ledger.open or len(links) != len(listed) or unread is None:
        return None
    return replace(memory, links=tuple(links), unread=unread)


def with_found(memory: Memory, links: Iterable[Link]) -> Memory | None:
    """The memory with links that were not read before; None where the ledger should have told of one of them."""
    found = [*links]
    unread = _without(memory.unread, memory.links, found) if memory.unread else None
    if unread is None or any(map(is_open, found)):
        return None
    return replace(memory, links=(*memory.links, *found), unread=unread)


def _without(unread: Unread, known: Iterable[Link], links: Iterable[Link]) -> Unread | None:
    """What is left to read besides these links and those that are ``known``; None where fewer ran. A meeting of which
    one date was read is none of those that are left, so whoever changes dates has read all of their series."""
    running = [link for link in links if link.status in RUNNING]
    units = {unit_of(link) for link in running} - {unit_of(link) for link in known if link.status in RUNNING}
    left = Unread(unread.running - len(running), unread.units - len(units))
    return None if min(left.running, left.units) < 0 else left
