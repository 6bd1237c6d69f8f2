"""The company's policy against what somebody's environment says: what contradicts, what is taken, what is changed."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from sync_core.model.policy import (
    SETTINGS,
    Difference,
    Direction,
    Invite,
    Policy,
    PrivateRule,
    SeriesRule,
    Winner,
    contradictions,
    overlaid,
    taken_over,
    texts,
)

OTHERS = Policy(
    direction=Direction.TO_ERP,
    winner=Winner.ASK,
    private=PrivateRule.SKIP,
    invite=Invite.NONE,
    series=SeriesRule.WINDOW,
    months_ahead=3,
    max_age=timedelta(days=4),
    activity_types=frozenset({"Task"}),
    mass_deletion=(7, 0.29),
    erp_time="Europe/Sofia",
    service_logins=frozenset({"robot", "import"}),
    late_commit=timedelta(minutes=5),
)
"""Every choice otherwise than by default."""

EVERY = [one.name for one in fields(Policy)]


def test_every_choice_has_its_setting() -> None:
    """None is left out of the comparison."""
    assert set(EVERY) == set(SETTINGS)
    assert all(getattr(OTHERS, name) != getattr(Policy(), name) for name in EVERY)


def test_choices_are_told_as_one_would_set_them() -> None:
    """Units and lists as in the settings."""
    assert texts(OTHERS) == {
        "SYNC_DIRECTION": "to-erpnet",
        "SYNC_CONFLICT": "ask",
        "SYNC_PRIVATE": "skip",
        "SYNC_INVITE": "none",
        "SYNC_SERIES": "window",
        "SYNC_MONTHS_AHEAD": "3",
        "SYNC_ACTIVITY_MAX_AGE_DAYS": "4",
        "SYNC_ACTIVITY_TYPES": "Task",
        "SYNC_MASS_DELETE_LIMIT": "7,29%",
        "ERPNET_TIME": "Europe/Sofia",
        "ERPNET_SERVICE_LOGINS": "import,robot",
        "ERPNET_LATE_COMMIT_MINUTES": "5",
    }


@pytest.mark.parametrize("name", EVERY)
def test_a_setting_that_says_something_else_contradicts(name: str) -> None:
    """Set here to another value it is named with both; left out, the company's is taken; set to the same, neither."""
    company, setting = replace(Policy(), **{name: getattr(OTHERS, name)}), SETTINGS[name]
    found = Difference(setting, texts(OTHERS)[setting], texts(Policy())[setting])

    assert contradictions(company, Policy(), {setting}) == (found,)
    assert taken_over(company, Policy(), {setting}) == ()
    assert contradictions(company, Policy(), set()) == ()
    assert taken_over(company, Policy(), set()) == (found,)
    assert contradictions(company, company, {setting}) == taken_over(company, company, set()) == ()


@pytest.mark.parametrize("name", EVERY)
def test_what_is_set_here_is_put_over_the_companys(name: str) -> None:
    """A change of policy keeps whatever is not set here, default or not."""
    assert overlaid(OTHERS, Policy(), {SETTINGS[name]}) == replace(OTHERS, **{name: getattr(Policy(), name)})
    assert overlaid(OTHERS, Policy(), set()) == OTHERS
