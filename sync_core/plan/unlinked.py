"""Items without a link, with all that was read of what may belong to them, and what they themselves say of that.

An activity names its meeting by (ExternalSystem, ExternalId). Which of the items belong together, ``match.py`` says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sync_core.content.ranges import uid_key
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link, Role
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import SeriesRule
from sync_core.model.series import day_in
from sync_core.model.sides import DATE_SYSTEM, PAIRED_SYSTEMS, ErpActivity, GraphEvent, Malformed, Side
from sync_core.plan.tables import scope

Waiting = Mapping[tuple[Side, str], Pending]
"""The pending rows, by side and item id."""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Items without a link, and everything that was read of what may belong to them.

    ``followed`` are the events whose activity another mailbox must find, ``fed`` those activities where their claims
    name them. ``unmade`` are the events whose claim names no activity; a void activity that names such an event was
    given up when nobody seemed to have the meeting.
    ``begun`` are the events whose pair has ended and of which an activity is being made anew.

    ``former`` are living activities that nobody has a link of, and that name days on which a series of the events may
    have taken place before.

    ``named`` are the activities by the meeting they name. ``marks`` are, by event, the activities that our marks
    name, where the mark counts; ``series_marks`` those of marks on whole series, by series, where its dates are the
    items. ``originals`` are, by meeting, the activities that links and claims name; where ERP.net lacks one, its id
    may have changed. ``known`` is what ERP.net has of all these, void ones included.
    ``unsure`` are the ids of items whose partner could not be looked for, ``awaiting`` those of events that a linked
    date may go on as (repattern.py): they wait.
    """

    events: Mapping[str, GraphEvent]
    activities: Mapping[str, ErpActivity]
    links: Collection[Link] = ()
    waiting: Waiting = field(default_factory=dict)
    followed: frozenset[str] = frozenset()
    fed: frozenset[str] = frozenset()
    unmade: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    former: Collection[ErpActivity] = ()
    named: Mapping[str, Sequence[ErpActivity | Malformed]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    series_marks: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, Collection[str]] = field(default_factory=dict)
    known: Mapping[str, ErpActivity] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    awaiting: frozenset[str] = frozenset()

    @property
    def linked(self) -> frozenset[str]:
        """The ids of the activities that a link of this calendar feeds or has fed."""
        return frozenset(link.activity_id for link in self.links if link.role is not Role.FOLLOWER)

    def pending(self, side: Side, item_id: str) -> Pending | None:
        """The item's pending row."""
        return self.waiting.get((side, item_id))

    def state(self, side: Side, item_id: str) -> PendingState:
        """What the item waits for."""
        pending = self.pending(side, item_id)
        return pending.state if pending else PendingState.WAITING


def meeting_of(activity: ErpActivity) -> str:
    """The key of the meeting that an activity names, '' for none."""
    return uid_key(activity.external_id) if activity.external_system in PAIRED_SYSTEMS else ""


def names_date(activity: ErpActivity, ctx: Context) -> bool:
    """Whether an activity names a date of a series, and such dates are synced."""
    is_dated = activity.external_system == DATE_SYSTEM or day_in(activity.external_id) is not None
    return is_dated and ctx.policy.series is SeriesRule.WINDOW


def may_pair(event: GraphEvent, ctx: Context) -> bool:
    """Whether scope lets an event have an activity."""
    return scope(Case(event=event), ctx)[0] is None


def may_be_named(activity: ErpActivity, ctx: Context) -> bool:
    """Whether scope lets an activity have an event."""
    return scope(Case(activity=activity), ctx)[0] is None


def living_of(event: GraphEvent, unlinked: Unlinked, taken: Collection[str]) -> list[ErpActivity]:
    """The activities that are not void, name the event and belong to no other one."""
    others = {activity for event_id, activity in unlinked.marks.items() if event_id != event.id}
    named = unlinked.named.get(uid_key(event.ical_uid), ()) if event.ical_uid else ()
    living = [a for a in named if isinstance(a, ErpActivity) and not a.void]
    return [a for a in living if a.id not in unlinked.linked and a.id not in taken and a.id not in others]
