"""A command's row is kept for ninety days: it holds no title, no address, no words that forgetting would not find."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.store.backend import Table
from adapters.store.memory import MemoryStore
from jobs.accounts import AccountTaken
from jobs.app.dispatch import dispatch
from jobs.command import EXPIRES, Asker, State
from jobs.commands import serve as serving
from jobs.commands.ask import ask, look
from jobs.commands.kinds import KINDS, Do, Part
from jobs.commands.mistakes import KNOWN, RosterInvalid, trouble_of
from jobs.commands.redaction import UNKNOWN
from jobs.erasure import FORGOTTEN
from jobs.trouble import SAYS, Trouble, Why
from jobs.waiting import Notice
from jobs.wish import Kind, Wish, WishInvalid
from jobs.world import World
from sync_core import errors
from sync_core.errors import CalsyncError
from sync_core.model.sides import Side
from tests.support.app import App
from tests.support.house import ANNA, START

OPERATOR = Asker("operator", "Olga Operator")

TITLE = "Dismissal of Bob \u202e<script>\x1b[2J"
NAME = "bob.dismissed@rival.example"

WISHES: dict[Kind, Wish] = {
    Kind.ENABLE: Wish(Kind.ENABLE, (NAME, ANNA), company=TITLE),
    Kind.DISABLE: Wish(Kind.DISABLE, (NAME,)),
    Kind.FORGET: Wish(Kind.FORGET, (NAME,)),
    Kind.SYNC: Wish(Kind.SYNC, (NAME,), full=True),
    Kind.PREVIEW: Wish(Kind.PREVIEW, (NAME,)),
    Kind.DOCTOR: Wish(Kind.DOCTOR),
    Kind.GRANT: Wish(Kind.GRANT, repair=True),
    Kind.WHY: Wish(Kind.WHY, (ANNA,), item=TITLE),
    Kind.APPROVE: Wish(Kind.APPROVE, (NAME,), item="Dismissal", choice="drop"),
    Kind.RESOLVE: Wish(Kind.RESOLVE, (NAME,), item="Dismissal", choice="outlook"),
    Kind.RETRY: Wish(Kind.RETRY, (NAME,)),
    Kind.UNLINK: Wish(Kind.UNLINK, (ANNA,), item="Dismissal"),
    Kind.UNDO: Wish(Kind.UNDO, (NAME,), item="Dismissal"),
    Kind.PAUSE: Wish(Kind.PAUSE, (NAME,), until="2026-02-01"),
    Kind.RESUME: Wish(Kind.RESUME, (NAME,)),
    Kind.PLACES: Wish(Kind.PLACES),
}
"""A wish of each kind that quotes whatever it can quote."""


async def rows(app: App) -> str:
    """Every row of a command as it is stored, without the answers."""
    store = app.house.world.store
    assert isinstance(store, MemoryStore)
    return "\n".join(str(row.properties) for row in await store.backend.scan(Table.COMMANDS, "command")).casefold()


async def serve(app: App, wish: Wish) -> str:
    """The id of a command that has ended."""
    command = await ask(app.house.world, wish, OPERATOR)
    await app.drain()
    return command.id


def test_each_kind_is_tried() -> None:
    """A new kind needs a wish here."""
    assert set(WISHES) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
async def test_nobody_s_words_are_kept(app: App, kind: Kind) -> None:
    """Neither of a wish that was carried out nor of one that was refused; whoever looks on that day reads them."""
    name = await serve(app, WISHES[kind])
    ended = await look(app.house.world, name)

    assert ended is not None
    assert ended.is_ended
    kept = await rows(app)
    assert [word for word in ("dismiss", "bob", "rival", "script") if word in kept] == []
    if ended.state is State.REFUSED:
        assert any(word in ended.failure for word in ("Dismiss", NAME, "“"))


@pytest.mark.parametrize("kind", Kind)
async def test_nor_the_words_of_a_failure(app: App, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """ERP.net's errors quote what they are about; so may a mistake of ours."""
    for error in (*every_error(), ValueError(TITLE)):

        async def fail(
            _world: World, _wish: Wish, _item: str, _: Notice, error: Exception = error
        ) -> AsyncIterator[Part]:
            raise error
            yield {}, True

        monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], do=fail))
        command = await ask(app.house.world, WISHES[kind], OPERATOR)
        app.queue.take()
        with suppress(errors.StoreUnavailable, errors.SlotsTaken, errors.LicencesTaken):
            await serving.serve(app.house.world, command.id)
        found = await app.house.world.store.read_command(command.id)
        assert found is not None
        assert (found.trouble is not None, "Dismiss" in found.failure) == (found.is_ended, False)
        if not found.is_ended:  # it waits, and what was asked for with it
            await app.house.world.store.save_command(replace(found, wish=Wish(kind)))

    kept = await rows(app)
    assert [word for word in ("dismiss", "bob", "rival", "script") if word in kept] == []


