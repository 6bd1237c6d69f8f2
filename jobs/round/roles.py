"""Reads what a round has to know of meetings that several mailboxes hold: their claims, and who takes over from whom.

The claims that matter are read once, between Graph and ERP.net: a follower's activity is named by its claim, and a
copy that takes over must be read afresh. ``sync_core.reading.roles`` says which those are and what follows from them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from jobs.claims import former_link_of, live_elsewhere, read_claims
from jobs.round.delta import gather
from jobs.round.frame import RoundFrame
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable
from sync_core.model.decision import Case, Sight
from sync_core.model.link import Link
from sync_core.reading.news import GraphNews
from sync_core.reading.roles import (
    Roles,
    asked_claims,
    named_by_lost,
    promoted_of,
    takes_over,
    turned,
    with_fresh,
    with_role,
)

Recalled = dict[str, tuple[Link, ...]]
"""Colleagues' links that were read already, by user."""


async def read_roles(frame: RoundFrame, news: GraphNews) -> tuple[Roles, GraphNews]:
    """All that has to be known of claims before ERP.net is asked, and the news with what had to be read for it."""
    roles = await with_claims(frame, Roles(), asked_claims(news, frame))
    news = await gather(frame, news, turned(roles, news, frame))
    roles = replace(roles, promoted=promoted_of(roles, news, frame))
    named = named_by_lost(roles, news, frame)
    others = await live_elsewhere(frame.world.calendar, frame.world.store, named, frame.ctx)
    return replace(roles, others=others), with_fresh(roles, news, frame)


async def with_claims(frame: RoundFrame, roles: Roles, ical_uids: Collection[str]) -> Roles:
    """The roles, and the claims of these meetings too."""
    unknown = set(ical_uids) - set(roles.claims)
    stored = await read_claims(frame.world.store, unknown)
    planned = {uid: frame.planned[uid_key(uid)] for uid in unknown if uid_key(uid) in frame.planned}
    return replace(roles, claims={**roles.claims, **stored, **planned})


async def with_roles(
    frame: RoundFrame, roles: Roles, news: GraphNews, cases: Sequence[Case], recalled: Recalled
) -> list[Case]:
    """The cases with what their meetings' claims say; those of copies that take over with the former feeder's link.

    ``recalled`` is added to.
    """
    return [await _inheriting(frame, with_role(case, roles, news), roles, recalled) for case in cases]


async def _inheriting(frame: RoundFrame, case: Case, roles: Roles, recalled: Recalled) -> Case:
    if case.claim is None or not takes_over(case, roles, frame.ctx):
        return case
    try:
        former_feeder, former_link = await former_link_of(frame.world.store, case.claim, frame.user.id, recalled)
    except RowUnreadable as error:  # without what the sides showed before, nothing can be told from an edit
        return replace(case, event_sight=Sight.UNDECIDED, explanation=str(error))
    return replace(case, former_link=former_link, former_feeder=former_feeder)
