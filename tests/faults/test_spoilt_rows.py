"""Our own rows spoilt, one by one: what a row belongs to waits and says so; everybody and everything else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import pytest

from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.codec import SCHEMA, Properties
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from jobs.app.dispatch import dispatch
from jobs.app.housekeeping import keep_house
from jobs.app.notifications import receive_graph
from jobs.app.subscriptions import keep_all
from jobs.approvals import choices_in, find_choice
from jobs.command import Asker, Command, State
from jobs.commands.ask import ask, look, read_answer
from jobs.commands.doctor import examine
from jobs.commands.explain import explain
from jobs.commands.switch import enable, find_known
from jobs.commands.sync import SyncReport
from jobs.line import send_later
from jobs.messages import Round
from jobs.ports import Begin, Put
from jobs.pull import run_pull
from jobs.says import Topic
from jobs.wake import is_notified, wake
from jobs.wish import Kind, Wish
from sync_core.errors import RowUnreadable
from sync_core.model.action import Action
from sync_core.model.claim import Claim
from sync_core.model.hold import HeldItem, Hold
from sync_core.model.memory import InboxRow
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side
from sync_core.model.unsynced import Unsynced
from tests.support.app import App, FixedProcess, front_door
from tests.support.budget import budget
from tests.support.days import at, digits
from tests.support.house import ANNA, START, House, open_house

BORIS = "boris@acme.example"

SPOILS: dict[str, Properties] = {
    "another version": {"v": 99, "data0": "{}"},
    "cut off": {"v": SCHEMA, "data0": '{"event_id": "x'},
    "another shape": {"v": SCHEMA, "data0": "[1, 2]"},
    "empty": {},
    "wrong types": {"v": SCHEMA, "data0": '{"id":1,"event_id":2,"user_id":3,"holder":4,"token":5,"key":6,"side":7}'},
    "a part is missing": {"v": SCHEMA, "data1": "{}"},
    "an old one": {"v": SCHEMA - 1, "data0": '{"status": [], "full_due": []}'},
}

STATE = ("cursors", "link-", "pending-erp", "pending-begun", "inbox-", "hold-", "wake")
"""Kinds of rows without which a user's round must not go on."""

ANEW = ("index", "copy", "lease", "slot", "subscription", "names")
"""Kinds that are made anew by whoever meets a spoilt one."""

KINDS = (*STATE, "user", *ANEW, "claim", "journal")

STORED_ROWS = Topic.ON_ROWS.say()


@dataclass
class Scenario:
    """Anna and Boris, with a row of every kind that there is, and somebody who spoils one of them."""

    house: House
    backend: MemoryBackend
    anna: str = ""
    boris: str = ""

    def find(self, kind: str, user_id: str = "") -> tuple[Table, Row]:
        """A row of this kind, of Anna's where it is anybody's."""
        owner = user_id or self.anna
        if kind in STATE or kind == "lease":
            return Table.STATE, self._first(Table.STATE, owner, kind)
        if kind == "names":
            return Table.STATE, self._first(Table.STATE, f"{owner}:names", "")
        if kind in ("user", "subscription"):
            return Table.USERS, self._first(Table.USERS, kind, owner)
        if kind == "slot":
            return Table.USERS, self._first(Table.USERS, kind, "")
        if kind == "journal":
            return Table.JOURNAL, self._first(Table.JOURNAL, owner, "")
        if kind == "claim":
            claims = self.backend._tables[Table.MEETINGS][kind].values()
            return Table.MEETINGS, next(row for row in claims if f'"key":"{self.uid()}"' in str(row.properties))
        partition, end = {"index": ("activity", f":{owner}"), "copy": ("copy", "")}[kind]
        rows = self.backend._tables[Table.MEETINGS][partition]
        return Table.MEETINGS, next(row for name, row in rows.items() if name.endswith(end))

    def uid(self) -> str:
        """The shared meeting's iCalUId, as claims have it."""
        [shared] = [e for e in self.house.outlook().events() if e["subject"].startswith("Shared")]
        return str(shared["iCalUId"]).casefold()

    def subject_of_shared(self) -> str:
        """What Outlook calls the meeting of both."""
        return str(next(e["subject"] for e in self.house.outlook().events() if e["subject"].startswith("Shared")))

    def _first(self, table: Table, partition: str, prefix: str) -> Row:
        rows = self.backend._tables[table][partition]
        return next(rows[name] for name in sorted(rows) if name.startswith(prefix))

    async def spoil(self, kind: str, properties: Properties) -> Key:
        """Make a row of this kind unreadable; its key."""
        table, row = self.find(kind)
        await self.backend.write(table, Op(Verb.PUT, row.key, properties))
        return row.key

    async def edit_by_boris(self) -> None:
        """Boris changes a meeting on one side and makes one on the other; Anna makes one, too."""
        [event] = [e for e in self.house.outlook(BORIS).events() if e["subject"] == "Boris's"]
        self.house.outlook(BORIS).edit(event["id"], subject="Boris goes on")
        self.house.desk("boris").create("Boris at his desk", digits(4), digits(4, 12))
        self.house.outlook().create("Anna's news", at(6), at(6, 10))
        [shared] = [a for a in self.house.desk().activities() if a["Subject"] == "Shared"]
        self.house.desk().edit(shared["Id"], subject="Shared, changed")

    def has_boris_gone_on(self) -> bool:
        """Whether both of Boris's changes have arrived."""
        activities = {a["Subject"] for a in self.house.desk("boris").activities() if not a["Void"]}
        events = {e["subject"] for e in self.house.outlook(BORIS).events()}
        return "Boris goes on" in activities and "Boris at his desk" in events

    def has_annas_news_arrived(self) -> bool:
        """Whether Anna's round went on, too."""
        return "Anna's news" in {a["Subject"] for a in self.house.desk().activities()}


