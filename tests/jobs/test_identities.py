"""A name is not an identity: logins and addresses change on either side, and are given to somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.upgrades import UPGRADES
from jobs.enrolment import enable
from jobs.ports import Put
from sync_core.logins import LOGIN
from sync_core.model import OPERATIONAL
from tests.jobs.house import ANNA, House, open_office, upn_of
from tests.jobs.test_rules import digits, meeting, only

BORIS = upn_of("boris")


def subjects(house: House, upn: str = ANNA) -> list[str]:
    """What stands in a calendar, by name."""
    return sorted(event["subject"] for event in house.outlook(upn).events())


async def forget_ids(house: House, login: str) -> None:
    """The memory as a build of version 1 left it: by login, and nothing of former accounts."""
    store = house.world.store
    for user in await store.list_users():
        old = replace(user, erp_login=login if user.upn == ANNA else user.erp_login, former_accounts=())
        await store.save_user(replace(old, erp_seen_at=None))
        lease = await store.acquire_lease(user.id, "test", 180)
        links = [replace(x, creator=f"{LOGIN}{login}") for x in (await store.recall(user.id)).links]
        await store.release_lease(await store.save(lease, [Put(link) for link in links]))


def made_anew(house: House, *, active: bool = False) -> None:
    """Anna's account is replaced: a new id and login, the same person and e-mail."""
    old = house.erp.user_row("anna")
    person = old["Person"]
    house.erp.change_user("anna", Active=active, Email=None)
    house.erp.add_user("anna2", ANNA, "Anna", person=False)
    house.erp.change_user("anna2", Person=person)
    house.erp.add_role_user("anna2", house.erp.company_id, house.erp.location_id)


def renamed(house: House) -> None:
    """Anna's login is changed."""
    house.erp.change_user("anna", Login="ana.k")


CHANGES = {"login-renamed": (renamed, "ana.k"), "account-made-anew": (made_anew, "anna2")}


@pytest.mark.parametrize("change", CHANGES)
class TestARenamedLogin:
    """Anna is called something else in ERP.net; she, her e-mail and her meetings are what they were."""

    @pytest.mark.parametrize("later", [{"minutes": 5}, {"days": 1}], ids=["at-once", "from-the-next-day"])
    async def test_everything_goes_on_as_before(self, house: House, change: str, later: dict[str, float]) -> None:
        """Edits on both sides, a void and a deletion flow; nothing is made twice; she is operational."""
        change_it, login = CHANGES[change]
        kept = house.desk().create("Kept", digits(3), digits(3, 12))
        house.desk().create("Deleted", digits(4), digits(4, 12))
        event, activity = await meeting(house, "Own", 5)
        _, theirs = await meeting(house, "Voided", 6)
        await house.settle()

        change_it(house)
        house.advance(**later)
        await house.step()
        desk = house.desk(login)
        desk.edit(kept, subject="Kept 2")
        house.outlook().edit(event, subject="Own 2")
        desk.void(theirs)
        house.outlook().delete(house.outlook().find("Deleted"))
        await house.settle()

        assert subjects(house) == ["Kept 2", "Own 2"]
        assert desk.get(activity)["Subject"] == "Own 2"
        assert {row["Subject"]: row["Void"] for row in desk.activities()} == {
            "Kept 2": False,
            "Deleted": True,
            "Own 2": False,
            "Voided": True,
        }
        assert (await house.user()).state == OPERATIONAL

    async def test_what_she_makes_the_same_hour_arrives(self, house: House, change: str) -> None:
        """The new login is nobody's here yet: it is asked for, and hers."""
        change_it, login = CHANGES[change]
        change_it(house)
        house.desk(login).create("New", digits(2), digits(2, 12))
        await house.settle()
        house.advance(days=1)
        await house.settle()

        assert subjects(house) == ["New"]

    async def test_what_was_made_under_the_old_login_is_hers(self, house: House, change: str) -> None:
        """An activity of the past that only now becomes an event."""
        change_it, login = CHANGES[change]
        activity = house.desk().create("Old", digits(2), digits(2, 12), system_type="Communication")
        house.set_policy(activity_types=frozenset({"Meeting"}))
        await house.settle()
        change_it(house)
        house.advance(days=1)
        await house.settle()
        assert subjects(house) == []

        house.desk(login).edit(activity, SystemType="Meeting")
        await house.settle()
        await house.step(full=True)

        assert subjects(house) == ["Old"]

    async def test_the_memory_of_an_older_version_means_the_same(self, house: House, change: str) -> None:
        """Links by login, the login changed before the update: they are hers, and are kept by id from then on."""
        change_it, login = CHANGES[change]
        event, activity = await meeting(house, "Own")
        await forget_ids(house, "anna")
        change_it(house)
        house.advance(days=1)
        await house.settle()
        house.desk(login).edit(activity, subject="Own 2")
        await house.settle()

        assert subjects(house) == ["Own 2"]
        assert (await house.link_of(event)).creator in (await house.user()).erp_user_ids

    async def test_a_login_of_before_the_update_that_nobody_knows(self, house: House, change: str) -> None:
        """The old build has seen the new login already, so that the old one stands on links alone."""
        change_it, login = CHANGES[change]
        event, activity = await meeting(house, "Own")
        change_it(house)
        house.advance(days=1)
        await house.settle()
        await forget_ids(house, login)
        await relabel(house, "old")
        house.desk(login).edit(activity, subject="Own 2")
        await house.settle()

        assert subjects(house) == ["Own 2"]
        assert (await house.link_of(event)).creator == (await house.user()).erp_user_id


