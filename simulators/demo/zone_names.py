"""Time zones by the names that calendar files give them.

Files name a zone by its IANA name, its Windows name, a vendor's path to either, or the words that Windows shows:
``(UTC-05:00) Eastern Time (US & Canada)``, in today's and yesterday's spelling, now and then in another language.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from simulators.graph import zones

# The words that Windows shows for each of its zones, without the offset before them: the comments of Unicode CLDR's
# windowsZones.xml, and older spellings that Exchange still writes. The first of two zones with one name is today's.
_SHOWN_TABLE = """
AUS Central Standard Time = Darwin
AUS Eastern Standard Time = Canberra, Melbourne, Sydney
Afghanistan Standard Time = Kabul
Alaskan Standard Time = Alaska
Aleutian Standard Time = Aleutian Islands
Altai Standard Time = Barnaul, Gorno-Altaysk
Arab Standard Time = Kuwait, Riyadh
Arabian Standard Time = Abu Dhabi, Muscat
Arabic Standard Time = Baghdad
Argentina Standard Time = City of Buenos Aires | Buenos Aires
Astrakhan Standard Time = Astrakhan, Ulyanovsk
Atlantic Standard Time = Atlantic Time (Canada)
Aus Central W. Standard Time = Eucla
Azerbaijan Standard Time = Baku
Azores Standard Time = Azores
Bahia Standard Time = Salvador
Bangladesh Standard Time = Dhaka
Belarus Standard Time = Minsk
Bougainville Standard Time = Bougainville Island
Canada Central Standard Time = Saskatchewan
Cape Verde Standard Time = Cabo Verde Is. | Cape Verde Islands
Caucasus Standard Time = Yerevan | Baku, Tbilisi, Yerevan
Cen. Australia Standard Time = Adelaide
Central America Standard Time = Central America
Central Asia Standard Time = Bishkek | Astana | Astana, Dhaka
Central Brazilian Standard Time = Cuiaba | Manaus
Central Europe Standard Time = Belgrade, Bratislava, Budapest, Ljubljana, Prague
Central European Standard Time = Sarajevo, Skopje, Warsaw, Zagreb
Central Pacific Standard Time = Solomon Is., New Caledonia | Magadan, Solomon Islands, New Caledonia
Central Standard Time = Central Time (US & Canada)
Central Standard Time (Mexico) = Guadalajara, Mexico City, Monterrey
Chatham Islands Standard Time = Chatham Islands
China Standard Time = Beijing, Chongqing, Hong Kong, Urumqi
Cuba Standard Time = Havana
Dateline Standard Time = International Date Line West
E. Africa Standard Time = Nairobi
E. Australia Standard Time = Brisbane
E. Europe Standard Time = Chisinau
E. South America Standard Time = Brasilia
Easter Island Standard Time = Easter Island
Eastern Standard Time = Eastern Time (US & Canada)
Eastern Standard Time (Mexico) = Chetumal
Egypt Standard Time = Cairo
Ekaterinburg Standard Time = Ekaterinburg
FLE Standard Time = Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius | Helsinki, Kiev, Riga, Sofia, Tallinn, Vilnius
Fiji Standard Time = Fiji | Fiji, Kamchatka, Marshall Is.
GMT Standard Time = Dublin, Edinburgh, Lisbon, London | Greenwich Mean Time: Dublin, Edinburgh, Lisbon, London
GTB Standard Time = Athens, Bucharest | Athens, Bucharest, Istanbul
Georgian Standard Time = Tbilisi
Greenland Standard Time = Greenland
Greenwich Standard Time = Monrovia, Reykjavik
Haiti Standard Time = Haiti
Hawaiian Standard Time = Hawaii
India Standard Time = Chennai, Kolkata, Mumbai, New Delhi
Iran Standard Time = Tehran
Israel Standard Time = Jerusalem
Jordan Standard Time = Amman
Kaliningrad Standard Time = Kaliningrad
Korea Standard Time = Seoul
Libya Standard Time = Tripoli
Line Islands Standard Time = Kiritimati Island
Lord Howe Standard Time = Lord Howe Island
Magadan Standard Time = Magadan
Magallanes Standard Time = Punta Arenas
Marquesas Standard Time = Marquesas Islands
Mauritius Standard Time = Port Louis
Middle East Standard Time = Beirut
Montevideo Standard Time = Montevideo
Morocco Standard Time = Casablanca
Mountain Standard Time = Mountain Time (US & Canada)
Mountain Standard Time (Mexico) = Chihuahua, La Paz, Mazatlan | La Paz, Mazatlan
Myanmar Standard Time = Yangon (Rangoon)
N. Central Asia Standard Time = Novosibirsk | Almaty, Novosibirsk
Namibia Standard Time = Windhoek
Nepal Standard Time = Kathmandu
New Zealand Standard Time = Auckland, Wellington
Newfoundland Standard Time = Newfoundland
Norfolk Standard Time = Norfolk Island
North Asia East Standard Time = Irkutsk | Irkutsk, Ulaanbaatar
North Asia Standard Time = Krasnoyarsk
North Korea Standard Time = Pyongyang
Omsk Standard Time = Omsk
Pacific SA Standard Time = Santiago
Pacific Standard Time = Pacific Time (US & Canada)
Pacific Standard Time (Mexico) = Baja California | Tijuana, Baja California
Pakistan Standard Time = Islamabad, Karachi
Paraguay Standard Time = Asuncion
Qyzylorda Standard Time = Qyzylorda | Astana
Romance Standard Time = Brussels, Copenhagen, Madrid, Paris
Russia Time Zone 10 = Chokurdakh
Russia Time Zone 11 = Anadyr, Petropavlovsk-Kamchatsky | Petropavlovsk-Kamchatsky
Russia Time Zone 3 = Izhevsk, Samara
Russian Standard Time = Moscow, St. Petersburg | Moscow, St. Petersburg, Volgograd
SA Eastern Standard Time = Cayenne, Fortaleza | Georgetown
SA Pacific Standard Time = Bogota, Lima, Quito, Rio Branco | Bogota, Lima, Quito
SA Western Standard Time = Georgetown, La Paz, Manaus, San Juan | Georgetown, La Paz, San Juan
SE Asia Standard Time = Bangkok, Hanoi, Jakarta
Saint Pierre Standard Time = Saint Pierre and Miquelon
Sakhalin Standard Time = Sakhalin
Samoa Standard Time = Samoa | Midway Island, Samoa
Sao Tome Standard Time = Sao Tome
Saratov Standard Time = Saratov
Singapore Standard Time = Kuala Lumpur, Singapore
South Africa Standard Time = Harare, Pretoria
South Sudan Standard Time = Juba
Sri Lanka Standard Time = Sri Jayawardenepura
Sudan Standard Time = Khartoum
Syria Standard Time = Damascus
Taipei Standard Time = Taipei
Tasmania Standard Time = Hobart
Tocantins Standard Time = Araguaina
Tokyo Standard Time = Osaka, Sapporo, Tokyo
Tomsk Standard Time = Tomsk
Tonga Standard Time = Nuku'alofa
Transbaikal Standard Time = Chita
Turkey Standard Time = Istanbul
Turks And Caicos Standard Time = Turks and Caicos
US Eastern Standard Time = Indiana (East)
US Mountain Standard Time = Arizona
UTC = Coordinated Universal Time
UTC+12 = Coordinated Universal Time+12
UTC+13 = Coordinated Universal Time+13
UTC-02 = Coordinated Universal Time-02 | Mid-Atlantic
UTC-08 = Coordinated Universal Time-08
UTC-09 = Coordinated Universal Time-09
UTC-11 = Coordinated Universal Time-11
Ulaanbaatar Standard Time = Ulaanbaatar
Venezuela Standard Time = Caracas
Vladivostok Standard Time = Vladivostok
Volgograd Standard Time = Volgograd
W. Australia Standard Time = Perth
W. Central Africa Standard Time = West Central Africa
W. Europe Standard Time = Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna
W. Mongolia Standard Time = Hovd
West Asia Standard Time = Ashgabat, Tashkent | Tashkent
West Bank Standard Time = Gaza, Hebron
West Pacific Standard Time = Guam, Port Moresby
Yakutsk Standard Time = Yakutsk
Yukon Standard Time = Yukon
"""


SHOWN: dict[str, list[str]] = {}
"""The Windows names of the zones that are shown with these words."""

PARTS: dict[str, list[str]] = {}
"""The same for each single place among the words."""

OFFSET = re.compile(r"\s*(\()?(?:UTC|GMT)\s*(?:([+-])(\d{1,2})(?:[:.]?(\d{2}))?)?(?(1)\)\s*|$)")
"""``(UTC-05:00)`` before words, or ``UTC-05:00`` alone; Zimbra writes a point."""
_OLD = re.compile(r"(; tijuana|\s+-\s+(new|old))$")
_PLACES = re.compile(r"\s*[,:;/]\s*")
NOT_ZONES = {"Factory", "localtime"}
"""Files of the zone database that mean no place, or this machine's."""

