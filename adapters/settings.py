"""Reads the environment once into one frozen value; reports all mistakes together, each with its remedy.

``ROWS`` is the whole list (design.md §8). What a single setting may say stands in its row, what settings say
about each other in setting_conflicts.py. Secrets never show in a ``repr`` or a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from adapters import ncrontab
from adapters.setting_conflicts import STORAGE, UNRESOLVED, contradictions
from adapters.setting_values import (
    LOOPBACK,
    SYSTEM_TYPES,
    Parser,
    activity_url,
    address,
    day,
    erp_time,
    limit,
    long_secret,
    member_of,
    names,
    one_of,
    optional,
    plain,
    root,
    schedule,
    system_types,
    table_prefix,
    within,
)
from sync_core.errors import SettingsInvalid
from sync_core.model.policy import Direction, Invite, Policy, PrivateRule, SeriesRule, Winner

REQUIRED = "(required)"
"""The default of a setting that has none."""

OUR_PREFIXES = ("ERPNET_", "SYNC_", "STATE_", "GRAPH_", "PULL_", "LEASE_", "PORTAL_", "CALL_TIMEOUT_")
"""Names with these prefixes are ours: an unknown one is a misspelt setting, which would silently do nothing."""

FOREIGN = frozenset({"STATE_DIRECTORY"})
"""Names with our prefixes that belong to the machine (systemd)."""

HOST_FILLS_IN = ("STATE_PREFIX", "SYNC_SCHEDULE", "PULL_SCHEDULE")
"""The settings that the Functions host puts into the triggers; a default of ours never reaches it (azure.md §3)."""


LOOKS, LEAST_LATE = 4, 15
"""Looks of the timer of ``SYNC_SCHEDULE`` that must have been missed, and minutes that must have passed, before a
calendar is called late: one look that fails, or takes long, is nothing to worry about."""


def _missed(schedule: str) -> int:
    """The most minutes that ``LOOKS`` of a schedule take which follow each other."""
    return ncrontab.read(schedule).longest_wait(LOOKS) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. URLs have no trailing slash; spans are whole seconds."""

    erpnet_url: str
    erpnet_client_id: str
    erpnet_client_secret: str = field(repr=False)
    secret_ends: date | None
    erpnet_max_sessions: int
    erpnet_time: str
    erpnet_service_logins: frozenset[str]
    late_commit_minutes: int
    erpnet_webhook_secret: str = field(repr=False)
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    graph_url: str
    graph_access_token: str = field(repr=False)
    storage_connection: str = field(repr=False)
    storage_account: str
    storage_table_uri: str
    storage_queue_uri: str
    storage_credential: str
    storage_client_id: str
    state_prefix: str
    lease_seconds: int
    call_timeout_seconds: int
    sync_schedule: str
    pull_schedule: str
    months_ahead: int
    max_age_days: int
    direction: Direction
    conflict: Winner
    private: PrivateRule
    invite: Invite
    series: SeriesRule
    activity_types: frozenset[str]
    mass_deletion: tuple[int, float]
    public_url: str
    digest_to: frozenset[str]
    activity_url: str
    portal_sign_in: str
    chosen: frozenset[str]
    """The names of the settings that are set."""

    @property
    def policy(self) -> Policy:
        """The policy that these settings make."""
        return Policy(
            direction=self.direction,
            winner=self.conflict,
            private=self.private,
            invite=self.invite,
            series=self.series,
            months_ahead=self.months_ahead,
            max_age=timedelta(days=self.max_age_days),
            activity_types=self.activity_types,
            mass_deletion=self.mass_deletion,
            erp_time=self.erpnet_time,
            service_logins=self.erpnet_service_logins,
            late_commit=timedelta(minutes=self.late_commit_minutes),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What Azure and a person read differently in valid settings; each can be written more plainly."""
        schedules = {"SYNC_SCHEDULE": self.sync_schedule, "PULL_SCHEDULE": self.pull_schedule}
        return tuple(
            f"{name} = {text}: {surprise}."
            for name, text in schedules.items()
            for surprise in ncrontab.read(text).surprises()
        )

    @property
    def late_after(self) -> int:
        """Minutes without a look of the app's timer after which a calendar is late: ``LOOKS`` in a row are missed."""
        return max(LEAST_LATE, _missed(self.sync_schedule))

    @property
    def pull_late_after(self) -> int:
        """Minutes without a pull after which the app is not well: as many in a row are missed, or an hour."""
        return max(60, _missed(self.pull_schedule))

    @property
    def database(self) -> str:
        """The name of the ERP.net instance: its host, and a port that is not the usual one."""
        parts = urlsplit(self.erpnet_url)
        usual = {"https": 443, "http": 80}[parts.scheme]
        return f"{parts.hostname}" if parts.port in (None, usual) else f"{parts.hostname}:{parts.port}"

    @property
    def table_endpoint(self) -> str:
        """The account's table endpoint for an identity, '' with a connection string."""
        if self.storage_connection:
            return ""
        return self.storage_table_uri or f"https://{self.storage_account}.table.core.windows.net"

    @property
    def queue_endpoint(self) -> str:
        """The account's queue endpoint for an identity, '' with a connection string."""
        if self.storage_connection:
            return ""
        beside = self.table_endpoint.replace(".table.", ".queue.", 1)
        return self.storage_queue_uri or beside


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its name, the field it fills, how it is read, its default text and what to do about a mistake."""

    name: str
    field: str
    parse: Parser
    default: str
    remedy: str


ROWS = (
    Row("ERPNET_URL", "erpnet_url", root, REQUIRED, "set the instance root, like https://acme.my.erp.net"),
    Row("ERPNET_CLIENT_ID", "erpnet_client_id", plain, REQUIRED, "set the trusted application's ApplicationUri"),
    Row("ERPNET_CLIENT_SECRET", "erpnet_client_secret", plain, REQUIRED, "set the trusted application's secret"),
    Row("ERPNET_CLIENT_SECRET_ENDS", "secret_ends", day, "", "set the last day of the secret, or leave it out"),
    Row("ERPNET_MAX_SESSIONS", "erpnet_max_sessions", within(1, 50), "1", "set how many ERP.net licences to use"),
    Row("ERPNET_TIME", "erpnet_time", erp_time, "user", "set user, utc or a zone like Europe/Sofia"),
    Row("ERPNET_SERVICE_LOGINS", "erpnet_service_logins", names, "", "list logins with commas between"),
    Row("ERPNET_LATE_COMMIT_MINUTES", "late_commit_minutes", within(1, 240), "30", "set minutes"),
    Row(
        "ERPNET_WEBHOOK_SECRET",
        "erpnet_webhook_secret",
        optional(long_secret),
        "",
        "set a long random text, the same in ERP.net's webhook, or leave it out",
    ),
    Row(
        "ERPNET_ACTIVITY_URL",
        "activity_url",
        optional(activity_url),
        "",
        "set the address under which your ERP.net client opens an activity, with {id} for its id, or leave it out",
    ),
    Row("DIGEST_TO", "digest_to", names, "", "list ERP.net logins or e-mail addresses with commas between"),
    Row("AZURE_TENANT_ID", "tenant_id", plain, "", "set the Entra tenant's id"),
    Row("AZURE_CLIENT_ID", "client_id", plain, "", "set the app registration's or the identity's client id"),
    Row("AZURE_CLIENT_SECRET", "client_secret", plain, "", "set the app registration's secret"),
    Row("GRAPH_URL", "graph_url", address, "https://graph.microsoft.com/v1.0", "leave it out for Microsoft's cloud"),
    Row("GRAPH_ACCESS_TOKEN", "graph_access_token", plain, "", "leave it out: it is for development only"),
    Row(STORAGE, "storage_connection", plain, "", "set a storage connection string"),
    Row(f"{STORAGE}__accountName", "storage_account", plain, "", "set the storage account's name"),
    Row(
        f"{STORAGE}__tableServiceUri",
        "storage_table_uri",
        optional(address),
        "",
        "set the account's table endpoint",
    ),
    Row(
        f"{STORAGE}__queueServiceUri",
        "storage_queue_uri",
        optional(address),
        "",
        "set the account's queue endpoint",
    ),
    Row(
        f"{STORAGE}__credential",
        "storage_credential",
        optional(one_of("managedidentity")),
        "",
        "set managedidentity or leave it out",
    ),
    Row(f"{STORAGE}__clientId", "storage_client_id", plain, "", "set the user-assigned identity's client id"),
    Row(
        "STATE_PREFIX",
        "state_prefix",
        table_prefix,
        "calsync",
        "set 3 to 21 lower-case letters and digits, a letter first",
    ),
    Row("LEASE_SECONDS", "lease_seconds", within(3, 3600), "180", "set seconds"),
    Row("CALL_TIMEOUT_SECONDS", "call_timeout_seconds", within(1, 300), "30", "set seconds"),
    Row("SYNC_SCHEDULE", "sync_schedule", schedule, "0 */15 * * * *", "set a six-field NCRONTAB expression"),
    Row("PULL_SCHEDULE", "pull_schedule", schedule, "30 * * * * *", "set a six-field NCRONTAB expression"),
    Row("SYNC_MONTHS_AHEAD", "months_ahead", within(1, 12), "1", "set how many months ahead are synced"),
    Row("SYNC_ACTIVITY_MAX_AGE_DAYS", "max_age_days", within(1, 31), "1", "set how old activities may be, in days"),
    Row("SYNC_DIRECTION", "direction", member_of(Direction), "both", "choose one of them"),
    Row("SYNC_CONFLICT", "conflict", member_of(Winner), "latest", "choose one of them"),
    Row("SYNC_PRIVATE", "private", member_of(PrivateRule), "sync", "choose one of them"),
    Row("SYNC_INVITE", "invite", member_of(Invite), "internal", "choose one of them"),
    Row("SYNC_SERIES", "series", member_of(SeriesRule), "skip", "choose one of them"),
    Row(
        "SYNC_ACTIVITY_TYPES",
        "activity_types",
        system_types,
        ",".join(SYSTEM_TYPES),
        "list activity types with commas between",
    ),
    Row("SYNC_MASS_DELETE_LIMIT", "mass_deletion", limit, "5,20%", "set a count and a share, like 5,20%"),
    Row(
        "PUBLIC_URL",
        "public_url",
        optional(address),
        "",
        "set the app's own https address, or leave it out to poll",
    ),
    Row(
        "PORTAL_SIGN_IN",
        "portal_sign_in",
        optional(one_of("development")),
        "",
        "leave it out: it is for development only",
    ),
)


ASKING = (STORAGE, "STATE_PREFIX", "AZURE_")
"""How the names begin of what a command needs that asks the app: where its tables are, and who asks."""


def load_asking(environ: Mapping[str, str]) -> Settings:
    """Load what a command needs that asks the app; all else is empty or its default. Raises ``SettingsInvalid``."""
    return load({name: value for name, value in environ.items() if name.startswith(ASKING)}, is_asking=True)


def load(environ: Mapping[str, str], *, is_asking: bool = False) -> Settings:
    """Load the settings of this environment. Raises ``SettingsInvalid`` with every mistake, each with its remedy.

    An empty value counts as not set. Whoever only asks the app needs no setting of either side.
    """
    given = {row.name: environ.get(row.name, "").strip() for row in ROWS}
    if not given["PUBLIC_URL"] and environ.get("WEBSITE_HOSTNAME"):
        given["PUBLIC_URL"] = _own_address(environ["WEBSITE_HOSTNAME"])
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for row in ROWS:
        if is_asking and row.default == REQUIRED:
            values[row.field] = ""
            continue
        try:
            values[row.field] = _value(row, given[row.name])
        except ValueError as wrong:
            mistakes.append(f"{row.name} {wrong}: {row.remedy}.")
    mistakes += contradictions(given, values)
    mistakes += _unknown(environ)
    if environ.get("WEBSITE_HOSTNAME"):
        mistakes += _not_filled_in(given)
    if given["PORTAL_SIGN_IN"] and "WEBSITE_SITE_NAME" in environ:
        mistakes.append(
            "PORTAL_SIGN_IN is for a developer's machine and this is Azure, where App Service signs people in: "
            "leave it out."
        )
    if mistakes:
        raise SettingsInvalid(mistakes)
    return Settings(**values, chosen=frozenset(name for name, text in given.items() if text))


def _not_filled_in(given: Mapping[str, str]) -> Iterator[str]:
    """Under a Functions host, which names itself by WEBSITE_HOSTNAME, a trigger without its setting never runs."""
    for row in ROWS:
        if row.name in HOST_FILLS_IN and not given[row.name]:
            yield f"{row.name} is missing, and the host does not start the functions that need it: set {row.default}."


def _own_address(hostname: str) -> str:
    """The platform names the host only; its local stand-in with a port speaks plain http."""
    scheme = "http" if (urlsplit(f"//{hostname}").hostname or "") in LOOPBACK else "https"
    return f"{scheme}://{hostname}"


def _value(row: Row, text: str) -> Any:
    if UNRESOLVED in text:
        raise ValueError("is a Key Vault reference that was not resolved (may the app's identity read the secret?)")
    if not text and row.default == REQUIRED:
        raise ValueError("is missing")
    return row.parse(text or row.default)


def _unknown(environ: Mapping[str, str]) -> Iterator[str]:
    known = [row.name for row in ROWS]
    for name in sorted(environ):
        if name.startswith(OUR_PREFIXES) and name not in known and name not in FOREIGN:
            close = get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else "leave it out."
            yield f"{name} is no setting of calsync: {hint}"
