"""What waits for a person's choice, and what a retry would change, by what is stored alone."""

from __future__ import annotations

import pytest

from jobs.approvals import choices_in, is_called, is_retriable
from sync_core.model import link as life
from sync_core.model.decision import Intent
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import Link
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from tests.support.samples import NOW, a_link

ITEM = HeldItem("E1", "A1", "void")


def a_hold(approval: Approval = Approval.OPEN, items: tuple[HeldItem, ...] = (ITEM,)) -> Hold:
    """A list of deletions."""
    return Hold("hold-1", "mass deletion", items, NOW, approval)


def parked(
    state: PendingState = PendingState.PARTNER_GONE, side: Side = Side.GRAPH, *, is_parked: bool = True
) -> Pending:
    """An item that waits in this state."""
    return Pending(side, "E1" if side is Side.GRAPH else "A1", parked=is_parked, state=state)


@pytest.mark.parametrize(
    ("memory", "declined", "expected"),
    [
        pytest.param(Memory(), False, 0, id="nothing"),
        pytest.param(Memory(holds=(a_hold(),)), False, 1, id="open-list"),
        pytest.param(Memory(holds=(a_hold(Approval.APPROVED),)), False, 0, id="answered-list"),
        pytest.param(Memory(holds=(a_hold(items=()),)), False, 0, id="empty-list"),
        pytest.param(Memory(pending=(parked(),)), False, 1, id="partner-gone"),
        pytest.param(Memory(pending=(parked(is_parked=False),)), False, 0, id="partner-gone-and-not-parked"),
        pytest.param(Memory(pending=(parked(PendingState.TWIN),)), False, 0, id="nobody-is-asked"),
        pytest.param(Memory(pending=(parked(PendingState.DECLINED),)), False, 0, id="declined"),
        pytest.param(Memory(pending=(parked(PendingState.DECLINED),)), True, 1, id="declined-and-asked-for"),
    ],
)
def test_what_waits_for_a_choice(memory: Memory, expected: int, *, declined: bool) -> None:
    """Lists of deletions and items whose partner is gone; a no can still be turned into a yes."""
    assert len(choices_in(memory, declined=declined)) == expected


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (Side.GRAPH, HeldItem("E1", "", Intent.CREATE_ACTIVITY)),
        (Side.ERP, HeldItem("", "A1", Intent.CREATE_EVENT)),
    ],
)
def test_a_choice_says_what_would_be_made(side: Side, expected: HeldItem) -> None:
    """The counterpart on the other side."""
    [choice] = choices_in(Memory(pending=(parked(side=side),)))

    assert choice.items == (expected,)


def test_each_choice_has_an_id_of_its_own() -> None:
    """The same item on the other side is another choice, and the id is the same in every listing."""
    memory = Memory(pending=(parked(), Pending(Side.ERP, "E1", parked=True, state=PendingState.PARTNER_GONE)))
    ids = [choice.id for choice in choices_in(memory)]

    assert len(set(ids)) == 2
    assert ids == [choice.id for choice in choices_in(memory)]


@pytest.mark.parametrize(
    ("memory", "item", "expected"),
    [
        pytest.param(Memory(links=(life.parked(a_link(), "why"),)), "", True, id="parked-pair"),
        pytest.param(Memory(links=(life.parked(a_link(), "why"),)), "E1", True, id="named"),
        pytest.param(Memory(links=(life.parked(a_link(), "why"),)), "E2", False, id="another-is-named"),
        pytest.param(Memory(links=(a_link(),)), "E1", False, id="in-step"),
        pytest.param(Memory(links=(life.unlinked(a_link(), "unlinked", NOW),)), "", False, id="unlinked"),
        pytest.param(Memory(links=(life.unlinked(a_link(), "unlinked", NOW),)), "E1", True, id="unlinked-and-named"),
        pytest.param(Memory(pending=(parked(PendingState.TWIN),)), "", True, id="parked-item"),
        pytest.param(Memory(pending=(parked(),)), "E1", False, id="waits-for-a-choice"),
    ],
)
def test_what_a_retry_would_change(memory: Memory, item: str, *, expected: bool) -> None:
    """What waits for a choice is not made anew by a retry, and what a person took apart only if it is named."""
    assert expected is is_retriable(memory, item)


@pytest.mark.parametrize(
    ("link", "item", "expected"),
    [
        (a_link(), "E1", True),
        (a_link(), "e1", False),
        (a_link(), "a1", True),
        (a_link(activity_id=""), "", False),
    ],
    ids=["event", "event-in-another-case", "activity-in-another-case", "nothing"],
)
def test_how_a_pair_is_called(link: Link, item: str, *, expected: bool) -> None:
    """Graph's ids are told apart by case, ERP.net's are not."""
    assert expected is is_called(link, item)
