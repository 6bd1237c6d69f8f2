"""Which items are not in step after a round, and why.

A round decides about what it has read. Every other item keeps its entry until a round looks at it again, it is
removed or its meeting is over. The entries of links and pending rows are made from these rows each time, because a
person's choice changes a row without a round. A full round starts the list anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sync_core.content.project import is_private
from sync_core.model.action import Action
from sync_core.model.decision import Case, Decision, Verdict
from sync_core.model.link import ENDED, Link, LinkStatus, Role, is_unlinked, master_of
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.series import nameless
from sync_core.model.sides import EventKind
from sync_core.model.unsynced import UNSHOWN, Unsynced, UnsyncedItem
from sync_core.model.why import Why, named
from sync_core.plan.remedies import BY_RULE, gist
from sync_core.plan.wording import BY_VERDICT, is_about_private

MOST = 500
"""Items that are kept of one user, the newest reasons; about 300 bytes each."""

TOLD = frozenset({Verdict.SKIP, Verdict.PARK})
"""Verdicts about items that no link or pending row may remember; the other reasons stand on links."""

LONGEST = 300
"""Characters of a subject or a reason that are kept."""

OVER = timedelta(days=1)

FIRST = datetime.min.replace(tzinfo=UTC)
"""Stands for an end that is not known."""

Key = tuple[str, str]


def after_round(  # 6 parameters: each is one thing that only the round knows
    before: Unsynced,
    decisions: Sequence[Decision],
    memory: Memory,
    now: datetime,
    *,
    removed: Collection[str] = (),
    is_full: bool = False,
) -> Unsynced:
    """The list after a round that made these decisions and left this memory. ``removed`` are ids of events that are
    not there any more; ``is_full``: everything was read."""
    decided = {_key(d.case.event_id, d.case.activity_id) for d in decisions}
    known = {_key(item.event_id, item.activity_id): item for item in before.items}
    listed = {item.event_id for item in before.items if not is_full}
    decisions = series_once(decisions, memory.links, listed)
    kept = {} if is_full else {k: i for k, i in known.items() if not _is_settled(k, i, decided, removed, now)}
    told = {_key(d.case.event_id, d.case.activity_id): _of_decision(d, now) for d in decisions if _is_told(d)}
    found = kept | told
    remembered = {_key(item.event_id, item.activity_id): item for item in _remembered(memory, now)}
    found = {k: i for k, i in found.items() if k in remembered or i.what == Action.SKIPPED}
    stood_for = _with_parked_dates(memory.links)
    found = {k: i for k, i in found.items() if i.event_id not in stood_for}
    found |= {k: _with_subject(item, found.get(k) or known.get(k)) for k, item in remembered.items()}
    items = sorted((_counted(_as_known(i, known.get(k))) for k, i in found.items()), key=_order)
    return Unsynced(tuple(items[:MOST]), dict(Counter(item.group for item in items)))


def series_once(
    decisions: Sequence[Decision], links: Collection[Link], listed: Collection[str] = ()
) -> list[Decision]:
    """The decisions, those to leave out a series once for each: not where dates of it have a link that says the same,
    nor where it is ``listed`` (event ids); by its master where that was read, else by one date."""
    stood_for = _with_parked_dates(links) | _with_parked_dates([d.link for d in decisions if d.link is not None])
    shown = {d.case.event_id for d in decisions if _series_left_out(d)}
    found: dict[str, Decision] = {}
    for place, decision in enumerate(decisions):
        series = _series_left_out(decision)
        is_told = series in stood_for or (decision.case.event_id != series and series in {*shown, *listed})
        if not series or not is_told:
            found.setdefault(series or str(place), decision)
    return [*found.values()]


def _series_left_out(decision: Decision) -> str:
    """The id of the series of an event that is left out as such or as a date of it, '' for any other decision."""
    event, is_alone = decision.case.event, decision.case.link is None and decision.verdict is Verdict.SKIP
    if event is None or not is_alone or not event.is_series or named(decision.reason) is not Why.SERIES:
        return ""
    return event.series_id or event.id


def _with_parked_dates(links: Iterable[Link]) -> frozenset[str]:
    """The ids of the series whose linked dates say themselves that series are not synced."""
    parked = [x for x in links if x.status is LinkStatus.PARKED and named(x.reason) is Why.SERIES]
    return frozenset(map(master_of, parked)) - {""}


def waiting(memory: Memory) -> frozenset[Key]:
    """What is parked and waits for somebody, days that are not shown included. What a rule or a setting leaves alone
    waits for nobody."""
    rows = [(x.event_id, x.activity_id, x.reason) for x in memory.links if x.status is LinkStatus.PARKED]
    rows += [(*p.ids, p.reason) for p in memory.pending if p.parked]
    rows += [("", str(day), UNSHOWN) for day in memory.cursors.unread]
    return frozenset(_key(event_id, activity_id) for event_id, activity_id, why in rows if named(why) not in BY_RULE)


def parked_since(unsynced: Unsynced, which: Collection[Key]) -> datetime | None:
    """Since when the oldest of what is parked, of ``which``, is so; None where nothing is."""
    parked = (one for one in unsynced.items if one.what == Action.PARKED)
    return min((one.at for one in parked if _key(one.event_id, one.activity_id) in which), default=None)


def _order(item: UnsyncedItem) -> tuple[float, str, datetime, str]:
    """What was left out last first; of that what bears one title, as the dates of a series do, by its time."""
    return -item.at.timestamp(), item.subject.casefold(), item.end or FIRST, item.event_id


def _key(event_id: str, activity_id: str) -> Key:
    """An item by its event where it has one, since that stays the same when an activity joins it."""
    return (event_id, "") if event_id else ("", activity_id)


def _is_settled(
    key: Key, item: UnsyncedItem, decided: Collection[Key], removed: Collection[str], now: datetime
) -> bool:
    """Whether the last word on an item does not count any more."""
    is_over = item.end is not None and now - item.end > OVER
    return key in decided or ("", item.activity_id) in decided or item.event_id in removed or is_over


def _is_told(decision: Decision) -> bool:
    """Whether a decision says that an item is left out; what follows another copy, or is over, is not."""
    link = decision.link or decision.case.link
    if link is not None and (link.role is Role.FOLLOWER or link.status in ENDED):
        return False
    return decision.verdict in TOLD


def _of_decision(decision: Decision, now: datetime) -> UnsyncedItem:
    case = decision.case
    return _cut(
        UnsyncedItem(
            event_id=case.event_id,
            activity_id=case.activity_id,
            what=BY_VERDICT[decision.verdict],
            reason=decision.reason,
            at=now,
            subject=case.subject,
            private=is_about_private(case),
            end=_end(case),
            occurrence=nameless(case.occurrence),
        )
    )


def _end(case: Case) -> datetime | None:
    if case.event is not None:
        is_whole = case.event.kind is EventKind.MASTER  # its own end is that of its first date
        return None if is_whole else case.event.content.end
    return case.link.base_event.end if case.link else None


def _remembered(memory: Memory, now: datetime) -> Iterable[UnsyncedItem]:
    """What links and pending rows say is not in step."""
    for link in memory.links:
        what, reason = _stands(link)
        if what:
            private = is_private(link.base_event) or is_private(link.base_activity)
            base, date = link.base_event, nameless(link.occurrence)
            ids = (link.event_id, link.activity_id)
            yield _cut(UnsyncedItem(*ids, what, reason, now, base.subject, private, base.end, date))
    for pending in memory.pending:
        if pending.parked:
            yield _cut(_of_pending(pending, now))
    for day in map(str, memory.cursors.unread):
        yield UnsyncedItem("", day, Action.PARKED, UNSHOWN, now, subject=day)


def _stands(link: Link) -> tuple[str, str]:
    if link.conflict is not None:
        return Action.CONFLICT, "; ".join(dict.fromkeys(one.why for one in link.conflict.clashes))
    if is_unlinked(link):
        return Action.SKIPPED, link.reason
    if link.status is LinkStatus.PARKED:
        return Action.PARKED, link.reason
    if link.status is LinkStatus.HELD:
        return Action.HELD, link.reason
    return "", ""


def _of_pending(pending: Pending, now: datetime) -> UnsyncedItem:
    return UnsyncedItem(*pending.ids, Action.PARKED, pending.reason, now)


def _with_subject(item: UnsyncedItem, seen: UnsyncedItem | None) -> UnsyncedItem:
    """A pending row does not know its item's subject; the decision about it did."""
    if item.subject or seen is None:
        return item
    return replace(item, subject=seen.subject, private=seen.private, end=seen.end, occurrence=seen.occurrence)


def _as_known(item: UnsyncedItem, known: UnsyncedItem | None) -> UnsyncedItem:
    """The same reason keeps its age."""
    return replace(item, at=known.at) if known is not None and known.reason == item.reason else item


def _counted(item: UnsyncedItem) -> UnsyncedItem:
    """Equal reasons are counted together, whatever details of single items are in them."""
    group = gist(item.reason)
    return replace(item, counted=group if len(group) < len(item.reason) else "")


def _cut(item: UnsyncedItem) -> UnsyncedItem:
    return replace(item, subject=item.subject[:LONGEST], reason=item.reason[:LONGEST])
