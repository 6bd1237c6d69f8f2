"""The session on the wire: discovery, token, retries, one request at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.erp.probe import Finding
from adapters.http import Retries
from simulators.base import Clock
from sync_core.errors import (
    AppRefused,
    EndlessRead,
    ForeignHost,
    ItemGone,
    ItemRejected,
    LicencesTaken,
    SideUnavailable,
    Throttled,
)
from tests.adapters.conftest import Pauses
from tests.support.scripted import Say
from tests.support.scripted_erp import LOGIN, ROOT, ScriptedErp, erp_batch_answer, erp_fault, jwt, part

VERSION = Say({"version": "26.2.1.0"})


def anew(
    server: ScriptedErp, clock: Clock, *, url: str = "", endpoints: tuple[str, ...] = (), timeout: float = 2
) -> ErpNet:
    """An adapter of a process that starts; it waits for nothing."""
    options = ErpOptions(url or server.origin, "calsync", "made-up-secret", timeout_seconds=timeout)
    return ErpNet(options, clock=clock.now, retries=Retries(sleep=Pauses()), endpoints=endpoints)


def site(kind: str, url: str, **more: str) -> dict[str, object]:
    """One web site as auto-discovery tells it."""
    return {"Type": kind, "Status": "Working", "Url": url, "AdditionalProperties": more}


async def test_the_token_is_asked_for_as_the_trusted_application(server: ScriptedErp, erp: ErpNet) -> None:
    """Client credentials, form-encoded, with our scope; the call carries the token and asks for English."""
    server.say(VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"
    (asked,), (call,) = server.token_requests, server.calls
    expected = {
        "grant_type": ["client_credentials"],
        "client_id": ["calsync"],
        "client_secret": ["made-up-secret"],
        "scope": ["read update"],
    }
    assert expected == parse_qs(asked.body)
    assert call.headers["authorization"] == f"Bearer {jwt(client_system_user=LOGIN, number=1)}"
    assert call.headers["accept-language"] == "en"


async def test_one_token_serves_the_process_for_an_hour(server: ScriptedErp, erp: ErpNet, clock: Clock) -> None:
    """Each token's session takes a licence, so the next one is fetched when the session has ended, not earlier."""
    server.say(*[VERSION] * 7)
    fetched = []
    for _ in range(7):
        await erp.check_access()
        fetched.append(len(server.token_requests))
        clock.advance(timedelta(minutes=10))

    assert fetched == [1, 1, 1, 1, 1, 1, 2]


async def test_a_session_that_fell_asleep_is_followed_by_a_fresh_token(
    server: ScriptedErp, erp: ErpNet, clock: Clock
) -> None:
    """After twenty quiet minutes the session is over: the next one begins with a token of its own, a whole hour."""
    server.say(*[VERSION] * 3)

    await erp.check_access()
    clock.advance(timedelta(minutes=19))
    await erp.check_access()
    awake = len(server.token_requests)
    clock.advance(timedelta(minutes=20))
    await erp.check_access()

    assert (awake, len(server.token_requests)) == (1, 2)


async def test_between_the_end_of_a_token_and_of_its_session_nothing_is_sent(
    server: ScriptedErp, erp: ErpNet, clock: Clock
) -> None:
    """Seconds before the hour the token is too old and its session still counts: a call then would open a second."""
    server.say(*[VERSION] * 8)
    for minutes in (15, 15, 15, 14.9):
        await erp.check_access()
        clock.advance(timedelta(minutes=minutes))

    with pytest.raises(Throttled) as caught:
        await erp.check_access()
    assert caught.value.retry_after == pytest.approx(6)
    assert (len(server.calls), erp.session_ends_at) == (4, clock.now() + timedelta(seconds=6))

    clock.advance(timedelta(seconds=6))
    await erp.check_access()
    assert len(server.token_requests) == 2


@pytest.mark.parametrize("told", ["inf", "nan", "-5", "soon", None, 1e400, {}])
async def test_a_token_that_tells_no_life_is_used_all_the_same(
    server: ScriptedErp, erp: ErpNet, told: object
) -> None:
    """Whatever ``expires_in`` says, the call is made."""
    server.tokens.append(Say({"access_token": jwt(client_system_user=LOGIN), "expires_in": told}))
    server.say(VERSION)

    assert await erp.check_access() == "26.2.1.0"


