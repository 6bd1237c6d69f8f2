"""Which series a round reads, and what becomes of a linked date that the view lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sync_core.model.decision import Sight
from sync_core.model.event import Window
from sync_core.model.link import Link, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.policy import Policy, SeriesRule
from sync_core.model.series import Occurrence, Recurrence, Rhythm
from sync_core.model.sides import (
    EventKind,
    Evidence,
    GraphEvent,
    GraphReading,
    Malformed,
    SeriesDates,
    Side,
    Whereabouts,
)
from sync_core.reading.frame import Frame, Scale
from sync_core.reading.news import GraphNews, sight_of, with_formatted
from sync_core.reading.series import (
    MOST_ASKED,
    Missing,
    listed_series,
    missing_dates,
    named,
    told_of_dates,
    with_missing,
    with_view,
    without_masters,
)
from tests.support.samples import a_context, a_link, an_event, noted, shown, utc, wall_clock

CTX = a_context(policy=Policy(series=SeriesRule.WINDOW))
FIRST = date(2026, 2, 2)
MASTER = an_event(id="M", kind=EventKind.MASTER, recurrence=Recurrence(Rhythm.WEEKLY))
THERE = Evidence(MASTER, in_view=True, where=Whereabouts.DEFAULT)
NOTHING = SeriesDates()
ODD = Malformed(Side.GRAPH, "?", "no answer", is_passing=True)


def dated(week: int = 0, *, kind: EventKind = EventKind.OCCURRENCE, **told: object) -> GraphEvent:
    """A date as Graph's row tells it, with a raw iCalUId."""
    start = utc(2026, 2, 2, 7) + timedelta(weeks=week)
    one = Occurrence("U", FIRST + timedelta(weeks=week), "M")
    known = {"id": f"O{week}", "ical_uid": "raw", "occurrence": one, "kind": kind, "series_id": "M"}
    return an_event(shown(start=start, end=start + timedelta(hours=1)), **{**known, **told})


def link(week: int = 0, **told: object) -> Link:
    """The link of a date."""
    event = dated(week)
    assert event.occurrence is not None
    known: dict[str, object] = {"event_id": event.id, "activity_id": f"A{week}", "ical_uid": event.occurrence.uid}
    at = wall_clock(2026, 2, 2, 9) + timedelta(weeks=week)
    base = noted(start=at, end=at + timedelta(hours=1))
    known |= {"occurrence": event.occurrence, "base_event": event.content, "base_activity": base}
    return a_link(**{**known, **told})


def frame(*links: Link, scale: Scale | None = None, **told: object) -> Frame:
    """A round that syncs dates."""
    return Frame(Memory(links=links), replace(CTX, **told), scale or Scale())  # type: ignore[arg-type]


def test_series_are_listed_by_every_row_that_names_them() -> None:
    """Plain dates are dropped, changed dates stay, and of the masters those under the id of a link; the view will
    tell."""
    changed, single = dated(1, kind=EventKind.EXCEPTION), an_event(id="S")
    reading = GraphReading((MASTER, dated(), changed, single), series=frozenset({"M", "N"}))
    found = named(GraphNews({e.id: e for e in reading.events}), reading, frame())

    assert set(found.events) == {"M", "O1", "S"}
    assert set(without_masters(found, frame()).events) == {"O1", "S"}
    assert set(without_masters(found, frame(a_link(event_id="M"))).events) == {"M", "O1", "S"}
    assert (set(found.listed), set(found.masters)) == ({"M", "N"}, {"M"})


def test_nothing_is_listed_while_series_are_skipped() -> None:
    """The news stays as it was."""
    reading = GraphReading((MASTER,), series=frozenset({"M"}))
    news = GraphNews({"M": MASTER})

    assert named(news, reading, frame(policy=Policy())) == news


@pytest.mark.parametrize(
    ("one", "news", "scale"),
    [
        pytest.param(link(reread="a write failed"), GraphNews(), Scale(), id="a date asks"),
        pytest.param(link(), GraphNews(removed=frozenset({"M"})), Scale(), id="the master was removed"),
        pytest.param(link(), GraphNews(removed=frozenset({"O0"})), Scale(), id="a date was removed"),
        pytest.param(link(), GraphNews({"M": an_event(id="M")}), Scale(), id="the series is a single event"),
        pytest.param(
            link(),
            GraphNews(is_whole=True, delta_window=Window(utc(2026, 1, 24), utc(2026, 3, 1))),
            Scale(full=True),
            id="everything is read anew",
        ),
    ],
)
def test_a_linked_date_may_ask_for_its_series(one: Link, news: GraphNews, scale: Scale) -> None:
    """Although the delta query does not name it."""
    assert listed_series(news, frame(one, scale=scale)) == {"M"}
    assert listed_series(GraphNews(), frame(link())) == frozenset()


