"""The adapter before the stand-in: what is written is what is read, and what people do is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.graph import GraphCalendar
from jobs.ports import Calendar
from simulators.graph import GraphSimulator
from sync_core.content.body import BodyShape, body_shape, with_new_text
from sync_core.errors import CursorExpired, DuplicateCreate, ItemGone, MailboxUnavailable, StaleWrite
from sync_core.model.sides import EventKind, Field, GraphContent, GraphEvent, GraphReading, Whereabouts
from sync_core.model.writes import CreateEvent, Outcome, PatchEvent, RemoveEvent
from tests.adapters.conftest import Pauses
from tests.adapters.graph.conftest import SPAN
from tests.support.bodies import JOIN, UNRULED
from tests.support.faulty_wire import tamper

START = datetime(2026, 2, 2, 8, tzinfo=UTC)
CONTENT = GraphContent(
    "План", "one\n  two & <three>", START, START + timedelta(hours=1), False, 30, "private", "high"
)
DAYS = replace(
    CONTENT,
    start=datetime(2026, 2, 2, tzinfo=UTC),
    end=datetime(2026, 2, 4, tzinfo=UTC),
    all_day=True,
    reminder=None,
)
DAILY = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "numbered", "startDate": "2026-02-02", "numberOfOccurrences": 5},
}


@pytest.fixture
def ann(graph: GraphSimulator) -> str:
    """Ann's object id."""
    return graph.mailbox("ann@acme.bg").id


async def create(
    outlook: GraphCalendar, user: str, content: GraphContent = CONTENT, activity: str = "A1"
) -> GraphEvent:
    """An event made through the adapter."""
    done = await outlook.write(user, [CreateEvent(activity, f"tx-{activity}", content)])
    assert done[0].event is not None
    return done[0].event


async def changes(outlook: GraphCalendar, user: str, link: str | None = None) -> GraphReading:
    """One delta round."""
    return await outlook.read_changes(user, link, SPAN)


def test_it_is_the_port(outlook: GraphCalendar) -> None:
    """The type checker agrees that the adapter is what the jobs ask for."""
    port: Calendar = outlook

    assert port is outlook


@pytest.mark.parametrize("content", [CONTENT, DAYS], ids=["an hour", "two days"])
async def test_what_is_written_is_what_is_read(outlook: GraphCalendar, ann: str, content: GraphContent) -> None:
    """The answer, the delta, the view and a read by id show the same content: no echo looks like an edit."""
    made = await create(outlook, ann, content)

    shown = [
        (await changes(outlook, ann)).events[0],
        (await outlook.read_view(ann, SPAN)).events[0],
        (await outlook.read_events(ann, [made.id]))[made.id],
    ]

    assert [one.content for one in shown if isinstance(one, GraphEvent)] == [content] * 3
    assert made.content == content


async def test_a_patch_changes_what_it_names(outlook: GraphCalendar, ann: str) -> None:
    """Every carried field goes over and comes back."""
    made = await create(outlook, ann)
    wanted = replace(DAYS, subject="New", body="other", sensitivity="normal", importance="low")

    done = await outlook.write(
        ann, [PatchEvent(made.id, made.change_key, frozenset(Field), wanted, categories=("Mine",))]
    )

    assert done[0].event is not None
    assert (done[0].event.content, done[0].event.categories) == (wanted, ("Mine",))


