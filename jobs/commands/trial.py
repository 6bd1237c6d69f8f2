"""Decides about linked pairs as a round would (a dry run): the same reading, the same tables, no write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jobs.quarantine import plan_around
from jobs.round.context import with_known_creators
from jobs.round.frame import RoundFrame
from jobs.round.read import read_sides
from jobs.world import World
from sync_core.errors import OWN_MISTAKE
from sync_core.model import link as life
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.link import Link
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.user import User
from sync_core.plan.decide import decide
from sync_core.plan.exits import HALF_SEEN
from sync_core.reading.frame import Scale


async def decide_now(
    world: World, user: User, memory: Memory, ctx: Context, links: Collection[Link]
) -> tuple[dict[str, Decision], Context]:
    """Decide about each of these links; return the decisions by the links' event ids, and the context that they were
    made in. By what is read a link may go on with another event.

    Both sides of each link are read by id, whatever the cursors say. Raises ``SideError``.
    """
    meant = {link.event_id for link in links}
    known, _ = await with_known_creators(world, memory, ctx)
    asked = replace(
        known,
        links=tuple(_marked(link) if link.event_id in meant else link for link in known.links),
        inbox=tuple(InboxRow(link.activity_id, ctx.now) for link in links if link.activity_id),
        pending=(),
        cursors=replace(known.cursors, unread=()),
    )

    async def plan(world: World, memory: Memory) -> tuple[dict[str, Decision], Context]:
        frame = RoundFrame(world=world, user=user, memory=memory, ctx=ctx, scale=Scale(after_backoff=False))
        found = await read_sides(frame)
        before = {move.new.event_id: move.old.event_id for move in found.moves if move.old.event_id in meant}
        asked_of = before | {event_id: event_id for event_id in meant}
        told = [decide(case, found.frame.ctx) for case in found.cases if case.link and case.link.event_id in asked_of]
        return {asked_of[one.case.link.event_id]: one for one in told if one.case.link}, found.frame.ctx

    sifted = await plan_around(world, asked, plan, user.id)
    decisions, ctx = sifted.plan
    odd = [item for group in sifted.aside for item in group if isinstance(item, Link) and item.event_id in meant]
    aside = {x.event_id: Decision(Case(link=x), Intent.NOTHING, Verdict.PARK, OWN_MISTAKE) for x in odd}
    return decisions | aside, ctx


def _marked(link: Link) -> Link:
    return life.reread_for(link, link.reread or HALF_SEEN)