async def relabel(house: House, login: str) -> None:
    """All links say this login."""
    store, user = house.world.store, await house.user()
    lease = await store.acquire_lease(user.id, "test", 180)
    links = [replace(x, creator=f"{LOGIN}{login}") for x in (await store.recall(user.id)).links]
    await store.release_lease(await store.save(lease, [Put(link) for link in links]))


def test_version_1_kept_logins() -> None:
    """Its links and claims are read as what they meant."""
    assert UPGRADES["Claim"]({"creator": "anna"}) == {"creator": "login:anna"}
    assert UPGRADES["Claim"]({"creator": ""}) == {"creator": ""}


async def test_an_old_login_is_asked_for_once(house: House) -> None:
    """What the answer says is kept on the links: the next round asks nobody."""
    await meeting(house, "Own")
    await relabel(house, "old")
    await house.step(full=True)
    house.erp.requests.clear()
    house.desk().create("Other", digits(9), digits(9, 12))
    await house.step()

    assert [r.line for r in house.erp.requests if "old" in r.body.decode()] == []


async def test_a_login_given_to_somebody_else_is_theirs() -> None:
    """Anna's old login is a new colleague's: what they make is theirs, what she made stays hers."""
    async with open_office("anna", "boris") as house:
        hers = house.desk().create("Hers", digits(2), digits(2, 12))
        await house.settle()
        renamed(house)
        house.erp.add_user("anna", "nina@acme.example", "Nina")
        house.advance(days=3)
        house.desk("anna").create("Ninas", digits(6), digits(6, 12))
        house.desk("ana.k").edit(hers, notes="edited")
        await house.settle()
        await house.sync(full=True)
        assert subjects(house) == ["Hers"]
        assert house.outlook().text(only(house.outlook().events())["id"]).strip() == "edited"

        house.graph.add_mailbox("nina@acme.example", time_zone="FLE Standard Time")
        house.erp.add_role_user("anna", house.erp.company_id, house.erp.location_id)
        await enable(house.world, "nina@acme.example")
        await house.settle()
        await house.sync(full=True)
        assert (subjects(house), subjects(house, "nina@acme.example")) == (["Hers"], ["Ninas"])


async def test_a_login_given_away_the_same_hour_is_theirs(house: House) -> None:
    """Before anybody here has heard of the change: no stranger's activity stands in Anna's calendar."""
    renamed(house)
    house.erp.add_user("anna", "nina@acme.example", "Nina")
    house.desk("anna").create("Ninas", digits(2), digits(2, 12))
    house.desk("ana.k").create("Hers", digits(2), digits(2, 12))
    await house.settle()

    assert subjects(house) == ["Hers"]


async def test_a_renamed_service_user_is_the_same(house: House) -> None:
    """What the service user made under its old login is found again when the memory is lost."""
    await meeting(house, "Own")
    await house.settle()
    house.erp.change_user("calsync.service", Login="sync.bot")
    house.advance(days=1)
    await house.settle()

    assert len(house.desk().activities()) == 1
    await house.step(full=True)
    assert subjects(house) == ["Own"]


class TestAddresses:
    """Her address changes in Entra first, or in ERP.net first."""

    @pytest.mark.parametrize("where", ["entra", "erp.net", "both", "erp.net-empty"])
    async def test_the_known_account_suffices(self, house: House, where: str) -> None:
        """Nothing stops: whom she is in ERP.net is known by id."""
        _, activity = await meeting(house, "Own")
        if where in ("entra", "both"):
            house.graph.mailbox(ANNA).mail = "ana.k@acme.example"
            house.graph.mailbox(ANNA).upn = "ana.k@acme.example"
        if where in ("erp.net", "both"):
            house.erp.change_user("anna", Email="ana.kirova@acme.example")
        if where == "erp.net-empty":
            house.erp.change_user("anna", Email=None)
        house.advance(days=1)
        await house.sync()
        house.desk().edit(activity, subject="Own 2")
        house.advance(minutes=5)
        await house.sync()

        (user,) = await house.world.store.list_users()
        assert user.state == OPERATIONAL
        assert [e["subject"] for e in house.outlook(user.id).events()] == ["Own 2"]

    async def test_any_address_of_the_mailbox_finds_her(self) -> None:
        """At first sight, too: ERP.net has her by an alias."""
        async with open_office("boris") as house:
            house.graph.add_mailbox("ana.k@acme.example", aliases=("anna@acme.example",))
            house.erp.add_user("anna", "anna@acme.example", "Anna")
            house.erp.add_role_user("anna", house.erp.company_id, house.erp.location_id)

            checkup = await enable(house.world, "ana.k@acme.example")

            assert (checkup.problems, checkup.user.erp_login) == ((), "anna")

    async def test_somebody_who_left_is_nobody(self, house: House) -> None:
        """A known account that is switched off in ERP.net, or has no person any more, is a problem as before."""
        await meeting(house, "Own")
        house.erp.change_user("anna", Active=False)
        house.advance(days=1)
        await house.sync()

        assert "no active internal ERP.net user" in (await house.user()).state
