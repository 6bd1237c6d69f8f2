"""HTTP of the local host: which function answers, what it is given, what comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from tests.support.made_up_apps import MakeHost, seen_by_app

ECHO = """
import json
@app.function_name("later_echo")
@app.route(route="echo/{first}/{second:int?}", methods=["POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = {"params": dict(req.params), "route": dict(req.route_params), "body": req.get_body().decode(),
            "headers": dict(req.headers), "method": req.method, "path": req.url.partition("/api")[2]}
    return func.HttpResponse(json.dumps(told), mimetype="application/json", headers={"X-Own": "1"}, status_code=201)

@app.route(route="echo/fixed", methods=["POST"])
def fixed(req: func.HttpRequest) -> str:
    return "fixed"

@app.function_name("alpha")
@app.route(route="echo/{any}", methods=["GET"])
def alpha(req: func.HttpRequest) -> str:
    return "shadow"

@app.route(route="echo/other", methods=["GET"])
def other(req: func.HttpRequest) -> str:
    return "never asked"

@app.route()
def plain(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ж")

@app.route(route="files/{*rest}", methods=["GET"])
async def files(req: func.HttpRequest) -> str:
    return req.route_params.get("rest", "none")

@app.route(route="broken")
async def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("secret detail")

@app.route(route="nothing")
async def nothing(req: func.HttpRequest) -> str:
    return None
"""


async def ask(origin: str, method: str, path: str, **how: Any) -> tuple[int, str, Mapping[str, str]]:
    """One request; status, text and headers."""
    async with aiohttp.ClientSession() as session, session.request(method, origin + path, **how) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_request_reaches_python_as_on_azure(make_host: MakeHost) -> None:
    """Names lower-cased, repeated values joined, empty query values dropped, absent route parameters missing."""
    headers = [("X-Thing", "a"), ("X-Thing", "b")]
    async with make_host(ECHO) as host:
        status, text, given = await ask(
            host.origin, "POST", "/api/echo/One?a=1&a=2&empty=&b=%2B", data=b"hello", headers=headers
        )
    told = json.loads(text)

    assert (status, given["X-Own"], given["Content-Type"]) == (201, "1", "application/json")
    assert (told["method"], told["body"], told["route"]) == ("POST", "hello", {"first": "One"})
    assert told["params"] == {"a": "1,2", "b": "+"}
    assert told["headers"]["x-thing"] == "a,b"


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("POST", "/api/echo/fixed", 200, "fixed"),
        ("POST", "/API/Echo/Fixed/", 200, "fixed"),
        ("GET", "/api/plain", 200, "ж"),
        ("DELETE", "/api/plain", 200, "ж"),
        ("GET", "/api/echo/other", 200, "shadow"),
        ("GET", "/api/files/a/b.txt", 200, "a/b.txt"),
        ("GET", "/api/files", 200, "none"),
        ("HEAD", "/api/files/a", 404, ""),
        ("POST", "/api/echo/a/b", 404, ""),
        ("GET", "/echo/fixed", 404, ""),
        ("GET", "/", 404, ""),
        ("GET", "/api/broken", 500, ""),
        ("GET", "/api/nothing", 500, ""),
    ],
)
async def test_who_answers(make_host: MakeHost, method: str, path: str, status: int, text: str) -> None:
    """The function whose name comes first is asked, a wrong method is not found, an exception says nothing."""
    async with make_host(ECHO) as host:
        assert (status, text) == (await ask(host.origin, method, path))[:2]


async def test_text_has_its_charset(make_host: MakeHost) -> None:
    """The worker adds the charset to text types only."""
    async with make_host(ECHO) as host:
        assert (await ask(host.origin, "GET", "/api/plain"))[2]["Content-Type"] == "text/plain; charset=utf-8"


async def test_chunked_body_does_not_arrive(make_host: MakeHost) -> None:
    """Without Content-Length the function sees an empty body."""

    async def pieces() -> Any:
        yield b"hello"

    async with make_host(ECHO) as host:
        text = (await ask(host.origin, "POST", "/api/echo/a/7", data=pieces()))[1]

    assert (json.loads(text)["body"], json.loads(text)["route"]) == ("", {"first": "a", "second": "7"})


async def test_body_is_bounded(make_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body beyond the platform's limit is refused before the function sees it."""
    monkeypatch.setattr("simulators.host.server.LONGEST_BODY", 10)
    async with make_host(ECHO) as host:
        assert (await ask(host.origin, "POST", "/api/echo/a", data=b"x" * 11))[0] == 413


async def test_prefix_comes_from_host_json(make_host: MakeHost) -> None:
    """An empty routePrefix removes /api."""
    async with make_host(ECHO, {"extensions": {"http": {"routePrefix": ""}}}) as host:
        assert (await ask(host.origin, "GET", "/plain"))[0] == 200
        assert (await ask(host.origin, "GET", "/api/plain"))[0] == 404


async def test_async_functions_share_the_loop_and_plain_ones_do_not_stall_it(make_host: MakeHost) -> None:
    """A plain function may wait for what an async one does meanwhile."""
    source = """
    import asyncio, threading
    gate = threading.Event()
    @app.route(route="wait")
    def wait(req: func.HttpRequest) -> str:
        return str(gate.wait(10))
    @app.route(route="open")
    async def open_gate(req: func.HttpRequest) -> str:
        seen.append(asyncio.get_running_loop())
        gate.set()
        return "opened"
    """
    async with make_host(source) as host:
        waiting = asyncio.create_task(ask(host.origin, "GET", "/api/wait"))
        await ask(host.origin, "GET", "/api/open")

        assert (await waiting)[:2] == (200, "True")
        assert seen_by_app(host) == [asyncio.get_running_loop()]


async def test_timer_is_run_by_hand(make_host: MakeHost) -> None:
    """POST /admin/functions/{name} answers 202 and runs the timer, named or not as its schedule has it."""
    source = """
    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule="%WHEN%")
    async def tick(timer: func.TimerRequest) -> None:
        seen.append(timer.past_due)
    """
    async with make_host(source, WHEN="0 0 0 1 1 *") as host:
        assert (await ask(host.origin, "POST", "/admin/functions/tick", json={"input": ""}))[0] == 202
        assert (await ask(host.origin, "POST", "/admin/functions/tock"))[0] == 404

    assert seen_by_app(host) == [False]


async def test_function_without_its_setting_is_left_out(
    make_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing %SETTING% stops that function, said in the log; the others run."""
    source = """
    @app.timer_trigger(arg_name="timer", schedule="%NEVER_SET%")
    async def tick(timer: func.TimerRequest) -> None: ...
    @app.route(route="alive")
    async def alive(req: func.HttpRequest) -> str:
        return "yes"
    """
    with caplog.at_level(logging.ERROR, "simulators.host"):
        async with make_host(source) as host:
            assert (await ask(host.origin, "GET", "/api/alive"))[:2] == (200, "yes")

    assert caplog.messages == ["The 'tick' function is in error: the setting NEVER_SET is missing"]
