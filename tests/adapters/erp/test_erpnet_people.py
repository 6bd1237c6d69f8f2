"""People, places, the document type and permissions, against the stand-in."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.erp import ErpNet
from jobs.ports import ErpUser as Person
from jobs.ports import FoundUsers, Place
from simulators.erpnet import SERVICE_LOGIN, ErpSimulator, ErpUser, query
from simulators.erpnet.errors import ErpError
from sync_core.errors import ItemRejected
from tests.adapters.erp.test_erpnet_simulated import domain_calls
from tests.support.scripted_erp import ScriptedErp, erp_batch_answer, part

MISSING = "00000000-0000-4000-8000-00000000dead"


async def test_users_are_found_by_address(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """An e-mail in any letter case finds the user with both ids of their person."""
    simulator.change_user("ann", TimeZone="FLE Standard Time")

    found = (await live.find_users(["ANN@Example.com", "nobody@example.com"])).users

    person, party = ann.person_id or "", ann.party_id or ""
    expected = Person(ann.id, "ann", "ann@example.com", "Ann Able", False, person, party, "FLE Standard Time")
    assert found == (expected,)


async def test_a_login_serves_where_no_e_mail_fits(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """The login is often the address, but an e-mail goes before it."""
    simulator.add_user("bob@example.com", None, "Bob Best", person=False)
    simulator.add_user("ann@example.com", "other@example.com", "Not Ann")

    found = (await live.find_users(["bob@example.com", "ann@example.com"])).users

    assert [(user.login, user.party_id) for user in found] == [("ann", ann.party_id), ("bob@example.com", "")]


@pytest.mark.parametrize("change", [{"Active": False}, {"UserType": "ExternalCommunityUser"}])
async def test_only_active_internal_users_count(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator, change: dict[str, object]
) -> None:
    """Those who left and those outside are nobody."""
    simulator.change_user("ann", **change)

    assert (await live.find_users(["ann@example.com"])).users == ()


async def test_no_addresses_are_no_question(live: ErpNet, simulator: ErpSimulator) -> None:
    """Nothing to look for costs nothing."""
    assert (await live.find_users(["", ""])).users == ()
    assert simulator.requests == []


async def test_places_are_suggested_from_roles_and_settings(
    live: ErpNet, ann: ErpUser, simulator: ErpSimulator
) -> None:
    """Roles and configuration keys suggest places with names, each once; what does not fit together is left out."""
    branch = simulator.add_location(simulator.company_id, "Branch")
    other = simulator.add_company("Other Ltd")
    only = simulator.add_location(other, "Only")
    simulator.add_role_user("ann", simulator.company_id, simulator.location_id)
    simulator.add_config("ann", simulator.company_id, simulator.location_id)
    simulator.add_config("ann", other, branch)
    simulator.add_role_user("ann", None, None)

    found = await live.suggest_places(ann.id, "ann")
    simulator.add_role_user("ann", other, None)
    more = await live.suggest_places(ann.id, "ann")

    office = Place(simulator.company_id, simulator.location_id, "Acme Ltd", "Head Office")
    assert found == [office]
    assert more == [office, Place(other, only, "Other Ltd", "Only")]


async def test_nothing_known_suggests_nothing(live: ErpNet, ann: ErpUser) -> None:
    """A user ERP.net connects with no company gets no suggestion."""
    assert await live.suggest_places(ann.id, "ann") == []


async def test_closed_companies_are_not_suggested(live: ErpNet, ann: ErpUser, simulator: ErpSimulator) -> None:
    """A company that is not active any more is no place for new activities."""
    simulator.add_role_user("ann", simulator.company_id, simulator.location_id)
    simulator.store.at("General_EnterpriseCompanies", simulator.company_id).values["IsActive"] = False

    assert await live.suggest_places(ann.id, "ann") == []


async def test_settings_switched_off_suggest_nothing(server: ScriptedErp, erp: ErpNet) -> None:
    """ERP.net takes no account of inactive configuration keys, nor do we."""
    key = {"KeyPath": f"Default_Enterprise_Company_Location_Id/{MISSING}", "KeyValue": MISSING, "IsActive": False}
    server.say(erp_batch_answer([part(200, {"value": []}), part(200, {"value": [key]})]))

    assert await erp.suggest_places(MISSING, "ann") == []
    assert len(server.calls) == 1


async def test_a_place_must_exist_and_fit(live: ErpNet, simulator: ErpSimulator) -> None:
    """Company and location are accepted together or not at all."""
    other = simulator.add_company("Other Ltd")
    company, location = simulator.company_id, simulator.location_id

    assert await live.find_place(company.upper(), location) == Place(company, location, "Acme Ltd", "Head Office")
    assert await live.find_place(other, location) is None
    assert await live.find_place(company, MISSING) is None
    assert await live.find_place("Acme", "Head Office") is None


async def test_the_document_type_is_made_once(live: ErpNet, simulator: ErpSimulator) -> None:
    """R2: the missing type is made when asked to, and found from then on."""
    before = await live.check_readiness(repair=False)
    made = await live.check_readiness(repair=True)
    after = await live.check_readiness(repair=False)

    assert before.document_type_id == ""
    assert "has no document type 'Meeting'" in before.problems[0]
    assert (made.problems, made.document_type_id) == ((), simulator.document_type("Meeting"))
    assert after == made


async def test_a_document_type_that_may_not_be_made_is_one_clear_problem(
    live: ErpNet, simulator: ErpSimulator
) -> None:
    """R2: the sentence names what is missing, who may not, and what to do."""
    simulator.may_create_document_types = False

    ready = await live.check_readiness(repair=True)

    (problem,) = ready.problems
    assert ready.document_type_id == ""
    assert f"the service user {SERVICE_LOGIN} may not create it" in problem
    assert "create a document type with code Meeting for the entity Cm_Activities" in problem


async def test_an_ordinary_service_user_is_told(live: ErpNet, simulator: ErpSimulator) -> None:
    """R3: the service user must be an administrator."""
    simulator.add_document_type("Meeting")
    simulator.change_user(SERVICE_LOGIN, IsAdmin=False)

    ready = await live.check_readiness(repair=True)

    assert ready.problems == (
        f"The service user {SERVICE_LOGIN} is not an ERP.net administrator: set IsAdmin on this user.",
    )


async def test_an_open_document_type_needs_no_grant(live: ErpNet, simulator: ErpSimulator) -> None:
    """Without an access key everybody may do everything: no security table is even read."""
    kind = simulator.add_document_type("Meeting")

    ready = await live.check_readiness(repair=True)

    assert (ready.document_type_id, ready.problems) == (kind, ())
    assert not any("Group" in seen.body.decode() for seen in simulator.requests)


@pytest.mark.parametrize("held", [{}, {"CanUpdate": True}, {"Permission6": True}], ids=["none", "update", "void"])
async def test_missing_permissions_are_granted(live: ErpNet, simulator: ErpSimulator, held: dict[str, bool]) -> None:
    """R3: what the service user lacks it grants to its own group, by a new row or in the one that is there."""
    key = simulator.add_access_key("Meetings")
    simulator.add_document_type("Meeting", access_key=key)
    if held:
        simulator.grant(key, SERVICE_LOGIN, **held)

    before = await live.check_readiness(repair=False)
    after = await live.check_readiness(repair=True)
    again = await live.check_readiness(repair=False)

    (problem,) = before.problems
    assert ("Update (CanUpdate)" in problem) == ("CanUpdate" not in held)
    assert ("CanVoid" in problem) == ("Permission6" not in held)
    assert (after.problems, again.problems) == ((), ())


async def test_others_permissions_are_not_ours(live: ErpNet, simulator: ErpSimulator, ann: ErpUser) -> None:
    """Rows of groups the service user does not belong to grant it nothing."""
    key = simulator.add_access_key("Meetings")
    simulator.grant(key, "ann", CanUpdate=True, Permission6=True)
    simulator.add_document_type("Meeting", access_key=key)

    ready = await live.check_readiness(repair=False)

    assert len(ready.problems) == 1


@pytest.mark.parametrize("switch", ["self_grant_refused", "security_scope_required"])
async def test_a_refused_grant_names_what_is_missing(live: ErpNet, simulator: ErpSimulator, switch: str) -> None:
    """R3: where ERP.net refuses, the administrator reads which permission to give, to whom and why."""
    setattr(simulator, switch, True)
    key = simulator.add_access_key("Meetings")
    simulator.grant(key, SERVICE_LOGIN, CanUpdate=True)
    simulator.add_document_type("Meeting", access_key=key)

    ready = await live.check_readiness(repair=True)

    (problem,) = ready.problems
    assert f"the service user {SERVICE_LOGIN}" in problem
    assert "Void Documents (CanVoid, Permission6)" in problem
    assert ready.document_type_id != ""


async def test_a_service_user_without_groups_cannot_grant(live: ErpNet, simulator: ErpSimulator) -> None:
    """Permissions belong to groups: without one, that is the reason given."""
    (group,) = simulator.store.find("Systems_Security_Groups", GroupForUser=simulator.service_user.id)
    simulator.store.remove(group)
    simulator.add_document_type("Meeting", access_key=simulator.add_access_key("Meetings"))

    (problem,) = (await live.check_readiness(repair=True)).problems

    assert "it belongs to no group" in problem


MANY = [f"person{number}@example.com" for number in range(64)]


@pytest.fixture
def hidden(simulator: ErpSimulator, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Sixty-four users; ERP.net answers 500 to a read that holds one of these ids."""
    for number, address in enumerate(MANY):
        simulator.add_user(f"person{number}", address, f"Person {number}", person=False)
    ids: set[str] = set()
    render = query.render

    def failing(world: Any, row: Any, shape: Any, **how: bool) -> Any:
        if row.id in ids:
            raise ErpError("Object reference not set to an instance of an object.")
        return render(world, row, shape, **how)

    monkeypatch.setattr(query, "render", failing)
    simulator.forget_requests()
    return ids


