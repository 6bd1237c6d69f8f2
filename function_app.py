"""The triggers of the Functions app: each parses its input, calls one job and answers.

Nothing is imported or opened before somebody asks: an error here would take the whole app down, and Graph's
validation handshake must not wait for packages (azure.md §2, graph.md §11). What a function needs loads beside the
event loop, so that others are answered meanwhile. Every HTTP function is anonymous to the
platform and proves its caller itself: ``clientState`` for Graph, a shared secret for ERP.net, the sign-in for the
page (``portal/door.py``). No two routes overlap, because the host tries them in the order of the functions' names
(azure.md §4).
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import azure.functions as func
from azure.functions.warmup import WarmUpContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.world import World

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


async def _load(*modules: str) -> None:
    """Load the modules that the function imports next."""
    from adapters.loading import load

    await load(*modules)


async def _world() -> World:
    """The world of this process; the first caller opens it."""
    await _load("adapters.wiring", "jobs.company")
    from adapters.wiring import process
    from jobs.company import start_app

    return await process.world(start_app)


@app.function_name("sync")
@app.timer_trigger(arg_name="timer", schedule="%SYNC_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sync(timer: func.TimerRequest) -> None:
    """The sync timer: wake each user who has something to do. A tick that comes late or twice does no harm."""
    await _load("jobs.app.dispatch")
    from jobs.app.dispatch import dispatch

    await dispatch(await _world())


@app.function_name("pull")
@app.timer_trigger(arg_name="timer", schedule="%PULL_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def pull(timer: func.TimerRequest) -> None:
    """The pull timer: send the message that asks for a pull."""
    await _load("jobs.app.dispatch")
    from jobs.app.dispatch import ask_for_pull

    await ask_for_pull(await _world())


@app.function_name("keeper")
@app.timer_trigger(arg_name="timer", schedule="0 5 * * * *", run_on_startup=False, use_monitor=True)
async def keeper(timer: func.TimerRequest) -> None:
    """The keeper's timer: make, renew and end Graph's subscriptions."""
    await _load("jobs.app.subscriptions")
    from jobs.app.subscriptions import keep_all

    await keep_all(await _world())


@app.function_name("housekeeping")
@app.timer_trigger(arg_name="timer", schedule="0 40 3 * * *", run_on_startup=False, use_monitor=True)
async def housekeeping(timer: func.TimerRequest) -> None:
    """The nightly timer: erase old journal entries."""
    await _load("jobs.app.housekeeping")
    from jobs.app.housekeeping import keep_house

    await keep_house(await _world())


@app.function_name("work")
@app.queue_trigger(arg_name="message", queue_name="%STATE_PREFIX%-work", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    """Serve one message of the work queue: a pull, a round of one user, a command, or a short order."""
    await _load("jobs.app.work", "jobs.log")
    from jobs.app.work import handle
    from jobs.log import log_failure
    from sync_core.errors import SettingsInvalid

    try:
        world = await _world()
    except SettingsInvalid as error:  # the message is only a wake-up: its token, or the next timer, comes back
        log_failure("work", error)
        return
    await handle(
        replace(world, serve=_serve),
        message.get_body(),
        redelivered=(getattr(message, "dequeue_count", None) or 1) > 1,
    )


async def _serve(world: World, command_id: str) -> bool:
    """Go on with what somebody asked for; whether it has come to its end."""
    await _load("jobs.commands.serve")
    from jobs.commands.serve import serve

    return await serve(world, command_id)


@app.function_name("notifications")
@app.route(trigger_arg_name="request", route="api/webhooks/graph", methods=[func.HttpMethod.POST])
async def notifications(request: func.HttpRequest) -> func.HttpResponse:
    """Graph's webhook: answer its handshake, receive changes and lifecycle events."""
    token = request.params.get("validationToken")
    if token is not None:
        return _handshake(token)
    return await _receive_graph(request.get_body())


@app.function_name("erpnet")
@app.route(trigger_arg_name="request", route="api/webhooks/erpnet", methods=[func.HttpMethod.POST])
async def erpnet(request: func.HttpRequest) -> func.HttpResponse:
    """ERP.net's webhook: check its secret and ask for a pull; its body is ignored."""
    return await _receive_erp(request.headers.get("x-calsync-secret", ""))


@app.function_name("health")
@app.route(trigger_arg_name="request", route="api/health", methods=[func.HttpMethod.GET])
async def health(request: func.HttpRequest) -> func.HttpResponse:
    """Whether the app runs, how many settings are wrong, and how many Azure reads otherwise than a person; which ones
    is for administrators (`calsync doctor`).

    Whoever comes next finds the app open: it is opened behind the answer.
    """
    mistakes, warnings = await _settings()
    if mistakes == 0:
        _open_behind()
    answer = {"status": "ok", "settings_mistakes": mistakes, "settings_warnings": warnings}
    return _respond(200, json.dumps(answer), "application/json")


