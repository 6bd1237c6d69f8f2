"""What is refused to everybody alike fails the command or message, and is nobody's state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from azure.core.exceptions import ClientAuthenticationError

from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from cli.text import status as text
from jobs.commands import shapes
from jobs.commands.switch import enable
from jobs.refusal import LONGEST, forget_refusal, judged, remember_refusal
from sync_core.errors import AccessRefused, AppRefused
from sync_core.model.instance import Instance
from sync_core.model.sides import Side
from sync_core.model.user import OPERATIONAL
from tests.support.budget import budget
from tests.support.days import at, digits, linked_meeting
from tests.support.fuse import MOST_CALLS
from tests.support.house import ANNA, START, House, no_sleep
from tests.support.users import put_user

TOKEN: dict[str, Any] = {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken", "message": "No."}}}

ALWAYS = 10**6
"""More requests than a sync makes, to be counted down."""


class NoToken(StaticCredential):
    """A wrong client secret, as Entra answers it."""

    async def get_token(self, *_scopes: str, **_kwargs: Any) -> NoReturn:
        raise ClientAuthenticationError(message="AADSTS7000215: Invalid client secret provided.\nTrace ID: 1")


def no_token(house: House) -> None:
    """The shell's AZURE_CLIENT_SECRET is wrong."""
    options = GraphOptions(lambda: NoToken(""), url=house.graph.url, retries=Retries(tries=2, sleep=no_sleep))
    house.world = replace(house.world, calendar=GraphCalendar(options, clock=house.clock.now))


def wrong_secret(house: House) -> None:
    """The shell's ERPNET_CLIENT_SECRET is wrong."""
    house.erp.application.secret = "another"
    house.erp.revoke_tokens()


REFUSALS: dict[str, Callable[[House], object]] = {
    "Entra gives no token": no_token,
    "Graph refuses every token": lambda house: house.graph.add_fault("*", times=None, **TOKEN),
    "ERP.net refuses the secret": wrong_secret,
    "ERP.net refuses every token": lambda house: house.erp.add_fault("*/odata/*", status=401, times=None),
    "ERP.net forbids everything": lambda house: house.erp.add_fault("*/odata/*", status=403, times=None),
    "ERP.net redirects": lambda house: house.erp.add_fault(
        "*/odata/*", status=302, headers={"Location": "https://else.example"}, times=None
    ),
}


def mend(house: House, usual: object) -> None:
    """Everything is as before."""
    house.erp.application.secret = "erp-sim-secret"
    house.erp.faults.clear()
    house.graph.faults.clear()
    house.world = usual  # type: ignore[assignment]


