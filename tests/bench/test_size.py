"""A small company on the simulated platform for a day: exact bounds on messages, executions and waiting."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.messages import Kind
from tests.bench.size.company import EVERY, NOTIFIED_AFTER, Company, Happening, simulate
from tests.bench.size.platform import BATCH, NEW_BATCH_THRESHOLD, POLLING
from tests.bench.size.rounds import COSTS, CPU
from tests.bench.size.sides import ERP_SECONDS, GRAPH_SECONDS
from tests.bench.size.tables import A_REQUEST

PEOPLE, NEWCOMERS = 20, 200

MORE = BATCH + NEW_BATCH_THRESHOLD + 1
"""Messages alive beside one for each person: those that an instance has under way, each of which may have ordered the
next already, and the pull's."""

WAKING = 16
"""Requests to the tables before the round: of the wake-up, and of the queue function until the session is its own."""


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """Twenty people who are switched on in the morning and work until six. At eleven two hundred more are switched
    on, with thirty meetings each and one session for all; from the next minute on the twenty edit something in
    Outlook, one after the other."""
    logging.disable(logging.WARNING)
    hours = (("switched on", 1.5), ("newcomers", 5), ("one after the other", 5 + 1 / 60))
    happenings = [Happening(name, timedelta(hours=hour)) for name, hour in hours]
    yield simulate(PEOPLE, 0.6, sessions=1, newcomers=NEWCOMERS, happenings=happenings)
    logging.disable(logging.NOTSET)


def test_the_platform_is_simulated_as_it_is_set() -> None:
    """By ``host.json``."""
    queues = json.loads((Path(__file__).parents[2] / "host.json").read_text())["extensions"]["queues"]

    assert (queues["batchSize"], queues["newBatchThreshold"]) == (BATCH, NEW_BATCH_THRESHOLD)
    assert queues["maxPollingInterval"] == f"00:00:0{POLLING}"


def test_everything_arrives(company: Company) -> None:
    """Each first sync, and each change of a working day."""
    assert (company.todo.left, company.todo.first) == (0, {})
    assert company.rounds.rounds["first"] == PEOPLE + NEWCOMERS
    assert sum(map(len, company.todo.lags.values())) > 10 * PEOPLE


def test_never_more_messages_than_things_to_do(company: Company) -> None:
    """One for each person, and a few."""
    assert company.queue.most <= PEOPLE + NEWCOMERS + MORE


def test_nor_while_a_side_is_away() -> None:
    """An hour without ERP.net and one without Graph in a working day: no message is left behind by what was done in
    the meantime, and everything arrives."""
    logging.disable(logging.WARNING)
    hours = (("switched on", 1), ("ERP.net away", 3), ("Graph away", 6))
    happenings = [Happening(name, timedelta(hours=hour)) for name, hour in hours]
    company = simulate(PEOPLE, 0.6, sessions=1, happenings=happenings)
    logging.disable(logging.NOTSET)

    assert company.queue.most <= PEOPLE + MORE
    assert company.todo.left == 0
    assert {storm for storm, _ in company.todo.lags} >= {name for name, _ in hours}


def test_nor_while_the_queue_takes_minutes() -> None:
    """Twenty minutes in which everybody changes something every 65 seconds, more than one session carries: who is
    served out of turn, while their message stands in the queue, gets no other."""
    logging.disable(logging.WARNING)
    press = [Happening("everybody", timedelta(minutes=36, seconds=65 * number)) for number in range(18)]
    company = simulate(150, 0.05, sessions=1, happenings=[Happening("switched on", timedelta(minutes=6)), *press])
    logging.disable(logging.NOTSET)

    assert company.queue.most <= 150 + MORE
    assert company.todo.left == 0
    assert max(lag for (_, way), lags in company.todo.lags.items() for lag in lags if way == "to ERP.net") > 60


def test_executions_grow_with_the_work(company: Company) -> None:
    """Two for each round and one for each pull, at most."""
    pulls = company.queue.sent[Kind.PULL]

    assert company.bill.executions["work"] <= pulls + 2 * company.rounds.rounds.total()


def test_the_gate_is_fair(company: Company) -> None:
    """While two hundred calendars are synced for the first time, ERP.net answers at most three requests of others
    during the round of an edit; and the edit is across as if it had waited for nothing but these: not for the queue,
    not for the session."""
    first, edits = company.todo.lags["newcomers", "first sync"], company.todo.lags["newcomers", "to ERP.net"]
    cost = COSTS["to ERP.net"]
    notified, own = NOTIFIED_AFTER[1] + POLLING, cost.graph * GRAPH_SECONDS + cost.erp * ERP_SECONDS + CPU
    tables = (cost.tables + WAKING) * A_REQUEST

    assert max(company.rounds.passed_by) <= 3
    assert (len(first), len(edits) > PEOPLE, max(first) > PEOPLE * EVERY) == (NEWCOMERS, True, True)
    assert max(edits) <= notified + tables + own + 3 * ERP_SECONDS


def test_changes_are_across_soon(company: Company) -> None:
    """An edit in Outlook within ten seconds (Graph's notification takes up to three), one in ERP.net with the next
    pull."""
    lags = [(way, lag) for (_, way), found in company.todo.lags.items() for lag in found]

    assert max(lag for way, lag in lags if way == "to ERP.net") < 10
    assert max(lag for way, lag in lags if way == "to Outlook") < 75
