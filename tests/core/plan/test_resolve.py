"""A person's answer to an open conflict: which choices it makes, what does not fit, and when it is carried out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sync_core.model.conflict import Chosen, Clash, Conflict
from sync_core.model.link import Link, Role
from sync_core.model.sides import Field, Side
from sync_core.people.privacy import PRIVATE
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.delete import DELETION
from sync_core.plan.resolve import (
    HIDDEN,
    PEOPLE_BY_HAND,
    Answer,
    AnswerRefused,
    answers_to,
    by_hand,
    choices,
    has_moved_on,
    is_resolved,
)
from sync_core.plan.tables import REASONS, Obstacle
from sync_core.plan.update_rules import ONE_PRIVACY, RICH_BODY
from tests.support.samples import NOW, a_link

SUBJECT = Clash(Field.SUBJECT, "Plan", "Forecast", "both sides changed it")
BODY = Clash(Field.BODY, "Agenda", "Minutes", "both sides changed it")
PEOPLE = Clash(Field.PEOPLE, "a@b.example", "", "both sides changed it")
UNSEEN = Clash(Field.SUBJECT, PRIVATE, PRIVATE, "both sides changed it")


def in_conflict(*clashes: Clash, chosen: tuple[Chosen, ...] = ()) -> Link:
    """A pair with these fields in conflict."""
    return a_link(conflict=Conflict(clashes, NOW) if clashes else None, chosen=chosen)


@pytest.mark.parametrize(
    ("link", "answer", "expected"),
    [
        pytest.param(in_conflict(SUBJECT), "outlook", (Chosen(SUBJECT, Side.GRAPH),), id="outlook"),
        pytest.param(in_conflict(SUBJECT), Answer.ERP, (Chosen(SUBJECT, Side.ERP),), id="erpnet"),
        pytest.param(
            in_conflict(SUBJECT, BODY),
            "erp",
            (Chosen(SUBJECT, Side.ERP), Chosen(BODY, Side.ERP)),
            id="one-side-for-all",
        ),
        pytest.param(
            in_conflict(SUBJECT, BODY), {"body": "outlook"}, (Chosen(BODY, Side.GRAPH),), id="the-rest-stays-open"
        ),
        pytest.param(
            in_conflict(SUBJECT, BODY),
            {"subject": "erp", "body": "outlook"},
            (Chosen(SUBJECT, Side.ERP), Chosen(BODY, Side.GRAPH)),
            id="field-by-field",
        ),
    ],
)
def test_an_answer_names_a_side_for_fields(
    link: Link, answer: str | Mapping[str, str], expected: tuple[Chosen, ...]
) -> None:
    """For all of the conflict, or for each field by itself."""
    assert expected == choices(link, answer)


@pytest.mark.parametrize(
    ("link", "answer", "why"),
    [
        pytest.param(in_conflict(SUBJECT), {"body": "erp"}, "the conflict is about subject", id="another-field"),
        pytest.param(in_conflict(SUBJECT, BODY), {}, "about body, subject", id="no-field"),
        pytest.param(in_conflict(), "erp", "name a side", id="no-conflict"),
        pytest.param(in_conflict(SUBJECT), "both", "keep outlook or erp", id="another-side"),
        pytest.param(in_conflict(PEOPLE), "erp", PEOPLE_BY_HAND, id="people"),
        pytest.param(in_conflict(UNSEEN), "outlook", HIDDEN, id="hidden-values"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_the_reason(
    link: Link, answer: str | Mapping[str, str], why: str
) -> None:
    """The reason says what would fit."""
    with pytest.raises(AnswerRefused, match=why.partition(":")[0]):
        choices(link, answer)


OUTLOOK, ERP = Answer.OUTLOOK, Answer.ERP


def because(why: str, field: str = Field.SUBJECT) -> Clash:
    """A field in conflict for this reason."""
    return Clash(field, "Plan", "Forecast", why)


@pytest.mark.parametrize(
    ("clash", "own", "copy"),
    [
        pytest.param(SUBJECT, (OUTLOOK, ERP), (OUTLOOK,), id="both-changed-it"),
        pytest.param(because(REASONS[Obstacle.LOCKED]), (ERP,), (), id="locked"),
        pytest.param(because(REASONS[Obstacle.LOCKED], DELETION), (ERP,), (ERP,), id="deleted-and-locked"),
        pytest.param(because(REASONS[Obstacle.INVITED]), (OUTLOOK,), (OUTLOOK,), id="somebody-elses-meeting"),
        pytest.param(because(NEIGHBOUR, Field.TIME), (OUTLOOK,), (OUTLOOK,), id="across-a-neighbour"),
        pytest.param(because(ONE_PRIVACY, Field.PRIVATE), (OUTLOOK,), (OUTLOOK,), id="one-privacy"),
        pytest.param(because(RICH_BODY, Field.BODY), (OUTLOOK,), (OUTLOOK,), id="formatted-text"),
        pytest.param(PEOPLE, (), (), id="people"),
        pytest.param(UNSEEN, (), (), id="hidden-values"),
    ],
)
def test_only_what_can_be_done_is_offered(clash: Clash, own: tuple[Answer, ...], copy: tuple[Answer, ...]) -> None:
    """Of one's own event, and of somebody else's; where nothing is, what helps is said."""
    assert (answers_to(clash, Role.OWN), answers_to(clash, Role.INVITED)) == (own, copy)
    assert (bool(by_hand(clash, Role.OWN)), bool(by_hand(clash, Role.INVITED))) == (not own, not copy)


def test_people_beside_another_field_do_not_refuse_the_answer() -> None:
    """Something of it can be carried out."""
    assert len(choices(in_conflict(SUBJECT, PEOPLE), "erp")) == 2


EDITED = Clash(Field.SUBJECT, "Plan B", "Forecast", "both sides changed it")
LOCKED = Clash(Field.SUBJECT, "Plan", "Forecast", "the activity is read-only in ERP.net")


@pytest.mark.parametrize(
    ("after", "resolved", "moved_on"),
    [
        pytest.param(None, True, False, id="the-pair-is-gone"),
        pytest.param(in_conflict(), True, False, id="carried-out"),
        pytest.param(in_conflict(chosen=(Chosen(SUBJECT, Side.ERP),)), False, False, id="waits-for-a-round"),
        pytest.param(in_conflict(SUBJECT), False, False, id="not-carried-out"),
        pytest.param(in_conflict(LOCKED), False, False, id="the-same-values-for-another-reason"),
        pytest.param(in_conflict(EDITED), False, True, id="edited-since"),
        pytest.param(in_conflict(SUBJECT, BODY), False, True, id="one-more-field"),
    ],
)
def test_what_has_become_of_an_answer(after: Link | None, *, resolved: bool, moved_on: bool) -> None:
    """It is carried out, waits, or was overtaken by an edit."""
    before = in_conflict(SUBJECT)

    assert resolved is is_resolved(before, after)
    assert moved_on is has_moved_on(before, after)