@pytest.fixture
async def scenario(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scenario]:
    """Two people, a meeting of both, notifications, an open question, and something that waits."""
    backend = MemoryBackend(lambda: START)
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        monkeypatch.setattr("adapters.wiring.process", FixedProcess(house))
        for name in ("anna", "boris"):
            await house.employ(name)
            house.outlook(f"{name}@acme.example").create(f"{name.title()}'s", at(1), at(1, 10))
        house.outlook().create("Shared", at(2), at(2, 10), attendees=[BORIS])
        await house.sync()
        await house.sync()
        opened = Scenario(house, backend, (await house.user()).id, (await house.user(BORIS)).id)
        async with front_door(house):
            await keep_all(house.world)
            await _fill(opened)
            yield opened


async def _fill(scenario: Scenario) -> None:
    """Rows that only come up now and then."""
    store = scenario.house.world.store
    for user_id in (scenario.anna, scenario.boris):
        lease = await store.acquire_lease(user_id, "an earlier round", 1)
        lonely = Pending(Side.ERP, f"gone-{user_id}", parked=True, state=PendingState.PARTNER_GONE)
        hold = Hold(f"h{user_id[:6]}", "3 of 3 would be deleted", (HeldItem("e", "a", "void"),), START)
        await store.save(lease, [Put(lonely), Begin(Pending(Side.GRAPH, f"no-event-of-{user_id}")), Put(hold)])
        await store.write_wake(user_id, "a token")
        await store.file_inbox(user_id, [InboxRow(f"no-activity-of-{user_id}", START)])
    scenario.house.advance(minutes=1)


def cells(*kinds: str) -> Iterator[tuple[str, str]]:
    """Kind by spoil; `make test` takes one spoil of each kind, another one for the next."""
    names = list(SPOILS)
    for number, kind in enumerate(kinds or KINDS):
        yield from ((kind, names[(number + step) % len(names)]) for step in range(budget(1, len(names))))


def told(outcome: SyncReport, upn: str = ANNA) -> str:
    """What a sync says of somebody's failures."""
    return " ".join(
        one.text for report in outcome.reports if upn in (report.upn, report.user_id) for one in report.failures
    )


@pytest.mark.parametrize(("kind", "how"), list(cells()))
async def test_every_trigger_and_command_goes_on_for_others(scenario: Scenario, kind: str, how: str) -> None:
    """Whatever row of Anna's, or of the meeting they share, cannot be read: Boris's changes flow."""
    key = await scenario.spoil(kind, SPOILS[how])
    world, store = scenario.house.world, scenario.house.world.store
    await scenario.edit_by_boris()

    if how != "another version" or kind not in ("lease", "slot"):
        await _run_triggers(scenario)
    plan = await scenario.house.sync(dry_run=True) if kind != "slot" or how != "another version" else None
    if plan is not None:
        assert [r.failures for r in plan.reports if r.upn == BORIS] == [[]]
        assert any(line.subject == "Boris goes on" for r in plan.reports if r.upn == BORIS for line in r.lines)
        outcome = await scenario.house.sync()
        assert scenario.has_boris_gone_on()
        assert told(outcome, BORIS) == "" or kind == "claim"
        await _check_annas(scenario, kind, how, key, outcome)
    assert {u.id for u in await store.list_users()} == {scenario.anna, scenario.boris}
    user, choice = await find_choice(world, choices_in(await store.recall(scenario.boris))[0].id)
    assert (user.id, choice.row) in [(scenario.boris, c.row) for c in choices_in(await store.recall(scenario.boris))]
    if plan is not None:  # else nobody may ask ERP.net, and says so
        assert [f.what for f in await explain(world, user, "Boris goes on")][:1] == ["linked"]
    assert (await store.recall(scenario.boris)).links


