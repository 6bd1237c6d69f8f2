"""Rows that the build before this one wrote: each is understood, and written anew in this build's version."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.begun import Begun, begun_key
from adapters.store.journal import JournalPage
from adapters.store.leases import LeaseRow
from adapters.store.memory import MemoryBackend
from adapters.store.names import NamesRow
from adapters.store.old_index import new_key
from adapters.store.store import RowStore
from adapters.store.upgrades import UPGRADES
from jobs.command import Asker, Command, State, Turn
from jobs.ports import Put, Queued, Storable, Subscription
from jobs.wish import Kind, Wish
from sync_core.errors import RowUnreadable
from sync_core.model.claim import Claim
from sync_core.model.day import Day
from sync_core.model.entries import EnteredDate, JournalEntry
from sync_core.model.hold import Hold
from sync_core.model.instance import Instance
from sync_core.model.ledger import Ledger
from sync_core.model.link import Link, is_unlinked, retried
from sync_core.model.memory import Cursors, InboxRow
from sync_core.model.pending import Pending
from sync_core.model.series import Occurrence, Rhythm, nameless
from sync_core.model.sides import Side
from sync_core.model.user import User
from tests.support.old_rows import ANNA, BORIS, EXPECTED, FROZEN, NOW, frozen
from tests.support.users import put_user

EVERY_ROW = [(kind, name) for kind, named in EXPECTED.items() for name in named]


def test_every_frozen_row_has_its_value() -> None:
    """No file and no row of a file is left out, and every kind with an upgrade has frozen rows."""
    assert {path.stem for path in FROZEN.glob("*.json")} == set(EXPECTED)
    assert {kind: set(frozen(kind)) for kind in EXPECTED} == {kind: set(named) for kind, named in EXPECTED.items()}
    assert set(UPGRADES) <= {type(value).__name__ for named in EXPECTED.values() for value in named.values()}


@pytest.mark.parametrize(("kind", "name"), EVERY_ROW)
def test_an_old_row_is_understood(kind: str, name: str) -> None:
    """A row of the version before this one holds the value it always meant, and is written in this version."""
    _, row = frozen(kind)[name]
    value = codec.decode(row.properties, type(EXPECTED[kind][name]))

    assert row.properties["v"] == codec.SCHEMA - 1
    assert EXPECTED[kind][name] == value
    assert codec.encode(value)["v"] == codec.SCHEMA


async def _store(kind: str, name: str) -> tuple[RowStore, MemoryBackend, Table, Row]:
    """A store whose only row is a frozen one."""
    backend = MemoryBackend(lambda: NOW)
    table, row = frozen(kind)[name]
    await backend.write(table, Op(Verb.PUT, row.key, row.properties))
    return RowStore(backend), backend, table, row


async def _save(store: RowStore, value: object) -> None:
    """Read the value from the store as the jobs do, and save it where it came from."""
    match value:
        case Link() | Pending() | Hold() | Cursors():
            await _save_state(store, value)
        case InboxRow():
            await store.file_inbox(ANNA, (await store.recall(ANNA)).inbox)
        case User():
            [user] = await store.list_users()
            await put_user(store, user)
        case Instance():
            await store.save_instance(*await store.read_instance())
        case Claim():
            claim = await store.read_claim(value.key)
            assert claim is not None
            await store.save_claim(claim)
        case Subscription():
            [subscription] = await store.list_subscriptions()
            await store.save_subscription(subscription)
        case JournalEntry():
            await store.append_journal(await store.read_journal(ANNA))
        case _:
            await _save_own(store, type(value).__name__)


async def _save_state(store: RowStore, value: Storable) -> None:
    memory = await store.recall(ANNA)
    found = {Link: memory.links, Pending: memory.pending, Hold: memory.holds, Cursors: (memory.cursors,)}
    [row] = found[type(value)]
    assert value == row
    lease = await store.acquire_lease(ANNA, "new build", 60)
    await store.release_lease(await store.save(lease, [Put(row)]))


async def _save_own(store: RowStore, kind: str) -> None:
    """Rows that only the store itself knows."""
    link = EXPECTED["link"]["live"]
    follower = EXPECTED["link"]["live-follower"]
    assert isinstance(link, Link)
    assert isinstance(follower, Link)
    match kind:
        case "WakeRow":
            await store.write_wake(ANNA, await store.read_wake(ANNA))
        case "LeaseRow":
            await store.acquire_lease(ANNA, "process-1", 120)
        case "SlotRow":
            await store.acquire_slot("process-1", 1, 60)
        case "IndexRow":
            [activity_id] = [
                one for one in ("activity-live", "activity-parked") if (await store.find_linked([one]))[one]
            ]
            parked = EXPECTED["link"]["parked"]
            assert isinstance(parked, Link)
            await store.reindex(ANNA, [one for one in (link, parked) if one.activity_id == activity_id])
        case "CopyRow":
            assert {BORIS} == await store.find_copies(follower.ical_uid)
            await store.reindex(BORIS, [follower])


@pytest.mark.parametrize(("kind", "name"), EVERY_ROW)
async def test_an_old_row_is_saved_in_its_place(kind: str, name: str) -> None:
    """Read and saved through the store, an old row is the same row in this version, and there is no other."""
    store, backend, table, row = await _store(kind, name)

    await _save(store, EXPECTED[kind][name])
    await store.move_old_index(10)
    place = new_key(row.key) if kind in ("index", "copy") else row.key

    found = [one for partition in backend._tables[table].values() for one in partition.values()]
    kept = [one for one in found if one.key == place]
    assert [one.properties["v"] for one in kept] == [codec.SCHEMA]
    assert {Key(row.key.partition, "lease"), place} >= {one.key for one in found}


AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

LEFT = EXPECTED["link"]["live"]

SINCE: dict[str, object] = {
    "a claim with the bases that its former feeder left": Claim(
        "UID-1",
        BORIS,
        "activity-1",
        AT,
        before=ANNA,
        organizer="anna@acme.example",
        looked_at=AT,
        left=LEFT,  # type: ignore[arg-type]
    ),
    "an instance with unread seconds": Instance("acme", "https://erp.example", watermark=AT, unread=(AT,)),
    "a day": Day(AT.date(), 3, 1, (0, 2)),
    "a command": Command("0000001-a", Wish(Kind.WHY, (ANNA,), item="x"), Asker(BORIS), AT, AT, State.DONE, 1, 1),
    "a turn": Turn(AT, "0000001-a", "pause"),
    "a lease with a ledger": LeaseRow("process-1", AT, 180, Ledger(3, 3, ("event-1",), rules=1)),
    "names of links": NamesRow({"0f" * 8: ["1e" * 8]}),
    "an order in the line": Queued("round-1", "ticket", AT, {"do": "round", "user": ANNA}, AT, AT, is_big=True),
}
"""Rows of this version whose kinds or fields came after it began: a build before them may have written the others."""


@pytest.mark.parametrize("name", SINCE)
def test_a_row_that_came_since_is_read_as_it_was_frozen(name: str) -> None:
    """What was written of it then, letter by letter, means the same today."""
    rows = json.loads((FROZEN.parent / "v2" / "since.json").read_text(encoding="utf-8"))

    assert set(rows) == set(SINCE)
    assert codec.decode(rows[name], type(SINCE[name])) == SINCE[name]


@pytest.mark.parametrize("name", SINCE)
def test_a_field_that_a_build_does_not_know_yet_is_passed_over(name: str) -> None:
    """Two builds at once: the older one reads what the newer one wrote with one field more."""
    row = codec.encode(SINCE[name])
    wider = str(row["data0"]).replace("{", '{"of_a_newer_build":{"a":[1]},', 1)

    assert codec.decode(row | {"data0": wider}, type(SINCE[name])) == SINCE[name]


WEEKLY = Occurrence("U", date(2026, 6, 25), "M", Rhythm.WEEKLY)
FORTNIGHTLY = replace(WEEKLY, interval=2, weekdays=(0, 2))
TOLD = JournalEntry(
    ANNA,
    AT,
    "r1",
    "activity updated",
    "the whole series was changed in Outlook",
    "event-1",
    "activity-1",
    "Week",
    before={"erp.subject": "W"},
    after={"erp.subject": "Week"},
)
OF_DATE = replace(TOLD, occurrence=nameless(FORTNIGHTLY))

DATED: dict[str, object] = {
    "a date, of before intervals and weekdays were kept": replace(LEFT, occurrence=WEEKLY),  # type: ignore[type-var]
    "a date": replace(LEFT, occurrence=FORTNIGHTLY),  # type: ignore[type-var]
    "an entry of before dates were told": TOLD,
    "an entry of a date": OF_DATE,
    "an entry of several dates": JournalPage(
        (
            replace(
                OF_DATE,
                dates=tuple(
                    EnteredDate(
                        f"event-{n}", f"activity-{n}", replace(FORTNIGHTLY, series_uid="", master_id="", day=day)
                    )
                    for n, day in enumerate((date(2026, 6, 25), date(2026, 6, 26)), 1)
                ),
            ),
        )
    ),
}
"""What earlier builds of this version wrote of dates of series."""


@pytest.mark.parametrize("name", DATED)
def test_what_an_earlier_build_wrote_of_a_date_is_understood(name: str) -> None:
    """Letter by letter; what was not kept then is not known, and written anew the row is read the same."""
    rows = json.loads((FROZEN.parent / "v3" / "dates.json").read_text(encoding="utf-8"))
    value = codec.decode(rows[name], type(DATED[name]))

    assert set(rows) == set(DATED)
    assert value == DATED[name]
    assert codec.decode(codec.encode(value), type(value)) == value
    assert codec.encode(value)["v"] == rows[name]["v"]


def test_a_spoilt_old_row_is_no_crash() -> None:
    """A row of the version before this one that an upgrade cannot make sense of is refused like any other."""
    for text in ("[]", "{}", "null", '{"status": 7}', '{"reason": null, "status": []}'):
        with pytest.raises(RowUnreadable, match="a stored Link cannot be read"):
            codec.decode({"v": 1, "data0": text}, Link)


def test_a_build_that_does_not_know_unlinked_pairs_leaves_their_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row as it was frozen is read and written the same; to the build of before it is a newer build's."""
    [one] = json.loads((FROZEN.parent / "v3" / "link.json").read_text(encoding="utf-8"))
    link = codec.decode(one["properties"], Link)

    anew = codec.encode(link)
    assert (is_unlinked(link), anew["v"], codec.decode(anew, Link)) == (True, one["properties"]["v"], link)
    assert codec.encode(retried(link))["v"] == codec.SCHEMA
    monkeypatch.setattr(codec, "BEYOND", {})
    with pytest.raises(RowUnreadable, match="has schema version 3") as refused:
        codec.decode(one["properties"], Link)
    assert refused.value.is_newer


