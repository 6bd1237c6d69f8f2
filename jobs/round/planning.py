"""Steps 4 to 7 of a round: reads both sides, decides about each case, and lets the guard look at the whole.

Nothing is written, so that a plan can be made again without the items on which our own code fails
(jobs/quarantine.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.round.frame import RoundFrame
from jobs.round.read import Findings, read_sides
from jobs.round.report import Failure
from jobs.world import World
from sync_core.errors import RowUnreadable
from sync_core.model.decision import Decision
from sync_core.model.hold import Hold
from sync_core.model.memory import Memory
from sync_core.plan.decide import decide
from sync_core.plan.guard import guard, more_units, recent_deletions
from sync_core.plan.holds import without_lost


@dataclass(frozen=True, slots=True)
class Plan:
    """What was read, and until when, the decisions about it, and the hold that waits for a person."""

    findings: Findings
    read_at: datetime
    decisions: list[Decision]
    hold: Hold | None


async def make_plan(frame: RoundFrame, world: World, memory: Memory) -> Plan:
    """Read and decide for this ``world`` and ``memory``, which quarantine may have reduced; write nothing."""
    findings = await read_sides(replace(frame, world=world, memory=without_lost(memory)))
    read_at = world.clock()
    ctx, memory = findings.frame.ctx, findings.frame.memory
    decided = [decide(case, ctx) for case in findings.cases]
    decisions, hold = guard(
        decided,
        live=memory.units + more_units(memory.links, decided),
        recent=len(recent_deletions(memory.cursors, ctx.now)),
        limit=ctx.policy.mass_deletion,
        approved=ctx.approved,
        now=ctx.now,
        holds=memory.holds,
    )
    return Plan(replace(findings, frame=replace(findings.frame, world=frame.world)), read_at, decisions, hold)


def unclaimable(decisions: Sequence[Decision]) -> list[Failure]:
    """The failures of meetings whose claim cannot be read."""
    claims = (decision.case.claim for decision in decisions)
    texts = dict.fromkeys(one.unreadable for one in claims if one is not None and one.unreadable)
    return [Failure(text, RowUnreadable(text)) for text in texts]
