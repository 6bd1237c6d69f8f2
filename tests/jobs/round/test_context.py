"""What a round knows beside the items: whose creator is off, and who else has an event of an activity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from jobs.ports import Store
from jobs.round.context import event_owners_of, left_alone, with_event_owners
from sync_core.model.link import Link, Role
from sync_core.model.memory import Memory
from sync_core.model.user import User
from tests.support.samples import (
    ANNA_ID,
    BORIS_ID,
    CARL_ID,
    a_case,
    a_link,
    an_activity,
    an_event,
    an_office,
    tombstone,
)


def a_user(name: str, **told: Any) -> User:
    """Somebody switched on, known to ERP.net."""
    known: dict[str, Any] = {"enabled": True, "erp_user_id": f"erp-{name}", "erp_login": name}
    return User(f"{name}-id", f"{name}@acme.example", **known | told)


OFFICE = (a_user("anna"), a_user("boris"), a_user("carl", enabled=False))


@pytest.mark.parametrize(
    ("link", "users", "expected"),
    [
        pytest.param(a_link(creator=ANNA_ID), OFFICE, 0, id="her-own"),
        pytest.param(a_link(creator=BORIS_ID), OFFICE, 0, id="a-colleague-who-is-on"),
        pytest.param(a_link(creator=CARL_ID), OFFICE, 1, id="a-colleague-who-is-off"),
        pytest.param(a_link(creator="login:boris"), OFFICE, 0, id="by-the-login-of-one-who-is-on"),
        pytest.param(a_link(creator="login:gone"), OFFICE, 1, id="by-the-login-of-nobody"),
        pytest.param(tombstone(creator=CARL_ID), OFFICE, 0, id="over"),
        pytest.param(a_link(creator=CARL_ID, role=Role.FOLLOWER), OFFICE, 0, id="follower"),
        pytest.param(
            a_link(creator=CARL_ID), (*OFFICE, User("zoe-id", "", unreadable="row")), 0, id="maybe-of-an-unread-user"
        ),
    ],
)
def test_which_pairs_every_round_leaves_alone(link: Link, users: tuple[User, ...], expected: int) -> None:
    """Those whose creator's sync is off (R12); where somebody's row cannot be read, nobody can tell."""
    assert expected == left_alone(users, Memory(links=(link,)))


@dataclass
class Index:
    """A store that knows whose events an activity has, and what it was asked."""

    owners: dict[str, frozenset[str]]
    asked: list[set[str]] = field(default_factory=list)

    async def find_event_owners(self, activity_ids: Collection[str]) -> dict[str, frozenset[str]]:
        self.asked.append(set(activity_ids))
        return {one: self.owners.get(one, frozenset()) for one in activity_ids}


async def test_only_colleagues_who_are_on_count_as_owners() -> None:
    """Neither the mailbox itself, nor somebody who is off or unknown."""
    index = Index({"A1": frozenset({"anna-id", "boris-id", "carl-id", "nobody-id"})})

    assert await event_owners_of(cast(Store, index), an_office(), ["A1"]) == {"A1": frozenset({"boris-id"})}


async def test_owners_are_asked_for_where_an_event_would_be_made() -> None:
    """One question for all such cases, and none without one."""
    index, ctx = Index({"A1": frozenset({"boris-id"})}), an_office()
    new, void, event = a_case(None, an_activity()), a_case(None, an_activity(id="A2", void=True)), a_case(an_event())
    cases = await with_event_owners(cast(Store, index), ctx, [new, void, event])
    assert await with_event_owners(cast(Store, index), ctx, [event]) == [event]

    assert [one.event_owners for one in cases] == [frozenset({"boris-id"}), frozenset(), frozenset()]
    assert index.asked == [{"A1"}]
