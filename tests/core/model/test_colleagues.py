"""Colleagues: one person by many addresses, and whether their rounds work."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sync_core.model.colleagues import GRACE, Colleague, Colleagues, colleague_of
from sync_core.model.pause import Pause
from sync_core.model.user import User
from tests.support.samples import NOW, a_colleague, a_staff

IVAN = User("ivan-id", "Ivan@Acme.example", enabled=True, erp_login="Ivan", erp_party_id="P1", zone="Europe/Sofia")


def test_a_user_is_known_by_each_address() -> None:
    """Mail address, UPN and proxy addresses in lower case; the mail address tells the person apart."""
    user = User(
        "ivan-id",
        "IVAN@acme.example",
        mail="Ivan.Petrov@Acme.example",
        addresses=("ip@acme.example", ""),
        enabled=True,
        erp_login="IVAN",
        erp_party_id="P1",
        zone="Europe/Sofia",
    )

    assert colleague_of(user, NOW) == Colleague(
        "ivan-id",
        "ivan.petrov@acme.example",
        frozenset({"ivan.petrov@acme.example", "ivan@acme.example", "ip@acme.example"}),
        "P1",
        "Europe/Sofia",
        True,
    )


def test_a_user_without_mail_is_told_apart_by_the_upn() -> None:
    """There is always one address."""
    assert (colleague_of(IVAN, NOW).canonical, colleague_of(IVAN, NOW).addresses) == (
        "ivan@acme.example",
        frozenset({"ivan@acme.example"}),
    )


@pytest.mark.parametrize(
    ("enabled", "login", "troubled_at", "expected"),
    [
        pytest.param(True, "ivan", None, True, id="on"),
        pytest.param(False, "ivan", None, False, id="off"),
        pytest.param(True, "", None, False, id="nobody-in-erp"),
        pytest.param(True, "ivan", NOW, True, id="in-error-now"),
        pytest.param(True, "ivan", NOW - GRACE + timedelta(seconds=1), True, id="in-error-almost-a-day"),
        pytest.param(True, "ivan", NOW - GRACE, False, id="in-error-a-day"),
        pytest.param(False, "ivan", NOW, False, id="off-and-in-error"),
    ],
)
def test_somebody_in_error_is_waited_for_a_day(
    enabled: bool, login: str, troubled_at: datetime | None, expected: bool
) -> None:
    """Whoever is on and whose rounds work, or have failed for less than a day, keeps what they hold."""
    user = User("ivan-id", "ivan@acme.example", enabled=enabled, erp_login=login, troubled_at=troubled_at)

    assert expected is colleague_of(user, NOW).is_well


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        pytest.param(Pause(NOW - GRACE + timedelta(seconds=1)), True, id="paused-almost-a-day"),
        pytest.param(Pause(NOW - GRACE), False, id="paused-a-day"),
        pytest.param(Pause(NOW - 3 * GRACE, (NOW - GRACE).date()), True, id="over"),
    ],
)
def test_somebody_paused_is_waited_for_a_day(pause: Pause, expected: bool) -> None:
    """A short pause is a round that has not come yet; in a long one others feed the meetings."""
    assert expected is colleague_of(replace(IVAN, pause=pause), NOW).is_well


def test_people_are_found_by_what_is_known_of_them() -> None:
    """By id, by any address in any letter case and by party; nobody else is."""
    boris, staff = a_colleague("boris"), a_staff()

    assert [boris] * 4 == [
        staff.of("boris-id"),
        staff.at("BORIS@acme.example"),
        staff.at("boris.Alias@acme.example"),
        staff.owning("party-boris"),
    ]
    assert [staff.of("boris"), staff.at("guest@out.example"), staff.owning("")] == [None] * 3


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("Boris.Alias@Acme.example", "boris@acme.example", id="alias"),
        pytest.param("boris@acme.example", "boris@acme.example", id="itself"),
        pytest.param("Guest@Out.example", "guest@out.example", id="stranger"),
    ],
)
def test_one_person_is_one_address(address: str, expected: str) -> None:
    """An alias is the person; everybody else is known by the address in lower case."""
    assert expected == a_staff().canonical(address)


def test_nobody_without_a_party_owns_what_has_none() -> None:
    """An empty party is not the party of somebody who has none."""
    assert Colleagues([a_colleague("boris", party_id="")]).owning("") is None


def test_well_are_those_who_are_known_to_be() -> None:
    """Somebody switched off is not, and neither is somebody forgotten."""
    staff = a_staff()

    assert [staff.is_well(one) for one in ("boris-id", "carl-id", "gone-id")] == [True, False, False]


def test_internal_are_the_domains_of_all_addresses() -> None:
    """Aliases in other domains make those internal too; without people nothing is internal."""
    staff = a_staff(boris={"addresses": frozenset({"boris@acme.example", "boris@acme.test"})})

    assert staff.domains == {"acme.example", "acme.test"}
    assert Colleagues().domains == frozenset()
