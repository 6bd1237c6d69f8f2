"""What the browser tests need beside Python's packages: Chromium, and axe-core, which looks for barriers in a page.

``make setup`` calls ``python -m tests.browser.tools``. Chromium is the machine's own, found under one of ``NAMES``;
the first of them, which has no windows for a desktop, asks half as much of a small machine as a whole one. It is
installed from Debian's or Ubuntu's packages where we may do that (as root); nothing is downloaded around the package
manager. Where there is none, the tests are skipped and say what to do. axe-core comes from npm on first use.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from simulators import azurite

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium-headless-shell", "chromium")
"""Debian's; Ubuntu has the second alone."""

FONTS = "fonts-dejavu-core"
"""They have Cyrillic letters, which a machine without a desktop may lack."""

REMEDY = f"no Chromium on this machine: install one (Debian: `apt-get install {PACKAGES[0]} {FONTS}`)"

AXE_VERSION = "4.14.1"
AXE_HOME = azurite.TOOLS / f"axe-core-{AXE_VERSION}"
AXE = AXE_HOME / "node_modules" / "axe-core" / "axe.min.js"


def find_chromium() -> str | None:
    """The path of a Chromium, None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def axe_source() -> str:
    """axe-core's script. Raises ``AzuriteMissing`` without npm.

    Several test processes may fetch it at the same time; one of them wins.
    """
    if not AXE.exists():
        azurite.TOOLS.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=azurite.TOOLS) as made:
            azurite.fetch(f"axe-core@{AXE_VERSION}", Path(made))
            try:
                os.replace(made, AXE_HOME)
            except OSError:  # another process was faster
                assert AXE.exists()
            Path(made).mkdir(exist_ok=True)  # what the context manager removes
    return AXE.read_text(encoding="utf-8")


def install() -> None:
    """The Chromium that asks least where we may install it, and axe-core; says so where a browser stays missing."""
    apt = shutil.which("apt-get")
    if shutil.which(NAMES[0]) is None and apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        _order(apt, "update")
        for package in PACKAGES:
            if _order(apt, "install", "-y", "--no-install-recommends", FONTS, package):
                break
    if find_chromium() is None:
        print(f"The browser tests will be skipped: {REMEDY}", file=sys.stderr)
        return
    axe_source()


def _order(apt: str, *words: str) -> bool:
    """Whether the package manager could do it."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    order = [apt, "-qq", "-o", "DPkg::Lock::Timeout=300", *words]
    return subprocess.run(order, env=quiet, check=False, stdout=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    install()
