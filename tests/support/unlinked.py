"""Items without a link, for tests of which of them belong together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sync_core.model.decision import Context
from sync_core.model.sides import MSSYNC_SYSTEM, ErpActivity, GraphEvent
from sync_core.plan.match import match
from sync_core.plan.unlinked import Unlinked
from tests.support.samples import SERVICE, a_context, an_activity, noted, wall_clock

BORN = wall_clock(2026, 1, 20, 9)
OTHER = noted(subject="Other", start=wall_clock(2026, 2, 5, 10), end=wall_clock(2026, 2, 5, 11))


def imported(ident: str, **told: Any) -> ErpActivity:
    """An activity that names the event; as an import makes them: by a service user, all at one moment."""
    known: dict[str, Any] = {
        "id": ident,
        "external_system": MSSYNC_SYSTEM,
        "external_id": "uid-1",
        "creation_user": SERVICE,
        "created": BORN,
    }
    return an_activity(**known | told)


def later(by: timedelta = timedelta(hours=1)) -> datetime:
    """A time of birth."""
    return BORN + by


def unpaired(*items: GraphEvent | ErpActivity, **told: Any) -> Unlinked:
    """Items of one round; activities at hand are among those that name a meeting."""
    activities = {item.id: item for item in items if isinstance(item, ErpActivity)}
    names: dict[str, Any] = {"uid-1": tuple(a for a in activities.values() if a.external_id)}
    known: dict[str, Any] = {
        "events": {item.id: item for item in items if isinstance(item, GraphEvent)},
        "activities": activities,
        "named": {uid: found for uid, found in names.items() if found},
        "known": activities,
    }
    return Unlinked(**known | told)


def matched(material: Unlinked, ctx: Context | None = None) -> list[tuple[str, str, str]]:
    """Event id, activity id and what it waits for, of each case."""
    return sorted((c.event_id, c.activity_id, c.awaits.value) for c in match(material, ctx or a_context()))
