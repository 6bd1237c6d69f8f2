"""Writes to dates of one series go one after another, each on the version that the last one left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from jobs.ports import Calendar
from jobs.round.siblings import Siblings, waves
from sync_core.errors import ItemRejected, SideUnavailable
from sync_core.model.decision import Case, Decision, Intent, Verdict
from sync_core.model.sides import Field, GraphEvent, Side
from sync_core.model.writes import CreateEvent, GraphWrite, Outcome, PatchEvent, RemoveEvent
from tests.support.samples import a_link, an_event, shown


@dataclass
class OneVersion:
    """A calendar whose series have one version each, a new one with every write."""

    version: int = 0
    sent: list[list[tuple[str, str]]] = field(default_factory=list)
    answers: dict[str, Outcome] = field(default_factory=dict)
    shown: dict[str, GraphEvent] = field(default_factory=dict)

    async def write(self, _: str, writes: Sequence[GraphWrite]) -> list[Outcome]:
        """Answer each write with the new version, a removal with none."""
        self.sent.append([(id_of(write), getattr(write, "change_key", "")) for write in writes])
        return [self._answer(write) for write in writes]

    def _answer(self, write: GraphWrite) -> Outcome:
        if id_of(write) in self.answers:
            return self.answers[id_of(write)]
        self.version += 1
        known = isinstance(write, PatchEvent)
        return Outcome(event=an_event(id=id_of(write), change_key=f"v{self.version}") if known else None)

    async def read_events(self, _: str, ids: Collection[str]) -> dict[str, GraphEvent]:
        """The dates as they are now."""
        known = {i: an_event(id=i, change_key=f"v{self.version}") for i in ids}
        return known | {i: event for i, event in self.shown.items() if i in ids}


def id_of(write: GraphWrite) -> str:
    """What a write is about."""
    return "" if isinstance(write, CreateEvent) else write.event_id


def patch(event_id: str, series: str = "M", key: str = "v0") -> Decision:
    """An edit of a date."""
    write = PatchEvent(event_id, key, frozenset({Field.SUBJECT}), shown(), series=series)
    return decided(event_id, write)


def remove(event_id: str, series: str = "M") -> Decision:
    """A date that goes."""
    return decided(event_id, RemoveEvent(event_id, "v0", series=series))


def decided(event_id: str, write: GraphWrite) -> Decision:
    """What is written of a link."""
    case = Case(link=a_link(event_id=event_id), event=an_event(id=event_id))
    return Decision(case, Intent.UPDATE_EVENT, Verdict.ACT, graph=write)


async def carried_out(calendar: OneVersion, *decisions: Decision) -> list[Outcome]:
    """Write them in one round."""
    return await Siblings(cast(Calendar, calendar), "anna-id").write(decisions)


def test_of_each_series_one_at_a_time() -> None:
    """Single events go with the first."""
    writes: list[Any] = [d.graph for d in (patch("a"), patch("s", ""), patch("b"), patch("x", "N"), patch("c"))]

    assert list(waves(writes)) == [[0, 1, 3], [2], [4]]


async def test_each_write_stands_on_the_version_of_the_last() -> None:
    """Not on the one that all were decided on."""
    calendar = OneVersion()
    outcomes = await carried_out(calendar, patch("a"), patch("b"), patch("s", "", "k"), patch("c"))

    assert calendar.sent == [[("a", "v0"), ("s", "k")], [("b", "v1")], [("c", "v3")]]
    assert [o.event.id if o.event else "" for o in outcomes] == ["a", "b", "s", "c"]


async def test_a_write_decided_on_another_version_keeps_it() -> None:
    """Somebody else has changed the series in between: the condition finds that."""
    calendar = OneVersion()
    await carried_out(calendar, patch("a"), patch("b", key="older"))

    assert calendar.sent[1] == [("b", "older")]


async def test_after_a_removal_the_version_is_read() -> None:
    """It counts where the date is as it was decided on."""
    calendar = OneVersion()
    calendar.shown["c"] = an_event(shown(subject="Somebody's"), id="c", change_key="v9")
    await carried_out(calendar, remove("a"), patch("b"), remove("c"))

    assert calendar.sent == [[("a", "v0")], [("b", "v1")], [("c", "v2")]]
    calendar = OneVersion(shown={"c": replace(calendar.shown["c"])})
    await carried_out(calendar, remove("a"), remove("c"))
    assert calendar.sent[1] == [("c", "v0")]


async def test_a_refused_write_leaves_the_version() -> None:
    """One of which nobody knows whether it was done does not."""
    refused = Outcome(error=ItemRejected(Side.GRAPH, "no"))
    calendar = OneVersion(answers={"a": refused})
    await carried_out(calendar, patch("a"), patch("b"))
    assert calendar.sent[1] == [("b", "v0")]

    unclear = Outcome(error=SideUnavailable(Side.GRAPH, "no answer", unclear=True))
    calendar = OneVersion(version=4, answers={"a": unclear})
    await carried_out(calendar, patch("a"), patch("b"))
    assert calendar.sent[1] == [("b", "v4")]
