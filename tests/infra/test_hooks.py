"""The checks around a deployment, against a stand-in for the Azure CLI and one for the app.

What a check says is asked of its ``main`` in this process. That azd's way there, a shell and a Python of its own,
leads to the same is shown once for each check, and wherever the shell or that Python matters.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.scripts import grants, preflight, smoke
from portal import assets
from tests.infra import queries
from tests.support.deployment import GRAPH_ROLES, INFRA, ROOT, environment

SCRIPTS = INFRA / "scripts"
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
RIGHT = {
    "AZURE_ENV_NAME": "calsync-prod",
    "AZURE_LOCATION": "West Europe",
    "AZURE_CLIENT_ID": "the one who deploys",
    "ERPNET_URL": "https://acme.my.erp.net",
    "ERPNET_CLIENT_ID": "calsync",
    "ERPNET_CLIENT_SECRET": "hush-hush",
}
"""What a first deployment needs."""


def offer(python: str, lowest: int = 1) -> dict[str, Any]:
    """How a region offers a Python on Flex Consumption."""
    limits = {"lowestMaximumInstanceCount": lowest, "highestMaximumInstanceCount": 1000, "defaultValue": 100}
    runtime = {"name": "python", "version": python}
    return {
        "skuCode": "FC1",
        "maximumInstanceCount": limits,
        "functionAppConfigProperties": {"runtime": runtime},
    }


REGION = {"value": [{"properties": {"majorVersions": [{"Sku": [offer("3.11"), offer("3.12"), offer("3.13")]}]}}]}


@dataclass(frozen=True, slots=True)
class Ended:
    """What a hook left behind."""

    returncode: int
    stdout: str
    stderr: str


MAINS: dict[str, Callable[[], int]] = {
    "preflight": preflight.main,
    "grants": grants.main,
    "smoke": lambda: smoke.main([], os.environ),
}
HASTE = patch.multiple(smoke, PATIENCE=0.2, PAUSE=0.02, LOGS_COME_WITHIN=0.2)
"""The smoke test gives a new app its time in seconds, not in minutes."""


class Hooks:
    """Runs the hooks with an ``az`` that answers what a test says, by words of the order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders = folder / "orders"
        self.bodies = folder / "bodies"
        self.orders.write_text("")
        self.bodies.write_text("")
        self.answers: dict[str, Any] = {}

    def check(self, hook: str, environment: dict[str, str]) -> Ended:
        """What one hook says and ends with, in this process."""
        out, err = io.StringIO(), io.StringIO()
        given = patch.dict(os.environ, {**self._around(), **environment}, clear=True)
        with given, HASTE, redirect_stdout(out), redirect_stderr(err):
            code = MAINS[hook]()
        return Ended(code, out.getvalue(), err.getvalue())

    def run(self, hook: str, environment: dict[str, str], shell: str = "sh") -> Ended:
        """One hook as azd runs it."""
        done = subprocess.run(
            [shell, str(SCRIPTS / "hook.sh"), hook],
            cwd=self.folder,
            env={**self._around(), "CALSYNC_SMOKE_PATIENCE": "1", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def _around(self) -> dict[str, str]:
        """What every environment has; ``az`` is made for it."""
        told = {words: json.dumps(answer) for words, answer in self.answers.items()}
        cases = "".join(f"  *'{words}'*) cat <<'END'\n{answer}\nEND\n;;\n" for words, answer in told.items())
        az = self.folder / "az"
        heard = f'for word; do case $word in @*) cat "${{word#@}}" >> "{self.bodies}" ;; esac; done\n'
        order = f'echo "$*" >> "{self.orders}"\n{heard}case "$*" in\n{cases}  *) exit 1 ;;\nesac\n'
        az.write_text(f"#!/bin/sh\n{order}")
        az.chmod(0o755)
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    """In a folder of its own; the region offers what it should."""
    made = Hooks(tmp_path)
    made.answers["functionAppStacks"] = REGION
    return made


# Before: settings and region


def test_right_settings_pass(hooks: Hooks) -> None:
    """Nothing is said but that; the region is asked for by its name, however it was written."""
    end = hooks.check("preflight", RIGHT)

    assert (end.returncode, end.stderr) == (0, "")
    assert "/locations/westeurope/functionAppStacks" in hooks.orders.read_text()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AZURE_ENV_NAME", "calsync prod", "AZURE_ENV_NAME = calsync prod: must be letters, digits and"),
        ("AZURE_ENV_NAME", "prod.", "no full stop at the end"),
        ("AZURE_ENV_NAME", "a" * 65, "64 at most"),
        (
            "AZURE_LOCATION",
            "west-europe",
            "AZURE_LOCATION = west-europe: must be a region as `az account list-locations`",
        ),
        ("AZURE_LOCATION", "(Europe) West Europe", "must be a region"),
        ("AZURE_LOCATION", "westeurope\r", "AZURE_LOCATION begins or ends with a blank"),
        ("AZURE_LOCATION", "", "AZURE_LOCATION is missing: azd env set AZURE_LOCATION"),
        ("ERPNET_CLIENT_SECRET", "", "no vault holds it yet: export ERPNET_CLIENT_SECRET"),
        ("ERPNET_URL", "http://acme.my.erp.net", "must begin with https://"),
        ("STATE_PREFIX", "Cal_Sync", "STATE_PREFIX is no name for tables"),
        ("SYNC_SCHEDULE", "60 * * * * *", "SYNC_SCHEDULE holds “60”"),
        ("PULL_SCHEDULE", "0 0 9 * * MONDAYS", "PULL_SCHEDULE holds “MONDAYS”"),
        ("SYNC_CONFLIKT", "ask", "did you mean SYNC_CONFLICT?"),
        ("CALSYNC_ALWAYS_READY_HTTP", "one", "must be a whole number"),
        ("CALSYNC_ERPNET_WEBHOOK", "yes", "must be true or false"),
        ("CALSYNC_ERPNET_WEBHOOK", "true", "ERPNET_WEBHOOK_SECRET is missing"),
        ("CALSYNC_ACTION_GROUPS", "/subscriptions/x", "must be a JSON list"),
        ("CALSYNC_ACTION_GROUPS", "[1]", "must be a JSON list of resource ids"),
        ("CALSYNC_PYTHON", "3.14", "CALSYNC_PYTHON = 3.14: must be one of 3.11, 3.12, 3.13"),
        ("CALSYNC_PYTHON", "", "CALSYNC_PYTHON is empty, which is not the same as left out"),
        ("ERPNET_MAX_SESSIONS", "", "give it a value, usually 1"),
        ("CALSYNC_MAXIMUM_INSTANCES", "1001", "must be 1000 at most"),
        ("CALSYNC_ALWAYS_READY_HTTP", "-1", "must be 0 or more"),
        ("CALSYNC_LOG_CAP_GB", "-2", "must be -1 or more"),
        ("CALSYNC_UPDATE_STRATEGY", "rolling", "must be one of Recreate, RollingUpdate"),
        ("CALSYNC_STORAGE_REDUNDANCY", "ZRS", "must be one of Standard_LRS, Standard_ZRS"),
        ("CALSYNC_OPERATOR_TYPE", "user", "must be one of Group, ServicePrincipal, User"),
        ("CALSYNC_OPERATOR_PRINCIPAL_ID", "OPERATOR-ID", "must be an object id: `az ad signed-in-user show"),
        ("CALSYNC_PORTAL_CLIENT_ID", "page", "must be the client id of an app registration"),
        ("CALSYNC_ALERT_EMAIL", "ops", "must be an e-mail address"),
        ("CALSYNC_NETWORK_PREFIX", "10.90.0.0/26", "must be a /24 or larger"),
        ("CALSYNC_NETWORK_PREFIX", "10.90.0.7/24", "has host bits set; write it like 10.90.0.0/24"),
        ("ERPNET_TIME", "Europe/Sofa", "ERPNET_TIME is neither user nor utc"),
        ("LEASE_SECOND", "90", "did you mean LEASE_SECONDS?"),
    ],
)
def test_a_mistake_is_told_before_anything_is_made(hooks: Hooks, name: str, value: str, told: str) -> None:
    """In plain words, with exit code 1, so that azd stops."""
    end = hooks.check("preflight", {**RIGHT, name: value})

    assert end.returncode == 1
    assert told in end.stderr
    assert "hush" not in end.stderr + end.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_ENV_NAME", "test_2(x).y"),
        ("CALSYNC_ACTION_GROUPS", '["/subscriptions/a/x", "/subscriptions/b/y"]'),
        ("CALSYNC_ACTION_GROUPS", "[]"),
        ("CALSYNC_NETWORK_PREFIX", "10.0.0.0/16"),
        ("CALSYNC_OPERATOR_PRINCIPAL_ID", PRINCIPAL),
        ("CALSYNC_LOG_CAP_GB", "-1"),
        ("GRAPH_ACCESS_TOKEN", "a developer's, not delivered"),
        ("ERPNET_CLIENT_SECRET_ENDS", ""),
    ],
)
def test_what_azure_takes_is_taken(hooks: Hooks, name: str, value: str) -> None:
    """Nothing is said about it."""
    end = hooks.check("preflight", {**RIGHT, name: value})

    assert (end.returncode, end.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(environment()))
