"""A name is not an identity: logins and addresses change on either side, and are given to somebody else."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.upgrades import UPGRADES
from jobs.accounts import AccountTaken
from jobs.commands.mistakes import UnknownUser
from jobs.commands.switch import disable, enable, find_known
from jobs.ports import Put
from sync_core.errors import SideUnavailable
from sync_core.model.logins import LOGIN
from sync_core.model.sides import Side
from sync_core.model.user import OPERATIONAL
from tests.support.days import at, digits, linked_meeting, only
from tests.support.house import ANNA, House, open_office, upn_of
from tests.support.users import put_user

BORIS = upn_of("boris")


def subjects(house: House, upn: str = ANNA) -> list[str]:
    """What stands in a calendar, by name."""
    return sorted(event["subject"] for event in house.outlook(upn).events())


async def forget_ids(house: House, login: str) -> None:
    """The memory as a build of version 1 left it: by login, and nothing of former accounts."""
    store = house.world.store
    for user in await store.list_users():
        old = replace(user, erp_login=login if user.upn == ANNA else user.erp_login, former_accounts=())
        await put_user(store, replace(old, erp_seen_at=None))
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
        event, activity = await linked_meeting(house, "Own", 5)
        _, theirs = await linked_meeting(house, "Voided", 6)
        await house.settle()

        change_it(house)
        house.advance(**later)
        await house.step()
        desk = house.desk(login)
        desk.edit(kept, subject="Kept 2")
        house.outlook().edit(event, subject="Own 2")
        desk.void(theirs)
        house.outlook().delete(house.outlook().find("Deleted") or "")
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
        event, activity = await linked_meeting(house, "Own")
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
        event, activity = await linked_meeting(house, "Own")
        change_it(house)
        house.advance(days=1)
        await house.settle()
        await forget_ids(house, login)
        await relabel(house, "old")
        house.desk(login).edit(activity, subject="Own 2")
        await house.settle()

        assert subjects(house) == ["Own 2"]
        assert (await house.link_of(event)).creator == (await house.user()).erp_user_id


async def strangers(house: House, account: str) -> str:
    """Somebody who is forgotten at once, named as the account's: then it is nobody's, as in an older version."""
    _, etag = await house.world.store.read_account(account)
    await house.world.store.save_account(account, "nobody", etag)
    return "nobody"


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
    await linked_meeting(house, "Own")
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


async def test_two_who_swap_logins_get_what_they_make_the_same_hour() -> None:
    """Each bears now what calsync knows as the other's: what either makes is in their own calendar at once."""
    async with open_office("anna", "boris") as house:
        await house.settle()
        for was, now in (("anna", "swapped"), ("boris", "anna"), ("swapped", "boris")):
            house.erp.change_user(was, Login=now)
        house.desk("boris").create("Annas", digits(2), digits(2, 12))
        house.desk("anna").create("Boris's", digits(2), digits(2, 12))
        await house.settle()

        assert (subjects(house), subjects(house, upn_of("boris"))) == (["Annas"], ["Boris's"])


async def test_a_renamed_service_user_is_the_same(house: House) -> None:
    """What the service user made under its old login is found again when the memory is lost."""
    await linked_meeting(house, "Own")
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
        _, activity = await linked_meeting(house, "Own")
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
        await linked_meeting(house, "Own")
        house.erp.change_user("anna", Active=False)
        house.advance(days=1)
        await house.sync()

        assert "no active internal ERP.net user" in (await house.user()).state


