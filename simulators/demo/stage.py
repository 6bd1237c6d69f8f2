"""The stage: Azurite and both stand-ins as processes of their own, calsync's command line, people's hands.

Everything that is started here ends with it: ``with Stage(zone) as stage``; nothing is written to disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from click import Abort, Command
from click.testing import CliRunner, Result

from simulators.azurite import Azurite
from simulators.demo.hands import DeskHands, OutlookHands, OutsiderHands, control
from simulators.demo.report import Mail, Round, round_of
from simulators.demo.views import Activity, Event, Meeting, World, pair, read_activity, read_event
from simulators.graph import zones

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
LOGIN, COLLEAGUE = "anna", "boris"
THIRD, FOURTH = "carl", "dora"
STAFF = {LOGIN: "Anna Petrova", COLLEAGUE: "Boris Dimitrov", THIRD: "Carl Berg", FOURTH: "Dora Ivanova"}
KIM, GUEST = "kim@partner.example", "guest@client.example"
"""Two people of other companies: one who invites, one who is invited."""
LONGEST_COMPLAINT = 500
STOPPED = 130
"""The exit code of a command that Ctrl-C has stopped."""
LICENCES = 50
"""Each command opens a session of its own, and an idle one keeps its licence for 20 minutes (erpnet.md §3)."""

SETTINGS = (
    "GRAPH_",
    "ERPNET_",
    "AZURE_",
    "AzureWebJobs",
    "STATE_PREFIX",
    "SYNC_",
    "PULL_",
    "LEASE_",
    "CALL_TIMEOUT_",
    "CALSYNC_",
)
"""Beginnings of calsync's own settings: the demo's must not mix with the user's."""


def upn_of(login: str) -> str:
    """A colleague's address, and the name of their mailbox."""
    return f"{login}@acme.example"


class CalsyncFailed(Exception):
    """A calsync command gave no usable answer; the text holds what it said."""


class Hands(Protocol):
    """Somebody at Outlook or ERP.net."""

    def act(self, do: str, **words: Any) -> Any:
        """Do it; raises ``Refused``."""


class Calsync(Protocol):
    """The product, as its command line."""

    def run(self, *words: str) -> tuple[int, Json]:
        """Exit code and JSON answer of one command. Raises ``CalsyncFailed``."""

    def typed(self, *words: str) -> tuple[int, str]:
        """Exit code and answer of one command as a person types it."""

    def choose(self, setting: str, value: str) -> None:
        """Set one more setting, for every command from now on."""


class CommandLine:
    """calsync's command line with these settings and no others; each command opens and closes the world anew."""

    def __init__(self, calsync: Command, settings: dict[str, str]) -> None:
        self._calsync = calsync
        foreign = dict.fromkeys(name for name in os.environ if name.startswith(SETTINGS))
        self._environ: dict[str, str | None] = {**foreign, **settings, "CALSYNC_HERE": "1"}

    def choose(self, setting: str, value: str) -> None:
        """Set one more setting, for every command from now on."""
        self._environ[setting] = value

    def run(self, *words: str) -> tuple[int, Json]:
        """Run ``calsync --json …``; raises ``CalsyncFailed`` where it does not answer in JSON."""
        done = self._invoke("--json", *words)
        return done.exit_code, answer_of(words, done.exit_code, done.stdout, done.stderr or str(done.exception))

    def typed(self, *words: str) -> tuple[int, str]:
        """Run ``calsync …``; its answer, and where it does not end well its notices, too.

        (That each command here holds a licence is a notice; the demo says once that no app runs.)
        """
        done = self._invoke(*words)
        return done.exit_code, (done.stdout if done.exit_code == 0 else done.output) or str(done.exception or "")

    def _invoke(self, *words: str) -> Result:
        done = CliRunner(env=self._environ).invoke(self._calsync, list(words), standalone_mode=False)
        if isinstance(done.exception, Abort) or done.exit_code == STOPPED:
            raise KeyboardInterrupt
        return done


