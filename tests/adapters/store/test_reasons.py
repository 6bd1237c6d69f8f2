"""The reasons of stored rows: told by their codes, and by the sentences where a build wrote no codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from adapters.store import codec
from adapters.store.journal import JournalPage
from sync_core.errors import RowUnreadable
from sync_core.model.claim import Claim
from sync_core.model.conflict import Chosen, Clash, Conflict
from sync_core.model.entries import JournalEntry
from sync_core.model.link import Link, LinkStatus
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.model.why import Why, named
from tests.support.samples import a_link

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

CLASH = Clash("time", "9:00", "10:00", Why.NEIGHBOUR)
OTHER = Clash("subject", "Plan", "Budget", "HTTP 400")
LINK = a_link(
    status=LinkStatus.PARKED,
    reason=Why.SERIES,
    reread=Why.ANOTHER_DATE,
    conflict=Conflict((OTHER, CLASH), AT),
    chosen=(Chosen(replace(CLASH, why=Why.LOCKED), Side.ERP),),
)
ENTRY = JournalEntry("u", AT, "r", "event created", Why.MADE_ANEW)


def in_link(link: Link) -> list[Why | None]:
    """Which reasons a link holds, everywhere."""
    clashes = link.conflict.clashes if link.conflict else ()
    return [*map(named, (link.reason, link.reread, *(x.why for x in clashes), *(x.clash.why for x in link.chosen)))]


NAMES = [Why.SERIES, Why.ANOTHER_DATE, None, Why.NEIGHBOUR, Why.LOCKED]

ROWS = {
    "a link": (LINK, in_link, NAMES),
    "what a claim's former feeder left": (Claim("k", "u", "a", AT, left=LINK), lambda x: in_link(x.left), NAMES),
    "a claim that nobody left": (Claim("k", "u", "a", AT), lambda x: [x.left], [None]),
    "an entry": (ENTRY, lambda x: [named(x.reason)], [Why.MADE_ANEW]),
    "entries in one row": (
        JournalPage((replace(ENTRY, reason="HTTP 400"), ENTRY)),
        lambda x: [named(one.reason) for one in x.entries],
        [None, Why.MADE_ANEW],
    ),
    "an item without a link": (
        Pending(Side.ERP, "a", reason=Why.OUTSIDE),
        lambda x: [named(x.reason)],
        [Why.OUTSIDE],
    ),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("has_codes", [True, False], ids=["this-build", "a-build-without-codes"])
def test_a_reason_is_what_it_was(name: str, *, has_codes: bool) -> None:
    """By name, and nothing else of the row is another."""
    value, reasons, expected = ROWS[name]
    row = codec.encode(value)
    found = codec.decode({key: part for key, part in row.items() if has_codes or key != codec.CODES}, type(value))

    assert (found, reasons(found)) == (value, expected)


def test_a_build_without_codes_reads_sentences() -> None:
    """In the value as ever; the codes stand beside it, and rows without reasons of ours have none."""
    row = codec.encode(LINK)
    kept = msgspec.json.decode(str(row["data0"]))

    assert (kept["reason"], kept["reread"]) == (Why.SERIES.value, Why.ANOTHER_DATE.value)
    assert msgspec.json.decode(str(row[codec.CODES])) == {
        "reason": "series",
        "reread": "another-date",
        "conflict.clashes.1.why": "neighbour",
        "chosen.0.clash.why": "locked",
    }
    assert codec.CODES not in codec.encode(a_link(reason="HTTP 400"))


SAID = {
    "part of a recurring series": "series",
    "cancelled": "cancelled",
    "an activity type that is not synced": "other-type",
    "void in ERP.net": "void",
    "its creator does not have sync switched on": "creator-off",
    "it is in a colleague's calendar already": "taken",
    "private, and private items are not synced": "private",
    "older than a day": "old",
    "outside the window": "outside",
    "sync runs in one direction only": "one-way",
    "in the past": "past",
    "organised by someone else": "invited",
    "no default company and location": "no-company",
    "the activity is read-only in ERP.net": "locked",
    "part of a mass deletion": "mass-deletion",
    "Outlook lets no date of a series move on or across the day of the one beside it": "neighbour",
    "its series was changed: it goes on with another date": "another-date",
    "made anew, since a person took a round back": "made-anew",
}
"""What builds without codes have stored, with what it is called since: stays as it is, whatever is said today."""


@pytest.mark.parametrize("sentence", SAID)
def test_every_sentence_that_was_stored_is_known(sentence: str) -> None:
    """In a row without codes, for as long as such rows may be read."""
    found = codec.decode(codec.encode(a_link(reason=sentence)), Link)
    why = named(found.reason)

    assert why is not None
    assert why.code == SAID[sentence]


@pytest.mark.parametrize("said", ["HTTP 400: part of a recurring series", "cancelled in Outlook; in the past", ""])
def test_other_words_stay_words(said: str) -> None:
    """Those of another system, and a reason that goes on."""
    found = codec.decode(codec.encode(a_link(reason=said)), Link)

    assert (found.reason, named(found.reason)) == (said, None)


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        pytest.param("series", "one date of many", Why.SERIES, id="in-other-words"),
        pytest.param("series", Why.OUTSIDE.value, Why.SERIES, id="the-code-counts"),
        pytest.param("of-tomorrow", "one date of many", "one date of many", id="a-later-build"),
    ],
)
def test_a_reason_has_the_words_of_today(code: str, words: str, expected: str) -> None:
    """Where its code is known; the reason of a later build is told as that build told it."""
    row = codec.encode(a_link(reason=words))
    found = codec.decode({**row, codec.CODES: f'{{"reason":"{code}"}}'}, Link)

    assert (found.reason, named(found.reason)) == (expected, named(expected))


@pytest.mark.parametrize("codes", ["{", "[]", '{"reason":1}'])
def test_codes_that_cannot_be_read_spoil_their_row_alone(codes: str) -> None:
    """As any other part of a row."""
    with pytest.raises(RowUnreadable, match="a stored Link cannot be read"):
        codec.decode({**codec.encode(a_link()), codec.CODES: codes}, Link)
