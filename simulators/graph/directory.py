"""The routes of accounts: users, mailbox settings, master categories (graph.md §2 and §6)."""

from __future__ import annotations

import uuid
from typing import Any

from simulators.graph.calls import Answer, Call
from simulators.graph.errors import GraphError, bad_request, item_not_found, unknown_property
from simulators.graph.mailbox import Mailbox
from simulators.graph.world import World

Json = dict[str, Any]

# What GET /users/{u} returns without $select; accountEnabled is not among it.
_DEFAULT = ("displayName", "mail", "userPrincipalName", "id")
DUPLICATE_CATEGORY = "ErrorItemSave"  # UNCONFIRMED in the contract
_COLORS = frozenset(("none", *(f"preset{n}" for n in range(25))))


class DirectoryRoutes:
    """Handlers of everything that is not an event."""

    def __init__(self, world: World) -> None:
        self._world = world

    def users(self, call: Call) -> Answer:
        """GET users."""
        everyone = [_user(call, mailbox) for mailbox in self._world.mailboxes.values()]
        return Answer(200, {"@odata.context": f"{call.origin}/v1.0/$metadata#users", "value": everyone})

    def user(self, call: Call, name: str) -> Answer:
        """GET users/{u}; an account need not have a mailbox."""
        found = self._world.account(name)
        if found is None:
            raise GraphError(
                404,
                "Request_ResourceNotFound",
                f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
            )
        return Answer(200, {"@odata.context": f"{call.origin}/v1.0/$metadata#users/$entity", **_user(call, found)})

    def settings(self, call: Call, mailbox: Mailbox) -> Answer:
        """GET mailboxSettings."""
        return Answer(
            200,
            {
                "@odata.context": f"{call.origin}/v1.0/$metadata#users/mailboxSettings",
                "timeZone": mailbox.time_zone,
                "dateFormat": "dd.MM.yyyy",
                "timeFormat": "HH:mm",
                "language": {"locale": "en-US", "displayName": "English (United States)"},
                "userPurpose": "user",
                "workingHours": {
                    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
                    "startTime": "08:00:00.0000000",
                    "endTime": "17:00:00.0000000",
                    "timeZone": {"name": mailbox.time_zone},
                },
            },
        )

    def time_zone(self, call: Call, mailbox: Mailbox) -> Answer:
        """GET mailboxSettings/timeZone."""
        return Answer(200, {"value": mailbox.time_zone})

    def categories(self, call: Call, mailbox: Mailbox) -> Answer:
        """GET outlook/masterCategories."""
        return Answer(200, {"value": list(mailbox.master_categories.values())})

    def add_category(self, call: Call, mailbox: Mailbox) -> Answer:
        """POST outlook/masterCategories; a name exists once."""
        name, color = call.body.get("displayName"), call.body.get("color", "none")
        for key in call.body:
            if key not in ("displayName", "color", "id"):
                raise unknown_property(key, "OutlookCategory")
        if not isinstance(name, str) or not name or str(color).lower() not in _COLORS:
            raise bad_request("ErrorInvalidRequest", "The category needs a displayName and a known color.")
        if any(c["displayName"].lower() == name.lower() for c in mailbox.master_categories.values()):
            raise GraphError(409, DUPLICATE_CATEGORY, "A category with this name already exists.")
        ident = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{mailbox.id}/{name}"))
        mailbox.master_categories[ident] = {"id": ident, "displayName": name, "color": str(color).lower()}
        return Answer(201, mailbox.master_categories[ident])

    def change_category(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """PATCH outlook/masterCategories/{id}: the colour only."""
        found = mailbox.master_categories.get(ident)
        if found is None:
            raise item_not_found()
        if set(call.body) - {"color"}:
            raise bad_request("ErrorInvalidRequest", "Only the color of a category can be changed.")
        found["color"] = call.body["color"]
        return Answer(200, found)

    def remove_category(self, call: Call, mailbox: Mailbox, ident: str) -> Answer:
        """DELETE outlook/masterCategories/{id}."""
        if mailbox.master_categories.pop(ident, None) is None:
            raise item_not_found()
        return Answer(204)


def _user(call: Call, mailbox: Mailbox) -> Json:
    known: Json = {
        "id": mailbox.id,
        "userPrincipalName": mailbox.upn,
        "mail": mailbox.mail,
        "displayName": mailbox.display_name,
        "accountEnabled": mailbox.enabled,
        "proxyAddresses": [("smtp:" if n else "SMTP:") + a for n, a in enumerate(mailbox.addresses)],
        "otherMails": [],
        "userType": "Member",
    }
    select = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()] or _DEFAULT
    for name in select:
        if name not in known:
            raise bad_request(
                "Request_BadRequest",
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type 'microsoft.graph.user'.",
            )
    return {name: known[name] for name in select}
