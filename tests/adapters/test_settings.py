"""Settings: what they default to, what is refused, and that every mistake is told at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ncrontab
from adapters.settings import ROWS, Settings, load, load_asking
from simulators.host.ncrontab import Schedule
from sync_core.errors import SettingsInvalid
from sync_core.model.policy import SETTINGS, Direction, Policy, PrivateRule, Winner, texts
from tests.support.ncrontab_table import ROWS as ROWS_OF_HOST
from tests.support.ncrontab_table import Row

KEY = "AccountName=acme;AccountKey=c2VjcmV0"
NEEDED = {
    "ERPNET_URL": "https://acme.my.erp.net",
    "ERPNET_CLIENT_ID": "calsync",
    "ERPNET_CLIENT_SECRET": "hush-erp",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}


FILLED_IN = {"STATE_PREFIX": "calsync", "SYNC_SCHEDULE": "0 */15 * * * *", "PULL_SCHEDULE": "30 * * * * *"}
"""What the Functions host reads by itself."""


def read(**more: str) -> Settings:
    """The settings of an environment that has what is needed, and these."""
    return load({**NEEDED, **more})


def mistakes(**more: str) -> list[str]:
    """Everything that is wrong with such an environment; '' takes a setting out."""
    with pytest.raises(SettingsInvalid) as refused:
        read(**more)
    return refused.value.mistakes


def test_defaults_are_those_of_the_design() -> None:
    """With only what is required set, everything else is as documented."""
    settings = read()

    assert settings.policy == Policy()
    assert settings.graph_url == "https://graph.microsoft.com/v1.0"
    assert (settings.state_prefix, settings.lease_seconds, settings.call_timeout_seconds) == ("calsync", 180, 30)
    assert (settings.sync_schedule, settings.pull_schedule) == ("0 */15 * * * *", "30 * * * * *")
    assert (settings.erpnet_max_sessions, settings.invite, settings.public_url) == (1, "internal", "")


def test_choices_become_the_policy() -> None:
    """Every choice of the company reaches the tables."""
    settings = read(
        SYNC_DIRECTION="to-erpnet",
        SYNC_CONFLICT="ask",
        SYNC_PRIVATE="busy",
        SYNC_MONTHS_AHEAD="2",
        SYNC_ACTIVITY_MAX_AGE_DAYS="3",
        SYNC_ACTIVITY_TYPES="task, Meeting",
        SYNC_MASS_DELETE_LIMIT="10, 50 %",
        ERPNET_TIME="Europe/Sofia",
        ERPNET_SERVICE_LOGINS="Import, sync.bot",
    )

    expected = Policy(
        direction=Direction.TO_ERP,
        winner=Winner.ASK,
        private=PrivateRule.BUSY,
        months_ahead=2,
        max_age=timedelta(days=3),
        activity_types=frozenset({"Task", "Meeting"}),
        mass_deletion=(10, 0.5),
        erp_time="Europe/Sofia",
        service_logins=frozenset({"import", "sync.bot"}),
    )
    assert expected == settings.policy


@given(
    st.builds(
        Policy,
        months_ahead=st.integers(1, 12),
        max_age=st.integers(1, 31).map(lambda days: timedelta(days=days)),
        activity_types=st.sets(st.sampled_from(["Meeting", "Communication", "Task"]), min_size=1).map(frozenset),
        mass_deletion=st.tuples(st.integers(0, 999_999), st.integers(0, 100).map(lambda percent: percent / 100)),
        erp_time=st.sampled_from(["user", "utc", "Europe/Sofia"]),
        service_logins=st.sets(st.from_regex(r"[a-z.]{1,9}", fullmatch=True)).map(frozenset),
        late_commit=st.integers(1, 240).map(lambda minutes: timedelta(minutes=minutes)),
    )
)
def test_a_policy_told_in_texts_is_the_same_policy(policy: Policy) -> None:
    """What a refused command shows as the company's value can be set as it stands; what was set is known as such."""
    settings = read(**texts(policy))

    assert settings.policy == policy
    assert settings.chosen >= {name for name, text in texts(policy).items() if text}


