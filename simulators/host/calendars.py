"""The page of two calendars side by side: somebody's Outlook and ERP.net, at the stand-ins, to edit in.

It is for trying calsync on one's own machine (``make run``) and belongs to the local host, never to the app: served
on loopback only and rendered here; without its one script, which looks again, it works as well. Everybody who can
open it may do everything; so it answers to no other name than this machine's, and takes no form from another page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from simulators.base import Refused
from simulators.demo.hands import control
from simulators.demo.report import named
from simulators.demo.screen import when
from simulators.demo.views import Activity, Event, Row, Span, World, last_day, pair, read_activity, read_event
from simulators.graph import zones
from simulators.host.words import language_of, words_in

HOME = "/calendars"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

SIDES = {"outlook": "Outlook", "erp": "ERP.net"}
OUTLOOK_ACTS = frozenset({"delete", "accept", "tentatively_accept", "decline"})
SERIES_ACTS = frozenset({"rename_series", "following", "delete_series"})
DESK_ACTS = frozenset({"void", "release", "complete", "delete"})
GONE = "It is not there any more."
HOUR = timedelta(hours=1)

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whose calendar is looked at: their mailbox and their login, which have one name."""

    login: str
    upn: str
    zone: tzinfo

    @property
    def name(self) -> str:
        """Their first name."""
        return named(self.upn)


