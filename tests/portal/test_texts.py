"""The catalogue: complete in both languages, used, and held against what the sync itself says."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.trouble import SAYS, Why
from jobs.wish import Kind
from portal.reasons import ACTIONS, CELLS, FIELDS, REASONS
from portal.texts import TEXTS
from portal.visit import LANGUAGES
from portal.words import Words
from sync_core.model.action import Action
from sync_core.plan.cells import WORDS
from sync_core.plan.remedies import DO

ROOT = Path(__file__).resolve().parents[2]
CYRILLIC = re.compile(r"[А-Яа-я]")

SAME = {"date", "app", "outlook", "erp", "language.en", "language.bg"}
"""Names, which are the same in both languages."""


def placeholders(text: str) -> set[str]:
    """The values that a text stands for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def sources() -> str:
    """Everything of the page that may name a text."""
    files = [*(ROOT / "portal").glob("*.py"), *(ROOT / "portal" / "templates").glob("*.html")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "texts.py")


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_there_in_both_languages(key: str) -> None:
    """Neither is empty, they stand for the same values, and the Bulgarian one is Bulgarian."""
    english, bulgarian = TEXTS[key]

    assert len(TEXTS[key]) == len(LANGUAGES)
    assert english.strip()
    assert bulgarian.strip()
    assert placeholders(english) == placeholders(bulgarian)
    assert key in SAME or CYRILLIC.search(bulgarian), bulgarian
    assert key in SAME or not CYRILLIC.search(english), english


def test_a_number_has_both_its_forms() -> None:
    """``.one`` and ``.many`` come together."""
    forms = {key.rpartition(".")[0]: key for key in TEXTS if key.endswith((".one", ".many"))}
    assert [stem for stem in forms if not {f"{stem}.one", f"{stem}.many"} <= TEXTS.keys()] == []


def test_every_text_is_used() -> None:
    """A key, or the beginning that a page completes, stands in a page or in the code."""
    told = sources()

    def is_used(key: str) -> bool:
        stem, _, last = key.rpartition(".")
        whole = stem if last in ("one", "many") else key
        names = [whole, f"{whole.rpartition('.')[0]}."]
        return any(f"'{name}'" in told or f'"{name}"' in told or f'f"{name}' in told for name in names)

    assert [key for key in TEXTS if not is_used(key)] == []


def test_every_text_that_is_named_is_there() -> None:
    """What pages and code ask for by a whole name is in the catalogue."""
    named = set(re.findall(r"\bt\(\s*[\"']([\w.-]+)[\"']\s*[,)]", sources()))
    numbered = set(re.findall(r"\bn\(\s*[\"']([\w.-]+)[\"']", sources()))

    assert named - TEXTS.keys() == set()
    assert {one for one in numbered if not one.endswith(".") and f"{one}.one" not in TEXTS} == set()
    assert len(named) > 20


def test_what_the_sync_says_is_said_in_bulgarian() -> None:
    """Every reason and action of the code's own tables has its words."""
    from sync_core.plan.tables import HINDRANCES
    from sync_core.plan.tables import REASONS as SAID

    told = {str(reason) for reason in [*SAID.values(), *HINDRANCES.values()]}
    assert {one for one in told if one not in REASONS and len(one) < 80} == set()
    assert set(Action) - ACTIONS.keys() == {Action.NOTHING, Action.ROUND}


@pytest.mark.parametrize("why", Why)
def test_every_failure_of_a_command_is_worded(why: Why) -> None:
    """With the place for its detail where the command line's words have one."""
    assert ("{detail}" in TEXTS[f"failed.{why}"][0]) == ("{}" in SAYS[why])


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_command_is_named(kind: Kind) -> None:
    """On its page and in the audit."""
    assert f"kind.{kind}" in TEXTS


def test_every_reason_of_the_catalogue_is_one_of_the_code() -> None:
    """So that a reworded reason does not lose its Bulgarian unseen."""
    code = "\n".join(
        path.read_text(encoding="utf-8") for room in ("sync_core", "jobs") for path in (ROOT / room).rglob("*.py")
    )
    joined = re.sub(r'"\s*\n\s*"', "", code)
    assert [reason for reason in REASONS if reason not in DO and f'"{reason}"' not in joined] == []


@pytest.mark.parametrize("known", REASONS.values(), ids=REASONS)
def test_a_reason_is_bulgarian(known: object) -> None:
    """As is what to do about it, where there is something to do."""
    from portal.reasons import Known

    assert isinstance(known, Known)
    assert CYRILLIC.search(known.bulgarian)
    assert not known.bulgarian_remedy or CYRILLIC.search(known.bulgarian_remedy)


def test_names_of_fields_are_there() -> None:
    """Each group of properties has a name in both languages."""
    from sync_core.model.sides import Field

    assert {str(field) for field in Field} <= FIELDS.keys()
    assert all(CYRILLIC.search(bulgarian) for _, bulgarian in FIELDS.values())


@pytest.mark.parametrize("reason", DO)
def test_every_reason_and_its_next_step_are_said_in_both_languages(reason: str) -> None:
    """As `calsync why` says it, and in Bulgarian; where nothing has to be done, nothing need be said."""
    english, bulgarian = (Words(language, "UTC", datetime(2026, 1, 25, tzinfo=UTC)) for language in ("en", "bg"))
    known = bulgarian.reason(reason)

    assert english.reason(reason).remedy == DO[reason]
    assert not known.is_foreign
    assert CYRILLIC.search(known.text)
    assert known.remedy or DO[reason].startswith("nothing")
    assert not known.remedy or CYRILLIC.search(known.remedy)


def test_what_decided_is_said_in_both_languages() -> None:
    """Each exit and cell that the sync names; none is left over."""
    assert set(CELLS) == set(WORDS)
    assert [key for key in CELLS if not CELLS[key] or CELLS[key] == WORDS[key]] == []