@app.function_name("home")
@app.route(trigger_arg_name="request", route="{home:maxlength(0)?}", methods=[func.HttpMethod.GET])
async def home(request: func.HttpRequest) -> func.HttpResponse:
    """The bare address leads to the page."""
    return _respond(302, headers={"Location": "/portal"})


@app.function_name("portal")
@app.route(trigger_arg_name="request", route="portal/{*path}", methods=[func.HttpMethod.GET, func.HttpMethod.POST])
async def portal(request: func.HttpRequest) -> func.HttpResponse:
    """Every page, and what pages need."""
    return await _show(request)


@app.function_name("programs")
@app.route(trigger_arg_name="request", route="api/v1/{*path}", methods=[func.HttpMethod.GET, func.HttpMethod.POST])
async def programs(request: func.HttpRequest) -> func.HttpResponse:
    """What the pages show, as JSON."""
    return await _show(request)


@app.function_name("warmup")
@app.warm_up_trigger(arg_name="added")
async def warmup(added: WarmUpContext) -> None:
    """Open the world of a new instance before its first request comes (azure.md §5)."""
    await _open()


STRICT = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
"""The headers of every answer. The page's own are in ``portal/http.py``, which a handshake must not wait for; a test
holds them equal."""


def _respond(
    status: int, body: str | bytes = "", kind: str = "text/plain", headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """The answer with the headers that every answer of the app bears."""
    every = STRICT | dict(headers or {})
    return func.HttpResponse(body, status_code=status, mimetype=kind, charset="utf-8", headers=every)


TOKEN_LIMIT, BODY_LIMIT = 2_048, 1_000_000
"""Characters of a validation token (Graph's have about 150), bytes of a body (1,000 notifications are half of it)."""


def _handshake(token: str) -> func.HttpResponse:
    """Answer the token as plain text, never as anything that a browser would run (graph.md §11)."""
    if len(token) > TOKEN_LIMIT:
        return _respond(400)
    return _respond(200, token)


async def _receive_graph(body: bytes) -> func.HttpResponse:
    if len(body) > BODY_LIMIT:
        return _respond(413)
    await _load("jobs.app.notifications", "jobs.log")
    from jobs.app.notifications import MalformedBody, receive_graph
    from jobs.log import log_failure
    from sync_core.errors import CalsyncError

    try:
        await receive_graph(await _world(), body)
    except MalformedBody:
        return _respond(400)
    except CalsyncError as error:
        log_failure("notifications", error)
        return _respond(503)
    return _respond(202)


async def _receive_erp(secret: str) -> func.HttpResponse:
    import hmac

    await _load("adapters.settings", "jobs.app.notifications", "jobs.log")
    from adapters.settings import load
    from jobs.app.notifications import receive_erp
    from jobs.log import log_failure
    from sync_core.errors import CalsyncError

    try:
        expected = load(os.environ).erpnet_webhook_secret
        if not expected:
            return _respond(404)
        if not hmac.compare_digest(secret.encode("utf-8", "surrogatepass"), expected.encode()):
            return _respond(401)
        await receive_erp(await _world())
    except CalsyncError as error:
        log_failure("erpnet", error)
        return _respond(503)
    return _respond(202)


async def _show(request: func.HttpRequest) -> func.HttpResponse:
    await _load("portal.door")
    from portal.door import Site, answer

    site = Site(os.environ, _world, _load)
    page = await answer(site, request.method, request.url, request.headers, request.get_body())
    return _respond(page.status, page.body, page.kind, page.all_headers)


async def _settings() -> tuple[int, int]:
    """Count the mistakes in the settings, and the warnings if there is no mistake."""
    await _load("adapters.settings")
    from adapters.settings import load
    from sync_core.errors import SettingsInvalid

    try:
        return 0, len(load(os.environ).warnings)
    except SettingsInvalid as error:
        return len(error.mistakes), 0


async def _open() -> None:
    """Open the world and load what the webhooks need; a failure is logged, and the next caller tries again."""
    await _load("jobs.app.notifications", "jobs.log")
    from jobs.log import log_failure
    from sync_core.errors import CalsyncError

    try:
        await _world()
    except CalsyncError as error:
        log_failure("start", error)


_opening: set[asyncio.Task[None]] = set()
"""At most one task; the event loop itself keeps no reference to it."""


def _open_behind() -> None:
    """Open the world in the background; if the platform freezes the process, the next request goes on with it."""
    if not _opening:
        task = asyncio.create_task(_open())
        _opening.add(task)
        task.add_done_callback(_opening.discard)
