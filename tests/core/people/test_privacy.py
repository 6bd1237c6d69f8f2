"""What SYNC_PRIVATE=busy hides from a side, and what a write shows again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sync_core.model.decision import Case, Context
from sync_core.model.policy import Policy, PrivateRule
from sync_core.people.privacy import is_hidden
from tests.support.samples import a_case, an_activity, an_event, an_office, known_to, linked, noted, shown


@dataclass(frozen=True)
class Hiding:
    """Which side hides the meeting."""

    event: bool = False
    activity: bool = False

    def case(self) -> Case:
        """Both sides of it."""
        event = an_event(shown(sensitivity="private" if self.event else "normal"))
        return linked(event, an_activity(noted(private=self.activity)))


@pytest.mark.parametrize("hiding", [Hiding(), Hiding(event=True), Hiding(activity=True), Hiding(True, True)])
@pytest.mark.parametrize("rule", PrivateRule)
def test_hidden_is_what_any_side_hides(rule: PrivateRule, hiding: Hiding) -> None:
    """Only under ``busy``, and one side is enough."""
    ctx: Context = an_office(policy=Policy(private=rule))

    expected = rule is PrivateRule.BUSY and (hiding.event or hiding.activity)
    assert expected is is_hidden(hiding.case(), ctx)


def test_nothing_read_is_nothing_hidden() -> None:
    """A base alone hides nobody: its people are known already."""
    assert not is_hidden(a_case(None, None, link=known_to()), an_office(policy=Policy(private=PrivateRule.BUSY)))
