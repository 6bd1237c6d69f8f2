"""Carries out writes, many in one request, each with its outcome (design.md §6; erpnet.md §6, §7, §14, §16).

A batch is: a changeset for each write, then reads of everything it touched. So the answer of a write that succeeded
and the re-read of one that was refused cost no further request. One more request looks up which new participants are
users. How many go at once is learnt from how long the last ones took (``Pace``).

Not covered: where only participants change, or ERP.net checks no version, nothing documented keeps two rows from
holding the same e-mail. Whoever adds the same person between our reading and our write makes a second row; the
activity read back shows both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from adapters.erp.activities import by_ids, by_marks, parsed, read_activities
from adapters.erp.batch import Changeset, Part, PartAnswer
from adapters.erp.bodies import Users, changeset_of, has_header, weight_of
from adapters.erp.colleagues import Colleagues, people_in
from adapters.erp.odata import id_of
from adapters.erp.session import Session
from adapters.http import NAMES, read_json
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    ItemGone,
    ItemLocked,
    ItemRejected,
    SideError,
    SideUnavailable,
    StaleWrite,
)
from sync_core.model.sides import ErpActivity, Malformed, Side
from sync_core.model.writes import CreateActivity, ErpIdentity, ErpWrite, Outcome, PatchActivity, VoidActivity

FIRST, FEWEST, MOST = 50, 10, 200
"""Writing requests in one call: in the first, in the smallest, in the largest. Participants inside the POST of their
activity are not counted. No limit of a batch is documented (erpnet.md §6); the call's time limit is one."""

SHARE = 0.25
"""How much of a call's time limit a batch may take: ERP.net may take most of a second for a document."""

MALFORMED = "malformed"
"""Our own code of a rejection: what was read back cannot be parsed."""

Seen = Mapping[str, ErpActivity | Malformed | None]
"""What the reads after the writes returned: id → activity, None = not there, no entry = not read."""


