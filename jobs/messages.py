"""The orders of the work queue as dataclasses, and their messages: written and read here and nowhere else.

An order is a value; its message is a JSON object with a ``kind`` and details. A detail that is false, zero or empty
is left out. During an update two builds share the queue and the line. So this build must read what the build before
it wrote (tests/jobs/test_messages.py holds frozen samples), and it ignores a detail that it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from jobs.command import is_id
from jobs.ports import Message
from sync_core.errors import CalsyncError


class Kind(StrEnum):
    """What kind of order a message holds."""

    PULL = "pull"
    ROUND = "round"
    COMMAND = "command"
    ASKED = "asked"


class Do(StrEnum):
    """What an order of the kind ``command`` does."""

    RENEW = "renew"
    FORGET = "forget"


class MessageRefused(CalsyncError):
    """This build cannot read the message; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Pull what changed in ERP.net. ``asked_at`` is when its webhook announced a change, None if the timer asks.

    ``waits`` counts how often no session was free. ``ticket`` is that of the order's row in the line (``Queued``), ''
    if it has none.
    """

    asked_at: datetime | None = None
    waits: int = 0
    ticket: str = ""

    @property
    def key(self) -> str:
        """The deduplication key: all pulls are one."""
        return Kind.PULL


@dataclass(frozen=True, slots=True)
class Round:
    """Run a round of one user. ``full`` reads both sides whole; ``look`` runs only if Graph has news by then.

    ``tries`` counts the earlier messages of the same wake-up; ``waits`` and ``ticket`` as in ``Pull``.
    """

    user_id: str
    full: bool = False
    look: bool = False
    tries: int = 0
    waits: int = 0
    ticket: str = ""

    @property
    def key(self) -> str:
        """The deduplication key: one for each user."""
        return self.user_id


@dataclass(frozen=True, slots=True)
class Renew:
    """Renew a user's subscription, or make a new one if it is gone."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase once more what is left of a user who was forgotten at ``asked_at`` (None in an older build's message)."""

    user_id: str
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Carry out the command with this id, or go on with it. ``calls``: it needs ERP.net's session.

    ``waits`` and ``ticket`` as in ``Pull``.
    """

    command_id: str
    calls: bool = False
    waits: int = 0
    ticket: str = ""

    @property
    def key(self) -> str:
        """The deduplication key: one for each command."""
        return f"{Kind.ASKED}-{self.command_id}"


Call = Pull | Round | Asked
"""An order that needs ERP.net's session, and so may wait in the line."""

Order = Call | Renew | Forget


def write(order: Order) -> dict[str, str | bool | int]:
    """Write the message of an order."""
    match order:
        case Pull(asked_at=at):
            message: dict[str, str | bool | int] = {"kind": Kind.PULL, "asked_at": at.isoformat() if at else ""}
        case Round():
            flags = {"full": order.full, "look": order.look, "tries": order.tries}
            message = {"kind": Kind.ROUND, "user": order.user_id, **flags}
        case Asked():
            message = {"kind": Kind.ASKED, "command": order.command_id, "calls": order.calls}
        case Renew():
            return {"kind": Kind.COMMAND, "do": Do.RENEW, "user": order.user_id}
        case Forget(asked_at=at):
            at_text = {"asked_at": at.isoformat()} if at else {}
            return {"kind": Kind.COMMAND, "do": Do.FORGET, "user": order.user_id, **at_text}
    message |= {"waits": order.waits, "ticket": order.ticket}
    return {name: detail for name, detail in message.items() if detail}


def parse(body: bytes | str) -> Order:
    """Read the order in the body of a message. Raises ``MessageRefused``."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise MessageRefused("a message that is no JSON") from None
    if not isinstance(message, dict):
        raise MessageRefused("a message that is no JSON object")
    return read(message)


def read(message: Mapping[str, Any]) -> Order:
    """Read the order in a message. Raises ``MessageRefused``."""
    details = _Details(message)
    kind = details.text("kind")
    if kind not in _READERS:
        raise MessageRefused("a message of a kind that this build does not know")
    return _READERS[kind](details)


def read_call(message: Message | None) -> Call | None:
    """Read the order in a row of the line; None if it has none, or one that this build cannot read."""
    try:
        order = read(message) if message is not None else None
    except MessageRefused:
        return None
    return order if isinstance(order, Call) else None


def merged(one: Call | None, other: Call | None) -> Call | None:
    """Merge two orders of the same key into one without a ticket; None if one of them is None."""
    match one, other:
        case Pull(), Pull():
            asked = [at for at in (one.asked_at, other.asked_at) if at is not None]
            return Pull(max(asked, default=None), waits=max(one.waits, other.waits))
        case Round(), Round():
            return Round(
                other.user_id,
                full=one.full or other.full,
                look=one.look and other.look,
                tries=max(one.tries, other.tries),
                waits=max(one.waits, other.waits),
            )
        case Asked(), Asked():
            return Asked(other.command_id, calls=one.calls or other.calls, waits=max(one.waits, other.waits))
    return None


class _Details:
    """Reads the details of a message. Each method raises ``MessageRefused`` for a value of another type."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A text; '' if it is left out."""
        found = self._fields.get(name, "")
        return found if isinstance(found, str) else self._refuse(name, "text")

    def flag(self, name: str) -> bool:
        """True or false; False if it is left out."""
        found = self._fields.get(name, False)
        return found if isinstance(found, bool) else self._refuse(name, "true or false")

    def count(self, name: str) -> int:
        """A count; 0 if it is left out."""
        found = self._fields.get(name, 0)
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            self._refuse(name, "a count")
        return found

    def instant(self, name: str) -> datetime | None:
        """An instant with a zone; None if it is left out."""
        text = self.text(name)
        try:
            at = datetime.fromisoformat(text) if text else None
        except ValueError:
            at = self._refuse(name, "an instant")
        return at if at is None or at.tzinfo else self._refuse(name, "an instant with a zone")

    def user(self) -> str:
        """The user's id; it may not be left out."""
        return self.text("user") or self._refuse("user", "anybody")

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        raise MessageRefused(f"a message whose {name!r} is not {wanted}")


def _pull_in(details: _Details) -> Pull:
    return Pull(details.instant("asked_at"), details.count("waits"), details.text("ticket"))


def _round_in(details: _Details) -> Round:
    return Round(
        details.user(),
        full=details.flag("full"),
        look=details.flag("look"),
        tries=details.count("tries"),
        waits=details.count("waits"),
        ticket=details.text("ticket"),
    )


def _asked_in(details: _Details) -> Asked:
    command_id = details.text("command")
    if not is_id(command_id):
        raise MessageRefused("a message whose 'command' is not the id of one")
    return Asked(command_id, details.flag("calls"), details.count("waits"), details.text("ticket"))


def _command_in(details: _Details) -> Renew | Forget:
    match details.text("do"):
        case Do.RENEW:
            return Renew(details.user())
        case Do.FORGET:
            return Forget(details.user(), details.instant("asked_at"))
    raise MessageRefused("a message with a command that this build does not know")


_READERS: Mapping[str, Callable[[_Details], Order]] = {
    Kind.PULL: _pull_in,
    Kind.ROUND: _round_in,
    Kind.COMMAND: _command_in,
    Kind.ASKED: _asked_in,
}
