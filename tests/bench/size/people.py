"""What people do in a week, and how long it took to reach the other side.

A working day is Monday to Friday from eight to six; each person's changes fall evenly into it. Nights and weekends
are quiet.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WORKDAYS, FIRST_HOUR, HOURS = 5, 8, 10

IN_OUTLOOK, IN_ERP = 10, 5
"""Changes of each person on a working day: 315 in a month of 21 such days, as docs/deploy.md assumes."""

MEETINGS = 30
"""What a first sync finds in each calendar."""


STORMS = ("switched on", "ERP.net away", "Graph away", "no licence", "mass edit")
"""What befalls a company on Monday, Tuesday and so on; a change belongs to a storm until two hours after it began."""


@dataclass
class Todo:
    """What has changed on both sides and is not across yet, by person: when each change was made."""

    outlook: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    erp: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    to_pull: list[str] = field(default_factory=list)
    """Whose activities have changed since the last pull."""
    first: dict[str, datetime] = field(default_factory=dict)
    """Since when somebody waits for their first sync."""
    storms: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    """What befell them, from when to when."""
    lags: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from change to write, by the storm ("calm" = none) and the way."""

    def across(self, what: str, made: list[datetime], now: datetime) -> None:
        """These changes have reached the other side."""
        for at in made:
            storm = next((name for name, since, until in self.storms if since <= at < until), "calm")
            self.lags[storm, what].append((now - at).total_seconds())

    @property
    def left(self) -> int:
        """How many changes are still under way."""
        return sum(map(len, [*self.outlook.values(), *self.erp.values()]))


Change = tuple[datetime, str, bool]
"""When somebody changes something, who, and whether in Outlook (else in ERP.net)."""


def a_day(start: datetime, people: list[str], dice: random.Random) -> Iterator[Change]:
    """The changes of a working day in their order."""
    opens = start.replace(hour=FIRST_HOUR, minute=0, second=0)
    made = [
        (opens + timedelta(seconds=dice.uniform(0, HOURS * 3600)), one, is_outlook)
        for one in people
        for is_outlook, count in ((True, IN_OUTLOOK), (False, IN_ERP))
        for _ in range(count)
    ]
    yield from sorted(made)
