"""After the app is deployed: does it answer as it must, and does it pull? ``smoke.py [ADDRESS]``, exit code 1 if not.

ADDRESS is the output CALSYNC_ADDRESS, taken from the environment where it is not given. What can only be seen in the
app's logs is asked through the Azure CLI; where that cannot be asked, it is said and no failure. Needs Python 3.11
and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from infra.scripts import grants
from infra.scripts.azure_cli import ask, post
from portal import assets

TOKEN = "handshake-of-the-smoke-test <&> ю"  # noqa: S105 - what Graph would send
PATIENCE = float(os.environ.get("CALSYNC_SMOKE_PATIENCE", "300"))
"""Seconds that a new deployment may take to answer: roles arrive late, and a first start may fail."""

PULL_WITHIN = timedelta(minutes=2)
SESSION = timedelta(minutes=25)
"""How long an ERP.net session of the code of before may keep its licence, and somewhat more."""

PULLS = (
    "AppTraces | where TimeGenerated between (datetime({begin:%FT%TZ}) .. datetime({end:%FT%TZ}))"
    " | where Message startswith 'pull ' | summarize before = countif(TimeGenerated < datetime({since:%FT%TZ})),"
    " after = countif(TimeGenerated >= datetime({since:%FT%TZ}))"
)
LOGS_COME_WITHIN = 1.6 * PATIENCE
"""Seconds; what an app logs can be asked for some minutes later."""

PAUSE = min(5.0, PATIENCE)


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nobody answered. ``place`` is where a redirection leads."""

    status: int
    kind: str = ""
    body: str = ""
    place: str = ""


