"""Every reason that calsync gives has its "Do:" line."""

from __future__ import annotations

from types import ModuleType

import pytest

from sync_core.model.why import Why
from sync_core.plan import (
    dates,
    decide,
    delete,
    flow,
    holds,
    match,
    relocate,
    repattern,
    shared,
    tables,
    update_rules,
)
from sync_core.plan.remedies import BY_RULE, DO, OTHERWISE, remedy
from sync_core.plan.tables import HINDRANCES, REASONS

NO_REASONS = {
    (dates, "REFUSED"),
    (delete, "DELETION"),
    (delete, "KEPT_BY_CHOICE"),
    (match, "DATE_SYSTEM"),
    (shared, "DELETED_COPY"),
    (shared, "OURS"),
    (tables, "MASS_DELETION"),
    (update_rules, "HIDDEN_VALUE"),
}
"""What stands behind a reason, or for a value."""


def sentences(module: ModuleType) -> list[str]:
    """The texts that a module of the plan gives as reasons, by the way in which all of them are written."""
    named = [(name, text) for name, text in vars(module).items() if name.isupper() and isinstance(text, str)]
    return [text for name, text in named if (module, name) not in NO_REASONS]


@pytest.mark.parametrize(
    "module",
    [dates, decide, delete, flow, holds, match, relocate, repattern, shared, tables, update_rules],
)
def test_every_reason_has_its_line(module: ModuleType) -> None:
    """Those of the exits, the rules and what ends a pair."""
    assert [text for text in sentences(module) if not remedy(text)] == []


def test_so_have_those_of_the_tables() -> None:
    """Traits, obstacles and hindrances."""
    assert [text for text in (*REASONS.values(), *HINDRANCES.values()) if text not in DO] == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("two activities name the same event: a1, a2", "void the activity that is one too many"),
        ("deleted in Outlook; the activity is read-only in ERP.net", DO["the activity is read-only in ERP.net"]),
        ("subject: both sides changed it; the settings leave the choice to a person", DO[flow.ASK]),
        ("HTTP 400: something else", ""),
        ("", ""),
    ],
)
def test_a_reason_may_stand_with_more(reason: str, expected: str) -> None:
    """Behind another one, before ids, or not be ours."""
    assert remedy(reason) == expected


def test_an_error_of_a_side_has_a_line_too() -> None:
    """Where somebody has to see to it."""
    assert remedy("ERP.net refused it", OTHERWISE) == OTHERWISE


def test_what_the_rules_say_no_retry_changes() -> None:
    """Of all reasons those by which the scope leaves an item out, and no other: an error, a lock, a person's word."""
    others = (Why.PAST, Why.INVITED, Why.NO_COMPANY, Why.LOCKED, Why.MASS_DELETION)
    assert set(Why) - BY_RULE == {*others, Why.NEIGHBOUR, Why.ANOTHER_DATE, Why.MADE_ANEW}
