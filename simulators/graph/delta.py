"""Serves ``calendarView/delta``: rounds of pages over the change log, with every oddity of graph.md §3.

A token carries mailbox, window and version and is opaque to the client.  A delta token names the version up
to which the client knows everything; a skip token also names the open round, of which the latest are kept.
"""

from __future__ import annotations

import base64
import bisect
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.base import Clock
from simulators.graph import ids, outbound, zones
from simulators.graph.calls import Answer, Call
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import Item, Occurrence, slots
from simulators.graph.outbound import View
from simulators.graph.switches import Switches

Json = dict[str, Any]

_REFUSED = ("$select", "$expand", "$filter", "$orderby", "$search")
_OPEN_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what to deliver, since which version it counts, and up to which it knows."""

    start: datetime
    end: datetime
    since: int | None
    known: int
    items: tuple[Item | None, ...]  # None stands for an empty page


class DeltaFeed:
    """Answers delta requests of all mailboxes."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._rounds: OrderedDict[int, Round] = OrderedDict()
        self._numbers = 0

    def get(self, call: Call, mailbox: Mailbox) -> Answer:
        """One page; raises 400 for refused options and 410 or 40x for an expired token."""
        _refuse_options(call)
        query = call.query
        if query.get("$skiptoken"):
            token = self._open(query["$skiptoken"], "skip", mailbox, call)
            round_ = self._rounds.get(token["round"])
            if round_ is None:
                raise self._expired(call, token)
            return self._page(call, mailbox, round_, token["round"], token["offset"])
        if query.get("$deltatoken"):
            token = self._open(query["$deltatoken"], "delta", mailbox, call)
            start, end, since = zones.parse_instant(token["start"]), zones.parse_instant(token["end"]), token["known"]
        else:
            start, end = window(call)
            since = None
        round_ = self._begin(mailbox, start, end, since)
        return self._page(call, mailbox, round_, self._keep(round_), 0)

    def _begin(self, mailbox: Mailbox, start: datetime, end: datetime, since: int | None) -> Round:
        known = self._visible(mailbox)
        if since is None:
            items: Iterable[Item] = mailbox.items()
        else:
            back = max(0, since - self._switches.delta_replays)
            items = (i for i in mailbox.changed_since(back) if i.version <= known)
        news = sorted((i for i in items if _is_news(i, start, end, since)), key=_unordered)
        repeated = news[:1] if self._switches.delta_repeats else []
        empty: list[Item | None] = [None] * self._switches.delta_empty_pages
        return Round(start, end, since, known, (*empty, *news, *repeated))

    def _visible(self, mailbox: Mailbox) -> int:
        if not self._switches.delta_lag:
            return mailbox.version
        return bisect.bisect_right(mailbox.changed_at, self._clock.now() - self._switches.delta_lag)

    def _keep(self, round_: Round) -> int:
        self._numbers += 1
        self._rounds[self._numbers] = round_
        if len(self._rounds) > _OPEN_ROUNDS:
            self._rounds.popitem(last=False)
        return self._numbers

    def _page(self, call: Call, mailbox: Mailbox, round_: Round, number: int, offset: int) -> Answer:
        endless = self._is_endless(call, mailbox, round_)
        begin = 0 if endless else offset
        value, after = self._fill(call, round_, begin)
        # A round of several pages ends with an empty page that carries the deltaLink.
        finished = after >= len(round_.items) and (begin == 0 or begin >= len(round_.items))
        answer: Json = {"@odata.context": f"{call.origin}/v1.0/$metadata#Collection(event)", "value": value}
        if finished and not endless:
            answer["@odata.deltaLink"] = self._link(call, mailbox, round_, "delta", {"known": round_.known})
        else:
            self._numbers += 1
            place = {"round": number, "offset": after, "nonce": self._numbers}
            answer["@odata.nextLink"] = self._link(call, mailbox, round_, "skip", place)
        return Answer(200, answer)

    def _fill(self, call: Call, round_: Round, offset: int) -> tuple[list[Json], int]:
        size = call.page_size or self._switches.delta_page
        value: list[Json] = []
        while offset < len(round_.items) and len(value) < size:
            item = round_.items[offset]
            offset += 1
            if item is None:
                break
            value += self._entries(item, round_.start, round_.end, round_.since, call.view)
        return value, offset

    def _entries(self, item: Item, start: datetime, end: datetime, since: int | None, view: View) -> list[Json]:
        """What one item contributes: itself, a whole series, a removal, or nothing."""
        if item.calendar == item.mailbox.calendar_id:
            if shown := self._shown(item, start, end, view):
                return shown
        elif item.entered is None or since is None or item.entered > since:
            return []
        return [] if since is None else self._removals(item, start, end, view)

    def _shown(self, item: Item, start: datetime, end: datetime, view: View) -> list[Json]:
        own = Occurrence(item)
        if not item.is_master:
            return [_with_extras(own, view)] if item.content.overlaps(start, end) else []
        places = list(slots(item, start, end))
        told = [self._in_series(o, view) for o in places if o.is_exception or self._switches.delta_series == "whole"]
        if self._switches.delta_series == "master":
            told = []
        far = self._switches.delta_omits_masters and not item.content.overlaps(start, end)
        return told if not places or (far and told) else [_with_extras(own, view), *told]

    def _in_series(self, here: Occurrence, view: View) -> Json:
        if not here.is_exception:
            return outbound.bare(here, view)
        original = outbound.optional(here, view)["originalStart"]
        return _with_extras(here, view) | ({"originalStart": original} if self._switches.delta_original_start else {})

    def _removals(self, item: Item, start: datetime, end: datetime, view: View) -> list[Json]:
        ident = item.immutable_id if view.immutable else item.seen_as
        gone = [outbound.removed(ident)]
        if item.is_deleted and self._switches.delta_removes_occurrences:
            slots_gone = (o.slot for o in slots(item, start, end) if o.slot)
            gone += [outbound.removed(ids.occurrence_id(ident, slot)) for slot in slots_gone]
        return gone

    def _is_endless(self, call: Call, mailbox: Mailbox, round_: Round) -> bool:
        mode, size = mailbox.delta_endless, call.page_size
        if mode != "series":
            return mode == "always" or (mode == "paged" and size is not None)
        lengths = (len(list(slots(item, round_.start, round_.end))) for item in round_.items if item)
        return size is not None and any(length > size for length in lengths)

    def _link(self, call: Call, mailbox: Mailbox, round_: Round, kind: str, more: Json) -> str:
        token = _seal(
            {
                "kind": kind,
                "mailbox": mailbox.id,
                "generation": mailbox.delta_generation,
                "start": round_.start.isoformat(),
                "end": round_.end.isoformat(),
                **more,
            }
        )
        return call.link({f"${kind}token": token})

    def _open(self, text: str, kind: str, mailbox: Mailbox, call: Call) -> Json:
        token = _unseal(text)
        if token is None or token["kind"] != kind or token["mailbox"] != mailbox.id:
            raise bad_request("SyncStateInvalid", "Badly formed token.")
        if token["generation"] != mailbox.delta_generation:
            raise self._expired(call, token)
        return token

    def _expired(self, call: Call, token: Json) -> GraphError:
        form = self._switches.delta_expiry
        message = "The sync state generation is not found; generation=149;[highest=157][lowest=150]."
        if form == "gone":
            return GraphError(410, "SyncStateNotFound", message)
        if form == "location":
            again = {"startDateTime": token["start"], "endDateTime": token["end"], "$deltatoken": ""}
            return GraphError(410, "resyncRequired", message, headers={"Location": call.link(again)})
        return GraphError(400, form, message)


