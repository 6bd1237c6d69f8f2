"""Whether a pair's meeting is over, on both sides and by all that is known of them (R8)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sync_core.content.project import erp_when, graph_when
from sync_core.content.window import is_over
from sync_core.model.decision import Case, Context
from sync_core.model.event import When
from sync_core.model.link import Link


def all_over(case: Case, link: Link, ctx: Context) -> bool:
    """Whether event, activity and base all ended more than the age limit ago."""
    before = ctx.now - ctx.policy.max_age
    zone = ZoneInfo(link.zone)
    spans: list[When] = [graph_when(link.base_event), erp_when(link.base_activity, zone)]
    if case.event is not None:
        spans.append(graph_when(case.event.content))
    if case.activity is not None:
        spans.append(erp_when(case.activity.content, zone))
    return all(is_over(span, before, ctx.zone) for span in spans)


def is_over_link(link: Link, before: datetime, zone: ZoneInfo) -> bool:
    """Whether both sides of a link's base ended before the instant; the daily roll archives such a link."""
    return is_over(graph_when(link.base_event), before, zone) and is_over(
        erp_when(link.base_activity, ZoneInfo(link.zone)), before, zone
    )
