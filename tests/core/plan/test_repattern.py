"""Which date goes on with which activity, after a series was changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.series import Occurrence, Recurrence, Rhythm
from sync_core.model.sides import EventKind, GraphContent, GraphEvent
from sync_core.plan.repattern import Series, awaiting, date_moves, held_back
from tests.support.samples import NOW, a_link, an_event, shown, utc

MASTER = an_event(id="M", kind=EventKind.MASTER, recurrence=Recurrence(Rhythm.WEEKLY))
FIRST = date(2026, 2, 2)
"""A Monday."""


def day(number: int) -> date:
    """So many days after the Monday."""
    return FIRST + timedelta(days=number)


def dated(number: int, *, uid: str = "U", master: str = "M", **told: object) -> GraphEvent:
    """The event of a date, without a link."""
    one = Occurrence(uid, day(number), master)
    start = utc(2026, 2, 2, 7) + timedelta(days=number)
    content = shown(start=start, end=start + timedelta(hours=1))
    return an_event(content, id=f"{uid}{number}", ical_uid=one.uid, occurrence=one, kind=EventKind.OCCURRENCE, **told)


def link(number: int, **told: object) -> Link:
    """The link of a date."""
    event = dated(number)
    known = {
        "event_id": f"L{number}",
        "activity_id": f"A{number}",
        "ical_uid": event.ical_uid,
        "occurrence": event.occurrence,
        "base_event": event.content,
    }
    return a_link(**{**known, **told})


def moved(links: Iterable[Link], *free: GraphEvent, masters: Iterable[GraphEvent] = (MASTER,)) -> dict[str, str]:
    """Activity → event id, where all these dates vanished without being named."""
    known = list(links)
    lost = frozenset(x.event_id for x in known if x.status is LinkStatus.LIVE)
    series = Series(free, {e.id: e for e in masters}, lost, lost)
    return {move.new.activity_id: move.new.event_id for move in date_moves(known, series)}


def test_mondays_become_tuesdays() -> None:
    """In order, one to one; each takes the new key and is looked at on both sides."""
    links, free = [link(n) for n in (0, 7, 14)], [dated(n) for n in (15, 8, 1)]
    series = Series(tuple(free), {"M": MASTER}, frozenset(), frozenset({"L0", "L7", "L14"}))
    found = date_moves(links, series)

    assert {m.new.activity_id: m.new.event_id for m in found} == {"A0": "U1", "A7": "U8", "A14": "U15"}
    assert {m.new.ical_uid for m in found} == {e.ical_uid for e in free}
    assert all(m.new.reread and m.new.occurrence and m.new.base_event == m.old.base_event for m in found)


def test_less_than_one_interval_apart() -> None:
    """A week away is another date."""
    assert moved([link(0)], dated(7)) == {}
    assert moved([link(0)], dated(6)) == {"A0": "U6"}


def test_every_second_week_keeps_every_second_activity() -> None:
    """What has no partner is left."""
    assert moved([link(n) for n in (0, 7, 14)], dated(1), dated(15)) == {"A0": "U1", "A14": "U15"}


def test_a_date_that_was_named_as_taken_out_gives_its_activity_to_none() -> None:
    """It is gone, whatever dates are new."""
    series = Series((dated(1),), {"M": MASTER}, frozenset({"L0"}), frozenset())

    assert date_moves([link(0)], series) == ()


def test_a_new_series_of_the_same_organizer_takes_over() -> None:
    """This and following was changed."""
    new = [dated(n, uid="V", master="N") for n in (7, 14)]

    assert moved([link(0, event_id="stays", status=LinkStatus.ARCHIVED), link(7), link(14)], *new) == {
        "A7": "V7",
        "A14": "V14",
    }


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"organizer": "carl@acme.example"}, id="of somebody else"),
        pytest.param({"is_organizer": False}, id="invited"),
        pytest.param({"is_cancelled": True}, id="cancelled"),
    ],
)
def test_another_series_takes_nothing_over(told: dict[str, object]) -> None:
    """Only the same organizer's may."""
    assert moved([link(7)], dated(7, uid="V", master="N", **told)) == {}