HOW: dict[str, dict[str, bool]] = {
    "as usual": {},
    "full": {"full": True},
    "a dry run": {"full": True, "dry_run": True},
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_wrong_token_or_secret_is_nobodys_state(house: House, refusal: str, how: str) -> None:
    """The sync fails once, with the reason; nobody's row, link or cursor changes, nobody is notified; after it is
    mended, everything arrives."""
    event, activity = await linked_meeting(house)
    await house.employ("boris")
    await house.settle()
    house.advance(minutes=5)
    house.outlook().edit(event, body="new agenda")
    house.desk().create("Visit", digits(3), digits(3, 12))
    usual, users = house.world, await house.world.store.list_users()
    memories = [await house.world.store.recall(user.id) for user in users]

    REFUSALS[refusal](house)
    outcome = await house.sync(**HOW[how])
    assert outcome.failure != ""
    assert not outcome.is_fine
    assert len(outcome.reports) <= 1
    found = await house.world.store.list_users()
    assert [(one.state, one.troubled_at, one.notified) for one in found] == [(OPERATIONAL, None, "")] * 2
    after = [await house.world.store.recall(user.id) for user in users]
    assert [(m.links, m.pending, m.cursors) for m in after] == [(m.links, m.pending, m.cursors) for m in memories]

    mend(house, usual)
    await house.settle()
    assert house.desk().get(activity)["Notes"] == "new agenda"
    assert house.outlook().find("Visit") is not None


@pytest.mark.parametrize("side", list(Side))
async def test_a_token_refused_from_any_request_on_is_nobodys_state(house: House, side: Side) -> None:
    """It runs out in the middle of a full sync of two, at every request in turn; mended, everything is in step."""
    event, activity = await linked_meeting(house)
    boris = await house.employ("boris")
    await house.settle()
    usual = house.world
    stand_in, where = (house.graph, "*") if side is Side.GRAPH else (house.erp, "*/odata/*")
    for n in range(0, MOST_CALLS, budget(4, 1)):
        house.outlook().edit(event, subject=f"Edit {n}")
        house.outlook(boris).create(f"Boris {n}", at(3), at(3, 10))
        fault = stand_in.add_fault(where, skip=n, times=ALWAYS, **TOKEN)
        outcome = await house.sync(full=True)
        found = await house.world.store.list_users()
        assert [(one.state, one.troubled_at, one.notified) for one in found] == [(OPERATIONAL, None, "")] * 2
        mend(house, usual)
        await house.settle()
        assert (house.desk().get(activity)["Subject"], len(house.desk("boris").find(f"Boris {n}"))) == (
            f"Edit {n}",
            1,
        )
        if fault.times == ALWAYS:  # it was never met
            assert outcome.is_fine
            assert n > 8
            return
        assert outcome.failure
    pytest.fail("a sync makes more requests than this test looks at")


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_an_error_of_before_stays_what_it_was(house: House, refusal: str) -> None:
    """A user in error for a reason of their own keeps that reason through a refusal of everybody."""
    user = await house.user()
    own = replace(user, state="Error: no default enterprise company and location", troubled_at=START)
    await put_user(house.world.store, own)
    REFUSALS[refusal](house)
    await house.sync()
    assert (await house.user()).state == own.state


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_enabling_fails_where_everybody_is_refused(house: House, refusal: str) -> None:
    """`calsync users enable` ends with the reason instead of a state."""
    REFUSALS[refusal](house)
    with pytest.raises((AppRefused, AccessRefused)):
        await enable(house.world, ANNA)
    assert (await house.user()).state == OPERATIONAL


async def test_one_mailbox_that_refuses_is_its_users_state(house: House) -> None:
    """Graph answers 401 for Anna's mailbox only: her state says so, Boris goes on."""
    await house.employ("boris")
    await house.settle()
    user = await house.user()
    house.graph.add_fault(f"* */users/{user.id}/*", times=None, **TOKEN)
    house.outlook("boris@acme.example").create("Boris's", at(2), at(2, 10))
    outcome = await house.sync()
    assert outcome.failure == ""
    assert (await house.user()).state.startswith("Error: Microsoft Graph answered 401")
    assert (await house.user("boris@acme.example")).state == OPERATIONAL
    assert len(house.desk("boris").find("Boris's")) == 1


@pytest.mark.parametrize("side", list(Side))
async def test_the_remedy_is_named(house: House, side: Side) -> None:
    """Whichever side refuses everybody, the text says which settings to look at."""
    house.graph.add_fault("*", times=None, **TOKEN)
    known = await judged(house.world, AccessRefused(side, "refused"))
    assert isinstance(known, AppRefused)
    assert {Side.GRAPH: "AZURE_CLIENT_SECRET", Side.ERP: "Scope"}[side] in str(known)


async def test_a_refusal_is_remembered_once(house: House) -> None:
    """The first text and time stay until both sides work again; `calsync status` tells them."""
    await remember_refusal(house.world, AppRefused(Side.ERP, "x" * 2 * LONGEST))
    house.advance(minutes=5)
    await remember_refusal(house.world, AppRefused(Side.GRAPH, "second"))
    instance, _ = await house.world.store.read_instance()
    assert (instance.refused, instance.refused_at) == ("x" * LONGEST, START)
    [line] = text.company_lines(shapes.company_of(instance))
    assert "2026-01-25 08:00:00" in line

    await forget_refusal(house.world)
    instance, _ = await house.world.store.read_instance()
    assert (instance.refused, instance.refused_at) == ("", None)
    assert list(text.company_lines(shapes.company_of(Instance()))) == []
