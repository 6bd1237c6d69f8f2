"""Plain values that the tests of the core start from; every test says only what is special about its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sync_core.content.window import window_at
from sync_core.model.colleagues import Colleague, Colleagues
from sync_core.model.decision import Case, Context, Sight
from sync_core.model.link import EndedBy, Link, LinkStatus, Role
from sync_core.model.logins import OWNER, Bearer, Logins
from sync_core.model.policy import Policy
from sync_core.model.sides import (
    Attendee,
    ErpActivity,
    ErpContent,
    GraphContent,
    GraphEvent,
    Participant,
)

SOFIA = ZoneInfo("Europe/Sofia")
NOW = datetime(2026, 1, 25, 8, tzinfo=UTC)
"""A Sunday, 10:00 in Sofia."""

ANNA, PARTY, SERVICE = "anna", "party-anna", "sync-service"
ANNA_ID, BORIS_ID, CARL_ID = "erp-anna", "erp-boris", "erp-carl"
"""Whom ERP.net knows as Anna, Boris and Carl."""


ME, BORIS, CARL = "anna@acme.example", "boris@acme.example", "carl@acme.example"
"""Addresses of the company's own people; Anna and Boris are on, Carl is off."""

UID = "uid-1"
"""The iCalUId of the sample events, and so the key of their claims."""

ZOE, GUEST = "zoe@acme.example", "guest@out.example"
"""Somebody of the company whom calsync does not know, and somebody from outside."""


def utc(*parts: int) -> datetime:
    """An instant."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def wall_clock(*parts: int) -> datetime:
    """Wall-clock digits."""
    return datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001


def shown(**told: Any) -> GraphContent:
    """An event's content: Monday, February 2, 10:00 to 11:00 in Sofia."""
    known: dict[str, Any] = {
        "subject": "Budget",
        "body": "Agenda",
        "start": utc(2026, 2, 2, 8),
        "end": utc(2026, 2, 2, 9),
        "all_day": False,
        "reminder": 15,
    }
    return GraphContent(**known | told)


def noted(**told: Any) -> ErpContent:
    """The same meeting as an activity's content, its digits in Sofia."""
    known: dict[str, Any] = {
        "subject": "Budget",
        "notes": "Agenda",
        "start": wall_clock(2026, 2, 2, 10),
        "end": wall_clock(2026, 2, 2, 11),
        "planned_minutes": 60,
        "reminder": wall_clock(2026, 2, 2, 9, 45),
    }
    return ErpContent(**known | told)


def an_event(content: GraphContent | None = None, **told: Any) -> GraphEvent:
    """Anna's own single event, edited last at 07:00."""
    known: dict[str, Any] = {
        "id": "E1",
        "change_key": "ck-2",
        "ical_uid": "uid-1",
        "content": content or shown(),
        "modified_at": utc(2026, 1, 25, 7),
        "html": "<div>Agenda</div>",
    }
    return GraphEvent(**known | told)


def an_activity(content: ErpContent | None = None, **told: Any) -> ErpActivity:
    """Anna's own activity, edited last at 07:00."""
    known: dict[str, Any] = {
        "id": "A1",
        "version": 2,
        "updated_at": utc(2026, 1, 25, 7),
        "content": content or noted(),
        "creation_user": ANNA,
        "owner_party": PARTY,
    }
    return ErpActivity(**known | told)


def a_link(**told: Any) -> Link:
    """Both of them, in step."""
    known: dict[str, Any] = {
        "event_id": "E1",
        "activity_id": "A1",
        "ical_uid": "uid-1",
        "zone": "Europe/Sofia",
        "base_event": shown(),
        "base_activity": noted(),
        "change_key": "ck-1",
        "version": 1,
        "updated_at": utc(2026, 1, 24, 7),
        "creator": ANNA_ID,
    }
    return Link(**known | told)


def a_bearer(name: str, **told: Any) -> Bearer:
    """That somebody's login is their name."""
    known: dict[str, Any] = {"login": name, "user_id": f"erp-{name}", "party_id": f"party-{name}"}
    return Bearer(**known | told)


def a_context(now: datetime = NOW, zone: ZoneInfo = SOFIA, policy: Policy | None = None, **told: Any) -> Context:
    """Anna's round."""
    known: dict[str, Any] = {
        "now": now,
        "zone": zone,
        "window": window_at(now, zone, 1),
        "policy": policy or Policy(),
        "mailbox": "anna-id",
        "erp_user_id": ANNA_ID,
        "party_id": PARTY,
        "creators_on": frozenset({ANNA_ID, BORIS_ID}),
        "logins": Logins([Bearer(SERVICE, OWNER), *map(a_bearer, ("anna", "boris", "carl"))]),
    }
    return Context(**known | told)


