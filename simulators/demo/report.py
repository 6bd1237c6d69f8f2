"""What one ``calsync sync`` reported about everybody whose sync is on, and the mails that Exchange sent meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

WELL = "Operational"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that Exchange sent: an invitation, an update, a cancellation or a response."""

    kind: str
    to: str


@dataclass(frozen=True, slots=True)
class Round:
    """One sync, of all users together; each line says as ``who`` whose calendar it is about."""

    code: int = 0
    failure: str = ""
    state: str = ""
    full: bool = False
    users: tuple[str, ...] = ()
    done: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The skips by whose calendar it is about, and reason."""
    lines: tuple[Json, ...] = ()
    failures: tuple[str, ...] = ()
    conflicts: int = 0
    counted_mails: int = 0
    mails: tuple[Mail, ...] = ()

    def told(self, event_id: str) -> list[str]:
        """What was done about an event."""
        return [str(line["what"]) for line in self.lines if line["event_id"] == event_id]

    def reasons(self, event_id: str) -> str:
        """Why, in one text."""
        return "; ".join(str(line["reason"]) for line in self.lines if line["event_id"] == event_id)

    def before(self, event_id: str) -> list[str]:
        """The values that were written over, of an event's pair."""
        return [v for line in self.lines if line["event_id"] == event_id for v in line["before"].values()]

    def after(self, event_id: str) -> list[str]:
        """The values that were written instead."""
        return [v for line in self.lines if line["event_id"] == event_id for v in line["after"].values()]

    @property
    def is_fine(self) -> bool:
        """Whether the command ended well and nothing failed."""
        return self.code == 0 and not self.failure and not self.failures


def round_of(code: int, told: Json, mails: Sequence[Mail] = ()) -> Round:
    """The report of ``calsync --json sync``; the state is the first that is not Operational, if any."""
    users: list[Json] = told["users"]
    states = [str(user.get("state", "")) for user in users]
    return Round(
        code=code,
        failure=told.get("failure", ""),
        state=next((state for state in states if state != WELL), WELL if states else ""),
        full=bool(users) and all(user.get("full") for user in users),
        users=tuple(named(user.get("upn", "")) for user in users),
        done=_summed(users, "done"),
        skipped=_summed(users, "skipped"),
        left=Counter(
            {(named(user.get("upn", "")), why): n for user in users for why, n in user.get("skipped", {}).items()}
        ),
        lines=tuple({**line, "who": named(user.get("upn", ""))} for user in users for line in user.get("lines", ())),
        failures=tuple(failure for user in users for failure in user.get("failures", ())),
        conflicts=sum(user.get("conflicts", 0) for user in users),
        counted_mails=sum(user.get("mails", 0) for user in users),
        mails=tuple(mails),
    )


def named(address: str) -> str:
    """The first name in an address of the company."""
    return address.partition("@")[0].capitalize()


def _summed(users: Sequence[Json], name: str) -> Counter[str]:
    return sum((Counter(user.get(name, {})) for user in users), Counter[str]())
