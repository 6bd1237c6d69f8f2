"""Every reason that calsync gives has its "Do:" line."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import pytest

from sync_core import plan
from sync_core.model.why import Why
from sync_core.plan import flow
from sync_core.plan.remedies import BY_RULE, DO, OTHERWISE, remedy
from sync_core.plan.tables import HINDRANCES, REASONS

NO_REASONS = {
    "dates": {"REFUSED"},
    "delete": {"DELETION", "KEPT_BY_CHOICE"},
    "remedies": {"NOTHING_TO_DO", "OTHERWISE", "_SERIES"},
    "resolve": {"HIDDEN", "NEITHER_SIDE", "PEOPLE_BY_HAND"},
    "update": {"BY_PERSON", "BY_POLICY"},
}
"""What stands behind a reason or in one, is a remedy itself, or answers a choice; by the module."""


MODULES = {one.name: import_module(f"{plan.__name__}.{one.name}") for one in pkgutil.iter_modules(plan.__path__)}
"""All of ``sync_core/plan``."""


def sentences(module: ModuleType) -> dict[str, str]:
    """The texts that a module names: reasons, by the way in which all of them are written."""
    nodes = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.Assign)]
    named = [target.id for node in nodes for target in node.targets if isinstance(target, ast.Name)]
    return {name: text for name in named if name.isupper() and isinstance(text := getattr(module, name), str)}


@pytest.mark.parametrize("module", MODULES)
def test_every_reason_has_its_line(module: str) -> None:
    """Those of the exits, the rules and what ends a pair."""
    lacking = {name for name, text in sentences(MODULES[module]).items() if not remedy(text)}

    assert lacking == NO_REASONS.get(module, set())


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