def test_a_series_that_is_known_takes_nothing_over() -> None:
    """It is no new one."""
    other = link(0, event_id="O", ical_uid="V_20260202", occurrence=Occurrence("V", FIRST, "N"))
    known = replace(other, status=LinkStatus.ARCHIVED)

    assert moved([known, link(7)], dated(7, uid="V", master="N")) == {}


@pytest.mark.parametrize(("uid", "days"), [("V", (0, 7)), ("U", (1, 8))])
def test_a_date_that_an_activity_may_have_been_made_of_gives_no_other_one_a_place(
    uid: str, days: tuple[int, int]
) -> None:
    """A round ended between the create and the link: another series is no new one, of the same one the other dates
    go on."""
    free = tuple(dated(n, uid=uid, master="N" if uid == "V" else "M") for n in days)
    lost = frozenset({"L0", "L7"})
    series = Series(free, {"M": MASTER}, lost, lost, begun=frozenset({free[0].id}))
    found = date_moves([link(0), link(7)], series)

    assert {move.new.activity_id: move.new.event_id for move in found} == ({} if uid == "V" else {"A7": "U8"})


def test_a_date_under_another_id_is_the_same_date() -> None:
    """A handle changes; the key decides, for a tombstone too, and nothing is read again for it."""
    known = [link(0), link(7, status=LinkStatus.TOMBSTONE)]
    series = Series((dated(0), dated(7)), {}, frozenset(), frozenset())
    found = date_moves(known, series)

    assert {m.new.activity_id: m.new.event_id for m in found} == {"A0": "U0", "A7": "U7"}
    assert {m.new.reread for m in found} == {""}


def test_a_date_that_another_copy_of_its_series_shows_too_stays() -> None:
    """As a guest has it who restored a series after another copy came; the date that is not in place any more goes
    on, and under another id of its own series each does."""
    known, both = [link(0), link(7)], Series((), {}, frozenset(), frozenset(), in_place=frozenset({"L0"}))
    twins = [replace(dated(n, master="M2"), series_id="M2") for n in (0, 7)]
    own = replace(dated(0), series_id="M")

    for free, went_on in (twins, {"L7": "U7"}), ([own], {"L0": "U0"}):
        found = date_moves(known, replace(both, free=tuple(free)))
        assert {m.old.event_id: m.new.event_id for m in found} == went_on


def test_a_single_event_that_became_a_series_is_its_date() -> None:
    """Else the first one in the window."""
    single = link(7, event_id="M", ical_uid="U", occurrence=None)
    series = Series((dated(0), dated(7), dated(14)), {"M": MASTER}, frozenset(), frozenset())
    without = series.without(date_moves([single], series))

    assert [m.new.event_id for m in date_moves([single], series)] == ["U7"]
    assert [m.new.event_id for m in date_moves([single], without)] == ["U0"]


def test_a_series_that_became_single_keeps_one_link() -> None:
    """That of its date; the others are gone."""
    single = an_event(dated(7).content, id="M", ical_uid="U")
    lost = frozenset({"L0", "L7", "L14"})
    found = date_moves([link(n) for n in (0, 7, 14)], Series((single,), {}, lost, frozenset()))

    assert [(m.new.activity_id, m.new.event_id, m.new.occurrence) for m in found] == [("A7", "M", None)]


