"""Reads the directory's users and the time zones of their mailboxes. Facts: graph.md §2."""

from __future__ import annotations

from adapters.graph.client import GraphClient
from adapters.graph.wire import GONE, Answer, Json, Request, failure, mailbox_failure, query, segment, usable_id
from adapters.http import error_of
from adapters.windows_zones import iana_zone
from jobs.ports import Mailbox
from sync_core.errors import AppRefused, SideUnavailable
from sync_core.model.sides import Side

WANTED = "id,userPrincipalName,mail,displayName,accountEnabled,proxyAddresses"
NOBODY = GONE | {"errorinvaliduser"}


async def find_user(client: GraphClient, upn: str) -> Mailbox | None:
    """The directory's entry of a user; None = unknown. Raises ``AppRefused`` without User.Read.All."""
    answer = await client.send(Request("GET", f"/users/{segment(upn)}?{query(s_select=WANTED)}"))
    if answer.status == 404 and answer.has_code(NOBODY):
        return None
    if answer.status == 403:
        remedy = f"{answer.message} Grant the app User.Read.All with admin consent"
        raise AppRefused(Side.GRAPH, str(error_of(Side.GRAPH, 403, remedy, code=next(iter(answer.codes()), ""))))
    return _mailbox(_body(client, answer))


async def read_time_zone(client: GraphClient, user_id: str) -> str:
    """The mailbox's zone as an IANA name, '' when unset or unknown. Raises ``MailboxUnavailable``."""
    answer = await client.send(Request("GET", f"/users/{segment(user_id)}/mailboxSettings"), mailbox=user_id)
    if not answer.ok:
        raise mailbox_failure(answer, client.clock())
    zone = (answer.body or {}).get("timeZone")
    return iana_zone(zone) if isinstance(zone, str) else ""


def _body(client: GraphClient, answer: Answer) -> Json:
    if not answer.ok:
        raise failure(answer, client.clock())
    if not answer.body or not usable_id(answer.body.get("id")):
        raise SideUnavailable(Side.GRAPH, "Microsoft Graph answered with something that is no user")
    return answer.body


def _mailbox(user: Json) -> Mailbox:
    mail, upn = _text(user, "mail"), _text(user, "userPrincipalName")
    enabled = user.get("accountEnabled")
    return Mailbox(
        id=usable_id(user.get("id")),
        upn=upn,
        mail=mail,
        display_name=_text(user, "displayName"),
        account_enabled=enabled if isinstance(enabled, bool) else True,
        addresses=tuple(dict.fromkeys(address.lower() for address in (mail or upn, *_proxies(user)) if address)),
    )


def _proxies(user: Json) -> list[str]:
    """The SMTP addresses in ``proxyAddresses`` (``SMTP:`` marks the main one; other kinds are no mail)."""
    found = user.get("proxyAddresses")
    rows = [row for row in found if isinstance(row, str)] if isinstance(found, list) else []
    return [row[5:] for row in rows if row[:5].lower() == "smtp:"]


def _text(user: Json, name: str) -> str:
    value = user.get(name)
    return value if isinstance(value, str) else ""