class Calendars:
    """The page's routes, over the stand-ins at these two origins."""

    def __init__(self, graph: str, erpnet: str) -> None:
        self._graph, self._erpnet = graph, erpnet

    def routes(self) -> list[web.RouteDef]:
        """What the host serves beside the app."""
        return [
            web.get(HOME, self._guarded(self._show)),
            web.get(f"{HOME}/look.js", self._guarded(_script)),
            web.get(f"{HOME}/new", self._guarded(self._form)),
            web.get(f"{HOME}/edit", self._guarded(self._form)),
            web.post(f"{HOME}/act", self._guarded(self._act)),
        ]

    def _guarded(self, handler: Callable[[Fields], web.Response]) -> Any:
        async def answer(request: web.Request) -> web.Response:
            if not is_from_here(request):
                return web.Response(status=403, text="This page is for this machine only.", headers=HEADERS)
            given = {**request.query, "language": language_of(request.headers.get("Accept-Language", ""))}
            if request.method == "POST":
                given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
            return await asyncio.to_thread(handler, given)

        return answer

    def _show(self, given: Fields, refusal: str = "") -> web.Response:
        people = self._people()
        me = _me(people, given)
        rows = self._look(me).rows if me else ()
        shown = {"people": people, "me": me, "rows": rows, "refusal": refusal}
        return _page("calendars", given, status=409 if refusal else 200, **shown)

    def _form(self, given: Fields) -> web.Response:
        """A form for something new, or for the item that is named."""
        me = _me(self._people(), given)
        if me is None or given.get("side") not in SIDES:
            return self._show(given, "There is no such calendar.")
        shown = self._item(me, given["side"], given.get("id", ""))
        if given.get("id") and shown is None:
            return self._show(given, GONE)
        start = datetime.now(me.zone).replace(hour=10, minute=0, second=0, microsecond=0, tzinfo=None)
        span = shown.span if shown else Span(start + timedelta(days=2), start + timedelta(days=2, hours=1))
        return _page("form", given, me=me, side=given["side"], system=SIDES[given["side"]], item=shown, span=span)

    def _act(self, given: Fields) -> web.Response:
        me = _me(self._people(), given)
        try:
            if me is None:
                raise Refused("There is nobody of that name.")
            if given.get("id") and self._item(me, given.get("side", ""), given["id"]) is None:
                raise Refused(GONE)
            (self._in_outlook if given.get("side") == "outlook" else self._at_desk)(me, given)
        except Refused as refusal:
            return self._show(given, str(refusal))
        return web.Response(status=303, headers={**HEADERS, "Location": f"{HOME}?who={me.login}"})

    def _in_outlook(self, me: Somebody, given: Fields) -> None:
        act = self._outlook_of(me)
        ident, do = given.get("id", ""), given.get("do", "")
        if do == "save":
            people = {"attendees": _listed(given)} if "people" in given else {}
            words = {"subject": given.get("subject", ""), **_times(given), **people}
            act("edit", ident=ident, **words) if ident else act("create", **words)
        elif do == "later":
            shown = self._item(me, "outlook", ident)
            act("move_time", ident=ident, **_later(shown))
        elif do in SERIES_ACTS:
            self._in_series(me, given)
        elif do in OUTLOOK_ACTS:
            act(do, ident=ident)
        else:
            raise Refused("Nobody can do this in Outlook.")

    def _in_series(self, me: Somebody, given: Fields) -> None:
        """Change or delete the whole series of a date, or the date "and all following". Raises ``Refused``."""
        act, ident, do = self._outlook_of(me), given["id"], given["do"]
        series = act("get", ident=ident).get("seriesMasterId")
        if not series:
            raise Refused("It is no date of a series.")
        if do == "delete_series":
            act("delete", ident=series)
        elif do == "rename_series":
            act("edit", ident=series, subject=given.get("subject", ""))
        else:
            day = next(day for day in self._days(me, series) if act("occurrence", ident=series, day=day) == ident)
            act("split", ident=series, day=day, subject=given.get("subject", ""), **_times(given))

    def _outlook_of(self, me: Somebody) -> Callable[..., Any]:
        def act(do: str, **words: Any) -> Any:
            return control(self._graph, "person", {"upn": me.upn, "do": do, "with": words})["result"]

        return act

    def _at_desk(self, me: Somebody, given: Fields) -> None:
        def act(do: str, **words: Any) -> None:
            control(self._erpnet, "person", {"login": me.login, "do": do, "with": words})

        ident, do = given.get("id", ""), given.get("do", "")
        if do == "save":
            words = {"subject": given.get("subject", ""), **_times(given)}
            if ident:
                act("edit", activity=ident, **words)
            else:
                act("create", participants=_listed(given), **words)
        elif do == "later":
            act("edit", activity=ident, **_later(self._item(me, "erp", ident)))
        elif do in ("lock", "unlock"):
            act("set_read_only", activity=ident, read_only=do == "lock")
        elif do in DESK_ACTS:
            act(do, activity=ident)
        else:
            raise Refused("Nobody can do this in ERP.net.")

    def _people(self) -> list[Somebody]:
        boxes = control(self._graph, "state")["mailboxes"]
        return [Somebody(box["upn"].partition("@")[0], box["upn"], zones.any_zone(box["time_zone"])) for box in boxes]

    def _item(self, me: Somebody, side: str, ident: str) -> Event | Activity | None:
        """An item of somebody's by its id on one side."""
        shown = ((row.event if side == "outlook" else row.activity) for row in self._look(me).rows)
        return next((one for one in shown if one is not None and one.id == ident), None)

    def _look(self, me: Somebody) -> World:
        """Somebody's Outlook beside what is theirs in ERP.net, or has them in it."""
        boxes = control(self._graph, "state")["mailboxes"]
        [told] = [box["events"] for box in boxes if box["upn"] == me.upn]
        events = [read_event(one, me.zone) for event in told for one in self._dates(me, event)]
        activities = [read_activity(one) for one in control(self._erpnet, "state")["activities"]]
        known = {a.external_id for a in activities}
        strangers = [event for event in events if event.ical_uid not in known]
        whole = pair(events, activities, self._marks(me, strangers, {a.id for a in activities}))
        return World(tuple(row for row in whole.rows if row.event or _is_mine(row.activity, me)))

    def _dates(self, me: Somebody, told: dict[str, Any]) -> list[dict[str, Any]]:
        """An event; of a series its dates from today to the end of the window, each as an event."""
        if told["type"] != "seriesMaster":
            return [told]
        act, series = self._outlook_of(me), told["id"]
        return [act("get", ident=act("occurrence", ident=series, day=day)) for day in self._days(me, series)]

    def _days(self, me: Somebody, series: str) -> list[str]:
        """The original days of a series' dates from today to the end of the window."""
        today = datetime.now(me.zone).date()
        span = {"start": today.isoformat(), "end": last_day(today).isoformat()}
        days: list[str] = self._outlook_of(me)("dates", ident=series, **span)
        return days

    def _marks(self, me: Somebody, events: list[Event], ids: set[str]) -> dict[str, str]:
        """For events, the activity whose id lies under them."""
        marks: dict[str, str] = {}
        for event in events:
            order = {"upn": me.upn, "do": "marks", "with": {"ident": event.id}}
            below = control(self._graph, "person", order)["result"].values()
            marks[event.id] = next((one for one in below if one in ids), "")
        return marks