async def _check_annas(scenario: Scenario, kind: str, how: str, key: Key, outcome: SyncReport) -> None:
    """Anna waits where the row is hers, and is told which row it is, whose and what helps; else she goes on, too."""
    if kind == "link-":  # it is met by a round that has news of it, or reads all links
        assert scenario.has_annas_news_arrived()
        outcome = await scenario.house.sync(ANNA, full=True)
        assert f"the row {key.row} of the partition {key.partition}" in told(outcome) + told(outcome, scenario.anna)
        return
    is_newer_lease = kind == "lease" and how == "another version"
    stops = kind in (*STATE, "user") or is_newer_lease
    said = told(outcome) + told(outcome, scenario.anna)
    if kind == "wake":  # whoever wakes her next writes the row anew
        assert scenario.has_annas_news_arrived() or f"the row {key.row}" in said
        await wake(scenario.house.world, scenario.anna)
        await scenario.house.sync()
        assert scenario.has_annas_news_arrived()
        return
    assert scenario.has_annas_news_arrived() is not stops
    assert (scenario.subject_of_shared() == "Shared") is (stops or kind == "claim")
    if stops or kind == "claim":
        assert "a stored" in said
        assert f"the row {key.row} of the partition {key.partition}" in said
        assert ("deploy the build" if how == "another version" else "`calsync ") in said
    if kind == "journal":
        entries = await scenario.house.world.store.read_journal(scenario.anna, 1_000)
        assert [e.action for e in entries].count(Action.UNREADABLE) == 1
    elif kind in ANEW and how != "another version":
        await _check_anew(scenario, kind, key)


async def _check_anew(scenario: Scenario, kind: str, key: Key) -> None:
    """What other rows show is found in them, and the row is written again."""
    store = scenario.house.world.store
    activity = key.row.partition(":")[0]
    if kind == "index":
        assert list((await store.find_linked([activity]))[activity]) == [scenario.anna]
    elif kind == "copy":
        assert await store.find_copies(scenario.uid()) == {scenario.boris}
    tables = {"index": Table.MEETINGS, "copy": Table.MEETINGS, "lease": Table.STATE, "names": Table.STATE}
    row = await scenario.backend.read(tables.get(kind, Table.USERS), key)
    assert row is None or row.properties["v"] == SCHEMA
    assert row is None or len(str(row.properties["data0"])) > 20


async def _run_triggers(scenario: Scenario) -> None:
    """The timers, the pull and a notification for both."""
    world, store = scenario.house.world, scenario.house.world.store
    await dispatch(world)
    await keep_house(world)
    await keep_all(world)
    report = await run_pull(world)
    assert scenario.boris in report.woken
    subscription = await store.read_subscription(scenario.boris)
    assert subscription is not None
    items = f'{{"value":[{{"clientState":"{scenario.anna}.x"}},{{"clientState":"{subscription.client_state}"}}]}}'
    await receive_graph(world, items.encode())
    sent = [message for message, _ in world.queue.take()]  # type: ignore[attr-defined]
    assert scenario.boris in [message.get("user") for message in sent]
    assert is_notified(await store.read_wake(scenario.boris))


@pytest.mark.parametrize("kind", ["link-", "pending-erp", "inbox-", "user", "subscription", "claim", "index"])
async def test_a_row_in_anothers_place_is_not_believed(scenario: Scenario, kind: str) -> None:
    """A row that was copied over another one's key says somebody else's value: it counts as one nobody can read."""
    store = scenario.house.world.store
    await store.save_claim(Claim("another meeting", scenario.boris, "a", START))
    table, row = scenario.find(kind, scenario.boris)
    if kind == "claim":
        claims = scenario.backend._tables[table]["claim"].values()
        row = next(one for one in claims if "another meeting" in str(one.properties["data0"]))
    elif kind == "index":
        rows = scenario.backend._tables[table]["activity"]
        row = next(one for one in rows.values() if one.key != scenario.find(kind)[1].key)
    _, annas = scenario.find(kind)
    await scenario.spoil(kind, row.properties)
    await scenario.edit_by_boris()
    outcome = await scenario.house.sync(full=kind == "link-")

    assert scenario.has_boris_gone_on()
    if kind in ("subscription", "index"):
        await keep_all(scenario.house.world)
        activity = annas.key.row.partition(":")[0]
        assert kind != "index" or scenario.anna in (await store.find_linked([activity]))[activity]
    elif kind == "claim":
        with pytest.raises(RowUnreadable, match="in another's place"):
            await store.read_claim(scenario.uid())
    else:
        assert "in another's place" in told(outcome) + told(outcome, scenario.anna)