def test_no_value_is_taken_unseen(hooks: Hooks, name: str) -> None:
    """Each name that a deployment reads is looked at: a blank at its end would go into Azure as it is."""
    end = hooks.check("preflight", {**RIGHT, name: f"{RIGHT.get(name, 'x')} "})

    assert end.returncode == 1
    assert f"{name} begins or ends with a blank" in end.stderr


def test_a_misspelt_option_is_a_warning(hooks: Hooks) -> None:
    """What an earlier deployment gave out is none, though its name is like an option's."""
    end = hooks.check(
        "preflight", {**RIGHT, "CALSYNC_ALERT_MAIL": "ops@acme.com", "CALSYNC_STORAGE": "st", "CALSYNC_APP": "f"}
    )

    assert end.returncode == 0
    assert (
        end.stderr == "warning: CALSYNC_ALERT_MAIL is no option of a deployment: did you mean CALSYNC_ALERT_EMAIL?\n"
    )


def test_a_python_without_time_zones_refuses_none(hooks: Hooks) -> None:
    """As on Windows; Azure's has them."""
    nowhere = {"PYTHONTZPATH": "", "CALSYNC_HOOK_PYTHON": bare_python(hooks)}
    end = hooks.run("preflight", {**RIGHT, "ERPNET_TIME": "Europe/Sofia", **nowhere})

    assert end.returncode == 0
    assert end.stderr == "warning: ERPNET_TIME is not looked at: this Python knows no time zones\n"


