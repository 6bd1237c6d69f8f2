"""One date of a series: what identifies it, alike whatever Graph calls it (the forms of graph.md §6)."""

from __future__ import annotations

from datetime import date

import pytest

from sync_core.content.ranges import EXTERNAL_ID_LIMIT, external_id_of, uid_key
from sync_core.model.series import EVERY_DAY, WORKDAYS, Occurrence, Recurrence, Rhythm, day_in, series_uid_of

JUNE = date(2026, 6, 25)
TAIL = "00D09A1F3E5B01DC01000000000000000010000000" + "5F" * 16
MASTER = f"040000008200E00074C5B7101A82E00800000000{TAIL}"
DATED = f"040000008200E00074C5B7101A82E00807EA0619{TAIL}"
GOOGLE = "0tpv4k1h8q@google.com"
INNER = b"vCal-Uid\x01\x00\x00\x00" + GOOGLE.encode() + b"\x00"
WRAPPED = f"040000008200E00074C5B7101A82E00807EA0619{'00' * 16}{len(INNER):02X}000000{INNER.hex().upper()}"


@pytest.mark.parametrize("uid", [MASTER, DATED, MASTER.lower(), DATED.lower()])
def test_all_forms_of_a_uid_name_one_series(uid: str) -> None:
    """With the date or without, in any letter case."""
    assert series_uid_of(uid) == MASTER


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        pytest.param(DATED, JUNE, id="25 June in hexadecimal"),
        pytest.param(DATED.lower(), JUNE, id="in small letters"),
        pytest.param(MASTER, None, id="a master or a single event"),
        pytest.param(MASTER[:32] + "07EA0D19" + TAIL, None, id="a month 13"),
        pytest.param(MASTER[:32] + "07EAXX19" + TAIL, None, id="no hexadecimal"),
        pytest.param(GOOGLE, None, id="of another system"),
        pytest.param(DATED[:36], None, id="cut off"),
        pytest.param("", None, id="none"),
    ],
)
def test_the_original_date_is_read_from_the_uid(uid: str, expected: date | None) -> None:
    """Characters 33 to 40."""
    assert day_in(uid) == expected


def test_the_uid_of_a_date_is_computed() -> None:
    """As Exchange writes it, from the series' own in any form."""
    assert Occurrence(series_uid_of(DATED.lower()), JUNE).uid == DATED


@pytest.mark.parametrize("uid", [GOOGLE, WRAPPED])
def test_another_systems_series_is_known_by_its_own_uid(uid: str) -> None:
    """Also where Exchange wraps it; the date stands behind it, under a system name of ours."""
    found = Occurrence(series_uid_of(uid), JUNE)

    assert (found.uid, found.is_foreign) == (f"{GOOGLE}_20260625", True)
    assert not Occurrence(MASTER, JUNE).is_foreign


def test_a_wrapped_uid_that_cannot_be_unwrapped_stays_exchanges() -> None:
    """Bytes that are no text."""
    spoilt = WRAPPED[:104] + "FF" + WRAPPED[106:]

    assert series_uid_of(spoilt) == spoilt[:32] + "00000000" + spoilt[40:]


def test_dates_of_one_series_differ_and_are_found_case_blind() -> None:
    """Their keys are dates, never instants."""
    one, other = Occurrence(MASTER, JUNE), Occurrence(MASTER, date(2026, 7, 2))

    assert uid_key(one.uid) != uid_key(other.uid)
    assert uid_key(one.uid) == uid_key(DATED.lower())
    assert (one.is_of(MASTER.lower()), one.is_of(GOOGLE)) == (True, False)


def test_a_long_foreign_uid_becomes_a_short_external_id_of_its_own() -> None:
    """ERP.net holds 254 characters; each date still has its own."""
    long = "x" * 1_034
    ids = {external_id_of(Occurrence(long, date(2026, 6, day)).uid) for day in (18, 25)}

    assert len(ids) == 2
    assert all(len(one) <= EXTERNAL_ID_LIMIT for one in ids)


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [
        (Recurrence(Rhythm.DAILY), 1),
        (Recurrence(Rhythm.WEEKLY), 7),
        (Recurrence(Rhythm.WEEKLY, 2), 14),
        (Recurrence(Rhythm.MONTHLY), 28),
        (Recurrence(Rhythm.YEARLY, 0), 365),
    ],
)
def test_an_interval_has_at_least_so_many_days(recurrence: Recurrence, days: int) -> None:
    """The shortest month counts; an interval of nothing is one."""
    assert recurrence.days == days


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        (None, "In a series"),
        (Recurrence(Rhythm.DAILY), "Daily"),
        (Recurrence(Rhythm.DAILY, 3), "Every 3 days"),
        (Recurrence(Rhythm.WEEKLY), "Weekly"),
        (Recurrence(Rhythm.WEEKLY, 2), "Every second week"),
        (Recurrence(Rhythm.WEEKLY, 1, (0, 2)), "Weekly (Mon, Wed)"),
        (Recurrence(Rhythm.WEEKLY, 2, WORKDAYS), "Every second week (Mon, Tue, Wed, Thu, Fri)"),
        (Recurrence(Rhythm.WEEKLY, 1, WORKDAYS), "Every weekday"),
        (Recurrence(Rhythm.WEEKLY, 1, EVERY_DAY), "Daily"),
        (Recurrence(Rhythm.MONTHLY, 2), "Every second month"),
        (Recurrence(Rhythm.MONTHLY, 6), "Every 6 months"),
        (Recurrence(Rhythm.YEARLY, 0), "Yearly"),
    ],
)
def test_people_read_how_often_and_which_date(recurrence: Recurrence | None, expected: str) -> None:
    """The original date, wherever it was moved."""
    date = Occurrence(MASTER, JUNE).repeated(recurrence)
    assert (date.text, date.recurrence) == (f"{expected}, 25 June", recurrence)