OTHERS = {
    "account": Table.USERS,
    "due": Table.USERS,
    "timer": Table.USERS,
    "queued": Table.USERS,
    "portal": Table.USERS,
    "day": Table.JOURNAL,
    "unsynced": Table.JOURNAL,
    "unsynced-counts": Table.JOURNAL,
    "command": Table.COMMANDS,
    "answer": Table.COMMANDS,
    "turn": Table.COMMANDS,
}
"""Kinds of rows that no round needs, by the beginning of their partition."""


async def _ask_for_boris(scenario: Scenario, kind: Kind = Kind.SYNC) -> Command:
    """What became of an operator's wish about Boris."""
    world = scenario.house.world
    command = await ask(world, Wish(kind, (BORIS,)), Asker("operator", "Olga Operator"))
    await App(scenario.house, FixedProcess(scenario.house)).drain()
    found = await look(world, command.id)
    assert found is not None
    return found


async def _fill_others(scenario: Scenario) -> None:
    """Commands that were carried out, the page's key, what is not in step, due marks, a timer's run that was cut off,
    and messages on their way."""
    world = scenario.house.world
    await world.store.save_reached("0")
    for kind in (Kind.SYNC, Kind.RESUME):
        assert (await _ask_for_boris(scenario, kind)).state is State.DONE
    await world.store.read_form_key()
    for user_id in (scenario.anna, scenario.boris):
        await world.store.save_unsynced(user_id, Unsynced(counts={"a series": 1}))
        await send_later(world, Round(user_id), 30)
        await world.store.file_inbox(user_id, [InboxRow("activity", world.clock())])


def _rows_of(scenario: Scenario, kind: str) -> list[Row]:
    partitions = scenario.backend._tables[OTHERS[kind]]
    named = [name for name in partitions if name == kind or (kind == "answer" and name.startswith("answer-"))]
    return [row for name in named for row in partitions[name].values()]


@pytest.mark.parametrize(("kind", "how"), list(cells(*OTHERS)))
async def test_rows_that_no_round_needs_stop_nobody(scenario: Scenario, kind: str, how: str) -> None:
    """All of them spoilt: timers, rounds, commands and what the page shows go on, and make them anew in time."""
    await _fill_others(scenario)
    world, store = scenario.house.world, scenario.house.world.store
    rows = _rows_of(scenario, kind)
    assert rows
    for row in rows:
        await scenario.backend.write(OTHERS[kind], Op(Verb.PUT, row.key, SPOILS[how]))
    await scenario.edit_by_boris()
    await _run_triggers(scenario)
    command = await _ask_for_boris(scenario)
    assert (await _ask_for_boris(scenario, Kind.RESUME)).state is State.DONE

    assert (command.state, command.is_fine, scenario.has_boris_gone_on()) == (State.DONE, True, True)
    assert command.id in [one.id for one in await store.list_commands()]
    assert (await read_answer(world, command))["users"]
    await store.list_days()
    await store.count_unsynced()
    await store.list_queued()
    assert (await store.read_unsynced(scenario.boris)).counts is not None
    if kind != "portal" or how != "another version":
        assert len(await store.read_form_key()) == 32
    scenario.house.advance(days=100)
    await keep_house(world)


async def test_every_kind_of_row_is_spoilt_here(scenario: Scenario) -> None:
    """Whoever adds a kind of row says here what happens if it cannot be read."""
    await _fill_others(scenario)
    people = {scenario.anna, scenario.boris}
    shared = {
        (table, "answer" if name.startswith("answer-") else "names" if name.endswith(":names") else name)
        for table, partitions in scenario.backend._tables.items()
        for name, rows in partitions.items()
        if rows and name not in people
    }
    known = {(table, kind) for kind, table in OTHERS.items()}
    known |= {(Table.USERS, kind) for kind in ("user", "subscription", "slot", "instance")}
    known |= {(Table.MEETINGS, kind) for kind in ("activity", "copy", "claim")}
    known |= {(Table.STATE, "names")}
    assert shared == known
    own = {key.partition("-")[0] for user in people for key in scenario.backend._tables[Table.STATE][user]}
    assert own == {kind.partition("-")[0] for kind in (*STATE, "lease")}


