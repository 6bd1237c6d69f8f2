"""When a pair's meeting is over."""

from __future__ import annotations

from datetime import timedelta

from sync_core.plan.over import is_over_link
from tests.support.samples import NOW, PAST_ACTIVITY, PAST_EVENT, SOFIA, a_link, past_link


def test_a_link_is_over_when_both_bases_are() -> None:
    """The daily roll retires a link by its bases alone."""
    before = NOW - timedelta(days=1)

    assert is_over_link(past_link(), before, SOFIA)
    assert not is_over_link(a_link(base_event=PAST_EVENT), before, SOFIA)
    assert not is_over_link(a_link(base_activity=PAST_ACTIVITY), before, SOFIA)