def test_the_view_gives_dates_their_own_uid_and_rhythm() -> None:
    """What is neither linked nor inside the window, or of another series, is left out."""
    view = GraphReading((dated(0), dated(1, series_id="N"), dated(9), dated(10), an_event(id="S")))
    found = with_view(GraphNews(masters={"M": MASTER}), view, {"M"}, frame(link(10)))

    assert set(found.events) == {"O0", "O10"}
    event = found.event("O0")
    assert event is not None
    assert event.occurrence is not None
    assert (event.ical_uid, event.occurrence.rhythm) == ("U_20260202", Rhythm.WEEKLY)
    assert not event.is_series


CHANGED = dated(1, kind=EventKind.EXCEPTION, change_key="v2", modified_at=utc(2026, 1, 20))
AT = utc(2026, 1, 24)


@pytest.mark.parametrize(
    ("masters", "others", "expected"),
    [
        pytest.param((), (dated(0, change_key="v2", modified_at=AT),), AT, id="a plain date"),
        pytest.param((), (dated(9, change_key="v2", modified_at=AT),), AT, id="a plain date beyond the window"),
        pytest.param((replace(MASTER, change_key="v2", modified_at=AT),), (), AT, id="its master"),
        pytest.param((replace(MASTER, change_key="v1"),), (dated(0, change_key="v1"),), None, id="of another state"),
        pytest.param((), (dated(0, change_key="v2", series_id="N"),), None, id="of another series"),
        pytest.param((), (dated(0, kind=EventKind.EXCEPTION, change_key="v2"),), None, id="a changed date like it"),
        pytest.param((), (), None, id="nobody"),
    ],
)
def test_who_tells_a_changed_date_when_its_series_changed(
    masters: tuple[GraphEvent, ...], others: tuple[GraphEvent, ...], expected: datetime | None
) -> None:
    """Whatever bears the time of the series, in the very state that the date was read in."""
    news = GraphNews(masters={one.id: one for one in masters})
    found = with_view(news, GraphReading((CHANGED, *others)), {"M", "N"}, frame()).event("O1")

    assert found is not None
    assert (found.modified_at, found.series_at) == (CHANGED.modified_at, expected)
    assert found.newest_at == expected


def test_a_changed_date_that_is_read_by_itself_or_anew() -> None:
    """What was read of its series tells of it then too, where it is of the same state."""
    here = link(1, event_id="O1")
    master = replace(MASTER, change_key="v2", modified_at=AT)
    missing = Missing(
        (here,), {"M": replace(THERE, event=master)}, {"M": NOTHING}, told_of_dates({"O1": CHANGED}, CTX)
    )
    news = with_missing(GraphNews(), missing, frame(here))
    again = with_formatted(news, {"O1": replace(CHANGED, html="<p>A</p>")}, CTX)
    later = with_formatted(news, {"O1": replace(CHANGED, change_key="v3")}, CTX)

    assert [e and e.series_at for e in (one.event("O1") for one in (news, again, later))] == [AT, AT, None]


def test_missing_is_a_linked_date_that_the_view_lacks() -> None:
    """Not one that is over, has ended, is shown under another id or belongs to a series that was not read."""
    links = (
        link(0),
        link(1),
        link(2),
        link(3, status=LinkStatus.TOMBSTONE),
        link(-3),
        link(4, occurrence=Occurrence("V", FIRST, "N")),
    )
    view = GraphReading((dated(1), dated(2, id="new")))
    news = with_view(GraphNews(), view, {"M"}, frame(*links))

    assert [x.event_id for x in missing_dates(news, {"M"}, frame(*links)).links] == ["O0"]


