"""Steps 4 to 6 of a round: reads Graph, reads ERP.net, and puts what belongs together into cases.

Only what may have changed is read: the delta query and the inbox name the changed items. An item's counterpart is
read only if the item's *content* differs from the base. Each step takes the values of the steps before it and returns
one; ``sync_core.reading`` and ``sync_core.plan.match`` decide what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jobs.ports import Owned
from jobs.round.context import with_bearers, with_event_owners
from jobs.round.delta import find_moved, read_formatted, read_graph
from jobs.round.frame import RoundFrame, with_links
from jobs.round.lookup import Lookup
from jobs.round.roles import (
    Carried,
    Recalled,
    as_known,
    read_carried,
    read_roles,
    with_claims,
    with_names_elsewhere,
    with_roles,
)
from jobs.together import two_at_once
from sync_core.model.decision import Case
from sync_core.model.link import Role
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed
from sync_core.plan.match import match
from sync_core.plan.relocate import Move, after_moves
from sync_core.plan.unlinked import Unlinked, meeting_of
from sync_core.reading.cases import (
    Activities,
    Readings,
    asked_activities,
    free_activities,
    linked_cases,
    malformed_cases,
    not_shown,
    pairs_apart,
    permitted_activities,
    to_be_formatted,
    vanished_cases,
    with_neighbours,
)
from sync_core.reading.names import names_in_erp
from sync_core.reading.news import GraphNews, permitted
from sync_core.reading.roles import Roles, is_followed, is_unmade, lost_claims

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was read: the cases, and Graph's news with its next cursor.

    ``moves`` are the links whose event has another id now, ``carried`` the claims that go along, and those that were
    lost. ``frame`` has these links under their new ids, and the bearers of the logins that created the cases'
    activities. ``unread`` are the days of which ERP.net has not shown all of the user's activities.
    """

    frame: RoundFrame
    news: GraphNews
    moves: tuple[Move, ...]
    cases: list[Case]
    unread: tuple[date, ...] = ()
    carried: Carried = ()


async def read_sides(frame: RoundFrame) -> Findings:
    """Read everything that this round has to look at. Raises what the sides raise; a failed read yields no
    deletion. Raises ``NeedsAll``."""
    (frame, news), owned = await two_at_once(read_graph(frame), read_owned(frame))
    frame, news, found = await find_moved(frame, news)
    found, carried = await read_carried(frame, found)
    planned = {**frame.planned, **as_known(carried)}
    frame = replace(frame, memory=after_moves(frame.memory, found), planned=planned)
    frame = await with_names_elsewhere(frame, news)
    roles, news = await read_roles(frame, news)
    activities = await read_erp(frame, news, roles, owned.activities)
    frame = await with_links(frame, names_in_erp(activities))
    both = Readings(news, roles, activities, await _deleted(frame, activities))
    both = replace(both, news=await read_formatted(frame, news, to_be_formatted(both, frame)))
    frame = await _with_bearers(frame, free_activities(both, frame))
    both, pairs = await _pairs(frame, both)
    recalled: Recalled = {}
    linked = await with_roles(frame, both.roles, both.news, linked_cases(both, frame), recalled)
    paired = await with_roles(frame, both.roles, both.news, await _formatted(frame, pairs), recalled)
    cases = [*with_neighbours([*linked, *paired], frame), *malformed_cases(both, frame), *vanished_cases(both, frame)]
    new = [c.activity for c in cases if c.activity and (c.link is None or c.link.role is Role.FOLLOWER)]
    frame = await _with_bearers(frame, new)
    owners = await with_event_owners(frame.world.store, frame.ctx, cases)
    alive = {i for i, activity in activities.items() if isinstance(activity, ErpActivity) and not activity.void}
    carried = (*carried, *lost_claims(both.roles, both.news, alive, frame))
    return Findings(frame, both.news, found, owners, owned.unread, carried)


async def read_owned(frame: RoundFrame) -> Owned:
    """Read the user's activities: in a full round all, once a day those of the days that ERP.net did not show whole,
    and also where a person asks for the round."""
    user, unread = frame.user, frame.memory.cursors.unread
    since = frame.ctx.now - frame.ctx.policy.max_age
    if frame.scale.full:
        return await frame.world.erp.read_owned(user.erp_logins, user.erp_party_id, since)
    if not unread or (frame.scale.after_backoff and not frame.is_daily):
        return Owned(unread=unread)
    ahead = [day for day in unread if day >= since.date() - A_DAY]
    return await frame.world.erp.read_owned(user.erp_logins, user.erp_party_id, since, days=ahead)


async def read_erp(
    frame: RoundFrame, news: GraphNews, roles: Roles, owned: Iterable[ErpActivity | Malformed]
) -> Activities:
    """Read the activities that this round has to look at, besides those of the user that were read."""
    activities: dict[str, ErpActivity | Malformed | None] = {a.id: a for a in owned}
    missing = asked_activities(news, roles, frame) - set(activities)
    if missing:
        activities |= await frame.world.erp.read_activities(missing)
    return permitted_activities(activities, frame.ctx)


async def _deleted(frame: RoundFrame, activities: Activities) -> frozenset[str]:
    """Ask which of the linked activities that ERP.net does not show are gone for good; the others are hidden."""
    missing = not_shown(activities, frame)
    states = await frame.world.erp.read_states(missing) if missing else {}
    return frozenset(i for i, state in states.items() if state.is_deleted)


async def _with_bearers(frame: RoundFrame, activities: Iterable[ErpActivity]) -> RoundFrame:
    return replace(frame, ctx=await with_bearers(frame.world, frame.ctx, (a for a in activities if not a.void)))


async def _pairs(frame: RoundFrame, both: Readings) -> tuple[Readings, list[Case]]:
    """Match the items without a link; return the readings with the claims read for that, and the cases."""
    links = both.roles.kept(frame.memory.links)
    free = both.news.free({link.event_id for link in links})
    activities = free_activities(both, frame)
    roles = await with_claims(frame, both.roles, {a.external_id for a in activities if meeting_of(a)})
    followed = {e.id: roles.claims[e.ical_uid].activity_id for e in free if is_followed(e, roles, frame.ctx)}
    unlinked = Unlinked(
        events={e.id: e for e in free},
        activities={a.id: a for a in activities},
        links=tuple(links),
        waiting={(p.side, p.item_id): p for p in frame.memory.pending},
        followed=frozenset(followed),
        fed=frozenset(followed.values()),
        unmade=frozenset(e.id for e in free if is_unmade(e, roles)),
        begun=roles.begun,
        awaiting=both.news.awaiting,
    )
    lookup = Lookup(
        frame.world,
        frame.ctx,
        roles.claims,
        both.news.with_marks,
        frame.scale.full,
        is_first=frame.scale.full and not frame.memory.cursors.delta_link,
        recall=frame.recall,
    )
    pairs = match(await lookup.complete(unlinked), frame.ctx)
    roles = await with_claims(frame, roles, {c.event.ical_uid for c in pairs if c.event and c.activity})
    return replace(both, roles=roles), pairs


async def _formatted(frame: RoundFrame, cases: Sequence[Case]) -> Sequence[Case]:
    """The cases; an event of a new pair whose texts differ is read again with its HTML."""
    apart = pairs_apart(cases)
    if not apart:
        return cases
    read = await frame.world.calendar.read_events(frame.user.id, apart, html=True)
    whole = {i: permitted(e, frame.ctx) for i, e in read.items() if isinstance(e, GraphEvent)}
    return [replace(c, event=whole.get(c.event.id, c.event)) if c.event else c for c in cases]
