"""One meeting in many calendars is seen whole, the mails of a sync are counted, and a false calsync is found out."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from simulators.demo.hands import control
from simulators.demo.people import BUDGET, colleagues, outside_organizer
from simulators.demo.play import Play, Step, perform
from simulators.demo.report import Mail, round_of
from simulators.demo.screen import Screen
from simulators.demo.stage import GUEST, KIM, STAFF, Companions, Stage
from simulators.demo.views import Activity, Event, Meeting, Participant, Span, read_activity

HOME = "FLE Standard Time"
NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - digits on somebody's own clock
SPAN = Span(NINE, NINE + timedelta(hours=1))


class Pretender:
    """A calsync that does what it is given, and says that all is well."""

    def __init__(self, deed: Callable[[], object] = lambda: None) -> None:
        self._deed = deed

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The answer of a calsync with nothing to do."""
        if words[0] == "sync":
            self._deed()
        quiet = {"upn": "anna@acme.example", "state": "Operational", "full": False, "ran": True}
        return 0, {"failure": "", "users": [quiet], "conflicts": [], "items": []}

    def typed(self, *words: str) -> tuple[int, str]:
        """The same for people."""
        return 0, "Nothing to do."

    def choose(self, setting: str, value: str) -> None:
        """It has no settings."""


@pytest.fixture(scope="module")
def companions() -> Iterator[Companions]:
    """Both stand-ins in processes of their own, and Azurite."""
    with Companions() as running:
        yield running


@pytest.fixture
def stage(companions: Companions) -> Stage:
    """Everybody hired, nothing in their calendars."""
    for origin in companions.origins.values():
        control(origin, "reset")
    stage = Stage(companions.origins["graph"], companions.origins["erpnet"], Pretender(), HOME)
    stage.employ()
    return stage


def played(stage: Stage) -> tuple[Play, io.StringIO]:
    """A performance, and what the audience sees of it."""
    told = io.StringIO()
    return Play(stage, Screen(console=Console(file=told, width=118))), told


def invite(stage: Stage, *guests: str) -> str:
    """Anna invites; the meeting's iCalUId."""
    times = {"start": NINE.isoformat(), "end": SPAN.end.isoformat()}
    ident = stage.outlook.act("create", subject="Talk", attendees=list(guests), **times)
    return str(stage.outlook.act("get", ident=ident)["iCalUId"])


def user(upn: str, **told: Any) -> dict[str, Any]:
    """One user of a report."""
    return {"upn": upn, "state": "Operational", "full": True, **told}


def line(event_id: str, **told: Any) -> dict[str, Any]:
    """One line of a report."""
    return {"what": "x", "subject": "Talk", "reason": "", "event_id": event_id, "before": {}, "after": {}, **told}


def test_report_of_several_users_is_one_round() -> None:
    """Counts add up, each line says whose it is, conflicts and mails are summed."""
    anna = user("anna@acme.example", done={"linked": 1}, skipped={"old": 2}, mails=2, conflicts=1, lines=[line("e1")])
    boris = user("boris@acme.example", done={"linked": 2}, mails=1, failures=["one"], lines=[line("e2")])

    told = round_of(0, {"users": [anna, boris]}, [Mail("invitation", GUEST)])

    assert (Counter(linked=3), Counter(old=2)) == (told.done, told.skipped)
    assert [(one["who"], one["event_id"]) for one in told.lines] == [("Anna", "e1"), ("Boris", "e2")]
    assert (3, 1, (Mail("invitation", GUEST),)) == (told.counted_mails, told.conflicts, told.mails)
    assert (told.users, told.full, told.failures) == (("Anna", "Boris"), True, ("one",))


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((), ""),
        (("Operational", "Operational"), "Operational"),
        (("Operational", "Error: no mailbox"), "Error: no mailbox"),
    ],
    ids=["nobody", "all-well", "one-not"],
)
def test_state_of_several_users(states: tuple[str, ...], state: str) -> None:
    """Everybody's state is Operational only if each one's is."""
    assert state == round_of(0, {"users": [user("x", state=one) for one in states]}).state


def test_activity_knows_its_people() -> None:
    """An activity tells its owner, and who takes part with what they answered; a nameless one stays."""
    told = {"Id": "a", "ExternalId": "u", "Subject": "Talk", "ObjectVersion": 1, "OwnerLogin": "anna"}
    told |= {"Private": False, "Void": False, "ReadOnly": False, "StartTime": "2026-03-02T09:00:00Z"}
    told |= {"EndTime": None, "PlannedDurationMinutes": 60}
    people = [{"Email": "boris@acme.example", "Notes": "Outlook: accepted"}, {"Email": None, "Notes": None}]

    found = read_activity({**told, "Participants": people})

    assert (Participant("boris@acme.example", "Outlook: accepted"), Participant("")) == found.people
    assert (found.owner, found.span) == ("anna", SPAN)


