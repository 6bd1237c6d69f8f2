"""Whatever row cannot be read: a page is shown without it, or says plainly what keeps it from being shown."""

from __future__ import annotations

import re

import pytest

from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.memory import MemoryBackend, MemoryStore
from tests.portal.test_bulgarian import furnish, pages
from tests.support.house import House
from tests.support.visitor import Visitor, signed_in

SPOILT: dict[str, int | str] = {"v": 2, "data0": "[1, 2]"}
KINDS = {
    "Commands/answer",
    "Commands/command",
    "Journal/user",
    "Meetings/claim",
    "State/cursors",
    "State/hold",
    "State/link",
    "Users/portal",
    "Users/instance",
    "Users/user",
}
"""What pages read, or might; these must be among the rows that are spoilt."""


def kind_of(table: Table, key: Key, user_id: str) -> str:
    """What a row is, as far as its key says."""
    name = key.row if key.partition == user_id else key.partition
    return f"{table}/{'user' if table is Table.JOURNAL else re.split('[-:]', name)[0]}"


def one_of_each(backend: MemoryBackend, user_id: str) -> dict[str, tuple[Table, Row]]:
    """A row of each kind that there is."""
    found: dict[str, tuple[Table, Row]] = {}
    for table, partitions in backend._tables.items():
        for rows in partitions.values():
            for row in rows.values():
                found[kind_of(table, row.key, user_id)] = (table, row)
    return found


async def test_no_spoilt_row_is_a_mistake_of_the_servers(house: House) -> None:
    """Each kind of row in turn, and every page: one that cannot be shown names what helps to whoever may see it."""
    boss, ids = await furnish(house)
    employee = Visitor(house, {**signed_in(ids["person"]), "accept-language": "en"})
    assert isinstance(house.memory, MemoryStore)
    backend = house.memory.backend
    assert isinstance(backend, MemoryBackend)
    await boss.read("/portal")
    kinds = one_of_each(backend, ids["person"])
    assert kinds.keys() >= KINDS
    bad: list[str] = []
    for kind, (table, row) in kinds.items():
        await backend.write(table, Op(Verb.PUT, row.key, SPOILT))
        for path in (*pages(ids), "/portal/everyone/people.csv", "/portal/everyone/items.csv"):
            for visitor in (boss, employee):
                shown = await visitor.get(path)
                text = shown.body.decode()
                is_told = shown.status not in (409, 410) or "не може да бъде прочетен" in text or "be read" in text
                names_it = shown.status != 409 or visitor is employee or f"the row {row.key.row}" in text
                if shown.status >= 500 or not is_told or not names_it:
                    bad.append(f"{kind}: {path}: {shown.status}")
        await backend.write(table, Op(Verb.PUT, row.key, row.properties))

    assert bad == []


@pytest.mark.parametrize("language", ["en", "bg"])
async def test_an_employee_is_told_no_rows(house: House, language: str) -> None:
    """Of a page that cannot be shown they learn who can mend it; keys and remedies are for administrators."""
    _, ids = await furnish(house)
    assert isinstance(house.memory, MemoryStore)
    await house.memory.backend.write(Table.USERS, Op(Verb.PUT, Key("instance", "instance"), SPOILT))
    shown = await Visitor(house, {**signed_in(ids["person"]), "accept-language": language}).get("/portal")

    assert shown.status == 409
    assert ("administrator" if language == "en" else "Администратор") in shown.body.decode()
    assert b"partition" not in shown.body
