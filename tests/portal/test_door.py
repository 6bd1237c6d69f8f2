"""Who is let in where: every route of the app's own index, asked by everybody who must not be answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import pytest

import function_app
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.memory import MemoryStore
from jobs.command import Asker, State
from jobs.commands.ask import ask as file
from jobs.trouble import Trouble, Why
from jobs.wish import Kind, Wish
from portal.assets import address
from portal.forms import token
from portal.http import NEVER_KEPT, POLICY, SAFE
from portal.routes import PAGES, PROGRAMS, ROUTES, Needs, Route, find
from portal.sign_in import Role
from tests.support.app import App, function
from tests.support.functions import functions
from tests.support.house import House
from tests.support.visitor import AZURE, ORIGIN, Visitor, claim, principal, signed_in

OPEN = {
    "notifications": "Graph proves itself by clientState",
    "erpnet": "ERP.net proves itself by a secret",
    "health": "tells how many settings are wrong, nothing else",
    "home": "leads to the page",
}
"""HTTP functions that do not ask who somebody is, and why they need not."""

ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Asking:
    """One request that the index knows: by which function, of which route."""

    function: str
    route: Route
    start: tuple[str, ...]

    @property
    def path(self) -> str:
        """An address that the route serves."""
        filled = re.sub(r"\{\w+\}", "0123456789abcdef", self.route.path)
        return "/" + "/".join([*self.start, *(one for one in filled.split("/") if one)])


def askings() -> list[Asking]:
    """Every route, at each of its addresses."""
    pages = [Asking("portal", route, PAGES) for route in ROUTES]
    return pages + [Asking("programs", route, PROGRAMS) for route in ROUTES if route.program]


def named(asking: Asking) -> str:
    """What a test of it is called."""
    return f"{asking.route.method} {asking.path}"


closed = pytest.mark.parametrize("asking", [one for one in askings() if one.route.needs >= Needs.PERSON], ids=named)
changing = pytest.mark.parametrize(
    "asking",
    [one for one in askings() if one.route.method == "POST" and one.route.needs >= Needs.PERSON],
    ids=named,
)


@pytest.fixture
def azure(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """The app where the platform signs people in."""
    for name, value in AZURE.items():
        monkeypatch.setenv(name, value)
    return app


async def ask(
    asking: Asking, headers: Mapping[str, str], fields: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """The request, through the function of the index."""
    kind = {"content-type": "application/x-www-form-urlencoded"} if fields else {}
    request = func.HttpRequest(
        asking.route.method,
        f"{ORIGIN}{asking.path}",
        headers={**kind, **headers},
        body=urlencode(fields or {}).encode(),
    )
    answered = await function(asking.function)(request)
    assert isinstance(answered, func.HttpResponse)
    return answered


async def refused(azure: App, asking: Asking, headers: Mapping[str, str], status: int, **how: str) -> None:
    """The request is refused, and neither a row nor a message comes of it."""
    store = azure.house.memory
    assert store is not None
    await store.read_form_key()
    before, sent = store.writes, len(azure.queue.sent)
    answered = await ask(asking, headers, how)

    assert answered.status_code == status, answered.get_body().decode()
    assert (store.writes, len(azure.queue.sent)) == (before, sent)
    assert answered.headers["Cache-Control"] == NEVER_KEPT["Cache-Control"]
    assert answered.headers["Content-Security-Policy"] == POLICY


def test_every_http_function_is_open_for_a_reason_or_behind_the_door() -> None:
    """No function of the index is left out of these tests."""
    found = {name for name, one in functions().items() if one.get_trigger().get_dict_repr()["type"] == "httpTrigger"}
    assert found == set(OPEN) | {"portal", "programs"}


ANSWERED: dict[str, list[tuple[str, dict[str, str]]]] = {
    "notifications": [("POST", {"validationToken": "x"}), ("POST", {})],
    "erpnet": [("POST", {})],
    "health": [("GET", {})],
    "home": [("GET", {})],
    "portal": [("GET", {}), ("POST", {})],
    "programs": [("GET", {}), ("POST", {})],
}
"""Requests of each HTTP function: the method and parameters."""


@pytest.mark.parametrize("name", [*OPEN, "portal", "programs"])
async def test_every_answer_bears_the_strict_headers(azure: App, name: str) -> None:
    """Of every function of the index: a browser neither runs, frames, guesses nor keeps what it is not meant to."""
    for method, params in ANSWERED[name]:
        request = func.HttpRequest(method, f"{ORIGIN}/{name}", headers={}, params=params, body=b"")
        answered = await function(name)(request)
        assert {n: answered.headers.get(n) for n in SAFE | NEVER_KEPT} == SAFE | NEVER_KEPT, answered.status_code


def test_the_app_and_the_page_have_the_same_headers() -> None:
    """The app's own answers must not wait for the page's modules, so the headers are written in both."""
    assert SAFE | NEVER_KEPT == function_app.STRICT


def test_no_two_routes_overlap() -> None:
    """The host asks the first that fits by the functions' names, so each address must fit one only."""
    triggers = [one.get_trigger().get_dict_repr() for one in functions().values()]
    routes = sorted(str(one["route"]) for one in triggers if one["type"] == "httpTrigger")
    literal = [route.partition("{")[0] for route in routes]

    assert routes == [
        "api/health",
        "api/v1/{*path}",
        "api/webhooks/erpnet",
        "api/webhooks/graph",
        "portal/{*path}",
        "{home:maxlength(0)?}",
    ]
    assert not [(a, b) for a in literal for b in literal if a != b and a and b.startswith(a)]


