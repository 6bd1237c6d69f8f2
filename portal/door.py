"""The one way in: every request is checked here, by its route, before anything of ours looks at it.

In this order: bounds, route, who asks, what they may, for a change whether it was meant; then the page. What is open
to everybody never sees who asks. Whatever goes wrong behind the door is said in plain words and logged without them.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from jobs.log import log_failure
from jobs.world import World
from portal import forms
from portal.http import GO_TO, Answer, Asked, Denied, TooMuch, json_answer, read_asked, unread
from portal.routes import Found, Needs, find
from portal.sign_in import NotLetIn, Person, Trouble, is_development, person_of
from portal.visit import Page, Visit, language_of
from sync_core.errors import CalsyncError, RowUnreadable

NOBODY = Person("")

UNREADABLE = 409
"""What is stored keeps the request from being answered, until somebody mends it; no server is at fault."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the door works with: the environment, how the app's world is opened, how modules are loaded."""

    environ: Mapping[str, str]
    open_world: Callable[[], Awaitable[World]]
    load: Callable[..., Awaitable[None]]


async def answer(site: Site, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """What to answer to a request. Raises nothing."""
    try:
        asked = read_asked(method, url, headers, body)
    except (TooMuch, ValueError) as error:
        no = Denied(error.status if isinstance(error, TooMuch) else 400, "beyond")
        return await _refusal(site, unread(method, url, headers), None, no)
    found = find(asked.method, asked.path)
    try:
        return await _answer(site, asked, found)
    except Denied as no:
        return await _refusal(site, asked, found, no)
    except RowUnreadable as error:
        log_failure("portal", error)
        return await _refusal(site, asked, found, Denied(UNREADABLE, "unreadable"))
    except CalsyncError as error:
        log_failure("portal", error)
        return await _refusal(site, asked, found, Denied(503, "unavailable"))
    except Exception as error:  # noqa: BLE001 - a mistake of ours is nobody's page
        log_failure("portal", error)
        return await _refusal(site, asked, found, Denied(500, "mistake"))


async def _answer(site: Site, asked: Asked, found: Found | None) -> Answer:
    if found is None:
        raise Denied(404, "not-found")
    if found.route.needs is Needs.NOTHING:
        await site.load(found.route.module)
        opened: Answer = getattr(sys.modules[found.route.module], found.route.function)(found.named)
        return opened
    world, person = await _let_in(site, asked, found)
    key = await world.store.read_form_key()
    visit = Visit(site.environ, asked, found.named, person, world, language_of(asked), key)
    if asked.method == "POST":
        _check_meant(visit)
    await site.load(found.route.module)
    try:
        told = await getattr(sys.modules[found.route.module], found.route.function)(visit)
    except RowUnreadable as error:
        log_failure("portal", error)
        told = _unreadable(visit, error)
    return await _shown(site, visit, told, is_program=found.is_program)


def _unreadable(visit: Visit, error: RowUnreadable) -> Page:
    """That a stored row keeps the page from being shown; which one and what helps is for who may see everything."""
    return Page("unreadable.html", {"error": str(error) if visit.person.may_look else ""}, UNREADABLE)


async def _let_in(site: Site, asked: Asked, found: Found) -> tuple[World, Person]:
    """Who asks, if they may. The world is opened for nobody whom the platform does not vouch for."""
    needs = found.route.needs
    is_here = is_development(asked, site.environ)
    if needs is Needs.DEVELOPMENT:
        if not is_here:
            raise Denied(404, "not-found")
        return await site.open_world(), NOBODY
    try:
        key = await (await site.open_world()).store.read_form_key() if is_here else b""
        person = person_of(asked, site.environ, key)
    except NotLetIn as no:
        raise Denied(401 if no.trouble is Trouble.NOT_SIGNED_IN else 403, no.trouble) from None
    if (needs is Needs.READER and not person.may_look) or (needs is Needs.ADMIN and not person.is_admin):
        raise Denied(403, "no-role")
    return await site.open_world(), person


def _check_meant(visit: Visit) -> None:
    if not forms.is_from_here(visit.asked, (visit.world.public_url,)):
        raise Denied(403, "foreign")
    if visit.form_shown_at is None:
        raise Denied(403, "stale")


async def _shown(site: Site, visit: Visit, told: Answer | Page, *, is_program: bool) -> Answer:
    if is_program:
        return _for_programs(visit, told)
    if isinstance(told, Answer):
        return told
    await site.load("portal.render")
    from portal.render import render

    return render(visit, told)


def _for_programs(visit: Visit, told: Answer | Page) -> Answer:
    """The data of a page, or where the command is that was filed; with the token for what is asked next."""
    if isinstance(told, Page):
        answered = json_answer(told.data, told.status)
    elif told.status == GO_TO:
        answered = json_answer({"command": told.headers["Location"].replace("/portal", "/api/v1", 1)}, 202)
    else:
        answered = told
    return replace(answered, headers={**answered.headers, "X-Calsync-Token": visit.token})


async def _refusal(site: Site, asked: Asked, found: Found | None, no: Denied) -> Answer:
    """The no in words; as JSON to a program."""
    if asked.path[:1] == ("api",) or (found is not None and found.is_program):
        return json_answer({"error": no.what}, no.status)
    await site.load("portal.render")
    from portal.render import render_refusal

    where = "/portal/sign-in" if is_development(asked, site.environ) else "/.auth/login/aad"
    return render_refusal(language_of(asked), no.what, no.status, where)
