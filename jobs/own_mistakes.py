"""Keeps a failure of our own code on one item, or in what is only kept to save work, from taking the round."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jobs.log import log_failure
from sync_core.errors import CalsyncError
from sync_core.model.link import Link, asks_for_a_look

T = TypeVar("T")


def unless_mistaken(work: Callable[[], T], otherwise: Callable[[str], T], user_id: str) -> T:
    """Return what ``work`` makes of one item. If our own code fails on it, log that and return ``otherwise`` of the
    exception's class name."""
    try:
        return work()
    except CalsyncError:
        raise
    except Exception as mistake:  # noqa: BLE001 - whatever it is, it concerns this item only
        log_failure("item", mistake, user_id=user_id)
        return otherwise(type(mistake).__name__)


def wants_a_look(link: Link) -> bool:
    """``asks_for_a_look``; yes where our own code fails on the link, so that each round looks at it and says so."""
    return unless_mistaken(lambda: asks_for_a_look(link), lambda _: True, "")
