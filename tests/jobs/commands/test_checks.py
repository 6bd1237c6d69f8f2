"""A check of `calsync doctor`: a question that may fail."""

from __future__ import annotations

import pytest

from adapters.erp.probe import Finding
from jobs.commands.checks import OPEN, WARNING, Check, Grade, Lacking, checked
from jobs.commands.mistakes import told_of
from jobs.says import Found, Seen, Topic
from sync_core.errors import CalsyncError, SideUnavailable, StoreUnavailable
from sync_core.model.phrase import Phrase
from sync_core.model.sides import Side

ERP = Topic.ON_ERP.say()


async def test_what_is_found_is_told_by_a_check_that_is_fine() -> None:
    """It belongs to no part of its own."""

    async def find() -> Phrase:
        return Found.TABLES_REACHED.say()

    assert await checked(ERP, find) == Check(ERP, True, Found.TABLES_REACHED.say(), "")


async def test_what_is_lacking_is_told_as_it_is() -> None:
    """With its code, by which other languages say it."""

    async def find() -> Phrase:
        raise Lacking(Found.PULL_NEVER.say())

    assert await checked(ERP, find) == Check(ERP, False, Found.PULL_NEVER.say())


@pytest.mark.parametrize("error", [StoreUnavailable("no table"), SideUnavailable(Side.ERP, "no answer")])
async def test_what_cannot_be_asked_is_a_failed_check(error: CalsyncError) -> None:
    """In the error's words, and with which trouble it is; the checks after it are made."""

    async def find() -> Phrase:
        raise error

    check = await checked(ERP, find)
    assert check == Check(ERP, False, told_of(error))
    assert (check.found.text, check.found.code) == (str(error), Found.FAILED.code)


async def test_a_mistake_of_ours_is_no_check() -> None:
    """It is not taken for a system's trouble."""

    async def find() -> Phrase:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await checked(ERP, find)


SAID = {one.code: str(one.value) for table in (Found, Seen, Finding) for one in table}
NO_ANSWER = ("not known", "cannot be told", "could not be asked", "not said", "none has come yet")


def test_what_says_that_it_is_not_known_does_not_count_as_passed() -> None:
    """Whoever adds such a finding is told; and nothing else is without an answer."""
    assert {code for code, text in SAID.items() if any(words in text for words in NO_ANSWER)} == OPEN
    assert SAID.keys() > WARNING


@pytest.mark.parametrize(
    ("check", "grade"),
    [
        (Check(ERP, True, Found.COMPLETE.say()), Grade.PASSED),
        (Check(ERP, True, Seen.WINDOW_UNKNOWN.say()), Grade.OPEN),
        (Check(ERP, True, Seen.WINDOW_ASTRAY.say()), Grade.WARNED),
        (Check(ERP, False, Seen.WINDOW_ASTRAY.say()), Grade.FAILED),
    ],
    ids=lambda one: str(one) if isinstance(one, Grade) else "",
)
def test_what_a_check_came_to(check: Check, grade: Grade) -> None:
    """A failed one has failed, whatever it found."""
    assert check.grade is grade
