"""The family of errors: what the caller does next is the class, and the facts travel as attributes."""

from __future__ import annotations

import pytest

from sync_core import errors
from sync_core.errors import (
    CalsyncError,
    DuplicateCreate,
    ItemRejected,
    LeaseHeld,
    LicencesTaken,
    SettingsInvalid,
    SideError,
    SideUnavailable,
    SlotsTaken,
    StoreError,
    Throttled,
)
from sync_core.model.sides import Side
from tests.support.samples import NOW


def drawn() -> list[tuple[str, str]]:
    """(class, parent) as the tree in the module's docstring draws them."""
    assert errors.__doc__ is not None
    above: list[tuple[int, str]] = []
    found = []
    for line in errors.__doc__.splitlines():
        if not line.startswith(("CalsyncError", "├", "│", "└", "    └", "    ├")):
            continue
        depth = len(line) - len(line.lstrip("│├└─ "))
        name = line.lstrip("│├└─ ").split()[0]
        above = [*[known for known in above if known[0] < depth], (depth, name)]
        found.append((name, above[-2][1] if len(above) > 1 else "Exception"))
    return found


@pytest.mark.parametrize(("name", "parent"), drawn())
def test_the_tree_in_the_docstring_is_the_family(name: str, parent: str) -> None:
    """Each drawn class exists below the parent it is drawn under."""
    assert parent == getattr(errors, name).__base__.__name__


def test_the_tree_draws_everybody() -> None:
    """No error of the family is missing from the tree."""
    family = {
        name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)
    }

    assert family == {name for name, _ in drawn()}


def test_settings_report_all_mistakes_together() -> None:
    """Every mistake is in the text and in the list."""
    error = SettingsInvalid(["ERPNET_URL is missing", "SYNC_CONFLICT is wrong"])

    assert error.mistakes == ["ERPNET_URL is missing", "SYNC_CONFLICT is wrong"]
    assert str(error) == "ERPNET_URL is missing\nSYNC_CONFLICT is wrong"


def test_a_side_error_says_which_side() -> None:
    """Every failure of a system names it, and keeps its text."""
    error = SideError(Side.ERP, "no answer")

    assert (error.side, str(error)) == (Side.ERP, "no answer")


def test_unavailable_tells_whether_the_work_may_be_done() -> None:
    """An unclear failure must be looked up before it is repeated; by default it is clear."""
    assert SideUnavailable(Side.ERP, "connection lost", unclear=True).unclear
    assert not SideUnavailable(Side.ERP, "503").unclear


def test_waiting_errors_are_one_kind_of_unavailable() -> None:
    """Throttling and taken licences wait for a time the side names, if it does."""
    error = LicencesTaken(Side.ERP, "no free session", retry_after=30)

    assert isinstance(error, Throttled)
    assert isinstance(error, SideUnavailable)
    assert error.retry_after == 30
    assert Throttled(Side.GRAPH, "429").retry_after is None


def test_a_rejected_item_keeps_code_and_rule() -> None:
    """What the side said about the item is kept apart from the sentence."""
    error = ItemRejected(Side.ERP, "midnight", code="2029", rule="R38488")

    assert (error.code, error.rule) == ("2029", "R38488")


def test_a_duplicate_create_names_the_event_that_exists() -> None:
    """The event to look at travels with the error."""
    error = DuplicateCreate("used already", existing_id="E7")

    assert (error.side, error.code, error.existing_id) == (Side.GRAPH, "ErrorDuplicateTransactionId", "E7")


@pytest.mark.parametrize("kind", [LeaseHeld, SlotsTaken])
def test_who_holds_something_is_said_with_until_when(kind: type[LeaseHeld] | type[SlotsTaken]) -> None:
    """Whoever waits is told for whom and how long."""
    error = kind("worker-1", NOW)

    assert (error.holder, error.until) == ("worker-1", NOW)
    assert "worker-1" in str(error)
    assert "2026-01-25 08:00:00Z" in str(error)
    assert isinstance(error, StoreError)
    assert isinstance(error, CalsyncError)
