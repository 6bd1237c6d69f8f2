"""The place that an administrator names: found by id, name or number, or refused with the candidates."""

from __future__ import annotations

import pytest

from jobs.places import UnknownPlace, choose
from jobs.ports import Place

ACME = Place("c1", "l1", "Acme Ltd", "Head Office", "REG1")
SHOP = Place("c1", "l2", "Acme Ltd", "Shop", "REG1")
BETA = Place("c2", "l3", "Beta", "Head Office", "REG2")
TWIN = Place("c3", "l4", "beta", "Store", "REG3")
BARE = Place("c4", "", "Bare", "", "REG4")
PLACES = [ACME, SHOP, BETA, TWIN, BARE]


@pytest.mark.parametrize(
    ("company", "location", "known", "expected"),
    [
        ("c1", "l2", ("", ""), SHOP),
        ("C1", "L2", ("", ""), SHOP),
        ("acme  ltd", "SHOP", ("", ""), SHOP),
        ("reg1", "head office", ("", ""), ACME),
        ("REG2", "", ("", ""), BETA),
        ("beta", "head office", ("", ""), BETA),
        ("Acme Ltd", "", ("c1", "l2"), SHOP),
        ("", "Shop", ("c1", "l1"), SHOP),
        ("", "head office", ("c2", "l3"), BETA),
        ("", "store", ("", ""), TWIN),
    ],
    ids=[
        "ids",
        "ids-in-capitals",
        "names",
        "code-and-name",
        "the-only-location",
        "twins-told-apart-by-location",
        "the-location-one-has",
        "another-location-of-ones-company",
        "ones-company-of-two",
        "the-only-one-of-that-name",
    ],
)
def test_a_place_is_found(company: str, location: str, known: tuple[str, str], expected: Place) -> None:
    """By id, name or code, in any letter case, as long as one place is meant."""
    assert expected == choose(PLACES, company, location, known)


@pytest.mark.parametrize(
    ("company", "location", "said"),
    [
        (
            "foo",
            "",
            ["no enterprise company is called 'foo'", "Acme Ltd, REG1 (c1)", "Beta, REG2 (c2)", "beta, REG3"],
        ),
        ("beta", "", ["several places are meant", "Head Office (l3)", "Store (l4)"]),
        ("Acme Ltd", "", ["several places are meant", "Head Office (l1)", "Shop (l2)"]),
        ("Acme Ltd", "cellar", ["no location of the company is called 'cellar'", "Head Office (l1)", "Shop (l2)"]),
        ("", "head office", ["several places are meant", "Acme Ltd, REG1 (c1) / Head Office (l1)"]),
        ("Bare", "", ["has no location"]),
    ],
)
def test_no_or_several_places_are_listed(company: str, location: str, said: list[str]) -> None:
    """What fits none or several is answered with the candidates by name, with their ids."""
    with pytest.raises(UnknownPlace) as refused:
        choose(PLACES, company, location, ("", ""))

    assert [text for text in said if text not in str(refused.value)] == []
