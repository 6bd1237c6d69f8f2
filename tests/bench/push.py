"""Push: how long a person's edit takes to be written on the other side, step by step, both ways.

The app runs in the local host against Azurite and both stand-ins, each a process of its own: every step goes over
real HTTP. Graph's stand-in notifies by itself; ERP.net's webhook is sent with the edit, as a business rule of the
instance would. The steps are those that the app logs of each pull and round, so they can be read of any deployment;
``notification`` alone is measured here, from the edit on.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from simulators.host.company import WEBHOOK_SECRET, Company
from simulators.host.webhook import PATH
from tests.bench.figures import Budget, Figure
from tests.support.company_life import meeting_words, subscriptions, until

EDITS, QUICK = 36, 8
"""Edits each way, and of a quick run."""

GOAL = 1.0
"""Seconds of 95 in 100 edits."""

LONGEST = 30.0
"""Seconds that an edit may take."""

LOGGED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+) INFO calsync: (pull|round) (\{.*\})$", re.MULTILINE)

TO_ERP = ("notification", "queue", "lease", "read", "decide", "write")
TO_OUTLOOK = ("notification", "pull's queue", "pull", "queue", "lease", "read", "decide", "write")


@dataclass
class Watched:
    """The app's log, line by line."""

    log: Path
    _read: int = field(default=0)

    def news(self) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
        """What was told since the last call: when, of what, and the facts."""
        text = self.log.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        told, self._read = whole[self._read :], len(whole)
        for at, what, facts in LOGGED.findall(told):
            yield datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f").astimezone(), what, json.loads(facts)


@dataclass(frozen=True, slots=True)
class Hands:
    """One meeting, edited on either side, and the log that tells how it gets across."""

    company: Company
    watched: Watched
    event: str
    activity: str

    def in_outlook(self, number: int) -> Mapping[str, float]:
        """Seconds of each step of an edit in Outlook."""
        edited = datetime.now(UTC)
        self.company.outlook("anna").act("edit", ident=self.event, subject=f"Outlook {number}")
        return self._steps(edited, lambda facts: "activity updated" in facts["actions"])

    def in_erpnet(self, number: int) -> Mapping[str, float]:
        """Seconds of each step of an edit in ERP.net."""
        edited = datetime.now(UTC)
        self.company.desk("anna").act("edit", activity=self.activity, subject=f"ERP.net {number}")
        address = f"{self.company.public_url}{PATH}"
        urlopen(Request(address, b"", {"x-calsync-secret": WEBHOOK_SECRET}, method="POST"), timeout=10).close()
        return self._steps(edited, lambda facts: "event updated" in facts["actions"])

    def _steps(self, edited: datetime, is_across: Callable[[dict[str, Any]], bool]) -> dict[str, float]:
        pulled: dict[str, float] = {}
        heard: datetime | None = None
        by = time.monotonic() + LONGEST
        while time.monotonic() < by:
            for at, what, facts in self.watched.news():
                steps = {name: ms / 1000 for name, ms in facts.get("steps", {}).items()}
                if what == "pull" and facts["woken"] and "queue" in steps:
                    pulled = {"pull's queue": steps["queue"], "pull": steps["pull"]}
                    heard = at - timedelta(seconds=sum(pulled.values()))
                if what == "round" and is_across(facts):
                    heard = heard or at - timedelta(seconds=facts["lag_seconds"])
                    return {"notification": (heard - edited).total_seconds(), **pulled, **steps}
            time.sleep(0.02)
        raise TimeoutError("an edit did not get across")


def measure(budget: Budget) -> Iterator[Figure]:
    """One person's edits, one after the other, each when the echo of the one before is over."""
    with TemporaryDirectory() as folder, Company() as company:
        hands = _begin(company, Path(folder) / "host.log")
        for way, steps, edit in (
            ("Outlook → ERP.net", TO_ERP, hands.in_outlook),
            ("ERP.net → Outlook", TO_OUTLOOK, hands.in_erpnet),
        ):
            found = []
            for number in range(QUICK if budget.is_quick else EDITS):
                time.sleep(0.7 + number % 10 * 0.05)  # the echo's round, and no rhythm shared with the queue's polls
                found.append(edit(number))
            yield from _figures(way, steps, found)


def _figures(way: str, steps: tuple[str, ...], found: list[Mapping[str, float]]) -> Iterator[Figure]:
    totals = [sum(one.values()) for one in found]
    yield Figure(way, "edit to write, half", "s", (median(totals),))
    yield Figure(way, "edit to write, 95 %", "s", (quantiles(totals, n=20)[-1],), GOAL)
    for step in steps:
        yield Figure(way, step, "s", tuple(one.get(step, 0.0) for one in found))


def _begin(company: Company, log: Path) -> Hands:
    """Anna's sync is on, and one meeting of hers is linked."""
    company.calsync("users", "enable", company.hire("anna", "Anna Petrova"))
    host = company.open_host(log=log)
    host.run("pull")
    until(lambda: "calsync: pull" in log.read_text())
    host.run("sync")
    until(lambda: subscriptions(company) == 1)
    event = company.outlook("anna").act("create", **meeting_words("Outlook"))
    until(lambda: company.activities())
    [activity] = company.activities()
    return Hands(company, Watched(log), event, activity["Id"])
