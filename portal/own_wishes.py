"""What somebody may ask for themselves: each form becomes one wish, about this one person and nobody else."""

from __future__ import annotations

from collections.abc import Callable

from jobs.command import Asker, stamp
from jobs.commands.ask import ask
from jobs.wish import Kind, Wish, WishInvalid
from portal import forms
from portal.http import NOT_FOUND, Answer, Denied, go_to
from portal.mine import own_commands
from portal.routes import HOME
from portal.visit import Page, Visit

MOST_WAITING = 20
"""What one person may have asked for that has not ended: others wait for the same session of ERP.net."""

TEXT = 1_000
"""Characters of what somebody types, or pastes: a link from Outlook has some three hundred."""


def typed(visit: Visit, name: str) -> str:
    """What somebody typed into a field of the form, cut at ``TEXT`` characters."""
    return visit.asked.fields.get(name, "").strip()[:TEXT]


def _enable(visit: Visit, me: tuple[str, ...]) -> Wish:
    company, _, location = typed(visit, "place").partition("|")
    return Wish(Kind.ENABLE, me, company=company, location=location, zone=typed(visit, "zone"))


def _resolve(visit: Visit, me: tuple[str, ...]) -> Wish:
    prefix = "field."
    chosen = {n.removeprefix(prefix): v for n, v in visit.asked.fields.items() if n.startswith(prefix)}
    choice = typed(visit, "choice")
    return Wish(Kind.RESOLVE, me, item=typed(visit, "id"), choice=choice, fields=chosen if choice == "fields" else {})


WISHES: dict[str, Callable[[Visit, tuple[str, ...]], Wish]] = {
    "enable": _enable,
    "disable": lambda _, me: Wish(Kind.DISABLE, me),
    "preview": lambda _, me: Wish(Kind.PREVIEW, me, choice="on"),
    "sync": lambda _, me: Wish(Kind.SYNC, me),
    "refresh": lambda _, me: Wish(Kind.SYNC, me, full=True),
    "pause": lambda visit, me: Wish(Kind.PAUSE, me, until=typed(visit, "until")),
    "resume": lambda _, me: Wish(Kind.RESUME, me),
    "retry": lambda visit, me: Wish(Kind.RETRY, me, item=typed(visit, "item")),
    "unlink": lambda visit, me: Wish(Kind.UNLINK, me, item=typed(visit, "item")),
    "why": lambda visit, me: Wish(Kind.WHY, me, item=typed(visit, "item")),
    "places": lambda _, me: Wish(Kind.PLACES),
    "resolve": _resolve,
    "undo": lambda visit, me: Wish(Kind.UNDO, me, item=typed(visit, "item"), choice=typed(visit, "choice")),
}
"""By the last word of the form's address."""


async def ask_for(visit: Visit) -> Answer | Page:
    """File what the form asks for, and go where its progress is shown."""
    make = WISHES.get(visit.named["what"])
    if make is None:
        raise Denied(404, NOT_FOUND)
    waiting = [one for one in await own_commands(visit) if not one.is_ended and visit.now < one.expires_at]
    if len(waiting) >= MOST_WAITING:
        raise Denied(429, "too-many")
    return await file(visit, make(visit, (visit.person.id,)))


async def file(visit: Visit, wish: Wish) -> Answer:
    """File a wish of the reader; the same form sent twice is one command."""
    shown = visit.form_shown_at
    assert shown is not None
    name = f"{stamp(shown)}-{forms.name_of(visit.asked, visit.person.id, shown)}"
    try:
        command = await ask(visit.world, wish, Asker(visit.person.id, visit.person.name), id=name)
    except WishInvalid:
        raise Denied(400, "incomplete") from None
    return go_to(f"{HOME}/commands/{command.id}")
