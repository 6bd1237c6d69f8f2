"""Whole turns of one pair in pure values: decide, carry out, keep the link, decide again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.body import text_html
from sync_core.content.changes import changed_in_erp, changed_in_graph
from sync_core.content.compare import ERP_ATTRIBUTES, EVENT_ATTRIBUTE, GRAPH_ATTRIBUTES
from sync_core.content.project import from_erp, from_graph, to_erp
from sync_core.model.decision import Context, Decision
from sync_core.model.link import Link
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import EVERYTHING, ErpActivity, ErpContent, Field, GraphContent, GraphEvent
from sync_core.model.writes import CreateActivity, CreateEvent, PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from tests.support.samples import (
    a_case,
    a_context,
    an_activity,
    an_event,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

ZONES = (
    "Europe/Sofia",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
)
NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
DAYS = [date(2026, 3, 28) + timedelta(days=n) for n in (0, 1, 2, 7, 8)]
"""Days around the changes of clocks north and south."""

texts = st.sampled_from(
    ["", "Plan", "Budget & more", "x" * 400, "Дневен ред\n\n1. Бюджет", "\N{GRINNING FACE}" * 130]
)
marks = st.sampled_from([None, 0, 15, 60, 24 * 60])
minutes = st.sampled_from([0, 1, 30, 60, 120, 180, 24 * 60 - 1, 24 * 60])
walls = st.builds(
    lambda day, after: datetime(day.year, day.month, day.day) + timedelta(minutes=after),  # noqa: DTZ001
    st.sampled_from(DAYS),
    minutes,
)


@st.composite
def events(draw: st.DrawFn, zone: ZoneInfo) -> GraphContent:
    """An event as Outlook shows it."""
    wall, length, all_day = draw(walls), draw(minutes), draw(st.booleans())
    start = wall.replace(tzinfo=zone).astimezone(UTC)
    end = start + timedelta(minutes=length)
    if all_day:
        start = datetime(wall.year, wall.month, wall.day, tzinfo=UTC)
        end = start + timedelta(days=1 + length // 600)
    return GraphContent(
        subject=draw(texts),
        body=draw(texts),
        start=start,
        end=end,
        all_day=all_day,
        reminder=draw(marks),
        sensitivity=draw(st.sampled_from(["normal", "personal", "private"])),
        importance=draw(st.sampled_from(["low", "normal", "high"])),
    )


@st.composite
def activities(draw: st.DrawFn) -> ErpContent:
    """An activity as a person leaves it."""
    start, length, lead = draw(walls), draw(minutes), draw(marks)
    is_whole = start.time() == datetime.min.time()
    end = start + timedelta(minutes=length)
    if is_whole or end.time() == datetime.min.time():
        end = start
    return ErpContent(
        subject=draw(texts) or "Plan",
        notes=draw(texts),
        start=start,
        end=draw(st.sampled_from([end, None])),
        planned_minutes=draw(st.sampled_from([None, 30, 90])),
        reminder=None if lead is None else start - timedelta(minutes=lead),
        private=draw(st.booleans()),
        priority=draw(st.sampled_from(["Lowest", "Low", "Medium", "High", "Highest"])),
    )


def in_outlook(content: GraphContent, key: str) -> GraphEvent:
    """The event with its HTML."""
    return an_event(content, change_key=key, html=text_html(content.body), modified_at=NOW)


def in_erp(content: ErpContent, version: int) -> ErpActivity:
    """The activity."""
    return an_activity(content, version=version, updated_at=NOW)


def carried_out(decision: Decision) -> tuple[GraphEvent, ErpActivity]:
    """Both sides after the writes."""
    event, activity = decision.case.event, decision.case.activity
    if isinstance(decision.erp, CreateActivity):
        activity = in_erp(decision.erp.content, 1)
    if isinstance(decision.graph, CreateEvent):
        event = in_outlook(decision.graph.content, "ck-new")
    assert event is not None
    assert activity is not None
    if isinstance(decision.graph, PatchEvent):
        told = {n: getattr(decision.graph.content, n) for f in decision.graph.fields for n in GRAPH_ATTRIBUTES[f]}
        content: GraphContent = replace(event.content, **told)
        categories = event.categories if decision.graph.categories is None else decision.graph.categories
        event = replace(in_outlook(content, event.change_key + "+"), categories=categories)
    if isinstance(decision.erp, PatchActivity):
        noted = {n: getattr(decision.erp.content, n) for f in decision.erp.fields for n in ERP_ATTRIBUTES[f]}
        activity = in_erp(replace(activity.content, **noted), (activity.version or 0) + 1)
    return event, activity


def turn(link: Link | None, event: GraphEvent, activity: ErpActivity, ctx: Context) -> tuple[Decision, Link]:
    """One decision carried out and settled; the link afterwards."""
    decision = decide(replace(a_case(event, activity), link=link), ctx)
    kept = link_after(decision, *carried_out(decision), ctx)
    assert kept is not None
    return decision, kept


def differing(event: GraphEvent, activity: ErpActivity, link: Link) -> set[Field]:
    """The fields on which the sides stand apart, in common ground or as an activity would hold them."""
    zone = ZoneInfo(link.zone)
    one, two = from_graph(event.content), from_erp(activity.content, zone, (link.base_event, link.base_activity))
    would = to_erp(replace(one, when=two.when), zone)
    apart = {f for f in EVERYTHING if getattr(one, EVENT_ATTRIBUTE[f]) != getattr(two, EVENT_ATTRIBUTE[f])}
    return {f for f in apart if not (f is Field.REMINDER and would.reminder == activity.content.reminder)}


C = TypeVar("C", GraphContent, ErpContent)

zones = st.sampled_from(ZONES)
policies = st.builds(Policy, winner=st.sampled_from(Winner), direction=st.sampled_from(Direction))


@given(st.data(), zones)
def test_what_was_created_is_in_step(data: st.DataObject, name: str) -> None:
    """After a create, in either direction, the next look finds nothing to do."""
    ctx = a_context(NOW, ZoneInfo(name))
    event = in_outlook(data.draw(events(ZoneInfo(name))), "ck-1")
    activity = in_erp(data.draw(activities()), 1)

    for case in (a_case(event), a_case(None, activity)):
        decision = decide(case, ctx)
        after = carried_out(decision)
        again = decide(linked(*after, link=link_after(decision, *after, ctx)), ctx)

        assert (again.graph, again.erp) == (None, None)


@given(st.data(), zones, policies)
def test_one_turn_brings_a_pair_to_rest(data: st.DataObject, name: str, policy: Policy) -> None:
    """Whatever was edited on both sides, a second look writes nothing; what differs is in conflict or one-way."""
    zone = ZoneInfo(name)
    both_ways = a_context(NOW, zone)
    start = decide(a_case(in_outlook(data.draw(events(zone)), "ck-1")), both_ways)
    event, activity = carried_out(start)
    link = link_after(start, event, activity, both_ways)
    event = in_outlook(_edited(data, event.content, data.draw(events(zone)), GRAPH_ATTRIBUTES), "ck-2")
    activity = in_erp(_edited(data, activity.content, data.draw(activities()), ERP_ATTRIBUTES), 2)
    ctx = a_context(NOW, zone, policy)

    first, link = turn(link, event, activity, ctx)
    after = carried_out(first)
    second, link = turn(link, *after, ctx)

    assert (second.graph, second.erp) == (None, None)
    if policy.direction is Direction.BOTH:
        listed = {Field(clash.field) for clash in link.conflict.clashes} if link.conflict else set()
        hanging = {Field.REMINDER} if Field.TIME in listed else set()  # on a start that somebody has to choose first
        assert differing(*after, link) - hanging == listed - hanging
        assert changed_in_graph(link.base_event, after[0].content) <= listed
        assert changed_in_erp(link.base_activity, after[1].content) <= listed


@given(st.data(), zones, st.sampled_from(Winner))
def test_a_found_pair_comes_to_rest(data: st.DataObject, name: str, winner: Winner) -> None:
    """Two items linked as they are found agree after one turn, or stand in conflict until somebody chooses."""
    zone = ZoneInfo(name)
    ctx = a_context(NOW, zone, Policy(winner=winner))
    event, activity = in_outlook(data.draw(events(zone)), "ck-1"), in_erp(data.draw(activities()), 1)

    first, link = turn(None, event, activity, ctx)
    after = carried_out(first)
    second, link = turn(link, *after, ctx)

    assert (second.graph, second.erp) == (None, None)
    assert (link.conflict is not None) == (winner is Winner.ASK and bool(differing(*after, link)))


def test_a_found_pair_at_midnight_leaves_the_reminder_to_a_person() -> None:
    """An activity cannot begin at midnight, so a minute later is the same start: its reminder is another one."""
    midnight = utc(2026, 3, 27, 22)
    event = in_outlook(shown(subject="Talk", start=midnight, end=midnight, reminder=15), "ck-1")
    start, remind = wall_clock(2026, 3, 28, 0, 1), wall_clock(2026, 3, 27, 23, 46)
    activity = in_erp(noted(subject="Talk", start=start, end=start, reminder=remind), 1)
    ctx = a_context(NOW, ZoneInfo("Europe/Sofia"), Policy(winner=Winner.ASK))

    first, link = turn(None, event, activity, ctx)
    second, link = turn(link, *carried_out(first), ctx)

    assert (second.graph, second.erp) == (None, None)
    assert link.conflict is not None
    assert [(one.field, one.event_value, one.activity_value) for one in link.conflict.clashes] == [
        (Field.REMINDER, "15", "14")
    ]


def _edited(data: st.DataObject, content: C, other: C, attributes: dict[Field, tuple[str, ...]]) -> C:
    """The content with some fields of the other."""
    fields = data.draw(st.frozensets(st.sampled_from(sorted(EVERYTHING)), max_size=3))
    return replace(content, **{n: getattr(other, n) for f in fields for n in attributes[f]})
