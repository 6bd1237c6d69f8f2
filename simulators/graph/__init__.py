"""A stand-in for Microsoft Graph v1.0's calendars, over real HTTP.

``async with GraphSimulator() as graph``: ``graph.url`` is the base, ``graph.token`` a good access token,
``graph.add_mailbox(upn)`` an account, ``graph.person(upn)`` somebody at their Outlook,
``graph.outsider(address)`` somebody in another company, ``graph.mails`` what Exchange would have sent,
``graph.switches`` what the contract leaves open.  It answers what the contract says and refuses what Graph refuses;
it imports nothing of the product.
"""

from simulators.graph.mailbox import Mailbox
from simulators.graph.model import Mail
from simulators.graph.person import OutlookPerson
from simulators.graph.server import GraphSimulator
from simulators.graph.switches import Switches

__all__ = ["GraphSimulator", "Mail", "Mailbox", "OutlookPerson", "Switches"]
