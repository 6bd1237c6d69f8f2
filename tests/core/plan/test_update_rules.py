"""The rules of an update, one by one: what each takes out of the writes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as attributes
from datetime import date
from typing import Any
from unittest.mock import ANY

import pytest

from sync_core.content.compare import Pair
from sync_core.content.ranges import BEYOND
from sync_core.model.conflict import CategoryState, Chosen, Clash, Conflict, PutBack
from sync_core.model.decision import Case, Context
from sync_core.model.link import Link, Role
from sync_core.model.policy import Direction, Policy, PrivateRule
from sync_core.model.series import Occurrence
from sync_core.model.sides import CONFLICT_CATEGORY, ErpActivity, Field, GraphEvent, Side
from sync_core.people import privacy
from sync_core.people.lists import Moves
from sync_core.plan import update_rules
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.flow import Flow
from sync_core.plan.tables import REASONS, Obstacle
from sync_core.plan.update_rules import NEEDS_BODY, RULES
from tests.support.samples import (
    BORIS,
    GUEST,
    NOW,
    a_case,
    a_context,
    a_link,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

SUBJECT, TIME, BODY, REMINDER, LIST = (
    frozenset({f}) for f in (Field.SUBJECT, Field.TIME, Field.BODY, Field.REMINDER, Field.PEOPLE)
)
HIDEABLE = LIST | SUBJECT | BODY
BUSY = an_office(policy=Policy(private=PrivateRule.BUSY))
PLAN, MINUTES = an_activity(noted(subject="Plan")), an_activity(noted(notes="Minutes"))
CLASH = Clash(Field.SUBJECT, "Budget", "Plan", "both changed it")
OPEN = Conflict((CLASH,), NOW)
LAST_HOUR = shown(start=utc(4500, 12, 31, 22, 30), end=utc(4500, 12, 31, 23))
TIMES = ("4500-12-31 22:30Z – 4500-12-31 23:00Z", "2026-02-02 08:00Z – 2026-02-02 09:00Z")
MOVED = an_activity(noted(start=wall_clock(2026, 2, 2, 12), end=wall_clock(2026, 2, 2, 13)))


def flowing(case: Case, ctx: Context | None = None, *, has_base: bool = True, **told: Any) -> Flow:
    """A flow in which the rules before have left what is told."""
    assert case.link is not None
    return Flow(Pair(case, case.link, has_base), ctx or a_context(), **told)


def a_clash(field: Field, event_value: str, activity_value: str, why: str) -> dict[str, dict[Field, Clash]]:
    """The conflict that a rule leaves."""
    return {"clashes": {field: Clash(field, event_value, activity_value, why)}}


FEBRUARY_2 = date(2026, 2, 2)
BESIDE = (date(2026, 2, 1), date(2026, 2, 3))
PRIVATE = frozenset({Field.PRIVATE})
HIDDEN = an_activity(noted(private=True))
DATED = a_link(occurrence=Occurrence("U", FEBRUARY_2, "M"))
NOON = ("2026-02-02 08:00Z – 2026-02-02 09:00Z", "2026-02-02 10:00Z – 2026-02-02 11:00Z")
REFUSED_MOVE = a_link(occurrence=DATED.occurrence, conflict=Conflict((Clash(Field.TIME, *NOON, NEIGHBOUR),), NOW))
MOVED_ON = an_activity(noted(start=wall_clock(2026, 2, 2, 13), end=wall_clock(2026, 2, 2, 14)))
FOUND_PAIR = Pair(a_case(an_event(), MOVED, neighbours=(None, FEBRUARY_2)), DATED, has_base=False)
INVITED: Link = a_link(role=Role.INVITED)
BOTH = linked(an_event(), PLAN)
WITH_GUESTS = linked(a_meeting(BORIS), PLAN)
FORMATTED = an_event(html="<div>Agenda</div><table><tr><td>1</td></tr></table>")

SHOWN = Clash(Field.SUBJECT, "Budget", "Plan", "whatever it was")
"""What ``BOTH`` stand apart on, as a person saw it when they chose."""


def chosen(keep: Side, clash: Clash = SHOWN) -> Case:
    """A pair for whose subject a person chose a side."""
    return linked(an_event(), PLAN, link=a_link(chosen=(Chosen(clash, keep),)))


def undone(event: GraphEvent, activity: ErpActivity, *asked: PutBack) -> Case:
    """A pair of which an undo asks for the title of before."""
    return linked(event, activity, link=a_link(put_back=asked or (PutBack(Field.SUBJECT, "Old", "Budget"),)))


ACTING: list[tuple[str, Flow, dict[str, Any]]] = [
    (
        "as_chosen",
        flowing(chosen(Side.ERP), to_erp=SUBJECT | TIME),
        {
            "to_erp": TIME,
            "to_graph": SUBJECT,
            "solved": ((Field.SUBJECT, Side.GRAPH),),
            "by_person": SUBJECT,
        },
    ),
    (
        "as_chosen",
        flowing(chosen(Side.GRAPH), clashes={Field.SUBJECT: SHOWN}),
        {
            "to_erp": SUBJECT,
            "clashes": {},
            "solved": ((Field.SUBJECT, Side.ERP),),
            "by_person": SUBJECT,
        },
    ),
    (
        "put_back",
        flowing(undone(an_event(), an_activity())),
        {"pair": ANY, "to_erp": SUBJECT, "to_graph": SUBJECT},
    ),
    (
        "put_back",
        flowing(undone(an_event(html=None), an_activity(), PutBack(Field.BODY, "Old", "Agenda"))),
        {"needs": NEEDS_BODY, "asked": (PutBack(Field.BODY, "Old", "Agenda"),)},
    ),
    (
        "keep_own_reminder",
        flowing(linked(an_invitation(), PLAN, link=INVITED), to_graph=REMINDER | SUBJECT),
        {"to_graph": SUBJECT},
    ),
    (
        "hide_private",
        flowing(linked(an_event(), an_activity(noted(private=True))), BUSY, to_erp=SUBJECT | TIME),
        {"to_erp": TIME, "left": SUBJECT | LIST},
    ),
    (
        "hide_private",
        flowing(linked(a_meeting(BORIS), an_activity(noted(private=True))), BUSY, to_graph=SUBJECT | TIME),
        {"to_graph": TIME, "left": LIST},
    ),
    (
        "hide_private",
        flowing(linked(an_event(shown(sensitivity="private")), PLAN), BUSY, to_erp=SUBJECT, to_graph=PRIVATE | BODY),
        {"to_graph": PRIVATE, "left": BODY},
    ),
    (
        "permit_erp",
        flowing(linked(an_event(shown(subject="Plan")), an_activity(state="Released")), to_erp=SUBJECT),
        {"to_erp": frozenset()} | a_clash(Field.SUBJECT, "Plan", "Budget", REASONS[Obstacle.LOCKED]),
    ),
    (
        "permit_erp",
        flowing(BOTH, a_context(policy=Policy(direction=Direction.TO_GRAPH)), to_erp=SUBJECT, to_graph=BODY),
        {"to_erp": frozenset(), "left": SUBJECT, "why": REASONS[Obstacle.ONE_WAY]},
    ),
    (
        "permit_graph",
        flowing(linked(an_invitation(), PLAN, link=INVITED), an_office(), to_graph=SUBJECT),
        {"to_graph": frozenset()} | a_clash(Field.SUBJECT, "Budget", "Plan", REASONS[Obstacle.INVITED]),
    ),
    (
        "permit_graph",
        flowing(BOTH, a_context(policy=Policy(direction=Direction.TO_ERP)), to_graph=SUBJECT, why="said before"),
        {"to_graph": frozenset(), "left": SUBJECT},
    ),
    (
        "first_link_mails_nobody",
        flowing(WITH_GUESTS, has_base=False, to_graph=SUBJECT | REMINDER),
        {"to_graph": REMINDER, "left": SUBJECT, "why": update_rules.WOULD_MAIL},
    ),
    (
        "time_fits",
        flowing(linked(an_event(LAST_HOUR), an_activity()), to_erp=TIME | SUBJECT),
        {"to_erp": SUBJECT}
        | a_clash(
            Field.TIME, "4500-12-31 22:30Z – 4500-12-31 23:00Z", "2026-02-02 08:00Z – 2026-02-02 09:00Z", BEYOND
        ),
    ),
    (
        "date_stays_public",
        flowing(linked(an_event(), HIDDEN, link=DATED), to_graph=SUBJECT | PRIVATE),
        {"to_graph": SUBJECT} | a_clash(Field.PRIVATE, "False", "True", update_rules.ONE_PRIVACY),
    ),
    (
        "words_need_privacy",
        flowing(linked(an_event(shown(sensitivity="private")), PLAN), BUSY, to_erp=SUBJECT | TIME, to_graph=PRIVATE),
        {"to_erp": TIME, "left": SUBJECT},
    ),
    (
        "words_need_privacy",
        flowing(linked(an_event(), HIDDEN), BUSY, to_erp=PRIVATE, to_graph=BODY | LIST | TIME),
        {"to_graph": TIME, "left": BODY | LIST},
    ),
    (
        "date_stays_between",
        flowing(linked(an_event(), MOVED, link=DATED, neighbours=(None, FEBRUARY_2)), to_graph=SUBJECT | TIME),
        {"to_graph": SUBJECT} | a_clash(Field.TIME, *NOON, NEIGHBOUR),
    ),
    (
        "date_stays_between",
        flowing(linked(an_event(), MOVED, link=REFUSED_MOVE), to_graph=SUBJECT | TIME),
        {"to_graph": SUBJECT} | a_clash(Field.TIME, *NOON, NEIGHBOUR),
    ),
    (
        "date_stays_between",
        Flow(FOUND_PAIR, a_context(), to_graph=SUBJECT | TIME | REMINDER),
        {"to_graph": SUBJECT} | a_clash(Field.TIME, *NOON, NEIGHBOUR),
    ),
    (
        "body_fits",
        flowing(linked(FORMATTED, MINUTES), to_graph=BODY),
        {"to_graph": frozenset()} | a_clash(Field.BODY, "Agenda", "Minutes", update_rules.RICH_BODY),
    ),
    (
        "body_fits",
        flowing(linked(an_event(html=None), MINUTES), to_graph=BODY | SUBJECT),
        {"to_graph": SUBJECT, "left": BODY, "needs": update_rules.NEEDS_BODY},
    ),
    (
        "lists_known",
        flowing(linked(an_event()), to_erp=LIST, to_graph=LIST | SUBJECT, needs=update_rules.NEEDS_BODY),
        {"to_erp": frozenset(), "to_graph": SUBJECT, "left": LIST, "needs": update_rules.NEEDS_LISTS},
    ),
    (
        "conceal_values",
        flowing(
            linked(an_event(shown(sensitivity="private")), PLAN),
            BUSY,
            clashes={Field.SUBJECT: CLASH, Field.TIME: Clash(Field.TIME, "then", "now", "both changed it")},
        ),
        {
            "clashes": {
                Field.SUBJECT: Clash(Field.SUBJECT, privacy.PRIVATE, privacy.PRIVATE, "both changed it"),
                Field.TIME: Clash(Field.TIME, "then", "now", "both changed it"),
            }
        },
    ),
    (
        "set_category",
        flowing(BOTH, clashes={Field.SUBJECT: CLASH}),
        {"conflict": Conflict((CLASH,), NOW, category=CategoryState.SET), "categories": (CONFLICT_CATEGORY,)},
    ),
    (
        "mail_last",
        flowing(WITH_GUESTS, to_graph=SUBJECT | REMINDER, needs=update_rules.NEEDS_BODY),
        {"to_graph": REMINDER, "left": SUBJECT, "later": SUBJECT, "needs": update_rules.MAILS_FOLLOW},
    ),
    (
        "mail_last",
        flowing(WITH_GUESTS, to_graph=SUBJECT, categories=(CONFLICT_CATEGORY,)),
        {"to_graph": frozenset(), "left": SUBJECT, "later": SUBJECT, "needs": update_rules.MAILS_FOLLOW},
    ),
    (
        "mail_last",
        flowing(BOTH, to_graph=LIST | SUBJECT | REMINDER, moves=Moves(join_graph=frozenset({GUEST}))),
        {"to_graph": REMINDER, "left": LIST | SUBJECT, "later": LIST | SUBJECT, "needs": update_rules.MAILS_FOLLOW},
    ),
    (
        "compare_again",
        flowing(
            linked(an_event(shown(sensitivity="private")), PLAN), BUSY, to_graph=frozenset({Field.PRIVATE}) | SUBJECT
        ),
        {"left": LIST | BODY, "needs": update_rules.SHOWN_AGAIN},
    ),
    ("category_needs_event", flowing(linked(None, PLAN), conflict=OPEN), {"needs": update_rules.NEEDS_CATEGORY}),
    (
        "reminder_follows_start",
        flowing(linked(an_event(shown(start=utc(2026, 2, 2, 10), end=utc(2026, 2, 2, 11))), PLAN), to_erp=TIME),
        {"to_erp": TIME | REMINDER},
    ),
    ("reminder_follows_start", flowing(linked(an_event(), MOVED), to_graph=TIME), {"to_erp": REMINDER}),
]
"""The rule, what it finds, and what it changes of it."""

PASSING: list[tuple[str, Flow]] = [
    ("keep_own_reminder", flowing(BOTH, to_graph=REMINDER)),
    ("hide_private", flowing(BOTH, BUSY, to_erp=HIDEABLE, to_graph=HIDEABLE)),
    ("hide_private", flowing(linked(an_event(), an_activity(noted(private=True))), to_erp=SUBJECT, to_graph=BODY)),
    ("permit_erp", flowing(BOTH, to_erp=SUBJECT)),
    ("permit_erp", flowing(linked(an_event(), an_activity(state="Released")), to_graph=SUBJECT)),
    ("permit_graph", flowing(BOTH, to_graph=SUBJECT)),
    ("permit_graph", flowing(linked(an_invitation(), PLAN, link=INVITED), to_erp=SUBJECT)),
    ("first_link_mails_nobody", flowing(WITH_GUESTS, to_graph=SUBJECT)),
    ("first_link_mails_nobody", flowing(BOTH, has_base=False, to_graph=SUBJECT)),
    ("time_fits", flowing(BOTH, to_erp=TIME)),
    ("time_fits", flowing(linked(an_event(LAST_HOUR), an_activity()), to_erp=SUBJECT)),
    ("date_stays_public", flowing(linked(an_event(), HIDDEN), to_graph=PRIVATE)),
    ("date_stays_public", flowing(linked(an_event(), HIDDEN, link=DATED), to_graph=SUBJECT)),
    (
        "words_need_privacy",
        flowing(linked(an_event(shown(sensitivity="private")), PLAN), BUSY, to_erp=SUBJECT | PRIVATE),
    ),
    ("words_need_privacy", flowing(linked(an_event(), HIDDEN), BUSY, to_graph=SUBJECT | PRIVATE)),
    ("words_need_privacy", flowing(linked(an_event(), HIDDEN), to_graph=SUBJECT)),
    ("words_need_privacy", flowing(BOTH, BUSY, to_erp=SUBJECT, to_graph=BODY)),
    ("date_stays_between", flowing(linked(an_event(), MOVED), to_graph=TIME)),
    ("date_stays_between", flowing(linked(an_event(), MOVED, link=DATED, neighbours=BESIDE), to_graph=TIME)),
    (
        "date_stays_between",
        flowing(linked(an_event(), MOVED_ON, link=REFUSED_MOVE, neighbours=BESIDE), to_graph=TIME),
    ),
    ("body_fits", flowing(linked(an_event(), MINUTES), to_graph=BODY)),
    ("body_fits", flowing(linked(FORMATTED, MINUTES), to_graph=SUBJECT)),
    ("lists_known", flowing(BOTH, to_erp=LIST, to_graph=LIST)),
    ("lists_known", flowing(linked(an_event()), to_graph=LIST)),
    ("conceal_values", flowing(BOTH, BUSY, clashes={Field.SUBJECT: CLASH})),
    ("set_category", flowing(BOTH, to_graph=SUBJECT)),
    ("mail_last", flowing(WITH_GUESTS, to_graph=SUBJECT)),
    ("mail_last", flowing(BOTH, to_graph=SUBJECT | REMINDER)),
    ("compare_again", flowing(BOTH, BUSY, to_graph=frozenset({Field.PRIVATE}))),
    ("category_needs_event", flowing(BOTH, conflict=OPEN)),
    ("category_needs_event", flowing(linked(None, PLAN))),
    ("reminder_follows_start", flowing(BOTH, to_erp=SUBJECT)),
    ("reminder_follows_start", flowing(linked(an_event(), MOVED), to_graph=TIME | REMINDER)),
    ("reminder_follows_start", flowing(linked(an_event(), MOVED), left=TIME, twice=TIME)),
]
"""The rule, and what it leaves as it finds it."""

PASSING[:0] = [
    ("as_chosen", flowing(BOTH, to_erp=SUBJECT)),
    ("as_chosen", flowing(chosen(Side.ERP, Clash(Field.SUBJECT, "Budget", "Plan B", "")), to_erp=SUBJECT)),
    ("as_chosen", flowing(chosen(Side.ERP), to_erp=TIME)),
    ("as_chosen", flowing(chosen(Side.ERP, Clash(Field.PEOPLE, "", "", "")), to_erp=LIST)),
    ("put_back", flowing(BOTH)),
    ("put_back", flowing(undone(an_event(), PLAN), to_graph=SUBJECT)),
    ("put_back", flowing(undone(an_event(), an_activity(state="Released")))),
    ("put_back", flowing(undone(an_invitation(), an_activity()))),
    ("put_back", flowing(undone(FORMATTED, an_activity(), PutBack(Field.BODY, "Old", "Agenda")))),
]

NAMED: dict[str, Callable[[Flow], Flow]] = {rule.__name__: rule for rule in RULES}


def changes(before: Flow, after: Flow) -> dict[str, Any]:
    """What of a flow is another."""
    names = [one.name for one in attributes(Flow)]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}


def test_every_rule_is_tried() -> None:
    """In the order in which the rules are asked."""
    assert list(NAMED) == list(dict.fromkeys(name for name, *_ in ACTING))
    assert list(NAMED) == list(dict.fromkeys(name for name, _ in PASSING))


@pytest.mark.parametrize(("name", "flow", "expected"), ACTING, ids=[name for name, *_ in ACTING])
def test_a_rule_acts(name: str, flow: Flow, expected: dict[str, Any]) -> None:
    """It changes what it is about, and nothing else."""
    assert expected == changes(flow, NAMED[name](flow))


@pytest.mark.parametrize(("name", "flow"), PASSING, ids=[name for name, _ in PASSING])
def test_a_rule_passes(name: str, flow: Flow) -> None:
    """What it is not about goes through as it is."""
    assert changes(flow, NAMED[name](flow)) == {}


def test_a_teams_body_keeps_its_block() -> None:
    """The text is written into the HTML around it."""
    rule = "_" * 80
    block = f"<div>{rule}</div><div><a href='https://teams.microsoft.com/l/meetup-join/19%3ax/0'>Join</a></div>"
    html = f"<div>Agenda</div>{block}<div>{rule}</div>"
    before = flowing(linked(an_event(html=html), MINUTES), to_graph=BODY)
    after = update_rules.body_fits(before)

    assert set(changes(before, after)) == {"html"}
    assert after.html is not None
    assert "Minutes" in after.html
    assert block in after.html
