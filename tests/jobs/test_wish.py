"""What can be asked of the app: bounds, and what a wish must say."""

from __future__ import annotations

import pytest

from jobs.wish import CHOICES, MOST_PEOPLE, MOST_TEXT, NEEDS, Kind, Wish, WishInvalid, check


@pytest.mark.parametrize(
    "wish",
    [
        Wish(Kind.ENABLE, ("anna@acme.example",), company="1", location="2", zone="Europe/Sofia"),
        Wish(Kind.SYNC),
        Wish(Kind.SYNC, everybody=True, full=True),
        Wish(Kind.PAUSE, everybody=True, until="2026-02-01"),
        Wish(Kind.APPROVE, item="1a2b3c4d", choice="drop"),
        Wish(Kind.RESOLVE, ("u",), item="1a2b3c4d", choice="fields", fields={"subject": "erp"}),
        Wish(Kind.DOCTOR, repair=True),
    ],
)
def test_a_whole_wish_is_taken(wish: Wish) -> None:
    """Nothing is asked back."""
    check(wish)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(Kind.ENABLE), "say people"),
        (Wish(Kind.WHY, ("u",)), "say item"),
        (Wish(Kind.WHY, everybody=True), "say people and item"),
        (Wish(Kind.SYNC, ("u",), everybody=True), "either whom or everybody"),
        (Wish(Kind.RETRY, item="i"), "say whose item it is"),
        (Wish(Kind.APPROVE, item="i", choice="perhaps"), "choose one of approve, drop"),
        (Wish(Kind.SYNC, choice="approve"), "choose one of"),
        (Wish(Kind.RESOLVE, item="i", choice="fields"), "for each field"),
        (Wish(Kind.RESOLVE, item="i", choice="erp", fields={"subject": "erp"}), "for each field"),
        (Wish(Kind.RESOLVE, item="i", choice="fields", fields={"subject": "mine"}), "for each field"),
        (Wish(Kind.WHY, ("u",), item="\ud800"), "half a character"),
        (Wish(Kind.RESOLVE, item="i", choice="fields", fields={"\udfff": "erp"}), "half a character"),
        (Wish(Kind.WHY, ("u",), item="x" * (MOST_TEXT + 1)), "too much"),
        (Wish(Kind.SYNC, ("u",) * (MOST_PEOPLE + 1)), "too much"),
        (Wish(Kind.SYNC, ("u" * 40,) * MOST_PEOPLE), "name half of them"),
        (Wish(Kind.RESOLVE, item="i", choice="fields", fields={str(n): "erp" for n in range(21)}), "too much"),
    ],
)
def test_what_nobody_can_do_is_refused(wish: Wish, why: str) -> None:
    """With the words that help."""
    with pytest.raises(WishInvalid, match=why):
        check(wish)


def test_every_table_of_wishes_knows_its_kinds() -> None:
    """What a kind must say is a part of a wish."""
    parts = set(Wish.__dataclass_fields__)

    assert {name for names in NEEDS.values() for name in names} <= parts
    assert set(CHOICES) <= set(Kind)
