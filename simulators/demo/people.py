"""The two steps about people: a meeting of three colleagues, and one that another company organizes.

Each shows the meeting in everybody's Outlook beside its one activity, and counts the mails that calsync causes.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from simulators.demo.play import Play
from simulators.demo.report import WELL, Mail, Round, named
from simulators.demo.screen import posted
from simulators.demo.stage import COLLEAGUE, FOURTH, GUEST, KIM, LOGIN, THIRD, Hands, upn_of
from simulators.demo.views import Event, Meeting

OWN_OF_BORIS = "Boris: stock-taking"
"""What Boris wrote into ERP.net while his sync was off."""

BUDGET = "Budget round"
PITCH, OURS, MOVED, AGAIN = "Pitch", "Pitch: bring the contract", "Pitch at your office", "Pitch with a demo"
"""The meeting of another company, by the titles it gets."""

BORIS, CARL, DORA = upn_of(COLLEAGUE), upn_of(THIRD), upn_of(FOURTH)
ACCEPTED, DELETED = "Outlook: accepted", "Outlook: deleted from the calendar"
FED = "the meeting is fed from another calendar"
AT = time(10)
SATURDAY = 5
HOUR = timedelta(hours=1)
ON = (LOGIN, COLLEAGUE, THIRD)
"""Whose sync is on."""


def colleagues(play: Play) -> None:
    """Three mailboxes, one activity: answers stand on its participants, and who is added there hears of it."""
    for login in (COLLEAGUE, THIRD):
        play.deed(f"{named(login)} switches his sync on, too")
        play.expect(f"{named(login)} is switched on", play.stage.enable(login))
    play.deed(f"Anna invites Boris, Carl and {GUEST} to “{BUDGET}” in Outlook, which sends three invitations")
    ident, uid = _invite(play, play.stage.outlook, BUDGET, [BORIS, CARL, GUEST], days=3)
    _one_for_all(play, uid)
    _answered(play, uid)
    _one_more(play, ident, uid)


def _one_for_all(play: Play, uid: str) -> None:
    before = len(play.world.activities)

    told, meeting = play.sync_meeting(uid)

    made = len(play.world.activities) - before
    for login in (COLLEAGUE, THIRD):
        others = told.left[named(login), FED] - 1
        if others > 0:
            which = "other one is a meeting" if others == 1 else f"{others} others are meetings"
            play.screen.say(f"    ({named(login)}'s {which} to which Anna had invited him before.)", "dim")
    play.expect("three mailboxes have it, and one activity was made", made == len(meeting.activities) == 1)
    play.expect("it is Anna's; Boris, Carl and the guest take part", _is_of(meeting, LOGIN, BORIS, CARL, GUEST))
    own = play.stage.mailbox(COLLEAGUE).act("find", subject=OWN_OF_BORIS)
    play.expect("the activity that Boris had written stands in his Outlook now", own is not None)
    play.expect("everybody's state is Operational", told.state == WELL)
    _expect_mails(play, told)
    play.expect_in_step()


def _answered(play: Play, uid: str) -> None:
    play.deed("Boris accepts in Outlook; Carl deletes his copy without a word")
    _act(play, uid, COLLEAGUE, "accept")
    _act(play, uid, THIRD, "delete")

    told, meeting = play.sync_meeting(uid)

    play.expect(
        "both answers stand on the participants", meeting.answers == {BORIS: ACCEPTED, CARL: DELETED, GUEST: ""}
    )
    play.expect("nothing is voided, and the meeting goes on", _goes_on(meeting, told))
    _expect_mails(play, told)
    play.expect_in_step()


def _one_more(play: Play, ident: str, uid: str) -> None:
    activity = play.stage.meeting(uid).activity
    play.deed(f"Boris adds {DORA}, whose sync is off, to the activity in ERP.net")
    play.stage.desk(COLLEAGUE).act("add_participant", activity=activity.id, who=FOURTH)

    told, meeting = play.sync_meeting(uid)

    guests = play.world.of(ident).event
    everybody = {BORIS, CARL, DORA, GUEST}
    play.expect("Anna's event has all four guests", guests is not None and set(guests.people) == everybody)
    play.expect(
        "Dora finds it in her Outlook; Carl's copy stays deleted", _holders(meeting) == {*ON, FOURTH} - {THIRD}
    )
    _expect_mails(play, told, Mail("invitation", DORA))
    play.expect_in_step()


def outside_organizer(play: Play) -> None:
    """Who organizes has the last word, and the activity outlives each calendar that feeds it, but not the meeting."""
    kim = play.stage.outsider(KIM)
    play.deed(f"{KIM}, of another company, invites Boris and Carl to “{PITCH}”")
    ident, uid = _invite(play, kim, PITCH, [BORIS, CARL], days=4)
    holder, other = _fed_from_one(play, uid)
    _not_ours_to_edit(play, kim, ident, uid, holder)
    _organizer_wins(play, kim, ident, uid, holder)
    _handed_on(play, uid, holder, other)
    _fed_from_the_other(play, kim, ident, uid, other)
    _cancelled(play, kim, ident, uid)


def _fed_from_one(play: Play, uid: str) -> tuple[str, str]:
    """Whose calendar feeds the activity, and who follows."""
    before = len(play.world.activities)

    told, meeting = play.sync_meeting(uid)

    made = len(play.world.activities) - before
    play.expect("two mailboxes have it, and one activity was made", made == len(meeting.activities) == 1)
    holder = meeting.activity.owner
    other = next((login for login in (COLLEAGUE, THIRD) if login != holder), "")
    play.expect(f"it is {named(holder)}'s; {named(other)} takes part", _is_of(meeting, holder, upn_of(other)))
    play.expect(f"calsync says of {named(other)}'s copy: {FED}", told.skipped[FED] == 1)
    _expect_mails(play, told)
    play.expect_in_step()
    return holder, other


def _not_ours_to_edit(play: Play, kim: Hands, ident: str, uid: str, holder: str) -> None:
    version = _version(kim, ident)
    play.deed(f"Anna renames it to “{OURS}” in ERP.net")
    play.stage.desk(LOGIN).act("edit", activity=play.stage.meeting(uid).activity.id, subject=OURS)

    told, meeting = play.sync_meeting(uid)

    untouched = _titles(meeting) == {PITCH} and _version(kim, ident) == version
    play.expect("the meeting is Kim's: no copy of it is renamed, Kim's own is untouched", untouched)
    play.expect(
        f"{named(holder)}'s copy wears the category “ERP.net conflict”",
        told.conflicts == 1 and _marked(meeting) == {holder},
    )
    play.type("conflicts", "--user", upn_of(holder))
    values = [(x["event_value"], x["activity_value"]) for one in play.stage.conflicts() for x in one["clashes"]]
    play.expect("it is listed with both values", values == [(PITCH, OURS)])
    _expect_mails(play, told)


def _organizer_wins(play: Play, kim: Hands, ident: str, uid: str, holder: str) -> None:
    play.deed(f"Kim renames it to “{MOVED}”")
    kim.act("edit", ident=ident, subject=MOVED)

    told, meeting = play.sync_meeting(uid)

    play.expect("everybody has Kim's title, ERP.net too", _titles(meeting) == {MOVED} == {meeting.activity.subject})
    play.expect("the category is gone", not _marked(meeting))
    play.expect("calsync reports no open conflict any more", told.conflicts == 0)
    play.type("why", upn_of(holder), MOVED)
    kept = [item for item in play.stage.why(MOVED, holder) if OURS in item["before"].values()]
    play.expect(f"it still knows “{OURS}”, from the journal", bool(kept))
    _expect_mails(play, told)


def _handed_on(play: Play, uid: str, holder: str, other: str) -> None:
    before = play.stage.meeting(uid).activity.id
    play.deed(f"{named(holder)}, whose calendar feeds it, declines")
    _act(play, uid, holder, "decline")

    told, meeting = play.sync_meeting(uid)

    play.expect("the activity is the same, and not void", meeting.activity.id == before and _goes_on(meeting, told))
    play.expect(f"{named(other)} has it still", _holders(meeting) == {other})
    _expect_mails(play, told)


def _fed_from_the_other(play: Play, kim: Hands, ident: str, uid: str, other: str) -> None:
    before = play.stage.meeting(uid).activity.id
    play.deed(f"Kim renames it to “{AGAIN}”")
    kim.act("edit", ident=ident, subject=AGAIN)

    told, meeting = play.sync_meeting(uid)

    same = meeting.activity.id == before and meeting.activity.subject == AGAIN
    play.expect("the same activity has the new title", same)
    copy = meeting.copies[other]
    fed = copy is not None and AGAIN in told.after(copy.id)
    play.expect(f"calsync took it from {named(other)}'s calendar", fed)
    _expect_mails(play, told)


def _cancelled(play: Play, kim: Hands, ident: str, uid: str) -> None:
    play.deed("Kim cancels")
    kim.act("cancel", ident=ident)

    told, meeting = play.sync_meeting(uid)

    play.expect("its activity is void", meeting.activity.void)
    play.expect("calsync reports one activity voided", told.done["activity voided"] == 1)
    _expect_mails(play, told)
    play.expect_in_step()


def _invite(play: Play, organizer: Hands, title: str, guests: list[str], days: int) -> tuple[str, str]:
    """A new meeting's id and iCalUId."""
    day = play.stage.today + timedelta(days=days)
    at = datetime.combine(day + timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0), AT)
    times = {"start": at.isoformat(), "end": (at + HOUR).isoformat(), "zone": play.stage.zone_name}
    ident = str(organizer.act("create", subject=title, attendees=guests, **times))
    return ident, str(organizer.act("get", ident=ident)["iCalUId"])


