"""Reads what lies in spans of time, around what ERP.net does not show.

ERP.net answers 500 to a whole read where one row is at fault. So what it refuses is asked for in halves, all of one
length in one request, down to the second, or the day, that holds the row.

Whether filters on update times are cut to the date is UNCONFIRMED (erpnet.md §5). If they are, a part of a day shows
nothing. So a span that was refused while both its halves were shown counts as not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from adapters.erp.odata import Row, day, instant
from adapters.erp.session import OF_ONE_ITEM, Session
from sync_core.errors import SideError

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

Answer = list[Row] | SideError

MOST_ASKED = 200
"""The most spans of one length that are asked for. Of more that are refused, the later are left unread."""

MOST_REFUSED = 8
"""More refusals of one length and nothing shown: ERP.net refuses everything."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``first`` to ``last`` (UTC), both inside and whole seconds, or where ``unit`` is a day, midnights.

    ``by`` is the attribute whose time is meant; ``within`` is what else the rows must fit, '' = nothing.
    """

    first: datetime
    last: datetime
    by: str = "AggregateLastUpdateTimeUtc"
    within: str = ""
    unit: timedelta = SECOND

    @property
    def halves(self) -> tuple[Span, ...]:
        """Two spans that share the instant in the middle; none of a span of one second or day."""
        units = (self.last - self.first) // self.unit
        if units <= 1:
            return ()
        middle = self.first + units // 2 * self.unit
        return replace(self, last=middle), replace(self, first=middle)

    @property
    def where(self) -> str:
        """The filter for the rows of this span; without an upper limit where it has no end."""
        literal = day if self.unit == DAY else instant
        until = f" and {self.by} le {literal(self.last)}" if self.last != END else ""
        return f"{self.within}{' and ' if self.within else ''}{self.by} ge {literal(self.first)}{until}"


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that ERP.net shows, and the spans that it does not show."""

    rows: tuple[Row, ...] = ()
    unread: frozenset[Span] = frozenset()

    @property
    def seconds(self) -> tuple[datetime, ...]:
        """Where the spans begin that are not shown."""
        return tuple(sorted({span.first for span in self.unread}))


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
    unread: set[Span] = set()
    is_any_shown, level = False, list(spans)
    parents: list[Span] = []
    while level:
        answers = answers or await session.try_read([read(span) for span in level])
        refused = dict(_refused(level, answers))
        rows += [row for answer in answers if not isinstance(answer, SideError) for row in answer]
        is_any_shown |= len(refused) < len(level)
        hiding = [parent for parent in parents if not refused.keys() & set(parent.halves)]
        unread |= set(await _refused_again(session, hiding, read))
        parents = [span for span in refused if span.halves][: MOST_ASKED // 2]
        unread |= refused.keys() - set(parents)
        if refused and not is_any_shown and (not parents or len(refused) > MOST_REFUSED):
            raise next(iter(refused.values()))
        level, answers = [half for span in parents for half in span.halves], ()
    return Shown(tuple(rows), frozenset(unread))


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