async def test_what_opens_no_session_takes_no_licence(server: ScriptedErp, erp: ErpNet) -> None:
    """A token, a refusal and the lack of a licence leave no session behind; a call does, answered or not."""
    server.say(
        Say(erp_fault("The maximum number…", 8, "E1LicenseException"), 503, {"Retry-After": "60"}), Say(cut=True)
    )

    await erp.service_login()
    before = erp.session_ends_at
    with pytest.raises(LicencesTaken):
        await erp.check_access()
    refused = erp.session_ends_at
    server.say(VERSION)
    await erp.check_access()

    assert (before, refused, erp.session_ends_at is None) == (None, None, False)


async def test_the_service_login_costs_no_session(server: ScriptedErp, erp: ErpNet) -> None:
    """The token itself says who we are: no call to the API is needed."""
    login = await erp.service_login()

    assert login == LOGIN
    assert server.calls == []


@pytest.mark.parametrize("token", ["enrt_opaque", jwt(client_id="calsync"), "a.b.c"])
async def test_a_token_without_a_service_user_is_refused(server: ScriptedErp, erp: ErpNet, token: str) -> None:
    """Without SystemUser nobody could be told from the service user; the error names the application."""
    server.tokens.append(Say({"access_token": token, "expires_in": 3600}))

    with pytest.raises(AppRefused, match=r"trusted application 'calsync'.*SystemUser"):
        await erp.service_login()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("invalid_client", "ERPNET_CLIENT_SECRET"),
        ("unauthorized_client", "SystemUserAllowed"),
        ("invalid_scope", "read update"),
        ("something_new", "check its settings"),
    ],
)
async def test_an_oauth_error_names_the_application_and_the_remedy(
    server: ScriptedErp, erp: ErpNet, code: str, remedy: str
) -> None:
    """An OAuth code becomes a sentence for the administrator, without the secret, and is not retried."""
    server.tokens.append(Say({"error": code}, 400))

    with pytest.raises(AppRefused, match=f"{code}.*'calsync'.*{remedy}") as caught:
        await erp.check_access()

    assert "made-up-secret" not in str(caught.value)
    assert len(server.token_requests) == 1


