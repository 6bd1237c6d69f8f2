"""Sends every request to Graph: token, transport, time limit, and at most three requests in flight for a mailbox.

``GraphServiceClient`` signs raw JSON (graph.md §14) and hands it to ``transport``: its model classes cost 400 times
the CPU of reading it plainly and are never loaded, its own retries would repeat writes and hold the caller, so they
are off.
The SDK is imported on first use only, beside the event loop: a validation handshake must not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakValueDictionary

from adapters.graph.credentials import SCOPE, Credential, Renewable
from adapters.graph.wire import Answer, Request, refusal
from adapters.http import Retries, claims_in, count_answer, follow, read_json
from adapters.loading import aside, load
from jobs.ports import cover
from sync_core.errors import AppRefused, SideError, SideUnavailable
from sync_core.model.sides import Side

if TYPE_CHECKING:
    import httpx
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

IN_FLIGHT = 3
"""The most requests in flight for a mailbox: Graph refuses the fifth (graph.md §10), and one is left to others."""


@dataclass(frozen=True, slots=True)
class GraphOptions:
    """The address of Graph, and the limits of a call.

    ``credential`` makes a new credential (with an empty token cache) each time it is called: that is how a refused
    token is replaced. ``page_size`` is a hint; ``page_cap`` ends a paging that does not end by itself (T5).
    """

    credential: Callable[[], Credential]
    url: str = "https://graph.microsoft.com/v1.0"
    retries: Retries = field(default_factory=Retries)
    timeout_seconds: float = 30.0
    page_size: int = 250
    page_cap: int = 1000


class GraphClient:
    """Sends ``Request``s and returns ``Answer``s of any status; raises only if there is no answer."""

    def __init__(self, options: GraphOptions, clock: Callable[[], datetime]) -> None:
        self.options = options
        self.clock = clock
        self.root = options.url.rstrip("/")
        self._credential = Renewable(options.credential)
        self._http: httpx.AsyncClient | None = None
        self._sdk: GraphServiceClient | None = None
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def send(self, request: Request, *, mailbox: str = "") -> Answer:
        """Send a request until it has a final answer or the retries are used up.

        Repeated are refusals before any work (429, 503 with Retry-After, no connection) and, for a GET, every
        server's trouble. Raises what ``send_once`` raises.
        """
        harmless = not request.writing

        async def attempt() -> Answer:
            answer = await self.send_once(request, mailbox=mailbox, safe=harmless)
            error = refusal(answer, self.clock(), writing=not harmless)
            if error is not None:
                raise Trouble(answer, error)
            return answer

        try:
            return await self.options.retries.call(attempt)
        except Trouble as trouble:
            return trouble.answer

    async def send_once(self, request: Request, *, mailbox: str = "", safe: bool) -> Answer:
        """Send a request once; replace a refused token once (401 means that nothing was done).

        ``safe`` says that repeating does no harm. Raises ``SideUnavailable`` where no answer came, ``AppRefused``
        without a token, ``ForeignHost`` for a link that leads away.
        """
        age = self._credential.age
        answer = await self._send_gated(request, mailbox, safe)
        if answer.status != 401:
            return answer
        await self._credential.renew(age)
        return await self._send_gated(request, mailbox, safe)

    async def _send_gated(self, request: Request, mailbox: str, safe: bool) -> Answer:
        async with self._gate(mailbox), cover.get()():
            return await self._carry(request, safe)

    @contextlib.asynccontextmanager
    async def _gate(self, mailbox: str) -> AsyncIterator[None]:
        if not mailbox:
            yield
            return
        gate = self._gates.setdefault(mailbox, asyncio.Semaphore(IN_FLIGHT))
        async with gate:
            yield

    async def _carry(self, request: Request, safe: bool) -> Answer:
        """Send one request and read its answer; the time limit covers token and transport."""
        sdk = await self._service()
        import httpx

        info = self._information(request)
        adapter: Any = sdk.request_adapter
        try:
            async with asyncio.timeout(self.options.timeout_seconds):
                response = await adapter.send_no_response_content_async(info, None)
        except SideError:
            raise
        except httpx.InvalidURL as problem:  # an id of no sane length: what Graph would say of it concerns one item
            return Answer(URI_TOO_LONG, {"error": {"code": "ErrorInvalidIdMalformed", "message": str(problem)}})
        except Exception as problem:
            raise transport_error(problem, safe) from problem
        count_answer(Side.GRAPH, response.status_code)
        return Answer(
            response.status_code, _json(response.content), {k.lower(): v for k, v in response.headers.items()}
        )

    def _information(self, request: Request) -> RequestInformation:
        from kiota_abstractions.method import Method
        from kiota_abstractions.native_response_handler import NativeResponseHandler
        from kiota_abstractions.request_information import RequestInformation
        from kiota_http.middleware.options import ResponseHandlerOption

        info = RequestInformation(Method(request.method))
        info.url = self.absolute(request.path)
        for name, value in {**request.all_headers(), "client-request-id": str(uuid4())}.items():
            info.headers.add(name, value)
        info.headers.add("Accept", "application/json")
        if request.body is not None:
            info.content = json.dumps(request.body).encode()
        info.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        return info

    def absolute(self, path: str) -> str:
        """The whole URL of a path below the service root, or of a link; raises ``ForeignHost`` for one elsewhere."""
        return f"{self.root}{path}" if path.startswith("/") else follow(Side.GRAPH, self.root, path)

    def relative(self, link: str) -> str:
        """A link as a batch needs it. Raises ``ForeignHost`` for a link that is not below the service root."""
        follow(Side.GRAPH, self.root, link)
        return link.removeprefix(self.root)

    async def _service(self) -> GraphServiceClient:
        await load(*SDK)
        return await aside(self._built) if self._sdk is None else self._sdk

    def _built(self) -> GraphServiceClient:
        sdk = self._sdk  # whoever asks at the same time waits in line
        if sdk is None:
            self._http, sdk = _build(self._credential, self.root, self.options.timeout_seconds)
            self._sdk = sdk
        return sdk

    async def read_claims(self) -> dict[str, Any]:
        """What our own token says of us; {} for one that does not tell. It is not believed for anything.

        Raises ``AppRefused`` and ``SideUnavailable``.
        """
        try:
            token = (await self._credential.get_token(SCOPE)).token
        except Exception as problem:
            raise transport_error(problem, safe=True) from problem
        return claims_in(token)

    async def close(self) -> None:
        """Close the connections and the credential; the client may be used again afterwards."""
        http, self._http, self._sdk = self._http, None, None
        if http is not None:
            await http.aclose()
        await self._credential.close()


URI_TOO_LONG = 414

SDK = ("msgraph.graph_service_client", "kiota_abstractions.native_response_handler")
"""The modules that a request imports beside those of building the client."""


class Trouble(SideUnavailable):
    """Shows ``Retries`` an answer's error without losing the answer."""

    def __init__(self, answer: Answer, error: SideUnavailable) -> None:
        super().__init__(Side.GRAPH, str(error), unclear=error.unclear)
        self.answer = answer
        self.retry_after = getattr(error, "retry_after", None)


