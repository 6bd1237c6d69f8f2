"""A bare client for the ERP.net stand-in: sends what a test says, judges nothing."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulators.erpnet import ErpSimulator

ROOT = "/api/domain/odata/"
ACTIVITIES = "General_Activities_Activities"
PARTICIPANTS = "General_Activities_ActivityParticipants"
TYPES = "Systems_Documents_DocumentTypes"
USERS = "Systems_Security_Users"


@dataclass(frozen=True)
class ErpReply:
    """One answer; ``data`` is the JSON body, else the text."""

    status: int
    data: Any
    headers: dict[str, str]

    @property
    def message(self) -> str:
        """The error's message."""
        return str(self.data["error"]["message"])

    @property
    def rule(self) -> str:
        """The system rule that failed, e.g. ``R38488``; empty if none is named."""
        found = re.search(r"Constraint (R[\d-]+)", self.message)
        return found[1] if found else ""

    @property
    def id(self) -> str:
        """The key in ``@odata.id``."""
        return str(self.data["@odata.id"].partition("(")[2].rstrip(")"))


class BareErpClient:
    """One session's worth of requests against a stand-in."""

    def __init__(self, erp: ErpSimulator, http: aiohttp.ClientSession) -> None:
        self.erp = erp
        self.http = http
        self.token = ""

    async def fetch_token(self, **form: str) -> ErpReply:
        """Ask for a token; parts of the form may be replaced (empty = left out)."""
        whole = {
            "grant_type": "client_credentials",
            "client_id": "calsync",
            "client_secret": "erp-sim-secret",
            "scope": "read update",
        } | form
        async with self.http.post(
            f"{self.erp.url}/id/connect/token", data={k: v for k, v in whole.items() if v}
        ) as answer:
            return ErpReply(answer.status, await answer.json(), dict(answer.headers))

    async def sign_in(self, **form: str) -> None:
        """Fetch a token and use it from now on."""
        self.token = (await self.fetch_token(**form)).data["access_token"]

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **options: str
    ) -> ErpReply:
        """One request below the OData root; option names get their ``$`` here, except ``options``."""
        asked = {k if k in ("options", "culture") else f"${k}": v for k, v in options.items()}
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | (headers or {})
        url = path if path.startswith("http") else self.erp.url + ROOT + path
        async with self.http.request(method, url, data=raw, headers=sent, params=asked or None) as answer:
            text = await answer.text()
            data = json.loads(text) if "json" in answer.content_type else text
            return ErpReply(answer.status, data, dict(answer.headers))

    async def get(self, path: str, **options: str) -> ErpReply:
        """``GET``."""
        return await self.call("GET", path, None, headers=None, **options)

    async def post(self, path: str, body: Any = None) -> ErpReply:
        """``POST``."""
        return await self.call("POST", path, body or {})

    async def patch(self, path: str, body: Any) -> ErpReply:
        """``PATCH``."""
        return await self.call("PATCH", path, body)

    async def ids(self, text: str) -> list[str]:
        """The ids of the activities a filter finds."""
        reply = await self.get(ACTIVITIES, select="Id", filter=text)
        assert reply.status == 200, reply.data
        return [row["Id"] for row in reply.data["value"]]

    def meeting(self, login: str = "ann", **changes: Any) -> dict[str, Any]:
        """The minimal body of an activity with every reference bound."""
        erp = self.erp
        person = erp.store.at("General_Contacts_Persons", erp.user_row(login)["Person"])
        party = {"@odata.id": f"General_Contacts_Parties({person['PartyId']})"}
        return {
            "DocumentType": {"@odata.id": f"{TYPES}({erp.document_type('Meeting')})"},
            "EnterpriseCompany": {"@odata.id": f"General_EnterpriseCompanies({erp.company_id})"},
            "EnterpriseCompanyLocation": {"@odata.id": f"General_Contacts_CompanyLocations({erp.location_id})"},
            "OwnerParty": party,
            "ResponsibleParty": party,
            "SystemType": "Meeting",
            "Subject": "Review",
            "StartTime": "2026-01-25T09:00:00Z",
            "EndTime": "2026-01-25T10:00:00Z",
        } | changes

    async def create(self, **changes: Any) -> str:
        """Create a meeting that must succeed; returns its id."""
        reply = await self.post(ACTIVITIES, self.meeting(**changes))
        assert reply.status == 201, reply.data
        return reply.id


def activity_path(activity: str) -> str:
    """An activity's address."""
    return f"{ACTIVITIES}({activity})"


def claims(token: str) -> dict[str, Any]:
    """The claims inside a JWT."""
    part = token.split(".")[1]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


HEAD = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"


def write(number: int, method: str, target: str, body: dict[str, Any]) -> str:
    """A write as a part of a changeset."""
    line = f"{method} {target} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
    return f"{HEAD}Content-ID: {number}\r\n\r\n{line}{json.dumps(body)}"


def multipart(boundary: str, *parts: str) -> str:
    """Parts between delimiters."""
    return "".join(f"--{boundary}\r\n{p}\r\n" for p in parts) + f"--{boundary}--"


def changeset_body(*parts: str) -> str:
    """Writes that succeed or fail together."""
    return f"Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n{multipart('changeset_1', *parts)}"


async def send(
    client: BareErpClient, body: str, content_type: str = "multipart/mixed; boundary=batch_123"
) -> ErpReply:
    """POST the batch."""
    return await client.call("POST", "$batch", body.encode(), headers={"Content-Type": content_type})


def statuses(reply: ErpReply) -> list[int]:
    """The status lines inside, in order."""
    return [int(s) for s in re.findall(r"HTTP/1\.1 (\d+)", reply.data)]
