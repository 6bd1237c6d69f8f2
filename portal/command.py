"""What somebody asked for: how far it has come, then the answer. Shown to whoever asked, and to who may see all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from jobs.command import Command, is_id
from jobs.commands.ask import look, read_answer
from jobs.commands.item_shapes import iso_of, phrase_of
from jobs.log import log_failure
from jobs.wish import Kind
from portal.http import NOT_FOUND, Denied, Json
from portal.items import key_of_ids, keys_in
from portal.paging import number_in, pages_of
from portal.visit import Page, Visit
from sync_core.errors import RowUnreadable
from sync_core.model.phrase import Phrase

SLOW = timedelta(minutes=5)
"""A command that has not moved for so long is said to be stuck: its worker died, or none runs."""

LONGEST = {"users": 20, "items": 100, "lines": 200}
"""What is shown at once of each list of an answer: that about ten thousand people would be too much for a page."""


async def show(visit: Visit) -> Page:
    """One command; a page that is looked at again until it has ended."""
    command = await _mine_to_see(visit)
    user = await visit.world.store.read_user(visit.person.id)
    answer, page, pages = paged(await answer_of(visit, command), number_in(visit.asked.query.get("page", "1")))
    moved_at = command.touched_at or command.asked_at
    is_slow = not command.is_ended and visit.now - moved_at > SLOW
    is_mine = command.asked_by.id == visit.person.id
    [about] = command.wish.people if len(command.wish.people) == 1 else [""]
    data = {
        **told(command),
        "about": about,
        "is_gone": command.is_ended and not answer and visit.now >= command.expires_at,
        "is_slow": is_slow,
        "answer": answer,
        "page": page,
        "pages": pages,
        "is_mine": is_mine,
        "is_own": is_mine and (not visit.person.may_look or _is_about(visit, command)),
        "is_on": user is not None and user.enabled,
    }
    data["histories"] = await _histories(visit, command, answer.get("items", []), is_own=data["is_own"])
    return Page("command.html", data, zone=user.zone if user else "")


async def _histories(visit: Visit, command: Command, items: Sequence[Json], *, is_own: bool) -> list[str]:
    """Where each item of an answer has its page, '' where it has none or was told of before. What no row tells of has
    one by this answer (``portal.unlinked``)."""
    if command.wish.kind is not Kind.WHY or len(command.wish.people) != 1 or not items:
        return []
    [owner], store = command.wish.people, visit.world.store
    try:
        keys = keys_in(await store.recall(owner), await store.read_unsynced(owner))
    except RowUnreadable:
        return []
    start = "items/" if is_own else f"people/{owner}/items/"
    ids = [(one.get("event_id", ""), one.get("activity_id", "")) for one in items]
    found = [next((keys[i] for i in both if i in keys), key_of_ids(*both) if any(both) else "") for both in ids]
    return [f"{start}{key}" if key and key not in found[:n] else "" for n, key in enumerate(found)]


def _is_about(visit: Visit, command: Command) -> bool:
    """Whether somebody with a role asked about themselves alone. Others can ask for nothing else."""
    return command.wish.kind is Kind.PLACES or command.wish.people == (visit.person.id,)


def paged(answer: Json, number: int) -> tuple[Json, int, int]:
    """The part of a long answer that is shown, its number, and how many there are. People of whom there is something
    to tell come first."""
    pages = max(pages_of(len(answer.get(name, [])), most) for name, most in LONGEST.items())
    page = min(number, pages)
    if pages == 1:
        return answer, page, pages
    told = {**answer, "users": sorted(answer.get("users", []), key=_has_nothing)}
    cut = {name: told[name][(page - 1) * most : page * most] for name, most in LONGEST.items() if name in answer}
    return {**answer, **cut}, page, pages


def _has_nothing(user: Json) -> bool:
    return not any(user.get(name) for name in ("failures", "holds", "lines"))


async def answer_of(visit: Visit, command: Command) -> Json:
    """The answer so far; of one that cannot be read, that it cannot. It takes no page with it."""
    try:
        return await read_answer(visit.world, command)
    except RowUnreadable as error:
        log_failure("portal", error)
        return {"unreadable": True}


async def _mine_to_see(visit: Visit) -> Command:
    name = visit.named["id"]
    whose = "" if visit.person.may_look else visit.person.id
    try:
        command = await look(visit.world, name, whose=whose) if is_id(name) else None
    except RowUnreadable as error:
        log_failure("portal", error)
        raise Denied(410, "command-unreadable") from None
    if command is None:
        raise Denied(404, NOT_FOUND)
    return command


def told(command: Command) -> Json:
    """A command without its answer."""
    wish = command.wish
    return {
        "id": command.id,
        "kind": str(wish.kind),
        "full": wish.full,
        "choice": wish.choice,
        "round": wish.item if wish.kind is Kind.UNDO else "",
        "until": wish.until,
        "everybody": wish.everybody,
        "people": len(wish.people),
        "asked_by": command.asked_by.name or command.asked_by.id,
        "asked_at": command.asked_at.isoformat(),
        "finished_at": iso_of(command.finished_at),
        "state": str(command.state),
        "is_ended": command.is_ended,
        "is_fine": command.is_fine,
        "done": command.progress[0],
        "total": command.progress[1],
        "opening": command.opening,
        "waits": phrase_of(command.waits or Phrase(command.waits_for)),
        "why": str(command.trouble.why) if command.trouble else "",
        "detail": command.trouble.detail if command.trouble else "",
        "failure": command.failure,
    }