MIDWINTER, MIDSUMMER = datetime(2026, 1, 1), datetime(2026, 7, 1)  # noqa: DTZ001 - a day of any clock


def _fill() -> None:
    for row in filter(None, _SHOWN_TABLE.splitlines()):
        windows, _, names = row.partition(" = ")
        for name in names.split(" | "):
            SHOWN.setdefault(_plain(name), []).append(windows)
            for place in _PLACES.split(_plain(name)):
                PARTS.setdefault(place, []).append(windows)


def _plain(words: str) -> str:
    """The words as they are compared: small letters, no offset, the spelling of today."""
    text = " ".join(words.casefold().replace("&amp;", "&").replace("&", "and").split())
    return _OLD.sub("", text)


@lru_cache(maxsize=1)
def _ids() -> dict[str, str]:
    """Every zone's own name by its small letters; Windows' where both have it."""
    iana = {name.casefold(): name for name in available_timezones() - NOT_ZONES}
    return iana | {"z": "UTC"} | {name.casefold(): name for name in zones.WINDOWS}


@lru_cache(maxsize=4096)
def known_zone(name: str) -> str:
    """The zone's name as Outlook and Python know it, '' for a stranger; a vendor's prefix is taken off."""
    bare = " ".join(name.replace('"', "").replace("\\", "").split())
    by_id = (_ids().get(candidate.casefold()) for candidate in _spellings(bare))
    return next(filter(None, by_id), "") or _shown(bare) or _fixed(bare)