async def test_a_refused_token_is_replaced_once(server: ScriptedErp, erp: ErpNet) -> None:
    """401 means a dead token: one new token, the same request again."""
    server.say(Say(status=401), VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"
    assert len(server.token_requests) == 2
    assert server.calls[1].headers["authorization"] == f"Bearer {jwt(client_system_user=LOGIN, number=2)}"


async def test_a_second_refusal_is_an_answer(server: ScriptedErp, erp: ErpNet) -> None:
    """Two 401 in a row are refused access, not a reason to fetch tokens for ever."""
    server.say(Say(status=401), Say(status=401))

    with pytest.raises(AppRefused):
        await erp.check_access()

    assert (len(server.calls), len(server.token_requests)) == (2, 2)


async def test_too_many_requests_are_waited_out(server: ScriptedErp, erp: ErpNet, pauses: Pauses) -> None:
    """429 carries no Retry-After here; the call is repeated after growing, jittered waits."""
    server.say(Say(status=429), Say(status=429), VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"
    assert len(pauses) == 2
    assert all(0 <= pause <= limit for pause, limit in zip(pauses, (1, 2), strict=True))


async def test_endless_throttling_ends(server: ScriptedErp, erp: ErpNet) -> None:
    """After four tries the caller is told."""
    server.say(*[Say(status=429)] * 9)

    with pytest.raises(Throttled):
        await erp.check_access()

    assert len(server.calls) == 4


async def test_no_free_licence_is_not_sat_out(server: ScriptedErp, erp: ErpNet, pauses: Pauses) -> None:
    """The minute ERP.net asks for is the caller's to wait, without a lease in hand."""
    server.say(Say(erp_fault("The maximum number…", 8, "E1LicenseException"), 503, {"Retry-After": "60"}))

    with pytest.raises(LicencesTaken) as caught:
        await erp.check_access()

    assert caught.value.retry_after == 60
    assert (len(server.calls), pauses) == (1, [])


async def test_a_mistake_is_never_repeated(server: ScriptedErp, erp: ErpNet) -> None:
    """500 is ERP.net's answer to a wrong request: asked once."""
    server.say(Say(erp_fault("Unknown property", 0, "NotSupportedException"), 500))

    with pytest.raises(ItemRejected, match="Unknown property"):
        await erp.check_access()

    assert len(server.calls) == 1


async def test_a_lost_connection_is_tried_again_for_reads(server: ScriptedErp, erp: ErpNet) -> None:
    """A read that got no answer is simply read again."""
    server.say(Say(cut=True), Say(cut=True), VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"


async def test_a_lost_write_is_unclear_and_not_repeated(server: ScriptedErp, erp: ErpNet) -> None:
    """A write whose answer was lost may have been done: the caller must look."""
    server.say(Say(cut=True))

    with pytest.raises(SideUnavailable) as caught:
        await erp.notify("1", "hello")

    assert caught.value.unclear
    assert len(server.calls) == 1


async def test_silence_ends_after_the_time_limit(server: ScriptedErp, clock: Clock) -> None:
    """No answer within the limit is an unclear write."""
    erp = anew(server, clock, endpoints=(f"{server.origin}/id/connect/token", server.origin + ROOT), timeout=0.2)
    server.say(Say(hang=True))

    with pytest.raises(SideUnavailable) as caught:
        await erp.notify("1", "hello")

    assert caught.value.unclear
    await erp.close()


async def test_nobody_listening_is_clear(clock: Clock) -> None:
    """Where no connection came about, nothing was written."""
    async with ScriptedErp() as gone:
        pass
    erp = anew(gone, clock)

    with pytest.raises(SideUnavailable, match="no connection") as caught:
        await erp.notify("1", "hello")

    assert not caught.value.unclear
    await erp.close()


async def test_an_answer_without_json_is_no_answer(server: ScriptedErp, erp: ErpNet) -> None:
    """A proxy's friendly page is not taken for data."""
    server.say(*[Say("<html>Welcome</html>")] * 4)

    with pytest.raises(SideUnavailable, match="JSON"):
        await erp.check_access()


async def test_redirects_are_not_followed(server: ScriptedErp, erp: ErpNet) -> None:
    """The token goes to the host it was meant for and to no other."""
    server.say(Say(status=302, headers={"Location": "https://evil.example/"}))

    with pytest.raises(AppRefused, match=r"redirect.*ERPNET_URL"):
        await erp.check_access()

    assert len(server.calls) == 1


async def test_requests_go_one_at_a_time(server: ScriptedErp, erp: ErpNet) -> None:
    """ERP.net serves a session one request at a time, so callers take turns."""
    server.say(*[VERSION] * 8)

    await asyncio.gather(*(erp.check_access() for _ in range(8)))

    assert (len(server.calls), server.most_at_once) == (8, 1)


async def test_pages_are_followed_to_the_end(server: ScriptedErp, erp: ErpNet) -> None:
    """Relative and absolute nextLinks are followed as they are, until there is none."""
    relative = "General_Activities_Activities?%24top=500&%24skiptoken=1%2c2"
    server.say(
        Say({"value": [{"Id": "a"}], "@odata.nextLink": relative}),
        Say({"value": [], "@odata.nextLink": f"{server.origin}{ROOT}General_Activities_Activities?%24skiptoken=2"}),
        Say(
            {
                "value": [
                    {
                        "AggregateLastUpdateTimeUtc": "2026-01-25T07:00:00Z",
                        "Id": "0b8f6a52-6a3e-4a63-9d5b-2f1f2f0b7a11",
                    }
                ]
            }
        ),
    )

    newest = await erp.newest_change()

    assert newest is not None
    assert newest.hour == 7
    assert server.lines[1:] == [
        f"GET {relative}",
        "GET General_Activities_Activities?%24skiptoken=2",
    ]


async def test_a_page_on_a_foreign_host_is_not_followed(server: ScriptedErp, erp: ErpNet) -> None:
    """A nextLink to another host is refused before the token could leave."""
    server.say(Say({"value": [], "@odata.nextLink": "https://evil.example/odata/next"}))

    with pytest.raises(ForeignHost):
        await erp.newest_change()


async def test_pages_that_go_round_in_circles_end(server: ScriptedErp, erp: ErpNet) -> None:
    """A nextLink seen before ends the read with an error instead of never."""
    server.say(*[Say({"value": [], "@odata.nextLink": "General_Activities_Activities?%24skiptoken=1"})] * 3)

    with pytest.raises(EndlessRead):
        await erp.newest_change()


async def test_a_read_that_stops_at_an_error_is_taken_up_again(server: ScriptedErp, erp: ErpNet) -> None:
    """A server that answers a batch up to its first error is asked for the rest, which it has not done."""
    server.say(erp_batch_answer([part(500, erp_fault("no roles"))]), erp_batch_answer([part(200, {"value": []})]))

    places = await erp.suggest_places("30d1fd58-ceaa-4b5b-931e-ec8e98116996", "ann")

    assert places == []
    assert len(server.calls) == 2
    assert "Systems_Security_RoleUsers" not in server.calls[1].body


async def test_a_batch_with_answers_missing_is_no_reading(server: ScriptedErp, erp: ErpNet) -> None:
    """Fewer answers than reads, and no error to explain it: nothing may be concluded from what is there."""
    server.say(*[erp_batch_answer([])] * 9)

    with pytest.raises(SideUnavailable, match="0 of 1"):
        await erp.find_users(["ann@example.com"])


async def test_endpoints_are_discovered_and_kept(server: ScriptedErp, clock: Clock) -> None:
    """Auto-discovery names the sites; what was found is exposed for the next process."""
    sites = [
        site("ID", f"{server.origin}/login"),
        site("DomainAPI", f"{server.origin}/data", ODataServiceRoot=server.origin + ROOT),
    ]
    server.discovery["/tools/auto-discovery"] = Say({"WebSites": sites})
    server.say(VERSION, VERSION)
    erp = anew(server, clock)

    before = erp.endpoints
    await erp.check_access()
    await erp.check_access()

    assert before == ()
    assert erp.endpoints == (f"{server.origin}/login/connect/token", server.origin + ROOT)
    assert [one.target for one in server.heard[:2]] == ["/tools/auto-discovery", "/login/connect/token"]
    await erp.close()


async def test_the_older_address_and_the_older_name_are_known(server: ScriptedErp, clock: Clock) -> None:
    """Where the newer address is unknown the older one is asked; a site without a service root has the usual one."""
    server.discovery["/sys/auto-discovery"] = Say({"WebSites": [site("API", f"{server.origin}/api/")]})
    server.say(VERSION)
    erp = anew(server, clock)

    await erp.check_access()

    assert erp.endpoints == (f"{server.origin}/id/connect/token", server.origin + ROOT)
    await erp.close()


@pytest.mark.parametrize("answer", [Say(status=404), Say("<html>"), Say(status=302), Say({"WebSites": None})])
async def test_without_discovery_the_usual_addresses_are_used(server: ScriptedErp, clock: Clock, answer: Say) -> None:
    """An instance that tells nothing is expected where instances usually are."""
    server.discovery = {"/tools/auto-discovery": answer, "/sys/auto-discovery": answer}
    server.say(VERSION)
    erp = anew(server, clock)

    await erp.check_access()

    assert erp.endpoints == (f"{server.origin}/id/connect/token", server.origin + ROOT)
    await erp.close()


async def test_discovery_out_of_order_is_waited_for(server: ScriptedErp, clock: Clock) -> None:
    """A gateway's trouble is no proof that there is no discovery."""
    server.discovery["/tools/auto-discovery"] = Say(status=502)
    erp = anew(server, clock)

    with pytest.raises(SideUnavailable, match="auto-discovery answered 502"):
        await erp.check_access()
    await erp.close()


async def test_discovery_may_not_lead_elsewhere(server: ScriptedErp, clock: Clock) -> None:
    """Our secret goes to no host that is not the instance's own."""
    server.discovery["/tools/auto-discovery"] = Say({"WebSites": [site("ID", "https://evil.example/id")]})
    erp = anew(server, clock)

    with pytest.raises(ForeignHost, match=r"evil\.example"):
        await erp.check_access()

    assert server.token_requests == []
    await erp.close()


@pytest.mark.parametrize(
    ("url", "host", "trusted"),
    [
        pytest.param("https://acme.my.erp.net", "https://acme-id.my.erp.net", True, id="sibling"),
        pytest.param("https://acme.my.erp.net", "https://my.erp.net", False, id="parent-itself"),
        pytest.param("https://acme.my.erp.net", "http://acme.my.erp.net", False, id="plain-http"),
        pytest.param("https://acme.my.erp.net", "https://evil-my.erp.net", False, id="similar-name"),
        pytest.param("https://erp.acme.com", "https://id.acme.com", True, id="own-domain"),
        pytest.param("https://acme.com", "https://evil.com", False, id="top-level-is-no-family"),
        pytest.param("https://acme.com", "https://erp.acme.com", True, id="below-itself"),
        pytest.param("https://10.0.0.5", "https://11.0.0.5", False, id="addresses-have-no-family"),
        pytest.param("https://acme.my.erp.net", "http://127.0.0.1", False, id="loopback-from-outside"),
    ],
)
def test_who_belongs_to_an_instance(server: ScriptedErp, clock: Clock, url: str, host: str, trusted: bool) -> None:
    """Remembered endpoints are held to the same rule: https, below the parent domain of ERPNET_URL."""
    endpoints = (f"{host}/id/connect/token", f"{host}/api/domain/odata/")

    if trusted:
        assert anew(server, clock, url=url, endpoints=endpoints).endpoints == endpoints
    else:
        with pytest.raises(ForeignHost):
            anew(server, clock, url=url, endpoints=endpoints)


async def test_old_endpoints_are_asked_for_again_once(server: ScriptedErp, clock: Clock) -> None:
    """Remembered endpoints that do not answer any more are discovered anew, and the call goes through."""
    async with ScriptedErp() as gone:
        pass
    erp = anew(server, clock, endpoints=(f"{gone.origin}/id/connect/token", gone.origin + ROOT))
    server.say(VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"
    assert erp.endpoints == (f"{server.origin}/id/connect/token", server.origin + ROOT)
    await erp.close()


async def test_a_404_on_remembered_endpoints_asks_again(server: ScriptedErp, clock: Clock) -> None:
    """A moved site answers 404; its new address is found."""
    old = (f"{server.origin}/id/connect/token", f"{server.origin}{ROOT}old/")
    erp = anew(server, clock, endpoints=old)
    server.say(Say(status=404), VERSION)

    version = await erp.check_access()

    assert version == "26.2.1.0"
    assert server.lines == ["GET old/GetVersion", "GET GetVersion"]
    await erp.close()


async def test_endpoints_are_asked_for_again_only_once(server: ScriptedErp, clock: Clock) -> None:
    """If discovery has nothing newer to tell, 404 is the answer, and discovery is not asked each time."""
    erp = anew(server, clock, endpoints=(f"{server.origin}/id/connect/token", server.origin + ROOT))
    server.say(Say(status=404), Say(status=404))

    for _ in range(2):
        with pytest.raises(ItemGone):
            await erp.check_access()

    assert sum(one.target == "/tools/auto-discovery" for one in server.heard) == 1
    await erp.close()


async def test_an_answer_too_large_is_not_read(
    server: ScriptedErp, erp: ErpNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers are bounded: a read is refused for good, a write has become unclear."""
    monkeypatch.setattr("adapters.erp.transport.LARGEST_ANSWER", 1000)
    server.say(Say({"version": "x" * 1000}), Say({"version": "x" * 1000}))

    with pytest.raises(ItemRejected, match="larger than"):
        await erp.check_access()
    with pytest.raises(SideUnavailable) as caught:
        await erp.notify("1", "hello")

    assert caught.value.unclear
    assert len(server.calls) == 2


async def test_a_closed_session_opens_again(server: ScriptedErp, erp: ErpNet) -> None:
    """Closing gives connections back; a later call makes new ones."""
    server.say(VERSION, VERSION)

    await erp.check_access()
    await erp.close()

    assert await erp.check_access() == "26.2.1.0"


async def test_a_token_answer_without_a_token_is_no_answer(server: ScriptedErp, erp: ErpNet) -> None:
    """A friendly page or half an answer from the identity service is trouble to wait for, not a refusal."""
    server.tokens.extend([Say({"access_token": None, "expires_in": 3600}), Say("<html>")])
    server.say(VERSION)

    assert await erp.check_access() == "26.2.1.0"
    assert len(server.token_requests) == 3


async def test_probes_tell_what_a_strict_server_shows(server: ScriptedErp, erp: ErpNet) -> None:
    """Six questions, six requests; what the answers leave open is called so."""
    nothing = Say({"value": []})
    server.say(VERSION, Say({"Attributes": []}), nothing, nothing, Say({}), nothing)

    findings = {question.text: finding.text for question, finding in await erp.probe()}

    assert findings["Is StartTime kept in UTC"] == Finding.NOT_SAID.value
    assert findings["Missing entity"] == "an empty answer"
    assert findings["Letter case in filters"] == "matters"
    assert "Login%20eq%20'CALSYNC.SERVICE'" in server.lines[-1]
