"""Messages of the work queue, for tests of how each is served."""

from __future__ import annotations

from datetime import timedelta

from jobs.ports import Message
from jobs.wake import wake
from sync_core.errors import SlotsTaken
from tests.support.app import App
from tests.support.house import House


async def settle(app: App) -> str:
    """Bring Anna in step; her id."""
    await app.house.step()
    await app.hand_over({"kind": "pull"})
    app.queue.take()
    return (await app.house.user()).id


def plan(house: House, subject: str = "Plan") -> str:
    """Anna plans a meeting in Outlook, two days from now."""
    start = house.now + timedelta(days=2)
    return house.outlook().create(subject, start, start + timedelta(hours=1))


async def woken_by_outlook(app: App, *, full: bool = False) -> Message:
    """Anna plans a meeting and her wake-up waits in the queue."""
    user_id = await settle(app)
    plan(app.house)
    await wake(app.house.world, user_id)
    [(message, _)] = app.queue.take()
    return {**message, "full": True} if full else message


MARKS = ("ticket", "waits")
"""What a message bears for its way through the queue."""


def asks(message: Message) -> Message:
    """What a message asks for."""
    return {name: value for name, value in message.items() if name not in MARKS}


async def is_slot_free(house: House) -> bool:
    """Whether another process could call ERP.net now."""
    try:
        slot = await house.world.store.acquire_slot("stranger", 1, 60)
    except SlotsTaken:
        return False
    await house.world.store.free_slot(slot)
    return True
