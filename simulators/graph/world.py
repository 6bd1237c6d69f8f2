"""The stand-in's state: accounts, mails, and the switches for what the contract leaves open."""

from __future__ import annotations

import itertools
from typing import Any

from simulators.base import Clock
from simulators.graph.acts import Acts
from simulators.graph.errors import GraphError
from simulators.graph.mailbox import Listener, Mailbox
from simulators.graph.meetings import Meetings
from simulators.graph.model import Item
from simulators.graph.switches import Switches

Json = dict[str, Any]


class World:
    """Accounts by object id, principal name and address, and the acts that change their mailboxes.

    ``outsiders`` are the mailboxes of other companies, by address: mail reaches them, requests do not.
    """

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.listeners: list[Listener] = []
        self.mailboxes: dict[str, Mailbox] = {}
        self.outsiders: dict[str, Mailbox] = {}
        self._by_name: dict[str, Mailbox] = {}
        self._by_address: dict[str, Mailbox] = {}
        self._generations = itertools.count(0, 1000)
        self.meetings = Meetings(clock, self.by_address)
        self.acts = Acts(switches, self.meetings, self.name_of)

    def reset(self) -> None:
        """Forget every account, outsider and mail."""
        self.mailboxes.clear()
        self.outsiders.clear()
        self._by_name.clear()
        self._by_address.clear()
        self.meetings.mails.clear()

    def add(self, upn: str, **details: Any) -> Mailbox:
        """Create an account; see ``Mailbox`` for the details."""
        mailbox = Mailbox(self.clock, self.switches, self._changed, upn, **details)
        mailbox.delta_generation = next(self._generations)  # an account made anew knows no old token
        self.mailboxes[mailbox.id] = mailbox
        self._by_name[mailbox.id.lower()] = self._by_name[upn.lower()] = mailbox
        for address in mailbox.addresses:
            self._by_address.setdefault(address.lower(), mailbox)
        return mailbox

    def rename(self, mailbox: Mailbox, mail: str) -> None:
        """Give an account a new primary address; the old one stays as an alias."""
        mailbox.aliases, mailbox.mail = (*mailbox.aliases, mailbox.mail), mail
        self._by_address[mail.lower()] = mailbox

    def outsider(self, address: str, name: str = "", time_zone: str = "UTC") -> Mailbox:
        """The mailbox of somebody in another company, made at the first mention."""
        found = self.outsiders.get(address.lower())
        if found is None:
            found = Mailbox(
                self.clock,
                self.switches,
                lambda item, kind: None,
                address,
                display_name=name or address,
                time_zone=time_zone,
            )
            self.outsiders[address.lower()] = found
        return found

    def remove(self, mailbox: Mailbox) -> None:
        """Delete an account."""
        self.mailboxes.pop(mailbox.id, None)
        for index in (self._by_name, self._by_address):
            for key in [k for k, v in index.items() if v is mailbox]:
                del index[key]

    def account(self, name: str) -> Mailbox | None:
        """The account with this object id or principal name."""
        return self._by_name.get(name.lower())

    def by_address(self, address: str) -> Mailbox | None:
        """The mailbox that a mail to this address reaches."""
        return self._by_address.get(address.lower()) or self.outsiders.get(address.lower())

    def name_of(self, address: str) -> str:
        """The display name Exchange resolves an address to; the address itself for strangers."""
        mailbox = self._by_address.get(address.lower())
        return mailbox.display_name if mailbox else address

    def mailbox(self, name: str) -> Mailbox:
        """The usable mailbox of a calendar path; 404 or 403 as graph.md §1 and §2 say."""
        found = self.account(name)
        if found is None:
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
        if not found.usable:
            raise GraphError(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )
        if found.forbidden:
            raise GraphError(403, "ErrorAccessDenied", "Access to OData is disabled.")
        return found

    def _changed(self, item: Item, kind: str) -> None:
        for listener in self.listeners:
            listener(item, kind)
