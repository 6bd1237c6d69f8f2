"""Compares each plan that a round makes from few links with the plan that it would make from all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from jobs.quarantine import Sifted
from jobs.round.planning import Plan
from jobs.round.prepare import Prepared
from jobs.round.run import _Round
from sync_core.model.memory import Memory

TRIES = 5
"""The most pairs of plans that are compared: another person's round may change what is read between the two."""


def in_words(sifted: Sifted[Plan]) -> list[str]:
    """All that a plan would do, in no order."""
    plan = sifted.plan
    return sorted([*map(repr, plan.decisions), *map(repr, plan.findings.moves), repr(plan.hold)])


@contextmanager
def every_plan_compared() -> Iterator[Counter[str]]:
    """Rounds plan twice, from few links and from all; counts the plans that could be compared, and the others."""
    plans: Counter[str] = Counter()
    sifted_of = _Round._sifted

    async def compared(self: _Round, memory: Memory, prepared: Prepared) -> Sifted[Plan]:
        fence = self._fence
        before = fence.memory if fence is not None else None
        few = again = await sifted_of(self, memory, prepared)
        if fence is None or memory.unread is None:
            plans["of all"] += 1
            return few
        plans["of few"] += 1
        after = fence.memory
        for _ in range(TRIES):
            whole = replace(await self._world.store.recall(self._user.id), inbox=memory.inbox, wake=memory.wake)
            everything = await sifted_of(self, whole, prepared)
            assert again.memory.running == everything.memory.running
            if in_words(again) == in_words(everything):
                break
            plans["changed"] += 1
            fence.memory = before
            again = await sifted_of(self, memory, prepared)
        assert in_words(again) == in_words(everything)
        fence.memory = after
        return few

    with patch.object(_Round, "_sifted", compared):
        yield plans
