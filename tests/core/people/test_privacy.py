"""What SYNC_PRIVATE=busy hides from a side, and what a write shows again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sync_core.model.decision import Case, Context
from sync_core.model.policy import Policy, PrivateRule
from sync_core.model.sides import Field, Fields
from sync_core.people.privacy import HIDEABLE, hidden_in_graph, is_hidden, kept_from_erp, kept_from_graph, shown_again
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


BUSY = an_office(policy=Policy(private=PrivateRule.BUSY))
NOBODY: Fields = frozenset()


@pytest.mark.parametrize(
    ("hiding", "mails", "expected"),
    [
        pytest.param(Hiding(), True, NOBODY, id="shown"),
        pytest.param(Hiding(event=True), True, NOBODY, id="private-event"),
        pytest.param(Hiding(activity=True), True, HIDEABLE, id="private-activity/with-attendees"),
        pytest.param(Hiding(activity=True), False, NOBODY, id="private-activity/alone"),
    ],
)
def test_what_exchange_would_mail_is_kept_from_the_event(hiding: Hiding, *, mails: bool, expected: Fields) -> None:
    """The words and people of a private activity, where a change of the event mails anybody."""
    assert expected == kept_from_graph(hiding.case(), BUSY, mails_people=mails)
    assert kept_from_graph(hiding.case(), an_office(), mails_people=mails) == NOBODY


@pytest.mark.parametrize(
    ("hiding", "first", "expected"),
    [
        pytest.param(Hiding(), False, NOBODY, id="shown"),
        pytest.param(Hiding(event=True), False, NOBODY, id="private-event"),
        pytest.param(Hiding(event=True, activity=True), False, NOBODY, id="both-private"),
        pytest.param(Hiding(activity=True), False, HIDEABLE, id="private-activity"),
        pytest.param(Hiding(activity=True), True, HIDEABLE | {Field.PRIVATE}, id="private-activity/newly-found-pair"),
    ],
)
def test_what_was_not_compared_is_kept_from_the_activity(hiding: Hiding, *, first: bool, expected: Fields) -> None:
    """A private activity keeps its own words where only it is private, and in a new pair stays private too."""
    assert expected == kept_from_erp(hiding.case(), BUSY, is_first=first)
    assert kept_from_erp(hiding.case(), an_office(), is_first=first) == NOBODY


@pytest.mark.parametrize("hiding", [Hiding(), Hiding(event=True), Hiding(activity=True), Hiding(True, True)])
def test_what_a_private_event_hides_is_not_overwritten(hiding: Hiding) -> None:
    """Whatever the activity shows."""
    assert hidden_in_graph(hiding.case(), BUSY) == (HIDEABLE if hiding.event else NOBODY)
    assert hidden_in_graph(hiding.case(), an_office()) == NOBODY


@pytest.mark.parametrize(
    ("to_erp", "to_graph", "expected"),
    [
        pytest.param(set(), set(), set(), id="nothing-is-written"),
        pytest.param({Field.SUBJECT}, set(), set(), id="stays-hidden"),
        pytest.param({Field.PRIVATE}, set(), {Field.PEOPLE, Field.SUBJECT, Field.BODY}, id="shown-in-erpnet"),
        pytest.param(set(), {Field.PRIVATE, Field.BODY}, {Field.PEOPLE, Field.SUBJECT}, id="shown-with-a-body"),
    ],
)
def test_what_a_write_shows_again_has_not_been_compared(
    to_erp: set[Field], to_graph: set[Field], expected: set[Field]
) -> None:
    """Everything that was hidden, but for what the same write holds."""
    case = Hiding(event=True).case()

    assert expected == shown_again(case, frozenset(to_erp), frozenset(to_graph), BUSY)
    assert shown_again(case, frozenset(to_erp), frozenset(to_graph), an_office()) == NOBODY