def window(call: Call) -> tuple[datetime, datetime]:
    """``startDateTime`` and ``endDateTime`` of a call; 400 when one is missing or they are reversed."""
    options = {name.lower(): value for name, value in call.query.items()}
    if not options.get("startdatetime") or not options.get("enddatetime"):
        raise bad_request(
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and "
            "EndDateTime.",
        )
    start = zones.parse_instant(options["startdatetime"])
    end = zones.parse_instant(options["enddatetime"])
    if end < start:
        raise bad_request("ErrorInvalidParameter", "The end of the time window is earlier than its start.")
    return start, end


def _refuse_options(call: Call) -> None:
    if "$top" in call.query:
        raise bad_request(
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'CalendarView' resource: "
            "'$top'. Express page size preferences using the Prefer: odata.maxpagesize= header.",
        )
    found = [name for name in _REFUSED if name in call.query]
    if found:
        raise bad_request(
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'CalendarView' resource: "
            f"'{', '.join(found)}'.",
        )


def _with_extras(here: Occurrence, view: View) -> Json:
    extras = {"IsRoomRequested": False, "AutoRoomBookingStatus": "None"}  # outside the schema, seen live
    return {"@odata.type": outbound.TYPE, **outbound.full(here, view), **extras}


def _is_news(item: Item, start: datetime, end: datetime, since: int | None) -> bool:
    """Whether the item has anything to contribute to a round; a gone newcomer has not."""
    if item.calendar != item.mailbox.calendar_id:
        return since is not None and item.entered is not None and item.entered <= since
    if since is not None:
        return True
    return any(slots(item, start, end)) if item.is_master else item.content.overlaps(start, end)


def _unordered(item: Item) -> int:
    return (item.serial * 2_654_435_761) & 0xFFFFFFFF


def _seal(token: Json) -> str:
    raw = json.dumps(token, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.blake2b(raw, digest_size=6).digest() + raw).decode().rstrip("=")


def _unseal(text: str) -> Json | None:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if hashlib.blake2b(sealed[6:], digest_size=6).digest() != sealed[:6]:
            return None
        found = json.loads(sealed[6:])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