def bare_python(hooks: Hooks) -> str:
    """Python without any package, as on an administrator's machine."""
    python = hooks.folder / "bare-python"
    python.write_text(f'#!/bin/sh\nexec "{sys.base_prefix}/bin/python3" -I "$@"\n')
    python.chmod(0o755)
    return str(python)


def test_the_checks_need_no_package(hooks: Hooks) -> None:
    """Whoever deploys has Python and nothing else."""
    bare = bare_python(hooks)
    assert hooks.run("preflight", {**RIGHT, "CALSYNC_HOOK_PYTHON": bare}).stderr == ""
    with app() as address:
        end = hooks.run("smoke", deployed(address, CALSYNC_HOOK_PYTHON=bare))
    assert end.stdout == f"{address} answers as it must.\n"


def test_a_schedule_that_azure_reads_otherwise_is_a_warning(hooks: Hooks) -> None:
    """The deployment goes on."""
    end = hooks.check("preflight", {**RIGHT, "SYNC_SCHEDULE": "0 0 0 30 2 *"})

    assert end.returncode == 0
    assert "warning: SYNC_SCHEDULE = 0 0 0 30 2 *: it never comes" in end.stderr


def test_a_later_deployment_needs_no_secret(hooks: Hooks) -> None:
    """The vault keeps it."""
    assert hooks.check("preflight", {**RIGHT, "ERPNET_CLIENT_SECRET": "", "CALSYNC_VAULT": "kv-x"}).returncode == 0


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"value": []}, "does not offer Flex Consumption with Python"),
        ({"value": [offer("3.13", lowest=40), offer("3.12", lowest=40)]}, "azd env set CALSYNC_MAXIMUM_INSTANCES 40"),
        ({"value": [offer("3.11"), offer("3.12")]}, "CALSYNC_PYTHON = 3.13: westeurope offers 3.11, 3.12"),
    ],
    ids=["no Flex Consumption", "no small number", "not this Python"],
)
def test_a_region_that_does_not_fit_is_told(hooks: Hooks, answer: dict[str, Any], told: str) -> None:
    """With what to do."""
    hooks.answers["functionAppStacks"] = answer
    end = hooks.check("preflight", RIGHT)

    assert end.returncode == 1
    assert told in end.stderr


