"""Finds the user of a login: present, former, a service user, or somebody who got the login later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.model.logins import OWNER, Bearer, Logins, logins_of
from sync_core.model.user import FormerAccount, User
from sync_core.plan.identity import creator_of
from tests.support.samples import ANNA_ID, BORIS_ID, NOW, PARTY, a_bearer, a_context, an_activity

A_DAY = timedelta(days=1)
RENAMED = Bearer("anna", ANNA_ID, PARTY, seen_at=NOW - 10 * A_DAY, until_at=NOW - 9 * A_DAY)
"""Anna bore the login until nine days ago, …"""
SUCCESSOR = Bearer("anna", BORIS_ID, "party-boris", seen_at=NOW)
"""… and Boris bears it now."""

WALL = NOW.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("bearers", "made_days_ago", "owner", "expected"),
    [
        pytest.param([RENAMED], 30, PARTY, ANNA_ID, id="renamed/made-before"),
        pytest.param([RENAMED], 1, PARTY, ANNA_ID, id="renamed/nobody-else-ever-bore-it"),
        pytest.param([RENAMED, SUCCESSOR], 30, "party-boris", ANNA_ID, id="given-away/made-long-before"),
        pytest.param([RENAMED, SUCCESSOR], 1, PARTY, BORIS_ID, id="given-away/made-since"),
        pytest.param([RENAMED, SUCCESSOR], 9, PARTY, ANNA_ID, id="given-away/in-doubt/owned-by-the-former"),
        pytest.param(
            [RENAMED, SUCCESSOR], 9, "party-boris", BORIS_ID, id="given-away/in-doubt/owned-by-the-successor"
        ),
        pytest.param([RENAMED, SUCCESSOR], 9, "party-carl", BORIS_ID, id="given-away/in-doubt/owned-by-another"),
    ],
)
def test_a_login_is_whose_it_was_when_it_was_written(
    bearers: list[Bearer], made_days_ago: int, owner: str, expected: str
) -> None:
    """Where one login had several bearers, time decides; in doubt, the owner of what was made."""
    activity = an_activity(created=WALL - made_days_ago * A_DAY, owner_party=owner)

    assert expected == Logins(bearers).creator_of(activity)


def test_nothing_is_made_after_its_last_update() -> None:
    """An activity whose server never told when it was made was made before it was last touched."""
    activity = an_activity(created=None, updated_at=NOW - 20 * A_DAY, owner_party="party-boris")

    assert Logins([RENAMED, SUCCESSOR]).creator_of(activity) == ANNA_ID


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({"anna": ANNA_ID}, ANNA_ID, id="still-theirs"),
        pytest.param({"anna": "erp-zoe"}, "erp-zoe", id="somebody-elses-since"),
        pytest.param({}, ANNA_ID, id="nobodys-since"),
    ],
)
def test_what_erp_net_says_now_goes_before_what_is_known(found: dict[str, str], expected: str) -> None:
    """A rename that no check has seen yet is seen as soon as it matters."""
    logins = Logins([a_bearer("anna", seen_at=NOW - A_DAY)]).asked(["Anna"], found)

    assert expected == logins.creator_of(an_activity(created=WALL, owner_party="party-zoe"))


def test_the_one_seen_later_bears_it() -> None:
    """Of two who are known by one login the later look is right: a login is one person's at a time."""
    logins = Logins([a_bearer("anna", seen_at=NOW - A_DAY), SUCCESSOR])

    assert logins.creator_of(an_activity(created=WALL, owner_party="party-boris")) == BORIS_ID


