"""Long lists in pages: which page somebody asks for, and what stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """What stands on one page, the page's number from 1 on, and how many pages there are."""

    rows: Sequence[T]
    page: int
    pages: int


def pages_of(count: int, size: int) -> int:
    """How many pages so many rows take; a list of none has one."""
    return max(1, -(-count // size))


def paged(rows: Sequence[T], size: int, asked: str) -> Paged[T]:
    """The page whose number somebody ``asked`` for, in whatever words; the last one where there are not so many."""
    pages = pages_of(len(rows), size)
    page = min(number_in(asked), pages)
    return Paged(rows[(page - 1) * size : page * size], page, pages)


def number_in(text: str) -> int:
    """The number of a page that somebody asks for; 1 for what is none."""
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
