"""Reads the claims of meetings that several mailboxes share, and the former feeder's link of a promoted copy.

The claims are read once, between Graph and ERP.net: only its claim names a follower's activity, and a promoted copy
must be read again. ``sync_core.reading.roles`` decides which claims are read and what follows from them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from jobs.claims import read_claims
from jobs.copies import live_elsewhere
from jobs.handovers import former_link_of
from jobs.log import log_failure
from jobs.round.delta import gather
from jobs.round.frame import RoundFrame
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable
from sync_core.model.claim import Claim
from sync_core.model.decision import Case, Sight
from sync_core.model.link import Link
from sync_core.plan.relocate import Move
from sync_core.reading.news import GraphNews
from sync_core.reading.roles import (
    Roles,
    as_claimed,
    as_known_to,
    asked_claims,
    before_the_feeder,
    begun_of,
    carried,
    lost_dates,
    may_be_ahead,
    may_be_promoted,
    may_be_renamed,
    named_by_lost,
    promoted_of,
    renamed,
    takes_over,
    with_fresh,
    with_role,
)

Carried = tuple[Claim, ...]
"""Claims on meetings that go on under another iCalUId."""

Recalled = dict[str, tuple[Link, ...]]
"""The links of colleagues of whom all had to be read, by user."""


async def read_carried(frame: RoundFrame, found: Sequence[Move]) -> tuple[tuple[Move, ...], Carried]:
    """Read the claims on both iCalUIds of renamed meetings; return the moves that may be made, and the claims that go
    along."""
    changed = renamed(found)
    if not changed:
        return tuple(found), ()
    claims = (await with_claims(frame, Roles(), {x.ical_uid for m in changed for x in (m.old, m.new)})).claims
    denied = {m.old.event_id for m in changed if not may_be_renamed(m, claims, frame.ctx)}
    along = [carried(m, claims, frame.ctx) for m in changed]
    left = [m for m in found if m.old.event_id not in denied]
    made = tuple(as_claimed(m, claims, frame.ctx) if m in changed else m for m in left)
    return made, tuple(one for one in along if one is not None)


async def with_names_elsewhere(frame: RoundFrame, news: GraphNews) -> RoundFrame:
    """The frame with lost dates under the iCalUIds by which colleagues know them by now: else nobody would be found
    who has them, and their activities would be void. A colleague whose links cannot be read is passed over."""
    lost, others = lost_dates(news, frame), list[Link]()
    for user_id in sorted(frozenset().union(*lost.values())):
        try:
            others += (await frame.world.store.recall(user_id)).links
        except RowUnreadable as error:
            log_failure("meetings", error, user_id=frame.user.id)
    links = tuple(as_known_to(x, others) if x.event_id in lost else x for x in frame.memory.links)
    return replace(frame, memory=replace(frame.memory, links=links)) if others else frame


def as_known(carried: Carried) -> dict[str, Claim]:
    """The claims that go along, by key, as this round knows them before they are saved."""
    return {claim.key: replace(claim, etag=claim.etag or "carried") for claim in carried}


async def read_roles(frame: RoundFrame, news: GraphNews) -> tuple[Roles, GraphNews]:
    """Read the claims that matter before ERP.net is asked; return the roles, and the news with the events read
    again."""
    roles = await with_claims(frame, Roles(), asked_claims(news, frame))
    news = await gather(frame, news, may_be_promoted(roles, news, frame))
    roles = replace(roles, promoted=promoted_of(roles, news, frame), begun=begun_of(news, frame))
    named = named_by_lost(roles, news, frame)
    world, links = frame.world, frame.memory.links
    others = await live_elsewhere(world.calendar, world.store, named, links, frame.ctx) if named else {}
    return replace(roles, others=others), with_fresh(roles, news, frame)


async def with_claims(frame: RoundFrame, roles: Roles, ical_uids: Collection[str]) -> Roles:
    """The roles with the claims of these meetings; claims that are known already are not read."""
    unknown = set(ical_uids) - set(roles.claims)
    stored = await read_claims(frame.world.store, unknown)
    planned = {uid: frame.planned[uid_key(uid)] for uid in unknown if uid_key(uid) in frame.planned}
    return replace(roles, claims={**roles.claims, **stored, **planned})


async def with_roles(
    frame: RoundFrame, roles: Roles, news: GraphNews, cases: Sequence[Case], recalled: Recalled
) -> list[Case]:
    """The cases with their meetings' claims; a case of a promoted copy gets the former feeder's link as well.

    Colleagues of whom all links are read are added to ``recalled``.
    """
    return [await _inheriting(frame, with_role(case, roles, news), roles, recalled) for case in cases]


async def _inheriting(frame: RoundFrame, case: Case, roles: Roles, recalled: Recalled) -> Case:
    if may_be_ahead(case, frame.ctx):
        case = await _beside_feeder(frame, case)
    if case.claim is None or not takes_over(case, roles, frame.ctx):
        return case
    try:
        former_feeder, former_link = await former_link_of(frame.world.store, case.claim, frame.user.id, recalled)
    except RowUnreadable as error:  # without the former link's bases an edit cannot be recognized
        return replace(case, event_sight=Sight.UNDECIDED, explanation=str(error))
    return replace(case, former_link=former_link, former_feeder=former_feeder)


async def _beside_feeder(frame: RoundFrame, case: Case) -> Case:
    """The case of a follower, with what its feeder's links say of the same activity."""
    claim, store = case.claim, frame.world.store
    assert claim is not None
    try:
        few = await store.find_feeding(claim.user_id, claim.activity_id)
        links = (await store.recall(claim.user_id)).links if few is None else few
    except RowUnreadable as error:
        return replace(case, event_sight=Sight.UNDECIDED, explanation=str(error))
    known = [x for x in links if x.activity_id == claim.activity_id]
    former = await read_claims(store, {x.ical_uid for x in known} - {case.link.ical_uid if case.link else ""})
    return before_the_feeder(case, known, tuple(former.values()), is_saved=claim.key not in frame.planned)
