"""Commands: their names, and answers added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.command import is_id, merged, new_id, stamp

_INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given zone


@given(_INSTANTS)
def test_a_name_is_known_as_one(at: datetime) -> None:
    """And no two commands of one second have the same."""
    one, other = new_id(at), new_id(at)

    assert is_id(one)
    assert one != other
    assert one.startswith(stamp(at))


@given(_INSTANTS, st.timedeltas(timedelta(seconds=1), timedelta(days=40_000)))
def test_newer_names_sort_first(at: datetime, later: timedelta) -> None:
    """So that a page of the table is a page of the newest."""
    assert new_id(at + later) < new_id(at)


@given(st.text())
def test_no_other_text_is_a_name(text: str) -> None:
    """Nothing that could lead elsewhere in a table or an address."""
    assert not is_id(text) or text.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([], {}),
        ([{"users": [1], "fine": True}, {"users": [2], "fine": False}], {"users": [1, 2], "fine": False}),
        ([{"fine": False}, {"fine": True}], {"fine": False}),
        ([{"failure": "no"}, {"failure": ""}], {"failure": "no"}),
        ([{"failures": ["a"]}, {"users": []}], {"failures": ["a"], "users": []}),
        ([{"n": 0}], {"n": 0}),
    ],
)
def test_parts_add_up_to_an_answer(parts: list[dict[str, Any]], whole: dict[str, Any]) -> None:
    """In the shape that each of them has."""
    assert merged(parts) == whole