class TestOneAccountOneMailbox:
    """Two mailboxes that are switched on lead to one ERP.net user: only one of them is synced."""

    async def test_the_second_is_refused_when_it_is_switched_on(self) -> None:
        """The shared mailbox bears Anna's address: the refusal says whose she is, and nothing of it is kept."""
        async with open_office("anna") as house:
            house.outlook().create("Own", at(1), at(1, 10))
            await house.settle()
            house.graph.add_mailbox("desk@acme.example", mail=ANNA)

            with pytest.raises(AccountTaken, match=ANNA):
                await enable(house.world, "desk@acme.example")
            await house.settle()

            assert [u.upn for u in await house.world.store.list_users()] == [ANNA]
            assert len(house.desk().activities()) == 1

    async def test_it_comes_about_later(self) -> None:
        """Boris's own account goes and his address is changed to Anna's: he is in error, she goes on as she was."""
        async with open_office("anna", "boris") as house:
            event = house.outlook().create("Own", at(1), at(1, 10))
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.erp.change_user("boris", Active=False)
            house.graph.mailbox(BORIS).mail = ANNA
            house.advance(days=1)
            await house.sync()
            house.advance(days=1)
            house.outlook().edit(event, subject="Own 2")
            house.desk().create("New", digits(5), digits(5, 12))
            await house.sync()
            await house.sync(full=True)

            assert ANNA in (await house.user(BORIS)).state
            assert (await house.user()).state == OPERATIONAL
            assert (subjects(house), subjects(house, BORIS)) == (["New", "Own 2"], [])
            assert house.desk().get(activity)["Subject"] == "Own 2"

    async def test_two_who_were_synced_before_this_was_checked(self) -> None:
        """An older version let both in: whoever was switched on later is in error now."""
        async with open_office("anna", "boris") as house:
            anna, boris = await house.user(), await house.user(BORIS)
            twin = replace(
                boris,
                mail=ANNA,
                erp_user_id=anna.erp_user_id,
                erp_login=anna.erp_login,
                erp_party_id=anna.erp_party_id,
                erp_seen_at=None,
                enabled_at=boris.enabled_at + timedelta(hours=1) if boris.enabled_at else None,
            )
            house.erp.change_user("boris", Active=False)
            house.graph.mailbox(BORIS).mail = ANNA
            await put_user(house.world.store, twin)
            await put_user(house.world.store, replace(anna, erp_seen_at=None))
            await house.world.store.forget_user(await strangers(house, anna.erp_user_id))
            await house.sync(BORIS, ANNA)
            house.desk().create("New", digits(5), digits(5, 12))
            house.advance(minutes=5)
            await house.sync(BORIS, ANNA)

            assert ANNA in (await house.user(BORIS)).state
            assert (subjects(house), subjects(house, BORIS)) == (["New"], [])

    async def test_the_first_switches_off_and_the_second_may(self) -> None:
        """Whoever is off holds nothing back; back on, it is theirs no more."""
        async with open_office("anna") as house:
            house.graph.add_mailbox("desk@acme.example", mail=ANNA)
            await disable(house.world, await house.user())

            assert (await enable(house.world, "desk@acme.example")).problems == ()
            with pytest.raises(AccountTaken, match="desk@acme"):
                await enable(house.world, ANNA)

    async def test_two_at_the_same_moment(self) -> None:
        """However their steps fall, one is synced and the other knows of it."""
        for seed in range(12):
            async with open_office("carl") as house:
                house.erp.add_user("anna", ANNA, "Anna")
                house.erp.add_role_user("anna", house.erp.company_id, house.erp.location_id)
                house.graph.add_mailbox("one@acme.example", mail=ANNA)
                house.graph.add_mailbox("two@acme.example", mail=ANNA)
                world = replace(house.world, store=Dawdling(house.world.store, seed))  # type: ignore[arg-type]

                await asyncio.gather(
                    enable(world, "one@acme.example"), enable(world, "two@acme.example"), return_exceptions=True
                )

                anna = house.erp.user_row("anna").id
                users = [u for u in await house.world.store.list_users() if u.upn != upn_of("carl") and u.enabled]
                assert [u.is_operational for u in users].count(True) == 1
                assert [u.erp_user_id for u in users].count(anna) == 1


class Dawdling:
    """A store whose calls take their time, each its own."""

    def __init__(self, store: object, seed: int) -> None:
        self._store = store
        self._dice = random.Random(seed)

    def __getattr__(self, name: str) -> object:
        method = getattr(self._store, name)

        async def late(*args: object, **told: object) -> object:
            for _ in range(self._dice.randrange(12)):
                await asyncio.sleep(0)
            return await method(*args, **told)

        return late if asyncio.iscoroutinefunction(method) else method


class TestHiredAgain:
    """Somebody leaves, and is hired again under the same name with a new account."""

    @staticmethod
    async def rehired(house: House, *, is_known: bool = True) -> tuple[str, str]:
        """The ids of Anna's account of before and of today."""
        before = (await house.user()).id
        house.graph.remove_mailbox(ANNA)
        now = house.graph.add_mailbox(ANNA, id="11111111-2222-4333-8444-555555555555", display_name="Anna").id
        if is_known:
            await enable(house.world, ANNA)
        return before, now

    async def test_a_name_means_the_account_of_today(self, house: House) -> None:
        """The new account is synced and the old one is off; each is found, the one by name, the other by id."""
        await linked_meeting(house, "Own")
        before, now = await self.rehired(house)
        house.desk().create("New", digits(5), digits(5, 12))
        await house.settle()

        assert (await find_known(house.world, ANNA)).id == now
        assert (await find_known(house.world, before)).id == before
        assert {u.id: u.enabled for u in await house.world.store.list_users()} == {before: False, now: True}
        assert "New" in subjects(house)

    async def test_a_name_that_is_not_known_any_more(self, house: House) -> None:
        """The command asks for the id rather than taking whom the name meant once."""
        before, _ = await self.rehired(house, is_known=False)

        with pytest.raises(UnknownUser, match=before):
            await find_known(house.world, ANNA)

    async def test_the_directory_cannot_be_asked(self, house: House) -> None:
        """Then a name of two is refused, with both ids, and a name of one is that one's."""
        before, now = await self.rehired(house)
        house.graph.world.mailboxes.clear()
        dumb = replace(house.world, calendar=Silent())  # type: ignore[arg-type]

        with pytest.raises(UnknownUser, match=f"{before}.*{now}|{now}.*{before}"):
            await find_known(dumb, ANNA)
        await house.world.store.forget_user(before)
        assert (await find_known(dumb, ANNA)).id == now

    async def test_somebody_who_left_is_found_by_name(self, house: House) -> None:
        """The directory knows nobody of that name: the store's word counts."""
        house.graph.remove_mailbox(ANNA)

        assert (await find_known(house.world, ANNA)).upn == ANNA

    async def test_a_new_name_is_found_before_the_next_check(self, house: House) -> None:
        """Her UPN was changed an hour ago."""
        before = (await house.user()).id
        house.graph.remove_mailbox(ANNA)
        house.graph.add_mailbox("ana.k@acme.example", id=before)

        assert (await find_known(house.world, "ana.k@acme.example")).id == before


class Silent:
    """A directory that does not answer."""

    async def find_user(self, upn: str) -> None:
        raise SideUnavailable(Side.GRAPH, f"no answer about {upn}")
