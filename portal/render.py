"""Pages as HTML. The only module that imports Jinja2: it is loaded when somebody asks for a page, not before.

Everything that comes from data is escaped; a name that a template uses and nobody gave is a mistake, not a blank.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from jobs.commands.gathered import told_once
from portal import assets, days, forms
from portal.http import Answer
from portal.items import key_of
from portal.sign_in import Person, is_development
from portal.visit import LANGUAGES, ZONE_COOKIE, Page, Visit
from portal.words import Words, known_zone

FOLDER = Path(__file__).with_name("templates")


TURNERS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""The characters that turn the direction of the text behind them; scripts from right to left do without."""

CONTROLS = (*(code for code in range(0x20) if chr(code) not in "\t\n\r"), *range(0x7F, 0xA0))
"""Escape sequences begin with one of these; no text of a person needs them."""

REPLACED = dict.fromkeys((*TURNERS, *CONTROLS), "\ufffd")


def _straight(value: object) -> object:
    """What a page shows of data, which must neither turn the page's own words nor speak to a terminal."""
    return value.translate(REPLACED) if isinstance(value, str) else value


@cache
def environment() -> Environment:
    """The templates, each read once a process."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_straight,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        asset=assets.address,
        languages=LANGUAGES,
        once=forms.new_once,
        key_of=key_of,
        drawn=days.drawn,
        told_once=told_once,
    )
    return made


def render(visit: Visit, page: Page) -> Answer:
    """A page for the person who asks."""
    words = Words(visit.language, page.zone or known_zone(unquote(visit.asked.cookie(ZONE_COOKIE))), visit.now)
    is_local = is_development(visit.asked, visit.environ)
    about = {"person": visit.person, "token": visit.token, "is_development": is_local}
    return _answer(page.template, words, page.status, {**about, "data": page.data})


def render_refusal(language: str, what: str, status: int, sign_in: str) -> Answer:
    """A page that says no, to somebody of whom nothing is known."""
    words = Words(language, "", datetime.now(UTC))
    about = {"person": Person(""), "token": "", "is_development": False, "data": {}}
    return _answer("refused.html", words, status, {**about, "what": what, "sign_in": sign_in})


def _answer(template: str, words: Words, status: int, values: dict[str, object]) -> Answer:
    text = environment().get_template(template).render(w=words, time=lambda at: _time(words, at), **values)
    return Answer(status, text.encode("utf-8", "replace"))


def _time(words: Words, at: str | datetime | None) -> Markup:
    """An instant for people, with the machine's form beside it."""
    if not at:
        return escape(words.when(None))
    instant = at if isinstance(at, str) else at.isoformat()
    return Markup('<time datetime="{}">{}</time>').format(instant, words.when(at))