def answer_of(words: Sequence[str], code: int, out: str, complaint: str) -> Json:
    """What a command with ``--json`` answered; raises ``CalsyncFailed`` with its complaint where that is no JSON."""
    try:
        answer: Json = json.loads(out)
    except ValueError as error:
        said = complaint.strip().rpartition("\n")[2][:LONGEST_COMPLAINT]
        raise CalsyncFailed(f"calsync {' '.join(words)} (exit code {code}) said: {said}") from error
    return answer


class Companions:
    """Azurite and both stand-ins, started side by side; ``origins`` says where the stand-ins listen."""

    def __init__(self) -> None:
        self.azurite = Azurite()
        self.origins: dict[str, str] = {}
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        try:
            processes = {kind: self._companion(kind) for kind in ("graph", "erpnet")}
            self._ending.enter_context(self.azurite)
            self.origins = {kind: _origin(process) for kind, process in processes.items()}
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _companion(self, kind: str) -> subprocess.Popen[str]:
        order = [sys.executable, "-m", "simulators.demo.companion", kind]
        process = subprocess.Popen(  # noqa: S603 - our own command line
            order, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._ending.callback(_end, process)
        return process


def _origin(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise CalsyncFailed(f"a stand-in did not start (exit code {process.wait()})")
    return line


def _end(process: subprocess.Popen[str]) -> None:
    """Closing its input ends a companion; one that does not listen is killed."""
    with process:
        with suppress(OSError):
            process.stdin.close() if process.stdin else None
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


class Stage:
    """Two systems with their people, and calsync between them."""

    def __init__(self, graph: str, erpnet: str, calsync: Calsync, zone: str) -> None:
        self.calsync = calsync
        self.zone_name = zone
        self.zone = zones.any_zone(zone)
        self._graph, self._erpnet = graph, erpnet
        self.outlook = self.mailbox(LOGIN)
        self._known_marks: dict[tuple[str, str], list[str]] = {}

    def desk(self, login: str = LOGIN) -> Hands:
        """Somebody at ERP.net."""
        return DeskHands(self._erpnet, login)

    def mailbox(self, login: str) -> Hands:
        """A colleague at their Outlook."""
        return OutlookHands(self._graph, upn_of(login))

    def outsider(self, address: str) -> Hands:
        """Somebody of another company at their Outlook."""
        return OutsiderHands(self._graph, address)

    def employ(self) -> None:
        """Hire everybody on both sides; nobody's sync is on."""
        place = control(self._erpnet, "state")
        for login, name in STAFF.items():
            mailbox = {"upn": upn_of(login), "display_name": name, "time_zone": self.zone_name}
            control(self._graph, "add_mailbox", mailbox)
            control(self._erpnet, "add_user", {"login": login, "email": upn_of(login), "name": name})
            role = {"login": login, "company": place["company"], "location": place["location"]}
            control(self._erpnet, "add_role_user", role)
        control(self._erpnet, "set", {"licences": LICENCES})

    @property
    def today(self) -> date:
        """The day it is for Anna."""
        return datetime.now(self.zone).date()

    def look(self) -> World:
        """Anna's Outlook and everything in ERP.net as they are now."""
        events, activities = self._events()[LOGIN], self._activities()
        return pair(events, activities, self._marked(events, activities))

    def meeting(self, ical_uid: str) -> Meeting:
        """One meeting in everybody's Outlook and in ERP.net as it is now."""
        held = {login: [e for e in events if e.ical_uid == ical_uid] for login, events in self._events().items()}
        copies = {login: found[0] if found else None for login, found in held.items()}
        return Meeting(copies, tuple(a for a in self._activities() if a.external_id == ical_uid))

    def dates(self, title: str, series: Sequence[str], until: date) -> World:
        """The dates of series in Anna's Outlook from today on, by the ids of their masters, and the activities of
        this title, as they are now."""
        span = {"start": self.today.isoformat(), "end": until.isoformat()}
        found = [
            self.outlook.act("occurrence", ident=ident, day=day)
            for ident in series
            for day in self.outlook.act("dates", ident=ident, **span)
        ]
        events = [read_event(self.outlook.act("get", ident=one), self.zone) for one in found]
        named = [activity for activity in self._activities() if activity.subject == title]
        return pair(events, named, {})

    def _events(self) -> dict[str, list[Event]]:
        """What is in everybody's calendar, by login."""
        told = {mailbox["upn"]: mailbox["events"] for mailbox in control(self._graph, "state")["mailboxes"]}
        return {login: [read_event(event, self.zone) for event in told[upn_of(login)]] for login in STAFF}

    def _activities(self) -> list[Activity]:
        return [read_activity(activity) for activity in control(self._erpnet, "state")["activities"]]

    def _marked(self, events: Sequence[Event], activities: Sequence[Activity]) -> dict[str, str]:
        """For events no ExternalId names, the activity whose id lies under them."""
        external, uids = {a.external_id for a in activities}, {e.ical_uid for e in events}
        ids = {a.id for a in activities if a.external_id not in uids}
        strangers = [e for e in events if e.ical_uid not in external] if ids else []
        return {e.id: next((m for m in self._marks(e) if m in ids), "") for e in strangers}

    def _marks(self, event: Event) -> list[str]:
        key = (event.id, event.version)
        if key not in self._known_marks:
            self._known_marks[key] = list(self.outlook.act("marks", ident=event.id).values())
        return self._known_marks[key]

    def sync(self, *options: str) -> Round:
        """One ``calsync sync``; nobody else acts meanwhile, so every mail sent is its doing."""
        before = len(control(self._graph, "mails"))
        code, told = self.calsync.run("sync", *options)
        mails = control(self._graph, "mails")[before:]
        return round_of(code, told, [Mail(mail["kind"], mail["to"]) for mail in mails])

    def enable(self, login: str) -> bool:
        """Somebody switches their sync on; whether it went well."""
        return self.calsync.run("users", "enable", upn_of(login))[0] == 0

    def conflicts(self) -> list[Json]:
        """What ``calsync conflicts`` lists."""
        found: list[Json] = self.calsync.run("conflicts")[1]["conflicts"]
        return found

    def why(self, subject: str, login: str = LOGIN) -> list[Json]:
        """Everything ``calsync why`` tells about somebody's meeting, the journal's values included."""
        found: list[Json] = self.calsync.run("why", upn_of(login), subject)[1]["items"]
        return found

    def forget_requests(self) -> None:
        """Empty both request logs."""
        for origin in (self._graph, self._erpnet):
            control(origin, "forget_requests")

    def requests(self) -> tuple[int, list[str]]:
        """How many requests both systems saw since, and the lines of those that write.

        A token is no write; a ``$batch`` may be one, and shows in the calendars' versions.
        """
        seen = [(side, r) for side in (self._graph, self._erpnet) for r in control(side, "requests")]
        harmless = ("/$batch", "/connect/token", "/oauth2/v2.0/token")
        writes = [f"{r['method']} {r['path']}" for _, r in seen if r["method"] != "GET"]
        return len(seen), [line for line in writes if not line.endswith(harmless)]


def settings_for(companions: Companions) -> dict[str, str]:
    """calsync's settings for this stage; every secret is the stand-ins' own and known to all."""
    return {
        "GRAPH_URL": f"{companions.origins['graph']}/v1.0",
        "GRAPH_ACCESS_TOKEN": "graph-sim-token",
        "ERPNET_URL": companions.origins["erpnet"],
        "ERPNET_CLIENT_ID": "calsync",
        "ERPNET_CLIENT_SECRET": "erp-sim-secret",
        "ERPNET_MAX_SESSIONS": str(LICENCES),
        "AzureWebJobsStorage": companions.azurite.connection_string,
        "AZURE_TENANT_ID": "graph-sim-tenant",
    }
