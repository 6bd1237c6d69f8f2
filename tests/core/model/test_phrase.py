"""A phrase: its English, and the code and values by which it is said in another language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sync_core.model.phrase import Phrase, Sayings

AT = datetime(2026, 1, 26, 9, 30, tzinfo=UTC)


class Says(Sayings):
    """What a room might say."""

    LAST_SEEN = "last seen at {at:%H:%M} on {day} by {count}"
    NOTHING = "nothing"


def test_a_phrase_has_its_words_its_code_and_its_values() -> None:
    """Times and days are kept in the form for machines, everything else as text."""
    told = Says.LAST_SEEN.say(at=AT, day=date(2026, 1, 26), count=3)

    assert (str(told), told.text) == (told.text, "last seen at 09:30 on 2026-01-26 by 3")
    assert (told.code, told.values) == (
        "last-seen",
        {"at": "2026-01-26T09:30:00+00:00", "day": "2026-01-26", "count": "3"},
    )
    assert Says.NOTHING.say() == Phrase("nothing", "nothing")


def test_a_value_that_is_missing_is_a_mistake() -> None:
    """It is found where the phrase is made, and never by whoever reads it."""
    with pytest.raises(KeyError):
        Says.LAST_SEEN.say(at=AT)