def failing(error: Exception) -> Do:
    """What a kind does that fails."""

    async def fail(_world: World, _wish: Wish, _item: str, _: Notice) -> AsyncIterator[Part]:
        raise error
        yield {}, True

    return fail


def every_error() -> Iterator[CalsyncError]:
    """One of each kind that a command can meet, with a title in its words."""
    side = Side.ERP
    for kind in KNOWN:
        if kind is errors.SlotsTaken:
            yield errors.SlotsTaken("the app", START)
        elif kind in (errors.SettingsInvalid, RosterInvalid):
            yield kind([TITLE])
        elif issubclass(kind, errors.SideError):
            yield kind(side, TITLE)
        else:
            yield kind(TITLE)
    yield errors.ItemRejected(side, TITLE, rule=TITLE, code=TITLE)
    yield errors.StaleWrite(side, TITLE)
    yield errors.LeaseLost(TITLE)


@pytest.mark.parametrize("why", Why)
def test_each_cause_has_its_sentence(why: Why) -> None:
    """With what helps; a detail of it stands where the sentence asks for one."""
    text = Trouble(why, "ERP.net").text

    assert len(text) > 20
    assert "{" not in text
    assert ":" in text or ";" in text
    assert why in SAYS


def test_a_rule_s_number_is_kept_and_nothing_else() -> None:
    """By it an administrator finds the rule."""
    assert trouble_of(errors.ItemRejected(Side.ERP, TITLE, rule="R38488")).detail == "ERP.net (R38488)"
    assert trouble_of(errors.ItemRejected(Side.ERP, TITLE, rule=TITLE)).detail == "ERP.net"


async def test_the_words_of_a_failure_go_with_the_answer(app: App) -> None:
    """Until then they are told; then the cause and its remedy."""
    name = await serve(app, Wish(Kind.WHY, (ANNA,), item="No such thing"))
    before = await look(app.house.world, name)
    await app.house.world.store.drop_parts(name)
    after = await look(app.house.world, name)

    assert before is not None
    assert after is not None
    assert "“No such thing”" in before.failure
    assert after.failure == SAYS[Why.ITEM]


async def test_whoever_bears_a_name_is_kept_by_id(app: App) -> None:
    """An administrator can see whom a command was about; a mistyped name is nobody's."""
    name = await serve(app, Wish(Kind.DISABLE, (ANNA, NAME)))
    found = await look(app.house.world, name)

    assert found is not None
    assert found.wish.people == ((await app.house.user()).id, UNKNOWN)


async def test_an_alias_is_erased_like_every_name(app: App) -> None:
    """Asked for by another of their addresses."""
    upn = await app.house.employ("ben", aliases=("benny@acme.example",))
    name = await serve(app, Wish(Kind.DISABLE, ("Benny@acme.example",)))
    found = await look(app.house.world, name)
    assert found is not None
    assert found.wish.people == ((await app.house.user(upn)).id,)

    await serve(app, Wish(Kind.FORGET, (upn,)))
    found = await look(app.house.world, name)
    assert found is not None
    assert (found.wish.people, "benny" in await rows(app)) == ((FORGOTTEN,), False)


async def test_what_nobody_ever_looked_at_is_ended_too(app: App) -> None:
    """Its message was lost: the timer ends it after its day, and its words are gone."""
    command = await ask(app.house.world, WISHES[Kind.WHY], OPERATOR)
    app.queue.take()
    app.house.advance(seconds=EXPIRES.total_seconds() + 1)
    await dispatch(app.house.world)
    await app.drain()
    found = await app.house.world.store.read_command(command.id)

    assert found is not None
    assert (found.state, found.failure) == (State.FAILED, SAYS[Why.UNSEEN])
    assert "dismiss" not in await rows(app)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish(Kind.APPROVE, item=TITLE, choice="drop"), "say which by its id"),
        (Wish(Kind.UNDO, item="a b"), "say which by its id"),
        (Wish(Kind.RESOLVE, item="a", choice="fields", fields={TITLE: "erp"}), "choose between the values of"),
        (Wish(Kind.PAUSE, (ANNA,), until=TITLE), "a day like 2026-12-07"),
        (Wish(Kind.SYNC, company=TITLE), "leave out company"),
        (Wish(Kind.DISABLE, (ANNA,), item=TITLE), "leave out item"),
        (Wish(Kind.RESUME, (ANNA,), until="2026-02-01"), "leave out until"),
    ],
)
async def test_words_in_the_wrong_place_are_refused(app: App, wish: Wish, told: str) -> None:
    """Before anything is kept."""
    with pytest.raises(WishInvalid, match=told):
        await ask(app.house.world, wish, OPERATOR)

    assert await rows(app) == ""


def test_a_taken_account_is_told_of() -> None:
    """By its own sentence."""
    assert trouble_of(AccountTaken(TITLE)) == Trouble(Why.ACCOUNT)
    assert trouble_of(ZeroDivisionError(TITLE)) == Trouble(Why.MISTAKE, "ZeroDivisionError")
