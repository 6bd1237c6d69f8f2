"""Sends notifications: those of ERP.net itself, and ``CreateNotification`` (erpnet.md §9 and §10)."""

from __future__ import annotations

from simulators.erpnet import schema
from simulators.erpnet.errors import invalid
from simulators.erpnet.store import Row
from simulators.erpnet.values import utf16_length
from simulators.erpnet.world import World

SUBJECT_SIZE = 256
PRIORITIES = ("Low", "Normal", "High")


def notify(world: World, user: Row, kind: str, subject: str, about: Row, priority: str = "Normal") -> None:
    """Store one notification row; ``World.notifications`` tells it in plain words."""
    row = Row(schema.SETS[schema.NOTIFICATIONS], world.store.new_id())
    row.values = {
        "NotificationClass": kind,
        "Subject": subject,
        "Priority": priority,
        "IsRead": False,
        "User": user.id,
        "DataObject": about["DocumentId"],
    }
    world.store.insert(row)
    world.touch(row)


def create(world: World, about: Row, user: Row, kind: str, subject: str, priority: str) -> None:
    """A notification somebody asks for: class from ERP.net's list, subject within its length."""
    if kind not in world.notification_classes:
        raise invalid(f"'{kind}' is not a valid notification class.")
    if utf16_length(subject) > SUBJECT_SIZE:
        raise invalid(f"The value of 'subject' exceeds the maximum length of {SUBJECT_SIZE} characters.")
    if priority not in PRIORITIES:
        raise invalid(f"'{priority}' is not a valid priority.")
    notify(world, user, kind, subject, about, priority)


def participant_added(world: World, writer: Row, participant: Row) -> None:
    """R36627: a participating user hears of it, unless they wrote it."""
    activity = world.store.at(schema.ACTIVITIES, participant["Activity"])
    _tell(world, writer, participant["User"], "R36627", activity)


def activity_saved(world: World, writer: Row, activity: Row, *, assigned: bool) -> None:
    """R35922 on assignment, R35940 on every later edit: the assignee hears of it, unless they wrote it."""
    _tell(world, writer, activity["AssignedToUser"], "R35922" if assigned else "R35940", activity)


def state_changed(world: World, writer: Row, activity: Row) -> None:
    """R35927: the assignee hears of a new state, unless they set it."""
    _tell(world, writer, activity["AssignedToUser"], "R35927", activity)


def _tell(world: World, writer: Row, user_id: str | None, rule: str, activity: Row) -> None:
    user = world.store.get(schema.USERS, user_id)
    if user is not None and user is not writer:
        notify(world, user, rule, str(activity["Subject"])[:SUBJECT_SIZE], activity)
