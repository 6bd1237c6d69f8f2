"""Three people's logins and addresses change one after the other, in every order: nobody is taken for another."""

from __future__ import annotations

from itertools import permutations

import pytest

from sync_core.model.user import OPERATIONAL
from tests.support.budget import budget
from tests.support.days import at, only
from tests.support.house import House, open_office, upn_of

NAMES = ("anna", "boris", "carl")


class People:
    """The three, by what they are called in ERP.net now."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.logins = {name: name for name in NAMES}

    def act(self, what: str, name: str) -> None:
        """One of a person's names is another from now on."""
        if what == "login":
            self.house.erp.change_user(self.logins[name], Login=f"{name}.new")
            self.logins[name] = f"{name}.new"
        elif what == "erp.net":
            self.house.erp.change_user(self.logins[name], Email=f"{name}.at.erp@acme.example")
        else:
            mailbox = self.house.graph.mailbox(upn_of(name))
            mailbox.mail = mailbox.upn = f"{name}.at.entra@acme.example"

    def turn_logins(self) -> None:
        """Anna gets Boris's login, he Carl's, and Carl hers."""
        before = dict(self.logins)
        self.house.erp.change_user(before["anna"], Login="meanwhile")
        self.house.erp.change_user(before["carl"], Login=before["anna"])
        self.house.erp.change_user(before["boris"], Login=before["carl"])
        self.house.erp.change_user("meanwhile", Login=before["boris"])
        self.logins = {"anna": before["boris"], "boris": before["carl"], "carl": before["anna"]}


async def begun(house: House) -> tuple[dict[str, str], dict[str, str]]:
    """Each with a meeting of their own: person → id of the user, and person → activity."""
    ids = {name: (await house.user(upn_of(name))).id for name in NAMES}
    for n, name in enumerate(NAMES, 1):
        house.outlook(upn_of(name)).create(name, at(n + 20), at(n + 20, 10))
    await house.settle()
    return ids, {str(row["Subject"]): str(row["Id"]) for row in house.desk().activities()}


async def check_that_all_flows(people: People, ids: dict[str, str], activities: dict[str, str], word: str) -> None:
    """An edit on each side arrives at its own person's other side; nothing is made or lost."""
    house = people.house
    house.advance(days=1)
    await house.sync()
    for name in NAMES:
        house.desk(people.logins[name]).edit(activities[name], subject=f"{name} {word}")
    await house.settle()
    for name in NAMES:
        event = only(house.outlook(ids[name]).events())
        assert event["subject"] == f"{name} {word}"
        house.outlook(ids[name]).edit(event["id"], subject=f"{name} {word} again")
    await house.settle()
    shown = {str(row["Id"]): (row["Subject"], row["Void"]) for row in house.desk(people.logins["anna"]).activities()}
    assert shown == {activities[name]: (f"{name} {word} again", False) for name in NAMES}
    assert {user.state for user in await house.world.store.list_users()} == {OPERATIONAL}


ORDERS = list(permutations(("login", "erp.net", "entra")))
"""`make test` takes one that begins with each."""


@pytest.mark.parametrize("order", ORDERS[:: budget(2, 1)], ids=", ".join)
async def test_each_name_of_three_people_changes_in_any_order(order: tuple[str, ...]) -> None:
    """Each begins with another of the three changes; a day and an edit on each side lie between."""
    async with open_office(*NAMES) as house:
        people = People(house)
        ids, activities = await begun(house)
        for step in range(len(order)):
            for n, name in enumerate(NAMES):
                people.act(order[(step + n) % len(order)], name)
            await check_that_all_flows(people, ids, activities, f"step {step}")
        await house.sync(full=True)
        await check_that_all_flows(people, ids, activities, "at last")


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_three_people_pass_their_logins_round(times: int) -> None:
    """Once, twice, and until each has their own again."""
    async with open_office(*NAMES) as house:
        people = People(house)
        ids, activities = await begun(house)
        for turn in range(times):
            people.turn_logins()
            await check_that_all_flows(people, ids, activities, f"turn {turn}")