def test_a_region_that_tells_no_limits_stops_nothing(hooks: Hooks) -> None:
    """As where Azure comes to name them otherwise."""
    offered = {**offer("3.13"), "maximumInstanceCount": {"defaultValue": 100}}
    hooks.answers["functionAppStacks"] = {"value": [offered]}

    assert hooks.check("preflight", RIGHT).returncode == 0


def test_a_region_that_cannot_be_asked_stops_nothing(hooks: Hooks) -> None:
    """Without the Azure CLI, or not signed in, Azure itself answers later."""
    hooks.answers.clear()
    end = hooks.check("preflight", RIGHT)

    assert end.returncode == 0
    assert "not asked what westeurope offers" in end.stderr


# After: permissions

RUN = f"A Privileged Role Administrator runs:\n  infra/scripts/grant-graph-roles.sh {PRINCIPAL}"
ROLE_IDS = {
    "User.Read.All": GRAPH_ROLES["userReadAll"],
    "Calendars.ReadWrite": GRAPH_ROLES["calendarsReadWrite"],
    "MailboxSettings.Read": GRAPH_ROLES["mailboxSettingsRead"],
}


@pytest.mark.parametrize(
    ("granted", "scope", "told"),
    [
        (list(ROLE_IDS), "false", "has its Graph permissions"),
        (["User.Read.All"], "true", "has its Graph permissions"),
        (["User.Read.All"], "false", f"lacks Calendars.ReadWrite, MailboxSettings.Read. {RUN}"),
        ([], "true", f"lacks User.Read.All. {RUN} --mailbox-scope"),
    ],
)
def test_missing_grants_are_told_as_commands(hooks: Hooks, granted: list[str], scope: str, told: str) -> None:
    """What the app lacks, and what somebody else has to run; the deployment is done in any case."""
    hooks.answers["appRoleAssignments"] = {"value": [{"appRoleId": ROLE_IDS[name].upper()} for name in granted]}
    end = hooks.check("grants", {"CALSYNC_PRINCIPAL_ID": PRINCIPAL, "CALSYNC_MAILBOX_SCOPE": scope})

    assert end.returncode == 0
    assert told in end.stdout


def test_grants_that_cannot_be_asked_are_told_as_a_command(hooks: Hooks) -> None:
    """Repeating it is harmless."""
    end = hooks.check("grants", {"CALSYNC_PRINCIPAL_ID": PRINCIPAL})

    assert end.returncode == 0
    assert f"  infra/scripts/grant-graph-roles.sh {PRINCIPAL}\n" in end.stdout


