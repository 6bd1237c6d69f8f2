"""How the company and its people stand, as data: read from the tables alone, in one scan for ten thousand people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jobs.commands.item_shapes import iso_of, phrase_of
from jobs.commands.shapes import pause_of as shaped_pause
from jobs.commands.shapes import user_of
from jobs.due import pause_of
from jobs.ports import Subscription
from jobs.says import Found, Topic
from sync_core.model.instance import Instance
from sync_core.model.phrase import Phrase
from sync_core.model.user import User
from sync_core.plan.needs import Need, Needed, in_order, of_person, of_poison, of_secret

Json = dict[str, Any]


TOLD_BY_ROWS = frozenset({Topic.ON_QUEUE.code, Topic.ON_TERM.code})
"""Topics of checks about which a row knows more, and newer."""


def row_of(user: User, instance: Instance, now: datetime, unsynced: Mapping[str, int]) -> Json:
    """One person in a line: their state, the numbers that their last whole round left, and how many items of theirs
    are not synced (``unsynced``: by reason)."""
    return {
        "upn": user.upn,
        "enabled": user.enabled,
        "state": user.state,
        "paused": shaped_pause(pause_of(user, instance, now)),
        "synced_at": iso_of(user.synced_at),
        **{name: getattr(user.tally, name) for name in ("conflicts", "parked", "holds", "links", "lag")},
        "skipped": sum(unsynced.values()) if user.enabled else 0,
        "is": stands(user, instance, now),
    }


def needs_of(users: Sequence[User], instance: Instance, ends: date | None, now: datetime) -> list[Json]:
    """What needs somebody, in one list, what has waited longest first: of people, the app's secret and its queue, and
    what the last check found wrong, with the remedy (``text``)."""
    names = {user.id: user.upn for user in users}
    failing = {code: one for code, one in instance.failing.items() if one.found.text and code not in TOLD_BY_ROWS}
    found = [one for user in users for one in of_person(user)]
    found += [*of_secret(ends, now.date()), *of_poison(instance.poisoned, instance.poisoned_since)]
    found += [Needed(Need.CHECK, one.since, about=code) for code, one in failing.items()]
    return [
        {
            "need": str(one.need),
            "since": iso_of(one.since),
            "user_id": one.user_id,
            "upn": names.get(one.user_id, ""),
            "count": one.count,
            "text": f"{failing[one.about].what}: {failing[one.about].found}" if one.need is Need.CHECK else "",
        }
        for one in in_order(found)
    ]


def stands(user: User, instance: Instance, now: datetime) -> str:
    """In one word: off, error, paused, new (no round yet), attention (something waits for a person) or fine."""
    tally = user.tally
    if not user.enabled:
        return "off"
    if user.unreadable or not user.is_operational:
        return "error"
    if pause_of(user, instance, now) is not None:
        return "paused"
    if user.is_unread:
        return "new"
    return "attention" if tally.conflicts or tally.parked or tally.holds else "fine"


def summary_of(rows: Sequence[Json]) -> Json:
    """The numbers of all people: how many stand how, and what waits for a person."""
    stands = [row["is"] for row in rows]
    on = [row for row in rows if row["enabled"]]
    words = ("fine", "new", "attention", "paused", "error", "off")
    sums = {name: sum(row[name] for row in on) for name in ("conflicts", "holds", "parked", "links", "skipped")}
    return {**{word: stands.count(word) for word in words}, "on": len(on), **sums}


def last_heard(users: Iterable[User]) -> datetime | None:
    """When Graph's last notification came that a round has served, None if there was none."""
    return max((user.heard_at for user in users if user.heard_at is not None), default=None)


class Every(int):
    """How often the app's timer looks at everybody: each so many minutes, 0 = at odd times. As a value of a phrase it
    is told in words, and kept as the number."""

    def __format__(self, spec: str) -> str:
        return f"every {int(self)} minutes" if self else "by the timer of SYNC_SCHEDULE"


def news_of(
    instance: Instance, users: Iterable[User], subscriptions: Sequence[Subscription], now: datetime, zone: str = ""
) -> Json:
    """How changes in Outlook are learned of: for how many people they are pushed and until when, and for how many
    they are looked for. The ``text`` is in this zone, which is named elsewhere; '' = UTC, which it says."""
    on = {user.id for user in users if user.enabled}
    ends = sorted(end for one in subscriptions if one.user_id in on and (end := _end(one, now)) is not None)
    until = ends[0] if ends else None
    polled = len(on) - len(ends)
    return {
        "pushed": len(ends),
        "until": iso_of(until),
        "polled": polled,
        "text": _news_told(instance, until, len(ends), polled, zone).text,
    }


def news_told(
    instance: Instance, users: Iterable[User], subscriptions: Sequence[Subscription], now: datetime
) -> Phrase:
    """The same in words."""
    news = news_of(instance, users, subscriptions, now)
    until = datetime.fromisoformat(news["until"]) if news["until"] else None
    return _news_told(instance, until, news["pushed"], news["polled"])


def _news_told(instance: Instance, until: datetime | None, pushed: int, polled: int, zone: str = "") -> Phrase:
    if until is None:
        return Found.NEWS_POLLED.say(every=Every(instance.looks_every))
    local, utc = until.astimezone(ZoneInfo(zone or "UTC")), "" if zone else " UTC"
    if polled:
        return Found.NEWS_MIXED.say(
            until=local, utc=utc, pushed=pushed, polled=polled, every=Every(instance.looks_every)
        )
    return Found.NEWS_PUSHED.say(until=local, utc=utc)


def webhook_told(instance: Instance) -> Phrase:
    """Whether ERP.net's webhook is set up at the app, and when it last called."""
    if not instance.has_webhook:
        return Found.WEBHOOK_OFF.say()
    last = instance.called_at
    return Found.WEBHOOK_CALLED.say(at=last) if last is not None else Found.WEBHOOK_SILENT.say()


def webhook_of(instance: Instance) -> Json:
    """The same as data, with its words."""
    at = iso_of(instance.called_at)
    return {"is_set_up": instance.has_webhook, "called_at": at, **phrase_of(webhook_told(instance))}


def _end(one: Subscription, now: datetime) -> datetime | None:
    """Until when Graph pushes, None where it does not."""
    alive = not one.unreadable and one.id and one.expires_at is not None and one.expires_at > now
    return one.expires_at if alive else None


def person_of(instance: Instance, user: User, subscription: Subscription | None, now: datetime) -> Json:
    """All that is known of one person, for ``users show``."""
    news = news_of(instance, [user], [subscription] if subscription else [], now, user.zone)
    return {
        **user_of(user),
        "addresses": [*user.addresses],
        "erp_user_id": user.erp_user_id,
        "former_logins": [one.login for one in user.former_accounts],
        "zone_chosen": user.zone_chosen,
        "enabled_at": iso_of(user.enabled_at),
        "paused": shaped_pause(pause_of(user, instance, now)),
        "news": news["text"] if user.enabled else "",
    }


def needs_attention(summary: Mapping[str, int]) -> bool:
    """Whether something waits for a person."""
    return bool(summary["conflicts"] or summary["holds"] or summary["parked"])