def _act(play: Play, uid: str, login: str, do: str) -> None:
    """Somebody does something with their own copy."""
    copy = play.stage.meeting(uid).copies[login]
    if copy is None:
        raise LookupError(f"{named(login)} has no copy of the meeting")
    play.stage.mailbox(login).act(do, ident=copy.id)


def _version(organizer: Hands, ident: str) -> str:
    return str(organizer.act("get", ident=ident)["changeKey"])


def _copies(meeting: Meeting) -> dict[str, Event]:
    return {login: copy for login, copy in meeting.copies.items() if copy is not None}


def _holders(meeting: Meeting) -> set[str]:
    return set(_copies(meeting))


def _titles(meeting: Meeting) -> set[str]:
    return {copy.subject for copy in _copies(meeting).values()}


def _marked(meeting: Meeting) -> set[str]:
    return {login for login, copy in _copies(meeting).items() if copy.is_marked}


def _is_of(meeting: Meeting, owner: str, *people: str) -> bool:
    return meeting.activity.owner == owner and sorted(meeting.answers) == sorted(people)


def _goes_on(meeting: Meeting, told: Round) -> bool:
    return not meeting.activity.void and not told.done["activity voided"]


def _expect_mails(play: Play, told: Round, *mails: Mail) -> None:
    """Nobody but these hears of what calsync did, and its own count says so."""
    words = f"calsync caused exactly one mail: {posted(mails)}" if mails else "calsync caused no mail"
    ok = list(told.mails) == list(mails) and told.counted_mails == len(mails)
    play.expect(words if ok else f"{words}; Exchange sent: {posted(told.mails) or 'none'}", ok)
