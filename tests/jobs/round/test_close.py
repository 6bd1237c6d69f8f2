"""What a round stores in the end: cursors past what was read, links that need no further look; values, no HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from jobs.ports import Drop, Put, RowChange
from jobs.round.close import confirmed, moved_cursors, retired
from sync_core.model import link as life
from sync_core.model.event import Window
from sync_core.model.link import EndedBy, Link, LinkStatus, Role
from sync_core.model.memory import Cursors, Memory
from sync_core.reading.frame import Frame, Scale
from sync_core.reading.news import GraphNews
from tests.support.samples import NOW, a_context, a_link, noted, shown, utc, wall_clock

CTX = a_context()
SEEN = Window(utc(2026, 1, 23), utc(2026, 4, 1))
BEYOND = Window(utc(2026, 1, 23), utc(2026, 1, 30))
ROLL, FULL = Scale(roll=True), Scale(full=True)
OVER = a_link(
    base_event=shown(start=utc(2026, 1, 20, 8), end=utc(2026, 1, 20, 9)),
    base_activity=noted(start=wall_clock(2026, 1, 20, 10), end=wall_clock(2026, 1, 20, 11)),
)
LONG_AGO = a_link(base_event=shown(start=utc(2025, 10, 1, 8), end=utc(2025, 10, 1, 9)))
LONG_OVER = life.ended(LONG_AGO, EndedBy.ERP, "void", NOW - timedelta(days=91))


@pytest.mark.parametrize("scale", [Scale(), FULL], ids=["news", "full"])
@pytest.mark.parametrize("before", [None, CTX.window.end - timedelta(days=1), CTX.window.end + timedelta(days=40)])
def test_the_cursors_move_past_what_was_read(before: object, scale: Scale) -> None:
    """What was taken in stays taken in where the window shrank; a full round begins anew."""
    known = Cursors(window_end=before, served="old")  # type: ignore[arg-type]
    news = GraphNews(delta_link="next", delta_window=SEEN)

    found = moved_cursors(Frame(Memory(cursors=known, wake="token"), CTX, scale), news, "print", (NOW,))

    assert found == Cursors(
        delta_link="next",
        delta_window=SEEN,
        window_end=CTX.window.end if scale.full else max(known.window_end or CTX.window.end, CTX.window.end),
        day=date(2026, 1, 25),
        full_due=False,
        deletions=(NOW,),
        served="token",
        fingerprint="print",
    )


@pytest.mark.parametrize(
    ("link", "scale", "decided", "becomes"),
    [
        pytest.param(OVER, ROLL, False, LinkStatus.ARCHIVED, id="over"),
        pytest.param(OVER, FULL, False, LinkStatus.ARCHIVED, id="over-full-round"),
        pytest.param(OVER, Scale(), False, None, id="over-not-asked-today"),
        pytest.param(OVER, ROLL, True, None, id="over-and-decided"),
        pytest.param(replace(OVER, retry_at=NOW + timedelta(hours=1)), ROLL, False, None, id="over-in-its-back-off"),
        pytest.param(replace(OVER, retry_at=NOW), ROLL, False, LinkStatus.ARCHIVED, id="over-after-its-back-off"),
        pytest.param(life.parked(OVER, "hidden"), ROLL, False, None, id="over-and-set-aside"),
        pytest.param(
            replace(life.parked(OVER, "hidden"), role=Role.FOLLOWER),
            ROLL,
            False,
            LinkStatus.ARCHIVED,
            id="over-follower",
        ),
        pytest.param(
            replace(life.parked(OVER, "hidden"), reread="not found"),
            ROLL,
            False,
            LinkStatus.ARCHIVED,
            id="over-not-found",
        ),
        pytest.param(a_link(), ROLL, False, None, id="to-come"),
        pytest.param(life.ended(OVER, EndedBy.ERP, "void", NOW), ROLL, False, None, id="ended-already"),
        pytest.param(LONG_OVER, ROLL, False, "forgotten", id="ended-long-ago"),
    ],
)
def test_the_new_day_retires_links(link: Link, scale: Scale, decided: bool, becomes: object) -> None:
    """Archived once the meeting is over, forgotten 90 days after the end."""
    changes = retired(Frame(Memory(links=(link,)), CTX, scale), {"E1"} if decided else set())

    assert list(map(_outcome, changes)) == ([] if becomes is None else [becomes])


def _outcome(change: RowChange) -> object:
    if isinstance(change, Drop):
        return "forgotten"
    return change.row.status if isinstance(change.row, Link) else change.row


@pytest.mark.parametrize(
    ("news", "is_confirmed"),
    [
        pytest.param(GraphNews(delta_window=SEEN, shown=frozenset({"E1"})), True, id="shown"),
        pytest.param(GraphNews(delta_window=SEEN), False, id="not shown yet"),
        pytest.param(GraphNews(delta_window=BEYOND), True, id="never shown there"),
    ],
)
def test_an_event_we_made_is_expected_until_it_was_shown(news: GraphNews, is_confirmed: bool) -> None:
    """What this round has saved of the link since is kept."""
    link, saved = a_link(unseen=True), a_link(unseen=True, reason="saved by this round")

    changes = confirmed(Frame(Memory(links=(link, a_link(event_id="E2"))), CTX), news, {"E1": saved})

    assert changes == ([Put(replace(saved, unseen=False))] if is_confirmed else [])