# After: the smoke test

Reply = tuple[int, str, str]
LOGIN = "https://login.microsoftonline.com/"
STYLE = assets.address("style.css")
WELL: dict[str, Callable[[dict[str, list[str]]], Reply]] = {
    "GET /api/health": lambda _: (200, "application/json", '{"settings_mistakes": 0, "settings_warnings": 0}'),
    "POST /api/webhooks/graph": lambda query: (200, "text/plain; charset=utf-8", query["validationToken"][0]),
    "POST /api/webhooks/erpnet": lambda _: (404, "text/plain", ""),
    "GET /": lambda _: (302, "text/html", LOGIN),
    "GET /portal": lambda _: (302, "text/html", LOGIN),
    "GET /api/v1": lambda _: (401, "application/json", ""),
    f"GET {STYLE}": lambda _: (200, "text/css", "body {}"),
}
"""How a deployed app answers; the text of a redirection is where it leads."""


@contextmanager
def app(**other: Reply) -> Iterator[str]:
    """The address of an app that answers well, but for what a test says by the last word of the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            word = parts.path.rpartition("/")[2] or "page"
            status, kind, body = other.get(word) or WELL[f"{self.command} {parts.path}"](parse_qs(parts.query))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status == 302:
                self.send_header("Location", body)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def deployed(address: str, **more: str) -> dict[str, str]:
    """The environment after a deployment."""
    return {"CALSYNC_ADDRESS": address, "CALSYNC_PORTAL_CLIENT_ID": "page", **more}


def test_a_good_app_passes(hooks: Hooks) -> None:
    """Health, handshake, webhook and sign-in, and a pull in the logs."""
    hooks.answers["log-analytics workspace list"] = [{"customerId": "w"}]
    hooks.answers["api.loganalytics.io/v1/workspaces/w/query"] = {"tables": [{"rows": [[0, 1]]}]}
    with app() as address:
        end = hooks.check("smoke", deployed(address, CALSYNC_RESOURCE_GROUP="rg-calsync"))

    assert end.returncode == 0
    assert end.stderr.startswith("not asked `calsync doctor`")
    assert end.stderr.count("\n") == 1
    assert "Message startswith 'pull '" in hooks.bodies.read_text()


@pytest.mark.parametrize(
    ("word", "answer", "told"),
    [
        ("health", (503, "text/plain", ""), "health answers 503"),
        ("health", (200, "application/json", '{"settings_mistakes": 2}'), "health counts 2 mistakes"),
        ("health", (200, "text/html", "<h1>Welcome</h1>"), "health answers 200 text/html, not as calsync does"),
        ("health", (200, "application/json", "[1]"), "is http://127.0.0.1:"),
        ("graph", (302, "text/html", ""), "the handshake of Graph's webhook answers 302"),
        ("graph", (200, "text/html", "token"), "the handshake of Graph's webhook answers 200 text/html"),
        ("erpnet", (202, "text/plain", ""), "ERP.net's webhook answers 202"),
        ("page", (200, "text/html", "hello"), "error: / answers 200 to somebody who did not sign in"),
        ("page", (302, "text/html", "/portal"), "error: / is answered without a sign-in: App Service authentication"),
        ("portal", (200, "text/html", "hello"), "error: /portal answers 200 to somebody who did not sign in"),
        ("v1", (200, "application/json", "{}"), "error: /api/v1 answers 200 to somebody who did not sign in"),
        (STYLE.rpartition("/")[2], (302, "text/html", LOGIN), "the page's stylesheet answers 302, not 200"),
    ],
)
def test_an_app_that_answers_otherwise_fails(hooks: Hooks, word: str, answer: Reply, told: str) -> None:
    """Each with what is wrong, and exit code 1."""
    with app(**{word: answer}) as address:
        end = hooks.check("smoke", deployed(address))

    assert end.returncode == 1
    assert told in end.stderr


def doctor_that(hooks: Hooks, code: int, answer: str, **more: str) -> Ended:
    """What the smoke test of a good app says where `calsync doctor` gives this answer."""
    doctor = hooks.folder / "calsync"
    doctor.write_text(f"#!/bin/sh\necho '{answer}'\necho $(env | sed -n 's/.*__accountName=//p') >&2\nexit {code}\n")
    doctor.chmod(0o755)
    with app() as address:
        return hooks.check("smoke", deployed(address, CALSYNC_STORAGE="stabc", **more))


def checks(*lines: tuple[str, bool, str]) -> str:
    """The answer of `calsync doctor --json`: of whom, whether fine, and on what."""
    rows = [{"of": of, "fine": fine, "what": what, "text": "no right", "part": ""} for of, fine, what in lines]
    return json.dumps({"fine": all(fine for _, fine, _ in lines), "checks": rows})


@pytest.mark.parametrize(
    ("code", "answer", "ends", "told"),
    [
        (0, checks(("you", True, "Sign-in"), ("app", True, "ERP.net")), 0, "answers as it must"),
        (
            1,
            checks(("app", True, "ERP.net"), ("app", False, "Queue")),
            1,
            "error: `calsync doctor`: Queue: no right\n",
        ),
        (
            1,
            checks(("you", False, "State tables"), ("app", False, "The app")),
            0,
            "warning: `calsync doctor`, run it again: State tables: no right\n",
        ),
        (2, "", 0, "warning: `calsync doctor` ended with 2, run it again: stabc\n"),
    ],
    ids=["well", "something missing", "the role has not arrived", "no answer"],
)
def test_the_doctor_is_asked_where_the_operator_is_there(
    hooks: Hooks, code: int, answer: str, ends: int, told: str
) -> None:
    """With the state of the app that was deployed. What it finds of the app fails the smoke test; what the operator
    lacks does not."""
    end = doctor_that(hooks, code, answer)

    assert end.returncode == ends
    assert told in end.stdout + end.stderr


def test_the_first_deployment_does_not_fail_for_permissions_that_come_after_it(hooks: Hooks) -> None:
    """Graph refuses the app until somebody grants it; the step before has said what, and the doctor waits for it."""
    finds = checks(("app", False, "Graph permissions"))
    hooks.answers["appRoleAssignments"] = {"value": []}
    first = doctor_that(hooks, 1, finds, CALSYNC_PRINCIPAL_ID=PRINCIPAL)
    hooks.answers["appRoleAssignments"] = {"value": [{"appRoleId": role} for role in GRAPH_ROLES.values()]}
    granted = doctor_that(hooks, 1, finds, CALSYNC_PRINCIPAL_ID=PRINCIPAL)

    assert (first.returncode, granted.returncode) == (0, 1)
    assert "not asked `calsync doctor`: the Graph permissions come first" in first.stderr


def test_no_pull_in_the_logs_fails(hooks: Hooks) -> None:
    """Whether the app works can only be seen there."""
    hooks.answers["log-analytics workspace list"] = [{"customerId": "w"}]
    hooks.answers["api.loganalytics.io"] = {"tables": [{"rows": [[0, 0]]}]}
    with app() as address:
        end = hooks.check("smoke", deployed(address, CALSYNC_RESOURCE_GROUP="rg-calsync"))

    assert end.returncode == 1
    assert "no pull of ERP.net was logged within two minutes" in end.stderr


@pytest.mark.parametrize(("sessions", "code"), [("1", 0), ("2", 1)])
def test_one_session_may_still_belong_to_the_code_of_before(hooks: Hooks, sessions: str, code: int) -> None:
    """An update with one ERP.net session waits up to 20 minutes for it: said, no failure. With two it need not."""
    hooks.answers["log-analytics workspace list"] = [{"customerId": "w"}]
    hooks.answers["api.loganalytics.io"] = {"tables": [{"rows": [[25, 0]]}]}
    with app() as address:
        told = deployed(address, CALSYNC_RESOURCE_GROUP="rg-calsync", ERPNET_MAX_SESSIONS=sessions)
        end = hooks.check("smoke", told)

    assert end.returncode == code
    assert ("With one session the new code begins when" in end.stderr) is (code == 0)


def test_a_workspace_that_does_not_answer_fails_nothing(hooks: Hooks) -> None:
    """As for somebody who may not read it: that is said, and is no failure of the app."""
    hooks.answers["log-analytics workspace list"] = [{"customerId": "w"}]
    with app() as address:
        end = hooks.check("smoke", deployed(address, CALSYNC_RESOURCE_GROUP="rg-calsync"))

    assert end.returncode == 0
    assert "not asked whether the app pulls: its workspace does not answer" in end.stderr


def test_it_is_said_where_nobody_can_ask_for_pulls(hooks: Hooks) -> None:
    """As where the outputs were not exported, after a deployment without azd."""
    with app() as address:
        end = hooks.check("smoke", deployed(address))

    assert end.returncode == 0
    assert "not asked whether the app pulls: set CALSYNC_RESOURCE_GROUP" in end.stderr


def test_without_a_sign_in_the_app_itself_shows_nobody_anything(hooks: Hooks) -> None:
    """The bare address leads to the page, and the page says no."""
    own: dict[str, Reply] = {"page": (302, "text/html", "/portal"), "portal": (401, "text/html", "")}
    with app(**own) as address:
        well = hooks.check("smoke", deployed(address, CALSYNC_PORTAL_CLIENT_ID=""))
    with app(**own | {"portal": (200, "text/html", "hello")}) as address:
        wrong = hooks.check("smoke", deployed(address, CALSYNC_PORTAL_CLIENT_ID=""))

    assert (well.returncode, wrong.returncode) == (0, 1)


def test_an_app_that_is_not_there_fails(hooks: Hooks) -> None:
    """Nobody answers at the address, or there is none."""
    with app() as address:
        pass

    assert "health answers" in hooks.check("smoke", deployed(address)).stderr
    nowhere = hooks.run("smoke", {})
    assert (nowhere.returncode, "no address" in nowhere.stderr) == (1, True)


def test_the_pull_is_told_as_the_smoke_test_reads_it() -> None:
    """The log line that the app writes for each pull begins as the query asks."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "jobs").rglob("*.py"))

    assert code.count('log_line("pull", ') == 1


