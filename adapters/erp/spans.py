"""Reads what was updated in spans of time, around what ERP.net does not show.

ERP.net answers 500 to a whole read where one row is at fault. So what it refuses is asked for in halves, all of one
length in one request, down to the second that holds the row.

Whether filters on update times are cut to the date is UNCONFIRMED (erpnet.md §5). If they are, a part of a day shows
nothing. So a span that was refused while both its halves were shown counts as not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from adapters.erp.odata import Row
from adapters.erp.session import OF_ONE_ITEM, Session
from sync_core.errors import SideError

SECOND = timedelta(seconds=1)

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

Answer = list[Row] | SideError

MOST_ASKED = 200
"""The most spans of one length that are asked for. Of more that are refused, the later are left unread."""

MOST_REFUSED = 8
"""More refusals of one length and nothing shown: ERP.net refuses everything."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``first`` to ``last``, both whole seconds (UTC) and both inside."""

    first: datetime
    last: datetime

    @property
    def halves(self) -> tuple[Span, ...]:
        """Two spans that share the second in the middle; none of a span of one second."""
        if self.last - self.first <= SECOND:
            return ()
        middle = self.first + timedelta(seconds=(self.last - self.first) // SECOND // 2)
        return Span(self.first, middle), Span(middle, self.last)


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that ERP.net shows, and the beginnings of the spans that it does not show."""

    rows: tuple[Row, ...] = ()
    unread: tuple[datetime, ...] = ()


def whole_second(at: datetime) -> datetime:
    """The second in which an instant lies."""
    return at.astimezone(UTC).replace(microsecond=0)


def cut_at(first: datetime, seconds: Collection[datetime]) -> list[Span]:
    """The time from ``first`` on, in spans: each of these seconds is one, and what lies between them."""
    begin = whole_second(first)
    edges = {edge for second in seconds for edge in (second, second + SECOND) if edge > begin}
    return [Span(*pair) for pair in pairwise([begin, *sorted(edges), END])]


async def read_around(
    session: Session, spans: Sequence[Span], read: Callable[[Span], str], answers: Sequence[Answer] = ()
) -> Shown:
    """Read the rows of ``spans``; ``answers`` are ERP.net's to them, () to ask.

    Raises the error if ERP.net shows nothing at all: that is no matter of one row.
    """
    rows: list[Row] = []
    unread: set[datetime] = set()
    is_any_shown, level = False, list(spans)
    parents: list[Span] = []
    while level:
        answers = answers or await session.try_read([read(span) for span in level])
        refused = dict(_refused(level, answers))
        rows += [row for answer in answers if not isinstance(answer, SideError) for row in answer]
        is_any_shown |= len(refused) < len(level)
        hiding = [parent for parent in parents if not refused.keys() & set(parent.halves)]
        unread |= {parent.first for parent in await _refused_again(session, hiding, read)}
        parents = [span for span in refused if span.halves][: MOST_ASKED // 2]
        unread |= {span.first for span in refused if span not in parents}
        if refused and not is_any_shown and (not parents or len(refused) > MOST_REFUSED):
            raise next(iter(refused.values()))
        level, answers = [half for span in parents for half in span.halves], ()
    return Shown(tuple(rows), tuple(sorted(unread)))


async def _refused_again(session: Session, spans: Sequence[Span], read: Callable[[Span], str]) -> list[Span]:
    """Those of ``spans`` that are still refused though both halves were shown; others were refused for once."""
    answers = await session.try_read([read(span) for span in spans])
    return [span for span, _ in _refused(spans, answers)]


def _refused(spans: Sequence[Span], answers: Sequence[Answer]) -> Iterator[tuple[Span, SideError]]:
    """The spans that ERP.net refuses, each with its error. Raises an error that is no matter of one row."""
    for span, answer in zip(spans, answers, strict=True):
        if isinstance(answer, OF_ONE_ITEM):
            yield span, answer
        elif isinstance(answer, SideError):
            raise answer