def test_a_build_that_does_not_know_series_leaves_their_rows_alone() -> None:
    """To it, a date that answers 404 would be deleted; once it is a single event's, the row is everybody's again."""
    [one] = json.loads((FROZEN.parent / "v3" / "link.json").read_text(encoding="utf-8"))
    single = retried(codec.decode(one["properties"], Link))
    dated = replace(single, occurrence=Occurrence("U", date(2026, 6, 25), "M", Rhythm.WEEKLY))

    row = codec.encode(dated)
    assert (row["v"], codec.decode(row, Link)) == (codec.SCHEMA + 1, dated)
    assert codec.encode(single)["v"] == codec.SCHEMA


def test_a_build_that_does_not_know_creates_in_one_row_leaves_them_alone() -> None:
    """The row as it was frozen is read, and the same written again; read as a pending row, it is a newer build's."""
    [one] = json.loads((FROZEN.parent / "v3" / "begun.json").read_text(encoding="utf-8"))
    begun = codec.decode(one["properties"], Begun)

    assert begun == Begun((Pending(Side.GRAPH, "event-1", "UID-1"), Pending(Side.ERP, "activity-2")))
    row = codec.encode(begun)
    assert (row["v"], codec.decode(row, Begun)) == (one["properties"]["v"], begun)
    assert one["row"] == begun_key(one["partition"]).row
    with pytest.raises(RowUnreadable, match="has schema version 3") as refused:
        codec.decode(one["properties"], Pending)
    assert refused.value.is_newer


