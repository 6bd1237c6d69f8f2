"""An entity set as a value: attributes, references and child collections, as the model pages list them.

A word of notation for ``schema.py``, where the sets themselves are: ``filters`` holds what an attribute
allows in ``$filter`` (``eq``, ``in``, ``range`` = ge and le, ``like`` = the three string functions); an
attribute with ``quiet`` is not part of the default selection (erpnet.md §5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STATES = ("New", "Adjustment", "Planned", "FirmPlanned", "Released", "Completed", "Closed")
PARTIES = "General_Contacts_Parties"


@dataclass(frozen=True)
class Attr:
    """One attribute; ``kind`` is str, ml, bool, int, dec, date, datetime, utc, guid or enum."""

    name: str
    kind: str = "str"
    size: int = 0
    filters: str = ""
    required: bool = False
    read_only: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    quiet: bool = False
    orderable: bool = False

    def allows(self, operator: str) -> bool:
        """Whether ``$filter`` may use this operator on the attribute."""
        wanted = "range" if operator in ("ge", "le") else operator
        return wanted in self.filters.split()


@dataclass(frozen=True)
class Ref:
    """A reference to one row of ``target``; ``through`` = a path filter may look into it."""

    name: str
    target: str
    required: bool = False
    read_only: bool = False
    through: bool = False


@dataclass(frozen=True)
class Children:
    """A child collection; ``owner`` names the child's reference back to its parent."""

    name: str
    target: str
    owner: str


@dataclass(frozen=True)
class EntitySet:
    """One entity set; ``code`` and ``title`` are its CodeDataMember and NameDataMember."""

    name: str
    table: str
    attrs: dict[str, Attr]
    refs: dict[str, Ref] = field(default_factory=dict)
    children: dict[str, Children] = field(default_factory=dict)
    code: str = ""
    title: str = ""
    key: str = "Id"
    owner: str = ""
    party: bool = False
    writable: bool = False
    deletable: bool = False
    unique: tuple[tuple[str, ...], ...] = ()

    @property
    def kind(self) -> str:
        """The entity type, e.g. ``Erp.General_Activities_Activity``."""
        stem = self.name[:-3] + "y" if self.name.endswith("ies") else self.name.removesuffix("s")
        return f"Erp.{stem}"

    @property
    def repository(self) -> str:
        """The dotted name, e.g. ``General.Activities.Activities``."""
        return self.name.replace("_", ".")

    def default_selection(self) -> tuple[str, ...]:
        """Stored attributes and references that come back without being asked for."""
        return (*(a.name for a in self.attrs.values() if not a.quiet), *self.refs)