def test_every_route_is_found_as_what_it_is() -> None:
    """No route of the table stands before another one of the same address."""
    for one in askings():
        path = tuple(segment for segment in one.path.split("/") if segment)
        found = find(one.route.method, path)
        assert found is not None
        assert found.route is one.route


@closed
async def test_nobody_is_not_let_in(azure: App, asking: Asking) -> None:
    """Without a principal, and with a spoilt one."""
    await refused(azure, asking, {}, 401)
    await refused(azure, asking, {"x-ms-client-principal": "%"}, 403)
    await refused(azure, asking, {"x-ms-client-principal-id": "anna", "x-ms-client-principal-name": "anna"}, 401)
    assert azure.process.asked == 0, "the store is not asked for strangers"


@closed
@pytest.mark.parametrize("is_on", ["", "False"])
async def test_a_forged_principal_is_not_let_in(
    azure: App, asking: Asking, is_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the platform does not sign people in, a header says nothing."""
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", is_on)
    await refused(azure, asking, signed_in("anna", Role.ADMIN), 401)


@closed
async def test_another_tenant_is_not_let_in(azure: App, asking: Asking) -> None:
    """Nor somebody whose tenant nobody knows."""
    await refused(azure, asking, signed_in("anna", Role.ADMIN, tenant="globex"), 403)
    await refused(azure, asking, {"x-ms-client-principal": principal(claim("oid", "anna"))}, 403)


@pytest.mark.parametrize(
    ("asking", "roles"),
    [
        *[(one, ()) for one in askings() if one.route.needs >= Needs.READER],
        *[(one, (Role.READER,)) for one in askings() if one.route.needs is Needs.ADMIN],
    ],
    ids=lambda one: named(one) if isinstance(one, Asking) else "-".join(one) or "none",
)
async def test_a_role_is_needed(azure: App, asking: Asking, roles: tuple[Role, ...]) -> None:
    """An employee does not see everybody, and who may look changes nothing; with a good token, too."""
    key = await azure.house.world.store.read_form_key()
    good = {"sec-fetch-site": "same-origin", "x-calsync-token": token(key, "anna", azure.house.now)}
    await refused(azure, asking, {**signed_in("anna", *roles), **good}, 403)


@changing
async def test_a_change_needs_a_token_of_this_person(azure: App, asking: Asking) -> None:
    """None, somebody else's, and one of yesterday are all refused."""
    key = await azure.house.world.store.read_form_key()
    headers = {**signed_in("anna", Role.ADMIN), "sec-fetch-site": "same-origin"}
    theirs = token(key, "boris", azure.house.now)
    old = token(key, "anna", azure.house.now)
    await refused(azure, asking, headers, 403)
    await refused(azure, asking, headers, 403, token=theirs)
    azure.house.advance(hours=2)
    await refused(azure, asking, headers, 403, token=old)


@changing
@pytest.mark.parametrize(
    "site",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
    ids=str,
)
async def test_a_change_comes_from_a_page_of_ours(azure: App, asking: Asking, site: dict[str, str]) -> None:
    """A good token does not help another site, nor a page that says nothing of itself."""
    key = await azure.house.world.store.read_form_key()
    good = token(key, "anna", azure.house.now)
    await refused(azure, asking, {**signed_in("anna", Role.ADMIN), **site}, 403, token=good)


@pytest.mark.parametrize("one", [one for one in askings() if one.route.needs < Needs.PERSON], ids=named)
async def test_what_is_open_never_asks_who(azure: App, one: Asking) -> None:
    """An answer of an open route is the same with a header of an administrator and without one."""
    plain = await ask(one, {})
    forged = await ask(one, signed_in("anna", Role.ADMIN))

    assert (plain.status_code, plain.get_body()) == (forged.status_code, forged.get_body())
    assert plain.status_code == 404, "in Azure there is no sign-in for developers, nor an asset of this name"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/portal", "/portal/nothing", "/portal/assets/..%2Fdoor.py", "/api/v1/x", "/other"])
async def test_an_unknown_address_or_method_is_not_found(house: House, method: str, path: str) -> None:
    """Whoever asks."""
    visitor = Visitor(house, signed_in("anna", Role.ADMIN))
    for answered in (await visitor.ask(method, path), await visitor.ask("GET", f"{path}/a/b/c/d")):
        assert answered.status == 404


async def test_assets_are_kept_and_pages_are_not(anna: Visitor) -> None:
    """A name that changes with what is in the file may be kept for ever."""
    shown = await anna.get(address("style.css"))
    assert (shown.status, shown.kind) == (200, "text/css")
    assert shown.all_headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (await anna.get(re.sub(r"\.[0-9a-f]{16}\.", ".0000000000000000.", address("style.css")))).status == 404
    page = (await anna.get("/portal")).all_headers
    assert (page["Cache-Control"], page["X-Content-Type-Options"], page["X-Frame-Options"]) == (
        "no-store",
        "nosniff",
        "DENY",
    )
    assert page["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in page["Content-Security-Policy"]


async def test_who_is_shown_is_escaped(house: House) -> None:
    """Markup in somebody's name stays text, whatever its script's direction."""
    visitor = Visitor(house, signed_in("anna", name='<script>alert("x")</script> مُنى'))
    page = await visitor.read("/portal")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; مُنى" in page


async def test_a_store_that_is_down_is_said_plainly(
    house: House, anna: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """To people and to programs; the log has no word of anybody."""
    from sync_core.errors import StoreUnavailable

    async def down(*_: object) -> None:
        raise StoreUnavailable("the tables do not answer")

    monkeypatch.setattr(house.world.store, "read_user", down)
    page, program = await anna.get("/portal"), await anna.get("/api/v1")

    assert (page.status, program.status) == (503, 503)
    assert b"does not answer" in page.body
    assert json.loads(program.body) == {"error": "unavailable"}
    assert "Anna" not in caplog.text


async def test_a_mistake_of_ours_tells_nothing(
    house: House, anna: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither on the page nor in the log: it might quote somebody's meeting."""

    async def broken(*_: object) -> None:
        raise RuntimeError("Secret subject")

    monkeypatch.setattr(house.world.store, "read_user", broken)
    page = await anna.get("/portal")

    assert page.status == 500
    assert b"Secret" not in page.body
    assert "Secret" not in caplog.text


async def test_the_language_is_the_readers(anna: Visitor) -> None:
    """The browser's, or the one that was chosen; anything else is English."""
    assert 'lang="bg"' in await anna.read("/portal", accept_language="de, bg-BG;q=0.9, en;q=0.8")
    assert '<html lang="en">' in await anna.read("/portal", accept_language="*")
    chosen = await anna.send("/portal/language", {"language": "bg"})
    cookie = chosen.headers["Set-Cookie"]
    assert (chosen.status, chosen.headers["Location"]) == (303, "/portal")
    assert "HttpOnly; SameSite=Strict; Secure" in cookie
    assert '<html lang="bg">' in await anna.read("/portal", cookie=cookie.partition(";")[0])


async def test_a_developer_chooses_who_to_be(house: House) -> None:
    """On loopback: the form lists who there is, the cookie makes one that person until one signs out."""
    origin = "http://127.0.0.1:7071"
    visitor = Visitor(house, environ={"PORTAL_SIGN_IN": "development"}, origin=origin)
    assert (await visitor.get("/portal")).status == 401
    user = await house.user()
    form = await visitor.read("/portal/sign-in")
    assert user.id in form
    [sign, *_] = re.findall(r'name="token" value="([^"]+)"', form)
    sent = {"token": sign, "id": user.id, "name": "Anna", "role": "calsync.admin"}
    assert (await visitor.post("/portal/sign-in", sent, origin="https://evil.example")).status == 403
    let_in = await visitor.post("/portal/sign-in", sent, origin=origin)
    visitor.headers = {"cookie": let_in.headers["Set-Cookie"].partition(";")[0]}

    assert "Everyone" in await visitor.read("/portal")
    gone = await visitor.send("/portal/sign-out")
    assert (gone.headers["Location"], "Max-Age=0" in gone.headers["Set-Cookie"]) == ("/portal/sign-in", True)


async def test_nobody_chooses_who_to_be_in_azure(house: House) -> None:
    """There is no such page, whatever the settings say."""
    visitor = Visitor(house, environ={**AZURE, "PORTAL_SIGN_IN": "development"})
    assert (await visitor.get("/portal/sign-in")).status == 404
    assert (await visitor.post("/portal/sign-in", {"id": "anna"}, origin=ORIGIN)).status == 404


async def spoil(house: House, partition: str, row: str) -> None:
    """Something else stands in this row of what was asked."""
    assert isinstance(house.memory, MemoryStore)
    place = Key(partition, row)
    await house.memory.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": 2, "data0": '{"part": "Budget"}'}))


async def test_a_spoilt_answer_takes_no_page_with_it(house: House) -> None:
    """Of somebody's look for places, and of the check of everything: both are shown on pages of their own, too."""
    me = (await house.user()).id
    vera = Visitor(house, signed_in(me, Role.ADMIN))
    for kind in (Kind.PLACES, Kind.DOCTOR):
        command = await file(house.world, Wish(kind), Asker(me))
        await house.world.store.save_command(replace(command, state=State.DONE))
        await spoil(house, f"answer-{command.id}", "000000")
        page = await vera.read(f"/portal/commands/{command.id}")
        assert "The answer cannot be read any more: ask again." in page
        assert "Budget" not in page

    for path in ("/portal", "/portal/settings", "/portal/everyone", "/portal/everyone/audit"):
        await vera.read(path)


async def test_a_spoilt_command_is_said_to_be_one(house: House) -> None:
    """Trying again in a minute would not help; the audit goes on without it."""
    me = (await house.user()).id
    vera = Visitor(house, signed_in(me, Role.ADMIN))
    whole, spoilt = [await file(house.world, Wish(Kind.DOCTOR), Asker(me)) for _ in range(2)]
    await spoil(house, "command", spoilt.id)
    answer = await vera.get(f"/portal/commands/{spoilt.id}")

    assert answer.status == 410
    assert b"cannot be read any more: ask for it again" in answer.body
    assert [one["id"] for one in (await vera.json("/everyone/audit"))["commands"]] == [whole.id]


BEYOND = [
    ("GET", "/portal?" + "x" * 3_000, {}, "", 414),
    ("GET", "/portal?word=%ff", {}, "", 400),
    ("GET", "/portal?" + "a=1&" * 401, {}, "", 400),
    ("POST", "/portal/do/pause", {"content_type": "text/plain"}, "token=1", 415),
    ("POST", "/portal/do/pause", {"content_type": "application/json"}, "[", 400),
    ("POST", "/portal/do/pause", {}, "a=" + "x" * 70_000, 413),
]


@pytest.mark.parametrize(("method", "path", "headers", "sent", "status"), BEYOND, ids=lambda one: str(one)[:20])
async def test_what_is_beyond_the_bounds_is_said_plainly(
    anna: Visitor, method: str, path: str, headers: dict[str, str], sent: str, status: int
) -> None:
    """To people in their language, to programs as JSON; nobody gets an empty page, and no row is read."""
    page = await anna.ask(method, path, sent, accept_language="bg", **headers)
    program = await anna.ask(method, path.replace("/portal", "/api/v1", 1), sent, **headers)

    assert (page.status, program.status, anna.opened) == (status, status, 0)
    assert '<html lang="bg">' in page.body.decode()
    assert (program.kind, json.loads(program.body)) == ("application/json", {"error": "beyond"})
    assert page.all_headers["Cache-Control"] == program.all_headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("before", ['x={"a":1}', "a:b=1", "AppServiceAuthSession=" + "x" * 4_000, "=", ";;", "é=1"])
async def test_a_cookie_of_somebody_else_does_not_hide_ours(anna: Visitor, before: str) -> None:
    """Whatever another app of the same host put there."""
    page = await anna.read("/portal", cookie=f"{before}; calsync-language=bg")
    assert '<html lang="bg">' in page


@pytest.mark.parametrize(
    "path",
    [
        "/portal/%2e%2e/settings",
        "/portal/./settings",
        "/portal/assets/%2e%2e/everyone",
        "/portal/assets/..%2feveryone",
        "/portal/people/a%2Fb",
        "/portal/people/%00",
        "/portal/people/%ff",
        "/portal/people/%ed%a0%80",
        "/portal/commands/%0d%0aSet-Cookie:x=1",
        "/portal\\settings",
        "/PORTAL/everyone",
    ],
)
async def test_a_crooked_address_is_not_found(house: House, path: str) -> None:
    """Neither for somebody who may see everything nor for a stranger who writes it behind an open path."""
    found = await Visitor(house, signed_in("vera", Role.ADMIN)).get(path)
    stranger = await Visitor(house).get(path)

    assert (found.status, "Set-Cookie" in found.headers) == (404, False)
    assert stranger.status in (401, 404)


@pytest.mark.parametrize("header", ["host", "x-forwarded-host", "x-original-url", "forwarded"])
async def test_no_header_leads_elsewhere(anna: Visitor, header: str) -> None:
    """Every address that we give is one of this site, whatever a request says that it is called."""
    headers = {header.replace("-", "_"): "evil.example"}
    page = await anna.read("/portal?next=https://evil.example", **headers)
    sent = await anna.send("/portal/do/pause", {"next": "https://evil.example"}, **headers)

    assert "evil.example" not in page
    assert re.fullmatch("/portal/commands/[a-z0-9-]+", sent.headers["Location"])


async def test_of_a_field_sent_twice_the_token_must_be_good(anna: Visitor) -> None:
    """The last one counts, and there is no way round it by a second spelling or by a list."""
    good = await anna.token()
    how = {"sec_fetch_site": "same-origin"}
    form, program = "application/x-www-form-urlencoded", "application/json"
    for kind, sent in (
        (form, f"token={good}&token=x"),
        (form, f"Token={good}"),
        (form, f"token%5b%5d={good}"),
        (program, json.dumps({"token": [good, "x"]})),
    ):
        assert (await anna.ask("POST", "/portal/do/pause", sent, content_type=kind, **how)).status == 403


async def test_two_principals_are_nobody(house: House) -> None:
    """A header sent twice arrives as one, with a comma between; claims that speak of two people are refused."""
    one = signed_in("anna")["x-ms-client-principal"]
    tenant, other = claim("tid", "acme"), "http://schemas.microsoft.com/identity/claims/objectidentifier"
    two = principal(tenant, claim("oid", "anna"), claim(other, "boris"))
    for header in (f"{one},{one}", f"{one}, {one}", two):
        assert (await Visitor(house, {"x-ms-client-principal": header}).get("/portal")).status == 403


async def test_somebody_elses_command_looks_like_none(
    house: House, anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the answer, and in what is read for it: how long it takes does not tell that there is one."""
    command = await file(house.world, Wish(Kind.DOCTOR), Asker("boris"))
    failed = replace(command, state=State.FAILED, trouble=Trouble(Why.TABLES))
    await house.world.store.save_command(failed)
    read: list[str] = []

    async def reading(real: Any, asked: str) -> Any:
        read.append(real.__name__)
        return await real(asked)

    for name in ("read_command", "read_parts"):
        monkeypatch.setattr(house.memory, name, partial(reading, getattr(house.memory, name)))
    theirs = await anna.get(f"/portal/commands/{command.id}")
    reads_of_theirs, read[:] = read.copy(), []
    none = await anna.get(f"/portal/commands/{command.id[:-12]}{'0' * 12}")

    assert (theirs.status, none.status, theirs.body == none.body) == (404, 404, True)
    assert reads_of_theirs == read == ["read_command"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "get", "post"])
async def test_no_route_has_another_method(house: House, method: str) -> None:
    """Nor does it for an administrator with a good token."""
    visitor = Visitor(house, signed_in("vera", Role.ADMIN))
    how = {"sec_fetch_site": "same-origin", "x_calsync_token": await visitor.token()}
    assert {(await visitor.ask(method, one.path, **how)).status for one in askings()} == {404}
