"""Which of several activities with an event's iCalUId is the event's: the mark, the content, the creator, the age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from sync_core.model.sides import ErpActivity
from sync_core.plan.evidence import BORN_APART, original
from tests.support.samples import (
    BORIS,
    SERVICE,
    a_context,
    a_meeting,
    an_activity,
    an_event,
    noted,
    shown,
    wall_clock,
)

MADE_AT = wall_clock(2026, 1, 20, 8)
EVENT = a_meeting(BORIS, content=shown())


def named(
    id_: str, subject: str = "Budget", by: str = SERVICE, minutes: float | None = None, **told: Any
) -> ErpActivity:
    """An activity with the event's iCalUId: its title, its creator, and how long after the first it was made."""
    created: datetime | None = None if minutes is None else MADE_AT + timedelta(minutes=minutes)
    return an_activity(noted(subject=subject, **told), id=id_, creation_user=by, external_id="uid-1", created=created)


LATER = wall_clock(2026, 2, 3, 10), wall_clock(2026, 2, 3, 11)


@pytest.mark.parametrize(
    ("activities", "mark", "expected"),
    [
        pytest.param([named("A1", "Plan", by="boris", minutes=9)], "", "A1", id="one-alone"),
        pytest.param([named("A1"), named("A2", "Plan")], "A2", "A2", id="mark/beats-content"),
        pytest.param([named("A1"), named("A2", "Plan")], "A9", "A1", id="mark/of-another-activity"),
        pytest.param([named("A1"), named("A2", "Plan")], "", "A1", id="content/one-is-alike"),
        pytest.param(
            [named("A1", notes="Minutes"), named("A2", notes="Minutes", start=LATER[0], end=LATER[1])],
            "",
            "A1",
            id="content/title-and-time-are-enough",
        ),
        pytest.param(
            [named("A1", notes="edited"), named("A2")], "", "A2", id="content/all-of-it-before-title-and-time"
        ),
        pytest.param([named("A1"), named("A2")], "", None, id="content/both-are-alike"),
        pytest.param([named("A1", "Plan"), named("A2", "Plan")], "", None, id="content/neither-is-alike"),
        pytest.param([named("A1", by="boris"), named("A2")], "", "A2", id="creator/a-person-made-the-copy"),
        pytest.param([named("A1", by="boris"), named("A2", by="carl")], "", None, id="creator/persons-made-both"),
        pytest.param([named("A1", minutes=5), named("A2", minutes=0)], "", "A2", id="age/the-older-one"),
        pytest.param(
            [named("A1", minutes=5), named("A2", minutes=0), named("A3", minutes=5)], "", "A2", id="age/the-oldest"
        ),
        pytest.param([named("A1", minutes=0.5), named("A2", minutes=0)], "", None, id="age/made-together"),
        pytest.param([named("A1", minutes=5), named("A2")], "", None, id="age/not-told-of-one"),
        pytest.param(
            [named("A1", by="boris"), named("A2", "Plan")],
            "",
            None,
            id="content-against-creator",
        ),
        pytest.param([named("A1", "Plan", minutes=0), named("A2", minutes=5)], "", None, id="content-against-age"),
        pytest.param(
            [named("A1", by="boris", minutes=0), named("A2", minutes=5)], "", None, id="creator-against-age"
        ),
        pytest.param(
            [named("A1", by="boris", minutes=5), named("A2", "Plan", minutes=0)], "", None, id="all-at-odds"
        ),
        pytest.param([named("A1", minutes=0), named("A2", "Plan", by="boris", minutes=5)], "", "A1", id="all-agree"),
    ],
)
def test_the_evidence_chooses_or_is_silent(
    activities: Sequence[ErpActivity], mark: str, expected: str | None
) -> None:
    """Our own mark decides; else whatever tells must tell the same, in any order."""
    for order in (list(activities), list(reversed(activities))):
        chosen = original(EVENT, order, a_context(), mark=mark)
        assert expected == (chosen.id if chosen else None)


def test_an_import_makes_its_activities_together() -> None:
    """Exactly the span that tells nothing is still too short."""
    apart = BORN_APART / timedelta(minutes=1)

    assert original(EVENT, [named("A1", minutes=0), named("A2", minutes=apart)], a_context()) is None
    assert original(EVENT, [named("A1", minutes=0), named("A2", minutes=apart + 0.01)], a_context()) is not None


def test_what_the_event_shows_is_compared_in_common_ground() -> None:
    """The reminder, the priority and the minutes of both sides are one content."""
    event = an_event(shown(importance="high", reminder=30))
    same = named("A2", priority="High", reminder=wall_clock(2026, 2, 2, 9, 30))

    assert original(event, [named("A1", "Other"), same], a_context()) is same
