"""What calsync writes it can read: over all that either side can hold, through the builders, stand-ins and parsers.

Whatever one side shows becomes a write that the other side accepts and that reads back as it was sent, so that the
round after it has nothing to do; or it is parked before anything is made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.erp.activities import by_ids
from adapters.erp.bodies import changeset_of
from adapters.erp.parse import read_activity
from adapters.graph.parse import parse_event
from adapters.graph.write import request_of
from simulators.base import Clock
from simulators.erpnet import ErpSimulator
from simulators.erpnet.api import Request
from simulators.erpnet.api import request_of as erp_request
from simulators.erpnet.world import Caller
from simulators.graph import GraphSimulator, outbound, zones
from simulators.graph.model import Item, Occurrence
from sync_core.content.base import disturbed
from sync_core.content.project import from_graph
from sync_core.content.ranges import BEYOND, EXTERNAL_ID_LIMIT, YEARS, length_of, uid_key
from sync_core.model.decision import Context, Decision, Verdict
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphEvent
from sync_core.model.writes import CreateActivity, CreateEvent, ErpIdentity, PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from tests.support.budget import budget
from tests.support.samples import ANNA, ME, a_bearer, a_case, a_context

ZONES = (
    "UTC",
    "Europe/Sofia",
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Africa/Monrovia",
    "Europe/Amsterdam",
    "Australia/Lord_Howe",
)
FIRST, LAST = datetime(YEARS[0], 1, 1), datetime(YEARS[-1], 12, 31, 23, 59, 59)  # noqa: DTZ001
EARLY = datetime(YEARS[0], 1, 1, tzinfo=UTC)
EVER = Window(datetime(1500, 1, 1, tzinfo=UTC), datetime(4600, 1, 1, tzinfo=UTC))
GUID = "0b8f6a52-6a3e-4a63-9d5b-2f1f2f0b7a11"

a_few = settings(max_examples=budget(30, 500), deadline=None)

hours = st.integers(-40, 40).map(lambda n: timedelta(hours=n))
walls = st.one_of(
    st.datetimes(FIRST, LAST),
    st.dates(FIRST.date(), LAST.date()).map(lambda day: datetime.combine(day, time())),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
    hours.map(lambda by: FIRST + abs(by)),
    hours.map(lambda by: LAST - abs(by)),
).map(lambda at: at.replace(microsecond=0))
minutes = st.one_of(
    st.sampled_from([0, 15, -540, -1, 1440, 1_525_252_321, 2**31 - 1, -(2**31)]), st.integers(-(2**31), 2**31 - 1)
)
texts = st.text(max_size=320)
uids = st.one_of(st.text(max_size=300), st.text("aB3-@.", min_size=250, max_size=1100)).filter(str.strip)
people = st.lists(
    st.sampled_from(
        ["boris@acme.example", "a@b", "x" * 240 + "@acme.example", "x" * 241 + "@acme.example", "🙂@b.bg"]
    ),
    unique=True,
    max_size=3,
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event as Graph tells it."""
    all_day = draw(st.booleans())
    start, end = sorted((draw(walls), draw(walls)))
    if all_day:
        start, end = (datetime.combine(at.date(), time()) for at in (start, end))
        assume(start < end)
    return {
        "@odata.etag": 'W/"1"',
        "id": "E1",
        "iCalUId": draw(uids),
        "type": "singleInstance",
        "subject": draw(texts),
        "body": {"contentType": "text", "content": draw(texts)},
        "start": {"dateTime": start.isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": end.isoformat(), "timeZone": "UTC"},
        "isAllDay": all_day,
        "isReminderOn": draw(st.booleans()),
        "reminderMinutesBeforeStart": draw(st.none() | minutes),
        "sensitivity": draw(st.sampled_from(["normal", "personal", "private", "confidential"])),
        "importance": draw(st.sampled_from(["low", "normal", "high"])),
        "organizer": {"emailAddress": {"address": ME}},
        "attendees": [{"emailAddress": {"address": one}, "type": "required"} for one in draw(people)],
    }


@st.composite
def activities(draw: st.DrawFn) -> dict[str, Any]:
    """An activity as ERP.net tells it."""
    start = draw(walls)
    end = draw(st.none() | walls.map(lambda at: max(at, start)))
    if end is not None and (start.time() < time(0, 1)) != (end.time() < time(0, 1)):  # R38488
        end = start
    return {
        "Id": str(draw(st.uuids())),
        "ObjectVersion": 1,
        "AggregateLastUpdateTimeUtc": "2026-01-25T08:00:00Z",
        "Subject": draw(texts),
        "Notes": draw(st.none() | texts),
        "StartTime": f"{start.isoformat()}Z",
        "EndTime": f"{end.isoformat()}Z" if end else None,
        "PlannedDurationMinutes": draw(st.none() | st.integers(-(2**31), 2**31 - 1)),
        "ReminderTime": draw(st.none() | walls.map(lambda at: f"{at.isoformat()}Z")),
        "Private": draw(st.booleans()),
        "Priority": draw(st.sampled_from(["Lowest", "Low", "Medium", "High", "Highest"])),
        "SystemType": "Meeting",
        "State": "New",
        "CreationUser": ANNA,
        "EntityName": "Cm_Activities",
        "Participants": [{"Id": GUID, "Email": one} for one in draw(people)],
    }


def context(zone: str) -> Context:
    """Anna's round in the first of all years, so that nothing is too old, with all years in its window."""
    return a_context(now=EARLY, zone=ZoneInfo(zone), window=EVER)


@dataclass
class Desk:
    """ERP.net's stand-in, without the wire."""

    erp: ErpSimulator
    who: ErpIdentity

    @classmethod
    def open(cls) -> Desk:
        """A new instance with Anna in it."""
        erp = ErpSimulator(Clock(datetime(2026, 1, 25, tzinfo=UTC)))
        anna = erp.add_user(ANNA, ME, "Anna")
        kind = erp.add_document_type("Meeting")
        assert anna.person_id
        assert anna.party_id
        return cls(erp, ErpIdentity(anna.id, anna.party_id, anna.person_id, erp.company_id, erp.location_id, kind))

    def write(self, write: CreateActivity | PatchActivity) -> str:
        """Carry out a write, which must be accepted; the activity's id."""
        made = ""
        for part in changeset_of(write, self.who, {}).parts:
            answer = self._ask(Request(part.method, part.path, {}, json.dumps(part.body or {}).encode()))
            assert answer.status < 300, answer.payload
            made = made or (answer.row.id if answer.row else "")
        return write.activity_id if isinstance(write, PatchActivity) else made

    def read(self, ident: str) -> ErpActivity:
        """The activity as calsync reads it."""
        (query,) = by_ids([ident])
        (row,) = json.loads(self._ask(erp_request("GET", query, b"")).content())["value"]
        found = read_activity(row)
        assert isinstance(found, ErpActivity), found
        return found

    def _ask(self, request: Request) -> Any:
        return self.erp._api.answer(Caller(self.erp.user_row("calsync.service")), request)


@dataclass
class Outlook:
    """Graph's stand-in, without the wire."""

    graph: GraphSimulator

    @classmethod
    def open(cls) -> Outlook:
        """A new tenant with Anna's mailbox."""
        graph = GraphSimulator(Clock(datetime(2026, 1, 25, tzinfo=UTC)))
        graph.add_mailbox(ME)
        return cls(graph)

    def write(self, write: CreateEvent | PatchEvent) -> str:
        """Carry out a write, which must be accepted; the event's id."""
        body = request_of("anna-id", write).body
        if isinstance(write, CreateEvent):
            self._mailbox.transactions.clear()  # each example is the first of its activity
            return self.graph.world.acts.create(self._mailbox, body, zones.zone_or_refuse).immutable_id
        self.graph.world.acts.patch(Occurrence(self._item(write.event_id)), body, zones.zone_or_refuse)
        return write.event_id

    def read(self, ident: str) -> GraphEvent:
        """The event as calsync reads it."""
        told = outbound.full(Occurrence(self._item(ident)), outbound.View(as_text=True, immutable=True))
        html = outbound.full(Occurrence(self._item(ident)), outbound.View(immutable=True))["body"]["content"]
        found = parse_event(json.loads(json.dumps(told)))
        assert isinstance(found, GraphEvent), found
        return replace(found, html=html)

    @property
    def _mailbox(self) -> Any:
        return self.graph.mailbox(ME)

    def _item(self, ident: str) -> Item:
        return self._mailbox.find(ident).item  # type: ignore[no-any-return]


def is_inside(*edges: date) -> bool:
    """Whether these days are away from the ends of what both sides can hold, in any zone."""
    return all(YEARS[0] < edge.year < YEARS[-1] for edge in edges)


def told(event: dict[str, Any]) -> tuple[date, date]:
    """The days on which an event starts and ends."""
    return tuple(datetime.fromisoformat(event[name]["dateTime"]).date() for name in ("start", "end"))  # type: ignore[return-value]


def quiet(event: GraphEvent, activity: ErpActivity, link: Link, ctx: Context) -> bool:
    """Whether the round after has nothing to do."""
    decision = decide(a_case(event, activity, link=link), ctx)
    return decision.graph is None and decision.erp is None and decision.verdict is not Verdict.CONFLICT


def begun(event: dict[str, Any], zone: str, desk: Desk) -> tuple[GraphEvent, ErpActivity, Link] | None:
    """The pair that an event begins; None where it is parked for its time."""
    ctx, found = replace_party(context(zone), desk), parse_event(event)
    assert isinstance(found, GraphEvent), found
    decision = decide(a_case(found), ctx)
    if decision.verdict is Verdict.PARK:
        assert decision.reason == BEYOND
        assert decision.erp is None
        return None
    assert isinstance(decision.erp, CreateActivity)
    activity = desk.read(desk.write(decision.erp))
    assert disturbed(decision.erp.content, EVERYTHING, None, activity.content) == frozenset()
    return found, activity, linked(decision, found, activity, ctx)


def linked(decision: Decision, event: GraphEvent, activity: ErpActivity, ctx: Context) -> Link:
    """The link that is remembered after a write."""
    link = link_after(decision, event, activity, ctx)
    assert link is not None
    return link


def replace_party(ctx: Context, desk: Desk) -> Context:
    """The context with Anna's party of this instance."""
    service = a_bearer("calsync.service", user_id="service", party_id="")
    return replace(ctx, party_id=desk.who.party_id, logins=type(ctx.logins)([service, a_bearer(ANNA)]))


DESK, OUTLOOK = Desk.open(), Outlook.open()
"""One instance for all examples: nothing of it is shared but ids."""


@a_few
@given(events(), st.sampled_from(ZONES))
def test_an_activity_made_of_any_event_reads_back_as_it_was_sent(event: dict[str, Any], zone: str) -> None:
    """ERP.net accepts it, nothing in it is taken for an edit, its mark finds it, and the next round is quiet."""
    begin = begun(event, zone, DESK)

    assert begin is not None or not is_inside(*told(event))
    if begin is not None:
        found, activity, link = begin
        assert quiet(found, activity, link, replace_party(context(zone), DESK))
        assert length_of(activity.external_id) <= EXTERNAL_ID_LIMIT
        assert uid_key(activity.external_id) == uid_key(found.ical_uid)


@a_few
@given(activities(), st.sampled_from(ZONES))
def test_an_event_made_of_any_activity_reads_back_as_it_was_sent(row: dict[str, Any], zone: str) -> None:
    """Graph accepts it, it says the same in common ground, and the next round is quiet."""
    ctx, activity = context(zone), read_activity(row)
    assert isinstance(activity, ErpActivity), activity
    decision = decide(a_case(None, activity), ctx)
    if decision.verdict is Verdict.PARK:
        assert decision.reason == BEYOND
        return
    assert isinstance(decision.graph, CreateEvent)

    event = OUTLOOK.read(OUTLOOK.write(decision.graph))

    assert from_graph(event.content) == from_graph(decision.graph.content)
    assert quiet(event, activity, linked(decision, event, activity, ctx), ctx)


@a_few
@given(events(), events(), st.sampled_from(ZONES))
def test_an_activity_follows_any_edit_of_its_event(before: dict[str, Any], after: dict[str, Any], zone: str) -> None:
    """What changes is written as far as ERP.net can hold it, and reads back; a time beyond stays apart, listed."""
    begin = begun(before, zone, DESK)
    assume(begin is not None)
    assert begin is not None
    ctx, edited = replace_party(context(zone), DESK), parse_event(after | {"@odata.etag": 'W/"2"'})
    assert isinstance(edited, GraphEvent)
    _, activity, link = begin
    decision = decide(a_case(edited, activity, link=link), ctx)
    if decision.erp is not None:
        assert isinstance(decision.erp, PatchActivity)
        activity = DESK.read(DESK.write(decision.erp))
    still = linked(decision, edited, activity, ctx)

    assert not changes_in_outlook(decision)
    assert quiet_but_for_time(decision, edited, activity, still, ctx, told(after))


@a_few
@given(activities(), activities(), st.sampled_from(ZONES))
def test_an_event_follows_any_edit_of_its_activity(before: dict[str, Any], after: dict[str, Any], zone: str) -> None:
    """The same from ERP.net to Outlook, where the reminder may have to follow a moved start in ERP.net."""
    ctx, activity = context(zone), read_activity(before)
    edited = read_activity(after | {"Id": before["Id"], "ObjectVersion": 2})
    assert isinstance(activity, ErpActivity)
    assert isinstance(edited, ErpActivity)
    decision = decide(a_case(None, activity), ctx)
    assume(isinstance(decision.graph, CreateEvent))
    assert isinstance(decision.graph, CreateEvent)
    event = OUTLOOK.read(OUTLOOK.write(decision.graph))
    link = linked(decision, event, activity, ctx)
    decision = decide(a_case(event, edited, link=link), ctx)
    if decision.graph is not None:
        assert isinstance(decision.graph, PatchEvent)
        event = OUTLOOK.read(OUTLOOK.write(decision.graph))
    if decision.erp is not None:
        assert isinstance(decision.erp, PatchActivity)
        assert decision.erp.fields <= {Field.REMINDER}
        edited = replace(edited, content=replace(edited.content, reminder=decision.erp.content.reminder))
    still = linked(decision, event, edited, ctx)

    assert quiet_but_for_time(decision, event, edited, still, ctx, ())


def quiet_but_for_time(
    decision: Decision, event: GraphEvent, activity: ErpActivity, link: Link, ctx: Context, days: tuple[date, ...]
) -> bool:
    """Whether nothing is left to do but for a time that cannot be held, which is a listed conflict."""
    if link.conflict is None:
        return quiet(event, activity, link, ctx)
    assert not days or not is_inside(*days)
    assert {(clash.field, clash.why) for clash in link.conflict.clashes} == {("time", BEYOND)}
    again = decide(a_case(event, activity, link=link), ctx)
    return again.erp is None and not changes_in_outlook(again)


def changes_in_outlook(decision: Decision) -> bool:
    """Whether more than the mark of a conflict is written there."""
    return isinstance(decision.graph, PatchEvent) and bool(decision.graph.fields)
