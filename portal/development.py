"""The sign-in of a developer's machine: a form that asks who one wants to be. Never there in Azure (sign_in.py)."""

from __future__ import annotations

from portal.http import Answer, cookie, go_to
from portal.routes import HOME
from portal.sign_in import COOKIE, Role, chosen_person, development_cookie, is_development
from portal.visit import Page, Visit

A_DAY = 86_400
MOST_LISTED = 20


async def show(visit: Visit) -> Page:
    """The people that calsync knows, to be chosen from."""
    users = (await visit.world.store.list_users())[:MOST_LISTED]
    people = [{"id": user.id, "name": user.display_name or user.upn} for user in users]
    return Page("sign_in.html", {"people": people, "roles": [str(role) for role in Role]})


async def sign_in(visit: Visit) -> Answer:
    """Be who the form says."""
    person = chosen_person(visit.asked.fields)
    if person is None:
        return go_to(f"{HOME}/sign-in")
    value = development_cookie(person, visit.key)
    return go_to(HOME, headers={"Set-Cookie": cookie(COOKIE, value, is_secure=False, seconds=A_DAY)})


async def sign_out(visit: Visit) -> Answer:
    """Be nobody again; where the platform signs people in, that is the platform's to do."""
    if not is_development(visit.asked, visit.environ):
        return go_to("/.auth/logout")
    return go_to(f"{HOME}/sign-in", headers={"Set-Cookie": cookie(COOKIE, "", is_secure=False, seconds=0)})
