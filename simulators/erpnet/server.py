"""The stand-in's HTTP server: ERP.net's URLs, and a control URL for people and tests."""

from __future__ import annotations

import uuid
from dataclasses import asdict, is_dataclass
from typing import Any

from aiohttp import web

from simulators.base import Clock, Refused, Simulator
from simulators.erpnet import batch, metadata, schema
from simulators.erpnet.api import Answer, Api, Request, refusal, request_of
from simulators.erpnet.errors import ErpError, invalid, too_many_requests
from simulators.erpnet.person import ErpPerson
from simulators.erpnet.references import ROOT_PATH
from simulators.erpnet.seeds import SERVICE_LOGIN, Seeds
from simulators.erpnet.sessions import Gate, Grant, OAuthError, Session, Transaction
from simulators.erpnet.world import Application, Caller, Json

# Windows' HTTP server takes URLs of 16 KB; addresses inside a batch are not URLs to it.
LONGEST_TARGET = 16 * 1024
_SEED_VERBS = frozenset(
    {
        "add_user", "change_user", "add_person", "add_company", "add_location", "add_role_user", "add_config",
        "add_access_key", "grant", "add_document_type", "seed_mssync",
    }
)  # fmt: skip


class ErpSimulator(Seeds, Simulator):
    """One ERP.net instance; ``url`` is its root. Switches are plain attributes, see ``World.clear``."""

    def __init__(self, clock: Clock | None = None) -> None:
        Simulator.__init__(self, clock)
        self.reset()

    def reset(self) -> None:
        """Back to the first day: seeds only, switches at their defaults, tokens and sessions gone."""
        self.clear()
        self.gate = Gate(self)
        self._api = Api(self, lambda: self.origin + ROOT_PATH)
        self._seed()

    @property
    def url(self) -> str:
        """The instance root, e.g. ``http://127.0.0.1:54321``."""
        return self.origin

    def person(self, login: str) -> ErpPerson:
        """Act as this user."""
        return ErpPerson(self, login)

    def revoke_tokens(self) -> None:
        """Every token given out so far becomes foreign: its next call is a 401."""
        self.gate.revoke_tokens()

    def routes(self) -> list[web.RouteDef]:
        """ERP.net's own addresses."""
        return [
            web.get("/tools/auto-discovery", self._discover),
            web.get("/sys/auto-discovery", self._discover),
            web.post("/id/connect/token", self._token),
            web.get("/api/domain/standardmodel/{set}", self._standard_model),
            web.get("/api/domain/currentmodel/{set}", self._current_model),
            web.route("*", ROOT_PATH + "{tail:(?s:.*)}", self._domain_api),
        ]

    async def _discover(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "WebSites": [
                    self._site("ID", "/id", {}),
                    self._site("DomainAPI", "/api", {"ODataServiceRoot": self.origin + ROOT_PATH}),
                ]
            }
        )

    def _site(self, kind: str, path: str, more: Json) -> Json:
        url = self.origin + path
        return {"Type": kind, "Status": "Working", "Url": url, "AdditionalProperties": more}

    async def _token(self, request: web.Request) -> web.Response:
        form = {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        user = {
            "client_system_user": SERVICE_LOGIN,
            "client_system_user_type": "ApplicationUserNoLogin",
            "client_system_user_id": self.service_user.id,
        }
        try:
            return web.json_response(self.gate.issue(form, f"{self.origin}/id", user))
        except OAuthError as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _standard_model(self, request: web.Request) -> web.Response:
        entity = schema.SETS.get(request.match_info["set"])
        if entity is None:
            return _respond(refusal(invalid(f"There is no repository '{request.match_info['set']}'.")))
        return web.json_response(metadata.describe(entity))

    async def _current_model(self, request: web.Request) -> web.Response:
        try:
            self.gate.grant_of(request.headers.get("Authorization"))
        except ErpError as error:
            return _respond(refusal(error))
        return await self._standard_model(request)

    async def _domain_api(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            if len(request.raw_path) > LONGEST_TARGET:
                raise ErpError("The request URI is too long.", status=414)
            asked = request_of(request.method, request.raw_path, raw)
            token, grant = self.gate.grant_of(request.headers.get("Authorization"))
            async with self.gate.turn(token) as session:
                return _respond(self._serve(request, asked, grant, session))
        except ErpError as error:
            return _respond(refusal(error))

    def _serve(self, http: web.Request, asked: Request, grant: Grant, session: Session) -> Answer:
        self.commit_due()
        caller = Caller(self.store.at(schema.USERS, self.service_user.id), grant.scopes)
        header = http.headers.get("TransactionId")
        if asked.method == "POST" and asked.path == "BeginTransaction":
            return self._begin(asked, session)
        if header is None:
            return self._carry_out(http, asked, caller)
        transaction = session.transaction_at(self.clock.now())
        if transaction is None or transaction.id != header:
            raise ErpError(f"Invalid TransactionId {header}.")
        if asked.method == "POST" and asked.path == "EndTransaction":
            return self._end(asked, session, transaction)
        caller.front = transaction.front
        with self.store.rehearsal(transaction.changes):
            return self._carry_out(http, asked, caller)

    def _carry_out(self, http: web.Request, asked: Request, caller: Caller) -> Answer:
        if asked.method == "POST" and asked.path == "$batch":
            kind, prefer = http.headers.get("Content-Type", ""), http.headers.get("Prefer", "")
            return batch.run(self, self._api, caller, kind, asked.raw, prefer)
        return self._api.answer(caller, asked)

    def _begin(self, asked: Request, session: Session) -> Answer:
        model = asked.body.get("model", "common")
        if model not in ("common", "frontend"):
            raise invalid(f"'{model}' is not a model.")
        if session.transaction_at(self.clock.now()) is not None:
            raise too_many_requests()
        session.transaction = Transaction(str(uuid.uuid4()), self.clock.now(), model == "frontend")
        return Answer(200, session.transaction.id, "text/plain; charset=utf-8")

    def _end(self, asked: Request, session: Session, transaction: Transaction) -> Answer:
        session.transaction = None
        if asked.body.get("commit"):
            self.store.replay(transaction.changes)
        return Answer(204)

    async def control(self, verb: str, body: Json) -> Any:
        """People's and administrators' acts over HTTP; see the package docstring."""
        match verb:
            case "person":
                return self._act(body)
            case "state":
                return self._state()
            case "set":
                return self._set(body)
            case "reset":
                self.reset()
            case "revoke_tokens":
                self.revoke_tokens()
            case _ if verb in _SEED_VERBS:
                return _plain(_call(getattr(self, verb), body))
            case _:
                raise Refused(f"unknown control verb: {verb}")
        return {}

    def _act(self, body: Json) -> Any:
        if body.get("do") not in ErpPerson.ACTS:
            raise Refused(f"people cannot do this: {body.get('do')}")
        return _call(getattr(self.person(str(body.get("login"))), body["do"]), body.get("with", {}))

    def _state(self) -> Json:
        people = self.person(SERVICE_LOGIN)
        users = self.store.rows(schema.USERS)
        return {
            "activities": people.activities(),
            "users": [{"id": u.id, **{n: u[n] for n in ("Login", "Email", "Active")}} for u in users],
            "document_types": [t["Code"] for t in self.store.rows(schema.DOCUMENT_TYPES)],
            "notifications": self.notifications,
            "sessions": self.gate.open_sessions,
            "company": self.company_id,
            "location": self.location_id,
        }

    def _set(self, body: Json) -> Json:
        """Set switches by name; ``application`` takes an object with the fields to change."""
        for name, value in body.items():
            if name == "application":
                self.application = Application(**(asdict(self.application) | value))
            elif name in self.switches:
                setattr(self, name, value)
            else:
                raise Refused(f"there is no switch {name}")
        return {}


def _call(act: Any, arguments: Json) -> Any:
    try:
        return act(**arguments)
    except (TypeError, ValueError, KeyError) as error:
        raise Refused(f"wrong arguments: {error}") from error


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _respond(answer: Answer) -> web.Response:
    headers = {**answer.headers}
    if answer.payload is not None:
        headers |= {"Content-Type": answer.content_type, "OData-Version": "4.0"}
    return web.Response(status=answer.status, body=answer.content() or None, headers=headers)
