"""The frame of a round: what it finds by id, what it looks at daily, and which back-offs it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.model.memory import Memory
from sync_core.reading.frame import Frame, Scale
from tests.support.samples import NOW, a_context, a_link


def test_links_are_found_by_their_event() -> None:
    """Each under the id of its own."""
    first, second = a_link(), a_link(event_id="E2")
    frame = Frame(replace(Memory(), links=(first, second)), a_context())

    assert frame.links == {"E1": first, "E2": second}


@pytest.mark.parametrize(
    ("scale", "expected"),
    [(Scale(), False), (Scale(roll=True), True), (Scale(full=True), True), (Scale(renew=True), False)],
    ids=["any-other", "new-day", "full", "worn-window"],
)
def test_what_is_looked_at_daily(scale: Scale, *, expected: bool) -> None:
    """In the first round of a local day, and in every full one."""
    assert expected is Frame(Memory(), a_context(), scale).is_daily


@pytest.mark.parametrize(
    ("retry_in", "asked", "expected"),
    [
        pytest.param(timedelta(minutes=1), False, True, id="not-over"),
        pytest.param(timedelta(0), False, False, id="just-over"),
        pytest.param(None, False, False, id="no-back-off"),
        pytest.param(timedelta(minutes=1), True, False, id="somebody-asked"),
    ],
)
def test_an_item_waits_for_its_back_off(retry_in: timedelta | None, *, asked: bool, expected: bool) -> None:
    """Until its end, unless somebody asked for the round."""
    frame = Frame(Memory(), a_context(), Scale(after_backoff=not asked))

    assert expected is frame.waits(None if retry_in is None else NOW + retry_in)
