"""What a round enters in the journal: a row for each item, the values that lost, and nothing that must be hidden."""

from __future__ import annotations

from collections import Counter

import pytest

from jobs.round.journal import RoundJournal
from jobs.round.report import Report
from jobs.round.worded import Line
from sync_core.model.action import Action
from sync_core.model.conflict import Clash
from sync_core.model.decision import Decision, Intent, Verdict
from sync_core.model.entries import JournalEntry
from sync_core.model.sides import Side
from tests.support.house import House
from tests.support.samples import a_link, an_activity, an_event, linked, noted, shown

SUBJECT = Clash("subject", "Plan", "Forecast", "both changed it")
PRIORITY = Clash("priority", "High", "Low", "both changed it")


@pytest.fixture
def journal(house: House) -> RoundJournal:
    """The journal of one round of Anna's."""
    return RoundJournal(house.world, "anna-id", "round-1")


async def entered(journal: RoundJournal) -> list[JournalEntry]:
    """What stands in it, the newest first."""
    return await journal.world.store.read_journal("anna-id")


def solved(*lost: tuple[Side, Clash], private: bool = False) -> Decision:
    """A decision that overrules these values."""
    case = linked(an_event(shown(sensitivity="private") if private else None), an_activity())
    return Decision(case, Intent.MERGE, Verdict.ACT, lost=lost)


@pytest.mark.parametrize(
    ("loser", "before", "after"),
    [
        (Side.GRAPH, {"graph.subject": "Plan"}, {"graph.subject": "Forecast"}),
        (Side.ERP, {"erp.subject": "Forecast"}, {"erp.subject": "Plan"}),
    ],
    ids=["outlook-lost", "erpnet-lost"],
)
def test_the_side_that_loses_is_named_with_both_values(
    journal: RoundJournal, loser: Side, before: dict[str, str], after: dict[str, str]
) -> None:
    """Whoever looks for an overruled edit finds it on the side where it was made, with the value that stands now."""
    [entry] = journal.overruled(solved((loser, SUBJECT)))

    assert (entry.action, entry.reason, entry.event_id, entry.activity_id) == (
        "value kept",
        "both changed it",
        "E1",
        "A1",
    )
    assert (entry.before, entry.after, entry.private) == (before, after, False)


def test_an_overruled_value_of_a_private_item_is_its_owners(journal: RoundJournal) -> None:
    """Its row says so, and only then."""
    assert [one.private for one in journal.overruled(solved((Side.ERP, SUBJECT), private=True))] == [True]
    assert journal.overruled(solved()) == []


async def test_values_of_one_item_are_one_row(journal: RoundJournal) -> None:
    """Two fields of an item that lose in one round do not overwrite each other's row."""
    await journal.keep([journal.overruled(solved((Side.ERP, SUBJECT), (Side.GRAPH, PRIORITY)))])

    [entry] = await entered(journal)
    assert entry.before == {"erp.subject": "Forecast", "graph.priority": "High"}
    assert entry.after == {"erp.subject": "Plan", "graph.priority": "Low"}


@pytest.mark.parametrize(
    ("hides", "expected"),
    [(False, {"graph.subject": "Secret", "graph.time": "10:00"}), (True, {"graph.time": "10:00"})],
    ids=["all", "without-what-is-hidden"],
)
async def test_what_the_policy_hides_is_not_stored(
    journal: RoundJournal, expected: dict[str, str], *, hides: bool
) -> None:
    """``SYNC_PRIVATE=busy``: the time of a private meeting is known, its title is not."""
    values = {"graph.subject": "Secret", "graph.time": "10:00"}
    await journal.enter([Line("event changed", "", "", "E1", "A1", values, values, hides=hides)])

    [entry] = await entered(journal)
    assert (entry.before, entry.after) == (expected, expected)


async def test_an_event_under_another_id(journal: RoundJournal) -> None:
    """It is entered with its new id, and as private if either side's base is."""
    private = a_link(event_id="E3", base_activity=noted(private=True))
    await journal.found_again([a_link(event_id="E2"), private])

    entries = {one.event_id: one for one in await entered(journal)}
    assert {one.action for one in entries.values()} == {Action.FOUND_AGAIN}
    assert {event_id: one.private for event_id, one in entries.items()} == {"E2": False, "E3": True}


async def test_the_round_itself(journal: RoundJournal) -> None:
    """Its counts, and the mails where there were any."""
    line = Line("event created", "Plan", "", "E1", "A1", {}, {}, mails=2)
    done, skipped = Counter({"event created": 1}), Counter({"recurring": 3})
    await journal.close(Report("anna-id", "anna@acme.example", full=True, done=done, skipped=skipped, lines=[line]))

    [entry] = await entered(journal)
    assert (entry.action, entry.reason, entry.round_id) == ("round", "full", "round-1")
    assert entry.after == {"event created": "1", "mails": "2", "skipped: recurring": "3"}