async def test_a_build_that_does_not_know_journal_pages_reads_the_rest() -> None:
    """The row as it was frozen is read, and written again it is the same row of the same entries; read as one entry,
    it is a newer build's."""
    [one] = json.loads((FROZEN.parent / "v3" / "journal.json").read_text(encoding="utf-8"))
    backend = MemoryBackend(lambda: NOW)
    await backend.write(Table.JOURNAL, Op(Verb.PUT, Key(one["partition"], one["row"]), one["properties"]))
    entries = await RowStore(backend).read_journal(one["partition"])

    assert [(e.action, e.event_id, e.after) for e in entries] == [
        ("activity created", "event-2", {"subject": "Two"}),
        ("activity created", "event-1", {"subject": "One"}),
    ]
    again = MemoryBackend(lambda: NOW)
    await RowStore(again).append_journal(entries)
    [row] = await again.scan(Table.JOURNAL, one["partition"])
    assert (row.key.row, row.properties["v"]) == (one["row"], one["properties"]["v"])
    assert codec.decode(row.properties, JournalPage) == codec.decode(one["properties"], JournalPage)
    with pytest.raises(RowUnreadable, match="has schema version 3") as refused:
        codec.decode(one["properties"], JournalEntry)
    assert refused.value.is_newer


@pytest.mark.parametrize("kind", [Link, Pending])
def test_what_is_beyond_the_next_version_is_not_read(kind: type[Link | Pending]) -> None:
    """Nor the next version of a kind that this build never writes in it."""
    version = codec.SCHEMA + (2 if kind is Link else 1)
    with pytest.raises(RowUnreadable, match=f"has schema version {version}") as refused:
        codec.decode({"v": version, "data0": "{}"}, kind)
    assert refused.value.is_newer