@pytest.mark.parametrize("by", ["email", "login"])
async def test_one_user_who_is_not_shown_hides_none_of_the_others(
    live: ErpNet, simulator: ErpSimulator, hidden: set[str], by: str
) -> None:
    """All but the one are found, she is named, and she costs two requests for each halving of those asked for."""
    hidden.add(simulator.user_row("person9").id)
    if by == "email":
        found = await live.find_users(MANY)
        assert {user.email for user in found.users} == {*MANY} - {MANY[9]}
        assert found.unshown == {MANY[9]}
    else:
        bearers = await live.find_logins([one.partition("@")[0] for one in MANY])
        assert [login for login, user_id in bearers.items() if user_id is None] == ["person9"]
        assert len(bearers) == 64
    assert domain_calls(simulator) <= 1 + 2 * 7


async def test_the_only_user_who_is_asked_for_is_not_shown(
    live: ErpNet, simulator: ErpSimulator, hidden: set[str]
) -> None:
    """That ERP.net answers about nobody proves that it refuses this one; where it refuses that as well, it fails."""
    hidden.add(simulator.user_row("person9").id)
    assert await live.find_logins(["person9"]) == {"person9": None}
    assert await live.find_users([MANY[9]]) == FoundUsers((), frozenset({MANY[9]}))
    assert domain_calls(simulator) <= 8

    simulator.add_fault("*batch*", status=500, times=None, body={"error": {"message": "Sorry.", "code": 0}})
    with pytest.raises(ItemRejected, match="Sorry"):
        await live.find_logins(["person9"])
    with pytest.raises(ItemRejected, match="Sorry"):
        await live.find_users([MANY[9]])
