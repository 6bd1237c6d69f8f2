"""Enters one round in the journal: each write, the values that a write overrules, and the round itself.

An item that our own code cannot put into words is entered with its ids and nothing that may be private.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jobs.round.report import Report
from jobs.round.worded import Line
from jobs.world import World
from sync_core.content.project import is_private
from sync_core.model.action import Action, counts_of
from sync_core.model.conflict import Clash
from sync_core.model.decision import Decision
from sync_core.model.entries import JournalEntry, as_series
from sync_core.model.link import Link
from sync_core.model.sides import Side
from sync_core.model.why import Why, named
from sync_core.plan.wording import is_about_private, without_hideable


@dataclass(frozen=True, slots=True)
class RoundJournal:
    """Adds one round's entries to one user's journal. Each method raises what the store raises."""

    world: World
    user_id: str
    round_id: str

    async def enter(self, lines: Sequence[Line]) -> None:
        """Enter what was done; what was done alike to several dates of a series, once."""
        await self.world.store.append_journal(as_series([self._of_line(line) for line in lines]))

    async def keep(self, overruled: Iterable[Sequence[JournalEntry]]) -> None:
        """Enter the values that writes are about to overrule (as ``overruled`` returns them), before the writes."""
        entries = _one_for_each_item([entry for own in overruled for entry in own])
        await self.world.store.append_journal(as_series(entries))

    async def found_again(self, links: Sequence[Link]) -> None:
        """Enter the links whose event has another id now; of a date, that its series was changed."""
        await self.world.store.append_journal(as_series([self._of_found(link) for link in links]))

    async def close(self, report: Report) -> None:
        """Enter the round itself, with its counts."""
        more = {"mails": report.mails, "failed": len(report.failures)}
        done = dict(sorted(report.done.items())) | {name: number for name, number in more.items() if number}
        counts = counts_of(done, report.skipped)
        entry = self._entry(Action.ROUND, "full" if report.full else "")
        await self.world.store.append_journal([replace(entry, after=counts)])

    def overruled(self, decision: Decision) -> list[JournalEntry]:
        """The entries of the values that a solved conflict or a deletion overrules.

        If no value is lost, the case is not looked at, so that a bug of ours with it cannot stop its write.
        """
        return [self._of_clash(decision, side, clash) for side, clash in decision.lost]

    def _of_clash(self, decision: Decision, side: Side, clash: Clash) -> JournalEntry:
        case = decision.case
        event, activity = ({f"{side}.{clash.field}": one} for one in (clash.event_value, clash.activity_value))
        lost, kept = (event, activity) if side is Side.GRAPH else (activity, event)
        return replace(
            self._entry(Action.VALUE_KEPT, clash.why),
            event_id=case.event_id,
            activity_id=case.activity_id,
            subject=case.subject,
            private=is_about_private(case),
            before=lost,
            after=kept,
            cell=decision.cell,
            occurrence=case.occurrence,
        )

    def _of_found(self, link: Link) -> JournalEntry:
        return replace(
            self._entry(Action.FOUND_AGAIN, link.reread if named(link.reread) is Why.ANOTHER_DATE else ""),
            event_id=link.event_id,
            activity_id=link.activity_id,
            subject=link.base_event.subject,
            private=is_private(link.base_event) or is_private(link.base_activity),
            occurrence=link.occurrence,
        )

    def _of_line(self, line: Line) -> JournalEntry:
        return replace(
            self._entry(line.what, line.reason),
            event_id=line.event_id,
            activity_id=line.activity_id,
            subject=line.subject,
            private=line.private,
            before=without_hideable(line.before) if line.hides else line.before,
            after=without_hideable(line.after) if line.hides else line.after,
            cell=line.cell,
            occurrence=line.occurrence,
        )

    def _entry(self, action: str, reason: str) -> JournalEntry:
        at = self.world.clock()
        return JournalEntry(user_id=self.user_id, at=at, round_id=self.round_id, action=action, reason=reason)


def _one_for_each_item(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Merge the entries of each item into one, since the same action on the same item is one row."""
    merged: dict[tuple[str, str], JournalEntry] = {}
    for entry in entries:
        key = (entry.event_id, entry.activity_id)
        known = merged.get(key)
        merged[key] = (
            entry
            if known is None
            else replace(known, before=known.before | entry.before, after=known.after | entry.after)
        )
    return list(merged.values())