@pytest.mark.parametrize(
    ("found", "owner", "expected"),
    [
        pytest.param({}, PARTY, ANNA_ID, id="nobodys-any-more/hers"),
        pytest.param({}, "party-boris", "", id="nobodys-any-more/another-persons"),
        pytest.param({"old": ANNA_ID}, "party-boris", ANNA_ID, id="her-new-one"),
        pytest.param({"old": "erp-zoe"}, PARTY, "erp-zoe", id="a-strangers"),
    ],
)
def test_a_login_that_is_not_known_is_asked_for(found: dict[str, str], owner: str, expected: str) -> None:
    """What somebody made of whom ERP.net knows nothing any more is its owner's, as what a service made."""
    ctx = a_context()
    asked = a_context(logins=ctx.logins.asked(["old"], found))
    activity = an_activity(creation_user="OLD", owner_party=owner)

    assert creator_of(activity, ctx) == "login:old"
    assert creator_of(activity, asked) == expected


def test_a_renamed_service_user_made_what_it_made() -> None:
    """What it made under the old login is its owner's still."""
    logins = logins_of([], ["new-bot"], [Bearer("bot", "", "", None, NOW)])

    assert {OWNER} == {logins.creator_of(an_activity(creation_user=one, created=WALL)) for one in ("bot", "New-Bot")}


def test_an_account_made_anew_is_the_same_person() -> None:
    """Former ids and logins stand for the user of today."""
    former = FormerAccount("erp-old", "anna", NOW - A_DAY, NOW)
    anna = User("anna-id", "a@acme.example", erp_user_id=ANNA_ID, erp_login="anna.k", former_accounts=(former,))
    logins = logins_of([anna], [])

    assert logins.creator_of(an_activity(creation_user="anna")) == ANNA_ID
    assert logins.asked(["anna"], {"anna": "erp-old"}).creator_of(an_activity(creation_user="anna")) == ANNA_ID
    assert anna.erp_user_ids == {ANNA_ID, "erp-old"}
    assert anna.erp_logins == {"anna", "anna.k"}


@pytest.mark.parametrize(
    ("creator", "is_on"),
    [(ANNA_ID, True), ("login:anna", True), ("login:carl", False), ("login:nobody", False), ("", False)],
)
def test_a_creator_kept_by_an_older_version_is_read_by_login(creator: str, *, is_on: bool) -> None:
    """Version 1 kept logins; they mean whom they meant."""
    assert a_context().is_on(creator) is is_on


LOGINS = st.sampled_from(["anna", "boris", "carl", "new", ""])
TIMES = st.none() | st.integers(-40, 40).map(lambda days: NOW + days * A_DAY)


@given(
    st.lists(st.builds(Bearer, LOGINS, st.sampled_from([ANNA_ID, BORIS_ID, OWNER]), LOGINS, TIMES, TIMES)),
    st.dictionaries(LOGINS, st.sampled_from([ANNA_ID, "erp-zoe"])),
    LOGINS,
    LOGINS,
    st.none() | st.datetimes(),
)
def test_whoever_made_something_is_a_candidate(
    bearers: list[Bearer], found: dict[str, str], login: str, owner: str, created: object
) -> None:
    """The pull files for everybody whom a round may find to be the creator, whatever is known."""
    logins = Logins(bearers).asked(found, found)
    activity = an_activity(creation_user=login, owner_party=owner, created=created)

    creator = logins.creator_of(activity)

    assert creator in logins.candidates(login) or creator == f"login:{login}"


def test_a_bearer_who_is_not_shown_leaves_what_is_known() -> None:
    """ERP.net fails to say who bears a login: whoever is known to bear it still does, and nobody else gets it."""
    known = Logins([a_bearer("anna", seen_at=NOW - A_DAY)])
    logins = known.asked(["Anna", "ben", "cyd"], {"anna": None, "ben": None})

    assert logins.creator_of(an_activity(created=WALL)) == ANNA_ID
    assert logins.creator_of(an_activity(creation_user="ben", owner_party=PARTY)) == "login:ben"
    assert logins.candidates("ben") == frozenset()
    assert logins.candidates("cyd") == {OWNER}
    assert logins.unasked(["anna", "ben", "cyd", "dora"]) == {"dora"}
