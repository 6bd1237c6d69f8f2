"""The story in 13 steps. Each acts as people do, lets calsync sync, and checks both calendars and the report."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulators.demo import people, series
from simulators.demo.play import Play, Step
from simulators.demo.stage import COLLEAGUE, LOGIN, THIRD, upn_of
from simulators.demo.views import Activity, Event, Row, Span, is_due, is_in_window

HOUR = timedelta(hours=1)
FAR = timedelta(days=91)
"""Well beyond the month that calsync looks ahead, on the same weekday."""

ENDED = frozenset({"deleted in Outlook", "cancelled"})
"""Why calsync leaves alone what ended in an earlier step."""

NO_WRITES = "the versions of all events and activities are what they were"


def _pair(row: Row) -> tuple[Event, Activity]:
    """Both sides of a role; a LookupError in plain words where one is missing."""
    if row.event is None or row.activity is None:
        raise LookupError("a meeting of the story has no counterpart")
    return row.event, row.activity


def _later(span: Span, by: timedelta) -> dict[str, str]:
    """The words that move an event."""
    return {"start": (span.start + by).isoformat(), "end": (span.end + by).isoformat()}


def _titles(row: Row) -> tuple[str, str]:
    return (row.event.subject if row.event else "", row.activity.subject if row.activity else "")


def _starts(row: Row) -> tuple[datetime | None, datetime | None]:
    return (row.event.span.start if row.event else None, row.activity.span.start if row.activity else None)


def first_sync(play: Play) -> None:
    """What lies in the coming month arrives on the other side; the rest is left alone, each with its reason."""
    today = play.stage.today
    at = datetime.combine(today + timedelta(days=2), datetime.min.time()) + timedelta(hours=16, minutes=30)
    task: dict[str, object] = {
        "system_type": "Communication",
        "document_type": "Call",
        "start": f"{at:%Y-%m-%dT%H:%M}",
        "participants": [THIRD],
    }
    play.deed("Anna has her calendar in Outlook, and writes a phone call with Carl into ERP.net")
    call = play.stage.desk(LOGIN).act("create", subject="Call back: offer for the new lease", **task)
    play.deed("Boris, whose sync is off, writes an activity of his own into ERP.net")
    foreign = play.stage.desk(COLLEAGUE).act("create", subject=people.OWN_OF_BORIS, start=f"{at:%Y-%m-%dT}11:00")
    play.deed("Anna switches her sync on")
    play.expect("Anna is switched on", play.stage.enable(LOGIN))
    plan = play.type("preview", "--user", upn_of(LOGIN)).split("\n")

    told = play.sync()

    for what in ("activity created", "event created"):
        planned = sum(line.startswith(f"  {what}: ") for line in plan)
        play.expect(f"{what}: {planned} by the preview, and as many by the sync", planned == told.done[what])

    rows = play.world.rows
    due = [r for r in rows if r.event and r.event.kind == "singleInstance" and is_due(r.event, today)]
    late = [r for r in due if r.activity is None]
    play.expect(f"all {len(due) - 1} single events of the coming month became activities", not late)
    early = [r for r in rows if r.event and r.activity and not is_due(r.event, today)]
    play.expect("no other event did: no series, nothing past, cancelled or too far", not early)
    made = [r for r in rows if r.activity and r.activity.id == call and r.event]
    play.expect("the phone call of ERP.net stands in Outlook", len(made) == 1)
    alone = [r for r in rows if r.activity and r.activity.id == foreign and r.event is None]
    play.expect("the activity of Boris does not", len(alone) == 1)
    counts = (told.done["activity created"], told.done["event created"])
    play.expect(f"calsync reports {len(due) - 1} activities and 1 event created", counts == (len(due) - 1, 1))
    play.expect("Anna's state is Operational", told.state == "Operational")
    crowded = sum(bool(r.event.people or r.activity.people) for r in rows if r.event and r.activity)
    play.expect(
        f"{crowded} of them have other people in them; calsync invited 0, and no mail was sent", not told.mails
    )
    play.expect_in_step()


def edits_on_both_sides(play: Play) -> None:
    """One edit on each side goes to the other."""
    moved, _ = _pair(play.role("moved"))
    renamed, activity = _pair(play.role("renamed"))
    start, title = moved.span.start + HOUR, f"New room: {renamed.subject}"
    play.deed(f"Anna drags “{moved.subject}” one hour later in Outlook")
    play.stage.outlook.act("move_time", ident=moved.id, **_later(moved.span, HOUR))
    play.deed(f"Boris renames “{renamed.subject}” to “{title}” in ERP.net")
    play.stage.desk(COLLEAGUE).act("edit", activity=activity.id, subject=title)

    told = play.sync()

    play.expect(f"both calendars have the first at {start:%H:%M}", _starts(play.role("moved")) == (start, start))
    play.expect("both calendars have the second under its new title", _titles(play.role("renamed")) == (title, title))
    deeds = told.told(moved.id), told.told(renamed.id)
    play.expect(
        "calsync reports one activity and one event updated", deeds == (["activity updated"], ["event updated"])
    )
    play.type("status", "--user", upn_of(LOGIN))
    play.expect_in_step()


def different_fields(play: Play) -> None:
    """Two people change different fields of one meeting: both edits survive."""
    event, activity = _pair(play.role("merged"))
    start, title = event.span.start + HOUR, f"With minutes: {event.subject}"
    play.deed(f"Anna drags “{event.subject}” one hour later in Outlook")
    play.stage.outlook.act("move_time", ident=event.id, **_later(event.span, HOUR))
    play.deed(f"Boris, at the same time, renames it to “{title}” in ERP.net")
    play.stage.desk(COLLEAGUE).act("edit", activity=activity.id, subject=title)

    told = play.sync()

    row = play.role("merged")
    play.expect(f"both calendars have Anna's time, {start:%H:%M}", _starts(row) == (start, start))
    play.expect("both calendars have the title Boris gave it", _titles(row) == (title, title))
    play.expect("calsync reports that it updated both", told.told(event.id) == ["both updated"])
    play.expect_in_step()


def clash_of_one_field(play: Play) -> None:
    """Both change the title: one wins by the company's rule, the other is kept in the journal."""
    event, activity = _pair(play.role("clashed"))
    wins, loses = f"Final: {event.subject}", f"Postponed? {event.subject}"
    play.deed(f"Boris renames “{event.subject}” to “{loses}” in ERP.net")
    play.stage.desk(COLLEAGUE).act("edit", activity=activity.id, subject=loses)
    play.deed(f"Anna renames it to “{wins}” in Outlook within the same two minutes")
    play.stage.outlook.act("edit", ident=event.id, subject=wins)

    told = play.sync()

    play.expect("both calendars say what Anna wrote", _titles(play.role("clashed")) == (wins, wins))
    play.expect("calsync's report shows the value that lost", loses in told.before(event.id))
    play.type("why", upn_of(LOGIN), wins)
    kept = [item for item in play.stage.why(wins) if loses in item["before"].values()]
    play.expect(f"it tells from the journal that “{loses}” lost", bool(kept))
    play.screen.say("  (The later edit wins; within two minutes the clocks cannot tell, and Outlook does.)", "dim")
    play.expect_in_step()


