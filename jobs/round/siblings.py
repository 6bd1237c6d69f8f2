"""Writes events; those of one series one after another, each on the version that the last of them left.

All dates of a series have one version (graph.md §5): our own write to one of them makes the version stale on which
its sibling was decided. The answer tells the new one; after a removal it is read, and it counts only where the date
still is as it was. Whatever else has changed is found by the condition of the write, as ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from jobs.ports import Calendar
from sync_core.content.changes import changed_in_graph
from sync_core.errors import CalsyncError, SideUnavailable
from sync_core.model.decision import Decision
from sync_core.model.sides import GraphEvent, Malformed
from sync_core.model.writes import CreateEvent, GraphWrite, Outcome, PatchEvent, RemoveEvent


def series_of(write: GraphWrite) -> str:
    """The series of a write, '' for a single event."""
    return "" if isinstance(write, CreateEvent) else write.series


def waves(writes: Sequence[GraphWrite]) -> Iterator[list[int]]:
    """The places of the writes that may be sent together: of each series one at a time."""
    placed: defaultdict[int, list[int]] = defaultdict(list)
    met: defaultdict[str, int] = defaultdict(int)
    for place, write in enumerate(writes):
        series = series_of(write)
        placed[met[series]].append(place)
        met[series] += bool(series)
    return (placed[wave] for wave in sorted(placed))


@dataclass(slots=True)
class Siblings:
    """Writes one calendar's events for one round.

    ``versions`` are, by series, the one on which its dates were decided and the one that our last write left, '' =
    not told.
    """

    calendar: Calendar
    mailbox: str
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def write(self, decisions: Sequence[Decision]) -> list[Outcome]:
        """Carry out the decisions' writes to Outlook; one outcome for each, in their order."""
        writing = [(decision, decision.graph) for decision in decisions if decision.graph is not None]
        outcomes: dict[int, Outcome] = {}
        for places in waves([write for _, write in writing]):
            writes = await self._renewed([writing[place] for place in places])
            answers = await self.calendar.write(self.mailbox, writes)
            for place, write, answer in zip(places, writes, answers, strict=True):
                outcomes[place] = answer
                self._learn(write, answer)
        return [outcomes[place] for place in range(len(writing))]

    def _learn(self, write: GraphWrite, answer: Outcome) -> None:
        is_refused = answer.error is not None and not _is_unclear(answer.error)
        if isinstance(write, CreateEvent) or not write.series or is_refused:
            return
        decided, _ = self.versions.get(write.series, (write.change_key, ""))
        self.versions[write.series] = decided, answer.event.change_key if answer.event else ""

    async def _renewed(self, writing: Sequence[tuple[Decision, GraphWrite]]) -> list[GraphWrite]:
        """The writes on the present versions of their series."""
        stale = {place: write for place, (_, write) in enumerate(writing) if self._is_stale(write)}
        unknown = {write.event_id for write in stale.values() if not self.versions[write.series][1]}
        read = await self.calendar.read_events(self.mailbox, unknown) if unknown else {}
        renewed: list[GraphWrite] = [write for _, write in writing]
        for place, write in stale.items():
            key = self.versions[write.series][1] or _version_of(read.get(write.event_id), writing[place][0])
            renewed[place] = replace(write, change_key=key or write.change_key)
        return renewed

    def _is_stale(self, write: GraphWrite) -> TypeGuard[PatchEvent | RemoveEvent]:
        """Whether a write was decided on the version that our own write to a sibling has made stale."""
        if isinstance(write, CreateEvent) or write.series not in self.versions:
            return False
        return self.versions[write.series][0] == write.change_key


def _is_unclear(error: CalsyncError) -> bool:
    return isinstance(error, SideUnavailable) and error.unclear


def _version_of(found: GraphEvent | Malformed | None, decision: Decision) -> str:
    """The version of a date that was read again, '' where it is not as it was when it was decided."""
    case = decision.case
    known = case.event.content if case.event else case.link.base_event if case.link else None
    is_same = isinstance(found, GraphEvent) and known is not None and not changed_in_graph(known, found.content)
    return found.change_key if is_same and isinstance(found, GraphEvent) else ""
