"""Probes what the contract calls UNCONFIRMED (erpnet.md §12, §14) without a write, for ``calsync doctor``."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import unique
from typing import Any

from adapters.erp.activities import ACTIVITIES
from adapters.erp.changes import Pull
from adapters.erp.directory import USERS
from adapters.erp.odata import Row, id_of, instant, query, ref, text
from adapters.erp.parse import digits, utc
from adapters.erp.session import Session
from sync_core.errors import ItemGone, ItemRejected, SideError
from sync_core.model.phrase import Phrase, Sayings

Ask = Callable[[], Awaitable[Phrase]]


@unique
class Question(Sayings):
    """What is probed."""

    IF_VERSION = "Server version"
    IF_START_IN_UTC = "Is StartTime kept in UTC"
    IF_CLOCK = "Server clock"
    IF_FILTER_EXACT = "Update times filtered to the second"
    IF_MISSING = "Missing entity"
    IF_CASE = "Letter case in filters"
    IF_PATCH_VERSION = "Version check in PATCH"
    IF_DELETIONS = "Deleted activities can be asked for"


@unique
class Finding(Sayings):
    """What a probe has found."""

    NOT_ASKED = "could not be asked: {words}"
    ANSWER = "{answer}"
    NOT_SAID = "not said: what ERPNET_TIME says counts"
    IN_UTC = "yes: set ERPNET_TIME to utc"
    IN_WALL_CLOCK = "no: wall clock"
    NO_CHANGES = "not known: no activity changed within a day; change one, and ask again"
    CLOCK = "UTC{hours:+g} hours, judged by {count} activities"
    YES = "yes"
    NO = "no"
    UNKNOWN = "not known: the first sync that needs it will show it"
    CUT_TO_DATE = "no: cut to the date"
    EMPTY_ANSWER = "an empty answer"
    NOT_VISIBLE = "not known: the service user's login has no letters"
    CASE_FREE = "does not matter"
    CASE_BOUND = "matters"
    WORKS = "works"
    REFUSED = "refused"


FOUND_OUT = {
    "unknown": Finding.UNKNOWN,
    "yes": Finding.YES,
    "no": Finding.NO,
    "works": Finding.WORKS,
    "refused": Finding.REFUSED,
}
"""What the writes and the pull have found out by themselves, by their own words for it."""


class Prober:
    """Makes the probes, one after the other; the finding of a probe that fails names the reason."""

    def __init__(self, session: Session, pull: Pull) -> None:
        self._session = session
        self._pull = pull

    async def probe(self, version_check: str, now: datetime) -> list[tuple[Phrase, Phrase]]:
        """``Erp.probe``; ``version_check`` is what the writes have found out."""
        asks: dict[Question, Ask] = {
            Question.IF_VERSION: self._version,
            Question.IF_START_IN_UTC: self._is_start_utc,
            Question.IF_CLOCK: lambda: self._server_clock(now),
            Question.IF_FILTER_EXACT: lambda: self._is_filter_exact(now),
            Question.IF_MISSING: self._missing_entity,
            Question.IF_CASE: self._letter_case,
        }
        findings = [(question.say(), await _answer(ask)) for question, ask in asks.items()]
        known = {Question.IF_PATCH_VERSION: version_check, Question.IF_DELETIONS: self._pull.deletions}
        return findings + [(question.say(), FOUND_OUT[found].say()) for question, found in known.items()]

    async def _version(self) -> Phrase:
        return Finding.ANSWER.say(answer=await check_access(self._session))

    async def _is_start_utc(self) -> Phrase:
        model = await self._session.get(f"../standardmodel/{ACTIVITIES}")
        flag = (_attribute(model, "StartTime").get("BaseInfo") or {}).get("DateTimeUtc")
        if flag is None:
            return Finding.NOT_SAID.say()
        return (Finding.IN_UTC if flag else Finding.IN_WALL_CLOCK).say()

    async def _server_clock(self, now: datetime) -> Phrase:
        """A new document's creation and update are one instant, so its two times differ by the server's offset."""
        rows = await self._recent(now)
        gaps = [gap for gap in map(_gap, rows) if gap is not None]
        if not gaps:
            return Finding.NO_CHANGES.say()
        quarters = round(max(gaps) / timedelta(minutes=15))
        return Finding.CLOCK.say(hours=quarters / 4, count=len(gaps))

    async def _is_filter_exact(self, now: datetime) -> Phrase:
        rows = [row for row in await self._recent(now) if row.get("AggregateLastUpdateTimeUtc")]
        latest = max((t for row in rows if (t := utc(row["AggregateLastUpdateTimeUtc"]))), default=None)
        if latest is None:
            return Finding.NO_CHANGES.say()
        later = instant(latest + timedelta(minutes=1))
        after = query(ACTIVITIES, f"AggregateLastUpdateTimeUtc ge {later}", select="Id")
        known = {id_of(row) for row in rows}
        shown = any(id_of(row) in known for row in await self._session.rows(after))
        return (Finding.CUT_TO_DATE if shown else Finding.YES).say()

    async def _recent(self, now: datetime) -> list[Row]:
        since = instant(now - timedelta(days=1))
        select = "Id,CreationTime,AggregateLastUpdateTimeUtc"
        return await self._session.rows(query(ACTIVITIES, f"AggregateLastUpdateTimeUtc ge {since}", select=select))

    async def _missing_entity(self) -> Phrase:
        try:
            await self._session.get(ref(ACTIVITIES, str(uuid.uuid4())))
        except ItemGone:
            return Finding.ANSWER.say(answer=404)
        except ItemRejected:
            return Finding.ANSWER.say(answer=500)
        return Finding.EMPTY_ANSWER.say()

    async def _letter_case(self) -> Phrase:
        login = await self._session.service_login()
        if login.swapcase() == login:
            return Finding.NOT_VISIBLE.say()
        rows = await self._session.rows(query(USERS, f"Login eq {text(login.swapcase())}"))
        return (Finding.CASE_FREE if rows else Finding.CASE_BOUND).say()


async def check_access(session: Session) -> str:
    """``Erp.check_access``."""
    answer = await session.get("GetVersion")
    return str(answer.get("version") or answer.get("value") or "") if isinstance(answer, dict) else str(answer or "")


async def _answer(ask: Ask) -> Phrase:
    try:
        return await ask()
    except SideError as error:
        return Finding.NOT_ASKED.say(words=error)


def _attribute(model: Any, name: str) -> dict[str, Any]:
    """One attribute of a repository's model page."""
    attributes = model.get("Attributes") if isinstance(model, dict) else None
    return next((a for a in attributes or [] if isinstance(a, dict) and a.get("Name") == name), {})


def _gap(row: Row) -> timedelta | None:
    created, updated = row.get("CreationTime"), utc(row.get("AggregateLastUpdateTimeUtc"))
    return None if created is None or updated is None else digits(created) - updated.replace(tzinfo=None)