@pytest.mark.parametrize("count", [0, 2])
def test_not_one_activity_is_said(count: int) -> None:
    """A meeting with no activity, or with two, has none to speak of, and says so."""
    activities = tuple(Activity(f"a{n}", "u", "Talk", SPAN, 1) for n in range(count))

    with pytest.raises(LookupError, match=f"{count} activities"):
        _ = Meeting({}, activities).activity


def test_meeting_is_shown_in_every_calendar() -> None:
    """Each one's copy with mark and answer, the activity with its owner and people, side by side."""
    words: dict[str, Any] = {"ical_uid": "u", "span": SPAN, "version": "v"}
    boris = Event("e1", subject="Talk", answer="accepted", categories=("ERP.net conflict",), **words)
    people = (Participant("carl@acme.example", "Outlook: declined"), Participant(GUEST))
    play, told = played(Stage("", "", Pretender(), HOME))

    play.screen.meeting(
        Meeting({"boris": boris}, (Activity("a", "u", "Walk", SPAN, 1, owner="boris", people=people),))
    )

    shown = [cell.split() for cell in told.getvalue().splitlines()]
    assert shown[0] == ["Anna's", "Outlook", "Boris's", "Outlook", "Carl's", "Outlook", "ERP.net"]
    assert shown[1] == ["–", "Mon", "02.03.26", "09:00–10:00", "–", "Mon", "02.03.26", "09:00–10:00"]
    assert shown[2:4] == [["[conflict]", "Walk"], ["Talk", "owner:", "Boris"]]
    assert shown[4:6] == [["accepted", "Carl:", "declined"], [GUEST]]


def test_meeting_is_seen_in_every_mailbox(stage: Stage) -> None:
    """A meeting is found by its iCalUId in the organizer's mailbox and in those of the invited, and in no other."""
    uid = invite(stage, "boris@acme.example", GUEST)

    copies = stage.meeting(uid).copies

    assert set(STAFF) == set(copies)
    assert [login for login, copy in copies.items() if copy is not None] == ["anna", "boris"]


def test_mails_of_a_sync_are_those_sent_meanwhile(stage: Stage) -> None:
    """What people's own acts mail is not calsync's doing; what is mailed while it runs is."""
    invite(stage, "boris@acme.example")
    stage.calsync = Pretender(lambda: invite(stage, GUEST))

    assert (Mail("invitation", GUEST),) == stage.sync().mails
    assert stage.sync().counted_mails == 0


@pytest.mark.parametrize("step", [colleagues, outside_organizer])
def test_calsync_that_does_nothing_is_found_out(stage: Stage, step: Callable[[Play], None]) -> None:
    """Without an activity for the meeting the step fails, in words."""
    play, told = played(stage)

    assert perform(play, [Step("people", step, "")]) == [1]
    assert "✗ not so" in told.getvalue()
    assert "the meeting has 0 activities" in told.getvalue()


def test_calsync_that_copies_the_meeting_is_found_out(stage: Stage) -> None:
    """One activity for each mailbox is one too many, whoever made it."""

    def copy_for_each() -> None:
        for login in ("anna", "boris", "carl"):
            stage.desk(login).act("create", subject=BUDGET, start="2026-03-02T09:00")

    stage.calsync = Pretender(copy_for_each)
    play, told = played(stage)

    assert perform(play, [Step("people", colleagues, "")]) == [1]
    assert "✗ not so: three mailboxes have it, and one activity was made" in told.getvalue()


def test_calsync_that_mails_is_found_out(stage: Stage) -> None:
    """An activity is not enough: an invitation that nobody asked for fails the step, and says whom it reached."""

    def answer_with_a_mail() -> None:
        ident = stage.outlook.act("find", subject=BUDGET)
        uid = stage.outlook.act("get", ident=ident)["iCalUId"]
        activity = stage.desk().act("create", subject=BUDGET, start="2026-03-02T09:00")
        stage.desk().act("edit", activity=activity, ExternalId=uid)
        invite(stage, GUEST)

    stage.calsync = Pretender(answer_with_a_mail)
    play, told = played(stage)

    assert perform(play, [Step("people", colleagues, "")]) == [1]
    assert "✓ three mailboxes have it, and one activity was made" in told.getvalue()
    assert f"✗ not so: calsync caused no mail; Exchange sent: invitation to {GUEST}" in told.getvalue()


def test_somebody_of_another_company_invites(stage: Stage) -> None:
    """An outsider's meeting reaches the invited mailbox, and is the outsider's."""
    times = {"start": NINE.isoformat(), "end": SPAN.end.isoformat(), "zone": HOME}
    kim = stage.outsider(KIM)
    ident = kim.act("create", subject="Pitch", attendees=["carl@acme.example"], **times)

    copy = stage.meeting(kim.act("get", ident=ident)["iCalUId"]).copies["carl"]

    assert copy is not None
    assert (copy.organizer, copy.is_own, copy.span) == (KIM, False, SPAN)
