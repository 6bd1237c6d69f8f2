"""Something said to people, as data: the English words, the code that names them, and the values in them.

Each room has its own table of what it says (``Sayings``). Whoever shows a phrase in another language finds its words
by the code; nobody compares the words. A phrase without a code comes from no table: it is the words of another
system, or of a row that an earlier build wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing said. Of ``values`` an instant and a day are in ISO 8601."""

    text: str
    code: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


class Sayings(Enum):
    """A table of phrases. A member's value is its English, with a place for each value; its code is its name."""

    @property
    def code(self) -> str:
        """What catalogues of other languages call it."""
        return self.name.lower().replace("_", "-")

    def say(self, **values: object) -> Phrase:
        """The phrase with these values. Raises ``KeyError`` for a value that is missing."""
        text = str(self.value).format(**values)
        return Phrase(text, self.code, {name: _kept(value) for name, value in values.items()})


def _kept(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
