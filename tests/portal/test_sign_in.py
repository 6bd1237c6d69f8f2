"""Who is believed to be whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest

from portal.http import read_asked
from portal.sign_in import (
    COOKIE,
    NotLetIn,
    Person,
    Role,
    Trouble,
    development_cookie,
    is_development,
    person_of,
    read_principal,
)
from tests.support.visitor import AZURE, TENANT, Json, claim, principal, signed_in

LONG = "http://schemas.microsoft.com/identity/claims/"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
KEY = b"k" * 32
LOCAL = {"PORTAL_SIGN_IN": "development"}
HERE = "http://127.0.0.1:7071/portal"


@pytest.mark.parametrize(
    "header",
    [
        principal(claim("oid", "anna"), claim("tid", "ACME"), claim("name", "Анна"), claim("roles", Role.ADMIN)),
        principal(
            claim(f"{LONG}objectidentifier", "anna"),
            claim(f"{LONG}tenantid", TENANT),
            claim("name", "Анна"),
            claim(ROLE, Role.ADMIN),
        ),
        principal(
            claim("oid", "anna"),
            claim("tid", TENANT),
            claim("who", "Анна"),
            claim("what", Role.ADMIN),
            name_typ="who",
            role_typ="what",
        ),
        principal(
            claim("oid", "anna"),
            claim(f"{LONG}objectidentifier", "anna"),
            claim("tid", TENANT),
            claim("name", "Анна"),
            claim("roles", "other"),
            claim("roles", Role.ADMIN),
        ).rstrip("="),
    ],
    ids=["short", "long", "named-types", "twice-and-unpadded"],
)
def test_a_principal_is_understood(header: str) -> None:
    """Either spelling of a claim counts, whatever the platform calls roles and names, padded or not."""
    assert read_principal(header, TENANT) == Person("anna", "Анна", frozenset({Role.ADMIN}))


def test_a_name_is_no_identity() -> None:
    """Neither a name nor an address that looks like somebody's id makes anybody that person."""
    header = principal(claim("name", "boris"), claim("oid", "anna"), claim("tid", TENANT), claim("email", "boris"))
    assert read_principal(header, TENANT).id == "anna"


@pytest.mark.parametrize(
    ("header", "trouble"),
    [
        ("", Trouble.NOT_SIGNED_IN),
        ("%%%", Trouble.NOT_UNDERSTOOD),
        ("A" * 70_000, Trouble.NOT_UNDERSTOOD),
        (base64.b64encode(b"[]").decode(), Trouble.NOT_UNDERSTOOD),
        (base64.b64encode(b"[" * 40_000).decode(), Trouble.NOT_UNDERSTOOD),
        (base64.b64encode(b'{"auth_typ": "aad"}').decode(), Trouble.NOT_UNDERSTOOD),
        (principal(claim("tid", TENANT)), Trouble.NOT_UNDERSTOOD),
        (principal(claim("oid", "a/b"), claim("tid", TENANT)), Trouble.NOT_UNDERSTOOD),
        (principal(claim("oid", "anna"), claim("oid", "boris"), claim("tid", TENANT)), Trouble.NOT_UNDERSTOOD),
        (principal(claim("oid", "anna"), claim("tid", TENANT), auth_typ="google"), Trouble.NOT_UNDERSTOOD),
        (principal(claim("oid", "anna")), Trouble.OTHER_TENANT),
        (principal(claim("oid", "anna"), claim("tid", "globex")), Trouble.OTHER_TENANT),
        (principal(claim("oid", "anna"), claim("tid", TENANT), claim("tid", "globex")), Trouble.OTHER_TENANT),
        (principal(*[claim("x", "y")] * 1_001), Trouble.NOT_UNDERSTOOD),
        (principal(*[claim("x", "y")], claims=[1, None, {"typ": 1, "val": []}]), Trouble.NOT_UNDERSTOOD),
    ],
)
def test_what_is_not_believed(header: str, trouble: Trouble) -> None:
    """No header, a spoilt one, somebody of nobody's id or of two, of another tenant or provider."""
    with pytest.raises(NotLetIn) as refused:
        read_principal(header, TENANT)
    assert refused.value.trouble == trouble


