"""What is remembered of a decision: rows made of values, without a side that is written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.ports import Drop, Put
from jobs.round.outcomes import (
    Written,
    failed_row,
    is_news,
    mistaken_row,
    pending_of,
    quiet_rows,
    verified,
    written_rows,
)
from sync_core.errors import OWN_MISTAKE, ItemRejected, SideUnavailable
from sync_core.model import link as life
from sync_core.model.conflict import Conflict
from sync_core.model.decision import Case, Decision, Intent, Verdict
from sync_core.model.link import TRIES, Link, LinkStatus
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Field, Seen, Side
from sync_core.model.writes import Outcome, PatchActivity, PatchEvent
from tests.support.samples import NOW, a_case, a_context, a_link, an_activity, an_event, linked, noted, shown

CTX = a_context()
PARTLY = Outcome(error=ItemRejected(Side.GRAPH, "no"))
RENAMED = an_activity(noted(subject="New"), version=3)


def decision(case: Case, verdict: Verdict = Verdict.SKIP, **told: object) -> Decision:
    """What is to be done about a case."""
    known: dict[str, object] = {"intent": Intent.NOTHING, "reason": "so"}
    return Decision(case, verdict=verdict, **known | told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "intent", "row"),
    [
        (a_case(an_event()), Intent.CREATE_ACTIVITY, Pending(Side.GRAPH, "E1", "uid-1")),
        (a_case(None, an_activity()), Intent.CREATE_EVENT, Pending(Side.ERP, "A1")),
        (a_case(an_event(), pending=Pending(Side.GRAPH, "E1", tries=3)), Intent.CREATE_ACTIVITY, None),
    ],
    ids=["an event", "an activity", "one that waits already"],
)
def test_where_an_item_waits_for_its_counterpart(case: Case, intent: Intent, row: Pending | None) -> None:
    """One row for an item, whatever was tried before; from its create on it says that one was sent."""
    known = row or case.pending
    assert known is not None
    assert pending_of(decision(case, Verdict.ACT, intent=intent)) == replace(known, begun=True)
    assert pending_of(decision(case, Verdict.PARK, intent=intent)) == known


@pytest.mark.parametrize(
    ("tries", "is_overtaken", "status", "waits"),
    [
        (0, False, LinkStatus.LIVE, True),
        (0, True, LinkStatus.LIVE, False),
        (TRIES - 1, True, LinkStatus.PARKED, False),
    ],
    ids=["refused", "overtaken", "for the last time"],
)
def test_a_failure_is_remembered_on_the_link(tries: int, is_overtaken: bool, status: LinkStatus, waits: bool) -> None:
    """Tried again after a pause, at once where somebody was faster, in the end not before somebody sees to it."""
    case = linked(an_event(), an_activity(), link=a_link(tries=tries))
    written = Written(decision(case, Verdict.ACT), erp=Outcome(activity=RENAMED), graph=PARTLY)

    row = failed_row(written, "no", NOW, is_overtaken=is_overtaken)

    assert isinstance(row, Link)
    assert (row.status, row.tries, row.retry_at is not None) == (status, tries + 1, waits)
    assert row.given_up_at == (Seen("ck-2", RENAMED.stamp) if status is LinkStatus.PARKED else None)


@pytest.mark.parametrize(("tries", "parked"), [(0, False), (TRIES - 1, True)], ids=["first", "last"])
def test_a_failure_is_remembered_of_an_item_without_a_link(tries: int, parked: bool) -> None:
    """On the row in which it waits."""
    waiting = Pending(Side.GRAPH, "E1", "uid-1", tries=tries)
    written = Written(
        decision(a_case(an_event(), pending=waiting), Verdict.ACT, intent=Intent.CREATE_ACTIVITY), PARTLY
    )

    row = failed_row(written, "no", NOW, is_overtaken=False)

    assert isinstance(row, Pending)
    assert (row.tries, row.parked, row.reason, row.given_up_at is not None) == (tries + 1, parked, "no", parked)


def test_the_error_of_a_write_is_that_of_the_side_that_failed() -> None:
    """What the other side took is known."""
    written = Written(decision(linked(an_event(), an_activity())), erp=Outcome(activity=RENAMED), graph=PARTLY)

    assert (written.error, written.activity, written.event) == (PARTLY.error, RENAMED, an_event())


@pytest.mark.parametrize(("after", "again"), [("New", False), ("Edited", True)], ids=["alone", "edited meanwhile"])
def test_an_edit_between_write_and_read_back_wants_another_round(after: str, again: bool) -> None:
    """The base takes what was written, so that the edit is found."""
    write = PatchActivity("A1", 2, frozenset({Field.SUBJECT}), noted(subject="New"))
    case = linked(an_event(shown(subject="New")), an_activity())
    told = Written(
        decision(case, Verdict.ACT, intent=Intent.UPDATE_ACTIVITY, erp=write, link=a_link()),
        erp=Outcome(activity=an_activity(noted(subject=after), version=3)),
    )

    [change], is_again = written_rows(told, CTX)

    assert isinstance(change, Put)
    assert isinstance(change.row, Link)
    assert (change.row.base_activity.subject, bool(change.row.reread), is_again) == ("New", again, again)


def test_a_made_pair_leaves_its_pending_rows() -> None:
    """Its own, and that of the other side where both waited."""
    over = Pending(Side.ERP, "A1")
    waiting = Pending(Side.GRAPH, "E1", "uid-1")
    case = a_case(an_event(), pending=waiting, over=(over,))
    told = Written(decision(case, Verdict.ACT, intent=Intent.CREATE_ACTIVITY), erp=Outcome(activity=an_activity()))

    changes, again = written_rows(told, CTX)

    assert [type(change.row) for change in changes] == [Link, Pending, Pending]
    assert changes[1:] == [Drop(replace(waiting, begun=True)), Drop(over)]
    assert again is False


@pytest.mark.parametrize(
    ("asked", "answer", "is_believed"),
    [
        pytest.param("New", an_event(shown(subject="New"), change_key="ck-3"), True, id="changed"),
        pytest.param("New", an_event(change_key="ck-2"), False, id="answered and as it was"),
        pytest.param("Budget", an_event(change_key="ck-2"), True, id="nothing was to change"),
    ],
)
def test_a_patch_that_changed_nothing_is_not_believed(asked: str, answer: object, is_believed: bool) -> None:
    """A proxy's page may answer for Graph; the base does not move on that."""
    write = PatchEvent("E1", "ck-2", frozenset({Field.SUBJECT}), shown(subject=asked))

    outcome = verified(write, Outcome(event=answer))  # type: ignore[arg-type]

    assert isinstance(outcome.error, SideUnavailable) is not is_believed


