"""Merge: three ways, field by field against the base, and the conflict rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.merge import TOO_CLOSE, Merged, later_side, merge, winning_side
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import Field, Side
from tests.support.samples import NOW

SUBJECT, BODY, TIME = (frozenset({f}) for f in (Field.SUBJECT, Field.BODY, Field.TIME))
NONE: frozenset[Field] = frozenset()


def apart(_: Field) -> bool:
    """Both sides differ on everything."""
    return False


def equal(_: Field) -> bool:
    """Both sides agree on everything."""
    return True


@pytest.mark.parametrize(
    ("event", "activity", "winner", "expected"),
    [
        pytest.param(SUBJECT, NONE, Side.ERP, Merged(to_erp=SUBJECT), id="event-only"),
        pytest.param(NONE, SUBJECT, Side.GRAPH, Merged(to_graph=SUBJECT), id="activity-only"),
        pytest.param(SUBJECT, BODY, Side.GRAPH, Merged(to_graph=BODY, to_erp=SUBJECT), id="different-fields"),
        pytest.param(
            TIME, TIME, Side.GRAPH, Merged(to_erp=TIME, solved=((Field.TIME, Side.ERP),)), id="same-field-event-wins"
        ),
        pytest.param(
            TIME, TIME, Side.ERP, Merged(to_graph=TIME, solved=((Field.TIME, Side.GRAPH),)), id="activity-wins"
        ),
        pytest.param(TIME, TIME, None, Merged(unsolved=TIME), id="same-field-nobody-wins"),
        pytest.param(
            SUBJECT | TIME,
            BODY | TIME,
            None,
            Merged(BODY, SUBJECT, (), TIME),
            id="different-fields-beside-a-conflict",
        ),
        pytest.param(NONE, NONE, Side.GRAPH, Merged(), id="nothing"),
    ],
)
def test_fields_go_where_they_did_not_change(
    event: frozenset[Field], activity: frozenset[Field], winner: Side | None, expected: Merged
) -> None:
    """Different fields both survive; the same field is a conflict, solved or left open."""
    assert expected == merge(event, activity, is_same=apart, winner=winner)


@pytest.mark.parametrize("winner", [Side.GRAPH, Side.ERP, None])
def test_the_same_value_on_both_sides_is_no_conflict(winner: Side | None) -> None:
    """What both sides agree on is neither written nor asked about."""
    everything = frozenset(Field)

    assert Merged() == merge(everything, everything, is_same=equal, winner=winner)


fields = st.frozensets(st.sampled_from(Field))


@given(fields, fields, fields, st.sampled_from([Side.GRAPH, Side.ERP, None]))
def test_every_edit_has_one_fate(
    event: frozenset[Field], activity: frozenset[Field], same: frozenset[Field], winner: Side | None
) -> None:
    """Each changed field on which the sides differ goes one way or waits, and nothing else does."""
    merged = merge(event, activity, is_same=lambda field: field in same, winner=winner)
    fates = [merged.to_graph, merged.to_erp, merged.unsolved]

    assert (event | activity) - same == frozenset().union(*fates)
    assert sum(len(fate) for fate in fates) == len(frozenset().union(*fates))
    assert merged.to_graph <= activity
    assert merged.to_erp <= event
    assert {field for field, _ in merged.solved} | merged.unsolved == (event & activity) - same


@pytest.mark.parametrize(
    ("event_at", "activity_at", "expected"),
    [
        pytest.param(NOW, NOW + timedelta(hours=1), Side.ERP, id="activity-later"),
        pytest.param(NOW + timedelta(hours=1), NOW, Side.GRAPH, id="event-later"),
        pytest.param(NOW, NOW, Side.GRAPH, id="at-once"),
        pytest.param(NOW, NOW + TOO_CLOSE, Side.GRAPH, id="two-minutes"),
        pytest.param(NOW, NOW + TOO_CLOSE + timedelta(seconds=1), Side.ERP, id="more-than-two-minutes"),
        pytest.param(None, NOW, Side.GRAPH, id="event-time-missing"),
        pytest.param(NOW, None, Side.GRAPH, id="activity-time-missing"),
        pytest.param(None, None, Side.GRAPH, id="both-missing"),
    ],
)
def test_the_later_side_is_later_by_more_than_two_minutes(
    event_at: datetime | None, activity_at: datetime | None, expected: Side
) -> None:
    """Two clocks are not one: within two minutes, or without a time, Microsoft 365 counts as later."""
    assert expected is later_side(event_at, activity_at)


@pytest.mark.parametrize(
    ("winner", "direction", "later", "expected"),
    [
        (Winner.LATEST, Direction.BOTH, Side.GRAPH, Side.GRAPH),
        (Winner.LATEST, Direction.BOTH, Side.ERP, Side.ERP),
        (Winner.GRAPH, Direction.BOTH, Side.GRAPH, Side.GRAPH),
        (Winner.GRAPH, Direction.BOTH, Side.ERP, Side.GRAPH),
        (Winner.ERP, Direction.BOTH, Side.GRAPH, Side.ERP),
        (Winner.ERP, Direction.BOTH, Side.ERP, Side.ERP),
        (Winner.ASK, Direction.BOTH, Side.GRAPH, None),
        (Winner.ASK, Direction.BOTH, Side.ERP, None),
        *[(winner, Direction.TO_ERP, later, Side.GRAPH) for winner in Winner for later in Side],
        *[(winner, Direction.TO_GRAPH, later, Side.ERP) for winner in Winner for later in Side],
    ],
)
def test_the_policy_names_the_winner(
    winner: Winner, direction: Direction, later: Side, expected: Side | None
) -> None:
    """Latest, one side, or a person; on a one-way street the source always wins."""
    assert expected is winning_side(Policy(direction=direction, winner=winner), later)


@pytest.mark.parametrize(
    ("direction", "erp", "graph"),
    [
        (Direction.BOTH, True, True),
        (Direction.TO_ERP, True, False),
        (Direction.TO_GRAPH, False, True),
    ],
)
def test_a_direction_lets_its_targets_be_written(direction: Direction, erp: bool, graph: bool) -> None:
    """Each direction opens exactly the sides it leads to."""
    assert (erp, graph) == (direction.lets(Side.ERP), direction.lets(Side.GRAPH))


@pytest.mark.parametrize(
    ("said", "expected"), [("user", "Europe/Sofia"), ("utc", "UTC"), ("Asia/Tokyo", "Asia/Tokyo")]
)
def test_one_setting_says_whose_wall_clock_erp_keeps(said: str, expected: str) -> None:
    """The guess about ERP.net's clock is the user's zone, UTC or a named zone."""
    assert expected == Policy(erp_time=said).zone_of_digits("Europe/Sofia")