def test_every_choice_of_the_company_is_in_its_policy() -> None:
    """Each ``SYNC_`` setting but the timer's schedule, and what decides how ERP.net is read."""
    ours = {row.name for row in ROWS if row.name.startswith("SYNC_")} - {"SYNC_SCHEDULE"}

    assert ours | {"ERPNET_TIME", "ERPNET_SERVICE_LOGINS", "ERPNET_LATE_COMMIT_MINUTES"} == set(SETTINGS.values())


def test_what_is_empty_was_not_chosen() -> None:
    """An empty value counts as not set."""
    assert read(SYNC_PRIVATE="", SYNC_INVITE="all").chosen == {*NEEDED, "SYNC_INVITE"}


def test_the_end_of_a_secret_is_a_day_or_nothing() -> None:
    """A day as ISO writes it; left out, nobody is reminded."""
    assert read(ERPNET_CLIENT_SECRET_ENDS="2027-05-31").secret_ends == date(2027, 5, 31)
    assert read().secret_ends is None


def test_all_mistakes_are_told_at_once() -> None:
    """An empty environment with three slips tells each of them, by the name of its setting."""
    with pytest.raises(SettingsInvalid) as refused:
        load({"SYNC_CONFLICT": "me", "LEASE_SECONDS": "80", "SYNC_DIRECTON": "both"})

    expected = [
        "ERPNET_URL",
        "ERPNET_CLIENT_ID",
        "ERPNET_CLIENT_SECRET",
        "SYNC_CONFLICT",
        "LEASE_SECONDS",
        "AzureWebJobsStorage",
        "SYNC_DIRECTON",
    ]
    assert expected == [mistake.split()[0] for mistake in refused.value.mistakes]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ERPNET_URL", "http://acme.my.erp.net", "https://"),
        ("ERPNET_URL", "acme.my.erp.net", "no http(s) address"),
        ("ERPNET_URL", "https://acme.my.erp.net/api/domain/odata", "without a path"),
        ("ERPNET_URL", "https://me:pw@acme.my.erp.net", "without user"),
        ("ERPNET_URL", "https://acme.my.erp.net:99999", "port"),
        ("ERPNET_CLIENT_SECRET_ENDS", "31.5.2027", "no day like"),
        ("ERPNET_CLIENT_SECRET_ENDS", "2027-02-30", "no day like"),
        ("ERPNET_MAX_SESSIONS", "0", "from 1 to 50"),
        ("ERPNET_MAX_SESSIONS", "²", "from 1 to 50"),
        ("ERPNET_TIME", "Europe/Sofa", "IANA"),
        ("ERPNET_WEBHOOK_SECRET", "fifteen letters", "shorter than 16"),
        ("ERPNET_ACTIVITY_URL", "https://acme.my.erp.net/cl/activity", "{id} once"),
        ("ERPNET_ACTIVITY_URL", "https://{id}.my.erp.net/", "{id} once, behind the host"),
        ("ERPNET_ACTIVITY_URL", "javascript:alert({id})", "no http(s) address"),
        ("ERPNET_ACTIVITY_URL", "http://acme.my.erp.net/{id}", "https://"),
        ("GRAPH_URL", "http://graph.microsoft.com/v1.0", "https://"),
        ("STATE_PREFIX", "Cal-Sync", "lower-case"),
        ("STATE_PREFIX", "ab", "3 to 21"),
        ("LEASE_SECONDS", "soon", "whole number"),
        ("CALL_TIMEOUT_SECONDS", "1.5", "whole number"),
        ("SYNC_SCHEDULE", "*/15 * * * *", "six fields"),
        ("PULL_SCHEDULE", "every minute", "six fields"),
        ("SYNC_SCHEDULE", "60 * * * * *", "from 0 to 59"),
        ("SYNC_SCHEDULE", "0 0 9 * * 7", "from 0 to 6"),
        ("PULL_SCHEDULE", "0 0 9 * * MONDAYS", "no day of week"),
        ("STATE_PREFIX", "cal_sync", "lower-case"),
        ("STATE_PREFIX", "1calsync", "a letter first"),
        ("STATE_PREFIX", "c" * 22, "3 to 21"),
        ("SYNC_MONTHS_AHEAD", "13", "from 1 to 12"),
        ("SYNC_DIRECTION", "up", "both, to-erpnet, to-microsoft365"),
        ("SYNC_CONFLICT", "me", "latest, microsoft365, erpnet, ask"),
        ("SYNC_PRIVATE", "hide", "sync, busy, skip"),
        ("SYNC_INVITE", "some", "internal, all, none"),
        ("SYNC_ACTIVITY_TYPES", "Meeting,Call", "Meeting, Communication, Task"),
        ("SYNC_MASS_DELETE_LIMIT", "5", "5,20%"),
        ("SYNC_MASS_DELETE_LIMIT", "5,120%", "5,20%"),
        ("PUBLIC_URL", "http://app.example", "https://"),
        ("AzureWebJobsStorage", "calsyncstorage", "connection string"),
        ("AzureWebJobsStorage__credential", "msi", "managedidentity"),
    ],
)
def test_a_wrong_value_is_refused_with_its_remedy(name: str, value: str, told: str) -> None:
    """The mistake names the setting and what it may say."""
    found = [mistake for mistake in mistakes(**{name: value}) if mistake.startswith(f"{name} ")]

    assert [told in mistake for mistake in found] == [True]


