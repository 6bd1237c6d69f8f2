"""By which names a link is found."""

from __future__ import annotations

from datetime import date

from sync_core.content.names import ALL_FOLLOWERS, Names, named, names_of
from sync_core.content.ranges import uid_key
from sync_core.model.series import Occurrence
from tests.support.samples import a_follower, a_link


def test_a_link_has_an_event_an_activity_and_a_meeting() -> None:
    """A meeting's name is the same in any letter case, and for its ExternalId."""
    link = a_link(event_id="E", activity_id="A", ical_uid="UID" * 100)

    assert names_of(link) == named(events=["E"], activities=["A"], ical_uids=[("uid" * 100)])
    assert names_of(link).meetings == {uid_key("UID" * 100)}


def test_what_a_link_does_not_have_names_nothing() -> None:
    """An event without an iCalUId belongs to no meeting, and a follower's activity is its claim's."""
    assert names_of(a_link(event_id="E", activity_id="A", ical_uid="")) == named(events=["E"], activities=["A"])
    follower = a_follower(event_id="E", activity_id="", ical_uid="u")
    assert names_of(follower) == named(events=["E"], ical_uids=["u"]) | ALL_FOLLOWERS


def test_a_date_is_found_by_its_series() -> None:
    """Of which Graph says that it has changed, and nothing of its dates; and by what it is in every mailbox."""
    link = a_link(event_id="E", activity_id="A", ical_uid="u", occurrence=Occurrence("S", date(2026, 2, 2), "M"))

    assert names_of(link).series == {"M", "s"}


def test_names_add_and_take_away() -> None:
    """Each kind by itself: an event may be called as an activity is."""
    both = named(events=["x"]) | named(activities=["x", "y"])

    assert both - named(events=["x"]) == named(activities=["x", "y"])
    assert (len(both), len(both - both), bool(Names())) == (3, 0, False)
