"""The codec: what the service would refuse is never sent, since Azurite would let it pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.store import codec
from sync_core.errors import RowUnreadable, StoreError
from sync_core.model.claim import Claim
from sync_core.model.conflict import CategoryState, Conflict
from sync_core.model.entries import KEPT, EnteredDate, JournalEntry
from sync_core.model.event import Window
from sync_core.model.hold import Approval, Hold
from sync_core.model.link import Link
from sync_core.model.memory import Cursors
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from tests.support.samples import a_link

PROPERTY_UNITS = 32_768
ENTITY_BYTES = 2**20
SPAN = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC))
IN_CONFLICT = Conflict((), SPAN.start, CategoryState.SET)


def units(text: object) -> int:
    """The length of a text as the service counts it, in UTF-16 code units."""
    return len(str(text).encode("utf-16-le")) // 2


@pytest.mark.parametrize("size", [0, 1, 15_999, 16_000, 31_950, 32_000, 64_000, 200_000])
@pytest.mark.parametrize("filling", ["a", "я", "😀", "a😀", '"'], ids=["ascii", "cyrillic", "emoji", "both", "quote"])
def test_no_property_is_too_long(size: int, filling: str) -> None:
    """However long and of whatever characters, a value is stored in properties within the limit and comes back."""
    value = Pending(Side.ERP, "id", reason=(filling * size)[:size])

    stored = codec.encode(value)

    assert max(units(part) for part in stored.values()) < PROPERTY_UNITS
    assert value == codec.decode(stored, Pending)


@pytest.mark.parametrize("shift", ["", "x"], ids=["even", "odd"])
def test_characters_are_not_cut_in_half(shift: str) -> None:
    """A character of two UTF-16 units at a property's end moves to the next property as a whole."""
    value = Pending(Side.ERP, shift + "😀" * 40_000)

    stored = codec.encode(value)

    assert list(stored) == ["v", "data0", "data1", "data2"]
    assert value == codec.decode(stored, Pending)


def test_largest_row_fits_an_entity() -> None:
    """The largest row that is accepted stays below 1 MiB, and a longer one is refused with its size."""
    room = codec.PARTS * codec.PART_UNITS - len(str(codec.encode(Pending(Side.ERP, ""))["data0"]))
    fullest = codec.encode(Pending(Side.ERP, "x" * room))

    assert 2 * sum(units(name) + units(part) for name, part in fullest.items()) < ENTITY_BYTES
    with pytest.raises(StoreError, match=r"of 448,001 characters does not fit a row \(448,000 at most"):
        codec.encode(Pending(Side.ERP, "x" * (room + 1)))


def test_half_a_character_is_refused() -> None:
    """A lone surrogate, which no JSON can carry, is refused with a sentence."""
    with pytest.raises(StoreError, match="half a character"):
        codec.encode(Pending(Side.ERP, "\ud83d"))


@pytest.mark.parametrize("version", [0, 3, None, "1"])
def test_other_versions_are_refused(version: object) -> None:
    """A row of neither this build's schema version nor the one before is refused, with the versions in the text."""
    stored: dict[str, object] = {**codec.encode(Pending(Side.ERP, "id")), "v": version}

    with pytest.raises(RowUnreadable, match=rf"version {version}, this build reads versions 1 and 2"):
        codec.decode(stored, Pending)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"side":"moon","item_id":"x"}', '{"side":"erp"}'])
def test_other_shapes_are_refused(text: str) -> None:
    """A row whose content is not the value it should be is refused, not filled up with guesses."""
    with pytest.raises(RowUnreadable, match="a stored Pending cannot be read"):
        codec.decode({"v": 1, "data0": text}, Pending)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(Claim("uid", user_id="anna"), '"holder":"anna"', id="claim"),
        pytest.param(Cursors(delta_window=SPAN), '"token":{"start":"2026-01-05T00:00:00Z"', id="cursors"),
        pytest.param(Hold("h1", "why", (), SPAN.start, Approval.APPROVED), '"answer":"approved"', id="hold"),
        pytest.param(a_link(conflict=IN_CONFLICT), '"mark":"set"}', id="link-in-conflict"),
        pytest.param(a_link(), '"conflict":null', id="link"),
    ],
)
def test_a_renamed_field_keeps_its_stored_name(value: Claim | Cursors | Hold | Link, name: str) -> None:
    """A field has the name that older builds know, and comes back as it was."""
    stored = codec.encode(value)

    assert name in str(stored["data0"])
    assert codec.decode(stored, type(value)) == value


def test_peek_reads_any_version() -> None:
    """One text can be told of a row of any version or shape, which is what erasing needs."""
    assert codec.peek({**codec.encode(Pending(Side.ERP, "id")), "v": 99}, "item_id") == "id"
    assert [codec.peek({"data0": text}, "item_id") for text in ("{", "[]", '{"item_id":7}')] == ["", "", ""]


def test_keys() -> None:
    """Ids without odd characters are their own keys; all others get a hash that no plain id can equal."""
    plain = "6f1c8a52-0b7e-4c3d-9a10-5d2f0c6b7e81"
    odd = ["a/b", "a\\b", "a#b", "a?b", "a%b", "a+b", "a=b", "a b", "a'b", "\x00", "", "é", "x" * 129, "~" + "0" * 64]

    assert plain == codec.key(plain)
    assert len(odd) == len({codec.key(one) for one in odd})
    assert all(codec.key(one).startswith("~") and codec.key(one) != one for one in odd)


def test_hashes_keep_texts_apart() -> None:
    """Different texts have different hashes, also where their joints differ or only a letter's case."""
    assert len({codec.hashed("ab", "c"), codec.hashed("a", "bc"), codec.hashed("abc"), codec.hashed("ABC")}) == 4
    assert len(codec.hashed("\ud83d")) == 64


def test_journal_values_are_bounded() -> None:
    """The cut leaves exactly the bound, says the true length, and leaves shorter values alone."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    entry = JournalEntry("u", at, "r", "updated", reason="x" * 2_001, before={"a": "y" * 2_000})

    bounded = codec.bounded(entry)

    assert len(bounded.reason) == codec.JOURNAL_VALUE
    assert bounded.reason.endswith("x … (cut, 2,001 characters)")
    assert entry.before == bounded.before
    assert bounded == codec.bounded(bounded)


def test_values_of_dates_are_bounded() -> None:
    """Those of an entry about a whole series, too."""
    dates = (EnteredDate("E1", "A1", None, before={"erp.body": "x" * 3_000}, after={"erp.body": "y"}),)
    bounded = codec.bounded(JournalEntry("u", datetime(2026, 1, 1, tzinfo=UTC), "r", "updated", dates=dates))

    assert [len(one.before["erp.body"]) for one in bounded.dates] == [codec.JOURNAL_VALUE]
    assert bounded.dates[0].after == {"erp.body": "y"}
    assert KEPT == codec.JOURNAL_VALUE