@pytest.mark.parametrize("host", ["localhost:7071", "127.0.0.1:8091", "[::1]:8091"])
def test_plain_http_passes_on_loopback(host: str) -> None:
    """A stand-in on this machine needs no certificate."""
    settings = read(ERPNET_URL=f"http://{host}/", GRAPH_URL=f"http://{host}/v1.0")

    assert (f"http://{host}", f"http://{host}/v1.0") == (settings.erpnet_url, settings.graph_url)


def test_a_fixed_token_is_refused_for_the_real_graph() -> None:
    """A development token never leaves this machine."""
    [mistake] = mistakes(GRAPH_ACCESS_TOKEN="hush-token")

    assert mistake.startswith("GRAPH_ACCESS_TOKEN is for development only")
    assert read(GRAPH_ACCESS_TOKEN="x", GRAPH_URL="http://127.0.0.1:1/v1.0").graph_access_token == "x"


def test_the_developers_sign_in_is_refused_in_azure() -> None:
    """It is named as a mistake, whatever the page would do with it; on a developer's machine it is right."""
    [mistake] = mistakes(PORTAL_SIGN_IN="development", WEBSITE_SITE_NAME="app")

    assert mistake.startswith("PORTAL_SIGN_IN is for a developer's machine")
    assert read(PORTAL_SIGN_IN="development").portal_sign_in == "development"
    assert len(mistakes(PORTAL_SIGN_IN="yes")) == 1


def test_a_lease_lasts_at_least_three_calls() -> None:
    """One second less is refused and the lowest fitting value named."""
    [mistake] = mistakes(LEASE_SECONDS="29", CALL_TIMEOUT_SECONDS="10")

    assert "set 30 or more" in mistake
    assert read(LEASE_SECONDS="30", CALL_TIMEOUT_SECONDS="10").lease_seconds == 30


def test_an_unresolved_vault_reference_is_refused() -> None:
    """The platform hands it over literally when the identity may not read the vault."""
    [mistake] = mistakes(ERPNET_CLIENT_SECRET="@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)")

    assert mistake.startswith("ERPNET_CLIENT_SECRET is a Key Vault reference that was not resolved")


