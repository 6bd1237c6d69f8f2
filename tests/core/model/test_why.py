"""Reasons by name: what rows call them, and how one is told from words alone."""

from __future__ import annotations

import pytest

from sync_core.model.why import Why, by_code, named


@pytest.mark.parametrize("why", Why)
def test_a_reason_has_a_code_of_its_own(why: Why) -> None:
    """And no other leads to it."""
    assert by_code(why.code) is why
    assert [one for one in Why if one.code == why.code] == [why]


def test_codes_of_other_builds_name_nothing() -> None:
    """Nor does a sentence, or a row without any."""
    assert [by_code(code) for code in ("of-tomorrow", "", "SERIES", Why.SERIES.value)] == [None] * 4


def test_the_same_words_are_no_reason_by_name() -> None:
    """Only what was given as a reason is one, however it reads."""
    assert named(Why.SERIES) is Why.SERIES
    assert (named(Why.SERIES.value), named(f"{Why.SERIES}; in the past"), named("")) == (None,) * 3
