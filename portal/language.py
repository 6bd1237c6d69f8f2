"""Choosing the language of the pages; a cookie remembers it."""

from __future__ import annotations

from portal.http import Answer, cookie, go_to
from portal.routes import HOME
from portal.visit import LANGUAGE_COOKIE, LANGUAGES, Visit

A_YEAR = 31_536_000


async def choose(visit: Visit) -> Answer:
    """Remember the language that a form names."""
    wanted = visit.asked.fields.get("language", "")
    chosen = wanted if wanted in LANGUAGES else visit.language
    is_secure = visit.asked.origin.startswith("https:")
    return go_to(HOME, headers={"Set-Cookie": cookie(LANGUAGE_COOKIE, chosen, is_secure=is_secure, seconds=A_YEAR)})