def test_a_secret_needs_its_tenant_and_client() -> None:
    """A client secret alone gets no token; both missing names are told."""
    found = mistakes(AZURE_CLIENT_SECRET="hush")

    assert [m.split()[0] for m in found] == ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SYNC_CONFLIKT", "SYNC_CONFLICT"),
        ("ERPNET_CLIENT_SECRETS", "ERPNET_CLIENT_SECRET"),
        ("GRAPH_TOKEN", "GRAPH_ACCESS_TOKEN"),
        ("PULL_SCHEDUL", "PULL_SCHEDULE"),
        ("STATE_PREFFIX", "STATE_PREFIX"),
    ],
)
def test_a_misspelt_name_is_refused_with_a_suggestion(name: str, meant: str) -> None:
    """A setting that would silently do nothing is told, with the one that was meant."""
    assert [f"{name} is no setting of calsync: did you mean {meant}?"] == mistakes(**{name: "x"})


def test_other_programs_names_are_left_alone() -> None:
    """What is neither ours nor looks like it does not matter."""
    assert read() == read(PATH="/bin", STATE_DIRECTORY="/var/lib/x", AzureWebJobsFeatureFlags="y")


def test_empty_counts_as_not_set() -> None:
    """Portals keep emptied settings; they mean the default, and a required one is missing."""
    assert read() == read(SYNC_CONFLICT="", GRAPH_URL="  ")
    expected = ["ERPNET_URL is missing: set the instance root, like https://acme.my.erp.net."]
    assert expected == mistakes(ERPNET_URL="")


@pytest.mark.parametrize(
    "storage",
    [
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true;"},
        {"AzureWebJobsStorage": f"DefaultEndpointsProtocol=https;{KEY};EndpointSuffix=core.windows.net"},
        {"AzureWebJobsStorage": f"DefaultEndpointsProtocol=http;{KEY};TableEndpoint=http://127.0.0.1:1/acme;"},
        {"AzureWebJobsStorage": "TableEndpoint=https://acme.table.core.windows.net;SharedAccessSignature=sv=1"},
    ],
)
def test_connection_strings_pass(storage: dict[str, str]) -> None:
    """Azurite by name or with its own ports, a key, a shared access signature."""
    assert storage["AzureWebJobsStorage"] == read(**storage).storage_connection


@pytest.mark.parametrize(
    ("storage", "endpoint"),
    [
        ({"accountName": "acme"}, "https://acme.table.core.windows.net"),
        (
            {"tableServiceUri": "https://acme.table.core.chinacloudapi.cn/"},
            "https://acme.table.core.chinacloudapi.cn",
        ),
    ],
)
def test_an_identity_takes_the_place_of_a_connection_string(storage: dict[str, str], endpoint: str) -> None:
    """An account's name or its table endpoint is enough."""
    settings = read(AzureWebJobsStorage="", **{f"AzureWebJobsStorage__{name}": v for name, v in storage.items()})

    assert endpoint == settings.table_endpoint


def test_two_ways_to_the_storage_are_refused() -> None:
    """A connection string beside an identity would hide one of them."""
    [mistake] = mistakes(AzureWebJobsStorage__accountName="acme")

    assert mistake.startswith("AzureWebJobsStorage and AzureWebJobsStorage__accountName contradict each other")


@pytest.mark.parametrize(
    ("url", "stamp"),
    [
        ("https://ACME.my.erp.net/", "acme.my.erp.net"),
        ("https://acme.my.erp.net:443", "acme.my.erp.net"),
        ("https://acme.my.erp.net:8443", "acme.my.erp.net:8443"),
        ("http://127.0.0.1:8091", "127.0.0.1:8091"),
    ],
)
def test_one_instance_has_one_stamp(url: str, stamp: str) -> None:
    """Letter case and the usual port make no other database."""
    assert stamp == read(ERPNET_URL=url).database


@pytest.mark.parametrize(
    ("host", "url"),
    [("calsync.azurewebsites.net", "https://calsync.azurewebsites.net"), ("localhost:7071", "http://localhost:7071")],
)
def test_the_platforms_host_name_is_the_public_address(host: str, url: str) -> None:
    """PUBLIC_URL need not be set where the platform says it."""
    assert url == read(WEBSITE_HOSTNAME=host, **FILLED_IN).public_url