@pytest.mark.parametrize(
    ("at", "past", "goes_on"),
    [
        (9, {"L0"}, "A7"),
        (9, {"L0", "L7", "L14"}, ""),
        (0, {"M", "L0"}, "A0"),
        (-7, {"M"}, ""),
    ],
    ids=["the next one", "none is to come", "its own date", "it took place on another day"],
)
def test_what_has_taken_place_goes_on_as_nothing_else(at: int, past: set[str], goes_on: str) -> None:
    """A series became a single event on this day: no past date is moved ahead, and no date to come into the past."""
    single = an_event(dated(at).content, id="M", ical_uid="U")
    series = Series((single,), {}, frozenset({"L0", "L7", "L14"}), frozenset(), frozenset(past))

    assert [m.new.activity_id for m in date_moves([link(n) for n in (0, 7, 14)], series)] == (
        [goes_on] * bool(goes_on)
    )


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [(0, []), (7, ["U7"]), (None, [])],
    ids=["with it", "a week later", "nobody knows when"],
)
def test_a_past_meeting_that_became_a_series_stays(begins: int | None, goes_on: list[str]) -> None:
    """Unless it was put off, and the series begins then."""
    single = link(0, event_id="M", ical_uid="U", occurrence=None)
    masters = {} if begins is None else {"M": replace(MASTER, content=dated(begins).content)}
    series = Series((dated(7), dated(14)), masters, frozenset(), frozenset(), frozenset({"M"}))

    assert [m.new.event_id for m in date_moves([single], series)] == goes_on


def test_a_follower_goes_on_too() -> None:
    """Its role stays."""
    series = Series((dated(1, is_organizer=False),), {"M": MASTER}, frozenset(), frozenset({"L0"}))

    assert [m.new.role for m in date_moves([link(0, role=Role.FOLLOWER)], series)] == [Role.FOLLOWER]


def test_a_date_is_held_back_once() -> None:
    """Then it counts as gone."""
    first = held_back(link(0), is_unnamed=True, now=NOW)

    assert first is not None
    assert held_back(first, is_unnamed=True, now=NOW) is None
    assert held_back(link(0), is_unnamed=False, now=NOW) is None


def test_the_same_day_goes_first() -> None:
    """A date of which nothing was known before gives its place to none that has its own."""
    assert moved([link(7)], *(dated(n, uid="V", master="N") for n in (1, 7, 14))) == {"A7": "V7"}


def titled(event: GraphEvent, subject: str) -> GraphContent:
    """Its content with this title."""
    return replace(event.content, subject=subject)


def test_of_two_new_series_each_takes_over_the_one_it_resembles() -> None:
    """Two were split at once; neither the order in which they are read nor their ids count."""
    titles = {"U": "Retro", "W": "Stand-up"}
    old = {uid: dated(7, uid=uid, master=uid) for uid in titles}
    links = [
        link(7, event_id=uid, activity_id=f"A{uid}", occurrence=one.occurrence, base_event=titled(one, titles[uid]))
        for uid, one in old.items()
    ]
    at = {"W": dated(7, uid="N1", master="N1"), "U": dated(7, uid="N2", master="N2")}
    new = [replace(event, content=titled(event, titles[uid])) for uid, event in at.items()]
    masters = [replace(MASTER, id=one) for one in ("U", "W", "N1", "N2")]

    assert moved(links, *new, masters=masters) == {"AU": "N27", "AW": "N17"}


@pytest.mark.parametrize(
    ("event", "waits"),
    [
        (dated(1), True),
        (dated(7), False),
        (dated(1, uid="V", master="N"), True),
        (dated(1, uid="K", master="K"), False),
        (an_event(id="M"), True),
        (an_event(id="other"), False),
    ],
    ids=["another day", "a week away", "a new series", "a series that is linked", "single by now", "another event"],
)
def test_what_a_date_may_go_on_as_waits_until_it_is_known(event: GraphEvent, waits: bool) -> None:
    """An activity of its own would leave the date's nothing but to be voided."""
    weekly = Occurrence("U", day(0), "M", Rhythm.WEEKLY)
    links = [
        link(0, occurrence=weekly),
        link(20, event_id="LK", occurrence=Occurrence("K", day(20), "K", Rhythm.WEEKLY)),
    ]
    series = Series((event,), {}, frozenset(), frozenset())

    assert awaiting(links, {"L0"}, series) == ({event.id} if waits else frozenset())
    assert awaiting(links, (), series) == frozenset()
