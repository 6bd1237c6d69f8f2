"""What an administrator may ask for others: each form becomes one wish, about who is ticked or about everybody."""

from __future__ import annotations

from collections.abc import Callable

from jobs.wish import Kind, Wish
from portal.http import NOT_FOUND, Answer, Denied
from portal.own_wishes import file, typed
from portal.visit import Visit

People = tuple[str, ...]

MOST = 10_000


def _of(kind: Kind, **more: bool) -> Callable[[Visit, People], Wish]:
    return lambda _, people: Wish(kind, people, **more)  # type: ignore[arg-type]


def _answer(choice: str) -> Callable[[Visit, People], Wish]:
    return lambda visit, people: Wish(Kind.APPROVE, people, item=typed(visit, "id"), choice=choice)


def _new(visit: Visit, _: People) -> Wish:
    """People by name, one a line or with commas between."""
    names = _typed_names(visit)
    return Wish(Kind.ENABLE, names)


def _typed_names(visit: Visit) -> People:
    text = visit.asked.fields.get("names", "").replace(",", "\n").replace(";", "\n")
    return tuple(dict.fromkeys(name.strip() for name in text.splitlines() if name.strip()))[:MOST]


WITH_PEOPLE: dict[str, Callable[[Visit, People], Wish]] = {
    "enable": _of(Kind.ENABLE),
    "disable": _of(Kind.DISABLE),
    "pause": lambda visit, people: Wish(Kind.PAUSE, people, until=typed(visit, "until")),
    "resume": _of(Kind.RESUME),
    "retry": lambda visit, people: Wish(Kind.RETRY, people, item=typed(visit, "item")),
    "unlink": lambda visit, people: Wish(Kind.UNLINK, people, item=typed(visit, "item")),
    "refresh": _of(Kind.SYNC, full=True),
    "sync": _of(Kind.SYNC),
    "preview": lambda _, people: Wish(Kind.PREVIEW, people, choice="on"),
    "why": lambda visit, people: Wish(Kind.WHY, people, item=typed(visit, "item")),
    "undo": lambda visit, people: Wish(Kind.UNDO, people, item=typed(visit, "item"), choice=typed(visit, "choice")),
    "approve": _answer("approve"),
    "drop": _answer("drop"),
}
"""About the people who are ticked; with nobody ticked nothing is asked for."""

FOR_ALL: dict[str, Callable[[Visit, People], Wish]] = {
    "new": _new,
    "pause-all": lambda visit, _: Wish(Kind.PAUSE, everybody=True, until=typed(visit, "until")),
    "resume-all": lambda _, __: Wish(Kind.RESUME, everybody=True),
    "preview-all": lambda _, __: Wish(Kind.PREVIEW, everybody=True),
    "preview-series": lambda _, __: Wish(Kind.PREVIEW, everybody=True, choice="series"),
    "doctor": lambda _, __: Wish(Kind.DOCTOR),
    "grant": lambda _, __: Wish(Kind.GRANT, repair=True),
}
"""About everybody, or about the app itself."""


async def ask_for(visit: Visit) -> Answer:
    """File what the form asks for; a table's form says it by the button that was pressed."""
    what = visit.asked.fields.get("what", "") if visit.named["what"] == "ticked" else visit.named["what"]
    people = tuple(dict.fromkeys(visit.asked.several.get("person", ())))
    if what in FOR_ALL:
        return await file(visit, FOR_ALL[what](visit, people))
    if what not in WITH_PEOPLE:
        raise Denied(404, NOT_FOUND)
    if not people:
        raise Denied(400, "incomplete")
    return await file(visit, WITH_PEOPLE[what](visit, people))
