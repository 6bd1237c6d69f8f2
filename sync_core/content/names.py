"""The names by which a link is found: its event, the activity that it feeds, and its meeting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync_core.content.ranges import uid_key
from sync_core.model.link import Link, Role, master_of
from sync_core.model.series import Occurrence

FOLLOWERS = ""
"""The activity by which all followers are found: their claims say which one it is, and may say another by now."""


@dataclass(frozen=True, slots=True)
class Names:
    """What links are asked for by: event ids, activity ids, meetings as ``uid_key`` has them, and the series whose
    dates they are, by Graph's ids and as ``series_key`` has them."""

    events: frozenset[str] = frozenset()
    activities: frozenset[str] = frozenset()
    meetings: frozenset[str] = frozenset()
    series: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(*(mine | theirs for mine, theirs in zip(self._kinds(), other._kinds(), strict=True)))

    def __sub__(self, other: Names) -> Names:
        return Names(*(mine - theirs for mine, theirs in zip(self._kinds(), other._kinds(), strict=True)))

    def __len__(self) -> int:
        return sum(map(len, self._kinds()))

    def _kinds(self) -> tuple[frozenset[str], ...]:
        return self.events, self.activities, self.meetings, self.series


ALL_FOLLOWERS = Names(activities=frozenset({FOLLOWERS}))


def named(*, events: Iterable[str] = (), activities: Iterable[str] = (), ical_uids: Iterable[str] = ()) -> Names:
    """These names, without empty ones."""
    meetings = frozenset(uid_key(uid) for uid in ical_uids if uid)
    return Names(frozenset(events) - {""}, frozenset(activities) - {""}, meetings)


def series_key(one: Occurrence) -> str:
    """A series in every mailbox, whatever Graph's id of it is by now."""
    return one.series_uid.casefold()


def siblings_of(links: Iterable[Link]) -> Names:
    """The series of those links that are dates of one."""
    return Names(series=frozenset(series_key(link.occurrence) for link in links if link.occurrence) - {""})


def names_of(link: Link) -> Names:
    """The names by which a link is found."""
    known = named(events=[link.event_id], activities=[link.activity_id], ical_uids=[link.ical_uid])
    known |= siblings_of([link]) | Names(series=frozenset({master_of(link)}) - {""})
    return known | ALL_FOLLOWERS if link.role is Role.FOLLOWER else known