def test_secrets_never_show() -> None:
    """Neither the repr nor a mistake holds a secret's text."""
    secret = {"ERPNET_CLIENT_SECRET": "hush-1", "AZURE_CLIENT_SECRET": "hush-2", "GRAPH_ACCESS_TOKEN": "hush-3"}
    storage = {"AzureWebJobsStorage": f"{KEY.replace('c2VjcmV0', 'hush-4')};"}
    fine = read(**secret, **storage, AZURE_TENANT_ID="t", AZURE_CLIENT_ID="c", GRAPH_URL="http://localhost/v1.0")

    assert "hush" not in repr(fine)
    assert "hush" not in " ".join(mistakes(**secret, AzureWebJobsStorage="hush-4"))


def test_every_row_fills_one_field() -> None:
    """The table and the value have the same parts."""
    assert sorted(Settings.__dataclass_fields__) == sorted(["chosen", *(row.field for row in ROWS)])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"AzureWebJobsStorage__accountName": "acme"}, "https://acme.queue.core.windows.net"),
        (
            {"AzureWebJobsStorage__tableServiceUri": "https://acme.table.core.chinacloudapi.cn"},
            "https://acme.queue.core.chinacloudapi.cn",
        ),
        (
            {
                "AzureWebJobsStorage__accountName": "acme",
                "AzureWebJobsStorage__queueServiceUri": "https://queues.acme.example/",
            },
            "https://queues.acme.example",
        ),
    ],
    ids=["account", "beside-the-tables", "named"],
)
def test_queues_are_found_beside_the_tables(given: dict[str, str], expected: str) -> None:
    """By identity the queue endpoint is the one named, or else the sister of the table endpoint."""
    assert read(AzureWebJobsStorage="", **given).queue_endpoint == expected


def test_a_connection_string_names_its_own_queues() -> None:
    """With a connection string no endpoint is needed, and the webhook's secret shows nowhere."""
    settings = read(ERPNET_WEBHOOK_SECRET="a-long-shared-secret")

    assert settings.queue_endpoint == ""
    assert settings.erpnet_webhook_secret == "a-long-shared-secret"
    assert "shared" not in repr(settings)


@pytest.mark.parametrize("row", ROWS_OF_HOST, ids=lambda row: row.expression)
def test_a_schedule_is_refused_where_the_host_refuses_it(row: Row) -> None:
    """And where it has five fields, of which the host takes the first for the minute."""
    if row.is_refused or len(row.expression.split()) == 5:
        [mistake] = mistakes(SYNC_SCHEDULE=row.expression)

        assert mistake.startswith("SYNC_SCHEDULE ")
    else:
        assert read(PULL_SCHEDULE=row.expression).pull_schedule == " ".join(row.expression.split())


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 0 22-2 * * *", ["“22-2” is turned round to 2-22; write 22-23,0-2"]),
        ("0 0 9 * * FRI-MON", ["write 5-6,0-1"]),
        ("0 0 9 * DEC-FEB *", ["write 12,1-2"]),
        ("0 50-10/5 * * * *", ["“50-10/5” is turned round to 10-50"]),
        ("*/0 * * * * *", ["“*/0” means every second", "comes every second"]),
        ("0 */-5 * * * *", ["“*/-5” means every minute"]),
        ("0 */90 * * * *", ["“*/90” begins anew with each hour: it means 0"]),
        ("0 */45 * * * *", ["“*/45” begins anew with each hour: it means 0, 45"]),
        ("0 0 0 30 2 *", ["never comes: no month it names has a day 30"]),
        ("0 0 0 31 4,jun,SEP *", ["never comes: no month it names has a day 31"]),
        ("0 0 9 1 * MON", ["day and day of week both match"]),
        ("0 0 9 * Ju *", ["“Ju” could be june or july"]),
        ("* */15 * * * *", ["comes every second"]),
        ("0 */15 * * * *", []),
        ("0 0/20 6-20 * * MON-FRI", []),
        ("0 0 9 29 2 *", []),
        ("0 0 0 31 4-5 *", []),
        ("0 0 9 */2 * *", []),
    ],
)
def test_what_azure_reads_otherwise_is_told(expression: str, told: list[str]) -> None:
    """A right schedule that a person would read otherwise is taken, with a warning in plain words."""
    warnings = read(SYNC_SCHEDULE=expression).warnings

    assert len(warnings) == len(told)
    for warning, words in zip(warnings, told, strict=True):
        assert warning.startswith(f"SYNC_SCHEDULE = {expression}: ")
        assert words in warning