def locked_activity(play: Play) -> None:
    """A read-only activity refuses Outlook's edit: the event is marked; once released, the edit goes through."""
    event, activity = _pair(play.role("locked"))
    title = f"In spring: {event.subject}"
    play.deed(f"Boris makes “{event.subject}” read-only in ERP.net")
    play.stage.desk(COLLEAGUE).act("set_read_only", activity=activity.id, read_only=True)
    play.deed(f"Anna renames it to “{title}” in Outlook")
    play.stage.outlook.act("edit", ident=event.id, subject=title)
    _refused(play, event, title)
    play.deed("Boris takes the read-only flag off")
    play.stage.desk(COLLEAGUE).act("set_read_only", activity=activity.id, read_only=False)
    _released(play, title)


def _refused(play: Play, event: Event, title: str) -> None:
    told = play.sync()
    row = play.role("locked")
    play.expect("Outlook has the new title, ERP.net the old one", _titles(row) == (title, event.subject))
    play.expect("the event wears the category “ERP.net conflict”", bool(row.event and row.event.is_marked))
    play.expect("calsync says why: the activity is read-only", "read-only" in told.reasons(event.id))
    play.type("conflicts")
    listed = [c for c in play.stage.conflicts() if c["event_id"] == event.id]
    values = [(c["event_value"], c["activity_value"]) for one in listed for c in one["clashes"]]
    play.expect("it is listed with both values", values == [(title, event.subject)])
    play.expect_in_step()


def _released(play: Play, title: str) -> None:
    play.sync()
    row = play.role("locked")
    play.expect("both calendars have the new title", _titles(row) == (title, title))
    play.expect("the category is gone", row.event is not None and not row.event.is_marked)
    play.expect("`calsync conflicts` lists nothing any more", play.stage.conflicts() == [])
    play.expect_in_step()


def answered_conflict(play: Play) -> None:
    """The same lock; this time a person answers the conflict, and ERP.net's value stays."""
    event, activity = _pair(play.role("locked"))
    play.deed(f"Boris completes “{event.subject}” in ERP.net, which locks it")
    play.stage.desk(COLLEAGUE).act("complete", activity=activity.id)
    play.deed(f"Anna renames it to “Too late: {event.subject}” in Outlook")
    play.stage.outlook.act("edit", ident=event.id, subject=f"Too late: {event.subject}")
    play.sync()
    [conflict] = [one for one in play.stage.conflicts() if one["event_id"] == event.id]
    play.deed("Anna lists what the two sides disagree about, and lets ERP.net's title stay")
    play.type("conflicts", "--user", upn_of(LOGIN))

    play.type("resolve", conflict["id"], "--keep", "erp")

    before, play.world = play.world, play.stage.look()
    play.screen.calendars(play.world, play.world.changed_since(before))
    row = play.role("locked")
    play.expect("both calendars have ERP.net's title", _titles(row) == (event.subject, event.subject))
    play.expect("the category is gone", row.event is not None and not row.event.is_marked)
    play.expect("`calsync conflicts` lists nothing any more", play.stage.conflicts() == [])
    play.expect_in_step()