async def test_an_old_change_key_does_not_write(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """An edit in Outlook in between wins over ours."""
    made = await create(outlook, ann)
    graph.person("ann@acme.bg").edit(made.id, subject="Ann's own")

    done = await outlook.write(ann, [PatchEvent(made.id, made.change_key, frozenset({Field.SUBJECT}), CONTENT)])

    assert isinstance(done[0].error, StaleWrite)
    assert graph.person("ann@acme.bg").get(made.id)["subject"] == "Ann's own"


async def test_marks_lead_back_to_the_activity(outlook: GraphCalendar, ann: str) -> None:
    """By activity, all together, and with the event's HTML."""
    first, second = await create(outlook, ann), await create(outlook, ann, DAYS, "A2")

    assert {
        key: [one.id for one in found] for key, found in (await outlook.find_marked(ann, ["A1", "A3"])).items()
    } == {
        "A1": [first.id],
        "A3": [],
    }
    assert {one.id: one.mark for one in (await outlook.read_marked(ann)).events} == {first.id: "A1", second.id: "A2"}
    assert [one.id for one in (await outlook.find_by_uid(ann, [first.ical_uid]))[first.ical_uid]] == [first.id]


async def test_a_repeated_create_makes_no_second_event(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """The same transaction answers with the same event, a different body names it."""
    made = await create(outlook, ann)

    again = await outlook.write(ann, [CreateEvent("A1", "tx-A1", CONTENT)])
    other = await outlook.write(ann, [CreateEvent("A1", "tx-A1", DAYS)])

    assert again[0].event is not None
    assert again[0].event.id == made.id
    assert isinstance(other[0].error, DuplicateCreate)
    named = (await outlook.read_events(ann, [other[0].error.existing_id]))[other[0].error.existing_id]
    assert isinstance(named, GraphEvent)
    assert named.id == made.id  # the error may name the regular id, the read answers with the immutable one
    assert len(graph.person("ann@acme.bg").events()) == 1


async def test_a_lost_answer_is_found_by_the_mark(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """The create got through although nobody heard."""
    graph.add_fault("POST */events", kind="lose")

    done = await outlook.write(ann, [CreateEvent("A1", "tx-A1", CONTENT)])

    assert getattr(done[0].error, "unclear", False)
    assert len((await outlook.find_marked(ann, ["A1"]))["A1"]) == 1


async def test_removals_are_done_once(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """Deleting again is done as well; patching what is gone is not."""
    made = await create(outlook, ann)
    remove = RemoveEvent(made.id, made.change_key)

    assert await outlook.write(ann, [remove]) == [Outcome()]
    assert await outlook.write(ann, [replace(remove, change_key="")]) == [Outcome()]
    gone = await outlook.write(ann, [PatchEvent(made.id, "", frozenset({Field.SUBJECT}), CONTENT)])
    assert isinstance(gone[0].error, ItemGone)
    assert graph.person("ann@acme.bg").events() == []


async def test_a_cancellation_mails_the_invited(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """The comment travels with the mail."""
    person = graph.person("ann@acme.bg")
    made = person.create("With Bob", START, START + timedelta(hours=1), attendees=["bob@other.bg"])
    mails = len(graph.mails)

    assert await outlook.write(ann, [RemoveEvent(made, "", cancel=True, comment="Voided")]) == [Outcome()]
    assert len(graph.mails) == mails + 1


async def test_a_round_tells_what_changed_since(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """Edits and removals since the link, and news in the probe only then."""
    person = graph.person("ann@acme.bg")
    kept = person.create("Kept", START, START + timedelta(hours=1))
    dropped = person.create("Dropped", START, START + timedelta(hours=1))
    first = await changes(outlook, ann)
    assert first.delta_link is not None
    assert await outlook.has_news({ann: first.delta_link}) == {ann: False}

    person.edit(kept, subject="Edited")
    person.delete(dropped)
    later = await changes(outlook, ann, first.delta_link)

    assert [one.content.subject for one in later.events] == ["Edited"]
    assert later.removed == {dropped}
    assert await outlook.has_news({ann: first.delta_link}) == {ann: True}


async def test_many_events_come_page_by_page(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """Empty pages, repeats and sizes make no difference to what is told."""
    person = graph.person("ann@acme.bg")
    made = {person.create(f"No {n}", START, START + timedelta(hours=1)) for n in range(450)}
    graph.switches.delta_empty_pages, graph.switches.delta_repeats = 2, True

    reading = await changes(outlook, ann)
    view = await outlook.read_view(ann, SPAN)

    assert {one.id for one in reading.events} == made == {one.id for one in view.events}
    assert reading.malformed == view.malformed == ()


async def test_a_series_is_its_master_alone(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """The delta query leaves its bare occurrences out; the view shows them in full."""
    master = graph.person("ann@acme.bg").create("Daily", START, START + timedelta(hours=1), recurrence=DAILY)

    reading = await changes(outlook, ann)
    view = await outlook.read_view(ann, SPAN)

    assert [(one.id, one.kind) for one in reading.events] == [(master, EventKind.MASTER)]
    assert {(one.kind, one.series_id) for one in view.events} == {(EventKind.OCCURRENCE, master)}
    assert len(view.events) == 5


@pytest.mark.parametrize("way", ["gone", "location", "syncStateNotFound", "resyncRequired", "syncStateInvalid"])
async def test_an_expired_link_is_told_apart(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator, way: str
) -> None:
    """However Graph says it."""
    link = (await changes(outlook, ann)).delta_link
    graph.switches.delta_expiry = way
    graph.expire_delta("ann@acme.bg")

    with pytest.raises(CursorExpired):
        await changes(outlook, ann, link)


async def test_evidence_tells_where_an_event_went(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """In view, moved out of the window, in another calendar, in the bin, gone for good."""
    person = graph.person("ann@acme.bg")
    graph.deleted_items_readable = True
    names = ("kept", "later", "other", "binned", "gone", "days")
    made = {name: person.create(name, START, START + timedelta(hours=1)) for name in names[:5]}
    made["days"] = person.create("days", date(2026, 2, 2), date(2026, 2, 3), all_day=True)
    person.move_time(made["later"], START + timedelta(days=900), START + timedelta(days=901))
    person.move_to_calendar(made["other"], "Private")
    person.delete(made["binned"])
    person.hard_delete(made["gone"])

    found = await outlook.gather_evidence(ann, list(made.values()))

    assert {
        name: (found[key].event is not None, found[key].in_view, found[key].where) for name, key in made.items()
    } == {
        "kept": (True, True, Whereabouts.DEFAULT),
        "later": (True, True, Whereabouts.DEFAULT),
        "other": (True, False, Whereabouts.OTHER),
        "binned": (True, False, Whereabouts.NONE),
        "gone": (False, None, Whereabouts.UNKNOWN),
        "days": (True, True, Whereabouts.DEFAULT),
    }


async def test_new_text_keeps_the_meeting_online(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """The Teams block is not part of the text, and survives its replacement."""
    made = graph.person("ann@acme.bg").create("Online", START, START + timedelta(hours=1), body="old", online=True)
    event = (await outlook.read_events(ann, [made], html=True))[made]
    assert isinstance(event, GraphEvent)
    assert event.html is not None
    assert (event.content.body, body_shape(event.html, event.content.body)) == ("old", BodyShape.TEAMS)

    html = with_new_text(event.html, "new\ntext")
    content = replace(event.content, body="new\ntext")
    done = await outlook.write(ann, [PatchEvent(made, event.change_key, frozenset({Field.BODY}), content, html=html)])

    assert done[0].event is not None
    assert done[0].event.content.body == "new\ntext"
    assert graph.person("ann@acme.bg").get(made)["onlineMeeting"]["joinUrl"]


def put_online(graph: GraphSimulator, made: GraphEvent) -> None:
    """The event as an online meeting whose block has no lines of underscores."""
    item = graph.person("ann@acme.bg")._find(made.id).item
    body = f"<html><head></head><body><div>Agenda</div>{UNRULED}</body></html>"
    item.content = replace(item.content, body=body, is_online=True, join_url=JOIN)
    graph.mailbox("ann@acme.bg").touch(item)


async def test_every_read_and_write_tells_the_same_text_of_a_meeting(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """Nobody sees the words of a block that only the HTML shows: no way to an event looks like an edit of it."""
    made = await create(outlook, ann)
    put_online(graph, made)
    content = replace(CONTENT, subject="Renamed")

    read = [
        *(await changes(outlook, ann)).events,
        *(await outlook.read_view(ann, SPAN)).events,
        *(await outlook.read_marked(ann)).events,
        (await outlook.read_events(ann, [made.id]))[made.id],
        (await outlook.read_events(ann, [made.id], html=True))[made.id],
        *(await outlook.find_marked(ann, ["A1"]))["A1"],
        *(await outlook.find_by_uid(ann, [made.ical_uid]))[made.ical_uid],
        (await outlook.gather_evidence(ann, [made.id]))[made.id].event,
        (await outlook.write(ann, [PatchEvent(made.id, "", frozenset({Field.SUBJECT}), content)]))[0].event,
    ]

    told = [(one.content.body, one.is_uncut) for one in read if isinstance(one, GraphEvent)]
    assert told == [("Agenda", False)] * 9


async def test_a_meeting_that_goes_between_text_and_html_is_gone(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """The feed told it, its HTML is not there any more: a hint that it is gone, as any removal."""
    made = await create(outlook, ann)
    put_online(graph, made)

    def delete_it(line: str, answer: Any) -> Any:
        if line.endswith("/calendarView/delta") and answer["value"]:
            graph.person("ann@acme.bg").delete(made.id)
        return answer

    tamper(graph, delete_it)
    reading = await changes(outlook, ann)

    assert [*reading.events] == []
    assert reading.removed == {made.id}


async def test_attendees_are_people_without_owner_and_rooms(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator
) -> None:
    """Lower-case addresses, sorted."""
    graph.person("ann@acme.bg").create(
        "With people", START, START + timedelta(hours=1), attendees=["Zoe@other.bg", "bob@other.bg"]
    )

    event = (await changes(outlook, ann)).events[0]

    assert event.content.people == ("bob@other.bg", "zoe@other.bg")
    assert (event.organizer, event.is_organizer) == ("ann@acme.bg", True)


async def test_a_lost_mailbox_is_said_so(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """Every way into it ends in the same state, with a remedy, and infers nothing."""
    made = await create(outlook, ann)
    graph.mailbox("ann@acme.bg").usable = False

    with pytest.raises(MailboxUnavailable, match="licence"):
        await changes(outlook, ann)
    with pytest.raises(MailboxUnavailable):
        await outlook.read_events(ann, [made.id])
    with pytest.raises(MailboxUnavailable):
        await outlook.read_time_zone(ann)
    assert isinstance((await outlook.write(ann, [RemoveEvent(made.id, "")]))[0].error, MailboxUnavailable)


async def test_a_forbidden_mailbox_is_said_so(outlook: GraphCalendar, ann: str, graph: GraphSimulator) -> None:
    """An application access policy concerns one mailbox, not the app."""
    graph.mailbox("ann@acme.bg").forbidden = True

    with pytest.raises(MailboxUnavailable, match="access policy"):
        await changes(outlook, ann)


async def test_throttling_is_waited_out(
    outlook: GraphCalendar, ann: str, graph: GraphSimulator, pauses: Pauses
) -> None:
    """Refused parts of a batch are sent again, nothing is doubled."""
    graph.add_fault("POST */$batch", status=429, headers={"Retry-After": "2"}, times=2)
    writes = [CreateEvent(f"A{n}", f"tx-{n}", replace(CONTENT, subject=str(n))) for n in range(3)]

    done = await outlook.write(ann, writes)

    assert [one.event.content.subject for one in done if one.event] == ["0", "1", "2"]
    assert len(pauses) == 2
    assert all(2.0 <= pause <= 2.2 for pause in pauses)
    assert len(graph.person("ann@acme.bg").events()) == 3


async def test_who_is_known_and_where_they_live(outlook: GraphCalendar, ann: str) -> None:
    """By principal name and by object id; nobody else."""
    for key in ("ann@acme.bg", ann):
        found = await outlook.find_user(key)
        assert found is not None
        assert (found.id, found.addresses) == (ann, ("ann@acme.bg",))
    assert await outlook.find_user("bob@acme.bg") is None
    assert await outlook.read_time_zone(ann) == "Europe/Kiev"
