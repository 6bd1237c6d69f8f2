"""Resolve a conflict: keep Outlook's values, ERP.net's, or choose field by field.

The choice is stored on the link, under the user's lease, and a round carries it out at once. So the item is read
again first, and what is written goes through the same permits, mail rules and conditional writes as everything else;
what loses goes into the journal before. An item that has moved on is not touched: it is shown anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jobs.approvals import UnknownChoice, find_asked, revise_rows
from jobs.commands.sync import run_until_done
from jobs.ports import Put, RowChange
from jobs.round.report import Report
from jobs.says import Outcome
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.model import link as life
from sync_core.model.link import Link, wears_category
from sync_core.model.memory import Memory
from sync_core.model.phrase import Phrase
from sync_core.model.policy import Direction
from sync_core.model.user import User
from sync_core.plan.resolve import AnswerRefused, choices, has_moved_on, is_resolved


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of an answer. ``before`` is the link as it was answered, ``after`` as it is now, None where it is
    gone; ``report`` is that of the round which carried it out; ``may_unmark``: Outlook may be written at all."""

    user: User
    before: Link
    after: Link | None
    report: Report
    may_unmark: bool

    @property
    def is_resolved(self) -> bool:
        """Whether nothing is left of the conflict."""
        return is_resolved(self.before, self.after)

    @property
    def told(self) -> Phrase:
        """What came of it."""
        if self.is_resolved:
            is_unmarked = self.may_unmark and wears_category(self.before)
            return (Outcome.RESOLVED_UNMARKED if is_unmarked else Outcome.RESOLVED).say()
        if has_moved_on(self.before, self.after):
            return Outcome.MOVED_ON.say()
        if self.after is not None and self.after.chosen:
            return self._kept
        clashes = self.after.conflict.clashes if self.after and self.after.conflict else ()
        return Outcome.ANSWER_IMPOSSIBLE.say(reasons=" | ".join(dict.fromkeys(clash.why for clash in clashes)))

    @property
    def _kept(self) -> Phrase:
        """That the answer waits for the next round, and why this one did not carry it out."""
        failed = "; ".join(one.text for one in self.report.failures)
        if failed:
            return Outcome.ANSWER_KEPT_SINCE.say(words=failed)
        if self.report.ran and self.report.operational:
            return Outcome.ANSWER_KEPT.say()
        return Outcome.ANSWER_KEPT_WHILE.say(problems=self.report.state)


async def find_conflict(world: World, conflict_id: str, among: Collection[str] = ()) -> tuple[User, Link]:
    """Find an open conflict by its id; ``among`` these users' alone, () = everybody's. Raises ``UnknownChoice``."""
    named = conflict_id.casefold()

    def find(memory: Memory) -> Link | None:
        return next((one for one in memory.links if one.conflict is not None and one.conflict_id == named), None)

    missing = (
        f"no conflict with the id {conflict_id} is open, or it has moved on: `calsync conflicts` lists those that are"
    )
    return await find_asked(world, conflict_id, among, find, missing)


async def resolve(
    world: World,
    conflict_id: str,
    answer: str | Mapping[str, str],
    *,
    among: Collection[str] = (),
    notice: Notice = unheeded,
) -> Resolved:
    """Answer a conflict: with ``outlook`` or ``erp``, or with one of these for each field.

    ``among`` as in ``find_conflict``. Raises ``UnknownChoice``, also for an answer that does not fit.
    """
    user, link = await find_conflict(world, conflict_id, among)
    try:
        chosen = choices(link, answer)
    except AnswerRefused as refused:
        raise UnknownChoice(str(refused)) from refused

    def revise(memory: Memory) -> Sequence[RowChange]:
        stored = _link_in(memory, link)
        if stored is None or stored.conflict_id != link.conflict_id:
            raise UnknownChoice(f"{conflict_id} has moved on: `calsync conflicts` shows it as it is now")
        return [Put(life.answered(stored, chosen))]

    await revise_rows(world, user, revise, notice)
    async with erp_session(world, notice):
        report = await run_until_done(world, user, full=False, notice=notice)
    after = _link_in(await world.store.recall(user.id), link)
    return Resolved(user, link, after, report, world.policy.direction is not Direction.TO_ERP)


def _link_in(memory: Memory, wanted: Link) -> Link | None:
    return next((link for link in memory.links if link.event_id == wanted.event_id), None)
