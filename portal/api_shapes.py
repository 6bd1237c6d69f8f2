"""What programs get under ``/api/v1``: the shape of each route's answer, in JSON Schema.

Each answer has exactly the members that stand here; a test holds them against what the handlers give.
"""

from __future__ import annotations

from portal.http import Json
from portal.people import FILTERS
from sync_core.plan.needs import Need

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
TRUTH: Json = {"type": "boolean"}
TIME: Json = {"type": "string", "format": "date-time"}
DAY: Json = {"type": "string", "format": "date"}
ANYTHING: Json = {"type": "object", "additionalProperties": True}
TEXTS: Json = {"type": "object", "additionalProperties": TEXT}


def maybe(shape: Json) -> Json:
    """This, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def several(shape: Json) -> Json:
    """A list of these."""
    return {"type": "array", "items": shape}


def thing(**members: Json) -> Json:
    """An object with all of these members and no other."""
    return {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}


def loose(*names: str, **members: Json) -> Json:
    """An object with any of these members; those that are only named are texts."""
    return {**thing(**dict.fromkeys(names, TEXT), **members), "required": []}


IDS = {"event_id": TEXT, "activity_id": TEXT}
SENTENCE = {**thing(code=TEXT, text=TEXT, count=NUMBER, by=TEXT), "required": ["code", "text"]}
SAID = {"text": TEXT, "code": TEXT, "values": TEXTS}
PHRASE = thing(**SAID)
PAUSE = thing(since=TIME, until=maybe(DAY), text=TEXT)
OCCURRENCE = maybe(
    thing(text=TEXT, rhythm=TEXT, interval=NUMBER, weekdays=several(NUMBER), day=DAY, series=TEXT, title=TEXT)
)
LEFT = thing(key=TEXT, subject=TEXT, item=TEXT, end=maybe(TIME), occurrence=OCCURRENCE)
SKIPPED = several(thing(reason=TEXT, count=NUMBER, items=several(LEFT)))
PLACE = thing(is_chosen=TRUTH, company=TEXT, location=TEXT)
PLACES = several(thing(company_id=TEXT, company=TEXT, company_code=TEXT, location_id=TEXT, location=TEXT))
CLASH = thing(
    field=TEXT, event_value=TEXT, activity_value=TEXT, why=TEXT, do=TEXT, by_hand=TEXT, answers=several(TEXT)
)
CONFLICT = thing(
    key=TEXT,
    id=TEXT,
    upn=TEXT,
    zone=TEXT,
    subject=TEXT,
    since=TIME,
    category=TEXT,
    occurrence=OCCURRENCE,
    clashes=several(CLASH),
    **IDS,
)
HELD = thing(
    intent=TEXT,
    owner=TEXT,
    subject=TEXT,
    start=maybe(TIME),
    all_day=TRUTH,
    when=TEXT,
    would_be=TEXT,
    mails=NUMBER,
    occurrence=OCCURRENCE,
    **IDS,
)
WHOLE = thing(series=TEXT, intent=TEXT, subject=TEXT, dates=NUMBER, first=DAY, last=DAY, would_be=TEXT, mails=NUMBER)
HOLD = {
    "id": TEXT,
    "why": TEXT,
    "since": maybe(TIME),
    "owner": TEXT,
    "zone": TEXT,
    "approve": TEXT,
    "drop": TEXT,
    "count": NUMBER,
    "items": several(HELD),
    "series": several(WHOLE),
}
PARKED = thing(
    key=TEXT,
    subject=TEXT,
    reason=TEXT,
    do=TEXT,
    can_retry=TRUTH,
    by_rule=TRUTH,
    occurrence=OCCURRENCE,
    **IDS,
)
DONE = thing(
    at=TIME,
    what=TEXT,
    subject=TEXT,
    reason=TEXT,
    fields=several(TEXT),
    item=TEXT,
    key=TEXT,
    occurrence=OCCURRENCE,
    dates=maybe(thing(count=NUMBER, first=DAY, last=DAY)),
)
STATUS = {
    "upn": TEXT,
    "enabled": TRUTH,
    "state": TEXT,
    "paused": maybe(PAUSE),
    "synced_at": maybe(TIME),
    "remote_checkpoint_at": maybe(TIME),
    "local_checkpoint_at": maybe(TIME),
    "links": NUMBER,
    "left_alone": NUMBER,
    "followed": NUMBER,
    "parked": NUMBER,
    "parked_items": several(PARKED),
    "holds": several(thing(**HOLD)),
    "name": TEXT,
    "zone": TEXT,
    "sentence": SENTENCE,
    "conflicts": several(CONFLICT),
    "first_conflict": TEXT,
    "page": NUMBER,
    "pages": NUMBER,
    "recent": several(DONE),
    "skipped": SKIPPED,
    "looked_at": maybe(TIME),
    "looks_at": maybe(TIME),
    "pushed_until": maybe(TIME),
    "place": PLACE,
    "running": several(thing(id=TEXT, kind=TEXT)),
}
COMMAND = {
    "id": TEXT,
    "kind": TEXT,
    "full": TRUTH,
    "choice": TEXT,
    "round": TEXT,
    "until": TEXT,
    "everybody": TRUTH,
    "people": NUMBER,
    "asked_by": TEXT,
    "asked_at": TIME,
    "finished_at": maybe(TIME),
    "state": TEXT,
    "is_ended": TRUTH,
    "is_fine": TRUTH,
    "done": NUMBER,
    "total": NUMBER,
    "opening": TEXT,
    "waits": PHRASE,
    "why": TEXT,
    "detail": TEXT,
    "failure": TEXT,
}
PERSON = thing(
    id=TEXT,
    upn=TEXT,
    name=TEXT,
    state=TEXT,
    synced_at=maybe(TIME),
    looked_at=maybe(TIME),
    troubled_at=maybe(TIME),
    lag=maybe(NUMBER),
    links=NUMBER,
    conflicts=NUMBER,
    holds=NUMBER,
    parked=NUMBER,
    skipped=NUMBER,
    **{"is": several({"type": "string", "enum": list(FILTERS)})},
)
TABLE = thing(show=TEXT, word=TEXT, sort=TEXT, page=NUMBER, pages=NUMBER, found=NUMBER, rows=several(PERSON))
NEEDED = thing(
    need={"type": "string", "enum": [*Need], "description": "What waits; see `holds`, `check` and `ends` for more"},
    since=maybe({**TIME, "description": "Since when, the oldest first; null where nobody knows, before all others"}),
    user_id=TEXT,
    name=TEXT,
    state=TEXT,
    count={**NUMBER, "description": "How many lists, conflicts, items or messages"},
    holds=several(thing(user_id=TEXT, more=NUMBER, **HOLD)),
    check=maybe(thing(what=TEXT, topic=TEXT, fine=TRUTH, grade=TEXT, part=TEXT, **SAID)),
    ends=maybe(DAY),
)
EVERYONE = thing(
    company=thing(refused=TEXT, refused_by=TEXT, refused_at=maybe(TIME), paused=maybe(PAUSE)),
    code=TEXT,
    numbers=thing(**dict.fromkeys(FILTERS, NUMBER)),
    table=TABLE,
    needs=thing(page=NUMBER, pages=NUMBER, count=NUMBER, rows=several(NEEDED)),
    skipped=several(thing(key=TEXT, reason=TEXT, count=NUMBER, people=NUMBER)),
    days=several(thing(day=DAY, actions=NUMBER, failures=NUMBER, p50=maybe(NUMBER), p95=maybe(NUMBER))),
    items_people=NUMBER,
    items_parts=NUMBER,
    running=several(thing(**COMMAND)),
    may_change=TRUTH,
    has_series={**TRUTH, "description": "Whether recurring meetings are synced (`SYNC_SERIES`)"},
)
EVENT = thing(
    at=TIME,
    round=TEXT,
    what=TEXT,
    subject=TEXT,
    reason=TEXT,
    cell=TEXT,
    before=TEXTS,
    after=TEXTS,
    is_lost=TRUTH,
    can_undo=TRUTH,
)
ITEM = thing(
    user_id=TEXT,
    is_owner=TRUTH,
    key=TEXT,
    subject=TEXT,
    occurrence=OCCURRENCE,
    state=TEXT,
    can_unlink=TRUTH,
    can_retry=TRUTH,
    reason=TEXT,
    alone=maybe(
        thing(
            sides=several(TEXT),
            start=maybe(TIME),
            end=maybe(TIME),
            since=maybe(TIME),
            asked_at=maybe(TIME),
            tries=NUMBER,
            retry_at=maybe(TIME),
        )
    ),
    columns=several(thing(field=TEXT, outlook=TEXT, base=TEXT, erp=TEXT, differs=TRUTH)),
    identity=several(thing(name=TEXT, value=TEXT)),
    outlook_url=TEXT,
    erp_url=TEXT,
    timeline=several(EVENT),
    earlier=NUMBER,
    report=TEXT,
    **IDS,
)
UNSYNCED = thing(
    person=TEXT,
    name=TEXT,
    reason=TEXT,
    after=TEXT,
    next_after=TEXT,
    reasons=several(thing(key=TEXT, reason=TEXT, count=NUMBER, people=NUMBER, do=TEXT)),
    items=several(
        thing(
            key=TEXT,
            user_id=TEXT,
            upn=TEXT,
            what=TEXT,
            subject=TEXT,
            reason=TEXT,
            do=TEXT,
            at=TIME,
            end=maybe(TIME),
            occurrence=OCCURRENCE,
            **IDS,
        )
    ),
)
CONNECTIONS = thing(
    refused=TEXT,
    refused_by=TEXT,
    refused_at=maybe(TIME),
    database=TEXT,
    service_login=TEXT,
    pulled_at=maybe(TIME),
    webhook=thing(is_set_up=TRUTH, called_at=maybe(TIME), **SAID),
    sessions=NUMBER,
    most_sessions=NUMBER,
    secret_ends=maybe(DAY),
    is_pushed=TRUTH,
    subscriptions=NUMBER,
    people=NUMBER,
    notified_at=maybe(TIME),
    queued=NUMBER,
    poisoned=NUMBER,
)
SETTING = thing(name=TEXT, value=TEXT)
FILED = thing(command=TEXT)
ERROR = thing(error=TEXT)

ANSWERS: dict[tuple[str, str], tuple[str, Json]] = {
    ("GET", ""): (
        "How one's own sync stands",
        thing(
            **STATUS,
            known=TRUTH,
            paused_by_all=TRUTH,
        ),
    ),
    ("GET", "settings"): (
        "One's own company, location and zone, and what there is to choose from",
        thing(
            enabled=TRUTH,
            known=TRUTH,
            zone=TEXT,
            company_id=TEXT,
            location_id=TEXT,
            places=PLACES,
            place=PLACE,
            preview=maybe(thing(command=TEXT, at=TIME, erp=NUMBER, outlook=NUMBER, dates=NUMBER, mails=NUMBER)),
        ),
    ),
    ("GET", "conflicts/{id}"): ("One conflict of one's own", CONFLICT),
    ("GET", "items/{item}"): ("One item of one's own, with its history", ITEM),
    ("POST", "do/{what}"): ("Ask for something for oneself", FILED),
    ("GET", "commands/{id}"): (
        "How far a command has come, and its answer so far",
        thing(
            **COMMAND,
            answer=ANYTHING,
            page=NUMBER,
            pages=NUMBER,
            about=TEXT,
            is_gone=TRUTH,
            is_mine=TRUTH,
            is_own=TRUTH,
            is_on=TRUTH,
            is_slow=TRUTH,
            histories=several(TEXT),
        ),
    ),
    ("GET", "everyone"): ("The company, and a page of its people", EVERYONE),
    ("POST", "everyone"): ("The same, for a word that somebody looks for", EVERYONE),
    ("GET", "everyone/audit"): (
        "Who asked for what",
        thing(commands=several(thing(**COMMAND, whom=several(TEXT))), page=NUMBER, pages=NUMBER, unreadable=NUMBER),
    ),
    ("GET", "everyone/unsynced"): ("What is not synced, a page of it, by reason", UNSYNCED),
    ("GET", "everyone/settings"): (
        "The settings as they are, without secrets",
        thing(
            policy=thing(by=TEXT, by_code=TEXT, settings=several(thing(name=TEXT, company=TEXT, here=maybe(TEXT)))),
            settings=several(SETTING),
            secret_ends=maybe(DAY),
        ),
    ),
    ("GET", "everyone/connections"): ("What the app is connected to, and how that goes", CONNECTIONS),
    ("POST", "everyone/do/{what}"): ("Ask for something for others, or for everybody", FILED),
    ("GET", "people/{id}"): (
        "One person, private items masked",
        thing(**STATUS, id=TEXT, erp_login=TEXT, pause=maybe(PAUSE), may_change=TRUTH),
    ),
    ("GET", "people/{id}/items/{item}"): ("One item of a person's, masked where it is private", ITEM),
    ("GET", "openapi.json"): ("This document", ANYTHING),
}
"""Of each route that programs may ask: what it is, and the shape of its answer."""