def _spellings(name: str) -> list[str]:
    """The name, what follows a vendor's prefix, and the name without what Windows and Exchange add to it."""
    path = name.strip("/").split("/")
    plain = re.sub(r" \d$", "", name)
    return [name, *("/".join(path[-parts:]) for parts in (3, 2, 1)), plain, plain.replace(" Daylight ", " Standard ")]


def _shown(name: str) -> str:
    """The zone that Windows shows with these words; of two with the same words the one with the offset told."""
    found = SHOWN.get(_plain(OFFSET.sub("", name)), [])
    told = _told_offset(name)
    fitting = [windows for windows in found if told is None or _standard_offset(windows) == told]
    return next(iter(fitting or found), "")


@lru_cache(maxsize=4096)
def likely_zone(name: str, home: str) -> str:
    """The zone that words nobody knows most probably mean; '' where they do not even tell an offset.

    Words of another language or year share some places with those known; else the owner's zone or a zone without
    summer time is taken, if the offset fits.
    """
    told = _told_offset(name)
    if told is None:
        return ""
    places = _PLACES.split(_plain(OFFSET.sub("", name)))
    votes = Counter(zone for place in places for zone in PARTS.get(place, ()) if _standard_offset(zone) == told)
    if votes:
        return votes.most_common(1)[0][0]
    return home if _standard_offset(home) == told else _always(told)


def _fixed(name: str) -> str:
    """The zone of a name that is an offset and nothing else."""
    told = _told_offset(name)
    return _always(told) if told is not None and not OFFSET.sub("", name) else ""


def _always(offset: timedelta) -> str:
    """The zone that is always so far from UTC; IANA's names of them count westwards."""
    hours, rest = divmod(offset, timedelta(hours=1))
    return "" if rest else _ids().get(f"etc/gmt{-hours:+d}" if hours else "utc", "")


def _told_offset(name: str) -> timedelta | None:
    found = OFFSET.match(name.replace('"', ""))
    if found is None:
        return None
    _, sign, hours, minutes = found.groups()
    return timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)


@lru_cache(maxsize=1024)
def _standard_offset(name: str) -> timedelta:
    zone = zones.any_zone(name)
    return min(at.replace(tzinfo=zone).utcoffset() or timedelta(0) for at in (MIDWINTER, MIDSUMMER))


_fill()
