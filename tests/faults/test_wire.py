"""The wire itself: answers that unpack to gigabytes, a certificate nobody signed, redirects. No token leaves."""

from __future__ import annotations

import gzip
import ipaddress
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.graph.bounded import PIECE
from adapters.http import Retries
from sync_core.errors import SideError, SideUnavailable
from sync_core.model.event import Window
from tests.support.house import START

MEGABYTE = 2**20
SPAN = Window(START, START + timedelta(days=30))
ONCE = Retries(tries=1)


@cache
def bomb() -> bytes:
    """60 MB in 60 KB."""
    return gzip.compress(b'{"value": "' + b"0" * 60 * MEGABYTE + b'"}')


@dataclass
class Liar:
    """A server that answers everything the same way, and remembers who asked."""

    origin: str
    heard: list[str] = field(default_factory=list)


@asynccontextmanager
async def liar(answer: web.Response | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Liar]:
    """Run one; ``answer`` None sends the caller elsewhere."""
    made = Liar("")

    async def serve(request: web.Request) -> web.Response:
        made.heard.append(request.path)
        if answer is None:
            return web.Response(status=307, headers={"Location": f"{made.origin}/elsewhere"})
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    made.origin = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


async def ask_graph(origin: str) -> None:
    """Read the feed of a mailbox."""
    options = GraphOptions(lambda: StaticCredential("secret"), url=f"{origin}/v1.0", retries=ONCE)
    calendar = GraphCalendar(options, clock=lambda: START)
    try:
        await calendar.read_changes("U", None, SPAN)
    finally:
        await calendar.close()


async def ask_erp(origin: str) -> None:
    """Ask for the access that a pull needs."""
    erp = ErpNet(ErpOptions(origin, "calsync", "secret"), clock=lambda: START, retries=ONCE)
    try:
        await erp.check_access()
    finally:
        await erp.close()


ASK = {"graph": ask_graph, "erp": ask_erp}


@pytest.mark.parametrize("side", ASK)
@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "identity"])
async def test_an_answer_that_unpacks_to_more_than_we_take(
    side: str, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb, well formed or not, is given up early: the memory never holds what it unpacks to."""
    monkeypatch.setattr("adapters.graph.bounded.LARGEST_ANSWER", MEGABYTE)
    monkeypatch.setattr("adapters.erp.transport.LARGEST_ANSWER", MEGABYTE)
    async with liar(web.Response(body=bomb(), headers={"Content-Encoding": packing})) as server:
        tracemalloc.start()
        try:
            with pytest.raises(SideError):
                await ASK[side](server.origin)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 20 * MEGABYTE


@pytest.mark.parametrize("size", [0, 10, PIECE, 3 * PIECE + 1])
async def test_an_ordinary_packed_answer_is_read_whole(size: int) -> None:
    """Of any size, in many pieces."""
    page = {"value": [], "@odata.deltaLink": "/v1.0/next", "filling": "ж" * size}
    packed = gzip.compress(json.dumps(page, ensure_ascii=False).encode())
    async with liar(web.Response(body=packed, headers={"Content-Encoding": "gzip"})) as server:
        await ask_graph(server.origin)

    assert len(server.heard) == 1


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("side", ASK)
async def test_a_certificate_that_nobody_signed(side: str, tmp_path: Path) -> None:
    """The connection does not come about: no request, hence no token, reaches the server."""
    async with liar(web.Response(body=b"{}"), self_signed(tmp_path)) as server:
        with pytest.raises(SideUnavailable):
            await ASK[side](server.origin)

    assert server.heard == []


@pytest.mark.parametrize("side", ASK)
async def test_a_redirect_is_not_followed(side: str) -> None:
    """Nowhere, whatever it says about the method."""
    async with liar(None) as server:
        with pytest.raises(SideError, match="redirect"):
            await ASK[side](server.origin)

    assert "/elsewhere" not in server.heard