class Pace:
    """How many writing requests fit a call: twice as many as before at most, as long as they stay within their share
    of its time limit; half as many after one that failed. One that was quick never makes them fewer: it may have held
    a single write."""

    def __init__(self, limit_seconds: float) -> None:
        self.at_once = FIRST
        self._share = limit_seconds * SHARE

    def took(self, count: int, seconds: float) -> None:
        """Learn from a batch of ``count`` requests."""
        fitting = MOST if seconds <= 0 else int(count * self._share / seconds)
        least = FEWEST if seconds > self._share else self.at_once
        self.at_once = max(least, min(MOST, 2 * self.at_once, fitting))

    def failed(self) -> None:
        """Learn from a batch without an answer."""
        self.at_once = max(FEWEST, self.at_once // 2)


class Writer:
    """Carries out writes. ``version_check``: does a PATCH take a version (unknown, works, refused)?"""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.pace = Pace(session.timeout_seconds)
        self._colleagues = Colleagues(session)
        self.version_check = "unknown"

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """``Erp.write``. Raises ``AccessRefused`` or ``ForeignHost`` if the first batch was refused."""
        try:
            users = await self._colleagues.find(people_in(writes))
        except SideUnavailable as error:
            return [Outcome(error=error)] * len(writes)
        outcomes: list[Outcome] = []
        for chunk in self._batches(writes):
            try:
                outcomes += await self._carry_out(who, chunk, users)
            except SideError as error:
                if not outcomes and not isinstance(error, SideUnavailable | ItemRejected):
                    raise
                untouched = len(writes) - len(outcomes) - len(chunk)
                return outcomes + [Outcome(error=error)] * len(chunk) + [_not_sent()] * untouched
        return outcomes

    async def _carry_out(self, who: ErpIdentity, writes: Sequence[ErpWrite], users: Users) -> list[Outcome]:
        sent = [self._versioned(write) for write in writes]
        answers = await self._send([changeset_of(write, who, users) for write in sent], _reads(sent))
        seen = await self._look(sent, answers)
        answered = zip(sent, _padded(answers, sent), strict=True)
        outcomes = [self._judge(write, answer, seen) for write, answer in answered]
        failed = [write for write, outcome in zip(sent, outcomes, strict=True) if outcome.error]
        self._colleagues.forget(people_in(failed))
        return await self._without_version(who, sent, outcomes, users)

    async def _send(self, steps: Sequence[Changeset], reads: Sequence[Part]) -> list[PartAnswer]:
        clock = asyncio.get_running_loop().time
        began_at = clock()
        try:
            answers = await self._session.batch([*steps, *reads])
        except SideUnavailable:
            self.pace.failed()
            raise
        self.pace.took(sum(len(step.parts) for step in steps), clock() - began_at)
        return answers

    def _batches(self, writes: Iterable[ErpWrite]) -> Iterator[list[ErpWrite]]:
        """Cut writes into batches, each by the pace of the one before."""
        batch: list[ErpWrite] = []
        weight = 0
        for write in writes:
            own = weight_of(write)
            if batch and weight + own > self.pace.at_once:
                yield batch
                batch, weight = [], 0
            batch.append(write)
            weight += own
        if batch:
            yield batch

    def _versioned(self, write: ErpWrite) -> ErpWrite:
        """The write with the version in its header, if ERP.net takes one."""
        if isinstance(write, PatchActivity) and (self.version_check == "refused" or not has_header(write)):
            return replace(write, version=None)
        return write

    async def _look(self, writes: Sequence[ErpWrite], answers: Sequence[PartAnswer]) -> Seen:
        """The activities of the writes, by one more request only for those that the batch did not return."""
        seen: dict[str, ErpActivity | Malformed | None] = {}
        for answer in answers[len(writes) :]:
            rows = await self._rows(answer)
            seen |= parsed([rows])
        missing = _ids(writes, answers) - seen.keys()
        try:
            return seen | await read_activities(self._session, missing)
        except SideError:
            return seen

    async def _rows(self, answer: PartAnswer) -> list[dict[str, object]]:
        try:
            rows = await self._session.rows_of(answer)
        except SideError:
            return []
        return [] if isinstance(rows, SideError) else rows

    def _judge(self, write: ErpWrite, answer: PartAnswer | None, seen: Seen) -> Outcome:
        if answer is None:
            return _unclear("ERP.net did not say what became of this write")
        if isinstance(write, CreateActivity):
            return _shown(_created_id(answer), seen) if answer.is_fine else Outcome(error=self._error(answer))
        if isinstance(write, VoidActivity):
            return self._judge_void(write, answer, seen)
        if answer.is_fine:
            return _shown(write.activity_id, seen)
        return Outcome(error=self._judge_refusal(write, self._error(answer), seen))

    def _judge_void(self, write: VoidActivity, answer: PartAnswer, seen: Seen) -> Outcome:
        now = seen.get(write.activity_id.lower())
        if answer.is_fine or (isinstance(now, ErpActivity) and now.void):
            return Outcome()
        if now is None and write.activity_id.lower() in seen:
            return Outcome(error=_gone(write.activity_id))
        return Outcome(error=self._error(answer))

    def _judge_refusal(self, write: PatchActivity, error: SideError, seen: Seen) -> SideError:
        """The reason of a refused PATCH, found by the re-read: no error code is documented for it (erpnet.md §4)."""
        if isinstance(error, SideUnavailable) or write.activity_id.lower() not in seen:
            return error
        now = seen[write.activity_id.lower()]
        if now is None:
            return _gone(write.activity_id)
        if not isinstance(now, ErpActivity):
            return error
        if now.is_locked:
            text = f"the activity is {_lock(now)}; ERP.net refuses changes of it"
            return ItemLocked(Side.ERP, text)
        if isinstance(error, ItemGone) or _lacks_rows(write, now):
            text = f"activity {write.activity_id} is there, but not all that the write changes or names"
            return StaleWrite(Side.ERP, text)
        if write.version is not None and now.version != write.version:
            self.version_check = "works"
            return StaleWrite(Side.ERP, f"activity {write.activity_id} was changed in ERP.net meanwhile")
        return error

    async def _without_version(
        self, who: ErpIdentity, writes: Sequence[ErpWrite], outcomes: list[Outcome], users: Users
    ) -> list[Outcome]:
        """Send the writes that were refused for no visible reason once more, without the version."""
        again = [n for n, write in enumerate(writes) if self._is_puzzling(write, outcomes[n])]
        if not again:
            return outcomes
        bare = [replace(write, version=None) for n in again if isinstance(write := writes[n], PatchActivity)]
        try:
            results = await self._carry_out(who, bare, users)
        except SideError as error:
            results = [Outcome(error=error)] * len(bare)
        if any(result.error is None for result in results):
            self.version_check = "refused"
        later = dict(zip(again, results, strict=True))
        return [later.get(n, outcome) for n, outcome in enumerate(outcomes)]

    def _is_puzzling(self, write: ErpWrite, outcome: Outcome) -> bool:
        """Whether a refusal may be due to the version: neither a rule's number nor a lock explains it."""
        if not isinstance(write, PatchActivity) or write.version is None or self.version_check == "works":
            return False
        error = outcome.error
        if isinstance(error, ItemLocked) or not isinstance(error, ItemRejected):
            return False
        return not error.rule and error.code != MALFORMED

    def _error(self, answer: PartAnswer) -> SideError:
        """The error of one write. Access that is refused to it alone is no matter of the service user's."""
        error = self._session.error_of(answer, writing=True)
        if isinstance(error, AccessRefused | AppRefused):
            return ItemRejected(Side.ERP, str(error), code=str(answer.status))
        return error


def _reads(writes: Iterable[ErpWrite]) -> list[Part]:
    """Build the reads of what is written: by id, or by the mark for a create."""
    ids, marks = set[str](), set[str]()
    for write in writes:
        if isinstance(write, CreateActivity):
            marks.add(write.external_id)
        else:
            ids.add(write.activity_id.lower())
    return [Part("GET", path) for path in by_ids(ids) + by_marks(marks)]


def _ids(writes: Sequence[ErpWrite], answers: Sequence[PartAnswer]) -> set[str]:
    """The ids of what must be read back: everything but voids that succeeded and creates that failed."""
    return {
        _created_id(answer) if isinstance(write, CreateActivity) else write.activity_id.lower()
        for write, answer in zip(writes, answers, strict=False)
        if not answer.is_fine or not isinstance(write, VoidActivity)
    } - {""}


def _created_id(answer: PartAnswer) -> str:
    try:
        row = read_json(answer.content) if answer.is_fine else {}
    except ValueError:
        return ""
    return id_of(row) if isinstance(row, dict) else ""


def _shown(key: str, seen: Seen) -> Outcome:
    """The outcome of a write that was done."""
    now = seen.get(key.lower())
    if isinstance(now, ErpActivity):
        return Outcome(activity=now)
    if isinstance(now, Malformed) and now.is_passing:
        return _unclear(f"the write was done, but its activity could not be read afterwards: {now.reason}")
    if isinstance(now, Malformed):
        return Outcome(error=ItemRejected(Side.ERP, now.reason, code=MALFORMED))
    if key.lower() in seen:
        return Outcome(error=_gone(key))
    return _unclear("the write was done, but its activity could not be read afterwards")


def _lacks_rows(write: PatchActivity, now: ErpActivity) -> bool:
    """Whether a participant to be removed or updated is not there any more."""
    wanted = {*write.participants.drop, *(key for key, _ in write.participants.notes)}
    return not wanted <= {row.id for row in now.participants}


def _padded(answers: Sequence[PartAnswer], writes: Sequence[ErpWrite]) -> list[PartAnswer | None]:
    given = list(answers[: len(writes)])
    return [*given, *[None] * (len(writes) - len(given))]


def _lock(activity: ErpActivity) -> str:
    if activity.void:
        return "void"
    return "read-only" if activity.read_only else activity.state


def _gone(key: str) -> ItemGone:
    return ItemGone(Side.ERP, f"activity {key} is not there, or not visible to the service user")


def _unclear(text: str) -> Outcome:
    return Outcome(error=SideUnavailable(Side.ERP, text, unclear=True))


def _not_sent() -> Outcome:
    return Outcome(error=SideUnavailable(Side.ERP, f"{NAMES[Side.ERP]} failed before; this write was not sent"))