def test_without_a_tenant_nobody_is_let_in() -> None:
    """An app that does not know its own tenant cannot tell who belongs to it."""
    for tenant in ("", "acme"):
        header = principal(claim("oid", "anna"), claim("tid", ""))
        with pytest.raises(NotLetIn):
            read_principal(header, tenant)


def who(environ: Mapping[str, str], headers: Mapping[str, str], url: str = HERE) -> Person:
    """Who asks, in this environment."""
    return person_of(read_asked("GET", url, headers, b""), environ, KEY)


@pytest.mark.parametrize("told", [{}, {"WEBSITE_AUTH_ENABLED": "False"}, {"WEBSITE_AUTH_ENABLED": ""}, LOCAL])
def test_a_forged_header_counts_for_nothing(told: Json) -> None:
    """Unless the platform says that it signs people in, nobody is who a header says."""
    with pytest.raises(NotLetIn):
        who({"AZURE_TENANT_ID": TENANT, **told}, signed_in("anna", Role.ADMIN))


def test_the_platform_vouches() -> None:
    """Where it does, the header's person asks; a development cookie does not count beside it."""
    cookie = f"{COOKIE}={development_cookie(Person('boris', '', frozenset({Role.ADMIN})), KEY)}"
    environ = {**AZURE, **LOCAL}

    assert who(environ, {**signed_in("anna"), "cookie": cookie}).id == "anna"
    with pytest.raises(NotLetIn):
        who(environ, {"cookie": cookie})


@pytest.mark.parametrize(
    ("environ", "url", "headers", "is_let_in"),
    [
        (LOCAL, HERE, {}, True),
        (LOCAL, "http://localhost:7071/portal", {}, True),
        (LOCAL, "http://[::1]:7071/portal", {}, True),
        ({**LOCAL, "PUBLIC_URL": "http://127.0.0.1:7071"}, HERE, {}, True),
        ({}, HERE, {}, False),
        ({"PORTAL_SIGN_IN": "yes"}, HERE, {}, False),
        ({**LOCAL, "WEBSITE_SITE_NAME": "app"}, HERE, {}, False),
        ({**LOCAL, "WEBSITE_SITE_NAME": ""}, HERE, {}, False),
        ({**LOCAL, "PUBLIC_URL": "https://calsync.acme.example"}, HERE, {}, False),
        (LOCAL, "https://app.example/portal", {}, False),
        (LOCAL, "http://127.0.0.1.evil.example/portal", {}, False),
        (LOCAL, HERE, {"x-forwarded-for": "10.0.0.1"}, False),
        (LOCAL, HERE, {"X-Forwarded-Host": "127.0.0.1"}, False),
        (LOCAL, HERE, {"Forwarded": "for=10.0.0.1"}, False),
        (LOCAL, HERE, {"Via": "1.1 proxy"}, False),
    ],
)
def test_where_one_may_choose_who_one_is(
    environ: dict[str, str], url: str, headers: dict[str, str], is_let_in: bool
) -> None:
    """On a developer's machine, by an address of that machine, and nowhere else."""
    assert is_development(read_asked("GET", url, headers, b""), environ) is is_let_in


@pytest.mark.parametrize("value", ["", "x", "x.y", "eyJpZCI6ICJhbm5hIn0=.00"])
def test_a_development_cookie_is_ours_or_none(value: str) -> None:
    """One that was not signed by this store's key is nobody's."""
    with pytest.raises(NotLetIn):
        who(LOCAL, {"cookie": f"{COOKIE}={value}"})

    chosen = Person("anna", "Анна", frozenset({Role.READER}))
    assert who(LOCAL, {"cookie": f"{COOKIE}={development_cookie(chosen, KEY)}"}) == chosen
    with pytest.raises(NotLetIn):
        who(LOCAL, {"cookie": f"{COOKIE}={development_cookie(chosen, b'other')}"})


def test_the_header_is_plain_json() -> None:
    """The tests' own header is what the platform sends: standard base64 of an object."""
    assert json.loads(base64.b64decode(principal()))["auth_typ"] == "aad"