def a_case(event: GraphEvent | None = None, activity: ErpActivity | None = None, **told: Any) -> Case:
    """A case in which what is given was read; a side without an item was not."""
    known: dict[str, Any] = {
        "event": event,
        "activity": activity,
        "event_sight": Sight.PRESENT if event else Sight.UNREAD,
        "activity_sight": Sight.PRESENT if activity else Sight.UNREAD,
    }
    return Case(**known | told)


def linked(event: GraphEvent | None = None, activity: ErpActivity | None = None, **told: Any) -> Case:
    """A case of the link of both."""
    return a_case(event, activity, **{"link": a_link()} | told)


def tombstone(**told: Any) -> Link:
    """A pair that is over."""
    over = {"status": LinkStatus.TOMBSTONE, "reason": "deleted in Outlook", "ended_at": NOW}
    return a_link(**over | {"ended_by": EndedBy.OUTLOOK} | told)


def a_colleague(name: str, **told: Any) -> Colleague:
    """One of the company's own people, with an alias."""
    known: dict[str, Any] = {
        "id": f"{name}-id",
        "canonical": f"{name}@acme.example",
        "addresses": frozenset({f"{name}@acme.example", f"{name}.alias@acme.example"}),
        "party_id": f"party-{name}",
        "zone": "Europe/Sofia",
        "erp_user_id": f"erp-{name}",
    }
    return Colleague(**known | told)


def a_staff(**told: Any) -> Colleagues:
    """Everybody; ``told`` is what is special about each, by name."""
    special: dict[str, dict[str, Any]] = {"anna": {}, "boris": {}, "carl": {"is_well": False, "is_on": False}}
    return Colleagues(a_colleague(name, **known | told.get(name, {})) for name, known in special.items())


def an_office(**told: Any) -> Context:
    """Anna's round, in a company."""
    return a_context(**{"colleagues": a_staff()} | told)


def a_meeting(*invited: str | Attendee, content: GraphContent | None = None, **told: Any) -> GraphEvent:
    """Anna's own event with these people on its list."""
    attendees = tuple(one if isinstance(one, Attendee) else Attendee(one) for one in invited)
    people = tuple(sorted({one.email for one in attendees if one.kind != "resource"} - {ME, ""}))
    known: dict[str, Any] = {"organizer": ME, "attendees": attendees}
    return an_event(replace(content or shown(), people=people), **known | told)


def an_invitation(*invited: str | Attendee, organizer: str = BORIS, **told: Any) -> GraphEvent:
    """Anna's copy of a meeting that somebody else organises."""
    known: dict[str, Any] = {"is_organizer": False, "organizer": organizer}
    event = a_meeting(*(invited or (ME,)), **known | told)
    people = tuple(sorted({one.email for one in event.attendees if one.kind != "resource"} - {organizer, ""}))
    return replace(event, content=replace(event.content, people=people))


def attended(*rows: str | Participant, content: ErpContent | None = None, **told: Any) -> ErpActivity:
    """Anna's activity with these participants; a row's id is its place, from R1."""
    found = [
        row if isinstance(row, Participant) else Participant(f"R{place}", row) for place, row in enumerate(rows, 1)
    ]
    people = tuple(sorted({row.email for row in found} - {""}))
    return an_activity(replace(content or noted(), people=people), participants=tuple(found), **told)


def known_to(event: tuple[str, ...] = (), activity: tuple[str, ...] = (), **told: Any) -> Link:
    """A pair in step whose lists were these."""
    bases = {"base_event": shown(people=event), "base_activity": noted(people=activity)}
    return a_link(**bases | told)


def a_follower(**told: Any) -> Link:
    """The link of a copy that another mailbox feeds."""
    return a_link(**{"role": Role.FOLLOWER, "activity_id": "", "version": None, "updated_at": None} | told)


PAST_EVENT = shown(start=utc(2026, 1, 20, 8), end=utc(2026, 1, 20, 9))


PAST_ACTIVITY = noted(
    start=wall_clock(2026, 1, 20, 10), end=wall_clock(2026, 1, 20, 11), reminder=wall_clock(2026, 1, 20, 9, 45)
)


def past_link(**told: object) -> Link:
    """A pair whose meeting was days ago."""
    return a_link(base_event=PAST_EVENT, base_activity=PAST_ACTIVITY, **told)
