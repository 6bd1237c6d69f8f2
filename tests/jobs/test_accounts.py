"""Which ERP.net user belongs to a mailbox, and what is remembered when it becomes another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs.accounts import accounts_of, with_account, with_service_login, without_account
from jobs.ports import ErpUser
from sync_core.model.instance import Instance
from sync_core.model.user import FormerAccount, User
from tests.support.samples import NOW, utc

MAIL, ALIAS = "anna@acme.example", "a.petrova@acme.example"
EARLIER = utc(2026, 1, 1)
USER = User("anna-id", MAIL, mail=MAIL, addresses=(MAIL, ALIAS), enabled=True)


def an_account(ident: str = "erp-1", **told: Any) -> ErpUser:
    """An ERP.net user without an e-mail of the mailbox."""
    known: dict[str, Any] = {
        "login": ident,
        "email": "",
        "name": "Anna",
        "is_admin": False,
        "person_id": "person-1",
        "party_id": "party-1",
        "time_zone": "",
    }
    return ErpUser(ident, **known | told)


KNOWN = replace(USER, erp_user_id="erp-1")
BY_MAIL, BY_ALIAS = an_account("erp-2", email=MAIL.upper()), an_account("erp-3", email=ALIAS)
BY_LOGIN = an_account("erp-4", login=MAIL)
STRANGER = an_account("erp-5", email=MAIL, person_id="person-9")


@pytest.mark.parametrize(
    ("user", "found", "expected"),
    [
        pytest.param(USER, [BY_MAIL, BY_ALIAS, BY_LOGIN], ["erp-2"], id="main-address-in-any-case"),
        pytest.param(USER, [BY_ALIAS, BY_LOGIN], ["erp-3"], id="another-address"),
        pytest.param(USER, [BY_LOGIN], ["erp-4"], id="login-at-last"),
        pytest.param(USER, [BY_MAIL, STRANGER], ["erp-2", "erp-5"], id="several-bear-the-address"),
        pytest.param(USER, [an_account()], [], id="nobody"),
        pytest.param(KNOWN, [an_account(), STRANGER], ["erp-1"], id="stored-id-before-an-address"),
        pytest.param(KNOWN, [an_account(), BY_MAIL], ["erp-2"], id="same-person-with-a-new-account"),
        pytest.param(
            KNOWN, [an_account(email=ALIAS), BY_MAIL], ["erp-1"], id="same-person-whose-old-account-still-fits"
        ),
        pytest.param(
            KNOWN, [an_account(person_id=""), replace(BY_MAIL, person_id="")], ["erp-1"], id="nobody-knows-the-person"
        ),
    ],
)
def test_whose_account_it_is(user: User, found: list[ErpUser], expected: list[str]) -> None:
    """The stored id is the best evidence: an address may be given to somebody else."""
    assert expected == [account.id for account in accounts_of(user, found)]


def test_another_account_makes_the_one_before_a_former_one() -> None:
    """Activities of the former account stay the person's; a renamed login counts as another, a new case does not."""
    first = with_account(USER, an_account(login="anna"), EARLIER)
    same = with_account(first, an_account(login="ANNA"), NOW)
    renamed = with_account(first, an_account(login="petrova"), NOW)
    moved = with_account(renamed, BY_MAIL, NOW)

    former = FormerAccount("erp-1", "anna", EARLIER, NOW)
    assert (first.former_accounts, same.former_accounts, renamed.former_accounts) == ((), (), (former,))
    assert [one.login for one in moved.former_accounts] == ["anna", "petrova"]
    assert moved.erp_user_ids == {"erp-1", "erp-2"}


def test_an_account_left_twice_is_remembered_once() -> None:
    """With the later times."""
    user = with_account(USER, an_account(), EARLIER)
    for account, at in ((BY_MAIL, EARLIER), (an_account(), EARLIER), (BY_MAIL, NOW)):
        user = with_account(user, account, at)

    assert [one.until_at for one in user.former_accounts if one.erp_user_id == "erp-1"] == [NOW]


def test_without_an_account_the_former_ones_stay() -> None:
    """Whoever loses the account to another mailbox still made what they made."""
    user = without_account(with_account(with_account(USER, an_account(), EARLIER), BY_MAIL, NOW))

    assert (user.erp_user_id, user.erp_login, user.erp_person_id, user.erp_party_id) == ("", "", "", "")
    assert user.erp_user_ids == {"erp-1"}


@pytest.mark.parametrize(
    ("before", "now", "former"),
    [("", "sync", []), ("sync", "SYNC", []), ("sync", "sync2", ["sync"])],
    ids=["first", "another-case", "renamed"],
)
def test_the_service_users_former_logins(before: str, now: str, former: list[str]) -> None:
    """Activities carry the login of their time, so an earlier one stays known."""
    after = with_service_login(Instance(service_login=before), now, NOW)

    assert (after.service_login, [one.login for one in after.former_service_logins]) == (now, former)
