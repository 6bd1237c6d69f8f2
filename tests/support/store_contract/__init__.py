"""What every store does, inherited by the tests of the memory store and of the tables on a real Azurite.

One module for each Protocol of jobs/ports/store.py. The module of a subclass gives the fixtures ``store``,
``fresh_store`` (nobody else's) and ``pass_time``, which moves the service's clock, and imports ``user_id`` from
``rows``. Each test works on users of its own, so ``store`` may be shared.
"""

from __future__ import annotations

from tests.support.store_contract.accounts import AccountContract
from tests.support.store_contract.claims import ClaimContract
from tests.support.store_contract.commands import CommandContract
from tests.support.store_contract.days import DayContract
from tests.support.store_contract.due import DueContract
from tests.support.store_contract.form_key import FormKeyContract
from tests.support.store_contract.inbox import InboxContract
from tests.support.store_contract.journal import JournalContract
from tests.support.store_contract.leases import LeaseContract
from tests.support.store_contract.ledger import LedgerContract, NamesContract
from tests.support.store_contract.line import LineContract
from tests.support.store_contract.slots import SlotContract
from tests.support.store_contract.state import StateContract
from tests.support.store_contract.subscriptions import SubscriptionContract
from tests.support.store_contract.users import UsersContract


class StoreContract(
    CommandContract,
    AccountContract,
    FormKeyContract,
    SubscriptionContract,
    LeaseContract,
    LedgerContract,
    NamesContract,
    StateContract,
    InboxContract,
    DueContract,
    ClaimContract,
    JournalContract,
    DayContract,
    UsersContract,
    SlotContract,
    LineContract,
):
    """Everything a store must do."""