class Stay(urllib.request.HTTPRedirectHandler):
    """A sign-in is an answer here, not somewhere to go."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def call(method: str, url: str, body: bytes | None = None) -> Answer:
    """One request. Nothing is raised."""
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - the address is https or loopback
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=30) as response:
            text = response.read(100_000).decode("utf-8", "replace")
            return Answer(response.status, response.headers.get_content_type(), text)
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, refused.headers.get_content_type(), place=refused.headers.get("Location", ""))
    except (OSError, ValueError) as problem:
        return Answer(0, body=str(problem))


def first_health(address: str) -> Answer:
    """The first good answer of the health route, or the last one within our patience."""
    deadline = time.monotonic() + PATIENCE
    while (answer := call("GET", f"{address}/api/health")).status != 200 and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return answer


def failures(address: str, has_sign_in: bool) -> Iterator[str]:
    """What is wrong with the answers of the app at this address."""
    health = first_health(address)
    if health.status != 200:
        yield f"health answers {health.status or health.body}: see the app's log (docs/operate.md)"
        return
    try:
        told = dict(json.loads(health.body))
    except (TypeError, ValueError):
        yield f"health answers 200 {health.kind}, not as calsync does: is {address} the app's address?"
        return
    if told.get("settings_mistakes") != 0:
        yield f"health counts {told.get('settings_mistakes')} mistakes in the settings: `calsync doctor` names them"
    if told.get("settings_warnings"):
        count = told["settings_warnings"]
        print(f"warning: health counts {count} schedules that Azure reads otherwise than a person", file=sys.stderr)
    query = urllib.parse.urlencode({"validationToken": TOKEN})
    shake = call("POST", f"{address}/api/webhooks/graph?{query}", b"")
    if (shake.status, shake.kind, shake.body) != (200, "text/plain", TOKEN):
        yield f"the handshake of Graph's webhook answers {shake.status} {shake.kind}, not the token"
    webhook = call("POST", f"{address}/api/webhooks/erpnet", b"")
    if webhook.status not in (401, 404):
        yield f"ERP.net's webhook answers {webhook.status} to somebody without its secret, not 401 or 404"
    yield from open_doors(address, has_sign_in)


def open_doors(address: str, has_sign_in: bool) -> Iterator[str]:
    """What somebody gets to see who did not sign in, and must not; and the one part of a page that they must."""
    for path in ("/", "/portal", "/api/v1"):
        page = call("GET", f"{address}{path}")
        if page.status not in (302, 401):
            yield f"{path} answers {page.status} to somebody who did not sign in, not 302 or 401"
        elif has_sign_in and page.place == "/portal":  # our own answer: nobody stood before it
            yield f"{path} is answered without a sign-in: App Service authentication is off, or not on yet"
    style = call("GET", f"{address}{assets.address('style.css')}")
    if style.status != 200:
        yield f"the page's stylesheet answers {style.status}, not 200: a sign-in stands before it, or it is another's"


def pull_failure(given: Mapping[str, str], since: datetime) -> str | None:
    """Whether a pull was logged within two minutes. None if it was, or if it cannot be asked or expected, which is
    said."""
    group = given.get("CALSYNC_RESOURCE_GROUP")
    workspaces = group and ask("monitor", "log-analytics", "workspace", "list", "--resource-group", group)
    if not workspaces:
        need = "`az login` first" if group else "set CALSYNC_RESOURCE_GROUP, an output of the deployment"
        print(f"not asked whether the app pulls: {need}, or see `calsync status`", file=sys.stderr)
        return None
    deadline, counted = time.monotonic() + LOGS_COME_WITHIN, None
    while time.monotonic() < deadline:
        counted = pulls(workspaces[0]["customerId"], since) or counted
        if counted and counted[1]:
            return None
        time.sleep(4 * PAUSE)
    if counted is None:
        print("not asked whether the app pulls: its workspace does not answer; see `calsync status`", file=sys.stderr)
        return None
    if counted[0] and given.get("ERPNET_MAX_SESSIONS", "1") == "1":
        print(
            "warning: no pull of ERP.net yet. With one session the new code begins when that of the code of before "
            "has ended, within 20 minutes: look again then, `calsync status`",
            file=sys.stderr,
        )
        return None
    return "no pull of ERP.net was logged within two minutes: see `calsync doctor` and docs/operate.md"


def pulls(workspace: str, since: datetime) -> tuple[int, int] | None:
    """How many pulls were logged in the time of a session before, and in two minutes after. None where the workspace
    does not answer."""
    query = PULLS.format(begin=since - SESSION, since=since, end=since + PULL_WITHIN)
    url = f"https://api.loganalytics.io/v1/workspaces/{workspace}/query"
    answer = post(url, {"query": query}, "https://api.loganalytics.io")
    if answer is None:
        return None
    before, after = answer["tables"][0]["rows"][0]
    return int(before), int(after)


def doctor_failures(given: Mapping[str, str]) -> Iterator[str]:
    """What the app's part of `calsync doctor` finds, asked by whoever is signed in here.

    No failure, and only said: this machine has no `calsync`, nobody has granted the Graph permissions yet, or the one
    who asks lacks something, as a role that was granted just now, which takes minutes.
    """
    command = shutil.which("calsync")
    if command is None or not given.get("CALSYNC_STORAGE"):
        print("not asked `calsync doctor`: run it as the operator (docs/deploy.md)", file=sys.stderr)
        return
    if given.get("CALSYNC_PRINCIPAL_ID") and grants.missing(given):
        print("not asked `calsync doctor`: the Graph permissions come first (docs/deploy.md)", file=sys.stderr)
        return
    environment = {**given, "AzureWebJobsStorage__accountName": given["CALSYNC_STORAGE"]}
    order = [command, "doctor", "--json"]
    done = subprocess.run(order, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode == 0:
        return
    try:
        found = [check for check in json.loads(done.stdout)["checks"] if not check["fine"]]
    except (ValueError, KeyError):
        said = done.stderr.strip()
        print(f"warning: `calsync doctor` ended with {done.returncode}, run it again: {said}", file=sys.stderr)
        return
    ours = [check for check in found if check["of"] == "you"]
    for check in ours:
        print(f"warning: `calsync doctor`, run it again: {check['what']}: {check['text']}", file=sys.stderr)
    if not ours:
        yield from (f"`calsync doctor`: {check['what']}: {check['text']}" for check in found)


def main(arguments: list[str], given: Mapping[str, str]) -> int:
    """Say what is wrong; 1 if anything is."""
    address = (arguments[0] if arguments else given.get("CALSYNC_ADDRESS", "")).rstrip("/")
    if not address.startswith(("https://", "http://127.0.0.1:")):
        print("error: no address: smoke.py ADDRESS, or CALSYNC_ADDRESS in the environment", file=sys.stderr)
        return 1
    found = list(failures(address, bool(given.get("CALSYNC_PORTAL_CLIENT_ID"))))
    if not found and (failure := pull_failure(given, datetime.now(UTC))):
        found.append(failure)
    found += doctor_failures(given)
    for failure in found:
        print(f"error: {failure}", file=sys.stderr)
    print("The app does not answer as it must." if found else f"{address} answers as it must.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
