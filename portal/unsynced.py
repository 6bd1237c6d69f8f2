"""What is not synced, of everybody: item by item, by reason, in pages, from rows alone (``calsync unsynced``)."""

from __future__ import annotations

from jobs.commands.item_shapes import unsynced_item
from jobs.commands.unsynced import list_unsynced
from jobs.wish import WishInvalid
from portal.everyone import reader_zone
from portal.http import Denied
from portal.items import key_of
from portal.visit import Page, Visit


async def show(visit: Visit) -> Page:
    """One page of them: of everybody or one ``person``, for all reasons or the one with this key, behind a place."""
    wanted = {name: visit.asked.query.get(name, "") for name in ("person", "reason", "after")}
    among = [wanted["person"]] if wanted["person"] else []
    try:
        page = await list_unsynced(visit.world, among=among, reason=wanted["reason"], after=wanted["after"])
    except WishInvalid:
        raise Denied(400, "beyond") from None
    user = await visit.world.store.read_user(wanted["person"]) if among else None
    items = [unsynced_item(owner, one) for owner, one in page.items]
    data = {
        **wanted,
        "name": (user.display_name or user.upn) if user else "",
        "reasons": [
            {"key": one.key, "reason": one.reason, "count": one.items, "people": one.people, "do": one.do}
            for one in page.reasons
        ],
        "items": [{"key": key_of(one), **one} for one in items],
        "next_after": page.next_after,
    }
    return Page("unsynced.html", data, zone=await reader_zone(visit))