async def test_a_row_of_a_kind_that_nobody_knows(scenario: Scenario) -> None:
    """A newer build may have added a kind of row that a round must not go on without."""
    await scenario.backend.write(Table.STATE, Op(Verb.PUT, Key(scenario.anna, "promise-1"), {"v": 99, "data0": "{}"}))
    await scenario.edit_by_boris()
    outcome = await scenario.house.sync()

    assert scenario.has_boris_gone_on()
    assert "a stored row is of an unknown kind" in told(outcome)


async def test_nobodys_instance_row(scenario: Scenario) -> None:
    """The row that all share: syncing says which it is and what helps; looking, asking and switching go on."""
    world = scenario.house.world
    await scenario.backend.write(Table.USERS, Op(Verb.PUT, Key("instance", "instance"), {"v": SCHEMA, "data0": "{"}))
    with pytest.raises(RowUnreadable, match="delete that row, then `calsync sync --full`"):
        await scenario.house.sync()
    checks = [check async for check in examine(world)]

    assert [c for c in checks if c.what == STORED_ROWS and "instance" in c.found.text] != []
    assert [c for c in checks if c.what.text == "Service user"] != []
    assert await find_known(world, ANNA) == await scenario.house.user()
    await scenario.backend.write(Table.USERS, Op(Verb.DELETE, Key("instance", "instance")))
    scenario.house.desk().create("After all", digits(5), digits(5, 12))
    await scenario.house.sync(full=True)
    assert "After all" in [e["subject"] for e in scenario.house.outlook().events()]


@pytest.mark.parametrize("kind", [*STATE, "user", "claim"])
async def test_the_doctor_names_every_row(scenario: Scenario, kind: str) -> None:
    """`calsync doctor` lists each row that stops something, and goes on to the other checks."""
    key = await scenario.spoil(kind, SPOILS["cut off"])
    checks = [check async for check in examine(scenario.house.world)]

    [found] = [check for check in checks if check.what == STORED_ROWS]
    assert (found.fine, f"the row {key.row} of the partition {key.partition}" in found.found.text) == (False, True)
    assert [check.fine for check in checks if check.what.text == BORIS] == [True]


async def test_changes_for_somebody_unreadable_wait_for_them(scenario: Scenario) -> None:
    """What ERP.net says while Anna's row cannot be read is kept for her, linked or not: nothing passes her by."""
    table, row = scenario.find("user")
    house = scenario.house
    [shared] = [a for a in house.desk().activities() if a["Subject"] == "Anna's"]
    await scenario.spoil("user", SPOILS["another version"])
    house.desk().edit(shared["Id"], subject="Anna's, later")
    house.desk().create("Anna at her desk", digits(4), digits(4, 12))
    await run_pull(house.world)
    await house.sync(BORIS)
    await scenario.backend.write(table, Op(Verb.PUT, row.key, row.properties))
    await house.sync()

    assert {"Anna's, later", "Anna at her desk"} <= {e["subject"] for e in house.outlook().events()}


async def test_nobody_takes_over_from_somebody_unreadable(scenario: Scenario) -> None:
    """A row that cannot be read is no leave: the meeting that Anna feeds stays hers, and nothing is voided."""
    await scenario.spoil("user", SPOILS["another version"])
    scenario.house.advance(days=2)
    await scenario.house.sync(BORIS)
    table, row = scenario.find("claim")

    assert f'"holder":"{scenario.anna}"' in str(row.properties["data0"])
    assert table is Table.MEETINGS
    assert not any(a["Void"] for a in scenario.house.desk().activities())


async def test_a_newer_builds_row_is_not_replaced(scenario: Scenario) -> None:
    """While an update is under way, an older build replaces nothing that it cannot read: it refuses, and waits."""
    kinds = ("user", "subscription", "lease", "claim", "slot")
    keys = {(scenario.find(kind)[0], await scenario.spoil(kind, SPOILS["another version"])) for kind in kinds}
    with pytest.raises(RowUnreadable):
        await enable(scenario.house.world, ANNA)
    await keep_all(scenario.house.world)
    with pytest.raises(RowUnreadable):
        await scenario.house.sync()

    for table, key in keys:
        row = await scenario.backend.read(table, key)
        assert row is not None
        assert row.properties == SPOILS["another version"], key


async def test_a_newer_builds_subscription_is_not_ended(scenario: Scenario) -> None:
    """The keeper of an older build leaves alone what a newer one keeps, on our side and on Graph's."""
    await scenario.spoil("subscription", SPOILS["another version"])
    live = await scenario.house.world.subscriptions.list_live()
    await keep_all(replace(scenario.house.world))

    assert {one.id for one in live} == {one.id for one in await scenario.house.world.subscriptions.list_live()}
