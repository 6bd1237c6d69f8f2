"""Switches people of a house on without requests: most tests begin so, and mean what comes afterwards.

The code that switches on is the app's own, and so are the rows that it writes. Only what it asks both stand-ins is
carried to them as values, not over HTTP: ten requests less for each person. Those that open ERP.net's session, whose
hour then begins, are made. ``tests/jobs/test_indoors.py`` holds that a house cannot be told from one whose people
were switched on over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from adapters.erp import directory as accounts
from adapters.erp import places, readiness
from adapters.erp.session import Session
from adapters.graph import directory as mailboxes
from adapters.graph.client import GraphClient
from adapters.graph.wire import Answer, Request
from jobs.commands.switch import enable
from jobs.ports import Calendar, Erp, FoundUsers, Mailbox, Place, Readiness
from jobs.world import World
from simulators.erpnet import ErpSimulator, schema
from simulators.erpnet.api import request_of
from simulators.erpnet.world import Caller
from simulators.graph import GraphSimulator
from simulators.graph.calls import Call


class Unusual(Exception):
    """A stand-in refuses something: what that comes to is for requests to find out."""


async def switch_on(world: World, graph: GraphSimulator, erp: ErpSimulator, upn: str) -> None:
    """Switch a user's sync on, as ``enable`` does."""
    if not (graph.faults or erp.faults):
        inside = replace(world, calendar=cast(Calendar, _Outlook(graph)), erp=cast(Erp, _ErpNet(erp)))
        if world.erp.session_ends_at is None:
            await world.erp.check_access()  # asking opens the session, from which on its hour counts
        try:
            await enable(inside, upn)
        except Unusual:
            pass  # what was written is written once more below, as by somebody who switches on twice
        else:
            return
    await enable(world, upn)


class _Outlook:
    """What switching on asks of Graph; also the client through which it does."""

    def __init__(self, graph: GraphSimulator) -> None:
        self._graph = graph

    def clock(self) -> datetime:
        return self._graph.clock.now()

    async def find_user(self, upn: str) -> Mailbox | None:
        return await mailboxes.find_user(cast(GraphClient, self), upn)

    async def read_time_zone(self, user_id: str) -> str:
        return await mailboxes.read_time_zone(cast(GraphClient, self), user_id)

    async def send(self, request: Request, *, mailbox: str = "") -> Answer:
        path, _, query = request.path.partition("?")
        headers = {"authorization": f"Bearer {self._graph.token}"}
        call = Call(request.method, f"/v1.0{path}", query, headers, b"", self._graph.origin)
        answer = await self._graph._answer(call, False)
        if answer.status >= 300:
            raise Unusual(f"{request.path}: {answer.status}")
        return Answer(answer.status, json.loads(json.dumps(answer.body)))


class _ErpNet:
    """What switching on asks of ERP.net; also the session in which it does."""

    def __init__(self, erp: ErpSimulator) -> None:
        self._erp = erp
        self._session = cast(Session, self)

    async def find_users(self, addresses: Collection[str], user_id: str = "") -> FoundUsers:
        return await accounts.find_users(self._session, addresses, user_id)

    async def suggest_places(self, user_id: str, login: str) -> list[Place]:
        return await places.suggest_places(self._session, user_id, login)

    async def find_place(self, company_id: str, location_id: str) -> Place | None:
        return await places.find_place(self._session, company_id, location_id)

    async def check_readiness(self, *, repair: bool) -> Readiness:
        return await readiness.check_readiness(self._session, repair=repair)

    async def notify(self, user_id: str, subject: str) -> None:
        await accounts.notify(self._session, user_id, subject)

    async def service_login(self) -> str:
        return str(self._caller.login)

    async def rows(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._ask("GET", path, b"")["value"]
        return rows

    async def read(self, paths: Sequence[str], at_once: int = 0) -> list[list[dict[str, Any]]]:
        return [await self.rows(path) for path in paths]

    try_read = read

    async def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask(method, path, json.dumps(body).encode())

    @property
    def _caller(self) -> Caller:
        return Caller(self._erp.store.at(schema.USERS, self._erp.service_user.id))

    def _ask(self, method: str, path: str, body: bytes) -> Any:
        self._erp.commit_due()
        answer = self._erp._api.answer(self._caller, request_of(method, path, body))
        content = answer.content()
        if answer.status >= 300 or b"@odata.nextLink" in content:
            raise Unusual(f"{path}: {answer.status}")
        return json.loads(content) if content else None
