"""Who may be mailed by a write, and how many mails Exchange sends for it.

Exchange mails everybody whom a change of an event or of its list concerns, and Graph has no switch against it
(graph.md §5). So a write asks here first, and nobody is mailed

- whom ``SYNC_INVITE`` does not let calsync invite or remove (``reach_of``);
- by a list that is somebody else's, hides people, or holds one who cannot be sent back (``reaches``);
- by a new event of an activity that is older than the user's switching on, or is only found again (``may_invite``);
- because two items are found to be a pair (``first_link_mails_nobody`` in ``update_rules``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, timedelta

from sync_core.content.project import is_private
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link, Role
from sync_core.model.policy import Invite, PrivateRule
from sync_core.model.sides import Attendee, ErpActivity, Field, GraphEvent
from sync_core.model.writes import CreateEvent, GraphWrite, PatchEvent, RemoveEvent
from sync_core.people.lists import is_address
from sync_core.people.privacy import is_hidden

TELLING = frozenset({Field.SUBJECT, Field.BODY, Field.TIME, Field.PRIVATE, Field.PRIORITY})
"""The fields of which an organizer's change mails every attendee. Reminder and category are the owner's own."""

ANY_ZONE = timedelta(hours=14)
"""How far a wall clock may be from UTC."""


def reach_of(ctx: Context) -> Callable[[str], bool]:
    """Whom ``SYNC_INVITE`` lets calsync invite and remove. ``internal`` are the domains of the people calsync
    knows."""
    if ctx.policy.invite is Invite.ALL:
        return lambda _: True
    if ctx.policy.invite is Invite.NONE:
        return lambda _: False
    return lambda address: address.rpartition("@")[2] in ctx.colleagues.domains


def reaches(event: GraphEvent | None, link: Link, ctx: Context) -> Callable[[str], bool]:
    """For whom the list of an event may be changed. For nobody, if somebody else organises the meeting, or if the
    list holds people who are hidden or whose address cannot be sent back."""
    is_own = event.is_organizer if event else link.role is Role.OWN
    hides = ctx.policy.private is PrivateRule.BUSY and event is not None and is_private(event.content)
    is_whole = event is None or (not hides and all(is_address(one.email) for one in event.attendees))
    return reach_of(ctx) if is_own and is_whole else lambda _: False


def may_invite(case: Case, ctx: Context) -> Callable[[str], bool]:
    """Whom a new event may invite. Nobody, if the activity was there before the user was switched on or is only found
    again."""
    activity = case.activity
    if activity is None or ctx.whole or _is_older(activity, ctx) or is_hidden(case, ctx):
        return lambda _: False
    return reach_of(ctx)


def _is_older(activity: ErpActivity, ctx: Context) -> bool:
    """Whether the activity was made before the user was switched on, whatever the zone of the server's clock."""
    if activity.created is None or ctx.enabled_at is None:
        return False
    return activity.created.replace(tzinfo=UTC) + ANY_ZONE < ctx.enabled_at


# How many


def invited(event: GraphEvent) -> tuple[Attendee, ...]:
    """The attendees whom a change of the organizer's event mails."""
    return tuple(one for one in event.attendees if one.email != event.organizer)


def mails_anybody(event: GraphEvent) -> bool:
    """Whether a change of the event mails anybody, visible or hidden."""
    return event.hidden_attendees > 0 or bool(invited(event))


def mails_of(write: GraphWrite | None, event: GraphEvent | None, link: Link | None) -> int:
    """How many mails Exchange sends because of a write: to every attendee, or only to those who join or leave."""
    match write:
        case CreateEvent():
            return len(write.attendees)
        case RemoveEvent():
            return _known_attendees(event, link)
        case PatchEvent():
            return mails_of_patch(write.fields, write.attendees, event, link)
    return 0


def mails_of_patch(
    fields: Collection[Field], attendees: Iterable[Attendee], event: GraphEvent | None, link: Link | None
) -> int:
    """How many mails Exchange sends if these fields of an event change, and its list becomes ``attendees``."""
    told = TELLING & set(fields)
    if Field.PEOPLE not in fields or event is None:
        return _known_attendees(event, link) if told or Field.PEOPLE in fields else 0
    before, after = {one.email for one in invited(event)}, {one.email for one in attendees} - {event.organizer}
    return len(before | after) if told else len(before ^ after)


def _known_attendees(event: GraphEvent | None, link: Link | None) -> int:
    """How many attendees the event has; if it was not read, how many its base has."""
    if event is not None:
        return len(invited(event)) + event.hidden_attendees
    return len(link.base_event.people) if link else 0