def test_the_question_for_pulls_counts_those_before_and_after() -> None:
    """Kusto reads it, and only lines of pulls count: up to 25 minutes before, two after."""
    since = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
    question = smoke.PULLS.format(begin=since - smoke.SESSION, since=since, end=since + smoke.PULL_WITHIN)
    minutes = {-26: "pull {}", -24: "pull {}", -1: "pull {}", 1: "pull {}", 1.5: "round {}", 3: "pull {}"}
    rows = [{"TimeGenerated": since + timedelta(minutes=at), "Message": text} for at, text in minutes.items()]

    assert queries.read({"pulls": question}) == {"pulls": []}
    assert queries.run(question, AppTraces=rows) == [(2, 1)]


# The hooks themselves


def test_nothing_of_az_is_taken_for_the_shells(hooks: Hooks) -> None:
    """On Windows az is a batch file: no argument holds what its shell would take for its own."""
    hooks.answers["log-analytics workspace list"] = [{"customerId": "w"}]
    hooks.answers["api.loganalytics.io"] = {"tables": [{"rows": [[0, 1]]}]}
    hooks.run("preflight", RIGHT)
    hooks.run("grants", {"CALSYNC_PRINCIPAL_ID": PRINCIPAL})
    with app() as address:
        hooks.run("smoke", deployed(address, CALSYNC_RESOURCE_GROUP="rg-calsync"))

    assert len(hooks.orders.read_text().splitlines()) > 3
    assert set(hooks.orders.read_text()) & set("&|<>^%!\"'()") == set()


