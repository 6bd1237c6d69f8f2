"""Probes what the contract calls UNCONFIRMED (erpnet.md §12, §14) without a write, for ``calsync doctor``."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from adapters.erp.activities import ACTIVITIES
from adapters.erp.changes import Pull
from adapters.erp.directory import USERS
from adapters.erp.odata import Row, id_of, instant, query, ref, text
from adapters.erp.parse import digits, utc
from adapters.erp.session import Session
from sync_core.errors import ItemGone, ItemRejected, SideError

Finding = Callable[[], Awaitable[str]]


class Prober:
    """Makes the probes, one after the other; the finding of a probe that fails names the reason."""

    def __init__(self, session: Session, pull: Pull) -> None:
        self._session = session
        self._pull = pull

    async def probe(self, version_check: str, now: datetime) -> dict[str, str]:
        """``Erp.probe``; ``version_check`` is what the writes have found out."""
        questions: dict[str, Finding] = {
            "Server version": lambda: check_access(self._session),
            "Is StartTime kept in UTC": self._is_start_utc,
            "Server clock": lambda: self._server_clock(now),
            "Update times filtered to the second": lambda: self._is_filter_exact(now),
            "Missing entity": self._missing_entity,
            "Letter case in filters": self._letter_case,
        }
        findings = {question: await _answer(ask) for question, ask in questions.items()}
        return findings | {
            "Version check in PATCH": version_check,
            "Deleted activities can be asked for": self._pull.deletions,
        }

    async def _is_start_utc(self) -> str:
        model = await self._session.get(f"../standardmodel/{ACTIVITIES}")
        flag = (_attribute(model, "StartTime").get("BaseInfo") or {}).get("DateTimeUtc")
        if flag is None:
            return "not said"
        return "yes: set ERPNET_TIME to utc" if flag else "no: wall clock"

    async def _server_clock(self, now: datetime) -> str:
        """A new document's creation and update are one instant, so its two times differ by the server's offset."""
        rows = await self._recent(now)
        gaps = [gap for gap in map(_gap, rows) if gap is not None]
        if not gaps:
            return "no activity changed lately"
        quarters = round(max(gaps) / timedelta(minutes=15))
        return f"UTC{quarters / 4:+g} hours, judged by {len(gaps)} activities"

    async def _is_filter_exact(self, now: datetime) -> str:
        rows = [row for row in await self._recent(now) if row.get("AggregateLastUpdateTimeUtc")]
        latest = max((t for row in rows if (t := utc(row["AggregateLastUpdateTimeUtc"]))), default=None)
        if latest is None:
            return "no activity changed lately"
        later = instant(latest + timedelta(minutes=1))
        after = query(ACTIVITIES, f"AggregateLastUpdateTimeUtc ge {later}", select="Id")
        known = {id_of(row) for row in rows}
        shown = any(id_of(row) in known for row in await self._session.rows(after))
        return "no: cut to the date" if shown else "yes"

    async def _recent(self, now: datetime) -> list[Row]:
        since = instant(now - timedelta(days=1))
        select = "Id,CreationTime,AggregateLastUpdateTimeUtc"
        return await self._session.rows(query(ACTIVITIES, f"AggregateLastUpdateTimeUtc ge {since}", select=select))

    async def _missing_entity(self) -> str:
        try:
            await self._session.get(ref(ACTIVITIES, str(uuid.uuid4())))
        except ItemGone:
            return "404"
        except ItemRejected:
            return "500"
        return "an empty answer"

    async def _letter_case(self) -> str:
        login = await self._session.service_login()
        if login.swapcase() == login:
            return "not visible to this login"
        rows = await self._session.rows(query(USERS, f"Login eq {text(login.swapcase())}"))
        return "does not matter" if rows else "matters"


async def check_access(session: Session) -> str:
    """``Erp.check_access``."""
    answer = await session.get("GetVersion")
    return str(answer.get("version") or answer.get("value") or "") if isinstance(answer, dict) else str(answer or "")


async def _answer(ask: Finding) -> str:
    try:
        return await ask()
    except SideError as error:
        return f"could not be asked: {error}"


def _attribute(model: Any, name: str) -> dict[str, Any]:
    """One attribute of a repository's model page."""
    attributes = model.get("Attributes") if isinstance(model, dict) else None
    return next((a for a in attributes or [] if isinstance(a, dict) and a.get("Name") == name), {})


def _gap(row: Row) -> timedelta | None:
    created, updated = row.get("CreationTime"), utc(row.get("AggregateLastUpdateTimeUtc"))
    return None if created is None or updated is None else digits(created) - updated.replace(tzinfo=None)
