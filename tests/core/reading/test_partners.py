"""Which partners of items without a link must be read, by mark and by name, so that nothing is created twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sync_core.content.ranges import uid_key
from sync_core.model.claim import Claim
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy, SeriesRule, Winner
from sync_core.model.series import EXCHANGE, NO_DATE, Occurrence, Rhythm, day_in
from sync_core.model.sides import MSSYNC_SYSTEM, ErpActivity, EventKind, GraphEvent, Malformed, Side
from sync_core.plan.unlinked import Unlinked
from sync_core.reading.partners import (
    counting,
    former_dates,
    known_with,
    may_be_marked,
    named_with,
    naming_unread,
    new_events,
    originals_of,
    to_be_named,
    unknown,
    with_events,
)
from tests.support.samples import (
    PAST_ACTIVITY,
    PAST_EVENT,
    UID,
    a_context,
    a_follower,
    a_link,
    an_activity,
    an_event,
    shown,
    utc,
)

CTX = a_context()


def items(*found: GraphEvent | ErpActivity, **told: Any) -> Unlinked:
    """These items, none of them linked."""
    return Unlinked(
        events={one.id: one for one in found if isinstance(one, GraphEvent)},
        activities={one.id: one for one in found if isinstance(one, ErpActivity)},
        **told,
    )


def naming(ident: str = "A1", uid: str = UID, **told: Any) -> ErpActivity:
    """An activity that names a meeting."""
    return an_activity(id=ident, external_system=MSSYNC_SYSTEM, external_id=uid, **told)


def waiting(side: Side, item: str, **told: Any) -> dict[tuple[Side, str], Pending]:
    """The pending row of one item."""
    return {(side, item): Pending(side, item, **told)}


def test_what_was_read_first_stays() -> None:
    """A second reading of an event adds nothing; another event joins."""
    first, again, other = an_event(), an_event(shown(subject="As it was before")), an_event(id="E2")

    assert with_events(items(first), [again, other]).events == {"E1": first, "E2": other}


@pytest.mark.parametrize(
    ("unlinked", "expected"),
    [
        pytest.param(items(an_activity()), {"A1"}, id="about-to-get-an-event"),
        pytest.param(items(an_activity(PAST_ACTIVITY)), set(), id="out-of-scope"),
        pytest.param(
            items(an_activity(PAST_ACTIVITY), waiting=waiting(Side.ERP, "A1")), {"A1"}, id="out-of-scope-and-begun"
        ),
        pytest.param(items(waiting=waiting(Side.ERP, "A9")), set(), id="begun-and-not-read"),
        pytest.param(items(waiting=waiting(Side.GRAPH, "A1")), set(), id="an-event-of-this-id"),
    ],
)
def test_whose_mark_is_searched(unlinked: Unlinked, expected: set[str]) -> None:
    """An activity may have its event already if it is about to get one, or if a create was under way."""
    assert expected == may_be_marked(unlinked, CTX)


@pytest.mark.parametrize(
    ("event", "link", "counts"),
    [
        pytest.param(an_event(mark="A1"), None, True, id="marked"),
        pytest.param(an_event(), None, False, id="without-a-mark"),
        pytest.param(an_event(mark="A1"), a_link(activity_id="A9"), False, id="linked"),
        pytest.param(an_event(mark="A1"), a_link(event_id="E9"), False, id="copied-with-its-mark"),
        pytest.param(an_event(mark="A1"), a_follower(event_id="E9", activity_id="A1"), True, id="only-followed"),
    ],
)
def test_whose_mark_counts(event: GraphEvent, link: Any, *, counts: bool) -> None:
    """A mark that was copied with an event names an activity that has its event already."""
    unlinked = items(links=(link,) if link else ())

    assert counting([event], unlinked) == ([event] if counts else [])


@pytest.mark.parametrize(
    ("event", "told", "is_new"),
    [
        pytest.param(an_event(), {}, True, id="own"),
        pytest.param(an_event(PAST_EVENT), {}, False, id="out-of-scope"),
        pytest.param(an_event(is_organizer=False), {}, False, id="somebody-elses"),
        pytest.param(an_event(), {"followed": frozenset({"E1"})}, False, id="followed"),
        pytest.param(an_event(), {"named": {UID: (naming(),)}}, False, id="named-by-an-activity"),
        pytest.param(an_event(), {"named": {"uid-2": (naming(uid="uid-2"),)}}, True, id="another-is-named"),
        pytest.param(
            an_event(),
            {"waiting": waiting(Side.GRAPH, "E1", state=PendingState.RELEASED)},
            False,
            id="a-person-chose-a-new-activity",
        ),
        pytest.param(an_event(), {"waiting": waiting(Side.GRAPH, "E1")}, True, id="waiting"),
    ],
)
def test_which_events_look_new(event: GraphEvent, told: dict[str, Any], *, is_new: bool) -> None:
    """Their marks are read: an event that calsync made for an activity must not get a second activity."""
    assert new_events(items(event, **told), CTX) == ([event] if is_new else [])


@pytest.mark.parametrize(
    ("activity", "told", "is_searched"),
    [
        pytest.param(naming(), {}, True, id="names-a-meeting"),
        pytest.param(an_activity(), {}, False, id="names-none"),
        pytest.param(an_activity(external_system="CRM", external_id=UID), {}, False, id="of-another-system"),
        pytest.param(naming(content=PAST_ACTIVITY), {}, False, id="out-of-scope"),
        pytest.param(
            naming(content=PAST_ACTIVITY),
            {"waiting": waiting(Side.ERP, "A1", parked=True, state=PendingState.PARTNER_GONE)},
            True,
            id="out-of-scope-and-hindered",
        ),
        pytest.param(
            naming(content=PAST_ACTIVITY), {"waiting": waiting(Side.ERP, "A1")}, False, id="out-of-scope-and-waiting"
        ),
    ],
)
def test_whose_event_is_searched(activity: ErpActivity, told: dict[str, Any], *, is_searched: bool) -> None:
    """The event that an activity names is searched, unless it was read anyway."""
    assert naming_unread(items(activity, **told), CTX) == ([activity] if is_searched else [])
    assert naming_unread(items(activity, an_event(), **told), CTX) == []


@pytest.mark.parametrize(
    ("unlinked", "marked", "expected"),
    [
        pytest.param(items(an_event()), set(), {UID}, id="in-scope"),
        pytest.param(items(an_event(PAST_EVENT)), set(), set(), id="out-of-scope"),
        pytest.param(items(an_event(PAST_EVENT)), {"E1"}, {UID}, id="out-of-scope-and-marked"),
        pytest.param(items(an_event(PAST_EVENT), naming()), set(), {UID}, id="out-of-scope-and-named"),
        pytest.param(items(an_event(), followed=frozenset({"E1"})), {"E1"}, set(), id="followed"),
        pytest.param(items(an_event(ical_uid="")), {"E1"}, set(), id="without-an-icaluid"),
    ],
)
def test_for_which_events_activities_are_searched(unlinked: Unlinked, marked: set[str], expected: set[str]) -> None:
    """Also where one activity that names the event was read: several may name it."""
    assert expected == to_be_named(unlinked, marked, CTX)


ALIKE: dict[str, Any] = {
    "kind": EventKind.OCCURRENCE,
    "content": shown(start=utc(2026, 1, 27, 8), end=utc(2026, 1, 27, 9)),
}
TUESDAY = Occurrence(f"{EXCHANGE}{NO_DATE}01DC", date(2026, 1, 27), rhythm=Rhythm.WEEKLY)
DATED = an_event(**ALIKE, is_organizer=False, ical_uid=TUESDAY.uid, occurrence=TUESDAY)
EVERY_DAY, FOREIGN = replace(TUESDAY, rhythm=Rhythm.DAILY), replace(TUESDAY, series_uid="uid-1")
THE_31ST = an_event(id="E2", ical_uid=replace(TUESDAY, day=date(2026, 1, 31)).uid)


@pytest.mark.parametrize(
    ("unlinked", "policy", "days"),
    [
        pytest.param(items(DATED), {}, [24, 25, 26, 28, 29, 30, 31, 1, 2], id="less-than-a-week-and-not-over"),
        pytest.param(items(DATED, THE_31ST), {}, [24, 25, 26, 28, 29, 30, 1, 2], id="not-what-is-shown"),
        pytest.param(items(DATED, named={uid_key(TUESDAY.uid): (naming(),)}), {}, [], id="it-has-its-own"),
        pytest.param(items(DATED, followed=frozenset({"E1"})), {}, [], id="a-colleague-feeds-it"),
        pytest.param(items(replace(DATED, kind=EventKind.EXCEPTION)), {}, [], id="a-changed-date"),
        pytest.param(items(replace(DATED, occurrence=EVERY_DAY)), {}, [], id="every-day"),
        pytest.param(items(replace(DATED, occurrence=FOREIGN)), {}, [], id="another-systems-series"),
        pytest.param(items(replace(DATED, is_organizer=True)), {}, [], id="ones-own-series"),
        pytest.param(items(an_event()), {}, [], id="a-single-event"),
        pytest.param(items(replace(DATED, occurrence=None)), {}, [], id="series-are-off"),
        pytest.param(items(DATED), {"winner": Winner.ERP}, [], id="outlooks-time-may-not-count"),
    ],
)
def test_on_which_days_a_series_may_have_left_activities(
    unlinked: Unlinked, policy: dict[str, Any], days: list[int]
) -> None:
    """Each is asked for by name: no more than lie within an interval, and only for dates that else get a new one."""
    asked = former_dates(unlinked, a_context(policy=Policy(**{"series": SeriesRule.WINDOW} | policy)))

    found = sorted(day for day in map(day_in, asked) if day is not None)
    assert [day.day for day in found] == days


def test_activities_by_the_meeting_they_name() -> None:
    """Those among the items and those found; what was found counts where both are the same."""
    newer, unclear = naming("A1", version=7), Malformed(Side.ERP, "A3", "no date")
    found: dict[str, list[ErpActivity | Malformed]] = {
        UID: [newer, naming("A2"), unclear],
        "uid-2": [naming("A4", "uid-2")],
    }

    named = named_with(items(naming("A1"), an_activity(id="A9")), found)

    assert named == {UID: (newer, naming("A2"), unclear), "uid-2": (naming("A4", "uid-2"),)}


@pytest.mark.parametrize(
    ("links", "claims", "expected"),
    [
        pytest.param((), {}, set(), id="nobody-knows-another"),
        pytest.param((a_link(activity_id="A9"),), {}, {"A9"}, id="linked"),
        pytest.param((a_link(activity_id="A9", ical_uid="uid-2"),), {}, set(), id="another-meeting-is-linked"),
        pytest.param((), {UID: Claim(activity_id="A8")}, {"A8"}, id="claimed"),
        pytest.param((a_link(activity_id="A9"),), {UID: Claim(activity_id="A8")}, {"A9", "A8"}, id="both"),
        pytest.param((a_link(),), {UID: Claim(activity_id="A1")}, set(), id="it-is-the-original"),
        pytest.param((a_follower(),), {UID: Claim()}, set(), id="without-an-activity-so-far"),
    ],
)
def test_the_original_of_a_copied_activity(links: Any, claims: dict[str, Claim], expected: set[str]) -> None:
    """An activity that names a meeting whose activity is another one may be a copy that a person made."""
    assert originals_of(items(naming(), links=links), claims, CTX) == {UID: expected}


def test_what_no_longer_matters_has_no_original() -> None:
    """An activity that is out of scope, or names no meeting, is not asked about."""
    claims = {UID: Claim(activity_id="A8")}

    assert originals_of(items(naming(content=PAST_ACTIVITY), an_activity(id="A2")), claims, CTX) == {}


def test_what_is_still_to_be_read() -> None:
    """The activities of marks and originals, but for those that were read: void ones are known, unclear ones not."""
    unlinked = items(
        naming("A1"),
        named={UID: (naming("A2", void=True), Malformed(Side.ERP, "A3", "no date"))},
        marks={"E1": "A2", "E2": "A4"},
        originals={UID: {"A1", "A3", "A5"}},
    )

    assert set(known_with(unlinked)) == {"A1", "A2"}
    assert unknown(unlinked) == {"A3", "A4", "A5"}