def is_from_here(request: web.Request) -> bool:
    """Whether a request is this machine's own, and a form our own page's: no foreign page's, by whatever name."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if host not in LOOPBACK:
        return False
    origin = request.headers.get("Origin", "")
    is_ours = origin in ("", f"http://{request.host}") and request.headers.get("Sec-Fetch-Site") != "cross-site"
    return request.method == "GET" or is_ours


def _me(people: list[Somebody], given: Fields) -> Somebody | None:
    """Who is named, or the first of all."""
    return next((one for one in people if one.login == given.get("who", people[0].login)), None) if people else None


def _is_mine(activity: Activity | None, me: Somebody) -> bool:
    return activity is not None and (activity.owner == me.login or me.upn in (p.address for p in activity.people))


def _listed(given: Fields) -> list[str]:
    return given.get("people", "").replace(",", " ").replace(";", " ").split()


def _times(given: Fields) -> dict[str, str]:
    """The times of a form, none where it has none: whole days stay what they are. Raises ``Refused``."""
    if "start" not in given:
        return {}
    try:
        start, end = (datetime.fromisoformat(given.get(name, "")) for name in ("start", "end"))
    except ValueError as error:
        raise Refused("Start and end are dates with times.") from error
    if end < start:
        raise Refused("It ends before it begins.")
    return {"start": start.isoformat(), "end": end.isoformat()}


def _later(shown: Event | Activity | None) -> dict[str, str]:
    """The times of an item an hour later. Raises ``Refused``."""
    if shown is None:
        raise Refused(GONE)
    if shown.span.all_day:
        raise Refused("Whole days have no hour.")
    return {"start": (shown.span.start + HOUR).isoformat(), "end": (shown.span.end + HOUR).isoformat()}


class _Templates:
    @cached_property
    def env(self) -> jinja2.Environment:
        """The templates beside this module."""
        loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
        env = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        env.filters["when"] = when
        env.globals["row_state"] = _state
        return env


_TEMPLATES = _Templates()


def _state(row: Row, say: Callable[..., str]) -> str:
    """How the two sides of a row stand, in words."""
    if row.event is None:
        return say("voided in ERP.net" if row.activity and row.activity.void else "only in ERP.net")
    if row.activity is None:
        return say("only in Outlook")
    if row.event.is_marked:
        return say("conflict")
    if row.activity.void:
        return say("void in ERP.net")
    differing = row.differences()
    return say("{what} differ", what=say(" and ").join(map(say, differing))) if differing else say("in step")


def _script(_: Fields) -> web.Response:
    text = (Path(__file__).with_name("templates") / "look.js").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/javascript", headers=HEADERS)


def _page(name: str, given: Fields, *, status: int = 200, **shown: Any) -> web.Response:
    language = given.get("language", "")
    words = {"language": language, "t": words_in(language), "home": HOME}
    text = _TEMPLATES.env.get_template(f"{name}.html").render(**words, **shown)
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
