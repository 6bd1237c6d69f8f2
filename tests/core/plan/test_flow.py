"""The merge of a live pair before any rule: what goes where, and which side wins a conflict."""

from __future__ import annotations

from sync_core.content.compare import Pair
from sync_core.model.sides import Field
from sync_core.plan.flow import merged_flow
from tests.support.samples import a_context, an_activity, an_event, linked, noted, shown


def test_the_merge_comes_before_the_rules() -> None:
    """Fields go where they were not edited; what was edited twice goes where it lost."""
    case = linked(
        an_event(shown(subject="Plan", body="Minutes")), an_activity(noted(subject="Forecast", priority="High"))
    )
    assert case.link is not None
    flow = merged_flow(Pair(case, case.link, has_base=True), a_context())

    assert flow.to_erp == {Field.SUBJECT, Field.BODY}
    assert flow.to_graph == {Field.PRIORITY}
    assert flow.twice == {Field.SUBJECT}
    assert [field for field, _ in flow.solved] == [Field.SUBJECT]
