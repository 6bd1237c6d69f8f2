"""A file of invitations, updates, cancellations and answers ends as a mailbox would: the newest version counts."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from simulators.demo.ics import ANSWERS, UNREADABLE
from simulators.demo.versions import CANCELLED, OLDER
from tests.support.calendar_files import calendar, read_calendars, titles, vevent


def message(method: str, *lines: str, uid: str = "m") -> str:
    """A calendar that was sent with a method."""
    return calendar(vevent(uid, *lines), head=f"METHOD:{method}")


INVITED = message("REQUEST", "SEQUENCE:0", "SUMMARY:Budget")
MOVED = message("REQUEST", "SEQUENCE:2", "SUMMARY:Budget, moved")
ENDED = message("CANCEL", "SEQUENCE:3")
ANSWER = message("REPLY", "SEQUENCE:2", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:jane@acme.example")
OTHER = calendar(vevent("other"))


@pytest.mark.parametrize("files", list(permutations([INVITED, MOVED, ANSWER, OTHER])))
def test_the_newest_version_counts_in_whatever_order(files: tuple[str, ...]) -> None:
    """An update wins over the invitation, the answer is no meeting, and both are counted."""
    export = read_calendars(*files)

    assert sorted(titles(export)) == ["Budget, moved", "other"]
    assert export.remarks == {OLDER: 1, ANSWERS: 1}


@pytest.mark.parametrize("files", list(permutations([INVITED, MOVED, ENDED, OTHER])))
def test_a_cancelled_meeting_is_gone(files: tuple[str, ...]) -> None:
    """A cancellation takes all older versions with it, wherever it stands in the file."""
    export = read_calendars(*files)

    assert (titles(export), export.remarks) == (["other"], {OLDER: 2, CANCELLED: 1})


def test_a_cancellation_that_names_no_version_means_all() -> None:
    """Programs leave SEQUENCE out."""
    assert titles(read_calendars(message("CANCEL"), MOVED, OTHER)) == ["other"]


def test_an_invitation_after_the_cancellation_counts() -> None:
    """Whoever invites anew means it."""
    again = message("REQUEST", "SEQUENCE:4", "SUMMARY:Budget again")

    assert titles(read_calendars(INVITED, again, ENDED)) == ["Budget again"]


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH", "reply"])
def test_answers_are_no_meetings(method: str) -> None:
    """What attendees send back is counted; it replaces no invitation, however new it is."""
    export = read_calendars(INVITED, message(method, "SEQUENCE:9", "SUMMARY:Accepted: Budget"))

    assert (titles(export), export.remarks) == (["Budget"], {ANSWERS: 1})


def test_of_one_sequence_the_later_stamp_counts() -> None:
    """RFC 5546: then DTSTAMP decides, in whatever zone; a cancellation at the same moment wins."""
    early = message("PUBLISH", "DTSTAMP:20260301T100000Z", "SUMMARY:early")
    late = message("PUBLISH", "DTSTAMP:20260301T110000Z", "SUMMARY:late")
    ended = message("CANCEL", "DTSTAMP:20260301T110000Z")

    assert titles(read_calendars(late, early, OTHER)) == ["late", "other"]
    assert titles(read_calendars(ended, late, OTHER)) == ["other"]


def test_of_two_alike_the_later_in_the_file_counts() -> None:
    """A file imported twice, or joined of two, has each event once."""
    export = read_calendars(calendar(vevent("a", "SUMMARY:one")), calendar(vevent("a", "SUMMARY:two")))

    assert (titles(export), export.remarks) == (["two"], {OLDER: 1})


def test_an_update_that_cannot_be_read_replaces_nothing() -> None:
    """The version before it is all there is to show."""
    export = read_calendars(INVITED, message("REQUEST", "SEQUENCE:7", "DTSTART:soon"))

    assert (titles(export), export.remarks) == (["Budget"], {UNREADABLE: 1})


def test_events_without_an_id_are_all_different() -> None:
    """Programs that write no UID mean no versions."""
    export = read_calendars(calendar(vevent("", "SUMMARY:one"), vevent("", "SUMMARY:two")))

    assert (titles(export), export.remarks) == (["one", "two"], {})


SERIES = ("DTSTART;TZID=Europe/Sofia:20260302T010000", "RRULE:FREQ=WEEKLY")


def test_a_cancelled_date_of_a_series_is_left_out_of_it() -> None:
    """The date does not take place; the series goes on."""
    gone = message("CANCEL", "SEQUENCE:1", "RECURRENCE-ID:20260308T230000Z")
    export = read_calendars(message("REQUEST", *SERIES), gone)

    [entry] = export.entries
    assert ((date(2026, 3, 9),), {CANCELLED: 1}) == (entry.left_out, export.remarks)


def test_a_cancelled_series_takes_its_changed_dates_along() -> None:
    """But not one that was invited anew."""
    old = message("REQUEST", "SEQUENCE:1", "SUMMARY:old", "RECURRENCE-ID:20260308T230000Z")
    new = message("REQUEST", "SEQUENCE:5", "SUMMARY:new", "RECURRENCE-ID:20260315T230000Z")
    export = read_calendars(message("REQUEST", *SERIES), old, new, ENDED)

    assert (titles(export), export.remarks) == (["new"], {OLDER: 1, CANCELLED: 2})


def test_a_changed_date_has_versions_of_its_own() -> None:
    """An update of one date replaces the older one of that date, in whatever zone it is named, and not the series."""
    first = message("REQUEST", "SEQUENCE:1", "SUMMARY:first", "RECURRENCE-ID;TZID=Europe/Sofia:20260309T010000")
    second = message("REQUEST", "SEQUENCE:2", "SUMMARY:second", "RECURRENCE-ID:20260308T230000Z")

    assert titles(read_calendars(message("REQUEST", "SUMMARY:series", *SERIES), second, first)) == [
        "series",
        "second",
    ]


def test_a_date_added_to_a_series_is_an_event_of_its_own() -> None:
    """METHOD:ADD bears the series' id and replaces nothing."""
    added = message("ADD", "SEQUENCE:3", "SUMMARY:extra")

    assert titles(read_calendars(message("REQUEST", "SUMMARY:series", *SERIES), added)) == ["series", "extra"]