@pytest.mark.parametrize(
    ("missing", "sight", "is_unnamed"),
    [
        pytest.param(Missing((link(),)), Sight.UNDECIDED, False, id="nothing was asked yet"),
        pytest.param(Missing((link(),), {"M": Evidence(None)}), Sight.GONE, False, id="the series is gone"),
        pytest.param(
            Missing((link(),), {"M": Evidence(MASTER, False, Whereabouts.OTHER)}),
            Sight.ELSEWHERE,
            False,
            id="the series is in another calendar",
        ),
        pytest.param(
            Missing((link(),), {"M": Evidence(ODD)}), Sight.UNDECIDED, False, id="the series did not answer"
        ),
        pytest.param(
            Missing((link(),), {"M": Evidence(an_event(id="M"), in_view=True)}),
            Sight.GONE,
            False,
            id="it is a single event by now",
        ),
        pytest.param(
            Missing((link(),), {"M": THERE}, {"M": SeriesDates(frozenset({FIRST}))}),
            Sight.GONE,
            False,
            id="the series names it as taken out",
        ),
        pytest.param(Missing((link(),), {"M": THERE}, {"M": ODD}), Sight.UNDECIDED, False, id="it names nothing"),
        pytest.param(Missing((link(),), {"M": THERE}, {"M": None}), Sight.UNDECIDED, False, id="gone meanwhile"),
        pytest.param(Missing((link(),), {"M": THERE}, {"M": NOTHING}), Sight.UNDECIDED, False, id="not asked itself"),
        pytest.param(
            Missing((link(),), {"M": THERE}, {"M": NOTHING}, {"O0": None}), Sight.GONE, True, id="nobody knows it"
        ),
        pytest.param(
            Missing((link(),), {"M": THERE}, {"M": NOTHING}, {"O0": ODD}), Sight.UNDECIDED, False, id="no answer"
        ),
        pytest.param(
            Missing((link(),), {"M": THERE}, {"M": NOTHING}, {"O0": dated(ical_uid="U_20260202")}),
            Sight.PRESENT,
            False,
            id="it takes place elsewhere in time",
        ),
        pytest.param(
            Missing((link(),), {"M": THERE}, {"M": NOTHING}, {"O0": dated(1, id="O0", ical_uid="U_20260209")}),
            Sight.UNDECIDED,
            False,
            id="another date answers",
        ),
    ],
)
def test_a_date_is_gone_only_where_it_is_certain(missing: Missing, sight: Sight, is_unnamed: bool) -> None:
    """Everything else is not known and is read again (R18)."""
    assert missing.sights() == {"O0": sight}
    assert missing.unnamed() == ({"O0"} if is_unnamed else frozenset())
    news = with_missing(GraphNews(), missing, frame(link()))
    assert sight_of(link(), news)[1] is sight


def test_a_changed_date_is_asked_for_by_its_present_id() -> None:
    """Its series knows it; the link's id is a handle of yesterday."""
    dates = SeriesDates(exceptions={FIRST: "new"})

    assert Missing((link(),), {"M": THERE}, {"M": dates}).asked == {"O0": "new"}


@pytest.mark.parametrize(("sizes", "asked"), [((30, 30), 30), ((30, 20), 50), ((60, 30), 60), ((30, 60, 20), 50)])
def test_so_many_dates_are_asked_for_at_once_and_the_others_wait(sizes: tuple[int, ...], asked: int) -> None:
    """A round is bounded (R30), but one whole series is asked about: its dates may go on as others together only."""
    links = tuple(of_series(f"M{n}", week) for n, weeks in enumerate(sizes) for week in range(weeks))
    masters = {f"M{n}": THERE for n in range(len(sizes))}
    missing = Missing(links, masters, dict.fromkeys(masters, NOTHING))
    missing = replace(missing, found=dict.fromkeys(missing.asked.values()))

    assert len(missing.asked) == asked <= max(sizes[0], MOST_ASKED)
    assert sorted(missing.sights().values()).count(Sight.UNDECIDED) == sum(sizes) - asked


def of_series(master: str, week: int) -> Link:
    """The link of a date of this series."""
    one = Occurrence(master, FIRST + timedelta(weeks=week), master)
    return link(week, event_id=f"{master}-{week}", ical_uid=one.uid, occurrence=one)


@pytest.mark.parametrize("answer", [{"O1": ODD}, {}], ids=["no answer", "not there"])
def test_of_a_series_that_was_not_read_whole_no_date_is_known_to_be_gone(answer: dict[str, Malformed]) -> None:
    """Not even one that answers 404 (R18); one that its master names as taken out is."""
    named_out = SeriesDates(frozenset({FIRST + timedelta(weeks=2)}))
    missing = Missing((link(), link(1), link(2)), {"M": THERE}, {"M": named_out}, {"O0": None, **answer})

    assert missing.sights() == {"O0": Sight.UNDECIDED, "O1": Sight.UNDECIDED, "O2": Sight.GONE}
    assert missing.unnamed() == frozenset()


def test_a_date_that_cannot_be_understood_keeps_no_other() -> None:
    """Its siblings are gone or not, whatever it is."""
    bad = Malformed(Side.GRAPH, "O1", "no start")
    missing = Missing((link(), link(1)), {"M": THERE}, {"M": NOTHING}, {"O0": None, "O1": bad})

    assert missing.sights() == {"O0": Sight.GONE, "O1": Sight.UNDECIDED}


def test_that_a_date_answers_404_proves_nothing() -> None:
    """Its id may have changed; its series is asked."""
    assert sight_of(link(), GraphNews(evidence={"O0": Evidence(None)}))[1] is Sight.UNDECIDED
    assert sight_of(link(), GraphNews())[1] is Sight.UNREAD
