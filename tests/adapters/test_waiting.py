"""How long the adapters wait: whatever a ``Retry-After`` says, never for ever, and never two of them as long."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.erp.faults import error_in
from adapters.graph.wire import Answer, failure
from adapters.http import LONGEST_ASKED, Retries, retry_after_seconds
from sync_core.errors import LicencesTaken, SideUnavailable, Throttled
from sync_core.model.sides import Side
from tests.adapters.conftest import NOW, Pauses
from tests.support.scripted import FAR, ODD, SENSELESS

DATES = st.datetimes(timezones=st.timezones()).map(lambda at: _as_date(at))
NUMBERS = st.one_of(st.floats().map(str), st.integers().map(str), st.decimals().map(str))
HEADERS = st.one_of(st.text(), st.text(alphabet="0123456789.eE+-infa ,:GMT"), NUMBERS, DATES, st.sampled_from(ODD))


def _as_date(at: datetime) -> str:
    try:
        return format_datetime(at)
    except (OverflowError, ValueError):
        return "Fri, 31 Dec 9999 23:59:59 GMT"


@pytest.mark.parametrize("header", FAR)
def test_no_server_can_make_us_wait_for_ever(header: str) -> None:
    """Infinity, absurd numbers and dates at the end of time are at most an hour."""
    assert retry_after_seconds(header, NOW) == (0.0 if header == "-inf" else LONGEST_ASKED)


@pytest.mark.parametrize("header", SENSELESS)
def test_what_says_no_time_is_not_said(header: str) -> None:
    """A header without a time in it leaves the wait to us."""
    told = retry_after_seconds(header, NOW)
    assert told is None or 0 <= told <= LONGEST_ASKED
    assert told is None or header not in ("nan", "-nan", "", "soon", "1 2", "\x00")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.249", 0.249), ("0", 0.0), ("-5", 0.0), (" 7 ", 7.0), ("3600", 3600.0), ("3601", 3600.0),
     ("Sun, 25 Jan 2026 08:00:30 GMT", 30.0), ("Sun, 25 Jan 2026 10:00:30 +0200", 30.0),
     ("Sat, 24 Jan 2026 08:00:00 GMT", 0.0), ("Mon, 26 Jan 2026 08:00:00 GMT", 3600.0)],
)  # fmt: skip
def test_what_a_server_asks_for_is_kept_to(header: str, seconds: float) -> None:
    """Seconds and dates mean what they say, up to the hour; what is over is no wait."""
    assert retry_after_seconds(header, NOW) == seconds


@given(HEADERS)
def test_any_header_is_a_bounded_wait_or_none(header: str) -> None:
    """Whatever the header says: nothing, or a number of seconds between none and an hour."""
    told = retry_after_seconds(header, NOW)
    assert told is None or (math.isfinite(told) and 0 <= told <= LONGEST_ASKED)


@given(HEADERS, st.sampled_from([429, 503, 500, 408, 404, 502]), st.booleans())
def test_every_reader_of_the_header_bounds_it(header: str, status: int, writing: bool) -> None:
    """Graph's answers, parts of its batches, and ERP.net's answers all read it alike, and an instant can be told."""
    told = failure(Answer(status, None, {"retry-after": header}), NOW, writing=writing)
    erp = error_in(status, b"{}", {"retry-after": header}, now=NOW, writing=writing)
    licence = error_in(503, b'{"error":{"code":8}}', {"retry-after": header}, now=NOW, writing=writing)

    assert isinstance(licence, LicencesTaken)
    for error in (told, erp, licence):
        wait = getattr(error, "retry_after", None)
        assert wait is None or NOW <= NOW + timedelta(seconds=wait) <= NOW + timedelta(seconds=LONGEST_ASKED)


@given(st.one_of(st.none(), st.floats(0, LONGEST_ASKED)), st.integers(1, 20))
def test_a_wait_is_never_shorter_than_asked_nor_much_longer(asked: float | None, attempt: int) -> None:
    """What was asked for and at most a tenth more; without a word at most the longest single wait."""
    wait = Retries().wait_for(attempt, asked)
    if asked:
        assert asked <= wait <= asked * 1.1 + 1e-9
    else:
        assert 0 <= wait <= Retries().longest


@given(st.floats(0.1, LONGEST_ASKED))
def test_two_who_were_refused_together_do_not_come_back_together(asked: float) -> None:
    """The same header gives different waits."""
    assert len({Retries().wait_for(1, asked) for _ in range(8)}) > 1


@given(st.lists(st.one_of(st.none(), st.floats(0, LONGEST_ASKED)), min_size=1, max_size=9))
async def test_retries_end_whatever_it_is_asked_for(asked: list[float | None]) -> None:
    """All waits of one call together stay within the retries' total, but for their jitter."""
    pauses = Pauses()
    retries, left = Retries(sleep=pauses), list(asked)

    async def refused() -> None:
        if left:
            raise Throttled(Side.ERP, "429", retry_after=left.pop())

    try:
        await retries.call(refused)
    except SideUnavailable:
        assert len(pauses) < retries.tries
    assert sum(pauses) <= retries.total * 1.1