def transport_error(problem: Exception, safe: bool) -> SideError:
    """The error of a missing answer. Once connected, any failure leaves a write unclear (graph.md §5)."""
    import httpx
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    if isinstance(problem, ClientAuthenticationError):
        return AppRefused(
            Side.GRAPH,
            f"Entra ID gives no token{_code(problem)}. Check AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET, or the managed identity",
        )
    before = isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | AzureError)
    reason = "no answer in time" if isinstance(problem, TimeoutError) else "no connection" if before else "no answer"
    return SideUnavailable(Side.GRAPH, f"Microsoft Graph is out of reach: {reason}", unclear=not (safe or before))


REFUSALS = {
    "AADSTS7000215": "the secret is wrong",
    "AADSTS7000222": "the secret has ended",
    "AADSTS700016": "the tenant does not know the client id",
    "AADSTS90002": "there is no such tenant",
}
"""Entra's codes for what goes wrong most often, in our words; Microsoft explains the others."""


def _code(problem: Exception) -> str:
    """Entra's code for a refusal and what it means, nothing of its page of text."""
    found = re.search(r"\bAADSTS\d+\b", str(problem))
    return f": {REFUSALS.get(found[0], 'it refuses')} ({found[0]})" if found else ""


def _json(content: bytes) -> dict[str, Any] | None:
    try:
        body = read_json(content) if content else None
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust, loaded once a process: that takes longer than a round trip."""
    import httpx

    return httpx.create_ssl_context()


def _build(credential: Renewable, root: str, seconds: float) -> tuple[httpx.AsyncClient, GraphServiceClient]:
    """The SDK's client over our transport, without its middleware: no retries, no redirects, links as they came."""
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

    from adapters.graph.transport import Client

    http = Client(root, seconds, _trusted())
    host = urlsplit(root).hostname or ""
    signer = AzureIdentityAuthenticationProvider(credential, scopes=[SCOPE], allowed_hosts=[host])
    client = GraphServiceClient(request_adapter=GraphRequestAdapter(signer, client=http))
    client.request_adapter.base_url = root
    return http, client