def deletion(play: Play) -> None:
    """What is deleted in Outlook is voided in ERP.net, not destroyed."""
    event, activity = _pair(play.role("deleted"))
    play.deed(f"Anna deletes “{event.subject}” in Outlook")
    play.stage.outlook.act("delete", ident=event.id)

    told = play.sync()

    left = play.world.activity(activity.id)
    play.expect("the event is gone from Outlook", play.world.of(event.id) == Row())
    play.expect("its activity is still in ERP.net, and void", left is not None and left.void)
    play.expect("calsync reports one activity voided", told.told(event.id) == ["activity voided"])
    play.expect_in_step()


def out_of_the_window(play: Play) -> None:
    """A meeting moved far away is followed; leaving the window is no deletion."""
    event, _ = _pair(play.role("pushed"))
    start = event.span.start + FAR
    play.deed(f"Anna moves “{event.subject}” to {start:%d.%m.%Y} in Outlook, far beyond the coming month")
    play.stage.outlook.act("move_time", ident=event.id, **_later(event.span, FAR))

    told = play.sync()

    row = play.role("pushed")
    play.expect(
        "its day is out of the window", row.event is not None and not is_in_window(row.event.span, play.stage.today)
    )
    play.expect("its activity moved along", _starts(row) == (start, start))
    play.expect("nothing was voided", row.is_pair and not told.done["activity voided"])
    play.expect("calsync reports one activity updated", told.told(event.id) == ["activity updated"])
    play.expect_in_step()


def full_refresh(play: Play) -> None:
    """Everything is read again and found in step: nothing is made twice."""
    before = play.world
    play.deed("An administrator asks for a full refresh")

    told = play.sync("--full")

    if {reason for _, reason in told.left} & ENDED:
        play.screen.say(
            "    (What was deleted or cancelled in the steps before is void in ERP.net, and stays so.)", "dim"
        )
    made = told.done["activity created"] + told.done["event created"]
    play.expect("calsync reports a full refresh with 0 creates", told.full and made == 0)
    play.expect("neither calendar has more in it", len(play.world.rows) == len(before.rows))
    play.expect("no mail was sent", not told.mails)
    play.expect(NO_WRITES, not play.world.changed_since(before))
    play.expect_in_step()


def idle_round(play: Play) -> None:
    """Nobody did anything, so nothing is written."""
    before = play.world
    play.deed("Nobody does anything")
    play.stage.forget_requests()

    told = play.sync()

    requests, writes = play.stage.requests()
    for line in writes:
        play.screen.say(f"    {line}", "red")
    play.expect(f"of calsync's {requests} requests 0 wrote: no POST, PATCH or DELETE of an item", not writes)
    play.expect(NO_WRITES, not play.world.changed_since(before))
    play.expect("calsync reports that it did nothing", not told.done)
    play.expect_in_step()


STEPS = (
    Step(
        "the first sync",
        first_sync,
        "what lies in the coming month arrives on the other side and mails nobody; the rest is left alone, each with "
        "its reason. `calsync preview` says it all before.",
    ),
    Step("one edit on each side", edits_on_both_sides, "each goes to the other side; `calsync status` shows it."),
    Step(
        "different fields of one meeting, edited on both sides",
        different_fields,
        "both edits survive, each on both sides.",
    ),
    Step(
        "the same field, edited on both sides",
        clash_of_one_field,
        "one wins by the company's rule; the value that lost is kept, and `calsync why` tells it.",
    ),
    Step(
        "an activity that is locked, and released",
        locked_activity,
        "the lock is respected, `calsync conflicts` lists both values, and once released, the edit goes through.",
    ),
    Step(
        "a conflict that a person answers",
        answered_conflict,
        "`calsync resolve` keeps the side that one chooses, and the category goes.",
    ),
    Step("a deletion that voids", deletion, "what is deleted in Outlook is voided in ERP.net, not destroyed."),
    Step(
        "a meeting moved out of the window",
        out_of_the_window,
        "its activity follows; leaving the coming month is no deletion.",
    ),
    Step(
        "a meeting of three colleagues",
        people.colleagues,
        "three mailboxes, one activity; answers stand on its participants, and whoever is added there is invited.",
    ),
    Step(
        "a meeting that another company organizes",
        people.outside_organizer,
        "who organizes has the last word; the activity outlives each calendar that feeds it, but not the meeting.",
    ),
    Step(
        "a weekly meeting",
        series.weekly,
        "where the company chooses it, each date of a series is one activity, and stays the same when the date is "
        "moved, the pattern changed, or the series split; nobody is mailed.",
    ),
    Step("a full refresh", full_refresh, "everything is read again, and nothing is made twice."),
    Step("an idle round", idle_round, "where nobody did anything, nothing is written."),
)