PARKED = Pending(Side.GRAPH, "E1", "uid-1", parked=True, reason="so")


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(decision(a_case(an_event()), Verdict.PARK), [Put(PARKED)], id="parked"),
        pytest.param(decision(a_case(an_event(), pending=PARKED), Verdict.PARK), [], id="parked-before"),
        pytest.param(
            decision(a_case(an_event()), Verdict.PARK, awaits=PendingState.TWIN),
            [Put(replace(PARKED, state=PendingState.TWIN))],
            id="twin",
        ),
        pytest.param(
            decision(a_case(an_event(), pending=PARKED), Verdict.PARK, pending=PARKED), [], id="to-stay-as-it-is"
        ),
        pytest.param(
            decision(a_case(an_event()), Verdict.REREAD),
            [Put(replace(PARKED, parked=False, tries=1, retry_at=NOW + timedelta(minutes=2)))],
            id="to-be-read-again",
        ),
        pytest.param(decision(a_case(an_event(), pending=PARKED)), [Drop(PARKED)], id="waits-no-more"),
        pytest.param(decision(linked(an_event()), link=a_link(), in_step=frozenset()), [], id="as-known"),
    ],
)
def test_what_is_stored_where_nothing_is_written(of: Decision, rows: list[object]) -> None:
    """Nothing where nothing changes."""
    assert quiet_rows(of, CTX) == rows


@pytest.mark.parametrize(
    ("of", "is_entered"),
    [
        pytest.param(decision(linked(), Verdict.NOTHING), False, id="in-step"),
        pytest.param(decision(linked(), Verdict.NOTHING, intent=Intent.END), True, id="ended"),
        pytest.param(
            decision(linked(link=a_link(conflict=Conflict((), NOW))), Verdict.NOTHING, link=a_link()),
            True,
            id="conflict-closed",
        ),
        pytest.param(decision(a_case(an_event())), True, id="skipped"),
        pytest.param(decision(a_case(an_event(), pending=PARKED)), False, id="skipped-for-the-same-reason"),
        pytest.param(decision(linked(), link=life.parked(a_link(), "so")), True, id="parked"),
        pytest.param(decision(linked(), link=a_link()), False, id="skipped-as-before"),
    ],
)
def test_what_is_news_for_the_journal(of: Decision, is_entered: bool) -> None:
    """Not what is in step, nor what was known before."""
    assert is_news(of) is is_entered


def test_an_item_that_our_own_code_fails_on_is_parked() -> None:
    """Its link, or the row in which it waits."""
    link, waiting = mistaken_row(decision(linked())), mistaken_row(decision(a_case(an_event())))

    assert isinstance(link, Link)
    assert (link.status, link.reason) == (LinkStatus.PARKED, OWN_MISTAKE)
    assert isinstance(waiting, Pending)
    assert (waiting.parked, waiting.reason) == (True, OWN_MISTAKE)
