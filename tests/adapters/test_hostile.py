"""Hostile input: whatever JSON either side sends becomes a value or a parked item, and can be stored and decided.

From the contracts' shapes with wrong types, huge strings, control characters, lone surrogates and absurd dates.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.parse import read_activity, read_change, read_deletion
from adapters.graph.parse import parse_event
from adapters.store.codec import decode, encode
from sync_core.content.base import seal
from sync_core.model.decision import Decision
from sync_core.model.link import Link
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side
from sync_core.plan.decide import decide
from sync_core.plan.identity import new_link
from tests.support.budget import budget
from tests.support.hostile import EVENT, ROW, VALUES
from tests.support.samples import a_context, seen


def mangled(valid: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The valid shape with some fields dropped and some replaced, nested ones too."""
    names = st.sampled_from(sorted(valid))
    groups = {name: part for name, part in valid.items() if isinstance(part, dict)}
    nested = {k: st.dictionaries(st.sampled_from(sorted(part)), VALUES, max_size=2) for k, part in groups.items()}

    def build(dropped: list[str], changed: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        item = {k: v for k, v in valid.items() if k not in dropped} | changed
        for name, part in inner.items():
            if isinstance(item.get(name), dict):
                item[name] = {**item[name], **part}
        return item

    return st.builds(
        build,
        st.lists(names, max_size=2),
        st.dictionaries(names, VALUES, max_size=3),
        st.fixed_dictionaries({}, optional=nested),
    )


def digest(item: GraphEvent | ErpActivity) -> Decision:
    """A value that was understood can be decided on, whatever is in it."""
    case = seen(item, None) if isinstance(item, GraphEvent) else seen(None, item)
    return decide(case, a_context())


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(EVENT))
def test_any_graph_event_is_understood_or_parked(item: dict[str, Any]) -> None:
    """Parsing never raises; what was understood can be decided."""
    parsed = parse_event(item)

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.GRAPH
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(ROW))
def test_any_activity_is_understood_or_parked(row: dict[str, Any]) -> None:
    """The same for ERP.net's rows, and for the pull's."""
    parsed = read_activity(row)
    read_change(row)
    read_deletion({"EntityItemId": row.get("Id"), "LastUpdateTimeUtc": row.get("EndTime")})

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.ERP
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(60, 200), deadline=None)
@given(mangled(EVENT), mangled(ROW))
def test_any_pair_can_be_remembered(item: dict[str, Any], row: dict[str, Any]) -> None:
    """A link of whatever was understood is stored and read back the same."""
    event, activity = parse_event(item), read_activity(row)
    if isinstance(event, Malformed) or isinstance(activity, Malformed):
        return
    link = seal(new_link(event, activity, Side.GRAPH, a_context()))

    assert decode(encode(link), Link) == link
    assert isinstance(json.dumps(msgspec.to_builtins(link)), str)
