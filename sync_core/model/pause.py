"""A pause: for how long no round runs, for one person or for everybody.

While one is on, nothing is lost: the inbox fills, the delta link stays, wake-ups stay unserved. When it is over, by
itself or because somebody resumes, the person is due and their next round finds all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Pause:
    """No round runs from ``since_at`` on. ``until`` is the day on which rounds run again, from its midnight in the
    person's own zone; None = until somebody resumes."""

    since_at: datetime
    until: date | None = None

    def ends_at(self, zone: str) -> datetime | None:
        """The instant (UTC) from which rounds run again; ``zone`` is an IANA name, '' = UTC."""
        if self.until is None:
            return None
        return datetime.combine(self.until, time(), ZoneInfo(zone or "UTC")).astimezone(UTC)

    def is_on(self, now: datetime, zone: str) -> bool:
        """Whether it still lasts."""
        end = self.ends_at(zone)
        return end is None or now < end

    @property
    def text(self) -> str:
        """The pause in words."""
        return f"paused until {self.until.isoformat()}" if self.until else "paused until somebody resumes"


def longest(pauses: Iterable[Pause | None], now: datetime, zone: str) -> Pause | None:
    """Of the pauses that still last at ``now``, the one that ends last; None where no pause is on."""
    on = [pause for pause in pauses if pause is not None and pause.is_on(now, zone)]
    return max(on, key=lambda pause: pause.until or date.max, default=None)
