"""A stand-in for one ERP.net instance: identity service, Domain API, and the people who work in it.

It answers what the ERP.net contract (erpnet.md) says and refuses what ERP.net refuses; where the contract
says UNCONFIRMED the guess is a switch (``World.clear`` lists them). In process::

    async with ErpSimulator() as erp:
        erp.add_user("ann", "ann@example.com", "Ann")
        meeting = erp.person("ann").create("Review", "2026-01-25T09:00", "2026-01-25T10:00")

In a process of its own: ``python -m simulators.erpnet``; then ``POST /_sim/{verb}`` with a JSON body:
``add_user``, ``add_company``, … (the arguments of the methods of ``Seeds``), ``person``
``{"login", "do", "with"}`` (the methods of ``ErpPerson``), ``set`` (switches), ``state``, ``reset``,
``revoke_tokens``, and the verbs every stand-in has.

Not imitated: Import, webhooks, reference tokens, reminders as rows of their own; inside an API transaction
the back-end rules are checked at each write, not at its end.
"""

from simulators.erpnet.person import ErpPerson
from simulators.erpnet.seeds import SERVICE_LOGIN, ErpUser
from simulators.erpnet.server import ErpSimulator

__all__ = ["SERVICE_LOGIN", "ErpPerson", "ErpSimulator", "ErpUser"]
