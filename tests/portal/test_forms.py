"""Whether a change was meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.forms import is_from_here, name_of, shown_at, token
from portal.http import BODY_LIMIT, FIELD_LIMIT, Asked, TooMuch, read_asked

KEY = b"k" * 32
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
URL = "https://app.example/portal/do/pause"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def asked(headers: dict[str, str] | None = None, body: str = "") -> Asked:
    """A form that is sent."""
    return read_asked("POST", URL, {**FORM, **(headers or {})}, body.encode())


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "same-site", "origin": "https://app.example"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://calendar.acme.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://app.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_send_forms(headers: dict[str, str], is_ours: bool) -> None:
    """By what the browser says of where the form stood; without that, by the origin; without either, no."""
    assert is_from_here(asked(headers), ["https://calendar.acme.example", ""]) is is_ours


@pytest.mark.parametrize(
    ("person", "key", "later", "counts"),
    [
        ("anna", KEY, timedelta(minutes=59), True),
        ("anna", KEY, timedelta(hours=1), False),
        ("anna", KEY, timedelta(hours=-1), False),
        ("boris", KEY, timedelta(0), False),
        ("anna", b"other", timedelta(0), False),
    ],
)
def test_a_token_is_one_persons_for_an_hour(person: str, key: bytes, later: timedelta, counts: bool) -> None:
    """Shown to somebody else, made by somebody else, or too old, it counts for nothing."""
    made = token(KEY, "anna", NOW)
    found = shown_at(asked(body=f"token={made}"), key, person, NOW + later)

    assert found == (NOW if counts else None)
    assert shown_at(asked({"x-calsync-token": made}), key, person, NOW + later) == found


ZEROS = "0" * 64


@pytest.mark.parametrize(
    "given",
    ["", "1", ".", "1.zz", "ж.ж", *(f"{at}.{ZEROS}" for at in (10**13, 10**12 - 1, 10**11 - 1, 1772443800, "١١"))],
)
def test_no_token_is_made_up(given: str) -> None:
    """Texts of any form are refused, not understood."""
    assert shown_at(asked({"x-calsync-token": given}), KEY, "anna", NOW) is None


def test_a_double_click_asks_once() -> None:
    """The same form of the same person has one name; another form, or the same of somebody else, has another."""
    twice = [name_of(asked(body="once=0123456789abcdef"), "anna", NOW) for _ in range(2)]
    others = [
        name_of(asked(body="once=fedcba9876543210"), "anna", NOW),
        name_of(asked(body="once=0123456789abcdef"), "boris", NOW),
        name_of(asked(body="once=!"), "anna", NOW),
        name_of(asked(body="once=!"), "anna", NOW),
    ]

    assert len({*twice, *others}) == 5
    assert {len(one) for one in [*twice, *others]} == {12}


@pytest.mark.parametrize(
    ("url", "kind", "body", "status"),
    [
        (URL + "?" + "x" * 3_000, "application/x-www-form-urlencoded", b"", 414),
        (URL, "application/x-www-form-urlencoded", b"x" * (BODY_LIMIT + 1), 413),
        (URL, "application/x-www-form-urlencoded", b"a=" + b"x" * (FIELD_LIMIT + 1), 413),
        (URL, "application/x-www-form-urlencoded", b"a=1&" * 401, 400),
        (URL, "application/x-www-form-urlencoded", b"a=%ff", 400),
        (URL, "application/x-www-form-urlencoded", b"\xff", 400),
        (URL, "multipart/form-data; boundary=x", b"", 415),
        (URL, "application/json", b"[", 400),
        (URL, "application/json", b"[]", 400),
        (URL, "application/json", b'{"a": 1}', 400),
        (URL, "application/json", b"[" * 60_000, 400),
    ],
)
def test_a_request_beyond_the_bounds_is_refused(url: str, kind: str, body: bytes, status: int) -> None:
    """Too long, too many, or not to be understood."""
    with pytest.raises(TooMuch) as refused:
        read_asked("POST", url, {"Content-Type": kind}, body)
    assert refused.value.status == status


def test_a_program_may_send_json() -> None:
    """Texts and lists of texts, as a form has them."""
    told = read_asked("POST", URL, {"Content-Type": "application/json"}, b'{"a": "1", "b": ["2", "3"], "c": []}')

    assert (told.fields, told.several) == ({"a": "1", "b": "3"}, {"a": ("1",), "b": ("2", "3")})
