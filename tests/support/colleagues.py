"""Colleagues in one meeting: who they are, and whose copy feeds its activity."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from jobs.commands.switch import disable
from sync_core.content.ranges import uid_key
from sync_core.model.link import Role
from sync_core.model.policy import Policy
from tests.support.days import at, only
from tests.support.house import ANNA, House, open_house, upn_of

COLLEAGUES = ("anna", "boris", "carl")


NAMES = ("anna", "boris", "carl", "dora", "emil")


BORIS, CARL = upn_of("boris"), upn_of("carl")


KIM = "kim@partner.example"


def call_meeting(house: House, organizer: str, names: Sequence[str], subject: str = "Planning", day: int = 1) -> str:
    """A meeting to which somebody inside or outside the company invites these; its id at the organizer."""
    host = house.graph.outsider(organizer) if organizer == KIM else house.outlook(organizer)
    guests = [upn_of(name) for name in names if upn_of(name) != organizer]
    return host.create(subject, at(day), at(day, 10), attendees=guests)


def copy_of(house: House, name: str, subject: str = "Planning") -> str:
    """The id of somebody's copy."""
    found = house.outlook(upn_of(name)).find(subject)
    assert found is not None
    return found


def living(house: House) -> list[dict[str, Any]]:
    """Every activity that is not void."""
    return [row for row in house.desk().activities() if not row["Void"]]


async def feeder(house: House, activity: str) -> str:
    """Who feeds the activity: whom its claim names, and who remembers it so; nobody else who is on does."""
    users = {user.id: user for user in await house.world.store.list_users()}
    memories = {i: await house.world.store.recall(i) for i in users}
    links = {i: [x for x in memory.links if x.activity_id == activity] for i, memory in memories.items()}
    uid = next(x.ical_uid for found in links.values() for x in found)
    claim = await house.world.store.read_claim(uid_key(uid))
    assert claim is not None
    assert claim.activity_id == activity
    feeding = {i for i, found in links.items() for x in found if x.role is not Role.FOLLOWER and x.status == "live"}
    able = {i for i, user in users.items() if user.enabled and user.is_operational and user.pause is None}
    assert feeding & (able | {claim.user_id}) == {claim.user_id}
    return users[claim.user_id].upn


@asynccontextmanager
async def open_shop(*, anna: bool = True, boris: bool = True) -> AsyncIterator[House]:
    """A house of two, and a robot that types activities for others (``ERPNET_SERVICE_LOGINS``)."""
    async with open_house(policy=Policy(service_logins=frozenset({"robot"}))) as house:
        await house.employ("anna", enabled=anna)
        await house.employ("boris", enabled=boris)
        house.erp.add_user("robot", "robot@acme.example", "Robot")
        await house.settle()
        yield house


async def pitch(house: House) -> tuple[str, str]:
    """A meeting to which Kim, of another company, invites all three; fed by Anna: (Kim's id, activity id)."""
    event = call_meeting(house, KIM, COLLEAGUES)
    await house.settle()
    activity = only(house.desk().activities())["Id"]
    assert await feeder(house, activity) == ANNA
    return event, activity


async def lose(house: House, name: str, how: str) -> None:
    """Somebody loses their copy."""
    outlook = house.outlook(upn_of(name))
    house.advance(minutes=1)
    if how == "delete":
        outlook.delete(copy_of(house, name))
    elif how == "decline":
        outlook.decline(copy_of(house, name))
    else:
        await disable(house.world, await house.user(upn_of(name)))
