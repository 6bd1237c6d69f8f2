"""The local host treats an app as Microsoft's worker library does."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import aiohttp
import pytest

from simulators.host.plugin import Unusable, load_functions
from tests.support.made_up_apps import MakeApp, MakeHost
from tests.support.real_worker import QUEUE_METADATA, TIMER, Worker, http, needs_worker

pytestmark = needs_worker

APP = """
import json
@app.function_name("tick")
@app.timer_trigger(arg_name="timer", schedule="%WHEN%", use_monitor=False)
async def do_tick(timer: func.TimerRequest) -> None:
    assert timer.past_due is False and timer.schedule["AdjustForDST"] is True

@app.function_name("work")
@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
async def do_work(message: func.QueueMessage) -> None:
    assert message.get_json() == {"kind": "пример"} and message.dequeue_count == 1 and message.id
    assert message.insertion_time.tzinfo is not None and message.pop_receipt

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def returns(timer: func.TimerRequest):
    return "x"

@app.route(route="echo", methods=["GET", "POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = [req.method, dict(req.params), req.get_body().decode(), req.headers["x-own"]]
    return func.HttpResponse(json.dumps(told), mimetype="application/json", status_code=202)

@app.route(route="plain")
def plain(req: func.HttpRequest) -> str:
    return "ж"

@app.route(route="broken")
async def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("detail")
"""


def worker_of(app: Path) -> Worker:
    """The library with this app."""
    return Worker(app.parent, app.name, {})


def test_both_find_the_same(make_app: MakeApp) -> None:
    """Names, parameters, kinds and trigger values are the library's own."""
    app = make_app(APP)
    with worker_of(app) as worker:
        found = {name: worker.trigger(name) for name in worker.functions}
    ours = {one.name: one for one in load_functions(app)}

    assert {name: (one["type"], one["name"]) for name, one in found.items()} == {
        name: (one.kind, one.parameter) for name, one in ours.items()
    }
    assert found["work"]["queueName"] == ours["work"].trigger["queueName"]
    assert found["tick"]["schedule"] == ours["tick"].trigger["schedule"]
    assert found["echo"]["route"] == ours["echo"].trigger["route"]


def test_wire_shapes_reach_python(make_app: MakeApp) -> None:
    """Timer JSON, a queue body with its metadata, a returned value without binding."""
    with worker_of(make_app(APP)) as worker:
        tick = worker.invoke("tick", TIMER)
        work = worker.invoke("work", {"string": '{"kind": "пример"}'}, QUEUE_METADATA)
        returned = worker.invoke("returns", TIMER)

    assert (tick["failure"], work["failure"]) == ("", "")
    assert "without a $return binding" in returned["failure"]


async def test_http_answers_are_the_same(make_app: MakeApp, make_host: MakeHost) -> None:
    """Status, body and content type of the local host are the library's."""
    with worker_of(make_app(APP)) as worker:
        theirs = worker.invoke("echo", http("POST", "http://x/api/echo", "жар".encode(), {"a": "1"}, {"x-own": "y"}))
        their_text = worker.invoke("plain", http("GET", "http://x/api/plain"))
        their_failure = worker.invoke("broken", http("GET", "http://x/api/broken"))
    async with make_host(APP, WHEN="0 0 0 1 1 *", PREFIX="never") as host, aiohttp.ClientSession() as session:
        headers = {"X-Own": "y"}
        async with session.post(f"{host.origin}/api/echo?a=1&b=", data="жар".encode(), headers=headers) as answer:
            assert (str(answer.status), await answer.read(), answer.headers["Content-Type"]) == (
                theirs["status"],
                base64.b64decode(theirs["body"]),
                theirs["headers"]["content-type"],
            )
            assert json.loads(base64.b64decode(theirs["body"])) == ["POST", {"a": "1"}, "жар", "y"]
        async with session.get(f"{host.origin}/api/plain") as answer:
            assert await answer.text() == their_text["value"] == "ж"
        async with session.get(f"{host.origin}/api/broken") as answer:
            assert (answer.status, "detail" in their_failure["failure"]) == (500, True)


def test_parameter_of_another_name_is_refused_by_both(make_app: MakeApp) -> None:
    """A route's parameter is called ``req`` unless ``trigger_arg_name`` says otherwise."""
    app = make_app("@app.route()\ndef health(request: func.HttpRequest) -> str: ...")

    with pytest.raises(AssertionError, match="cannot load the health function"), worker_of(app):
        raise AssertionError("it was taken")
    with pytest.raises(Unusable, match="only parameter must be req"):
        load_functions(app)


def test_app_with_two_apps_is_refused_by_both(make_app: MakeApp) -> None:
    """A second FunctionApp in sight fails the whole app."""
    app = make_app("other = func.FunctionApp()")

    with pytest.raises(AssertionError, match="More than one"), worker_of(app):
        raise AssertionError("it was taken")
    with pytest.raises(Unusable, match="exactly one"):
        load_functions(app)
