"""``GraphSimulator``, the stand-in's HTTP server: from HTTP to the routes and back (graph.md §0, §9, §10)."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Collection
from contextvars import ContextVar
from datetime import timedelta
from inspect import isawaitable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from simulators.base import Clock, Refused, Simulator
from simulators.graph import batch, control
from simulators.graph.auth import TokenDesk
from simulators.graph.calls import Answer, Call
from simulators.graph.delta import DeltaFeed
from simulators.graph.directory import DirectoryRoutes
from simulators.graph.errors import GraphError
from simulators.graph.events import EventRoutes
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import Mail
from simulators.graph.person import OutlookPerson
from simulators.graph.routing import Router, rows
from simulators.graph.subscriptions import SubscriptionDesk
from simulators.graph.switches import Switches
from simulators.graph.throttle import Gate
from simulators.graph.world import World

Json = dict[str, Any]

_CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
# Whether the request being served was the one too many when it arrived.
_crowded: ContextVar[bool] = ContextVar("crowded", default=False)


class GraphSimulator(Simulator):
    """A Microsoft Graph of one tenant, for calendars; see ``simulators.graph`` for a tour."""

    def __init__(self, clock: Clock | None = None, *, token_lifetime: float = 3599) -> None:
        super().__init__(clock)
        self.switches = Switches()
        self.desk = TokenDesk(self.clock)
        self.desk.lifetime = timedelta(seconds=token_lifetime)
        self.world = World(self.clock, self.switches)
        self.subscriptions = SubscriptionDesk(self.clock, self.world)
        self._gate = Gate(self.clock, self.switches)
        self._feed = DeltaFeed(self.clock, self.switches)
        self._shuffle = random.Random(20)
        self._numbers = itertools.count(1)
        self._router = Router(
            rows(EventRoutes(self.world, self._feed), DirectoryRoutes(self.world), self.subscriptions),
            self.world.mailbox,
        )

    @property
    def url(self) -> str:
        """The base that takes the place of ``https://graph.microsoft.com/v1.0``."""
        return f"{self.origin}/v1.0"

    @property
    def token(self) -> str:
        """The access token that is always good."""
        return self.desk.token

    @property
    def mails(self) -> list[Mail]:
        """Every mail Exchange would have sent, oldest first."""
        return self.world.meetings.mails

    @property
    def deleted_items_readable(self) -> bool:
        """Whether GET by id finds events in Deleted Items."""
        return self.switches.deleted_items_readable

    @deleted_items_readable.setter
    def deleted_items_readable(self, on: bool) -> None:
        """Let GET by id find events in Deleted Items, or answer 404."""
        self.switches.deleted_items_readable = on

    @property
    def reject_tokens(self) -> int:
        """How many of the next requests are refused with 401 whatever their token."""
        return self.desk.reject

    @reject_tokens.setter
    def reject_tokens(self, times: int) -> None:
        """Refuse so many of the next requests."""
        self.desk.reject = times

    def expire_tokens(self) -> None:
        """Make every token of the token endpoint invalid; ``token`` stays good."""
        self.desk.expire()

    def add_mailbox(self, upn: str, **details: Any) -> Mailbox:
        """Create an account: id, mail, display_name, time_zone, enabled, aliases, mailbox (has one at all)."""
        if self.world.account(upn) is not None:
            raise Refused(f"{upn} exists already")
        return self.world.add(upn, **details)

    def remove_mailbox(self, upn: str) -> None:
        """Delete an account; a lost licence is ``mailbox(upn).usable = False`` instead."""
        self.world.remove(self.mailbox(upn))

    def mailbox(self, upn: str) -> Mailbox:
        """The account by principal name or object id; raises ``Refused`` when there is none."""
        found = self.world.account(upn)
        if found is None:
            raise Refused(f"nobody is called {upn}")
        return found

    def person(self, upn: str) -> OutlookPerson:
        """Somebody at their Outlook."""
        return OutlookPerson(self.world, self.mailbox(upn))

    def outsider(self, address: str, name: str = "", *, time_zone: str = "UTC") -> OutlookPerson:
        """Somebody in another company at their Outlook: they invite and are invited, no request reaches them."""
        if any(address.lower() in map(str.lower, one.addresses) for one in self.world.mailboxes.values()):
            raise Refused(f"{address} belongs to this tenant")
        return OutlookPerson(self.world, self.world.outsider(address, name, time_zone))

    def rename(self, upn: str, mail: str) -> None:
        """Give an account a new primary address; the old one stays as an alias."""
        self.world.rename(self.mailbox(upn), mail)

    def move_mailbox(self, upn: str, *, missing: Collection[str] = ()) -> dict[str, str]:
        """Move or restore a mailbox: the same iCalUIds, all ids new, delta links expired. Old ids → new ones.

        What bears one of the ``missing`` ids comes along with ``finish_move``.
        """
        return self.mailbox(upn).relocate(missing)

    def finish_move(self, upn: str) -> None:
        """The rest of a mailbox that was moved in part."""
        self.mailbox(upn).arrive()

    def expire_delta(self, upn: str) -> None:
        """Forget the mailbox's sync state: all its nextLinks and deltaLinks are expired."""
        self.mailbox(upn).delta_generation += 1

    def endless_delta(self, upn: str, mode: str = "always") -> None:
        """Never end this mailbox's rounds.

        ``always``, ``paged`` (only with odata.maxpagesize), ``series`` (only with one that is smaller than some
        series in the window is long) or ``""``.
        """
        self.mailbox(upn).delta_endless = mode

    def throttle(self, upn: str, times: int = 1, retry_after: str | None = "1") -> None:
        """Answer the mailbox's next requests, batch parts included, with 429."""
        self.mailbox(upn).throttled += [retry_after] * times

    def reset(self) -> None:
        """Forget accounts, mails, switches, faults and the request log."""
        self.world.reset()
        self.switches.restore()
        self.subscriptions.reset()
        self.desk.expire()
        self.desk.reject = 0
        self.faults.clear()
        self.forget_requests()

    async def stop(self) -> None:
        """Stop sending notifications, then close the port."""
        await self.subscriptions.close()
        await super().stop()

    def routes(self) -> list[web.RouteDef]:
        """The token endpoint and everything below ``/v1.0``."""
        return [
            web.post("/{tenant}/oauth2/v2.0/token", self._token),
            web.route("*", "/v1.0/{tail:(?s:.*)}", self._serve),
        ]

    async def control(self, verb: str, body: Json) -> Any:
        """The verbs of ``simulators.graph.control``."""
        if verb == "settle":
            await self.subscriptions.settle()
            return {}
        return control.carry_out(self, verb, body)

    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        # The place is held from the first byte on, scripted delays included.
        with self._gate.entered(self._mailbox_in(request.rel_url.raw_path)) as crowded:
            _crowded.set(crowded)
            return await super()._door(request, handler)

    def _mailbox_in(self, raw_path: str) -> Mailbox | None:
        parts = raw_path.split("/", 4)
        named = len(parts) > 3 and parts[1] == "v1.0" and parts[2].lower() == "users"
        return self.world.account(unquote(parts[3])) if named else None

    async def _token(self, request: web.Request) -> web.Response:
        answer = self.desk.issue(request.match_info["tenant"], await request.post())
        return web.json_response(answer.body, status=answer.status)

    async def _serve(self, request: web.Request) -> web.Response:
        call = Call(
            method=request.method,
            raw_path=request.rel_url.raw_path,
            query_string=request.rel_url.raw_query_string,
            headers=_joined(request),
            raw_body=await request.read(),
            origin=self.origin,
        )
        await self._gate.linger(self._mailbox_in(call.raw_path))
        return self._response(call, await self._answer(call, _crowded.get()))

    async def _answer(self, call: Call, crowded: bool) -> Answer:
        try:
            self.desk.check(call.headers.get("authorization", ""))
            if call.segments == ("$batch",) and call.method == "POST":
                return await batch.run(call, self._side_by_side, self._shuffle)
            self._gate.check(self._mailbox_in(call.raw_path), crowded)
            answer = self._router.answer(call)
            done = await answer if isawaitable(answer) else answer
            done.headers.update(call.applied())
            return done
        except GraphError as error:
            return self._refusal(call, error)

    async def _side_by_side(self, calls: list[Call]) -> list[Answer]:
        """A group of batch parts: each holds a place of its mailbox while all of them are under way."""
        mailboxes = [self._mailbox_in(call.raw_path) for call in calls]
        crowded = []
        for mailbox in mailboxes:
            if mailbox is not None:
                mailbox.in_flight += 1
            crowded.append(mailbox is not None and mailbox.in_flight > batch.AT_ONCE)
        try:
            return [await self._part(call, full) for call, full in zip(calls, crowded, strict=True)]
        finally:
            for mailbox in mailboxes:
                if mailbox is not None:
                    mailbox.in_flight -= 1

    async def _part(self, call: Call, crowded: bool) -> Answer:
        fault = next(
            (f for f in self.faults if f.kind == "answer" and f.hits(f"{call.method} {unquote(call.raw_path)}")), None
        )
        if fault is not None:
            return Answer(fault.status, fault.body, dict(fault.headers))
        return await self._answer(call, crowded)

    def _refusal(self, call: Call, error: GraphError) -> Answer:
        inner = {
            "date": f"{self.clock.now():%Y-%m-%dT%H:%M:%S}",
            "request-id": self._request_id(),
            "client-request-id": call.headers.get("client-request-id", self._request_id()),
        }
        body = {"error": {"code": error.code, "message": error.message, **error.extra, "innerError": inner}}
        return Answer(error.status, body, dict(error.headers))

    def _response(self, call: Call, answer: Answer) -> web.Response:
        headers = {"request-id": self._request_id(), **answer.headers}
        if "client-request-id" in call.headers:
            headers["client-request-id"] = call.headers["client-request-id"]
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        headers["Content-Type"] = _CONTENT_TYPE
        return web.Response(status=answer.status, headers=headers, body=json.dumps(answer.body).encode())

    def _request_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012x}"


def _joined(request: web.Request) -> dict[str, str]:
    """Headers by lower-case name; one that comes several times is joined."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers
