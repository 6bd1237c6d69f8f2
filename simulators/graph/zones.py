"""Time zones as in Exchange: Windows names, the few IANA names it lists, wall clocks with 7 decimals.

graph.md §6 (``start``, ``end``) and the resource page ``dateTimeTimeZone``, whose list of IANA
names is copied below: a name that is neither on it nor a Windows name is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulators.graph.errors import GraphError, bad_request

CUSTOM = "tzone://Microsoft/Custom"

# Unicode CLDR windowsZones, territory 001. Written out, because the copy that icalendar ships lacks the zones that
# Windows has got since (Alberta, British Columbia, Manitoba).
_WINDOWS_TABLE = """
AUS Central Standard Time=Australia/Darwin; AUS Eastern Standard Time=Australia/Sydney; Afghanistan
Standard Time=Asia/Kabul; Alaskan Standard Time=America/Anchorage; Alberta Standard
Time=America/Edmonton; Aleutian Standard Time=America/Adak; Altai Standard Time=Asia/Barnaul; Arab
Standard Time=Asia/Riyadh; Arabian Standard Time=Asia/Dubai; Arabic Standard Time=Asia/Baghdad;
Argentina Standard Time=America/Buenos_Aires; Astrakhan Standard Time=Europe/Astrakhan; Atlantic
Standard Time=America/Halifax; Aus Central W. Standard Time=Australia/Eucla; Azerbaijan Standard
Time=Asia/Baku; Azores Standard Time=Atlantic/Azores; Bahia Standard Time=America/Bahia; Bangladesh
Standard Time=Asia/Dhaka; Belarus Standard Time=Europe/Minsk; Bougainville Standard
Time=Pacific/Bougainville; British Columbia Standard Time=America/Vancouver; Canada Central Standard
Time=America/Regina; Cape Verde Standard Time=Atlantic/Cape_Verde; Caucasus Standard Time=Asia/Yerevan;
Cen. Australia Standard Time=Australia/Adelaide; Central America Standard Time=America/Guatemala;
Central Asia Standard Time=Asia/Bishkek; Central Brazilian Standard Time=America/Cuiaba; Central Europe
Standard Time=Europe/Budapest; Central European Standard Time=Europe/Warsaw; Central Pacific Standard
Time=Pacific/Guadalcanal; Central Standard Time=America/Chicago; Central Standard Time
(Mexico)=America/Mexico_City; Chatham Islands Standard Time=Pacific/Chatham; China Standard
Time=Asia/Shanghai; Cuba Standard Time=America/Havana; Dateline Standard Time=Etc/GMT+12; E. Africa
Standard Time=Africa/Nairobi; E. Australia Standard Time=Australia/Brisbane; E. Europe Standard
Time=Europe/Chisinau; E. South America Standard Time=America/Sao_Paulo; Easter Island Standard
Time=Pacific/Easter; Eastern Standard Time=America/New_York; Eastern Standard Time
(Mexico)=America/Cancun; Egypt Standard Time=Africa/Cairo; Ekaterinburg Standard
Time=Asia/Yekaterinburg; FLE Standard Time=Europe/Kiev; Fiji Standard Time=Pacific/Fiji; GMT Standard
Time=Europe/London; GTB Standard Time=Europe/Bucharest; Georgian Standard Time=Asia/Tbilisi; Greenland
Standard Time=America/Godthab; Greenwich Standard Time=Atlantic/Reykjavik; Haiti Standard
Time=America/Port-au-Prince; Hawaiian Standard Time=Pacific/Honolulu; India Standard Time=Asia/Calcutta;
Iran Standard Time=Asia/Tehran; Israel Standard Time=Asia/Jerusalem; Jordan Standard Time=Asia/Amman;
Kaliningrad Standard Time=Europe/Kaliningrad; Korea Standard Time=Asia/Seoul; Libya Standard
Time=Africa/Tripoli; Line Islands Standard Time=Pacific/Kiritimati; Lord Howe Standard
Time=Australia/Lord_Howe; Magadan Standard Time=Asia/Magadan; Magallanes Standard
Time=America/Punta_Arenas; Manitoba Standard Time=America/Winnipeg; Marquesas Standard
Time=Pacific/Marquesas; Mauritius Standard Time=Indian/Mauritius; Middle East Standard Time=Asia/Beirut;
Montevideo Standard Time=America/Montevideo; Morocco Standard Time=Africa/Casablanca; Mountain Standard
Time=America/Denver; Mountain Standard Time (Mexico)=America/Mazatlan; Myanmar Standard
Time=Asia/Rangoon; N. Central Asia Standard Time=Asia/Novosibirsk; Namibia Standard
Time=Africa/Windhoek; Nepal Standard Time=Asia/Katmandu; New Zealand Standard Time=Pacific/Auckland;
Newfoundland Standard Time=America/St_Johns; Norfolk Standard Time=Pacific/Norfolk; North Asia East
Standard Time=Asia/Irkutsk; North Asia Standard Time=Asia/Krasnoyarsk; North Korea Standard
Time=Asia/Pyongyang; Omsk Standard Time=Asia/Omsk; Pacific SA Standard Time=America/Santiago; Pacific
Standard Time=America/Los_Angeles; Pacific Standard Time (Mexico)=America/Tijuana; Pakistan Standard
Time=Asia/Karachi; Paraguay Standard Time=America/Asuncion; Qyzylorda Standard Time=Asia/Qyzylorda;
Romance Standard Time=Europe/Paris; Russia Time Zone 10=Asia/Srednekolymsk; Russia Time Zone
11=Asia/Kamchatka; Russia Time Zone 3=Europe/Samara; Russian Standard Time=Europe/Moscow; SA Eastern
Standard Time=America/Cayenne; SA Pacific Standard Time=America/Bogota; SA Western Standard
Time=America/La_Paz; SE Asia Standard Time=Asia/Bangkok; Saint Pierre Standard Time=America/Miquelon;
Sakhalin Standard Time=Asia/Sakhalin; Samoa Standard Time=Pacific/Apia; Sao Tome Standard
Time=Africa/Sao_Tome; Saratov Standard Time=Europe/Saratov; Singapore Standard Time=Asia/Singapore;
South Africa Standard Time=Africa/Johannesburg; South Sudan Standard Time=Africa/Juba; Sri Lanka
Standard Time=Asia/Colombo; Sudan Standard Time=Africa/Khartoum; Syria Standard Time=Asia/Damascus;
Taipei Standard Time=Asia/Taipei; Tasmania Standard Time=Australia/Hobart; Tocantins Standard
Time=America/Araguaina; Tokyo Standard Time=Asia/Tokyo; Tomsk Standard Time=Asia/Tomsk; Tonga Standard
Time=Pacific/Tongatapu; Transbaikal Standard Time=Asia/Chita; Turkey Standard Time=Europe/Istanbul;
Turks And Caicos Standard Time=America/Grand_Turk; US Eastern Standard Time=America/Indianapolis; US
Mountain Standard Time=America/Phoenix; UTC=Etc/UTC; UTC+12=Etc/GMT-12; UTC+13=Etc/GMT-13;
UTC-02=Etc/GMT+2; UTC-08=Etc/GMT+8; UTC-09=Etc/GMT+9; UTC-11=Etc/GMT+11; Ulaanbaatar Standard
Time=Asia/Ulaanbaatar; Venezuela Standard Time=America/Caracas; Vladivostok Standard
Time=Asia/Vladivostok; Volgograd Standard Time=Europe/Volgograd; W. Australia Standard
Time=Australia/Perth; W. Central Africa Standard Time=Africa/Lagos; W. Europe Standard
Time=Europe/Berlin; W. Mongolia Standard Time=Asia/Hovd; West Asia Standard Time=Asia/Tashkent; West
Bank Standard Time=Asia/Hebron; West Pacific Standard Time=Pacific/Port_Moresby; Yakutsk Standard
Time=Asia/Yakutsk; Yukon Standard Time=America/Whitehorse
"""
WINDOWS: dict[str, str] = {
    name.strip(): iana.strip()
    for name, _, iana in (pair.partition("=") for pair in _WINDOWS_TABLE.replace("\n", " ").split(";"))
}

_LISTED_TABLE = """
Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles
America/Phoenix America/Chihuahua America/Denver America/Guatemala America/Chicago America/Mexico_City
America/Regina America/Bogota America/New_York America/Indiana/Indianapolis America/Caracas
America/Asuncion America/Halifax America/Cuiaba America/La_Paz America/Santiago America/St_Johns
America/Sao_Paulo America/Argentina/Buenos_Aires America/Cayenne America/Godthab America/Montevideo
America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde Africa/Casablanca Etc/GMT Europe/London
Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris Europe/Warsaw Africa/Lagos Africa/Windhoek
Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus Africa/Johannesburg Europe/Kyiv Europe/Kiev
Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad Europe/Kaliningrad Asia/Riyadh Africa/Nairobi
Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow Indian/Mauritius Asia/Tbilisi Asia/Yerevan Asia/Kabul
Asia/Karachi Asia/Tashkent Asia/Kolkata Asia/Colombo Asia/Kathmandu Asia/Almaty Asia/Dhaka
Asia/Yekaterinburg Asia/Yangon Asia/Rangoon Asia/Bangkok Asia/Novosibirsk Asia/Shanghai Asia/Krasnoyarsk
Asia/Singapore Australia/Perth Asia/Taipei Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul
Australia/Adelaide Australia/Darwin Australia/Brisbane Australia/Sydney Pacific/Port_Moresby
Australia/Hobart Asia/Yakutsk Pacific/Guadalcanal Asia/Vladivostok Pacific/Auckland Etc/GMT-12
Pacific/Fiji Asia/Magadan Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati
"""
LISTED_IANA = frozenset(_LISTED_TABLE.split())

_WALL = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?")


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone that Graph understands by this Windows or listed IANA name, else ``None``."""
    if name.upper() == "UTC":
        return ZoneInfo("UTC")
    iana = WINDOWS.get(name) or (name if name in LISTED_IANA else None)
    return ZoneInfo(iana) if iana else None


def zone_or_refuse(name: object) -> ZoneInfo:
    """The zone of a request; 400 ``TimeZoneNotSupportedException`` when missing or unknown."""
    zone = zone_named(name) if isinstance(name, str) else None
    if zone is None:
        raise GraphError(
            400,
            "TimeZoneNotSupportedException",
            "A valid TimeZone value must be specified. The following TimeZone value is not supported: "
            f"'{name or ''}'.",
        )
    return zone


@lru_cache(maxsize=1024)
def any_zone(name: str) -> ZoneInfo:
    """A zone as a person's Outlook knows it: everything Graph knows, and every other IANA name."""
    known = zone_named(name)
    if known is not None:
        return known
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def parse_wall(text: object) -> datetime:
    """``2026-11-23T10:00:00[.fffffff]`` as a naive wall clock; 400 for anything else, an offset included."""
    found = _WALL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise bad_request("ErrorInvalidParameter", f"The value '{text}' of parameter 'DateTime' is invalid.")
    year, month, day, hour, minute, second, fraction = found.groups()
    try:
        return datetime(  # noqa: DTZ001 - a wall clock has no zone yet
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
        )
    except ValueError as wrong:
        raise bad_request(
            "ErrorInvalidParameter", f"The value '{text}' of parameter 'DateTime' is invalid."
        ) from wrong


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall clock; in an overlap the first, in a gap moved forward by its length."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The day's midnight in UTC: how a floating date is kept and matched."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def wall_text(at: datetime) -> str:
    """Wall clock with seven decimals, no offset."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0"


def instant_text(at: datetime) -> str:
    """An instant with seven decimals and ``Z``, as created and modified times are written."""
    return wall_text(at) + "Z"


def parse_instant(text: str) -> datetime:
    """A query parameter's instant; without an offset it is UTC (graph.md §4)."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError as wrong:
        raise bad_request("ErrorInvalidParameter", f"The value '{text}' is not a valid date and time.") from wrong
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