def test_each_hook_is_there_for_both_systems() -> None:
    """azd runs the same check with sh and with PowerShell, at the right moment."""
    text = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    hook = re.compile(r"^  (\w+):\n    posix: \{ shell: sh, run: sh infra/scripts/hook\.sh (\w+) \}", re.MULTILINE)
    posix = dict(hook.findall(text))
    windows = re.findall(r"windows: \{ shell: pwsh, run: \./infra/scripts/hook\.ps1 (\w+) \}", text)

    assert posix == {"preprovision": "preflight", "postprovision": "grants", "postdeploy": "smoke"}
    assert windows == list(posix.values())
    assert all((SCRIPTS / f"{check}.py").exists() for check in windows)


def test_both_wrappers_take_the_same() -> None:
    """The checks, the interpreters in their order, the version that is asked for, and what is said without one."""
    posix, windows = ((SCRIPTS / f"hook.{kind}").read_text(encoding="utf-8") for kind in ("sh", "ps1"))
    [checks] = re.findall(r"^    (\w+(?: \| \w+)+)\) ;;", posix, re.MULTILINE)
    [taken] = re.findall(r"ValidateSet\(([^)]*)\)", windows)
    [names] = re.findall(r"^for python in (.*); do", posix, re.MULTILINE)
    [tried] = re.findall(r"^foreach \(\$python in (.*)\) \{", windows, re.MULTILINE)
    said, version = r"""the checks of a deployment[^"'\n]*""", r"sys\.exit\(sys\.version_info < [^)]*\)\)"

    assert checks.split(" | ") == re.findall(r"\w+", taken) == ["preflight", "grants", "smoke"]
    assert names.split() == ['"${CALSYNC_HOOK_PYTHON:-}"', "python3", "python", "py", ".venv/bin/python"]
    assert tried.split(", ") == [
        "$env:CALSYNC_HOOK_PYTHON",
        "'python3'",
        "'python'",
        "'py'",
        "'.venv/Scripts/python.exe'",
    ]
    assert re.findall(said, posix) == re.findall(said, windows) != []
    assert re.findall(version, posix) == re.findall(version, windows) != []


