"""What a person and an administrator are told: each cause once, in one sentence, without a title or a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync_core.model.conflict import Clash, Conflict
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.memory import Memory
from sync_core.model.user import Tally, User
from sync_core.plan.notices import LONGEST, MOST, Cause, Told, causes_of, digest, notice
from tests.support.samples import NOW, a_link

DAY = timedelta(days=1)
ANNA = User("anna-id", "anna@acme.example", enabled=True)
BROKEN = replace(ANNA, state="Error: no mailbox")
IN_CONFLICT = a_link(conflict=Conflict((Clash("subject", "Plan", "Forecast", "both"),), NOW))
ITEM = HeldItem("E1", "A1", "void", "Budget")


def a_hold(**told: Any) -> Hold:
    """A list of one deletion."""
    known: dict[str, Any] = {"key": "hold-1", "why": "many at once", "since_at": NOW, "items": (ITEM,)}
    return Hold(**known | told)


@pytest.mark.parametrize(
    ("user", "memory", "expected"),
    [
        pytest.param(ANNA, Memory(), [], id="all-well"),
        pytest.param(BROKEN, Memory(), [Cause.ERROR], id="error"),
        pytest.param(replace(BROKEN, notified="no company"), Memory(), [], id="error/told-by-its-own-notification"),
        pytest.param(ANNA, replace(Memory(), links=(IN_CONFLICT,)), [Cause.CONFLICT], id="conflict"),
        pytest.param(ANNA, replace(Memory(), holds=(a_hold(),)), [Cause.HOLD], id="hold"),
        pytest.param(ANNA, replace(Memory(), holds=(a_hold(approval=Approval.APPROVED),)), [], id="hold/approved"),
        pytest.param(ANNA, replace(Memory(), holds=(a_hold(items=()),)), [], id="hold/empty"),
    ],
)
def test_what_a_person_is_told_of(user: User, memory: Memory, expected: list[Cause]) -> None:
    """An error, a list that waits, a conflict; no more than what is open."""
    assert expected == list(causes_of(user, memory).values())


@pytest.mark.parametrize(
    ("causes", "told", "expected"),
    [
        pytest.param({}, [], "", id="nothing"),
        pytest.param({"c1": Cause.CONFLICT}, [], "a meeting is in conflict.", id="one"),
        pytest.param({"c1": Cause.CONFLICT}, ["c1"], "", id="told-before"),
        pytest.param({"c1": Cause.CONFLICT, "c2": Cause.CONFLICT}, [], "2 meetings are in conflict.", id="several"),
        pytest.param(
            {"c1": Cause.CONFLICT, "c2": Cause.CONFLICT}, ["c1"], "a meeting is in conflict.", id="one-of-them-is-new"
        ),
        pytest.param(
            {"c1": Cause.CONFLICT, "e1": Cause.ERROR},
            [],
            "sync does not work: no mailbox; a meeting is in conflict.",
            id="the-error-first-with-its-text",
        ),
    ],
)
def test_a_notification_tells_what_is_new(causes: dict[str, Cause], told: list[str], expected: str) -> None:
    """And afterwards everything that is open has been told."""
    text, after = notice(told, causes, BROKEN.state)

    assert text == (f"Outlook and ERP.net: {expected}" if expected else "")
    assert after == tuple(sorted(causes))


def test_what_is_over_is_told_again_if_it_comes_back() -> None:
    """What has been told holds open causes only."""
    _, told = notice(["c1"], {}, "")

    assert notice(told, {"c1": Cause.CONFLICT}, "")[0] != ""


def test_a_notification_fits_and_remembers_no_more_than_it_may() -> None:
    """A subject of ERP.net holds so much (erpnet.md §10)."""
    many = {f"c{number:05}": Cause.CONFLICT for number in range(MOST + 9)} | {"e": Cause.ERROR}
    text, told = notice([], many, f"Error: {'x' * 999}")

    assert (len(text), text[-1], len(told)) == (LONGEST, "…", MOST)


@pytest.mark.parametrize(
    ("users", "more", "expected"),
    [
        pytest.param([ANNA], [], "", id="all-well"),
        pytest.param([BROKEN], [], "1 person in error", id="one-in-error"),
        pytest.param([replace(BROKEN, enabled=False)], [], "", id="somebody-switched-off"),
        pytest.param(
            [replace(ANNA, tally=Tally(holds=1, conflicts=2)), BROKEN, BROKEN],
            [Told(NOW, "the secret ends in 9 days")],
            "2 people in error; 1 list of deletions to approve or drop; 2 meetings in conflict; "
            "the secret ends in 9 days",
            id="everything",
        ),
        pytest.param(
            [
                replace(
                    ANNA, tally=Tally(holds=2, holds_since=NOW - DAY, conflicts=1, conflicts_since=NOW - 3 * DAY)
                ),
                replace(ANNA, id="b", tally=Tally(conflicts=1, conflicts_since=NOW)),
                replace(BROKEN, troubled_at=NOW - DAY / 2),
            ],
            [Told(NOW - 2 * DAY, "the secret ends in 9 days")],
            "2 meetings in conflict; the secret ends in 9 days; 2 lists of deletions to approve or drop; "
            "1 person in error",
            id="what-has-waited-longest-first",
        ),
    ],
)
def test_administrators_get_numbers(users: list[User], more: list[Told], expected: str) -> None:
    """Of those who are switched on, once a day; nothing where nothing needs them."""
    text = f"calsync needs you: {expected}. `calsync status` says more." if expected else ""

    assert text == digest(users, more)
