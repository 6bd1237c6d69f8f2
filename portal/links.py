"""Where an item opens in its own system: the event in Outlook on the web, the activity in ERP.net."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

OUTLOOK = {
    "graph.microsoft.com": "outlook.office365.com",
    "graph.microsoft.us": "outlook.office365.us",
    "dod-graph.microsoft.us": "outlook-dod.office365.us",
    "microsoftgraph.chinacloudapi.cn": "partner.outlook.cn",
}
"""Outlook's host by Graph's: each of Microsoft's clouds has its own."""

USUAL = "https://graph.microsoft.com/v1.0"

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""Stands in place of an activity's id where ERP.net fails to show one of a day."""


def in_outlook(event_id: str, graph_url: str) -> str:
    """The event's address in its owner's Outlook, in the form of ``webLink`` (graph.md §6); '' if there is none."""
    host = OUTLOOK.get(urlsplit(graph_url or USUAL).hostname or "")
    if not host or not event_id:
        return ""
    return f"https://{host}/owa/?itemid={quote(event_id, safe='')}&exvsurl=1&path=/calendar/item"


def in_erp(activity_id: str, pattern: str) -> str:
    """The activity's address by the company's pattern (``ERPNET_ACTIVITY_URL``), '' where it has none."""
    is_known = bool(activity_id) and not _DAY.fullmatch(activity_id)
    return pattern.replace("{id}", quote(activity_id, safe="")) if pattern and is_known else ""
