"""What a decision holds, for tests that know which kind it must be."""

from __future__ import annotations

from sync_core.model.conflict import Conflict
from sync_core.model.decision import Context, Decision
from sync_core.model.link import Link
from sync_core.model.sides import ErpContent, GraphContent
from sync_core.model.writes import PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from tests.support.samples import a_context, an_activity, an_event, linked


def patched_erp(decision: Decision) -> PatchActivity:
    """The activity's patch."""
    assert isinstance(decision.erp, PatchActivity)
    return decision.erp


def patched_graph(decision: Decision) -> PatchEvent:
    """The event's patch."""
    assert isinstance(decision.graph, PatchEvent)
    return decision.graph


def kept(decision: Decision) -> Link:
    """The link the decision leaves."""
    assert decision.link is not None
    return decision.link


def conflict_of(decision: Decision) -> Conflict:
    """The conflict the decision leaves open."""
    conflict = kept(decision).conflict
    assert conflict is not None
    return conflict


def between(event: GraphContent, activity: ErpContent, ctx: Context | None = None) -> Decision:
    """The decision about a pair whose sides show this now."""
    return decide(linked(an_event(event), an_activity(activity)), ctx or a_context())
