"""Reads all activities of one person, around those that ERP.net does not show (erpnet.md §5).

One row at fault costs at most 60 requests more: those of the person's ids alone, by halves of days, then, within the
days that stay unread, by halves of the time of the last update.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from adapters.erp.activities import ACTIVITIES, PARTIES, parsed, read_activities, whole
from adapters.erp.odata import Row, day, id_of, is_guid, query, ref, text
from adapters.erp.session import OF_ONE_ITEM, Session
from adapters.erp.spans import DAY, END, Shown, Span, read_around, whole_second
from jobs.ports import Owned
from sync_core.errors import ItemRejected, SideError
from sync_core.model.sides import ErpActivity, Malformed, Side

log = logging.getLogger(__name__)

SOON = timedelta(days=512)
"""How far behind the beginning of a read most of what lies ahead begins."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def read_owned(
    session: Session, logins: Collection[str], party_id: str, since: datetime, days: Collection[date] | None = None
) -> Owned:
    """``Erp.read_owned``: one request, unless ERP.net refuses to show something. A filter a login and one for the
    owner, times two dates, since there is no ``or``."""
    # A wall clock may be most of a day off UTC either way.
    first = _midnight((since - DAY).date())
    whose = [f"startswith(CreationUser,{text(login)})" for login in sorted(logins) if login]
    if is_guid(party_id):
        whose.append(f"OwnerParty eq {text(ref(PARTIES, party_id))}")
    begins = [(first, END)] if days is None else [(_midnight(one), _midnight(one) + DAY) for one in sorted(days)]
    spans = [span for who in whose for begin in begins for span in _spans(who, first, *begin)]
    answers = await session.try_read([whole(span.where) for span in spans])
    refused = [span for span, answer in zip(spans, answers, strict=True) if isinstance(answer, SideError)]
    for error in (one for one in answers if isinstance(one, SideError)):
        if not isinstance(error, OF_ONE_ITEM):
            raise error
    found = parsed(rows for rows in answers if not isinstance(rows, SideError))
    unread: frozenset[date] = frozenset()
    if refused:
        log.warning("erp: an activity is not shown, a person's are read around it")
        ids, unread = await _around(session, [piece for span in refused for piece in _cut(span)])
        found |= {i: one for i, one in (await read_activities(session, ids - found.keys())).items() if one}
    items = (one for one in found.values() if isinstance(one, Malformed) or _is_owned(one, logins, party_id))
    return Owned(tuple(items), tuple(sorted(unread)))


def _spans(who: str, first: datetime, begin: datetime, end: datetime) -> Iterable[Span]:
    """The reads of what one filter finds between two midnights: what starts there, and what ends there and started
    before ``first``."""
    yield Span(begin, end, "StartTime", who, DAY)
    yield Span(begin, end, "EndTime", f"{who} and StartTime le {day(first)}", DAY)


def _cut(span: Span) -> tuple[Span, ...]:
    """A span that was refused. One without an end is cut in two, since most lies ahead; beside one with an end its
    endless rest is asked for, as a proof that ERP.net shows something."""
    until, rest = (span.first + SOON,) * 2 if span.last == END else (span.last, span.last + SOON)
    return replace(span, last=until), replace(span, first=rest, last=END)


async def _around(session: Session, spans: list[Span]) -> tuple[set[str], frozenset[date]]:
    """The ids of the activities in ``spans``, and the days on which some have none to be seen."""
    shown = await read_around(session, spans, _ids)
    if any(span.halves for span in shown.unread):
        raise ItemRejected(
            Side.ERP, "ERP.net fails to show a person's activities on more days than can be told apart"
        )
    closer = await _within(session, shown.unread)
    return set(map(id_of, (*shown.rows, *closer))), frozenset(span.first.date() for span in shown.unread)


async def _within(session: Session, days: Collection[Span]) -> tuple[Row, ...]:
    """What else these days hold, told apart by the time of its last update."""
    tomorrow = whole_second(session.clock() + DAY)
    ranges = ((BEGINNING, tomorrow), (tomorrow, END))
    spans = [Span(*pair, within=one.where) for one in sorted(days, key=lambda one: one.where) for pair in ranges]
    return (await read_around(session, spans, _ids) if spans else Shown()).rows


def _ids(span: Span) -> str:
    return query(ACTIVITIES, span.where, select="Id")


def _midnight(at: date) -> datetime:
    return datetime.combine(at, time.min, UTC)


def _is_owned(activity: ErpActivity, logins: Collection[str], party_id: str) -> bool:
    mine = bool(activity.creation_user) and activity.creation_user.casefold() in set(map(str.casefold, logins))
    return mine or (bool(party_id) and activity.owner_party == party_id.lower())