@given(st.lists(st.integers(0, 59), min_size=1, max_size=4), st.integers(1, 9))
def test_our_reading_and_the_stand_ins_agree(minutes: list[int], step: int) -> None:
    """What is told of a schedule is told of what the stand-in host runs: the minutes that it names."""
    text = ",".join(f"{minute}/{step * 7}" for minute in minutes)
    [_, parts, *_] = ncrontab.read(f"0 {text} * * * *").parts
    ours = {value for part in parts for value in part.values}
    ticks, at = set(), datetime(2026, 1, 1, 0, 59, 59, tzinfo=UTC)
    while (at := Schedule(f"0 {text} * * * *").after(at) or at).hour == 1:
        ticks.add(at.minute)

    assert ours == ticks


def test_what_the_host_fills_in_must_be_there() -> None:
    """Under a Functions host a default does not reach the triggers; elsewhere it does."""
    found = mistakes(WEBSITE_HOSTNAME="app.azurewebsites.net")

    assert [mistake.split()[0] for mistake in found] == list(FILLED_IN)
    assert read(WEBSITE_HOSTNAME="app.azurewebsites.net", **FILLED_IN).state_prefix == "calsync"


def test_whoever_only_asks_needs_the_tables_and_nothing_else() -> None:
    """Nothing is said of the app's own settings, not even of wrong ones; of the storage's everything is."""
    found = load_asking(
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "SYNC_CONFLICT": "me", "ERPNET_URL": "x"}
    )

    assert (found.storage_connection, found.erpnet_url, found.erpnet_client_secret) == (
        "UseDevelopmentStorage=true",
        "",
        "",
    )
    with pytest.raises(SettingsInvalid) as wrong:
        load_asking({"STATE_PREFIX": "Cal Sync"})
    assert [mistake.split()[0] for mistake in wrong.value.mistakes] == ["STATE_PREFIX", "AzureWebJobsStorage"]


@pytest.mark.parametrize(
    ("schedule", "minutes"),
    [
        ("0 */15 * * * *", 60),
        ("0 */1 * * * *", 15),
        ("0 */30 * * * *", 120),
        ("0 0 7-19 * * *", 15 * 60),
        ("0 0 6 * * *", 4 * 24 * 60),
        ("0 */15 * * * 1-5", 49 * 60),
        ("0 0 9 * * 1", 4 * 7 * 24 * 60),
        ("0 0 0 31 2 *", 15),
    ],
)
def test_a_calendar_is_late_after_four_looks_were_missed(schedule: str, minutes: int) -> None:
    """As far apart as the schedule lets them be, and after a quarter of an hour at least."""
    assert read(SYNC_SCHEDULE=schedule).late_after == minutes
    assert read(PULL_SCHEDULE=schedule).pull_late_after == max(60, minutes)


@pytest.mark.parametrize("schedule", ["0 */15 * * * *", "0 0 7-19 * * *", "0 5,50 8-17 * * 1-5", "30 0 */7 1,15 * *"])
def test_no_four_ticks_of_the_host_are_further_apart(schedule: str) -> None:
    """Held against the stand-in's own reading, which shares nothing with ours: a year of ticks, at most 3,000."""
    ticks = [datetime(2026, 1, 1, tzinfo=UTC)]
    while len(ticks) < 3_000 and ticks[-1].year < 2027:
        ticks.append(Schedule(schedule).after(ticks[-1]) or datetime.max.replace(tzinfo=UTC))
    waits = [later - at for at, later in zip(ticks[1:], ticks[5:], strict=False)]

    assert max(waits) == ncrontab.read(schedule).longest_wait(4)
