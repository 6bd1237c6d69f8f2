"""Writes attendees' responses in Outlook into the Notes of participants in ERP.net."""

from __future__ import annotations

from collections.abc import Iterable

from sync_core.model.decision import Context
from sync_core.model.sides import ErpActivity, GraphEvent, Participant
from sync_core.people.mail import invited

NOTES_OF = {
    "accepted": "Outlook: accepted",
    "tentativelyAccepted": "Outlook: tentative",
    "declined": "Outlook: declined",
}
"""The Notes that a participant gets for each of Graph's responses."""


DELETED_COPY = "Outlook: deleted from the calendar"
OURS = "Outlook: "
"""The beginning of Notes that calsync may overwrite. It leaves all others alone."""


def responses_of(event: GraphEvent, ctx: Context) -> dict[str, str]:
    """The response of each attendee, by canonical address: on the organizer's event of everybody, on a copy only of
    its owner."""
    known = ctx.colleagues
    if event.is_organizer:
        given = {known.canonical(one.email): one.response for one in invited(event) if one.kind != "resource"}
    else:
        me = known.of(ctx.mailbox)
        given = {me.canonical: event.response} if me else {}
    return {address: NOTES_OF[response] for address, response in given.items() if response in NOTES_OF}


def notes_for(
    activity: ErpActivity, written: Iterable[tuple[str, str]], responses: dict[str, str], ctx: Context
) -> tuple[tuple[str, str], ...]:
    """The Notes to write because responses changed since they were last ``written``, as (row id, text). Notes that a
    person typed stay."""
    before = dict(written)
    changed = {one for one in before.keys() | responses.keys() if before.get(one) != responses.get(one)}
    rows = [(p, ctx.colleagues.canonical(p.email)) for p in activity.participants if p.email]
    wanted = [(p, responses.get(one, "")) for p, one in rows if one in changed]
    return tuple((p.id, text) for p, text in wanted if _is_ours(p) and p.notes != text)


def _is_ours(participant: Participant) -> bool:
    """Whether calsync may overwrite a participant's Notes."""
    return not participant.notes or participant.notes.startswith(OURS)