@pytest.mark.parametrize("word", ["", "preflight.py", "notice"])
def test_the_wrapper_runs_the_checks_alone(hooks: Hooks, word: str) -> None:
    """What else lies beside them is not run."""
    end = hooks.run(word, RIGHT)

    assert end.returncode == 2
    assert end.stderr == "usage: hook.sh preflight | grants | smoke\n"


def test_an_old_python_is_passed_over(hooks: Hooks) -> None:
    """Whatever answers to the name first, a newer one is looked for; where there is none, it is said."""
    for name in ("python3", "python", "py"):
        old = hooks.folder / name
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    without = hooks.run("preflight", {**RIGHT, "CALSYNC_HOOK_PYTHON": "no-such-python"})
    chosen = hooks.run("preflight", {**RIGHT, "CALSYNC_HOOK_PYTHON": sys.executable})

    assert chosen.returncode == 0
    if not (ROOT / ".venv" / "bin" / "python").exists():
        assert (without.returncode, "needs Python 3.11" in without.stderr) == (1, True)


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_wrapper_runs_in_any_shell(hooks: Hooks, shell: str) -> None:
    """It needs no more than POSIX; a check that fails fails the hook."""
    if shutil.which(shell) is None:
        shell = "sh"

    assert hooks.run("preflight", RIGHT, shell).returncode == 0
    assert hooks.run("preflight", {**RIGHT, "ERPNET_URL": ""}, shell).returncode == 1
