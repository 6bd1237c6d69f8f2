"""The control URL for people and tests in other processes: ``POST /_sim/{verb}`` with a JSON body.

- ``add_mailbox`` {"upn", ...}, ``remove_mailbox`` {"upn"}, ``rename`` {"upn", "mail"}, ``mailbox`` {"upn", "usable",
  "forbidden", "teams", "time_zone"}
- ``person`` {"upn", "do": method of ``OutlookPerson``, "with": {arguments}} → {"result"}; times as ISO text
- ``outsider`` {"address", "do", "with"}: the same for somebody in another company
- ``state`` → every account with its events; ``mails`` → every mail
- ``switch`` {name: value} for ``Switches``; ``expire_delta``, ``endless_delta``, ``throttle``, ``expire_tokens``,
  ``reject_tokens`` {"times"}, ``reset``
- ``move_mailbox`` {"upn", "missing": [ids]} → old ids and new ones; ``finish_move`` {"upn"}
- ``lifecycle`` {"upn", "event"} and ``forge`` {"upn"} send what their names say to the subscribers; ``settle``
  waits until all notifications are delivered
"""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.base import Refused
from simulators.graph.mailbox import Mailbox
from simulators.graph.person import OutlookPerson, describe
from simulators.graph.switches import Switches

if TYPE_CHECKING:
    from simulators.graph.server import GraphSimulator

Json = dict[str, Any]

_SETTABLE = frozenset(("usable", "forbidden", "teams", "time_zone", "enabled"))
_TIMES = frozenset(("start", "end", "day"))


def carry_out(graph: GraphSimulator, verb: str, body: Json) -> Any:
    """Do what the verb says and return what is worth knowing; raises ``Refused``."""
    match verb:
        case "add_mailbox":
            return _account(graph.add_mailbox(**body))
        case "mailbox":
            return _set_mailbox(graph.mailbox(body.pop("upn")), body)
        case "person":
            return {"result": _person(graph.person(body["upn"]), body["do"], body.get("with") or {})}
        case "outsider":
            return {"result": _person(graph.outsider(body["address"]), body["do"], body.get("with") or {})}
        case "state":
            return {"mailboxes": [_state(m) for m in graph.world.mailboxes.values()]}
        case "mails":
            return [{**asdict(mail), "at": mail.at.isoformat()} for mail in graph.mails]
        case "switch":
            return _switch(graph.switches, body)
        case "move_mailbox":
            return graph.move_mailbox(**body)
        case "reject_tokens":
            graph.reject_tokens = body.get("times", 1)
            return {}
        case "lifecycle" | "forge":
            getattr(graph.subscriptions, verb)(**body)
            return {}
        case "finish_move" | "expire_delta" | "endless_delta" | "throttle" | "expire_tokens":
            getattr(graph, verb)(**body)
            return {}
        case "remove_mailbox" | "rename" | "reset":
            getattr(graph, verb)(**body)
            return {}
        case _:
            raise Refused(f"unknown control verb: {verb}")


def _account(mailbox: Mailbox) -> Json:
    return {
        "id": mailbox.id,
        "upn": mailbox.upn,
        "mail": mailbox.mail,
        "display_name": mailbox.display_name,
        "time_zone": mailbox.time_zone,
        "enabled": mailbox.enabled,
        "usable": mailbox.usable,
    }


def _state(mailbox: Mailbox) -> Json:
    calendars = [
        {**calendar.as_json(), "events": [describe(i) for i in mailbox.items(calendar.id)]}
        for calendar in mailbox.calendars.values()
    ]
    return {**_account(mailbox), "events": calendars[0]["events"], "calendars": calendars}


def _set_mailbox(mailbox: Mailbox, body: Json) -> Json:
    for name, value in body.items():
        if name not in _SETTABLE:
            raise Refused(f"a mailbox has no '{name}' to set")
        setattr(mailbox, name, value)
    return _account(mailbox)


def _switch(switches: Switches, body: Json) -> Json:
    known = {one.name for one in fields(switches)}
    for name, value in body.items():
        if name not in known:
            raise Refused(f"there is no switch '{name}'")
        setattr(switches, name, timedelta(seconds=value) if name == "delta_lag" else value)
    return {}


def _person(person: OutlookPerson, do: str, arguments: Json) -> Any:
    act = getattr(person, do, None) if not do.startswith("_") else None
    if not callable(act):
        raise Refused(f"a person cannot '{do}'")
    given = {name: _when(value) if name in _TIMES else value for name, value in arguments.items()}
    try:
        found = act(**given)
    except TypeError as wrong:
        raise Refused(f"{do}: {wrong}") from wrong
    return [day.isoformat() for day in found] if do == "dates" else found


def _when(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Refused(f"'{text}' is no date or time") from wrong
