"""Finds the company and location that an administrator names: by id, name or registration number, in any case.

A name that fits no place, or several, is refused before anything is saved. The error lists the candidates with ids.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from jobs.ports import Place
from sync_core.errors import CalsyncError

MOST_LISTED = 20

Reader = Callable[[Place], tuple[str, ...]]


class UnknownPlace(CalsyncError):
    """The name fits no company or location, or several; the text lists the candidates (exit 2)."""


def choose(places: Sequence[Place], company: str, location: str, known: tuple[str, str]) -> Place:
    """Choose the one place that ``company`` and ``location`` name.

    An empty name fits every place; among several the ``known`` one (ids of company and location) is preferred. Raises
    ``UnknownPlace``.
    """
    of_company = _named(places, company, _ids_of_company, _names_of_company) if company else list(places)
    if not of_company:
        raise UnknownPlace(f"no enterprise company is called {company!r}: {_companies(places)}")
    found = _named(of_company, location, _ids_of_location, _names_of_location) if location else of_company
    if not found:
        raise UnknownPlace(f"no location of the company is called {location!r}: {_listed(of_company)}")
    found = _kept(found, known) if not (company and location) else found
    fitting = [place for place in found if place.location_id]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UnknownPlace(f"the company has no location, and activities need one: {_companies(found)}")
    raise UnknownPlace(f"several places are meant, say which by `--company ID --location ID`: {_listed(fitting)}")


def _kept(found: list[Place], known: tuple[str, str]) -> list[Place]:
    """The places that keep the user's known company and location, else the company, else all."""
    same = [place for place in found if (place.company_id, place.location_id) == known]
    return same or [place for place in found if place.company_id == known[0]] or found


def _named(places: Sequence[Place], wanted: str, ids: Reader, names: Reader) -> list[Place]:
    """The places with this id, else those with this name or code."""
    folded = _folded(wanted)
    by_id = [place for place in places if folded in map(_folded, ids(place))]
    return by_id or [place for place in places if folded in [_folded(name) for name in names(place) if name]]


def _ids_of_company(place: Place) -> tuple[str, ...]:
    return (place.company_id,)


def _names_of_company(place: Place) -> tuple[str, ...]:
    return place.company_name, place.company_code


def _ids_of_location(place: Place) -> tuple[str, ...]:
    return (place.location_id,)


def _names_of_location(place: Place) -> tuple[str, ...]:
    return (place.location_name,)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def described(place: Place) -> str:
    """Describe a place by its names and ids."""
    company = f"{place.company_name or 'a company'}{f', {place.company_code}' if place.company_code else ''}"
    location = f" / {place.location_name or 'a location'} ({place.location_id})" if place.location_id else ""
    return f"{company} ({place.company_id}){location}"


def _listed(places: Sequence[Place]) -> str:
    return _joined([described(place) for place in places])


def _companies(places: Sequence[Place]) -> str:
    companies = {p.company_id: replace(p, location_id="", location_name="") for p in places}
    names = {company_id: described(company) for company_id, company in companies.items()}
    return _joined(list(names.values())) if names else "ERP.net shows us none"


def _joined(lines: Sequence[str]) -> str:
    more = len(lines) - MOST_LISTED
    return "; ".join(lines[:MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")
