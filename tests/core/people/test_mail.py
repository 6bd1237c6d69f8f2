"""Who may be mailed: whom calsync may invite, whose list it may change, and how many mails a write sends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model.link import Link, Role
from sync_core.model.policy import Invite, Policy, PrivateRule
from sync_core.model.sides import Attendee, Field, GraphEvent
from sync_core.model.writes import CreateEvent, GraphWrite, PatchEvent, RemoveEvent
from sync_core.people.mail import mails_of, reach_of, reaches
from tests.support.samples import BORIS, GUEST, ME, ZOE, a_meeting, an_invitation, an_office, known_to, shown

ALL, INTERNAL, NOT_ONE = (Policy(invite=rule) for rule in (Invite.ALL, Invite.INTERNAL, Invite.NONE))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(ALL, {BORIS, ZOE, GUEST}, id="all"),
        pytest.param(INTERNAL, {BORIS, ZOE}, id="internal"),
        pytest.param(NOT_ONE, set(), id="none"),
        pytest.param(Policy(), {BORIS, ZOE}, id="default"),
    ],
)
def test_the_setting_says_who_may_be_invited(policy: Policy, expected: set[str]) -> None:
    """Everybody, the domains of the company's own people, or nobody; a domain's subdomain is another one."""
    reach = reach_of(an_office(policy=policy))

    assert expected == {one for one in (BORIS, ZOE, GUEST, "x@sub.acme.example") if reach(one)} - {
        "x@sub.acme.example"
    }
    assert reach("x@sub.acme.example") is (policy is ALL)


BUSY = Policy(invite=Invite.ALL, private=PrivateRule.BUSY)


@pytest.mark.parametrize(
    ("event", "link", "policy", "expected"),
    [
        pytest.param(a_meeting(BORIS), known_to(), ALL, True, id="own"),
        pytest.param(None, known_to(), ALL, True, id="own-not-read"),
        pytest.param(an_invitation(), known_to(role=Role.INVITED), ALL, False, id="copy"),
        pytest.param(None, known_to(role=Role.INVITED), ALL, False, id="copy-not-read"),
        pytest.param(a_meeting(Attendee("", "no address")), known_to(), ALL, False, id="somebody-without-address"),
        pytest.param(a_meeting("/o=acme/cn=x"), known_to(), ALL, False, id="an-address-that-is-none"),
        pytest.param(a_meeting(content=shown(sensitivity="private")), known_to(), BUSY, False, id="hidden"),
        pytest.param(a_meeting(content=shown(sensitivity="private")), known_to(), ALL, True, id="private-and-shown"),
    ],
)
def test_a_list_is_changed_only_where_it_is_ours_and_whole(
    event: GraphEvent | None, link: Link, policy: Policy, expected: bool
) -> None:
    """Never on somebody else's meeting, nor where somebody on it could not be sent back or is not seen."""
    assert expected is reaches(event, link, an_office(policy=policy))(BORIS)


TO_ALL = a_meeting(BORIS, GUEST, ME)


def patch(*fields: Field, people: tuple[str, ...] = ()) -> PatchEvent:
    """A patch of these fields, with this list."""
    return PatchEvent("E1", "ck", frozenset(fields), shown(), None, None, tuple(map(Attendee, people)))


@pytest.mark.parametrize(
    ("write", "event", "expected"),
    [
        pytest.param(None, TO_ALL, 0, id="nothing"),
        pytest.param(CreateEvent("A1", "tx", shown()), None, 0, id="create/alone"),
        pytest.param(CreateEvent("A1", "tx", shown(), (Attendee(BORIS),)), None, 1, id="create/one-guest"),
        pytest.param(RemoveEvent("E1", "ck"), TO_ALL, 2, id="remove"),
        pytest.param(RemoveEvent("E1", "ck"), None, 3, id="remove/not-read"),
        pytest.param(RemoveEvent("E1", "ck"), a_meeting(), 0, id="remove/alone"),
        *[
            pytest.param(patch(field), TO_ALL, 2, id=f"{field}")
            for field in (Field.SUBJECT, Field.BODY, Field.TIME, Field.PRIVATE, Field.PRIORITY)
        ],
        pytest.param(patch(Field.TIME), None, 3, id="time/not-read"),
        pytest.param(patch(Field.TIME), a_meeting(), 0, id="time/alone"),
        pytest.param(patch(Field.REMINDER), TO_ALL, 0, id="reminder"),
        pytest.param(replace(patch(), categories=("Red",)), TO_ALL, 0, id="categories"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, GUEST, ZOE, ME)), TO_ALL, 1, id="people/one-more"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS,)), TO_ALL, 1, id="people/one-less"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, ZOE)), TO_ALL, 2, id="people/another"),
        pytest.param(patch(Field.PEOPLE, people=(BORIS, GUEST)), TO_ALL, 0, id="people/the-same"),
        pytest.param(patch(Field.PEOPLE, Field.TIME, people=(BORIS, ZOE)), TO_ALL, 3, id="people/and-time"),
    ],
)
def test_mails_are_counted_as_exchange_sends_them(
    write: GraphWrite | None, event: GraphEvent | None, expected: int
) -> None:
    """Everybody hears of what is told; of the list alone those whom it concerns; of the rest nobody."""
    link = known_to(event=(BORIS, GUEST, ZOE))

    assert expected == mails_of(write, event, link)


def test_without_a_link_nobody_is_known_to_be_invited() -> None:
    """A create's own list is all there is."""
    assert mails_of(patch(Field.TIME), None, None) == 0
