"""``python -m tests.support.hurried HASTE OPTIONS``: the host in a process of its own, where whoever waits for
ERP.net's session, or for a licence as long as ERP.net asks, asks again HASTE times as soon as the app does."""

from __future__ import annotations

import sys
from datetime import datetime
from unittest.mock import patch

from adapters.http import retry_after_seconds
from jobs import line
from simulators.host.__main__ import main

if __name__ == "__main__":
    haste, delay = float(sys.argv.pop(1)), line.session_delay

    def hurried(header: str | None, now: datetime) -> float | None:
        """What ERP.net asks for, sooner."""
        seconds = retry_after_seconds(header, now)
        return None if seconds is None else seconds / haste

    licence = patch("adapters.erp.faults.retry_after_seconds", hurried)
    with licence, patch.object(line, "session_delay", lambda *asked: delay(*asked) / haste):
        sys.exit(main())
